"""The small web endpoint where X sends people back to: it shows what would be linked, and links it when they say so.

Nothing of an address is logged, for it carries a code.
"""

import html
import logging
from types import TracebackType
from typing import Self

from aiohttp import web

from spacebot.errors import SpacebotError
from spacebot.usecases.links import STALE, Links

log = logging.getLogger(__name__)


def _without_trace(record: logging.LogRecord) -> bool:
    """A request that the server cannot read stands in its traces, code and all."""
    record.exc_info = record.exc_text = None
    return True


_server_log = logging.getLogger(f"{__name__}.server")
_server_log.addFilter(_without_trace)

CALLBACK = "/x/callback"
CONFIRM = "/x/confirm"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>spacebot</title>
<style>body{{font:1.1rem/1.5 system-ui;max-width:32rem;margin:15vh auto;padding:0 1rem}}button{{font:inherit}}</style>
<h1>{title}</h1>
<p>{text}</p>
{form}
</html>
"""

FORM = """<form method="post" action="confirm">
<input type="hidden" name="key" value="{key}">
<button name="answer" value="yes">Yes, that is me</button>
<button name="answer" value="no">No</button>
</form>"""


class WebEndpoint:
    """An HTTP server on one address. An asynchronous context manager."""

    def __init__(self, links: Links, *, host: str, port: int) -> None:
        self._links = links
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    async def __aenter__(self) -> Self:
        app = web.Application()
        # Not for HEAD: a look ahead by somebody's mail program would use the sign-in up.
        app.router.add_get(CALLBACK, self._arrived, allow_head=False)
        app.router.add_post(CONFIRM, self._answered)
        self._runner = web.AppRunner(app, access_log=None, logger=_server_log)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        log.info("Waiting for people who come back from X on %s:%d.", self._host, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _arrived(self, request: web.Request) -> web.Response:
        query = request.query
        try:
            key, pending = await self._links.arrive(
                state=query.get("state", ""), code=query.get("code", ""), error=query.get("error", "")
            )
        except SpacebotError as problem:
            return _page("That did not work", str(problem), status=400)
        name = html.escape(pending.person_name)
        return _page(
            "One last question",
            f"Shall the Discord user <strong>{name}</strong> see through this X account what it alone may see: the"
            " buyers and reminders of its Spaces, and the Spaces of protected accounts it follows? Say yes only if"
            " that is you.",
            form=FORM.format(key=html.escape(key)),
        )

    async def _answered(self, request: web.Request) -> web.Response:
        try:
            form = await request.post()
        except (ValueError, LookupError, AssertionError):  # a body that is no form
            return _page("That did not work", STALE, status=400)
        key = str(form.get("key", ""))
        try:
            if form.get("answer") == "yes":
                await self._links.confirm(key)
                return _page("Done", "Your X account is linked. You can close this page; /x-unlink takes it back.")
            await self._links.decline(key)
        except SpacebotError as problem:
            return _page("That did not work", str(problem), status=400)
        return _page("Nothing was linked", "X has been told to forget the permission. You can close this page.")


def _page(title: str, text: str, *, form: str = "", status: int = 200) -> web.Response:
    return web.Response(
        text=PAGE.format(title=title, text=text, form=form), status=status, content_type="text/html", headers=HEADERS
    )
