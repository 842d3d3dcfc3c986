"""The loops that watch X, put together: they share one plan, one intake and one account of what fails."""

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Protocol

from spacebot.clock import Clock
from spacebot.domain.ids import SpaceId, UserId
from spacebot.store.connection import Store
from spacebot.watch.failures import Failures
from spacebot.watch.host_check import AccountsSource, HostCheck
from spacebot.watch.intake import Intake
from spacebot.watch.invitations import Invitations, InvitationsSource
from spacebot.watch.lookups import PushedLookUps, SpaceLookUps, SpacesSource
from spacebot.watch.schedule import Schedule
from spacebot.watch.sweeper import HostsSource, Sweeper
from spacebot.watch.watchlists import Watchlists


class WatchSource(HostsSource, SpacesSource, InvitationsSource, AccountsSource, Protocol):
    """X, as the watch asks it."""


class Watcher:
    """The loops: sweeps, look-ups by id, of what X pushes and of who is invited, checks of accounts. Hears what X pushes.

    Args:
        source: X.
        store: Where what was seen is kept.
        clock: Time.
        on_work: Called after each look that may have left work in the ledger.
        participants: Whether co-hosts and speakers of live Spaces are read too, and who is invited to scheduled ones
            where guilds want it; each is billed once a day.
        host_check: How long a followed account may go unseen before it is bought again, to learn of a new handle
            or of its end; None for ever.
        may_refresh: Whether the day's budget has room for bringing listeners, co-hosts and speakers up to date.
        may_detect: Whether it has room for looking for Spaces at all.

    Attributes:
        intake: Where every look ends, whoever has looked.
        sweeper: Asks about hosts.
        watchlists: Who is followed.
    """

    def __init__(
        self,
        *,
        source: WatchSource,
        store: Store,
        clock: Clock,
        on_work: Callable[[], None],
        participants: bool = True,
        host_check: timedelta | None = None,
        may_refresh: Callable[[], bool] = lambda: True,
        may_detect: Callable[[], bool] = lambda: True,
    ) -> None:
        failures = Failures(clock)
        self._plan = plan = Schedule(clock.now().timestamp())
        self.intake = intake = Intake(store=store, clock=clock, plan=plan, on_work=on_work)
        self._look_ups = SpaceLookUps(
            source=source,
            clock=clock,
            plan=plan,
            intake=intake,
            failures=failures,
            participants=participants,
            may_detect=may_detect,
            may_refresh=may_refresh,
        )
        self._pushed_look_ups = PushedLookUps(
            source=source, plan=plan, intake=intake, failures=failures, may_detect=may_detect
        )
        self.watchlists = Watchlists(
            store=store, clock=clock, plan=plan, intake=intake, doubt=self._look_ups.doubt, failures=failures
        )
        self.sweeper = Sweeper(
            source=source,
            store=store,
            clock=clock,
            plan=plan,
            watchlists=self.watchlists,
            intake=intake,
            doubt=self._look_ups.doubt,
            failures=failures,
            may_detect=may_detect,
        )
        self._invitations = (
            Invitations(
                source=source, store=store, clock=clock, intake=intake, failures=failures, may_refresh=may_refresh
            )
            if participants
            else None
        )
        self._host_check = (
            HostCheck(source=source, store=store, clock=clock, failures=failures, unseen_for=host_check)
            if host_check is not None
            else None
        )

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.sweeper.run(), name="sweep")
            group.create_task(self._look_ups.run(), name="look-up")
            group.create_task(self._pushed_look_ups.run(), name="push")
            if self._invitations is not None:
                group.create_task(self._invitations.run(), name="invitations")
            if self._host_check is not None:
                group.create_task(self._host_check.run(), name="host check")

    def space_started(self, space_id: SpaceId, host_id: UserId) -> None:
        """X says that a Space has started: it is looked up at once."""
        self._pushed_look_ups.add(space_id, host_id)

    def space_ended(self, space_id: SpaceId, _host_id: UserId) -> None:
        """X says that a Space has ended: it is looked up at once."""
        self._look_ups.doubt([space_id])

    def pushed_hosts_changed(self, host_ids: Collection[UserId]) -> None:
        """X pushes the starts of these hosts, and of no others: they are swept less often."""
        self._plan.pushed(host_ids)

    def pushes_missed(self, host_ids: Collection[UserId], _seconds: float) -> None:
        """X may not have pushed what these hosts did in the last seconds: they are swept at once."""
        self.sweeper.sweep_again(host_ids)
