"""A search, page by page: only the Spaces that are looked at are asked for, and only their hosts are bought."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

from spacebot.clock import Clock
from spacebot.domain.accounts import Host
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SearchPage, SpaceView
from spacebot.errors import XError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.client import XClient
from spacebot.x.endpoints import RESULTS_PER_ANSWER
from spacebot.x.fields import SpaceFields, UserFields
from spacebot.x.model import Page, Space
from spacebot.x.source import SHOWN
from spacebot.x.translation import host_of, view_of
from spacebot.x.vocabulary import SearchState

STEP = 20
"""So many Spaces more are asked for at a time: each is billed, and few people turn many pages."""

PER_PAGE = 5

BARE = SpaceFields(expansions=())
"""What is shown of a Space, without any account."""

CREATOR = SpaceFields(space=("state",), user=SHOWN)
"""Who made a Space; newer documents of X tell it only together with the account."""


class Search(AsyncIterator[SearchPage]):
    """The pages of one search; one that failed is asked for again by the next call.

    Args:
        x: X.
        store: What is known already.
        clock: Time.
        words: Words of the title.
        state: Which Spaces.
    """

    def __init__(self, *, x: XClient, store: Store, clock: Clock, words: str, state: SearchState) -> None:
        self._x = x
        self._store = store
        self._clock = clock
        self._words = words
        self._state: SearchState = state
        self._asked = 0
        self._may_be_more = True
        self._found: list[Space] = []
        self._seen: set[SpaceId] = set()
        self._number = 0

    async def __anext__(self) -> SearchPage:
        at = self._number * PER_PAGE
        while at >= len(self._found) and self._can_ask:
            await self._ask()
        spaces = self._found[at : at + PER_PAGE]
        if not spaces:
            raise StopAsyncIteration
        hosts = await self._hosts(spaces)
        self._number += 1
        return SearchPage(
            views=tuple(replace(view_of(space, Page()), host=hosts.get(space.id)) for space in spaces),
            number=self._number,
            pages=-(-len(self._found) // PER_PAGE),
            found=len(self._found),
            may_be_more=self._may_be_more,
            is_last=at + PER_PAGE >= len(self._found) and not self._can_ask,
        )

    @property
    def _can_ask(self) -> bool:
        return self._may_be_more and self._asked < RESULTS_PER_ANSWER

    async def _ask(self) -> None:
        """Ask for some more; X numbers no pages here, so those that are there come again, and are billed once a day."""
        most = self._asked + STEP
        page = await self._x.search(self._words, state=self._state, max_results=most, fields=BARE)
        self._asked, self._may_be_more = most, page.truncated
        views = [(view_of(space, page), space) for space in page.items if space.id not in self._seen]
        new = sorted(((view, space) for view, space in views if view.phase.is_open), key=lambda one: liveliest(one[0]))
        self._seen.update(space.id for space in page.items)
        # A page is not filled up with what was asked for later: whoever turns back finds it as it was.
        self._found += [space for _, space in new]

    async def _hosts(self, spaces: Sequence[Space]) -> dict[SpaceId, Host]:
        """Who hosts these Spaces, bought where they are not known today; the answer is good without those X withholds."""
        recorded = await self._store(Queries.creators, [space.id for space in spaces if space.creator_id is None])
        creators = {space.id: creator for space in spaces if (creator := space.creator_id or recorded.get(space.id))}
        hosts: dict[UserId, Host] = {}
        try:
            unknown = [space.id for space in spaces if space.id not in creators]
            if unknown:
                shown = await self._x.spaces(unknown, fields=CREATOR)
                creators |= {space.id: space.creator_id for space in shown.items if space.creator_id is not None}
                await self._remember(shown, hosts)
            today = datetime.combine(self._clock.now().date(), time(), UTC)
            wanted = [creator for creator in dict.fromkeys(creators.values()) if creator not in hosts]
            hosts |= await self._store(Queries.accounts, wanted, since=today)
            missing = [creator for creator in wanted if creator not in hosts]
            if missing:
                bought = await self._x.users(missing, fields=UserFields(user=SHOWN))
                await self._store(Queries.remember_users, bought.items, self._clock.now())
                hosts |= {user.id: host_of(user) for user in bought.items}
        except XError:
            hosts |= await self._store(Queries.accounts, list(creators.values()))
        return {space_id: hosts[creator] for space_id, creator in creators.items() if creator in hosts}

    async def _remember(self, page: Page[Space], hosts: dict[UserId, Host]) -> None:
        await self._store(Queries.remember_users, list(page.users.values()), self._clock.now())
        hosts |= {user.id: host_of(user) for user in page.users.values()}


def liveliest(view: SpaceView) -> tuple[bool, int, float]:
    """Live before scheduled, most listeners first, soonest first."""
    starts = view.scheduled_start.timestamp() if view.scheduled_start is not None else float("inf")
    return (view.phase is not Phase.LIVE, -(view.participant_count or 0), starts)
