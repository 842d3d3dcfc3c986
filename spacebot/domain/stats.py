"""What was counted of a host's finished Spaces, and what follows from it: sums, and the usual hours of the week.

Pure: the counters are our own (`store/stats.py` reads them), and the time is an argument.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import median

from spacebot.domain.accounts import Host

REACH = timedelta(days=90)
"""How far back figures reach: counters are kept no longer."""

LATELY = timedelta(days=30)
"""Growth compares so long a time with the same before it."""

LONGEST = timedelta(hours=48)
"""The hours of a longer Space are not looked at beyond this: nobody talks for so long, whatever X says."""

DAYS, HOURS = 7, 24

Heat = tuple[tuple[int, ...], ...]
"""Seven days from Monday, each of 24 hours: in how many Spaces' time each lay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One Space that is over, as it was counted."""

    began: datetime
    until: datetime
    """Its end, or when it was last seen live."""
    has_end: bool
    """Whether `until` is its end."""
    peak: int | None = None
    listened: int = 0
    """Listeners times the seconds observed."""
    observed: int = 0
    """These seconds."""

    @property
    def length(self) -> timedelta | None:
        """How long it ran; None where its end is not known."""
        return max(self.until - self.began, timedelta()) if self.has_end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Several Spaces together; what nobody counted is None."""

    spaces: int
    usual_length: timedelta | None
    """The median."""
    longest: timedelta | None
    highest_peak: int | None
    usual_peak: int | None
    """The median."""
    average: int | None
    """Of the listeners, over all the time that was observed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCount:
    """What X told the creator of a Space alone, as it was last seen by them."""

    began: datetime
    """When it started, or is to start."""
    reminders: int | None
    tickets: int | None
    """Sold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStats:
    """The figures of one host."""

    host: Host
    zone: str
    """The time zone of the hours, by its name."""
    sums: Sums
    lately: Sums
    before: Sums | None
    """Of the time before the last one; None where the host was not followed for so long."""
    since: datetime | None
    """Since when Spaces were counted, if that is shorter than figures reach."""
    heat: Heat
    is_cut: bool
    """Whether there were more Spaces than are counted: the newest are."""
    own: tuple[OwnCount, ...] = ()
    """Of the Spaces that whoever asks created, the newest first."""


def summed(spaces: Sequence[Counted]) -> Sums:
    """These Spaces together."""
    lengths = [space.length for space in spaces if space.length is not None]
    peaks = [space.peak for space in spaces if space.peak is not None]
    observed = sum(space.observed for space in spaces)
    return Sums(
        spaces=len(spaces),
        usual_length=timedelta(seconds=median(each.total_seconds() for each in lengths)) if lengths else None,
        longest=max(lengths, default=None),
        highest_peak=max(peaks, default=None),
        usual_peak=round(median(peaks)) if peaks else None,
        average=round(sum(space.listened for space in spaces) / observed) if observed else None,
    )


def heat(spaces: Sequence[Counted], zone: tzinfo) -> Heat:
    """In how many Spaces' time each hour of the week lay, in this zone.

    A Space counts once for each hour of its dates, also for one that the end of summer time brings twice; one without
    length counts for the hour of its start.
    """
    cells = [[0] * HOURS for _ in range(DAYS)]
    for space in spaces:
        # A year has the same hour of the same weekday many times: an hour is one of a date.
        for day, hour in {(local.date(), local.hour) for local in _hours_of(space, zone)}:
            cells[day.weekday()][hour] += 1
    return tuple(tuple(row) for row in cells)


def _hours_of(space: Counted, zone: tzinfo) -> Iterator[datetime]:
    """A moment in each local hour that the Space lay in."""
    at, end = space.began, min(space.until, space.began + LONGEST)
    yield at.astimezone(zone)
    while True:
        local = at.astimezone(zone)
        # On to the next full hour on the wall, whatever part of an hour the zone is off.
        rest = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        at = at.astimezone(UTC) + timedelta(hours=1) - rest
        if at >= end:
            return
        yield at.astimezone(zone)


def busiest(cells: Heat, most: int) -> list[tuple[int, int]]:
    """The hours of the week that most Spaces lay in, as day and hour: the fullest first, at most `most`."""
    filled = [(count, day, hour) for day, row in enumerate(cells) for hour, count in enumerate(row) if count]
    filled.sort(key=lambda cell: (-cell[0], cell[1], cell[2]))
    return [(day, hour) for _, day, hour in filled[:most]]
