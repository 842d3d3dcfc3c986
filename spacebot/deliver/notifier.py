"""The loop that tells guilds' admins once of what they ought to know: a paused channel, a renamed or vanished host."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from spacebot.clock import Clock
from spacebot.domain.deliveries import Notice
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.errors import StoreError
from spacebot.present.reports import notice
from spacebot.store.connection import Store
from spacebot.store.queries import Queries

log = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between two looks at what is to be told."""

TRIED_AGAIN = timedelta(hours=1)
"""Where nobody could be told, it is tried again so much later; each time twice as late, up to a day."""

RAREST = timedelta(days=1)


class Voice(Protocol):
    """Discord, as the teller needs it."""

    async def tell(
        self, guild_id: GuildId, text: str, *, channel_id: ChannelId | None, people: Sequence[int], nonce: str
    ) -> bool:
        """Say something where a guild's admins can read it; whether that was possible."""
        ...


class Notifier:
    """Tells notices."""

    def __init__(self, *, store: Store, voice: Voice, clock: Clock) -> None:
        self._store = store
        self._voice = voice
        self._clock = clock

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            try:
                due = await self._store(Queries.due_notices, self._clock.now())
                for told in due:
                    await self._tell(told)
            except StoreError as error:  # whoever needs the database says so
                log.debug("Notices wait for the database: %s", error)
                due = []
            if not due:
                await self._clock.sleep(EVERY)

    async def _tell(self, told: Notice) -> None:
        was_told = False
        try:
            was_told = await self._voice.tell(
                told.guild_id,
                notice(told),
                channel_id=told.admin_channel_id,
                people=told.people,
                nonce=f"notice-{told.notice_id}",
            )
        except Exception:
            log.exception("Notice %d could not be told, in an unforeseen way.", told.notice_id)
        now = self._clock.now()
        if was_told:
            await self._store(Queries.note_told, told.notice_id, now)
        else:
            if told.attempts == 0:
                log.warning("Server %d could not be told: neither a channel nor a person takes it.", told.guild_id)
            later = min(TRIED_AGAIN * 2 ** min(told.attempts, 5), RAREST)
            await self._store(Queries.note_untold, told.notice_id, now + later)
