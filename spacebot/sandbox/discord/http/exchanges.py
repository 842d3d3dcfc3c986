"""What went over the wire: one `Exchange` per request, kept up to a bound."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer.

    path      below /api/v10
    body      the parsed JSON of the request; None where there was none
    status    of the answer; None: not answered (yet), or the connection was cut
    answer    the JSON of the answer; None where there is none
    ordered   whether a fault that was ordered, or came by chance, answered or cut the connection
    route     the path as Discord's documents write it ('/channels/{channel_id}'); None: no such route
    """

    time: datetime
    method: str
    path: str
    query: dict[str, str]
    body: Any = None
    status: int | None = None
    answer: Any = None
    ordered: bool = False
    route: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} → {self.status}"


class Recording:
    """The last exchanges, at least `bound` of them."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self.all: list[Exchange] = []
        self.refused: list[Exchange] = []

    def add(self, exchange: Exchange) -> None:
        kept = [self.all, self.refused] if exchange.status == 429 else [self.all]
        for exchanges in kept:
            exchanges.append(exchange)
            if len(exchanges) > 2 * self._bound:
                del exchanges[: self._bound]
