"""What must always hold in the books, over a real database file."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId
from spacebot.domain.spending import UNANSWERED, SpendingLine, SpentBy
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.store.spending import Bill
from spacebot.x.money import Prices, Resource
from tests.errands import DETECTION

DAY = date(2026, 10, 1)
NEXT = DAY + timedelta(days=1)
PRICES = Prices()
SPACE: tuple[Resource, str] = ("space", "1a")
HOST: tuple[Resource, str] = ("user", "7")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "books.sqlite3") as store:
        yield store


def line(kind: str, count: int, millicents: int, day: date = DAY) -> SpendingLine:
    return SpendingLine(day=day, kind=kind, count=count, millicents=millicents)


def bill(*resources: tuple[Resource, str], day: date = DAY, errand: Errand = DETECTION) -> Bill:
    return Bill(day=day, errand=errand, resources=resources)


async def test_a_resource_is_paid_for_once_in_a_day_however_often_it_comes(store: Store) -> None:
    assert await store(Queries.pay, bill(SPACE, HOST, SPACE), PRICES) == 1_500
    assert await store(Queries.pay, bill(HOST, SPACE), PRICES) == 0
    assert await store(Queries.spending, DAY) == [line("space", 1, 500), line("user", 1, 1_000)]


async def test_on_the_next_day_it_is_paid_for_again(store: Store) -> None:
    await store(Queries.pay, bill(SPACE), PRICES)
    assert await store(Queries.pay, bill(SPACE, day=NEXT), PRICES) == 500
    assert await store(Queries.spending, DAY) == [line("space", 1, 500), line("space", 1, 500, NEXT)]
    assert await store(Queries.first_spending) == DAY


async def test_a_new_price_leaves_what_was_paid_at_the_old_one(store: Store) -> None:
    await store(Queries.pay, bill(("space", "1a")), Prices(space=500))
    await store(Queries.pay, bill(("space", "1b")), Prices(space=700))
    assert await store(Queries.spending, DAY) == [line("space", 2, 1_200)]


async def test_what_was_spent_is_kept_by_purpose_and_guild(store: Store) -> None:
    member = Errand(purpose=Purpose.PEOPLE, guild_id=GuildId(7), person=1)
    other = Errand(purpose=Purpose.PEOPLE, guild_id=GuildId(7), person=2)
    await store(Queries.pay, bill(SPACE), PRICES)
    await store(Queries.pay, bill(HOST, SPACE, errand=member), PRICES)
    await store(Queries.pay, bill(("space", "1b"), errand=other), PRICES)
    assert await store(Queries.spent_by, DAY) == [
        SpentBy(day=DAY, purpose=Purpose.PEOPLE, guild_id=GuildId(7), millicents=1_500),
        SpentBy(day=DAY, purpose=Purpose.DETECTION, guild_id=None, millicents=500),
    ]
    assert await store(Queries.spent_by, NEXT) == []


async def write(store: Store, *bills: Bill, given_up: int = 0, laid_aside: int = 0, last: date = DAY) -> None:
    days = (DAY, last)
    await store(Queries.write_books, bills, [(days, given_up)] if given_up else [], {days: laid_aside}, PRICES)


async def test_what_is_laid_aside_changes_with_what_is_booked(store: Store) -> None:
    await write(store, laid_aside=150_000)
    assert await store(Queries.total_laid_aside) == 150_000
    await write(store, bill(SPACE), bill(HOST), laid_aside=3_000)
    assert await store(Queries.total_laid_aside) == 3_000
    await write(store)
    assert await store(Queries.write_off) == 0
    assert await store(Queries.spending, DAY) == [line("space", 1, 500), line("user", 1, 1_000)]


async def test_what_nobody_can_tell_any_more_is_booked_at_its_most_and_only_once(store: Store) -> None:
    await write(store, given_up=2_000, laid_aside=3_000)
    assert await store(Queries.write_off) == 3_000
    assert await store(Queries.write_off) == 0
    assert await store(Queries.spending, DAY) == [line(UNANSWERED, 2, 5_000)]
    assert await store(Queries.total_laid_aside) == 0


async def test_close_to_midnight_it_counts_on_either_day(store: Store) -> None:
    await write(store, given_up=1_000, laid_aside=2_000, last=NEXT)
    assert await store(Queries.total_laid_aside) == 4_000
    assert await store(Queries.write_off) == 4_000
    assert await store(Queries.spending, DAY) == [line(UNANSWERED, 2, 3_000), line(UNANSWERED, 2, 3_000, NEXT)]


async def test_sums_outlive_the_single_resources(store: Store) -> None:
    await store(Queries.pay, bill(SPACE), PRICES)
    await store(Queries.pay, bill(SPACE, HOST, day=NEXT), PRICES)
    await store(Queries.forget_paid, NEXT)
    assert sorted(await store(Queries.paid)) == [(NEXT, "space", "1a"), (NEXT, "user", "7")]
    assert sum(one.count for one in await store(Queries.spending, DAY)) == 3


async def test_what_is_laid_aside_outlives_the_run_that_did_it(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite3"
    async with Store(path) as store:
        await write(store, laid_aside=2_000)
    async with Store(path) as store:
        assert await store(Queries.total_laid_aside) == 2_000
