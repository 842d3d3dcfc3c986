"""How long after its start a Space is announced: the whole bot as a process, at X's documented limits.

Beside it, in the same run and over the same Spaces, a peer as they are: a loop that asks X every 60 seconds; for it the
clock stops when it sees the Space, so nothing of its own sending is held against it.

Usage: python benchmarks/announcement.py [--spaces 24] [--hosts 100] [--seconds 300]
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

import aiohttp

from spacebot.sandbox.discord import LocalDiscord
from spacebot.sandbox.process import BotProcess
from spacebot.sandbox.x import LocalX

PEER_INTERVAL = 60.0


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


async def measure(spaces: int, hosts: int, seconds: float) -> None:
    """Start Spaces at random moments, and print how long each took to be announced."""
    rng = random.Random(1)
    started: dict[str, float] = {}
    announced: dict[str, float] = {}
    seen: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with LocalX() as x, LocalX() as peers_x, LocalDiscord() as discord:
            guild = discord.add_guild("Benchmark")
            admin = guild.add_member("admin", manage_guild=True)
            users = [x.add_user(f"host{number}") for number in range(hosts)]
            theirs = [peers_x.add_user(user.username, id=user.id) for user in users]
            bot = BotProcess(
                x_url=x.url,
                x_token=x.bearer_token,
                discord_api_url=discord.api_url,
                discord_gateway_url=discord.gateway_url,
                discord_token=discord.token,
                database=Path(folder) / "benchmark.sqlite3",
            )
            async with bot:
                await discord.connected(timeout=30)
                await discord.wait_for(lambda: discord.commands, timeout=30)
                for user in users:
                    use = await admin.use(guild.system_channel, "watch add", host=user.id)
                    await use.reply()
                channel = guild.system_channel
                looking = asyncio.create_task(peer(peers_x, [user.id for user in theirs], seen))
                begins = time.monotonic()
                moments = sorted(rng.uniform(0, seconds) for _ in range(spaces))

                async def note() -> None:
                    while len(announced) < spaces:
                        await discord.wait_for(
                            lambda: sum(bool(message.embeds) for message in channel.messages) > len(announced),
                            timeout=600,
                        )
                        now = time.monotonic()
                        for message in channel.messages:
                            if message.embeds:
                                space_id = message.embeds[0]["url"].removesuffix("#live").rpartition("/")[2]
                                announced.setdefault(space_id, now)

                noting = asyncio.create_task(note())
                for number, moment in enumerate(moments):
                    await asyncio.sleep(max(0.0, begins + moment - time.monotonic()))
                    space = x.start_space(users[number % hosts], title=f"Space {number}")
                    peers_x.start_space(theirs[number % hosts], title=f"Space {number}", id=space.id)
                    started[space.id] = time.monotonic()
                await noting
                await asyncio.sleep(PEER_INTERVAL + 5)
                looking.cancel()
                print(f"{spaces} Spaces of {hosts} hosts, started over {seconds:.0f} s; seconds from start to message")
                _row("spacebot", [announced[key] - at for key, at in started.items()])
                _row("60 s loop", [seen[key] - at for key, at in started.items() if key in seen])
                print(f"X refused spacebot {len(x.refused)} times, Discord {len(discord.refused)} times")


def _row(name: str, delays: list[float]) -> None:
    print(
        f"{name:10} n={len(delays)} median {statistics.median(delays):5.1f}  mean {statistics.mean(delays):5.1f}  "
        f"worst {max(delays):5.1f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spaces", type=int, default=24)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300.0)
    asked = parser.parse_args()
    asyncio.run(measure(asked.spaces, asked.hosts, asked.seconds))
