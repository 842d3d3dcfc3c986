"""Roles, and the guild as far as the things in it know it."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from spacebot.sandbox.discord.model.automod import LocalRule
from spacebot.sandbox.discord.model.base import StateBase
from spacebot.sandbox.discord.model.changes import What
from spacebot.sandbox.discord.permissions import NONE, Overwrite, Permission, named


class Place(Protocol):
    """Somewhere that permissions are asked for: its overwrites, the permission that writing takes, and who is let in."""

    @property
    def overwrites(self) -> Mapping[int, Overwrite]: ...

    @property
    def sending(self) -> Permission: ...

    def is_open_to(self, member_id: int, granted: Permission) -> bool: ...


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalRole:
    """A role; `managed` is the one a bot brings with it. Of two at the same `position` the older one is above."""

    guild: "GuildBase"
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

    @property
    def rank(self) -> tuple[int, int]:
        """Greater for a role that is above."""
        return self.position, -self.id

    def edit(
        self,
        *,
        name: str | None = None,
        mentionable: bool | None = None,
        permissions: Iterable[str] | None = None,
        position: int | None = None,
    ) -> None:
        """Change what is named."""
        if position is not None:
            self.position = position
        if name is not None:
            self.name = name
        if mentionable is not None:
            self.mentionable = mentionable
        with self.guild.changing_permissions():
            if permissions is not None:
                self.permissions = named(*permissions)
            self.guild.state.emit(What.UPDATED, self)

    def delete(self) -> None:
        """The role is gone, and nobody has it any more."""
        self.guild.discard_role(self)
        self.guild.state.emit(What.DELETED, self)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class GuildBase(ABC):
    """A guild as its roles, channels and members know it; `LocalGuild` is the whole. `commands` are the guild's own."""

    state: StateBase
    id: int
    name: str
    locale: str = "en-US"
    has_bot: bool = False
    unavailable: bool = False
    roles: dict[int, LocalRole] = field(default_factory=dict)
    everyone: LocalRole = field(init=False)
    rules: list[LocalRule] = field(default_factory=list)
    commands: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    @abstractmethod
    def owner_id(self) -> int:
        """The id of the member who owns it."""

    @property
    @abstractmethod
    def member_ids(self) -> Collection[int]:
        """The ids of all members."""

    @property
    @abstractmethod
    def bot_permissions(self) -> Permission:
        """What the bot may do in the guild at large; nothing where it is not in it."""

    @abstractmethod
    def find(self, kind: str, number: int) -> object:
        """The 'user' (as a member), 'role' or 'channel' of that id; None where the guild has none."""

    @abstractmethod
    def bot_permissions_in(self, place: Place) -> Permission:
        """What the bot may do there; nothing where it is not in the guild."""

    @abstractmethod
    def changing_permissions(self) -> AbstractContextManager[None]:
        """Wrap a change of permissions: it may bring threads into the bot's sight."""

    @abstractmethod
    def discard_role(self, role: LocalRole) -> None:
        """Take the role away, from its holders too."""

    @abstractmethod
    def discard_channel(self, channel_id: int) -> bool:
        """Take a channel and its threads away, or one thread; whether it was there."""

    @abstractmethod
    def discard_member(self, user_id: int) -> bool:
        """Take a member away; whether they were there."""
