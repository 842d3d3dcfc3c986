"""The sweeps: whom they ask about and how often, and what becomes of their failures."""

import asyncio
import logging
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import Phase
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
from spacebot.watch.failures import REST_AFTER_FAILURE, REST_FOR_OPERATOR
from spacebot.watch.watcher import Watcher
from spacebot.x.endpoints import IDS_PER_REQUEST
from spacebot.x.model import User
from tests.clocks import START, FakeClock
from tests.store.seed import CHANNEL, GUILD, HOST, SPACE, follow, live, opened
from tests.watch.scripted import PACE, Post, ScriptedX, locked, on_watch


@pytest.mark.parametrize("fault", [XDown(), XError(status=400), RuntimeError("a bug")])
async def test_a_failed_request_is_not_an_end(post: Post, fault: Exception) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.fault = fault
    await post.passing(120)
    assert await post.phase() is Phase.LIVE
    assert post.watcher.sweeper.state.trouble
    post.x.fault = None
    await post.passing(60)
    assert await post.phase() is Phase.LIVE
    assert post.watcher.sweeper.state.trouble is None


async def test_a_cut_off_sweep_doubts_nobody(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.truncated = True
    post.x.hidden.add(SPACE)
    await post.passing(100)
    assert post.x.asked == []


async def test_every_host_is_swept_a_hundred_at_a_time(post: Post) -> None:
    hosts = [User(id=UserId(str(1000 + n)), username=f"host{n}", name=f"Host {n}") for n in range(IDS_PER_REQUEST + 20)]
    for host in hosts:
        await follow(post.store, host, limit=500)
    post.watcher.sweeper.watchlists_changed()
    await post.passing(PACE)
    post.x.sweeps.clear()
    await post.passing(4 * PACE)
    assert all(len(batch) == len(set(batch)) == IDS_PER_REQUEST for batch in post.x.sweeps)
    assert {host for batch in post.x.sweeps[:2] for host in batch} == {HOST.id, *(host.id for host in hosts)}


@pytest.mark.parametrize("count", [IDS_PER_REQUEST - 1, IDS_PER_REQUEST + 20])
async def test_who_had_no_place_in_a_sweep_is_first_in_the_next_one_and_not_taken_for_silent(
    post: Post, count: int
) -> None:
    for number in range(count):
        host = User(id=UserId(str(1000 + number)), username=f"host{number}", name=f"Host {number}")
        await follow(post.store, host, limit=500)
    post.watcher.sweeper.watchlists_changed()
    post.x.show(live())
    await post.passing(4 * PACE)
    assert await post.phase() is Phase.LIVE
    post.x.asked.clear()
    post.x.left_out = {HOST.id}
    del post.x.sweeps[:-1]  # the last one is under way
    await post.passing(30 * PACE)  # who is live is asked about rarely
    first = next(number for number, batch in enumerate(post.x.sweeps) if HOST.id in batch)
    assert post.x.sweeps[first + 1][0] == HOST.id
    assert post.x.asked == []


async def test_one_batch_that_fails_leaves_the_others_alone(post: Post) -> None:
    hosts = [User(id=UserId(str(1000 + n)), username=f"host{n}", name=f"Host {n}") for n in range(IDS_PER_REQUEST)]
    for host in hosts:
        await follow(post.store, host, limit=500)
    await post.passing(10)
    post.x.unanswered = HOST.id
    last = hosts[-1]
    post.x.show(live(SpaceId("1last"), last))
    await post.passing(60)
    assert await post.phase(SpaceId("1last")) is Phase.LIVE


async def test_nobody_followed_costs_no_request_and_a_poke_is_heard_at_once(tmp_path: Path) -> None:
    async with Store(tmp_path / "ledger.sqlite3") as store, on_watch(store) as post:
        await post.passing(60)
        assert post.x.sweeps == []
        await store(Queries.set_channel, GUILD, CHANNEL)
        await follow(store)
        post.watcher.sweeper.watchlists_changed()
        await post.passing(0)
        assert post.x.sweeps == [[HOST.id]]


async def test_a_look_that_fails_tells_who_asked(post: Post) -> None:
    post.x.fault = XDown()
    with pytest.raises(XDown):
        await post.watcher.sweeper.look(HOST.id)


async def test_what_the_client_tells_of_x_is_not_told_again(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="spacebot.watch")
    post.x.fault = XDown()
    await post.passing(100)
    assert post.watcher.sweeper.state.trouble == str(XDown())
    post.x.fault = None
    await post.passing(100)
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
    assert post.watcher.sweeper.state.trouble is None
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


async def test_cancelling_the_watcher_is_not_swallowed(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        clock = FakeClock()
        watcher = Watcher(source=ScriptedX(clock), store=store, clock=clock, on_work=lambda: None)
        running = asyncio.create_task(watcher.run())
        await clock.settle()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


def overdue(post: Post) -> bool:
    return post.watcher.sweeper.state.is_overdue


async def test_sweeps_are_overdue_after_three_of_them_and_a_minute_and_until_the_next_good_one(post: Post) -> None:
    await post.passing(10)
    post.x.fault = XDown()
    await post.passing(50)
    assert not overdue(post)
    await post.passing(30)
    assert overdue(post)
    post.x.fault = None
    await post.passing(REST_AFTER_FAILURE + 2 * PACE)
    assert not overdue(post)


async def test_a_sweep_that_never_ends_is_overdue(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    await post.passing(10)
    monkeypatch.setattr(ScriptedX, "sweep", lambda *_: asyncio.Event().wait())
    await post.passing(90)
    assert overdue(post)


async def test_the_first_sweep_is_owed_from_when_somebody_is_followed(tmp_path: Path) -> None:
    async with Store(tmp_path / "ledger.sqlite3") as store, on_watch(store) as post:
        post.x.fault = XDown()
        await post.passing(600)
        assert not overdue(post)
        await store(Queries.set_channel, GUILD, CHANNEL)
        await follow(store)
        post.watcher.sweeper.watchlists_changed()
        await post.passing(30)
        assert not overdue(post)
        await post.passing(60)
        assert overdue(post)
