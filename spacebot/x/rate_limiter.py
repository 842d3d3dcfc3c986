"""Who may ask X next: every request takes its turn here, and is counted, before it is sent."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Hashable
from datetime import timedelta

from spacebot.clock import Clock
from spacebot.errors import XRateLimited
from spacebot.x.base import XObject
from spacebot.x.endpoints import Endpoint
from spacebot.x.limits import Budget, Gap, Lane, Rate, Window

_SHORTEST_SLEEP = 0.001
"""Seconds; a shorter sleep may not move a clock at all."""

_MANY = 200
"""So many budgets are kept before those are forgotten that have nothing to remember (people's tokens come and go)."""


class RateLimiter:
    """The budgets of all endpoints and tokens, and the order in which requests go.

    Args:
        clock: Time.
        people_share: The part of each limit that is kept for people.
    """

    def __init__(self, *, clock: Clock, people_share: float) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._share = people_share
        self._budgets: dict[tuple[str, Hashable], Budget] = {}
        self._gaps: dict[str, Gap] = {}
        self._background: defaultdict[tuple[str, Hashable], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._people: Counter[str] = Counter()

    async def take(
        self, endpoint: Endpoint[XObject], who: Hashable, lane: Lane, *, patience: float | None = None
    ) -> None:
        """Return when a request may go; it is counted. `landed` must follow, whatever becomes of it.

        Args:
            endpoint: What is to be asked.
            who: Whose token is used; None for the app's.
            lane: People go at once, apart from the endpoint's gap; the background waits for its paced turn.
            patience: The longest wait in seconds; None for as long as it takes.

        Raises:
            XRateLimited: The window has no room for a person, or the wait would be longer than `patience`.
        """
        if lane is Lane.PEOPLE:
            await self._take_at_once(endpoint, who)
            return
        async with self._background[endpoint.name, who]:
            while (wait := self._background_wait(endpoint, who)) > 0:
                if patience is not None and wait > patience:
                    raise self._refusal(wait)
                await self._clock.sleep(max(wait, _SHORTEST_SLEEP))
            self._count(endpoint, who, lane)

    def landed(self, endpoint: Endpoint[XObject], who: Hashable, rate: Rate | None, *, refused: bool = False) -> None:
        """A request that had its turn is over: see `Budget.landed`."""
        now = self._clock.monotonic()
        self._gap(endpoint).landed(now)
        self._budget(endpoint, who).landed(rate, now, refused=refused)

    def refusal(
        self, endpoint: Endpoint[XObject], who: Hashable, lane: Lane, *, status: int | None = None
    ) -> XRateLimited:
        """The exception that says when the next request may go; `status` where X itself has refused."""
        return self._refusal(self._budget(endpoint, who).wait(lane, self._clock.monotonic()), status)

    def windows(self) -> dict[str, Window]:
        """What is left of the app's own windows, by the endpoint's name; endpoints not used yet are left out."""
        now = self._clock.monotonic()
        return {name: budget.window(now) for (name, who), budget in self._budgets.items() if who is None}

    async def _take_at_once(self, endpoint: Endpoint[XObject], who: Hashable) -> None:
        self._people[endpoint.name] += 1
        try:
            while True:
                now = self._clock.monotonic()
                if (wait := self._budget(endpoint, who).wait(Lane.PEOPLE, now)) > 0:
                    raise self._refusal(wait)
                if (pause := self._gap(endpoint).wait(now)) <= 0:
                    break
                await self._clock.sleep(max(pause, _SHORTEST_SLEEP))
            self._count(endpoint, who, Lane.PEOPLE)
        finally:
            self._people[endpoint.name] -= 1

    def _background_wait(self, endpoint: Endpoint[XObject], who: Hashable) -> float:
        now = self._clock.monotonic()
        gap = self._gap(endpoint)
        wait = max(self._budget(endpoint, who).wait(Lane.BACKGROUND, now), gap.wait(now))
        return max(wait, gap.seconds) if self._people[endpoint.name] else wait

    def _count(self, endpoint: Endpoint[XObject], who: Hashable, lane: Lane) -> None:
        now = self._clock.monotonic()
        self._budget(endpoint, who).take(lane, now)
        self._gap(endpoint).take()

    def _refusal(self, wait: float, status: int | None = None) -> XRateLimited:
        return XRateLimited(until=self._clock.now() + timedelta(seconds=wait), retry_after=wait, status=status)

    def _gap(self, endpoint: Endpoint[XObject]) -> Gap:
        return self._gaps.setdefault(endpoint.name, Gap(seconds=endpoint.gap, last=self._started))

    def _budget(self, endpoint: Endpoint[XObject], who: Hashable) -> Budget:
        key = (endpoint.name, who)
        if key not in self._budgets:
            if len(self._budgets) >= _MANY:
                self._forget_idle()
            limit = endpoint.app_limit if who is None else endpoint.user_limit
            self._budgets[key] = Budget(limit=limit, share=self._share)
        return self._budgets[key]

    def _forget_idle(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, budget in self._budgets.items() if key[1] is not None and budget.idle(now)]:
            del self._budgets[key]
            self._background.pop(key, None)
