"""What members ask for, over the local X: what one person asks in private never starves the sweeps."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TypeVar, cast

import aiohttp
import pytest
from pydantic import SecretStr

from spacebot.app import forget
from spacebot.domain.ids import PersonId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.spaces import State
from spacebot.domain.views import SearchPage
from spacebot.errors import UserMistake, XAbsent
from spacebot.present.replies import past_reply, space_reply
from spacebot.sandbox.x import Fault, LocalX
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.links import Links
from spacebot.usecases.lookups import PRIVATE_GAP, PRIVATE_QUEUE, Lookups
from spacebot.x.auth import BearerAuth, UserToken
from spacebot.x.client import XClient
from spacebot.x.host_batcher import HostBatcher
from spacebot.x.model import Space, User
from spacebot.x.transport import Transport
from tests.clocks import START, FakeClock, run_until
from tests.errands import PEOPLE
from tests.present.samples import text
from tests.store.seed import CHANNEL, FAR_GUILD, GUILD, follow, live, look, send

T = TypeVar("T")


class Linked:
    """Links of people who have all lent the same account."""

    def __init__(self, token: str) -> None:
        self._token = UserToken(
            access=SecretStr(token), refresh=None, expires_at=START.replace(year=2030), scopes=frozenset()
        )

    async def token(self, person: PersonId) -> UserToken:
        return self._token


async def test_looks_at_protected_hosts_leave_room_for_sweeps(tmp_path: Path) -> None:
    clock = FakeClock()
    async with LocalX(clock=clock) as x, aiohttp.ClientSession() as session, Store(tmp_path / "x.sqlite3") as store:
        hidden, friend = x.add_user("hidden", protected=True), x.add_user("friend")
        hidden.followers.add(friend)
        client = XClient(
            Transport(session=session, base_url=x.url, auth=BearerAuth(SecretStr(x.bearer_token)), clock=clock), PEOPLE
        )
        clock.jump(5)
        batcher = HostBatcher(client, clock)
        links = cast(Links, Linked(x.user_token(friend)))
        lookups = Lookups(x=client, batcher=batcher, store=store, clock=clock, links=links)
        swept = 0

        async def sweep() -> None:
            nonlocal swept
            while True:
                await batcher.sweep([UserId("1")])
                swept += 1

        async def insist(person: int) -> None:
            for _ in range(6):
                await lookups.host_live("@hidden", guild_id=None, person=PersonId(person))

        sweeping = asyncio.create_task(sweep())
        people = [asyncio.create_task(insist(person)) for person in range(3)]
        began = clock.monotonic()
        await run_until(clock, asyncio.gather(*people))
        passed = clock.monotonic() - began
        sweeping.cancel()
        private = [exchange.time for exchange in x.requests if exchange.token == "user"]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(private)]
    assert len(private) == 18
    assert min(gaps) >= PRIVATE_GAP - 0.01
    assert swept >= passed / 4 * 0.8
    assert not x.refused


@dataclass(kw_only=True)
class Desk:
    """The use cases on a local X."""

    x: LocalX
    clock: FakeClock
    lookups: Lookups
    store: Store

    async def of(self, answer: Awaitable[T]) -> T:
        return await run_until(self.clock, asyncio.ensure_future(answer))

    def asked(self, endpoint: str) -> list[Mapping[str, str]]:
        return [exchange.query for exchange in self.x.requests if exchange.endpoint == endpoint]


@asynccontextmanager
async def desk(folder: Path, *, may_buy: bool = True, viewer: str | None = None) -> AsyncIterator[Desk]:
    clock = FakeClock()
    async with LocalX(clock=clock) as x, aiohttp.ClientSession() as session, Store(folder / "x.sqlite3") as store:
        client = XClient(
            Transport(session=session, base_url=x.url, auth=BearerAuth(SecretStr(x.bearer_token)), clock=clock), PEOPLE
        )
        clock.jump(5)
        links = cast(Links, Linked(x.user_token(x.add_user(viewer)))) if viewer else None
        lookups = Lookups(
            x=client,
            batcher=HostBatcher(client, clock),
            store=store,
            clock=clock,
            links=links,
            may_buy_participants=lambda _errand: may_buy,
        )
        yield Desk(x=x, clock=clock, lookups=lookups, store=store)


ASKER = PersonId(7)


async def pages_of(one: Desk, words: str) -> AsyncIterator[SearchPage]:
    return await one.of(one.lookups.search(words, "all", guild_id=GUILD, person=ASKER))


async def test_a_search_buys_twenty_spaces_and_the_hosts_of_one_page(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        for number in range(45):
            one.x.start_space(one.x.add_user(f"host{number}"), title="Jazz", listeners=number)
        pages = await pages_of(one, "jazz")
        first = await one.of(anext(pages))
        assert one.x.billed.count("space") == 20
        assert one.x.billed.count("user") == 5
        assert [query["max_results"] for query in one.asked("search")] == ["20"]
        assert "expansions" not in one.asked("search")[0]
        assert (first.number, first.pages, first.found, first.may_be_more, first.is_last) == (1, 4, 20, True, False)
        assert all(view.host is not None for view in first.views)
        assert [view.participant_count for view in first.views] == sorted(
            (view.participant_count or 0 for view in first.views), reverse=True
        )

        rest = [await one.of(anext(pages)) for _ in range(8)]
        assert [query["max_results"] for query in one.asked("search")] == ["20", "40", "60"]
        assert (rest[-1].number, rest[-1].pages, rest[-1].found) == (9, 9, 45)
        assert [page.is_last for page in rest] == [False] * 7 + [True]
        assert one.x.billed.count("space") == one.x.billed.count("user") == 45
        assert len({view.url for page in (first, *rest) for view in page.views}) == 45
        with pytest.raises(StopAsyncIteration):
            await one.of(anext(pages))


async def test_a_host_who_was_seen_today_is_not_asked_for_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        for number in range(5):
            one.x.start_space(one.x.add_user(f"host{number}"), title="Jazz")
        await one.of(anext(await pages_of(one, "jazz")))
        before = len(one.x.requests)
        rows = [
            Space(id=SpaceId(space.id), state=State.LIVE, creator_id=UserId(space.creator.id))
            for space in one.x.spaces.values()
        ]
        await one.store(Queries.take_in, rows, (), (), one.clock.now(), by="sweep")
        one.clock.jump(61)  # the same question within a minute is answered from memory
        page = await one.of(anext(await pages_of(one, "jazz")))
        assert all(view.host is not None for view in page.views)
        assert [exchange.endpoint for exchange in one.x.requests[before:]] == ["search"]


async def test_a_search_without_the_hosts_that_x_withholds_is_an_answer_all_the_same(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.x.start_space(one.x.add_user("host"), title="Jazz")
        one.x.fault("spaces", Fault.html(503, times=9))
        page = await one.of(anext(await pages_of(one, "jazz")))
        assert [view.host for view in page.views] == [None]


async def test_nothing_found_is_no_page(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        assert [page async for page in await pages_of(one, "jazz")] == []


async def test_whoever_may_buy_no_participants_sees_those_known_and_how_many_more(tmp_path: Path) -> None:
    async with desk(tmp_path, may_buy=False) as one:
        host = one.x.add_user("host")
        speakers = [one.x.add_user(f"speaker{number}") for number in range(10)]
        made = one.x.start_space(host, title="Full house", speakers=speakers)
        seen = Space(
            id=SpaceId(made.id),
            state=State.LIVE,
            creator_id=UserId(host.id),
            host_ids=(UserId(host.id),),
            speaker_ids=tuple(UserId(user.id) for user in speakers),
        )
        known = User(id=UserId(speakers[0].id), username="speaker0", name="Known")
        await one.store(Queries.take_in, [seen], (), [known], one.clock.now(), by="sweep")
        look = await one.of(one.lookups.space(made.id, guild_id=GUILD, person=ASKER))
        assert [speaker.name for speaker in look.view.speakers] == ["Known"]
        assert look.view.more_speakers == 9
        assert "and 9 more" in text(space_reply(look.view))
        answer = await one.of(one.lookups.host_live("@host", guild_id=GUILD, person=ASKER))
        assert answer.live is not None
        assert answer.live.more_speakers == 9
        assert one.x.billed.count("user") == 1


async def announced_and_gone(one: Desk, *, ends: bool = True) -> SpaceId:
    """A Space that was announced in the guild, and that X shows no longer."""
    made = one.x.start_space(one.x.add_user("host"), title="Tea")
    made.hide()
    seen = live(SpaceId(made.id), started_at=START)
    await one.store(Queries.set_channel, GUILD, CHANNEL)
    await follow(one.store)
    await look(one.store, seen)
    await send(one.store, START)
    if ends:
        over = Space(id=SpaceId(made.id), state=State.ENDED, ended_at=START + timedelta(hours=1))
        await look(one.store, over, now=START)
    await forget(one.store, START + timedelta(days=2))
    return SpaceId(made.id)


@pytest.mark.parametrize("viewer", [None, "friend"])
async def test_a_space_that_was_announced_here_and_is_gone_is_told_from_what_was_kept(
    tmp_path: Path, viewer: str | None
) -> None:
    async with desk(tmp_path, viewer=viewer) as one:
        gone = await announced_and_gone(one)
        look = await one.of(one.lookups.space(gone, guild_id=GUILD, person=ASKER))
        assert not look.is_private
        assert look.past is not None
        assert (look.past.space.title, look.past.space.peak, look.past.message_id) == (None, 7, 1001)
        said = past_reply(look.past).content or ""
        assert "lasted 1 h, peak 7 listeners" in said
        assert f"https://discord.com/channels/{GUILD}/{CHANNEL}/1001" in said
        for elsewhere in (None, FAR_GUILD):
            with pytest.raises(XAbsent):
                await one.of(one.lookups.space(gone, guild_id=elsewhere, person=ASKER))


async def test_a_space_that_may_still_be_on_is_not_told_of_as_over(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        hidden = await announced_and_gone(one, ends=False)
        with pytest.raises(XAbsent):
            await one.of(one.lookups.space(hidden, guild_id=GUILD, person=ASKER))


async def test_a_creators_reminders_buy_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path, may_buy=False, viewer="creator") as one:
        creator = next(iter(one.x.users.values()))
        made = one.x.start_space(creator, speakers=[one.x.add_user("speaker")])
        look = await one.of(one.lookups.space(made.id, guild_id=GUILD, person=ASKER))
        assert look.reminders == 0
        assert one.x.billed.count("user") == 1


async def test_one_persons_private_looks_delay_anothers_by_one_of_them(tmp_path: Path) -> None:
    async with desk(tmp_path, viewer="friend") as one:
        hidden = one.x.add_user("hidden", protected=True)
        hidden.followers.add(next(iter(one.x.users.values())))

        async def look(person: int) -> Mistake | None:
            try:
                await one.lookups.host_live("@hidden", guild_id=GUILD, person=PersonId(person))
            except UserMistake as refused:
                return refused.mistake
            return None

        await one.of(look(9))
        greedy = [asyncio.create_task(look(1)) for _ in range(20)]
        await one.clock.settle()
        began = one.clock.monotonic()
        assert await one.of(look(2)) is None
        assert one.clock.monotonic() - began <= 2 * PRIVATE_GAP + 1
        assert Counter(await one.of(asyncio.gather(*greedy))) == {None: 1, Mistake.PRIVATE_LOOK_UNDER_WAY: 19}
        crowd = await one.of(asyncio.gather(*(look(person) for person in range(100, 120))))
        assert Counter(crowd) == {None: PRIVATE_QUEUE, Mistake.PRIVATE_LOOKS_FULL: 20 - PRIVATE_QUEUE}
