"""How things are, for admins: put together from every part that may be in trouble. Knows no Discord."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from spacebot.clock import Clock
from spacebot.errors import StoreError, UserMistake
from spacebot.guilds import meant
from spacebot.ids import GuildId
from spacebot.post.courier import Courier
from spacebot.store.door import Store
from spacebot.store.rows import Past, Queue
from spacebot.store.tables import Tables
from spacebot.views import Status
from spacebot.watch.watcher import Watcher
from spacebot.x.limits import Window

A_WEEK = timedelta(days=7)


class Health:
    """The use cases of `/status` and `/history`."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        watcher: Watcher,
        courier: Courier,
        windows: Callable[[], Mapping[str, Window]],
        connected: Callable[[], bool],
    ) -> None:
        """Take what the use cases look at.

        Args:
            store: The ledger.
            clock: Time.
            watcher: Asks X.
            courier: Tells Discord.
            windows: What is left of X's limits, by endpoint.
            connected: Whether the gateway is up.
        """
        self._store = store
        self._clock = clock
        self._watcher = watcher
        self._courier = courier
        self._windows = windows
        self._connected = connected

    async def status(self, guild_id: GuildId) -> Status:
        """How things are; as far as it can be told where the database does not work."""
        now = self._clock.now()
        status = Status(
            connected=self._connected(),
            last_good_sweep=self._watcher.last_good_sweep,
            trouble=self._watcher.trouble,
            store_trouble=self._courier.trouble,
            hosts=0,
            queue=Queue(unsent=0, edits=0, oldest=None),
            pauses=(),
            windows=[(name, window.remaining, window.limit) for name, window in sorted(self._windows().items())],
            delays=(),
        )
        try:
            return replace(
                status,
                hosts=len(await self._store(Tables.followed_hosts)),
                queue=await self._store(Tables.queue, now),
                pauses=await self._store(Tables.guild_pauses, guild_id),
                delays=await self._store(Tables.delays, now - A_WEEK, guild_id),
            )
        except StoreError as error:
            return replace(status, store_trouble=str(error))

    async def history(self, guild_id: GuildId, text: str | None) -> list[Past]:
        """The guild's last announcements, the newest first.

        Raises:
            UserMistake: the guild does not follow the host that is asked for.
        """
        host = None
        if text is not None:
            host = meant([line.watch.host for line in await self._store(Tables.watch_lines, guild_id)], text)
            if host is None:
                raise UserMistake("This server does not follow that host; `/watch list` shows whom it follows.")
        return await self._store(Tables.past, guild_id, host.user_id if host is not None else None)
