"""The connections to Discord: what discord.py does wrong about losing and restoring them, put right in one place."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import discord
from discord.ext import commands
from yarl import URL

from spacebot.bot.gateway import GatewayState

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 60.0
"""Seconds until an attempt to connect a shard is given up for another."""

SOCKETS_KEPT = 100
"""How many of the last connections to the gateway are remembered, to close those that were left open."""

LONGEST_RATE_LIMIT_SLEEP = 30.0
"""Seconds that discord.py may sleep on a full bucket; beyond that it raises, and the delivery waits in the store."""


class ShardedConnection(commands.AutoShardedBot):
    """A discord.py bot whose shards are connected, lost and connected again reliably.

    Each override exists because of what discord.py 2.7.1 does without it; its comment or docstring says what.
    """

    _connection: "_ConnectionState"

    def __init__(self, *, gateway: GatewayState, on_change: Callable[[], None], **options: Any) -> None:
        """Prepare; nothing is connected yet.

        Args:
            gateway: Kept true here.
            on_change: Called when a shard is connected.
            options: What discord.py's bot takes.
        """
        super().__init__(
            max_ratelimit_timeout=LONGEST_RATE_LIMIT_SLEEP, shard_connect_timeout=CONNECT_TIMEOUT, **options
        )
        self._on_change = on_change
        self._gateway = gateway
        self._is_launching = False
        self._log_filter = GatewayLogFilter()
        logging.getLogger(GatewayLogFilter.LOGGER).addFilter(self._log_filter)

    def _get_state(self, **options: Any) -> "_ConnectionState":
        return _ConnectionState(
            dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options
        )

    @property
    def is_connected(self) -> bool:
        """Whether every shard is up right now; discord.py's `is_ready` only says that they once were."""
        return self._gateway.is_connected

    async def setup_hook(self) -> None:
        # Asked for while signing in, and not first in `connect`, so that a failure only delays the start.
        self.shard_count, _, _ = await self.http.get_bot_gateway()
        self._gateway.shard_count = self.shard_count

    async def close(self) -> None:
        await super().close()
        await self._connection.close_abandoned()
        logging.getLogger(GatewayLogFilter.LOGGER).removeFilter(self._log_filter)

    async def connect(self, *, reconnect: bool = True) -> None:
        # If discord.py is cancelled while it connects a shard again, it takes that for the shard's end and goes on.
        connecting = asyncio.create_task(super().connect(reconnect=reconnect))
        try:
            await asyncio.wait({connecting})
        finally:
            while not connecting.done():
                connecting.cancel()
                await asyncio.wait({connecting}, timeout=0.1)
        await connecting

    async def launch_shard(self, gateway: URL, shard_id: int, *, initial: bool = False) -> None:
        # discord.py tries again by calling this from within its attempt: after an hour the recursion is too deep.
        if self._is_launching:
            raise _ShardNotConnected
        self._is_launching = True
        while self._is_launching:
            with contextlib.suppress(_ShardNotConnected):
                await super().launch_shard(gateway, shard_id, initial=initial)
                self._is_launching = False

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self._gateway.up.discard(shard_id)

    async def on_shard_connect(self, shard_id: int) -> None:  # it is ready seconds later, when it may be lost again
        self._shard_connected(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        self._shard_connected(shard_id)

    def _shard_connected(self, shard_id: int) -> None:
        self._gateway.up.add(shard_id)
        if self.is_connected and self._log_filter.is_over():
            log.info("Connected to Discord again.")
        self._on_change()


class _ShardNotConnected(Exception):
    """An attempt to connect a shard failed; it is to be tried again."""


class _ConnectionState(discord.state.AutoShardedConnectionState[Any]):
    """What discord.py knows of the guilds. When a shard begins anew, only its guilds that Discord names are kept.

    discord.py 2.7.1 keeps a guild that the bot left while the shard was away, unless there is no sharding.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._open_sockets: deque[discord.gateway.DiscordWebSocket] = deque(maxlen=SOCKETS_KEPT)

    def parse_ready(self, data: Any) -> None:
        shard_id, _ = data["shard"]
        named = {int(guild["id"]) for guild in data["guilds"]}
        for guild in list(self.guilds):
            if guild.shard_id == shard_id and guild.id not in named:
                self._remove_guild(guild)
        super().parse_ready(data)

    def _update_references(self, ws: discord.gateway.DiscordWebSocket) -> None:
        super()._update_references(ws)
        self._open_sockets = deque((each for each in (*self._open_sockets, ws) if each.open), maxlen=SOCKETS_KEPT)

    async def close_abandoned(self) -> None:
        """Close the connections that discord.py opened and dropped without closing them: those that failed early."""
        await asyncio.gather(*(ws.close() for ws in self._open_sockets if ws.open), return_exceptions=True)
        self._open_sockets.clear()

    async def _delay_ready(self) -> None:
        # This is cancelled when a shard begins anew, and discord.py would cancel what the other shards wait for along
        # with it: it would never again report a guild that joins them.
        await asyncio.wait(self._ready_tasks.values())
        await super()._delay_ready()


class GatewayLogFilter(logging.Filter):
    """Lets discord.py log once, without a traceback, that the gateway is lost, not at each attempt of each shard."""

    LOGGER = "discord.shard"
    ATTEMPTS = ("Attempting a reconnect", "Failed to connect")

    def __init__(self) -> None:
        super().__init__()
        self._was_logged = False

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(self.ATTEMPTS):
            return True
        if self._was_logged:
            return False
        self._was_logged = True
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = "The connection to Discord is lost; it is tried again until it works.", None
        record.exc_info = record.exc_text = None
        return True

    def is_over(self) -> bool:
        """Note that the gateway is up; whether an outage was logged before."""
        was_logged, self._was_logged = self._was_logged, False
        return was_logged


def point_at(api_url: str, gateway_url: str) -> None:
    """Let discord.py talk to the Discord at these addresses, which it keeps in its classes."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
    discord.http.Route.BASE = api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
