"""What members ask for: a Space, a search, whether a host is live, posts and buyers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from spacebot.clock import Clock
from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Kind, Past
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId, ListId, PersonId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.spaces import Phase, State
from spacebot.domain.views import Company, SearchPage, SpaceView
from spacebot.errors import SpacebotError, UserMistake, XAbsent, XBadToken, XError, XFieldRefused, XForbidden, XPrivate
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.accounts import HOSTS_AT_ONCE, Accounts, HostLine, ListMembers
from spacebot.usecases.links import Links
from spacebot.usecases.searches import Search
from spacebot.x import reference
from spacebot.x.auth import UserToken
from spacebot.x.client import XClient
from spacebot.x.endpoints import QUERY_LIMIT
from spacebot.x.fields import FULL, OWN, SWEEP, PostFields, SpaceFields
from spacebot.x.host_batcher import HostBatcher
from spacebot.x.model import Page, Space, User
from spacebot.x.posts import Post
from spacebot.x.translation import view_of
from spacebot.x.vocabulary import SearchState

POSTS_PER_PAGE = 20
"""Posts per request: each is billed, and few people look at many pages."""

SEARCH_RESULTS = 20
"""Spaces per search: each is billed, and few people look at many pages."""

PRIVATE_GAP = 4.0
"""Seconds between two requests about protected hosts, whoever asks."""

PRIVATE_QUEUE = 10
"""So many people wait for such a look at most; more are told when to ask again."""

SHARED_POSTS = PostFields(
    post=("created_at", "text"), expansions=("author_id",), user=("name", "username"), media=(), poll=(), place=()
)
"""The fields of posts that are shown, and nothing else that is billed."""

UNNAMED = SpaceFields(expansions=("creator_id", "topic_ids"), topic=FULL.topic)
"""For people whose share is used up: the host and the topics, and no other account."""

MOST_BUYERS = 2_000
"""As many buyers are read for a file: each is billed, once in a day."""

REMINDERS = SpaceFields(space=("state", "subscriber_count"), expansions=())
"""What X tells a Space's creator alone."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLive:
    """The Space that a host has live, or what is scheduled."""

    host: Host
    live: SpaceView | None
    upcoming: tuple[SpaceView, ...]
    is_private: bool = False
    """Whether only the person's own X account could see it: then nobody else may see the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceLook:
    """A Space as one person may see it."""

    view: SpaceView
    past: Past | None = None
    """Where X no longer shows it: what is kept of its announcement in the guild that asks."""
    reminders: int | None = None
    """How many people set a reminder; shown only to its creator, in private."""
    is_private: bool = False
    """Whether only the person's own X account could see it: then nobody else may see the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyers:
    """Who bought a ticket for a Space, as far as they were read."""

    users: tuple[User, ...]
    is_all: bool
    why: Exception | None = None
    """Why not all were read, if X was in the way."""


class Lookups:
    """The use cases of `/space`, `/spaces-search`, `/host-live`, `/space-posts` and `/space-buyers`.

    Every method raises `UserMistake` for what cannot work, and an `XError` where X does not answer.
    """

    def __init__(
        self,
        *,
        x: XClient,
        batcher: HostBatcher,
        store: Store,
        clock: Clock,
        links: Links | None,
        may_buy_participants: Callable[[Errand], bool] = lambda _errand: True,
        new_hosts_a_day: int | None = None,
    ) -> None:
        """Store the collaborators.

        Args:
            x: X.
            batcher: Asks X about hosts, many at a time.
            store: Accounts that are known already.
            clock: Time.
            links: People's own tokens; None if the operator has not set that up.
            may_buy_participants: Whether the co-hosts and speakers of a Space may be bought for this errand.
            new_hosts_a_day: The most accounts that are bought in one UTC day for one guild to follow; None for no limit.
        """
        self._x = x
        self._batcher = batcher
        self._store = store
        self._clock = clock
        self._links = links
        self._may_buy_participants = may_buy_participants
        self._is_protected = Mistake.PROTECTED if links is not None else Mistake.PROTECTED_FROM_ALL
        self._accounts = Accounts(
            x=x, store=store, clock=clock, new_hosts_a_day=new_hosts_a_day, is_protected=self._is_protected
        )
        self._private_look = asyncio.Lock()
        self._private_askers: set[PersonId] = set()
        self._last_private_look = -PRIVATE_GAP

    def _asking(self, guild_id: GuildId | None, person: PersonId) -> XClient:
        """X, as one person asks it."""
        return self._x.on_behalf(Errand(purpose=Purpose.PEOPLE, guild_id=guild_id, person=person))

    async def space(self, text: str, *, guild_id: GuildId | None, person: PersonId) -> SpaceLook:
        """The Space behind an id or a link, as the app sees it, or else as the person's own account does.

        Of a Space that neither is shown, and that was announced in the guild, what is kept of it.
        """
        space_id = reference.space_id(text)
        x = self._asking(guild_id, person)
        try:
            view = await self._shown(x, space_id)
        except XAbsent:
            past = await self._announced(space_id, guild_id)
            token = await self._token(person)
            if token is None and past is None:
                raise
            try:
                if token is not None:
                    return await self._own(x, space_id, token, person)
            except XAbsent:
                if past is None:
                    raise
            assert past is not None  # else it was raised
            return SpaceLook(view=SpaceView.of_record(past.space, past.host), past=past)
        return SpaceLook(view=view, reminders=await self._reminders(x, space_id, person))

    async def _own(self, x: XClient, space_id: SpaceId, token: UserToken, person: PersonId) -> SpaceLook:
        """The Space as X shows it to this person's account alone."""
        try:
            page = await x.space(space_id, token=token, fields=OWN)
        except XBadToken:
            raise await self._refused(person) from None
        reminders = page.items[0].subscriber_count
        await self._note_own(person, space_id, reminders=reminders)
        return SpaceLook(view=view_of(page.items[0], page), reminders=reminders, is_private=True)

    async def _note_own(
        self, person: PersonId, space_id: SpaceId, *, reminders: int | None = None, tickets: int | None = None
    ) -> None:
        """Remember what X tells the creator of a Space alone, for the figures that only they are shown."""
        if reminders is not None or tickets is not None:
            await self._store(
                Queries.note_own, person, space_id, self._clock.now(), reminders=reminders, tickets=tickets
            )

    async def _announced(self, space_id: SpaceId, guild_id: GuildId | None) -> Past | None:
        """What is kept of a Space that is over and was announced in the guild: its first message that still stands, if any."""
        if guild_id is None:
            return None
        past = await self._store(Queries.past, guild_id, space_id=space_id)
        sent = [each for each in reversed(past) if each.sent_at is not None and not each.space.phase.is_open]
        posts = [each for each in sent if each.kind is not Kind.EVENT]
        if sent and not posts:  # what is known is told; an event that is over is no post to go to
            return replace(sent[0], message_id=None)
        return next((each for each in posts if each.message_id is not None), posts[0] if posts else None)

    async def _shown(self, x: XClient, space_id: SpaceId) -> SpaceView:
        """One Space; its co-hosts and speakers are bought where they may be, else those known are named, and the others counted."""
        may_buy = self._may_buy_participants(x.errand)
        page = await x.space(space_id, fields=FULL if may_buy else UNNAMED)
        await self._store(Queries.remember_users, list(page.users.values()), self._clock.now())
        view = view_of(page.items[0], page)
        return view if may_buy else await self._with_known_participants(page.items[0], view)

    async def _with_known_participants(self, space: Space, view: SpaceView) -> SpaceView:
        record = await self._store(Queries.space, space.id)
        cohosts = [user for user in space.host_ids if user != space.creator_id] or (record.cohosts if record else ())
        speakers = [user for user in space.speaker_ids if user not in space.host_ids] or (
            record.speakers if record else ()
        )
        known = await self._store(Queries.accounts, [*cohosts, *speakers])
        return replace(
            view,
            cohosts=tuple(known[user] for user in cohosts if user in known),
            speakers=tuple(known[user] for user in speakers if user in known),
            more_cohosts=sum(user not in known for user in cohosts),
            more_speakers=sum(user not in known for user in speakers),
        )

    async def _reminders(self, x: XClient, space_id: SpaceId, person: PersonId) -> int | None:
        """The number of reminders, if X shows it to this person; a failure does not spoil the rest of the answer."""
        try:
            token = await self._token(person)
            if token is None:
                return None
            own = await x.space(space_id, token=token, fields=REMINDERS)
        except (XError, UserMistake):  # a share that is used up is no reason to answer less than before
            return None
        reminders = own.items[0].subscriber_count
        await self._note_own(person, space_id, reminders=reminders)
        return reminders

    async def who(self, space_id: SpaceId) -> Company | None:
        """Who takes part in a Space, as far as the database knows; None where it knows no such Space. X is not asked."""
        return await self._store.read(Queries.company, space_id)

    async def posts(self, text: str, *, guild_id: GuildId | None, person: PersonId) -> AsyncIterator[Page[Post]]:
        """The posts shared in a Space, page by page; the first page is there when this returns."""
        pages = self._asking(guild_id, person).posts(
            reference.space_id(text), max_results=POSTS_PER_PAGE, fields=SHARED_POSTS
        )
        return _StartedPages(await anext(pages), pages)

    async def buyers(self, text: str, *, guild_id: GuildId | None, person: PersonId) -> AsyncIterator[Page[User]]:
        """Who bought a ticket for a Space of this person's, page by page; the first page is there when this returns.

        Raises:
            UserMistake: the person has not linked their X account, or did not create the Space.
        """
        space_id = reference.space_id(text)
        token = await self._token(person)
        if token is None:
            raise UserMistake(Mistake.NOT_LINKED if self._links is not None else Mistake.LINKING_NOT_SET_UP)
        try:
            pages = self._asking(guild_id, person).buyers(space_id, token=token)
            first = await anext(pages)
        except XBadToken:
            raise await self._refused(person) from None
        except (XPrivate, XForbidden, XFieldRefused):
            raise UserMistake(Mistake.NOT_THE_CREATOR) from None
        if first.next_token is None:
            await self._note_own(person, space_id, tickets=len(first.items))
        return _StartedPages(first, pages)

    async def all_buyers(self, space_id: SpaceId, *, guild_id: GuildId | None, person: PersonId) -> Buyers:
        """All who bought a ticket for a Space of this person's, up to `MOST_BUYERS`; those read before X failed, if it does.

        Raises:
            UserMistake: as `buyers`.
            XError: X does not answer for the first of them.
        """
        pages = await self.buyers(space_id, guild_id=guild_id, person=person)
        found: dict[UserId, User] = {}
        try:
            async for page in pages:
                found |= {user.id: user for user in page.items}
                if len(found) >= MOST_BUYERS and page.next_token is not None:
                    return Buyers(users=tuple(found.values())[:MOST_BUYERS], is_all=False)
        except SpacebotError as error:  # what is paid for is handed out
            return Buyers(users=tuple(found.values()), is_all=False, why=error)
        await self._note_own(person, space_id, tickets=len(found))
        return Buyers(users=tuple(found.values()), is_all=True)

    async def _refused(self, person: PersonId) -> UserMistake:
        """Have a token renewed that X rejected although it should be valid; returns what to raise."""
        if self._links is not None:
            await self._links.refused(person)
        return UserMistake(Mistake.LINK_NOT_TAKEN)

    async def _token(self, person: PersonId) -> UserToken | None:
        """The person's own token, if they have linked their account."""
        if self._links is None:
            return None
        return await self._links.token(person)

    async def search(
        self, query: str, state: SearchState, *, guild_id: GuildId | None, person: PersonId
    ) -> AsyncIterator[SearchPage]:
        """Spaces whose title has these words, page by page; the first page is there when this returns."""
        words = searched_for(query)
        pages = Search(x=self._asking(guild_id, person), store=self._store, clock=self._clock, words=words, state=state)
        try:
            return _StartedPages(await anext(pages), pages)
        except StopAsyncIteration:
            return pages

    async def host_live(self, text: str, *, guild_id: GuildId | None, person: PersonId) -> HostLive:
        """A host's live Space, or the scheduled ones; for a protected account what the person's own account may see.

        Shares a request with everybody who asks at the same time and with the next sweep; only a live Space costs a
        second request, for its co-hosts, speakers and topics.
        """
        x = self._asking(guild_id, person)
        host = await self._accounts.account(reference.host(text), x)
        if host.protected:
            return await self._protected_host_live(host, person, x)
        answer = await self._batcher.ask(host.user_id, x.errand)
        live = [space for space in answer.spaces if space.state is State.LIVE]
        if live:
            return HostLive(host=host, live=await self._shown(x, live[0].id), upcoming=())
        page = answer.page
        upcoming = sorted(
            (view_of(space, page) for space in answer.spaces if space.state is State.SCHEDULED),
            key=_soonest,
        )
        return HostLive(host=host, live=None, upcoming=tuple(upcoming))

    async def _protected_host_live(self, host: Host, person: PersonId, x: XClient) -> HostLive:
        token = await self._token(person)
        if token is None:
            raise UserMistake(self._is_protected)
        async with self._private_turn(person):
            try:
                page = await x.spaces_by_creators([host.user_id], token=token, fields=SWEEP)
                live = next((space for space in page.items if space.state is State.LIVE), None)
                if live is not None:
                    may_buy = self._may_buy_participants(x.errand)
                    one = await x.space(live.id, token=token, fields=OWN) if may_buy else page
                    return HostLive(host=host, live=view_of(_same(live, one), one), upcoming=(), is_private=True)
            except XBadToken:
                raise await self._refused(person) from None
        views = [view_of(space, page) for space in page.items]
        upcoming = sorted((view for view in views if view.phase is Phase.SCHEDULED), key=_soonest)
        return HostLive(host=host, live=None, upcoming=tuple(upcoming), is_private=True)

    @asynccontextmanager
    async def _private_turn(self, person: PersonId) -> AsyncIterator[None]:
        """X's one request per second is the whole app's: what nobody else can share must leave room for sweeps.

        Each person has one look under way, so that nobody waits for more than one of each of the others.

        Raises:
            UserMistake: the person has one already, or too many people wait.
        """
        if person in self._private_askers:
            raise UserMistake(Mistake.PRIVATE_LOOK_UNDER_WAY)
        if len(self._private_askers) >= PRIVATE_QUEUE:
            raise UserMistake(Mistake.PRIVATE_LOOKS_FULL, seconds=round(PRIVATE_QUEUE * PRIVATE_GAP))
        self._private_askers.add(person)
        try:
            async with self._private_look:
                await self._clock.sleep(self._last_private_look + PRIVATE_GAP - self._clock.monotonic())
                try:
                    yield
                finally:
                    self._last_private_look = self._clock.monotonic()
        finally:
            self._private_askers.discard(person)

    async def host(self, text: str, *, guild_id: GuildId | None, person: PersonId) -> Host:
        """The account behind a handle, a link, a Space's link or a numeric id, if everybody may see its Spaces.

        Where it has to be bought for a guild, it counts against what the guild may have bought in a day.

        Raises:
            UserMistake: the account is protected, or the guild has had as many bought today as it may.
        """
        return await self._accounts.host(text, guild_id=guild_id, person=person)

    async def hosts(
        self, texts: Sequence[str], *, guild_id: GuildId, person: PersonId, most: int = HOSTS_AT_ONCE
    ) -> tuple[HostLine, ...]:
        """The same for many at once, each on a line of its own: what is not known is asked for together.

        Returns:
            One for each line that is not blank, in their order, with the account or the error that `host` would raise.

        Raises:
            UserMistake: more than `most` lines; X is asked for 100 at once.
        """
        return await self._accounts.hosts(texts, guild_id=guild_id, person=person, most=most)

    def list_price(self, most: int) -> int:
        """What so many members of a list cost at most, in thousandths of a cent: those bought today already cost nothing."""
        return self._accounts.list_price(most)

    async def list_members(self, list_id: ListId, *, guild_id: GuildId, person: PersonId, most: int) -> ListMembers:
        """The newest members of a list of X's, `most` of them, or as many as the guild may have bought today.

        Raises:
            UserMistake: X does not show the list, or the guild has had as many accounts bought today as it may.
        """
        return await self._accounts.list_members(list_id, guild_id=guild_id, person=person, most=most)


def searched_for(query: str) -> str:
    """The words to search for.

    Raises:
        UserMistake: there are none, or too many.
    """
    words = query.strip()
    if not words:
        raise UserMistake(Mistake.NOTHING_TO_SEARCH)
    if len(words) > QUERY_LIMIT:
        raise UserMistake(Mistake.QUERY_TOO_LONG, most=QUERY_LIMIT)
    return words


class _StartedPages(AsyncIterator[T]):
    """Pages of which the first is there already; as those that are given, one that failed can be asked for again."""

    def __init__(self, first: T, rest: AsyncIterator[T]) -> None:
        self._first: T | None = first
        self._rest = rest

    async def __anext__(self) -> T:
        if self._first is None:
            return await anext(self._rest)
        first, self._first = self._first, None
        return first


def _soonest(view: SpaceView) -> datetime:
    return view.scheduled_start or datetime.max.replace(tzinfo=UTC)


def _same(space: Space, page: Page[Space]) -> Space:
    """The Space as this answer shows it."""
    return next((one for one in page.items if one.id == space.id), space)
