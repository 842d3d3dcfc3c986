"""Channels and the messages in them; a channel's `messages` are exactly those a reader would see, oldest first."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.forms.components import BUTTON, walk
from spacebot.sandbox.discord.forms.messages import EPHEMERAL, LOADING
from spacebot.sandbox.discord.model.snowflakes import time_of
from spacebot.sandbox.discord.model.state import DIRECT_MESSAGES, GUILD_MESSAGES, LocalUser, World
from spacebot.sandbox.discord.permissions import Overwrite, Permission, named

if TYPE_CHECKING:  # guilds are made of channels
    from spacebot.sandbox.discord.model.guilds import LocalGuild
    from spacebot.sandbox.discord.model.members import LocalMember, LocalRole

KINDS = {"text": 0, "dm": 1, "voice": 2, "announcement": 5}


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalMessage:
    """A message. `embeds` and `components` are as Discord shows them; `pinged_…` tell whom it really pinged."""

    id: int
    channel: "LocalChannel"
    author: LocalUser
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    nonce: str | int | None = None
    flags: int = 0
    kind: int = 0
    edited_at: datetime | None = None
    pinged_roles: "list[LocalRole]" = field(default_factory=list)
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
    def buttons(self) -> list[dict[str, Any]]:
        """All buttons of all rows, in order."""
        return [component for component in walk(self.components) if component["type"] == BUTTON]

    def delete(self) -> None:
        """Delete it as a moderator would."""
        self.channel.remove(self)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalChannel:
    """A place for messages; in a guild, or private with `recipient`. `sending` is the permission to write here."""

    world: World
    id: int
    name: str
    type: int
    guild: "LocalGuild | None" = None
    recipient: LocalUser | None = None
    position: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    sending: Permission = Permission.SEND_MESSAGES
    messages: list[LocalMessage] = field(default_factory=list)
    deleted_messages: list[LocalMessage] = field(default_factory=list)
    by_id: dict[int, LocalMessage] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<LocalChannel {self.name!r}>"

    def deny(self, *names: str) -> None:
        """Deny the bot these permissions here, by name ('send_messages')."""
        if self.guild is not None:
            self.overwrite(self.guild.bot_member, deny=names)

    def allow(self, *names: str) -> None:
        """Allow the bot these permissions here; takes back a `deny`."""
        if self.guild is not None:
            self.overwrite(self.guild.bot_member, allow=names)

    def overwrite(
        self, target: "LocalRole | LocalMember", *, allow: tuple[str, ...] = (), deny: tuple[str, ...] = ()
    ) -> None:
        """Allow and deny permissions to a role or a member; what is not named stays as it was."""
        old = self.overwrites.get(target.id, Overwrite(is_member=target.is_member))
        allowed, denied = named(*allow), named(*deny)
        with target.guild.changing_permissions():
            self.overwrites[target.id] = replace(
                old, allow=(old.allow | allowed) & ~denied, deny=(old.deny | denied) & ~allowed
            )
            self._updated()

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
        """The channel is gone, with all that was in it, threads included."""
        self.world.channels.pop(self.id, None)
        if self.guild is not None and self.guild.channels.pop(self.id, None) is not None:
            for thread in [each for each in self.guild.threads.values() if each.parent is self]:
                del self.guild.threads[thread.id], self.world.channels[thread.id]
            self.world.tell(self.guild, "CHANNEL_DELETE", self.shown())

    def shown(self) -> payloads.Json:
        """As Discord shows it."""
        return payloads.channel(self)

    def add(self, message: LocalMessage) -> None:
        """Let a message stand here, at the place that its id gives it."""
        insort(self.messages, message, key=_id)
        self.by_id[message.id] = message
        if self.world.keep_messages is not None and len(self.messages) > self.world.keep_messages:
            del self.by_id[self.messages.pop(0).id]
        self._tell("MESSAGE_CREATE", payloads.message(message, nonce=True))

    def changed(self, message: LocalMessage) -> None:
        """`message` has been edited."""
        self._tell("MESSAGE_UPDATE", payloads.message(message))

    def remove(self, message: LocalMessage) -> None:
        """Delete a message; nothing happens where it is gone already."""
        if self.by_id.pop(message.id, None) is None:
            return
        self.messages.remove(message)
        self.deleted_messages.append(message)
        if self.world.keep_messages is not None:
            del self.deleted_messages[: -self.world.keep_messages]
        self._tell("MESSAGE_DELETE", {"id": str(message.id), "channel_id": str(self.id)})

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

    def _updated(self) -> None:
        self.world.tell(self.guild, "CHANNEL_UPDATE", self.shown())

    def _tell(self, event: str, data: dict[str, Any]) -> None:
        if self.guild is not None:
            data["guild_id"] = str(self.guild.id)
        self.world.tell(self.guild, event, data, DIRECT_MESSAGES if self.guild is None else GUILD_MESSAGES)


def _id(message: LocalMessage) -> int:
    return message.id
