"""What filters keep out of the ledger, and when; what has been posted is told to its end."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.deliveries import Kind, PlaceToTest
from spacebot.domain.filters import EVERYTHING, Filter
from spacebot.domain.guilds import Keyword
from spacebot.domain.ids import GuildId, MessageId
from spacebot.domain.obstacles import Reason
from spacebot.domain.spaces import State
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import Space, User
from tests.clocks import START
from tests.store.model_parts import Door
from tests.store.seed import (
    ADMIN,
    CHANNEL,
    COHOST,
    FAR_CHANNEL,
    FAR_GUILD,
    GUILD,
    HOST,
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

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TEA = Filter(want=("tea",))
NO_ADS = Filter(shun=("ads",))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def filtered(store: Store, wanted: Filter = TEA, *, guild: GuildId = GUILD, host: User = HOST) -> None:
    """What the admin's command does."""
    assert await store(Queries.set_watch_filter, guild, host.id, wanted, START)
    await store(Queries.ensure_deliveries, host.id, START)


async def tell_all(store: Store) -> None:
    await store(Queries.set_moments, GUILD, START, scheduled=True, reminder_minutes=15, live=True, ended=True)


def planned(title: str | None) -> Space:
    return Space(id=SPACE, state=State.SCHEDULED, creator_id=HOST.id, scheduled_start=START + HOUR, title=title)


async def kinds(store: Store) -> list[tuple[object, object, object]]:
    return [(row["kind"], row["state"], row["reason"]) for row in await rows(store)]


async def test_filters_are_kept_and_taken_back(store: Store) -> None:
    every = Filter(want=("tea", "type theory"), shun=("ads",), lang="es", ticketed=False)
    for wanted in (every, EVERYTHING, Filter(ticketed=True)):
        await filtered(store, wanted)
        [line] = await store(Queries.watch_lines, GUILD)
        assert line.watch.filter == wanted
    assert not await store(Queries.set_watch_filter, FAR_GUILD, HOST.id, TEA, START), "it follows nobody"


async def test_no_moment_is_announced_of_what_does_not_pass(store: Store) -> None:
    await tell_all(store)
    await filtered(store)
    await look(store, planned("Coffee"))
    await look(store, live(title="Coffee"), now=START + HOUR)
    await look(store, ended(), now=START + 2 * HOUR)
    assert await rows(store) == []


async def test_a_title_that_comes_to_pass_is_announced_and_one_that_no_longer_does_is_not(store: Store) -> None:
    await tell_all(store)
    await filtered(store)
    await look(store, planned(None))
    assert await rows(store) == []
    await look(store, planned("Tea"))
    assert await kinds(store) == [("scheduled", "pending", None), ("reminder", "pending", None)]
    await look(store, planned("Coffee"))
    assert await kinds(store) == [("scheduled", "skipped", "filtered"), ("reminder", "skipped", "filtered")]
    assert await claim(store, START + HOUR) == []
    await look(store, planned("Tea again"))
    assert [job.kind for job in await send(store)] == [Kind.SCHEDULED]
    assert [job.kind for job in await send(store, START + 44 * MINUTE)] == []
    assert [job.kind for job in await send(store, START + 45 * MINUTE)] == [Kind.REMINDER]


async def test_what_was_posted_is_kept_true_and_told_to_its_end_whatever_the_title_becomes(store: Store) -> None:
    await tell_all(store)
    await filtered(store)
    await look(store, planned("Tea"))
    await send(store)
    await look(store, live(title="Coffee"), now=START + HOUR)
    await look(store, ended(), now=START + 2 * HOUR)
    states = {row["kind"]: (row["state"], row["wanted"]) for row in await rows(store)}
    assert states["live"][0] == "skipped"
    assert states["ended"][0] == "pending", "who was promised the Space hears of it"
    assert states["scheduled"] == ("sent", 3)


@pytest.mark.parametrize("unclear", [True, False])
async def test_an_attempt_that_may_have_arrived_counts_as_posted_and_one_refused_does_not(
    store: Store, unclear: bool
) -> None:
    await filtered(store)
    await look(store, live(title="Tea"))
    [job] = await claim(store)
    await look(store, live(title="Coffee"))
    assert [state for _, state, _ in await kinds(store)] == ["sending"]
    obstacle = TIME_OUT if unclear else SLOW_DOWN
    await store(Queries.mark_failed, job, obstacle, unclear=unclear, next_try_at=START)
    again = await claim(store)
    if unclear:
        assert [job.followed for job in again] == [True]
    else:
        assert again == []
        assert await kinds(store) == [("live", "skipped", "filtered")]


async def test_filters_set_while_a_message_waits_stop_it_and_taken_back_let_it_go(store: Store) -> None:
    await look(store, live(title="Coffee"))
    await filtered(store)
    assert await kinds(store) == [("live", "skipped", Reason.FILTERED)]
    await filtered(store, EVERYTHING)
    assert [job.channel_id for job in await claim(store)] == [CHANNEL]


async def test_what_was_over_and_is_back_does_not_slip_through(store: Store) -> None:
    await store(Queries.set_moments, GUILD, START, scheduled=True, reminder_minutes=None, live=False, ended=False)
    await filtered(store)
    await look(store, planned("Tea"))
    gone = START + MINUTE
    await look(store, absent=[SPACE], now=gone)
    await look(store, absent=[SPACE], now=gone + MINUTE)
    assert await kinds(store) == [("scheduled", "skipped", "over")]
    await look(store, planned("Coffee"), now=gone + 2 * MINUTE)
    assert await claim(store, gone + 2 * MINUTE) == []
    await look(store, planned("Tea"), now=gone + 3 * MINUTE)
    assert [job.kind for job in await claim(store, gone + 3 * MINUTE)] == [Kind.SCHEDULED]


async def test_guilds_with_other_filters_and_none_each_hear_what_they_want(store: Store) -> None:
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(store, guild=FAR_GUILD)
    await filtered(store)
    await filtered(store, NO_ADS, guild=FAR_GUILD)
    for title, hears in [("Tea", {CHANNEL, FAR_CHANNEL}), ("Tea without ads", {CHANNEL}), ("Coffee", {FAR_CHANNEL})]:
        await look(store, live(title=title))
        waiting = {row["channel_id"] for row in await rows(store) if row["state"] == "pending"}
        assert waiting == hears, title


async def test_a_message_that_serves_another_watch_is_posted_and_mentions_only_its_roles(store: Store) -> None:
    await follow(store, role=ROLE)
    keyword = Keyword(guild_id=GUILD, text="coffee", roles=(OTHER_ROLE,))
    await store(Queries.add_keyword, keyword, by=ADMIN, limit=10, now=START)
    [kept] = await store(Queries.keywords, GUILD)
    await look(store, live(title="Coffee and tea"))
    await store(Queries.take_in, [live(title="Coffee and tea")], (), (), START, matches={SPACE: [kept.watch_id]})
    await filtered(store)
    await look(store, live(title="Coffee"))
    [job] = await claim(store)
    assert job.roles == (OTHER_ROLE,)


async def test_a_co_hosts_watch_filters_the_spaces_of_others_too(store: Store) -> None:
    await follow(store, COHOST, channel=OTHER_CHANNEL)
    await store(Queries.set_watch, GUILD, COHOST.id, channel_id=OTHER_CHANNEL, roles=(), also_cohost=True)
    await filtered(store, host=COHOST)
    both = (HOST.id, COHOST.id)
    await look(store, live(title="Coffee", host_ids=both))
    assert [row["channel_id"] for row in await rows(store)] == [CHANNEL]
    await look(store, live(title="Tea", host_ids=both))
    assert [row["channel_id"] for row in await rows(store)] == [CHANNEL, OTHER_CHANNEL]


async def test_a_test_is_posted_whatever_is_filtered(store: Store) -> None:
    [line] = await store(Queries.watch_lines, GUILD)
    place = PlaceToTest(channel_id=CHANNEL, watch_id=line.watch.watch_id, host=line.watch.host, roles=())
    await store(Queries.add_test, "1", GUILD, [place], START)
    await filtered(store)
    assert [job.kind for job in await claim(store)] == [Kind.TEST]


async def test_languages_and_tickets_are_filtered(store: Store) -> None:
    await filtered(store, Filter(lang="es", ticketed=True))
    await look(store, live(lang="en", is_ticketed=True))
    await look(store, live(lang="es", is_ticketed=False))
    assert await rows(store) == []
    await look(store, live(lang="es", is_ticketed=True))
    assert len(await rows(store)) == 1


STEPS = st.lists(
    st.sampled_from(["Tea", "Coffee", "Tea with ads", None, "send", "refuse", "lose", "tea", "ads", "all"]), max_size=12
)


@settings(max_examples=100)
@given(steps=STEPS)
def test_nothing_new_is_posted_unless_it_passes_or_something_was_posted_before(steps: list[str | None]) -> None:
    wishes = {"tea": TEA, "ads": NO_ADS, "all": EVERYTHING}
    door = Door()
    try:
        door.ask(Queries.set_channel, GUILD, CHANNEL)
        door.ask(Queries.remember_users, [HOST], START)
        door.ask(Queries.add_watch, guild_id=GUILD, host_id=HOST.id, channel_id=None, by=ADMIN, limit=9, now=START)
        wish, title, posted, seen = EVERYTHING, None, False, False
        for minute, step in enumerate(steps):
            now = START + minute * MINUTE
            if step in wishes:
                wish = wishes[str(step)]
                door.ask(Queries.set_watch_filter, GUILD, HOST.id, wish, now)
                door.ask(Queries.ensure_deliveries, HOST.id, now)
            elif step in {"send", "refuse", "lose"}:
                passes = seen and wish.takes(title=title, lang=None, is_ticketed=None)
                jobs = door.ask(Queries.claim, 9, now + 10 * HOUR)
                assert bool(jobs) >= (passes and not posted), "what passes is not lost"
                for job in jobs:
                    assert passes or posted, "what does not pass is not posted"
                    if step == "send":
                        message = job.message_id or MessageId(77)
                        door.ask(Queries.mark_sent, job.delivery_id, message, job.space.revision, now)
                    else:
                        door.ask(Queries.mark_failed, job, TIME_OUT, unclear=step == "lose", next_try_at=now)
                    posted |= step != "refuse"
            else:
                title, seen = step or title, True
                door.ask(Queries.take_in, [live(title=step)], (), (), now)
        assert len(door.rows("SELECT * FROM deliveries")) <= 1
    finally:
        door.close()
