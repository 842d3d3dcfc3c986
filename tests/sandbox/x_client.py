"""A plain HTTP client for the local X: it knows nothing of X, so that what it sees is what any client would see."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from spacebot.clock import Clock
from spacebot.sandbox.x import LocalX
from tests.clocks import FakeClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """An answer; `json` is None where the body is none."""

    status: int
    headers: dict[str, str]
    json: Any
    text: str


class Ask:
    """Asks one local X, with the app's token unless another is given ('' for none)."""

    def __init__(self, x: LocalX, session: aiohttp.ClientSession) -> None:
        self.x = x
        self.session = session

    async def get(self, path: str, query: dict[str, str] | str = "", *, token: str | None = None) -> Got:
        token = self.x.bearer_token if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        query = urlencode(query) if isinstance(query, dict) else query
        url = URL(f"{self.x.url}{path}?{query}" if query else self.x.url + path, encoded=True)
        return await self._got(self.session.get(url, headers=headers, allow_redirects=False))

    async def post(self, path: str, form: dict[str, str], *, auth: tuple[str, str] | None = None) -> Got:
        headers = {"Authorization": "Basic " + b64encode(":".join(auth).encode()).decode()} if auth else {}
        return await self._got(self.session.post(self.x.url + path, data=form, headers=headers))

    async def _got(self, sending: Any) -> Got:
        async with sending as response:
            text = await response.text()
            is_json = "json" in response.headers.get("Content-Type", "")
            return Got(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                json=await response.json() if is_json else None,
                text=text,
            )


@asynccontextmanager
async def local_x(clock: Clock | None = None, **settings: Any) -> AsyncIterator[tuple[LocalX, Ask]]:
    """A running local X on a clock that stands still unless another is given, and somebody to ask it."""
    async with (
        LocalX(clock=clock or FakeClock(), **settings) as x,
        aiohttp.ClientSession() as session,
    ):
        yield x, Ask(x, session)
