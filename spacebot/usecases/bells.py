"""'Notify me': gives whoever presses it the role of a bell, or takes it back; the role is made once, at the first press.

Who has a role is known to Discord alone. Nobody is given a role that the bot did not make, or one with permissions.
"""

import logging
from asyncio import Lock
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from spacebot.clock import Clock
from spacebot.domain.accounts import Host
from spacebot.domain.bells import EVERY_HOST, Bell, BellMode, Pressed
from spacebot.domain.ids import ChannelId, GuildId, PersonId, RoleId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.views import SetUp
from spacebot.errors import StoreError, TryLater, Unclear, UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.guilds import Guilds, find_host
from spacebot.x.buckets import Buckets

log = logging.getLogger(__name__)

PRESSES = 12
"""So often one person may press in ten minutes, in all guilds together."""

STILL_ARRIVING = timedelta(minutes=2)
"""A role that Discord was asked for is there after this time, or never; the request itself takes up to 45 seconds."""

MOST_WAITING = 100
"""Presses that wait in one guild at most: Discord takes about one a second there."""


class GuildRoles(Protocol):
    """The roles of one guild. What Discord does not let the bot do is raised as a `UserMistake`."""

    def name_for(self, host: Host | None) -> str:
        """What the role of a bell is to be called; None is the guild's own bell."""

    def require_makeable(self) -> None:
        """Raise where the bot cannot make a role."""

    async def is_there(self, role_id: RoleId) -> bool:
        """Whether Discord has this role."""

    async def find(self, name: str, after: int) -> RoleId | None:
        """The oldest role of that name, without permissions, whose id is greater than `after`."""

    async def make(self, name: str) -> RoleId:
        """Make a role without permissions that may be mentioned.

        Raises:
            TryLater: it was not made; Discord wants to be asked more slowly.
            Unclear: it may have been made, or be made a little later. So does any other error say.
        """

    async def give(self, person: PersonId, role_id: RoleId) -> None:
        """Give somebody the role, unless it has permissions by now."""

    async def take(self, person: PersonId, role_id: RoleId) -> None:
        """Take it back, likewise."""

    async def counts(self) -> Mapping[RoleId, int]:
        """How many people have each role, as far as Discord tells."""


@dataclass(slots=True)
class _Turn:
    """A guild's presses happen one after the other."""

    lock: Lock = field(default_factory=Lock)
    waiting: int = 0


class Bells:
    """The use cases of 'Notify me' and `/notify`."""

    def __init__(self, *, guilds: Guilds, store: Store, clock: Clock) -> None:
        """Take the use cases of guilds, the database, and time."""
        self._guilds = guilds
        self._store = store
        self._clock = clock
        self._pace = Buckets(size=PRESSES)
        self._turns: dict[GuildId, _Turn] = {}

    async def press(
        self,
        guild_id: GuildId,
        person: PersonId,
        named: str | None,
        *,
        sees: Callable[[ChannelId | None], bool] = lambda _: True,
        held: Collection[int],
        asked: int,
        roles: GuildRoles,
    ) -> Pressed:
        """Give the person the role of a bell, or take it back where they have it.

        What a bell once gave can be given back whatever the guild has switched off or follows no more.

        Args:
            guild_id: The guild.
            person: Who presses.
            named: The host, by id, handle or name as for `unwatch`; None: the guild's bell, or its only host's.
            sees: Whether the person may see what is posted in a channel: a host of another is as good as not followed.
            held: The roles that the person has.
            asked: The id of the interaction: a role that is made because of it has a greater one.
            roles: The roles of the guild.

        Raises:
            UserMistake: nothing was given or taken.
        """
        self._require_pace(person)
        async with self._turn(guild_id):
            mode = (await self._guilds.config(guild_id)).bell
            lines = await self._guilds.watchlist(guild_id)
            hosts = [line.watch.host for line in lines]
            host = find_host(hosts, named) if named else None
            if host is None and not named and mode is BellMode.HOST and len(hosts) == 1:
                host = hosts[0]
            key = EVERY_HOST if mode is BellMode.SERVER else host.user_id if host else UserId(named or "")
            role_id = await self._role_of(guild_id, key)
            if role_id is not None and role_id in held:
                await roles.take(person, role_id)
                return Pressed(host=host if key else None, role_id=role_id, is_given=False)
            if mode is BellMode.OFF:
                raise UserMistake(Mistake.BELL_OFF)
            if mode is BellMode.SERVER:
                host = None
            elif host is None or not any(line.watch.host == host and sees(line.channel_id) for line in lines):
                raise UserMistake(Mistake.NOT_FOLLOWED if named else Mistake.BELL_OF_WHOM)
            role_id = await self._made(guild_id, key, roles.name_for(host), asked, roles)
            await roles.give(person, role_id)
            return Pressed(host=host, role_id=role_id, is_given=True)

    async def people(self, set_up: SetUp, roles: GuildRoles) -> dict[UserId, int]:
        """How many people each of a guild's bells calls, by host; what Discord does not tell is left out."""
        counts = await roles.counts() if set_up.bells else {}
        return {host: counts[role] for host, role in set_up.bells.items() if role in counts}

    async def known_roles(self) -> list[tuple[GuildId, RoleId]]:
        """The roles of all bells; none where the database does not say now."""
        try:
            return await self._store.read(Queries.bell_roles)
        except StoreError as error:
            log.warning("The roles of bells are not known: %s", error)
            return []

    async def _role_of(self, guild_id: GuildId, key: UserId) -> RoleId | None:
        bell = (await self._store.read(Queries.bells, guild_id)).get(key)
        return None if bell is None else bell.role_id

    async def _made(self, guild_id: GuildId, key: UserId, name: str, asked: int, roles: GuildRoles) -> RoleId:
        """The bell's role, which is made if there is none: what is asked of Discord is committed before.

        Where it is not known whether Discord has made it, after a crash or a lost answer, it is looked for.
        """
        bell = (await self._store(Queries.bells, guild_id)).get(key)
        if bell is not None and bell.role_id is not None:
            if await roles.is_there(bell.role_id):
                return bell.role_id
            await self._store(Queries.forget_bell_role, guild_id, bell.role_id)
            bell = None
        role_id = None if bell is None else await roles.find(bell.name, bell.asked)
        if role_id is None:
            if bell is not None and timedelta() <= self._clock.now() - bell.tried_at < STILL_ARRIVING:
                raise UserMistake(Mistake.BELL_UNCLEAR, until=bell.tried_at + STILL_ARRIVING)
            role_id = await self._make(guild_id, key, name, asked, roles)
        await self._store(Queries.set_bell_role, guild_id, key, role_id)
        return role_id

    async def _make(self, guild_id: GuildId, key: UserId, name: str, asked: int, roles: GuildRoles) -> RoleId:
        """Ask Discord for a role of the bell, which has none and may get none by an earlier request."""
        roles.require_makeable()
        tried_at = self._clock.now()
        bell = Bell(host_id=key, name=name, asked=asked, tried_at=tried_at)
        await self._store(Queries.begin_bell, guild_id, bell)
        try:
            return await roles.make(name)
        except Unclear as error:
            raise UserMistake(Mistake.BELL_UNCLEAR, until=tried_at + STILL_ARRIVING) from error
        except (UserMistake, TryLater) as error:  # Discord said no: there is nothing to look for
            await self._store(Queries.drop_bell, guild_id, key)
            if isinstance(error, TryLater):
                raise UserMistake(Mistake.BELL_BUSY) from error
            raise

    def _require_pace(self, person: PersonId) -> None:
        wait = self._pace.wait(person, self._clock.monotonic())
        if wait > 0:
            raise UserMistake(Mistake.BELL_TOO_FAST, until=self._clock.now() + timedelta(seconds=wait))
        self._pace.take(person, self._clock.monotonic())

    @asynccontextmanager
    async def _turn(self, guild_id: GuildId) -> AsyncIterator[None]:
        turn = self._turns.setdefault(guild_id, _Turn())
        if turn.waiting >= MOST_WAITING:
            raise UserMistake(Mistake.BELL_BUSY)
        turn.waiting += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[guild_id]
