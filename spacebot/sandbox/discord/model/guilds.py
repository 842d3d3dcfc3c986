"""Guilds with all that is in them, and the state that holds the guilds; whatever changes is emitted."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from spacebot.sandbox.discord.model.automod import LocalRule
from spacebot.sandbox.discord.model.base import StateBase
from spacebot.sandbox.discord.model.changes import What
from spacebot.sandbox.discord.model.channels import KINDS, LocalChannel, LocalUser
from spacebot.sandbox.discord.model.forums import LocalForum, LocalTag
from spacebot.sandbox.discord.model.members import LocalMember, MemberApp
from spacebot.sandbox.discord.model.roles import GuildBase, LocalRole, Place
from spacebot.sandbox.discord.model.schedule import LocalEvent
from spacebot.sandbox.discord.model.threads import PRIVATE_THREAD, THREAD_KINDS, LocalThread
from spacebot.sandbox.discord.permissions import NONE, Permission, named

_Channel = TypeVar("_Channel", bound=LocalChannel)

DEFAULT_BOT_PERMISSIONS = ("view_channel", "send_messages", "embed_links", "read_message_history")
EVERYONE = named("change_nickname")
PEOPLE = named(
    "view_channel",
    "send_messages",
    "send_messages_in_threads",
    "embed_links",
    "attach_files",
    "add_reactions",
    "read_message_history",
    "use_application_commands",
    "use_external_apps",
    "connect",
    "speak",
)


@dataclass(slots=True, kw_only=True, eq=False)
class State(StateBase):
    """All that exists on the local Discord; look-ups take O(1). `app` is what members act with: set it before they do."""

    bot: LocalUser
    guilds: "dict[int, LocalGuild]" = field(default_factory=dict)
    channels: dict[int, LocalChannel] = field(default_factory=dict)
    users: dict[int, LocalUser] = field(default_factory=dict)
    app: MemberApp = field(init=False)

    def __post_init__(self) -> None:
        self.users[self.bot.id] = self.bot

    @property
    def bot_id(self) -> int:
        """The id of the bot's account."""
        return self.bot.id

    def dm_of(self, user: LocalUser) -> LocalChannel:
        """The private channel of the bot and that user, made where there is none yet."""
        if user.dm is None:
            user.dm = LocalChannel(state=self, id=self.snowflakes.next(), name="", type=KINDS["dm"], recipient=user)
            self.channels[user.dm.id] = user.dm
        return user.dm

    def add_group(self, people: Iterable[LocalUser]) -> LocalChannel:
        """A private channel of several people, in which the bot is not."""
        number = self.snowflakes.next()
        group = LocalChannel(state=self, id=number, name="", type=KINDS["group"], people=tuple(people))
        self.channels[number] = group
        return group


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadsInSight:
    """Active threads of a guild that the bot did not see before."""

    guild: "LocalGuild"
    threads: tuple[LocalThread, ...]


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalGuild(GuildBase):
    """A guild. Everything in it is made by its methods, which emit what they change."""

    state: State
    members: dict[int, LocalMember] = field(default_factory=dict)
    channels: dict[int, LocalChannel] = field(default_factory=dict)
    threads: dict[int, LocalThread] = field(default_factory=dict)
    events: dict[int, LocalEvent] = field(default_factory=dict)
    past_events: dict[int, LocalEvent] = field(default_factory=dict)
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
        self.bot_role = self.add_role(self.state.bot.name, mentionable=False)
        self.bot_role.managed = True
        self.owner = self.add_member(f"Owner of {self.name}")
        self.bot_member = self._join(self.state.bot, [self.bot_role])
        self.system_channel = self.add_channel("general")

    def __repr__(self) -> str:
        return f"<LocalGuild {self.name!r}>"

    @property
    def owner_id(self) -> int:
        """The id of the member who owns it."""
        return self.owner.id

    @property
    def member_ids(self) -> Collection[int]:
        """The ids of all members."""
        return self.members.keys()

    @property
    def bot_permissions(self) -> Permission:
        """What the bot may do in the guild at large; nothing where it is not in it."""
        return self.bot_member.permissions if self.has_bot else NONE

    def add_channel(self, name: str, *, kind: str = "text") -> LocalChannel:
        """A new channel; `kind` is 'text', 'announcement' or 'voice'."""
        return self._add(LocalChannel(**self._new_channel(name, kind)))

    def add_forum(self, name: str, *, tags: Iterable[str] = ()) -> LocalForum:
        """A new forum with these tags; it requires none."""
        forum = LocalForum(**self._new_channel(name, "forum"))
        forum.tags = [LocalTag(id=self.state.snowflakes.next(), name=tag) for tag in tags]
        return self._add(forum)

    def _new_channel(self, name: str, kind: str) -> dict[str, Any]:
        return {
            "state": self.state,
            "id": self.state.snowflakes.next(),
            "name": name,
            "type": KINDS[kind],
            "guild": self,
            "position": len(self.channels),
        }

    def _add(self, channel: _Channel) -> _Channel:
        self.channels[channel.id] = self.state.channels[channel.id] = channel
        self.state.emit(What.CREATED, channel)
        return channel

    def add_thread(
        self, parent: LocalChannel, name: str, *, by: LocalMember | None = None, private: bool = False
    ) -> LocalThread:
        """A new thread in a text or announcement channel or a forum, started by that member (None: the owner).

        A `private` one, in a text channel, lets nobody else in.
        """
        thread = self.new_thread(parent, name, by=(by or self.owner).user)
        if private:
            thread.type, thread.insiders = PRIVATE_THREAD, {thread.starter.id}
        self.open_thread(thread)
        return thread

    def new_thread(
        self, parent: LocalChannel, name: str, *, by: LocalUser, number: int | None = None, tags: tuple[int, ...] = ()
    ) -> LocalThread:
        """A thread that is not there for anybody yet; `number` is the id that it is to have."""
        return LocalThread(
            state=self.state,
            id=self.state.snowflakes.next() if number is None else number,
            name=name,
            type=THREAD_KINDS[parent.type],
            guild=self,
            overwrites=parent.overwrites,
            sending=Permission.SEND_MESSAGES_IN_THREADS,
            parent=parent,
            starter=by,
            turned_at=self.state.clock.now(),
            tags=tags,
        )

    def open_thread(self, thread: LocalThread) -> None:
        """From now on the thread is there."""
        self.threads[thread.id] = self.state.channels[thread.id] = thread
        self.state.emit(What.CREATED, thread)

    def add_event(
        self,
        name: str,
        *,
        location: str,
        start: datetime,
        end: datetime,
        description: str | None = None,
        cover: bytes | None = None,
        by: LocalUser | None = None,
    ) -> LocalEvent:
        """A new event elsewhere, made by that user (None: the owner)."""
        event = LocalEvent(
            guild=self,
            id=self.state.snowflakes.next(),
            creator=by or self.owner.user,
            name=name,
            location=location,
            start=start,
            end=end,
            description=description,
            cover=cover,
            events=self.events,
            past=self.past_events,
        )
        self.events[event.id] = event
        self.state.emit(What.CREATED, event)
        return event

    def add_automod_rule(self, keyword: str, *, exempt: Iterable[LocalChannel] = ()) -> LocalRule:
        """Block messages with a keyword ('tea' the word, 'tea*', '*tea', '*tea*'; '*' all) but in the channels `exempt`."""
        rule = LocalRule(rules=self.rules, keyword=keyword, exempt=frozenset(channel.id for channel in exempt))
        self.rules.append(rule)
        return rule

    def add_role(self, name: str, *, mentionable: bool = True, permissions: int = 0) -> LocalRole:
        """A new role, below those that are there; `permissions` are its bits."""
        role = LocalRole(
            guild=self,
            id=self.state.snowflakes.next(),
            name=name,
            permissions=Permission(permissions),
            mentionable=mentionable,
        )
        self.roles[role.id] = role
        self.state.emit(What.CREATED, role)
        return role

    def add_member(self, name: str, *, manage_guild: bool = False) -> LocalMember:
        """A new person, with what people may do here, and Manage Server if wanted."""
        user = LocalUser(id=self.state.snowflakes.past(), name=name)
        self.state.users[user.id] = user
        roles = [self.people]
        if manage_guild:
            if self._moderators is None or self._moderators.id not in self.roles:
                self._moderators = self.add_role("moderators", permissions=Permission.MANAGE_GUILD, mentionable=False)
            roles.append(self._moderators)
        member = self._join(user, roles)
        self.state.emit(What.CREATED, member)
        return member

    def _join(self, user: LocalUser, roles: list[LocalRole]) -> LocalMember:
        member = LocalMember(guild=self, user=user, app=self.state.app, roles=roles, joined_at=self.state.clock.now())
        self.members[user.id] = member
        if not user.is_bot:
            user.guilds.append(self)
        return member

    def set_bot_permissions(self, *names: str) -> None:
        """The bot's own role gives it exactly these."""
        self.bot_role.edit(permissions=names)

    def rename(self, name: str) -> None:
        self.name = name
        self.state.emit(What.UPDATED, self)

    def set_locale(self, locale: str) -> None:
        """Its owner chooses another language for it."""
        self.locale = locale
        self.state.emit(What.UPDATED, self)

    def find(self, kind: str, number: int) -> object:
        """The 'user' (as a member), 'role' or 'channel' of that id; None where the guild has none."""
        places: dict[str, Mapping[int, object]] = {
            "user": self.members,
            "role": self.roles,
            "channel": {**self.channels, **self.threads},
        }
        return places[kind].get(number)

    def bot_permissions_in(self, place: Place) -> Permission:
        """What the bot may do there; nothing where it is not in the guild."""
        return self.bot_member.permissions_in(place) if self.has_bot else NONE

    def threads_in_sight(self) -> list[LocalThread]:
        """The active threads that the bot may see."""
        return [thread for thread in self.threads.values() if not thread.archived and thread.is_in_sight]

    @contextmanager
    def changing_permissions(self) -> Iterator[None]:
        """Wrap a change of permissions: threads that it brings into the bot's sight are emitted as revealed."""
        before = {thread.parent for thread in self.threads_in_sight()}
        yield
        new = tuple(thread for thread in self.threads_in_sight() if thread.parent not in before)
        if new:
            self.state.emit(What.REVEALED, ThreadsInSight(guild=self, threads=new))

    def discard_role(self, role: LocalRole) -> None:
        """Take the role away, from its holders too."""
        self.roles.pop(role.id, None)
        for member in self.members.values():
            if role in member.roles:
                member.roles.remove(role)

    def discard_channel(self, channel_id: int) -> bool:
        """Take a channel and its threads away, or one thread; whether it was there."""
        gone = [thread.id for thread in self.threads.values() if channel_id in {thread.id, thread.parent.id}]
        if channel_id in self.channels:
            gone.append(channel_id)
        for each in gone:
            self.state.channels.pop(each, None)
            self.threads.pop(each, None)
            self.channels.pop(each, None)
        return bool(gone)

    def discard_member(self, user_id: int) -> bool:
        """Take a member away; whether they were there."""
        return self.members.pop(user_id, None) is not None

    def remove_bot(self) -> None:
        """Remove the bot from the guild; its role and its permissions come back with it."""
        self.unavailable = False
        self.state.emit(What.BOT_REMOVED, self)
        self.has_bot = False
        self.members.pop(self.state.bot.id, None)
        self.roles.pop(self.bot_role.id, None)

    kick_bot = remove_bot

    def invite_bot(self) -> None:
        """Let the bot in (again), with the permissions that its role had."""
        self.has_bot = True
        self.roles[self.bot_role.id] = self.bot_role
        self.bot_member = self._join(self.state.bot, [self.bot_role])
        self.state.emit(What.BOT_ADDED, self)

    def set_unavailable(self, *, unavailable: bool) -> None:
        """An outage at Discord begins or ends: the bot gets no event of the guild, but has not been removed.

        What it asks for meanwhile is answered with 503; which status Discord gives is not documented.
        """
        if unavailable:
            self.state.emit(What.OUTAGE_BEGAN, self)
        self.unavailable = unavailable
        if not unavailable:
            self.state.emit(What.OUTAGE_ENDED, self)

    def delete(self) -> None:
        """The guild is gone for everybody."""
        self.state.guilds.pop(self.id, None)
        for channel_id in (*self.channels, *self.threads):
            self.state.channels.pop(channel_id, None)
        self.remove_bot()
        for member in list(self.members.values()):
            member.leave()
