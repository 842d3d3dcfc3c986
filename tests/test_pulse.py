"""What the running bot says of itself in the database, and how it is read."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import ceil
from pathlib import Path

import pytest

from spacebot.check import healthy
from spacebot.pulse import BEAT_SECONDS, DEAD_AFTER, LOOK_SECONDS, NOTE, Pulse, beat
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.sweeper import SweepState
from tests.clocks import START, FakeClock

WELL = Pulse(at=START, is_connected=True, connected_at=START, swept_at=START, is_overdue=False)


@dataclass
class Bot:
    """What a bot at work says, and where."""

    database: Path
    store: Store
    clock: FakeClock
    is_connected: bool = True
    sweeps: SweepState = field(default_factory=lambda: SweepState(last_good_at=START))

    async def passing(self, seconds: float) -> None:
        for _ in range(ceil(seconds / LOOK_SECONDS)):
            await self.clock.advance(min(seconds, LOOK_SECONDS))
            await self.store(Queries.note, NOTE)  # what was under way in the store's thread is done
            await self.clock.settle()

    async def health(self) -> str | None:
        return await healthy(self.database, self.clock)


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[Bot]:
    database = folder / "ledger.sqlite3"
    async with Store(database) as store:
        bot = Bot(database, store, FakeClock())
        beating = asyncio.create_task(
            beat(store, bot.clock, connected=lambda: bot.is_connected, sweeps=lambda: bot.sweeps)
        )
        try:
            yield bot
        finally:
            beating.cancel()


def test_a_pulse_is_read_as_it_was_written() -> None:
    assert Pulse.parse(str(WELL)) == WELL
    unknown = replace(WELL, connected_at=None, swept_at=None)
    assert Pulse.parse(str(unknown)) == unknown
    assert Pulse.parse(START.isoformat()) is None


@pytest.mark.parametrize(
    ("pulse", "trouble"),
    [
        (WELL, None),
        (replace(WELL, is_connected=False), "not connected to Discord; it last was 7 seconds ago"),
        (replace(WELL, is_connected=False, connected_at=None), "it never was since its start"),
        (replace(WELL, is_overdue=True), "X answers no sweep of the bot's; the last was 7 seconds ago"),
        (replace(WELL, is_overdue=True, swept_at=None), "there was none since its start"),
        (replace(WELL, at=START - DEAD_AFTER), "the bot was last at work 97 seconds ago"),
    ],
)
def test_the_trouble_is_named(pulse: Pulse, trouble: str | None) -> None:
    said = pulse.trouble(START + timedelta(seconds=7))
    assert said == trouble if trouble is None else trouble in str(said)


async def test_a_change_is_told_at_once_and_a_bot_that_says_nothing_is_dead(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bot:
        await bot.passing(1)
        assert await bot.health() is None
        bot.is_connected = False
        await bot.passing(LOOK_SECONDS)
        assert "not connected to Discord" in str(await bot.health())
        bot.is_connected = True
        await bot.passing(LOOK_SECONDS)
        assert await bot.health() is None
        for _ in range(4):
            await bot.passing(BEAT_SECONDS)
            assert await bot.health() is None
    bot.clock.jump(DEAD_AFTER.total_seconds() + 1)
    assert "last at work" in str(await bot.health())


async def test_overdue_sweeps_are_logged_once_and_so_is_their_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="spacebot.pulse")
    async with at_work(tmp_path) as bot:
        await bot.passing(60)
        bot.sweeps = replace(bot.sweeps, is_overdue=True)
        await bot.passing(300)
        assert "X answers no sweep" in str(await bot.health())
        bot.sweeps = SweepState(last_good_at=START)
        await bot.passing(300)
    said = [record for record in caplog.records if record.name == "spacebot.pulse"]
    assert [record.levelname for record in said] == ["WARNING", "INFO"]
    assert "no sweep since 2026-10-01 12:00:00" in said[0].message
