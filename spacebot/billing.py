"""The money: what X bills is in the books before it can be billed, and a daily budget says what may still be asked.

The books are never below X's bill. A request is written down at its most before it goes; its answer settles it to the
resources returned, each once in a UTC day. A request whose answer was lost stays at its most until a later good answer
of the same day to the same question shows what there was (what began and was over between the two, never seen before or
after, is the one thing missed); one that a crash, or the end of its day, left open is booked at its most.

The budget is measured against what X is known to have billed. It drops live refreshes first, then searches, and at its
end the looking for Spaces too; each is said once a day in the log, and in the summary.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum

from spacebot.clock import Clock
from spacebot.errors import BudgetSpent, StoreError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.store.spending import UNANSWERED, SpendingLine, utc_day
from spacebot.x.money import (
    MILLICENTS_PER_DOLLAR,
    RESOURCES,
    CostCeiling,
    Prices,
    Reservation,
    Resource,
    Usage,
    dollars,
)

log = logging.getLogger(__name__)

BEFORE_MIDNIGHT = timedelta(minutes=5)
"""A request this close before midnight UTC may be answered, and billed, on the next day if its answer was lost."""

AFTER_MIDNIGHT = timedelta(minutes=1)
"""The same for the day before, in case our clock is ahead of X's."""

EVENTS_AT_ONCE = 20
"""So many pushed events, at most, wait to be booked at any one moment."""

USUAL_DAYS = 7
"""The forecast takes the coming days for like the mean of so many past ones."""


class Purpose(Enum):
    """What a question to X is for, in the order in which a spent budget drops it."""

    REFRESH = "live refreshes"
    """Bringing numbers up to date in messages that stand already."""
    SEARCH = "searches"
    """People's and keywords' searches, and people's look-ups."""
    DETECTION = "looking for Spaces"


SHARES = {Purpose.REFRESH: 80, Purpose.SEARCH: 90, Purpose.DETECTION: 100}
"""Up to how many hundredths of the day's budget each purpose may ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Where the money stands; amounts in thousandths of a cent."""

    today: tuple[SpendingLine, ...]
    open_requests: int
    """What requests without an answer may cost beside that, at most."""
    month: int
    """Since the first of the month, today included."""
    forecast: int
    """For the whole month, see `forecast`."""
    budget: int | None
    """For one day."""
    dropped: tuple[Purpose, ...]
    """What is not asked any more today."""

    @property
    def spent_today(self) -> int:
        """Today's sum."""
        return sum(line.millicents for line in self.today)


@dataclass(slots=True, eq=False)
class _Doubt:
    """A request of one day whose answer was lost, and what nobody has asked about again since."""

    reservation: Reservation
    day: date
    left: set[str]
    """Empty from the start where no answer will ever tell."""

    def is_settled_by(self, answered: Reservation, day: date) -> bool:
        """Whether all that was asked has now been answered again, later, and on the same day's bill."""
        same = self.reservation.ceiling.question == answered.ceiling.question
        if not (same and self.left and self.day == day and self.reservation.at <= answered.at):
            return False
        self.left -= answered.ceiling.subjects
        return not self.left


@dataclass(slots=True)
class _Day:
    """What X is known to have billed on one day."""

    paid: dict[Resource, set[str]] = field(default_factory=lambda: {kind: set() for kind in RESOURCES})
    millicents: int = 0

    def held(self, usage: Usage) -> Usage:
        """What of this is paid for."""
        return Usage(
            spaces=usage.spaces & self.paid["space"],
            users=usage.users & self.paid["user"],
            posts=usage.posts & self.paid["post"],
            events=usage.events & self.paid["event"],
        )


class Spending:
    """Keeps the books (it is the X client's `Meter`) and the budget. `open` comes before anything else.

    Args:
        store: Where the books are.
        clock: Time.
        prices: What X takes today.
        daily_budget: US dollars for one UTC day; None for as much as it takes.
    """

    def __init__(self, *, store: Store, clock: Clock, prices: Prices, daily_budget: Decimal | None = None) -> None:
        self._store = store
        self._clock = clock
        self._prices = prices
        self._budget = None if daily_budget is None else int(daily_budget * MILLICENTS_PER_DOLLAR)
        self._days: dict[date, _Day] = {}
        self._doubts: list[_Doubt] = []
        self._said: set[tuple[date, Purpose]] = set()
        self._store_fails = False
        self._under_way: set[int] = set()
        self._all_landed = asyncio.Event()
        self._all_landed.set()
        self._events: set[asyncio.Task[None]] = set()
        self._standing: Reservation | None = None

    async def open(self) -> None:
        """Take up the books; requests that an earlier run left without an answer are booked at their most.

        Raises:
            StoreError: the database cannot be read or written.
        """
        left = await self._store(Queries.write_off)
        if left:
            log.warning("When the bot last stopped, %d requests to X had no answer yet: booked at their most.", left)
        yesterday = self._today() - timedelta(days=1)
        await self._store(Queries.forget_paid, yesterday)
        for day, kind, resource_id in await self._store(Queries.paid):
            self._day(day).paid[kind].add(resource_id)
        for line in await self._store(Queries.spending, yesterday):
            if line.kind != UNANSWERED:
                self._day(line.day).millicents += line.millicents

    async def reserve(self, ceiling: CostCeiling) -> Reservation:
        """Lay aside what a request may cost at most, less what is paid for already; only then may it be sent.

        Raises:
            StoreError: it could not be written down.
        """
        now = self._clock.now()
        first, last = _days_of(now)
        paid = self._day(first).held(ceiling.named) if first == last else Usage()
        cost = ceiling.cost(self._prices, paid)
        number = await self._store(Queries.reserve, first, last, cost)
        self._under_way.add(number)
        self._all_landed.clear()
        return Reservation(number=number, ceiling=ceiling, at=now)

    async def answered(self, reservation: Reservation, usage: Usage, at: datetime) -> None:
        """Book an answer; a lost one to the same question is settled by it, too."""
        settled = [doubt for doubt in self._doubts if doubt.is_settled_by(reservation, utc_day(at))]
        freed = [reservation.number, *(doubt.reservation.number for doubt in settled)]
        if await self._pay(usage, at, freed):
            self._doubts = [doubt for doubt in self._doubts if doubt not in settled]
        else:
            self._doubt(reservation)
        self._landed(reservation)
        await self._close_days()

    async def free(self, reservation: Reservation) -> None:
        """Give back what was laid aside: X has not answered, or has refused."""
        try:
            await self._store(Queries.give_back, [reservation.number])
        except StoreError as error:
            self._cannot_write(error)
            self._doubt(reservation)
        self._landed(reservation)

    async def unanswered(self, reservation: Reservation) -> None:
        """The answer was lost, and X may have billed it; this one stands for those lost before to the same question."""
        day = utc_day(reservation.at)
        replaced = [doubt for doubt in self._doubts if doubt.is_settled_by(reservation, day)]
        self._doubts = [doubt for doubt in self._doubts if doubt not in replaced]
        self._doubt(reservation)
        self._landed(reservation)
        for doubt in replaced:
            await self.free(doubt.reservation)
        await self._close_days()

    async def expect_events(self) -> None:
        """Lay aside what events may cost that X pushes and nobody has booked yet; before the stream is opened.

        Raises:
            StoreError: it could not be written down.
        """
        if self._standing is None:
            self._standing = await self.reserve(CostCeiling(unnamed={"event": EVENTS_AT_ONCE}))
            self._landed(self._standing)

    def event(self, event_uuid: str) -> None:
        """X has pushed an event: it is booked at once, while whoever was told goes on."""
        task = asyncio.create_task(self.book(Usage(events=frozenset({event_uuid}))), name="book an event")
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    async def book(self, usage: Usage, at: datetime | None = None) -> None:
        """Book what X has billed without a request of ours, at that time."""
        await self._pay(usage, at or self._clock.now(), [])
        await self._close_days()

    async def close(self, seconds: float) -> None:
        """Give what is under way so long to be booked; what is not, the next start books at its most.

        The session that carries the requests must still be open.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._all_landed.wait()
                await asyncio.gather(*self._events)
                if self._standing is not None:
                    standing, self._standing = self._standing, None
                    await self.free(standing)

    def is_paid(self, kind: Resource, resource_id: str) -> bool:
        """Whether X has billed this today: to ask for it once more costs nothing."""
        return resource_id in self._day(self._today()).paid[kind]

    def allows(self, purpose: Purpose) -> bool:
        """Whether today's budget leaves room for a question of this kind. One answer may still exceed it."""
        if self._budget is None:
            return True
        return self._day(self._today()).millicents * 100 < self._budget * SHARES[purpose]

    def check(self, purpose: Purpose) -> None:
        """Raise `BudgetSpent` unless `allows`."""
        if not self.allows(purpose):
            raise BudgetSpent(reset_date=datetime.combine(self._today() + timedelta(days=1), time(), UTC))

    async def summary(self) -> Summary:
        """Where the money stands now."""
        await self._close_days()
        now = self._clock.now()
        today = utc_day(now)
        first = await self._store(Queries.first_spending)
        since = min(today.replace(day=1), today - timedelta(days=USUAL_DAYS))
        lines = await self._store(Queries.spending, since)
        return Summary(
            today=tuple(line for line in lines if line.day == today),
            open_requests=await self._store(Queries.laid_aside),
            month=sum(line.millicents for line in lines if line.day >= today.replace(day=1)),
            forecast=forecast(lines, now, first or today),
            budget=self._budget,
            dropped=tuple(purpose for purpose in Purpose if not self.allows(purpose)),
        )

    async def _pay(self, usage: Usage, at: datetime, freed: list[int]) -> bool:
        """Book resources and give reservations back in one transaction; whether it could be done."""
        day = utc_day(at)
        known = self._day(day)
        new = [(kind, one) for kind, one in usage if one not in known.paid[kind]]
        try:
            cost = await self._store(Queries.pay, day, new, self._prices, freed)
        except StoreError as error:
            self._cannot_write(error)
            return False
        self._store_fails = False
        for kind, one in new:
            known.paid[kind].add(one)
        known.millicents += cost
        self._say_what_is_dropped()
        return True

    def _landed(self, reservation: Reservation) -> None:
        self._under_way.discard(reservation.number)
        if not self._under_way:
            self._all_landed.set()

    def _doubt(self, reservation: Reservation) -> None:
        first, last = _days_of(reservation.at)
        # Close to midnight nobody can tell which day's bill it is on: no later answer settles that.
        left = set(reservation.ceiling.subjects) if first == last else set[str]()
        self._doubts.append(_Doubt(reservation=reservation, day=first, left=left))

    async def _close_days(self) -> None:
        """Book at their most the lost answers that nothing can settle any more, and forget the days before yesterday."""
        today = self._today()
        yesterday = today - timedelta(days=1)
        over = [doubt for doubt in self._doubts if doubt.day < today]
        old = [day for day in self._days if day < yesterday]
        try:
            if over:
                await self._store(Queries.write_off, [doubt.reservation.number for doubt in over])
                self._doubts = [doubt for doubt in self._doubts if doubt not in over]
            if self._standing is not None and utc_day(self._standing.at) < today:
                standing, self._standing = self._standing, None
                await self.expect_events()
                await self.free(standing)
            if old:
                await self._store(Queries.forget_paid, yesterday)
                self._days = {day: known for day, known in self._days.items() if day >= yesterday}
        except StoreError as error:
            self._cannot_write(error)

    def _say_what_is_dropped(self) -> None:
        today = self._today()
        for purpose in Purpose:
            if self.allows(purpose) or (today, purpose) in self._said:
                continue
            self._said = {(day, said) for day, said in self._said if day == today} | {(today, purpose)}
            level = logging.ERROR if purpose is Purpose.DETECTION else logging.WARNING
            log.log(
                level,
                "%d %% of today's budget for X is spent ($%.2f of $%.2f): no %s until midnight UTC.",
                SHARES[purpose],
                dollars(self._day(today).millicents),
                dollars(self._budget or 0),
                purpose.value,
            )

    def _cannot_write(self, error: StoreError) -> None:
        if not self._store_fails:
            self._store_fails = True
            log.warning("X's bill cannot be booked: %s What is open counts at its most.", error)

    def _today(self) -> date:
        return utc_day(self._clock.now())

    def _day(self, day: date) -> _Day:
        return self._days.setdefault(day, _Day())


def _days_of(sent: datetime) -> tuple[date, date]:
    """The first and the last day on which X may bill a request sent then."""
    return utc_day(sent - AFTER_MIDNIGHT), utc_day(sent + BEFORE_MIDNIGHT)


def forecast(lines: Iterable[SpendingLine], now: datetime, first: date) -> int:
    """What the whole month will have cost, in thousandths of a cent.

    What was spent before today, and for today and each day to come the mean of the last seven full days (today's own
    spending where it is more already). Before the first full day is over, today's spending stands for a full day's in
    proportion.

    Args:
        lines: What was spent since the first of the month and in the last seven days, at least.
        now: The time.
        first: The first day on which anything was spent at all.
    """
    sums: dict[date, int] = {}
    for line in lines:
        sums[line.day] = sums.get(line.day, 0) + line.millicents
    today = utc_day(now)
    spent = sums.get(today, 0)
    past = [today - timedelta(days=back) for back in range(1, USUAL_DAYS + 1)]
    full = [day for day in past if day >= first]
    if full:
        usual = sum(sums.get(day, 0) for day in full) / len(full)
    else:
        passed = (now - datetime.combine(today, time(), UTC)) / timedelta(days=1)
        usual = spent / max(passed, 1 / 24)
    month = today.replace(day=1)
    before = sum(amount for day, amount in sums.items() if month <= day < today)
    next_month = (month + timedelta(days=31)).replace(day=1)
    to_come = (next_month - today).days - 1
    return round(before + max(usual, spent) + usual * to_come)


def costs_table(lines: Iterable[SpendingLine]) -> str:
    """The lines as a table for a terminal: a row for each day with the count of each kind and the day's dollars."""
    days: dict[date, dict[str, SpendingLine]] = {}
    for line in lines:
        days.setdefault(line.day, {})[line.kind] = line
    if not days:
        return "Nothing was spent on X in these days."
    columns = ("day (UTC)", "Spaces", "users", "posts", "events", UNANSWERED, "dollars")
    kinds = (*RESOURCES, UNANSWERED)
    rows: list[tuple[str, ...]] = [columns]
    rows += [(day.isoformat(), *_counts(kinds, of_day.values())) for day, of_day in sorted(days.items())]
    rows.append(("sum", *_counts(kinds, (line for of_day in days.values() for line in of_day.values()))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    first, *others = widths
    return "\n".join(
        "  ".join([row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))])
        for row in rows
    )


def _counts(kinds: Iterable[str], lines: Iterable[SpendingLine]) -> tuple[str, ...]:
    held = list(lines)
    counts = [sum(line.count for line in held if line.kind == kind) for kind in kinds]
    return (*(f"{count:,}" for count in counts), f"{dollars(sum(line.millicents for line in held)):,.3f}")
