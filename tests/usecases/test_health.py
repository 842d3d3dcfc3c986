"""`/status` and `/history`: what admins learn of how things are, over the real ledger."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from spacebot.domain.errands import Purpose
from spacebot.domain.mistakes import Mistake
from spacebot.domain.views import GuildShare, InTheWay
from spacebot.errors import StoreError, UserMistake
from spacebot.present.status import status_card
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.guilds import Guilds
from spacebot.usecases.health import Health
from spacebot.usecases.lookups import Lookups
from spacebot.watch.sweeper import SweepState
from tests.clocks import START, FakeClock
from tests.store.seed import (
    CHANNEL,
    COHOST,
    FAR_GUILD,
    GUILD,
    HOST,
    NO_PERMISSION,
    SPACE,
    follow,
    live,
    look,
    opened,
    send,
)


def health(store: Store, clock: FakeClock, *, connected: bool = True) -> Health:
    return Health(
        store=store,
        clock=clock,
        sweeps=lambda: SweepState(last_good_at=START - timedelta(seconds=9), every=4.0),
        store_trouble=lambda: None,
        connected=lambda: connected,
        allows=lambda purpose: purpose is not Purpose.REFRESH,
        push=None,
        guilds=guilds(store, clock),
    )


def guilds(store: Store, clock: FakeClock) -> Guilds:
    async def look(_: object) -> None:
        raise AssertionError("nobody is looked at")

    lookups = cast(Lookups, None)
    return Guilds(
        lookups=lookups,
        store=store,
        clock=clock,
        watch_limit=7,
        new_host_limit=9,
        look=look,
        on_change=lambda: None,
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def test_the_status_says_how_every_part_is(store: Store) -> None:
    await follow(store, COHOST)
    await look(store, live(started_at=START - timedelta(seconds=4)))
    status = await health(store, FakeClock()).status(GUILD)
    assert (status.connected, status.queue.unsent) == (True, 1)
    assert status.last_good_sweep == START - timedelta(seconds=9)
    assert (status.trouble, status.store_trouble) == (None, None)
    assert status.share == GuildShare(
        hosts=2, host_limit=7, keywords=0, keyword_limit=10, new_hosts=0, new_host_limit=9
    )
    assert status.dropped == (Purpose.REFRESH,)
    assert status.every == 4.0


async def test_the_status_tells_nothing_of_other_guilds(store: Store) -> None:
    await follow(store, COHOST)
    await look(store, live())
    status = await health(store, FakeClock()).status(FAR_GUILD)
    assert status.queue.unsent == 0
    assert status.share is not None
    assert status.share.hosts == 0


async def test_the_status_names_a_guilds_own_paused_channels_and_their_reason(store: Store) -> None:
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    mine = await health(store, FakeClock()).status(GUILD)
    others = await health(store, FakeClock()).status(FAR_GUILD)
    assert mine.set_up is not None
    assert others.set_up is not None
    assert mine.set_up.met == {CHANNEL: NO_PERMISSION}
    assert others.set_up.met == {}


async def test_the_status_can_be_told_even_where_the_database_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(Queries, "queue", broken)
    status = await health(store, FakeClock(), connected=False).status(GUILD)
    assert status.store_trouble == "disk I/O error"
    assert not status.connected
    assert status.set_up is None
    embed = status_card(status, InTheWay()).embed
    assert embed is not None
    assert embed.title == "Not working"


async def test_the_history_of_one_host_is_asked_for_by_handle_link_id_or_name(store: Store) -> None:
    await follow(store, COHOST)
    await look(store, live())
    await send(store)
    desk = health(store, FakeClock())
    assert [past.space.space_id for past in await desk.history(GUILD, None)] == [SPACE]
    for text in ("@teatime", "https://x.com/teatime", HOST.id, "tea time"):
        assert [past.space.space_id for past in await desk.history(GUILD, text)] == [SPACE]
    assert await desk.history(GUILD, "coffee_break") == []


async def test_the_history_of_somebody_who_is_not_followed_is_a_mistake(store: Store) -> None:
    with pytest.raises(UserMistake, match=Mistake.NOT_FOLLOWED):
        await health(store, FakeClock()).history(GUILD, "nobody_here")
