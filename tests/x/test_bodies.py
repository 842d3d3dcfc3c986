"""A body is read whole, or not at all where it is larger than anything that X has to say."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from spacebot.errors import XUnreadable
from spacebot.x.bodies import LARGEST_BODY, read_body

MEGABYTE = 1 << 20


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
            session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/") as response,
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
