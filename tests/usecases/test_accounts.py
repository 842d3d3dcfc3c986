"""Accounts that people name, one or many at a time, over the local X: what is bought, and what is counted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from spacebot.billing import Billing
from spacebot.domain.ids import ListId, PersonId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.spaces import State
from spacebot.errors import BudgetSpent, SpacebotError, UserMistake, XDown, XNotFound, XSuspended
from spacebot.present.mistakes import sentence
from spacebot.sandbox.x import Fault, LocalX, XUser
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.accounts import HOSTS_AT_ONCE, HostLine
from spacebot.usecases.lookups import Lookups
from spacebot.x.auth import BearerAuth
from spacebot.x.client import XClient
from spacebot.x.host_batcher import HostBatcher
from spacebot.x.model import Space
from spacebot.x.money import Prices
from spacebot.x.transport import Transport
from tests.clocks import FakeClock, run_until
from tests.errands import PEOPLE
from tests.store.seed import GUILD

T = TypeVar("T")
ASKER = PersonId(7)


@dataclass(kw_only=True)
class Desk:
    """The use cases on a local X, with the books."""

    x: LocalX
    clock: FakeClock
    lookups: Lookups
    store: Store

    async def of(self, answer: Awaitable[T]) -> T:
        return await run_until(self.clock, asyncio.ensure_future(answer))

    async def hosts(self, *texts: str) -> tuple[HostLine, ...]:
        return await self.of(self.lookups.hosts(texts, guild_id=GUILD, person=ASKER))

    async def mistake(self, answer: Awaitable[object]) -> Mistake:
        with pytest.raises(UserMistake) as caught:
            await self.of(answer)
        return caught.value.mistake

    async def counted(self) -> int:
        return await self.store(Queries.new_hosts, GUILD, self.clock.now().date())

    @property
    def asked(self) -> list[str | None]:
        return [exchange.endpoint for exchange in self.x.requests]


@asynccontextmanager
async def desk(folder: Path, *, a_day: int | None = None, budget: Decimal | None = None) -> AsyncIterator[Desk]:
    clock = FakeClock()
    async with LocalX(clock=clock) as x, aiohttp.ClientSession() as session, Store(folder / "x.sqlite3") as store:
        billing = Billing(store=store, clock=clock, prices=Prices(), daily_budget=budget)
        await billing.open()
        auth = BearerAuth(SecretStr(x.bearer_token))
        client = XClient(Transport(session=session, base_url=x.url, auth=auth, clock=clock, meter=billing), PEOPLE)
        clock.jump(5)
        lookups = Lookups(
            x=client, batcher=HostBatcher(client, clock), store=store, clock=clock, links=None, new_hosts_a_day=a_day
        )
        yield Desk(x=x, clock=clock, lookups=lookups, store=store)


def mistakes(lines: Sequence[HostLine]) -> list[object]:
    return [line.error.mistake if isinstance(line.error, UserMistake) else type(line.error) for line in lines]


async def test_a_spaces_link_means_its_host(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=9) as one:
        host = one.x.add_user("night")
        link = (
            f"come listen https://x.com/i/spaces/{one.x.start_space(host, speakers=[one.x.add_user('moth')]).id}?s=20"
        )
        found = await one.of(one.lookups.host(link, guild_id=GUILD, person=ASKER))
        assert (found.user_id, found.username) == (host.id, "night")
        assert one.asked == ["space"]
        assert (one.x.billed.count("space"), one.x.billed.count("user"), await one.counted()) == (1, 1, 1)
        assert await one.of(one.lookups.host("@night", guild_id=GUILD, person=ASKER)) == found
        live = await one.of(one.lookups.host_live(link, guild_id=GUILD, person=ASKER))
        assert live.host == found


async def test_the_host_of_a_known_space_needs_no_request_for_the_space(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=9) as one:
        host = one.x.add_user("night")
        made = one.x.start_space(host)
        seen = Space(id=SpaceId(made.id), state=State.LIVE, creator_id=UserId(host.id))
        await one.store(Queries.take_in, [seen], (), (), one.clock.now(), by="sweep")
        link = f"https://x.com/i/spaces/{made.id}"
        assert (await one.of(one.lookups.host(link, guild_id=GUILD, person=ASKER))).username == "night"
        assert one.asked == ["user"]
        await one.of(one.lookups.host(link, guild_id=GUILD, person=ASKER))
        assert [line.host and line.host.username for line in await one.hosts(link)] == ["night"]
        assert one.asked == ["user"]


async def test_a_space_that_x_does_not_show_is_said_in_one_sentence_and_not_counted(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=9) as one:
        with pytest.raises(XNotFound) as missing:
            await one.of(one.lookups.host("x.com/i/spaces/1gone", guild_id=GUILD, person=ASKER))
        assert sentence(missing.value).startswith("X does not know this Space")
        assert await one.counted() == 0


async def test_many_are_asked_for_at_once_and_each_line_says_what_became_of_it(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=20) as one:
        ann, bob, eve = (one.x.add_user(name) for name in ("ann", "bob", "eve"))
        one.x.add_user("shy", protected=True)
        one.x.add_user("bad").suspend()
        await one.of(one.lookups.host("@ann", guild_id=GUILD, person=ASKER))
        live = one.x.start_space(eve)
        lines = await one.hosts(
            "@ann", "  ", f"https://x.com/i/user/{bob.id}", f"x.com/i/spaces/{live.id}", "@shy", "bad", "nobody", "two words",
            "@ANN", "https://x.com/i/lists/1", "Nobody", "x.com/i/spaces/1gone", "4711",
        )  # fmt: skip
        assert [line.host.user_id if line.host else None for line in lines] == [
            ann.id, bob.id, eve.id, None, None, None, None, ann.id, None, None, None, None,
        ]  # fmt: skip
        assert mistakes(lines)[3:] == [
            Mistake.PROTECTED_FROM_ALL, XSuspended, XNotFound, Mistake.BLANK_IN_HANDLE, type(None), Mistake.LINK_TO_NO_ACCOUNT,
            XNotFound, XNotFound, XNotFound,
        ]  # fmt: skip
        assert [line.text for line in lines[4:6]] == ["bad", "nobody"]
        assert all(sentence(line.error) for line in lines if line.error)
        assert one.asked == ["username", "usernames", "users", "spaces"]
        assert one.x.billed.count("user") == await one.counted() == 4
        before = len(one.asked)
        assert (await one.hosts("bob", "eve"))[0].host == lines[1].host
        assert len(one.asked) == before


async def test_fifty_new_ones_are_one_request(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        names = [one.x.add_user(f"host{number}").username for number in range(HOSTS_AT_ONCE)]
        lines = await one.hosts(*names)
        assert [line.host.username for line in lines if line.host] == names
        assert one.asked == ["usernames"]
        assert await one.mistake(one.lookups.hosts([*names, "more"], guild_id=GUILD, person=ASKER)) is (
            Mistake.TOO_MANY_LINES
        )


async def test_those_beyond_the_guilds_quota_are_told_so_and_not_asked_for(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=3) as one:
        names = [one.x.add_user(f"host{number}").username for number in range(5)]
        lines = await one.hosts("nobody", *names)
        assert mistakes(lines) == [XNotFound, type(None), type(None), *[Mistake.TOO_MANY_NEW_HOSTS] * 3]
        assert (await one.counted(), one.x.billed.count("user")) == (2, 2)
        lines = await one.hosts(*names)
        assert [line.host is not None for line in lines] == [True] * 3 + [False] * 2
        assert mistakes(await one.hosts(*names))[3:] == [Mistake.TOO_MANY_NEW_HOSTS] * 2
        assert await one.counted() == one.x.billed.count("user") == 3


async def test_those_beyond_the_money_are_told_so(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=9, budget=Decimal("0.60")) as one:
        names = [one.x.add_user(f"host{number}").username for number in range(5)]
        lines = await one.hosts(*names)
        assert mistakes(lines) == [type(None)] * 3 + [BudgetSpent] * 2
        assert await one.counted() == one.x.billed.count("user") == 3


async def test_an_answer_that_was_lost_counts_and_a_refusal_does_not(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=9) as one:
        one.x.add_user("ann")
        one.x.fault("usernames", Fault(status=403))
        assert mistakes(await one.hosts("ann", "bob")) != [type(None)] * 2
        assert await one.counted() == 0
        one.x.fault("usernames", Fault(drop="after", times=9))
        assert mistakes(await one.hosts("ann", "bob")) == [XDown] * 2
        assert await one.counted() == 2


LINES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["ann", "@BOB", "x.com/ann", "shy", "bad", "nobody", "12", "99", "x.com/i/spaces/1abc", "two words"]
    ),
)


@given(texts=st.lists(LINES, max_size=12), a_day=st.integers(0, 4) | st.none())
@settings(max_examples=40)
def test_every_line_has_one_outcome_and_never_more_is_bought_than_may_be(texts: list[str], a_day: int | None) -> None:
    async def ask() -> None:
        with TemporaryDirectory() as folder:
            async with desk(Path(folder), a_day=a_day) as one:
                users = [one.x.add_user("ann", id="12"), one.x.add_user("bob"), one.x.add_user("shy", protected=True)]
                one.x.add_user("bad").suspend()
                one.x.start_space(users[1], id="1abc")
                lines = await one.hosts(*texts)
                assert [line.text for line in lines] == [text for text in texts if text.strip()]
                for line in lines:
                    assert (line.host is None) is isinstance(line.error, SpacebotError)
                    assert line.error is None or sentence(line.error)
                bought = one.x.billed.count("user")
                assert a_day is None or bought <= await one.counted() <= a_day

    asyncio.run(ask())


def crowd(one: Desk, count: int) -> list[XUser]:
    return [one.x.add_user(f"user{number}") for number in range(count)]


async def test_a_lists_members_are_bought_up_to_the_most_wanted(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=500) as one:
        people = [*crowd(one, 119), one.x.add_user("shy", protected=True)]
        made = ListId(one.x.add_list(people[0], people).id)
        assert one.lookups.list_price(50) == 50 * Prices().user
        found = await one.of(one.lookups.list_members(made, guild_id=GUILD, person=ASKER, most=50))
        assert [host.username for host in found.hosts] == [user.username for user in reversed(people[70:119])]
        assert ([host.username for host in found.protected], found.has_more) == (["shy"], True)
        assert one.x.billed.count("user") == await one.counted() == 50
        found = await one.of(one.lookups.list_members(made, guild_id=GUILD, person=ASKER, most=300))
        assert (len(found.hosts), found.has_more) == (119, False)
        assert one.x.billed.count("user") == await one.counted() == 120
        assert one.asked == ["list_members"] * 3


async def test_a_list_is_cut_at_the_guilds_quota(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=101) as one:
        made = ListId(one.x.add_list(one.x.add_user("owner"), crowd(one, 150)).id)
        found = await one.of(one.lookups.list_members(made, guild_id=GUILD, person=ASKER, most=150))
        assert (len(found.hosts), found.has_more) == (100, True)
        assert one.x.billed.count("user") == await one.counted() == 100
        await one.hosts("owner")
        again = one.lookups.list_members(made, guild_id=GUILD, person=ASKER, most=150)
        assert await one.mistake(again) is Mistake.TOO_MANY_NEW_HOSTS


async def test_a_list_is_cut_at_what_may_be_spent(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=50, budget=Decimal("1.00")) as one:
        made = ListId(one.x.add_list(one.x.add_user("owner"), crowd(one, 10)).id)
        found = await one.of(one.lookups.list_members(made, guild_id=GUILD, person=ASKER, most=50))
        assert (len(found.hosts), found.has_more) == (5, True)
        assert one.x.billed.count("user") == await one.counted() == 5


@pytest.mark.parametrize("status", [200, 403, 404])
async def test_a_list_that_x_does_not_show_is_said_and_costs_nothing(tmp_path: Path, status: int) -> None:
    async with desk(tmp_path, a_day=5) as one:
        made = one.x.add_list(one.x.add_user("owner"), crowd(one, 3), private=True)
        if status != 200:
            kind = "resource-not-found" if status == 404 else "not-authorized-for-resource"
            body = f'{{"title":"No","type":"https://api.x.com/2/problems/{kind}","resource_type":"list"}}'
            one.x.fault("list_members", Fault(status=status, body=body.encode()))
        asked = one.lookups.list_members(ListId(made.id), guild_id=GUILD, person=ASKER, most=5)
        assert await one.mistake(asked) is Mistake.LIST_NOT_SHOWN
        assert await one.counted() == one.x.billed.count("user") == 0


async def test_an_empty_list_has_no_members(tmp_path: Path) -> None:
    async with desk(tmp_path, a_day=5) as one:
        made = ListId(one.x.add_list(one.x.add_user("owner"), []).id)
        found = await one.of(one.lookups.list_members(made, guild_id=GUILD, person=ASKER, most=5))
        assert (found.hosts, found.protected, found.has_more) == ((), (), False)
        assert await one.counted() == 0
