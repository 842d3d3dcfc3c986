"""Puts a reply on the wire, whole or broken: compressed where the client accepts that, cut short where a fault wants it."""

import contextlib
import gzip
import socket
import struct
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from aiohttp import web

from spacebot.sandbox.x.api import Reply
from spacebot.sandbox.x.quirks import Generation


def headers_of(reply: Reply, *, now: datetime, generation: Generation) -> dict[str, str]:
    """All headers X sends with it; `Date` is the local X's own time, in whole seconds as HTTP has it."""
    headers = {
        "Date": format_datetime(now.replace(microsecond=0), usegmt=True),
        "api-version": generation,
        "x-access-level": "read",
        **reply.headers,
    }
    return headers if reply.content_type is None else {"Content-Type": reply.content_type, **headers}


async def send(request: web.Request, reply: Reply, headers: Mapping[str, str]) -> web.StreamResponse:
    """Send the whole reply."""
    encoded, body = _encoded(request, reply, headers)
    return web.Response(status=reply.status, body=body, headers=encoded)


async def send_half(request: web.Request, reply: Reply, headers: Mapping[str, str]) -> web.StreamResponse:
    """Promise the whole body, send half of it, and hang up."""
    encoded, body = _encoded(request, reply, headers)
    response = web.StreamResponse(status=reply.status, headers={**encoded, "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def send_forever(request: web.Request, reply: Reply, headers: Mapping[str, str]) -> web.StreamResponse:
    """Send the body again and again, in chunks, until the client leaves."""
    response = web.StreamResponse(status=reply.status, headers=headers)
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while request.transport is not None and not request.transport.is_closing():
            await response.write(reply.body)
    return response


def reset(request: web.Request) -> web.StreamResponse:
    """Break the connection without a word; the response returned goes nowhere."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        # A linger time of zero makes closing a reset (RST) instead of an orderly end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


def _encoded(request: web.Request, reply: Reply, headers: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    if "Content-Encoding" in headers:
        return dict(headers), reply.body
    accepted = {coding.partition(";")[0].strip() for coding in request.headers.get("Accept-Encoding", "").split(",")}
    if "gzip" in accepted and reply.body:
        return {**headers, "Content-Encoding": "gzip"}, gzip.compress(reply.body, mtime=0)
    return dict(headers), reply.body
