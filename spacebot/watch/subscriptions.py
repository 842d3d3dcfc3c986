"""Makes X's subscriptions what is wanted, as far as X lets us; what others have subscribed to is let be."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from spacebot.clock import Clock
from spacebot.domain.ids import UserId
from spacebot.errors import XAbsent, XDuplicate, XForbidden, XRefused, XRuleCap
from spacebot.x.endpoints import IDS_PER_REQUEST
from spacebot.x.subscriptions import EventType, Subscription

log = logging.getLogger(__name__)

CEILING = 1500
"""How many subscriptions X's self-serve plans allow; two for each host."""

EVENTS: tuple[EventType, ...] = ("spaces.start", "spaces.end")

LIST_AGAIN = 3600.0
"""Seconds for which our own memory of the subscriptions is trusted."""

FORGIVE = 86_400.0
"""Seconds after which a host, or a number of subscriptions, that X refused is tried again."""

FORBIDDEN = 5
"""This many hosts must be forbidden before anything is granted until it counts as no access at all."""

Key = tuple[EventType, UserId]


class SubscriptionsSource(Protocol):
    """X's subscriptions; every method raises `XError`."""

    async def subscriptions(self) -> Sequence[Subscription]:
        """All there are."""
        ...

    async def subscribe(self, event_type: EventType, user_id: UserId) -> Subscription:
        """Make one; `XDuplicate` where it is there, `XRuleCap` where there is no room."""
        ...

    async def unsubscribe(self, ids: Collection[str]) -> Collection[str]:
        """End up to 100 of them; returns those that were not ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    reason: str
    until: float


class Subscriptions:
    """Our memory of what X is subscribed to, and what makes it what is wanted.

    Args:
        source: X.
        clock: Time.
        tag: What marks our own subscriptions.
        ceiling: How many subscriptions the plan allows, those of others included.
        on_change: Called when `hosts` may have changed; where there are more, with the seconds for which the new ones
            may have been subscribed to already, else with None.

    Attributes:
        hosts: Whose starts X tells while it is listened to.
    """

    def __init__(
        self,
        *,
        source: SubscriptionsSource,
        clock: Clock,
        tag: str,
        ceiling: int,
        on_change: Callable[[float | None], None],
    ) -> None:
        self._source = source
        self._clock = clock
        self._tag = tag
        self._on_change = on_change
        self._most = ceiling
        self._ceiling = ceiling
        self._ceiling_until = 0.0
        self._present: dict[Key, Subscription] = {}
        self._others = 0
        self._list_at: float | None = None
        self._refused: dict[Key, _Refused] = {}
        self.hosts: frozenset[UserId] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to listen for."""
        return not self._present

    @property
    def refused_hosts(self) -> dict[UserId, str]:
        """The hosts that X does not let the app subscribe to, each with its reason."""
        return {host: refused.reason for (event, host), refused in self._refused.items() if event == EVENTS[0]}

    async def bring_to(self, hosts: Sequence[UserId]) -> None:
        """Subscribe to these hosts, the most valuable first, as far as there is room, and to no others.

        Raises:
            XError: X does not answer, or gives no access; what was done until then stands, and the next call goes on.
        """
        began = self._clock.monotonic()
        if self._list_at is None or began >= self._list_at:
            await self._list()
        hosts = tuple(dict.fromkeys(hosts))
        self._forgive()
        try:
            while missing := await self._make_room(hosts):
                await self._create(missing)
        finally:
            self._note_hosts(began)

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
        # By key and in order; looked into for each subscription that there is.
        plan = dict.fromkeys((event, host) for event in EVENTS for host in chosen if (event, host) not in self._refused)
        surplus = {
            one.id: key
            for key, one in self._present.items()
            if key not in plan and one.tag == self._tag and one.id is not None
        }
        ids = list(surplus)
        self.hosts -= {host for event, host in surplus.values() if event == EVENTS[0]}
        self._on_change(None)
        for at in range(0, len(ids), IDS_PER_REQUEST):
            part = ids[at : at + IDS_PER_REQUEST]
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
                self._lower_ceiling()
                log.warning("Push: %s X tells of fewer hosts; the others are swept.", full)
                return
            except (XForbidden, XAbsent, XRefused) as refusal:
                forbidden += isinstance(refusal, XForbidden)
                self._refuse(event, host, str(refusal))
                if forbidden >= FORBIDDEN and not self._present:
                    raise
            if count % IDS_PER_REQUEST == 0:
                self._note_hosts(began)
                began = self._clock.monotonic()

    def _lower_ceiling(self) -> None:
        ours = sum(one.tag == self._tag for one in self._present.values())
        self._ceiling = min(self._ceiling - 1, ours + self._others)
        self._ceiling_until = self._clock.monotonic() + FORGIVE

    def _refuse(self, event: EventType, host: UserId, reason: str) -> None:
        self._refused[event, host] = _Refused(reason=reason, until=self._clock.monotonic() + FORGIVE)
        log.info("Push: X does not let us subscribe to %s of host %s; it is swept. (%s)", event, host, reason)

    def _note_hosts(self, began: float) -> None:
        """Hosts that were subscribed to since `began` may have started a Space just before."""
        hosts = frozenset(host for event, host in self._present if event == EVENTS[0])
        has_more = bool(hosts - self.hosts)
        self.hosts = hosts
        self._on_change(self._clock.monotonic() - began if has_more else None)
