"""The roles of bells in one guild, through discord.py: made without permissions, given and taken where Discord lets us.

What is known beforehand is not asked of Discord: a refusal counts towards a ban of the bot's address.
"""

import asyncio
import logging
from collections.abc import Mapping

import discord

from spacebot.deliver.answers import UNREADABLE, said
from spacebot.deliver.pacing import once
from spacebot.deliver.publisher import PATIENCE, TROUBLES
from spacebot.domain.accounts import Host
from spacebot.domain.ids import PersonId, RoleId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.errors import TryLater, Unclear, UserMistake
from spacebot.present.bells import role_name
from spacebot.present.language import speaking
from spacebot.present.text import inert

log = logging.getLogger(__name__)

MOST_ROLES = 250
"""Of one guild; @everyone is one of them."""

TOO_MANY = 30005
UNKNOWN_ROLE = 10011
"""Discord's codes for a role too many, and for one that is gone."""


class RolesOfGuild:
    """The roles of one guild, for its bells."""

    def __init__(self, client: discord.Client, guild: discord.Guild, *, link: str, language: str) -> None:
        """Take the guild as the client's cache has it.

        Args:
            client: The bot.
            guild: Whose roles.
            link: The address with which the guild grants what roles need.
            language: The guild's, in which roles that are made are called.
        """
        self._client = client
        self._guild = guild
        self._link = link
        self._language = language
        self._asked: dict[int, discord.Role] = {}
        """Roles that the gateway has not told of yet."""

    def name_for(self, host: Host | None) -> str:
        """What the role of a bell is to be called."""
        with speaking(self._language):  # everybody there sees it, whoever presses first
            return role_name(host)

    def require_permission(self) -> None:
        """Raise a `UserMistake` where the bot may not manage roles."""
        if not self._guild.me.guild_permissions.manage_roles:
            raise UserMistake(Mistake.BELL_NO_PERMISSION, link=self._link)

    def require_makeable(self) -> None:
        """Raise a `UserMistake` where the bot cannot make a role."""
        self.require_permission()
        if len(self._guild.roles) >= MOST_ROLES:
            raise UserMistake(Mistake.BELL_ROLES_FULL, most=MOST_ROLES)

    def require_giveable(self, role_id: RoleId) -> None:
        """Raise a `UserMistake` where the bot cannot give the role, or must not; one that is gone is no mistake."""
        self.require_permission()
        role = self._known(role_id)
        if role is None:
            return
        if role >= self._guild.me.top_role:
            raise UserMistake(Mistake.BELL_ROLE_ABOVE, name=inert(role.name, 100))
        if role.managed or role.permissions.value or self._opens_a_channel(role):
            raise UserMistake(Mistake.BELL_ROLE_POWERFUL, name=inert(role.name, 100))

    def _opens_a_channel(self, role: discord.Role) -> bool:
        """Whether a channel allows the role anything."""
        return any(channel.overwrites_for(role).pair()[0].value for channel in self._guild.channels)

    def _known(self, role_id: RoleId) -> discord.Role | None:
        return self._guild.get_role(role_id) or self._asked.get(role_id)

    async def is_there(self, role_id: RoleId) -> bool:
        """Whether Discord has this role; it is asked where the gateway has not told of it."""
        if self._known(role_id) is None:
            await self._ask()
        return self._known(role_id) is not None

    async def find(self, name: str, after: int) -> RoleId | None:
        """The oldest role of that name, without permissions, whose id is greater than `after`, as Discord says now."""
        await self._ask()
        own = [
            role.id
            for role in self._asked.values()
            if role.name == name and role.id > after and not role.managed and not role.permissions.value
        ]
        return RoleId(min(own)) if own else None

    async def _ask(self) -> None:
        self._asked = {role.id: role for role in await self._guild.fetch_roles()}

    async def make(self, name: str) -> RoleId:
        """Make a role without permissions, by a single request; where the bot may mention all, nobody else can mention it.

        Raises:
            UserMistake: Discord has made none.
            TryLater: nor now; it has been asked too often.
            Unclear: it may have.
        """
        mentionable = not self._guild.me.guild_permissions.mention_everyone
        try:
            with once():
                async with asyncio.timeout(PATIENCE):
                    role = await self._guild.create_role(
                        name=name, permissions=discord.Permissions.none(), mentionable=mentionable
                    )
        except discord.RateLimited as error:
            raise TryLater(Obstacle(reason=Reason.SLOW_DOWN), seconds=error.retry_after) from None
        except discord.Forbidden as error:
            log.info("Server %d lets me make no role: %s", self._guild.id, said(error))
            raise UserMistake(Mistake.BELL_NO_PERMISSION, link=self._link) from error
        except (*TROUBLES, *UNREADABLE) as error:
            if isinstance(error, discord.HTTPException) and error.code == TOO_MANY:
                raise UserMistake(Mistake.BELL_ROLES_FULL, most=MOST_ROLES) from error
            log.info("Server %d may have made a role: %s", self._guild.id, said(error))
            raise Unclear(Obstacle(reason=Reason.NO_ANSWER, details=(type(error).__name__,))) from error
        self._asked[role.id] = role
        return RoleId(role.id)

    async def give(self, person: PersonId, role_id: RoleId) -> None:
        """Give somebody the role.

        Raises:
            UserMistake: the bot cannot, or must not.
        """
        self.require_giveable(role_id)
        try:
            await self._client.http.add_role(self._guild.id, person, role_id)
        except discord.HTTPException as error:
            raise self._refusal(error, role_id) from error

    async def take(self, person: PersonId, role_id: RoleId) -> None:
        """Take the role back; raises as `give`."""
        self.require_giveable(role_id)
        try:
            await self._client.http.remove_role(self._guild.id, person, role_id)
        except discord.HTTPException as error:
            raise self._refusal(error, role_id) from error

    def _refusal(self, error: discord.HTTPException, role_id: RoleId) -> Exception:
        """What a refusal means to who pressed; the error itself where it says nothing about the role."""
        if error.code == UNKNOWN_ROLE:
            return UserMistake(Mistake.BELL_ROLE_GONE)
        if not isinstance(error, discord.Forbidden):
            return error
        log.info("Server %d lets me give no role: %s", self._guild.id, said(error))
        role = self._known(role_id)
        name = inert(role.name, 100) if role is not None else ""
        if self._guild.me.guild_permissions.manage_roles and name:
            return UserMistake(Mistake.BELL_ROLE_ABOVE, name=name)
        return UserMistake(Mistake.BELL_NO_PERMISSION, link=self._link)

    async def counts(self) -> Mapping[RoleId, int]:
        """How many people have each role; empty where Discord does not say, as without Manage Roles."""
        if not self._guild.me.guild_permissions.manage_roles:
            return {}
        try:
            return {RoleId(role.id): count for role, count in (await self._guild.role_member_counts()).items()}
        except TROUBLES as error:
            log.info("Server %d does not count its roles: %s", self._guild.id, said(error))
            return {}
