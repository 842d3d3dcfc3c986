"""The source of time: everything that waits or dates something is given a `Clock`, so that tests can skip hours."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two kinds of time, and a wait."""

    def now(self) -> datetime:
        """The wall clock, aware and in UTC: for what people read or the database keeps. It may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow: for waits and limits."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; nothing at all if `seconds` is not positive, but always yield once."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


async def until_set(clock: Clock, event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after this many seconds."""
    waits = {asyncio.ensure_future(clock.sleep(seconds)), asyncio.ensure_future(event.wait())}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
