"""Fetches hosts' pictures from X's picture host and from nowhere else, for where Discord wants the picture itself.

Addresses come from X's answers, and could lead anywhere: only those of one origin are asked for, and no redirect is
followed. What that costs is bounded: in bytes, in time, in requests at once, and in memory. A picture is never
necessary: whatever goes wrong, there is none.
"""

import asyncio
import base64
import logging
from collections import OrderedDict
from dataclasses import dataclass

import aiohttp
from yarl import URL

from spacebot.clock import Clock
from spacebot.errors import XUnreadable
from spacebot.x.bodies import read_body

LOG = logging.getLogger(__name__)

LARGEST = 256 << 10
"""Bytes; X's pictures of 400 by 400 pixels have some 30,000."""

PATIENCE = 5.0
"""Seconds for one picture: an event waits for it."""

AT_ONCE = 8
"""Requests at once; whoever comes then goes without."""

KEPT = 32
"""How many pictures are kept: a host's Space becomes an event in many guilds at the same time."""

FRESH = 3600.0
"""Seconds for which one is kept; where the picture changes, its address does."""

TRIED_AGAIN = 600.0
"""Seconds after a failure until the same address is tried again."""

KINDS = {"image/png": (b"\x89PNG\r\n\x1a\n",), "image/jpeg": (b"\xff\xd8\xff",), "image/gif": (b"GIF87a", b"GIF89a")}
"""What Discord takes, by content type, and how it begins."""

TROUBLES = (aiohttp.ClientError, TimeoutError, OSError, ValueError, XUnreadable, RuntimeError, AssertionError)
"""What a request can raise; the last two where the bot is stopped in the middle of it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A picture as a data URI, or that there is none."""

    until: float
    picture: str | None


class Pictures:
    """Hosts' pictures by their address."""

    def __init__(self, *, session: aiohttp.ClientSession, origin: str, clock: Clock) -> None:
        """Take what carries the requests, scheme and host of the pictures, and time."""
        self._session = session
        self._origin = URL(origin).origin()
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._asking: dict[str, asyncio.Task[str | None]] = {}

    async def fetch(self, address: str) -> str | None:
        """The picture at an address of X's, as a data URI of at most some 350,000 characters; None if it cannot be had."""
        kept = self._kept.get(address)
        if kept is not None and kept.until > self._clock.monotonic():
            self._kept.move_to_end(address)
            return kept.picture
        asking = self._asking.get(address)
        if asking is None:
            if len(self._asking) >= AT_ONCE or not self._is_ours(address):
                return None
            asking = self._asking[address] = asyncio.create_task(self._ask(address), name="picture")
        return await asyncio.shield(asking)  # others may wait for it, too

    def _is_ours(self, address: str) -> bool:
        """Whether the address is one of X's picture host."""
        try:
            url = URL(address)
            return url.origin() == self._origin and url.user is None and url.password is None
        except ValueError:
            return False

    async def _ask(self, address: str) -> str | None:
        picture = None
        try:
            async with asyncio.timeout(PATIENCE):
                picture = await self._read(address)
        except TROUBLES as error:
            LOG.info("A host's picture cannot be had: %s", type(error).__name__)
        finally:
            del self._asking[address]
        seconds = FRESH if picture is not None else TRIED_AGAIN
        self._kept[address] = _Kept(self._clock.monotonic() + seconds, picture)
        self._kept.move_to_end(address)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return picture

    async def _read(self, address: str) -> str | None:
        async with self._session.get(URL(address), allow_redirects=False, headers={"Accept": "image/*"}) as response:
            if response.status != 200:  # noqa: PLR2004 - OK
                return None
            content = await read_body(response, LARGEST)
            kind = response.content_type
        if not content.startswith(KINDS.get(kind, ())):
            return None
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"
