"""What members ask for: a Space, a search, whether a host is live. Knows no Discord; answers are views or sentences."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Literal

from spacebot.clock import Clock
from spacebot.errors import UserMistake
from spacebot.store.door import Store
from spacebot.store.rows import Host
from spacebot.store.tables import Tables
from spacebot.views import SpaceView, host_of
from spacebot.watch.lifecycle import Phase
from spacebot.x import reference
from spacebot.x.client import XClient
from spacebot.x.desk import HostDesk
from spacebot.x.model import State, UserId

QUERY_LIMIT = 2048
"""The longest search that X takes (its OpenAPI document, `/2/spaces/search`)."""

SearchState = Literal["all", "live", "scheduled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """What a search found, the live Spaces with the most listeners first."""

    views: tuple[SpaceView, ...]
    truncated: bool
    """Whether X may know of more than it gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLive:
    """Whether a host is live, and what is to come otherwise."""

    host: Host
    live: SpaceView | None
    upcoming: tuple[SpaceView, ...]


class Lookups:
    """The use cases of `/space`, `/spaces-search` and `/host-live`.

    Every method raises `UserMistake` for what cannot work, and an `XError` where X does not answer; the text of
    either is one sentence for the person who asked.
    """

    def __init__(self, *, x: XClient, desk: HostDesk, store: Store, clock: Clock) -> None:
        self._x = x
        self._desk = desk
        self._store = store
        self._clock = clock

    async def space(self, text: str) -> SpaceView:
        """The Space behind an id or a link."""
        page = await self._x.space(reference.space_id(text))
        await self._store(Tables.remember_users, list(page.users.values()), self._clock.now())
        return SpaceView.of_space(page.items[0], page)

    async def search(self, query: str, state: SearchState) -> SearchAnswer:
        """Spaces whose title has these words."""
        words = query.strip()
        if not words:
            raise UserMistake("Type at least one word to search for.")
        if len(words) > QUERY_LIMIT:
            raise UserMistake(f"That search is too long: X takes at most {QUERY_LIMIT:,} characters.")
        page = await self._x.search(words, state=state)
        views = (SpaceView.of_space(space, page) for space in page.items)
        shown = [view for view in views if view.phase.is_open]
        return SearchAnswer(views=tuple(sorted(shown, key=_liveliest)), truncated=page.truncated)

    async def host_live(self, text: str) -> HostLive:
        """What a host has on now, or soon.

        The look shares a request with everybody who asks at the same time and with the next sweep; only a Space
        that is live costs a second one, for its co-hosts, speakers and topics.
        """
        host = await self.host(text)
        answer = await self._desk.ask(host.user_id)
        live = [space for space in answer.spaces if space.state is State.LIVE]
        if live:
            page = await self._x.space(live[0].id)
            return HostLive(host=host, live=SpaceView.of_space(page.items[0], page), upcoming=())
        page = answer.page
        upcoming = sorted(
            (SpaceView.of_space(space, page) for space in answer.spaces if space.state is State.SCHEDULED),
            key=lambda view: view.scheduled_start or datetime.max.replace(tzinfo=UTC),
        )
        return HostLive(host=host, live=None, upcoming=tuple(upcoming))

    async def host(self, text: str) -> Host:
        """The account behind a handle, a link or a numeric id; bought from X at most once in a UTC day."""
        wanted = reference.host(text)
        now = self._clock.now()
        today = datetime.combine(now.date(), time(), UTC)
        if isinstance(wanted, reference.Handle):
            known = await self._store(Tables.user_named, wanted.name, since=today)
            fetched = None if known else await self._x.user_by_username(wanted.name)
        else:
            known = await self._store(Tables.user, UserId(wanted), since=today)
            fetched = None if known else await self._x.user(UserId(wanted))
        if fetched is not None:
            await self._store(Tables.remember_users, fetched.items, now)
            known = host_of(fetched.items[0])
        assert known is not None
        if known.protected:
            raise UserMistake("That account is protected: X shows its Spaces only to its followers.")
        return known


def _liveliest(view: SpaceView) -> tuple[bool, int, float]:
    """Live before scheduled, most listeners first, soonest first."""
    starts = view.scheduled_start.timestamp() if view.scheduled_start is not None else float("inf")
    return (view.phase is not Phase.LIVE, -(view.participants or 0), starts)
