"""Accounts on X that people name: known from today, or bought, one or many at a time, within what a guild may have bought."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TypeVar

from spacebot.clock import Clock
from spacebot.domain.accounts import Host
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId, ListId, PersonId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import BudgetSpent, SpacebotError, UserMistake, XAbsent, XDown, XError, XNotFound
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.searches import CREATOR
from spacebot.x import reference
from spacebot.x.base import XObject
from spacebot.x.client import XClient
from spacebot.x.endpoints import RESULTS_PER_ANSWER
from spacebot.x.model import Page, User
from spacebot.x.pots import midnight
from spacebot.x.reference import Handle, HostOf
from spacebot.x.refusals import Refusal, explain
from spacebot.x.translation import host_of

HOSTS_AT_ONCE = 50
"""How many accounts may be named at once."""

Wanted = Handle | UserId | HostOf
Outcome = Host | SpacebotError
T = TypeVar("T", bound=XObject)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLine:
    """One of many accounts that were named together: as it was typed, and the account, or why there is none."""

    text: str
    host: Host | None = None
    error: SpacebotError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMembers:
    """The accounts of a list of X's.

    Attributes:
        hosts: Those that can be followed.
        protected: Those whose Spaces only their followers see.
        has_more: Whether the list has members that were not bought.
    """

    hosts: tuple[Host, ...]
    protected: tuple[Host, ...]
    has_more: bool


@dataclass(slots=True, kw_only=True)
class _Order:
    """So many accounts that a guild may have bought now, and how many of them were."""

    granted: int
    bought: int = 0


class Accounts:
    """Finds accounts; whatever was bought today is not bought again.

    Args:
        x: X.
        store: Accounts that are known already.
        clock: Time.
        new_hosts_a_day: The most accounts that are bought in one UTC day for one guild to follow; None for no limit.
        is_protected: What is said of an account whose Spaces only its followers see.
    """

    def __init__(
        self, *, x: XClient, store: Store, clock: Clock, new_hosts_a_day: int | None, is_protected: Mistake
    ) -> None:
        self._x = x
        self._store = store
        self._clock = clock
        self._new_hosts_a_day = new_hosts_a_day
        self._is_protected = is_protected
        self._looking: dict[tuple[Wanted, Errand], asyncio.Task[Host]] = {}

    async def host(self, text: str, *, guild_id: GuildId | None, person: PersonId) -> Host:
        """See `Lookups.host`."""
        wanted = reference.host(text)
        known = await self._known(wanted)
        if known is None:
            x = self._asking(guild_id, person)
            known = await self.account(wanted, x) if guild_id is None else await self._counted(wanted, guild_id, x)
        if known.protected:
            raise UserMistake(self._is_protected)
        return known

    async def hosts(
        self, texts: Sequence[str], *, guild_id: GuildId, person: PersonId, most: int
    ) -> tuple[HostLine, ...]:
        """See `Lookups.hosts`."""
        lines = [text for text in texts if text.strip()]
        if len(lines) > most:
            raise UserMistake(Mistake.TOO_MANY_LINES, most=most)
        read = [_read(line) for line in lines]
        wanted = list(dict.fromkeys(one for one in read if not isinstance(one, UserMistake)))
        outcomes = await self._outcomes(wanted, guild_id, self._asking(guild_id, person))
        return tuple(
            _line(text, one if isinstance(one, UserMistake) else outcomes[one], self._is_protected)
            for text, one in zip(lines, read, strict=True)
        )

    def list_price(self, most: int) -> int:
        """See `Lookups.list_price`."""
        return self._x.price_of_accounts(most)

    async def list_members(self, list_id: ListId, *, guild_id: GuildId, person: PersonId, most: int) -> ListMembers:
        """See `Lookups.list_members`."""
        x = self._asking(guild_id, person)
        found: dict[UserId, User] = {}
        has_more = True
        async with self._order(guild_id, max(1, x.affordable_accounts(most))) as order:
            # Pages of one size, which together hold no more than may be bought.
            count = -(-order.granted // RESULTS_PER_ANSWER)
            size = order.granted // count
            pages = x.list_members(list_id, max_results=size)
            while has_more and count:
                page = await self._page_of(pages, order, size)
                found |= {user.id: user for user in page.items}
                has_more = page.next_token is not None
                count -= 1
        hosts = [host_of(user) for user in found.values()]
        return ListMembers(
            hosts=tuple(host for host in hosts if not host.protected),
            protected=tuple(host for host in hosts if host.protected),
            has_more=has_more,
        )

    async def _page_of(self, pages: AsyncIterator[Page[User]], order: _Order, size: int) -> Page[User]:
        try:
            page = await anext(pages)
        except XAbsent:
            raise UserMistake(Mistake.LIST_NOT_SHOWN) from None
        except XDown:
            order.bought += size  # X may have billed an answer that was lost
            raise
        if page.problems and not page.items:
            raise UserMistake(Mistake.LIST_NOT_SHOWN)
        order.bought += await self._remember(page.items)
        return page

    async def account(self, wanted: Wanted, x: XClient) -> Host:
        """The account, protected or not; bought from X at most once per UTC day, however many ask at the same time."""
        key = (
            wanted,
            x.errand,
        )  # of two who ask at once, one may be refused: the client sees to it that X is asked once
        looking = self._looking.get(key)
        if looking is None:
            looking = self._looking[key] = asyncio.create_task(self._fetch(wanted, x))
            looking.add_done_callback(lambda task: self._looked(key, task))
        return await asyncio.shield(looking)  # a caller that is cancelled does not cancel it for the others

    def _looked(self, key: tuple[Wanted, Errand], task: asyncio.Task[Host]) -> None:
        del self._looking[key]
        if not task.cancelled():
            task.exception()  # raised in the caller already, unless it was cancelled

    async def _counted(self, wanted: Wanted, guild_id: GuildId, x: XClient) -> Host:
        if any(wanted == other for other, _ in self._looking):  # somebody else buys it just now
            return await self.account(wanted, x)
        async with self._order(guild_id, 1) as order:
            try:
                host = await self.account(wanted, x)
            except XDown:
                order.bought = 1  # X may have billed an answer that was lost
                raise
            order.bought = 1
        return host

    @asynccontextmanager
    async def _order(self, guild_id: GuildId, wanted: int) -> AsyncIterator[_Order]:
        """Count accounts that a guild is about to buy, and afterwards take back those that it did not.

        Raises:
            UserMistake: It has had as many bought today as it may.
        """
        most, day = self._new_hosts_a_day, self._clock.now().date()
        if most is None:
            yield _Order(granted=wanted)
            return
        order = _Order(granted=await self._store(Queries.count_new_hosts, guild_id, day, most, wanted=wanted))
        if not order.granted:
            raise self._too_many()
        try:
            yield order
        except SpacebotError:
            await self._take_back(guild_id, day, order)
            raise
        await self._take_back(guild_id, day, order)

    async def _take_back(self, guild_id: GuildId, day: date, order: _Order) -> None:
        if order.bought < order.granted:
            await self._store(Queries.uncount_new_hosts, guild_id, day, order.granted - order.bought)

    async def _outcomes(self, wanted: Sequence[Wanted], guild_id: GuildId, x: XClient) -> dict[Wanted, Outcome]:
        """What becomes of each: what is not known is bought, as far as there is room for it."""
        known = dict(zip(wanted, await asyncio.gather(*(self._known(one) for one in wanted)), strict=True))
        outcomes: dict[Wanted, Outcome] = {one: host for one, host in known.items() if host is not None}
        unknown = [one for one in wanted if known[one] is None]
        affordable = unknown[: max(1, x.affordable_accounts(len(unknown)))]
        spent = BudgetSpent(reset_date=midnight(self._clock.now()))
        outcomes |= dict.fromkeys(unknown[len(affordable) :], spent)
        if not affordable:
            return outcomes
        outcomes |= dict.fromkeys(affordable, self._too_many())
        try:
            async with self._order(guild_id, len(affordable)) as order:
                return outcomes | await self._buy(affordable[: order.granted], x, order)
        except UserMistake:
            return outcomes

    def _too_many(self) -> UserMistake:
        return UserMistake(Mistake.TOO_MANY_NEW_HOSTS, most=self._new_hosts_a_day or 0)

    async def _buy(self, asked: Sequence[Wanted], x: XClient, order: _Order) -> dict[Wanted, Outcome]:
        """Accounts that are not known: those named by handle in one request, those by id and by Space in one each."""
        creators = await self._creators(asked)
        names: dict[Wanted, str] = {one: one.name.lower() for one in asked if isinstance(one, Handle)}
        ids = {one: UserId(one) for one in asked if isinstance(one, str)} | creators
        spaces: dict[Wanted, SpaceId] = {
            one: one.space_id for one in asked if isinstance(one, HostOf) and one not in creators
        }
        return {
            **await self._of(names, self._named(x, names.values()), order),
            **await self._of(ids, self._numbered(x, ids.values()), order),
            **await self._of(spaces, self._behind(x, spaces.values()), order),
        }

    async def _of(
        self, keys: Mapping[Wanted, str], answer: Awaitable[Mapping[str, Outcome]], order: _Order
    ) -> dict[Wanted, Outcome]:
        """What an answer, which goes by `keys`, says of each; where there is none, why."""
        try:
            found = await answer
        except (XError, UserMistake) as error:
            if isinstance(error, XDown):
                order.bought += len(keys)  # X may have billed an answer that was lost
            return dict.fromkeys(keys, error)
        order.bought += len({host.user_id for host in found.values() if isinstance(host, Host)})
        return {one: found.get(key) or XNotFound(resource_type="user") for one, key in keys.items()}

    async def _named(self, x: XClient, names: Iterable[str]) -> dict[str, Outcome]:
        page = await x.users_by_usernames(names)
        await self._remember(page.items)
        return self._absent(page, str.lower) | {user.username.lower(): host_of(user) for user in page.items}

    async def _numbered(self, x: XClient, ids: Iterable[UserId]) -> dict[str, Outcome]:
        page = await x.users(ids)
        await self._remember(page.items)
        return self._absent(page) | {user.id: host_of(user) for user in page.items}

    async def _behind(self, x: XClient, space_ids: Iterable[SpaceId]) -> dict[str, Outcome]:
        page = await x.spaces(space_ids, fields=CREATOR)
        await self._remember(page.users.values())
        creators = {space.id: page.creator(space) for space in page.items}
        return self._absent(page) | {space_id: host_of(user) for space_id, user in creators.items() if user is not None}

    def _absent(self, page: Page[T], spelled: Callable[[str], str] = str) -> dict[str, Outcome]:
        """What X says of those that it does not show, by what was asked for."""
        now = self._clock.now()
        return {
            spelled(problem.value or problem.resource_id or ""): explain(
                Refusal(status=200, headers={}, problems=(problem,), now=now)
            )
            for problem in page.problems
        }

    async def _remember(self, users: Collection[User]) -> int:
        """Store accounts; how many of them had not been bought today before."""
        before = await self._store(Queries.accounts, [user.id for user in users], since=self._today())
        await self._store(Queries.remember_users, list(users), self._clock.now())
        return len({user.id for user in users} - before.keys())

    async def _known(self, wanted: Wanted) -> Host | None:
        """What has been bought of an account today, by whomever."""
        today = self._today()
        if isinstance(wanted, Handle):
            return await self._store(Queries.user_named, wanted.name, since=today)
        if isinstance(wanted, HostOf):
            creator = (await self._creators([wanted])).get(wanted)
            return None if creator is None else await self._known(creator)
        return await self._store(Queries.user, wanted, since=today)

    async def _creators(self, wanted: Iterable[Wanted]) -> dict[Wanted, UserId]:
        """Who created the Spaces among them, as far as it is known."""
        spaces = {one: one.space_id for one in wanted if isinstance(one, HostOf)}
        creators = await self._store(Queries.creators, list(spaces.values())) if spaces else {}
        return {one: creator for one, space_id in spaces.items() if (creator := creators.get(space_id)) is not None}

    async def _fetch(self, wanted: Wanted, x: XClient) -> Host:
        known = await self._known(wanted)
        if known is not None:
            return known
        match wanted:
            case Handle(name):
                user = (await x.user_by_username(name)).items[0]
            case HostOf():
                user = await self._creator(wanted, x)
            case _:
                user = (await x.user(wanted)).items[0]
        await self._store(Queries.remember_users, [user], self._clock.now())
        return host_of(user)

    async def _creator(self, wanted: HostOf, x: XClient) -> User:
        """Who created a Space; X is asked for the Space only if it is not known."""
        creator = (await self._creators([wanted])).get(wanted)
        if creator is None:
            page = await x.space(wanted.space_id, fields=CREATOR)
            user = page.creator(page.items[0])
            if user is not None:
                return user
            creator = page.items[0].creator_id
        if creator is None:
            raise XNotFound(resource_type="user")
        return (await x.user(creator)).items[0]

    def _asking(self, guild_id: GuildId | None, person: PersonId) -> XClient:
        return self._x.on_behalf(Errand(purpose=Purpose.ACCOUNTS, guild_id=guild_id, person=person))

    def _today(self) -> datetime:
        return datetime.combine(self._clock.now().date(), time(), UTC)


def _read(text: str) -> Wanted | UserMistake:
    """What a line names; two spellings of a handle are one."""
    try:
        wanted = reference.host(text)
    except UserMistake as mistake:
        return mistake
    return Handle(wanted.name.lower()) if isinstance(wanted, Handle) else wanted


def _line(text: str, outcome: Outcome, is_protected: Mistake) -> HostLine:
    if not isinstance(outcome, Host):
        return HostLine(text=text, error=outcome)
    if outcome.protected:
        return HostLine(text=text, error=UserMistake(is_protected))
    return HostLine(text=text, host=outcome)
