"""A clock that moves only when a test says so, and lets whoever sleeps on it wake in the right order."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

T = TypeVar("T")

START = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """A `spacebot.clock.Clock` whose seconds pass only in `advance`.

    Starts at `start` with a monotonic reading that has nothing to do with it, as on a real machine.
    """

    def __init__(self, *, start: datetime = START, monotonic: float = 1000.0) -> None:
        self._start = start
        self._first = monotonic
        self._monotonic = monotonic
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._monotonic - self._first)

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Return once `advance` has carried the clock past this moment plus `seconds`."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass: each sleeper wakes at its own moment, in order, and what it starts runs before the next."""
        end = self._monotonic + seconds
        await self.settle()
        while (due := self.next_due()) is not None and due <= end:
            self._monotonic = max(self._monotonic, due)
            while self._sleepers and self._sleepers[0][0] <= self._monotonic:
                woken = heapq.heappop(self._sleepers)[2]
                if not woken.done():
                    woken.set_result(None)
            await self.settle()
        self._monotonic = end
        await self.settle()

    def jump(self, seconds: float) -> None:
        """Move the time without waking anybody, as when a machine is suspended; the next `advance` wakes who is due."""
        self._monotonic += seconds

    def next_due(self) -> float | None:
        """The monotonic time at which the next sleeper is due; None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def settle(self, rounds: int = 50) -> None:
        """Let everything that can run without the clock run. Real sockets need `run_until`."""
        for _ in range(rounds):
            await asyncio.sleep(0)


async def run_until(clock: FakeClock, task: asyncio.Future[T], *, at_most: float = 3600.0) -> T:
    """Advance `clock` from sleeper to sleeper until `task` is done, waiting for real sockets where nobody sleeps.

    Fails with AssertionError when `at_most` virtual seconds have passed.
    """
    end = clock.monotonic() + at_most
    while not task.done():
        await clock.settle()
        await asyncio.wait([task], timeout=0.002)
        due = clock.next_due()
        if task.done() or due is None:
            continue
        assert due <= end, f"not done within {at_most} virtual seconds"
        await clock.advance(due - clock.monotonic())
    return task.result()
