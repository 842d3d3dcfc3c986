"""The HTTP API as a whole: every request passes the same checks in the same order, and is recorded.

Order: route, ban, ordered fault, token, limits, body, document, handler.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import msgspec
from aiohttp import BodyPartReader, web

from spacebot.sandbox.discord.forms.form import as_snowflake
from spacebot.sandbox.discord.http.exchanges import Exchange, Recording
from spacebot.sandbox.discord.http.faults import Fault, Faults
from spacebot.sandbox.discord.http.limits import Limits, LimitStatus
from spacebot.sandbox.discord.http.routes import Files, Match, Request, Response, RouteTable
from spacebot.sandbox.discord.model.files import LocalFile
from spacebot.sandbox.discord.model.guilds import State
from spacebot.sandbox.discord.refusals import Limited, Refusal, Unauthorized

API = "/api/v10"
FILES = "/attachments"
UPLOADED = 10 * 1024 * 1024
"""Bytes of files that one request may bring."""
Checker = Callable[[Exchange], list[str]]

_FILE_PART = re.compile(r"files\[(\d{1,2})\]", re.ASCII)
_BAN_PAGE = "<html><head><title>Access denied</title></head><body>error code: 1015</body></html>"
_MALFORMED = (msgspec.DecodeError, RecursionError, UnicodeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """The answer to a request, before it is put on the wire."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Api:
    """Serves the REST API. `checker` holds an exchange against a document: the request (status None), then the answer."""

    def __init__(self, state: State, table: RouteTable, *, token: str, checker: Checker | None, recording: int) -> None:
        self._state = state
        self._table = table
        self._authorization = f"Bot {token}"
        self._checker = checker
        self.limits = Limits()
        self.faults = Faults()
        self.recording = Recording(recording)
        self.violations: list[str] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        path = request.path.removeprefix(API)
        exchange = Exchange(time=self._state.clock.now(), method=request.method, path=path, query=dict(request.query))
        match = self._match(exchange) if request.path.startswith(f"{API}/") else Refusal(0)
        if isinstance(match, Match):
            exchange = replace(exchange, route=match.route.template)
            if match.route.counts:
                self.limits.arrived(self._state.clock.monotonic())
        if self.limits.is_banned(self._state.clock.monotonic()):
            self._record(replace(exchange, status=429))
            return web.Response(status=429, text=_BAN_PAGE, content_type="text/html")
        body, files = await _read_body(request)
        if not isinstance(body, Refusal):
            exchange = replace(exchange, body=body)
        fault = self.faults.meet(request.method, path)
        if fault is not None and fault.drop != "after":
            await self._delay(fault)
            if fault.drop or fault.status is not None:
                return self._fail(request, exchange, fault)
        outcome = self._decide(exchange, match, body, files, request.headers.get("Authorization"))
        if fault is not None and fault.drop == "after":
            await self._delay(fault)
            return self._fail(request, exchange, fault)
        self._record(replace(exchange, status=outcome.status, answer=outcome.body))
        if outcome.status == 204:
            return web.Response(status=204, headers=outcome.headers)
        return web.Response(
            status=outcome.status,
            body=msgspec.json.encode(outcome.body),
            content_type="application/json",
            headers=outcome.headers,
        )

    async def serve_file(self, request: web.Request) -> web.StreamResponse:
        """Answer with an uploaded file, as Discord's CDN does."""
        file = self._state.files.get(as_snowflake(request.match_info["id"]) or 0)
        if file is None or file.name != request.match_info["name"]:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.content, headers={"Content-Type": file.content_type})

    def _match(self, exchange: Exchange) -> Match | Refusal:
        try:
            return self._table.find(exchange.method, exchange.path)
        except Refusal as refusal:
            return refusal

    def _decide(
        self, exchange: Exchange, match: Match | Refusal, body: Any, files: Files, authorization: str | None
    ) -> _Outcome:
        """Carry the request out, or refuse it."""
        now = self._state.clock.monotonic()
        headers = {"Via": "1.1 google"}
        try:
            if isinstance(match, Refusal):
                raise match
            if match.route.needs_token and not _same(authorization, self._authorization):
                raise Unauthorized
            answer = self._pass(exchange, match, body, files, headers)
            outcome = _Outcome(status=answer.status, body=answer.body, headers=headers)
        except Limited as limited:
            headers |= _retry_headers(limited.retry_after, limited.scope)
            outcome = _Outcome(status=429, body=limited.body, headers=headers)
        except Refusal as refusal:
            outcome = _Outcome(status=refusal.status, body=refusal.body, headers=headers)
        if outcome.status in {401, 403, 429}:
            self.limits.invalid(now)
        # of Discord's own failures its document says nothing
        if self._checker is not None and isinstance(match, Match) and outcome.status < 500:
            answered = replace(exchange, status=outcome.status, answer=outcome.body)
            self.violations += [f"{answered}: {wrong}" for wrong in self._checker(answered)]
        return outcome

    def _pass(self, exchange: Exchange, match: Match, body: Any, files: Files, headers: dict[str, str]) -> Response:
        """Through the limits and the document to the handler; `headers` get what is left in the bucket."""
        now = self._state.clock.monotonic()
        if match.route.counts:
            self.limits.pass_global(now)
        bucket = match.route.bucket
        try:
            status = self.limits.pass_bucket(bucket, match.major, now)
        except Limited as limited:
            headers |= self._limit_headers(LimitStatus(bucket=bucket, remaining=0, reset_after=limited.retry_after))
            raise
        headers |= self._limit_headers(status)
        if isinstance(body, Refusal):
            raise body
        if self._checker is not None and (wrong := self._checker(exchange)):
            self.violations += [f"{exchange}: {each}" for each in wrong]
            errors = {"_errors": [{"code": "DOCUMENT_VIOLATED", "message": each} for each in wrong]}
            raise Refusal(50035, errors=errors)
        return match.route.handler(Request(params=match.params, query=exchange.query, body=body, files=files))

    def _limit_headers(self, status: LimitStatus) -> dict[str, str]:
        reset_after = ceil(status.reset_after * 1000) / 1000
        return {
            "X-RateLimit-Limit": str(status.bucket.limit),
            "X-RateLimit-Remaining": str(status.remaining),
            "X-RateLimit-Reset": f"{self._state.clock.now().timestamp() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": status.bucket.hash,
        }

    async def _delay(self, fault: Fault) -> None:
        if fault.delay:
            await self._state.clock.sleep(fault.delay)

    def _fail(self, request: web.Request, exchange: Exchange, fault: Fault) -> web.Response:
        self._record(replace(exchange, status=fault.status, ordered=True))
        if fault.status in {401, 403} or (fault.status == 429 and fault.scope != "shared"):
            self.limits.invalid(self._state.clock.monotonic())
        if fault.status is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        body = fault.body
        headers = {"Via": "1.1 google"}
        if fault.status == 429:
            headers |= _retry_headers(fault.retry_after, fault.scope)
        if body is None:
            shown: dict[str, Any] = {"message": f"{fault.status}: ordered", "code": fault.code}
            if fault.status == 429:
                shown |= {"retry_after": fault.retry_after, "global": fault.scope == "global"}
            body = msgspec.json.encode(shown)
        body = body.encode() if isinstance(body, str) else body
        return web.Response(status=fault.status, body=body, content_type=fault.content_type, headers=headers)

    def _record(self, exchange: Exchange) -> None:
        self.recording.add(exchange)
        self._state.updates.happened()


def _retry_headers(retry_after: float, scope: str) -> dict[str, str]:
    """The headers of a 429."""
    headers = {"Retry-After": str(ceil(retry_after)), "X-RateLimit-Scope": scope}
    return {**headers, "X-RateLimit-Global": "true"} if scope == "global" else headers


def _same(given: str | None, expected: str) -> bool:
    return given is not None and secrets.compare_digest(given.encode(), expected.encode())


async def _read_body(request: web.Request) -> tuple[Any, Files]:
    """The JSON of the request: None without a body, a Refusal where it cannot be read. In a form it is `payload_json`.

    The other parts of a form are the files, by the numbers that their names have.
    """
    raw: bytes | None = None
    files: Files = {}
    try:
        if request.content_type == "multipart/form-data":
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader):
                    continue
                content = bytes(await part.read(decode=True))
                if part.name == "payload_json":
                    raw = content
                elif (number := _FILE_PART.fullmatch(part.name or "")) is not None:
                    kind = part.headers.get("Content-Type", "application/octet-stream")
                    files[int(number[1])] = LocalFile(name=part.filename or "file", content=content, content_type=kind)
        else:
            raw = await request.read()
            if raw and request.content_type != "application/json":
                return Refusal(50109), files
        if sum(len(file.content) for file in files.values()) > UPLOADED:
            return Refusal(40005), {}
        return msgspec.json.decode(raw) if raw else None, files
    except (*_MALFORMED, ValueError):
        return Refusal(50109), files
