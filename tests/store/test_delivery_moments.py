"""Which rows a Space's moments make in the ledger, for whom, and when they fall due."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from spacebot.domain.deliveries import Kind
from spacebot.domain.ids import MessageId, SpaceId, UserId
from spacebot.domain.obstacles import Reason
from spacebot.domain.spaces import ABSENCES_APART, TITLE_STANDS, State
from spacebot.store.connection import Store
from spacebot.store.deliveries import REFRESH, REFRESHES_PER_SECOND, STILL_YOUNG
from spacebot.store.queries import Queries
from spacebot.store.spaces import OLD_NEWS
from spacebot.x.model import Space
from tests.clocks import START
from tests.store.seed import (
    ADMIN,
    CHANNEL,
    COHOST,
    FAR_CHANNEL,
    FAR_GUILD,
    GUILD,
    HOST,
    NO_PERMISSION,
    OTHER_CHANNEL,
    OTHER_ROLE,
    ROLE,
    SPACE,
    TIME_OUT,
    claim,
    ended,
    follow,
    live,
    look,
    opened,
    rows,
    send,
)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


def planned(start: datetime, space_id: SpaceId = SPACE, **seen: object) -> Space:
    return Space(id=space_id, state=State.SCHEDULED, creator_id=HOST.id, scheduled_start=start, **seen)  # type: ignore[arg-type]  # any field of it


async def tell(
    store: Store,
    *,
    scheduled: bool = False,
    reminder: int | None = None,
    live: bool = True,
    ended: bool = False,
    now: datetime = START,
) -> None:
    await store(
        Queries.set_moments,
        GUILD,
        now,
        scheduled=scheduled,
        reminder_minutes=reminder,
        live=live,
        ended=ended,
    )


async def kinds(store: Store) -> list[tuple[object, object]]:
    return [(row["kind"], row["state"]) for row in await rows(store)]


async def due(store: Store, now: datetime) -> list[str]:
    """What falls due by then; noted as sent."""
    return [job.kind.value for job in await send(store, now)]


# Scheduled and reminder


async def test_each_moment_is_a_message_of_its_own(store: Store) -> None:
    await tell(store, scheduled=True, reminder=15, ended=True)
    await look(store, planned(START + HOUR))
    assert await due(store, START) == ["scheduled"]
    assert await due(store, START + 44 * MINUTE) == []
    assert await due(store, START + 45 * MINUTE) == ["reminder"]
    await look(store, live(started_at=START + HOUR), now=START + HOUR)
    assert await due(store, START + HOUR) == ["live"]
    assert sorted([*await due(store, START + HOUR), *await due(store, START + HOUR)]) == ["reminder", "scheduled"]
    await look(store, ended(), now=START + 2 * HOUR)
    assert await due(store, START + 2 * HOUR) == ["ended"]
    assert [(kind, state) for kind, state in await kinds(store)] == [
        ("scheduled", "sent"),
        ("reminder", "sent"),
        ("live", "sent"),
        ("ended", "sent"),
    ]


async def test_a_guild_hears_only_of_the_moments_that_it_wants(store: Store) -> None:
    await tell(store, live=False)
    await look(store, planned(START + HOUR))
    await look(store, live())
    await look(store, ended(), now=START + MINUTE)
    assert await rows(store) == []


@pytest.mark.parametrize(("moved", "waits"), [(3 * HOUR, timedelta(hours=2, minutes=45)), (20 * MINUTE, 5 * MINUTE)])
async def test_a_reminder_moves_with_its_space(store: Store, moved: timedelta, waits: timedelta) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START + HOUR))
    await look(store, planned(START + moved))
    assert await due(store, START + waits - SECOND) == []
    assert await due(store, START + waits) == ["reminder"]


async def test_a_space_moved_to_the_next_minutes_is_reminded_of_at_once(store: Store) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START + HOUR))
    await look(store, planned(START + 10 * MINUTE), now=START + MINUTE)
    assert await due(store, START + MINUTE) == ["reminder"]


async def test_a_space_first_seen_after_its_appointed_time_is_not_reminded_of(store: Store) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START - MINUTE))
    assert await rows(store) == []


async def test_a_space_without_an_appointed_time_is_not_reminded_of(store: Store) -> None:
    await tell(store, reminder=15)
    await look(store, Space(id=SPACE, state=State.SCHEDULED, creator_id=HOST.id))
    assert await rows(store) == []


async def test_a_canceled_space_is_neither_reminded_of_nor_announced(store: Store) -> None:
    await tell(store, scheduled=True, reminder=15, ended=True)
    await look(store, planned(START + HOUR))
    assert await due(store, START) == ["scheduled"]
    await look(store, Space(id=SPACE, state=State.CANCELED), now=START + MINUTE)
    assert await kinds(store) == [("scheduled", "sent"), ("reminder", "skipped")]
    assert await due(store, START + MINUTE) == ["scheduled"], "its message says so"


async def test_a_space_that_goes_live_early_is_announced_and_not_reminded_of(store: Store) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START + HOUR))
    await look(store, live(), now=START + MINUTE)
    assert [(row["kind"], row["state"], row["reason"]) for row in await rows(store)] == [
        ("reminder", "skipped", Reason.OVER),
        ("live", "pending", None),
    ]


async def test_a_withdrawn_space_that_is_planned_again_is_reminded_of_after_all(store: Store) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START + HOUR))
    await look(store, absent=[SPACE], now=START)
    await look(store, absent=[SPACE], now=START + ABSENCES_APART)
    assert await kinds(store) == [("reminder", "skipped")]
    await look(store, planned(START + HOUR), now=START + MINUTE)
    assert await due(store, START + 44 * MINUTE) == []
    assert await due(store, START + 45 * MINUTE) == ["reminder"]


async def test_what_is_switched_off_before_it_was_attempted_is_not_sent(store: Store) -> None:
    await tell(store, scheduled=True, reminder=15)
    await look(store, planned(START + HOUR))
    await tell(store)
    assert [(row["state"], row["reason"]) for row in await rows(store)] == [("skipped", Reason.UNWATCHED)] * 2
    assert await due(store, START + HOUR) == []


async def test_what_is_switched_on_again_is_sent_with_the_next_look(store: Store) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START + HOUR))
    await tell(store)
    await tell(store, reminder=30)
    await look(store, planned(START + HOUR), now=START + MINUTE)
    assert await due(store, START + 29 * MINUTE) == []
    assert await due(store, START + 30 * MINUTE) == ["reminder"]


async def test_what_was_sent_before_its_moment_was_switched_off_still_closes(store: Store) -> None:
    await look(store, live())
    await send(store)
    await tell(store, live=False)
    await look(store, ended(), now=START + MINUTE)
    assert await due(store, START + MINUTE) == ["live"]


@pytest.mark.parametrize("minutes", [5, 45])
async def test_other_minutes_count_for_reminders_that_wait_already(store: Store, minutes: int) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START + HOUR))
    await tell(store, reminder=minutes, now=START + SECOND)
    assert await due(store, START + HOUR - minutes * MINUTE - SECOND) == []
    assert await due(store, START + HOUR - minutes * MINUTE) == ["reminder"]


async def test_a_reminder_claimed_too_early_waits_as_if_it_had_not_been(store: Store) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START + HOUR))
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    await store(Queries.resume, CHANNEL, START + SECOND)
    [job] = await claim(store, START + SECOND)
    await store(Queries.postpone_first_attempt, job, START + 45 * MINUTE)
    assert await claim(store, START + 44 * MINUTE) == []
    [again] = await claim(store, START + 45 * MINUTE)
    assert (again.attempts, again.first_attempt_at) == (0, None)


async def test_reminders_do_not_come_early_for_a_clock_that_was_set_back(store: Store) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START + HOUR))
    await store(Queries.set_clock_back, START - HOUR)
    assert await due(store, START + 44 * MINUTE) == []


async def test_a_reminder_that_may_stand_already_does_not_wait_for_a_clock_that_was_set_back(store: Store) -> None:
    await tell(store, reminder=15)
    await look(store, planned(START + HOUR))
    [job] = await claim(store, START + 45 * MINUTE)
    later = START + 46 * MINUTE
    await store(Queries.mark_failed, job, None, unclear=True, next_try_at=later)
    back = START - 5 * HOUR
    await store(Queries.set_clock_back, back)
    [again] = await claim(store, back)
    assert again.first_attempt_at is not None


async def test_what_is_due_does_not_wait_for_a_clock_that_was_set_back(store: Store) -> None:
    await look(store, live())
    back = START - 5 * HOUR
    assert await claim(store, back) == []
    await store(Queries.set_clock_back, back)
    assert len(await claim(store, back)) == 1


async def test_what_is_due_does_not_wait_for_a_clock_that_was_set_back_while_nobody_ran(store: Store) -> None:
    await look(store, live())
    back = START - 5 * HOUR
    assert await store(Queries.release, back) == [False]
    assert len(await claim(store, back)) == 1


# Ended


async def test_the_end_is_told_only_of_what_was_live_and_not_long_over(store: Store) -> None:
    await tell(store, ended=True)
    await look(store, live())
    await send(store)
    await look(store, ended(), now=START + OLD_NEWS)
    assert ("ended", "pending") in await kinds(store)


async def test_an_end_of_long_ago_is_no_news(store: Store) -> None:
    await tell(store, ended=True)
    await look(store, live())
    await send(store)
    await look(store, ended(), now=START + OLD_NEWS + SECOND)
    assert await kinds(store) == [("live", "sent")]


async def test_a_space_that_was_withdrawn_unheard_did_not_end(store: Store) -> None:
    await tell(store, ended=True)
    await look(store, planned(START + HOUR))
    await look(store, absent=[SPACE], now=START)
    await look(store, absent=[SPACE], now=START + ABSENCES_APART)
    assert await rows(store) == []


async def test_a_space_taken_for_over_that_comes_back_and_ends_is_told_of_once(store: Store) -> None:
    await tell(store, ended=True)
    await look(store, live())
    await send(store)
    await look(store, absent=[SPACE], now=START)
    await look(store, absent=[SPACE], now=START + ABSENCES_APART)
    await look(store, live(), now=START + MINUTE)
    assert ("ended", "skipped") in await kinds(store)
    await look(store, ended(), now=START + 2 * MINUTE)
    assert ("ended", "pending") in await kinds(store)
    assert await due(store, START + 2 * MINUTE) == ["ended"]
    assert len(await rows(store)) == 2


# What came between a claim and its end


async def test_a_space_that_comes_back_while_its_message_is_looked_for_is_announced(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    await store(Queries.mark_failed, job, TIME_OUT, unclear=True, next_try_at=START)
    await look(store, absent=[SPACE], now=START)
    await look(store, absent=[SPACE], now=START + ABSENCES_APART)
    [over] = await claim(store, START + MINUTE)
    await look(store, live(), now=START + MINUTE)
    await store(Queries.give_up, over, Reason.OVER, START + MINUTE)
    [again] = await claim(store, START + MINUTE)
    assert again.kind.fits(again.space.phase)


async def test_a_host_followed_again_while_its_message_is_looked_for_is_announced(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    await store(Queries.mark_failed, job, TIME_OUT, unclear=True, next_try_at=START)
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    [unwanted] = await claim(store, START + MINUTE)
    await follow(store)
    await look(store, live(), now=START + MINUTE)
    await store(Queries.give_up, unwanted, Reason.UNWATCHED, START + MINUTE)
    [again] = await claim(store, START + MINUTE)
    assert again.followed


async def test_a_host_followed_again_after_its_space_was_taken_for_over_is_announced(store: Store) -> None:
    await look(store, live())
    await look(store, absent=[SPACE], now=START)
    await look(store, absent=[SPACE], now=START + ABSENCES_APART)
    await store(Queries.remove_watch, GUILD, HOST.id, START + MINUTE)
    await look(store, live(), now=START + MINUTE)
    await follow(store)
    await look(store, live(), now=START + 2 * MINUTE)
    assert await due(store, START + 2 * MINUTE) == ["live"]


# Listeners


async def crowd(store: Store, listeners: int, after: timedelta) -> list[str]:
    """A look that sees so many listen, and the edits that come of it."""
    await look(store, live(participant_count=listeners), now=START + after)
    return await due(store, START + after)


async def test_listeners_are_brought_up_to_date_once_a_minute_at_most(store: Store) -> None:
    await look(store, live())
    await send(store)
    edits = [await crowd(store, 10 + seconds, timedelta(seconds=seconds)) for seconds in range(5, 305, 5)]
    assert sum(len(each) for each in edits) == 5
    assert REFRESH == MINUTE


async def test_what_stays_the_same_costs_no_edit(store: Store) -> None:
    await look(store, live())
    await send(store)
    for minutes in range(1, 10):
        assert await crowd(store, 7, minutes * MINUTE) == []


async def test_a_space_in_many_channels_is_refreshed_more_rarely(store: Store) -> None:
    channels = 3 * 60 * REFRESHES_PER_SECOND

    def in_many(tables: Queries) -> None:
        for number in range(1, channels):
            tables.db.execute(
                "INSERT INTO deliveries SELECT NULL, space_id, ?, kind, guild_id, state, reason, wanted, shown, attempts,"
                " first_attempt_at, next_try_at, message_id, created_at, sent_at, guest_id, quiet, priority, rang, shape, NULL"
                " FROM deliveries WHERE delivery_id = 1",
                [CHANNEL + number],
            )

    await look(store, live())
    await send(store)
    await store(in_many)
    await look(store, live(participant_count=8), now=START + 3 * MINUTE - SECOND)
    assert (await store(Queries.queue, START + 3 * MINUTE)).edits == 0
    await look(store, live(participant_count=9), now=START + 3 * MINUTE)
    assert (await store(Queries.queue, START + 3 * MINUTE)).edits == channels


async def test_a_message_of_almost_an_hour_is_edited_no_more_for_listeners_but_still_at_the_end(store: Store) -> None:
    await look(store, live())
    await send(store)
    assert await crowd(store, 8, STILL_YOUNG - SECOND) == ["live"]
    for minutes in (57, 65, 120):
        assert await crowd(store, minutes, minutes * MINUTE) == []
    await look(store, ended(), now=START + 3 * HOUR)
    assert await due(store, START + 3 * HOUR) == ["live"]


# Titles


async def titles(store: Store, now: timedelta, title: str) -> list[str]:
    """What is edited once the Space has shown this title."""
    await look(store, live(title=title), now=START + now)
    return await due(store, START + now)


async def test_a_new_title_is_shown_once_it_has_stood_for_a_while(store: Store) -> None:
    await look(store, live())
    await send(store)
    assert await titles(store, SECOND, "Another") == []
    assert await titles(store, TITLE_STANDS, "Another") == []
    assert await store(Queries.next_due) == START + SECOND + TITLE_STANDS
    assert await due(store, START + SECOND + TITLE_STANDS) == ["live"]


async def test_a_title_that_keeps_changing_is_shown_every_so_often(store: Store) -> None:
    await look(store, live())
    await send(store)
    edits = [second for second in range(1, 479, 8) if await titles(store, second * SECOND, f"Title {second}")]
    assert edits == [121, 241, 361]
    assert await due(store, START + 480 * SECOND) == []
    assert await due(store, START + 481 * SECOND) == ["live"], "the last one stands at the end"


async def test_a_title_that_is_due_is_not_put_off_by_the_next(store: Store) -> None:
    await look(store, live())
    await send(store)
    assert await titles(store, SECOND, "Another") == []
    assert await titles(store, SECOND + TITLE_STANDS, "One more") == ["live"]


async def test_a_title_that_stood_before_the_next_came_does_not_count_for_it(store: Store) -> None:
    await look(store, live())
    await send(store)
    for minute in range(5):
        assert await titles(store, minute * MINUTE, f"Title {minute}") == []
        assert await due(store, START + minute * MINUTE + TITLE_STANDS) == ["live"]


@pytest.mark.parametrize("seen", [ended(), live(title="Another", is_ticketed=True)])
async def test_what_happens_to_a_space_does_not_wait_for_its_title(store: Store, seen: Space) -> None:
    await look(store, live())
    await send(store)
    assert await titles(store, SECOND, "Another") == []
    await look(store, seen, now=START + 2 * SECOND)
    assert await due(store, START + 2 * SECOND) == ["live"]
    assert await due(store, START + MINUTE) == [], "it has shown the title, too"


async def test_a_title_does_not_delay_what_is_due_already(store: Store) -> None:
    await tell(store, scheduled=True)
    await look(store, planned(START + HOUR))
    await send(store)
    await look(store, live())
    assert [job.kind.value for job in await claim(store)] == ["live"]
    await store(Queries.mark_sent, 2, MessageId(2), 2, START)
    assert await titles(store, SECOND, "Another") == ["scheduled"], "it says that the Space is live"
    assert await due(store, START + SECOND + TITLE_STANDS) == ["live"]


async def test_a_title_that_changes_while_its_message_is_edited_waits_as_well(store: Store) -> None:
    await look(store, live())
    await send(store)
    await look(store, live(is_ticketed=True), now=START + SECOND)
    [edit] = await claim(store, START + SECOND)
    await look(store, live(is_ticketed=True, title="Another"), now=START + 2 * SECOND)
    await store(Queries.mark_sent, edit.delivery_id, MessageId(1001), edit.space.revision, START + 3 * SECOND)
    assert await due(store, START + 3 * SECOND) == []
    assert await due(store, START + 2 * SECOND + TITLE_STANDS) == ["live"]


async def test_a_title_neither_waits_for_a_clock_that_was_set_back_nor_is_lost_in_a_restart(store: Store) -> None:
    await look(store, live())
    await send(store)
    assert await titles(store, SECOND, "Another") == []
    await store(Queries.set_clock_back, START - HOUR)
    assert await due(store, START - HOUR) == ["live"]
    assert await titles(store, -HOUR, "One more") == []
    assert await store(Queries.next_due) == START - HOUR + TITLE_STANDS
    await store(Queries.release, START - HOUR)
    assert await due(store, START - HOUR) == ["live"]


async def test_a_title_of_before_the_message_waits_for_nothing(store: Store) -> None:
    await look(store, live())
    await look(store, live(title="Another"), now=START + SECOND)
    assert await due(store, START + SECOND) == ["live"]
    assert await due(store, START + HOUR) == []


# Co-hosts and speakers


def shared(*speakers: UserId, cohosts: tuple[UserId, ...] = ()) -> Space:
    return live(host_ids=(HOST.id, *cohosts), speaker_ids=speakers)


async def follow_guest(store: Store, *, also: bool = True, **where: int) -> None:
    await store(Queries.remember_users, [COHOST], START)
    await store(
        Queries.add_watch,
        guild_id=FAR_GUILD,
        host_id=COHOST.id,
        channel_id=None,
        roles=(OTHER_ROLE,),
        also_cohost=also,
        by=ADMIN,
        limit=9,
        now=START,
    )


@pytest.mark.parametrize("seen", [shared(COHOST.id), shared(cohosts=(COHOST.id,))])
async def test_a_followed_person_in_somebody_elses_space_is_announced_as_such(store: Store, seen: Space) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow_guest(store)
    await look(store, seen)
    jobs = {job.channel_id: job for job in await claim(store)}
    assert set(jobs) == {CHANNEL, FAR_CHANNEL}
    assert jobs[CHANNEL].guest is None
    guest = jobs[FAR_CHANNEL].guest
    assert guest is not None
    assert (guest.user_id, jobs[FAR_CHANNEL].host.user_id, jobs[FAR_CHANNEL].roles) == (
        COHOST.id,
        HOST.id,
        (OTHER_ROLE,),
    )


async def test_a_person_who_is_followed_as_a_host_only_is_not_announced_as_a_guest(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow_guest(store, also=False)
    await look(store, shared(COHOST.id))
    assert [row["channel_id"] for row in await rows(store)] == [CHANNEL]


async def test_a_guest_who_joins_later_is_announced_then_and_once(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow_guest(store)
    await look(store, shared())
    assert len(await send(store)) == 1
    for minutes in range(1, 4):
        await look(store, shared(COHOST.id), now=START + minutes * MINUTE)
    assert [job.channel_id for job in await claim(store, START + 4 * MINUTE) if job.message_id is None] == [FAR_CHANNEL]


async def test_guests_are_announced_of_what_is_live_and_nothing_else(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await store(Queries.set_moments, FAR_GUILD, START, scheduled=True, reminder_minutes=15, live=True, ended=True)
    await follow_guest(store)
    await look(store, planned(START + HOUR, host_ids=(HOST.id, COHOST.id)))
    assert await rows(store) == []


async def test_host_and_guest_who_meet_in_one_channel_share_one_message_of_the_host(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow_guest(store)
    await follow(store, guild=FAR_GUILD, role=ROLE)
    await look(store, shared(COHOST.id))
    [job] = [job for job in await claim(store) if job.channel_id == FAR_CHANNEL]
    assert job.guest is None
    assert job.roles == (ROLE, OTHER_ROLE)


async def test_host_and_guest_with_channels_of_their_own_have_a_message_each(store: Store) -> None:
    await store(Queries.remember_users, [COHOST], START)
    await store(
        Queries.add_watch,
        guild_id=GUILD,
        host_id=COHOST.id,
        channel_id=OTHER_CHANNEL,
        roles=(),
        also_cohost=True,
        by=ADMIN,
        limit=9,
        now=START,
    )
    for minutes in range(3):
        await look(store, shared(COHOST.id), now=START + minutes * MINUTE)
    jobs = {job.channel_id: job.guest is not None for job in await claim(store, START + HOUR)}
    assert jobs == {CHANNEL: False, OTHER_CHANNEL: True}


async def test_following_again_without_a_word_on_co_hosts_leaves_that_as_it_was(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow_guest(store)
    await follow(store, COHOST, guild=FAR_GUILD)
    [line] = await store(Queries.watch_lines, FAR_GUILD)
    assert line.watch.also_cohost


async def test_a_job_names_co_hosts_and_speakers_that_are_known_and_at_the_end_who_spoke(store: Store) -> None:
    await store(Queries.remember_users, [COHOST], START)
    await look(store, shared(COHOST.id, UserId("404")))
    [job] = await send(store)
    assert [person.user_id for person in job.speakers] == [COHOST.id]
    await look(store, shared(), now=START + 2 * MINUTE)
    await look(store, ended(), now=START + 3 * MINUTE)
    [edit] = await claim(store, START + 3 * MINUTE)
    assert [person.user_id for person in edit.speakers] == [COHOST.id], "who has left has spoken all the same"


# Guilds that left


async def test_a_space_of_a_host_that_only_a_lost_guild_follows_is_still_closed_elsewhere(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(store, guild=FAR_GUILD)
    await look(store, live())
    await send(store)
    await store(Queries.leave, FAR_GUILD, START)
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    later = START + MINUTE
    assert await store(Queries.orphans, later, later) == [SPACE]


async def test_a_guild_that_is_away_gets_no_rows_and_catches_up_when_it_is_back(store: Store) -> None:
    await store(Queries.leave, GUILD, START)
    await look(store, live())
    assert await rows(store) == []
    await store(Queries.join, GUILD)
    await look(store, live(), now=START + MINUTE)
    assert await kinds(store) == [(Kind.LIVE, "pending")]
