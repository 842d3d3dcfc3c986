"""What admins are shown: what was announced, what waits, what is in the way, how late it was."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.domain.deliveries import Kind
from spacebot.domain.ids import MessageId, SpaceId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.store.connection import Store
from spacebot.store.overview import MOST_PAST
from spacebot.store.queries import Queries
from tests.clocks import START
from tests.store.seed import (
    CHANNEL,
    COHOST,
    FAR_CHANNEL,
    FAR_GUILD,
    GUILD,
    HOST,
    NO_PERMISSION,
    OTHER_CHANNEL,
    SPACE,
    claim,
    ended,
    follow,
    live,
    look,
    opened,
    send,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def test_the_past_is_the_newest_first_with_outcome_and_message(store: Store) -> None:
    await look(store, live())
    await send(store, START + 3 * SECOND)
    await look(store, live(SpaceId("1next"), title="More tea"), now=START + SECOND)
    await look(store, ended(SpaceId("1next")), now=START + 2 * SECOND)
    second, first = await store(Queries.past, GUILD)
    assert (first.kind, first.state, first.message_id, first.sent_at) == (
        Kind.LIVE,
        "sent",
        MessageId(1001),
        START + 3 * SECOND,
    )
    assert (first.host.name, first.space.space_id) == ("Tea Time", SPACE)
    assert (second.state, second.message_id, second.sent_at) == ("skipped", None, None)
    assert second.obstacle == Obstacle(reason=Reason.OVER)


async def test_the_past_can_be_that_of_one_host_or_guest(store: Store) -> None:
    await follow(store, COHOST, channel=OTHER_CHANNEL)
    await store(
        Queries.add_watch,
        guild_id=GUILD,
        host_id=COHOST.id,
        channel_id=None,
        roles=(),
        also_cohost=True,
        by=1,
        limit=9,
        now=START,
    )
    await look(store, live(host_ids=(HOST.id, COHOST.id)), live(SpaceId("1coffee"), COHOST))
    tea = await store(Queries.past, GUILD, HOST.id)
    coffee = await store(Queries.past, GUILD, COHOST.id)
    assert {(past.space.space_id, past.channel_id) for past in tea} == {(SPACE, CHANNEL), (SPACE, OTHER_CHANNEL)}
    assert {(past.space.space_id, past.channel_id) for past in coffee} == {
        (SPACE, OTHER_CHANNEL),
        ("1coffee", OTHER_CHANNEL),
    }


async def test_a_guild_sees_only_its_own_past(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await look(store, live())
    assert len(await store(Queries.past, GUILD)) == 1
    assert await store(Queries.past, FAR_GUILD) == []


async def test_the_past_shown_has_an_end(store: Store) -> None:
    for number in range(MOST_PAST + 5):
        await look(store, live(SpaceId(f"1n{number}")))
    past = await store(Queries.past, GUILD)
    assert len(past) == MOST_PAST
    assert past[0].space.space_id == f"1n{MOST_PAST + 4}"


async def test_the_queue_counts_what_is_due_and_what_is_tried_and_leaves_out_the_rest(store: Store) -> None:
    await follow(store, COHOST, channel=OTHER_CHANNEL)
    assert await store(Queries.queue, START) == await store(Queries.queue, START + SECOND)
    await look(store, live(), live(SpaceId("1coffee"), COHOST))
    queue = await store(Queries.queue, START)
    assert (queue.unsent, queue.edits, queue.oldest) == (2, 0, START)
    jobs = {job.channel_id: job for job in await claim(store)}
    await store(Queries.mark_sent, jobs[CHANNEL].delivery_id, MessageId(1), 1, START)
    queue = await store(Queries.queue, START)
    assert (queue.unsent, queue.edits) == (1, 0), "what is being sent still waits"
    await look(store, live(is_ticketed=True), now=START + SECOND)
    assert (await store(Queries.queue, START + SECOND)).edits == 1
    await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, START)
    await store(Queries.pause, OTHER_CHANNEL, GUILD, NO_PERMISSION, START)
    queue = await store(Queries.queue, START + SECOND)
    assert (queue.unsent, queue.edits, queue.oldest) == (0, 0, None)


async def test_a_delay_is_counted_from_the_spaces_start_with_what_saw_it_first(store: Store) -> None:
    await store(Queries.take_in, [live()], [], [], START + 5 * SECOND, by="push")
    await store(Queries.take_in, [live()], [], [], START + 6 * SECOND, by="sweep")
    await send(store, START + 7 * SECOND)
    assert await store(Queries.delays, START) == [(7.0, "push")]
    assert await store(Queries.delays, START, GUILD) == [(7.0, "push")]
    assert await store(Queries.delays, START, FAR_GUILD) == []
    assert await store(Queries.delays, START + 8 * SECOND) == [], "only what was sent since then"


async def test_a_watch_added_midway_is_not_late(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(store, guild=FAR_GUILD, now=START + 60 * SECOND)
    await look(store, live(), now=START + 60 * SECOND)
    await send(store, START + 61 * SECOND)
    assert await store(Queries.delays, START, FAR_GUILD) == []
    assert await store(Queries.delays, START, GUILD) == [(61.0, "sweep")]


async def test_a_space_that_x_did_not_date_has_no_delay(store: Store) -> None:
    await look(store, live(started_at=None))
    await send(store, START + SECOND)
    assert await store(Queries.delays, START) == []
