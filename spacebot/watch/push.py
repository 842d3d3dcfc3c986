"""Keeps X telling of the most valuable hosts at once, and says of every moment in which it may not have.

A host that X does not tell of is simply not `covered`, and stays with the sweeps: nothing here is ever needed for an
announcement, it only makes it sooner.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Protocol

from spacebot.clock import Clock, until_set
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.views import PushState
from spacebot.errors import SpacebotError, XError, XOperatorNeeded, XRateLimited
from spacebot.outage import Outage
from spacebot.watch.subscriptions import CEILING, Subscriptions, SubscriptionsSource
from spacebot.x.stream import SILENCE, Connected, Disconnected, Happening, Missed, SpaceStarted

log = logging.getLogger(__name__)

LOOK_AGAIN = 900.0
"""Seconds between looks at what is wanted, unless something is said sooner: the order of value changes by itself."""

FIRST_REST, LONGEST_REST = 900.0, 14_400.0
"""Seconds between attempts while only a person can help."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 320.0
"""Seconds between attempts while X fails."""


class ActivitySource(SubscriptionsSource, Protocol):
    """X's Activity API; every method raises `XError`."""

    def stream(self) -> AsyncGenerator[Happening, None]:
        """What X tells; it mends itself, and raises `XOperatorNeeded` where it cannot."""
        ...


class PushListener(Protocol):
    """Is told what X pushes. Every method returns at once: what has to be done is queued."""

    def space_started(self, space_id: SpaceId, host_id: UserId) -> None:
        """This Space of this host has started."""
        ...

    def space_ended(self, space_id: SpaceId, host_id: UserId) -> None:
        """This Space of this host has ended."""
        ...

    def pushed_hosts_changed(self, host_ids: Collection[UserId]) -> None:
        """From now on X pushes what these hosts do, and what no others do."""
        ...

    def pushes_missed(self, host_ids: Collection[UserId], seconds: float) -> None:
        """X may not have pushed what these hosts did in the last `seconds`: they are to be swept.

        Also whenever the stream stands (again), and when more hosts are pushed.
        """
        ...


class Push:
    """The subscriptions and the stream.

    Attributes:
        last_event_at: When X last told of a start or an end.
    """

    def __init__(
        self,
        *,
        source: ActivitySource,
        clock: Clock,
        wanted: Callable[[], Awaitable[Sequence[UserId]]],
        listener: PushListener,
        tag: str,
        ceiling: int = CEILING,
        expected: bool = True,
    ) -> None:
        """Take what the loops need.

        Args:
            source: X.
            clock: Time.
            wanted: The hosts to hear of, the most valuable first.
            listener: Told what X tells, and what it may not have told.
            tag: What marks our own subscriptions; others are let be.
            ceiling: How many subscriptions the plan allows, those of others included.
            expected: Whether missing access is worth a warning.
        """
        self._source = source
        self._clock = clock
        self._wanted = wanted
        self._listener = listener
        self._expected = expected
        self._subscriptions = Subscriptions(
            source=source, clock=clock, tag=tag, ceiling=ceiling, on_change=self._subscriptions_changed
        )
        self._outage = Outage(
            log,
            failed="Push, %(what)s: %(error)s Hosts are swept meanwhile; it is tried again.",
            recovered="Push, %(what)s: works again.",
        )
        self._refusals: dict[str, str] = {}
        self._followed: frozenset[UserId] = frozenset()
        self._is_connected = False
        self._lost_at: float | None = None
        self._is_running = False
        self._woken = asyncio.Event()
        self._is_needed = asyncio.Event()
        self.last_event_at: datetime | None = None

    @property
    def state(self) -> PushState:
        """Whether X tells by itself at present."""
        if self._is_connected:
            return PushState.ON
        if self._refusals:
            return PushState.REFUSED
        has_work = self._is_needed.is_set() or self._outage.is_ongoing
        return PushState.CONNECTING if self._is_running and has_work else PushState.OFF

    @property
    def refusal(self) -> str | None:
        """Why X refuses, where `state` is REFUSED."""
        return next(iter(self._refusals.values()), None) if self.state is PushState.REFUSED else None

    @property
    def covered(self) -> frozenset[UserId]:
        """The hosts whose starts X tells now; none while the stream does not stand."""
        return self._subscriptions.hosts if self._is_connected else frozenset()

    @property
    def refused_hosts(self) -> dict[UserId, str]:
        """The hosts that X does not let the app subscribe to, each with its reason."""
        return self._subscriptions.refused_hosts

    def watchlists_changed(self) -> None:
        """Look at once what is wanted."""
        self._woken.set()

    async def run(self) -> None:
        """Subscribe and listen until cancelled."""
        self._is_running = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._subscribe_forever(), name="subscriptions")
                group.create_task(self._listen_forever(), name="stream")
        finally:
            self._is_running = False
            self._set_connected(False)

    async def _subscribe_forever(self) -> None:
        failures = 0
        while True:
            self._woken.clear()
            try:
                await self._subscribe()
            except XRateLimited as full:
                if full.status is not None:
                    self._failed("subscriptions", full)
                await self._clock.sleep(max(full.retry_after or FIRST_PAUSE, 1.0))
            except SpacebotError as error:
                self._failed("subscriptions", error)
                await self._clock.sleep(_pause(error, failures))
                failures += 1
            except Exception:
                log.exception("The subscriptions failed in an unforeseen way; they are tried again.")
                await self._clock.sleep(LONGEST_PAUSE)
            else:
                failures = 0
                self._recovered("subscriptions")
                await until_set(self._clock, self._woken, LOOK_AGAIN)

    async def _subscribe(self) -> None:
        wanted = await self._wanted()
        self._followed = frozenset(wanted)
        try:
            await self._subscriptions.bring_to(wanted)
        finally:
            if not self._subscriptions.is_empty:
                self._is_needed.set()

    def _subscriptions_changed(self, gap: float | None) -> None:
        if self._is_connected:
            self._tell_covered()
            if gap is not None:
                self._tell_gap(gap)

    async def _listen_forever(self) -> None:
        failures = 0
        while True:
            await self._is_needed.wait()
            try:
                async with aclosing(self._source.stream()) as happenings:
                    async for happening in happenings:
                        failures = 0 if isinstance(happening, Connected) else failures
                        self._take(happening)
            except SpacebotError as error:
                self._lost(SILENCE)
                self._failed("stream", error)
                failures += 1  # the source has tried again already
                await self._clock.sleep(_pause(error, failures))
            except Exception:
                self._lost(SILENCE)
                log.exception("The stream failed in an unforeseen way; it is tried again.")
                await self._clock.sleep(LONGEST_PAUSE)

    def _take(self, happening: Happening) -> None:
        match happening:
            case Connected(gap=gap):
                missed = gap if self._lost_at is None else self._clock.monotonic() - self._lost_at
                self._lost_at = None
                self._recovered("stream")
                self._set_connected(True)
                self._tell_gap(missed)
            case Disconnected(reason=reason, gap=gap, pause=pause):
                self._lost(gap)
                if pause > 0:
                    self._failed("stream", XError(reason))
            case Missed(gap=gap):
                self._tell_gap(gap)
            case _ if happening.user_id in self._followed:
                self.last_event_at = self._clock.now()
                has_started = isinstance(happening, SpaceStarted)
                tell = self._listener.space_started if has_started else self._listener.space_ended
                self._guarded(lambda: tell(happening.space_id, happening.user_id))
            case _:
                log.debug("Push: host %s is told of and not followed", happening.user_id)

    def _lost(self, seconds_ago: float) -> None:
        if self._lost_at is None:
            self._lost_at = self._clock.monotonic() - seconds_ago
        self._set_connected(False)

    def _set_connected(self, is_connected: bool) -> None:
        if is_connected != self._is_connected:
            self._is_connected = is_connected
            self._tell_covered()

    def _tell_covered(self) -> None:
        self._guarded(lambda: self._listener.pushed_hosts_changed(self.covered))

    def _tell_gap(self, seconds: float) -> None:
        self._guarded(lambda: self._listener.pushes_missed(self.covered, seconds))

    @staticmethod
    def _guarded(tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception:
            log.exception("What X told could not be passed on.")

    def _failed(self, what: str, error: SpacebotError) -> None:
        is_refusal = isinstance(error, XOperatorNeeded)
        if is_refusal:
            self._refusals[what] = str(error)
        is_usual = is_refusal and not self._expected
        self._outage.failed(what, error, level=logging.INFO if is_usual else logging.WARNING)

    def _recovered(self, what: str) -> None:
        self._refusals.pop(what, None)
        self._outage.recovered(what)


def _pause(error: SpacebotError, failures: int) -> float:
    """Seconds until it is worth trying again, after this number of failures before it."""
    if isinstance(error, XOperatorNeeded) and failures:
        return min(FIRST_REST * 2.0 ** min(failures - 1, 10), LONGEST_REST)
    return min(FIRST_PAUSE * 2.0 ** min(failures, 10), LONGEST_PAUSE)  # X also says by mistake that it refuses
