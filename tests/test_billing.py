"""The books beside X's own bill, through crashes, lost answers and midnights; and what a budget lets through."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from spacebot.billing import Billing, forecast
from spacebot.clock import Clock
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.spending import UNANSWERED, SpendingLine
from spacebot.errors import BudgetSpent, StoreError, UserMistake, XError
from spacebot.sandbox.x import Fault, LocalX
from spacebot.sandbox.x.model import XSpace, XUser
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.auth import BearerAuth
from spacebot.x.client import XClient
from spacebot.x.fields import FULL
from spacebot.x.money import CostCeiling, Payers, Prices, Reservation, Usage, millicents
from spacebot.x.pots import Hold
from spacebot.x.transport import Transport
from tests.clocks import START, FakeClock, run_until
from tests.errands import DETECTION, PEOPLE

DAY = START.date()
MIDNIGHT = datetime(2026, 10, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def spaces(*ids: str) -> Usage:
    return Usage(spaces=frozenset(ids))


def question(*subjects: str, most: int = 10) -> CostCeiling:
    return CostCeiling(unnamed={"space": most}, question="spaces", subjects=frozenset(subjects))


@asynccontextmanager
async def opened(folder: Path, clock: Clock, *, budget: str | None = None) -> AsyncIterator[Billing]:
    """The books as a start of the bot finds them."""
    async with Store(folder / "books.sqlite3") as store:
        billing = Billing(
            store=store, clock=clock, prices=Prices(), daily_budget=None if budget is None else Decimal(budget)
        )
        await billing.open()
        yield billing


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def billing(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Billing]:
    async with opened(tmp_path, clock, budget="1.00") as billing:
        yield billing


async def lines(billing: Billing) -> dict[tuple[date, str], int]:
    """What is booked."""
    await billing.write()
    return {(line.day, line.kind): line.millicents for line in await billing._store(Queries.spending, DAY)}


async def total_reserved(billing: Billing) -> int:
    return (await billing.summary()).open_requests


# Reserving and settling


async def test_a_request_is_in_the_books_before_it_goes_and_settled_by_its_answer(billing: Billing) -> None:
    reservation = await billing.reserve(question("1a"), DETECTION)
    assert await total_reserved(billing) == 5_000
    await billing.settle(reservation, spaces("1a", "1b"), START)
    assert await total_reserved(billing) == 0
    assert await lines(billing) == {(DAY, "space"): 1_000}


async def test_what_x_refuses_is_free(billing: Billing) -> None:
    await billing.release(await billing.reserve(question("1a"), DETECTION))
    assert await total_reserved(billing) == 0
    assert await lines(billing) == {}


async def test_what_is_paid_for_is_known_without_asking_the_database(
    tmp_path: Path, clock: FakeClock, billing: Billing
) -> None:
    await billing.book(spaces("1a"))
    asked = CostCeiling(named=spaces("1a", "1b"), unnamed={})
    assert billing.cost(asked) == 500
    async with opened(tmp_path, clock) as restarted:
        assert restarted.cost(asked) == 500
    clock.jump(HOUR.total_seconds() * 12)
    assert billing.cost(asked) == 1_000


async def test_less_is_laid_aside_where_it_is_paid_for_already(billing: Billing) -> None:
    await billing.book(spaces("1a"))
    await billing.reserve(CostCeiling(named=spaces("1a", "1b"), unnamed={"user": 1}), DETECTION)
    assert await total_reserved(billing) == 500 + 1_000


async def test_what_can_cost_nothing_is_asked_without_a_word_in_the_books(billing: Billing, clock: FakeClock) -> None:
    paid = Usage(spaces=frozenset("ab"), users=frozenset({"1"}), creators_of=frozenset("ab"))
    await billing.settle(await billing.reserve(CostCeiling(unnamed={"user": 9}), DETECTION), paid, clock.now())
    booked = await lines(billing)
    ceiling = CostCeiling(named=spaces("a", "b"), creators_of=frozenset("ab"), unnamed={})
    for end in (
        lambda one: billing.settle(one, paid, clock.now()),
        billing.release,
        billing.answer_lost,
    ):
        reservation = await billing.reserve(ceiling, DETECTION)
        assert reservation.millicents == 0
        assert await total_reserved(billing) == 0
        await end(reservation)
        assert await total_reserved(billing) == 0
        assert await lines(billing) == booked
    clock.jump(86_400)
    assert (await billing.reserve(ceiling, DETECTION)).millicents == 500 + 500 + 2_000


async def test_a_lost_answer_is_settled_by_the_next_good_one_to_the_same_question(
    billing: Billing, clock: FakeClock
) -> None:
    await billing.answer_lost(await billing.reserve(question("1a", "1b"), DETECTION))
    assert await total_reserved(billing) == 5_000
    for subject, left in (("1a", 5_000), ("1b", 0)):
        clock.jump(1)
        await billing.settle(await billing.reserve(question(subject), DETECTION), spaces(subject), clock.now())
        assert await total_reserved(billing) == left
    assert await lines(billing) == {(DAY, "space"): 1_000}


async def test_an_answer_to_something_else_or_to_an_earlier_request_settles_no_lost_one(billing: Billing) -> None:
    earlier = Reservation(millicents=0, days=(DAY, DAY), ceiling=question("1a"), at=START - HOUR, errand=DETECTION)
    await billing.answer_lost(await billing.reserve(question("1a"), DETECTION))
    await billing.settle(earlier, spaces("1a"), START)
    other = CostCeiling(unnamed={"space": 1}, question="search", subjects=frozenset({"1a"}))
    await billing.settle(await billing.reserve(other, DETECTION), spaces("1a"), START)
    assert await total_reserved(billing) == 5_000


async def test_an_hour_of_lost_answers_counts_once(billing: Billing, clock: FakeClock) -> None:
    for _ in range(60):
        clock.jump(60)
        await billing.answer_lost(await billing.reserve(question("1a", "1b"), DETECTION))
    assert await total_reserved(billing) == 5_000


async def test_a_lost_answer_that_its_day_leaves_open_is_booked_at_its_most(billing: Billing, clock: FakeClock) -> None:
    await billing.answer_lost(await billing.reserve(question("1a"), DETECTION))
    clock.jump(HOUR.total_seconds() * 13)
    await billing.settle(await billing.reserve(question("1a"), DETECTION), spaces("1a"), clock.now())
    assert await lines(billing) == {(DAY, UNANSWERED): 5_000, (MIDNIGHT.date(), "space"): 500}
    assert await total_reserved(billing) == 0


@pytest.mark.parametrize("seconds", [-200, 30])
async def test_a_lost_answer_close_to_midnight_counts_on_both_days(tmp_path: Path, seconds: int) -> None:
    clock = FakeClock(start=MIDNIGHT + timedelta(seconds=seconds))
    async with opened(tmp_path, clock) as billing:
        await billing.book(spaces("1a"))
        await billing.answer_lost(await billing.reserve(question("1a"), DETECTION))
        clock.jump(1)
        await billing.settle(await billing.reserve(question("1a"), DETECTION), spaces("1a"), clock.now())
        clock.jump(HOUR.total_seconds())
        await billing.summary()
        booked = await lines(billing)
    assert booked[DAY, UNANSWERED] == booked[MIDNIGHT.date(), UNANSWERED] == 5_000


async def test_close_to_midnight_what_is_paid_for_today_may_have_to_be_paid_again(tmp_path: Path) -> None:
    clock = FakeClock(start=MIDNIGHT - timedelta(minutes=2))
    async with opened(tmp_path, clock) as billing:
        await billing.book(spaces("1a"))
        await billing.reserve(CostCeiling(named=spaces("1a"), unnamed={}), DETECTION)
        assert await total_reserved(billing) == 500 + 500


async def test_what_cannot_be_written_stays_covered_until_it_can(
    billing: Billing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="spacebot.billing")

    def fail(*_: object) -> None:
        raise StoreError("disk full")

    reservation = await billing.reserve(question("1a"), DETECTION)
    with monkeypatch.context() as broken:
        broken.setattr(Queries, "write_books", fail)
        await billing.settle(reservation, spaces("1a"), START)
        await billing.write(give_back=True)
        with pytest.raises(StoreError):
            await billing.reserve(question("1b"), DETECTION)  # with what is not written, it does not fit the lot
        await billing.reserve(question("1b", most=9), DETECTION)
    assert "disk full" in caplog.text
    assert await billing._store(Queries.spending, DAY) == []
    assert await billing._store(Queries.total_laid_aside) == 5_000
    assert await lines(billing) == {(DAY, "space"): 500}
    assert await total_reserved(billing) == 4_500
    assert caplog.messages[-1] == "X's bill can be written down again."


async def test_a_crash_leaves_its_requests_at_their_most(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, clock) as billing:
        await billing.reserve(question("1a"), DETECTION)
    async with opened(tmp_path, clock) as billing:
        assert await lines(billing) == {(DAY, UNANSWERED): 5_000}
        assert await total_reserved(billing) == 0
    assert "($0.05)" in caplog.text


async def test_pushed_events_are_booked_once_each_and_a_crash_leaves_room_for_those_on_their_way(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with opened(tmp_path, clock) as billing:
        await billing.reserve_events()
        await billing.reserve_events()
        for uuid in ("-5", "6", "-5"):
            billing.book_event(uuid)
        await asyncio.gather(*billing._events)
        assert await lines(billing) == {(DAY, "event"): 1_000}
        assert await total_reserved(billing) == 20 * 500
    async with opened(tmp_path, clock) as billing:
        assert await lines(billing) == {(DAY, "event"): 1_000, (DAY, UNANSWERED): 20 * 500}


async def test_what_is_laid_aside_for_events_moves_on_with_the_day(tmp_path: Path, clock: FakeClock) -> None:
    async with opened(tmp_path, clock) as billing:
        await billing.reserve_events()
        clock.jump(HOUR.total_seconds() * 24)
        await billing.book(spaces("1a"))
    async with opened(tmp_path, clock) as billing:
        assert await lines(billing) == {(MIDNIGHT.date(), "space"): 500, (MIDNIGHT.date(), UNANSWERED): 20 * 500}


async def test_an_orderly_stop_books_what_is_under_way_and_leaves_nothing_open(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with opened(tmp_path, clock) as billing:
        await billing.reserve_events()
        billing.book_event("6")
        reservation = await billing.reserve(question("1a"), DETECTION)
        closing = asyncio.create_task(billing.close(10))
        await clock.settle()
        assert not closing.done()
        await billing.settle(reservation, spaces("1a"), START)
        await closing
    async with opened(tmp_path, clock) as billing:
        assert await lines(billing) == {(DAY, "event"): 500, (DAY, "space"): 500}


async def test_a_stop_does_not_wait_for_ever(billing: Billing) -> None:
    await billing.reserve(question("1a"), DETECTION)
    await billing.close(0)
    assert await total_reserved(billing) == 5_000


# The budget


async def test_each_purpose_asks_until_its_pot_is_empty_which_is_said_once(
    billing: Billing, caplog: pytest.LogCaptureFixture
) -> None:
    pots = {purpose: billing._pots.size(purpose) or 0 for purpose in Purpose}
    assert pots == {
        Purpose.DETECTION: 60_000,
        Purpose.PEOPLE: 15_000,
        Purpose.KEYWORD: 10_000,
        Purpose.REFRESH: 5_000,
        Purpose.ACCOUNTS: 5_000,
        Purpose.PUSH: 5_000,
    }
    for number, purpose in enumerate(Purpose):
        errand = Errand(purpose=purpose)
        count = 0
        while billing.has_room(purpose):
            await billing.book(spaces(f"{number}a{count}"), errand=errand)
            count += 1
            assert count <= 200
        # What X pushes it bills in any case, and it looks for Spaces as detection does.
        left = 6_000 if purpose is Purpose.PUSH else 0
        assert count * 500 <= pots[purpose] + left, purpose
        with pytest.raises(BudgetSpent) as refused:
            await billing.reserve(CostCeiling(unnamed={"user": 100}), errand)
        assert refused.value.reset_date == MIDNIGHT
    said = [record for record in caplog.records if record.name == "spacebot.billing"]
    assert [record.levelno for record in said].count(logging.ERROR) == 1
    assert said[0].getMessage() == (
        "Today's money for this is spent ($0.54 of $0.60, of a budget of $1.00): no looking for Spaces until midnight UTC."
    )
    assert len(said) == len(Purpose)
    summary = await billing.summary()
    assert set(summary.dropped) == set(Purpose)
    assert summary.spent_today <= (summary.budget or 0)


async def test_what_is_under_way_counts(billing: Billing) -> None:
    reservation = await billing.reserve(question("1a", most=100), DETECTION)  # $0.50 of $0.60
    with pytest.raises(BudgetSpent):
        await billing.reserve(question("1b", most=100), DETECTION)
    assert billing.has_room(Purpose.DETECTION), "most of it will be given back"
    await billing.settle(reservation, spaces("1a"), START)
    await billing.reserve(question("1b", most=100), DETECTION)


async def test_a_lost_answer_keeps_its_money_where_nobody_asks_again(tmp_path: Path, clock: FakeClock) -> None:
    async with opened(tmp_path, clock, budget="1.00") as billing:
        await billing.answer_lost(await billing.reserve(question("1a", most=30), PEOPLE))
        assert billing.room(PEOPLE) == 0
        await billing.answer_lost(await billing.reserve(question("1a", most=100), DETECTION))
        assert billing.room(DETECTION) == 60_000, "an hour of lost answers must not end the day's looking"


async def test_midnight_fills_the_pots_again(billing: Billing, clock: FakeClock) -> None:
    await billing.book(spaces(*map(str, range(200))), errand=DETECTION)
    with pytest.raises(BudgetSpent, match="ask again after midnight UTC"):
        await billing.reserve(question("1a"), DETECTION)
    clock.jump((MIDNIGHT - clock.now()).total_seconds())
    await billing.reserve(question("1a"), DETECTION)
    assert (await billing.summary()).dropped == ()


async def test_a_restart_fills_no_pot_and_no_guilds_share(tmp_path: Path, clock: FakeClock) -> None:
    member = Errand(purpose=Purpose.PEOPLE, guild_id=GuildId(7), person=1)
    neighbour = Errand(purpose=Purpose.PEOPLE, guild_id=GuildId(7), person=2)
    stranger = Errand(purpose=Purpose.PEOPLE, guild_id=GuildId(8), person=3)
    async with opened(tmp_path, clock, budget="10.00") as billing:
        billing.share_among(lambda: 100)
        await billing.book(spaces(*map(str, range(1_190))), errand=DETECTION)
        await billing.book(spaces(*(f"a{number}" for number in range(20))), errand=member)
    async with opened(tmp_path, clock, budget="10.00") as billing:
        billing.share_among(lambda: 100)
        assert not billing.has_room(Purpose.DETECTION)
        with pytest.raises(UserMistake, match=Mistake.GUILD_SHARE_SPENT):
            billing.admit(neighbour)
        billing.admit(stranger)
        spent = await billing.spent_by()
        assert [(one.purpose, one.guild_id) for one in spent] == [
            (Purpose.DETECTION, None),
            (Purpose.PEOPLE, GuildId(7)),
        ]


async def test_what_a_crash_left_open_does_not_use_the_budget_up(tmp_path: Path, clock: FakeClock) -> None:
    async with opened(tmp_path, clock, budget="1.00") as billing:
        await billing.reserve(question("1a", most=100), DETECTION)
    async with opened(tmp_path, clock, budget="1.00") as billing:
        assert billing.has_room(Purpose.DETECTION)
        assert (await billing.summary()).spent_today == 50_000


async def test_without_a_budget_everything_is_allowed(tmp_path: Path, clock: FakeClock) -> None:
    async with opened(tmp_path, clock) as billing:
        await billing.book(spaces(*map(str, range(1_000))), errand=DETECTION)
        assert all(billing.has_room(purpose) for purpose in Purpose)


async def test_each_pays_for_what_they_asked_of_a_request_that_they_share(billing: Billing) -> None:
    member = Errand(purpose=Purpose.PEOPLE, guild_id=GuildId(7), person=1)
    seat = billing.seat(member, CostCeiling(unnamed={"space": 11}))
    ceiling = CostCeiling(named=Usage(users=frozenset({"5", "6"})), unnamed={"space": 22})
    reservation = await billing.reserve(ceiling, DETECTION, seats=seat.millicents)
    usage = Usage(spaces=frozenset({"1a", "1b"}), users=frozenset({"5", "6"}))
    await billing.settle(reservation, usage, START, {("user", "6"): member, ("space", "1b"): member})
    billing.leave(seat)
    spent = {one.purpose: one.millicents for one in await billing.spent_by()}
    assert spent == {Purpose.DETECTION: 1_500, Purpose.PEOPLE: 1_500}
    assert billing.room(PEOPLE) == 15_000 - 1_500


# Summary and forecast


def line(day: date, millicents: int, kind: str = "space") -> SpendingLine:
    return SpendingLine(day=day, kind=kind, count=millicents // 500, millicents=millicents)


def test_the_forecast_adds_the_usual_days_to_what_is_spent() -> None:
    first = date(2026, 10, 1)
    spent = [line(first + timedelta(days=day), 1_000) for day in range(10)]  # the first to the tenth
    now = datetime(2026, 10, 11, 6, tzinfo=UTC)
    assert forecast(spent, now, first) == 31 * 1_000
    busy = [*spent, line(now.date(), 5_000)]
    assert forecast(busy, now, first) == 10 * 1_000 + 5_000 + 20 * 1_000


def test_days_before_the_month_make_the_forecast_and_are_not_part_of_it() -> None:
    september = [line(date(2026, 9, day), 2_000) for day in range(24, 31)]
    assert forecast(september, datetime(2026, 10, 1, 0, 1, tzinfo=UTC), date(2026, 9, 1)) == 31 * 2_000


def test_quiet_days_count_and_days_before_the_first_do_not() -> None:
    now = datetime(2026, 10, 5, tzinfo=UTC)
    spent = [line(date(2026, 10, 3), 2_000)]
    assert forecast(spent, now, date(2026, 10, 3)) == 2_000 + 27 * 1_000


def test_on_the_first_day_the_forecast_is_in_proportion() -> None:
    noon = datetime(2026, 10, 31, 12, tzinfo=UTC)
    assert forecast([line(noon.date(), 500)], noon, noon.date()) == 1_000
    assert forecast([], noon, noon.date()) == 0


async def test_the_summary_tells_today_month_and_forecast(billing: Billing, clock: FakeClock) -> None:
    await billing.book(spaces("1a"))
    clock.jump(HOUR.total_seconds() * 24)
    await billing.book(Usage(spaces=frozenset({"1a"}), users=frozenset({"7"}), events=frozenset({"-5"})))
    summary = await billing.summary()
    assert {one.kind: (one.count, one.millicents) for one in summary.today} == {
        "space": (1, 500),
        "user": (1, 1_000),
        "event": (1, 500),
    }
    assert (summary.spent_today, summary.month) == (2_000, 2_500)
    assert summary.forecast == 2_500 + 29 * 500


# A month beside X's own bill


class Mortal:
    """A meter whose process dies at a step: from then on nothing that it is asked ever happens."""

    def __init__(self, billing: Billing, *, dies: str | None) -> None:
        self._billing = billing
        self._dies = dies
        self.died = asyncio.Event()

    def admit(self, errand: Errand) -> None:
        self._billing.admit(errand)

    def room(self, errand: Errand) -> int | None:
        return self._billing.room(errand)

    def cost(self, ceiling: CostCeiling) -> int:
        return self._billing.cost(ceiling)

    def seat(self, errand: Errand, ceiling: CostCeiling) -> Hold:
        return self._billing.seat(errand, ceiling)

    def leave(self, seat: Hold) -> None:
        self._billing.leave(seat)

    def check(self, errand: Errand, ceiling: CostCeiling) -> None:
        self._billing.check(errand, ceiling)

    async def reserve(self, ceiling: CostCeiling, errand: Errand, *, seats: int = 0) -> Reservation:
        await self._step("before it is reserved")
        reservation = await self._billing.reserve(ceiling, errand, seats=seats)
        await self._step("before it is sent")
        return reservation

    async def settle(self, reservation: Reservation, usage: Usage, at: datetime, payers: Payers | None = None) -> None:
        await self._step("before it is booked")
        await self._billing.settle(reservation, usage, at, payers)
        await self._step("after it is booked")

    async def release(self, reservation: Reservation) -> None:
        await self._step("before it is booked")
        await self._billing.release(reservation)
        await self._step("after it is booked")

    async def answer_lost(self, reservation: Reservation) -> None:
        await self._step("before it is booked")
        await self._billing.answer_lost(reservation)
        await self._step("after it is booked")

    async def dies_after(self, turns: int | None) -> None:
        """Die in the middle of whatever it is, unless `turns` is None."""
        if turns is None:
            return
        for _ in range(turns):
            await asyncio.sleep(0)
        self.died.set()

    async def _step(self, step: str) -> None:
        if step == self._dies:
            self.died.set()
        if self.died.is_set():
            await asyncio.Event().wait()


STEPS = ("before it is reserved", "before it is sent", "before it is booked", "after it is booked", "anywhere")


@dataclass(kw_only=True)
class Run:
    """A bot from its start to its end."""

    billing: Billing
    session: aiohttp.ClientSession
    url: str
    token: str
    clock: Clock
    client: XClient = field(init=False)
    meter: Mortal = field(init=False)

    def __post_init__(self) -> None:
        self.live_until(None)

    def live_until(self, step: str | None) -> None:
        self.meter = Mortal(self.billing, dies=step)
        self.client = XClient(
            Transport(
                session=self.session,
                base_url=self.url,
                auth=BearerAuth(SecretStr(self.token)),
                clock=self.clock,
                meter=self.meter,
            ),
            PEOPLE,
        )


@dataclass(kw_only=True)
class Month:
    """A local X with its people, and a bot that is started again whenever it has crashed."""

    x: LocalX
    clock: FakeClock
    folder: Path
    chance: random.Random
    hosts: list[XUser] = field(default_factory=list)
    guests: list[XUser] = field(default_factory=list)
    crashes: int = 0
    losses: int = 0

    @asynccontextmanager
    async def run(self, clock: Clock | None = None) -> AsyncIterator[Run]:
        clock = clock or self.clock
        async with opened(self.folder, clock) as billing, aiohttp.ClientSession() as session:
            run = Run(billing=billing, session=session, url=self.x.url, token=self.x.bearer_token, clock=clock)
            self.clock.jump(2)  # right after a start `creator_ids` rests
            yield run

    def settle_in(self) -> None:
        self.hosts = [self.x.add_user(f"host{number}") for number in range(8)]
        self.guests = [self.x.add_user(f"guest{number}") for number in range(6)]

    def open_spaces(self) -> list[XSpace]:
        return [space for space in self.x.spaces.values() if space.state in {"live", "scheduled"}]

    def live_on(self) -> None:
        """People start, plan, cancel and end Spaces."""
        for space in self.open_spaces():
            if self.chance.random() < 0.3:
                if space.state == "live":
                    space.end()
                else:
                    self.chance.choice([space.go_live, space.cancel])()
        for host in self.chance.sample(self.hosts, 2):
            with_guests = self.chance.sample(self.guests, 3)
            if self.chance.random() < 0.3:
                start = self.clock.now() + timedelta(days=2)
                self.x.schedule_space(host, start=start, title="Later", cohosts=with_guests[:1])
            else:
                space = self.x.start_space(host, title="Now", cohosts=with_guests[:1], speakers=with_guests)
                if self.chance.random() < 0.3:
                    space.add_post(host, "Listen")

    def question(self, client: XClient) -> Awaitable[object]:
        """Something that the bot asks."""
        some = self.chance.sample(list(self.x.spaces), min(5, len(self.x.spaces)))
        host = self.chance.choice(self.hosts)
        asked: list[Callable[[], Awaitable[object]]] = [
            lambda: client.spaces_by_creators([UserId(host.id) for host in self.hosts]),
            lambda: client.spaces([SpaceId(one) for one in some]),
            lambda: client.space(SpaceId(some[0]), fields=FULL),
            lambda: client.search("now"),
            lambda: client.user_by_username(host.username),
            lambda: client.users([UserId(host.id)]),
            lambda: anext(client.posts(SpaceId(some[0]))),
        ]
        return self.chance.choices(asked, [8, 4, 2, 1, 1, 1, 1])[0]()

    async def ask(self, run: Run) -> bool:
        """Ask something; False if the bot died over it."""
        task = asyncio.ensure_future(self.question(run.client))
        died = asyncio.ensure_future(run.meter.died.wait())
        turns = self.chance.randrange(400) if run.meter._dies == "anywhere" else None
        killer = asyncio.ensure_future(run.meter.dies_after(turns))
        both = asyncio.ensure_future(asyncio.wait({task, died}, return_when=asyncio.FIRST_COMPLETED))
        await run_until(self.clock, both, at_most=7200)
        if task.done():
            with suppress(XError):
                task.result()
        for one in (task, died, killer, *run.client._transport._attempts):
            one.cancel()
        await asyncio.wait({task, died, killer})
        # What X has received it answers and bills, whoever has died meanwhile.
        await self.x.wait_for(lambda: self.x.in_flight == 0)
        return not run.meter.died.is_set()

    async def ask_all(self, run: Run) -> None:
        """Ask about every host and every Space."""
        hosts = [UserId(host.id) for host in self.hosts]
        spaces = [SpaceId(one) for one in self.x.spaces]
        for question in (run.client.spaces_by_creators(hosts), run.client.spaces(spaces)):
            with suppress(XError):
                await run_until(self.clock, asyncio.ensure_future(question), at_most=7200)

    async def must_not_be_below(self, run: Run) -> None:
        store = run.billing._store
        booked = sum(line.millicents for line in await store(Queries.spending, DAY))
        assert booked + await store(Queries.total_laid_aside) >= millicents(self.x.billed.dollars())

    async def by_day(self, run: Run) -> dict[date, int]:
        sums: dict[date, int] = {}
        await run.billing.write()
        for line in await run.billing._store(Queries.spending, DAY):
            sums[line.day] = sums.get(line.day, 0) + line.millicents
        return sums

    def bill(self) -> dict[date, int]:
        days = {line.day for line in self.x.billed.lines}
        return {day: millicents(self.x.billed.dollars(day)) for day in days}


@asynccontextmanager
async def month(folder: Path, seed: int) -> AsyncIterator[Month]:
    clock = FakeClock()
    async with LocalX(clock=clock) as x:
        month = Month(x=x, clock=clock, folder=folder, chance=random.Random(seed))  # noqa: S311 - a story, not a secret
        month.settle_in()
        month.live_on()
        yield month


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A clock that goes ahead of another by some seconds."""

    clock: FakeClock
    seconds: float

    def now(self) -> datetime:
        return self.clock.now() + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep(seconds)


async def test_an_answer_is_booked_on_x_own_day(tmp_path: Path) -> None:
    async with month(tmp_path, 5) as story:
        story.clock.jump((MIDNIGHT - story.clock.now()).total_seconds() - 10)
        async with story.run(Ahead(clock=story.clock, seconds=30)) as run:
            await story.ask_all(run)
            assert await story.by_day(run) == story.bill()
            assert set(story.bill()) == {DAY}


@pytest.mark.parametrize(
    ("fault", "may_be_billed"),
    [
        (Fault(drop="after", times=None), True),
        (Fault(drop="truncate", times=None), True),
        (Fault.html(200, times=None), True),
        (Fault.html(503, times=None), False),
        (Fault.unauthorized(times=None), False),
        (Fault.too_many_requests(times=None), False),
    ],
)
async def test_only_a_request_that_x_may_have_answered_stays_in_the_books(
    tmp_path: Path, fault: Fault, may_be_billed: bool
) -> None:
    async with month(tmp_path, 6) as story, story.run() as run:
        story.x.fault("creator_ids", fault)
        story.x.fault("spaces", fault)
        await story.ask_all(run)
        assert (await total_reserved(run.billing) > 0) == may_be_billed
        await story.must_not_be_below(run)


async def test_a_request_that_never_reached_x_is_free(tmp_path: Path) -> None:
    async with month(tmp_path, 7) as story, story.run() as run:
        await story.x.stop()
        await story.ask_all(run)
        assert await total_reserved(run.billing) == 0
        assert await story.by_day(run) == {}


async def test_an_answer_for_which_nobody_waits_any_more_is_booked_all_the_same(tmp_path: Path) -> None:
    async with month(tmp_path, 8) as story, story.run() as run:
        story.x.fault("spaces", Fault(delay=1))
        asked = asyncio.ensure_future(run.client.spaces([SpaceId(one) for one in story.x.spaces]))
        await story.x.wait_for(lambda: story.x.in_flight)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await run_until(story.clock, asyncio.ensure_future(run.billing.close(10)))
        assert await total_reserved(run.billing) == 0
        assert await story.by_day(run) == story.bill() != {}


def next_look(chance: random.Random, now: datetime) -> float:
    """Seconds until the bot asks again: often close to midnight."""
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    left = (midnight - now).total_seconds()
    if left < 8 * 3600 and chance.random() < 0.5:
        return max(1.0, left + chance.uniform(-20, 20))
    return chance.uniform(2, 8) * 3600


async def test_over_a_month_without_crashes_the_books_are_x_own_bill_to_the_cent(tmp_path: Path) -> None:
    async with month(tmp_path, 1) as story:
        until = START + timedelta(days=30)
        async with story.run() as run:
            while story.clock.now() < until:
                assert await story.ask(run)
                assert await story.by_day(run) == story.bill()
                story.clock.jump(next_look(story.chance, story.clock.now()))
                story.live_on()
            assert await total_reserved(run.billing) == 0
        assert len(story.bill()) > 28
        assert story.x.refused == []


@pytest.mark.parametrize("seed", [2, 3])
async def test_over_a_month_of_crashes_the_books_are_never_below_x_own_bill(tmp_path: Path, seed: int) -> None:
    async with month(tmp_path, seed) as story:
        until = START + timedelta(days=30)
        while story.clock.now() < until:
            async with story.run() as run:
                alive = True
                while alive and story.clock.now() < until:
                    if story.chance.random() < 0.5:
                        run.live_until(story.chance.choice(STEPS))
                    alive = await story.ask(run)
                    await story.must_not_be_below(run)
                    if alive:
                        await run.billing.write(give_back=True)
                        await story.must_not_be_below(run)
                        story.clock.jump(next_look(story.chance, story.clock.now()))
                    story.live_on()
            story.crashes += not alive
            story.clock.jump(next_look(story.chance, story.clock.now()) * story.chance.choice([0, 0.01, 1]))
            story.live_on()
        async with story.run() as run:
            booked = await story.by_day(run)
        assert story.crashes > 20, story.crashes
        below = {
            day: (booked.get(day, 0), billed) for day, billed in story.bill().items() if booked.get(day, 0) < billed
        }
        assert below == {}


async def test_answers_that_were_lost_are_settled_to_the_cent_by_the_good_ones_that_follow(tmp_path: Path) -> None:
    faults = [Fault(drop="before"), Fault(drop="after"), Fault(drop="truncate"), Fault.html(503), Fault.html(200)]
    async with month(tmp_path, 4) as story, story.run() as run:
        for _ in range(8):
            story.x.random_faults(0.5, seed=story.chance.randrange(1 << 30), among=faults)
            for _ in range(3):
                await story.ask_all(run)
                await story.must_not_be_below(run)
                story.clock.jump(3_600)
            story.x.clear_faults()
            await story.ask_all(run)
            assert await total_reserved(run.billing) == 0
            assert await story.by_day(run) == story.bill()
            story.clock.jump(21 * 3_600)
            story.live_on()
        assert sum(exchange.fault is not None and exchange.status is None for exchange in story.x.requests) >= 5
