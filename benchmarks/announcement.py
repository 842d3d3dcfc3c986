"""How long after its start a Space is announced: the whole bot as a process, at X's documented limits, twice.

Once it has only its sweeps; once X pushes as well, and what is measured is what the bot adds: from the moment X writes
the event to the message standing. Beside them, in the same run and over the same Spaces, a peer as they are: a loop
that asks X every 60 seconds; for it the clock stops when it sees the Space, so nothing of its own sending is held
against it.

Usage: python benchmarks/announcement.py [--spaces 24] [--hosts 100] [--seconds 300]
"""

import argparse
import asyncio
import math
import random
import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp

from spacebot.sandbox.discord import LocalChannel, LocalDiscord
from spacebot.sandbox.process import BotProcess
from spacebot.sandbox.x import LocalX

PEER_INTERVAL = 60.0

PATIENCE = 600.0
"""Seconds until a message counts as lost, and the benchmark fails."""

TOGETHER = 10
"""Commands given at the same time: they share their requests to X."""

WITHIN = 2.0
"""What the bot may add to an event's arrival, at the 95th percentile, in seconds."""


async def peer(x: LocalX, host_ids: list[str], seen: dict[str, float]) -> None:
    """Ask about all hosts every 60 seconds, and note when each Space was first seen."""
    headers = {"Authorization": f"Bearer {x.bearer_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            for at in range(0, len(host_ids), 100):
                query = {"user_ids": ",".join(host_ids[at : at + 100])}
                async with session.get(f"{x.url}/2/spaces/by/creator_ids", params=query) as answer:
                    for space in (await answer.json()).get("data", []):
                        if space["state"] == "live":
                            seen.setdefault(space["id"], time.monotonic())
                await asyncio.sleep(1.1)
            await asyncio.sleep(PEER_INTERVAL)


@dataclass(kw_only=True)
class Course:
    """One bot between an X and a Discord of its own, and when each Space stood in its channel."""

    x: LocalX
    discord: LocalDiscord
    channel: LocalChannel
    announced: dict[str, float] = field(default_factory=dict)

    @classmethod
    async def open(cls, stack: AsyncExitStack, folder: Path, hosts: list[str], settings: Mapping[str, str]) -> Self:
        """Start the bot, and let one guild follow all hosts."""
        x = await stack.enter_async_context(LocalX())
        discord = await stack.enter_async_context(LocalDiscord())
        guild = discord.add_guild("Benchmark")
        admin = guild.add_member("admin", manage_guild=True)
        users = [x.add_user(name) for name in hosts]
        bot = BotProcess(
            x_url=x.url,
            x_token=x.bearer_token,
            discord_api_url=discord.api_url,
            discord_gateway_url=discord.gateway_url,
            discord_token=discord.token,
            database=folder / "benchmark.sqlite3",
            extra=settings,
        )
        await stack.enter_async_context(bot)
        await discord.connected(timeout=PATIENCE)
        await discord.wait_for(lambda: discord.commands, timeout=PATIENCE)

        async def follow(host_id: str) -> None:
            use = await admin.use(guild.system_channel, "watch add", host=host_id, channel=guild.system_channel)
            await use.reply(timeout=PATIENCE)

        for at in range(0, len(users), TOGETHER):
            await asyncio.gather(*(follow(user.id) for user in users[at : at + TOGETHER]))
        return cls(x=x, discord=discord, channel=guild.system_channel)

    async def note(self, spaces: int) -> None:
        """Note when each of so many Spaces stands in the channel."""
        while len(self.announced) < spaces:
            await self.discord.wait_for(
                lambda: sum(bool(message.embeds) for message in self.channel.messages) > len(self.announced),
                timeout=PATIENCE,
            )
            now = time.monotonic()
            for message in self.channel.messages:
                if message.embeds:
                    space_id = message.embeds[0]["url"].removesuffix("#live").rpartition("/")[2]
                    self.announced.setdefault(space_id, now)

    def start(self, number: int, title: str, space_id: str | None = None) -> str:
        """Let that host go live; returns the Space's id. Whom X pushes, it writes the event of at the same moment."""
        return self.x.start_space(list(self.x.users.values())[number], title=title, id=space_id).id


async def measure(spaces: int, hosts: int, seconds: float) -> None:
    """Start Spaces at random moments, and print how long each took to be announced."""
    rng = random.Random(1)
    names = [f"host{number}" for number in range(hosts)]
    started: dict[str, float] = {}
    seen: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        sweeps, push = await asyncio.gather(
            Course.open(stack, folders[0], names, {"SPACEBOT_PUSH": "off", "SPACEBOT_DAILY_BUDGET_USD": "none"}),
            Course.open(stack, folders[1], names, {"SPACEBOT_PUSH": "on", "SPACEBOT_DAILY_BUDGET_USD": "none"}),
        )
        await push.x.wait_for(
            lambda: len(push.x.subscriptions) == 2 * hosts and push.x.streams.connected, timeout=PATIENCE
        )
        await asyncio.sleep(push.x.streams.heartbeat)  # until then the bot may not know that the stream stands
        peers_x = await stack.enter_async_context(LocalX())
        theirs = [peers_x.add_user(name) for name in names]
        looking = asyncio.create_task(peer(peers_x, [user.id for user in theirs], seen))
        notes = [asyncio.create_task(course.note(spaces)) for course in (sweeps, push)]
        begins = time.monotonic()
        for number, moment in enumerate(sorted(rng.uniform(0, seconds) for _ in range(spaces))):
            await asyncio.sleep(max(0.0, begins + moment - time.monotonic()))
            host, title = number % hosts, f"Space {number}"
            started_at = time.monotonic()
            space_id = push.start(host, title)
            sweeps.start(host, title, space_id)
            peers_x.start_space(theirs[host], title=title, id=space_id)
            started[space_id] = started_at
        await asyncio.gather(*notes)
        await asyncio.sleep(max(0.0, max(started.values()) + PEER_INTERVAL + 5 - time.monotonic()))
        looking.cancel()
        print(f"{spaces} Spaces of {hosts} hosts, started over {seconds:.0f} s; seconds from start to message")
        added = _row("push", [push.announced[key] - at for key, at in started.items()])
        _row("sweeps", [sweeps.announced[key] - at for key, at in started.items()])
        _row("60 s loop", [seen[key] - at for key, at in started.items() if key in seen])
        verdict = "kept" if added <= WITHIN else "MISSED"
        print(f"push: 95 % within {WITHIN:.0f} s of the event: {verdict}")
        for name, course in (("push", push), ("sweeps", sweeps)):
            refused = f"X refused {len(course.x.refused)} times, Discord {len(course.discord.refused)} times"
            print(f"{name}: {len(course.announced)} announced; {refused}")


def _row(name: str, delays: list[float]) -> float:
    """Print a line; returns the 95th percentile."""
    ranked = sorted(delays)
    late = ranked[math.ceil(0.95 * len(ranked)) - 1]
    print(
        f"{name:10} n={len(ranked)} median {statistics.median(ranked):5.2f}  mean {statistics.mean(ranked):5.2f}  "
        f"95th {late:5.2f}  worst {ranked[-1]:5.2f}"
    )
    return late


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spaces", type=int, default=24)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300.0)
    asked = parser.parse_args()
    asyncio.run(measure(asked.spaces, asked.hosts, asked.seconds))
