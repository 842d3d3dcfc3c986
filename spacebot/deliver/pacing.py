"""Paces all requests to Discord: below its 50 per second, without bursts."""

import asyncio
import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp
import discord

TOO_MANY = 429

TOO_MANY_OLD_EDITS = 30046
"""The code of Discord's answer to an edit too many of messages older than an hour in one channel."""

UNREADABLE = (aiohttp.ClientError, ValueError, LookupError, TypeError, AttributeError, TimeoutError)

EXEMPT = {"interactions", "webhooks"}
"""Parts of the paths of answers to interactions, which are not paced."""

DISCORDS_LIMIT = 50
"""Requests per second that Discord takes from one bot."""


_attempts: ContextVar[list[bool] | None] = ContextVar("attempts", default=None)
"""Of a request that may not be repeated: whether it was sent already."""


@contextmanager
def once() -> Iterator[None]:
    """Let discord.py send each request within once only: where it would try again, it raises instead.

    That is `discord.RateLimited` after a 429, else an `aiohttp.ClientError`.
    """
    token = _attempts.set([])
    try:
        yield
    finally:
        _attempts.reset(token)


async def refuse_old_edit(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
) -> None:
    """Raise `discord.RateLimited` where Discord takes no more edits of old messages in a channel for now, or within `once`.

    discord.py 2.7.1 would sleep until it does, for up to half a minute, and keep whoever asked waiting: here that is a
    whole channel, with the next announcement.
    """
    is_only = _attempts.get() is not None
    if params.response.status != TOO_MANY or (params.method != "PATCH" and not is_only):
        return
    try:
        body = await params.response.json()
        code, seconds = body.get("code"), float(body["retry_after"])
    except UNREADABLE:
        return  # discord.py says what it is
    if is_only or code == TOO_MANY_OLD_EDITS:
        raise discord.RateLimited(seconds)


def paced(per_second: float) -> aiohttp.TraceConfig:
    """A trace that spaces all requests of a client evenly, including its retries and what waited for a bucket.

    discord.py awaits this right before it sends, after its own waiting for a channel's bucket: an earlier limiter
    would let requests that waited for the same bucket go out together. Answers to interactions are exempt, as
    they are from Discord's limit (https://discord.com/developers/docs/topics/rate-limits#global-rate-limit).

    The pace is a timetable: a request that leaves late does not delay those behind it. They catch up at no more than
    twice the pace, and no second has more than one request beyond the pace, nor more than Discord's 50. Time is the
    event loop's, as in discord.py itself.
    """
    turn = asyncio.Lock()
    step = 1 / per_second
    most = int(min(per_second + 1, DISCORDS_LIMIT))
    left = deque([-math.inf] * most, maxlen=most)
    due = -math.inf

    async def wait(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        nonlocal due
        attempts = _attempts.get()
        if attempts:
            raise aiohttp.ClientError
        if attempts is not None:
            attempts.append(True)
        if any(part in EXEMPT for part in params.url.parts):
            return
        loop = asyncio.get_running_loop()
        arrived = loop.time()
        async with turn:  # first come, first served
            place = max(due, arrived)
            await asyncio.sleep(max(place, left[-1] + step / 2, left[0] + 1.0) - loop.time())
            due = place + step
            left.append(loop.time())

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(wait)
    trace.on_request_end.append(refuse_old_edit)
    return trace
