"""In more guilds than one connection to Discord carries, the bot keeps several, and each is lost and made good on its own."""

import asyncio
import gc
import os
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from unittest.mock import patch

import discord
import pytest
from aiohttp import web

from spacebot import app
from spacebot.errors import SpacebotError
from spacebot.sandbox.discord import Fault as DiscordFault
from spacebot.sandbox.discord import gateway
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

SHARDS = 3
CLUBS = 2 * SHARDS
MOST = 5
"""Guilds that a shard may hold here; Discord recommends shards of two fifths of that."""

TEN_MINUTES = 600.0
TWO_HOURS = 7200.0

STOPPED_WITHIN = 8.5
"""Seconds: eight for what is under way, and a moment to close everything."""


@contextmanager
def small_shards() -> Iterator[None]:
    with patch.object(gateway, "GUILDS_PER_SHARD", MOST):
        yield


def shard_of(one: Club) -> int:
    return (one.guild.id >> 22) % SHARDS


def clubs_of_all_shards(scene: VirtualScene) -> list[Club]:
    """Two of each shard, in the order of the shards."""
    clubs: list[Club] = []
    while len(clubs) < CLUBS:
        one = club(scene.discord)
        if sum(shard_of(other) == shard_of(one) for other in clubs) < CLUBS // SHARDS:
            clubs.append(one)
        else:
            del scene.discord.state.guilds[one.guild.id]
    return sorted(clubs, key=shard_of)


def sessions(scene: VirtualScene) -> dict[int, str]:
    """The session of each shard that is connected."""
    live = [each for each in scene.discord._gateway._sessions.values() if each.connection is not None]
    assert {each.shards for each in live} <= {SHARDS}
    return {each.shard: each.id for each in live}


async def follow(clubs: list[Club]) -> None:
    for one in clubs:
        await ask(one.admin, one.general, "config channel", channel=one.spaces)
        await ask(one.admin, one.general, "watch add", host="@host")


async def status(one: Club) -> str:
    """What an admin sees of how things are."""
    return text(await ask(one.admin, one.general, "status"))


async def served(scene: VirtualScene) -> None:
    """Start the bot and wait until it knows all its guilds."""
    await scene.serve()
    await scene.pass_by(5)
    assert scene.logged("Connected to Discord as") == 1
    assert scene.logged(f"in {len(scene.discord.guilds)} servers") == 1


async def announced(scene: VirtualScene, clubs: list[Club]) -> None:
    """Wait for the first message in each, and see that no second one comes."""
    await scene.until(lambda: all(one.spaces.messages for one in clubs))
    await scene.pass_by(60)
    assert [len(one.spaces.messages) for one in clubs] == [1] * len(clubs)


@in_virtual_time
async def test_as_many_shards_as_discord_recommends_hear_commands_and_announce(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    with small_shards():
        clubs = clubs_of_all_shards(scene)
        await served(scene)
        assert set(sessions(scene)) == set(range(SHARDS))
        await follow(clubs)
        scene.x.start_space(host, title="Everywhere")
        await announced(scene, clubs)
    assert scene.logged("is lost") == 0


@in_virtual_time
async def test_a_dropped_shard_resumes_and_the_others_notice_nothing(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    with small_shards():
        clubs = clubs_of_all_shards(scene)
        await served(scene)
        await follow(clubs)
        for one in clubs:
            one.spaces.deny("send_messages")
        scene.x.start_space(host, title="Waited for")
        await scene.swept(3)
        before = sessions(scene)

        scene.discord.drop_gateway(shard=1)
        assert set(sessions(scene)) == {0, 2}
        for one in clubs:
            one.spaces.allow("send_messages")  # RESUME tells the shard that was away
        await announced(scene, clubs)
        assert sessions(scene) == before
        assert (await status(clubs[0])).startswith("Working\n")
    assert scene.logged("successfully RESUMED") == 1
    assert scene.logged("is lost") == 0


@in_virtual_time
async def test_a_shard_that_begins_anew_knows_which_guilds_the_bot_left_meanwhile(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    with small_shards():
        clubs = clubs_of_all_shards(scene)
        await served(scene)
        await follow(clubs)
        before = sessions(scene)

        scene.discord.drop_gateway(shard=1, resumable=False, code=None)
        left, *staying = sorted(clubs, key=lambda one: shard_of(one) != 1)
        left.guild.kick_bot()
        await scene.pass_by(2)
        assert set(sessions(scene)) == {0, 2}, "to begin anew takes five seconds"
        assert not (await status(clubs[0])).startswith("Working\n")
        await scene.discord.connected(timeout=scene.patience)
        await scene.pass_by(30)
        after = sessions(scene)
        assert after[1] != before[1]
        assert (after[0], after[2]) == (before[0], before[2])
        with closing(sqlite3.connect(scene.folder / "spacebot.sqlite3")) as database:
            gone = database.execute("SELECT guild_id FROM guilds WHERE left_at IS NOT NULL").fetchall()
        assert gone == [(left.guild.id,)]
        assert (await status(clubs[0])).startswith("Working\n")
        scene.x.start_space(host, title="For those who stayed")
        await announced(scene, staying)
    assert not left.spaces.messages


@in_virtual_time
async def test_a_shard_that_begins_anew_during_the_start_keeps_no_newcomer_from_another(scene: VirtualScene) -> None:
    with small_shards():
        clubs_of_all_shards(scene)
        await scene.serve()
        scene.discord.drop_gateway(shard=0, resumable=False)
        with patch.object(discord.Client, "before_identify_hook", _at_once):
            await scene.discord.connected(timeout=scene.patience)
        await scene.pass_by(30)
        assert scene.logged("Connected to Discord as") == 1
        new = scene.discord.add_guild("Newcomers")
        while (new.id >> 22) % SHARDS != SHARDS - 1:  # the last one was still being told of its guilds
            new = scene.discord.add_guild("Newcomers")
        await scene.until(lambda: new.system_channel.messages)


async def _at_once(self: discord.Client, shard_id: int | None, *, initial: bool = False) -> None:
    """Identify without the usual wait."""


@in_virtual_time
async def test_an_outage_of_all_shards_is_told_once_and_so_is_its_end(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    with small_shards():
        clubs = clubs_of_all_shards(scene)
        await served(scene)
        await follow(clubs)
        await scene.discord.stop()
        scene.x.start_space(host, title="Meanwhile")
        await scene.pass_by(TEN_MINUTES)
        await scene.discord.start()
        await scene.discord.connected(timeout=scene.patience)
        await announced(scene, clubs)
    assert scene.logged("The connection to Discord is lost") == 1
    assert scene.logged("Connected to Discord again") == 1


@asynccontextmanager
async def reserved() -> AsyncIterator[socket.socket]:
    """An address where nobody listens yet."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held


@in_virtual_time
async def test_a_gateway_that_is_away_at_the_start_is_waited_for_and_told_of_once(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    stop = asyncio.Event()
    async with reserved() as address:
        one = club(scene.discord)
        url = f"ws://127.0.0.1:{address.getsockname()[1]}/"
        settings = scene.settings.model_copy(update={"discord_gateway_url": url})
        bot = asyncio.create_task(app.serve(settings, scene.clock, stop), name="bot")
        await scene.pass_by(TWO_HOURS)
        assert not bot.done()
        assert scene.logged("The connection to Discord is lost") == 1

        away = web.Application()
        away.router.add_get("/", scene.discord._gateway.serve)
        runner = web.AppRunner(away, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.SockSite(runner, address).start()
        await scene.discord.connected(timeout=scene.patience)
        await follow([one])
        scene.x.start_space(host, title="At last")
        await announced(scene, [one])
        assert scene.logged("The connection to Discord is lost") == 1
        assert scene.logged("Connected to Discord again") == 1
        stop.set()
        await bot
        await runner.cleanup()


@in_virtual_time
async def test_it_stops_in_time_while_the_gateway_is_away(scene: VirtualScene) -> None:
    async with reserved() as address:
        url = f"ws://127.0.0.1:{address.getsockname()[1]}/"
        settings = scene.settings.model_copy(update={"discord_gateway_url": url})
        bot = asyncio.create_task(app.run(settings, scene.clock), name="bot")
        await scene.until(lambda: scene.discord.commands)
        await scene.pass_by(12)
        await stops_in_time(scene, bot)


@in_virtual_time
async def test_it_stops_in_time_while_a_shard_is_being_connected(scene: VirtualScene) -> None:
    with small_shards():
        clubs_of_all_shards(scene)
        bot = asyncio.create_task(app.run(scene.settings, scene.clock), name="bot")
        await scene.until(lambda: set(sessions(scene)) == {0})
        await scene.pass_by(2)
        assert set(sessions(scene)) == {0}, "the second one waits its five seconds"
        await stops_in_time(scene, bot)
        assert not sessions(scene)
    gc.collect()  # what was left open would be complained of


@in_virtual_time
async def test_it_stops_in_time_while_a_shard_begins_anew(scene: VirtualScene) -> None:
    with small_shards():
        clubs_of_all_shards(scene)
        bot = asyncio.create_task(app.run(scene.settings, scene.clock), name="bot")
        await scene.discord.connected(timeout=scene.patience)
        scene.discord.drop_gateway(shard=1, resumable=False)
        await scene.pass_by(2)
        assert set(sessions(scene)) == {0, 2}, "it waits its five seconds"
        await stops_in_time(scene, bot)
        assert not sessions(scene)
    gc.collect()  # what was left open would be complained of


async def stops_in_time(scene: VirtualScene, bot: asyncio.Task[None]) -> None:
    asked = scene.clock.monotonic()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait({bot}, timeout=TEN_MINUTES)
    assert scene.clock.monotonic() - asked < STOPPED_WITHIN
    await bot


@in_virtual_time
async def test_what_discord_closes_for_good_ends_the_bot_whichever_shard_it_is(scene: VirtualScene) -> None:
    with small_shards():
        clubs_of_all_shards(scene)
        endings: list[tuple[int, type[SpacebotError], str]] = [
            (4004, app.TokenRefused, "SPACEBOT_DISCORD_TOKEN"),
            (4011, app.GatewayClosed, "code 4011"),
            (4014, app.GatewayClosed, "intent"),
        ]
        for shard, (code, error, words) in enumerate(endings):
            bot = asyncio.create_task(app.serve(scene.settings, scene.clock, asyncio.Event()), name="bot")
            await scene.discord.connected(timeout=scene.patience)
            scene.discord.drop_gateway(code=code, shard=shard)
            with pytest.raises(error, match=words):
                await bot


@in_virtual_time
async def test_a_discord_that_does_not_say_how_many_shards_it_wants_delays_the_start(scene: VirtualScene) -> None:
    with small_shards():
        clubs_of_all_shards(scene)
        scene.discord.fault("GET", "^/gateway/bot$", DiscordFault(status=503, times=3))
        await served(scene)
        assert set(sessions(scene)) == set(range(SHARDS))
    assert scene.logged("Discord cannot be reached") == 1


@in_virtual_time
async def test_one_guild_is_served_without_waiting_for_shards(scene: VirtualScene) -> None:
    club(scene.discord)
    began = scene.clock.monotonic()
    await scene.serve()
    assert scene.clock.monotonic() - began < 1.0
