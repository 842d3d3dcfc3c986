"""The loop that buys, now and then, accounts which no look has shown for long: they may have a new handle, or be gone."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from spacebot.clock import Clock
from spacebot.domain.ids import UserId
from spacebot.errors import SpacebotError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.failures import Failures
from spacebot.watch.intake import standings
from spacebot.x.endpoints import IDS_PER_REQUEST
from spacebot.x.model import Page, User

log = logging.getLogger(__name__)

CHECK_HOSTS_EVERY = 3600.0
"""Seconds between two purchases of accounts that were not seen for long, 100 at most each time."""

ASKED_AGAIN = timedelta(days=1)
"""An account that X does not show is asked for again so much later, which is free while it stays so."""


class AccountsSource(Protocol):
    """X, as it is asked about accounts; waits for its turn within X's limits and raises `XError`."""

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        """These accounts; what X says of those that it does not show stands in the problems."""
        ...


class HostCheck:
    """Checks the accounts of followed hosts.

    Args:
        source: X.
        store: Knows which were seen when.
        clock: Time.
        failures: Shared by all loops of the watch.
        unseen_for: How long an account may go unseen before it is bought.
    """

    def __init__(
        self, *, source: AccountsSource, store: Store, clock: Clock, failures: Failures, unseen_for: timedelta
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._failures = failures
        self._unseen_for = unseen_for

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            try:
                await self._check()
            except SpacebotError as error:
                self._failures.failed("check of hosts", error)
            except Exception:
                log.exception("A check of hosts failed in an unforeseen way; it is done again.")
            await self._clock.sleep(CHECK_HOSTS_EVERY)

    async def _check(self) -> None:
        now = self._clock.now()
        hosts = await self._store(Queries.unseen_hosts, now - self._unseen_for, now - ASKED_AGAIN, IDS_PER_REQUEST)
        if hosts:
            page = await self._source.users(hosts)
            await self._store(Queries.take_in_hosts, hosts, page.items, standings(page), self._clock.now())
            self._failures.recovered("check of hosts")
