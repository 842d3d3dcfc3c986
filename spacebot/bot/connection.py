"""discord.py's connections, mended where they fail us; each workaround says what it is for."""

import asyncio
import logging
from collections import deque
from typing import Any

import discord
from yarl import URL

CONNECT_TIMEOUT = 60.0
"""Seconds until an attempt to connect a shard is given up for another."""

OPENED_KEPT = 100
"""How many of the last connections to the gateway are looked through for some left open."""

LONGEST_WAIT = 30.0
"""Seconds that discord.py may sleep on a full bucket; beyond it says so, and the ledger waits instead."""


class Outage(logging.Filter):
    """Lets discord.py say once, without a trace, that the gateway is gone, instead of at each attempt of each shard."""

    LOGGER = "discord.shard"
    ATTEMPTS = ("Attempting a reconnect", "Failed to connect")

    def __init__(self) -> None:
        super().__init__()
        self._told = False

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(self.ATTEMPTS):
            return True
        if self._told:
            return False
        self._told = True
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = "The connection to Discord is lost; it is tried again until it works.", None
        record.exc_info = record.exc_text = None
        return True

    def is_over(self) -> bool:
        """Note that the gateway is up; whether anything was said of an outage."""
        was_told, self._told = self._told, False
        return was_told


class Known(discord.state.AutoShardedConnectionState[Any]):
    """What discord.py knows of the guilds; of those of a shard, no more than Discord names when the shard begins anew.

    discord.py 2.7.1 keeps a guild that the bot left while the shard was away, unless there is no sharding.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.opened: deque[discord.gateway.DiscordWebSocket] = deque(maxlen=OPENED_KEPT)

    def parse_ready(self, data: Any) -> None:
        shard_id, _ = data["shard"]
        named = {int(guild["id"]) for guild in data["guilds"]}
        for guild in list(self.guilds):
            if guild.shard_id == shard_id and guild.id not in named:
                self._remove_guild(guild)
        super().parse_ready(data)

    def _update_references(self, ws: discord.gateway.DiscordWebSocket) -> None:
        super()._update_references(ws)
        self.opened = deque((each for each in (*self.opened, ws) if each.open), maxlen=OPENED_KEPT)

    async def close_abandoned(self) -> None:
        """Close what discord.py opened and dropped without closing it: connections that failed before they stood."""
        await asyncio.gather(*(ws.close() for ws in self.opened if ws.open), return_exceptions=True)
        self.opened.clear()

    async def _delay_ready(self) -> None:
        # This is canceled where a shard begins anew, and discord.py would cancel what the others wait for along with
        # it: it would never again tell of a guild that joins them.
        await asyncio.wait(self._ready_tasks.values())
        await super()._delay_ready()


class TryAgain(Exception):
    """A shard could not be connected."""


def point_at(api_url: str, gateway_url: str) -> None:
    """Let discord.py talk to this Discord; it keeps both addresses in its classes."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
    discord.http.Route.BASE = api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
