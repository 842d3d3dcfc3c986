"""The watcher over the real ledger and a fake clock, with an X that answers as the script says."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import Phase, State
from spacebot.errors import (
    XBadToken,
    XCreditsDepleted,
    XDown,
    XError,
    XRateLimited,
    XSpendCapReached,
    XUsageCapped,
)
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.sweeper import BATCH, REST_AFTER_FAILURE, REST_FOR_OPERATOR, Watcher
from spacebot.x.host_batcher import HostAnswer
from spacebot.x.model import Page, Problem, Space, User
from tests.clocks import START, FakeClock
from tests.store.seed import CHANNEL, COHOST, GUILD, HOST, SPACE, ended, follow, live, opened, rows, send

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
    hidden: set[SpaceId] = field(default_factory=set)
    """Open Spaces that sweeps leave out."""
    sweeps: list[list[UserId]] = field(default_factory=list)
    asked: list[list[SpaceId]] = field(default_factory=list)
    refreshed: list[list[SpaceId]] = field(default_factory=list)
    """Look-ups that asked for people too."""
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

    async def sweep(self, host_ids: Sequence[UserId]) -> Page[Space]:
        self.sweeps.append(list(host_ids))
        await self.clock.sleep(PACE)
        self._fail()
        items = tuple(
            space for space in self.open.values() if space.creator_id in host_ids and space.id not in self.hidden
        )
        return Page(items=items, users={HOST.id: HOST}, truncated=self.truncated)

    async def ask(self, host_id: UserId) -> HostAnswer:
        await self.clock.sleep(0)
        self._fail()
        return HostAnswer(spaces=tuple(space for space in self.open.values() if space.creator_id == host_id))

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        self.bought.append(list(user_ids))
        self._fail()
        accounts = tuple(user for user in self.accounts if user.id in user_ids)
        return Page(items=accounts, problems=self.problems)

    async def by_ids(self, space_ids: Sequence[SpaceId], *, people: bool = False, at_once: bool = False) -> Page[Space]:
        (self.refreshed if people else self.asked).append(list(space_ids))
        await self.clock.sleep(PACE)
        self._fail()
        known = self.open | self.over
        if self.silent:
            return Page(problems=self.problems)
        named = tuple(replaced(NOT_FOUND, one) for one in space_ids if one not in known)
        return Page(items=tuple(known[one] for one in space_ids if one in known), problems=(*named, *self.problems))

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


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with opened(tmp_path) as store, on_watch(store) as post:
        yield post


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


async def test_a_space_that_starts_is_in_the_ledger_after_the_next_sweep(post: Post) -> None:
    await post.passing(10)
    post.x.show(live())
    post.work.clear()
    await post.passing(2 * PACE)
    assert await post.phase() is Phase.LIVE
    assert [row["channel_id"] for row in await rows(post.store)] == [CHANNEL]
    assert post.work, "the courier is woken"
    assert post.watcher.last_good_sweep is not None


async def test_a_space_that_ends_is_over_as_soon_as_its_id_says_so(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.end()
    await post.passing(3 * PACE)
    assert await post.phase() is Phase.ENDED


async def test_a_space_that_x_no_longer_shows_is_gone_after_two_looks_apart(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hide()
    await post.passing(20)
    assert await post.phase() is Phase.LIVE
    await post.passing(40)
    assert await post.phase() is Phase.GONE
    assert len(post.x.asked) == 2, "nobody asks while the wait lasts, nor afterwards"


@pytest.mark.parametrize("fault", [XDown(), XError(status=400), RuntimeError("a bug")])
async def test_a_failed_request_is_not_an_end(post: Post, fault: Exception) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.fault = fault
    await post.passing(120)
    assert await post.phase() is Phase.LIVE
    assert post.watcher.trouble
    post.x.fault = None
    await post.passing(60)
    assert await post.phase() is Phase.LIVE
    assert post.watcher.trouble is None


async def test_failed_lookups_by_id_are_not_an_end(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hidden.add(SPACE)
    await post.passing(120)
    assert await post.phase() is Phase.LIVE, "its id still shows it"
    assert post.x.asked


@pytest.mark.parametrize(
    "problem",
    [
        Problem(type="unreadable", resource_type="space"),
        Problem(type="https://api.x.com/2/problems/internal-error", resource_id=SPACE),
        Problem(type="about:blank", title="Service Unavailable"),
    ],
)
async def test_an_answer_that_could_not_be_given_in_whole_is_not_an_absence(post: Post, problem: Problem) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hide()
    post.x.silent, post.x.problems = True, (problem,)
    await post.passing(120)
    assert post.x.asked
    assert await post.phase() is Phase.LIVE


async def test_what_an_incomplete_answer_names_as_absent_is_absent(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hide()
    post.x.problems = (Problem(type="about:blank", title="Service Unavailable"),)
    await post.passing(60)
    assert await post.phase() is Phase.GONE


async def test_a_whole_answer_without_the_space_is_an_absence(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hide()
    post.x.silent = True
    await post.passing(60)
    assert await post.phase() is Phase.GONE


async def test_a_cut_off_sweep_doubts_nobody(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.truncated = True
    post.x.hidden.add(SPACE)
    await post.passing(100)
    assert post.x.asked == []


async def test_every_host_is_swept_a_hundred_at_a_time(post: Post) -> None:
    hosts = [User(id=UserId(str(1000 + n)), username=f"host{n}", name=f"Host {n}") for n in range(BATCH + 20)]
    for host in hosts:
        await follow(post.store, host, limit=500)
    post.watcher.poke()
    await post.passing(PACE)
    post.x.sweeps.clear()
    await post.passing(4 * PACE)
    assert all(len(batch) == len(set(batch)) == BATCH for batch in post.x.sweeps)
    assert {host for batch in post.x.sweeps[:2] for host in batch} == {HOST.id, *(host.id for host in hosts)}


async def test_one_batch_that_fails_leaves_the_others_alone(post: Post) -> None:
    hosts = [User(id=UserId(str(1000 + n)), username=f"host{n}", name=f"Host {n}") for n in range(BATCH)]
    for host in hosts:
        await follow(post.store, host, limit=500)
    await post.passing(10)
    healthy = post.x.sweep

    async def first_fails(host_ids: Sequence[UserId]) -> Page[Space]:
        page = await healthy(host_ids)
        if HOST.id in host_ids:
            raise XDown
        return page

    post.watcher._source = replace_sweep(post.x, first_fails)
    last = hosts[-1]
    post.x.show(live(SpaceId("1last"), last))
    await post.passing(60)
    assert await post.phase(SpaceId("1last")) is Phase.LIVE


def replace_sweep(x: ScriptedX, sweep: Callable[[Sequence[UserId]], object]) -> ScriptedX:
    """The same X with another way to sweep."""

    class Other(ScriptedX):
        async def sweep(self, host_ids: Sequence[UserId]) -> Page[Space]:
            return await sweep(host_ids)  # type: ignore[misc,no-any-return]  # it is a coroutine function

    return Other(x.clock, open=x.open, over=x.over)


async def test_nobody_followed_costs_no_request_and_a_poke_is_heard_at_once(tmp_path: Path) -> None:
    async with Store(tmp_path / "ledger.sqlite3") as store, on_watch(store) as post:
        await post.passing(60)
        assert post.x.sweeps == []
        await store(Queries.set_channel, GUILD, CHANNEL)
        await follow(store)
        post.watcher.poke()
        await post.passing(0)
        assert post.x.sweeps == [[HOST.id]]


async def test_an_unfollowed_hosts_space_that_stands_in_a_channel_is_still_closed(post: Post) -> None:
    await follow(post.store, COHOST)
    post.x.show(live())
    await post.passing(10)
    await send(post.store, post.clock.now())
    await post.store(Queries.remove_watch, GUILD, HOST.id, post.clock.now())
    await post.passing(10)
    post.x.end()
    await post.passing(20)
    assert await post.phase() is Phase.ENDED


async def test_a_look_at_one_host_finds_what_is_on_at_once(post: Post) -> None:
    await post.passing(PACE - 1)
    post.x.show(live(), live(SpaceId("1other"), COHOST))
    await post.watcher.look(HOST.id)
    assert await post.phase() is Phase.LIVE
    assert await post.phase(SpaceId("1other")) is None


async def test_a_look_that_fails_tells_who_asked(post: Post) -> None:
    post.x.fault = XDown()
    with pytest.raises(XDown):
        await post.watcher.look(HOST.id)


async def test_what_the_client_tells_of_x_is_not_told_again(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    post.x.fault = XDown()
    await post.passing(100)
    assert post.watcher.trouble == str(XDown())
    assert not [record for record in caplog.records if record.name.startswith("spacebot") and "sweep" in record.message]


@pytest.mark.parametrize("fault", [XCreditsDepleted(), XUsageCapped(), XBadToken(), XSpendCapReached()])
async def test_what_only_a_person_can_mend_is_asked_ever_more_rarely_and_told_once(
    post: Post, fault: XError, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="spacebot.watch")
    post.x.fault = fault
    await post.passing(3600)
    assert 8 <= len(post.x.sweeps) <= 14
    post.x.fault = None
    await post.passing(REST_FOR_OPERATOR + 2 * PACE)
    assert post.watcher.trouble is None
    told = [record for record in caplog.records if record.name.startswith("spacebot") and "sweep" in record.message]
    assert [record.levelname for record in told] == ["ERROR", "INFO"]


async def test_one_stray_refusal_costs_seconds(post: Post) -> None:
    post.x.fault = XBadToken()
    await post.passing(PACE)
    post.x.fault = None
    asked = len(post.x.sweeps)
    await post.passing(REST_AFTER_FAILURE + PACE)
    assert len(post.x.sweeps) > asked


async def test_a_spending_cap_is_tried_again_when_x_lifts_it(post: Post) -> None:
    post.x.fault = XSpendCapReached(reset_date=START + timedelta(minutes=31))
    await post.passing(1800)
    post.x.fault = None
    asked = len(post.x.sweeps)
    await post.passing(60 + 2 * PACE)
    assert len(post.x.sweeps) > asked


async def test_a_pause_that_x_asks_for_is_kept(post: Post) -> None:
    post.x.fault = XRateLimited(retry_after=120)
    await post.passing(PACE)
    asked = len(post.x.sweeps)
    await post.passing(110)
    assert len(post.x.sweeps) == asked
    await post.passing(20)
    assert len(post.x.sweeps) > asked


async def test_the_last_host_unfollowed_in_mid_space_is_still_closed(post: Post) -> None:
    post.x.show(live())
    await post.passing(30)
    await send(post.store, post.clock.now())
    await post.store(Queries.remove_watch, GUILD, HOST.id, post.clock.now())
    post.x.end()
    await post.passing(60)
    assert await post.phase() is Phase.ENDED


async def test_a_guild_that_removed_the_bot_is_not_swept_for_until_it_returns(post: Post) -> None:
    await post.store(Queries.leave, GUILD, post.clock.now())
    await post.passing(60)
    asked = len(post.x.sweeps)
    await post.passing(600)
    assert len(post.x.sweeps) == asked
    await post.store(Queries.reconcile, [GUILD], post.clock.now())
    await post.passing(60)
    assert len(post.x.sweeps) > asked


async def test_a_database_that_fails_does_not_end_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("spacebot.store.connection.BUSY_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    async with opened(tmp_path) as store, on_watch(store) as post:
        await post.passing(10)
        post.x.show(live())
        with locked(tmp_path):
            await post.passing(120)
        await post.passing(30)
        assert await post.phase() is Phase.LIVE
        assert sum("fails (the database)" in line for line in caplog.messages) == 1
        assert "The sweep works again." in caplog.messages


@pytest.mark.parametrize("method", ["followed", "unseen", "orphans"])
async def test_a_question_to_the_database_that_fails_is_logged_once_and_asked_again(
    post: Post, method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def broken(*_: object) -> object:
        raise sqlite3.OperationalError("disk I/O error")

    await post.passing(10)
    with monkeypatch.context() as patch:
        patch.setattr(Queries, method, broken)
        await post.passing(60)
    post.x.show(live())
    await post.passing(60)
    assert await post.phase() is Phase.LIVE
    assert sum("fails (the database)" in line for line in caplog.messages) == 1
    assert sum("works again" in line for line in caplog.messages) == 1


async def test_a_scheduled_space_that_starts_is_announced(post: Post) -> None:
    post.x.show(Space(id=SPACE, state=State.SCHEDULED, creator_id=HOST.id))
    await post.passing(10)
    assert await rows(post.store) == []
    post.x.show(live())
    await post.passing(10)
    assert len(await rows(post.store)) == 1


async def test_cancelling_the_watcher_is_not_swallowed(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        clock = FakeClock()
        watcher = Watcher(source=ScriptedX(clock), store=store, clock=clock, on_work=lambda: None)
        running = asyncio.create_task(watcher.run())
        await clock.settle()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
