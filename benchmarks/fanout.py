"""One host, followed by thousands of guilds, goes live: how fast the messages leave, and what waits behind them.

The whole bot runs as a process of its own between a local X, at the documented limits, and a local Discord, both in this
process. Other Spaces start meanwhile, people give commands, and at the end the Space closes, so that every message is
edited. Beside it, in the same run: a small bot on discord.py that gathers `channel.send` over as many channels.

The bot has as many shards as the local Discord recommends. The peer has fewer guilds: from about 2,100 on its refused requests (10,000 in ten minutes) have it banned, as Discord would.

Usage: python benchmarks/fanout.py [--guilds 10000] [--peer-guilds 2000] [--messages-per-second 48]
"""

import argparse
import asyncio
import contextlib
import os
import random
import resource
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import discord
from crowd import (
    DISCORDS_LIMIT,
    OWN,
    SHARED,
    START_TIMEOUT,
    Home,
    Lag,
    Posted,
    Posts,
    follow,
    hundredths,
    load,
    ms,
    ready,
    running,
    settle,
    tell_troubles,
)
from discord import app_commands
from discord.ext import commands

from spacebot.bot.connection import point_at
from spacebot.domain.ids import UserId
from spacebot.sandbox.discord import LocalDiscord
from spacebot.sandbox.process import BotProcess
from spacebot.sandbox.x import LocalX
from spacebot.store.connection import Store
from spacebot.x.model import User

MEANWHILE, AMID_EDITS = 5, 2
"""Other Spaces that start during the messages, and during the edits."""
EDITING_SECONDS = 30.0
"""How long the edits are watched before the next Space starts among them."""
COMMANDS_PER_SECOND = 2.0
ASKERS = 20
"""Guilds whose people give commands."""
PEER = "FANOUT_PEER_"


class People:
    """Members who give commands at their leisure, and how soon each was acknowledged."""

    def __init__(self, homes: Sequence[Home], space_id: str, host: str) -> None:
        self._homes = [home for home in homes if home.admin is not None]
        self._asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("space", {"space": space_id}),
            ("watch list", {}),
            ("config show", {}),
            ("host-live", {"host": host}),
        )
        self._rng = random.Random(2)
        self.acknowledged: list[float] = []
        self.failed = 0

    async def ask(self) -> None:
        """Give commands until cancelled; those under way are then waited for."""
        async with asyncio.TaskGroup() as uses:
            with contextlib.suppress(asyncio.CancelledError):
                for number in count():
                    uses.create_task(self._use(number))
                    await asyncio.sleep(self._rng.expovariate(COMMANDS_PER_SECOND))

    async def _use(self, number: int) -> None:
        home = self._homes[number % len(self._homes)]
        command, options = self._asked[number % len(self._asked)]
        assert home.admin is not None
        use = await home.admin.use(home.guild.system_channel, command, **options)
        if use.acknowledged_after is None:
            self.failed += 1
        else:
            self.acknowledged.append(use.acknowledged_after)

    def __str__(self) -> str:
        if len(self.acknowledged) < 2:
            return f"{len(self.acknowledged)} commands acknowledged, {self.failed} not within 3 s"
        cuts = hundredths(self.acknowledged)
        return (
            f"{len(self.acknowledged)} commands acknowledged after {ms(cuts[49])} (median), "
            f"{ms(cuts[98])} (99th percentile), {ms(max(self.acknowledged))} (worst); "
            f"{self.failed} not within 3 s"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A Space that started meanwhile: seconds from X showing it."""

    read: float
    """Until an answer of X had it."""
    first: float
    last: float
    """Until its first and its last message."""
    messages: int


async def start_other(x: LocalX, posts: Posts, host: User) -> Other:
    """Start a Space and wait for its messages."""
    began, asked = datetime.now(UTC), len(x.requests)
    space = x.start_space(x.users[host.id], title=f"A Space of {host.username}")

    def stand(all_posts: list[Posted]) -> bool:
        return sum(post.space_id == space.id and not post.is_edit for post in all_posts) >= OWN + SHARED

    await posts.until(stand)
    messages = [post.at for post in posts.all if post.space_id == space.id and not post.is_edit]
    read = next(each.time for each in x.requests[asked:] if space.id.encode() in each.response_body)
    return Other(
        read=(read - began).total_seconds(),
        first=(min(messages) - began).total_seconds(),
        last=(max(messages) - began).total_seconds(),
        messages=len(messages),
    )


async def ours(guilds: int, per_second: float) -> None:
    """Measure the bot, and print what came out."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        async with LocalX() as x, LocalDiscord(recording=1_000_000) as server:
            users = [x.add_user(f"host{number}") for number in range(1 + MEANWHILE + AMID_EDITS)]
            hosts = [User(id=UserId(user.id), username=user.username, name=user.name) for user in users]
            homes = settle(server, guilds + OWN * (len(hosts) - 1), askers=ASKERS)
            database = Path(folder) / "fanout.sqlite3"
            async with Store(database) as store:
                await store(follow, homes, hosts)
            bot = BotProcess(
                x_url=x.url,
                x_token=x.bearer_token,
                discord_api_url=server.api_url,
                discord_gateway_url=server.gateway_url,
                discord_token=server.token,
                database=database,
                extra={"SPACEBOT_MESSAGES_PER_SECOND": str(per_second), "SPACEBOT_DAILY_BUDGET_USD": "none"},
            )
            posts, lag = Posts(server), Lag()
            async with bot:
                await server.wait_for(lambda: server.is_connected and server.commands, timeout=START_TIMEOUT)
                await ready(bot)
                try:
                    async with running(lag.watch):
                        await _fan_out(
                            x=x,
                            server=server,
                            posts=posts,
                            lag=lag,
                            homes=homes,
                            hosts=hosts,
                            guilds=guilds,
                            per_second=per_second,
                        )
                finally:
                    tell_troubles(bot)
                await bot.stop()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"  the bot took {cpu:.0f} s of CPU in all, and {after.ru_maxrss / 1024:.0f} MiB at most")
            print(f"  X refused {len(x.refused)} requests")


async def _fan_out(
    *,
    x: LocalX,
    server: LocalDiscord,
    posts: Posts,
    lag: Lag,
    homes: Sequence[Home],
    hosts: Sequence[User],
    guilds: int,
    per_second: float,
) -> None:
    space = x.start_space(x.users[hosts[0].id], title="The Space that everybody waits for", listeners=100)
    people = People(homes, space.id, hosts[0].id)
    others: list[Other] = []
    async with running(people.ask):
        for number in range(MEANWHILE):
            part = guilds * (number + 1) // (MEANWHILE + 2)
            await posts.until(lambda all_posts, part=part: len(all_posts) >= part)  # type: ignore[misc]  # bound now
            others.append(await start_other(x, posts, hosts[1 + number]))
        await posts.until(lambda all_posts: sum(post.space_id == space.id for post in all_posts) >= guilds)
    messages = [post for post in posts.all if not post.is_edit]
    seconds = (messages[-1].at - messages[0].at).total_seconds()
    speed = (len(messages) - 1) / seconds
    twice = len(messages) - len({(post.space_id, post.channel_id) for post in messages})
    print(
        f"  {len(messages)} messages ({twice} of them doubled) in {seconds:.1f} s: {speed:.2f} per second, "
        f"{speed / DISCORDS_LIMIT:.1%} of {DISCORDS_LIMIT}, {speed / per_second:.1%} of the setting ({per_second:g})"
    )
    print(f"  busiest second {server.busiest_second()}, {lag.told(server.refused)}")
    _tell_others("amid the messages", others)
    print(f"  {people}")

    people, refused = People(homes, space.id, hosts[0].id), len(server.refused)
    done = len(posts.all)
    space.end()
    async with running(people.ask):
        await posts.until(lambda all_posts: len(all_posts) > done)
        await asyncio.sleep(EDITING_SECONDS)
        edits = [post.at for post in posts.read()[done:] if post.is_edit]
        others = [await start_other(x, posts, host) for host in hosts[1 + MEANWHILE :]]
    speed = (len(edits) - 1) / (edits[-1] - edits[0]).total_seconds()
    print(f"  the Space ends: {speed:.2f} edits per second ({len(edits)} seen), {lag.told(server.refused[refused:])}")
    _tell_others("amid the edits", others)
    print(f"  {people}")


def _tell_others(when: str, others: Sequence[Other]) -> None:
    for name, delays in (
        ("read by the bot", [other.read for other in others]),
        ("first message", [other.first for other in others]),
        ("last message", [other.last for other in others]),
    ):
        print(
            f"  {len(others)} other Spaces in {OWN + SHARED} channels each, {when}: seconds from X showing it to "
            f"{name}: median {statistics.median(delays):.2f}, worst {max(delays):.2f}"
        )


async def peers(guilds: int) -> None:
    """Measure the peer, and print what came out."""
    async with LocalDiscord(recording=1_000_000) as server:
        homes = settle(server, guilds, askers=ASKERS)
        environment = {
            **os.environ,
            PEER + "TOKEN": server.token,
            PEER + "API": server.api_url,
            PEER + "GATEWAY": server.gateway_url,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        assert process.stdout is not None
        posts, people, lag = Posts(server), People(homes, "1", "1"), Lag()
        try:
            await server.wait_for(lambda: server.is_connected and server.commands, timeout=START_TIMEOUT)
            await server.wait_for(lambda: any(each.method == "POST" for each in server.requests[-5:]), START_TIMEOUT)
            async with running(people.ask), running(lag.watch):
                said = (await process.stdout.readline()).decode().strip()
        finally:
            process.kill()
            await process.wait()
        messages = posts.read()
        seconds = (messages[-1].at - messages[0].at).total_seconds() if len(messages) > 1 else 0.0
        speed = (len(messages) - 1) / seconds if seconds else 0.0
        print(
            f"  {len(messages)} messages of {guilds} stand after {seconds:.1f} s: {speed:.2f} per second, "
            f"{speed / DISCORDS_LIMIT:.1%} of {DISCORDS_LIMIT}; {said}"
        )
        print(f"  busiest second {server.busiest_second()} requests, 429s {len(server.refused)}")
        print(f"  {people}")


class PeerBot(commands.Bot):
    """A bot as many are: everything at once, and what goes wrong is discord.py's to repair."""

    def __init__(self) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )

    async def setup_hook(self) -> None:
        watch = app_commands.Group(name="watch", description="Watchlist")
        config = app_commands.Group(name="config", description="Configuration")

        async def answer(interaction: discord.Interaction) -> None:
            await interaction.response.defer(ephemeral=True)
            await interaction.edit_original_response(content="Here it is.")

        @self.tree.command(name="space", description="A Space")
        async def show(interaction: discord.Interaction, space: str) -> None:
            await answer(interaction)

        @self.tree.command(name="host-live", description="A host")
        async def live(interaction: discord.Interaction, host: str) -> None:
            await answer(interaction)

        @watch.command(name="list", description="Who is followed")
        async def follows(interaction: discord.Interaction) -> None:
            await answer(interaction)

        @config.command(name="show", description="What is set up")
        async def is_set(interaction: discord.Interaction) -> None:
            await answer(interaction)

        self.tree.add_command(watch)
        self.tree.add_command(config)
        await self.tree.sync()

    async def on_ready(self) -> None:
        embed = discord.Embed(title="The Space that everybody waits for", url="https://x.com/i/spaces/1#live")

        async def announce(guild: discord.Guild) -> None:
            channel = discord.utils.get(guild.text_channels, name="spaces")
            role = discord.utils.get(guild.roles, name="listeners")
            assert channel is not None
            assert role is not None
            mentions = discord.AllowedMentions(roles=[role])
            await channel.send(content=role.mention, embed=embed, allowed_mentions=mentions)

        outcomes = await asyncio.gather(*(announce(guild) for guild in self.guilds), return_exceptions=True)
        lost = [type(outcome).__name__ for outcome in outcomes if isinstance(outcome, BaseException)]
        kinds = ", ".join(f"{lost.count(name)} {name}" for name in sorted(set(lost)))
        print(f"{len(lost)} sends raised ({kinds or 'none'})", flush=True)


def run_peer() -> None:
    """What the peer's process does."""
    point_at(os.environ[PEER + "API"], os.environ[PEER + "GATEWAY"])
    PeerBot().run(os.environ[PEER + "TOKEN"], log_handler=None)


async def measure(guilds: int, peer_guilds: int, per_second: float) -> None:
    """Both, one after the other: each has the machine to itself."""
    print(f"spacebot, {guilds} guilds follow one host ({load()} before)")
    await ours(guilds, per_second)
    print(f"asyncio.gather over channel.send, {peer_guilds} guilds ({load()} before)")
    if peer_guilds:
        await peers(peer_guilds)
    print(f"{load()} after")


if __name__ == "__main__":
    if PEER + "TOKEN" in os.environ:
        run_peer()
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guilds", type=int, default=10_000)
    parser.add_argument("--peer-guilds", type=int, default=2_000)
    parser.add_argument("--messages-per-second", type=float, default=48.0)
    asked = parser.parse_args()
    asyncio.run(measure(asked.guilds, asked.peer_guilds, asked.messages_per_second))
