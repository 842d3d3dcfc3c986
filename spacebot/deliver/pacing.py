"""Paces all requests to Discord: below its 50 per second, without bursts."""

import asyncio
import math
from collections import deque
from types import SimpleNamespace

import aiohttp

EXEMPT = {"interactions", "webhooks"}
"""Parts of the paths of answers to interactions, which are not paced."""

DISCORDS_LIMIT = 50
"""Requests per second that Discord takes from one bot."""


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
    return trace
