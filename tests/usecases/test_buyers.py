"""All buyers of a Space's tickets, over the local X: as many as may be read, and what was read before X failed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from pydantic import SecretStr

from spacebot.domain.accounts import Link
from spacebot.domain.ids import PersonId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present.buyers import buyer_pages, rows, total
from spacebot.sandbox.x import Fault, LocalX, XSpace
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.links import Links
from spacebot.usecases.lookups import MOST_BUYERS, Lookups
from spacebot.usecases.watch_csv import written
from spacebot.x.auth import BearerAuth
from spacebot.x.client import XClient
from spacebot.x.host_batcher import HostBatcher
from spacebot.x.model import Page, User
from spacebot.x.transport import Transport
from tests.clocks import START, FakeClock
from tests.errands import PEOPLE
from tests.present.samples import assert_posted_safely
from tests.store.seed import live, look
from tests.usecases.test_lookups import Linked

CREATOR, ANOTHER = PersonId(1), PersonId(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    x: LocalX
    store: Store
    space: XSpace
    lookups: Lookups
    of_another: Lookups

    async def tickets(self) -> list[int | None]:
        host = UserId(self.space.creator.id)
        return [one.tickets for one in await self.store(Queries.own_counts, CREATOR, host)]


@asynccontextmanager
async def bench(folder: Path, *, buyers: int) -> AsyncIterator[Bench]:
    """A Space that is known, with so many buyers."""
    clock = FakeClock()
    async with LocalX(clock=clock) as x, aiohttp.ClientSession() as session, Store(folder / "x.sqlite3") as store:
        creator, other = x.add_user("creator"), x.add_user("other")
        space = x.start_space(creator, title="Ticketed", ticketed=True)
        for number in range(buyers):
            space.add_buyer(x.add_user(f"fan{number}"))
        host = User(id=UserId(creator.id), username="creator", name="Creator")
        await look(store, live(SpaceId(space.id), host))
        link = Link(person=CREATOR, access=b"sealed", refresh=None, expires_at=START, scopes="space.read")
        await store(Queries.set_link, link)
        auth = BearerAuth(SecretStr(x.bearer_token))
        client = XClient(Transport(session=session, base_url=x.url, auth=auth, clock=clock), PEOPLE)

        def lookups_of(token: str) -> Lookups:
            batcher = HostBatcher(client, clock)
            links = cast("Links", Linked(token))
            return Lookups(x=client, batcher=batcher, store=store, clock=clock, links=links)

        yield Bench(
            x=x,
            store=store,
            space=space,
            lookups=lookups_of(x.user_token(creator)),
            of_another=lookups_of(x.user_token(other)),
        )


async def test_all_are_read_and_the_total_is_the_creators_from_then_on(tmp_path: Path) -> None:
    async with bench(tmp_path, buyers=230) as there:
        assert await there.tickets() == []
        found = await there.lookups.all_buyers(SpaceId(there.space.id), guild_id=None, person=CREATOR)
        assert (len(found.users), found.is_all, found.why) == (230, True, None)
        assert await there.tickets() == [230]
        assert total(230, is_all=True, why=None).startswith("230 people have bought a ticket")


async def test_what_was_read_before_x_failed_is_handed_out_and_taken_for_no_total(tmp_path: Path) -> None:
    async with bench(tmp_path, buyers=230) as there:
        there.x.fault("buyers", Fault())  # none: the first page comes
        there.x.fault("buyers", Fault.credits_depleted(times=None))
        found = await there.lookups.all_buyers(SpaceId(there.space.id), guild_id=None, person=CREATOR)
        assert (len(found.users), found.is_all) == (100, False)
        assert found.why is not None
        assert "The file has 100 people" in total(100, is_all=False, why=found.why)
        assert await there.tickets() == []


async def test_no_more_are_read_than_a_file_has(tmp_path: Path) -> None:
    async with bench(tmp_path, buyers=MOST_BUYERS + 101) as there:
        found = await there.lookups.all_buyers(SpaceId(there.space.id), guild_id=None, person=CREATOR)
        assert (len(found.users), found.is_all) == (MOST_BUYERS, False)
        assert sum(exchange.endpoint == "buyers" for exchange in there.x.requests) == MOST_BUYERS / 100
        assert total(MOST_BUYERS, is_all=False, why=None).startswith("More than 2,000 people")
        assert await there.tickets() == []


@pytest.mark.parametrize("buyers", [0, 7])
async def test_where_the_first_page_is_all_its_number_is_the_total(tmp_path: Path, buyers: int) -> None:
    async with bench(tmp_path, buyers=buyers) as there:
        pages = await there.lookups.buyers(there.space.id, guild_id=None, person=CREATOR)
        assert len((await anext(pages)).items) == buyers
        assert await there.tickets() == [buyers]


async def test_nobody_but_the_creator_is_given_any(tmp_path: Path) -> None:
    async with bench(tmp_path, buyers=3) as there:
        with pytest.raises(UserMistake) as refused:
            await there.of_another.all_buyers(SpaceId(there.space.id), guild_id=None, person=ANOTHER)
        assert refused.value.mistake is Mistake.NOT_THE_CREATOR


def test_a_file_of_the_longest_names_is_taken_by_discord_and_run_by_no_spreadsheet() -> None:
    names = ["=1+1", "+1", "@x", "-1", "\t=1", 'a"\r\n=1', "\N{GRINNING FACE}" * 50]
    users = [
        User(id=UserId(str(10**18 + number)), username="x" * 15, name=names[number % len(names)])
        for number in range(MOST_BUYERS)
    ]
    content = written(rows(users), columns=("name", "handle", "account"))
    assert len(content) < 10 * 2**20
    assert content.count(b"'=1+1") == len([user for user in users if user.name == "=1+1"])
    for card in buyer_pages(Page(items=tuple(users[:100])), SpaceId("1OyKAWXYZabcd")):
        assert_posted_safely(card)
        assert [button.label for button in card.buttons] == ["Total, and a file"]
