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

from spacebot.clock import Clock
from spacebot.domain.spending import UNANSWERED, Purpose, SpendingLine, Summary
from spacebot.errors import BudgetSpent, StoreError
from spacebot.outage import Outage
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.store.spending import utc_day
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

UNBOOKED_EVENTS = 20
"""How many pushed events wait to be booked at any one moment, at most."""

BOOKS = "books"
"""What fails where the database does, for the log to tell it once."""

USUAL_DAYS = 7
"""The forecast expects each coming day to cost the mean of this many past days."""


BUDGET_SHARES = {Purpose.REFRESH: 80, Purpose.SEARCH: 90, Purpose.DETECTION: 100}
"""The percentage of the day's budget up to which each purpose may still ask."""

_LOGGED = {
    Purpose.REFRESH: "live refreshes",
    Purpose.SEARCH: "searches",
    Purpose.DETECTION: "looking for Spaces",
}


@dataclass(slots=True, eq=False)
class _LostAnswer:
    """A request of one day whose answer was lost, and those of its subjects that have not been asked about since."""

    reservation: Reservation
    day: date
    left: set[str]
    """Empty from the start if no later answer can settle it."""

    def is_settled_by(self, answered: Reservation, day: date) -> bool:
        """Whether all that was asked has now been answered again, later, and on the same day's bill."""
        same = self.reservation.ceiling.question == answered.ceiling.question
        if not (same and self.left and self.day == day and self.reservation.at <= answered.at):
            return False
        self.left -= answered.ceiling.subjects
        return not self.left


@dataclass(slots=True)
class _BilledDay:
    """What X is known to have billed on one day."""

    paid: dict[Resource, set[str]] = field(default_factory=lambda: {kind: set() for kind in RESOURCES})
    millicents: int = 0

    def held(self, usage: Usage) -> Usage:
        """The part of `usage` that is paid for."""
        return Usage(
            spaces=usage.spaces & self.paid["space"],
            users=usage.users & self.paid["user"],
            posts=usage.posts & self.paid["post"],
            events=usage.events & self.paid["event"],
        )


class Billing:
    """Keeps the books (it is the `Meter` of the X client's transport) and the budget. Call `open` first.

    Args:
        store: Where the books are.
        clock: Time.
        prices: What X charges today.
        daily_budget: US dollars for one UTC day; None for no limit.
    """

    def __init__(self, *, store: Store, clock: Clock, prices: Prices, daily_budget: Decimal | None = None) -> None:
        self._store = store
        self._clock = clock
        self._prices = prices
        self._budget = None if daily_budget is None else int(daily_budget * MILLICENTS_PER_DOLLAR)
        self._days: dict[date, _BilledDay] = {}
        self._lost_answers: list[_LostAnswer] = []
        self._logged: set[tuple[date, Purpose]] = set()
        self._outage = Outage(
            log,
            failed="X's bill cannot be booked: %(error)s What is open counts at its most.",
            recovered="X's bill can be booked again.",
        )
        self._open_requests: set[int] = set()
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._events: set[asyncio.Task[None]] = set()
        self._events_reservation: Reservation | None = None

    async def open(self) -> None:
        """Load the books; requests that an earlier run left without an answer are booked at their most.

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
        """Reserve what a request may cost at most, less what is paid for already; only then may it be sent.

        Raises:
            StoreError: it could not be written down.
        """
        now = self._clock.now()
        first, last = _days_of(now)
        paid = self._day(first).held(ceiling.named) if first == last else Usage()
        cost = ceiling.cost(self._prices, paid)
        number = await self._store(Queries.reserve, first, last, cost)
        self._open_requests.add(number)
        self._none_open.clear()
        return Reservation(number=number, ceiling=ceiling, at=now)

    async def settle(self, reservation: Reservation, usage: Usage, at: datetime) -> None:
        """Book an answer; it also settles earlier lost answers to the same question."""
        settled = [lost for lost in self._lost_answers if lost.is_settled_by(reservation, utc_day(at))]
        freed = [reservation.number, *(lost.reservation.number for lost in settled)]
        if await self._pay(usage, at, freed):
            self._lost_answers = [lost for lost in self._lost_answers if lost not in settled]
        else:
            self._remember_lost(reservation)
        self._request_done(reservation)
        await self._close_days()

    async def release(self, reservation: Reservation) -> None:
        """Give back what was reserved: X was not reached, or has refused."""
        try:
            await self._store(Queries.end_reservations, [reservation.number])
        except StoreError as error:
            self._outage.failed(BOOKS, error)
            self._remember_lost(reservation)
        self._request_done(reservation)

    async def answer_lost(self, reservation: Reservation) -> None:
        """Keep what was reserved: the answer was lost, and X may have billed it.

        Earlier lost answers to the same question are given back, for this one stands for them.
        """
        day = utc_day(reservation.at)
        replaced = [lost for lost in self._lost_answers if lost.is_settled_by(reservation, day)]
        self._lost_answers = [lost for lost in self._lost_answers if lost not in replaced]
        self._remember_lost(reservation)
        self._request_done(reservation)
        for lost in replaced:
            await self.release(lost.reservation)
        await self._close_days()

    async def reserve_events(self) -> None:
        """Reserve what pushed events may cost until they are booked; call it before the stream is opened.

        Raises:
            StoreError: it could not be written down.
        """
        if self._events_reservation is None:
            self._events_reservation = await self.reserve(CostCeiling(unnamed={"event": UNBOOKED_EVENTS}))
            self._request_done(self._events_reservation)

    def book_event(self, event_uuid: str) -> None:
        """Book an event that X has pushed, in a task of its own."""
        task = asyncio.create_task(self.book(Usage(events=frozenset({event_uuid}))), name="book an event")
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    async def book(self, usage: Usage, at: datetime | None = None) -> None:
        """Book what X has billed without a request of ours; `at` is now by default."""
        await self._pay(usage, at or self._clock.now(), [])
        await self._close_days()

    async def close(self, seconds: float) -> None:
        """Wait up to `seconds` until open requests are booked; the next start books the others at their most.

        The session that carries the requests must still be open.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._none_open.wait()
                await asyncio.gather(*self._events)
                if self._events_reservation is not None:
                    reserved, self._events_reservation = self._events_reservation, None
                    await self.release(reserved)

    def is_paid(self, kind: Resource, resource_id: str) -> bool:
        """Whether X has billed this today: asking for it again costs nothing."""
        return resource_id in self._day(self._today()).paid[kind]

    def allows(self, purpose: Purpose) -> bool:
        """Whether today's budget leaves room for a request of this kind. One answer may still exceed it."""
        if self._budget is None:
            return True
        return self._day(self._today()).millicents * 100 < self._budget * BUDGET_SHARES[purpose]

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
            open_requests=await self._store(Queries.total_reserved),
            month=sum(line.millicents for line in lines if line.day >= today.replace(day=1)),
            forecast=forecast(lines, now, first or today),
            budget=self._budget,
            dropped=tuple(purpose for purpose in Purpose if not self.allows(purpose)),
        )

    async def _pay(self, usage: Usage, at: datetime, freed: list[int]) -> bool:
        """Book resources and give reservations back in one transaction; whether it succeeded."""
        day = utc_day(at)
        known = self._day(day)
        new = [(kind, one) for kind, one in usage if one not in known.paid[kind]]
        try:
            cost = await self._store(Queries.pay, day, new, self._prices, freed)
        except StoreError as error:
            self._outage.failed(BOOKS, error)
            return False
        self._outage.recovered(BOOKS)
        for kind, one in new:
            known.paid[kind].add(one)
        known.millicents += cost
        self._log_what_is_dropped()
        return True

    def _request_done(self, reservation: Reservation) -> None:
        self._open_requests.discard(reservation.number)
        if not self._open_requests:
            self._none_open.set()

    def _remember_lost(self, reservation: Reservation) -> None:
        first, last = _days_of(reservation.at)
        # Close to midnight nobody can tell which day's bill it is on: no later answer settles that.
        left = set(reservation.ceiling.subjects) if first == last else set[str]()
        self._lost_answers.append(_LostAnswer(reservation=reservation, day=first, left=left))

    async def _close_days(self) -> None:
        """Book at their most the lost answers that nothing can settle any more, and forget the days before yesterday."""
        today = self._today()
        yesterday = today - timedelta(days=1)
        over = [lost for lost in self._lost_answers if lost.day < today]
        old = [day for day in self._days if day < yesterday]
        try:
            if over:
                await self._store(Queries.write_off, [lost.reservation.number for lost in over])
                self._lost_answers = [lost for lost in self._lost_answers if lost not in over]
            if self._events_reservation is not None and utc_day(self._events_reservation.at) < today:
                reserved, self._events_reservation = self._events_reservation, None
                await self.reserve_events()
                await self.release(reserved)
            if old:
                await self._store(Queries.forget_paid, yesterday)
                self._days = {day: known for day, known in self._days.items() if day >= yesterday}
        except StoreError as error:
            self._outage.failed(BOOKS, error)

    def _log_what_is_dropped(self) -> None:
        today = self._today()
        for purpose in Purpose:
            if self.allows(purpose) or (today, purpose) in self._logged:
                continue
            self._logged = {(day, said) for day, said in self._logged if day == today} | {(today, purpose)}
            level = logging.ERROR if purpose is Purpose.DETECTION else logging.WARNING
            log.log(
                level,
                "%d %% of today's budget for X is spent ($%.2f of $%.2f): no %s until midnight UTC.",
                BUDGET_SHARES[purpose],
                dollars(self._day(today).millicents),
                dollars(self._budget or 0),
                _LOGGED[purpose],
            )

    def _today(self) -> date:
        return utc_day(self._clock.now())

    def _day(self, day: date) -> _BilledDay:
        return self._days.setdefault(day, _BilledDay())


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
