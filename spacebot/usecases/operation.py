"""What the bot's operator asks for: how the whole bot is, what it costs, and how one guild uses it. Knows no Discord."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from spacebot.billing import Billing
from spacebot.clock import Clock
from spacebot.domain.deliveries import Queue
from spacebot.domain.ids import GuildId
from spacebot.domain.spending import SpentBy
from spacebot.domain.views import Costs, GuildFacts, Overview, PushView
from spacebot.errors import StoreError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.store.spending import utc_day
from spacebot.usecases.guilds import Guilds
from spacebot.usecases.permits import Permits
from spacebot.watch.push import Push
from spacebot.watch.sweeper import SweepState
from spacebot.x.limits import Window

A_WEEK = timedelta(days=7)


async def _unknown() -> Sequence[SpentBy]:
    return ()


class Operation:
    """The use cases of `/operator status`, `costs` and `guild`; `Permits` has the others."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        sweeps: Callable[[], SweepState],
        hosts: Callable[[], int],
        store_trouble: Callable[[], str | None],
        windows: Callable[[], Mapping[str, Window]],
        shards: Callable[[], tuple[int, int | None]],
        billing: Billing,
        push: Push | None,
        guilds: Guilds,
        permits: Permits,
        spent_by: Callable[[], Awaitable[Sequence[SpentBy]]] = _unknown,
    ) -> None:
        """Take what the use cases look at.

        Args:
            store: The ledger.
            clock: Time.
            sweeps: How the sweeps go.
            hosts: How many hosts are followed, as far as the sweeps know.
            store_trouble: Why the ledger cannot be worked on; None if it can.
            windows: What is left of X's limits, by endpoint.
            shards: How many shards are connected, and how many there ought to be, once that is known.
            billing: What X bills.
            push: What X tells by itself; None where that is switched off.
            guilds: What guilds have set up.
            permits: What the operator has decided.
            spent_by: Today's bill, by purpose and guild, as far as it is known.
        """
        self._store = store
        self._clock = clock
        self._sweeps = sweeps
        self._hosts = hosts
        self._store_trouble = store_trouble
        self._windows = windows
        self._shards = shards
        self._billing = billing
        self._push = push
        self._guilds = guilds
        self._permits = permits
        self._spent_by = spent_by

    async def status(self) -> Overview:
        """How the whole bot is; as far as it can be told where the database does not work."""
        now = self._clock.now()
        sweeps = self._sweeps()
        up, shards = self._shards()
        blocks = self._permits.blocks
        overview = Overview(
            shards_up=up,
            shards=shards,
            last_good_sweep=sweeps.last_good_at,
            trouble=sweeps.trouble,
            store_trouble=self._store_trouble(),
            hosts=self._hosts(),
            keywords=0,
            queue=Queue(unsent=0, edits=0, oldest=None),
            windows=[(name, window.remaining, window.limit) for name, window in sorted(self._windows().items())],
            delays=(),
            push=pushed(self._push),
            blocked_guilds=len(blocks.guilds),
            blocked_people=len(blocks.people),
        )
        try:
            return replace(
                overview,
                keywords=len({keyword.text for keyword in await self._store(Queries.keywords)}),
                queue=await self._store(Queries.queue, now),
                delays=await self._store(Queries.delays, now - A_WEEK),
            )
        except StoreError as error:
            return replace(overview, store_trouble=str(error))

    async def costs(self) -> Costs:
        """Today's bill and the month's."""
        summary = await self._billing.summary()
        month = await self._store(Queries.spending, utc_day(self._clock.now()).replace(day=1))
        return Costs(summary=summary, month=tuple(month), spent_by=tuple(await self._spent_by()))

    async def guild(self, guild_id: GuildId) -> GuildFacts:
        """How one guild uses the bot."""
        return GuildFacts(
            guild_id=guild_id,
            config=await self._guilds.config(guild_id),
            share=await self._guilds.share(guild_id),
            pushed=await self._pushed_hosts(guild_id),
            queue=await self._store(Queries.queue, self._clock.now(), guild_id),
            delays=await self._store(Queries.delays, self._clock.now() - A_WEEK, guild_id),
            is_blocked=guild_id in self._permits.blocks.guilds,
            spent_by=tuple(row for row in await self._spent_by() if row.guild_id == guild_id),
        )

    async def _pushed_hosts(self, guild_id: GuildId) -> int:
        covered = self._push.covered if self._push is not None else frozenset()
        return sum(line.watch.host.user_id in covered for line in await self._guilds.watchlist(guild_id))


def pushed(push: Push | None) -> PushView:
    """How it goes with what X tells by itself, for all guilds together."""
    if push is None:
        return PushView(state=None)
    return PushView(state=push.state, refusal=push.refusal, covered=len(push.covered), refused=len(push.refused_hosts))
