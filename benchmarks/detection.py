"""How long after its start a Space is seen: 28 days of sweeps on a virtual clock, by several policies, over the same Spaces.

An answer shows what is live and scheduled at its own moment, and nothing is known that no answer has shown. The first
week, in which nothing is learned yet, counts. A Space that is never seen counts with its full length, and as ten minutes
at least. Of each window of 300 requests in 15 minutes a tenth is kept for people.

Usage: python benchmarks/detection.py [--workload NAME|FILE ...] [--hosts N ...] [--days 28] [--policies abcdef]
       python benchmarks/detection.py --policies d           quick: only (d), against (b) and (c)
       python benchmarks/detection.py --workload generators  every kind of made-up workload
       python benchmarks/detection.py --scale                time and memory, and nothing else

The exit status is 1 where an aim is missed. What a workload file holds, `workloads.py` says.
"""

import argparse
import gc
import heapq
import math
import multiprocessing
import random
import sys
import time
import tracemalloc
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate, islice
from pathlib import Path
from typing import Protocol

from hindsight import Hindsight
from workloads import BEGIN, DAY, GENERATORS, HOUR, MINUTE, WEEK, Planned, Workload, load, poisson

from spacebot.domain.ids import SpaceId, UserId
from spacebot.watch.schedule import Schedule

WINDOW = 900.0
TAIL = HOUR
"""The sweeps go on for so long after the last start, so that it can be seen."""
LIMIT = 270
"""Requests per window: X's 300 less the tenth for people."""
TURN = 3.334
"""Seconds between our requests: the window, spread evenly."""
BATCH = 100
PEER_GAP = 1.1
PEER_LOOP = 60.0
ROUNDS, SHORTEST = 2, MINUTE
"""The bound is to be no more than so many rounds of a round robin, or so many seconds, whichever is longer."""
PUSHED = 750
PUSH_COSTS = 0.5
"""Seconds from an event's arrival to the Space looked up and stored; when X sends the event is not ours to say."""
SPACE_PRICE, USER_PRICE, EVENT_PRICE = 0.005, 0.010, 0.005
MISSED = 10 * MINUTE
"""A Space that is never seen has waited so long at least, however short it was."""
EARLIEST, LATEST, REFRESH = 2 * MINUTE, 15 * MINUTE, MINUTE
"""Look-ups of policy (c): at every turn from so long before the scheduled start to so long after, then now and then."""

POLICIES = {
    "a": "60-second loop, batches 1.1 s apart",
    "b": "round robin at the full budget",
    "c": "the same, scheduled Spaces by id",
    "d": "spacebot without push",
    "e": "hindsight: what is hardly to be bettered",
    "f": f"spacebot, push for {PUSHED} hosts",
}
ROWS = ("all", "unscheduled", "by followers")


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one policy has seen, and when (epoch seconds), and what it took."""

    seen: dict[SpaceId, float]
    requests: int = 0
    dollars: float = math.nan
    refused: int = 0
    most_in_window: int = 0
    longest: float = math.nan
    """Seconds from one look at a host to the next."""
    bound: float = math.nan
    """The largest bound that the schedule has named."""
    too_late: int = 0
    """Looks that came later than the bound of their moment, and a turn."""


# Policies that look at hosts whatever they have seen: when a host is looked at next is reckoned, not played.


class Looks(Protocol):
    """When hosts are looked at."""

    def after(self, host: UserId, at: float) -> float:
        """The first look at this host at or after that time; infinite where there is none."""


class Ring:
    """Round robin: each request takes the next 100 hosts of the ring, over its end; who joins stands at the end."""

    def __init__(self, workload: Workload) -> None:
        self._begin = workload.begin
        self.turns = turns_of(workload)
        self._number: dict[UserId, int] = {}
        # From which turn on, beginning at which place, how many stand in the ring.
        self._parts: list[tuple[int, int, int]] = []
        self.longest = 0.0
        for at, hosts in workload.joins():
            turn, place = self._turn(at), 0
            if self._parts:
                since, were, many = self._parts[-1]
                place = (were + min(BATCH, many) * (turn - since)) % max(many, 1)
            for host in hosts:
                self._number[host] = len(self._number)
            self._parts.append((turn, place, len(self._number)))
            self.longest = TURN * math.ceil(len(self._number) / BATCH)

    def after(self, host: UserId, at: float) -> float:
        """The first look at this host at or after that time; infinite where there is none."""
        number = self._number[host]
        turn = self._turn(at)
        part = max(bisect_right(self._parts, (turn, math.inf, math.inf)) - 1, 0)
        for index in range(part, len(self._parts)):
            since, place, many = self._parts[index]
            if number < many:
                size = min(BATCH, many)
                gone = size * max(turn - since, 0)
                looked = since + (gone + (number - place - gone) % many) // size
                if index + 1 == len(self._parts) or looked < self._parts[index + 1][0]:
                    return self._begin + looked * TURN if looked < self.turns else math.inf
        return math.inf

    def _turn(self, at: float) -> int:
        turn = max(int((at - self._begin) / TURN) - 1, 0)
        while self._begin + turn * TURN < at:  # what division says is not exact
            turn += 1
        return turn


class Loop:
    """A loop every minute over fixed batches: what is beyond the window is refused, shows nothing, and is not repeated."""

    def __init__(self, workload: Workload) -> None:
        self.longest = 0.0
        self.requests = self.refused = self.most_in_window = 0
        self._batch: dict[UserId, int] = {}
        joins = workload.joins()[::-1]
        looks: list[array[float]] = []
        sent: deque[float] = deque()
        now, window, used = workload.begin, -math.inf, 0
        while now < workload.end + TAIL:
            began = now
            while joins and joins[-1][0] <= now:
                for host in joins.pop()[1]:
                    self._batch[host] = len(self._batch) // BATCH
                looks += [array("d") for _ in range(len(looks), math.ceil(len(self._batch) / BATCH))]
            for times in looks:
                if now >= window + WINDOW:
                    window, used = now, 0
                used += 1
                self.requests += 1
                sent.append(now)
                while sent[0] <= now - WINDOW:
                    sent.popleft()
                self.most_in_window = max(self.most_in_window, len(sent))
                if used > LIMIT:
                    self.refused += 1
                else:
                    self.longest = max(self.longest, now - times[-1] if times else 0.0)
                    times.append(now)
                now += PEER_GAP
            now = max(now, began + PEER_LOOP)
        self._looks = looks

    def after(self, host: UserId, at: float) -> float:
        """The first look at this host at or after that time; infinite where there is none."""
        times = self._looks[self._batch[host]]
        index = bisect_left(times, at)
        return times[index] if index < len(times) else math.inf


class Bill:
    """What X charges: a Space or an account once a day, however often it is shown."""

    def __init__(self) -> None:
        self.dollars = 0.0
        self._paid: dict[SpaceId | UserId, int] = {}

    def shown(self, space: Planned, at: float) -> None:
        """An answer of this time contains this Space and its host; times do not go back to another day."""
        day = int(at // DAY)
        if self._paid.get(space.id) != day:
            self._paid[space.id] = day
            self.dollars += SPACE_PRICE
        if self._paid.get(space.host) != day:
            self._paid[space.host] = day
            self.dollars += USER_PRICE


def shown_by(workload: Workload, looks: Looks) -> list[tuple[float, Planned]]:
    """For each day of each Space its first look while it is open, in the order of time."""
    found = []
    for space in workload.spaces:
        at = max(space.started if space.scheduled is None else space.created, workload.begin)
        while (look := looks.after(space.host, at)) < space.ended:
            found.append((look, space))
            at = (look // DAY + 1) * DAY
    found.sort(key=lambda one: one[0])
    return found


def sweep(workload: Workload, looks: Looks) -> dict[SpaceId, float]:
    """When each Space is seen live that is seen."""
    return {
        space.id: look for space in workload.spaces if (look := looks.after(space.host, space.started)) < space.ended
    }


def run_loop(workload: Workload) -> Outcome:
    """Policy a."""
    loop = Loop(workload)
    bill = Bill()
    for at, space in shown_by(workload, loop):
        bill.shown(space, at)
    return Outcome(
        seen=sweep(workload, loop),
        requests=loop.requests,
        refused=loop.refused,
        dollars=bill.dollars,
        most_in_window=loop.most_in_window,
        longest=loop.longest,
    )


def run_ring(workload: Workload) -> Outcome:
    """Policy b."""
    ring = Ring(workload)
    bill = Bill()
    for at, space in shown_by(workload, ring):
        bill.shown(space, at)
    return Outcome(
        seen=sweep(workload, ring),
        requests=ring.turns,
        dollars=bill.dollars,
        most_in_window=min(ring.turns, math.ceil(WINDOW / TURN)),
        longest=ring.longest,
    )


def run_ring_with_lookups(workload: Workload) -> Outcome:
    """Policy c: a request by ids half a turn after each request by creators, where there is anything to look up."""
    ring = Ring(workload)
    known = KnownSpaces(workload, ring)
    shown = shown_by(workload, ring)
    requests = 0
    for turn in range(ring.turns):
        requests += known.look_up(workload.begin + turn * TURN + TURN / 2)
    bill = Bill()
    for at, space in sorted([*shown, *known.shown], key=lambda one: one[0]):
        bill.shown(space, at)
    return Outcome(
        seen=known.seen,
        requests=ring.turns + requests,
        dollars=bill.dollars,
        most_in_window=min(ring.turns, math.ceil(WINDOW / TURN)),
        longest=ring.longest,
    )


def run_hindsight(workload: Workload) -> Outcome:
    """Policy e; an announced Space whose announcement was seen is seen live at the next look by ids."""
    seen = {}
    hindsight = Hindsight(workload, end=workload.end + TAIL, turn=TURN, batch=BATCH)
    for spaces, after in hindsight.tracks():
        for space in spaces:
            look = after(space.started)
            if space.scheduled is not None and after(space.created) < space.started:
                turn = math.ceil((space.started - workload.begin) / TURN - 0.5)
                look = min(look, workload.begin + (turn + 0.5) * TURN)
            if look < space.ended:
                seen[space.id] = look
    return Outcome(seen=seen)


class KnownSpaces:
    """What policy (c) knows of Spaces, and which it looks up by id: kept simple, and apart from what it is a bar for.

    Around its scheduled start a Space is expected, and looked up at every turn (in turn, where more than 100 are). Before
    it is not looked up at all, and after it, as while live, once a minute, where there is place.
    """

    def __init__(self, workload: Workload, looks: Looks) -> None:
        self.seen: dict[SpaceId, float] = {}
        self.shown: list[tuple[float, Planned]] = []
        """What a look by id was the first to show, and when."""
        self._spaces = workload.spaces
        self._expected: dict[int, None] = {}
        self._others: OrderedDict[int, float] = OrderedDict()
        # Of those known: what has begun or ended since the last look, or is not paid for today.
        self._changed: set[int] = set()
        self._over: set[int] = set()
        self._events: list[tuple[float, int, int]] = []
        for number, space in enumerate(workload.spaces):
            self._events += [(at, kind, number) for at, kind in self._of(space, looks) if at < math.inf]
        self._events += [(at, _MIDNIGHT, -1) for at in midnights(workload)]
        self._events.sort(reverse=True)

    def _of(self, space: Planned, looks: Looks) -> Iterator[tuple[float, int]]:
        yield space.started, _CHANGES
        yield space.ended, _CHANGES
        yield looks.after(space.host, space.ended), _OVER
        found = looks.after(space.host, space.started)
        if found < space.ended:
            yield found, _SEEN
        if space.scheduled is not None:
            known = looks.after(space.host, space.created)
            if known < space.started:
                yield max(known, space.scheduled - EARLIEST), _EXPECTED
                yield max(known, space.scheduled + LATEST), _LAPSES

    def look_up(self, now: float) -> bool:
        """Look up what is due; whether anything is."""
        while self._events and self._events[-1][0] <= now:
            self._happens(*self._events.pop())
        expected = min(len(self._expected), BATCH)
        due = islice(self._expected, BATCH) if len(self._expected) > BATCH else self._changed & self._expected.keys()
        found = []
        for number in list(due):
            self._expected[number] = self._expected.pop(number)  # to the end of the row
            if number in self._changed:
                found.append(number)
        others = self._look_up_others(now, BATCH - expected, found)
        self._answered(found, now)
        return expected + others > 0

    def _look_up_others(self, now: float, free: int, found: list[int]) -> int:
        """As far as there is place, those not looked up for longest; how many."""
        asked = 0
        while self._others and asked < free:
            number, looked = next(iter(self._others.items()))
            if now - looked < REFRESH:
                break
            asked += 1
            self._others[number] = now
            self._others.move_to_end(number)
            if number in self._changed:
                found.append(number)
        return asked

    def _answered(self, found: Iterable[int], now: float) -> None:
        for number in found:
            self._changed.discard(number)
            space = self._spaces[number]
            if now < space.ended:
                self.shown.append((now, space))
                if now >= space.started:
                    self._sees(number, now)
            else:
                self._forget(number)

    def _happens(self, at: float, kind: int, number: int) -> None:
        if kind == _MIDNIGHT:
            self._changed.update(self._expected, self._others)
        elif kind == _CHANGES:
            if number in self._expected or number in self._others:
                self._changed.add(number)
        elif kind == _SEEN:
            if self._spaces[number].id not in self.seen:
                self._changed.discard(number)
                self._sees(number, at)
        elif kind == _OVER:
            self._forget(number)
        elif kind == _EXPECTED:
            self._expect(number, at)
        elif number in self._expected:
            del self._expected[number]
            self._others[number] = -math.inf
            self._others.move_to_end(number, last=False)

    def _expect(self, number: int, at: float) -> None:
        space = self._spaces[number]
        if space.id not in self.seen and number not in self._over:
            self._expected[number] = None
            if at >= space.started:
                self._changed.add(number)

    def _sees(self, number: int, now: float) -> None:
        self.seen.setdefault(self._spaces[number].id, now)
        self._expected.pop(number, None)
        self._others[number] = now
        self._others.move_to_end(number)

    def _forget(self, number: int) -> None:
        self._expected.pop(number, None)
        self._others.pop(number, None)
        self._changed.discard(number)
        self._over.add(number)


_CHANGES, _SEEN, _OVER, _EXPECTED, _LAPSES, _MIDNIGHT = range(6)


# Policies that look where it promises most: every request is played at its own moment.


class World:
    """What X would answer, moment by moment, and what one schedule is told of it."""

    def __init__(self, workload: Workload, schedule: Schedule) -> None:
        self.seen: dict[SpaceId, float] = {}
        self.requests = self.most_in_window = 0
        self.bill = Bill()
        self.events_paid = 0
        self.pushed: frozenset[UserId] = frozenset()
        # Only where something has changed since the last look, or is not paid for today, does a look matter.
        self.news: set[UserId] = set()
        self.news_by_id: set[SpaceId] = set()
        self.next_at = -math.inf
        """Until then nothing happens."""
        self._schedule = schedule
        self._hosts = tuple(workload.followers)
        self._push = False
        self._open: defaultdict[UserId, dict[SpaceId, Planned]] = defaultdict(dict)
        self._known: defaultdict[UserId, dict[SpaceId, Planned]] = defaultdict(dict)
        self._by_id = {space.id: space for space in workload.spaces}
        self._sent: deque[float] = deque()
        events: list[tuple[float, int, SpaceId]] = []
        for space in workload.spaces:
            if space.scheduled is not None:
                events.append((space.created, 0, space.id))
            events += [(space.started, 1, space.id), (space.ended, 2, space.id)]
        events += [(at, 3, SpaceId("")) for at in midnights(workload)]
        self._events = sorted(events, reverse=True)

    def go_to(self, now: float) -> None:
        """Let happen what happens until then."""
        while self._events and self._events[-1][0] <= now:
            at, kind, space_id = self._events.pop()
            if kind == 3:
                self._midnight(at)
                continue
            space = self._by_id[space_id]
            self.news.add(space.host)
            self.news_by_id.add(space_id)
            if kind == 2:
                del self._open[space.host][space_id]
            else:
                self._open[space.host][space_id] = space
            if kind and space.host in self.pushed:
                self.events_paid += 1
                self._look_at(space, at + PUSH_COSTS)
        self.next_at = self._events[-1][0] if self._events else math.inf

    def count(self, now: float) -> None:
        """A request is sent by creators: how many are there now in the 15 minutes behind it?"""
        self.requests += 1
        self._sent.append(now)
        while self._sent[0] <= now - WINDOW:
            self._sent.popleft()
        self.most_in_window = max(self.most_in_window, len(self._sent))

    def ask_hosts(self, hosts: Iterable[UserId], now: float) -> None:
        """An answer by creators, and what it tells of these, of whom there are news."""
        for host in hosts:
            self.news.discard(host)
            for space in [*(self._known[host] | self._open[host]).values()]:
                self._look_at(space, now)

    def ask_spaces(self, space_ids: Sequence[SpaceId], now: float) -> None:
        """An answer by ids, and what it tells."""
        self.requests += 1
        for space_id in sorted(self.news_by_id.intersection(space_ids)):
            self.news_by_id.discard(space_id)
            self._look_at(self._by_id[space_id], now)

    def _look_at(self, space: Planned, now: float) -> None:
        if space.id not in self._open[space.host]:
            self._known[space.host].pop(space.id, None)
            self._schedule.over(space.id)
            return
        self._known[space.host][space.id] = space
        self.bill.shown(space, now)
        if now >= space.started:
            self.seen.setdefault(space.id, now)
            self._schedule.live(space.id, space.host, space.started, now)
        elif space.scheduled is not None:
            self._schedule.scheduled(space.id, space.host, space.scheduled)

    def _midnight(self, now: float) -> None:
        for host, spaces in self._open.items():
            if spaces:
                self.news.add(host)
                self.news_by_id.update(spaces)
        if self._push:
            self.push(now)

    def push(self, now: float) -> None:
        """Subscribe to the most valuable hosts, as far as they are known by now; and so again each midnight."""
        self._push = True
        self.pushed = frozenset(heapq.nlargest(PUSHED, self._hosts, key=lambda host: self._schedule.worth(host, now)))
        self._schedule.pushed(self.pushed)


def midnights(workload: Workload) -> Iterable[float]:
    """Every midnight, UTC."""
    at = math.floor(workload.begin / DAY) * DAY + DAY
    while at < workload.end + TAIL:
        yield at
        at += DAY


def turns_of(workload: Workload) -> int:
    """How many turns there are."""
    return math.ceil((workload.end + TAIL - workload.begin) / TURN)


def run_schedule(workload: Workload, *, push: bool) -> Outcome:
    """Policies d and f: a batch by creators at each turn, and half a turn later, where any are due, Spaces by id."""
    schedule = Schedule(workload.begin)
    world = World(workload, schedule)
    joins = workload.joins()[::-1]
    followed: dict[UserId, int] = {}
    last: dict[UserId, int] = {}
    longest = too_late = 0
    bound = 0.0
    for turn in range(turns_of(workload)):
        now = workload.begin + turn * TURN
        while joins and joins[-1][0] <= now:
            hosts = joins.pop()[1]
            followed.update((host, workload.followers[host]) for host in hosts)
            last.update(dict.fromkeys(hosts, turn))
            schedule.follow(followed, now)
            if push and turn == 0:
                world.push(now)
        if world.next_at <= now:
            world.go_to(now)
        batch = schedule.next_batch(now)
        world.count(now)
        gap = turn - min(map(last.__getitem__, batch), default=turn)
        longest = max(longest, gap)
        allowed = schedule.bound
        bound = max(bound, allowed)
        too_late += gap * TURN > allowed + TURN
        last.update(dict.fromkeys(batch, turn))
        if world.news:
            found = [host for host in world.news if last.get(host) == turn]
            if found:
                found.sort()  # in no order of chance
                world.ask_hosts(found, now)
        later = now + TURN / 2
        if world.next_at <= later:
            world.go_to(later)
        due = schedule.spaces.due_lookups(later)
        if due:
            world.ask_spaces(due, later)
    unseen = turns_of(workload) - min(last.values())
    return Outcome(
        seen=world.seen,
        requests=world.requests,
        dollars=world.bill.dollars + world.events_paid * EVENT_PRICE,
        most_in_window=world.most_in_window,
        longest=max(longest, unseen) * TURN,
        bound=bound,
        too_late=too_late + (unseen * TURN > schedule.bound + TURN),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Seconds from start to sight, of some of a workload's Spaces."""

    median: float
    mean: float
    late: float
    """The 95th percentile."""
    worst: float
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one policy came to."""

    workload: str
    policy: str
    hosts: int
    spaces: int
    rows: Mapping[str, Row]
    outcome: Outcome
    seconds: float


Task = tuple[str, str, int, int, int]
"""Policy, workload, hosts, days, seed."""


def measure(task: Task) -> Result:
    """Run one policy over one workload; what has nothing of spacebot in it comes out the same again, and is remembered."""
    return _measure(task) if task[0] in "df" else _remembered(task)


@lru_cache(maxsize=64)
def _remembered(task: Task) -> Result:
    return _measure(task)


def _measure(task: Task) -> Result:
    policy, name, hosts, days, seed = task
    workload = load(name, hosts, days, seed)
    began = time.process_time()
    outcome = RUN[policy](workload)
    alone = [space for space in workload.spaces if space.scheduled is None]
    rows = {
        "all": row_of(workload.spaces, outcome.seen),
        "unscheduled": row_of(alone, outcome.seen),
        "by followers": row_of(workload.spaces, outcome.seen, workload.followers),
    }
    outcome.seen = {}
    return Result(
        workload=name,
        policy=policy,
        hosts=len(workload.followers),
        spaces=len(workload.spaces),
        rows=rows,
        outcome=outcome,
        seconds=time.process_time() - began,
    )


RUN: Mapping[str, Callable[[Workload], Outcome]] = {
    "a": run_loop,
    "b": run_ring,
    "c": run_ring_with_lookups,
    "d": partial(run_schedule, push=False),
    "e": run_hindsight,
    "f": partial(run_schedule, push=True),
}


def row_of(
    spaces: Sequence[Planned], seen: Mapping[SpaceId, float], weights: Mapping[UserId, int] | None = None
) -> Row:
    """The delays of these Spaces, each counted once, or as often as its host weighs."""
    delays = sorted(
        (
            seen[space.id] - space.started if space.id in seen else max(space.ended - space.started, MISSED),
            1 if weights is None else weights[space.host],
        )
        for space in spaces
    )
    if not delays:
        return Row(median=math.nan, mean=math.nan, late=math.nan, worst=math.nan, missed=0)
    counted = list(accumulate(weight for _, weight in delays))
    return Row(
        median=delays[bisect_left(counted, 0.5 * counted[-1])][0],
        mean=sum(delay * weight for delay, weight in delays) / counted[-1],
        late=delays[bisect_left(counted, 0.95 * counted[-1])][0],
        worst=delays[-1][0],
        missed=sum(space.id not in seen for space in spaces),
    )


# What is to be reached.


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """The most that the mean of (d) may be of the mean of another policy."""

    all_to_b: float = math.inf
    unscheduled_to_b: float = math.inf
    all_to_c: float = 1.02
    each_to_c: float = 1.02
    """In every row."""
    late_to_b: float = math.inf
    """The 95th percentile, over unscheduled Spaces."""


AIMS = {
    "weekly": Aims(all_to_b=0.40, unscheduled_to_b=0.64),
    "streams-may": Aims(unscheduled_to_b=0.64, all_to_c=0.55, late_to_b=1.0),
    "coders-summer": Aims(unscheduled_to_b=0.68, late_to_b=1.0),
}
FEW = 1000
"""Where there are fewer hosts, whom to ask first hardly matters, and nothing is asked but not to be worse than (c)."""


def aims_of(name: str, hosts: int) -> Aims:
    """What is to be reached with this workload."""
    if name in GENERATORS:
        return AIMS.get(name, Aims()) if hosts >= FEW else Aims()
    return AIMS.get(Path(name).name.partition(".")[0], Aims(late_to_b=1.0))


def verdicts(mine: Mapping[str, Result]) -> list[tuple[str, bool]]:
    """Of one workload's results, what was to be reached, and whether it was."""
    found: list[tuple[str, bool]] = []
    for policy in sorted(mine.keys() & set("df")):
        outcome = mine[policy].outcome
        most, longest = outcome.most_in_window, outcome.longest
        late = f"{longest:.1f} s, bound {outcome.bound:.1f} s, {outcome.too_late} looks too late"
        found.append((f"{policy}: at most {LIMIT} requests in 15 minutes ({most})", most <= LIMIT))
        found.append((f"{policy}: nobody unseen longer than the bound ({late})", not outcome.too_late))
        rounds = max(SHORTEST, ROUNDS * math.ceil(mine[policy].hosts / BATCH) * TURN)
        found.append((f"{policy}: the bound at most {ROUNDS} rounds, {rounds:.1f} s", outcome.bound < rounds + TURN))
    if "d" not in mine:
        return found
    aims = aims_of(mine["d"].workload, mine["d"].hosts)
    asked = [
        ("all", "mean", "b", aims.all_to_b),
        ("unscheduled", "mean", "b", aims.unscheduled_to_b),
        ("unscheduled", "late", "b", aims.late_to_b),
        *((kind, "mean", "c", aims.all_to_c if kind == "all" else aims.each_to_c) for kind in ROWS),
    ]
    for kind, column, other, most in asked:
        if other in mine and most < math.inf:
            to = ratio(mine["d"], mine[other], kind, column)
            if not math.isnan(to):
                name = "95 %" if column == "late" else "mean"
                found.append((f"d, {kind}: {name} at most {most:.2f} of {other} ({to:.3f})", to <= most))
    return found


def ratio(one: Result, other: Result, kind: str, column: str) -> float:
    """How much of the other's the one's is; nan where there is nothing to compare."""
    below = getattr(other.rows[kind], column)
    return getattr(one.rows[kind], column) / below if below else math.nan


def report(results: Iterable[Result]) -> bool:
    """Print the tables of one workload, and whether its aims are reached."""
    mine = {result.policy: result for result in results}
    some = next(iter(mine.values()))
    print(f"\n### {Path(some.workload).name}: {some.hosts:,} hosts, {some.spaces:,} Spaces\n")
    print("| policy | Spaces | median | mean | 95 % | worst | missed | mean to b | mean to c | 95 % to b | 95 % to c |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for policy, result in sorted(mine.items()):
        for kind, row in result.rows.items():
            times = " | ".join(f"{value:,.1f} s" for value in (row.median, row.mean, row.late, row.worst))
            to = " | ".join(
                f"{ratio(result, mine[other], kind, column):.3f}" if other in mine else ""
                for column in ("mean", "late")
                for other in "bc"
            )
            print(f"| {policy} | {kind} | {times} | {row.missed} | {to} |")
    print("\n| policy | requests | refused | most in 15 min | dollars | longest unseen | bound | run time |")
    print("|---|---|---|---|---|---|---|---|")
    for policy, result in sorted(mine.items()):
        outcome = result.outcome
        numbers = (
            f"{number:,}" if number else "" for number in (outcome.requests, outcome.refused, outcome.most_in_window)
        )
        figures = (outcome.dollars, outcome.longest, outcome.bound)
        dollars, longest, bound = ("" if math.isnan(figure) else f"{figure:,.2f}" for figure in figures)
        print(
            f"| {policy} {POLICIES[policy]} | {' | '.join(numbers)} | {dollars} "
            f"| {longest}{longest and ' s'} | {bound}{bound and ' s'} | {result.seconds:,.0f} s |"
        )
    print()
    reached = verdicts(mine)
    for text, holds in reached:
        print(f"- {'yes' if holds else 'NO'}: {text}")
    sys.stdout.flush()
    return all(holds for _, holds in reached)


def scale(hosts: int, stored: int) -> bool:
    """How long a batch takes among so many hosts, what memory one holds, and how long learning a year of others takes."""
    rng = random.Random(2)
    names = [UserId(str(10**18 + number)) for number in range(hosts)]
    weights = {name: rng.randint(1, 9) for name in names}
    few = dict(islice(weights.items(), stored))
    tracemalloc.start()  # apart from what is timed: what it leaves behind makes a batch take a hundred times as long
    schedule, _ = warm(rng, few)
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] / len(few)
    tracemalloc.stop()
    schedule, known = warm(rng, weights)
    gc.collect()
    begin = BEGIN + WARM * math.ceil(hosts / BATCH) * TURN
    taken = []
    for turn in range(4000):
        began = time.process_time()  # one core's work, whatever else the machine does
        schedule.next_batch(begin + turn * TURN)
        taken.append(time.process_time() - began)
    taken.sort()
    median, late, worst = (1000 * taken[index] for index in (len(taken) // 2, int(len(taken) * 0.99), -1))
    print(f"a host who has started something takes {used:,.0f} bytes ({len(few):,} hosts)")
    print(
        f"{hosts:,} hosts with {known:,} starts: a batch takes {median:.3f} ms (median), {late:.3f} ms (99 %), "
        f"{worst:.3f} ms (worst of {len(taken):,})"
    )
    whole, longest, known = learn_a_year(rng, few)
    print(
        f"a year of {known:,} starts of {len(few):,} hosts, the latest {LATEST_STARTS} of each, in lots of {LOT}: "
        f"learned in {whole:.2f} s, the longest lot in {1000 * longest:.1f} ms"
    )
    reached = [
        ("a batch in under 2 ms (99 %)", late < 2),
        ("under 1.5 KiB a host who has started something", used < 1536),
        ("a stored year learned in under 10 s", whole < 10),
    ]
    for text, holds in reached:
        print(f"- {'yes' if holds else 'NO'}: {text}")
    return all(holds for _, holds in reached)


def warm(rng: random.Random, weights: Mapping[UserId, int]) -> tuple[Schedule, int]:
    """A schedule that has learned eight weeks of these and asked about each some times, and how many starts that were."""
    schedule = Schedule(BEGIN)
    schedule.follow(weights, BEGIN)
    known = sum(learn(schedule, lot, past(rng, lot, 8 * WEEK), 8 * WEEK)[0] for lot in lots(list(weights)))
    for turn in range(WARM * math.ceil(len(weights) / BATCH)):
        schedule.next_batch(BEGIN + turn * TURN)
    return schedule, known


WARM = 2
"""Rounds."""
LOT = 200
LATEST_STARTS = 40
"""How the stored starts are handed to the schedule: so many hosts at once, and so many starts of each."""
Start = tuple[UserId, float, float | None]


def lots(names: Sequence[UserId]) -> Iterator[Sequence[UserId]]:
    """The hosts, so many at once."""
    return (names[at : at + LOT] for at in range(0, len(names), LOT))


def past(rng: random.Random, names: Iterable[UserId], since: float) -> list[Start]:
    """What these started in the seconds before the beginning, at least one Space each."""
    weeks = since / WEEK
    return [
        (name, at, at if rng.random() < 0.5 else None)
        for name in names
        for at in sorted(
            BEGIN - rng.random() * since
            for _ in range(max(1, poisson(rng, weeks * min(rng.lognormvariate(math.log(2.0), 1.5), 50.0))))
        )[-LATEST_STARTS:]
    ]


def learn(schedule: Schedule, names: Sequence[UserId], starts: Sequence[Start], since: float) -> tuple[int, float]:
    """Hand one lot over: how many starts, and how many seconds it took."""
    began = time.process_time()
    schedule.learn(starts, dict.fromkeys(names, BEGIN - since))
    return len(starts), time.process_time() - began


def learn_a_year(rng: random.Random, weights: Mapping[UserId, int]) -> tuple[float, float, int]:
    """Seconds for all, seconds for the longest lot, and how many starts."""
    year = 365 * DAY
    schedule = Schedule(BEGIN)
    schedule.follow(weights, BEGIN)
    handed = [(lot, past(rng, lot, year)) for lot in lots(list(weights))]
    known, taken = zip(*(learn(schedule, lot, starts, year) for lot, starts in handed), strict=True)
    return sum(taken), max(taken), sum(known)


def main() -> int:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--workload",
        nargs="+",
        default=["weekly"],
        metavar="NAME|FILE",
        help=f"a file, {', '.join(GENERATORS)}, or 'generators' for all of these",
    )
    parser.add_argument("--hosts", type=int, nargs="+", help="of a made-up workload (weekly: 100 1000 10000)")
    parser.add_argument("--days", type=int, default=28, help="of a made-up workload")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--policies", default="abcdef", help="what is run")
    parser.add_argument("--against", default="bc", help="run besides, to compare with")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--scale", action="store_true", help="time and memory among many hosts, and nothing else")
    asked = parser.parse_args()
    if asked.scale:
        return 0 if scale(100_000, 10_000) else 1
    policies = sorted({*asked.policies, *asked.against} & POLICIES.keys(), reverse=True)
    runs = list(workloads_of(asked.workload, asked.hosts))
    for name in asked.workload:
        if name != "generators" and name not in GENERATORS and not Path(name).is_file():
            parser.error(f"neither a workload nor a file: {name}")
    results: dict[tuple[str, int], list[Result]] = {run: [] for run in runs}
    reached = True
    with multiprocessing.Pool(asked.processes) as pool:
        tasks = [(policy, name, hosts, asked.days, asked.seed) for name, hosts in runs for policy in policies]
        for (_, name, hosts, *_), result in zip(tasks, pool.imap(measure, tasks), strict=True):
            means = ", ".join(f"{kind} {row.mean:.2f} s" for kind, row in result.rows.items())
            print(f"{name}, {hosts} hosts, {result.policy}: mean {means} ({result.seconds:.0f} s)", file=sys.stderr)
            mine = results[name, hosts]
            mine.append(result)
            if len(mine) == len(policies):
                reached &= report(mine)
    return 0 if reached else 1


def workloads_of(names: Sequence[str], sizes: Sequence[int] | None) -> Iterator[tuple[str, int]]:
    """Each workload that is asked for, and its number of hosts (0 for a file)."""
    for name in names:
        if name == "generators":
            yield from ((each, usual) for each, (_, usual) in GENERATORS.items())
        elif name not in GENERATORS:
            yield name, 0
        else:
            usual = [100, 1000, 10_000] if name == "weekly" else [GENERATORS[name][1]]
            yield from ((name, hosts) for hosts in sizes or usual)


if __name__ == "__main__":
    sys.exit(main())
