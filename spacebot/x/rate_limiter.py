"""Who may ask X next: every request waits here for a slot, and is counted, before it is sent."""

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

_BUDGETS_KEPT = 200
"""How many budgets are kept before idle ones are dropped (people's tokens come and go)."""


class RateLimiter:
    """The budgets of all endpoints and tokens, and the order in which requests go.

    Args:
        clock: Time.
        interactive_share: The part of each limit that is kept for interactive requests.
    """

    def __init__(self, *, clock: Clock, interactive_share: float) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._interactive_share = interactive_share
        self._budgets: dict[tuple[str, Hashable], Budget] = {}
        self._gaps: dict[str, Gap] = {}
        self._background_locks: defaultdict[tuple[str, Hashable], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._interactive_waiters: Counter[str] = Counter()

    async def wait_for_slot(
        self, endpoint: Endpoint[XObject], token: Hashable, lane: Lane, *, patience: float | None = None
    ) -> None:
        """Return when a request may go; it is counted. `request_done` must follow, whatever its outcome.

        Args:
            endpoint: What is to be asked.
            token: The person's access token that is used; None for the app's.
            lane: Interactive requests go at once, apart from the endpoint's gap; background ones are paced.
            patience: The longest wait in seconds for a background slot; None for as long as it takes.

        Raises:
            XRateLimited: The window has no room for an interactive request, or a background one would wait longer
                than `patience`.
        """
        if lane is Lane.INTERACTIVE:
            await self._take_interactive_slot(endpoint, token)
            return
        async with self._background_locks[endpoint.name, token]:
            while (wait := self._background_wait(endpoint, token)) > 0:
                if patience is not None and wait > patience:
                    raise self._refusal(wait)
                await self._clock.sleep(max(wait, _SHORTEST_SLEEP))
            self._count(endpoint, token, lane)

    def request_done(
        self, endpoint: Endpoint[XObject], token: Hashable, rate: Rate | None, *, refused: bool = False
    ) -> None:
        """A request that had a slot is over: see `Budget.request_done`."""
        now = self._clock.monotonic()
        self._gap(endpoint).request_done(now)
        self._budget(endpoint, token).request_done(rate, now, refused=refused)

    def refusal(
        self, endpoint: Endpoint[XObject], token: Hashable, lane: Lane, *, status: int | None = None
    ) -> XRateLimited:
        """The exception that says when the next request may go; `status` if X itself has refused."""
        return self._refusal(self._budget(endpoint, token).wait(lane, self._clock.monotonic()), status)

    def windows(self) -> dict[str, Window]:
        """What is left of the app's own windows, by the endpoint's name; endpoints not used yet are left out."""
        now = self._clock.monotonic()
        return {name: budget.window(now) for (name, token), budget in self._budgets.items() if token is None}

    async def _take_interactive_slot(self, endpoint: Endpoint[XObject], token: Hashable) -> None:
        self._interactive_waiters[endpoint.name] += 1
        try:
            while True:
                now = self._clock.monotonic()
                if (wait := self._budget(endpoint, token).wait(Lane.INTERACTIVE, now)) > 0:
                    raise self._refusal(wait)
                if (pause := self._gap(endpoint).wait(now)) <= 0:
                    break
                await self._clock.sleep(max(pause, _SHORTEST_SLEEP))
            self._count(endpoint, token, Lane.INTERACTIVE)
        finally:
            self._interactive_waiters[endpoint.name] -= 1

    def _background_wait(self, endpoint: Endpoint[XObject], token: Hashable) -> float:
        now = self._clock.monotonic()
        gap = self._gap(endpoint)
        wait = max(self._budget(endpoint, token).wait(Lane.BACKGROUND, now), gap.wait(now))
        return max(wait, gap.seconds) if self._interactive_waiters[endpoint.name] else wait

    def _count(self, endpoint: Endpoint[XObject], token: Hashable, lane: Lane) -> None:
        now = self._clock.monotonic()
        self._budget(endpoint, token).count_request(lane, now)
        self._gap(endpoint).count_request()

    def _refusal(self, wait: float, status: int | None = None) -> XRateLimited:
        return XRateLimited(until=self._clock.now() + timedelta(seconds=wait), retry_after=wait, status=status)

    def _gap(self, endpoint: Endpoint[XObject]) -> Gap:
        return self._gaps.setdefault(endpoint.name, Gap(seconds=endpoint.gap, last=self._started))

    def _budget(self, endpoint: Endpoint[XObject], token: Hashable) -> Budget:
        key = (endpoint.name, token)
        if key not in self._budgets:
            if len(self._budgets) >= _BUDGETS_KEPT:
                self._forget_idle()
            limit = endpoint.app_limit if token is None else endpoint.user_limit
            self._budgets[key] = Budget(limit=limit, interactive_share=self._interactive_share)
        return self._budgets[key]

    def _forget_idle(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, budget in self._budgets.items() if key[1] is not None and budget.is_idle(now)]:
            del self._budgets[key]
            self._background_locks.pop(key, None)
