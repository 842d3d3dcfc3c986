"""An admin's test: the real message, through the real ledger and courier, in each channel where Spaces are announced."""

import secrets
from collections.abc import Awaitable, Callable, Sequence

from spacebot.clock import Clock
from spacebot.domain.deliveries import MOST_TESTED, PlaceToTest, StateOfTest
from spacebot.domain.guilds import GuildConfig, WatchLine
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle
from spacebot.domain.views import Tested, TestedPlace
from spacebot.errors import UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.guilds import Guilds

PATIENCE = 20.0
"""Seconds until an admin is told that a test is not posted, or not removed, yet."""

LOOK_EVERY = 0.1
"""Seconds between two looks at the ledger."""


class Testing:
    """Sends tests and removes them."""

    __test__ = False  # it is no class of tests

    def __init__(self, *, guilds: Guilds, store: Store, clock: Clock, on_work: Callable[[], None]) -> None:
        """Take the use cases of guilds, the database, time, and what wakes the courier."""
        self._guilds = guilds
        self._store = store
        self._clock = clock
        self._on_work = on_work

    async def send(self, guild_id: GuildId, met: Callable[[ChannelId], Awaitable[Obstacle | None]]) -> Tested:
        """Post a test in the guild's channel, and in those of its watches; returns once each is posted, or is not.

        Args:
            guild_id: The guild.
            met: What is in the way in a channel, as far as it is known beforehand; such a channel is not tried.

        Raises:
            UserMistake: no channel was chosen yet.
        """
        places = places_of(await self._guilds.config(guild_id), await self._guilds.watchlist(guild_id))
        if not places:
            raise UserMistake(Mistake.NO_CHANNEL_YET)
        troubles = {place.channel_id: await met(place.channel_id) for place in places}
        open_ones = [place for place in places if troubles[place.channel_id] is None]
        test_id, began = f"0{secrets.token_hex(5)}", self._clock.now()
        states: dict[ChannelId, StateOfTest] = {}
        if open_ones:
            await self._store(Queries.add_test, test_id, guild_id, open_ones, began)
            self._on_work()
            states = await self._settled(test_id, guild_id, _is_known)
            await self._store(Queries.drop_unsent_test, test_id, guild_id)
        return Tested(
            test_id=test_id,
            places=tuple(_outcome(place, troubles[place.channel_id], states, began.timestamp()) for place in places),
        )

    async def remove(self, test_id: str, guild_id: GuildId) -> bool | None:
        """Delete the messages of a guild's test; whether all are gone by now, or None if the test is forgotten."""
        if not await self._store(Queries.tested, test_id, guild_id):
            return None
        await self._store(Queries.withdraw_test, test_id, guild_id, self._clock.now())
        self._on_work()
        states = await self._settled(test_id, guild_id, _is_gone)
        return all(_is_gone(state) for state in states.values())

    async def _settled(
        self, test_id: str, guild_id: GuildId, is_settled: Callable[[StateOfTest], bool]
    ) -> dict[ChannelId, StateOfTest]:
        """What became of a test once all of it is settled, or nobody wants to wait longer."""
        until = self._clock.monotonic() + PATIENCE
        while True:
            states = await self._store(Queries.tested, test_id, guild_id)
            if all(map(is_settled, states.values())) or self._clock.monotonic() >= until:
                return states
            await self._clock.sleep(LOOK_EVERY)


def places_of(config: GuildConfig, lines: Sequence[WatchLine]) -> list[PlaceToTest]:
    """Where a guild's announcements go: its own channel first, then those of its watches, each once."""
    channels = [config.channel_id, *(line.channel_id for line in lines)]
    places: dict[ChannelId, PlaceToTest] = {}
    for channel_id in channels:
        if channel_id is None or channel_id in places or len(places) == MOST_TESTED:
            continue
        line = next((line for line in lines if line.channel_id == channel_id), None)
        shown = line or next(iter(lines), None)
        places[channel_id] = PlaceToTest(
            channel_id=channel_id,
            host=None if shown is None else shown.watch.host,
            watch_id=None if line is None else line.watch.watch_id,
            roles=config.roles if line is None else line.roles,
        )
    return list(places.values())


def _is_known(state: StateOfTest) -> bool:
    return state.state in {"sent", "skipped"} or state.obstacle is not None


def _is_gone(state: StateOfTest) -> bool:
    return state.state == "skipped" or state.obstacle is not None


def _outcome(
    place: PlaceToTest, met: Obstacle | None, states: dict[ChannelId, StateOfTest], began: float
) -> TestedPlace:
    state = states.get(place.channel_id)
    sent_at = None if state is None or state.state != "sent" else state.sent_at
    return TestedPlace(
        channel_id=place.channel_id,
        roles=place.roles,
        seconds=None if sent_at is None else max(sent_at.timestamp() - began, 0.0),
        obstacle=met if state is None else None if sent_at is not None else state.obstacle,
    )
