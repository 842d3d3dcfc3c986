"""The loops that ask X about Spaces by their id: those in doubt, expected or live, and those that X has pushed.

A look-up that fails says nothing of any Space: what it was about is asked again.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from spacebot.clock import Clock, until_set
from spacebot.domain.ids import SpaceId, UserId
from spacebot.errors import BudgetSpent, SpacebotError
from spacebot.watch.failures import REST_AFTER_FAILURE, Failures
from spacebot.watch.intake import Intake
from spacebot.watch.open_spaces import OpenSpaces
from spacebot.watch.schedule import Schedule
from spacebot.x.endpoints import IDS_PER_REQUEST
from spacebot.x.model import Page, Space
from spacebot.x.refusals import ABSENCES

log = logging.getLogger(__name__)

LOOK_UP_EVERY = 5.0
"""Seconds between looks at what may be asked about by id, unless a doubt comes sooner."""

PARTICIPANTS_EVERY = 300.0
"""Seconds after which the co-hosts and speakers of a live Space are read again; X bills them once a day all the same."""


class SpacesSource(Protocol):
    """X, as it is asked about Spaces; waits for its turn within X's limits and raises `XError`."""

    async def by_ids(self, space_ids: Sequence[SpaceId], *, at_once: bool = False) -> Page[Space]:
        """These Spaces, whatever their state; `at_once` goes ahead of what can wait."""
        ...

    async def refresh(self, space_ids: Sequence[SpaceId], *, participants: bool = False) -> Page[Space]:
        """These Spaces, to bring up to date what is shown; with co-hosts and speakers where wanted, which X bills.

        Raises `BudgetSpent` where there is no money for what can be done without.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What one look-up asks about."""

    space_ids: Sequence[SpaceId] = ()
    is_refresh: bool = False
    """Whether it is only to bring up to date what is shown."""
    participants: bool = False
    """Whether co-hosts and speakers are asked for, too."""


class _Refreshes:
    """The live Spaces whose numbers, co-hosts and speakers are to be read again."""

    def __init__(self, spaces: OpenSpaces, *, participants: bool) -> None:
        self._spaces = spaces
        self._participants = participants
        self._stale: dict[SpaceId, None] = {}
        self._participants_read: dict[SpaceId, float] = {}

    def __bool__(self) -> bool:
        return bool(self._stale)

    def add(self, space_ids: Iterable[SpaceId]) -> None:
        """These have not been read for a while."""
        self._stale.update(dict.fromkeys(space_ids))

    def next_batch(self, now: float) -> _Batch:
        """Those to read now; with their co-hosts and speakers first, who are asked for more rarely."""
        self._participants_read = {
            space_id: at for space_id, at in self._participants_read.items() if self._spaces.is_live(space_id)
        }
        unread = [
            space_id
            for space_id in self._stale
            if now - self._participants_read.get(space_id, -math.inf) >= PARTICIPANTS_EVERY
        ]
        participants = self._participants and bool(unread)
        batch = (unread if participants else list(self._stale))[:IDS_PER_REQUEST]
        for space_id in batch:
            del self._stale[space_id]
            if participants:
                self._participants_read[space_id] = now
        return _Batch(space_ids=batch, is_refresh=True, participants=participants)


class SpaceLookUps:
    """Looks up what is in doubt, else what is expected to start and, in turn with it, what is live.

    Args:
        source: X.
        clock: Time.
        plan: Knows what is expected, and what is live.
        intake: Takes in the answers.
        failures: Shared by all loops of the watch.
        participants: Whether co-hosts and speakers of live Spaces are read too; each is billed once a day.
        may_detect: Whether the day's budget has room for looking for Spaces.
        may_refresh: Whether it has room for bringing listeners, co-hosts and speakers up to date.
    """

    def __init__(
        self,
        *,
        source: SpacesSource,
        clock: Clock,
        plan: Schedule,
        intake: Intake,
        failures: Failures,
        participants: bool,
        may_detect: Callable[[], bool],
        may_refresh: Callable[[], bool],
    ) -> None:
        self._source = source
        self._clock = clock
        self._spaces = plan.spaces
        self._intake = intake
        self._failures = failures
        self._may_detect = may_detect
        self._may_refresh = may_refresh
        self._doubted: set[SpaceId] = set()
        self._has_doubts = asyncio.Event()
        self._refreshes = _Refreshes(plan.spaces, participants=participants)
        self._is_turn_of_refreshes = False

    def doubt(self, space_ids: Sequence[SpaceId]) -> None:
        """These may be over: they are looked up at once."""
        if space_ids:
            self._doubted.update(space_ids)
            self._has_doubts.set()

    async def run(self) -> None:
        """Look up until cancelled."""
        while True:
            self._has_doubts.clear()
            batch = self._next_batch()
            if batch.space_ids:
                await self._look_up(batch)
            else:
                await until_set(self._clock, self._has_doubts, LOOK_UP_EVERY)

    async def _look_up(self, batch: _Batch) -> None:
        try:
            page = await self._ask(batch)
            await self._intake.take_in(page.items, page.users, absent=absent_of(batch.space_ids, page), by="look-up")
        except SpacebotError as error:  # the next sweep doubts them again
            if batch.is_refresh and isinstance(error, BudgetSpent):
                await until_set(self._clock, self._has_doubts, LOOK_UP_EVERY)  # the bill has said so
                return
            self._failures.failed("look-up", error)
            await self._clock.sleep(self._failures.rest_after(error))
        except Exception:
            log.exception("A look-up failed in an unforeseen way; the next sweep asks again.")
            await self._clock.sleep(REST_AFTER_FAILURE)
        else:
            self._failures.recovered("look-up")

    async def _ask(self, batch: _Batch) -> Page[Space]:
        if batch.is_refresh:
            return await self._source.refresh(batch.space_ids, participants=batch.participants)
        return await self._source.by_ids(batch.space_ids)

    def _next_batch(self) -> _Batch:
        if self._doubted:
            doubted = sorted(self._doubted)[:IDS_PER_REQUEST]
            self._doubted.difference_update(doubted)
            return _Batch(space_ids=doubted)
        if not self._may_detect():
            return _Batch()
        due = self._spaces.due_lookups(self._clock.now().timestamp())
        if self._may_refresh():
            self._refreshes.add(space_id for space_id in due if self._spaces.is_live(space_id))
        expected = [space_id for space_id in due if not self._spaces.is_live(space_id)]
        self._is_turn_of_refreshes = not self._is_turn_of_refreshes
        if self._refreshes and (self._is_turn_of_refreshes or not expected):
            return self._refreshes.next_batch(self._clock.monotonic())
        return _Batch(space_ids=expected)


class PushedLookUps:
    """Looks up the Spaces that X says have started, ahead of what can wait, as where a person asks.

    Args:
        source: X.
        plan: Told which hosts to sweep where a look-up fails.
        intake: Takes in the answers.
        failures: Shared by all loops of the watch.
        may_detect: Whether the day's budget has room for looking for Spaces.
    """

    def __init__(
        self,
        *,
        source: SpacesSource,
        plan: Schedule,
        intake: Intake,
        failures: Failures,
        may_detect: Callable[[], bool],
    ) -> None:
        self._source = source
        self._plan = plan
        self._intake = intake
        self._failures = failures
        self._may_detect = may_detect
        self._pushed: dict[SpaceId, UserId] = {}
        self._arrivals = asyncio.Event()

    def add(self, space_id: SpaceId, host_id: UserId) -> None:
        """X says that this Space of this host has started."""
        self._pushed[space_id] = host_id
        self._arrivals.set()

    async def run(self) -> None:
        """Look up until cancelled."""
        while True:
            pushed = await self._next_batch()
            if self._may_detect():
                self._plan.missed(await self._look_up(pushed))
            else:
                self._plan.missed(pushed.values())  # swept as soon as there is a budget again

    async def _next_batch(self) -> dict[SpaceId, UserId]:
        while not self._pushed:
            self._arrivals.clear()
            await self._arrivals.wait()
        batch = dict(list(self._pushed.items())[:IDS_PER_REQUEST])
        for space_id in batch:
            del self._pushed[space_id]
        return batch

    async def _look_up(self, pushed: dict[SpaceId, UserId]) -> set[UserId]:
        """Look these up; the hosts of those that X does not show, who are swept in their place."""
        try:
            page = await self._source.by_ids(list(pushed), at_once=True)
            await self._intake.take_in(page.items, page.users, by="push")
        except SpacebotError as error:
            self._failures.failed("look-up of what was pushed", error)
            return set(pushed.values())
        except Exception:
            log.exception("A look-up of what was pushed failed in an unforeseen way; its hosts are swept.")
            return set(pushed.values())
        self._failures.recovered("look-up of what was pushed")
        shown = {space.id for space in page.items}
        return {host for space_id, host in pushed.items() if space_id not in shown}


def absent_of(asked: Sequence[SpaceId], page: Page[Space]) -> list[SpaceId]:
    """The ids that X, asked for them, says it does not show.

    Where anything else went wrong with the answer, only those it names: what X failed to read may well be there.
    """
    shown = {space.id for space in page.items}
    named = {problem.resource_id or problem.value for problem in page.problems if problem.type in ABSENCES}
    whole = not page.truncated and all(problem.type in ABSENCES for problem in page.problems)
    return [space_id for space_id in asked if space_id not in shown and (whole or space_id in named)]
