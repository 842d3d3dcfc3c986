"""Takes in what X shows, whichever loop has asked: stores what it means, and tells the plan, the courier and the log."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from spacebot.clock import Clock
from spacebot.domain.accounts import Standing
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import Change, Phase, SpaceRecord
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.schedule import Schedule
from spacebot.x.model import Page, Space, User
from spacebot.x.refusals import ABSENCES

log = logging.getLogger(__name__)

TAKEN_AT_ONCE = 25
"""As many Spaces and accounts of one answer are stored in one call."""

ODD_FOR = 600.0
"""Seconds that sweeps must say the same of an account before it is believed."""


class Intake:
    """Where every look at X ends.

    Args:
        store: Where what was seen is kept.
        clock: Time.
        plan: Told what is open and what is over.
        on_work: Called after each look, which may have left work in the ledger.
    """

    def __init__(self, *, store: Store, clock: Clock, plan: Schedule, on_work: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._plan = plan
        self._on_work = on_work
        self._odd: dict[UserId, tuple[Standing, float]] = {}

    async def take_in(
        self,
        spaces: Sequence[Space],
        users: Mapping[UserId, User],
        *,
        absent: Sequence[SpaceId] = (),
        by: str,
        asked_invited: bool = False,
    ) -> None:
        """Take in one answer.

        Args:
            spaces: What it shows.
            users: The accounts that came with it.
            absent: Spaces that X, asked for them by id, does not show.
            by: What has seen it, for the delays that `/status` shows.
            asked_invited: Whether X was asked who is invited, and for the topics.

        Raises:
            StoreError: it could not be stored; the next look shows it again.
        """
        accounts = tuple(users.values())
        changes = await take_in(
            self._store, spaces, absent, accounts, self._clock.now(), by=by, asked_invited=asked_invited
        )
        for record, change in changes:
            if change not in {Change.MOVED, Change.RETITLED, Change.INVITED}:
                log.info("Space %s of host %s: %s", record.space_id, record.host_id, change.value)
        self.note([record for record, _ in changes])

    def note(self, records: Sequence[SpaceRecord]) -> None:
        """Tell the plan and the courier of Spaces that are stored already."""
        for record in records:
            self._tell_plan(record)
        self._on_work()

    def _tell_plan(self, record: SpaceRecord) -> None:
        match record.phase:
            case Phase.LIVE:
                began = record.started_at or record.live_seen_at or record.first_seen_at
                self._plan.live(record.space_id, record.host_id, began.timestamp(), self._clock.now().timestamp())
            case Phase.SCHEDULED:
                if record.scheduled_start is not None:
                    self._plan.scheduled(record.space_id, record.host_id, record.scheduled_start.timestamp())
            case _:
                self._plan.over(record.space_id)

    async def note_standings(self, hosts: Sequence[UserId], page: Page[Space]) -> None:
        """Believe what a sweep of these hosts says of an account once it says so for a while: X also errs."""
        named = standings(page)
        now = self._clock.monotonic()
        for host in hosts:
            standing = named.get(host)
            if standing is None:
                self._odd.pop(host, None)
            elif host not in self._odd or self._odd[host][0] is not standing:
                self._odd[host] = (standing, now)
            elif now - self._odd[host][1] >= ODD_FOR:
                await self._store(Queries.note_standing, host, standing, self._clock.now())


async def take_in(
    store: Store,
    spaces: Sequence[Space],
    absent: Sequence[SpaceId],
    users: Sequence[User],
    now: datetime,
    *,
    by: str,
    matches: Mapping[SpaceId, Sequence[int]] | None = None,
    asked_invited: bool = False,
) -> list[tuple[SpaceRecord, Change]]:
    """Store one answer with all that follows from it, in as many calls as that takes; what has changed.

    The arguments are those of `Queries.take_in`.
    """
    changes: list[tuple[SpaceRecord, Change]] = []
    for some_spaces, some_absent, some_users in _lots(spaces, absent, users):
        taken = await store(
            Queries.take_in,
            some_spaces,
            some_absent,
            some_users,
            now,
            by=by,
            matches=matches,
            asked_invited=asked_invited,
        )
        changes += taken.changes
        unserved = taken.unserved
        while unserved:
            unserved = await store(Queries.serve, unserved, now, matches=matches)
    return changes


def _lots(
    spaces: Sequence[Space], absent: Sequence[SpaceId], users: Sequence[User]
) -> Iterator[tuple[Sequence[Space], Sequence[SpaceId], Sequence[User]]]:
    """A large answer in parts, the accounts first: who is named by a Space is known by then."""
    if len(spaces) + len(absent) + len(users) <= TAKEN_AT_ONCE:
        yield spaces, absent, users
        return
    for at in range(0, len(users), TAKEN_AT_ONCE):
        yield (), (), users[at : at + TAKEN_AT_ONCE]
    for at in range(0, len(spaces), TAKEN_AT_ONCE):
        yield spaces[at : at + TAKEN_AT_ONCE], (), ()
    for at in range(0, len(absent), TAKEN_AT_ONCE):
        yield (), absent[at : at + TAKEN_AT_ONCE], ()


def standings(page: Page[Space] | Page[User]) -> dict[UserId, Standing]:
    """What X says of accounts that it does not show as others, by account."""
    found: dict[UserId, Standing] = {}
    for problem in page.problems:
        account = problem.resource_id or problem.value
        if problem.type not in ABSENCES or problem.resource_type != "user" or account is None:
            continue
        detail = (problem.detail or "").casefold()
        if "suspended" in detail:
            found[UserId(account)] = Standing.SUSPENDED
        elif "protected" in detail:
            found[UserId(account)] = Standing.PROTECTED
        else:
            found[UserId(account)] = Standing.GONE
    return found
