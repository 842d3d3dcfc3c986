"""Guilds, their roles and their members; every change reaches the bot as the event Discord sends for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.channels import KINDS, LocalChannel, LocalMessage
from spacebot.sandbox.discord.permissions import NONE, Permission, in_channel, in_guild, named
from spacebot.sandbox.discord.world import GUILD_MEMBERS, LocalUser, NotOffered, World

if TYPE_CHECKING:  # interactions are what members make
    from spacebot.sandbox.discord.interactions import LocalInteraction

DEFAULT_BOT_PERMISSIONS = ("view_channel", "send_messages", "embed_links", "read_message_history")
EVERYONE = named("change_nickname")
PEOPLE = named(
    "view_channel",
    "send_messages",
    "embed_links",
    "attach_files",
    "add_reactions",
    "read_message_history",
    "use_application_commands",
    "connect",
    "speak",
)


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
        )

    def add_role(self, role: LocalRole) -> None:
        if role not in self.roles:
            self.roles.append(role)
            self._updated()

    def remove_role(self, role: LocalRole) -> None:
        if role in self.roles:
            self.roles.remove(role)
            self._updated()

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


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalGuild:
    """A guild. Everything in it is made by its methods, which tell the bot."""

    world: World
    id: int
    name: str
    locale: str = "en-US"
    has_bot: bool = False
    roles: dict[int, LocalRole] = field(default_factory=dict)
    members: dict[int, LocalMember] = field(default_factory=dict)
    channels: dict[int, LocalChannel] = field(default_factory=dict)
    commands: dict[int, dict[str, Any]] = field(default_factory=dict)
    everyone: LocalRole = field(init=False)
    people: LocalRole = field(init=False)
    bot_role: LocalRole = field(init=False)
    bot_member: LocalMember = field(init=False)
    owner: LocalMember = field(init=False)
    system_channel: LocalChannel = field(init=False)
    _moderators: LocalRole | None = None

    def __post_init__(self) -> None:
        self.everyone = LocalRole(guild=self, id=self.id, name="@everyone", permissions=EVERYONE, position=0)
        self.roles[self.id] = self.everyone
        self.people = self.add_role("people", permissions=PEOPLE, mentionable=False)
        self.bot_role = self.add_role(self.world.bot.name, mentionable=False)
        self.bot_role.managed = True
        self.owner = self.add_member(f"Owner of {self.name}")
        self.bot_member = self._join(self.world.bot, [self.bot_role])
        self.system_channel = self.add_channel("general")

    def __repr__(self) -> str:
        return f"<LocalGuild {self.name!r}>"

    def tell(self, event: str, **data: object) -> None:
        """Send an event of this guild to the bot, if it is in it."""
        self.world.tell(self, event, {"guild_id": str(self.id), **data})

    def add_channel(self, name: str, *, kind: str = "text") -> LocalChannel:
        """A new channel; `kind` is 'text', 'announcement' or 'voice'."""
        channel = LocalChannel(
            world=self.world,
            id=self.world.snowflakes.next(),
            name=name,
            type=KINDS[kind],
            guild=self,
            position=len(self.channels),
        )
        self.channels[channel.id] = self.world.channels[channel.id] = channel
        self.world.tell(self, "CHANNEL_CREATE", payloads.channel(channel))
        return channel

    def add_role(self, name: str, *, mentionable: bool = True, permissions: int = 0) -> LocalRole:
        """A new role; `permissions` are its bits."""
        role = LocalRole(
            guild=self,
            id=self.world.snowflakes.next(),
            name=name,
            permissions=Permission(permissions),
            mentionable=mentionable,
            position=len(self.roles),
        )
        self.roles[role.id] = role
        self.tell("GUILD_ROLE_CREATE", role=payloads.role(role))
        return role

    def add_member(self, name: str, *, manage_guild: bool = False) -> LocalMember:
        """A new person, with what people may do here, and Manage Server if wanted."""
        user = LocalUser(id=self.world.snowflakes.past(), name=name)
        self.world.users[user.id] = user
        roles = [self.people]
        if manage_guild:
            if self._moderators is None or self._moderators.id not in self.roles:
                self._moderators = self.add_role("moderators", permissions=Permission.MANAGE_GUILD, mentionable=False)
            roles.append(self._moderators)
        member = self._join(user, roles)
        data = {"guild_id": str(self.id), **payloads.member(member)}
        self.world.tell(self, "GUILD_MEMBER_ADD", data, GUILD_MEMBERS)
        return member

    def _join(self, user: LocalUser, roles: list[LocalRole]) -> LocalMember:
        member = LocalMember(guild=self, user=user, roles=roles, joined_at=self.world.clock.now())
        self.members[user.id] = member
        return member

    def set_bot_permissions(self, *names: str) -> None:
        """The bot's own role gives it exactly these."""
        self.bot_role.edit(permissions=names)

    def rename(self, name: str) -> None:
        self.name = name
        self.world.tell(self, "GUILD_UPDATE", payloads.guild(self))

    def kick_bot(self) -> None:
        """Remove the bot from the guild."""
        self.world.tell(self, "GUILD_DELETE", {"id": str(self.id)})
        self.has_bot = False
        self.members.pop(self.world.bot.id, None)
        self.roles.pop(self.bot_role.id, None)

    def invite_bot(self) -> None:
        """Let the bot in (again), with the permissions that its role had."""
        self.has_bot = True
        self.roles[self.bot_role.id] = self.bot_role
        self.bot_member = self._join(self.world.bot, [self.bot_role])
        self.world.tell(self, "GUILD_CREATE", payloads.guild_create(self))

    def set_unavailable(self, *, unavailable: bool) -> None:
        """An outage at Discord begins or ends: the bot does not see the guild, but has not been removed."""
        if unavailable:
            self.world.tell(self, "GUILD_DELETE", {"id": str(self.id), "unavailable": True})
        else:
            self.world.tell(self, "GUILD_CREATE", {**payloads.guild_create(self), "unavailable": False})

    def delete(self) -> None:
        """The guild is gone for everybody."""
        self.world.guilds.pop(self.id, None)
        for channel_id in self.channels:
            self.world.channels.pop(channel_id, None)
        self.kick_bot()
