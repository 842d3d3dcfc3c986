"""What members ask for: a Space, a search, whether a host is live, posts and buyers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TypeVar

from spacebot.clock import Clock
from spacebot.domain.accounts import Host
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.spaces import Phase, State
from spacebot.domain.views import SpaceView
from spacebot.errors import UserMistake, XAbsent, XBadToken, XError, XFieldRefused, XForbidden, XPrivate
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.links import Links, PersonId
from spacebot.x import reference
from spacebot.x.auth import UserToken
from spacebot.x.client import XClient
from spacebot.x.endpoints import QUERY_LIMIT
from spacebot.x.fields import OWN, SWEEP, PostFields
from spacebot.x.host_batcher import HostBatcher
from spacebot.x.model import Page, User
from spacebot.x.posts import Post
from spacebot.x.translation import host_of, view_of
from spacebot.x.vocabulary import SearchState

POSTS_PER_PAGE = 20
"""Posts per request: each is billed, and few people look at many pages."""

PRIVATE_GAP = 4.0
"""Seconds between two requests about protected hosts, whoever asks."""

SHARED_POSTS = PostFields(
    post=("created_at", "text"), expansions=("author_id",), user=("name", "username"), media=(), poll=(), place=()
)
"""The fields of posts that are shown, and nothing else that is billed."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """What a search found, the live Spaces with the most listeners first."""

    views: tuple[SpaceView, ...]
    truncated: bool
    """Whether X may have more than it returned."""


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
    reminders: int | None = None
    """How many people set a reminder; shown only to its creator, in private."""
    is_private: bool = False
    """Whether only the person's own X account could see it: then nobody else may see the answer."""


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
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Store the collaborators.

        Args:
            x: X.
            batcher: Asks X about hosts, many at a time.
            store: Accounts that are known already.
            clock: Time.
            links: People's own tokens; None if the operator has not set that up.
            check: Raises `BudgetSpent` if the day's budget has no room for people's questions.
        """
        self._x = x
        self._batcher = batcher
        self._store = store
        self._clock = clock
        self._links = links
        self._check = check
        self._looking: dict[reference.Handle | UserId, asyncio.Task[Host]] = {}
        self._private_looks = asyncio.Lock()
        self._last_private_look = -PRIVATE_GAP

    async def space(self, text: str, person: PersonId) -> SpaceLook:
        """The Space behind an id or a link, as the app sees it, or else as the person's own account does."""
        space_id = reference.space_id(text)
        self._check()
        try:
            page = await self._x.space(space_id)
        except XAbsent:
            token = await self._token(person)
            if token is None:
                raise
            try:
                page = await self._x.space(space_id, token=token, fields=OWN)
            except XBadToken:
                raise await self._refused(person) from None
            return SpaceLook(
                view=view_of(page.items[0], page),
                reminders=page.items[0].subscriber_count,
                is_private=True,
            )
        await self._store(Queries.remember_users, list(page.users.values()), self._clock.now())
        return SpaceLook(view=view_of(page.items[0], page), reminders=await self._reminders(space_id, person))

    async def _reminders(self, space_id: SpaceId, person: PersonId) -> int | None:
        """The number of reminders, if X shows it to this person; a failure does not spoil the rest of the answer."""
        try:
            token = await self._token(person)
            if token is None:
                return None
            own = await self._x.space(space_id, token=token, fields=OWN)
        except XError:
            return None
        return own.items[0].subscriber_count

    async def posts(self, text: str) -> AsyncIterator[Page[Post]]:
        """The posts shared in a Space, page by page; the first page is there when this returns."""
        self._check()
        pages = self._x.posts(reference.space_id(text), max_results=POSTS_PER_PAGE, fields=SHARED_POSTS)
        return _StartedPages(await anext(pages), pages)

    async def buyers(self, text: str, person: PersonId) -> AsyncIterator[Page[User]]:
        """Who bought a ticket for a Space of this person's, page by page; the first page is there when this returns.

        Raises:
            UserMistake: the person has not linked their X account, or did not create the Space.
        """
        space_id = reference.space_id(text)
        token = await self._token(person)
        if token is None:
            raise UserMistake(Mistake.NOT_LINKED if self._links is not None else Mistake.LINKING_NOT_SET_UP)
        try:
            pages = self._x.buyers(space_id, token=token)
            return _StartedPages(await anext(pages), pages)
        except XBadToken:
            raise await self._refused(person) from None
        except (XPrivate, XForbidden, XFieldRefused):
            raise UserMistake(Mistake.NOT_THE_CREATOR) from None

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

    async def search(self, query: str, state: SearchState) -> SearchAnswer:
        """Spaces whose title has these words."""
        words = query.strip()
        if not words:
            raise UserMistake(Mistake.NOTHING_TO_SEARCH)
        if len(words) > QUERY_LIMIT:
            raise UserMistake(Mistake.QUERY_TOO_LONG, most=QUERY_LIMIT)
        self._check()
        page = await self._x.search(words, state=state, fields=SWEEP)
        views = (view_of(space, page) for space in page.items)
        shown = [view for view in views if view.phase.is_open]
        return SearchAnswer(views=tuple(sorted(shown, key=_liveliest)), truncated=page.truncated)

    async def host_live(self, text: str, person: PersonId) -> HostLive:
        """A host's live Space, or the scheduled ones; for a protected account what the person's own account may see.

        Shares a request with everybody who asks at the same time and with the next sweep; only a live Space costs a
        second request, for its co-hosts, speakers and topics.
        """
        host = await self._account(text)
        if host.protected:
            return await self._protected_host_live(host, person)
        answer = await self._batcher.ask(host.user_id)
        live = [space for space in answer.spaces if space.state is State.LIVE]
        if live:
            self._check()
            page = await self._x.space(live[0].id)
            return HostLive(host=host, live=view_of(page.items[0], page), upcoming=())
        page = answer.page
        upcoming = sorted(
            (view_of(space, page) for space in answer.spaces if space.state is State.SCHEDULED),
            key=_soonest,
        )
        return HostLive(host=host, live=None, upcoming=tuple(upcoming))

    async def _protected_host_live(self, host: Host, person: PersonId) -> HostLive:
        token = await self._token(person)
        if token is None:
            raise UserMistake(Mistake.PROTECTED)
        async with self._private_looks:
            # X allows the whole app one such request per second: one that nobody shares must leave room for sweeps.
            await self._clock.sleep(self._last_private_look + PRIVATE_GAP - self._clock.monotonic())
            try:
                page = await self._x.spaces_by_creators([host.user_id], token=token, fields=OWN)
            except XBadToken:
                raise await self._refused(person) from None
            finally:
                self._last_private_look = self._clock.monotonic()
        views = [view_of(space, page) for space in page.items]
        live = next((view for view in views if view.phase is Phase.LIVE), None)
        upcoming = sorted((view for view in views if view.phase is Phase.SCHEDULED), key=_soonest)
        return HostLive(host=host, live=live, upcoming=tuple(upcoming) if live is None else (), is_private=True)

    async def host(self, text: str) -> Host:
        """The account behind a handle, a link or a numeric id; a protected one is a `UserMistake`."""
        known = await self._account(text)
        if known.protected:
            raise UserMistake(Mistake.PROTECTED)
        return known

    async def _account(self, text: str) -> Host:
        """The account, protected or not; bought from X at most once per UTC day, however many ask at the same time."""
        wanted = reference.host(text)
        looking = self._looking.get(wanted)
        if looking is None:
            looking = self._looking[wanted] = asyncio.create_task(self._fetch_account(wanted))
            looking.add_done_callback(lambda task: self._looked(wanted, task))
        return await asyncio.shield(looking)  # a caller that is cancelled does not cancel it for the others

    def _looked(self, wanted: reference.Handle | UserId, task: asyncio.Task[Host]) -> None:
        del self._looking[wanted]
        if not task.cancelled():
            task.exception()  # raised in the caller already, unless it was cancelled

    async def _fetch_account(self, wanted: reference.Handle | UserId) -> Host:
        now = self._clock.now()
        today = datetime.combine(now.date(), time(), UTC)
        self._check()
        if isinstance(wanted, reference.Handle):
            known = await self._store(Queries.user_named, wanted.name, since=today)
            fetched = None if known else await self._x.user_by_username(wanted.name)
        else:
            known = await self._store(Queries.user, UserId(wanted), since=today)
            fetched = None if known else await self._x.user(UserId(wanted))
        if fetched is not None:
            await self._store(Queries.remember_users, fetched.items, now)
            known = host_of(fetched.items[0])
        assert known is not None
        return known


class _StartedPages(AsyncIterator[Page[T]]):
    """Pages whose first is fetched already; as with `XClient`, one that failed can be asked for again."""

    def __init__(self, first: Page[T], rest: AsyncIterator[Page[T]]) -> None:
        self._first: Page[T] | None = first
        self._rest = rest

    async def __anext__(self) -> Page[T]:
        if self._first is None:
            return await anext(self._rest)
        first, self._first = self._first, None
        return first


def _soonest(view: SpaceView) -> datetime:
    return view.scheduled_start or datetime.max.replace(tzinfo=UTC)


def _liveliest(view: SpaceView) -> tuple[bool, int, float]:
    """Live before scheduled, most listeners first, soonest first."""
    starts = view.scheduled_start.timestamp() if view.scheduled_start is not None else float("inf")
    return (view.phase is not Phase.LIVE, -(view.participant_count or 0), starts)
