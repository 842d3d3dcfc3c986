"""PURE: what a host's past starts say of the next one, in a few hundred bytes for each host however long its past.

All times are epoch seconds, handed in; a time that lies before one already seen changes nothing that was learned.
"""

import math

HOUR = 3600.0
"""Seconds."""

HOURS = 168
"""Hours of a week; one bin of a habit for each."""

_WEEK = HOUR * HOURS
_HALF_LIFE = 6 * _WEEK
"""Seconds until a start counts half: some two months of past count, and a habit that was given up fades."""

_LIFE = _HALF_LIFE / math.log(2.0)
_PRIOR_RATE = 3.0
"""Starts a week of a host that nothing is known of. Only how known hosts compare with it matters."""

_PRIOR_STARTS = 0.25
"""How many starts that supposition is worth: few, for rates differ widely from host to host (Gamma prior)."""

_ONE = 16
"""One start in a bin. A full bin (255) halves all of them, which keeps their proportions."""

_UNSURE = 1 * _ONE
_DISCOUNT = _ONE // 2
"""How much of each bin, and of one start more, goes to all hours alike: a second start at an hour says far more of a
habit than a first (Pitman-Yor prior)."""

_FADE = 0.5 ** (_WEEK / _HALF_LIFE)

_EARLIEST = 120.0
_LATEST = 900.0
"""Seconds before and after its scheduled start between which any host's Space may be expected at any moment."""

_MOST_EARLY = HOUR
_MOST_LATE = 3 * HOUR
_FORGET = 0.9


def hour_of_week(at: float) -> int:
    """The bin, 0 to 167, in which a moment lies."""
    return int(at // HOUR) % HOURS


class Habit:
    """How often a host starts Spaces, at which hours of the week, and how punctually.

    Args:
        since: From when on the host's starts are known.
    """

    __slots__ = ("_count", "_early", "_faded", "_hours", "_kinds", "_late", "_latest", "_reckoned", "_total", "_weeks")

    def __init__(self, since: float) -> None:
        self._count = 0.0
        self._weeks = 0.0
        self._reckoned = since
        self._latest = -math.inf
        self._hours: bytearray | None = None
        self._kinds = 0
        self._total = 0
        self._faded = since
        self._early = 0
        self._late = 0

    def started(self, at: float, scheduled_start: float | None = None) -> None:
        """Learn of a start, in the order of time; one that is not later than the last is taken for known."""
        if at <= self._latest:
            return
        self._latest = at
        self._reckon(at)
        self._count += 1.0
        if self._hours is None:
            self._hours = bytearray(HOURS)
            self._faded = at
        hour = hour_of_week(at)
        if self._hours[hour] + _ONE > 255:  # noqa: PLR2004 - the most that a byte holds
            self._scale(0.5)
        self._kinds += not self._hours[hour]
        self._hours[hour] += _ONE
        self._total += _ONE
        if scheduled_start is not None:
            off = at - scheduled_start
            self._early = int(min(max(-off, self._early * _FORGET), _MOST_EARLY))
            self._late = int(min(max(off, self._late * _FORGET), _MOST_LATE))

    def often(self, now: float) -> float:
        """Starts a week: the posterior mean, never 0."""
        self._reckon(now)
        return (_PRIOR_STARTS + self._count) / (_PRIOR_STARTS / _PRIOR_RATE + self._weeks)

    def rate(self, now: float, hour: int) -> float:
        """The same, as if the whole week were like this hour of it."""
        often = self.often(now)
        if self._hours is None:
            return often
        habitual = HOURS * max(self._hours[hour] - _DISCOUNT, 0)
        return often * (_UNSURE + _DISCOUNT * self._kinds + habitual) / (_UNSURE + self._total)

    def expected(self, scheduled_start: float) -> tuple[float, float]:
        """Between when and when a Space scheduled for then is to be watched for closely.

        Wide enough for everybody, and wider for a host who has been earlier or later: half as far again as it was.
        """
        return expected(scheduled_start, self._early, self._late)

    def _reckon(self, now: float) -> None:
        """Let the past count less as time goes by."""
        gone = now - self._reckoned
        if gone <= 0:
            return
        self._reckoned = now
        kept = math.exp(-gone / _LIFE)
        self._count *= kept
        self._weeks = self._weeks * kept + (1.0 - kept) * _LIFE / _WEEK
        if self._hours is not None and now - self._faded >= _WEEK:
            self._scale(_FADE ** ((now - self._faded) // _WEEK))
            self._faded = now

    def _scale(self, factor: float) -> None:
        assert self._hours is not None
        self._hours = bytearray(int(worth * factor) for worth in self._hours)
        self._total = sum(self._hours)
        self._kinds = HOURS - self._hours.count(0)


def expected(scheduled_start: float, early: float = 0.0, late: float = 0.0) -> tuple[float, float]:
    """The same for a host who has started this many seconds early and late; without, for one that nothing is known of."""
    return scheduled_start - max(_EARLIEST, 1.5 * early), scheduled_start + max(_LATEST, 1.5 * late)
