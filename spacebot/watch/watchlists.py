"""Keeps the plan's list of followed hosts that of the database, and finds what stands though nobody follows it."""

import asyncio
import math
from collections.abc import Callable, Sequence
from datetime import timedelta

from spacebot.clock import Clock
from spacebot.domain.ids import SpaceId, UserId
from spacebot.errors import SpacebotError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.failures import Failures
from spacebot.watch.intake import Intake
from spacebot.watch.schedule import Schedule
from spacebot.watch.turns import shared_places

LISTS_EVERY = 60.0
"""Seconds between two readings of the watchlists, which are read at once when they change."""

ORPHANS_EVERY = 60.0
"""Seconds between two looks for Spaces that stand in a channel though nobody follows their host."""


class Watchlists:
    """Who is followed, as far as the plan knows.

    Args:
        store: Where the watchlists are.
        clock: Time.
        plan: Told who is followed, and after a start what is known of their habits.
        intake: Told after a start what is open.
        doubt: Takes Spaces that have to be looked up by id.
        failures: Shared by all loops of the watch.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        plan: Schedule,
        intake: Intake,
        doubt: Callable[[Sequence[SpaceId]], None],
        failures: Failures,
    ) -> None:
        self._store = store
        self._clock = clock
        self._plan = plan
        self._intake = intake
        self._doubt = doubt
        self._failures = failures
        self._reading = asyncio.Lock()
        self._lists_at = -math.inf
        self._orphans_at = -math.inf
        self._has_learned = False

    def changed(self) -> None:
        """They are not what was read any more."""
        self._lists_at = -math.inf

    async def refresh(self) -> None:
        """Read them where they have changed, or were not read for a while; a database that fails changes nothing."""
        async with self._reading:
            await self._read_lists()
            await self._find_orphans()

    async def most_valuable(self, count: int) -> list[UserId]:
        """The hosts whose push would spare most waiting, each guild's best first; those just followed, too.

        Raises:
            StoreError: it cannot be told who follows whom.
        """
        await self.refresh()
        ranked = self._plan.most_valuable(None, self._clock.now().timestamp())
        return shared_places(ranked, await self._store(Queries.followers), count)

    async def _read_lists(self) -> None:
        now = self._clock.monotonic()
        if now - self._lists_at < LISTS_EVERY:
            return
        self._lists_at = now  # before they are read: what changes meanwhile is read again
        try:
            self._plan.follow(await self._store(Queries.followed), self._clock.now().timestamp())
            if not self._has_learned:
                await self._learn()
        except SpacebotError as error:
            self.changed()
            self._failures.failed("watchlist", error)
        else:
            self._failures.recovered("watchlist")

    async def _learn(self) -> None:
        """Once, after a start: what the past says of the hosts' habits, and what is open."""
        self._plan.learn(await self._store(Queries.starts), await self._store(Queries.known_since))
        self._intake.note(await self._store(Queries.open_spaces))
        self._has_learned = True

    async def _find_orphans(self) -> None:
        now = self._clock.monotonic()
        if now - self._orphans_at < ORPHANS_EVERY:
            return
        self._orphans_at = now
        try:
            since = self._clock.now() - timedelta(seconds=ORPHANS_EVERY)
            self._doubt(await self._store(Queries.orphans, since, self._clock.now()))
        except SpacebotError as error:  # the next round finds them
            self._failures.failed("round", error)
        else:
            self._failures.recovered("round")
