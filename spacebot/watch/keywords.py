"""The loop that searches X for the words that guilds watch for; a Space that matches goes the ordinary way from there.

However many keywords there are, each distinct one is one request per round, at the background's pace; where they are
too many for that, guilds take turns (`turns`), so that one with a hundred keywords delays nobody's single one.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from spacebot.clock import Clock, until_set
from spacebot.domain.guilds import Keyword
from spacebot.domain.ids import GuildId, SpaceId
from spacebot.domain.spaces import SpaceRecord, State
from spacebot.errors import SpacebotError, StoreError, XOperatorNeeded
from spacebot.outage import Outage
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.intake import take_in
from spacebot.watch.turns import KeywordTurns
from spacebot.x.endpoints import IDS_PER_REQUEST
from spacebot.x.model import Page, Space

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between two rounds, unless the limits of X make one longer."""


class SearchSource(Protocol):
    """X, as searches need it; every method waits for its turn within X's limits and raises `XError`."""

    async def search(self, words: str) -> Page[Space]:
        """Live Spaces with these words in the title, without accounts: who is not wanted is not paid for."""
        ...

    async def by_ids(self, space_ids: Sequence[SpaceId]) -> Page[Space]:
        """These Spaces, with their hosts."""
        ...


class KeywordWatcher:
    """Searches for each keyword in turn."""

    def __init__(
        self,
        *,
        source: SearchSource,
        store: Store,
        clock: Clock,
        on_found: Callable[[Sequence[SpaceRecord]], None],
        may_search: Callable[[], bool],
        may_watch: Callable[[GuildId], bool] = lambda _: True,
    ) -> None:
        """Take what the loop needs.

        Args:
            source: X.
            store: Where keywords are kept, and what was found.
            clock: Time.
            on_found: Told the Spaces that were new or have changed; the ledger may have work.
            may_search: Whether the day's budget has room for searches.
            may_watch: Whether a guild may have keywords; those of others are let be.
        """
        self._source = source
        self._store = store
        self._clock = clock
        self._on_found = on_found
        self._may_search = may_search
        self._may_watch = may_watch
        self._turns = KeywordTurns(EVERY)
        self._woken = asyncio.Event()
        self._outage = Outage(
            log,
            failed="Searching for keywords fails: %(error)s It is tried again.",
            recovered="Searching for keywords works again.",
        )

    def keywords_changed(self) -> None:
        """Do not wait for the next round."""
        self._woken.set()

    async def run(self) -> None:
        """Search until cancelled."""
        while True:
            began = self._clock.monotonic()
            try:
                pause, failure = await self._round(began + EVERY)
            except SpacebotError as error:
                pause, failure = EVERY, error
            except Exception:
                log.exception("Searching for keywords failed in an unforeseen way; it goes on.")
                pause, failure = EVERY, None
            if failure is not None:
                self._outage.failed("search", failure)
            else:
                self._outage.recovered("search")
            await until_set(self._clock, self._woken, max(1.0, min(pause, began + EVERY - self._clock.monotonic())))

    async def _round(self, until: float) -> tuple[float, SpacebotError | None]:
        """Search for what is due until then.

        Returns:
            Seconds until something is due again, and what went wrong last: a keyword that fails keeps no other waiting.
        """
        self._woken.set()
        failure = None
        while (now := self._clock.monotonic()) < until:
            if self._woken.is_set():
                self._woken.clear()
                keywords = await self._store(Queries.keywords)
                self._turns.want((one for one in keywords if self._may_watch(one.guild_id)), now)
            if not self._may_search():
                return EVERY, failure
            watches = self._turns.next(now)
            if not watches:
                break
            try:
                await self._search(watches[0].text, watches)
            except (XOperatorNeeded, StoreError):
                raise
            except SpacebotError as error:
                failure = error
            except Exception:
                log.exception("Searching for a keyword failed in an unforeseen way; the others go on.")
        return self._turns.due_in(self._clock.monotonic()), failure

    async def _search(self, text: str, watches: Sequence[Keyword]) -> None:
        page = await self._source.search(text)
        matches = {
            space.id: [
                watch.watch_id
                for watch in watches
                if watch.takes(
                    lang=space.lang, participant_count=space.participant_count, is_ticketed=space.is_ticketed
                )
            ]
            for space in page.items
            if space.state is State.LIVE
        }
        news = await self._store(Queries.unserved, {space_id: ids for space_id, ids in matches.items() if ids})
        for at in range(0, len(news), IDS_PER_REQUEST):
            found = await self._source.by_ids(news[at : at + IDS_PER_REQUEST])
            changes = await take_in(
                self._store,
                found.items,
                (),
                tuple(found.users.values()),
                self._clock.now(),
                by="keyword",
                matches=matches,
            )
            self._on_found([record for record, _ in changes])
