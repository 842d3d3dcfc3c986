"""What is counted of a host's Spaces: once each, as long as counters are kept, and a creator's own for them alone."""

import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from spacebot.app import forget
from spacebot.domain.accounts import Link
from spacebot.domain.ids import SpaceId
from spacebot.domain.spaces import ABSENCES_APART, State
from spacebot.domain.stats import Counted
from spacebot.store.connection import Store
from spacebot.store.forgetting import HISTORY_KEPT, KEPT_AFTER_END
from spacebot.store.queries import Queries
from spacebot.x.model import Space
from tests.clocks import START
from tests.store.seed import COHOST, GUILD, HOST, SPACE, ended, follow, live, look, opened
from tests.store.test_old_database import OLD

HOUR = timedelta(hours=1)
LONG_AGO = START - timedelta(days=90)
CREATOR, ANOTHER = 7001, 7002


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def counted(store: Store, since: datetime = LONG_AGO) -> list[Counted]:
    return await store(Queries.counted, HOST.id, since)


async def a_space(store: Store, space_id: SpaceId = SPACE, began: datetime = START, listeners: int = 7) -> None:
    """One of an hour, seen at its beginning, after five minutes and at its end."""
    for minutes, heard in ((0, listeners), (5, 3 * listeners)):
        seen = live(space_id, started_at=began, participant_count=heard)
        await look(store, seen, now=began + timedelta(minutes=minutes))
    over = Space(id=space_id, state=State.ENDED, ended_at=began + HOUR)
    await look(store, over, now=began + HOUR)


async def test_a_space_is_counted_once_it_is_over_and_once(store: Store) -> None:
    await look(store, live())
    assert await counted(store) == []
    await a_space(store)
    await look(store, ended(), now=START + 2 * HOUR)
    [one] = await counted(store)
    assert (one.began, one.until, one.length) == (START, START + HOUR, HOUR)
    assert (one.peak, one.listened, one.observed) == (21, 7 * 300, 300)


async def test_one_that_vanished_has_no_length_and_is_not_counted_twice_when_it_comes_back(store: Store) -> None:
    await look(store, live())
    for seconds in (60, 60 + ABSENCES_APART.total_seconds()):
        await look(store, absent=[SPACE], now=START + timedelta(seconds=seconds))
    [gone] = await counted(store)
    assert (gone.length, gone.until) == (None, START)
    await a_space(store)
    assert [one.length for one in await counted(store)] == [HOUR]


async def test_what_never_started_is_not_counted(store: Store) -> None:
    planned = Space(id=SPACE, state=State.SCHEDULED, creator_id=HOST.id, scheduled_start=START + HOUR)
    await look(store, planned)
    await look(store, Space(id=SPACE, state=State.CANCELED), now=START + HOUR)
    assert await counted(store) == []


async def test_what_was_counted_is_the_same_after_xs_words_are_forgotten_and_gone_with_the_counters(
    store: Store,
) -> None:
    await a_space(store)
    before = await counted(store)
    await forget(store, START + HOUR + KEPT_AFTER_END)
    assert await counted(store) == before
    await forget(store, START + HOUR + HISTORY_KEPT)
    assert await counted(store) == []


async def test_the_newest_come_first_and_older_ones_than_wanted_not_at_all(store: Store) -> None:
    for number in range(5):
        await a_space(store, SpaceId(f"1number{number}"), START + number * timedelta(days=1))
    assert [one.began.day - START.day for one in await counted(store, START + timedelta(days=2))] == [4, 3, 2]
    some = await store(Queries.counted, HOST.id, LONG_AGO, 2)
    assert [one.began.day - START.day for one in some] == [4, 3]
    assert await store(Queries.counted, COHOST.id, LONG_AGO) == []


async def test_counting_began_when_the_first_followed(store: Store) -> None:
    assert await store(Queries.counted_since, HOST.id) == START
    assert await store(Queries.counted_since, COHOST.id) is None
    await follow(store, COHOST, now=START + HOUR)
    assert await store(Queries.counted_since, COHOST.id) == START + HOUR


async def test_spaces_of_before_there_were_figures_are_counted_too(tmp_path: Path) -> None:
    shutil.copy(OLD, tmp_path / "ledger.sqlite3")
    async with Store(tmp_path / "ledger.sqlite3") as store:
        hosts = await store(
            lambda queries: [
                row["host_id"]
                for row in queries.db.query(
                    "SELECT DISTINCT host_id FROM spaces WHERE phase = 'ended' AND started_at IS NOT NULL"
                )
            ]
        )
        assert hosts
        for host in hosts:
            assert await store(Queries.counted, host, LONG_AGO)


async def link(store: Store, person: int) -> None:
    sealed = Link(person=person, access=b"sealed", refresh=None, expires_at=START + HOUR, scopes="space.read")
    await store(Queries.set_link, sealed)


async def own(store: Store, person: int = CREATOR) -> list[tuple[int | None, int | None]]:
    return [(one.reminders, one.tickets) for one in await store(Queries.own_counts, person, HOST.id)]


async def test_what_x_told_a_creator_is_kept_for_them_as_it_was_last_told(store: Store) -> None:
    await a_space(store)
    await link(store, CREATOR)
    await store(Queries.note_own, CREATOR, SPACE, START, reminders=3)
    await store(Queries.note_own, CREATOR, SPACE, START, tickets=2)
    await store(Queries.note_own, CREATOR, SPACE, START, reminders=5)
    assert await own(store) == [(5, 2)]
    assert await own(store, ANOTHER) == []
    assert await store(Queries.own_counts, CREATOR, COHOST.id) == []


async def test_it_is_not_kept_of_who_is_not_linked_nor_of_a_space_that_nobody_follows(store: Store) -> None:
    await a_space(store)
    await store(Queries.note_own, CREATOR, SPACE, START, reminders=3)
    await link(store, CREATOR)
    await store(Queries.note_own, CREATOR, SpaceId("1unknown"), START, reminders=3)
    assert await own(store) == []
    assert (await store(Queries.person_rows, CREATOR))["own_counts"] == []


@pytest.mark.parametrize("how", ["remove_link", "erase_person"])
async def test_it_goes_with_the_link(store: Store, how: str) -> None:
    await a_space(store)
    for person in (CREATOR, ANOTHER):
        await link(store, person)
        await store(Queries.note_own, person, SPACE, START, reminders=3)
    assert len((await store(Queries.person_rows, CREATOR))["own_counts"]) == 1
    await store(getattr(Queries, how), CREATOR)
    await link(store, CREATOR)
    assert await own(store) == []
    assert await own(store, ANOTHER) == [(3, None)]


async def test_it_outlives_a_renewal_of_the_link_and_goes_with_the_space(store: Store) -> None:
    await a_space(store)
    await link(store, CREATOR)
    await store(Queries.note_own, CREATOR, SPACE, START, reminders=3)
    await link(store, CREATOR)
    assert await own(store) == [(3, None)]
    await forget(store, START + HOUR + KEPT_AFTER_END)
    assert await own(store) == [(3, None)]
    await forget(store, START + HOUR + HISTORY_KEPT)
    assert await store(Queries.space, SPACE) is None
    assert (await store(Queries.person_rows, CREATOR))["own_counts"] == []


async def test_nobody_who_follows_means_no_figures_to_show(store: Store) -> None:
    await a_space(store)
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    assert await store(Queries.counted_since, HOST.id) is None


async def test_what_x_told_by_another_account_goes_with_a_new_sign_in(store: Store) -> None:
    await a_space(store)
    await link(store, CREATOR)
    await store(Queries.note_own, CREATOR, SPACE, START, reminders=3)
    of_another = Link(person=CREATOR, access=b"another", refresh=None, expires_at=START + HOUR, scopes="space.read")
    await store(Queries.replace_link, of_another)
    assert await own(store) == []
    assert await store(Queries.link, CREATOR) == of_another
