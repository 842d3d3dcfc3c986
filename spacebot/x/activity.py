"""X's Activity API: subscriptions, and the stream that reports starts and ends of Spaces, and every gap in it.

Source: https://docs.x.com/x-api/activity/introduction. All time is the clock's; the connection itself has no time-out.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping
from itertools import chain
from typing import Any, TypeVar

import aiohttp

from spacebot.clock import Clock
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import UserId
from spacebot.errors import (
    LATE,
    UNREACHED,
    XBadToken,
    XDisconnected,
    XDown,
    XError,
    XInvalidRequest,
    XOperatorNeeded,
    XRateLimited,
    XUnreadable,
)
from spacebot.x.auth import Auth
from spacebot.x.base import XObject
from spacebot.x.bodies import read_body
from spacebot.x.endpoints import RESULTS_PER_ANSWER, Endpoint
from spacebot.x.limits import Rate, Window, read_rate
from spacebot.x.rate_limiter import RateLimiter
from spacebot.x.refusals import Refusal, explain
from spacebot.x.stream import (
    SILENCE,
    Backoff,
    Connected,
    Disconnected,
    Happening,
    Lines,
    Missed,
    Reader,
)
from spacebot.x.subscriptions import Answer, EventType, Subscription, read_answer
from spacebot.x.transport import NoResend
from spacebot.x.wire import stated_problems

T = TypeVar("T")

LOG = logging.getLogger(__name__)

TAG = "spacebot"
"""Marks the subscriptions made here; X shows it in its lists."""

CALL_SECONDS = 15.0
CONNECT_SECONDS = 60.0
"""X may send the headers of its answer only with the first heartbeat, 20 seconds after the request."""

PAGE_SIZES = (1000, RESULTS_PER_ANSWER)
"""Subscriptions in one page: what X accepts since 2.167, and what it accepted before."""

REFUSALS = 3
"""How many times in a row X must say that only a person can help until the stream gives up: it also says so by mistake."""

_SUBSCRIPTIONS = Endpoint(
    name="subscriptions", path="/2/activity/subscriptions", item=XObject, app_limit=500, parts={Purpose.PUSH: 1.0}
)
_ERRAND = Errand(purpose=Purpose.PUSH)
_STREAM_PATH = "/2/activity/stream"
_FOREVER = aiohttp.ClientTimeout(total=None)


class ActivityClient:
    """Subscribes to hosts at X, and listens. One at a time: X allows two connections, and an old one may linger.

    The calls raise an `XError`: `XRateLimited` with status None, without asking X, if the rate limit is used up.

    Args:
        session: Carries the requests; its owner closes it.
        base_url: Where X's API is (https://api.x.com).
        auth: The app's credentials.
        clock: Time.
        on_event: Called with the uuid of every event that X delivers and bills, wanted or not, each time it comes.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        base_url: str,
        auth: Auth,
        clock: Clock,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._auth = auth
        self._clock = clock
        self._on_event = on_event
        self._rate_limiter = RateLimiter(clock=clock, people_share=0.0)
        self._reader = Reader()

    async def subscriptions(self) -> list[Subscription]:
        """Every subscription of the app, whoever made it."""
        for size in PAGE_SIZES:
            try:
                return await self._list(size)
            except XInvalidRequest:
                if size == PAGE_SIZES[-1]:
                    raise
        raise AssertionError

    async def subscribe(self, event_type: EventType, user_id: UserId) -> Subscription:
        """Let X report these events of this user. Raises `XDuplicate` if it does already."""
        wish = {"event_type": event_type, "filter": {"user_id": user_id}, "tag": TAG}
        made = (await self._call("POST", body=wish)).subscriptions
        return Subscription(id=made[0].id if made else None, event_type=event_type, user_id=user_id, tag=TAG)

    async def unsubscribe(self, ids: Iterable[str]) -> frozenset[str]:
        """End up to 100 subscriptions. Returns those that X did not end, as it does not know them or has failed."""
        asked = ",".join(ids)
        answer = await self._call("DELETE", query={"ids": asked}) if asked else Answer()
        return frozenset(error.subscription_id for error in answer.errors if error.subscription_id)

    def window(self) -> Window | None:
        """What is left of the calls to the subscriptions; None before the first one."""
        return self._rate_limiter.windows().get(_SUBSCRIPTIONS.name)

    async def stream(self) -> AsyncGenerator[Happening, None]:
        """What X reports, without end; broken connections are replaced as X asks, and reported too.

        Raises:
            XOperatorNeeded: X refuses the stream, and does so again.
        """
        backoff, heard, refusals = Backoff(), self._clock.monotonic(), 0
        while True:
            connection, opened = _Connection(self._session, self._clock), None
            try:
                await self._open(connection)
                refusals, opened = 0, self._clock.monotonic()
                gap, heard = opened - heard, opened
                yield Connected(gap=gap)
                lines = Lines()
                while chunk := await connection.chunk(heard + SILENCE - self._clock.monotonic()):
                    for line in lines.feed(chunk):
                        gap, heard = self._clock.monotonic() - heard, self._clock.monotonic()
                        happening = self._understand(line, gap)
                        if happening is not None:
                            yield happening
                raise XDisconnected
            except XError as error:
                fault = error
            finally:
                connection.close()
            if isinstance(fault, XOperatorNeeded):
                refusals += 1
                if refusals >= REFUSALS:
                    raise fault
            if opened is not None:
                backoff.connection_lasted(self._clock.monotonic() - opened)
            pause = backoff.pause_after(fault)
            LOG.debug("X, stream: %s Again in %s seconds.", fault, pause)
            yield Disconnected(reason=str(fault), gap=self._clock.monotonic() - heard, pause=pause)
            await self._clock.sleep(pause)

    def _understand(self, line: bytes, gap: float) -> Happening | None:
        reading = self._reader.read(line)
        if reading.uuid is not None and self._on_event is not None:
            self._on_event(reading.uuid)
        if reading.problems:
            refusal = Refusal(status=200, headers={}, problems=reading.problems, now=self._clock.now())
            error = explain(refusal)
            raise XDisconnected(detail=refusal.detail) if isinstance(error, XUnreadable) else error
        return reading.told if reading.is_clear else Missed(gap=gap)

    async def _open(self, connection: "_Connection") -> None:
        for is_last in (False, True):
            headers = await self._auth.headers()
            try:
                await connection.open(self._base_url + _STREAM_PATH, headers)
            except XBadToken:
                if is_last or not await self._auth.renew(headers):
                    raise
                connection.close()
            else:
                return

    async def _list(self, size: int) -> list[Subscription]:
        found: list[list[Subscription]] = []
        query = {"max_results": str(size)}
        seen: set[str | None] = {None}
        while True:
            answer = await self._call("GET", query=query)
            found.append(answer.subscriptions)
            token = answer.meta.next_token
            if token in seen:
                return list(chain.from_iterable(found))
            seen.add(token)
            query = {**query, "pagination_token": str(token)}

    async def _call(
        self, method: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, object] | None = None
    ) -> Answer:
        """One call, and a second one with a new token if X refuses the first."""
        for is_last in (False, True):
            headers = await self._auth.headers()
            try:
                return await self._attempt(method, headers, query, body)
            except XBadToken:
                if is_last or not await self._auth.renew(headers):
                    raise
        raise AssertionError

    async def _attempt(
        self,
        method: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        body: Mapping[str, object] | None,
    ) -> Answer:
        await self._rate_limiter.wait_for_slot(_SUBSCRIPTIONS, None, _ERRAND)
        rate: Rate | None = None
        refused = False
        try:
            sending = self._send(method, headers, query, body)
            status, given, content = await _within(self._clock, CALL_SECONDS, sending)
            now = self._clock.now()
            rate = read_rate(given, now)
            return read_answer(
                Refusal(status=status, headers=given, problems=stated_problems(content), now=now), content
            )
        except XRateLimited:
            refused = True
        finally:
            self._rate_limiter.request_done(_SUBSCRIPTIONS, None, rate, refused=refused)
        # The window knows better than one answer's headers when there is room again.
        raise self._rate_limiter.refusal(_SUBSCRIPTIONS, None, _ERRAND, status=429)

    async def _send(
        self,
        method: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        body: Mapping[str, object] | None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with self._session.request(
                method,
                self._base_url + _SUBSCRIPTIONS.path,
                params=query,
                json=body,
                headers=headers,
                allow_redirects=False,
                timeout=_FOREVER,
                middlewares=(NoResend(),),
            ) as response:
                return response.status, response.headers, await read_body(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            fault = type(error).__name__
        # Raised here, not above: the library's exception may hold the request, and the request carries the token.
        raise XDown(UNREACHED, told={"fault": fault})


class _Connection:
    """One connection to the stream."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._response: aiohttp.ClientResponse | None = None

    async def open(self, url: str, headers: Mapping[str, str]) -> None:
        """Return when X has accepted; raises an XError if it does not."""
        # Compressed, a line might wait in X's buffer for the next one.
        sent = {**headers, "Accept-Encoding": "identity"}
        await _within(self._clock, CONNECT_SECONDS, self._request(url, sent))
        response = self._response
        assert response is not None
        if response.status == 200:  # noqa: PLR2004 - an HTTP status is its own name
            return
        body = await _within(self._clock, CALL_SECONDS, _mapped(read_body(response)))
        raise explain(
            Refusal(
                status=response.status if response.status >= 300 else 500,  # noqa: PLR2004 - as above
                headers=response.headers,
                problems=stated_problems(body),
                now=self._clock.now(),
            )
        )

    async def chunk(self, seconds: float) -> bytes:
        """What comes within `seconds`; nothing at the end of the answer.

        Raises an XError if nothing comes, or the connection is broken.
        """
        assert self._response is not None
        chunk: bytes = await _within(self._clock, seconds, _mapped(self._response.content.readany()))
        return chunk

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    async def _request(self, url: str, headers: Mapping[str, str]) -> None:
        # Kept as soon as it exists, so that it is closed even if the caller is cancelled meanwhile.
        self._response = await _mapped(
            self._session.get(url, headers=headers, timeout=_FOREVER, allow_redirects=False, middlewares=(NoResend(),))
        )


async def _mapped(work: Any) -> Any:
    """`work`, with the library's errors as ours."""
    try:
        return await work
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        fault = type(error).__name__
    raise XDown(UNREACHED, told={"fault": fault})


async def _within(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The outcome of `work`; raises XDown if it takes longer."""
    task, timer = asyncio.ensure_future(work), asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
    finally:
        task.cancel()
        timer.cancel()
        await asyncio.gather(task, timer, return_exceptions=True)
    raise XDown(LATE, told={"seconds": f"{seconds:.0f}"})
