"""How long after its start a Space is seen: 28 days of sweeps on a virtual clock, by six policies, over the same Spaces.

Every request is simulated at its own moment, an answer shows what is live and scheduled then, and nothing is known that no
answer has shown. The first week, in which nothing is learned yet, counts. A Space that is never seen counts with its full
length. Of each window of 300 requests in 15 minutes a tenth is kept for people.

Usage: python benchmarks/detection.py [--hosts 100 1000 10000] [--days 28] [--policies abcdef] [--workload FILE]
       python benchmarks/detection.py --scale

A workload file holds one JSON object a line: host, followers, created_at, scheduled_start or null, started_at, ended_at.
"""

import argparse
import gc
import json
import math
import multiprocessing
import random
import sys
import time
import tracemalloc
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from spacebot.domain.ids import SpaceId, UserId
from spacebot.watch.rates import Habit
from spacebot.watch.schedule import Schedule

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WEEK = 7 * DAY
WINDOW = 900.0
TAIL = HOUR
"""The sweeps go on for so long after the last start, so that it can be seen."""
LIMIT = 270
"""Requests per window: X's 300 less the tenth for people."""
TURN = 3.334
"""Seconds between our requests: the window, spread evenly."""
PEER_GAP = 1.1
PEER_LOOP = 60.0
PUSHED = 750
PUSH_COSTS = 0.5
"""Seconds from an event's arrival to the Space looked up and stored; when X sends the event is not ours to say."""
SPACE_PRICE, USER_PRICE, EVENT_PRICE = 0.005, 0.010, 0.005
BEGIN = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
"""A Monday."""

POLICIES = {
    "a": "60-second loop, batches 1.1 s apart",
    "b": "round robin at the full budget",
    "c": "the same, scheduled Spaces by id",
    "d": "spacebot without push",
    "e": "oracle: d knowing the true rates",
    "f": f"spacebot, push for {PUSHED} hosts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One Space of a workload; epoch seconds."""

    id: SpaceId
    host: UserId
    created: float
    scheduled: float | None
    started: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """All Spaces in the order of their starts, and all hosts with their followers and what is true of their habits."""

    spaces: tuple[Planned, ...]
    followers: Mapping[UserId, int]
    truth: Mapping[UserId, "Truth"]
    begin: float
    end: float


@dataclass(slots=True)
class Truth:
    """What only an oracle knows of a host; it stands in the place of what is learned."""

    often_: float
    share: float = 0.0
    hours: frozenset[int] = frozenset()

    def often(self, now: float) -> float:
        """Starts a week."""
        return self.often_

    def rate(self, now: float, hour: int) -> float:
        """Starts a week, at the pace of this hour."""
        habitual = self.share * 168 / len(self.hours) if hour in self.hours else 0.0
        return self.often_ * (1.0 - self.share + habitual)

    def started(self, at: float, scheduled_start: float | None = None) -> None:
        """Nothing is left to learn."""

    expected = Habit(0.0).expected


@lru_cache(maxsize=1)
def generate(hosts: int, days: int, seed: int) -> Workload:
    """The workload of docs/scheduling.md; a host has one Space at a time: what would begin during another is left out."""
    rng = random.Random(f"{seed} {hosts}")
    spaces: list[Planned] = []
    followers: dict[UserId, int] = {}
    truth: dict[UserId, Truth] = {}
    weeks = days / 7
    for number in range(hosts):
        host = UserId(str(1_000_000 + number))
        often = rng.lognormvariate(math.log(2.0), 1.5)
        habit = rng.sample(range(168), min(max(1, round(0.7 * often)), 40))
        followers[host] = math.ceil(rng.lognormvariate(0.5, 1.0))
        first = int(BEGIN // HOUR) % 168
        truth[host] = Truth(often, 0.7, frozenset((first + hour) % 168 for hour in habit))
        mine = []
        for _ in range(poisson(rng, often * weeks)):
            if rng.random() < 0.7:
                nominal = (rng.randrange(math.ceil(weeks)) * 168 + rng.choice(habit) + rng.random()) * HOUR
            else:
                nominal = rng.random() * days * DAY
            if nominal < days * DAY:
                mine.append(plan(rng, host, BEGIN + nominal))
        last = -math.inf
        for space in sorted(mine, key=lambda one: one.started):
            if space.started > last and BEGIN <= space.started < BEGIN + days * DAY:
                last = space.ended
                spaces.append(space)
    spaces.sort(key=lambda one: (one.started, one.id))
    return Workload(spaces=tuple(spaces), followers=followers, truth=truth, begin=BEGIN, end=BEGIN + days * DAY)


def plan(rng: random.Random, host: UserId, nominal: float) -> Planned:
    """One Space about this time."""
    length = rng.lognormvariate(math.log(45 * MINUTE), 0.8)
    space_id = SpaceId(f"{rng.getrandbits(52):013x}")
    if rng.random() < 0.5:
        return Planned(id=space_id, host=host, created=nominal, scheduled=None, started=nominal, ended=nominal + length)
    started = nominal + rng.expovariate(1 / (4 * MINUTE)) - MINUTE
    created = min(nominal - rng.expovariate(1 / DAY), started)
    return Planned(id=space_id, host=host, created=created, scheduled=nominal, started=started, ended=started + length)


def poisson(rng: random.Random, mean: float) -> int:
    """How many of a Poisson process's points fall within one unit."""
    count, at = 0, rng.expovariate(1.0)
    while at < mean:
        count += 1
        at += rng.expovariate(1.0)
    return count


@lru_cache(maxsize=1)
def read(path: Path) -> Workload:
    """A workload file. What is true of a host is then its whole number of Spaces, and no habits."""
    spaces = []
    followers: dict[UserId, int] = {}
    counts: dict[UserId, int] = defaultdict(int)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        host = UserId(str(row["host"]))
        followers[host] = int(row["followers"])
        counts[host] += 1
        spaces.append(
            Planned(
                id=SpaceId(f"{number:013d}"),
                host=host,
                created=moment(row["created_at"]),
                scheduled=None if row["scheduled_start"] is None else moment(row["scheduled_start"]),
                started=moment(row["started_at"]),
                ended=moment(row["ended_at"]),
            )
        )
    spaces.sort(key=lambda one: one.started)
    begin = math.floor(spaces[0].started / DAY) * DAY
    end = max(space.started for space in spaces)
    weeks = max((end - begin) / WEEK, 0.1)
    return Workload(
        spaces=tuple(spaces),
        followers=followers,
        truth={host: Truth(count / weeks) for host, count in counts.items()},
        begin=begin,
        end=end,
    )


def moment(text: str) -> float:
    """Epoch seconds of an ISO 8601 date."""
    return datetime.fromisoformat(text).timestamp()


class World:
    """What X would answer, moment by moment, and what one policy has seen and paid for."""

    def __init__(self, workload: Workload, schedule: Schedule | None) -> None:
        self.schedule = schedule
        self.seen: dict[SpaceId, float] = {}
        self.requests = self.refused = 0
        self.dollars = 0.0
        self.most_in_window = 0
        self.pushed: frozenset[UserId] = frozenset()
        # Only where something has changed since the last look, or is not paid for today, does a look matter.
        self.news: set[UserId] = set()
        self.news_by_id: set[SpaceId] = set()
        self._open: defaultdict[UserId, dict[SpaceId, Planned]] = defaultdict(dict)
        self._known: defaultdict[UserId, dict[SpaceId, Planned]] = defaultdict(dict)
        self._by_id = {space.id: space for space in workload.spaces}
        self._billed: set[str] = set()
        self._sent: deque[float] = deque()
        events: list[tuple[float, int, SpaceId]] = []
        for space in workload.spaces:
            if space.scheduled is not None:
                events.append((space.created, 0, space.id))
            events += [(space.started, 1, space.id), (space.ended, 2, space.id)]
        events += [(at, 3, SpaceId("")) for at in days_of(workload)]
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
                self.dollars += EVENT_PRICE
                self._look_at(space, at + PUSH_COSTS)

    def count(self, now: float) -> None:
        """A request is sent by creators: how many are there now in the 15 minutes behind it?"""
        self.requests += 1
        self._sent.append(now)
        while self._sent[0] <= now - WINDOW:
            self._sent.popleft()
        self.most_in_window = max(self.most_in_window, len(self._sent))

    def ask_hosts(self, hosts: Sequence[UserId], now: float) -> None:
        """An answer by creators, and what it tells."""
        if self.news.isdisjoint(hosts):
            return
        for host in self.news.intersection(hosts):
            self.news.discard(host)
            for space in [*(self._known[host] | self._open[host]).values()]:
                self._look_at(space, now)

    def ask_spaces(self, space_ids: Sequence[SpaceId], now: float) -> None:
        """An answer by ids, and what it tells."""
        self.requests += 1
        for space_id in self.news_by_id.intersection(space_ids):
            self.news_by_id.discard(space_id)
            self._look_at(self._by_id[space_id], now)

    def _look_at(self, space: Planned, now: float) -> None:
        if space.id not in self._open[space.host]:
            self._known[space.host].pop(space.id, None)
            if self.schedule is not None:
                self.schedule.over(space.id)
            return
        self._known[space.host][space.id] = space
        self._pay(space.id, SPACE_PRICE)
        self._pay(space.host, USER_PRICE)
        if now >= space.started:
            self.seen.setdefault(space.id, now)
            if self.schedule is not None:
                self.schedule.live(space.id, space.host, space.started, now)
        elif self.schedule is not None and space.scheduled is not None:
            self.schedule.scheduled(space.id, space.host, space.scheduled)

    def _pay(self, what: str, price: float) -> None:
        if what not in self._billed:
            self._billed.add(what)
            self.dollars += price

    def _midnight(self, now: float) -> None:
        self._billed.clear()
        for host, spaces in self._open.items():
            if spaces:
                self.news.add(host)
                self.news_by_id.update(spaces)
        if self.pushed and self.schedule is not None:
            self.push(now)

    def push(self, now: float) -> None:
        """Subscribe to the most valuable hosts, as far as they are known by now."""
        assert self.schedule is not None
        self.pushed = frozenset(self.schedule.most_valuable(PUSHED, now))
        self.schedule.pushed(self.pushed)


def days_of(workload: Workload) -> Iterable[float]:
    """Every midnight, UTC."""
    at = math.floor(workload.begin / DAY) * DAY + DAY
    while at < workload.end:
        yield at
        at += DAY


def run_peer(workload: Workload) -> tuple[World, float]:
    """Policy a: what is beyond the window is refused, and the loop goes on regardless. A refusal shows nothing."""
    world = World(workload, None)
    hosts = list(workload.followers)
    batches = [hosts[at : at + 100] for at in range(0, len(hosts), 100)]
    last = dict.fromkeys(hosts, workload.begin)
    longest = 0.0
    now, window, used = workload.begin, -math.inf, 0
    while now < workload.end + TAIL:
        began = now
        for batch in batches:
            world.go_to(now)
            world.count(now)
            if now >= window + WINDOW:
                window, used = now, 0
            used += 1
            if used <= LIMIT:
                world.ask_hosts(batch, now)
                longest = max(longest, now - last[batch[0]])
                last[batch[0]] = now
            else:
                world.refused += 1
            now += PEER_GAP
        now = max(now, began + PEER_LOOP)
    return world, longest


def run(workload: Workload, policy: str) -> tuple[World, float]:
    """Policies b to f: a batch by creators at each turn, and half a turn later, where any are due, Spaces by id."""
    hosts = list(workload.followers)
    schedule = Schedule(workload.begin)
    world = World(workload, None if policy == "b" else schedule)
    if policy in "def":
        schedule.follow(workload.followers, workload.begin)
    if policy == "e":
        for host, truth in workload.truth.items():
            schedule._hosts[host].habit = truth  # noqa: SLF001 - the oracle alone knows what no schedule is told
    if policy == "f":
        world.push(workload.begin)
    batches = [hosts[at : at + 100] for at in range(0, len(hosts), 100)]
    last = dict.fromkeys(hosts, workload.begin)
    longest = 0.0
    turn = 0
    while (now := workload.begin + turn * TURN) < workload.end + TAIL:
        world.go_to(now)
        batch = schedule.next_batch(now) if policy in "def" else batches[turn % len(batches)]
        world.count(now)
        world.ask_hosts(batch, now)
        for host in batch:
            if now - last[host] > longest:  # noqa: PLR1730 - a call for each of 70 million looks is too slow
                longest = now - last[host]
            last[host] = now
        if policy != "b":
            later = now + TURN / 2
            world.go_to(later)
            due = schedule.spaces.due_lookups(later)
            if due:
                world.ask_spaces(due, later)
        turn += 1
    return world, max(longest, workload.end + TAIL - min(last.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one policy came to: rows of (median, mean, 95th percentile, worst) in seconds."""

    policy: str
    hosts: int
    rows: dict[str, tuple[float, float, float, float]]
    spaces: int
    missed: int
    requests: int
    refused: int
    dollars: float
    most_in_window: int
    longest_unseen: float
    seconds: float = field(default=0.0)


def measure(task: tuple[str, int, int, int, Path | None]) -> Result:
    """Run one policy over one workload."""
    policy, hosts, days, seed, path = task
    workload = generate(hosts, days, seed) if path is None else read(path)
    began = time.perf_counter()
    world, longest = run_peer(workload) if policy == "a" else run(workload, policy)
    delays = [
        (world.seen.get(space.id, space.ended) - space.started, workload.followers[space.host], space.scheduled is None)
        for space in workload.spaces
    ]
    return Result(
        policy=policy,
        hosts=len(workload.followers),
        rows={
            "all": summary([(delay, 1) for delay, _, _ in delays]),
            "unscheduled": summary([(delay, 1) for delay, _, alone in delays if alone]),
            "by followers": summary([(delay, weight) for delay, weight, _ in delays]),
        },
        spaces=len(delays),
        missed=len(delays) - len(world.seen),
        requests=world.requests,
        refused=world.refused,
        dollars=world.dollars,
        most_in_window=world.most_in_window,
        longest_unseen=longest,
        seconds=time.perf_counter() - began,
    )


def summary(delays: list[tuple[float, int]]) -> tuple[float, float, float, float]:
    """Median, mean, 95th percentile and worst, each delay counted as often as its weight says."""
    if not delays:
        return (math.nan,) * 4
    delays.sort()
    weights = list(accumulate(weight for _, weight in delays))
    mean = sum(delay * weight for delay, weight in delays) / weights[-1]
    median, late = (delays[bisect_left(weights, share * weights[-1])][0] for share in (0.5, 0.95))
    return median, mean, late, delays[-1][0]


def report(results: list[Result]) -> None:
    """Print the tables, and whether the aims are reached."""
    for hosts in sorted({result.hosts for result in results}):
        mine = {result.policy: result for result in results if result.hosts == hosts}
        some = next(iter(mine.values()))
        print(f"\n### {hosts:,} hosts, {some.spaces:,} Spaces\n")
        print("| policy | Spaces | median | mean | 95 % | worst | mean to b |")
        print("|---|---|---|---|---|---|---|")
        for policy, result in sorted(mine.items()):
            for kind, row in result.rows.items():
                to_b = f"{row[1] / mine['b'].rows[kind][1]:.3f}" if "b" in mine else ""
                print(f"| {policy} | {kind} | {' | '.join(f'{value:,.1f} s' for value in row)} | {to_b} |")
        print("\n| policy | never seen | requests | refused | most in 15 min | dollars | longest unseen | run time |")
        print("|---|---|---|---|---|---|---|---|")
        for policy, result in sorted(mine.items()):
            print(
                f"| {policy} {POLICIES[policy]} | {result.missed} | {result.requests:,} | {result.refused:,} "
                f"| {result.most_in_window} | {result.dollars:,.2f} | {result.longest_unseen:,.1f} s "
                f"| {result.seconds:,.0f} s |"
            )
        bound = max(60.0, 3 * math.ceil(hosts / 100) * TURN)
        for policy in sorted(mine.keys() & set("df")):
            result = mine[policy]
            print(
                f"\n{policy}: nobody unseen longer than {bound:.1f} s: {verdict(result.longest_unseen <= bound)}",
                end="",
            )
            print(f"; no window exceeded: {verdict(result.most_in_window <= LIMIT)}", end="")
            if policy == "d" and hosts >= 1000 and "b" in mine:
                to_b = [result.rows[kind][1] / mine["b"].rows[kind][1] for kind in ("all", "unscheduled")]
                print(
                    f"; mean at most 0.45 of b over all, 0.75 unscheduled: {verdict(to_b[0] <= 0.45 and to_b[1] <= 0.75)}",
                    end="",
                )
        print(flush=True)


def verdict(holds: bool) -> str:
    """For people."""
    return "yes" if holds else "NO"


def scale(hosts: int) -> None:
    """How long a batch takes among so many hosts, and how much memory one host holds."""
    rng = random.Random(2)
    names = [UserId(str(10**18 + number)) for number in range(hosts)]
    weights = {name: rng.randint(1, 9) for name in names}
    starts = [
        (name, BEGIN - rng.random() * 8 * WEEK, None)
        for name in names
        for _ in range(poisson(rng, min(8 * rng.lognormvariate(math.log(2.0), 1.5), 400)))
    ]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    schedule = Schedule(BEGIN)
    schedule.follow(weights, BEGIN)
    schedule.learn(starts, dict.fromkeys(names, BEGIN - 8 * WEEK))
    turns = 2 * math.ceil(hosts / 100)
    for turn in range(turns):
        schedule.next_batch(BEGIN + turn * TURN)
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    known = len(starts)
    del starts
    gc.collect()
    taken = []
    for turn in range(turns, turns + 4000):
        began = time.process_time()  # one core's work, whatever else the machine does
        schedule.next_batch(BEGIN + turn * TURN)
        taken.append(time.process_time() - began)
    taken.sort()
    print(
        f"{hosts:,} hosts with {known:,} starts: {used / hosts:.0f} bytes a host; a batch takes "
        f"{1000 * taken[len(taken) // 2]:.3f} ms (median), {1000 * taken[int(len(taken) * 0.99)]:.3f} ms (99 %), "
        f"{1000 * taken[-1]:.3f} ms (worst of {len(taken):,})"
    )


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hosts", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--policies", default="abcdef")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workload", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--scale", action="store_true", help="time and memory among 100,000 hosts, and nothing else")
    asked = parser.parse_args()
    if asked.scale:
        scale(100_000)
        return
    sizes = [0] if asked.workload else sorted(asked.hosts, reverse=True)
    tasks = [(policy, size, asked.days, asked.seed, asked.workload) for policy in asked.policies for size in sizes]
    results = []
    with multiprocessing.Pool(asked.processes) as pool:
        for result in pool.imap_unordered(measure, tasks):
            means = ", ".join(f"{kind} {row[1]:.2f} s" for kind, row in result.rows.items())
            print(f"{result.hosts} hosts, {result.policy}: mean {means}; {result}", file=sys.stderr, flush=True)
            results.append(result)
    report(results)


if __name__ == "__main__":
    main()
