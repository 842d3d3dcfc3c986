"""The loop that asks X about every followed host, and stores what the answers mean.

A failed request changes nothing that is known of any Space; it is logged once, and so is its recovery.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from spacebot.clock import Clock
from spacebot.errors import SpacebotError, XError, XOperatorNeeded, XRateLimited, XSpendCapReached
from spacebot.store.door import Store
from spacebot.store.rows import Standing
from spacebot.store.tables import Tables
from spacebot.watch.lifecycle import Change, SpaceRecord
from spacebot.x.desk import HostAnswer
from spacebot.x.model import Page, Space, SpaceId, User, UserId
from spacebot.x.refusals import ABSENCES

log = logging.getLogger(__name__)

BATCH = 100
"""Hosts, or Spaces, per request: the most that X takes."""

IDLE = 5.0
"""Seconds between looks at the watchlist while nobody is followed, unless something is said sooner."""

REST_FOR_OPERATOR = 900.0
"""Seconds between attempts, at most, while only a person can help (credits, spending cap, access); they are free."""

REST_AFTER_FAILURE = 5.0
"""Seconds until the next attempt after X failed in a way that its own time-outs and windows did not already pace."""


LOOK_UP_EVERY = 5.0
"""Seconds between looks at what may be asked about by id, unless a doubt comes sooner."""

REFRESH_EVERY = 60.0
"""Seconds after which the listeners, co-hosts and speakers of a live Space are read again."""

ODD_FOR = 600.0
"""Seconds that sweeps must say the same of an account before it is believed."""

CHECK_HOSTS_EVERY = 3600.0
"""Seconds between two purchases of accounts that were not seen for long, 100 at most each time."""

ASKED_AGAIN = timedelta(days=1)
"""An account that X does not show is asked for again so much later, which is free while it stays so."""


class SpacesSource(Protocol):
    """Where looks come from; every method waits for its turn within X's limits and raises `XError`."""

    async def sweep(self, host_ids: Sequence[UserId]) -> Page[Space]:
        """The live and scheduled Spaces of up to 100 hosts."""
        ...

    async def ask(self, host_id: UserId) -> HostAnswer:
        """The same for one host, for a person who waits."""
        ...

    async def by_ids(self, space_ids: Sequence[SpaceId], *, people: bool = False) -> Page[Space]:
        """These Spaces, whatever their state; with co-hosts and speakers where wanted, whom X bills."""
        ...

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        """These accounts; what X says of those that it does not show stands in the problems."""
        ...


class Watcher:
    """Sweeps all followed hosts round and round, and looks up by id the open Spaces that a sweep no longer shows."""

    def __init__(
        self,
        *,
        source: SpacesSource,
        store: Store,
        clock: Clock,
        on_work: Callable[[], None],
        people: bool = True,
        host_check: timedelta | None = None,
    ) -> None:
        """Take what the loop needs.

        Args:
            source: X.
            store: Where what was seen is kept.
            clock: Time.
            on_work: Called after each look that may have left work in the ledger.
            people: Whether co-hosts and speakers of live Spaces are read too; each is billed once a day.
            host_check: How long a followed account may go unseen before it is bought again, to learn of a new handle
                or of its end; None for ever.
        """
        self._source = source
        self._store = store
        self._clock = clock
        self._on_work = on_work
        self._poked = asyncio.Event()
        self._people = people
        self._host_check = host_check
        self._read: dict[SpaceId, float] = {}
        self._odd: dict[UserId, tuple[Standing, float]] = {}
        self._doubted: set[SpaceId] = set()
        self._doubts = asyncio.Event()
        self._silent: set[str] = set()
        self._refusals = 0
        self.last_good_sweep: datetime | None = None
        """When the last batch was answered."""
        self.trouble: str | None = None
        """Why the last batch was not, if it was not."""

    def poke(self) -> None:
        """The watchlist has changed: do not wait for the next look at it."""
        self._poked.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep_forever(), name="sweep")
            group.create_task(self._look_up_forever(), name="look-up")
            if self._host_check is not None:
                group.create_task(self._check_hosts_forever(self._host_check), name="host check")

    async def look(self, host_id: UserId) -> None:
        """Look at one host now, ahead of its turn.

        Raises:
            XError: X did not answer; the next sweep will look all the same.
        """
        answer = await self._source.ask(host_id)
        await self._take_in(answer.spaces, (), tuple(answer.users.values()), by="person")

    async def _sweep_forever(self) -> None:
        while True:
            hosts = await self._hosts()
            started = self._clock.now()
            for at in range(0, len(hosts), BATCH):
                await self._sweep(hosts[at : at + BATCH])
            await self._doubt_orphans(started)  # also where nobody is followed any more: what was sent still closes
            if not hosts:
                await self._rest(IDLE)

    async def _hosts(self) -> list[UserId]:
        try:
            hosts = await self._store(Tables.followed_hosts)
        except SpacebotError as error:
            self._failed("watchlist", error)
            return []
        self._recovered("watchlist")
        return hosts

    async def _doubt_orphans(self, since: datetime) -> None:
        try:
            await self._doubt(await self._store(Tables.orphans, since, self._clock.now()))
        except SpacebotError as error:  # the next round finds them
            self._failed("round", error)
        else:
            self._recovered("round")

    async def _sweep(self, hosts: Sequence[UserId]) -> None:
        asked_at = self._clock.now()
        try:
            page = await self._source.sweep(hosts)
            await self._take_in(page.items, (), tuple(page.users.values()), by="sweep")
            await self._note_standings(hosts, page)
            # What the answer left out is only doubted; its own id decides. Cut-off answers leave out at random.
            if not page.truncated:
                await self._doubt(await self._store(Tables.unseen, hosts, asked_at, self._clock.now()))
        except SpacebotError as error:
            self.trouble = str(error)
            self._failed("sweep", error)
            await self._rest(self._rest_after(error))
        except Exception:
            self.trouble = "an unforeseen error, see the log"
            log.exception("A sweep failed in an unforeseen way; the next one goes on.")
            await self._clock.sleep(REST_AFTER_FAILURE)
        else:
            self.last_good_sweep = self._clock.now()
            self.trouble = None
            self._refusals = 0
            self._recovered("sweep")

    async def _doubt(self, space_ids: Sequence[SpaceId]) -> None:
        if space_ids:
            self._doubted.update(space_ids)
            self._doubts.set()

    async def _note_standings(self, hosts: Sequence[UserId], page: Page[Space]) -> None:
        """Believe what a sweep says of an account once it says so for a while: X also says so by mistake."""
        named = standings(page)
        now = self._clock.monotonic()
        for host in hosts:
            standing = named.get(host)
            if standing is None:
                self._odd.pop(host, None)
            elif host not in self._odd or self._odd[host][0] is not standing:
                self._odd[host] = (standing, now)
            elif now - self._odd[host][1] >= ODD_FOR:
                await self._store(Tables.note_standing, host, standing, self._clock.now())

    async def _look_up_forever(self) -> None:
        while True:
            try:
                batch, is_refresh = await self._next_lookup()
                if not batch:
                    await self._wait_for(self._doubts, LOOK_UP_EVERY)
                    continue
                page = await self._source.by_ids(batch, people=is_refresh and self._people)
                await self._take_in(page.items, _absent(batch, page), tuple(page.users.values()), by="look-up")
            except SpacebotError as error:  # the next sweep doubts them again
                self._failed("look-up", error)
                await self._clock.sleep(self._rest_after(error))
            except Exception:
                log.exception("A look-up failed in an unforeseen way; the next sweep asks again.")
                await self._clock.sleep(REST_AFTER_FAILURE)
            else:
                self._recovered("look-up")

    async def _next_lookup(self) -> tuple[list[SpaceId], bool]:
        """What to ask about by id: what is doubted, else live Spaces whose listeners were not read for a while."""
        if self._doubted:
            batch = sorted(self._doubted)[:BATCH]
            self._doubted.difference_update(batch)
            if not self._doubted:
                self._doubts.clear()
            return batch, False
        live = set(await self._store(Tables.live_spaces))
        now = self._clock.monotonic()
        self._read = {space_id: read for space_id, read in self._read.items() if space_id in live}
        stale = [space_id for space_id in live if now - self._read.get(space_id, -math.inf) >= REFRESH_EVERY]
        batch = sorted(stale, key=lambda space_id: self._read.get(space_id, -math.inf))[:BATCH]
        self._read.update(dict.fromkeys(batch, now))
        return batch, True

    async def _check_hosts_forever(self, unseen_for: timedelta) -> None:
        """Buy, now and then, the accounts of hosts that no look has shown for long: they may have a new handle."""
        while True:
            try:
                now = self._clock.now()
                hosts = await self._store(Tables.unseen_hosts, now - unseen_for, now - ASKED_AGAIN, BATCH)
                if hosts:
                    page = await self._source.users(hosts)
                    await self._store(Tables.take_in_hosts, hosts, page.items, standings(page), self._clock.now())
                    self._recovered("check of hosts")
            except SpacebotError as error:
                self._failed("check of hosts", error)
            except Exception:
                log.exception("A check of hosts failed in an unforeseen way; it is done again.")
            await self._clock.sleep(CHECK_HOSTS_EVERY)

    async def _take_in(
        self, seen: Sequence[Space], absent: Sequence[SpaceId], users: Sequence[User], *, by: str
    ) -> None:
        changes = await self._store(Tables.take_in, seen, absent, users, self._clock.now(), by=by)
        for record, change in changes:
            if change is not Change.MOVED:
                _tell(record, change)
        self._on_work()

    async def _rest(self, seconds: float) -> None:
        """Wait, unless the watchlist changes first."""
        await self._wait_for(self._poked, seconds)
        self._poked.clear()

    async def _wait_for(self, event: asyncio.Event, seconds: float) -> None:
        waits = {
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(event.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _rest_after(self, error: SpacebotError) -> float:
        """Seconds until it is worth asking again."""
        if isinstance(error, XOperatorNeeded):
            # X also says so by mistake, once: only what it keeps saying is worth a long rest.
            rest = min(REST_AFTER_FAILURE * 2.0 ** min(self._refusals, 10), REST_FOR_OPERATOR)
            self._refusals += 1
            if isinstance(error, XSpendCapReached) and error.reset_date is not None:
                rest = min(rest, max((error.reset_date - self._clock.now()).total_seconds(), REST_AFTER_FAILURE))
            return rest
        if isinstance(error, XRateLimited) and error.retry_after is not None:
            return max(error.retry_after, REST_AFTER_FAILURE)
        return REST_AFTER_FAILURE

    def _failed(self, what: str, error: SpacebotError) -> None:
        if what in self._silent:
            return
        self._silent.add(what)
        if isinstance(error, XOperatorNeeded):
            log.error("The %s stops: %s It is tried again, ever more rarely, up to every 15 minutes.", what, error)
        elif not isinstance(error, XError):  # of X's passing failures and recoveries the client tells
            log.warning("The %s fails (the database): %s It is tried again; nothing is taken for ended.", what, error)

    def _recovered(self, what: str) -> None:
        if what in self._silent:
            self._silent.discard(what)
            log.info("The %s works again.", what)


def _absent(asked: Sequence[SpaceId], page: Page[Space]) -> list[SpaceId]:
    """The ids that X, asked for them, says it does not show.

    Where anything else went wrong with the answer, only those it names: what X failed to read may well be there.
    """
    shown = {space.id for space in page.items}
    named = {problem.resource_id or problem.value for problem in page.problems if problem.type in ABSENCES}
    whole = not page.truncated and all(problem.type in ABSENCES for problem in page.problems)
    return [space_id for space_id in asked if space_id not in shown and (whole or space_id in named)]


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


def _tell(record: SpaceRecord, change: Change) -> None:
    log.info("Space %s of host %s: %s", record.space_id, record.host_id, change.value)
