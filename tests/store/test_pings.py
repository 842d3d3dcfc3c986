"""How often one host's Spaces call people in one channel."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spacebot.domain.deliveries import TOO_LATE_TO_MENTION, Job
from spacebot.domain.ids import MessageId, SpaceId
from spacebot.domain.obstacles import Reason
from spacebot.domain.spaces import State
from spacebot.store.connection import Store
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
    OTHER_CHANNEL,
    ROLE,
    TIME_OUT,
    claim,
    follow,
    live,
    look,
    opened,
    send,
)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
PAUSE = 30 * MINUTE
STRANGER = User(id=COHOST.id[::-1], username="stranger", name="Stranger")  # type: ignore[arg-type]  # an id


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, role=ROLE) as store:
        yield store


async def starts(
    store: Store, number: int, after: timedelta = timedelta(), host: User = HOST, **seen: object
) -> list[bool]:
    """A Space of the host's starts and is announced; which of its messages call people."""
    now = START + after
    await look(store, live(SpaceId(f"1space{number}"), host, started_at=now, **seen), now=now)
    return [rings(job) for job in await send(store, now)]


def rings(job: Job) -> bool:
    return not job.hushed and bool(job.roles)


async def test_a_host_calls_people_once_in_a_while_however_many_spaces_it_opens(store: Store) -> None:
    called = [second for second in range(0, 3601, 12) if await starts(store, second, second * SECOND) == [True]]
    assert called == [0, 1800, 3600]


async def test_two_spaces_at_the_same_time_call_people_once(store: Store) -> None:
    await look(store, live(SpaceId("1one")), live(SpaceId("1two")))
    [first] = await send(store)
    [second] = await send(store)
    assert [rings(first), rings(second)] == [True, False]


async def test_another_host_and_another_channel_have_pauses_of_their_own(store: Store) -> None:
    await follow(store, COHOST, role=ROLE)
    await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    assert await starts(store, 1) == [True]
    assert await starts(store, 2, MINUTE, COHOST) == [True]
    await follow(store, guild=FAR_GUILD, role=ROLE)
    await look(store, live(SpaceId("1space3")), now=START + 2 * MINUTE)
    called = {job.channel_id: rings(job) for job in await send(store, START + 2 * MINUTE)}
    assert called == {CHANNEL: False, FAR_CHANNEL: True}


@pytest.mark.parametrize(
    ("minutes", "called"), [(0, [True] * 4), (1, [True, False, True, False]), (30, [True] + [False] * 3)]
)
async def test_a_guild_says_how_long_the_pause_is(store: Store, minutes: int, called: list[bool]) -> None:
    await store(Queries.set_pings, GUILD, minutes)
    assert (await store(Queries.guild, GUILD)).ping_minutes == minutes
    for number, rang in enumerate(called):
        assert await starts(store, number, number * 30 * SECOND) == [rang]


async def test_what_called_nobody_does_not_count(store: Store) -> None:
    await follow(store, COHOST)
    assert await starts(store, 1, host=COHOST) == [False], "it has nobody to mention"
    await store(Queries.set_roles, GUILD, (ROLE,))
    now = START + 2 * MINUTE
    late = live(SpaceId("1late"), COHOST, started_at=now - TOO_LATE_TO_MENTION)
    await look(store, late, now=now)
    assert [job.hushed for job in await send(store, now)] == [True], "it has been on for long"
    assert await starts(store, 2, 3 * MINUTE, COHOST) == [True]


async def test_a_reminder_counts_for_other_spaces_but_not_for_its_own(store: Store) -> None:
    await store(Queries.set_moments, GUILD, START, scheduled=True, reminder_minutes=15, live=True, ended=True)
    own, other = (
        Space(id=SpaceId(name), state=State.SCHEDULED, creator_id=HOST.id, scheduled_start=START + after)
        for name, after in (("1own", 15 * MINUTE), ("1other", 20 * MINUTE))
    )
    await look(store, own)
    jobs = [job for _ in range(2) for job in await send(store)]
    assert {job.kind.value: rings(job) for job in jobs} == {"scheduled": True, "reminder": True}
    await look(store, other)
    jobs = [job for _ in range(2) for job in await send(store, START + 5 * MINUTE)]
    assert {job.kind.value: job.hushed for job in jobs} == {"scheduled": False, "reminder": True}
    await look(store, live(SpaceId("1own"), started_at=START + 15 * MINUTE), now=START + 15 * MINUTE)
    jobs = [job for _ in range(4) for job in await send(store, START + 15 * MINUTE)]
    assert [rings(job) for job in jobs if job.message_id is None] == [True]
    await look(store, live(SpaceId("1other"), started_at=START + 31 * MINUTE), now=START + 31 * MINUTE)
    jobs = [job for _ in range(4) for job in await send(store, START + 31 * MINUTE)]
    assert [rings(job) for job in jobs if job.message_id is None] == [False], "its host's other Space called just now"


async def test_somebody_who_joins_one_space_after_another_calls_people_once(store: Store) -> None:
    await store(Queries.remember_users, [COHOST, STRANGER], START)
    await store(
        Queries.add_watch,
        guild_id=GUILD,
        host_id=COHOST.id,
        channel_id=OTHER_CHANNEL,
        roles=(ROLE,),
        also_cohost=True,
        by=1,
        limit=9,
        now=START,
    )
    of_host: dict[str, Any] = {"host_ids": (HOST.id, COHOST.id)}
    of_stranger: dict[str, Any] = {"host_ids": (STRANGER.id, COHOST.id)}
    assert await starts(store, 1, **of_host) == [True, True]
    assert await starts(store, 2, MINUTE, STRANGER, **of_stranger) == [False], "as a guest of somebody else"
    assert await starts(store, 3, 2 * MINUTE, COHOST) == [True], "one's own Space is another matter"
    assert await starts(store, 4, 3 * MINUTE, STRANGER, **of_stranger) == [False]


async def test_what_may_have_called_people_counts_until_it_is_settled(store: Store) -> None:
    await look(store, live(SpaceId("1first")))
    [first] = await claim(store)
    await store(Queries.mark_failed, first, TIME_OUT, unclear=True, next_try_at=START + MINUTE)
    assert await starts(store, 2, SECOND) == [False]
    [again] = await claim(store, START + MINUTE)
    assert again.delivery_id == first.delivery_id
    assert rings(again), "those that called nobody do not count for it, and its own first attempt does not either"


async def test_a_crash_between_sending_and_noting_it_calls_nobody_twice(store: Store) -> None:
    await look(store, live(SpaceId("1first")))
    [first] = await claim(store)
    await store(Queries.release, START + SECOND)
    await look(store, live(SpaceId("1next")), now=START + SECOND)
    [next_one] = await claim(store, START + SECOND, most=1)
    assert (next_one.space.space_id, next_one.hushed) == ("1next", True)
    await store(Queries.mark_sent, next_one.delivery_id, MessageId(2), 1, START + SECOND, quiet=True)
    [adopted] = [job for job in await claim(store, START + 2 * SECOND) if job.message_id is None]
    assert adopted.delivery_id == first.delivery_id
    await store(Queries.mark_sent, adopted.delivery_id, MessageId(1), 0, START + 2 * SECOND)
    assert await starts(store, 3, 29 * MINUTE) == [False], "the first may have called people until it was found"


async def test_what_was_refused_has_called_nobody(store: Store) -> None:
    await look(store, live(SpaceId("1first")))
    [first] = await claim(store)
    await store(Queries.mark_failed, first, NO_PERMISSION, unclear=False, next_try_at=START + HOUR)
    assert await starts(store, 2, SECOND) == [True]


async def test_what_was_looked_for_and_given_up_counts_a_while_longer(store: Store) -> None:
    await look(store, live(SpaceId("1first")))
    [first] = await claim(store)
    await store(Queries.mark_failed, first, TIME_OUT, unclear=True, next_try_at=START + MINUTE)
    [again] = await claim(store, START + MINUTE)
    await store(Queries.give_up, again, Reason.OVER, START + MINUTE)
    assert await starts(store, 2, PAUSE) == [False]
    assert await starts(store, 3, PAUSE + 2 * MINUTE) == [True]


async def test_a_clock_that_was_set_back_keeps_nobody_quiet_for_long(store: Store) -> None:
    assert await starts(store, 1) == [True]
    await store(Queries.set_clock_back, START - 10 * HOUR)
    assert await starts(store, 2, -10 * HOUR) == [True]
