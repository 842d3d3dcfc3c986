"""PURE: how soon after, or before, the time it was scheduled for a Space starts."""

from bisect import bisect_right

EARLIEST = 2700.0
LATEST = 7200.0
"""Seconds before and after its scheduled start between which a Space is expected."""

_EDGES = (-EARLIEST, -1800.0, -900.0, -300.0, -120.0, 0.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, LATEST)
_FIRST = (0.1, 0.2, 0.4, 0.8, 3.0, 6.0, 4.0, 2.0, 1.0, 1.0, 0.5, 0.3)
"""How many starts are supposed to have fallen between these edges before any was seen."""

_NEVER = 0.7
"""How many were later than that, or did not come at all."""

_MOST = 2000.0


class Punctuality:
    """What the starts of all hosts' scheduled Spaces have taught."""

    def __init__(self) -> None:
        self._counts = list(_FIRST)
        self._rates: list[float] = []
        self._reckon()

    def started(self, off: float) -> None:
        """A Space has started this many seconds after it was scheduled for, or before, where it is negative."""
        if not _EDGES[0] <= off < _EDGES[-1]:
            return
        self._counts[bisect_right(_EDGES, off) - 1] += 1.0
        if sum(self._counts) > _MOST:
            self._counts = [count / 2 for count in self._counts]
        self._reckon()

    def rate(self, off: float) -> float:
        """Starts a second, so long after the scheduled start, of a Space that has not started by then (its hazard)."""
        place = bisect_right(_EDGES, off) - 1
        return self._rates[min(max(place, 0), len(self._rates) - 1)]

    def _reckon(self) -> None:
        left = sum(self._counts) + _NEVER
        self._rates = []
        for count, begin, end in zip(self._counts, _EDGES, _EDGES[1:], strict=False):
            self._rates.append(count / left / (end - begin))
            left -= count
