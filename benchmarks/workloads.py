"""The workloads of `detection.py`: Spaces of made-up hosts, each kind from its seed, and files of real session times.

A workload file (`.jsonl` or `.jsonl.gz`) holds one JSON object a line: host, followers, created_at, scheduled_start or
null, started_at, ended_at. A line whose started_at is null names a host who is followed and starts nothing.
"""

import gzip
import json
import math
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from spacebot.domain.ids import SpaceId, UserId

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WEEK = 7 * DAY
BEGIN = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
"""A Monday."""


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
    """All Spaces in the order of their starts, and all hosts with their followers, silent ones too."""

    spaces: tuple[Planned, ...]
    followers: Mapping[UserId, int]
    begin: float
    end: float
    joined: Mapping[UserId, float] = field(default_factory=dict)
    """From when on the hosts are followed who are not from the beginning; epoch seconds."""

    def joins(self) -> list[tuple[float, list[UserId]]]:
        """Who is followed from when on, in the order of time; the first of all from the beginning."""
        by_time: dict[float, list[UserId]] = {self.begin: []}
        for host in self.followers:
            by_time.setdefault(self.joined.get(host, self.begin), []).append(host)
        return sorted(by_time.items())


def weekly(hosts: int, days: int, seed: int) -> Workload:
    """The workload of docs/scheduling.md; a host has one Space at a time: what would begin during another is left out."""
    rng = random.Random(f"{seed} {hosts}")
    spaces: list[Planned] = []
    followers: dict[UserId, int] = {}
    weeks = days / 7
    for host in names(hosts):
        often = rng.lognormvariate(math.log(2.0), 1.5)
        habit = rng.sample(range(168), min(max(1, round(0.7 * often)), 40))
        followers[host] = weight(rng)
        mine = []
        for _ in range(poisson(rng, often * weeks)):
            nominal = habitual(rng, habit, days)
            if nominal < days * DAY:
                mine.append(plan(rng, host, BEGIN + nominal))
        spaces += one_at_a_time(mine, days)
    return made(spaces, followers, days)


def zipf(hosts: int, days: int, seed: int) -> Workload:
    """67 % of the hosts are silent; of the others the k-th starts 40/k Spaces a week (of 1,000 hosts), in weekly habits."""
    rng = random.Random(f"zipf {seed} {hosts}")
    active = hosts - round(0.67 * hosts)
    ranks = rng.sample(range(hosts), hosts)
    rates = [min(40.0, 0.04 * hosts / (rank + 1)) if rank < active else 0.0 for rank in ranks]
    return of_rates(rng, rates, days)


def changing(hosts: int, days: int, seed: int) -> Workload:
    """As `weekly`, but midway every host takes on other habits, and starts as often as somebody else did before."""
    rng = random.Random(f"changing {seed} {hosts}")
    rates = [rng.lognormvariate(math.log(2.0), 1.5) for _ in range(hosts)]
    return of_rates(rng, rates, days, change=days / 2)


def conference(hosts: int, days: int, seed: int) -> Workload:
    """As `weekly`, but hosts start a seventh as much, and 300 of 1,000 within one and the same hour, once a week."""
    rng = random.Random(f"conference {seed} {hosts}")
    rates = [rng.lognormvariate(math.log(2.0 / 7), 1.5) for _ in range(hosts)]
    workload = of_rates(rng, rates, days)
    mine: dict[UserId, list[Planned]] = {host: [] for host in workload.followers}
    for space in workload.spaces:
        mine[space.host].append(space)
    for week in range(days // 7):
        opens = BEGIN + week * WEEK + rng.uniform(0.5, 6.5) * DAY
        for host in rng.sample(list(mine), round(0.3 * hosts)):
            mine[host].append(plan(rng, host, opens + rng.random() * HOUR))
    return made([space for some in mine.values() for space in one_at_a_time(some, days)], workload.followers, days)


def alike(hosts: int, days: int, seed: int) -> Workload:
    """No habits; everybody starts three Spaces a week, and is followed by one guild."""
    rng = random.Random(f"alike {seed} {hosts}")
    spaces: list[Planned] = []
    for host in names(hosts):
        times = [rng.random() * days * DAY for _ in range(poisson(rng, 3 * days / 7))]
        spaces += one_at_a_time([plan(rng, host, BEGIN + at) for at in times], days)
    return made(spaces, dict.fromkeys(names(hosts), 1), days)


def evening(hosts: int, days: int, seed: int) -> Workload:
    """As `alike`, but all between 19 and 22 o'clock."""
    rng = random.Random(f"evening {seed} {hosts}")
    spaces: list[Planned] = []
    for host in names(hosts):
        times = [rng.randrange(days) * DAY + rng.uniform(19, 22) * HOUR for _ in range(poisson(rng, 3 * days / 7))]
        spaces += one_at_a_time([plan(rng, host, BEGIN + at) for at in times], days)
    return made(spaces, dict.fromkeys(names(hosts), 1), days)


def short(hosts: int, days: int, seed: int) -> Workload:
    """As `weekly`, with Spaces of eight minutes (median)."""
    rng = random.Random(f"short {seed} {hosts}")
    rates = [rng.lognormvariate(math.log(2.0), 1.5) for _ in range(hosts)]
    return of_rates(rng, rates, days, median=8 * MINUTE)


def joining(hosts: int, days: int, seed: int) -> Workload:
    """As `weekly`, but 400 of 1,000 are followed from five sevenths of the time on only (day 20 of 28)."""
    rng = random.Random(f"joining {seed} {hosts}")
    rates = [rng.lognormvariate(math.log(2.0), 1.5) for _ in range(hosts)]
    workload = of_rates(rng, rates, days)
    at = BEGIN + days * 5 // 7 * DAY
    return with_joined(workload, dict.fromkeys(rng.sample(list(workload.followers), round(0.4 * hosts)), at))


def people(hosts: int, days: int, seed: int) -> Workload:
    """Hosts as people are: habits by day or by week, a common evening, weekends, holidays, conferences, starts off time.

    A fifth is silent, a tenth joins some time, and 30 % pause for one or two weeks. Of announced Spaces 5 % start more than
    two minutes early, some of them by half an hour, and 5 % late by up to two hours.
    """
    rng = random.Random(f"people {seed} {hosts}")
    everybody = names(hosts)
    mine: dict[UserId, list[Planned]] = {}
    for host in everybody:
        mine[host] = []
        if rng.random() < 0.2:
            continue
        times = sorted(habits_of(rng, days))
        if rng.random() < 0.3:
            leaves = rng.uniform(0, days)
            returns = leaves + rng.choice((7, 14))
            times = [at for at in times if not leaves <= at / DAY < returns]
        mine[host] = [plan(rng, host, BEGIN + at, off=off_time) for at in times]
    for _ in range(max(1, days // 9)):
        opens = BEGIN + rng.randrange(days) * DAY + rng.uniform(12, 20) * HOUR
        for host in rng.sample(everybody, hosts // 20):
            mine[host].append(plan(rng, host, opens + rng.random() * HOUR, off=off_time))
    followers = {host: weight(rng) for host in everybody}
    workload = made([space for some in mine.values() for space in one_at_a_time(some, days)], followers, days)
    late = rng.sample(everybody, hosts // 10)
    return with_joined(workload, {host: BEGIN + rng.uniform(0.05, 0.9) * days * DAY for host in late})


def habits_of(rng: random.Random, days: int) -> Iterable[float]:
    """The times, in seconds from the beginning, at which one of `people` would like to start."""
    often = min(rng.lognormvariate(math.log(2.0), 1.2), 25.0)
    zone = 0.0 if rng.random() < 0.6 else rng.choice((-8.0, -5.0, 1.0, 5.5, 9.0))
    kind = rng.random()
    usual = rng.gauss(20.5, 1.8) if rng.random() < 0.75 else rng.uniform(7, 24)
    slots = [(rng.randrange(7), rng.gauss(20.5, 2.5)) for _ in range(max(1, round(often)))]
    only = rng.random()
    for day in range(-1, days + 1):
        weekend = day % 7 >= 5
        if (only < 0.2 and weekend) or (only > 0.92 and not weekend):
            continue
        if kind < 0.35:  # each day about the same time, an hour later at weekends
            hours = [rng.gauss(usual + weekend, 0.2) for _ in range(poisson(rng, often / 7))]
        elif kind < 0.75:  # on certain days of the week, nearly always
            hours = [rng.gauss(hour, 0.15) for weekday, hour in slots if weekday == day % 7 and rng.random() < 0.8]
        else:  # on some evening or other, more at weekends
            hours = [rng.gauss(20.5, 1.8) for _ in range(poisson(rng, often / 7 * (1.7 if weekend else 0.72)))]
        if rng.random() < 0.15 * often / 7:
            hours.append(rng.uniform(8, 24))
        yield from (day * DAY + (hour + zone) * HOUR for hour in hours)


def off_time(rng: random.Random) -> float:
    """Seconds from the scheduled start to the start of one of `people`'s Spaces."""
    kind = rng.random()
    if kind < 0.05:
        return -min(2 * MINUTE + rng.expovariate(1 / (10 * MINUTE)), 45 * MINUTE)
    if kind < 0.10:
        return rng.uniform(15, 120) * MINUTE
    return usually_off(rng)


def usually_off(rng: random.Random) -> float:
    """Seconds from the scheduled start to the start of a Space: up to a minute early, some minutes late."""
    return rng.expovariate(1 / (4 * MINUTE)) - MINUTE


def names(hosts: int) -> list[UserId]:
    """So many hosts."""
    return [UserId(str(1_000_000 + number)) for number in range(hosts)]


def weight(rng: random.Random) -> int:
    """How many guilds follow a host."""
    return math.ceil(rng.lognormvariate(0.5, 1.0))


def habitual(rng: random.Random, habit: list[int], days: float, since: float = 0.0) -> float:
    """When a Space starts, in seconds: 70 % in one of the habitual hours of some week, the others at any time."""
    if rng.random() < 0.7:
        return since * DAY + (rng.randrange(math.ceil(days / 7)) * 168 + rng.choice(habit) + rng.random()) * HOUR
    return since * DAY + rng.random() * days * DAY


def of_rates(
    rng: random.Random, rates: list[float], days: int, *, median: float = 45 * MINUTE, change: float | None = None
) -> Workload:
    """Hosts who start so many Spaces a week, with habits as in `weekly`; other rates and habits from day `change` on."""
    spaces: list[Planned] = []
    followers: dict[UserId, int] = {}
    others = rng.sample(rates, len(rates)) if change is not None else rates
    parts = [(0.0, float(days))] if change is None else [(0.0, change), (change, days - change)]
    for host, *both in zip(names(len(rates)), rates, others, strict=True):
        followers[host] = weight(rng)
        mine = []
        for often, (since, lasts) in zip(both, parts, strict=False):
            habit = rng.sample(range(168), min(max(1, round(0.7 * often)), 40))
            for _ in range(poisson(rng, often * lasts / 7)):
                nominal = habitual(rng, habit, lasts, since)
                if nominal < (since + lasts) * DAY:
                    mine.append(plan(rng, host, BEGIN + nominal, median=median))
        spaces += one_at_a_time(mine, days)
    return made(spaces, followers, days)


def plan(
    rng: random.Random,
    host: UserId,
    nominal: float,
    *,
    median: float = 45 * MINUTE,
    off: Callable[[random.Random], float] = usually_off,
) -> Planned:
    """One Space about this time, half of them scheduled, announced a day ahead in the mean."""
    length = rng.lognormvariate(math.log(median), 0.8)
    space_id = SpaceId(f"{rng.getrandbits(52):013x}")
    if rng.random() < 0.5:
        return Planned(id=space_id, host=host, created=nominal, scheduled=None, started=nominal, ended=nominal + length)
    started = nominal + off(rng)
    created = min(nominal - rng.expovariate(1 / DAY), started)
    return Planned(id=space_id, host=host, created=created, scheduled=nominal, started=started, ended=started + length)


def poisson(rng: random.Random, mean: float) -> int:
    """How many of a Poisson process's points fall within one unit."""
    count, at = 0, rng.expovariate(1.0)
    while at < mean:
        count += 1
        at += rng.expovariate(1.0)
    return count


def one_at_a_time(mine: Iterable[Planned], days: int) -> list[Planned]:
    """A host's Spaces, without those that would begin during another, or outside of the days."""
    kept = []
    last = -math.inf
    for space in sorted(mine, key=lambda one: one.started):
        if space.started > last and BEGIN <= space.started < BEGIN + days * DAY:
            last = space.ended
            kept.append(space)
    return kept


def made(spaces: list[Planned], followers: Mapping[UserId, int], days: int) -> Workload:
    """What a generator has made."""
    spaces.sort(key=lambda one: (one.started, one.id))
    return Workload(spaces=tuple(spaces), followers=followers, begin=BEGIN, end=BEGIN + days * DAY)


def with_joined(workload: Workload, joined: Mapping[UserId, float]) -> Workload:
    """The same with hosts who are followed from some time on; what they start before is left out."""
    kept = tuple(space for space in workload.spaces if space.started >= joined.get(space.host, workload.begin))
    return Workload(
        spaces=kept, followers=workload.followers, begin=workload.begin, end=workload.end, joined=dict(joined)
    )


def read(path: Path) -> Workload:
    """A workload file, compressed or not."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    spaces = []
    followers: dict[UserId, int] = {}
    for number, line in enumerate(text.decode().splitlines()):
        row = json.loads(line)
        host = UserId(str(row["host"]))
        followers[host] = int(row["followers"])
        if row["started_at"] is None:
            continue
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
    return Workload(spaces=tuple(spaces), followers=followers, begin=begin, end=spaces[-1].started)


def moment(text: str) -> float:
    """Epoch seconds of an ISO 8601 date."""
    return datetime.fromisoformat(text).timestamp()


GENERATORS: Mapping[str, tuple[Callable[[int, int, int], Workload], int]] = {
    "weekly": (weekly, 1000),
    "zipf": (zipf, 1000),
    "changing": (changing, 1000),
    "conference": (conference, 1000),
    "alike": (alike, 1000),
    "evening": (evening, 1000),
    "short": (short, 6000),
    "joining": (joining, 1000),
    "people": (people, 1000),
}
"""By name: hosts, days and a seed make a workload; and how many hosts it has unless another number is asked for."""


@lru_cache(maxsize=4)
def load(name: str, hosts: int, days: int, seed: int) -> Workload:
    """The workload of this name, or of the file of this path, which knows itself how many hosts and days it has."""
    if name in GENERATORS:
        return GENERATORS[name][0](hosts, days, seed)
    return read(Path(name))
