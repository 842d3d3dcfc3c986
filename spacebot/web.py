"""The web endpoint to which X redirects people after a sign-in: it asks for confirmation, then links the account.

Addresses are never logged: they contain a code.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web, web_response

from spacebot.connections import ConnectionLimits
from spacebot.domain.mistakes import Mistake
from spacebot.errors import SpacebotError, UserMistake
from spacebot.present import web as page
from spacebot.present.language import ENGLISH, closest, speaking
from spacebot.present.mistakes import sentence
from spacebot.usecases.links import Links

log = logging.getLogger(__name__)


def _without_trace(record: logging.LogRecord) -> bool:
    """Drop the traceback: it would contain the request, and with it the code."""
    record.exc_info = record.exc_text = None
    return True


_server_log = logging.getLogger(f"{__name__}.server")
_server_log.addFilter(_without_trace)

# Every answer names the software that made it, unless told otherwise; that is nobody's business.
web_response.SERVER_SOFTWARE = ""  # type: ignore[attr-defined]  # a constant that aiohttp offers no setting for

LARGEST_FORM = 4096
"""Bytes of the only form there is."""

CALLBACK = "/x/callback"
CONFIRM = "/x/confirm"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class WebEndpoint:
    """An HTTP server on one address. An asynchronous context manager."""

    def __init__(self, links: Links, *, host: str, port: int) -> None:
        self._links = links
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=LARGEST_FORM, middlewares=[_in_their_language])
        # Not for HEAD: a mail program that previews the link would use up the sign-in.
        app.router.add_get(CALLBACK, self._arrived, allow_head=False)
        app.router.add_post(CONFIRM, self._answered)
        self._runner = web.AppRunner(app, access_log=None, logger=_server_log)
        await self._runner.setup()
        assert self._runner.server is not None
        limits = ConnectionLimits(self._runner.server)
        self._server = await asyncio.get_running_loop().create_server(limits, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        log.info("Waiting for people who come back from X on %s:%d.", self._host, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _arrived(self, request: web.Request) -> web.Response:
        query = request.query
        try:
            key, pending = await self._links.arrive(
                state=query.get("state", ""), code=query.get("code", ""), error=query.get("error", "")
            )
        except SpacebotError as problem:
            return _failed(problem)
        return _answer(page.question(pending.person_name, key))

    async def _answered(self, request: web.Request) -> web.Response:
        try:
            form = await request.post()
        except (ValueError, LookupError, AssertionError):  # the body is not a form
            return _failed(UserMistake(Mistake.SIGN_IN_STALE))
        key = str(form.get("key", ""))
        try:
            if form.get("answer") == "yes":
                await self._links.confirm(key)
                return _answer(page.linked())
            await self._links.decline(key)
        except SpacebotError as problem:
            return _failed(problem)
        return _answer(page.declined())


@web.middleware
async def _in_their_language(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer in the first language that the browser names and that is spoken here; else in English."""
    named = request.headers.get("Accept-Language", "").split(",")
    known = (closest(each.partition(";")[0].strip()) for each in named)
    with speaking(next(filter(None, known), ENGLISH)):
        return await handler(request)


def _failed(error: SpacebotError) -> web.Response:
    return _answer(page.failed(sentence(error)), status=400)


def _answer(text: str, *, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)
