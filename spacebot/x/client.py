"""The X client: one method per endpoint. Every request is counted before it is sent, and every failure is an XError."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from spacebot.domain.errands import Errand
from spacebot.domain.ids import ListId, SpaceId, UserId
from spacebot.errors import XInvalidRequest
from spacebot.x import endpoints
from spacebot.x.auth import UserToken
from spacebot.x.base import XObject
from spacebot.x.endpoints import IDS_PER_REQUEST, RESULTS_PER_ANSWER, Endpoint, Request, malformed
from spacebot.x.fields import FULL, SWEEP, PostFields, Query, SpaceFields, UserFields
from spacebot.x.limits import Window
from spacebot.x.model import Page, Problem, Space, User, join
from spacebot.x.posts import Post
from spacebot.x.pots import Hold
from spacebot.x.transport import Riders, Transport

T = TypeVar("T", bound=XObject)

_MOST_REFUSALS = 40
"""Halving a batch of 100 to single out one id takes at most 14 refusals; beyond this, X refuses something else."""

_MOST_EMPTY = 3
"""So many pages without anything are believed to come before one with something."""

_USERS = UserFields()
_POSTS = PostFields()


class XClient:
    """Asks X, with one method per endpoint.

    Every method raises an `XError`: `XRateLimited` without asking X if the rate limit is used up (urgent requests
    only, the others wait), and whatever X's answer means (see `spacebot.errors`).

    Args:
        transport: Sends the requests.
        errand: What they are for, and for whom: that decides what they may cost, how often they may go, and when.
    """

    def __init__(self, transport: Transport, errand: Errand) -> None:
        self._transport = transport
        self.errand = errand

    def on_behalf(self, errand: Errand) -> "XClient":
        """The same client, asking for another errand."""
        return XClient(self._transport, errand)

    async def space(
        self,
        space_id: SpaceId,
        *,
        token: UserToken | None = None,
        fields: SpaceFields = FULL,
    ) -> Page[Space]:
        """One Space: exactly one item. Raises `XAbsent` if X does not show it."""
        return await self._ask_one(endpoints.SPACE, space_id, fields.query(), token)

    async def spaces(
        self,
        ids: Iterable[SpaceId],
        *,
        token: UserToken | None = None,
        fields: SpaceFields = SWEEP,
    ) -> Page[Space]:
        """Several Spaces, in requests of 100. What X does not show, or cannot exist, is named in `problems`."""
        return await self._ask_many(endpoints.SPACES, ids, fields.query(), token)

    async def spaces_by_creators(
        self,
        host_ids: Iterable[UserId],
        *,
        token: UserToken | None = None,
        fields: SpaceFields = SWEEP,
        riders: Riders | None = None,
        has_slot: bool = False,
    ) -> Page[Space]:
        """The live and scheduled Spaces that these accounts created, in requests of 100 hosts, one per second.

        If an answer is full, its hosts are asked for again in two halves; `truncated` only if one host fills it.
        `HostBatcher` shares these requests: `riders` are the hosts in them that others pay for, and `has_slot` says that it
        has waited in `wait_for_creators_slot` already.
        """
        return await self._ask_many(
            endpoints.CREATORS, host_ids, fields.query(), token, riders=riders, has_slot=has_slot
        )

    def admit(self) -> None:
        """Let one question through that rides in a request of somebody else, or that a guild wants without a person.

        Raises:
            UserMistake: who asks has asked too much.
        """
        self._transport.admit(self.errand)

    def seat(self, host_id: UserId) -> Hold:
        """Hold the money for one host that rides in a request of somebody else; `leave` must follow.

        Raises:
            BudgetSpent: there is none.
        """
        return self._transport.seat(_about_hosts((host_id,), SWEEP.query()), self.errand)

    def leave(self, seat: Hold) -> None:
        """That request is over, or never went."""
        self._transport.leave(seat)

    def affordable_hosts(self, host_ids: Sequence[UserId]) -> int:
        """About how many of these hosts, from the first, one request may ask for what may be spent; 0 for not one."""
        return self._affordable(len(host_ids), lambda count: _about_hosts(host_ids[:count], SWEEP.query()))

    def affordable_spaces(self, ids: Sequence[SpaceId], fields: SpaceFields) -> int:
        """The same for Spaces by their ids."""
        many = _many(endpoints.SPACES)
        return self._affordable(
            len(ids),
            lambda count: Request(endpoint=endpoints.SPACES, query={many: tuple(ids[:count]), **fields.query()}),
        )

    def affordable_results(self, fields: SpaceFields, most: int = RESULTS_PER_ANSWER) -> int:
        """The same for the results of a search: one at least, for X takes no less."""
        return self._affordable(
            most,
            lambda count: Request(endpoint=endpoints.SEARCH, query={"max_results": count, **fields.query()}),
            least=1,
        )

    def _affordable(self, count: int, request: Callable[[int], Request[Space]], *, least: int = 0) -> int:
        room = self._transport.room(self.errand)
        if room is None:
            return count
        while count > least and self._transport.cost(request(count)) > room:
            count //= 2
        return count

    async def wait_for_creators_slot(self, *, patience: float | None = None) -> None:
        """Return when a request to `creator_ids` may go; it is counted, so `spaces_by_creators(has_slot=True)` follows.

        Raises:
            XRateLimited: It may not go within `patience`, or, where it is urgent, at once.
        """
        limiter = self._transport.rate_limiter
        await limiter.wait_for_slot(endpoints.CREATORS, None, self.errand, patience=patience)

    def give_up_creators_slot(self) -> None:
        """The slot that `wait_for_creators_slot` gave will not be used; it stays counted."""
        self._transport.rate_limiter.request_done(endpoints.CREATORS, None, None)

    async def search(
        self,
        query: str,
        *,
        state: Literal["live", "scheduled", "all"] = "all",
        max_results: int = RESULTS_PER_ANSWER,
        token: UserToken | None = None,
        fields: SpaceFields = FULL,
    ) -> Page[Space]:
        """Spaces whose original title has these words (1 to 2,048 characters); `truncated` if the answer is full."""
        asked: Query = {"query": query, "state": state, "max_results": max_results, **fields.query()}
        page = await self._transport.ask(Request(endpoint=endpoints.SEARCH, query=asked), self.errand, token)
        return replace(page, truncated=page.truncated or len(page.items) >= max_results)

    async def user_by_username(
        self,
        username: str,
        *,
        token: UserToken | None = None,
        fields: UserFields = _USERS,
    ) -> Page[User]:
        """One account by its handle without '@': exactly one item. Raises `XAbsent` if X does not show it."""
        return await self._ask_one(endpoints.USER_BY_USERNAME, username, fields.query(), token)

    async def users_by_usernames(
        self,
        usernames: Iterable[str],
        *,
        token: UserToken | None = None,
        fields: UserFields = _USERS,
    ) -> Page[User]:
        """Several accounts by handle; what X does not show is named in `problems`."""
        return await self._ask_many(endpoints.USERS_BY_USERNAMES, usernames, fields.query(), token)

    async def user(
        self,
        user_id: UserId,
        *,
        token: UserToken | None = None,
        fields: UserFields = _USERS,
    ) -> Page[User]:
        """One account by id: exactly one item. Raises `XAbsent` if X does not show it."""
        return await self._ask_one(endpoints.USER, user_id, fields.query(), token)

    async def users(
        self,
        ids: Iterable[UserId],
        *,
        token: UserToken | None = None,
        fields: UserFields = _USERS,
    ) -> Page[User]:
        """Several accounts by id; what X does not show is named in `problems`."""
        return await self._ask_many(endpoints.USERS, ids, fields.query(), token)

    def list_members(
        self, list_id: ListId, *, max_results: int = RESULTS_PER_ANSWER, fields: UserFields = _USERS
    ) -> AsyncIterator[Page[User]]:
        """The accounts of a public list, page by page, `max_results` in each; one that X does not show is named in `problems`."""
        return self._ask_pages(endpoints.LIST_MEMBERS, list_id, {"max_results": max_results, **fields.query()}, None)

    def price_of_accounts(self, count: int) -> int:
        """What so many accounts cost of which none is paid for today, in thousandths of a cent; 0 where nobody books it."""
        return self._transport.cost(
            Request(endpoint=endpoints.LIST_MEMBERS, about="1", query={"max_results": count, **UserFields().query()})
        )

    def affordable_accounts(self, most: int) -> int:
        """How many accounts, of so many that are wanted, one request may buy for what may be spent; 0 for not one."""
        room, price = self._transport.room(self.errand), self.price_of_accounts(1)
        return most if room is None or not price else min(most, room // price)

    def posts(
        self,
        space_id: SpaceId,
        *,
        max_results: int = RESULTS_PER_ANSWER,
        token: UserToken | None = None,
        fields: PostFields = _POSTS,
    ) -> AsyncIterator[Page[Post]]:
        """The posts shared in a Space, page by page."""
        return self._ask_pages(endpoints.POSTS, space_id, {"max_results": max_results, **fields.query()}, token)

    def buyers(
        self,
        space_id: SpaceId,
        *,
        token: UserToken,
        max_results: int = RESULTS_PER_ANSWER,
        fields: UserFields = _USERS,
    ) -> AsyncIterator[Page[User]]:
        """Who bought a ticket for a Space, page by page; `token` must be its creator's."""
        return self._ask_pages(endpoints.BUYERS, space_id, {"max_results": max_results, **fields.query()}, token)

    def windows(self) -> Mapping[str, Window]:
        """What is left of the app's windows, by endpoint, for a status; `reset` is in the clock's monotonic seconds."""
        return self._transport.rate_limiter.windows()

    def told_limits(self) -> Mapping[str, int]:
        """The app's requests in 15 minutes, by endpoint, where X's answers have said it."""
        return self._transport.rate_limiter.told_limits()

    async def _ask_one(self, endpoint: Endpoint[T], about: str, query: Query, token: UserToken | None) -> Page[T]:
        return await self._transport.ask(Request(endpoint=endpoint, about=about, query=query), self.errand, token)

    def _ask_pages(
        self, endpoint: Endpoint[T], about: str, query: Query, token: UserToken | None
    ) -> AsyncIterator[Page[T]]:
        return _Pages(lambda asked: self._ask_one(endpoint, about, asked, token), query)

    async def _ask_many(
        self,
        endpoint: Endpoint[T],
        asked: Iterable[str],
        fields: Query,
        token: UserToken | None,
        *,
        riders: Riders | None = None,
        has_slot: bool = False,
    ) -> Page[T]:
        parameter = endpoint.many
        assert parameter is not None
        unique = list(dict.fromkeys(asked))
        wrong = malformed(endpoint, unique)
        sound = [one for one in unique if one not in wrong] if wrong else unique
        problems = [_malformed(endpoint, one) for one in wrong]
        waiting = [sound[start : start + IDS_PER_REQUEST] for start in range(0, len(sound), IDS_PER_REQUEST)][::-1]
        pages: list[Page[T]] = []
        refusals = 0
        while waiting:
            part = waiting.pop()
            request = Request(endpoint=endpoint, query={parameter: tuple(part), **fields})
            try:
                page = await self._transport.ask(
                    request, self.errand, token, riders=_riders_in(part, riders), has_slot=has_slot
                )
            except XInvalidRequest as refused:
                refusals += 1
                if (refused.parameters and parameter not in refused.parameters) or refusals > _MOST_REFUSALS:
                    raise
                named = [one for one in part if one in refused.values]
                if len(part) == 1:
                    problems.append(_malformed(endpoint, part[0]))
                elif 0 < len(named) < len(part):
                    problems.extend(_malformed(endpoint, one) for one in named)
                    waiting.append([one for one in part if one not in refused.values])
                else:
                    waiting.extend(_halves(part))
            else:
                full = endpoint is endpoints.CREATORS and len(page.items) >= RESULTS_PER_ANSWER
                if full and len(part) > 1:
                    waiting.extend(_halves(part))
                else:
                    pages.append(replace(page, truncated=True) if full else page)
            has_slot = False
        if has_slot:
            self._transport.rate_limiter.request_done(endpoint, None, None)
        if problems:
            pages.append(Page(problems=tuple(problems)))
        return pages[0] if len(pages) == 1 else join(pages)


def _many(endpoint: Endpoint[XObject]) -> str:
    assert endpoint.many is not None
    return endpoint.many


def _about_hosts(host_ids: Sequence[UserId], fields: Query) -> Request[Space]:
    return Request(endpoint=endpoints.CREATORS, query={_many(endpoints.CREATORS): tuple(host_ids), **fields})


def _riders_in(part: Sequence[str], riders: Riders | None) -> Riders | None:
    return {UserId(one): riders[UserId(one)] for one in part if one in riders} if riders else None


def _malformed(endpoint: Endpoint[XObject], one: str) -> Problem:
    """What X says in other batches of a thing that cannot be."""
    return Problem(
        type="invalid-request",
        title="Invalid Request",
        detail="X does not take this for an id or a name.",
        parameter=endpoint.many,
        value=one,
        resource_id=one,
        resource_type=endpoint.item.__name__.lower(),
    )


def _halves(part: list[str]) -> list[list[str]]:
    middle = len(part) // 2
    return [part[middle:], part[:middle]]


class _Pages(AsyncIterator[Page[T]]):
    """Page after page; one that could not be had is asked for again by the next call, which a generator could not do.

    After `_MOST_EMPTY` empty ones in a row they are over, whatever X says: nobody waits for what does not come.
    """

    def __init__(self, ask: Callable[[Query], Awaitable[Page[T]]], query: Query) -> None:
        self._ask = ask
        self._query = query
        self._seen: set[str] = set()
        self._empty = 0
        self._is_over = False

    async def __anext__(self) -> Page[T]:
        if self._is_over:
            raise StopAsyncIteration
        page = await self._ask(self._query)
        self._empty = 0 if page.items else self._empty + 1
        if page.next_token is None or page.next_token in self._seen or self._empty >= _MOST_EMPTY:
            self._is_over = True
        else:
            self._seen.add(page.next_token)
            self._query = {**self._query, "pagination_token": page.next_token}
        return page
