"""The money: what X may bill is laid aside before it can be billed, and only what there is money for is asked.

The books are never below X's bill. Before a request goes, the most that it may cost is covered on disk (see `books`); its
answer settles it to the resources returned, each once in a UTC day. A request whose answer was lost stays at its most until a later good answer
of the same day to the same question shows what there was (what began and was over between the two, never seen before or
after, is the one thing missed); one that a crash, or the end of its day, left open is booked at its most.

The budget is divided into pots (see `x.pots`): a request goes only if what is booked, what is reserved and the most that
it may cost fit the pot of its purpose. Each pot that is empty is said once a day in the log, and in the summary.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from spacebot.books import WRITTEN_EVERY, Books
from spacebot.clock import Clock
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.spending import SpendingLine, SpentBy, Summary
from spacebot.errors import StoreError
from spacebot.outage import Outage
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.store.spending import Bill, Days, utc_day
from spacebot.x.money import (
    RESOURCES,
    SPACES_OF_A_HOST,
    CostCeiling,
    Costs,
    Payers,
    Prices,
    Reservation,
    Resource,
    Usage,
    dollars,
)
from spacebot.x.pots import DETECTION_SHARE, Hold, Pots

log = logging.getLogger(__name__)

BEFORE_MIDNIGHT = timedelta(minutes=5)
"""A request this close before midnight UTC may be answered, and billed, on the next day if its answer was lost."""

AFTER_MIDNIGHT = timedelta(minutes=1)
"""The same for the day before, in case our clock is ahead of X's."""

UNBOOKED_EVENTS = 20
"""How many pushed events wait to be booked at any one moment, at most."""

BOOKS = "books"
"""What fails where the database does, for the log to tell it once."""

MOST_PARTICIPANTS = 33
"""Hosts and speakers that one look at a Space may bring along (see `x.money`)."""

CEILINGS_KEPT = 64
"""Of so many requests it is remembered what they may cost until something is paid."""

USUAL_DAYS = 7
"""The forecast expects each coming day to cost the mean of this many past days."""

LEAST = {
    Purpose.DETECTION: CostCeiling(unnamed={"user": 1, "space": SPACES_OF_A_HOST}),
    Purpose.KEYWORD: CostCeiling(unnamed={"space": 10}),
    Purpose.PUSH: CostCeiling(unnamed={"event": 1}),
}
"""The smallest request of each purpose that is worth asking; for the others, a single account."""

_LOGGED = {
    Purpose.DETECTION: "looking for Spaces",
    Purpose.REFRESH: "live refreshes",
    Purpose.KEYWORD: "searches for keywords",
    Purpose.PEOPLE: "answers to members",
    Purpose.ACCOUNTS: "new hosts",
    Purpose.PUSH: "starts told by X itself",
}

_PUSH = Errand(purpose=Purpose.PUSH)


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
    creators_of: set[str] = field(default_factory=set)
    """Spaces whose creator is paid for."""
    _costs: dict[int, tuple[CostCeiling, Costs]] = field(default_factory=dict)
    """What was computed since anything was paid last, by the ceiling's identity: most questions are asked again."""

    def costs(self, ceiling: CostCeiling, prices: Prices) -> Costs:
        """What a request may cost at most, less what is paid for."""
        known = self._costs.get(id(ceiling))
        if known is not None:
            return known[1]
        costs = self._compute(ceiling, prices)
        if len(self._costs) >= CEILINGS_KEPT:
            self._costs.clear()
        self._costs[id(ceiling)] = (ceiling, costs)  # which it keeps alive, so that nothing else gets its identity
        return costs

    def pay(self, usage: Usage) -> list[tuple[Resource, str]]:
        """Note what is paid for from now on; returns the part that was not before."""
        if not usage.creators_of <= self.creators_of:
            self.creators_of |= usage.creators_of
            self._costs.clear()
        new = [(kind, one) for kind, ids in usage.by_kind() for one in ids - self.paid[kind]]
        for kind, one in new:
            self.add(kind, one)
        return new

    def add(self, kind: Resource, resource_id: str) -> None:
        """Note one thing that is paid for."""
        self.paid[kind].add(resource_id)
        self._costs.clear()

    def _compute(self, ceiling: CostCeiling, prices: Prices) -> Costs:
        named, paid = ceiling.named, self.paid
        users = len(named.users - paid["user"]) + len(ceiling.creators_of - self.creators_of)
        least = (
            len(named.spaces - paid["space"]) * prices.space
            + users * prices.user
            + len(named.posts - paid["post"]) * prices.post
            + len(named.events - paid["event"]) * prices.event
        )
        return Costs(most=least + ceiling.unnamed_cost(prices), plausible=least + ceiling.plausible_cost(prices))


_NOTHING_PAID = _BilledDay()
"""What counts as paid close to midnight: nothing is ever added to it."""


class Billing:
    """Keeps the books (it is the `Meter` of the X client's transport) and the budget. Call `open` first.

    Args:
        store: Where the books are.
        clock: Time.
        prices: What X charges today.
        daily_budget: US dollars for one UTC day; None for no limit.
        detection_share: The part of it that is kept for looking for Spaces.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        prices: Prices,
        daily_budget: Decimal | None = None,
        detection_share: float = DETECTION_SHARE,
    ) -> None:
        self._store = store
        self._clock = clock
        self._prices = prices
        self._pots = Pots.of(daily_budget, detection_share)
        self._guild_count: Callable[[], int] = lambda: 1
        self._days: dict[date, _BilledDay] = {}
        self._lost_answers: list[_LostAnswer] = []
        self._logged: set[tuple[date, Purpose]] = set()
        self._outage = Outage(
            log,
            failed="X's bill cannot be written down: %(error)s What is laid aside covers it.",
            recovered="X's bill can be written down again.",
        )
        self._books = Books(store, clock, prices)
        self._open_requests = 0
        """Of those that may cost something."""
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._closed_before = date.min
        """The first day that is not over, when the days before were last closed."""
        self._events: set[asyncio.Task[None]] = set()
        self._events_reservation: Reservation | None = None

    async def open(self) -> None:
        """Load the books; what an earlier run left laid aside is booked in full.

        Raises:
            StoreError: the database cannot be read or written.
        """
        left = await self._store(Queries.write_off)
        if left:
            log.warning(
                "When the bot last stopped, what X had answered was not all booked: it is now, at its most ($%.2f).",
                dollars(left),
            )
        self._closed_before = self._today()
        yesterday = self._closed_before - timedelta(days=1)
        await self._forget_paid(yesterday)
        lot = await self._store(Queries.paid)
        while lot:
            for day, kind, resource_id in lot:
                self._day(day).add(kind, resource_id)
            lot = await self._store(Queries.paid, lot[-1])
        for spent in await self._store(Queries.spent_by, self._today()):
            self._pots.load(spent.purpose, spent.guild_id, spent.millicents, self._clock.now())

    def share_among(self, guild_count: Callable[[], int]) -> None:
        """Give each guild its share; `guild_count` says how many there are."""
        self._guild_count = guild_count

    def admit(self, errand: Errand) -> None:
        self._pots.guild_count = self._guild_count()
        self._pots.admit(errand, self._clock.now())

    def room(self, errand: Errand) -> int | None:
        return self._pots.left(errand, self._clock.now())

    def has_room(self, purpose: Purpose) -> bool:
        """Whether there is money for the smallest request of this purpose that is worth asking.

        What is under way is left out: a loop rests until midnight without it, and most of it is given back.
        """
        room = self._pots.room(purpose, self._clock.now(), held=False)
        least = LEAST.get(purpose)
        return room is None or room >= (least.cost(self._prices) if least is not None else self._prices.user)

    def may_buy_participants(self, errand: Errand) -> bool:
        """Whether the co-hosts and speakers of a Space, however many, fit what is left for whoever asks."""
        left = self._pots.left(errand, self._clock.now())
        return left is None or left >= MOST_PARTICIPANTS * self._prices.user

    def cost(self, ceiling: CostCeiling) -> int:
        return self._costs(ceiling, _days_of(self._clock.now())).plausible

    def seat(self, errand: Errand, ceiling: CostCeiling) -> Hold:
        return self._pots.hold(errand, self.cost(ceiling), self._clock.now())

    def leave(self, seat: Hold) -> None:
        self._pots.release(seat, self._clock.now())

    def check(self, errand: Errand, ceiling: CostCeiling) -> None:
        self._pots.check(errand, self.cost(ceiling), self._clock.now())

    async def reserve(self, ceiling: CostCeiling, errand: Errand, *, seats: int = 0) -> Reservation:
        """Reserve what a request may cost at most, less what is paid for already; only then may it be sent.

        Where that is nothing, as for Spaces that were shown today, nothing needs to be written down.

        Raises:
            BudgetSpent: it does not fit the pot of its purpose.
            StoreError: it could not be written down.
        """
        now = self._clock.now()
        days = _days_of(now)
        costs = self._costs(ceiling, days)
        hold = self._pots.hold(errand, max(0, costs.plausible - seats), now)
        if costs.most:
            try:
                await self._books.lay_aside(days, costs.most)
            except BaseException:
                self.leave(hold)
                raise
            self._open_requests += 1
            self._none_open.clear()
        return Reservation(millicents=costs.most, days=days, ceiling=ceiling, at=now, errand=errand, hold=hold)

    async def settle(self, reservation: Reservation, usage: Usage, at: datetime, payers: Payers | None = None) -> None:
        """Book an answer; it also settles earlier lost answers to the same question."""
        day = utc_day(at)
        settled = [lost for lost in self._lost_answers if lost.is_settled_by(reservation, day)]
        self._pay(usage, day, reservation.errand, payers or {}, reservation.days)
        self._free(reservation, *(lost.reservation for lost in settled))
        if settled:
            self._lost_answers = [lost for lost in self._lost_answers if lost not in settled]
        self._request_done(reservation)
        await self._catch_up()

    async def release(self, reservation: Reservation) -> None:
        """Give back what was reserved: X was not reached, or has refused."""
        self._free(reservation)
        self._request_done(reservation)

    async def answer_lost(self, reservation: Reservation) -> None:
        """Keep what was reserved: the answer was lost, and X may have billed it.

        Earlier lost answers to the same question are given back, for this one stands for them.
        """
        day = utc_day(reservation.at)
        replaced = [lost for lost in self._lost_answers if lost.is_settled_by(reservation, day)]
        self._lost_answers = [lost for lost in self._lost_answers if lost not in replaced]
        self._remember_lost(reservation)
        self._free(*(lost.reservation for lost in replaced))
        self._request_done(reservation)
        await self._catch_up()

    async def reserve_events(self) -> None:
        """Reserve what pushed events may cost until they are booked; call it before the stream is opened.

        Raises:
            StoreError: it could not be written down.
        """
        if self._events_reservation is None:
            # X pushes them whatever there is room for: they are held for nowhere, and counted as they come.
            self._events_reservation = await self.reserve(
                CostCeiling(unnamed={"event": UNBOOKED_EVENTS}), _PUSH, seats=UNBOOKED_EVENTS * self._prices.event
            )
            self._request_done(self._events_reservation)

    def book_event(self, event_uuid: str) -> None:
        """Book an event that X has pushed, in a task of its own."""
        task = asyncio.create_task(self.book(Usage(events=frozenset({event_uuid}))), name="book an event")
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    async def book(self, usage: Usage, at: datetime | None = None, *, errand: Errand = _PUSH) -> None:
        """Book what X has billed without a request of ours; `at` is now by default."""
        day = utc_day(at or self._clock.now())
        self._pay(usage, day, errand, {}, (day, day))
        await self._catch_up()

    async def keep_written(self) -> None:
        """Write the books every few seconds, for as long as it is not cancelled."""
        while True:
            await self._clock.sleep(WRITTEN_EVERY)
            await self._close_days()
            await self.write(give_back=True)

    async def write(self, *, give_back: bool = False, close: bool = False) -> None:
        """Write the books (see `Books.write`); where that fails, they are written later, and are covered until then."""
        try:
            await self._books.write(give_back=give_back, close=close)
        except StoreError as error:
            self._outage.failed(BOOKS, error)
        else:
            self._outage.recovered(BOOKS)

    async def close(self, seconds: float) -> None:
        """Wait up to `seconds` until open requests are booked, and write it all; the next start books the others at their most.

        The session that carries the requests must still be open.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._none_open.wait()
                await asyncio.gather(*self._events)
                if self._events_reservation is not None:
                    reserved, self._events_reservation = self._events_reservation, None
                    self._free(reserved)
        await self.write(close=True)

    async def summary(self) -> Summary:
        """Where the money stands now."""
        await self._close_days()
        await self.write()
        now = self._clock.now()
        today = utc_day(now)
        first = await self._store(Queries.first_spending)
        since = min(today.replace(day=1), today - timedelta(days=USUAL_DAYS))
        lines = await self._store(Queries.spending, since)
        return Summary(
            today=tuple(line for line in lines if line.day == today),
            open_requests=self._books.open_requests,
            month=sum(line.millicents for line in lines if line.day >= today.replace(day=1)),
            forecast=forecast(lines, now, first or today),
            budget=self._pots.budget,
            dropped=tuple(purpose for purpose in Purpose if not self.has_room(purpose)),
        )

    async def spent_by(self) -> Sequence[SpentBy]:
        """Today's bill by purpose and guild, the most first.

        Raises:
            StoreError: the database cannot be read.
        """
        await self.write()
        return await self._store(Queries.spent_by, self._today())

    def _pay(self, usage: Usage, day: date, errand: Errand, payers: Payers, days: Days) -> None:
        """Book what of it is new, on whose errand it came; the lot of these days covers it until it is written."""
        new = self._day(day).pay(usage)
        if not new:
            return
        shares: dict[Errand, list[tuple[Resource, str]]] = {}
        for kind, one in new:
            shares.setdefault(payers.get((kind, one), errand), []).append((kind, one))
        now = self._clock.now()
        for payer, resources in shares.items():
            cost = sum(self._prices.of(kind) for kind, _ in resources)
            self._books.enter(Bill(day=day, errand=payer, resources=resources), cost, days)
            if day == utc_day(now):
                self._pots.book(payer, cost, now)
        self._log_what_is_dropped()

    async def _catch_up(self) -> None:
        """Do what cannot wait until the books are written next."""
        if self._lost_answers or self._closed_before != self._today():
            await self._close_days()
        if self._books.is_behind:
            await self.write()

    def _free(self, *reservations: Reservation) -> None:
        for reservation in reservations:
            self._books.settle(reservation.days, reservation.millicents)
            if reservation.hold is not None:
                self.leave(reservation.hold)

    def _request_done(self, reservation: Reservation) -> None:
        if not reservation.millicents:
            return
        self._open_requests -= 1
        if not self._open_requests:
            self._none_open.set()

    def _remember_lost(self, reservation: Reservation) -> None:
        if not reservation.millicents:
            self._free(reservation)
            return
        first, last = reservation.days
        # Close to midnight nobody can tell which day's bill it is on: no later answer settles that.
        left = set(reservation.ceiling.subjects) if first == last else set[str]()
        if reservation.hold is not None:
            kept = self._pots.answer_lost(reservation.hold, self._clock.now())
            reservation = reservation._replace(hold=kept)
        self._lost_answers.append(_LostAnswer(reservation=reservation, day=first, left=left))

    async def _close_days(self) -> None:
        """Book at their most the lost answers that nothing can settle any more, and forget the days before yesterday."""
        today = self._today()
        for lost in [lost for lost in self._lost_answers if lost.day < today]:
            self._lost_answers.remove(lost)
            self._books.give_up(lost.reservation.days, lost.reservation.millicents)
            if lost.reservation.hold is not None:
                self.leave(lost.reservation.hold)
        if today == self._closed_before:
            return
        yesterday = today - timedelta(days=1)
        try:
            await self._books.write()
            if self._events_reservation is not None and utc_day(self._events_reservation.at) < today:
                reserved, self._events_reservation = self._events_reservation, None
                await self.reserve_events()
                self._free(reserved)
            await self._books.write()
            if any(day < yesterday for day in self._days):
                await self._forget_paid(yesterday)
                self._days = {day: known for day, known in self._days.items() if day >= yesterday}
        except StoreError as error:
            self._outage.failed(BOOKS, error)
        else:
            self._closed_before = today

    async def _forget_paid(self, before: date) -> None:
        while await self._store(Queries.forget_paid, before):
            pass

    def _log_what_is_dropped(self) -> None:
        now, today = self._clock.now(), self._today()
        for purpose in Purpose:
            if self.has_room(purpose) or (today, purpose) in self._logged:
                continue
            self._logged = {(day, said) for day, said in self._logged if day == today} | {(today, purpose)}
            log.log(
                logging.ERROR if purpose is Purpose.DETECTION else logging.WARNING,
                "Today's money for this is spent ($%.2f of $%.2f, of a budget of $%.2f): no %s until midnight UTC.",
                dollars(self._pots.booked(purpose, now)),
                dollars(self._pots.size(purpose) or 0),
                dollars(self._pots.budget or 0),
                _LOGGED[purpose],
            )

    def _today(self) -> date:
        return utc_day(self._clock.now())

    def _costs(self, ceiling: CostCeiling, days: Days) -> Costs:
        """Close to midnight, what is paid for today may have to be paid for again."""
        first, last = days
        return (self._day(first) if first == last else _NOTHING_PAID).costs(ceiling, self._prices)

    def _day(self, day: date) -> _BilledDay:
        return self._days.setdefault(day, _BilledDay())


def _days_of(sent: datetime) -> Days:
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
