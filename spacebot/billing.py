"""The money: what X bills is in the books before it can be billed, and only what there is money for is asked.

The books are never below X's bill. A request is written down at its most before it goes; its answer settles it to the
resources returned, each once in a UTC day. A request whose answer was lost stays at its most until a later good answer
of the same day to the same question shows what there was (what began and was over between the two, never seen before or
after, is the one thing missed); one that a crash, or the end of its day, left open is booked at its most.

The budget is divided into pots (see `x.pots`): a request goes only if what is booked, what is reserved and the most that
it may cost fit the pot of its purpose. Each pot that is empty is said once a day in the log, and in the summary.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from spacebot.clock import Clock
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.spending import SpendingLine, Summary
from spacebot.errors import StoreError
from spacebot.outage import Outage
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.store.spending import utc_day
from spacebot.x.money import (
    RESOURCES,
    SPACES_OF_A_HOST,
    CostCeiling,
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

    def held(self, ceiling: CostCeiling) -> Usage:
        """What of all that it names is paid for."""
        named = ceiling.named
        return Usage(
            spaces=named.spaces & self.paid["space"],
            users=named.users & self.paid["user"],
            creators_of=ceiling.creators_of & self.creators_of,
            posts=named.posts & self.paid["post"],
            events=named.events & self.paid["event"],
        )

    def new(self, usage: Usage) -> Usage:
        """The part of `usage` that is not paid for."""
        return Usage(
            spaces=usage.spaces - self.paid["space"],
            users=usage.users - self.paid["user"],
            posts=usage.posts - self.paid["post"],
            events=usage.events - self.paid["event"],
        )


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
        await self._forget_paid(yesterday)
        lot = await self._store(Queries.paid)
        while lot:
            for day, kind, resource_id in lot:
                self._day(day).paid[kind].add(resource_id)
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
        first, last = _days_of(self._clock.now())
        paid = self._day(first).held(ceiling) if first == last else Usage()
        return ceiling.cost(self._prices, paid, plausible=True)

    def seat(self, errand: Errand, ceiling: CostCeiling) -> Hold:
        return self._pots.hold(errand, self.cost(ceiling), self._clock.now())

    def leave(self, seat: Hold) -> None:
        self._pots.release(seat, self._clock.now())

    async def reserve(self, ceiling: CostCeiling, errand: Errand, *, seats: int = 0) -> Reservation:
        """Reserve what a request may cost at most, less what is paid for already; only then may it be sent.

        Where that is nothing, as for Spaces that were shown today, nothing needs to be written down.

        Raises:
            BudgetSpent: it does not fit the pot of its purpose.
            StoreError: it could not be written down.
        """
        now = self._clock.now()
        first, last = _days_of(now)
        paid = self._day(first).held(ceiling) if first == last else Usage()
        cost = ceiling.cost(self._prices, paid)
        hold = self._pots.hold(errand, max(0, ceiling.cost(self._prices, paid, plausible=True) - seats), now)
        number = None
        if cost:
            try:
                number = await self._store(Queries.reserve, first, last, cost)
            except BaseException:
                self.leave(hold)
                raise
            self._open_requests.add(number)
            self._none_open.clear()
        return Reservation(number=number, ceiling=ceiling, at=now, errand=errand, hold=hold)

    async def settle(self, reservation: Reservation, usage: Usage, at: datetime, payers: Payers | None = None) -> None:
        """Book an answer; it also settles earlier lost answers to the same question."""
        settled = [lost for lost in self._lost_answers if lost.is_settled_by(reservation, utc_day(at))]
        freed = _numbers(reservation, *(lost.reservation for lost in settled))
        if await self._pay(usage, at, freed, reservation.errand, payers or {}):
            self._free(reservation, *(lost.reservation for lost in settled))
            self._lost_answers = [lost for lost in self._lost_answers if lost not in settled]
        else:
            self._remember_lost(reservation)
        self._request_done(reservation)
        await self._close_days()

    async def release(self, reservation: Reservation) -> None:
        """Give back what was reserved: X was not reached, or has refused."""
        try:
            if numbers := _numbers(reservation):
                await self._store(Queries.end_reservations, numbers)
            self._free(reservation)
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
        await self._pay(usage, at or self._clock.now(), [], errand)
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
            budget=self._pots.budget,
            dropped=tuple(purpose for purpose in Purpose if not self.has_room(purpose)),
        )

    async def _pay(
        self, usage: Usage, at: datetime, freed: list[int], errand: Errand, payers: Payers | None = None
    ) -> bool:
        """Book resources and give reservations back in one transaction; whether it succeeded."""
        day = utc_day(at)
        known = self._day(day)
        shares: dict[Errand, list[tuple[Resource, str]]] = {}
        for kind, one in known.new(usage):
            shares.setdefault(payers.get((kind, one), errand) if payers else errand, []).append((kind, one))
        if not shares and not freed:
            known.creators_of |= usage.creators_of
            return True
        try:
            costs = await self._store(Queries.pay, day, shares, self._prices, freed)
        except StoreError as error:
            self._outage.failed(BOOKS, error)
            return False
        self._outage.recovered(BOOKS)
        for new in shares.values():
            for kind, one in new:
                known.paid[kind].add(one)
        known.creators_of |= usage.creators_of
        now = self._clock.now()
        for payer, cost in costs.items():
            if day == utc_day(now):
                self._pots.book(payer, cost, now)
        if costs:
            self._log_what_is_dropped()
        return True

    def _free(self, *reservations: Reservation) -> None:
        for reservation in reservations:
            if reservation.hold is not None:
                self._pots.release(reservation.hold, self._clock.now())

    def _request_done(self, reservation: Reservation) -> None:
        self._open_requests.difference_update(_numbers(reservation))
        if not self._open_requests:
            self._none_open.set()

    def _remember_lost(self, reservation: Reservation) -> None:
        if reservation.number is None:
            self._free(reservation)
            return
        first, last = _days_of(reservation.at)
        # Close to midnight nobody can tell which day's bill it is on: no later answer settles that.
        left = set(reservation.ceiling.subjects) if first == last else set[str]()
        if reservation.hold is not None:
            kept = self._pots.answer_lost(reservation.hold, self._clock.now())
            reservation = replace(reservation, hold=kept)
        self._lost_answers.append(_LostAnswer(reservation=reservation, day=first, left=left))

    async def _close_days(self) -> None:
        """Book at their most the lost answers that nothing can settle any more, and forget the days before yesterday."""
        today = self._today()
        yesterday = today - timedelta(days=1)
        over = [lost for lost in self._lost_answers if lost.day < today]
        old = [day for day in self._days if day < yesterday]
        try:
            if over:
                await self._store(Queries.write_off, _numbers(*(lost.reservation for lost in over)))
                self._lost_answers = [lost for lost in self._lost_answers if lost not in over]
                self._free(*(lost.reservation for lost in over))
            if self._events_reservation is not None and utc_day(self._events_reservation.at) < today:
                reserved, self._events_reservation = self._events_reservation, None
                await self.reserve_events()
                await self.release(reserved)
            if old:
                await self._forget_paid(yesterday)
                self._days = {day: known for day, known in self._days.items() if day >= yesterday}
        except StoreError as error:
            self._outage.failed(BOOKS, error)

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

    def _day(self, day: date) -> _BilledDay:
        return self._days.setdefault(day, _BilledDay())


def _numbers(*reservations: Reservation) -> list[int]:
    return [one.number for one in reservations if one.number is not None]


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
