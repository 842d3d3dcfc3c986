"""What people ask goes through one gate: admitted once, answered from memory within a minute, and paid by who asked."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from spacebot.billing import Billing
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import SpaceId, UserId
from spacebot.errors import BudgetSpent, UserMistake, XNotFound
from spacebot.store.connection import Store
from spacebot.x.auth import BearerAuth
from spacebot.x.client import XClient
from spacebot.x.fields import SWEEP
from spacebot.x.host_batcher import HostBatcher
from spacebot.x.money import Prices, Usage
from spacebot.x.transport import Transport
from tests.clocks import START
from tests.errands import DETECTION, member
from tests.x.conftest import Bench


@pytest.fixture
async def billing(tmp_path: Path, bench: Bench) -> AsyncIterator[Billing]:
    async with Store(tmp_path / "books.sqlite3") as store:
        billing = Billing(store=store, clock=bench.clock, prices=Prices(), daily_budget=Decimal(10))
        await billing.open()
        yield billing


@pytest.fixture
def paying(bench: Bench, billing: Billing) -> XClient:
    """A client whose bill is kept."""
    auth = BearerAuth(SecretStr(bench.x.bearer_token))
    transport = Transport(session=bench.session, base_url=bench.x.url, auth=auth, clock=bench.clock, meter=billing)
    return XClient(transport, DETECTION)


async def test_the_same_question_within_a_minute_asks_nothing_and_takes_no_token(bench: Bench) -> None:
    space = SpaceId(bench.x.start_space(bench.x.add_user("host")).id)
    for person in range(60):
        for _ in range(5):
            assert (await bench.of(bench.client.on_behalf(member(person)).space(space))).items[0].id == space
    assert bench.asked("space") == 1
    bench.clock.jump(61)
    await bench.of(bench.client.on_behalf(member()).space(space))
    assert bench.asked("space") == 2


async def test_what_x_does_not_show_is_remembered_too(bench: Bench) -> None:
    for _ in range(30):
        with pytest.raises(XNotFound):
            await bench.of(bench.client.on_behalf(member()).user_by_username("nobody"))
    assert bench.asked("username") == 1


async def test_who_asks_the_same_at_once_shares_one_request(bench: Bench) -> None:
    space = SpaceId(bench.x.start_space(bench.x.add_user("host")).id)

    async def everybody() -> None:
        await asyncio.gather(*(bench.client.on_behalf(member(person)).space(space) for person in range(50)))

    await bench.of(everybody())
    assert bench.asked("space") == 1


async def test_other_fields_are_another_question(bench: Bench) -> None:
    space = SpaceId(bench.x.start_space(bench.x.add_user("host")).id)
    await bench.of(bench.client.on_behalf(member()).space(space))
    await bench.of(bench.client.on_behalf(member()).space(space, fields=SWEEP))
    assert bench.asked("space") == 2


async def test_the_watch_is_never_answered_from_memory(bench: Bench) -> None:
    space = SpaceId(bench.x.start_space(bench.x.add_user("host")).id)
    for _ in range(2):
        await bench.of(bench.client.on_behalf(replace(DETECTION, at_once=True)).spaces([space]))
    assert bench.asked("spaces") == 2


async def test_twenty_questions_of_a_person_and_sixty_of_a_guild_and_no_more_at_once(bench: Bench) -> None:
    refused: list[UserMistake] = []
    for person, guild in ((1, 1), (2, 1), (3, 1), (4, 1), (5, 2)):
        for number in range(25):
            try:
                with pytest.raises(XNotFound):
                    await bench.of(
                        bench.client.on_behalf(member(person, guild)).space(SpaceId(f"1no{person}x{number}"))
                    )
            except UserMistake as mistake:
                refused.append(mistake)
    assert bench.asked("space") == 20 * 4, "three people of the first guild, and the one of the second"
    assert len(refused) == 45
    until = refused[0].values["until"]
    assert not isinstance(until, (str, int))
    assert 0 < (until - START).total_seconds() <= 60


async def test_a_refusal_for_want_of_money_takes_no_request_of_the_window(
    bench: Bench, billing: Billing, paying: XClient
) -> None:
    people = paying.on_behalf(Errand(purpose=Purpose.PEOPLE))
    for number in range(3):
        bench.x.start_space(bench.x.add_user(f"host{number}"), title="tea")
    await bench.of(people.search("tea", fields=SWEEP))
    with pytest.raises(BudgetSpent):
        await bench.of(people.search("tea", fields=SWEEP))  # $1.50 at most, and the pot has less by now
    assert bench.asked("search") == 1
    assert people.windows()["search"].remaining == 299


async def test_a_host_that_rides_in_a_sweep_is_paid_by_who_asked(
    bench: Bench, billing: Billing, paying: XClient
) -> None:
    batcher = HostBatcher(paying, bench.clock)
    followed, asked = bench.x.add_user("followed"), bench.x.add_user("asked")
    bench.x.start_space(followed)
    bench.x.start_space(asked)

    async def both() -> None:
        await asyncio.gather(batcher.sweep([UserId(followed.id)]), batcher.ask(UserId(asked.id), member()))

    await bench.of(both())
    assert bench.asked("creator_ids") == 1
    spent = {one.purpose: one.millicents for one in await billing.spent_by()}
    assert spent == {Purpose.DETECTION: 1_500, Purpose.PEOPLE: 1_500}
    assert billing.room(Errand(purpose=Purpose.PEOPLE)) == 150_000 - 1_500
    assert billing.room(member()) == 37_500 - 1_500
    assert billing.room(DETECTION) == 600_000 - 1_500
    await bench.of(batcher.ask(UserId(asked.id), member(2)))
    assert bench.asked("creator_ids") == 1


async def test_a_sweep_that_does_not_fit_is_asked_in_smaller_parts(tmp_path: Path, bench: Bench) -> None:
    hosts = [UserId(bench.x.add_user(f"host{number}").id) for number in range(40)]
    async with Store(tmp_path / "small.sqlite3") as store:
        billing = Billing(store=store, clock=bench.clock, prices=Prices(), daily_budget=Decimal(1))
        await billing.open()
        auth = BearerAuth(SecretStr(bench.x.bearer_token))
        transport = Transport(session=bench.session, base_url=bench.x.url, auth=auth, clock=bench.clock, meter=billing)
        batcher = HostBatcher(XClient(transport, DETECTION), bench.clock)
        left: tuple[UserId, ...] = tuple(hosts)
        while left:
            left = (await bench.of(batcher.sweep(left))).left_out
        asked = [one.query["user_ids"].split(",") for one in bench.x.requests if one.endpoint == "creator_ids"]
        assert max(map(len, asked)) <= 10
        assert sorted(host for batch in asked for host in batch) == sorted(hosts)
        for number in range(0, 40, 8):
            bench.x.start_space(bench.x.users[hosts[number]])
        while billing.has_room(Purpose.DETECTION):
            bench.clock.jump(1)
            await billing.book(Usage(users=frozenset({str(bench.clock.monotonic())})), errand=DETECTION)
        with pytest.raises(BudgetSpent):
            await bench.of(batcher.sweep(hosts))
    assert bench.x.billed.dollars() <= 1
