"""The gateway: a session sees every event of its guilds once and in order, also over a cut connection.

Source: Discord's documentation, 'Gateway' (connecting, sharding, resuming) and 'Opcodes and Status Codes'.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.events import EVERYBODY, GUILD_MEMBERS, GUILD_PRESENCES, GUILDS, MESSAGE_CONTENT, Event
from spacebot.sandbox.discord.model.guilds import State
from spacebot.sandbox.discord.sessions import Connection, Session
from spacebot.sandbox.discord.window import Window

HEARTBEAT = 1
IDENTIFY = 2
RESUME = 6
INVALID_SESSION = 9
HELLO = 10
HEARTBEAT_ACK = 11
_TOLERATED = frozenset({3, 4, 8, 31})  # presence, voice state, members, soundboard: accepted, answered with nothing

HEARTBEAT_INTERVAL_MS = 41_250
RESUMABLE_FOR = 180.0
IDENTIFIES_A_DAY = 1000
READY_NEEDS = frozenset({"v", "user", "guilds", "session_id", "resume_gateway_url"})
GUILDS_PER_SHARD = 2500
MAX_RECEIVED = 4096
_SENDS_PER_MINUTE = 120
_KNOWN_INTENTS = (1 << 26) - 1
_PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
_MALFORMED = (msgspec.DecodeError, RecursionError, UnicodeError)


class Closed(Exception):
    """The connection is to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Gateway:
    """All sessions of the bot."""

    def __init__(self, state: State, *, token: str, url: Callable[[], str]) -> None:
        self._state = state
        self._token = token
        self._url = url
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self._closing: set[asyncio.Task[Any]] = set()
        self.identified = Window(86_400.0)
        self.hang_ups = 0
        """How many of the next connections are closed before a word is said."""
        self.left_out: frozenset[str] = frozenset()
        """Fields that READY lacks."""

    def start_limit(self) -> dict[str, int]:
        """`session_start_limit` of GET /gateway/bot."""
        used = self.identified.count(self._state.clock.monotonic())
        return {
            "total": IDENTIFIES_A_DAY,
            "remaining": max(0, IDENTIFIES_A_DAY - used),
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }

    def recommended_shards(self) -> int:
        """`shards` of GET /gateway/bot: enough that each is well below what it may hold."""
        return max(1, -(-len(self._state.guilds) * 5 // (2 * GUILDS_PER_SHARD)))

    def is_ready(self) -> bool:
        """Every shard of the bot is connected and has been sent its guilds."""
        live = [session for session in self._sessions.values() if session.connection is not None]
        if not live:
            return False
        shards = live[-1].shards
        ready = {session.shard for session in live if session.announced and session.shards == shards}
        return len(ready) == shards

    def dispatch(self, event: Event) -> None:
        """Send an event to every session that it is for."""
        concerned = [session for session in self._sessions.values() if session.concerns(event.guild, event.intents)]
        if concerned:
            encoded = msgspec.Raw(msgspec.json.encode(event.data))
            for session in concerned:
                session.dispatch(event.name, encoded)

    def send(self, name: str, data: object, shard: int | None) -> int:
        """Send an event, whatever it holds, to every session or to one `shard`'s; to how many."""
        concerned = [session for session in self._sessions.values() if shard in {None, session.shard}]
        encoded = msgspec.Raw(msgspec.json.encode(data))
        for session in concerned:
            session.dispatch(name, encoded)
        return len(concerned)

    def drop(self, *, resumable: bool, code: int | None, shard: int | None = None) -> None:
        """Close every connection, or that of one `shard`, with `code` (None: cut it).

        Sessions that are not `resumable` are forgotten.
        """
        concerned = [session for session in self._sessions.values() if shard in {None, session.shard}]
        connections = (
            set(self._connections)
            if shard is None
            else {session.connection for session in concerned if session.connection is not None}
        )
        for session in concerned:
            self._detach(session)
            if not resumable:
                del self._sessions[session.id]
        for connection in connections:
            if code is None:
                connection.cut()
            else:
                closing = asyncio.ensure_future(connection.socket.close(code=code))
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
        self._state.updates.happened()

    async def close(self) -> None:
        """Close every connection, as when a gateway node goes away."""
        self.drop(resumable=False, code=1001)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, from HELLO to its end."""
        socket = web.WebSocketResponse(max_msg_size=MAX_RECEIVED, compress=False, timeout=1.0)
        await socket.prepare(request)
        if self.hang_ups:
            self.hang_ups -= 1
            await socket.close(code=1001)
            return socket
        connection = Connection(socket, request)
        connection.put_op(HELLO, {"heartbeat_interval": HEARTBEAT_INTERVAL_MS, "_trace": ["local"]})
        self._connections.add(connection)
        pump = asyncio.create_task(connection.pump())
        try:
            await self._listen(connection, request)
        except Closed as closed:
            await socket.close(code=closed.code, message=closed.reason.encode())
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            self._connections.discard(connection)
            for session in list(self._sessions.values()):
                if session.connection is connection:
                    self._detach(session)
                    if socket.close_code in {1000, 1001}:  # the client said good-bye: its session ends
                        del self._sessions[session.id]
            self._state.updates.happened()
        return socket

    async def _listen(self, connection: Connection, request: web.Request) -> None:
        if request.query.get("v") != "10":
            raise Closed(4012, "Invalid API version")
        if request.query.get("encoding") != "json" or request.query.get("compress", "zlib-stream") != "zlib-stream":
            raise Closed(4002, "The local gateway speaks JSON, plain or as zlib-stream")
        async for message in connection.socket:
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                break
            now = self._state.clock.monotonic()
            connection.received.add(now)
            if connection.received.count(now) > _SENDS_PER_MINUTE:
                raise Closed(4008, "Rate limited")
            try:
                received = msgspec.json.decode(message.data)
            except _MALFORMED:
                raise Closed(4002, "Decode error") from None
            if not isinstance(received, dict):
                raise Closed(4002, "Decode error")
            self._receive(connection, received.get("op"), received.get("d"))

    def _receive(self, connection: Connection, op: object, data: Any) -> None:
        session = next((each for each in self._sessions.values() if each.connection is connection), None)
        if op == HEARTBEAT:
            if session is not None:
                session.forget_until(data)
            connection.put_op(HEARTBEAT_ACK)
        elif op in {IDENTIFY, RESUME}:
            if session is not None:
                raise Closed(4005, "Already authenticated")
            if not isinstance(data, dict):
                raise Closed(4002, "Decode error")
            if data.get("token") != self._token:
                raise Closed(4004, "Authentication failed")
            if op == IDENTIFY:
                self._identify(connection, data)
            else:
                self._resume(connection, data)
        elif session is None:
            raise Closed(4003, "Not authenticated")
        elif op not in _TOLERATED:
            raise Closed(4001, "Unknown opcode")

    def _identify(self, connection: Connection, data: dict[str, Any]) -> None:
        intents = data.get("intents")
        if not isinstance(intents, int) or isinstance(intents, bool) or intents & ~_KNOWN_INTENTS:
            raise Closed(4013, "Invalid intents")
        if intents & _PRIVILEGED:
            raise Closed(4014, "Disallowed intents: the bot has no privileged ones")
        if not isinstance(data.get("properties"), dict):
            raise Closed(4002, "properties are required")
        shard, shards = self._shard(data.get("shard", [0, 1]))
        self.identified.add(self._state.clock.monotonic())
        self._sessions = {
            key: session
            for key, session in self._sessions.items()
            if session.connection is not None or session.shard != shard
        }
        session = Session(id=secrets.token_hex(16), shard=shard, shards=shards, intents=intents, connection=connection)
        self._sessions[session.id] = session
        self._welcome(session)

    def _shard(self, wanted: Any) -> tuple[int, int]:
        match wanted:
            case [int(shard), int(shards)] if 0 <= shard < shards <= 10_000:
                if len(self._state.guilds) > GUILDS_PER_SHARD * shards:
                    raise Closed(4011, "Sharding required")
                return shard, shards
        raise Closed(4010, "Invalid shard")

    def _welcome(self, session: Session) -> None:
        state = self._state
        guilds = [guild for guild in state.guilds.values() if guild.has_bot and session.concerns(guild, EVERYBODY)]
        ready = {
            "v": 10,
            "user": payloads.me(state.bot),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self._url(),
            "shard": [session.shard, session.shards],
            "application": {"id": str(state.application_id), "flags": 0},
            "private_channels": [],
            "relationships": [],
            "user_settings": {},
            "session_type": "normal",
            "geo_ordered_rtc_regions": [],
            "_trace": ["local"],
        }
        session.dispatch("READY", {key: value for key, value in ready.items() if key not in self.left_out})
        for guild in guilds:
            if session.concerns(guild, GUILDS) and not guild.unavailable:
                session.dispatch("GUILD_CREATE", {**payloads.guild_create(guild), "unavailable": False})

        def announced() -> None:
            session.announced = True
            self._state.updates.happened()

        if session.connection is not None:  # its own connection, a moment ago
            session.connection.put(announced)

    def _resume(self, connection: Connection, data: dict[str, Any]) -> None:
        session = self._sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        now = self._state.clock.monotonic()
        if session is None or (session.connection is None and now - session.detached_at > RESUMABLE_FOR):
            connection.put_op(INVALID_SESSION, data=False)
            return
        if not isinstance(sequence, int) or sequence > session.sequence:
            raise Closed(4007, "Invalid seq")
        if session.connection is not None:
            session.connection.cut()
        session.forget_until(sequence)
        if len(session.sent) < session.sequence - sequence:  # what it missed is no longer kept
            connection.put_op(INVALID_SESSION, data=False)
            return
        session.connection = connection
        for _, message in session.sent:
            connection.put(message)
        session.dispatch("RESUMED", {"_trace": ["local"]})
        self._state.updates.happened()

    def _detach(self, session: Session) -> None:
        if session.connection is not None:
            session.connection = None
            session.detached_at = self._state.clock.monotonic()
