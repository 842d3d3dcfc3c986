"""What the gateway keeps of a bot: its connections, and the sessions that outlive them."""

import asyncio
import zlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from spacebot.sandbox.discord.model.roles import GuildBase
from spacebot.sandbox.discord.window import Window

DISPATCH = 0
REPLAY = 50_000


class Connection:
    """One WebSocket; what is put into it goes out in order, compressed if the client asked for it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self._transport = request.transport
        self._deflate = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self._outgoing: asyncio.Queue[bytes | Callable[[], None]] = asyncio.Queue()
        self.received = Window(60.0)

    def put(self, item: bytes | Callable[[], None]) -> None:
        """Send a message; or call back once all before it has been sent."""
        self._outgoing.put_nowait(item)

    def put_op(self, op: int, data: object = None) -> None:
        self.put(msgspec.json.encode({"op": op, "d": data, "s": None, "t": None}))

    async def pump(self) -> None:
        """Send until cancelled, or until the client is gone."""
        with suppress(ConnectionError):
            while True:
                item = await self._outgoing.get()
                if callable(item):
                    item()
                elif self._deflate is None:
                    await self.socket.send_str(item.decode())
                else:
                    data = self._deflate.compress(item) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(data)

    def cut(self) -> None:
        """Break the connection as a failing network does."""
        if self._transport is not None:
            self._transport.abort()


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """What IDENTIFY began: it outlives its connection for some minutes."""

    id: str
    shard: int
    shards: int
    intents: int
    connection: Connection | None
    sequence: int = 0
    announced: bool = False
    detached_at: float = 0.0
    sent: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=REPLAY))

    def dispatch(self, event: str, data: msgspec.Raw | dict[str, Any]) -> None:
        self.sequence += 1
        message = msgspec.json.encode({"op": DISPATCH, "t": event, "s": self.sequence, "d": data})
        self.sent.append((self.sequence, message))
        if self.connection is not None:
            self.connection.put(message)

    def concerns(self, guild: GuildBase | None, intents: int) -> bool:
        """Whether an event with these intents is for this session; private ones are for shard 0."""
        if intents and not intents & self.intents:
            return False
        return self.shard == (0 if guild is None else (guild.id >> 22) % self.shards)

    def forget_until(self, sequence: object) -> None:
        """The client has everything up to `sequence`."""
        if isinstance(sequence, int):
            while self.sent and self.sent[0][0] <= sequence:
                self.sent.popleft()
