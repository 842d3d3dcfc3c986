"""What happens in the model, as small values: one place translates them, and anybody can wait for the next one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto


class What(Enum):
    """What happened to the subject of a change."""

    CREATED = auto()
    UPDATED = auto()
    DELETED = auto()
    REVEALED = auto()  # it was there, and the bot can see it from now on
    BOT_ADDED = auto()
    BOT_REMOVED = auto()
    OUTAGE_BEGAN = auto()
    OUTAGE_ENDED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened, and to what: a guild, a channel, a message, a member and so on."""

    what: What
    subject: object


class Updates:
    """Lets many wait for the next update of anything."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def happened(self) -> None:
        """Let everybody who waits look again."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, predicate: Callable[[], object]) -> None:
        """Return once `predicate` is true; it is asked now and at each update."""
        while not predicate():
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await future
            finally:
                self._waiting.discard(future)
