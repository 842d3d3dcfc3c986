"""What X has billed, and what a spent budget leaves out; every amount is in thousandths of a cent."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

UNANSWERED = "unanswered"
"""The kind of line that holds requests whose answer was lost, each at the most that it may have cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingLine:
    """What was spent on one kind of thing on one day; `kind` is one of `x.money.RESOURCES`, or `UNANSWERED`."""

    day: date
    kind: str
    count: int
    millicents: int


class Purpose(StrEnum):
    """What a question to X is for, in the order in which a spent budget drops it."""

    REFRESH = "refresh"
    """Bringing numbers up to date in messages that stand already."""
    SEARCH = "search"
    """People's and keywords' searches, and people's look-ups."""
    DETECTION = "detection"
    """Looking for Spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Where the money stands."""

    today: tuple[SpendingLine, ...]
    open_requests: int
    """What requests without an answer may cost beside that, at most."""
    month: int
    """Since the first of the month, today included."""
    forecast: int
    """For the whole month, see `billing.forecast`."""
    budget: int | None
    """For one day."""
    dropped: tuple[Purpose, ...]
    """What is not asked any more today."""

    @property
    def spent_today(self) -> int:
        """Today's sum."""
        return sum(line.millicents for line in self.today)
