"""Who may ask X next: every request waits here for a slot, and is counted, before it is sent."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Hashable
from datetime import timedelta

from spacebot.clock import Clock
from spacebot.domain.errands import Errand, Purpose
from spacebot.errors import XRateLimited
from spacebot.x.base import XObject
from spacebot.x.endpoints import Endpoint
from spacebot.x.limits import Budget, Gap, Rate, Window
from spacebot.x.shares import Shares

_SHORTEST_SLEEP = 0.001
"""Seconds; a shorter sleep may not move a clock at all."""

_BUDGETS_KEPT = 200
"""How many budgets are kept before idle ones are dropped (people's tokens come and go)."""


class RateLimiter:
    """The budgets of all endpoints and tokens, and the order in which requests go.

    Args:
        clock: Time.
        people_share: The part of each limit that is people's, where others ask too.
    """

    def __init__(self, *, clock: Clock, people_share: float) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._people_share = people_share
        self._budgets: dict[tuple[str, Hashable], Budget] = {}
        self._gaps: dict[str, Gap] = {}
        self._paced_locks: defaultdict[tuple[str, Hashable, Purpose], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._urgent_waiters: Counter[str] = Counter()

    async def wait_for_slot(
        self, endpoint: Endpoint[XObject], token: Hashable, errand: Errand, *, patience: float | None = None
    ) -> None:
        """Return when a request may go; it is counted. `request_done` must follow, whatever its outcome.

        Args:
            endpoint: What is to be asked.
            token: The person's access token that is used; None for the app's.
            errand: What it is for: an urgent one goes at once, apart from the endpoint's gap; others are paced.
            patience: The longest wait in seconds for a paced slot; None for as long as it takes.

        Raises:
            XRateLimited: The window has no room for an urgent request, or another one would wait longer
                than `patience`.
        """
        if errand.is_urgent:
            await self._take_urgent_slot(endpoint, token, errand)
            return
        async with self._paced_locks[endpoint.name, token, errand.purpose]:
            while (wait := self._paced_wait(endpoint, token, errand)) > 0:
                if patience is not None and wait > patience:
                    raise self._refusal(wait)
                await self._clock.sleep(max(wait, _SHORTEST_SLEEP))
            self._count(endpoint, token, errand)

    def request_done(
        self, endpoint: Endpoint[XObject], token: Hashable, rate: Rate | None, *, refused: bool = False
    ) -> None:
        """A request that had a slot is over: see `Budget.request_done`."""
        now = self._clock.monotonic()
        self._gap(endpoint).request_done(now)
        self._budget(endpoint, token).request_done(rate, now, refused=refused)

    def refusal(
        self, endpoint: Endpoint[XObject], token: Hashable, errand: Errand, *, status: int | None = None
    ) -> XRateLimited:
        """The exception that says when the next request may go; `status` if X itself has refused."""
        return self._refusal(self._budget(endpoint, token).wait(errand, self._clock.monotonic()), status)

    def windows(self) -> dict[str, Window]:
        """What is left of the app's own windows, by the endpoint's name; endpoints not used yet are left out."""
        now = self._clock.monotonic()
        return {name: budget.window(now) for (name, token), budget in self._budgets.items() if token is None}

    def told_limits(self) -> dict[str, int]:
        """Requests of the app per window, by the endpoint's name, where X's headers have said it."""
        return {
            name: budget.told_limit
            for (name, token), budget in self._budgets.items()
            if token is None and budget.told_limit is not None
        }

    async def _take_urgent_slot(self, endpoint: Endpoint[XObject], token: Hashable, errand: Errand) -> None:
        self._urgent_waiters[endpoint.name] += 1
        try:
            while True:
                now = self._clock.monotonic()
                if (wait := self._budget(endpoint, token).wait(errand, now)) > 0:
                    raise self._refusal(wait)
                if (pause := self._gap(endpoint).wait(now)) <= 0:
                    break
                await self._clock.sleep(max(pause, _SHORTEST_SLEEP))
            self._count(endpoint, token, errand)
        finally:
            self._urgent_waiters[endpoint.name] -= 1

    def _paced_wait(self, endpoint: Endpoint[XObject], token: Hashable, errand: Errand) -> float:
        now = self._clock.monotonic()
        gap = self._gap(endpoint)
        wait = max(self._budget(endpoint, token).wait(errand, now), gap.wait(now))
        return max(wait, gap.seconds) if self._urgent_waiters[endpoint.name] else wait

    def _count(self, endpoint: Endpoint[XObject], token: Hashable, errand: Errand) -> None:
        now = self._clock.monotonic()
        self._budget(endpoint, token).count_request(errand, now)
        self._gap(endpoint).count_request()

    def _refusal(self, wait: float, status: int | None = None) -> XRateLimited:
        return XRateLimited(until=self._clock.now() + timedelta(seconds=wait), retry_after=wait, status=status)

    def _gap(self, endpoint: Endpoint[XObject]) -> Gap:
        gap = self._gaps.get(endpoint.name)
        if gap is None:
            gap = self._gaps[endpoint.name] = Gap(seconds=endpoint.gap, last=self._started)
        return gap

    def _budget(self, endpoint: Endpoint[XObject], token: Hashable) -> Budget:
        key = (endpoint.name, token)
        budget = self._budgets.get(key)
        if budget is None:
            if len(self._budgets) >= _BUDGETS_KEPT:
                self._forget_idle()
            limit = endpoint.app_limit if token is None else endpoint.user_limit
            # With a person's own token nobody else asks.
            parts = endpoint.parts if token is None else {Purpose.PEOPLE: 1.0}
            shares = Shares(parts=parts, people_share=self._people_share, is_private=token is not None)
            budget = self._budgets[key] = Budget(limit=limit, shares=shares)
        return budget

    def _forget_idle(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, budget in self._budgets.items() if key[1] is not None and budget.is_idle(now)]:
            del self._budgets[key]
            for purpose in Purpose:
                self._paced_locks.pop((*key, purpose), None)
