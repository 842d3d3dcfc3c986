"""Thousands of guilds on a local Discord, and what is watched there: what fanout.py and interactions.py share."""

import asyncio
import contextlib
import gc
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from spacebot.domain.ids import ChannelId, GuildId, RoleId
from spacebot.sandbox.discord import LocalChannel, LocalDiscord, LocalGuild, LocalMember
from spacebot.sandbox.discord.http.exchanges import Exchange
from spacebot.sandbox.process import BotProcess
from spacebot.store.queries import Queries
from spacebot.x.model import User

DISCORDS_LIMIT = 50
OWN, SHARED = 20, 20
"""Guilds that follow another host only, and guilds that follow it beside the first one."""
START_TIMEOUT = 180.0
STALL = 60.0
"""Seconds without progress after which a phase is given up."""
TICK = 0.05
WATCHED = 0.005
ROOM = 2 / DISCORDS_LIMIT
"""Seconds: 48 requests per second become more than 50 where so many are held up for longer and then come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A guild with what the bot needs of it."""

    guild: LocalGuild
    channel: LocalChannel
    role: int
    admin: LocalMember | None
    """Somebody to give commands, in some guilds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message, or an edit, that Discord took."""

    at: datetime
    channel_id: int
    is_edit: bool
    space_id: str


class Posts:
    """What Discord took so far, read once from its recording."""

    def __init__(self, server: LocalDiscord) -> None:
        self._server = server
        self._read = 0
        self.all: list[Posted] = []

    def read(self) -> list[Posted]:
        exchanges = self._server.requests
        for exchange in exchanges[self._read :]:
            is_edit = exchange.route == "/channels/{channel_id}/messages/{message_id}" and exchange.method == "PATCH"
            is_message = exchange.route == "/channels/{channel_id}/messages" and exchange.method == "POST"
            if exchange.status == 200 and (is_edit or is_message) and exchange.body.get("embeds"):
                url = exchange.body["embeds"][0]["url"]
                self.all.append(
                    Posted(
                        at=exchange.time,
                        channel_id=int(exchange.path.split("/")[2]),
                        is_edit=is_edit,
                        space_id=url.partition("#")[0].rpartition("/")[2],
                    )
                )
        self._read = len(exchanges)
        return self.all

    async def until(self, happened: Callable[[list[Posted]], bool]) -> None:
        """Wait for messages or edits; TimeoutError where nothing moves any more."""
        moved, known = time.monotonic(), -1
        while not happened(self.read()):
            if len(self.all) != known:
                moved, known = time.monotonic(), len(self.all)
            if time.monotonic() - moved > STALL:
                raise TimeoutError(f"nothing has moved for {STALL:.0f} s after {known} messages and edits")
            await asyncio.sleep(TICK)


class Lag:
    """When this process was late: what the local servers cannot take in time looks as if it had been sent in a bunch."""

    def __init__(self) -> None:
        self.times: list[tuple[datetime, float]] = []

    async def watch(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(WATCHED)
            late = time.monotonic() - before - WATCHED
            if late > ROOM:
                self.times.append((datetime.now(UTC), late))

    def explains(self, refused: datetime) -> bool:
        """Whether a bunch may have been of this process's making."""
        return any(
            at - timedelta(seconds=late + WATCHED) <= refused <= at + timedelta(seconds=1) for at, late in self.times
        )

    def told(self, refused: Sequence[Exchange]) -> str:
        """How many were refused, and for how many of them this process may be to blame."""
        ours = sum(self.explains(each.time) for each in refused)
        worst = max((late for _, late in self.times), default=0.0)
        return (
            f"429s {len(refused)}, {ours} of them within a second of these servers' being late themselves "
            f"(more than {ms(ROOM)} {len(self.times)} times, {ms(worst)} at worst)"
        )


@contextlib.asynccontextmanager
async def running(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Let something run beside the block."""
    task = asyncio.ensure_future(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def settle(server: LocalDiscord, guilds: int, *, askers: int) -> list[Home]:
    """So many guilds that the bot has been in for long, each with a channel for Spaces and a role that wants to know.

    The first `askers` have an admin.
    """
    homes = []
    for number in range(guilds):
        guild = server.add_guild(f"Guild {number}")
        guild.bot_member.joined_at = datetime.now(UTC) - timedelta(days=100)  # else it is greeted
        homes.append(
            Home(
                guild=guild,
                channel=guild.add_channel("spaces"),
                role=guild.add_role("listeners").id,
                admin=guild.add_member("admin", manage_guild=True) if number < askers else None,
            )
        )
    gc.collect()
    gc.disable()  # looking through 10,000 guilds would hold the servers up for longer than a request takes
    return homes


def follow(tables: Queries, homes: Sequence[Home], hosts: Sequence[User]) -> None:
    """The first host is followed in all guilds but the last ones, each other host in some of both."""
    now = datetime.now(UTC)
    tables.remember_users(hosts, now)
    many = len(homes) - OWN * (len(hosts) - 1)
    for at, home in enumerate(homes):
        guild_id = GuildId(home.guild.id)
        tables.set_channel(guild_id, ChannelId(home.channel.id))
        tables.set_roles(guild_id, [RoleId(home.role)])
        followed = [hosts[0]] if at < many else [hosts[1 + (at - many) // OWN]]
        step = max(1, many // SHARED)
        if at < many and at % step < len(hosts) - 1 and at // step < SHARED:
            followed.append(hosts[1 + at % step])
        for host in followed:
            tables.add_watch(guild_id=guild_id, host_id=host.id, channel_id=None, roles=(), by=1, limit=100, now=now)


def tell_troubles(bot: BotProcess) -> None:
    """What the bot complained of, without discord.py's word on each 429."""
    lines = [line for line in bot.log if " WARNING " in line or " ERROR " in line]
    for line in [line for line in lines if "ate limit" not in line][:10]:
        print(f"  the bot said: {line}")


async def ready(bot: BotProcess) -> None:
    """Return once the bot knows its guilds."""
    async with asyncio.timeout(START_TIMEOUT):
        while not any("Connected to Discord as" in line for line in bot.log):  # noqa: ASYNC110 - its log is all it tells
            await asyncio.sleep(TICK)


def hundredths(seconds: Sequence[float]) -> list[float]:
    """The 99 values that cut what was measured (at least twice) into hundredths."""
    return statistics.quantiles(seconds, n=100, method="inclusive")


def ms(seconds: float) -> str:
    """As milliseconds."""
    return f"{seconds * 1000:.0f} ms"


def load() -> str:
    """How busy the machine is, with whatever else runs on it."""
    return f"load average {os.getloadavg()[0]:.1f}"
