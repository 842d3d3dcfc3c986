"""The loop that asks who is invited to scheduled Spaces, for the guilds that show it: X bills each account.

Each Space is asked about once when it has been announced, and once more on its last day; one guild's share pays for
all guilds, a different guild's each time.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from spacebot.clock import Clock
from spacebot.domain.ids import GuildId, SpaceId
from spacebot.errors import BudgetSpent, SpacebotError, UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.failures import Failures
from spacebot.watch.intake import Intake
from spacebot.watch.lookups import absent_of
from spacebot.x.endpoints import IDS_PER_REQUEST
from spacebot.x.model import Page, Space

log = logging.getLogger(__name__)

ASK_EVERY = 60.0
"""Seconds between two rounds, in each of which every guild has one request at most."""


class InvitationsSource(Protocol):
    """X, as it is asked who is invited; waits for its turn within X's limits and raises `XError`."""

    async def invited(self, space_ids: Sequence[SpaceId], guild_id: GuildId) -> tuple[Sequence[SpaceId], Page[Space]]:
        """Which of these Spaces were asked about, at this guild's cost, and the answer.

        Raises `UserMistake` where the guild's share is used up.
        """
        ...


class Invitations:
    """Asks who is invited.

    Args:
        source: X.
        store: Knows which guilds show it, and which Spaces were asked about.
        clock: Time.
        intake: Takes in the answers.
        failures: Shared by all loops of the watch.
        may_refresh: Whether the day's budget has room for what stands already.
    """

    def __init__(
        self,
        *,
        source: InvitationsSource,
        store: Store,
        clock: Clock,
        intake: Intake,
        failures: Failures,
        may_refresh: Callable[[], bool],
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._intake = intake
        self._failures = failures
        self._may_refresh = may_refresh
        self._last = GuildId(0)
        """Who paid last."""

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            rest = ASK_EVERY
            try:
                if self._may_refresh():
                    await self._round()
            except BudgetSpent:
                pass  # the bill has said so
            except SpacebotError as error:
                self._failures.failed("look-up of who is invited", error)
                rest = max(rest, self._failures.rest_after(error))
            except Exception:
                log.exception("A look-up of who is invited failed in an unforeseen way; it is done again.")
            await self._clock.sleep(rest)

    async def _round(self) -> None:
        """One request for each guild with anything to ask, beginning after the guild that paid last."""
        wanted: dict[GuildId, list[SpaceId]] = {}
        for guild_id, space_id in await self._store(Queries.uninvited, self._clock.now()):
            wanted.setdefault(guild_id, []).append(space_id)
        asked: set[SpaceId] = set()
        for guild_id in sorted(wanted, key=lambda each: (each <= self._last, each)):
            left = [space_id for space_id in wanted[guild_id] if space_id not in asked][:IDS_PER_REQUEST]
            if left:
                asked.update(await self._ask(left, guild_id))

    async def _ask(self, space_ids: Sequence[SpaceId], guild_id: GuildId) -> Sequence[SpaceId]:
        """Those that were asked about; none where the guild's share is used up: another may pay."""
        try:
            asked, page = await self._source.invited(space_ids, guild_id)
        except UserMistake:
            return ()
        self._last = guild_id
        await self._intake.take_in(
            page.items, page.users, absent=absent_of(asked, page), by="look-up", asked_invited=True
        )
        self._failures.recovered("look-up of who is invited")
        return asked
