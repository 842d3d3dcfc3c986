"""What X has billed, and what is left out once the budget is spent; amounts are in thousandths of a cent."""

from dataclasses import dataclass
from datetime import date

from spacebot.domain.errands import Purpose
from spacebot.domain.ids import GuildId

UNANSWERED = "unanswered"
"""The kind of a line for requests whose answer was lost, each booked at the most it may have cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingLine:
    """What was spent on one kind of thing on one day; `kind` is one of `x.money.RESOURCES`, or `UNANSWERED`."""

    day: date
    kind: str
    count: int
    millicents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentBy:
    """What was spent for one purpose, and for one guild where a guild's members asked, on one day."""

    day: date
    purpose: Purpose
    guild_id: GuildId | None
    """None for what is asked for all guilds together, and for what was asked outside of any."""
    millicents: int
    refused: int = 0
    """Questions that were not let through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Spending so far, its forecast and the budget."""

    today: tuple[SpendingLine, ...]
    open_requests: int
    """The most that unanswered requests may cost on top of that."""
    month: int
    """Since the first of the month, today included."""
    forecast: int
    """For the whole month, see `billing.forecast`."""
    budget: int | None
    """For one day."""
    dropped: tuple[Purpose, ...]
    """What is no longer asked today."""

    @property
    def spent_today(self) -> int:
        """Today's sum."""
        return sum(line.millicents for line in self.today)
