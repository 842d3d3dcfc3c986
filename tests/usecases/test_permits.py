"""What the operator blocks and allows, and what guilds may have bought, over the real database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.permits import Permits
from tests.clocks import START, FakeClock
from tests.store.seed import GUILD, HOST, follow, live, look, opened, rows

OPERATOR, PERSON, HOME = PersonId(1), PersonId(2), GuildId(3)
TODAY = START.date()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


def permits(store: Store) -> Permits:
    return Permits(store=store, clock=FakeClock(), operators=[OPERATOR], operator_guild=HOME)


async def test_what_is_blocked_stays_so_after_a_restart_until_it_is_allowed(store: Store) -> None:
    desk = permits(store)
    await desk.block(guild_id=GUILD, person=PERSON, by=OPERATOR)
    again = permits(store)
    await again.open()
    for each in (desk, again):
        assert each.is_blocked(GUILD, OPERATOR)
        assert each.is_blocked(None, PERSON)
        assert each.is_blocked(HOME, PERSON)
        assert not each.is_blocked(HOME, OPERATOR)
        assert not each.is_blocked(None, OPERATOR)
    await again.allow(guild_id=GUILD, person=None, keywords=None, by=OPERATOR)
    assert not again.is_blocked(GUILD, OPERATOR)
    assert again.is_blocked(GUILD, PERSON)
    await again.allow(guild_id=None, person=PERSON, keywords=None, by=OPERATOR)
    assert not again.is_blocked(GUILD, PERSON)


async def test_a_blocked_guild_follows_nobody_and_is_told_nothing(store: Store) -> None:
    await follow(store, HOST)
    await permits(store).block(guild_id=GUILD, person=None, by=OPERATOR)
    assert await store(Queries.followed) == {}
    assert await store(Queries.followers) == {}
    await look(store, live())
    assert await rows(store) == []


async def test_keywords_are_for_the_operators_guild_and_those_it_is_allowed_to(store: Store) -> None:
    desk = permits(store)
    assert desk.may_have_keywords(HOME)
    assert not desk.may_have_keywords(GUILD)
    await desk.allow(guild_id=GUILD, person=None, keywords=True, by=OPERATOR)
    assert desk.may_have_keywords(GUILD)
    await desk.block(guild_id=GUILD, person=None, by=OPERATOR)
    await desk.allow(guild_id=GUILD, person=None, keywords=False, by=OPERATOR)
    assert not desk.may_have_keywords(GUILD)
    assert desk.is_blocked(GUILD, PERSON), "that was not taken back"
    assert Permits(store=store, clock=FakeClock()).may_have_keywords(GUILD), "where there is no operator"


@pytest.mark.parametrize(("guild", "person"), [(None, None), (HOME, None), (None, OPERATOR), (GUILD, OPERATOR)])
async def test_nobody_blocks_nothing_or_the_operator(
    store: Store, guild: GuildId | None, person: PersonId | None
) -> None:
    desk = permits(store)
    with pytest.raises(UserMistake):
        await desk.block(guild_id=guild, person=person, by=OPERATOR)
    assert desk.blocks == Permits(store=store, clock=FakeClock()).blocks


async def test_only_operators_decide(store: Store) -> None:
    permits(store).require_operator(OPERATOR)
    with pytest.raises(UserMistake, match=Mistake.NOT_THE_OPERATOR):
        permits(store).require_operator(PERSON)
    with pytest.raises(UserMistake, match=Mistake.NOT_THE_OPERATOR):
        Permits(store=store, clock=FakeClock()).require_operator(OPERATOR)


async def test_new_accounts_are_counted_by_guild_and_day(store: Store) -> None:
    assert [await store(Queries.count_new_hosts, GUILD, TODAY, 2) for _ in range(3)] == [1, 1, 0]
    assert await store(Queries.count_new_hosts, HOME, TODAY, 2)
    await store(Queries.uncount_new_hosts, GUILD, TODAY)
    assert await store(Queries.new_hosts, GUILD, TODAY) == 1
    tomorrow = TODAY + timedelta(days=1)
    assert await store(Queries.new_hosts, GUILD, tomorrow) == 0
    assert await store(Queries.count_new_hosts, GUILD, tomorrow, 2)
    await store(Queries.uncount_new_hosts, GUILD, TODAY)
    assert await store(Queries.new_hosts, GUILD, tomorrow) == 1
    assert [await store(Queries.count_new_hosts, HOME, tomorrow, 5, wanted=wanted) for wanted in (0, 3, 3, 3)] == [
        0,
        3,
        2,
        0,
    ]
    await store(Queries.uncount_new_hosts, HOME, tomorrow, 4)
    assert await store(Queries.new_hosts, HOME, tomorrow) == 1
