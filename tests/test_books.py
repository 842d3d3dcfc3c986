"""What is laid aside covers, at every moment, what X may have billed and the books do not say yet."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from spacebot.billing import Billing
from spacebot.books import WRITTEN_EVERY
from spacebot.domain.errands import Errand, Purpose
from spacebot.errors import StoreError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.money import CostCeiling, Prices, Reservation, Usage
from tests.clocks import START, FakeClock
from tests.errands import DETECTION, PEOPLE

DAY = START.date()
MIDNIGHT = datetime(2026, 10, 2, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "books.sqlite3") as store:
        yield store


async def opened(store: Store, clock: FakeClock, budget: str | None = None) -> Billing:
    billing = Billing(
        store=store, clock=clock, prices=Prices(), daily_budget=None if budget is None else Decimal(budget)
    )
    await billing.open()
    return billing


@pytest.fixture
async def billing(store: Store, clock: FakeClock) -> Billing:
    return await opened(store, clock)


def ceiling(most: int = 10, *subjects: str) -> CostCeiling:
    """Of a question that may bring so many Spaces, at 500 each."""
    return CostCeiling(unnamed={"space": most}, question="spaces", subjects=frozenset(subjects))


def spaces(*ids: str) -> Usage:
    return Usage(spaces=frozenset(ids))


class Writes:
    """Counts how often the books are written, and can hold a write up or let it fail."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.fail = False
        write = Queries.write_books

        def counted(queries: Queries, *args: object) -> None:
            self.count += 1
            if self.fail:
                raise StoreError("disk full")
            write(queries, *args)  # type: ignore[arg-type]  # handed through as they are

        monkeypatch.setattr(Queries, "write_books", counted)


@pytest.fixture
def writes(store: Store, monkeypatch: pytest.MonkeyPatch) -> Writes:
    return Writes(store, monkeypatch)


async def laid_aside(store: Store) -> int:
    return await store(Queries.total_laid_aside)


async def booked(store: Store) -> int:
    return sum(line.millicents for line in await store(Queries.spending, DAY))


async def test_a_steady_run_of_questions_writes_once(
    store: Store, billing: Billing, writes: Writes, clock: FakeClock
) -> None:
    for _ in range(100):
        await billing.settle(await billing.reserve(ceiling(), DETECTION), spaces("1a"), clock.now())
    assert writes.count <= 3
    assert await laid_aside(store) + await booked(store) >= 500 + 5_000


async def test_questions_at_once_share_a_write(store: Store, billing: Billing, writes: Writes) -> None:
    await asyncio.gather(*(billing.reserve(ceiling(), DETECTION) for _ in range(50)))
    assert await laid_aside(store) == 50 * 5_000
    assert writes.count <= 2


async def test_what_fits_the_lot_waits_for_nothing(billing: Billing, writes: Writes) -> None:
    await billing.release(await billing.reserve(ceiling(), DETECTION))
    writes.fail = True
    await billing.release(await billing.reserve(ceiling(), DETECTION))
    reservation = await billing.reserve(ceiling(), DETECTION)
    with pytest.raises(StoreError):
        await billing.reserve(ceiling(1), DETECTION)
    await billing.release(reservation)
    await billing.reserve(ceiling(), DETECTION)


async def test_within_seconds_all_is_written_and_what_idles_is_given_back(
    store: Store, billing: Billing, clock: FakeClock
) -> None:
    writing = asyncio.create_task(billing.keep_written())
    await billing.settle(await billing.reserve(ceiling(), DETECTION), spaces("1a"), clock.now())
    assert (await booked(store), await laid_aside(store)) == (0, 5_000)
    await settled(clock, WRITTEN_EVERY)
    assert (await booked(store), await laid_aside(store)) == (500, 5_000), "it was needed since"
    await settled(clock, WRITTEN_EVERY)
    assert (await booked(store), await laid_aside(store)) == (500, 0)
    writing.cancel()


async def settled(clock: FakeClock, seconds: float) -> None:
    """Let the time pass, and the database's thread do what it was given."""
    await clock.advance(seconds)
    for _ in range(100):
        await asyncio.sleep(0.001)


async def test_a_refusal_gives_back_all_that_was_laid_aside(store: Store, billing: Billing) -> None:
    await billing.release(await billing.reserve(ceiling(), DETECTION))
    assert (await billing.summary()).open_requests == 0
    for _ in range(2):
        await billing.write(give_back=True)
    assert (await booked(store), await laid_aside(store)) == (0, 0)


async def test_a_lot_takes_nothing_from_what_others_may_spend(store: Store, clock: FakeClock) -> None:
    billing = await opened(store, clock, "1.00")
    await billing.settle(await billing.reserve(ceiling(30), PEOPLE), spaces("1a"), clock.now())
    assert await laid_aside(store) == 15_000
    assert billing.room(PEOPLE) == 15_000 - 500
    assert billing.room(DETECTION) == 60_000
    assert billing.room(Errand(purpose=Purpose.KEYWORD)) == 10_000


async def test_more_than_was_thought_possible_is_written_at_once(
    store: Store, billing: Billing, clock: FakeClock
) -> None:
    await billing.settle(await billing.reserve(ceiling(1), DETECTION), spaces("1a", "1b", "1c"), clock.now())
    assert await booked(store) == 1_500


async def test_an_answer_of_another_day_than_was_laid_aside_for_is_written_at_once(
    store: Store, billing: Billing, clock: FakeClock
) -> None:
    reservation = await billing.reserve(ceiling(), DETECTION)
    await billing.settle(reservation, spaces("1a"), MIDNIGHT)
    assert [(line.day, line.millicents) for line in await store(Queries.spending, DAY)] == [(MIDNIGHT.date(), 500)]


async def test_who_gives_up_before_it_is_laid_aside_has_reserved_nothing(store: Store, clock: FakeClock) -> None:
    billing = await opened(store, clock, "1.00")
    asking = asyncio.create_task(billing.reserve(ceiling(30), PEOPLE))
    await asyncio.sleep(0)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    assert (await billing.summary()).open_requests == 0
    assert billing.room(PEOPLE) == 15_000
    await billing.reserve(ceiling(30), PEOPLE)
    assert await laid_aside(store) == 15_000


async def test_a_write_whose_waiter_has_gone_books_nothing_twice(store: Store, billing: Billing) -> None:
    lost = await billing.reserve(ceiling(10, "1a"), DETECTION)
    await billing.answer_lost(lost)
    billing._books.give_up(lost.days, lost.millicents)
    writing = asyncio.create_task(billing.write())
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait([writing])
    await billing.write()
    assert await booked(store) == 5_000


async def test_midnight_moves_what_is_laid_aside_to_the_new_day(
    store: Store, billing: Billing, clock: FakeClock
) -> None:
    clock.jump((MIDNIGHT - clock.now()).total_seconds() - 60)
    await billing.settle(await billing.reserve(ceiling(), DETECTION), spaces("1a"), clock.now())
    assert await laid_aside(store) == 2 * 5_000, "X may bill it on either day"
    clock.jump(3_600)
    for _ in range(2):
        await billing.write(give_back=True)
    await billing.settle(await billing.reserve(ceiling(), DETECTION), spaces("1a"), clock.now())
    assert await laid_aside(store) == 5_000
    await billing.close(1)
    assert await laid_aside(store) == 0
    assert [(line.day, line.millicents) for line in await store(Queries.spending, DAY)] == [
        (DAY, 500),
        (MIDNIGHT.date(), 500),
    ]


async def test_a_stop_writes_everything(store: Store, billing: Billing, clock: FakeClock) -> None:
    await billing.settle(await billing.reserve(ceiling(), DETECTION), spaces("1a"), clock.now())
    await billing.close(1)
    assert (await booked(store), await laid_aside(store)) == (500, 0)


@dataclass
class Story:
    """Days of a bot that asks, is answered, loses answers and crashes; beside it, X's own bill."""

    store: Store
    clock: FakeClock
    chance: random.Random
    billing: Billing
    under_way: list[Reservation] = field(default_factory=list)
    bill: dict[date, set[str]] = field(default_factory=dict)
    goes_well: bool = False
    """Whether nothing is lost, and nothing crashes."""
    crashes: int = 0

    def answer(self, reservation: Reservation) -> tuple[Usage, datetime]:
        """X answers with some of its Spaces, and bills them."""
        most = reservation.millicents // 500
        some = self.chance.sample([f"{number}a" for number in range(30)], min(most, self.chance.randrange(12)))
        at = self.clock.now()
        self.bill.setdefault(at.date(), set()).update(some)
        return spaces(*some), at

    async def step(self) -> None:
        """Something happens."""
        what = self.chance.choices(
            ["ask", "answer", "lose", "refuse", "write", "give back", "wait", "crash"],
            [8, 8, 0 if self.goes_well else 1, 1, 2, 2, 3, 0 if self.goes_well else 0.5],
        )[0]
        if what == "ask":
            asked = self.chance.sample("abcdefgh", 2)
            self.under_way.append(await self.billing.reserve(ceiling(self.chance.randrange(1, 12), *asked), DETECTION))
        elif what == "wait":
            left = (
                datetime.combine(self.clock.now().date() + timedelta(days=1), datetime.min.time(), UTC)
            ) - self.clock.now()
            near = max(1.0, left.total_seconds() + self.chance.uniform(-90, 30))
            # What is under way is answered before long, as the transport sees to.
            seconds = self.chance.uniform(0, 20) if self.under_way else self.chance.choice([5, 600, 7_200, near])
            self.clock.jump(seconds)
        elif what in {"write", "give back"}:
            await self.billing.write(give_back=what == "give back")
        elif what == "crash":
            for reservation in self.under_way:
                self.answer(reservation)
            self.under_way = []
            self.billing = await opened(self.store, self.clock)
            self.crashes += 1
        elif self.under_way:
            reservation = self.under_way.pop(self.chance.randrange(len(self.under_way)))
            if what == "refuse":
                await self.billing.release(reservation)
            elif what == "lose":
                self.answer(reservation)
                await self.billing.answer_lost(reservation)
            else:
                await self.billing.settle(reservation, *self.answer(reservation))

    async def on_disk(self) -> dict[date, int]:
        """What a crash now would leave in the books, by day."""
        sums: dict[date, int] = {}
        for line in await self.store(Queries.spending, DAY):
            sums[line.day] = sums.get(line.day, 0) + line.millicents
        for first, last, millicents in await self.store(_lots):
            for day in {first, last}:
                sums[day] = sums.get(day, 0) + millicents
        return sums

    async def must_be_covered(self) -> None:
        """X may still bill each request under way at its most, on any of its days."""
        sums = await self.on_disk()
        for day in {*self.bill, *(day for one in self.under_way for day in one.days)}:
            due = 500 * len(self.bill.get(day, ())) + sum(one.millicents for one in self.under_way if day in one.days)
            assert sums.get(day, 0) >= due, day


def _lots(queries: Queries) -> list[tuple[date, date, int]]:
    rows = queries.db.execute("SELECT first_day, last_day, millicents FROM reservations").fetchall()
    return [(date(1970, 1, 1) + timedelta(days=a), date(1970, 1, 1) + timedelta(days=b), c) for a, b, c in rows]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_a_crash_would_leave_no_less_than_x_bills(
    store: Store, billing: Billing, clock: FakeClock, seed: int
) -> None:
    story = Story(store=store, clock=clock, chance=random.Random(seed), billing=billing)  # noqa: S311 - a story
    for _ in range(400):
        await story.step()
        await story.must_be_covered()
    assert story.crashes


@pytest.mark.parametrize("seed", range(4))
async def test_without_crashes_or_losses_the_books_are_the_bill(
    store: Store, billing: Billing, clock: FakeClock, seed: int
) -> None:
    chance = random.Random(1_000 + seed)  # noqa: S311 - a story
    story = Story(store=store, clock=clock, chance=chance, billing=billing, goes_well=True)
    for _ in range(10):
        for _ in range(40):
            await story.step()
        for reservation in story.under_way:
            await billing.settle(reservation, *story.answer(reservation))
        story.under_way = []
        await billing.close(1)
        assert await laid_aside(store) == 0
        assert await story.on_disk() == {day: 500 * len(ids) for day, ids in story.bill.items() if ids}
    assert len(story.bill) > 1
