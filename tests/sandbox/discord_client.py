"""A plain HTTP and gateway client for the local Discord, so that tests see exactly what goes over the wire."""

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from spacebot.sandbox.discord import LocalDiscord

UNPRIVILEGED = 1 << 0 | 1 << 9 | 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer over HTTP; `json` is None without a body."""

    status: int
    headers: dict[str, str]
    content_type: str
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text) if self.text else None

    @property
    def refusal(self) -> tuple[int, int]:
        """The status and Discord's error code."""
        return self.status, self.json["code"]

    def mistakes(self, *path: str) -> list[str]:
        """The codes of the errors at a path of the form."""
        node = self.json["errors"]
        for key in path:
            node = node[key]
        return [error["code"] for error in node["_errors"]]


class Rest:
    """Asks the local Discord as the bot does."""

    def __init__(self, discord: LocalDiscord, session: aiohttp.ClientSession) -> None:
        self._discord = discord
        self._session = session
        self._authorization: str | None = f"Bot {discord.token}"

    def with_token(self, authorization: str | None) -> "Rest":
        other = Rest(self._discord, self._session)
        other._authorization = authorization
        return other

    async def __call__(self, method: str, path: str, body: object = None, *, data: bytes | None = None) -> Reply:
        headers = {"Content-Type": "application/json"}
        if self._authorization is not None:
            headers["Authorization"] = self._authorization
        if body is not None:
            data = json.dumps(body).encode()
        url = f"{self._discord.api_url}{path}"
        async with self._session.request(method, url, data=data, headers=headers) as response:
            return Reply(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                content_type=response.headers.get("Content-Type", ""),
                text=await response.text(),
            )

    async def post(self, channel_id: int, **message: object) -> Reply:
        return await self("POST", f"/channels/{channel_id}/messages", message)


class Socket:
    """One gateway connection. `closed` is the close code, once there is one."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, compressed: bool, token: str) -> None:
        self._socket = socket
        self._inflate = zlib.decompressobj() if compressed else None
        self._token = token
        self.sequence: int | None = None

    async def receive(self) -> dict[str, Any]:
        """The next message; ConnectionError with the close code where there is none."""
        message = await self._socket.receive(timeout=10)
        if message.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
            raise ConnectionError(self._socket.close_code)
        data = message.data
        if self._inflate is not None:
            assert data.endswith(b"\x00\x00\xff\xff")
            data = self._inflate.decompress(data)
        received: dict[str, Any] = json.loads(data)
        self.sequence = received["s"] or self.sequence
        return received

    async def event(self, name: str) -> dict[str, Any]:
        """The data of the next event of that name; what comes before is skipped."""
        while True:
            received = await self.receive()
            if received["t"] == name:
                data: dict[str, Any] = received["d"]
                return data

    async def send(self, op: int, data: object, *, binary: bool = False) -> None:
        message = json.dumps({"op": op, "d": data})
        await (self._socket.send_bytes(message.encode()) if binary else self._socket.send_str(message))

    async def send_raw(self, text: str) -> None:
        await self._socket.send_str(text)

    async def identify(self, *, intents: object = UNPRIVILEGED, binary: bool = False, **more: object) -> None:
        data = {"token": self._token, "intents": intents, "properties": {"os": "any"}, **more}
        await self.send(2, data, binary=binary)

    async def resume(self, session_id: str, sequence: object) -> None:
        await self.send(6, {"token": self._token, "session_id": session_id, "seq": sequence})

    async def close_code(self) -> int | None:
        """Read on until the connection is closed."""
        try:
            while True:
                await self.receive()
        except ConnectionError:
            return self._socket.close_code


class Client:
    """A local Discord with both clients."""

    def __init__(self, discord: LocalDiscord, session: aiohttp.ClientSession) -> None:
        self.discord = discord
        self.session = session
        self.rest = Rest(discord, session)

    @asynccontextmanager
    async def gateway(self, query: str = "?v=10&encoding=json", *, hello: bool = True) -> AsyncIterator[Socket]:
        """A connection that has had its HELLO, if it is to get one."""
        async with self.session.ws_connect(f"{self.discord.gateway_url}{query}", max_msg_size=0) as socket:
            client = Socket(socket, compressed="zlib-stream" in query, token=self.discord.token)
            if hello:
                assert (await client.receive())["op"] == 10
            yield client

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[Socket]:
        """A connection of the bot, which has been welcomed."""
        async with self.gateway() as socket:
            await socket.identify()
            await self.discord.connected()
            yield socket


@asynccontextmanager
async def client_of(discord: LocalDiscord) -> AsyncIterator[Client]:
    """Start `discord`, and both clients on it."""
    async with discord, aiohttp.ClientSession() as session:
        yield Client(discord, session)
