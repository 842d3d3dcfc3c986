"""PURE: how long a host of a given urgency waits, so that as many fall due at each turn as a batch has places.

A host waits `price / urgency` turns, but at least one and at most the bound. So those at either end take places that no
price changes, and the price has to be found: from the urgencies in bins, whose sums are kept.
"""

import math
from itertools import accumulate

_BINS_PER_FOLD = 20
"""Bins of 5 %: what is lost by them is less than a batch varies from turn to turn."""

_MOST = 12
"""Urgencies are from e^-12 to e^12; what lies beyond counts as that."""

_BINS = 2 * _MOST * _BINS_PER_FOLD


class Price:
    """The urgencies of all hosts that compete for places."""

    def __init__(self) -> None:
        self._counts = [0] * _BINS
        self._sums = [0.0] * _BINS

    def add(self, urgency: float) -> None:
        """A host competes with this urgency."""
        place = _bin(urgency)
        self._counts[place] += 1
        self._sums[place] += urgency

    def remove(self, urgency: float) -> None:
        """A host that competed with this urgency does not any more."""
        place = _bin(urgency)
        self._counts[place] -= 1
        self._sums[place] = self._sums[place] - urgency if self._counts[place] else 0.0

    def of(self, places: int, longest: int) -> float:
        """Turns that a host of urgency 1 waits where a batch has so many places and nobody waits more turns than that."""
        counts = list(accumulate(self._counts, initial=0))
        sums = list(accumulate(self._sums, initial=0.0))

        def takers(price: float) -> tuple[float, float]:
            """How many places are taken whatever the price, and how much urgency shares the others."""
            seldom, always = _bin(price / longest), _bin(price)
            return counts[-1] - counts[always] + counts[seldom] / longest, sums[always] - sums[seldom]

        low, high = 0, _BINS
        while low < high:
            middle = (low + high) // 2
            price = _urgency(middle)
            fixed, shared = takers(price)
            if fixed + shared / price > places:
                low = middle + 1
            else:
                high = middle
        price = _urgency(low)
        fixed, shared = takers(price)
        return shared / (places - fixed) if shared and fixed < places else price


def _bin(urgency: float) -> int:
    return min(max(int((math.log(urgency) + _MOST) * _BINS_PER_FOLD), 0), _BINS - 1)


def _urgency(place: int) -> float:
    return math.exp(place / _BINS_PER_FOLD - _MOST)
