"""Keeps X telling of the most valuable hosts at once, and says of every moment in which it may not have.

A host that X does not tell of is simply not `covered`, and stays with the sweeps: nothing here is ever needed for an
announcement, it only makes it sooner.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from spacebot.clock import Clock, until_set
from spacebot.domain.ids import SpaceId, UserId
from spacebot.errors import (
    SpacebotError,
    XAbsent,
    XDuplicate,
    XError,
    XForbidden,
    XOperatorNeeded,
    XRateLimited,
    XRefused,
    XRuleCap,
)
from spacebot.x.stream import SILENCE, Connected, Disconnected, Happening, Missed, SpaceStarted
from spacebot.x.subscriptions import EventType, Subscription

log = logging.getLogger(__name__)

CEILING = 1500
"""How many subscriptions X's self-serve plans allow; two for each host."""

EVENTS: tuple[EventType, ...] = ("spaces.start", "spaces.end")

AT_ONCE = 100
"""Subscriptions that one call ends, and hosts that are told as covered together."""

LOOK_AGAIN = 900.0
"""Seconds between looks at what is wanted, unless something is said sooner: the order of value changes by itself."""

LIST_AGAIN = 3600.0
"""Seconds for which our own memory of the subscriptions is trusted."""

FORGIVE = 86_400.0
"""Seconds after which a host, or a number of subscriptions, that X refused is tried again."""

FIRST_REST, LONGEST_REST = 900.0, 14_400.0
"""Seconds between attempts while only a person can help."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 320.0
"""Seconds between attempts while X fails."""

FORBIDDEN = 5
"""So many hosts must be forbidden before anything is granted until it counts as no access at all."""

Key = tuple[EventType, UserId]


class ActivitySource(Protocol):
    """X's Activity API; every method raises `XError`."""

    async def subscriptions(self) -> Sequence[Subscription]:
        """All there are."""
        ...

    async def subscribe(self, event_type: EventType, user_id: UserId) -> Subscription:
        """Make one; `XDuplicate` where it is there, `XRuleCap` where there is no room."""
        ...

    async def unsubscribe(self, ids: Collection[str]) -> Collection[str]:
        """End up to 100 of them; returns those that were not ended."""
        ...

    def stream(self) -> AsyncGenerator[Happening, None]:
        """What X tells; it mends itself, and raises `XOperatorNeeded` where it cannot."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    reason: str
    until: float


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
        on_start: Callable[[SpaceId, UserId], None],
        on_end: Callable[[SpaceId, UserId], None],
        on_gap: Callable[[float], None],
        tag: str,
        ceiling: int = CEILING,
        expected: bool = True,
    ) -> None:
        """Take what the loops need. The callbacks return at once: whoever is told, queues.

        Args:
            source: X.
            clock: Time.
            wanted: The hosts to hear of, the most valuable first.
            on_start: Told each Space that has started, and its host, once.
            on_end: The same of each that has ended.
            on_gap: Told that X may not have told of what covered hosts did in the last so many seconds: they are to be
                swept. Also whenever the stream stands (again), and when hosts have become covered.
            tag: What marks our own subscriptions; others are let be.
            ceiling: How many subscriptions the plan allows, those of others included.
            expected: Whether missing access is worth a warning.
        """
        self._source = source
        self._clock = clock
        self._wanted = wanted
        self._on_start = on_start
        self._on_end = on_end
        self._on_gap = on_gap
        self._tag = tag
        self._most = ceiling
        self._expected = expected
        self._ceiling = ceiling
        self._ceiling_until = 0.0
        self._present: dict[Key, Subscription] = {}
        self._others = 0
        self._list_at: float | None = None
        self._hosts: frozenset[UserId] = frozenset()
        self._refused: dict[Key, _Refused] = {}
        self._covered: frozenset[UserId] = frozenset()
        self._connected = False
        self._lost_at: float | None = None
        self._runs = False
        self._poked = asyncio.Event()
        self._needed = asyncio.Event()
        self._silent: set[str] = set()
        self._no_access: dict[str, str] = {}
        self.last_event_at: datetime | None = None

    @property
    def state(self) -> str:
        """'on', 'connecting', 'off' where there is nothing to hear of, or 'refused: ' and the reason."""
        if self._connected:
            return "on"
        if self._no_access:
            return f"refused: {next(iter(self._no_access.values()))}"
        return "connecting" if self._runs and (self._needed.is_set() or self._silent) else "off"

    @property
    def covered(self) -> frozenset[UserId]:
        """The hosts whose starts X tells now; none while the stream does not stand."""
        return self._covered if self._connected else frozenset()

    @property
    def refused_hosts(self) -> dict[UserId, str]:
        """The hosts that X does not let the app subscribe to, each with its reason."""
        return {host: refused.reason for (event, host), refused in self._refused.items() if event == EVENTS[0]}

    def poke(self) -> None:
        """The watchlists have changed."""
        self._poked.set()

    async def run(self) -> None:
        """Subscribe and listen until cancelled."""
        self._runs = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._subscribe_forever(), name="subscriptions")
                group.create_task(self._listen_forever(), name="stream")
        finally:
            self._runs = self._connected = False

    async def _subscribe_forever(self) -> None:
        failures = 0
        while True:
            self._poked.clear()
            try:
                await self._agree()
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
                await until_set(self._clock, self._poked, LOOK_AGAIN)

    async def _agree(self) -> None:
        """Make X's subscriptions what is wanted, as far as X lets us."""
        began = self._clock.monotonic()
        if self._list_at is None or began >= self._list_at:
            await self._list()
        hosts = tuple(dict.fromkeys(await self._wanted()))
        self._hosts = frozenset(hosts)
        self._forgive()
        try:
            while missing := await self._make_room(hosts):
                await self._create(missing)
        finally:
            self._tell_covered(began)
            if self._present:
                self._needed.set()

    async def _list(self) -> None:
        found = await self._source.subscriptions()
        # What a webhook is told of does not come through the stream.
        told = [one for one in found if one.webhook_id is None]
        self._present = {
            (event, one.user_id): one
            for event in EVENTS
            for one in told
            if one.event_type == event and one.user_id is not None
        }
        self._others = len(found) - sum(one.tag == self._tag for one in self._present.values())
        self._list_at = self._clock.monotonic() + LIST_AGAIN

    def _forgive(self) -> None:
        now = self._clock.monotonic()
        self._refused = {key: refused for key, refused in self._refused.items() if refused.until > now}
        if now >= self._ceiling_until:
            self._ceiling = self._most

    async def _make_room(self, hosts: Sequence[UserId]) -> list[Key]:
        """End what is not wanted any more; what is missing, in the order to be made: first every start."""
        open_ = [host for host in hosts if (EVENTS[0], host) not in self._refused]
        chosen = open_[: max(0, self._ceiling - self._others) // len(EVENTS)]
        plan = [(event, host) for event in EVENTS for host in chosen if (event, host) not in self._refused]
        surplus = {
            one.id: key
            for key, one in self._present.items()
            if key not in set(plan) and one.tag == self._tag and one.id is not None
        }
        ids = list(surplus)
        self._covered -= {host for event, host in surplus.values() if event == EVENTS[0]}
        for at in range(0, len(ids), AT_ONCE):
            part = ids[at : at + AT_ONCE]
            if await self._source.unsubscribe(part):
                self._list_at = None  # X knows better than we do
            for one in part:
                del self._present[surplus[one]]
        return [key for key in plan if key not in self._present]

    async def _create(self, missing: Sequence[Key]) -> None:
        """Make these; returns early where the plan has to be made again."""
        began, forbidden, listed = self._clock.monotonic(), 0, False
        for count, (event, host) in enumerate(missing, start=1):
            try:
                self._present[event, host] = await self._source.subscribe(event, host)
            except XDuplicate:
                if not listed:
                    listed = True
                    await self._list()
                self._present.setdefault(
                    (event, host), Subscription(id=None, event_type=event, user_id=host, tag=self._tag)
                )
            except XRuleCap as full:
                await self._list()
                ours = sum(one.tag == self._tag for one in self._present.values())
                self._ceiling = min(self._ceiling - 1, ours + self._others)
                self._ceiling_until = self._clock.monotonic() + FORGIVE
                log.warning("Push: %s X tells of fewer hosts; the others are swept.", full)
                return
            except (XForbidden, XAbsent, XRefused) as refusal:
                forbidden += isinstance(refusal, XForbidden)
                self._refuse(event, host, str(refusal))
                if forbidden >= FORBIDDEN and not self._present:
                    raise
            if count % AT_ONCE == 0:
                self._tell_covered(began)
                began = self._clock.monotonic()

    def _refuse(self, event: EventType, host: UserId, reason: str) -> None:
        self._refused[event, host] = _Refused(reason=reason, until=self._clock.monotonic() + FORGIVE)
        log.info("Push: X does not let us subscribe to %s of host %s; it is swept. (%s)", event, host, reason)

    def _tell_covered(self, began: float) -> None:
        """Hosts that were subscribed to since `began` may have started a Space just before."""
        covered = frozenset(host for event, host in self._present if event == EVENTS[0])
        is_more = bool(covered - self._covered)
        self._covered = covered
        if is_more and self._connected:
            self._tell_gap(self._clock.monotonic() - began)

    async def _listen_forever(self) -> None:
        failures = 0
        while True:
            await self._needed.wait()
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
                now = self._clock.monotonic()
                missed = gap if self._lost_at is None else now - self._lost_at
                self._connected, self._lost_at = True, None
                self._recovered("stream")
                self._tell_gap(missed)
            case Disconnected(reason=reason, gap=gap, pause=pause):
                self._lost(gap)
                if pause > 0:
                    self._failed("stream", XError(reason))
            case Missed(gap=gap):
                self._tell_gap(gap)
            case _ if happening.user_id in self._hosts:
                self.last_event_at = self._clock.now()
                tell = self._on_start if isinstance(happening, SpaceStarted) else self._on_end
                self._guarded(lambda: tell(happening.space_id, happening.user_id))
            case _:
                log.debug("Push: host %s is told of and not followed", happening.user_id)

    def _lost(self, seconds_ago: float) -> None:
        self._connected = False
        if self._lost_at is None:
            self._lost_at = self._clock.monotonic() - seconds_ago

    def _tell_gap(self, seconds: float) -> None:
        self._guarded(lambda: self._on_gap(seconds))

    @staticmethod
    def _guarded(tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception:
            log.exception("What X told could not be passed on.")

    def _failed(self, what: str, error: SpacebotError) -> None:
        if isinstance(error, XOperatorNeeded):
            self._no_access[what] = str(error)
        if what not in self._silent:
            self._silent.add(what)
            is_usual = isinstance(error, XOperatorNeeded) and not self._expected
            level = logging.INFO if is_usual else logging.WARNING
            log.log(level, "Push, %s: %s Hosts are swept meanwhile; it is tried again.", what, error)

    def _recovered(self, what: str) -> None:
        self._no_access.pop(what, None)
        if what in self._silent:
            self._silent.discard(what)
            log.info("Push, %s: works again.", what)


def _pause(error: SpacebotError, failures: int) -> float:
    """Seconds until it is worth trying again, after so many failures before this one."""
    if isinstance(error, XOperatorNeeded) and failures:
        return min(FIRST_REST * 2.0 ** min(failures - 1, 10), LONGEST_REST)
    return min(FIRST_PAUSE * 2.0 ** min(failures, 10), LONGEST_PAUSE)  # X also says by mistake that it refuses
