"""The loop that asks X what the followed hosts have open, a hundred at a time, as the plan chooses them.

A failed request changes nothing that is known of any Space.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from spacebot.clock import Clock, until_set
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.languages import N_
from spacebot.errors import SpacebotError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.failures import REST_AFTER_FAILURE, Failures
from spacebot.watch.intake import Intake
from spacebot.watch.schedule import GRACE, Schedule
from spacebot.watch.watchlists import Watchlists
from spacebot.x.host_batcher import HostAnswer, SweepAnswer

log = logging.getLogger(__name__)

IDLE = 5.0
"""Seconds between looks at the watchlist while nobody is followed, unless something is said sooner."""

OVERDUE_SWEEPS = 3
"""Sweeps of all hosts, and `GRACE`, after which the next good answer is overdue."""

BUDGET_REST = 60.0
"""Seconds between looks whether a new day has brought a new budget."""

OUT_OF_BUDGET = N_(
    "The day's budget for X is spent (SPACEBOT_DAILY_BUDGET_USD): nobody is looked for until midnight UTC."
)

UNFORESEEN = N_("an unforeseen error, see the log")


class HostsSource(Protocol):
    """X, as it is asked about hosts; both methods wait for their turn within X's limits and raise `XError`."""

    async def sweep(self, host_ids: Sequence[UserId]) -> SweepAnswer:
        """The live and scheduled Spaces of up to 100 hosts; some may be left out for the next sweep."""
        ...

    async def ask(self, host_id: UserId) -> HostAnswer:
        """The same for one host, for a person who waits."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepState:
    """How the sweeps go."""

    last_good_at: datetime | None = None
    """When the last batch was answered."""
    trouble: str | None = None
    """Why the last one was not, if it was not."""
    is_overdue: bool = False
    """Whether the last good batch is longer ago than three sweeps of all hosts and a minute. Never while nobody is
    followed."""
    every: float | None = None
    """Seconds in which all hosts could be asked about once, at the present pace; None while nobody is followed."""


class Sweeper:
    """Asks about hosts, one batch after the other, at the pace of X's window.

    Args:
        source: X.
        store: Knows which Spaces of the swept hosts an answer has left out.
        clock: Time.
        plan: Chooses each batch.
        watchlists: Brought up to date before each batch.
        intake: Takes in the answers.
        doubt: Takes Spaces that an answer has left out: their own id decides.
        failures: Shared by all loops of the watch.
        may_detect: Whether the day's budget has room for looking for Spaces.
    """

    def __init__(
        self,
        *,
        source: HostsSource,
        store: Store,
        clock: Clock,
        plan: Schedule,
        watchlists: Watchlists,
        intake: Intake,
        doubt: Callable[[Sequence[SpaceId]], None],
        failures: Failures,
        may_detect: Callable[[], bool],
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._plan = plan
        self._watchlists = watchlists
        self._intake = intake
        self._doubt = doubt
        self._failures = failures
        self._may_detect = may_detect
        self._woken = asyncio.Event()
        self._state = SweepState()
        self._owed_since: float | None = None
        """Since when an answer is owed, on the monotonic clock; None while nobody is followed."""

    @property
    def state(self) -> SweepState:
        """How the sweeps go. Whether they are overdue is a matter of time alone: a loop that hangs is overdue, too."""
        if self._owed_since is None:
            return self._state
        every = self._plan.seconds_per_sweep
        is_overdue = self._clock.monotonic() - self._owed_since > OVERDUE_SWEEPS * every + GRACE
        return replace(self._state, is_overdue=is_overdue, every=every or None)

    def watchlists_changed(self) -> None:
        """Read the watchlists before the next batch, which does not wait."""
        self._watchlists.changed()
        self._woken.set()

    def sweep_again(self, host_ids: Collection[UserId]) -> None:
        """What these hosts did may have been missed: their turn comes at once."""
        self._plan.missed(host_ids)
        self._woken.set()

    async def look(self, host_id: UserId) -> None:
        """Look at one host now, ahead of its turn.

        Raises:
            XError: X did not answer; the next sweep will look all the same.
        """
        answer = await self._source.ask(host_id)
        await self._intake.take_in(answer.spaces, answer.users, by="person")

    async def run(self) -> None:
        """Sweep until cancelled."""
        self._owed_since = self._clock.monotonic()
        while True:
            self._woken.clear()
            await self._watchlists.refresh()
            if not self._plan.seconds_per_sweep:
                self._owed_since = None
            elif self._owed_since is None:
                self._owed_since = self._clock.monotonic()
            if not self._may_detect():
                self._state = replace(self._state, trouble=OUT_OF_BUDGET)
                await self._rest(BUDGET_REST)
            elif hosts := self._plan.next_batch(self._clock.now().timestamp()):
                await self._sweep(hosts)
            else:
                await self._rest(IDLE)

    async def _sweep(self, hosts: Sequence[UserId]) -> None:
        try:
            await self._ask_about(hosts)
        except SpacebotError as error:
            self._state = replace(self._state, trouble=str(error))
            self._failures.failed("sweep", error)
            self._plan.missed(hosts)
            await self._rest(self._failures.rest_after(error))
        except Exception:
            self._state = replace(self._state, trouble=UNFORESEEN)
            log.exception("A sweep failed in an unforeseen way; the next one goes on.")
            self._plan.missed(hosts)
            await self._clock.sleep(REST_AFTER_FAILURE)
        else:
            self._state = SweepState(last_good_at=self._clock.now())
            self._owed_since = self._clock.monotonic()
            self._failures.sweep_went_well()
            self._failures.recovered("sweep")

    async def _ask_about(self, hosts: Sequence[UserId]) -> None:
        asked_at = self._clock.now()
        answer = await self._source.sweep(hosts)
        page, asked = answer.page, [host for host in hosts if host not in answer.left_out]
        self._plan.left_out(answer.left_out)
        await self._intake.take_in(page.items, page.users, by="sweep")
        await self._intake.note_standings(asked, page)
        # What the answer left out is only doubted; its own id decides. Cut-off answers leave out at random.
        if not page.truncated:
            self._doubt(await self._store(Queries.unseen, asked, asked_at, self._clock.now()))

    async def _rest(self, seconds: float) -> None:
        """Wait, unless woken first."""
        await until_set(self._clock, self._woken, seconds)
