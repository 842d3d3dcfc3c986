"""Telling guilds' admins, over the real ledger and a fake clock, with a Discord that listens as the script says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from spacebot.deliver.notifier import EVERY, TRIED_AGAIN, Notifier
from spacebot.domain.accounts import Standing
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.errors import StoreError
from spacebot.store.base import moment
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from tests.clocks import FakeClock
from tests.deliver.test_courier import ScriptedDiscord, at_work
from tests.store.seed import ADMIN, CHANNEL, GUILD, HOST, NO_PERMISSION, OTHER_CHANNEL, live, opened


@dataclass(slots=True)
class ScriptedVoice:
    """A `Voice` that remembers what was said, where anybody could hear it."""

    deaf: bool = False
    fault: Exception | None = None
    tried: list[str] = field(default_factory=list)
    heard: list[tuple[GuildId, str, ChannelId | None, tuple[int, ...], str]] = field(default_factory=list)

    async def tell(
        self, guild_id: GuildId, text: str, *, channel_id: ChannelId | None, recipients: Sequence[int], nonce: str
    ) -> bool:
        self.tried.append(text)
        if self.fault is not None:
            raise self.fault
        if not self.deaf:
            self.heard.append((guild_id, text, channel_id, tuple(recipients), nonce))
        return not self.deaf


@dataclass(slots=True)
class Scene:
    """A notifier at work."""

    store: Store
    voice: ScriptedVoice
    clock: FakeClock

    async def passing(self, seconds: float) -> None:
        """Let so much time pass; whatever the store's thread is asked is answered before the next moment."""
        end = self.clock.monotonic() + seconds
        await self._settled()
        while (due := self.clock.next_due()) is not None and due <= end:
            await self.clock.advance(due - self.clock.monotonic())
            await self._settled()
        await self.clock.advance(end - self.clock.monotonic())

    async def later(self, seconds: float) -> None:
        """So much later, after which the notifier looks once."""
        self.clock.jump(seconds)
        await self.clock.advance(0)
        await self.passing(EVERY)

    async def _settled(self) -> None:
        for _ in range(4):  # an answer may lead to the next question
            await self.store(Queries.note, "nothing")
            await self.clock.settle(rounds=12)


@asynccontextmanager
async def telling(store: Store, clock: FakeClock) -> AsyncIterator[Scene]:
    voice = ScriptedVoice()
    running = asyncio.create_task(Notifier(store=store, voice=voice, clock=clock).run())
    try:
        yield Scene(store, voice, clock)
        assert not running.done(), "the notifier has died"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(tmp_path) as store, telling(store, FakeClock()) as scene:
        yield scene


async def test_a_paused_channel_is_told_once_with_its_reason_and_to_whom_it_concerns(scene: Scene) -> None:
    await scene.store(Queries.set_admin_channel, GUILD, OTHER_CHANNEL)
    await scene.store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, scene.clock.now())
    await scene.passing(59)
    assert scene.voice.heard == []
    await scene.passing(2 * EVERY)
    [(guild, text, channel, recipients, nonce)] = scene.voice.heard
    assert (guild, channel, recipients) == (GUILD, OTHER_CHANNEL, (ADMIN,))
    assert "I lack Send Messages in that channel" in text
    assert f"<#{CHANNEL}>" in text
    assert len(nonce) <= 25
    await scene.later(3 * 86400)
    assert len(scene.voice.heard) == 1


async def test_a_channel_that_the_courier_finds_open_again_within_a_minute_is_not_told_of(tmp_path: Path) -> None:
    clock, discord = FakeClock(), ScriptedDiscord(obstacles={CHANNEL: NO_PERMISSION})
    async with opened(tmp_path) as store, at_work(store, discord, clock) as scene, telling(store, clock) as notices:
        await scene.sees(live())
        assert [pause.obstacle for pause in await store(Queries.pauses)] == [NO_PERMISSION]
        discord.obstacles.clear()
        await scene.passing(31)
        await scene.passing(300)
        assert notices.voice.tried == []
        assert len(discord.contents()) == 1


async def test_a_channel_that_stays_closed_is_told_of_while_the_courier_works(tmp_path: Path) -> None:
    clock, discord = FakeClock(), ScriptedDiscord(obstacles={CHANNEL: NO_PERMISSION})
    async with opened(tmp_path) as store, at_work(store, discord, clock) as scene, telling(store, clock) as notices:
        await scene.sees(live())
        await scene.passing(300)
        assert len(notices.voice.heard) == 1


def next_try(tables: Queries) -> datetime:
    """When the only notice is told again."""
    [row] = tables.db.query("SELECT next_try_at FROM notices")
    due = moment(row["next_try_at"])
    assert due is not None
    return due


async def test_who_cannot_be_told_is_tried_ever_more_rarely_until_it_works(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.voice.deaf = True
    await scene.store(Queries.note_standing, HOST.id, Standing.SUSPENDED, scene.clock.now())
    await scene.passing(EVERY)
    for hours in (1, 2, 4, 8, 16, 24, 24):
        wait = (await scene.store(next_try) - scene.clock.now()).total_seconds()
        assert hours * 3600 - 2 * EVERY <= wait <= hours * 3600
        tried = len(scene.voice.tried)
        await scene.later(wait)
        assert len(scene.voice.tried) == tried + 1
    assert sum("could not be told" in line for line in caplog.messages) == 1
    scene.voice.deaf = False
    await scene.later(86400)
    assert len(scene.voice.heard) == 1


async def test_an_unforeseen_error_of_one_is_logged_and_harms_nobody_else(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.voice.fault = ZeroDivisionError("oh")
    await scene.store(Queries.note_standing, HOST.id, Standing.SUSPENDED, scene.clock.now())
    await scene.passing(EVERY)
    assert any("unforeseen" in line for line in caplog.messages)
    scene.voice.fault = None
    await scene.later(TRIED_AGAIN.total_seconds())
    assert len(scene.voice.heard) == 1


async def test_a_database_that_fails_for_a_while_costs_no_notice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise StoreError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Queries, "due_notices", broken)
        await scene.store(Queries.note_standing, HOST.id, Standing.GONE, scene.clock.now())
        await scene.passing(120)
        assert scene.voice.tried == []
    await scene.passing(EVERY)
    assert len(scene.voice.heard) == 1


async def test_cancelling_the_notifier_is_not_swallowed(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        running = asyncio.create_task(Notifier(store=store, voice=ScriptedVoice(), clock=FakeClock()).run())
        await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_notice_shares_its_nonce_with_no_other_though_its_id_is_given_out_again(scene: Scene) -> None:
    def forget(tables: Queries) -> None:
        tables.db.execute("DELETE FROM notices")

    for _ in range(2):
        await scene.store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, scene.clock.now())
        await scene.passing(60 + EVERY)
        [row] = await scene.store(lambda tables: list(tables.db.query("SELECT notice_id FROM notices")))
        assert row["notice_id"] == 1
        await scene.store(forget)
        await scene.store(Queries.resume, CHANNEL, scene.clock.now())
    first, second = (nonce for *_, nonce in scene.voice.heard)
    assert first != second
    assert len(first) == len(second) == 24


async def test_nothing_is_told_before_the_courier_has_looked_whether_it_is_still_so(tmp_path: Path) -> None:
    clock, looked = FakeClock(), asyncio.Event()

    async def after() -> None:
        await looked.wait()

    async with opened(tmp_path) as store:
        await store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, clock.now())
        clock.jump(3600)
        voice = ScriptedVoice()
        scene = Scene(store, voice, clock)
        running = asyncio.create_task(Notifier(store=store, voice=voice, clock=clock, after=after).run())
        await scene.passing(120)
        assert voice.heard == []
        await store(Queries.resume, CHANNEL, clock.now())
        looked.set()
        await scene.passing(120)
        assert voice.heard == []
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
