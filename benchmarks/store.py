"""Every named query on the database of 10,000 guilds, 100,000 watches, and 100,000 and a million deliveries; and the loop.

For each query: how long its caller waits for it, the commit included; how many steps of SQLite's machine it takes, which
says whether it takes more where more is done; and which growing tables it looks through, by SQLite's own plan. The
queries and their arguments are those of tests/store/filled.py. 'bare' is what the same statements take on a connection of
their own, for what only reads.

Then the watch is assembled over the larger database, and starts, reads its watchlists again and again, chooses whom X is
to push, and forgets what an hour has made old. Meanwhile a task that sleeps 2 ms says how late it wakes, and each step of the loop how much work it was.

Usage: python benchmarks/store.py [--times 20] [--queries NAME ...] [--only queries|loop]
"""

import argparse
import asyncio
import contextlib
import gc
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the database is shared with the tests, which are not installed

from spacebot.app import forget
from spacebot.clock import SystemClock
from spacebot.domain.ids import SpaceId, UserId
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.subscriptions import EVENTS, Subscriptions
from spacebot.watch.watcher import Watcher
from spacebot.x.host_batcher import HostAnswer, SweepAnswer
from spacebot.x.model import Page, Space, User
from spacebot.x.subscriptions import EventType, Subscription
from tests.store.filled import LARGE, NOW, YOUNG, Call, Size, calls, fill, guild, looks_through, names, own, statements

MOST_MS = 50.0
"""No call may take longer, and no turn of the loop."""

FACTOR, FEW_STEPS = 3, 50_000
"""A query grows with what is done where ten times as much makes more than three times as many steps, and more than a
millisecond's worth: what is read up to a limit (a host's last 40 starts) does not count."""

STEPS_AT_ONCE = 100
LOOK_EVERY = 0.002
PUSHED = 750


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one query takes."""

    name: str
    what: str
    median: float
    worst: float
    """Milliseconds."""
    bare: float | None
    steps: int
    through: tuple[str, ...]
    """What it looks through."""


@contextlib.asynccontextmanager
async def filled(size: Size) -> AsyncIterator[Store]:
    """A database of that size, open."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spacebot.sqlite3"
        began = time.perf_counter()
        async with Store(path):
            pass  # made, and of the present schema
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            fill(connection, size)
        os.sync()  # else the first call that is measured waits until all of it is on the disk
        tell(f"filled in {time.perf_counter() - began:.0f} s")
        async with Store(path) as store:
            yield store


async def measure(store: Store, call: Call, times: int) -> Measured:
    """Ask so many times, as its callers do, and once more to look at how SQLite answers."""
    taken = []
    for at in range(times):
        ask = await store(call.made, at)
        began = time.perf_counter()
        await store(lambda _, ask=ask: ask())  # type: ignore[misc]  # the ask of this turn
        taken.append((time.perf_counter() - began) * 1000)
    ask = await store(call.made, times)
    said, steps = await store(_looked_at, ask)
    through, bare = await store(lambda queries: (_through(queries.db.conn, said), _bare(queries.db.conn, said)))
    return Measured(
        name=call.name,
        what=call.what,
        median=statistics.median(taken),
        worst=max(taken),
        bare=bare,
        steps=steps,
        through=through,
    )


def _looked_at(queries: Queries, ask: Callable[[], object]) -> tuple[list[str], int]:
    """The statements that are run, and how many steps they take."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += STEPS_AT_ONCE

    queries.db.conn.set_progress_handler(count, STEPS_AT_ONCE)
    try:
        said = statements(queries.db.conn, ask)
    finally:
        queries.db.conn.set_progress_handler(None, 0)
    return said, steps


def _through(connection: sqlite3.Connection, said: Sequence[str]) -> tuple[str, ...]:
    found = (step for statement in dict.fromkeys(said) for step in looks_through(connection, statement))
    return tuple(dict.fromkeys(found))


def _bare(connection: sqlite3.Connection, said: Sequence[str]) -> float | None:
    """Milliseconds that the same statements take without anything around them; None where one of them writes."""
    if not all(statement.startswith("SELECT") for statement in said):
        return None
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        for statement in said:
            connection.execute(statement).fetchall()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def measure_all(size: Size, times: int, only: Collection[str]) -> list[Measured]:
    """Every named query on a database of that size."""
    async with filled(size) as store:
        measured = []
        for call in calls(size):
            if not only or call.name in only:
                measured.append(await measure(store, call, times))
                tell(f"{measured[-1]}")
        return measured


def report(young: Sequence[Measured], large: Sequence[Measured]) -> bool:
    """Print the table and the verdicts; whether all targets are met."""
    print("| query | asked for | 100,000: median | worst | 1,000,000: median | worst | bare | steps | looks through |")
    print("|---|---|---|---|---|---|---|---|---|")
    for small, big in zip(young, large, strict=True):
        bare = "" if big.bare is None else f"{big.bare:.2f}"
        print(
            f"| `{big.name}` | {big.what} | {small.median:.2f} | {small.worst:.2f} | {big.median:.2f} | {big.worst:.2f} "
            f"| {bare} | {small.steps:,} → {big.steps:,} | {', '.join(big.through) or 'nothing'} |"
        )
    slow = [each for each in (*young, *large) if each.worst > MOST_MS]
    grown = [
        big
        for small, big in zip(young, large, strict=True)
        if big.through or big.steps > FACTOR * small.steps + FEW_STEPS
    ]
    print(
        f"\nno call above {MOST_MS:.0f} ms: {verdict(slow)}; none grows with the rows that are done: {verdict(grown)}"
    )
    return not slow and not grown


def verdict(against: Sequence[Measured]) -> str:
    """For people; with what speaks against it."""
    told = ", ".join(f"{each.name} ({each.what})" for each in against)
    return f"NO: {told}" if against else "yes"


class ThenClock(SystemClock):
    """The machine's clock, as if it were the time at which the database was filled."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=time.monotonic() - self._began)


class SilentX:
    """An X that shows nothing, and takes as long for it as the window of its requests makes it."""

    async def sweep(self, host_ids: Sequence[UserId]) -> SweepAnswer:
        await asyncio.sleep(0.3)
        return SweepAnswer()

    async def ask(self, host_id: UserId) -> HostAnswer:
        return HostAnswer()

    async def by_ids(self, space_ids: Sequence[SpaceId], *, at_once: bool = False) -> Page[Space]:
        await asyncio.sleep(0.3)
        return Page(truncated=True)

    async def refresh(self, space_ids: Sequence[SpaceId], *, participants: bool = False) -> Page[Space]:
        await asyncio.sleep(0.3)
        return Page(truncated=True)

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        return Page()

    async def subscriptions(self) -> Sequence[Subscription]:
        return []

    async def subscribe(self, event_type: EventType, user_id: UserId) -> Subscription:
        await asyncio.sleep(0)
        return Subscription(id=f"{event_type}{user_id}", event_type=event_type, user_id=user_id, tag="store")

    async def unsubscribe(self, ids: Collection[str]) -> Collection[str]:
        return ()


class Lateness:
    """How long others have the loop: how late a task wakes that sleeps a little, and the work done in one turn.

    The first is what people notice, but on a busy machine it is also the wait for a core. The second is the processor's
    time of the longest single step of any task, which is ours alone. The garbage collector holds up every thread, from
    whichever it runs.
    """

    def __init__(self) -> None:
        self._longest = self._longest_work = self._longest_collection = 0.0
        self._collecting_since = 0.0
        gc.callbacks.append(self._collects)
        run = asyncio.Handle._run  # noqa: SLF001 - the one place through which every step of the loop goes

        def timed(handle: asyncio.Handle) -> None:
            began = time.thread_time()
            run(handle)
            self._longest_work = max(self._longest_work, time.thread_time() - began)

        asyncio.Handle._run = timed  # type: ignore[method-assign]  # noqa: SLF001 - every step of the loop passes here

    def _collects(self, phase: str, _: dict[str, int]) -> None:
        now = time.thread_time()
        if phase == "start":
            self._collecting_since = now
        else:
            self._longest_collection = max(self._longest_collection, now - self._collecting_since)

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(LOOK_EVERY)
            self._longest = max(self._longest, time.perf_counter() - before - LOOK_EVERY)

    async def during(self, what: str, work: Callable[[], Awaitable[object]]) -> float:
        """Do it; print how long it took, and for how long the loop was held up at most, in ms, which is the answer."""
        await asyncio.sleep(2 * LOOK_EVERY)
        self._longest = self._longest_work = self._longest_collection = 0.0
        began = time.perf_counter()
        await work()
        taken = time.perf_counter() - began
        await asyncio.sleep(2 * LOOK_EVERY)
        longest = self._longest * 1000
        print(
            f"| {what} | {taken:.2f} s | {longest:.1f} ms | {self._longest_work * 1000:.1f} ms "
            f"| {self._longest_collection * 1000:.1f} ms |",
            flush=True,
        )
        return longest


def change_watches(queries: Queries) -> None:
    """A hundred guilds follow one host less, and a hundred one more."""
    for number in range(100):
        queries.hold_watch(guild(number), own(number, 1), on_hold=True)
        queries.set_watch(guild(number), own(number, 2), channel_id=None, roles=())
        host = own(number + 1, 3)
        queries.add_watch(guild_id=guild(number), host_id=host, channel_id=None, by=1, limit=1000, now=NOW)


async def measure_loop() -> bool:
    """Hold the assembled watch to its target; whether it is met."""
    async with filled(LARGE) as store:
        clock, x, late = ThenClock(), SilentX(), Lateness()
        watching = asyncio.create_task(late.watch())
        watcher = Watcher(source=x, store=store, clock=clock, on_work=lambda: None)
        lists = watcher.watchlists
        print(
            "| what happens | takes | the loop is held up for at most | by one step of work | by the garbage collector |"
        )
        print("|---|---|---|---|---|")
        longest = [await late.during("the start: 100,000 watches, 200,000 past starts", lists.refresh)]
        print(f"\n({lists.count:,} hosts are followed)\n", file=sys.stderr)
        running = asyncio.create_task(watcher.run())
        lists.changed()
        longest.append(await late.during("the minute's reading, nothing has changed", lists.refresh))
        await store(change_watches)
        lists.changed()
        longest.append(await late.during("the minute's reading, 200 watches have changed", lists.refresh))
        chosen: list[UserId] = []

        async def choose() -> None:
            chosen[:] = await lists.most_valuable(PUSHED)

        longest.append(await late.during(f"choosing the {PUSHED} hosts that X pushes", choose))
        subscriptions = Subscriptions(
            source=x,
            clock=clock,
            tag="store",
            ceiling=PUSHED * len(EVENTS),
            on_change=lambda _: watcher.pushed_hosts_changed(subscriptions.hosts),
        )
        longest.append(await late.during("subscribing to them", lambda: subscriptions.bring_to(chosen)))
        longest.append(await late.during("the same wanted again", lambda: subscriptions.bring_to(chosen)))
        longest.append(await late.during("an hour's forgetting", lambda: forget(store, clock.now())))
        late_by = timedelta(days=1)
        longest.append(
            await late.during("a day's forgetting, after a day's rest", lambda: forget(store, clock.now() + late_by))
        )
        longest.append(await late.during("ten seconds of sweeps", lambda: asyncio.sleep(10)))
        for task in (running, watching):
            task.cancel()
        await asyncio.gather(running, watching, return_exceptions=True)
    is_met = max(longest) <= MOST_MS
    print(f"\nthe loop is never held up for more than {MOST_MS:.0f} ms: {'yes' if is_met else 'NO'}")
    return is_met


def tell(text: str) -> None:
    """Say how it goes."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line, run, print; exit status 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--queries", nargs="+", default=[], choices=sorted(names()), metavar="NAME")
    parser.add_argument("--only", choices=["queries", "loop"])
    asked = parser.parse_args()
    tell(f"load average {os.getloadavg()[0]:.1f}")
    met = []
    if asked.only != "loop":
        young, large = (asyncio.run(measure_all(size, asked.times, asked.queries)) for size in (YOUNG, LARGE))
        met.append(report(young, large))
    if asked.only != "queries":
        print()
        met.append(asyncio.run(measure_loop()))
    tell(f"load average {os.getloadavg()[0]:.1f}")
    sys.exit(not all(met))


if __name__ == "__main__":
    main()
