"""The loop that gives notices to guilds' admins: a paused channel, a renamed or vanished host."""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol

from spacebot.clock import Clock
from spacebot.domain.deliveries import Notice
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.errors import StoreError
from spacebot.present.language import of_guild, speaking
from spacebot.present.reports import notice
from spacebot.store.connection import Store
from spacebot.store.queries import Queries

log = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between two looks for due notices."""

TRIED_AGAIN = timedelta(hours=1)
"""The wait before a notice that reached nobody is tried again; doubled each time, up to `RAREST`."""

RAREST = timedelta(days=1)


class Voice(Protocol):
    """Discord, as the notifier needs it."""

    async def tell(
        self, guild_id: GuildId, text: str, *, channel_id: ChannelId | None, recipients: Sequence[int], nonce: str
    ) -> bool:
        """Post a text where a guild's admins can read it; returns whether that was possible."""
        ...


class Notifier:
    """Gives each notice once."""

    def __init__(
        self,
        *,
        store: Store,
        voice: Voice,
        clock: Clock,
        after: Callable[[], Awaitable[None]] | None = None,
        locale_of: Callable[[GuildId], str | None] = lambda _: None,
    ) -> None:
        """Take what the loop needs.

        Args:
            store: What is to be told.
            voice: Discord.
            clock: Time.
            after: Is awaited before anything is told: what was in the way before this start may be gone.
            locale_of: Which locale Discord says a guild has; None where it does not say.
        """
        self._after = after
        self._locale_of = locale_of
        self._store = store
        self._voice = voice
        self._clock = clock

    async def run(self) -> None:
        """Give due notices until cancelled."""
        if self._after is not None:
            await self._after()
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
            with speaking(of_guild(told.language, self._locale_of(told.guild_id))):
                text = notice(told)
            was_told = await self._voice.tell(
                told.guild_id,
                text,
                channel_id=told.admin_channel_id,
                recipients=told.recipients,
                nonce=nonce(told),
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


def nonce(told: Notice) -> str:
    """The same for every attempt of one notice, and for no other: ids are given out again. 24 characters of 25."""
    identity = f"notice/{told.guild_id}/{told.notice_id}/{told.created_at.isoformat()}"
    return hashlib.blake2b(identity.encode(), digest_size=12).hexdigest()
