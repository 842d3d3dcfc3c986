"""The plan follows the watchlists, whenever they change."""

import asyncio
import threading
from pathlib import Path

import pytest

from spacebot.domain.ids import UserId
from spacebot.store.queries import Queries
from spacebot.watch.watcher import Watcher
from tests.clocks import FakeClock
from tests.store.seed import COHOST, HOST, follow, opened
from tests.watch.scripted import ScriptedX


async def test_a_change_while_the_watchlists_are_read_is_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, may_go_on = threading.Event(), threading.Event()
    followed = Queries.followed

    def slow(queries: Queries, after: UserId | None = None) -> dict[UserId, int]:
        hosts = followed(queries, after)
        reading.set()
        assert may_go_on.wait(10)
        return hosts

    async with opened(tmp_path) as store:
        clock = FakeClock()
        watchlists = Watcher(source=ScriptedX(clock), store=store, clock=clock, on_work=lambda: None).watchlists
        with monkeypatch.context() as patch:
            patch.setattr(Queries, "followed", slow)
            refreshing = asyncio.create_task(watchlists.refresh())
            await asyncio.to_thread(reading.wait, 10)
            watchlists.changed()
            may_go_on.set()
            await refreshing
        await follow(store, COHOST)
        assert set(await watchlists.most_valuable(10)) == {HOST.id, COHOST.id}


async def test_watchlists_that_have_not_changed_are_read_once_a_minute(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        clock = FakeClock()
        watchlists = Watcher(source=ScriptedX(clock), store=store, clock=clock, on_work=lambda: None).watchlists
        await watchlists.refresh()
        await follow(store, COHOST)
        assert await watchlists.most_valuable(10) == [HOST.id]
        clock.jump(60)
        assert set(await watchlists.most_valuable(10)) == {HOST.id, COHOST.id}
