"""What X no longer shows does not stay, and neither does what belongs to guilds long gone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.app import forget
from spacebot.domain.accounts import Standing
from spacebot.domain.guilds import AtEnd, GuildConfig
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import ABSENCES_APART, State
from spacebot.store.connection import Store
from spacebot.store.forgetting import GUILDS_KEPT, HISTORY_KEPT, KEPT_AFTER_END
from spacebot.store.queries import Queries
from spacebot.x.model import Space, User
from tests.clocks import START
from tests.store.seed import (
    CHANNEL,
    COHOST,
    FAR_CHANNEL,
    FAR_GUILD,
    GUILD,
    HOST,
    NO_PERMISSION,
    SPACE,
    ended,
    follow,
    live,
    look,
    opened,
    rows,
    send,
)

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
END = START + HOUR
EVERY = HOUR
"""How often the job runs."""

PICTURED = User(id=HOST.id, username="teatime", name="Tea Time", profile_image_url="https://pictures.example/tea.png")
SPEAKER = User(id=UserId("99"), username="speaker", name="A Speaker")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def a_space_that_was(store: Store) -> None:
    await store(Queries.remember_users, [SPEAKER, COHOST], START)
    seen = live(host_ids=(HOST.id, COHOST.id), speaker_ids=(SPEAKER.id,), lang="en", is_ticketed=False)
    await look(store, seen)
    await send(store)
    await look(store, ended(), now=END)


async def test_what_x_said_of_a_space_is_gone_within_a_day_of_its_end_and_our_own_counters_stay(store: Store) -> None:
    await a_space_that_was(store)
    assert timedelta(hours=24) > KEPT_AFTER_END + EVERY
    assert await forget(store, END + KEPT_AFTER_END - SECOND) == 0
    assert await forget(store, END + KEPT_AFTER_END) == 1
    record = await store(Queries.space, SPACE)
    assert record is not None
    assert (record.title, record.lang, record.is_ticketed) == (None, None, None)
    assert (record.cohosts, record.speakers, record.spoke) == ((), (), ())
    assert (record.host_id, record.peak, record.started_at) == (HOST.id, 7, START)
    assert await forget(store, END + KEPT_AFTER_END + HOUR) == 0, "once"


async def test_who_was_there_is_known_until_it_is_forgotten_and_then_what_was_counted(store: Store) -> None:
    assert await store(Queries.company, SPACE) is None
    await a_space_that_was(store)
    company = await store(Queries.company, SPACE)
    assert company is not None
    assert (company.count, company.is_forgotten) == (3, False)
    assert [person.name for person in (*company.view.cohosts, *company.view.speakers)] == ["Coffee Break", "A Speaker"]
    await forget(store, END + KEPT_AFTER_END)
    company = await store(Queries.company, SPACE)
    assert company is not None
    assert (company.count, company.is_forgotten) == (1, True)
    assert (company.view.cohosts, company.view.speakers, company.view.title) == ((), (), None)
    assert (company.view.peak, company.view.curve) == (7, (7,))


async def test_nothing_of_the_space_is_left_anywhere_in_the_database(store: Store) -> None:
    await a_space_that_was(store)
    await forget(store, END + KEPT_AFTER_END)

    def everything(tables: Queries) -> str:
        return "\n".join(tables.db.iterdump())

    left = await store(everything)
    assert "type theory" not in left
    assert "A Speaker" not in left
    assert "Coffee Break" not in left
    assert "Tea Time" in left, "whom guilds follow stays"


async def test_what_stands_in_the_channel_is_left_as_it_is(store: Store) -> None:
    await a_space_that_was(store)
    await send(store, END)
    await forget(store, END + KEPT_AFTER_END)
    assert [row["state"] for row in await rows(store)] == ["sent"]
    assert await store(Queries.claim, 9, END + KEPT_AFTER_END) == [], "no edit would take the summary away"
    [past] = await store(Queries.past, GUILD)
    assert (past.space.title, past.message_id) == (None, 1001)


async def test_a_space_that_vanished_is_forgotten_too(store: Store) -> None:
    await look(store, live())
    await look(store, absent=[SPACE], now=START + SECOND)
    await look(store, absent=[SPACE], now=START + SECOND + ABSENCES_APART)
    assert await forget(store, START + SECOND + KEPT_AFTER_END) == 1


async def test_an_open_space_that_looks_still_show_is_not_forgotten(store: Store) -> None:
    await look(store, live())
    late = START + timedelta(days=3)
    await look(store, live(), now=late)
    assert await forget(store, late + HOUR) == 0
    record = await store(Queries.space, SPACE)
    assert record is not None
    assert record.title == "Tea and type theory"


@pytest.mark.parametrize("state", [State.SCHEDULED, State.LIVE])
async def test_a_space_that_nobody_looks_at_any_more_is_forgotten_whatever_it_was(store: Store, state: State) -> None:
    await look(store, Space(id=SPACE, state=state, creator_id=HOST.id, title="Tea and type theory"))
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    assert await forget(store, START + KEPT_AFTER_END) == 1
    record = await store(Queries.space, SPACE)
    assert record is not None
    assert record.title is None


async def test_a_forgotten_space_that_is_seen_open_again_is_known_again(store: Store) -> None:
    await look(store, live())
    await send(store)
    await look(store, absent=[SPACE], now=START)
    await look(store, absent=[SPACE], now=START + ABSENCES_APART)
    late = START + KEPT_AFTER_END + HOUR
    assert await forget(store, late) == 1
    await look(store, live(), now=late)
    assert await forget(store, late + HOUR) == 0
    record = await store(Queries.space, SPACE)
    assert record is not None
    assert record.title == "Tea and type theory"
    await look(store, ended(), now=late + 2 * HOUR)
    assert await forget(store, late + 2 * HOUR + KEPT_AFTER_END) == 1


async def test_accounts_that_nobody_follows_go_and_followed_ones_stay(store: Store) -> None:
    await a_space_that_was(store)
    await forget(store, END + KEPT_AFTER_END)
    late = END + KEPT_AFTER_END
    await forget(store, late)
    assert set(await store(Queries.accounts, [HOST.id, COHOST.id, SPEAKER.id])) == {HOST.id}


async def test_the_people_of_an_open_space_stay_for_its_next_edit(store: Store) -> None:
    await store(Queries.remember_users, [SPEAKER], START)
    seen = live(host_ids=(HOST.id,), speaker_ids=(SPEAKER.id,))
    await look(store, seen)
    late = START + timedelta(days=2)
    await look(store, seen, now=late)
    await forget(store, late)
    assert SPEAKER.id in await store(Queries.accounts, [SPEAKER.id])


async def test_of_an_account_that_is_gone_only_the_handle_stays(store: Store) -> None:
    await store(Queries.remember_users, [PICTURED], START)
    await store(Queries.note_standing, HOST.id, Standing.GONE, START)
    await forget(store, START + KEPT_AFTER_END)
    [line] = await store(Queries.watch_lines, GUILD)
    host = line.watch.host
    assert (host.name, host.username, host.picture) == ("teatime", "teatime", None)


async def test_the_old_handle_of_a_renamed_account_goes_once_it_was_told(store: Store) -> None:
    await store(Queries.remember_users, [User(id=HOST.id, username="new_handle", name="Tea Time")], START)
    [notice] = await store(Queries.due_notices, START)
    await store(Queries.note_told, notice.notice_id, START)
    await forget(store, START + KEPT_AFTER_END)

    def details(tables: Queries) -> list[str]:
        return [row["detail"] for row in tables.db.query("SELECT detail FROM notices")]

    assert await store(details) == [""]


async def test_a_guild_that_comes_back_within_thirty_days_finds_everything_as_it_was(store: Store) -> None:
    await store(Queries.set_end, GUILD, AtEnd.DELETE)
    before = (await store(Queries.guild, GUILD), await store(Queries.watch_lines, GUILD))
    await store(Queries.leave, GUILD, START)
    await forget(store, START + GUILDS_KEPT - SECOND)
    await store(Queries.join, GUILD)
    await forget(store, START + 3 * GUILDS_KEPT)
    assert (await store(Queries.guild, GUILD), await store(Queries.watch_lines, GUILD)) == before


async def test_a_guild_that_stays_away_for_thirty_days_is_deleted_and_others_are_not(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(store, guild=FAR_GUILD)
    await look(store, live())
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    await store(Queries.leave, GUILD, START)
    await forget(store, START + GUILDS_KEPT)
    assert await store(Queries.guild, GUILD) == GuildConfig()
    assert await store(Queries.watch_lines, GUILD) == []
    assert await store(Queries.pauses) == []
    assert [row["guild_id"] for row in await rows(store)] == [FAR_GUILD]
    assert list(await store(Queries.followed)) == [HOST.id]


async def test_leaving_twice_does_not_prolong_the_thirty_days(store: Store) -> None:
    await store(Queries.leave, GUILD, START)
    await store(Queries.leave, GUILD, START + timedelta(days=20))
    await store(Queries.reconcile, [], START + timedelta(days=25))
    await forget(store, START + GUILDS_KEPT)
    assert await store(Queries.guild, GUILD) == GuildConfig()


async def test_the_history_reaches_back_ninety_days(store: Store) -> None:
    await a_space_that_was(store)
    await look(store, live(SpaceId("1still"), started_at=END), now=END)
    await forget(store, END + KEPT_AFTER_END)
    old = END + HISTORY_KEPT
    await look(store, live(SpaceId("1still"), started_at=END), now=old)
    await forget(store, old - SECOND)
    assert len(await store(Queries.past, GUILD)) == 2
    await forget(store, old)
    assert [past.space.space_id for past in await store(Queries.past, GUILD)] == ["1still"]
    assert await store(Queries.space, SPACE) is None
