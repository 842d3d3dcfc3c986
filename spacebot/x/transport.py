"""Sends requests to X: each attempt waits for a slot of the rate limiter, is counted, timed and booked, and retried.

The most that an attempt may cost is reserved before it is sent, and what was sent is read to its end even if nobody
waits for it any more: X bills it all the same.
"""

import asyncio
import logging
import random
from collections.abc import Collection, Coroutine, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

import aiohttp
from yarl import URL

from spacebot.clock import Clock
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import UserId
from spacebot.errors import (
    UNREACHED,
    BudgetSpent,
    XBadToken,
    XDown,
    XError,
    XInvalidRequest,
    XOperatorNeeded,
    XRateLimited,
    XTooManyConnections,
)
from spacebot.outage import Outage
from spacebot.x.answers import Answers
from spacebot.x.auth import Auth, UserToken, bearer
from spacebot.x.base import XObject
from spacebot.x.bodies import READ_AT_ONCE, read_body
from spacebot.x.endpoints import Endpoint, Request
from spacebot.x.gate import Gate
from spacebot.x.lenient import answered_at
from spacebot.x.limits import Rate, read_rate
from spacebot.x.model import Page
from spacebot.x.money import CostCeiling, Meter, Reservation, ceiling_of, payers_of, usage_of
from spacebot.x.pots import Hold
from spacebot.x.rate_limiter import RateLimiter
from spacebot.x.wire import build_request, kinds_of_names, kinds_refused, read_answer

T = TypeVar("T", bound=XObject)

LOG = logging.getLogger(__name__)

BACKGROUND_DEADLINE = 30.0
"""Seconds for a background request with its retries: an X that answers slowly is slow, not down."""

ATTEMPTS = 4
"""How many times one request is sent at most, within its deadline."""

_FIRST_PAUSE = 0.25
"""Seconds; the longest pause before the second attempt. It doubles with each."""


Riders = Mapping[UserId, Hold]
"""Hosts in a request that others than its own errand have asked about, and the money they hold for them."""

NO_SEAT = Hold(errand=Errand(purpose=Purpose.PEOPLE), millicents=0)

_PREPARED_KEPT = 64
"""How many requests are kept prepared, some 20 kB each; the oldest makes room."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is made of a request whoever asks it."""

    method: str
    url: URL
    ceiling: CostCeiling


@dataclass(slots=True, kw_only=True)
class _Asked(Generic[T]):
    """A request as it is sent."""

    endpoint: Endpoint[T]
    prepared: _Prepared
    token: UserToken | None
    errand: Errand
    riders: Riders


class _TokenRenewed(XBadToken):
    """X refused the token, and there is a new one."""


class _NeverSent(XDown):
    """There was no connection: X has not seen the request."""


class Transport:
    """Sends requests and reads the answers.

    Args:
        session: Carries the requests; its owner closes it.
        base_url: Where X's API is (https://api.x.com).
        auth: The app's credentials, for requests without a person's token.
        clock: Time.
        people_share: The part of each rate limit that is people's, where others ask too.
        meter: Books what requests may cost and do cost; None if nobody does.
        deadline: Seconds for one request with its retries, counted from when it got its slot.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        base_url: str,
        auth: Auth,
        clock: Clock,
        people_share: float = 0.1,
        meter: Meter | None = None,
        deadline: float = 8.0,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._auth = auth
        self._clock = clock
        self._meter = meter
        self._gate = Gate(clock, meter)
        self._prepared: dict[Hashable, _Prepared] = {}
        self._answers: Answers[Page[Any]] = Answers(clock)
        self.rate_limiter = RateLimiter(clock=clock, people_share=people_share)
        self._attempts: set[asyncio.Task[Any]] = set()
        self._deadline = deadline
        self._older: frozenset[str] = frozenset()
        """The kinds of names that X wants as its documents before 2.167 had them."""
        self._outage = Outage(LOG, failed="X, %(what)s: %(error)s", recovered="X, %(what)s: answers again")

    def admit(self, errand: Errand) -> None:
        """Let one question through that is not asked by `ask`, or not for a person; raises `UserMistake`."""
        self._gate.admit(errand)

    def room(self, errand: Errand) -> int | None:
        """What a request may cost at most, in thousandths of a cent; None for no limit."""
        return None if self._meter is None else self._meter.room(errand)

    def cost(self, request: Request[T]) -> int:
        """What a request may cost at most, less what is paid for today, in thousandths of a cent."""
        return 0 if self._meter is None else self._meter.cost(ceiling_of(request))

    def seat(self, request: Request[T], errand: Errand) -> Hold:
        """Hold the money for a question that rides in a request of somebody else; raises `BudgetSpent`."""
        return NO_SEAT if self._meter is None else self._meter.seat(errand, ceiling_of(request))

    def leave(self, seat: Hold) -> None:
        """That request is over, or never went."""
        if self._meter is not None:
            self._meter.leave(seat)

    async def ask(
        self,
        request: Request[T],
        errand: Errand,
        token: UserToken | None,
        *,
        riders: Riders | None = None,
        has_slot: bool = False,
    ) -> Page[T]:
        """The answer to a request, if who asks may ask it.

        A person's question that was asked in the last minute, or is being asked, is answered without asking X again.

        Args:
            request: What to ask.
            errand: What it is for, and for whom.
            token: A person's token; None for the app's.
            riders: The hosts in it that others pay for.
            has_slot: Whether the caller has already waited for the first attempt's slot.

        Raises:
            UserMistake: The person, or their guild, has asked too much.
            XError: What the answer means, that the rate limit is used up, or that there is no money for it.
        """
        if not errand.has_shares:
            return await self._ask(request, errand, token, riders, has_slot=has_slot)
        if token is not None:
            self._gate.admit(errand)
            return await self._ask(request, errand, token, riders, has_slot=has_slot)
        return await self._answers.get(
            request.question,
            admit=lambda: self._gate.admit(errand),
            ask=lambda: self._ask(request, errand, token, riders, has_slot=has_slot),
        )

    async def _ask(
        self,
        request: Request[T],
        errand: Errand,
        token: UserToken | None,
        riders: Riders | None,
        *,
        has_slot: bool,
    ) -> Page[T]:
        """The answer to a request, sent again in the other names where X refuses those of one kind."""
        believed, refused = self._older, frozenset[str]()
        while True:
            older = believed ^ refused
            if older:
                older &= kinds_of_names(request)
            try:
                page = await self._ask_logged(request, older, errand, token, riders, has_slot=has_slot)
            except XInvalidRequest as error:
                again = kinds_refused(error, request) - refused
                if not again:
                    raise
                refused |= again
                has_slot = False
                continue
            changed = {kind for kind in refused if (kind in older) is not (kind in self._older)}
            self._older = (self._older - changed) | (older & changed)
            for kind in sorted(changed):
                LOG.info(
                    "X wants %s by their %s names; these are used from now on",
                    kind,
                    "older" if kind in older else "newer",
                )
            return page

    async def _ask_logged(
        self,
        request: Request[T],
        older: Collection[str],
        errand: Errand,
        token: UserToken | None,
        riders: Riders | None,
        *,
        has_slot: bool = False,
    ) -> Page[T]:
        """`_with_retries`, with one log target when an endpoint begins to fail and one when it answers again."""
        name = request.endpoint.name
        try:
            page = await self._with_retries(request, older, errand, token, riders, has_slot=has_slot)
        except (XDown, XOperatorNeeded, XRateLimited) as error:
            own_refusal = isinstance(error, BudgetSpent) or (isinstance(error, XRateLimited) and error.status is None)
            persons = token is not None and isinstance(error, XBadToken)  # the app's own token is not in question
            if not own_refusal and not persons:
                self._outage.failed(name, error)
            raise
        self._outage.recovered(name)
        return page

    async def _with_retries(
        self,
        request: Request[T],
        older: Collection[str],
        errand: Errand,
        token: UserToken | None,
        riders: Riders | None,
        *,
        has_slot: bool = False,
    ) -> Page[T]:
        """The request, retried where that may help: after a transient fault, and once with a new token."""
        endpoint, access = request.endpoint, token.access if token else None
        asked = _Asked(
            endpoint=endpoint,
            prepared=self._prepare(request, older, is_private=token is not None),
            token=token,
            errand=errand,
            riders=riders or {},
        )
        if not has_slot:
            self._check(asked)  # what is refused for want of money takes no slot
            await self.rate_limiter.wait_for_slot(endpoint, access, errand)
        deadline = self._deadline if errand.is_urgent else max(self._deadline, BACKGROUND_DEADLINE)
        ends = self._clock.monotonic() + deadline
        attempt, renewed = 0, False
        while True:
            attempt += 1
            # Half of the time at most, so that one silent connection leaves room for another try.
            seconds = min(deadline / 2, max(ends - self._clock.monotonic(), _FIRST_PAUSE))
            try:
                return await self._shielded(self._attempt(asked, seconds))
            except _TokenRenewed as refused:
                if renewed:
                    raise
                fault: XError = refused
                renewed, pause = True, 0.0
            except XDown as down:
                fault = down
                pause = random.uniform(0, _FIRST_PAUSE * 2**attempt)  # noqa: S311 - spreads retries, guards nothing
                if attempt >= ATTEMPTS or not _is_transient(down) or self._clock.monotonic() + pause >= ends:
                    raise
                LOG.debug("X, %s: %s Trying again.", endpoint.name, down)
            except XTooManyConnections:
                raise
            except XRateLimited as limited:
                # The window knows better than one answer's headers when there is room again.
                raise self.rate_limiter.refusal(endpoint, access, errand, status=limited.status) from None
            await self._clock.sleep(pause)
            try:
                await self.rate_limiter.wait_for_slot(
                    endpoint, access, errand, patience=max(0.0, ends - self._clock.monotonic())
                )
            except XRateLimited:
                raise fault from None

    def _prepare(self, request: Request[T], older: Collection[str], *, is_private: bool) -> _Prepared:
        """The address and the ceiling of a request; kept, for most of what is asked is asked again within minutes.

        Raises:
            XInvalidRequest: What is asked about cannot exist.
        """
        key = (request.question, frozenset(older), is_private)
        prepared = self._prepared.get(key)
        if prepared is None:
            method, path, query = build_request(request, older)
            url = URL(self._base_url + path).with_query(query)
            prepared = _Prepared(method, url, ceiling_of(request, is_private=is_private))
            if len(self._prepared) >= _PREPARED_KEPT:
                del self._prepared[next(iter(self._prepared))]
            self._prepared[key] = prepared
        return prepared

    async def _shielded(self, attempt: Coroutine[Any, Any, Page[T]]) -> Page[T]:
        """The attempt's outcome; the attempt goes on if the caller is cancelled."""
        outcome: asyncio.Future[Page[T]] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(_carry_out(attempt, outcome))
        self._attempts.add(task)
        task.add_done_callback(self._attempts.discard)
        return await outcome

    async def _attempt(self, asked: "_Asked[T]", seconds: float) -> Page[T]:
        """Send one request that has its slot, and book its cost."""
        endpoint, token = asked.endpoint, asked.token
        access = token.access if token else None
        headers: Mapping[str, str] = {}
        rate: Rate | None = None
        refused = False
        try:
            headers = bearer(token.access) if token else await self._auth.headers()
            reservation = await self._reserve(asked)
            try:
                status, given, body = await self._send(asked.prepared, headers, seconds)
                now = self._clock.now()
                answered = answered_at(given, now)
                rate = read_rate(given, now, answered)
                LOG.debug("X, %s: %s, %s left of %s", endpoint.name, status, rate.remaining, rate.limit)
                page = read_answer(endpoint, status, given, body, now)
            except XError as error:
                await self._book_failure(reservation, error)
                if isinstance(error, _NeverSent):
                    raise XDown(error.sentence, told=error.told) from None
                raise
            if self._meter is not None and reservation is not None:
                payers = payers_of(page, {host: seat.errand for host, seat in asked.riders.items()})
                usage = usage_of(page)
                await self._meter.settle(reservation, usage, answered, payers)
        except XBadToken:
            if headers and token is None and await self._auth.renew(headers):
                raise _TokenRenewed from None
            raise
        except XRateLimited as limited:
            refused = not isinstance(limited, XTooManyConnections)
            raise
        finally:
            self.rate_limiter.request_done(endpoint, access, rate, refused=refused)
        return page

    def _check(self, asked: "_Asked[T]") -> None:
        """Raise `BudgetSpent` where there is no money for it now."""
        if self._meter is not None and not asked.riders:
            self._meter.check(asked.errand, asked.prepared.ceiling)

    async def _reserve(self, asked: "_Asked[T]") -> Reservation | None:
        if self._meter is None:
            return None
        seats = sum(seat.millicents for seat in asked.riders.values())
        return await self._meter.reserve(asked.prepared.ceiling, asked.errand, seats=seats)

    async def _book_failure(self, reservation: Reservation | None, error: XError) -> None:
        if self._meter is None or reservation is None:
            return
        may_be_billed = error.status is None or 200 <= error.status < 300  # noqa: PLR2004 - the range of success
        if isinstance(error, XDown) and may_be_billed and not isinstance(error, _NeverSent):
            await self._meter.answer_lost(reservation)
        else:
            await self._meter.release(reservation)

    async def _send(
        self, prepared: _Prepared, headers: Mapping[str, str], seconds: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with self._session.request(
                prepared.method,
                prepared.url,
                timeout=_within(seconds),
                headers=headers,
                allow_redirects=False,
                read_bufsize=READ_AT_ONCE,
                middlewares=(NoResend(),),
            ) as response:
                return response.status, response.headers, await read_body(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            fault = type(error).__name__
            kind = _NeverSent if isinstance(error, aiohttp.ClientConnectorError) else XDown
        # Raised here, not above: the library's exception may hold the request, and the request carries the token.
        raise kind(UNREACHED, told={"fault": fault})


@lru_cache(maxsize=8)
def _within(seconds: float) -> aiohttp.ClientTimeout:
    """For a whole request: aiohttp has a timer for each anyway, so that a second one is spared."""
    return aiohttp.ClientTimeout(total=seconds)


class NoResend:
    """Keeps aiohttp from sending a GET again on its own after a reset: that request would not have been counted."""

    def __init__(self) -> None:
        self._fault: aiohttp.ClientError | None = None

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if self._fault is not None:
            raise self._fault
        try:
            return await handler(request)
        except aiohttp.ClientError as fault:
            self._fault = fault
            raise


async def _carry_out(work: Coroutine[Any, Any, Page[T]], outcome: "asyncio.Future[Page[T]]") -> None:
    """Do the work to its end, and say what came of it if somebody still waits.

    `asyncio.shield` does the same by callbacks, for which the event loop has to go round once more.
    """
    try:
        page = await work
    except asyncio.CancelledError:
        outcome.cancel()
        raise
    except BaseException as error:  # noqa: BLE001 - handed to whoever waits
        if not outcome.done():
            outcome.set_exception(error)
    else:
        if not outcome.done():
            outcome.set_result(page)


def _is_transient(down: XDown) -> bool:
    """Whether the same request may succeed in a moment; one that X answered with 4xx will not."""
    return down.status is None or not 300 <= down.status < 500  # noqa: PLR2004 - the ranges of HTTP
