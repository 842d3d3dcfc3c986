"""Tests of admins in the ledger: posted and removed as every message, and otherwise of no account."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.app import forget
from spacebot.domain.deliveries import Kind, PlaceToTest
from spacebot.domain.ids import GuildId, SpaceId
from spacebot.domain.looks import Look
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from tests.clocks import START
from tests.store.seed import CHANNEL, FAR_GUILD, GUILD, HOST, OTHER_CHANNEL, ROLE, claim, opened, rows, send

TEST_ID = "0123456789a"
SECOND = timedelta(seconds=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, role=ROLE) as store:
        yield store


async def add(store: Store, guild: GuildId = GUILD) -> None:
    [line] = await store(Queries.watch_lines, GUILD)
    own = PlaceToTest(channel_id=CHANNEL, host=line.watch.host, watch_id=line.watch.watch_id, roles=line.roles)
    other = PlaceToTest(channel_id=OTHER_CHANNEL, host=None, watch_id=None, roles=())
    await store(Queries.add_test, TEST_ID, guild, [own, other], START)


async def test_a_test_is_claimed_with_the_look_and_the_host_of_its_watch(store: Store) -> None:
    await store(Queries.set_look, GUILD, Look(text="Guild's", accent=1))
    [line] = await store(Queries.watch_lines, GUILD)
    await store(Queries.set_watch_look, GUILD, line.watch.host.user_id, Look(accent=2))
    await add(store)
    jobs = {job.channel_id: job for job in await claim(store)}
    assert jobs[CHANNEL].kind is Kind.TEST
    assert jobs[CHANNEL].host.name == "Tea Time"
    assert jobs[CHANNEL].look == Look(text="Guild's", accent=2)
    assert jobs[OTHER_CHANNEL].look == Look(text="Guild's", accent=1)
    assert not any(row["rang"] for row in await rows(store))


async def test_nobody_hears_of_a_test_but_the_courier(store: Store) -> None:
    await add(store)
    assert (await store(Queries.queue, START + SECOND)).unsent == 0
    await send(store, START + SECOND)
    assert not await store(Queries.past, GUILD)
    assert not await store(Queries.delays, START - SECOND)
    assert not await store(Queries.open_spaces)
    assert not (await store(Queries.starts, [HOST.id])).starts
    assert not await store(Queries.orphans, START + 9 * SECOND, START + 9 * SECOND)
    assert not await store(Queries.unseen, [HOST.id], START + 9 * SECOND, START + 9 * SECOND)
    [line] = await store(Queries.watch_lines, GUILD)
    assert line.live is None


async def test_a_test_is_withdrawn_by_its_own_guild_alone(store: Store) -> None:
    await add(store)
    await send(store)
    await store(Queries.withdraw_test, TEST_ID, FAR_GUILD, START)
    assert not await claim(store, START + SECOND)
    await store(Queries.withdraw_test, TEST_ID, GUILD, START)
    await store(Queries.withdraw_test, TEST_ID, GUILD, START)
    jobs = await claim(store, START + SECOND)
    assert [job.kind.fits(job.space.phase) for job in jobs] == [False, False]


async def test_what_was_never_attempted_is_not_posted_after_a_withdrawal(store: Store) -> None:
    await add(store)
    await store(Queries.withdraw_test, TEST_ID, GUILD, START)
    assert not await claim(store, START + SECOND)
    assert {row["state"] for row in await rows(store)} == {"skipped"}


async def test_a_test_is_forgotten_within_a_day(store: Store) -> None:
    await add(store)
    await send(store)
    await forget(store, START + timedelta(hours=21))
    assert await store(Queries.tested, TEST_ID, GUILD)
    await forget(store, START + timedelta(hours=23))
    assert not await rows(store)
    assert await store(Queries.space, SpaceId(f"{TEST_ID}0")) is None
