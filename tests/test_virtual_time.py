"""Hours pass in moments, and no timer fires before what was to happen until then has happened."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot import app
from spacebot.bot.connection import point_at
from spacebot.clock import Clock
from spacebot.domain.ids import ChannelId, GuildId, UserId
from spacebot.sandbox.discord import LocalDiscord, LocalMessage
from spacebot.sandbox.x import LocalX
from spacebot.settings import Settings
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import User
from tests import virtual_time
from tests.clocks import START

T = TypeVar("T")

MOMENT = 0.1
"""Virtual seconds within which everything counts as happening at once."""


def play(main: Callable[[Clock], Coroutine[Any, Any, T]]) -> T:
    return virtual_time.run(main, start=START, debug=True)


def test_a_week_of_sleep_takes_a_moment() -> None:
    async def sleep(clock: Clock) -> float:
        before = clock.monotonic()
        await asyncio.sleep(7 * 86_400)
        return clock.monotonic() - before

    began = time.monotonic()
    assert play(sleep) == pytest.approx(7 * 86_400, abs=MOMENT)
    assert time.monotonic() - began < 60


@given(delays=st.lists(st.integers(0, 10_000), min_size=1, max_size=20))
def test_sleepers_wake_in_order_and_each_at_its_moment(delays: list[int]) -> None:
    woken: list[tuple[int, float]] = []

    async def main(clock: Clock) -> None:
        began = clock.monotonic()

        async def sleep(delay: int) -> None:
            await clock.sleep(delay)
            woken.append((delay, clock.monotonic() - began))

        await asyncio.gather(*map(sleep, delays))

    play(main)
    assert [delay for delay, _ in woken] == sorted(delays)
    assert [at for _, at in woken] == pytest.approx(sorted(delays), abs=MOMENT)


def test_the_wall_clock_goes_along_with_the_loop() -> None:
    async def main(clock: Clock) -> timedelta:
        assert clock.now() - START < timedelta(seconds=MOMENT)
        await clock.sleep(90)
        await clock.sleep(-5)
        return clock.now() - START

    assert play(main).total_seconds() == pytest.approx(90, abs=MOMENT)


def test_what_is_raised_comes_out() -> None:
    async def main(_: Clock) -> None:
        await asyncio.sleep(1)
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        play(main)


def test_time_stands_still_while_a_thread_works() -> None:
    async def main(clock: Clock) -> float:
        before = clock.monotonic()
        async with asyncio.timeout(1):
            # Real time passes in the thread: that none passes in the loop is what is stated here.
            await asyncio.to_thread(time.sleep, 0.05)
        return clock.monotonic() - before

    assert play(main) < MOMENT


def test_time_goes_on_once_nobody_waits_for_a_thread() -> None:
    async def main(clock: Clock) -> float:
        before = clock.monotonic()
        left = asyncio.ensure_future(asyncio.to_thread(time.sleep, 0.05))
        await asyncio.sleep(0)
        left.cancel()
        await clock.sleep(3600)
        return clock.monotonic() - before

    assert play(main) == pytest.approx(3600, abs=MOMENT)


def test_a_name_is_looked_up_before_the_next_timer() -> None:
    async def main(_: Clock) -> object:
        async with asyncio.timeout(0.01):
            return await asyncio.get_running_loop().getaddrinfo("localhost", 80)

    assert play(main)


def test_the_database_answers_before_the_next_timer(tmp_path: Path) -> None:
    async def main(clock: Clock) -> tuple[str | None, float]:
        before = clock.monotonic()
        async with asyncio.timeout(1), Store(tmp_path / "spacebot.sqlite3") as store:
            for number in range(50):
                await store(Queries.set_note, "number", str(number))
            return await store(Queries.note, "number"), clock.monotonic() - before

    last, passed = play(main)
    assert last == "49"
    assert passed < MOMENT


@pytest.mark.parametrize("size", [1, 5_000_000])
def test_bytes_arrive_before_the_next_timer(size: int) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def main(_: Clock) -> int:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server, asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())

            async def send() -> None:
                writer.write(bytes(size))
                await writer.drain()

            sending = asyncio.ensure_future(send())
            received = len(await reader.readexactly(size))
            await sending
            writer.close()
            await writer.wait_closed()
            return received

    assert play(main) == size


def test_a_peer_that_never_answers_is_given_up_at_the_time_out() -> None:
    async def main(clock: Clock) -> float:
        left: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(lambda _, writer: left.append(writer), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            before = clock.monotonic()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(600):
                    await reader.read(1)
            passed = clock.monotonic() - before
            for each in (writer, *left):
                each.close()
                await each.wait_closed()
            return passed

    assert play(main) == pytest.approx(600, abs=MOMENT)


def test_whoever_waits_for_a_moment_reaches_it() -> None:
    async def main(clock: Clock) -> float:
        await clock.sleep(5000)  # the rests to wait for are then smaller than what a float can tell apart
        before = clock.monotonic()
        for turn in range(1, 481):
            due = before + turn / 48
            while clock.monotonic() < due:
                await clock.sleep(due - clock.monotonic())
        return clock.monotonic() - before

    assert play(main) == pytest.approx(10, abs=MOMENT)


class Stand:
    """A bot on the loop between two local servers, in whose one guild a host is followed."""

    def __init__(self, clock: Clock, folder: Path) -> None:
        # Five sweeps in 15 minutes are enough for hours that are mostly waiting.
        self.x = LocalX(clock=clock, limits={"creator_ids": 5})
        self.discord = LocalDiscord(clock=clock)
        self.clock = clock
        self.database = folder / "spacebot.sqlite3"
        self.host = self.x.add_user("teatime", name="Tea Time")
        self.guild = self.discord.add_guild("Book club")
        self.channel = self.guild.add_channel("spaces")

    async def run(self, scenario: Callable[["Stand"], Coroutine[Any, Any, None]]) -> None:
        """Play a scenario beside the bot, and stop it."""
        async with self.x, self.discord:
            async with Store(self.database) as store:
                await self._follow(store)
            settings = Settings(
                discord_token=self.discord.token,
                x_bearer_token=self.x.bearer_token,
                database=self.database,
                discord_api_url=self.discord.api_url,
                discord_gateway_url=self.discord.gateway_url,
                x_api_url=self.x.url,
            )
            stop = asyncio.Event()
            bot = asyncio.create_task(app.serve(settings, self.clock, stop))
            try:
                await self.discord.connected(timeout=60)
                await scenario(self)
            finally:
                stop.set()
                await bot

    def announcements(self) -> list[LocalMessage]:
        return [message for message in self.channel.messages if message.embeds]

    async def _follow(self, store: Store) -> None:
        user = User(id=UserId(self.host.id), username=self.host.username, name=self.host.name)
        await store(Queries.remember_users, [user], self.clock.now())
        await store(Queries.set_channel, GuildId(self.guild.id), ChannelId(self.channel.id))
        await store(
            Queries.add_watch,
            guild_id=GuildId(self.guild.id),
            host_id=user.id,
            channel_id=None,
            roles=(),
            by=1,
            limit=10,
            now=self.clock.now(),
        )


def test_discord_py_keeps_one_connection_for_a_day() -> None:
    async def main(clock: Clock) -> None:
        async with LocalDiscord(clock=clock) as server:
            point_at(server.api_url, server.gateway_url)
            client = discord.Client(intents=discord.Intents(guilds=True))
            running = asyncio.create_task(client.start(server.token))
            try:
                await server.connected(timeout=60)
                connections = set(server._gateway._connections)
                await clock.sleep(86_400)
                assert server.is_connected
                assert server._gateway._connections == connections
                assert client.latency < MOMENT
            finally:
                await client.close()
                await running

    # Two thousand heartbeats: asyncio's debug mode would take several times as long as all else.
    virtual_time.run(main, start=START, debug=False)


def test_the_bot_announces_after_hours_of_silence(tmp_path: Path) -> None:
    async def hours(stand: Stand) -> None:
        await stand.clock.sleep(3600)
        space = stand.x.start_space(stand.host, title="After a long silence")
        await stand.clock.sleep(600)
        (post,) = stand.announcements()
        assert post.embeds[0]["url"] == f"https://x.com/i/spaces/{space.id}#live"
        space.end()
        await stand.clock.sleep(600)
        assert stand.announcements() == [post]
        assert "has ended" in post.content
        assert not stand.x.refused
        assert not stand.discord.refused

    play(lambda clock: Stand(clock, tmp_path).run(hours))


def test_a_gateway_that_falls_silent_is_left_for_a_new_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silence(stand: Stand) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(stand.discord._gateway, "_receive", lambda *_: None)
            await stand.clock.sleep(180)
            assert not stand.discord.is_connected
        await stand.clock.sleep(180)
        assert stand.discord.is_connected

    play(lambda clock: Stand(clock, tmp_path).run(silence))
