"""The loops that ask X about every followed host and every open Space, and store what the answers mean.

Whom to ask next is the `Schedule`'s choice; here it is asked, and told what was seen.

A failed request changes nothing that is known of any Space; it is logged once, and so is its recovery.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from spacebot.clock import Clock, until_set
from spacebot.domain.accounts import Standing
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import Change, Phase, SpaceRecord
from spacebot.errors import SpacebotError, XError, XOperatorNeeded, XRateLimited, XSpendCapReached
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.schedule import Schedule
from spacebot.x.host_batcher import HostAnswer
from spacebot.x.model import Page, Space, User
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

PEOPLE_EVERY = 300.0
"""Seconds after which the co-hosts and speakers of a live Space are read again; X bills them once a day all the same."""

LISTS_EVERY = 60.0
"""Seconds between two readings of the watchlists, which are read at once when they change."""

ORPHANS_EVERY = 60.0
"""Seconds between two looks for Spaces that stand in a channel though nobody follows their host."""

BUDGET_REST = 60.0
"""Seconds between looks whether a new day has brought a new budget."""

OUT_OF_BUDGET = "The day's budget for X is spent (SPACEBOT_DAILY_BUDGET_USD): nobody is looked for until midnight UTC."

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

    async def by_ids(self, space_ids: Sequence[SpaceId], *, people: bool = False, at_once: bool = False) -> Page[Space]:
        """These Spaces, whatever their state; with co-hosts and speakers where wanted, whom X bills.

        `at_once` goes ahead of what can wait.
        """
        ...

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        """These accounts; what X says of those that it does not show stands in the problems."""
        ...


class Watcher:
    """Asks about hosts where a Space is likely, and by id about Spaces that are expected, open, pushed or doubted."""

    def __init__(
        self,
        *,
        source: SpacesSource,
        store: Store,
        clock: Clock,
        on_work: Callable[[], None],
        people: bool = True,
        host_check: timedelta | None = None,
        may_refresh: Callable[[], bool] = lambda: True,
        may_detect: Callable[[], bool] = lambda: True,
        pushes: Callable[[], frozenset[UserId]] = frozenset,
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
            may_refresh: Whether the day's budget has room for bringing listeners, co-hosts and speakers up to date.
            may_detect: Whether it has room for looking for Spaces at all.
            pushes: Of which hosts X tells by itself at present.
        """
        self._source = source
        self._store = store
        self._clock = clock
        self._on_work = on_work
        self._poked = asyncio.Event()
        self._people = people
        self._host_check = host_check
        self._may_refresh = may_refresh
        self._may_detect = may_detect
        self._pushes = pushes
        self._covered: frozenset[UserId] = frozenset()
        self.plan = Schedule(clock.now().timestamp())
        """Whom to ask about next, and which of them X pushes."""
        self._learned = False
        self._hosts_at = -math.inf
        self._orphans_at = -math.inf
        self._pushed: dict[SpaceId, UserId] = {}
        self._arrivals = asyncio.Event()
        self._stale: dict[SpaceId, None] = {}
        self._turn_of_stale = False
        self._people_read: dict[SpaceId, float] = {}
        self._odd: dict[UserId, tuple[Standing, float]] = {}
        self._doubted: set[SpaceId] = set()
        self._lookups = asyncio.Event()
        self._silent: set[str] = set()
        self._refusals = 0
        self.last_good_sweep: datetime | None = None
        """When the last batch was answered."""
        self.trouble: str | None = None
        """Why the last batch was not, if it was not."""

    def poke(self) -> None:
        """The watchlist has changed: do not wait for the next look at it."""
        self._hosts_at = -math.inf
        self._poked.set()

    def started(self, space_id: SpaceId, host_id: UserId) -> None:
        """X says that a Space has started: it is looked up at once."""
        self._pushed[space_id] = host_id
        self._arrivals.set()

    def found(self, records: Sequence[SpaceRecord]) -> None:
        """Spaces that a search has shown: they are looked up from now on, as those of followed hosts are."""
        for record in records:
            self._tell_plan(record)
        self._on_work()

    def sweep_again(self, host_ids: Collection[UserId]) -> None:
        """X pushes the starts of these hosts, and may have missed some until now: their turn comes at once."""
        self.plan.missed(host_ids)
        self._poked.set()

    def ended(self, space_id: SpaceId, _host_id: UserId) -> None:
        """X says that a Space has ended: it is looked up at once."""
        self._doubt([space_id])

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep_forever(), name="sweep")
            group.create_task(self._look_up_forever(), name="look-up")
            group.create_task(self._look_up_pushed_forever(), name="push")
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
            await self.refresh_watchlists()
            if not self._may_detect():
                self.trouble = OUT_OF_BUDGET
                await self._rest(BUDGET_REST)
                continue
            covered = self._pushes()
            if covered != self._covered:
                self._covered = covered
                self.plan.pushed(covered)
            hosts = self.plan.next_batch(self._now())
            if hosts:
                await self._sweep(hosts)
            else:
                await self._rest(IDLE)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    async def refresh_watchlists(self) -> None:
        """Every so often, and whenever they change: who is followed, and what stands though nobody follows it."""
        now = self._clock.monotonic()
        try:
            if now - self._hosts_at >= LISTS_EVERY:
                self._poked.clear()
                self.plan.follow(await self._store(Queries.followed), self._now())
                self._hosts_at = now
                await self._learn()
                self._recovered("watchlist")
        except SpacebotError as error:
            self._failed("watchlist", error)
        try:
            if now - self._orphans_at >= ORPHANS_EVERY:
                self._orphans_at = now
                since = self._clock.now() - timedelta(seconds=ORPHANS_EVERY)
                self._doubt(await self._store(Queries.orphans, since, self._clock.now()))
                self._recovered("round")
        except SpacebotError as error:  # the next round finds them
            self._failed("round", error)

    async def _learn(self) -> None:
        """Once, after a start: what the past says of the hosts' habits, and what is open."""
        if self._learned:
            return
        self.plan.learn(await self._store(Queries.starts), await self._store(Queries.known_since))
        for record in await self._store(Queries.open_spaces):
            self._tell_plan(record)
        self._learned = True

    def _tell_plan(self, record: SpaceRecord) -> None:
        match record.phase:
            case Phase.LIVE:
                began = record.started_at or record.live_seen_at or record.first_seen_at
                self.plan.live(record.space_id, record.host_id, began.timestamp(), self._now())
            case Phase.SCHEDULED:
                if record.scheduled_start is not None:
                    start = record.scheduled_start.timestamp()
                    self.plan.scheduled(record.space_id, record.host_id, start)
            case _:
                self.plan.over(record.space_id)

    async def _sweep(self, hosts: Sequence[UserId]) -> None:
        asked_at = self._clock.now()
        try:
            page = await self._source.sweep(hosts)
            await self._take_in(page.items, (), tuple(page.users.values()), by="sweep")
            await self._note_standings(hosts, page)
            # What the answer left out is only doubted; its own id decides. Cut-off answers leave out at random.
            if not page.truncated:
                self._doubt(await self._store(Queries.unseen, hosts, asked_at, self._clock.now()))
        except SpacebotError as error:
            self.trouble = str(error)
            self._failed("sweep", error)
            self.plan.missed(hosts)
            await self._rest(self._rest_after(error))
        except Exception:
            self.trouble = "an unforeseen error, see the log"
            log.exception("A sweep failed in an unforeseen way; the next one goes on.")
            self.plan.missed(hosts)
            await self._clock.sleep(REST_AFTER_FAILURE)
        else:
            self.last_good_sweep = self._clock.now()
            self.trouble = None
            self._refusals = 0
            self._recovered("sweep")

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
                await self._store(Queries.note_standing, host, standing, self._clock.now())

    def _doubt(self, space_ids: Sequence[SpaceId]) -> None:
        if space_ids:
            self._doubted.update(space_ids)
            self._lookups.set()

    async def _look_up_forever(self) -> None:
        while True:
            self._lookups.clear()
            batch, people = self._next_lookup()
            if not batch:
                await until_set(self._clock, self._lookups, LOOK_UP_EVERY)
                continue
            try:
                page = await self._source.by_ids(batch, people=people)
                await self._take_in(page.items, _absent(batch, page), tuple(page.users.values()), by="look-up")
            except SpacebotError as error:  # the next sweep doubts them again
                self._failed("look-up", error)
                await self._clock.sleep(self._rest_after(error))
            except Exception:
                log.exception("A look-up failed in an unforeseen way; the next sweep asks again.")
                await self._clock.sleep(REST_AFTER_FAILURE)
            else:
                self._recovered("look-up")

    def _next_lookup(self) -> tuple[list[SpaceId], bool]:
        """What to ask about by id: what is doubted, else what is expected and, in turn with it, who listens and speaks."""
        if self._doubted:
            doubted = sorted(self._doubted)[:BATCH]
            self._doubted.difference_update(doubted)
            return doubted, False
        if not self._may_detect():
            return [], False
        due = self.plan.spaces.due_lookups(self._now())
        if self._may_refresh():
            self._stale.update(dict.fromkeys(space_id for space_id in due if self.plan.spaces.is_live(space_id)))
        expected = [space_id for space_id in due if not self.plan.spaces.is_live(space_id)]
        self._turn_of_stale = not self._turn_of_stale
        if self._stale and (self._turn_of_stale or not expected):
            return self._next_refresh()
        return expected, False

    def _next_refresh(self) -> tuple[list[SpaceId], bool]:
        """Live Spaces to read again, and whether with their people, who are asked for more rarely."""
        now = self._clock.monotonic()
        self._people_read = {one: at for one, at in self._people_read.items() if self.plan.spaces.is_live(one)}
        unread = [one for one in self._stale if now - self._people_read.get(one, -math.inf) >= PEOPLE_EVERY]
        people = self._people and bool(unread)
        batch = (unread if people else list(self._stale))[:BATCH]
        for space_id in batch:
            del self._stale[space_id]
            if people:
                self._people_read[space_id] = now
        return batch, people

    async def _look_up_pushed_forever(self) -> None:
        """What X pushes waits for nobody: it is asked about in the lane of people, who wait too."""
        while True:
            await self._wait_for_pushed()
            pushed = dict(list(self._pushed.items())[:BATCH])
            for space_id in pushed:
                del self._pushed[space_id]
            if not self._may_detect():
                self.plan.missed(pushed.values())  # swept as soon as there is a budget again
                continue
            try:
                page = await self._source.by_ids(list(pushed), at_once=True)
                await self._take_in(page.items, (), tuple(page.users.values()), by="push")
                shown = {space.id for space in page.items}
                hosts = {host for space_id, host in pushed.items() if space_id not in shown}
            except SpacebotError as error:
                self._failed("look-up of what was pushed", error)
                hosts = set(pushed.values())
            except Exception:
                log.exception("A look-up of what was pushed failed in an unforeseen way; its hosts are swept.")
                hosts = set(pushed.values())
            else:
                self._recovered("look-up of what was pushed")
            self.plan.missed(hosts)  # by its creator, then

    async def _check_hosts_forever(self, unseen_for: timedelta) -> None:
        """Buy, now and then, the accounts of hosts that no look has shown for long: they may have a new handle."""
        while True:
            try:
                now = self._clock.now()
                hosts = await self._store(Queries.unseen_hosts, now - unseen_for, now - ASKED_AGAIN, BATCH)
                if hosts:
                    page = await self._source.users(hosts)
                    await self._store(Queries.take_in_hosts, hosts, page.items, standings(page), self._clock.now())
                    self._recovered("check of hosts")
            except SpacebotError as error:
                self._failed("check of hosts", error)
            except Exception:
                log.exception("A check of hosts failed in an unforeseen way; it is done again.")
            await self._clock.sleep(CHECK_HOSTS_EVERY)

    async def _take_in(
        self, seen: Sequence[Space], absent: Sequence[SpaceId], users: Sequence[User], *, by: str
    ) -> None:
        changes = await self._store(Queries.take_in, seen, absent, users, self._clock.now(), by=by)
        for record, change in changes:
            self._tell_plan(record)
            if change is not Change.MOVED:
                _tell(record, change)
        self._on_work()

    async def _rest(self, seconds: float) -> None:
        """Wait, unless the watchlist changes first."""
        await until_set(self._clock, self._poked, seconds)
        self._poked.clear()

    async def _wait_for_pushed(self) -> None:
        while not self._pushed:
            self._arrivals.clear()
            await self._arrivals.wait()

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
        if what in self._silent or (isinstance(error, XOperatorNeeded) and not self._refusals):
            return  # X also says by mistake that only a person can help: what it says twice is told
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
