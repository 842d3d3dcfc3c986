"""A body is read whole, or not at all where it is larger than anything that X has to say."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from aiohttp import web

from spacebot.errors import XUnreadable
from spacebot.x.bodies import LARGEST_BODY, READ_AT_ONCE, read_body, unpack_quickly

MEGABYTE = 1 << 20


@pytest.fixture(params=["quickly", "by default"], autouse=True)
def unpacking(request: pytest.FixtureRequest) -> Iterator[None]:
    """With the library that the bot uses, and with the one that aiohttp uses by itself."""
    if request.param == "quickly":
        unpack_quickly()
    yield
    aiohttp.set_zlib_backend(zlib)


@asynccontextmanager
async def asked(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[aiohttp.ClientResponse]:
    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/", read_bufsize=READ_AT_ONCE) as response,
        ):
            yield response
    finally:
        await runner.cleanup()


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 65_536)


async def bomb(request: web.Request) -> web.StreamResponse:
    packer = zlib.compressobj(wbits=31)
    body = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(200)) + packer.flush()
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


async def packed(request: web.Request) -> web.StreamResponse:
    return web.Response(body=gzip.compress(b"x" * 300_000), headers={"Content-Encoding": "gzip"})


async def test_a_body_is_read_whole_and_uncompressed() -> None:
    async with asked(packed) as response:
        assert await read_body(response) == b"x" * 300_000


@pytest.mark.parametrize("handler", [endless, bomb])
async def test_what_never_ends_is_given_up_within_its_bound(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> None:
    async with asked(handler) as response:
        tracemalloc.start()
        try:
            with pytest.raises(XUnreadable):
                await read_body(response)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < LARGEST_BODY + 8 * MEGABYTE


async def test_a_body_of_exactly_the_bound_is_taken() -> None:
    async with asked(packed) as response:
        assert len(await read_body(response, 300_000)) == 300_000
    async with asked(packed) as response:
        with pytest.raises(XUnreadable):
            await read_body(response, 299_999)


WORDS = b"".join(b"%d words; " % number for number in range(40_000))


def in_encoding(encoding: str, body: bytes) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers={"Content-Encoding": encoding})

    return handler


def deflated(body: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(WORDS)),
        ("gzip", gzip.compress(WORDS[:9]) + gzip.compress(WORDS[9:])),
        ("deflate", deflated(WORDS, 15)),
        ("deflate", deflated(WORDS, -15)),
        ("identity", WORDS),
    ],
)
async def test_a_body_is_unpacked_as_its_encoding_says(encoding: str, body: bytes) -> None:
    async with asked(in_encoding(encoding, body)) as response:
        assert await read_body(response) == WORDS


@pytest.mark.parametrize("at", [3, 11, 500, 5_000])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_damaged_body_is_an_error_and_never_another_body(encoding: str, at: int) -> None:
    body = bytearray(gzip.compress(WORDS) if encoding == "gzip" else deflated(WORDS, 15))
    body[at : at + 40] = bytes(byte ^ 0xA5 for byte in body[at : at + 40])
    async with asked(in_encoding(encoding, bytes(body))) as response:
        with pytest.raises((aiohttp.ClientError, XUnreadable)):
            await read_body(response)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_breaks_off_is_an_error_or_a_beginning(encoding: str) -> None:
    body = gzip.compress(WORDS) if encoding == "gzip" else deflated(WORDS, 15)
    with suppress(aiohttp.ClientError):
        async with asked(in_encoding(encoding, body[: len(body) // 2])) as response:
            read = await read_body(response)
            assert len(read) < len(WORDS)
            assert WORDS.startswith(read)
