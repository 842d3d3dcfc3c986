"""Guilds and what is in them; every change reaches the bot as the event Discord sends for it, or not at all."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.model.automod import LocalRule
from spacebot.sandbox.discord.model.channels import KINDS, LocalChannel
from spacebot.sandbox.discord.model.members import LocalMember, LocalRole
from spacebot.sandbox.discord.model.state import GUILD_MEMBERS, LocalUser, World
from spacebot.sandbox.discord.model.threads import THREAD_KINDS, LocalThread
from spacebot.sandbox.discord.permissions import NONE, Permission, named

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
class LocalGuild:
    """A guild. Everything in it is made by its methods, which tell the bot."""

    world: World
    id: int
    name: str
    locale: str = "en-US"
    has_bot: bool = False
    unavailable: bool = False
    roles: dict[int, LocalRole] = field(default_factory=dict)
    members: dict[int, LocalMember] = field(default_factory=dict)
    channels: dict[int, LocalChannel] = field(default_factory=dict)
    threads: dict[int, LocalThread] = field(default_factory=dict)
    rules: list[LocalRule] = field(default_factory=list)
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
        self.world.tell(self, "CHANNEL_CREATE", channel.shown())
        return channel

    def add_thread(self, parent: LocalChannel, name: str, *, by: LocalMember | None = None) -> LocalThread:
        """A new public thread in a text or announcement channel, started by that member (None: the owner)."""
        thread = LocalThread(
            world=self.world,
            id=self.world.snowflakes.next(),
            name=name,
            type=THREAD_KINDS[parent.type],
            guild=self,
            overwrites=parent.overwrites,
            sending=Permission.SEND_MESSAGES_IN_THREADS,
            parent=parent,
            starter=(by or self.owner).user,
            turned_at=self.world.clock.now(),
        )
        self.threads[thread.id] = self.world.channels[thread.id] = thread
        thread.tell("THREAD_CREATE", {**thread.shown(), "newly_created": True})
        return thread

    def add_automod_rule(self, keyword: str, *, exempt: Iterable[LocalChannel] = ()) -> LocalRule:
        """Block messages with a keyword ('tea' the word, 'tea*', '*tea', '*tea*'; '*' all) but in the channels `exempt`."""
        rule = LocalRule(rules=self.rules, keyword=keyword, exempt=frozenset(channel.id for channel in exempt))
        self.rules.append(rule)
        return rule

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
        if not user.is_bot:
            user.guilds.append(self)
        return member

    def set_bot_permissions(self, *names: str) -> None:
        """The bot's own role gives it exactly these."""
        self.bot_role.edit(permissions=names)

    def rename(self, name: str) -> None:
        self.name = name
        self.world.tell(self, "GUILD_UPDATE", payloads.guild(self))

    def bot_permissions_in(self, channel: LocalChannel) -> Permission:
        """What the bot may do in `channel`; nothing where it is not in the guild."""
        return self.bot_member.permissions_in(channel) if self.has_bot else NONE

    def threads_in_sight(self) -> list[LocalThread]:
        """The active threads that the bot may see."""
        return [thread for thread in self.threads.values() if not thread.archived and thread.is_in_sight]

    @contextmanager
    def changing_permissions(self) -> Iterator[None]:
        """What is done meanwhile may bring channels into the bot's sight: it is then told of the threads in them."""
        before = {thread.parent for thread in self.threads_in_sight()}
        yield
        new = [thread for thread in self.threads_in_sight() if thread.parent not in before]
        if new:
            channel_ids = sorted({str(thread.parent.id) for thread in new})
            shown = [thread.shown() for thread in new]
            self.tell("THREAD_LIST_SYNC", channel_ids=channel_ids, threads=shown, members=[])

    def remove_bot(self) -> None:
        """Remove the bot from the guild; its role and its permissions come back with it."""
        self.unavailable = False
        self.world.tell(self, "GUILD_DELETE", {"id": str(self.id)})
        self.has_bot = False
        self.members.pop(self.world.bot.id, None)
        self.roles.pop(self.bot_role.id, None)

    kick_bot = remove_bot

    def invite_bot(self) -> None:
        """Let the bot in (again), with the permissions that its role had."""
        self.has_bot = True
        self.roles[self.bot_role.id] = self.bot_role
        self.bot_member = self._join(self.world.bot, [self.bot_role])
        self.world.tell(self, "GUILD_CREATE", payloads.guild_create(self))

    def set_unavailable(self, *, unavailable: bool) -> None:
        """An outage at Discord begins or ends: the bot hears of nothing in the guild, but has not been removed.

        What it asks for meanwhile is answered with 503; which status Discord gives is not documented.
        """
        if unavailable:
            self.world.tell(self, "GUILD_DELETE", {"id": str(self.id), "unavailable": True})
        self.unavailable = unavailable
        if not unavailable:
            self.world.tell(self, "GUILD_CREATE", {**payloads.guild_create(self), "unavailable": False})

    def delete(self) -> None:
        """The guild is gone for everybody."""
        self.world.guilds.pop(self.id, None)
        for channel_id in (*self.channels, *self.threads):
            self.world.channels.pop(channel_id, None)
        self.remove_bot()
        for member in list(self.members.values()):
            member.leave()
