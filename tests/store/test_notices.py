"""What guilds' admins are told of: once, and of what is still so."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.domain.accounts import Standing
from spacebot.domain.deliveries import Matter, Notice
from spacebot.store.connection import Store
from spacebot.store.pauses import TOLD_AFTER
from spacebot.store.queries import Queries
from spacebot.x.model import User
from tests.clocks import START
from tests.store.seed import (
    ADMIN,
    CHANNEL,
    CHANNEL_GONE,
    COHOST,
    FAR_CHANNEL,
    FAR_GUILD,
    GUILD,
    HOST,
    NO_PERMISSION,
    OTHER_CHANNEL,
    follow,
    opened,
)

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RENAMED = User(id=HOST.id, username="teatime_now", name="Tea Time")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def told(store: Store, now: timedelta = timedelta()) -> list[Notice]:
    """What is due, and noted as told."""
    due = await store(Queries.due_notices, START + now)
    for notice in due:
        await store(Queries.note_told, notice.notice_id, START + now)
    return due


async def test_a_paused_channel_is_told_of_once_and_only_after_a_minute(store: Store) -> None:
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    assert await told(store, TOLD_AFTER - SECOND) == []
    [notice] = await told(store, TOLD_AFTER)
    assert (notice.guild_id, notice.matter, notice.channel_id, notice.obstacle, notice.recipients) == (
        GUILD,
        Matter.PAUSED,
        CHANNEL,
        NO_PERMISSION,
        (ADMIN,),
    )
    await store(Queries.pause, CHANNEL, GUILD, CHANNEL_GONE, START + HOUR)
    assert await told(store, 30 * DAY) == [], "another reason is the same trouble"


async def test_a_channel_that_is_back_within_a_minute_is_not_worth_a_word(store: Store) -> None:
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    await store(Queries.resume, CHANNEL, START + 30 * SECOND)
    assert await told(store, DAY) == []


@pytest.mark.parametrize(("later", "times"), [(2 * HOUR, 0), (DAY + HOUR, 1)])
async def test_a_channel_paused_again_is_told_of_again_only_a_day_later(
    store: Store, later: timedelta, times: int
) -> None:
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    assert len(await told(store, TOLD_AFTER)) == 1
    await store(Queries.resume, CHANNEL, START + HOUR)
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START + later)
    assert len(await told(store, later + TOLD_AFTER)) == times


async def test_the_latest_three_who_set_it_up_may_be_told_in_person(store: Store) -> None:
    for number in range(4):
        host = User(id=HOST.id + str(number), username=f"host{number}", name="Host")  # type: ignore[arg-type]  # an id
        await store(Queries.remember_users, [host], START)
        await store(
            Queries.add_watch,
            guild_id=GUILD,
            host_id=host.id,
            channel_id=OTHER_CHANNEL if number == 3 else None,
            roles=(),
            by=500 + number,
            limit=9,
            now=START,
        )
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    [notice] = await told(store, TOLD_AFTER)
    assert notice.recipients == (502, 501, 500), "who set up what goes elsewhere is not concerned"


async def test_every_guild_that_follows_a_renamed_host_is_told_once(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(store, guild=FAR_GUILD)
    await follow(store, COHOST)
    await store(Queries.remember_users, [RENAMED, COHOST], START)
    await store(Queries.remember_users, [RENAMED], START + SECOND)
    notices = await told(store, SECOND)
    assert [(notice.guild_id, notice.matter, notice.detail) for notice in notices] == [
        (GUILD, Matter.RENAMED, "teatime"),
        (FAR_GUILD, Matter.RENAMED, "teatime"),
    ]
    assert all(notice.host is not None and notice.host.username == "teatime_now" for notice in notices)
    assert await told(store, 2 * DAY) == []
    [line] = await store(Queries.watch_lines, FAR_GUILD)
    assert line.watch.host.username == "teatime_now", "the watch follows the id"


async def rename(store: Store, username: str, now: timedelta) -> None:
    await store(Queries.remember_users, [User(id=HOST.id, username=username, name="Tea Time")], START + now)


async def test_a_host_that_changes_its_handle_again_and_again_is_told_of_once_a_day(store: Store) -> None:
    notices = []
    for number in range(20):
        await rename(store, f"tea{number}", number * SECOND)
        notices += await told(store, number * SECOND)
    assert [notice.detail for notice in notices] == ["teatime"]
    assert await told(store, DAY - SECOND) == []
    [later] = await told(store, DAY)
    assert later.detail == "tea0", "as the guild knows it"
    assert later.host is not None
    assert later.host.username == "tea19"
    assert await told(store, 9 * DAY) == []


async def test_of_several_handles_that_nobody_was_told_of_the_first_is_told(store: Store) -> None:
    await rename(store, "one", SECOND)
    await rename(store, "two", 2 * SECOND)
    [notice] = await told(store, HOUR)
    assert notice.detail == "teatime"
    assert notice.host is not None
    assert notice.host.username == "two"


async def test_a_host_that_takes_its_handle_back_is_no_news(store: Store) -> None:
    await rename(store, "one", SECOND)
    await rename(store, "teatime", 2 * SECOND)
    assert await told(store, HOUR) == []
    await rename(store, "one", HOUR)
    assert len(await told(store, HOUR)) == 1
    for _ in range(3):
        await rename(store, "two", 2 * HOUR)
        await rename(store, "one", 2 * HOUR)
    assert await told(store, 2 * DAY) == [], "the guild knows it under this handle"
    await rename(store, "two", 3 * DAY)
    assert len(await told(store, 3 * DAY)) == 1


async def test_an_account_that_goes_from_one_state_to_another_and_back_is_told_of_once_a_day(store: Store) -> None:
    notices = []
    for minute in range(20):
        for standing in (Standing.PROTECTED, Standing.GONE, None):
            await store(Queries.note_standing, HOST.id, standing, START + minute * 60 * SECOND)
            notices += await told(store, minute * 60 * SECOND)
    assert [notice.detail for notice in notices] == ["protected"]
    assert await told(store, 9 * DAY) == []
    await store(Queries.note_standing, HOST.id, Standing.PROTECTED, START + 10 * DAY)
    await told(store, 10 * DAY)
    await store(Queries.note_standing, HOST.id, Standing.SUSPENDED, START + 10 * DAY + HOUR)
    assert await told(store, 10 * DAY + 2 * HOUR) == []
    [later] = await told(store, 11 * DAY)
    assert later.detail == "suspended", "what is still so is told when the day is over"


async def test_another_name_does_not_hurry_a_guild_that_cannot_be_told(store: Store) -> None:
    await rename(store, "one", SECOND)
    [notice] = await store(Queries.due_notices, START + SECOND)
    await store(Queries.note_untold, notice.notice_id, START + HOUR)
    await rename(store, "two", 2 * SECOND)
    assert await told(store, HOUR - SECOND) == []
    assert len(await told(store, HOUR)) == 1


async def test_another_spelling_of_the_same_handle_is_no_new_handle(store: Store) -> None:
    await store(Queries.remember_users, [User(id=HOST.id, username="TeaTime", name="Tea Time")], START)
    assert await told(store) == []


@pytest.mark.parametrize("standing", list(Standing))
async def test_an_account_that_x_no_longer_shows_as_others_is_told_of_once_and_shown(
    store: Store, standing: Standing
) -> None:
    for seconds in range(3):
        await store(Queries.note_standing, HOST.id, standing, START + seconds * SECOND)
    [notice] = await told(store, HOUR)
    assert (notice.matter, notice.detail) == (Matter.STANDING, standing.value)
    assert notice.host is not None
    assert notice.host.standing is standing
    [line] = await store(Queries.watch_lines, GUILD)
    assert line.watch.host.standing is standing


async def test_an_account_that_is_shown_again_is_as_any_other(store: Store) -> None:
    await store(Queries.note_standing, HOST.id, Standing.SUSPENDED, START)
    await store(Queries.remember_users, [HOST], START + SECOND)
    [line] = await store(Queries.watch_lines, GUILD)
    assert line.watch.host.standing is None
    assert await told(store, HOUR) == [], "what has passed before anybody could be told is not told"


async def test_an_account_that_goes_twice_within_a_day_is_told_of_once(store: Store) -> None:
    await store(Queries.note_standing, HOST.id, Standing.SUSPENDED, START)
    assert len(await told(store)) == 1
    await store(Queries.remember_users, [HOST], START + HOUR)
    await store(Queries.note_standing, HOST.id, Standing.SUSPENDED, START + 2 * HOUR)
    assert await told(store, 2 * HOUR) == []
    await store(Queries.remember_users, [HOST], START + 3 * HOUR)
    await store(Queries.note_standing, HOST.id, Standing.SUSPENDED, START + DAY + HOUR)
    assert len(await told(store, DAY + HOUR)) == 1


async def test_a_protected_account_says_so_itself(store: Store) -> None:
    await store(
        Queries.remember_users, [User(id=HOST.id, username="teatime", name="Tea Time", protected=True)], START + SECOND
    )
    [notice] = await told(store, SECOND)
    assert notice.detail == "protected"


async def test_an_account_that_nobody_follows_is_nobodys_news(store: Store) -> None:
    await store(Queries.remember_users, [COHOST], START)
    await store(Queries.remember_users, [User(id=COHOST.id, username="other", name="Coffee")], START)
    await store(Queries.note_standing, COHOST.id, Standing.GONE, START)
    assert await told(store, HOUR) == []


async def test_what_could_not_be_told_waits_until_it_is_tried_again(store: Store) -> None:
    await store(Queries.note_standing, HOST.id, Standing.GONE, START)
    [notice] = await store(Queries.due_notices, START)
    await store(Queries.note_untold, notice.notice_id, START + HOUR)
    assert await told(store, HOUR - SECOND) == []
    [again] = await told(store, HOUR)
    assert (again.notice_id, again.attempts) == (notice.notice_id, 1)


async def test_a_guild_without_the_bot_is_told_when_it_is_back(store: Store) -> None:
    await store(Queries.note_standing, HOST.id, Standing.GONE, START)
    await store(Queries.leave, GUILD, START)
    assert await told(store, HOUR) == []
    await store(Queries.join, GUILD)
    assert len(await told(store, HOUR)) == 1


async def test_notices_do_not_wait_for_a_clock_that_was_set_back(store: Store) -> None:
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    await store(Queries.set_clock_back, START - 5 * HOUR)
    assert len(await told(store, -5 * HOUR)) == 1


async def test_the_admins_own_channel_comes_with_what_they_are_told(store: Store) -> None:
    await store(Queries.set_admin_channel, GUILD, OTHER_CHANNEL)
    await store(Queries.note_standing, HOST.id, Standing.GONE, START)
    [notice] = await told(store)
    assert notice.admin_channel_id == OTHER_CHANNEL
