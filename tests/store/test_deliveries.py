"""What must always hold in the ledger, over a real database file."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.domain.accounts import Host
from spacebot.domain.guilds import GuildConfig, Keyword
from spacebot.domain.ids import ChannelId, GuildId, MessageId, RoleId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Reason
from spacebot.domain.spaces import ABSENCES_APART, Change, Phase, State
from spacebot.errors import StoreError, UserMistake
from spacebot.store.connection import Store
from spacebot.store.deliveries import LEASE
from spacebot.store.queries import Queries
from spacebot.x.model import Space, User
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
    OTHER_ROLE,
    ROLE,
    SLOW_DOWN,
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
LATER = START + 60 * SECOND


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def states(store: Store) -> list[tuple[object, object, object]]:
    return [(row["channel_id"], row["state"], row["reason"]) for row in await rows(store)]


async def gone(store: Store) -> None:
    """The Space is absent twice, far enough apart."""
    await look(store, absent=[SPACE], now=START + SECOND)
    await look(store, absent=[SPACE], now=START + SECOND + ABSENCES_APART)


# One announcement, one row


async def test_a_live_space_has_one_row_however_often_it_is_seen(store: Store) -> None:
    for n in range(3):
        await look(store, live(), now=START + n * SECOND)
    assert await states(store) == [(CHANNEL, "pending", None)]


async def test_a_scheduled_space_has_no_row_until_it_is_live(store: Store) -> None:
    planned = Space(id=SPACE, state=State.SCHEDULED, creator_id=HOST.id)
    [(record, change)] = await look(store, planned)
    assert (record.phase, change) == (Phase.SCHEDULED, Change.SCHEDULED)
    assert await rows(store) == []
    await look(store, live())
    assert await states(store) == [(CHANNEL, "pending", None)]


async def test_a_space_is_stored_as_it_was_observed(store: Store) -> None:
    [(record, _)] = await look(store, live(lang="en", is_ticketed=False, scheduled_start=START - SECOND))
    assert await store(Queries.space, SPACE) == record
    assert await store(Queries.space, SpaceId("unheardOf")) is None


async def test_a_guild_without_any_channel_gets_its_row_once_it_has_one(store: Store) -> None:
    await follow(store, guild=FAR_GUILD)
    await look(store, live())
    assert [row["guild_id"] for row in await rows(store)] == [GUILD]
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await look(store, live(), now=LATER)
    assert [row["channel_id"] for row in await rows(store)] == [CHANNEL, FAR_CHANNEL]


async def test_a_watch_added_in_the_middle_of_a_space_still_gets_its_row(store: Store) -> None:
    await look(store, live())
    await send(store)
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(store, guild=FAR_GUILD)
    await store(Queries.ensure_deliveries, HOST.id, LATER)
    assert await states(store) == [(CHANNEL, "sent", None), (FAR_CHANNEL, "pending", None)]


async def test_a_channel_changed_in_the_middle_counts_from_the_next_space(store: Store) -> None:
    await look(store, live())
    await send(store)
    await store(Queries.set_channel, GUILD, OTHER_CHANNEL)
    await look(store, live(), now=LATER)
    assert [row["channel_id"] for row in await rows(store)] == [CHANNEL]
    await look(store, live(SpaceId("1next")), now=LATER)
    assert [row["channel_id"] for row in await rows(store)] == [CHANNEL, OTHER_CHANNEL]


async def test_each_space_mentions_the_role_of_its_own_hosts_watch(tmp_path: Path) -> None:
    async with opened(tmp_path, role=ROLE) as store:
        await follow(store, COHOST, role=OTHER_ROLE)
        await look(store, live(), live(SpaceId("1other"), COHOST))
        jobs = {job.space.space_id: job for job in (*await claim(store), *await claim(store))}
        assert {space: job.roles for space, job in jobs.items()} == {SPACE: (ROLE,), "1other": (OTHER_ROLE,)}


async def test_two_watches_of_one_space_in_one_channel_mention_the_union_of_their_roles(tmp_path: Path) -> None:
    async with opened(tmp_path, role=ROLE) as store:
        await store(Queries.set_channel, FAR_GUILD, CHANNEL)  # stands for any second watch that leads to this channel
        await follow(store, guild=FAR_GUILD, role=OTHER_ROLE)
        await look(store, live())
        [job] = await claim(store)
        assert job.roles == (ROLE, OTHER_ROLE)


async def test_the_guilds_role_stands_in_where_the_watch_has_none(store: Store) -> None:
    await store(Queries.set_roles, GUILD, (OTHER_ROLE,))
    await look(store, live())
    [job] = await claim(store)
    assert job.roles == (OTHER_ROLE,)


# Unfollowing


async def test_a_watch_removed_before_sending_skips_its_row(store: Store) -> None:
    await look(store, live())
    assert await store(Queries.remove_watch, GUILD, HOST.id, START)
    assert await states(store) == [(CHANNEL, "skipped", Reason.UNWATCHED)]
    assert await claim(store) == []


async def test_a_watch_removed_and_added_again_gets_its_row_back(store: Store) -> None:
    await look(store, live())
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    await follow(store)
    await look(store, live(), now=LATER)
    assert await states(store) == [(CHANNEL, "pending", None)]
    assert len(await send(store, LATER)) == 1


async def test_a_watch_removed_and_added_after_sending_gets_no_second_message(store: Store) -> None:
    await look(store, live())
    await send(store)
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    await follow(store)
    await look(store, live(), now=LATER)
    assert await states(store) == [(CHANNEL, "sent", None)]
    assert await claim(store, LATER) == []


async def test_a_row_that_another_watch_wants_survives_the_first_watchs_removal(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, CHANNEL)
    await follow(store, guild=FAR_GUILD, role=OTHER_ROLE)
    await look(store, live())
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    [job] = await claim(store)
    assert (job.roles, job.followed) == ((OTHER_ROLE,), True)


async def test_an_unclear_delivery_that_nobody_wants_any_more_says_so(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    assert job.followed
    await store(Queries.mark_failed, job, TIME_OUT, unclear=True, next_try_at=START)
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    [again] = await claim(store)
    assert not again.followed
    await store(Queries.mark_skipped, again.delivery_id, Reason.UNWATCHED)
    await follow(store)
    await look(store, live(), now=LATER)
    [back] = await claim(store, LATER)
    assert back.followed
    assert back.first_attempt_at == START, "it may stand there all the same"


async def test_what_was_sent_still_closes_after_its_watch_is_removed(store: Store) -> None:
    await look(store, live())
    await send(store)
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    assert await store(Queries.orphans, LATER, LATER) == [SPACE]
    await look(store, ended(), now=LATER)
    [job] = await claim(store, LATER)
    assert (job.space.phase, job.message_id) == (Phase.ENDED, 1001)


async def test_removing_what_is_not_followed_says_so(store: Store) -> None:
    assert not await store(Queries.remove_watch, GUILD, COHOST.id, START)
    assert not await store(Queries.remove_watch, FAR_GUILD, HOST.id, START)


# The end


async def test_a_space_that_is_over_before_it_was_sent_is_skipped(store: Store) -> None:
    await look(store, live())
    await look(store, ended(), now=LATER)
    assert await states(store) == [(CHANNEL, "skipped", Reason.OVER)]


async def test_what_is_over_while_its_channel_refuses_is_skipped(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    await store(Queries.mark_failed, job, NO_PERMISSION, unclear=False, next_try_at=START)
    await look(store, ended(), now=LATER)
    assert await states(store) == [(CHANNEL, "skipped", Reason.OVER)]


async def test_an_unclear_delivery_is_not_skipped_at_the_end_for_its_message_may_stand_there(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    await store(Queries.mark_failed, job, TIME_OUT, unclear=True, next_try_at=START)
    await look(store, ended(), now=LATER)
    [again] = await claim(store, LATER)
    assert (again.space.phase, again.first_attempt_at) == (Phase.ENDED, START)


async def test_a_space_taken_for_over_that_comes_back_is_announced_after_all(store: Store) -> None:
    await look(store, live())
    await gone(store)
    assert await states(store) == [(CHANNEL, "skipped", Reason.OVER)]
    await look(store, live(), now=LATER)
    assert await states(store) == [(CHANNEL, "pending", None)]


async def test_a_message_that_somebody_deleted_does_not_come_back_with_its_space(store: Store) -> None:
    await look(store, live())
    [job] = await send(store)
    await store(Queries.mark_skipped, job.delivery_id, Reason.MESSAGE_DELETED)
    await gone(store)
    await look(store, live(), now=LATER)
    assert await claim(store, LATER) == []


async def test_the_end_wants_an_edit_of_what_was_sent_and_nothing_after_it(store: Store) -> None:
    await look(store, live())
    await send(store)
    assert await claim(store, LATER) == [], "nothing has changed yet"
    await look(store, ended(), now=LATER)
    assert await store(Queries.next_due) is not None
    [edit] = await send(store, LATER)
    assert (edit.message_id, edit.space.phase) == (1001, Phase.ENDED)
    assert await claim(store, LATER + LEASE) == []
    assert await store(Queries.next_due) is None


async def test_an_end_during_the_sending_wants_an_edit_right_after_it(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    await look(store, ended(), now=START + SECOND)
    await store(Queries.mark_sent, job.delivery_id, MessageId(5), job.space.revision, START + SECOND)
    [edit] = await claim(store, START + SECOND)
    assert (edit.message_id, edit.space.phase) == (5, Phase.ENDED)


async def test_an_edit_under_way_is_not_claimed_a_second_time_when_more_changes(store: Store) -> None:
    await look(store, live())
    await send(store)
    await look(store, live(is_ticketed=True), now=START + SECOND)
    [edit] = await claim(store, START + SECOND)
    await look(store, ended(), now=START + 2 * SECOND)
    assert await claim(store, START + 2 * SECOND) == []
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    await store(Queries.resume, CHANNEL, START + 2 * SECOND)
    assert await claim(store, START + 2 * SECOND) == []
    await store(Queries.mark_sent, edit.delivery_id, MessageId(1001), edit.space.revision, START + 3 * SECOND)
    [next_edit] = await claim(store, START + 3 * SECOND)
    assert next_edit.space.phase is Phase.ENDED


async def test_an_edit_is_due_at_once_even_if_the_clock_was_set_back(store: Store) -> None:
    await look(store, live())
    await send(store)
    await look(store, ended(), now=START - timedelta(hours=1))
    assert len(await claim(store, START - timedelta(hours=1))) == 1


# Claims


async def test_a_claim_is_a_lease(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    assert (job.attempts, job.first_attempt_at) == (0, None)
    assert await claim(store, START + LEASE - SECOND) == []
    [again] = await claim(store, START + LEASE)
    assert (again.attempts, again.first_attempt_at) == (1, START)


async def test_a_claim_knows_all_that_sending_needs(tmp_path: Path) -> None:
    async with opened(tmp_path, role=ROLE) as store:
        [(record, _)] = await look(store, live())
        [job] = await claim(store)
    assert (job.guild_id, job.channel_id, job.space, job.roles) == (GUILD, CHANNEL, record, (ROLE,))
    assert job.host == Host(user_id=HOST.id, username="teatime", name="Tea Time")
    assert job.message_id is None


async def test_a_start_makes_what_was_under_way_due_at_once(store: Store) -> None:
    await look(store, live())
    await claim(store)
    assert await store(Queries.release, START + SECOND) == [True]
    [job] = await claim(store, START + SECOND)
    assert job.first_attempt_at == START, "whatever happened then is not known"


async def test_a_start_does_not_hurry_what_was_refused(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    await store(Queries.mark_failed, job, SLOW_DOWN, unclear=False, next_try_at=LATER)
    assert await store(Queries.release, START + SECOND) == []
    assert await claim(store, LATER - SECOND) == []


async def test_a_clear_refusal_of_the_first_attempt_proves_that_nothing_was_posted(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    await store(Queries.mark_failed, job, NO_PERMISSION, unclear=False, next_try_at=START)
    [again] = await claim(store)
    assert again.first_attempt_at is None


async def test_a_refusal_after_an_unclear_attempt_proves_nothing_of_that_one(store: Store) -> None:
    await look(store, live())
    [job] = await claim(store)
    await store(Queries.mark_failed, job, TIME_OUT, unclear=True, next_try_at=START)
    [again] = await claim(store, START + SECOND)
    await store(Queries.mark_failed, again, NO_PERMISSION, unclear=False, next_try_at=START)
    [third] = await claim(store, START + 2 * SECOND)
    assert third.first_attempt_at == START


async def test_an_edit_that_fails_leaves_its_message_sent(store: Store) -> None:
    await look(store, live())
    await send(store)
    await look(store, ended(), now=LATER)
    [edit] = await claim(store, LATER)
    await store(Queries.mark_failed, edit, TIME_OUT, unclear=True, next_try_at=LATER + SECOND)
    assert [row["state"] for row in await rows(store)] == ["sent"]
    assert await claim(store, LATER) == []
    [again] = await claim(store, LATER + SECOND)
    assert again.message_id == edit.message_id


async def test_what_was_never_sent_comes_before_edits_and_the_newest_space_first(store: Store) -> None:
    await look(store, live())
    await send(store)
    await look(store, live(SpaceId("1older")), now=START + SECOND)
    await look(store, live(SpaceId("1newer")), now=START + 2 * SECOND)
    await look(store, ended(), now=START + 2 * SECOND)
    jobs = [await claim(store, LATER) for _ in range(4)]
    assert [[job.space.space_id for job in claimed] for claimed in jobs] == [["1newer"], ["1older"], [SPACE], []]


async def test_a_claim_takes_no_more_than_asked(store: Store) -> None:
    for number in range(5):
        guild, channel = GuildId(500 + number), ChannelId(600 + number)
        await store(Queries.set_channel, guild, channel)
        await follow(store, guild=guild)
    await look(store, live())
    assert len(await claim(store, most=2)) == 2
    assert len(await claim(store, most=9)) == 4


async def test_a_channel_gets_one_at_a_time(store: Store) -> None:
    await follow(store, COHOST, channel=OTHER_CHANNEL)
    await look(store, live(), live(SpaceId("1next")), live(SpaceId("1other"), COHOST))
    first = await claim(store)
    assert sorted(job.channel_id for job in first) == [CHANNEL, OTHER_CHANNEL]
    assert await store(Queries.claim, 9, START, [CHANNEL]) == []
    assert [job.channel_id for job in await claim(store)] == [CHANNEL]


async def test_a_channel_replaced_before_anything_was_attempted_costs_no_announcement(store: Store) -> None:
    await look(store, live())
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    await store(Queries.set_channel, GUILD, OTHER_CHANNEL)
    await look(store, live(), now=LATER)
    assert [job.channel_id for job in await claim(store, LATER)] == [OTHER_CHANNEL]
    await store(Queries.resume, CHANNEL, LATER)
    assert await claim(store, LATER) == []


# Pauses


async def test_a_paused_channel_is_left_alone_and_resumed_at_once(store: Store) -> None:
    await follow(store, COHOST, channel=OTHER_CHANNEL)
    await look(store, live(), live(SpaceId("1other"), COHOST))
    assert await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    assert [job.channel_id for job in await claim(store)] == [OTHER_CHANNEL]
    assert [pause.obstacle for pause in await store(Queries.pauses)] == [NO_PERMISSION]
    await store(Queries.resume, CHANNEL, LATER)
    assert await store(Queries.pauses) == []
    assert [job.channel_id for job in await claim(store, LATER)] == [CHANNEL]


async def test_a_pause_is_news_once_and_again_when_its_reason_changes(store: Store) -> None:
    reasons = [CHANNEL_GONE, CHANNEL_GONE, NO_PERMISSION, NO_PERMISSION]
    assert [await store(Queries.pause, CHANNEL, GUILD, reason, START) for reason in reasons] == [
        True,
        False,
        True,
        False,
    ]


async def test_what_waits_in_a_paused_channel_is_not_due(store: Store) -> None:
    await look(store, live())
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    assert await store(Queries.next_due) is None


# Which Spaces are doubted


async def test_an_open_space_that_no_look_has_shown_is_doubted(store: Store) -> None:
    await look(store, live(), Space(id=SpaceId("1planned"), state=State.SCHEDULED, creator_id=HOST.id))
    await look(store, live(SpaceId("1over")))
    await look(store, ended(SpaceId("1over")))
    assert await store(Queries.unseen, [HOST.id], START, START) == []
    assert sorted(await store(Queries.unseen, [HOST.id], LATER, LATER)) == sorted([SPACE, "1planned"])
    assert await store(Queries.unseen, [COHOST.id], LATER, LATER) == []


async def test_a_space_absent_once_is_asked_for_again_only_after_the_wait(store: Store) -> None:
    await look(store, live())
    await look(store, absent=[SPACE], now=LATER)
    soon, late = LATER + ABSENCES_APART - SECOND, LATER + ABSENCES_APART
    assert await store(Queries.unseen, [HOST.id], soon, soon) == []
    assert await store(Queries.unseen, [HOST.id], late, late) == [SPACE]
    back = LATER - timedelta(hours=1)
    assert await store(Queries.unseen, [HOST.id], LATER, back) == [SPACE], "the clock was set back"


async def test_an_orphan_that_stands_in_no_channel_is_nobodys_concern(store: Store) -> None:
    await look(store, live())
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    assert await store(Queries.orphans, LATER, LATER) == []


# Guilds, watches, accounts


async def test_an_unheard_of_guild_has_an_empty_configuration(store: Store) -> None:
    assert await store(Queries.guild, FAR_GUILD) == GuildConfig()


async def test_a_role_can_be_cleared_and_the_channel_stays(store: Store) -> None:
    await store(Queries.set_roles, GUILD, (ROLE,))
    assert await store(Queries.guild, GUILD) == GuildConfig(channel_id=CHANNEL, roles=(ROLE,))
    await store(Queries.set_roles, GUILD, ())
    assert await store(Queries.guild, GUILD) == GuildConfig(channel_id=CHANNEL)


async def test_several_roles_are_kept_once_each_in_the_order_of_their_ids(store: Store) -> None:
    await store(Queries.set_roles, GUILD, (OTHER_ROLE, ROLE, OTHER_ROLE))
    assert (await store(Queries.guild, GUILD)).roles == tuple(sorted((ROLE, OTHER_ROLE)))


async def test_a_deleted_role_is_taken_out_wherever_it_stood_and_the_others_stay(store: Store) -> None:
    await store(Queries.set_roles, GUILD, (ROLE, OTHER_ROLE))
    await store(Queries.set_roles, FAR_GUILD, (ROLE,))
    await follow(store, role=ROLE)
    await store(Queries.forget_role, GUILD, ROLE)
    [line] = await store(Queries.watch_lines, GUILD)
    assert (await store(Queries.guild, GUILD)).roles == (OTHER_ROLE,)
    assert (line.watch.roles, line.roles) == ((), (OTHER_ROLE,)), "one without roles of its own has the guild's"
    assert (await store(Queries.guild, FAR_GUILD)).roles == (ROLE,), "ids of roles are looked for in their guild alone"


async def test_a_message_mentions_each_role_of_each_of_its_watches_once(store: Store) -> None:
    third = RoleId(333)
    await store(Queries.set_roles, GUILD, (ROLE, OTHER_ROLE))
    await follow(store, COHOST)
    await store(Queries.set_watch, GUILD, COHOST.id, channel_id=None, roles=(ROLE, third), also_cohost=True)
    await look(store, live(host_ids=(HOST.id, COHOST.id)))
    [job] = await claim(store)
    assert job.roles == tuple(sorted((ROLE, OTHER_ROLE, third)))


async def test_a_watch_is_given_the_guilds_channel_and_roles_again(store: Store) -> None:
    await follow(store, channel=OTHER_CHANNEL, role=ROLE)
    assert await store(Queries.set_watch, GUILD, HOST.id, channel_id=None, roles=())
    [line] = await store(Queries.watch_lines, GUILD)
    assert (line.watch.channel_id, line.watch.roles, line.channel_id) == (None, (), CHANNEL)
    assert not await store(Queries.set_watch, FAR_GUILD, HOST.id, channel_id=None, roles=()), "it follows nobody"


# On hold


@pytest.mark.parametrize("whole", [True, False])
async def test_on_hold_nothing_new_is_posted_and_afterwards_who_is_live_is(store: Store, whole: bool) -> None:
    async def hold(on: bool) -> None:
        if whole:
            await store(Queries.hold if on else Queries.go_on, GUILD)
        else:
            await store(Queries.hold_watch, GUILD, HOST.id, on_hold=on)

    await hold(True)
    assert await store(Queries.followed) == {}, "nobody asks X for it"
    await look(store, live())
    assert await rows(store) == []
    [line] = await store(Queries.watch_lines, GUILD)
    assert line.on_hold
    await hold(False)
    await look(store, live())
    assert [job.channel_id for job in await claim(store)] == [CHANNEL]


@pytest.mark.parametrize("whole", [True, False])
async def test_what_waits_when_a_hold_begins_is_not_sent_and_is_sent_after_it(store: Store, whole: bool) -> None:
    await look(store, live())
    if whole:
        await store(Queries.hold, GUILD)
    else:
        await store(Queries.hold_watch, GUILD, HOST.id, on_hold=True)
    assert await states(store) == [(CHANNEL, "skipped", Reason.ON_HOLD)]
    assert await claim(store) == []
    await store(Queries.go_on, GUILD)
    await store(Queries.hold_watch, GUILD, HOST.id, on_hold=False)
    await look(store, live())
    assert [job.channel_id for job in await claim(store)] == [CHANNEL]


async def test_what_stands_is_kept_true_on_hold(store: Store) -> None:
    await look(store, live())
    await send(store)
    await store(Queries.hold, GUILD)
    assert await store(Queries.orphans, LATER, LATER) == [SPACE], "it is looked up though nobody follows its host"
    await look(store, ended(), now=LATER)
    [job] = await claim(store, now=LATER)
    assert (job.space.phase, job.message_id is not None) == (Phase.ENDED, True)


async def test_a_hold_of_one_watch_leaves_the_message_to_the_others_and_mentions_only_theirs(store: Store) -> None:
    await follow(store, role=ROLE)
    await follow(store, COHOST, role=OTHER_ROLE)
    await store(Queries.set_watch, GUILD, COHOST.id, channel_id=None, roles=(OTHER_ROLE,), also_cohost=True)
    await look(store, live(host_ids=(HOST.id, COHOST.id)))
    await store(Queries.hold_watch, GUILD, HOST.id, on_hold=True)
    [job] = await claim(store)
    assert job.roles == (OTHER_ROLE,)


async def test_a_keyword_of_a_guild_on_hold_is_not_searched_for(store: Store) -> None:
    keyword = Keyword(guild_id=GUILD, text="tea")
    await store(Queries.add_keyword, keyword, by=ADMIN, limit=9, now=START)
    await store(Queries.hold, GUILD)
    assert await store(Queries.keywords) == []
    assert [each.text for each in await store(Queries.keywords, GUILD)] == ["tea"], "the guild still has it"


async def test_a_guild_is_greeted_once(store: Store) -> None:
    assert [await store(Queries.greet, guild, START) for guild in (GUILD, GUILD, FAR_GUILD)] == [True, False, True]


async def test_following_again_updates_what_is_given_and_keeps_the_rest(store: Store) -> None:
    assert not await follow(store, channel=OTHER_CHANNEL)
    assert not await follow(store, role=ROLE)
    [line] = await store(Queries.watch_lines, GUILD)
    assert (line.watch.channel_id, line.watch.roles) == (OTHER_CHANNEL, (ROLE,))


async def test_the_limit_holds_new_watches_only(store: Store) -> None:
    with pytest.raises(UserMistake, match=f"{Mistake.TOO_MANY_HOSTS} count=1"):
        await follow(store, COHOST, limit=1)
    assert not await follow(store, limit=1, role=ROLE), "an update is always possible"
    assert await follow(store, COHOST, guild=FAR_GUILD, limit=1), "each guild has its own limit"


async def test_an_account_that_was_never_seen_cannot_be_followed(store: Store) -> None:
    with pytest.raises(StoreError):
        await store(
            Queries.add_watch,
            guild_id=GUILD,
            host_id=UserId("404"),
            channel_id=None,
            roles=(),
            by=ADMIN,
            limit=9,
            now=START,
        )


async def test_a_line_of_the_list_says_where_whom_what_is_on_and_what_is_in_the_way(store: Store) -> None:
    await store(Queries.set_roles, GUILD, (ROLE,))
    await follow(store, COHOST, channel=OTHER_CHANNEL, role=OTHER_ROLE)
    await look(store, live())
    await store(Queries.pause, OTHER_CHANNEL, GUILD, NO_PERMISSION, START)
    coffee, tea = await store(Queries.watch_lines, GUILD)
    assert (coffee.watch.host.name, tea.watch.host.name) == ("Coffee Break", "Tea Time")
    assert (tea.channel_id, tea.roles, tea.paused) == (CHANNEL, (ROLE,), None)
    assert tea.live is not None
    assert tea.live.space_id == SPACE
    assert (coffee.channel_id, coffee.roles, coffee.live) == (OTHER_CHANNEL, (OTHER_ROLE,), None)
    assert coffee.paused == NO_PERMISSION


async def test_a_host_whom_many_guilds_follow_is_swept_once(store: Store) -> None:
    await follow(store, COHOST, guild=FAR_GUILD)
    await follow(store, guild=FAR_GUILD)
    assert list(await store(Queries.followed)) == [HOST.id, COHOST.id]


async def test_an_account_is_found_by_its_newest_handle_in_any_case(store: Store) -> None:
    renamed = User(id=HOST.id, username="CoffeeNow", name="Tea Time")
    squatter = User(id=UserId("99"), username="TeaTime", name="Not Tea Time")
    await store(Queries.remember_users, [renamed], LATER)
    await store(Queries.remember_users, [squatter], LATER)
    found = await store(Queries.user_named, "TEATIME", since=START)
    assert found is not None
    assert found.user_id == "99"
    assert await store(Queries.user_named, "teatime", since=LATER + SECOND) is None, "seen too long ago"
    known = await store(Queries.user, HOST.id, since=LATER)
    assert known is not None
    assert known.username == "CoffeeNow"


async def test_an_answer_without_a_picture_keeps_the_one_there_was(store: Store) -> None:
    pictured = User(id=HOST.id, username="teatime", name="Tea", profile_image_url="https://pictures.example/tea.png")
    await store(Queries.remember_users, [pictured], START)
    await store(Queries.remember_users, [HOST], START)
    known = await store(Queries.user, HOST.id, since=START)
    assert known is not None
    assert known.picture == "https://pictures.example/tea.png"


async def test_a_note_is_kept_and_replaced(store: Store) -> None:
    assert await store(Queries.note, "commands") is None
    await store(Queries.set_note, "commands", "1")
    await store(Queries.set_note, "commands", "2")
    assert await store(Queries.note, "commands") == "2"


async def test_guilds_do_not_touch_each_others_lists(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, ChannelId(211))
    await follow(store, guild=FAR_GUILD)
    await store(Queries.remove_watch, FAR_GUILD, HOST.id, START)
    assert [line.watch.host.user_id for line in await store(Queries.watch_lines, GUILD)] == [HOST.id]
    assert await store(Queries.watch_lines, FAR_GUILD) == []
