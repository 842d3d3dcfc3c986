"""The local X: an HTTP server on loopback, and the Python calls that make things happen on it.

Whatever a client does is kept in `requests`; whatever a test or a demo does is visible to the very next request.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Literal, Self, Unpack

from aiohttp import web

from spacebot.clock import Clock, SystemClock
from spacebot.sandbox.x.activity import Access, Subscription
from spacebot.sandbox.x.api import NAMES, Api, Reply, Request
from spacebot.sandbox.x.bill import Bill
from spacebot.sandbox.x.exchanges import Exchange
from spacebot.sandbox.x.faults import Fault, Faults
from spacebot.sandbox.x.model import Platform, SpaceDetails, UserDetails, XList, XSpace, XUser
from spacebot.sandbox.x.oauth import SCOPES, Clients, OAuthServer
from spacebot.sandbox.x.problems import too_many_connections
from spacebot.sandbox.x.quirks import Generation, Quirks
from spacebot.sandbox.x.streams import Streams
from spacebot.sandbox.x.wire import headers_of, reset, send, send_forever, send_half

PICTURES = "/profile_images/"
SIZES = frozenset({"picture_normal.png", "picture_400x400.png"})


class LocalX:
    """An X of one's own: `async with LocalX() as x`, then `x.url`. All methods but `start`, `stop` and `wait_for` are sync.

    `limits` gives requests per 15 minutes and token by the name of an endpoint, for instance {"creator_ids": 25}; the names
    are those in `Exchange.endpoint`. `ended`, `empty`, `too_many`, `cut_off` and `generation` are explained in `Quirks` and
    can be changed later through `quirks`, as the limits can through `limits`. `checker` sees each exchange that no fault met;
    what it raises is kept in `violations` and raised as an ExceptionGroup when the `async with` block ends well.
    `requests` are all exchanges in the order of their answers, `refused` those that exceeded a limit without a fault's doing,
    `billed` is X's bill, on which no picture stands. `activity` says what X grants of its Activity API, `streams` are the connections to its stream.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        bearer_token: str = "local-bearer-token",  # noqa: S107 - it opens nothing but this server
        limits: Mapping[str, int] | None = None,
        generation: Generation = "2.167",
        ended: Literal["full", "minimal", "not_found"] = "full",
        empty: Literal["missing", "list"] = "missing",
        too_many: Literal["problem", "code_88"] = "problem",
        cut_off: int | None = 100,
        port: int = 0,
        host: str = "127.0.0.1",
        checker: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._clock: Clock = clock or SystemClock()
        self.bearer_token = bearer_token
        self.clients = Clients()
        self.quirks = Quirks(generation=generation, ended=ended, empty=empty, too_many=too_many, cut_off=cut_off)
        self._news = asyncio.Event()
        self._platform = Platform(self._clock)
        self._platform.on_change.append(lambda _subject, _what: self._news.set())
        self.activity = Access()
        self.limits = dict(limits or {})
        self._oauth = OAuthServer(self._clock, bearer_token=bearer_token, clients=self.clients)
        self._api = Api(
            self._clock,
            platform=self._platform,
            oauth=self._oauth,
            quirks=self.quirks,
            access=self.activity,
            limits=self.limits,
        )
        self.streams = Streams(self._clock, bill=self._bill_event, on_news=self._news.set)
        self._platform.on_change.append(
            lambda subject, what: self.streams.send(self._api.activity.events(subject, what))
        )
        self._faults = Faults(NAMES)
        self._checker = checker
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.in_flight = 0
        self._pictures: dict[str, tuple[bytes, str]] = {}
        self.requests: list[Exchange] = []
        self.violations: list[Exception] = []

    @property
    def users(self) -> dict[str, XUser]:
        """All accounts, by id."""
        return self._platform.users

    @property
    def spaces(self) -> dict[str, XSpace]:
        """All Spaces, by id."""
        return self._platform.spaces

    @property
    def billed(self) -> Bill:
        return self._api.billed

    @property
    def subscriptions(self) -> list[Subscription]:
        """The app's subscriptions to activity, in the order made."""
        return list(self._api.activity.subscriptions.values())

    def forget_subscriptions(self) -> None:
        """X loses all of the app's subscriptions, and does not say so."""
        self._api.activity.subscriptions.clear()

    @property
    def refused(self) -> list[Exchange]:
        return [exchange for exchange in self.requests if exchange.status == 429 and exchange.fault is None]

    async def start(self) -> None:
        """Listen; `url` is known from now on."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://{self._host}:{self._port}"

    async def stop(self) -> None:
        """Close every connection; a later `start` takes the same port."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            self.streams.hang_up(orderly=False)
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if error is None and self.violations:
            raise ExceptionGroup("exchanges that the checker does not accept", self.violations)

    def add_user(self, username: str, **details: Unpack[UserDetails]) -> XUser:
        """An account; `name` is the handle where none is given."""
        return self._platform.add_user(username, **details)

    def add_picture(self, content: bytes, content_type: str = "image/png") -> str:
        """Put a picture where X's are; its address is as an account has it: that of the small one."""
        name = str(len(self._pictures) + 1)
        self._pictures[name] = (content, content_type)
        return f"{self.url}{PICTURES}{name}/picture_normal.png"

    def start_space(self, creator: XUser, *, listeners: int = 0, **details: Unpack[SpaceDetails]) -> XSpace:
        """A Space that is live from this moment on."""
        return self._platform.add_space(creator, listeners=listeners, **details)

    def schedule_space(self, creator: XUser, *, start: datetime, **details: Unpack[SpaceDetails]) -> XSpace:
        """A Space that is announced for `start`, at most 14 days ahead."""
        return self._platform.add_space(creator, start=start, **details)

    def add_list(self, owner: XUser, members: Sequence[XUser], *, private: bool = False) -> XList:
        """A list of accounts that `owner` keeps; nobody else sees a private one."""
        return self._platform.add_list(owner, members, private=private)

    def authorize_as(self, user: XUser | None) -> None:
        """From now on whoever comes to the consent screen is that person and presses 'Authorize'; with None, 'Cancel'."""
        self._oauth.person = user

    def user_token(self, user: XUser, *, scopes: frozenset[str] = SCOPES) -> str:
        """An access token of that person, good for two hours, without going through the consent screen."""
        return self._oauth.sign_in(user, scopes)

    def fault(self, where: str, fault: Fault) -> None:
        """Let `fault` meet the next requests to an endpoint (by name) or to a path (by regular expression)."""
        self._faults.plan(where, fault)

    def random_faults(self, rate: float = 0.05, seed: int = 1, among: Sequence[Fault] | None = None) -> None:
        """Let that share of all requests fail, in every way there is unless `among` (say, `Fault.passing()`) says which."""
        self._faults.randomly(rate, seed, Fault.every() if among is None else among)

    def clear_faults(self) -> None:
        self._faults.clear()

    async def wait_for(self, predicate: Callable[[], object], timeout: float = 10.0) -> None:  # noqa: ASYNC109 - part of the sentence
        """Return once `predicate` holds; it is looked at after each request and each change on this X.

        `timeout` is in real seconds, whatever the clock; then a TimeoutError says what was seen.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    self._news.clear()
                    if predicate():
                        return
                    await self._news.wait()
        except TimeoutError:
            if not predicate():
                raise TimeoutError(f"not so within {timeout:g} s; {self._seen()}") from None

    def _seen(self) -> str:
        counted = Counter(f"{e.endpoint or e.path} {e.status}" for e in self.requests)
        requests = ", ".join(f"{count} of {what}" for what, count in sorted(counted.items())) or "no request"
        spaces = ", ".join(f"{space.id} {space.state}" for space in self._platform.spaces.values()) or "no Space"
        last = [f"{e.method} {e.path} → {e.status}" for e in self.requests[-3:]]
        return f"seen: {requests}; the last ones: {last}; in flight: {self.in_flight}; there is: {spaces}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.in_flight += 1
        self._news.set()
        try:
            return await self._exchange(request)
        finally:
            self.in_flight -= 1
            self._news.set()

    async def _exchange(self, request: web.Request) -> web.StreamResponse:
        asked = Request(
            method=request.method,
            path=request.path,
            query=tuple(request.query.items()),
            authorization=request.headers.get("Authorization"),
            content_type=request.headers.get("Content-Type", ""),
            body=await request.read(),
        )
        fault = self._faults.take(self._api.name_of(asked.method, asked.path), asked.path)
        if fault is not None and fault.delay:
            await self._clock.sleep(fault.delay)
        drop = None if fault is None else fault.drop
        if drop == "before":
            self._record(asked, None, {}, fault)
            return reset(request)
        reply = self._reply(asked, fault)
        headers = headers_of(reply, now=self._clock.now(), generation=self.quirks.generation)
        self._record(asked, None if drop == "after" else reply, headers, fault)
        if drop == "after":
            return reset(request)
        if reply.backfill is not None:
            return await self._stream(request, headers, fault, backfill=reply.backfill)
        if fault is not None and fault.endless:
            return await send_forever(request, reply, headers)
        return await (send_half if drop == "truncate" else send)(request, reply, headers)

    async def _stream(
        self, request: web.Request, headers: Mapping[str, str], fault: Fault | None, *, backfill: int
    ) -> web.StreamResponse:
        self.in_flight -= 1  # a stream is not on its way: it is there
        try:
            return await self.streams.serve(request, headers, fault, backfill=backfill)
        finally:
            self.in_flight += 1

    def _bill_event(self, uuid: str) -> None:
        self.billed.add(self._clock.now().date(), [("event", uuid)])

    def _reply(self, asked: Request, fault: Fault | None) -> Reply:
        if fault is None or fault.status is None:
            reply = self._picture(asked.path) or self._api.answer(asked, drain=fault is not None and fault.drain)
            if fault is not None:
                reply = replace(reply, headers={**reply.headers, **fault.headers})
            if reply.backfill is None or self.streams.connected < self.streams.most:
                return reply
            body = json.dumps(too_many_connections(self.quirks.generation)).encode()
            return Reply(status=429, body=body)
        encoding = {"Content-Encoding": fault.encoding} if fault.encoding is not None else {}
        return Reply(
            status=fault.status,
            body=fault.body,
            content_type=fault.content_type,
            headers={**fault.headers, **encoding},
        )

    def _picture(self, path: str) -> Reply | None:
        """The picture that is there, in whichever size."""
        name, _, size = path.removeprefix(PICTURES).partition("/")
        if not path.startswith(PICTURES) or name not in self._pictures or size not in SIZES:
            return None
        content, content_type = self._pictures[name]
        return Reply(status=200, body=content, content_type=content_type)

    def _record(self, asked: Request, reply: Reply | None, headers: Mapping[str, str], fault: Fault | None) -> None:
        exchange = Exchange(
            time=self._clock.now(),
            method=asked.method,
            path=asked.path,
            endpoint=self._api.name_of(asked.method, asked.path),
            query=dict(asked.query),
            token=self._api.token_kind(asked.authorization),
            status=None if reply is None else reply.status,
            request_body=asked.body,
            response_headers=headers,
            response_body=b"" if reply is None else reply.body,
            fault=fault,
        )
        self.requests.append(exchange)
        self._news.set()
        if self._checker is not None and fault is None and not asked.path.startswith(PICTURES):
            try:
                self._checker(exchange)
            except Exception as violation:  # noqa: BLE001 - a checker may be anybody's; what it raises is its finding
                self.violations.append(violation)
