"""The X client: one method per endpoint. Every request is counted before it goes, and every failure is one XError."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from itertools import filterfalse
from typing import Literal, TypeVar

import aiohttp

from spacebot.clock import Clock
from spacebot.domain.ids import SpaceId, UserId
from spacebot.errors import XInvalidRequest
from spacebot.x import endpoints
from spacebot.x.auth import Auth, UserToken
from spacebot.x.base import XObject
from spacebot.x.endpoints import AT_ONCE, Endpoint, Request
from spacebot.x.fields import FULL, OWN, SWEEP, PostFields, Query, SpaceFields, UserFields
from spacebot.x.limits import Lane, Window
from spacebot.x.model import Page, Post, Problem, Space, User, join
from spacebot.x.money import Meter, Usage
from spacebot.x.rate_limiter import RateLimiter
from spacebot.x.transport import Transport

__all__ = ["FULL", "OWN", "SWEEP", "Lane", "PostFields", "SpaceFields", "UserFields", "XClient"]

T = TypeVar("T", bound=XObject)

_MOST_REFUSALS = 40
"""Halving a batch of 100 to single out one id takes at most 14 refusals; beyond this, X refuses something else."""

_USERS = UserFields()
_POSTS = PostFields()


class XClient:
    """Asks X. Knows the windows of every endpoint; people go before the background.

    Every method raises an `XError`: `XRateLimited` without troubling X where a window is used up (people only, the
    background waits instead), and whatever X's answer means (see `spacebot.errors`).

    Args:
        session: Carries the requests; stays its owner's, who closes it.
        base_url: Where X's API is (https://api.x.com).
        auth: The app's credentials, for requests without a person's `token`.
        clock: Time.
        people_share: The part of each limit that the background leaves to people.
        on_usage: Told the billable resources of every answer.
        meter: Keeps the books of what requests may cost and do cost; None where nobody does.
        deadline: Seconds for one request with its retries, counted from when its turn came.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        base_url: str,
        auth: Auth,
        clock: Clock,
        people_share: float = 0.1,
        on_usage: Callable[[Usage], None] | None = None,
        meter: Meter | None = None,
        deadline: float = 8.0,
    ) -> None:
        self._turns = RateLimiter(clock=clock, people_share=people_share)
        self._caller = Transport(
            session=session,
            base_url=base_url,
            auth=auth,
            clock=clock,
            turns=self._turns,
            on_usage=on_usage,
            meter=meter,
            deadline=deadline,
        )

    async def space(
        self,
        space_id: SpaceId,
        *,
        lane: Lane = Lane.PEOPLE,
        token: UserToken | None = None,
        fields: SpaceFields = FULL,
    ) -> Page[Space]:
        """One Space: exactly one item. Raises `XAbsent` where X does not show it."""
        return await self._one(endpoints.SPACE, space_id, fields.query(), lane, token)

    async def spaces(
        self,
        ids: Iterable[SpaceId],
        *,
        lane: Lane = Lane.PEOPLE,
        token: UserToken | None = None,
        fields: SpaceFields = SWEEP,
    ) -> Page[Space]:
        """Several Spaces, in requests of 100. What X does not show, or cannot exist, is named in `problems`."""
        return await self._many(endpoints.SPACES, ids, fields.query(), lane, token)

    async def spaces_by_creators(
        self,
        host_ids: Iterable[UserId],
        *,
        lane: Lane = Lane.PEOPLE,
        token: UserToken | None = None,
        fields: SpaceFields = SWEEP,
        turn_taken: bool = False,
    ) -> Page[Space]:
        """The live and scheduled Spaces that these accounts created, in requests of 100 hosts, one per second.

        Where an answer is full, its hosts are asked for again in two halves; `truncated` only if one host fills it.
        `HostDesk` shares these requests; `turn_taken` says that it has waited in `creators_turn` already.
        """
        return await self._many(endpoints.CREATORS, host_ids, fields.query(), lane, token, turn_taken=turn_taken)

    async def creators_turn(self, *, lane: Lane) -> None:
        """Return when a request to `creator_ids` may go; it is counted, so `spaces_by_creators(turn_taken=True)` follows."""
        await self._turns.take(endpoints.CREATORS, None, lane)

    def creators_turn_unused(self) -> None:
        """The turn that `creators_turn` gave will not be used; it stays counted."""
        self._turns.landed(endpoints.CREATORS, None, None)

    async def search(
        self,
        query: str,
        *,
        state: Literal["live", "scheduled", "all"] = "all",
        max_results: int = AT_ONCE,
        lane: Lane = Lane.PEOPLE,
        token: UserToken | None = None,
        fields: SpaceFields = FULL,
    ) -> Page[Space]:
        """Spaces whose original title has these words (1 to 2,048 characters); `truncated` if the answer is full."""
        asked: Query = {"query": query, "state": state, "max_results": max_results, **fields.query()}
        page = await self._caller.ask(Request(endpoint=endpoints.SEARCH, query=asked), lane, token)
        return replace(page, truncated=page.truncated or len(page.items) >= max_results)

    async def user_by_username(
        self,
        username: str,
        *,
        lane: Lane = Lane.PEOPLE,
        token: UserToken | None = None,
        fields: UserFields = _USERS,
    ) -> Page[User]:
        """One account by its handle without '@': exactly one item. Raises `XAbsent` where X does not show it."""
        return await self._one(endpoints.USER_BY_USERNAME, username, fields.query(), lane, token)

    async def users_by_usernames(
        self,
        usernames: Iterable[str],
        *,
        lane: Lane = Lane.PEOPLE,
        token: UserToken | None = None,
        fields: UserFields = _USERS,
    ) -> Page[User]:
        """Several accounts by handle; what X does not show is named in `problems`."""
        return await self._many(endpoints.USERS_BY_USERNAMES, usernames, fields.query(), lane, token)

    async def user(
        self,
        user_id: UserId,
        *,
        lane: Lane = Lane.PEOPLE,
        token: UserToken | None = None,
        fields: UserFields = _USERS,
    ) -> Page[User]:
        """One account by id: exactly one item. Raises `XAbsent` where X does not show it."""
        return await self._one(endpoints.USER, user_id, fields.query(), lane, token)

    async def users(
        self,
        ids: Iterable[UserId],
        *,
        lane: Lane = Lane.PEOPLE,
        token: UserToken | None = None,
        fields: UserFields = _USERS,
    ) -> Page[User]:
        """Several accounts by id; what X does not show is named in `problems`."""
        return await self._many(endpoints.USERS, ids, fields.query(), lane, token)

    def posts(
        self,
        space_id: SpaceId,
        *,
        max_results: int = AT_ONCE,
        lane: Lane = Lane.PEOPLE,
        token: UserToken | None = None,
        fields: PostFields = _POSTS,
    ) -> AsyncIterator[Page[Post]]:
        """The posts shared in a Space, page by page."""
        return self._pages(endpoints.POSTS, space_id, {"max_results": max_results, **fields.query()}, lane, token)

    def buyers(
        self,
        space_id: SpaceId,
        *,
        token: UserToken,
        max_results: int = AT_ONCE,
        lane: Lane = Lane.PEOPLE,
        fields: UserFields = _USERS,
    ) -> AsyncIterator[Page[User]]:
        """Who bought a ticket for a Space, page by page; `token` must be its creator's."""
        return self._pages(endpoints.BUYERS, space_id, {"max_results": max_results, **fields.query()}, lane, token)

    def windows(self) -> Mapping[str, Window]:
        """What is left of the app's windows, by endpoint, for a status; `reset` is in the clock's monotonic seconds."""
        return self._turns.windows()

    async def _one(
        self, endpoint: Endpoint[T], about: str, query: Query, lane: Lane, token: UserToken | None
    ) -> Page[T]:
        return await self._caller.ask(Request(endpoint=endpoint, about=about, query=query), lane, token)

    def _pages(
        self, endpoint: Endpoint[T], about: str, query: Query, lane: Lane, token: UserToken | None
    ) -> AsyncIterator[Page[T]]:
        return _Pages(lambda asked: self._one(endpoint, about, asked, lane, token), query)

    async def _many(
        self,
        endpoint: Endpoint[T],
        asked: Iterable[str],
        fields: Query,
        lane: Lane,
        token: UserToken | None,
        *,
        turn_taken: bool = False,
    ) -> Page[T]:
        pattern, parameter = endpoint.pattern, endpoint.many
        assert pattern is not None
        assert parameter is not None
        unique = tuple(dict.fromkeys(asked))
        malformed = dict.fromkeys(filterfalse(pattern.fullmatch, unique))
        sound = [one for one in unique if one not in malformed]
        problems = [_malformed(endpoint, one) for one in malformed]
        waiting = [sound[start : start + AT_ONCE] for start in range(0, len(sound), AT_ONCE)][::-1]
        pages: list[Page[T]] = []
        refusals = 0
        while waiting:
            part = waiting.pop()
            request = Request(endpoint=endpoint, query={parameter: tuple(part), **fields})
            try:
                page = await self._caller.ask(request, lane, token, turn_taken=turn_taken)
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
                full = endpoint is endpoints.CREATORS and len(page.items) >= AT_ONCE
                if full and len(part) > 1:
                    waiting.extend(_halves(part))
                else:
                    pages.append(replace(page, truncated=True) if full else page)
            turn_taken = False
        if turn_taken:
            self._turns.landed(endpoint, None, None)
        if problems:
            pages.append(Page(problems=tuple(problems)))
        return pages[0] if len(pages) == 1 else join(pages)


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
    """Page after page; one that could not be had is asked for again by the next call, which a generator could not do."""

    def __init__(self, ask: Callable[[Query], Awaitable[Page[T]]], query: Query) -> None:
        self._ask = ask
        self._query = query
        self._seen: set[str] = set()
        self._is_over = False

    async def __anext__(self) -> Page[T]:
        if self._is_over:
            raise StopAsyncIteration
        page = await self._ask(self._query)
        if page.next_token is None or page.next_token in self._seen:
            self._is_over = True
        else:
            self._seen.add(page.next_token)
            self._query = {**self._query, "pagination_token": page.next_token}
        return page
