"""Events in the ledger: one for each guild and Space, in no channel, and made again only where the bot took it away."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.domain.deliveries import Kind
from spacebot.domain.guilds import AtEnd
from spacebot.domain.ids import ChannelId, GuildId, events_of, guild_of_events, is_for_events
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import State
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import Space
from tests.clocks import START
from tests.store.seed import (
    CHANNEL,
    FAR_CHANNEL,
    FAR_GUILD,
    GUILD,
    HOST,
    OTHER_CHANNEL,
    SPACE,
    claim,
    follow,
    live,
    look,
    opened,
    rows,
    send,
)

SOON, LATER = START + timedelta(hours=1), START + timedelta(hours=2)
DAY = timedelta(days=1)


def scheduled(start: object = SOON, **seen: object) -> Space:
    """The Space as X shows it before it begins."""
    fields = {"title": "Tea and type theory", "scheduled_start": start, **seen}
    return Space(id=SPACE, state=State.SCHEDULED, creator_id=HOST.id, **fields)  # type: ignore[arg-type]  # any field of it


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        await store(Queries.set_events, GUILD, makes_events=True)
        yield store


async def states(store: Store) -> list[tuple[object, object, object]]:
    return [(row["kind"], row["channel_id"], row["state"]) for row in await rows(store)]


def test_no_channel_is_taken_for_the_events_of_a_guild() -> None:
    place = events_of(GuildId(5))
    assert is_for_events(place)
    assert guild_of_events(place) == 5
    assert not is_for_events(ChannelId(5)), "the first channel of an old guild has its id"


async def test_it_is_made_where_it_is_wanted_and_needs_no_channel(store: Store) -> None:
    await follow(store, guild=FAR_GUILD)
    await store(Queries.set_events, FAR_GUILD, makes_events=True)
    await store(Queries.set_channel, GuildId(300), FAR_CHANNEL)
    await follow(store, guild=GuildId(300))
    await look(store, scheduled())
    assert set(await states(store)) == {("event", -GUILD, "pending"), ("event", -FAR_GUILD, "pending")}
    [job, far] = sorted(await claim(store), key=lambda each: each.guild_id)
    assert (job.kind, job.channel_id, job.guild_id, job.followed) == (Kind.EVENT, events_of(GUILD), GUILD, True)
    assert far.guild_id == FAR_GUILD
    assert not job.roles


async def test_a_changed_channel_moves_nothing_and_switching_off_drops_only_what_is_not_made(store: Store) -> None:
    await look(store, scheduled())
    await store(Queries.set_channel, GUILD, OTHER_CHANNEL)
    assert await states(store) == [("event", -GUILD, "pending")]
    await store(Queries.set_events, GUILD, makes_events=False)
    assert await states(store) == [("event", -GUILD, "skipped")]
    await store(Queries.set_events, GUILD, makes_events=True)
    await look(store, scheduled())
    await send(store)
    await store(Queries.set_events, GUILD, makes_events=False)
    await look(store, scheduled(LATER))
    assert await states(store) == [("event", -GUILD, "sent")]
    assert [job.kind for job in await claim(store)] == [Kind.EVENT], "what is there is followed on"


@pytest.mark.parametrize("start", [None, START])
async def test_none_is_made_of_what_should_have_started_or_never_says_when(store: Store, start: object) -> None:
    await look(store, scheduled(start))
    assert await states(store) == []
    await look(store, scheduled(SOON))
    assert await states(store) == [("event", -GUILD, "pending")]


async def test_listeners_are_no_reason_to_change_it(store: Store) -> None:
    await look(store, scheduled())
    await send(store)
    await look(store, live(participant_count=5))
    await send(store)
    later = START + timedelta(minutes=10)
    await look(store, live(participant_count=900), now=later)
    assert {job.kind for job in await claim(store, later)} == {Kind.LIVE}


async def test_what_x_hides_is_made_again_once_it_shows_it_and_what_somebody_deleted_is_not(store: Store) -> None:
    await look(store, scheduled())
    [job] = await send(store)
    gone = START + timedelta(minutes=1)
    await look(store, absent=[SPACE], now=gone)
    await look(store, absent=[SPACE], now=gone + timedelta(minutes=1))
    await store(Queries.begin_again, job.delivery_id, gone + timedelta(minutes=1))
    [hidden] = await claim(store, gone + timedelta(minutes=1))
    await store(Queries.give_up, hidden, Reason.OVER, gone + timedelta(minutes=2))
    assert await states(store) == [("event", -GUILD, "skipped")]
    back = gone + timedelta(minutes=5)
    await look(store, scheduled(), now=back)
    [again] = await claim(store, back)
    assert (again.message_id, again.first_attempt_at) == (None, START), "it is looked for before it is made"
    await store(Queries.mark_skipped, again.delivery_id, Obstacle(reason=Reason.EVENT_GONE))
    await look(store, scheduled(LATER), now=back + timedelta(minutes=1))
    assert await states(store) == [("event", -GUILD, "skipped")]


async def test_what_is_to_be_made_anew_is_looked_for_first(store: Store) -> None:
    await look(store, scheduled())
    [job] = await send(store)
    await store(Queries.begin_again, job.delivery_id, LATER)
    [again] = await claim(store, LATER)
    assert again.message_id is None
    assert again.first_attempt_at == START


async def test_the_end_concerns_it_as_any_announcement(store: Store) -> None:
    await store(Queries.set_end, GUILD, AtEnd.DELETE)
    await look(store, scheduled())
    await send(store)
    await look(store, Space(id=SPACE, state=State.ENDED, creator_id=HOST.id))
    [job] = await claim(store)
    assert (job.kind, job.at_end) == (Kind.EVENT, AtEnd.DELETE)


async def test_admins_are_told_what_it_met_and_what_is_kept_names_no_channel(store: Store) -> None:
    await look(store, scheduled())
    [job] = await claim(store)
    assert await store(Queries.events_met, GUILD) is None
    full = Obstacle(reason=Reason.EVENTS_FULL)
    await store(Queries.mark_failed, job, full, unclear=False, next_try_at=SOON)
    assert await store(Queries.events_met, GUILD) == full
    await store(Queries.note_refusal, job.channel_id, GUILD, full, START)
    [notice] = await store(Queries.due_notices, START)
    assert notice.channel_id == events_of(GUILD)
    assert notice.recipients, "whoever follows somebody here"
    kept, _ = await store(Queries.delivery_rows, GUILD)
    assert [row["channel_id"] for row in kept] == [None]
    await store(Queries.set_channel, GUILD, CHANNEL)
    [(view, where, event)] = await store(Queries.agenda, GUILD, START + DAY)
    assert (view.title, where, event) == ("Tea and type theory", CHANNEL, None)
