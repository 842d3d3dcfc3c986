"""Strangers can hold only so much of the web endpoint, and whoever really asks is served beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest

from spacebot import connections
from spacebot.connections import MOST, MOST_OF_ONE_ADDRESS, ConnectionLimits

Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Greeter(asyncio.Protocol):
    """Says hello to whoever has sent whole headers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.heard = b""

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if b"\r\n\r\n" in self.heard:
            self.transport.write(b"hello")


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(ConnectionLimits(Greeter), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def half_open(port: int) -> Pipe:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    await writer.drain()
    return reader, writer


async def greeted(port: int) -> bytes:
    reader, writer = await half_open(port)
    writer.write(b"\r\n")
    answer = await reader.read(5)
    writer.close()
    return answer


async def is_closed(pipe: Pipe) -> bool:
    try:
        return await pipe[0].read() == b""
    except ConnectionResetError:
        return True


async def test_whoever_asks_is_served_beside_any_number_of_half_sent_requests() -> None:
    async with serving() as port:
        held = [await half_open(port) for _ in range(3 * MOST)]
        assert await greeted(port) == b"hello"
        assert await is_closed(held[0]), "those that waited longest made room"
        for _, writer in held:
            writer.close()


async def test_a_connection_without_a_whole_request_is_closed_in_time() -> None:
    with patch.object(connections, "SECONDS_TO_ASK", 0.0):
        async with serving() as port:
            assert await is_closed(await half_open(port))


async def test_a_connection_that_has_asked_lives_no_longer_than_all() -> None:
    with patch.object(connections, "SECONDS_IN_ALL", 0.0):
        async with serving() as port:
            reader, writer = await half_open(port)
            assert await is_closed((reader, writer))


@pytest.mark.parametrize(
    ("address", "taken"), [("203.0.113.9", MOST_OF_ONE_ADDRESS), ("127.0.0.1", MOST), ("::1", MOST)]
)
async def test_one_address_gets_its_share_unless_it_is_this_machine(address: str, taken: int) -> None:
    limits = ConnectionLimits(Greeter)
    made = [connections._Limited(Greeter(), limits) for _ in range(MOST)]
    assert sum(limits.enter(each, address) for each in made) == taken
    other = connections._Limited(Greeter(), limits)
    assert limits.enter(other, "203.0.113.10")
    for each in made:
        limits.leave(each)
    assert limits.enter(made[0], address)
