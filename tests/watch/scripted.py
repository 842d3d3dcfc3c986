"""A watcher at work over the real ledger and a fake clock, with an X that answers as the script says."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from spacebot.domain.ids import GuildId, SpaceId, UserId
from spacebot.domain.spaces import Phase
from spacebot.errors import (
    XDown,
)
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.watcher import Watcher
from spacebot.x.host_batcher import HostAnswer, SweepAnswer
from spacebot.x.model import Page, Problem, Space, User
from tests.clocks import FakeClock
from tests.store.seed import HOST, SPACE, ended

PACE = 3.0
"""Seconds that each request of the scripted X takes."""

NOT_FOUND = Problem(type="https://api.x.com/2/problems/resource-not-found", resource_id=SPACE, resource_type="space")


@dataclass(slots=True)
class ScriptedX:
    """A `SpacesSource` with Spaces in memory."""

    clock: FakeClock
    open: dict[SpaceId, Space] = field(default_factory=dict)
    over: dict[SpaceId, Space] = field(default_factory=dict)
    fault: Exception | None = None
    problems: tuple[Problem, ...] = ()
    truncated: bool = False
    silent: bool = False
    unanswered: UserId | None = None
    """The host whose sweeps fail."""
    hidden: set[SpaceId] = field(default_factory=set)
    """Open Spaces that sweeps do not show."""
    left_out: set[UserId] = field(default_factory=set)
    """Hosts that the next sweep has no place for."""
    sweeps: list[list[UserId]] = field(default_factory=list)
    asked: list[list[SpaceId]] = field(default_factory=list)
    refreshed: list[list[SpaceId]] = field(default_factory=list)
    """Look-ups that asked for co-hosts and speakers too."""
    accounts: list[User] = field(default_factory=list)
    bought: list[list[UserId]] = field(default_factory=list)

    def show(self, *spaces: Space) -> None:
        self.open |= {space.id: space for space in spaces}

    def end(self, space_id: SpaceId = SPACE) -> None:
        self.open.pop(space_id)
        self.over[space_id] = ended(space_id)

    def hide(self, space_id: SpaceId = SPACE) -> None:
        """X no longer shows it, neither by its host nor by its id."""
        self.open.pop(space_id)

    async def sweep(self, host_ids: Sequence[UserId]) -> SweepAnswer:
        self.sweeps.append(list(host_ids))
        await self.clock.sleep(PACE)
        self._fail()
        if self.unanswered in host_ids:
            raise XDown
        left_out = tuple(host for host in host_ids if host in self.left_out)
        carried = set(host_ids).difference(left_out)
        items = tuple(
            space for space in self.open.values() if space.creator_id in carried and space.id not in self.hidden
        )
        self.left_out -= set(left_out)
        return SweepAnswer(page=Page(items=items, users={HOST.id: HOST}, truncated=self.truncated), left_out=left_out)

    async def ask(self, host_id: UserId) -> HostAnswer:
        await self.clock.sleep(0)
        self._fail()
        return HostAnswer(spaces=tuple(space for space in self.open.values() if space.creator_id == host_id))

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        self.bought.append(list(user_ids))
        self._fail()
        accounts = tuple(user for user in self.accounts if user.id in user_ids)
        return Page(items=accounts, problems=self.problems)

    async def by_ids(self, space_ids: Sequence[SpaceId], *, at_once: bool = False) -> Page[Space]:
        return await self.refresh(space_ids)

    async def refresh(self, space_ids: Sequence[SpaceId], *, participants: bool = False) -> Page[Space]:
        (self.refreshed if participants else self.asked).append(list(space_ids))
        await self.clock.sleep(PACE)
        self._fail()
        known = self.open | self.over
        if self.silent:
            return Page(problems=self.problems)
        named = tuple(replaced(NOT_FOUND, one) for one in space_ids if one not in known)
        return Page(items=tuple(known[one] for one in space_ids if one in known), problems=(*named, *self.problems))

    async def invited(self, space_ids: Sequence[SpaceId], guild_id: GuildId) -> tuple[Sequence[SpaceId], Page[Space]]:
        return space_ids, await self.refresh(space_ids)

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault


def replaced(problem: Problem, space_id: SpaceId) -> Problem:
    return Problem(type=problem.type, resource_id=space_id, resource_type="space")


@dataclass(slots=True)
class Post:
    """A watcher at work."""

    store: Store
    x: ScriptedX
    clock: FakeClock
    watcher: Watcher
    work: list[float]

    async def passing(self, seconds: float) -> None:
        """Let so much time pass; whatever the store's thread is asked is answered before the next moment."""
        end = self.clock.monotonic() + seconds
        await self._settled()
        while (due := self.clock.next_due()) is not None and due <= end:
            await self.clock.advance(due - self.clock.monotonic())
            await self._settled()
        await self.clock.advance(end - self.clock.monotonic())
        await self._settled()

    async def _settled(self) -> None:
        for _ in range(4):  # an answer may lead to the next question
            await self.store(Queries.note, "nothing")
            await self.clock.settle(rounds=12)

    async def phase(self, space_id: SpaceId = SPACE) -> Phase | None:
        record = await self.store(Queries.space, space_id)
        return record.phase if record else None


@asynccontextmanager
async def on_watch(store: Store, clock: FakeClock | None = None) -> AsyncIterator[Post]:
    clock = clock or FakeClock()
    x, work = ScriptedX(clock), list[float]()
    watcher = Watcher(source=x, store=store, clock=clock, on_work=lambda: work.append(clock.monotonic()))
    running = asyncio.create_task(watcher.run())
    try:
        yield Post(store, x, clock, watcher, work)
        assert not running.done(), "the watcher has died"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another process holds the database, and nobody else can write."""
    other = sqlite3.connect(folder / "ledger.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()
