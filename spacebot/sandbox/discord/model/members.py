"""Roles and members of a guild, and what people do in their client; every change reaches the bot as Discord's event."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.model.channels import LocalChannel, LocalMessage
from spacebot.sandbox.discord.model.state import GUILD_MEMBERS, LocalUser, NotOffered
from spacebot.sandbox.discord.permissions import NONE, Permission, in_channel, in_guild, named

if TYPE_CHECKING:  # guilds are made of members, interactions are what members make
    from spacebot.sandbox.discord.app.interactions import LocalInteraction
    from spacebot.sandbox.discord.model.guilds import LocalGuild


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalRole:
    """A role; `managed` is the one a bot brings with it."""

    guild: "LocalGuild"
    id: int
    name: str
    permissions: Permission = NONE
    mentionable: bool = False
    managed: bool = False
    position: int = 1

    is_member = False

    def __repr__(self) -> str:
        return f"<LocalRole {self.name!r}>"

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    def edit(
        self, *, name: str | None = None, mentionable: bool | None = None, permissions: Iterable[str] | None = None
    ) -> None:
        """Change what is named."""
        if name is not None:
            self.name = name
        if mentionable is not None:
            self.mentionable = mentionable
        with self.guild.changing_permissions():
            if permissions is not None:
                self.permissions = named(*permissions)
            self.guild.tell("GUILD_ROLE_UPDATE", role=payloads.role(self))

    def delete(self) -> None:
        """The role is gone, and nobody has it any more."""
        self.guild.roles.pop(self.id, None)
        for member in self.guild.members.values():
            if self in member.roles:
                member.roles.remove(self)
        self.guild.tell("GUILD_ROLE_DELETE", role_id=str(self.id))


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalMember:
    """Somebody in a guild, and what they do in their client."""

    guild: "LocalGuild"
    user: LocalUser
    joined_at: datetime
    roles: list[LocalRole] = field(default_factory=list)
    locale: str = "en-US"

    is_member = True

    def __repr__(self) -> str:
        return f"<LocalMember {self.name!r} of {self.guild.name!r}>"

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    @property
    def permissions(self) -> Permission:
        """What they may do in the guild at large."""
        roles = (self.guild.everyone, *self.roles)
        return in_guild(is_owner=self.guild.owner is self, roles=(role.permissions for role in roles))

    def permissions_in(self, channel: LocalChannel) -> Permission:
        """What they may do in `channel`."""
        return in_channel(
            self.permissions,
            channel.overwrites,
            everyone_id=self.guild.id,
            role_ids=[role.id for role in self.roles],
            member_id=self.id,
            sending=channel.sending,
        )

    @property
    def accepts_dms(self) -> bool:
        """Whether they take private messages from the bot."""
        return self.user.accepts_dms

    @accepts_dms.setter
    def accepts_dms(self, accepts: bool) -> None:
        self.user.accepts_dms = accepts

    @property
    def dms(self) -> list[LocalMessage]:
        """What the bot wrote to them in private, oldest first."""
        return list(self.user.dm.messages) if self.user.dm else []

    def add_role(self, role: LocalRole) -> None:
        if role not in self.roles:
            with self.guild.changing_permissions():
                self.roles.append(role)
                self._updated()

    def remove_role(self, role: LocalRole) -> None:
        if role in self.roles:
            with self.guild.changing_permissions():
                self.roles.remove(role)
                self._updated()

    def leave(self) -> None:
        """Leave the guild."""
        if self.guild.members.pop(self.id, None) is not None:
            self.user.guilds.remove(self.guild)
            data = {"guild_id": str(self.guild.id), "user": payloads.user(self.user)}
            self.guild.world.tell(self.guild, "GUILD_MEMBER_REMOVE", data, GUILD_MEMBERS)

    def _updated(self) -> None:
        # of itself a bot always hears, of others only with the privileged intent
        intents = 0 if self is self.guild.bot_member else GUILD_MEMBERS
        data = {"guild_id": str(self.guild.id), **payloads.member(self)}
        self.guild.world.tell(self.guild, "GUILD_MEMBER_UPDATE", data, intents)

    def say(self, channel: LocalChannel, content: str) -> LocalMessage:
        """Write a message, as people do."""
        message = LocalMessage(
            id=self.guild.world.snowflakes.next(), channel=channel, author=self.user, content=content
        )
        channel.add(message)
        return message

    async def use(
        self, channel: LocalChannel, command: str, /, *, force: bool = False, **options: object
    ) -> "LocalInteraction":
        """Use a slash command ('watch add') and return once the bot acknowledged it, or failed to in time.

        Options are given by name: text, numbers, a LocalChannel, a LocalRole, a LocalMember; None is as good as not given.
        With `force` a command that the client hides from this member is used all the same.
        Raises NotOffered where the client would not let them send it.
        """
        return await self.guild.world.people().use(self, channel, command, options, force=force)

    async def press(
        self, message: LocalMessage, *, custom_id: str | None = None, label: str | None = None, force: bool = False
    ) -> "LocalInteraction":
        """Press a button, named by its custom id or its label, and return once the bot acknowledged it, or did not.

        With `force` a button is pressed that is disabled, gone, or shown to somebody else only.
        Raises NotOffered where there is no such button to press.
        """
        button = _button(message, custom_id=custom_id, label=label)
        if force:
            button = {"custom_id": custom_id, **button}
        elif not button:
            raise NotOffered(
                f"no button {custom_id or label!r} among {[each.get('label') for each in message.buttons]}"
            )
        elif button.get("disabled") or "custom_id" not in button:
            raise NotOffered(f"the button {custom_id or label!r} cannot be pressed: {button}")
        elif message.ephemeral and (message.interaction or {}).get("user", {}).get("id") != str(self.id):
            raise NotOffered("this message is shown to somebody else only")
        elif not message.ephemeral and message.id not in message.channel.by_id:
            raise NotOffered("this message has been deleted")
        return await self.guild.world.people().press(self, message, button)

    async def submit(self, interaction: "LocalInteraction", /, **values: str | None) -> "LocalInteraction":
        """Fill in the modal that `interaction` opened, send it, and return once the bot acknowledged it, or did not.

        A value is given by its input's custom id or, where none has it, its label: `**{"Which host?": "@ann"}`.
        An input that is not given (or None) is sent as the bot prefilled it. One that failed can be sent again.
        Raises NotOffered where there is no such modal or input, or the client would not let them send the text.
        """
        return await self.guild.world.people().submit(self, interaction, values)

    async def autocomplete(
        self, channel: LocalChannel, command: str, option: str, typed: object = "", /, **others: object
    ) -> list[dict[str, Any]]:
        """Type into an option and return the choices (name, value) that the bot offers.

        Raises NotOffered where the option does not complete, NotAnswered where the bot offered nothing in time.
        """
        return await self.guild.world.people().autocomplete(self, channel, command, option, typed=typed, others=others)


def _button(message: LocalMessage, *, custom_id: str | None, label: str | None) -> dict[str, Any]:
    if (custom_id is None) == (label is None):
        raise ValueError("name the button by custom_id or by label")
    key, wanted = ("custom_id", custom_id) if custom_id is not None else ("label", label)
    return next((button for button in message.buttons if button.get(key) == wanted), {})
