"""The books in the database, written a little later than they are known, and the money laid aside there meanwhile.

Two transactions for each answer would cost more than the answer itself. So what X has billed is counted in memory at once
and written every few seconds, all together. What makes that safe is money laid aside on disk, in lots: one for each span
of days on whose bill a request may come (one day; two close to midnight). At any moment a lot on disk covers the most that
its requests without an answer may cost, and what is answered but not written; a request that does not fit waits until its
lot is larger. A crash books what is laid aside in full, and so never less than X bills.

A lot is as large as was needed since it was last made smaller: a steady run of requests finds it there, and what nobody
needs any more is given back. Lots are for crashes alone. What may be spent is for the pots to say, which count each
request by itself.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from spacebot.clock import Clock
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.store.spending import Bill, Days, utc_day
from spacebot.x.money import Prices

WRITTEN_EVERY = 5.0
"""Seconds between two times that the books are written, and lots made smaller."""

MOST_UNWRITTEN = 2_000
"""So many resources are not kept in memory for later: they are written at once."""


@dataclass(slots=True)
class _Lot:
    """Money for one span of days, in thousandths of a cent for each of its days."""

    laid_aside: int = 0
    """What is on disk, at least."""
    open: int = 0
    """The most that requests without an answer may cost."""
    unwritten: int = 0
    """What is answered, and not on disk yet."""
    needed: int = 0
    """The most that was needed at once since the lot was last made smaller."""

    @property
    def is_covered(self) -> bool:
        return self.open + self.unwritten <= self.laid_aside


class Books:
    """What is known of the bill and not written, and what is laid aside for it.

    Args:
        store: Where the books are.
        clock: Time.
        prices: What X charges today.
    """

    def __init__(self, store: Store, clock: Clock, prices: Prices) -> None:
        self._store = store
        self._clock = clock
        self._prices = prices
        self._lots: dict[Days, _Lot] = {}
        self._bills: list[Bill] = []
        self._resources = 0
        """How many there are in all `_bills`."""
        self._given_up: list[tuple[Days, int]] = []
        self._lock = asyncio.Lock()
        self._writes: set[asyncio.Task[None]] = set()

    @property
    def open_requests(self) -> int:
        """The most that requests without an answer may still cost."""
        return sum(lot.open * ((last - first).days + 1) for (first, last), lot in self._lots.items())

    @property
    def is_behind(self) -> bool:
        """Whether the books must be written now: a lot covers less than it must, or much is kept in memory."""
        for lot in self._lots.values():
            if not lot.is_covered:
                return True
        return self._resources > MOST_UNWRITTEN

    async def lay_aside(self, days: Days, millicents: int) -> None:
        """Return when a request that may cost this much may be sent: it is covered on disk.

        Raises:
            StoreError: it could not be written down.
        """
        lot = self._lot(days)
        lot.open += millicents
        lot.needed = max(lot.needed, lot.open + lot.unwritten)
        if not lot.is_covered:
            try:
                await self.write()
            except BaseException:  # a caller that is cancelled sends nothing either
                lot.open -= millicents
                raise

    def settle(self, days: Days, millicents: int) -> None:
        """A request for which this much was laid aside is answered, or has cost nothing."""
        if millicents:
            self._lot(days).open -= millicents

    def enter(self, bill: Bill, millicents: int, days: Days) -> None:
        """Keep a bill of so much until it is written; the lot of these days covers it, where it is of one of them."""
        first, last = days
        covering = days if first <= bill.day <= last else (bill.day, bill.day)
        self._lot(covering).unwritten += millicents
        self._bills.append(bill)
        self._resources += len(bill.resources)

    def give_up(self, days: Days, millicents: int) -> None:
        """Book a lost answer at its most, on each of the days on whose bill it may be."""
        lot = self._lot(days)
        lot.open -= millicents
        lot.unwritten += millicents
        self._given_up.append((days, millicents))

    async def write(self, *, give_back: bool = False, close: bool = False) -> None:
        """Write what is known; it is done even if the caller is cancelled.

        Args:
            give_back: Whether lots become as small as they may have been since they last became smaller.
            close: Whether nothing is laid aside beyond what is open: nobody will ask any more.

        Raises:
            StoreError: it could not be written; it is kept, and what was laid aside still covers it.
        """
        task = asyncio.create_task(self._write(give_back=give_back, close=close), name="write the books")
        self._writes.add(task)
        task.add_done_callback(self._written)
        await asyncio.shield(task)

    def _written(self, task: "asyncio.Task[None]") -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not complain where whoever waited has gone

    async def _write(self, *, give_back: bool, close: bool) -> None:
        async with self._lock:
            amounts = dict(self._amounts(give_back=give_back, close=close))
            before = {days: lot.laid_aside for days, lot in self._lots.items()}
            bills, given_up = self._bills, self._given_up
            if not (bills or given_up) and amounts == before:
                return
            unwritten = {days: lot.unwritten for days, lot in self._lots.items()}
            self._bills, self._given_up, self._resources = [], [], 0
            for days, lot in self._lots.items():
                # From now on nobody knows which of the two is on disk.
                lot.laid_aside = min(lot.laid_aside, amounts[days])
            try:
                await self._store(Queries.write_books, bills, given_up, amounts, self._prices)
            except BaseException:  # whatever stopped it, what is not written is kept
                self._bills, self._given_up = bills + self._bills, given_up + self._given_up
                self._resources += sum(len(bill.resources) for bill in bills)
                for days, millicents in before.items():
                    self._lots[days].laid_aside = millicents
                raise
            for days, millicents in amounts.items():
                lot = self._lots[days]
                lot.laid_aside = millicents
                lot.unwritten -= unwritten[days]
                if not (millicents or lot.open or lot.unwritten or lot.needed):
                    del self._lots[days]

    def _amounts(self, *, give_back: bool, close: bool) -> Iterable[tuple[Days, int]]:
        """How much is laid aside in each lot from now on."""
        today = utc_day(self._clock.now())
        for days, lot in self._lots.items():
            if close or days[1] < today:
                lot.needed = lot.open
                yield days, lot.open
            elif give_back:
                yield days, max(lot.needed, lot.open)
                lot.needed = lot.open
            else:
                yield days, max(lot.laid_aside, lot.needed, lot.open)

    def _lot(self, days: Days) -> _Lot:
        lot = self._lots.get(days)
        if lot is None:
            lot = self._lots[days] = _Lot()
        return lot
