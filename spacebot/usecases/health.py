"""Whether the bot works, collected for admins from every part that may fail; and what was announced."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta

from spacebot.clock import Clock
from spacebot.domain.deliveries import Past, Queue
from spacebot.domain.errands import Purpose
from spacebot.domain.ids import GuildId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.views import PushView, Status
from spacebot.errors import StoreError, UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.guilds import Guilds, find_host
from spacebot.watch.push import Push
from spacebot.watch.sweeper import SweepState

A_WEEK = timedelta(days=7)


class Health:
    """The use cases of `/status` and `/history`: what concerns one guild, and nothing of others or of the whole bot."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        sweeps: Callable[[], SweepState],
        store_trouble: Callable[[], str | None],
        connected: Callable[[], bool],
        allows: Callable[[Purpose], bool],
        push: Push | None,
        guilds: Guilds,
    ) -> None:
        """Store what the use cases look at.

        Args:
            store: The ledger.
            clock: Time.
            sweeps: The state of the sweeps.
            store_trouble: Why the ledger cannot be read or written; None if it can.
            connected: Whether the gateway is connected.
            push: The subscriptions to starts and ends; None if push is switched off.
            allows: Whether X may still be asked today for a purpose.
            guilds: What guilds have set up.
        """
        self._store = store
        self._clock = clock
        self.sweeps = sweeps
        """The state of the sweeps."""
        self._store_trouble = store_trouble
        self._connected = connected
        self._allows = allows
        self._push = push
        self._guilds = guilds

    async def status(self, guild_id: GuildId) -> Status:
        """The state of the bot; while the database does not work, as much as is known without it."""
        now = self._clock.now()
        sweeps = self.sweeps()
        status = Status(
            connected=self._connected(),
            last_good_sweep=sweeps.last_good_at,
            trouble=sweeps.trouble,
            is_overdue=sweeps.is_overdue,
            store_trouble=self._store_trouble(),
            queue=Queue(unsent=0, edits=0, oldest=None),
            delays=(),
            every=sweeps.every,
        )
        try:
            set_up = await self._guilds.set_up(guild_id)
            return replace(
                status,
                set_up=set_up,
                queue=await self._store(Queries.queue, now, guild_id),
                delays=await self._store(Queries.delays, now - A_WEEK, guild_id),
                share=await self._guilds.share(guild_id),
                push=self._pushed({line.watch.host.user_id for line in set_up.watches}),
                dropped=tuple(purpose for purpose in Purpose if not self._allows(purpose)),
            )
        except StoreError as error:
            return replace(status, store_trouble=str(error))

    def _pushed(self, hosts: AbstractSet[UserId]) -> PushView:
        """How it goes with what X tells of these hosts."""
        if self._push is None:
            return PushView(state=None)
        return PushView(
            state=self._push.state,
            refusal=self._push.refusal,
            covered=len(self._push.covered & hosts),
            refused=len(self._push.refused_hosts.keys() & hosts),
        )

    async def history(self, guild_id: GuildId, text: str | None) -> list[Past]:
        """The guild's last announcements, the newest first.

        Raises:
            UserMistake: the guild does not follow the host that is asked for.
        """
        host = None
        if text is not None:
            host = find_host([line.watch.host for line in await self._store(Queries.watch_lines, guild_id)], text)
            if host is None:
                raise UserMistake(Mistake.NOT_FOLLOWED)
        return await self._store(Queries.past, guild_id, host.user_id if host is not None else None)
