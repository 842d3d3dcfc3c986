"""How soon Spaces could be seen by who knows all other starts of their hosts, the later ones too: a bound for `detection.py`.

What a host will do is told from all that it does in the whole workload, but for the start in question (leave one out):
kernels by time of day and by time of week, narrow and wide, over the whole time and over the days and weeks beside, the time of
day of all hosts, and uniform parts. How far each can be relied on is learned from the same starts (expectation maximisation).
The budget is shared by square roots as in docs/scheduling.md; each host is looked at as evenly as its share allows, which
batches cannot better.
"""

import math
import random
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from operator import add

from workloads import DAY, HOUR, MINUTE, WEEK, Planned, Workload

from spacebot.domain.ids import UserId

SLOT = 15 * MINUTE
"""Seconds for which a rate stays as it is."""
DAY_SLOTS, WEEK_SLOTS = int(DAY / SLOT), int(WEEK / SLOT)
NEAR = DAY_SLOTS // 2
"""A start says nothing of the slots within half a day of it: there it is itself what is in question."""
NARROW, WIDE = 15 * MINUTE, 60 * MINUTE
PRIORS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Of so many starts' worth the supposition may be that a host starts as often as the mean of all; the best is taken."""
BUSY = 0.02
"""What is left of a host's rate while a Space of theirs is live, or is known to begin within the hour."""
SWEEPS, GRACE = 2, 60.0
"""Nobody waits longer than so many rounds of a round robin, or so many seconds, whichever is longer."""
SAMPLE = 4000
"""Starts from which the shares of the kernels are learned."""


class Hindsight:
    """When each host is looked at, at best.

    Args:
        workload: All of it.
        end: Until when there are requests, epoch seconds.
        turn: Seconds between requests.
        batch: Hosts a request.
    """

    def __init__(self, workload: Workload, *, end: float, turn: float, batch: int) -> None:
        self._workload = workload
        self._turn, self._batch = turn, batch
        self._slots = math.ceil((end - workload.begin) / SLOT)
        self._spaces: dict[UserId, list[Planned]] = defaultdict(list)
        for space in workload.spaces:
            self._spaces[space.host].append(space)
        self._starts = {host: [self._slot(one.started) for one in some] for host, some in self._spaces.items()}
        whole = workload.end - workload.begin
        self._part = {host: 1.0 - (at - workload.begin) / whole for host, at in workload.joined.items()}
        self._prior, self._often = self._learn_prior()
        self._crowd = self._times_of_day()
        kernel, self._crowd_share = self._learn()
        # From as far behind as ahead, so that a slice of it is what one start says of every slot.
        self._kernel = kernel[:0:-1] + kernel
        self._mean = sum(workload.followers.values()) / len(workload.followers)

    def tracks(self) -> Iterator[tuple[list[Planned], Callable[[float], float]]]:
        """For each host its Spaces, and a function: when is it looked at first at or after that time, epoch seconds."""
        rng = random.Random(len(self._workload.spaces))
        urgencies = {host: self._urgencies(host) for host in self._workload.followers}
        prices, longest = self._prices(urgencies)
        turns = SLOT / self._turn
        for host, spaces in self._spaces.items():
            looks = [
                turns * min(max(urgency / price, 1 / wait), 1.0) if urgency else 0.0
                for urgency, price, wait in zip(urgencies[host], prices, longest, strict=True)
            ]
            phase = rng.random() if len(urgencies) > self._batch else 0.0  # all at each turn, or at any time
            counted = array("d", accumulate(looks, initial=phase))
            yield spaces, lambda at, counted=counted: self._after(counted, at)  # type: ignore[misc]  # the counts of this host

    def _after(self, counted: Sequence[float], at: float) -> float:
        """When the count of looks, given at the beginning of each slot, comes to the next whole number."""
        since = (at - self._workload.begin) / SLOT
        slot = max(int(since), 0)
        if slot >= self._slots:
            return math.inf
        here = counted[slot] + (counted[slot + 1] - counted[slot]) * max(since - slot, 0.0)
        wanted = math.floor(here) + 1
        found = bisect_left(counted, wanted, slot)
        if found > self._slots:
            return math.inf
        part = (wanted - counted[found - 1]) / (counted[found] - counted[found - 1])
        return max(self._workload.begin + (found - 1 + part) * SLOT, at)

    def _slot(self, at: float) -> int:
        return int((at - self._workload.begin) // SLOT)

    def _times_of_day(self) -> list[float]:
        """How far each slot of the day stands out, over all hosts."""
        bell = [math.exp(-abs(off) * SLOT / WIDE) for off in range(-8, 9)]
        counts = [1.0] * DAY_SLOTS
        for slots in self._starts.values():
            for slot in slots:
                for off, height in enumerate(bell, -8):
                    counts[(slot + off) % DAY_SLOTS] += height
        mean = sum(counts) / DAY_SLOTS
        return [count / mean for count in counts]

    def _learn_prior(self) -> tuple[float, float]:
        """How many starts' worth the mean is, and the mean itself, in starts a host and whole time (negative binomial)."""
        counts = [(len(self._spaces.get(host, ())), self._part.get(host, 1.0)) for host in self._workload.followers]
        mean = sum(count for count, _ in counts) / sum(part for _, part in counts)

        def likely(prior: float) -> float:
            since = prior / mean
            return sum(
                math.lgamma(count + prior)
                - math.lgamma(prior)
                + prior * math.log(since / (since + part))
                + count * math.log(part / (since + part))
                for count, part in counts
            )

        return max(PRIORS, key=likely), mean

    def _learn(self) -> tuple[list[float], float]:
        """What a start says of a slot so many slots away, and what it says by the time of day of all."""
        size = self._slots + 1
        far = [float(off >= NEAR) for off in range(size)]
        parts = [
            peaks(size, period, times, width)
            for period in (DAY_SLOTS, WEEK_SLOTS)
            for times in (3, size)
            for width in (NARROW, WIDE)
        ]
        parts += [[one * (off < WEEK_SLOTS) for off, one in enumerate(far)], far]
        parts = [[value * size / sum(part) for value in part] for part in parts if any(part)]
        shares = [1.0 / (len(parts) + 1)] * (len(parts) + 1)
        rng = random.Random(size)
        starts = [(slots, slot) for slots in self._starts.values() if len(slots) > 1 for slot in slots]
        seen = []
        for slots, slot in rng.sample(starts, min(SAMPLE, len(starts))):
            offs = [off for other in slots if (off := abs(slot - other)) >= NEAR]
            if offs:
                by_parts = [sum(map(part.__getitem__, offs)) / len(offs) for part in parts]
                seen.append([*by_parts, self._crowd[slot % DAY_SLOTS]])
        for _ in range(30):
            sums = [1.0] * len(shares)
            for values in seen:
                weighed = [share * value for share, value in zip(shares, values, strict=True)]
                whole = sum(weighed)
                sums = [total + value / whole for total, value in zip(sums, weighed, strict=True)]
            shares = [total / sum(sums) for total in sums]
        kernel = [
            sum(share * value for share, value in zip(shares, values, strict=False))
            for values in zip(*parts, strict=True)
        ]
        return kernel, shares[-1]

    def _urgencies(self, host: UserId) -> "array[float]":
        """By slot; 0 until the host is followed."""
        size = self._slots
        starts = self._starts.get(host, [])
        rates = [0.0] * size
        known = [0.0] * (size + 1)
        known[0] = self._prior + len(starts)
        for slot in starts:
            rates = list(map(add, rates, self._kernel[size - slot : 2 * size - slot]))
            known[max(slot - NEAR + 1, 0)] -= 1
            known[min(slot + NEAR, size)] += 1
        # The supposition, and what the kernels leave to the time of day of all.
        share = self._crowd_share
        crowd = [share * height for height in self._crowd] * (size // DAY_SLOTS + 1)
        rates = [rate + count * one for rate, count, one in zip(rates, accumulate(known), crowd, strict=False)]
        rates = [rate + self._prior * (1.0 - share) for rate in rates]
        time = self._part.get(host, 1.0) + self._prior / self._often
        busy = BUSY * (self._prior + len(starts))
        for space in self._spaces.get(host, ()):
            spans = [(space.started, space.ended)]
            if space.scheduled is not None:
                spans.append((max(space.created, space.scheduled - HOUR), min(space.started, space.scheduled + HOUR)))
            for begin, end in spans:
                for slot in range(max(self._slot(begin) + 1, 0), min(self._slot(end), size)):
                    rates[slot] = busy
        weight = 0.5 + 0.5 * self._workload.followers[host] / self._mean
        urgencies = array("f", [math.sqrt(rate * weight / time) for rate in rates])
        joined = self._workload.joined.get(host)
        if joined is not None:
            for slot in range(min(self._slot(joined), size)):
                urgencies[slot] = 0.0
        return urgencies

    def _prices(self, urgencies: "dict[UserId, array[float]]") -> tuple[list[float], list[float]]:
        """By slot: the turns that a host of urgency 1 waits, and the most that any waits."""
        followed = [0] * self._slots
        totals = [0.0] * self._slots
        for mine in urgencies.values():
            followed = [count + (one > 0) for count, one in zip(followed, mine, strict=True)]
            totals = list(map(add, totals, mine))
        longest = [max(SWEEPS * math.ceil(count / self._batch), GRACE / self._turn) for count in followed]
        prices = [total / self._batch for total in totals]
        for _ in range(6):  # with those who are looked at more often than their urgency asks, all others wait longer
            totals = [0.0] * self._slots
            least = [price / wait for price, wait in zip(prices, longest, strict=True)]
            for mine in urgencies.values():
                totals = [
                    total + (min(one, most) if one > few else few if one else 0.0)
                    for total, one, few, most in zip(totals, mine, least, prices, strict=True)
                ]
            prices = [total / self._batch for total in totals]
        everybody = [count <= self._batch for count in followed]
        return [0.0001 if all_ else price for all_, price in zip(everybody, prices, strict=True)], longest


def peaks(size: int, period: int, times: int, width: float) -> list[float]:
    """A bell at each of the first multiples of the period."""
    found = [0.0] * size
    for number in range(1, times + 1):
        middle = number * period
        if middle - NEAR >= size:
            break
        for off in range(max(middle - NEAR, NEAR), min(middle + NEAR, size)):
            found[off] += math.exp(-abs(off - middle) * SLOT / width)
    return found
