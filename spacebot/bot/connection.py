"""The connections to Discord: what discord.py does wrong about losing and restoring them, put right in one place."""

import asyncio
import contextlib
import logging
import sys
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import discord
from discord.ext import commands
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from yarl import URL

from spacebot.bot.gateway import GatewayState
from spacebot.bot.reconnecting import Backoff, FreshStarts, IdentifyPace
from spacebot.present.language import ENGLISH, speaking

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 60.0
"""Seconds until an attempt to connect a shard is given up for another."""

SOCKETS_KEPT = 100
"""How many of the last connections to the gateway are remembered, to close those that were left open."""

LOST = (ReconnectWebSocket, discord.ConnectionClosed, OSError, TimeoutError)
"""How a connection ends, in contrast to what cannot be read."""

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
        self._gateway = gateway
        self._identify_pace = IdentifyPace()
        super().__init__(
            max_ratelimit_timeout=LONGEST_RATE_LIMIT_SLEEP, shard_connect_timeout=CONNECT_TIMEOUT, **options
        )
        discord.http.Ratelimit = Ratelimit  # type: ignore[misc]  # discord.py has no other way to give it one
        self._on_change = on_change
        self._is_launching = False
        self._log_filter = GatewayLogFilter()

    def _get_state(self, **options: Any) -> "_ConnectionState":
        return _ConnectionState(
            gateway=self._gateway,
            read_by=self.read_by,
            dispatch=self.dispatch,
            handlers=self._handlers,
            hooks=self._hooks,
            http=self.http,
            **options,
        )

    def read_by(self, locale: str | None, guild_id: int | None) -> str:
        """The language in which somebody is answered.

        Args:
            locale: Of their client, as Discord writes it.
            guild_id: The guild in which they ask; None outside all.
        """
        return ENGLISH

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
        logging.getLogger(GatewayLogFilter.LOGGER).addFilter(self._log_filter)
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
        launched = self.get_shard(shard_id)
        if launched is not None:
            shard = launched._parent  # noqa: SLF001 - what it waits, and what it survives, can be set nowhere else
            shard._backoff = Backoff()  # noqa: SLF001
            # discord.py ends for good where a shard that it connects again is hung up on before a word was said.
            shard._handled_exceptions += (ReconnectWebSocket,)  # noqa: SLF001

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if not self._identify_pace.may_begin(asyncio.get_running_loop().time()):
            await self._connection.close_sockets(shard_id)
            raise TimeoutError  # as if Discord had not answered: the shard is connected again after a while
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_shard_connect(self, shard_id: int) -> None:  # it is ready seconds later, when it may be lost again
        self._shard_connected()

    async def on_shard_resumed(self, shard_id: int) -> None:
        self._shard_connected()

    def _shard_connected(self) -> None:
        if self.is_connected and self._log_filter.is_over():
            log.info("Connected to Discord again.")
        self._on_change()


class _ShardNotConnected(Exception):
    """An attempt to connect a shard failed; it is to be tried again."""


class _ConnectionState(discord.state.AutoShardedConnectionState[Any]):
    """What discord.py knows of the guilds. When a shard begins anew, only its guilds that Discord names are kept.

    discord.py 2.7.1 keeps a guild that the bot left while the shard was away, unless there is no sharding.

    discord.py also ends for good when it cannot read something. Here that is dropped, and because what is known of the
    guilds may be wrong from then on, the shard begins anew as soon as `FreshStarts` allows it.
    """

    def __init__(
        self, *, gateway: GatewayState, read_by: Callable[[str | None, int | None], str], **options: Any
    ) -> None:
        super().__init__(**options)
        self._gateway = gateway
        self._read_by = read_by
        self._open_sockets: deque[DiscordWebSocket] = deque(maxlen=SOCKETS_KEPT)
        self._outdated: set[int | None] = set()
        """Shards of which something could not be read since they began."""
        self._fresh_starts: defaultdict[int | None, FreshStarts] = defaultdict(FreshStarts)
        self._told: set[tuple[str, str]] = set()

    def parse_ready(self, data: Any) -> None:
        shard_id, _ = data["shard"]
        named = {int(guild["id"]) for guild in data["guilds"]}
        for guild in list(self.guilds):
            if guild.shard_id == shard_id and guild.id not in named:
                self._remove_guild(guild)
        super().parse_ready(data)

    def parse_interaction_create(self, data: Any) -> None:
        # Whatever kind it is, discord.py begins tasks of its own for it here, and a task speaks the language in which it
        # is begun: no command, button, form or suggestion has to set it, and none has another's.
        guild_id = data.get("guild_id")
        with speaking(self._read_by(data.get("locale"), None if guild_id is None else int(guild_id))):
            super().parse_interaction_create(data)

    def _update_references(self, ws: DiscordWebSocket) -> None:
        """A connection was made: from now on what it receives comes here first."""
        super()._update_references(ws)
        self._open_sockets = deque((each for each in (*self._open_sockets, ws) if each.open), maxlen=SOCKETS_KEPT)
        parsers: dict[str, Callable[[Any], None]] = {
            name: partial(self._read, ws, name, parse) for name, parse in self.parsers.items()
        }
        ws._discord_parsers = parsers  # noqa: SLF001 - discord.py has just set it to those of this state
        ws.received_message = partial(self._receive, ws, ws.received_message)  # type: ignore[method-assign]
        ws.poll_event = partial(self._poll, ws, ws.poll_event)  # type: ignore[method-assign]

    async def _poll(self, ws: DiscordWebSocket, poll: Callable[[], Awaitable[None]]) -> None:
        try:
            await poll()
        except BaseException:  # discord.py says so only when it gets round to connecting this shard again
            if ws.shard_id is not None:
                self._gateway.up.discard(ws.shard_id)
            raise

    async def _receive(self, ws: DiscordWebSocket, receive: Callable[[Any], Awaitable[None]], message: Any) -> None:
        try:
            await receive(message)
        except LOST:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged, and ends nothing
            self._drop(ws, "a message", error)
        if ws.shard_id not in self._outdated:
            return
        if self._fresh_starts[ws.shard_id].may_begin(asyncio.get_running_loop().time()):
            self._outdated.discard(ws.shard_id)
            ws.sequence = ws.session_id = None
            await ws.close(code=1000)
            raise ReconnectWebSocket(ws.shard_id, resume=False)

    def _read(self, ws: DiscordWebSocket, name: str, parse: Callable[[Any], None], data: Any) -> None:
        """Let discord.py read an event."""
        try:
            if name == "READY":
                data["shard"] = [ws.shard_id, self.shard_count]  # Discord may leave it out, and discord.py needs it
            elif name == "GUILD_CREATE":
                share_words(data)
            parse(data)
        except Exception as error:  # noqa: BLE001 - as above
            self._drop(ws, name, error)
        else:
            if name in {"READY", "RESUMED"} and ws.shard_id is not None:
                self._gateway.up.add(ws.shard_id)

    def _drop(self, ws: DiscordWebSocket, what: str, error: Exception) -> None:
        """Note that something cannot be read. Neither its content nor the error's text may be logged."""
        self._outdated.add(ws.shard_id)
        kind = type(error).__name__
        if (what, kind) not in self._told:
            self._told.add((what, kind))
            log.warning(
                "Discord's gateway sent what cannot be read (%s: %s): it is dropped, and shard %s begins anew.",
                what,
                kind,
                ws.shard_id,
            )

    async def close_abandoned(self) -> None:
        """Close the connections that discord.py opened and dropped without closing them: those that failed early."""
        await self._close(list(self._open_sockets))

    async def close_sockets(self, shard_id: int | None) -> None:
        """Close a shard's connections."""
        await self._close([ws for ws in self._open_sockets if ws.shard_id == shard_id])

    async def _close(self, sockets: list[DiscordWebSocket]) -> None:
        await asyncio.gather(*(ws.close() for ws in sockets if ws.open), return_exceptions=True)
        self._open_sockets = deque((ws for ws in self._open_sockets if ws not in sockets), maxlen=SOCKETS_KEPT)

    async def _delay_ready(self) -> None:
        # This is cancelled when a shard begins anew, and discord.py would cancel what the other shards wait for along
        # with it: it would never again report a guild that joins them.
        await asyncio.wait(self._ready_tasks.values())
        await super()._delay_ready()


def share_words(guild: dict[str, Any]) -> None:
    """Keep each name and topic once, however many guilds that arrive have it: thousands have an @everyone and a 'general'."""
    for part in ("channels", "roles"):
        for one in guild.get(part, ()):
            for word in ("name", "topic"):
                if type(one.get(word)) is str:
                    one[word] = sys.intern(one[word])


class Ratelimit(discord.http.Ratelimit):
    """Lets requests pass while the window has room for them.

    discord.py refuses each one for as long as the window ends later than it may wait, even if only the first of many that
    the window has room for was sent.
    """

    async def acquire(self) -> None:
        if self.remaining <= 0 or self.is_expired():
            await super().acquire()
            return
        self._last_request = self._loop.time()
        self.remaining -= 1
        self.outgoing += 1


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
    DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
