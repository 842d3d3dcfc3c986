"""Keeps the plan's list of followed hosts that of the database, and finds what stands though nobody follows it."""

import asyncio
import gc
import heapq
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from spacebot.clock import Clock
from spacebot.domain.ids import GuildId, SpaceId, UserId
from spacebot.errors import SpacebotError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.failures import Failures
from spacebot.watch.intake import Intake
from spacebot.watch.schedule import Schedule
from spacebot.watch.turns import shared_places

T = TypeVar("T")

LISTS_EVERY = 60.0
"""Seconds between two readings of the watchlists, which are read at once when they change."""

FOLLOWED_AT_ONCE = 500
LEARNED_AT_ONCE = 200
"""As many hosts the plan is told of, and learns the past of at most, before other loops have their turn."""

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
        self._followed: dict[UserId, int] = {}
        """What the plan was told last."""

    @property
    def count(self) -> int:
        """How many hosts are followed, as far as the plan knows."""
        return len(self._followed)

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
        followers = await self._all(Queries.followers)
        hosts = list(self._followed)
        ranked: list[list[tuple[float, UserId]]] = []
        for at in range(0, len(hosts), FOLLOWED_AT_ONCE):
            now = self._clock.now().timestamp()
            lot = hosts[at : at + FOLLOWED_AT_ONCE]
            ranked.append(sorted(((self._plan.worth(host_id, now), host_id) for host_id in lot), reverse=True))
            await asyncio.sleep(0)
        return await asyncio.to_thread(_places, ranked, followers, count)

    async def _read_lists(self) -> None:
        now = self._clock.monotonic()
        if now - self._lists_at < LISTS_EVERY:
            return
        self._lists_at = now  # before they are read: what changes meanwhile is read again
        try:
            await self._follow(await self._all(Queries.followed))
            if not self._has_learned:
                await self._learn()
        except SpacebotError as error:
            self.changed()
            self._failures.failed("watchlist", error)
        else:
            self._failures.recovered("watchlist")

    async def _all(self, method: Callable[[Queries, UserId | None], dict[UserId, T]]) -> dict[UserId, T]:
        """What is asked for lot by lot, so that neither the database nor the loops are held up."""
        found: dict[UserId, T] = {}
        lot = await self._store(method, None)
        while lot:
            found.update(lot)
            lot = await self._store(method, next(reversed(lot)))
        return found

    async def _follow(self, hosts: dict[UserId, int]) -> None:
        """Tell the plan what has changed; of many new hosts at once, as after a start, some at a time.

        Each step that goes through all of a hundred thousand hosts has a turn of the loop to itself.
        """
        if hosts == self._followed:
            return
        now = self._clock.now().timestamp()
        await asyncio.sleep(0)
        gone = self._followed.keys() - hosts.keys()
        await asyncio.sleep(0)
        changed = [pair for pair in hosts.items() if self._followed.get(pair[0]) != pair[1]]
        for at in range(0, len(changed), FOLLOWED_AT_ONCE) or (0,):
            await asyncio.sleep(0)
            self._plan.follow(dict(changed[at : at + FOLLOWED_AT_ONCE]), now, gone)
            gone = set()
            if not self._has_learned:
                # What the plan has now it keeps for as long as the bot runs; to look through all of it for what is
                # no longer used would hold the loop up for longer than anything else does.
                gc.freeze()
        self._followed = hosts

    async def _learn(self) -> None:
        """Once, after a start: what the past says of the hosts' habits, and what is open."""
        hosts = list(self._followed)
        at = 0
        while at < len(hosts):
            # Nothing comes between reading starts and learning them: what is seen meanwhile is read, or learned later.
            past = await self._store(Queries.starts, hosts[at : at + LEARNED_AT_ONCE])
            self._plan.learn(past.starts, past.since)
            at += past.hosts
            await asyncio.sleep(0)
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


def _places(
    ranked: Sequence[Sequence[tuple[float, UserId]]], followers: Mapping[UserId, Collection[GuildId]], count: int
) -> list[UserId]:
    """Those who get a place, from what each host is worth; lot by lot, and the most first in each."""
    return shared_places([host_id for _, host_id in heapq.merge(*ranked, reverse=True)], followers, count)
