"""Accounts, channels and the messages in them; a channel's `messages` are those a reader would see, oldest first."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from spacebot.sandbox.discord.model.base import NotOffered, StateBase
from spacebot.sandbox.discord.model.changes import What
from spacebot.sandbox.discord.model.components import BUTTON, SELECTS, texts, walk
from spacebot.sandbox.discord.model.files import LocalFile
from spacebot.sandbox.discord.model.roles import GuildBase, LocalRole
from spacebot.sandbox.discord.model.snowflakes import time_of
from spacebot.sandbox.discord.permissions import Overwrite, Permission, named

KINDS = {"text": 0, "dm": 1, "voice": 2, "group": 3, "announcement": 5, "forum": 15}

IN_A_GUILD, WITH_THE_BOT, IN_PRIVATE = 0, 1, 2
"""The contexts of interactions."""

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15


class PermissionHolder(Protocol):
    """What an overwrite is for: a role or a member."""

    @property
    def id(self) -> int: ...

    @property
    def is_member(self) -> bool: ...

    @property
    def guild(self) -> GuildBase: ...


@dataclass(slots=True, kw_only=True, eq=False)
class LocalUser:
    """An account."""

    id: int
    name: str
    is_bot: bool = False
    accepts_dms: bool = True  # False: their private messages are closed
    has_app: bool = False  # they have installed the app for themselves
    dm: "LocalChannel | None" = None
    guilds: list[GuildBase] = field(default_factory=list)

    @property
    def shares_a_guild(self) -> bool:
        """Whether the bot is in one of their guilds."""
        return any(guild.has_bot for guild in self.guilds)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalMessage:
    """A message. `embeds` and `components` are as Discord shows them; `pinged_…` are those who were really pinged."""

    id: int
    channel: "LocalChannel"
    author: LocalUser
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[LocalFile] = field(default_factory=list)
    nonce: str | int | None = None
    flags: int = 0
    kind: int = 0
    edited_at: datetime | None = None
    pinged_roles: list[LocalRole] = field(default_factory=list)
    pinged_users: list[LocalUser] = field(default_factory=list)
    pinged_everyone: bool = False
    interaction: dict[str, Any] | None = None
    edits: int = 0

    def __repr__(self) -> str:
        return f"<LocalMessage {self.id} in {self.channel.name!r}: {self.content!r} {self.embeds}>"

    @property
    def author_id(self) -> int:
        return self.author.id

    @property
    def created_at(self) -> datetime:
        return time_of(self.id)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """A deferred reply that is not there yet."""
        return bool(self.flags & LOADING)

    @property
    def laid_out(self) -> bool:
        """Whether it has the flag IS_COMPONENTS_V2: nothing but components, of every kind."""
        return bool(self.flags & COMPONENTS_V2)

    @property
    def texts(self) -> list[str]:
        """What its text displays say, from top to bottom."""
        return texts(self.components)

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """All its buttons, wherever they are, in order."""
        return [component for component in walk(self.components) if component["type"] == BUTTON]

    @property
    def selects(self) -> list[dict[str, Any]]:
        """All its selects, wherever they are, in order."""
        return [component for component in walk(self.components) if component["type"] in SELECTS]

    def delete(self) -> None:
        """Delete it as a moderator would."""
        self.channel.remove(self)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalChannel:
    """A place for messages; in a guild, or private: the bot's and `recipient`'s, or of several `people` without the bot.

    `sending` is the permission to write here.
    """

    state: StateBase
    id: int
    name: str
    type: int
    guild: GuildBase | None = None
    recipient: LocalUser | None = None
    people: tuple[LocalUser, ...] = ()
    position: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    sending: Permission = Permission.SEND_MESSAGES
    messages: list[LocalMessage] = field(default_factory=list)
    deleted_messages: list[LocalMessage] = field(default_factory=list)
    by_id: dict[int, LocalMessage] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<LocalChannel {self.name!r}>"

    @property
    def context(self) -> int:
        """Where an interaction here comes from: a guild, the bot's own private channel, or another one."""
        return IN_A_GUILD if self.guild is not None else WITH_THE_BOT if self.recipient is not None else IN_PRIVATE

    def is_for(self, user: LocalUser) -> bool:
        """Whether a private channel is theirs."""
        return user is self.recipient or user in self.people

    def is_open_to(self, _member_id: int, _granted: Permission) -> bool:
        """Whether a member who is granted this in the channel is let in: anybody who may see it."""
        return True

    def deny(self, *names: str) -> None:
        """Deny the bot these permissions here, by name ('send_messages')."""
        self._overwrite_bot(deny=names)

    def allow(self, *names: str) -> None:
        """Allow the bot these permissions here; takes back a `deny`."""
        self._overwrite_bot(allow=names)

    def overwrite(self, target: PermissionHolder, *, allow: tuple[str, ...] = (), deny: tuple[str, ...] = ()) -> None:
        """Allow and deny permissions to a role or a member; what is not named does not change."""
        self._overwrite(target.guild, target.id, is_member=target.is_member, allow=allow, deny=deny)

    def clear_overwrites(self) -> None:
        """Here holds what holds in the guild."""
        if self.guild is not None:
            with self.guild.changing_permissions():
                self.overwrites.clear()
                self._updated()

    def rename(self, name: str) -> None:
        self.name = name
        self._updated()

    def delete(self) -> None:
        """The channel is gone, with all that was in it, threads included. Raises NotOffered for a private one."""
        if self.guild is None:
            raise NotOffered("a private channel cannot be deleted")
        if self.guild.discard_channel(self.id):
            self.state.emit(What.DELETED, self)

    def add(self, message: LocalMessage) -> None:
        """Put a message here, at the place that its id gives it."""
        insort(self.messages, message, key=_id)
        self.by_id[message.id] = message
        if self.state.keep_messages is not None and len(self.messages) > self.state.keep_messages:
            del self.by_id[self.messages.pop(0).id]
        self.state.emit(What.CREATED, message)

    def mark_edited(self, message: LocalMessage) -> None:
        """`message` has been edited just now; one that is shown to a single member is in no channel."""
        message.edited_at = self.state.clock.now()
        message.edits += 1
        if message.id in self.by_id:
            self.changed(message)

    def changed(self, message: LocalMessage) -> None:
        """Something about `message` is new."""
        self.state.emit(What.UPDATED, message)

    def remove(self, message: LocalMessage) -> None:
        """Delete a message; nothing happens where it is gone already."""
        if self.by_id.pop(message.id, None) is None:
            return
        self.messages.remove(message)
        self.deleted_messages.append(message)
        if self.state.keep_messages is not None:
            del self.deleted_messages[: -self.state.keep_messages]
        self.state.emit(What.DELETED, message)

    def page(self, *, limit: int, **edges: int | None) -> list[LocalMessage]:
        """At most `limit` messages, newest first: those next to the edge `before`, `after` or `around`, or the newest."""
        if (before := edges.get("before")) is not None:
            end = bisect_left(self.messages, before, key=_id)
            start = end - limit
        elif (after := edges.get("after")) is not None:
            start = bisect_left(self.messages, after + 1, key=_id)
            end = start + limit
        elif (around := edges.get("around")) is not None:
            start = bisect_left(self.messages, around, key=_id) - limit // 2
            end = start + limit
        else:
            end = len(self.messages)
            start = end - limit
        return self.messages[max(0, start) : max(0, end)][::-1]

    def _overwrite_bot(self, *, allow: tuple[str, ...] = (), deny: tuple[str, ...] = ()) -> None:
        if self.guild is not None:
            self._overwrite(self.guild, self.state.bot_id, is_member=True, allow=allow, deny=deny)

    def _overwrite(
        self, guild: GuildBase, holder_id: int, *, is_member: bool, allow: tuple[str, ...], deny: tuple[str, ...]
    ) -> None:
        old = self.overwrites.get(holder_id, Overwrite(is_member=is_member))
        allowed, denied = named(*allow), named(*deny)
        with guild.changing_permissions():
            self.overwrites[holder_id] = replace(
                old, allow=(old.allow | allowed) & ~denied, deny=(old.deny | denied) & ~allowed
            )
            self._updated()

    def _updated(self) -> None:
        self.state.emit(What.UPDATED, self)


def _id(message: LocalMessage) -> int:
    return message.id
