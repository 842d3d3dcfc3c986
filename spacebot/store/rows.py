"""What the database hands out: one small frozen type per question."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from spacebot.ids import ChannelId, GuildId, MessageId, RoleId
from spacebot.watch.lifecycle import Phase, SpaceRecord
from spacebot.x.model import UserId

_HANDLE = re.compile(r"\w{1,40}", re.ASCII)


class Kind(StrEnum):
    """Which of a Space's moments an announcement tells of."""

    SCHEDULED = "scheduled"
    """It is announced on X for later."""
    REMINDER = "reminder"
    """It is about to start."""
    LIVE = "live"
    ENDED = "ended"
    """It is over; a message of its own, beside the edit of the others."""

    def fits(self, phase: Phase) -> bool:
        """Whether this moment can still be told of while the Space is in that phase."""
        return phase in _MOMENTS[self]


_MOMENTS = {
    Kind.SCHEDULED: {Phase.SCHEDULED},
    Kind.REMINDER: {Phase.SCHEDULED},
    Kind.LIVE: {Phase.LIVE},
    Kind.ENDED: {Phase.ENDED, Phase.GONE},
}


class AtEnd(StrEnum):
    """What becomes of a guild's announcements when the Space is over."""

    EDIT = "edit"
    """They become a summary."""
    DELETE = "delete"
    LEAVE = "leave"


class Standing(StrEnum):
    """What X says of an account that is not as it should be."""

    SUSPENDED = "suspended"
    PROTECTED = "protected"
    GONE = "gone"


class Matter(StrEnum):
    """What a guild is told of beside its announcements."""

    PAUSED = "paused"
    RENAMED = "renamed"
    STANDING = "standing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An account on X as last seen; always keyed by its id, for a handle can change."""

    user_id: UserId
    username: str
    name: str
    picture: str | None = None
    protected: bool = False
    standing: Standing | None = None

    @property
    def url(self) -> str:
        """The account's page; by its id where the handle is none that could stand in an address."""
        return (
            f"https://x.com/{self.username}"
            if _HANDLE.fullmatch(self.username)
            else f"https://x.com/i/user/{self.user_id}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildConfig:
    """What a guild's admins have set; all of it may be unset."""

    channel_id: ChannelId | None = None
    role_id: RoleId | None = None
    admin_channel_id: ChannelId | None = None
    """Where the guild's admins are told of trouble; None for its system channel."""
    at_end: AtEnd = AtEnd.EDIT
    tells_scheduled: bool = False
    reminder_minutes: int | None = None
    tells_live: bool = True
    tells_ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A guild's wish to hear of one host. `channel_id` and `role_id` are the watch's own; the guild's stand in for them."""

    watch_id: int
    host: Host
    channel_id: ChannelId | None
    role_id: RoleId | None
    also_cohost: bool = False
    """Whether Spaces of others are announced too in which this person is co-host or speaker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A guild's wish to hear of live Spaces whose title has some words."""

    watch_id: int = 0
    guild_id: GuildId
    text: str
    lang: str | None = None
    least: int | None = None
    """Listeners, at least."""
    ticketed: bool | None = None
    """Only those that need a ticket, or that need none; None for all."""
    channel_id: ChannelId | None = None
    role_id: RoleId | None = None

    def takes(self, *, lang: str | None, participants: int | None, is_ticketed: bool | None) -> bool:
        """Whether a Space that has the words is wanted. What X does not say of it does not count against it."""
        if self.lang is not None and lang is not None and lang.partition("-")[0] != self.lang.partition("-")[0]:
            return False
        if self.least is not None and (participants or 0) < self.least:
            return False
        return self.ticketed is None or is_ticketed is None or is_ticketed is self.ticketed


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLine:
    """A watch with what has become of it: where it announces, whom it mentions, what is on, and what is in its way."""

    watch: Watch
    channel_id: ChannelId | None
    role_id: RoleId | None
    live: SpaceRecord | None
    paused: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A channel that Discord does not let us post in, and why."""

    channel_id: ChannelId
    guild_id: GuildId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that a guild's admins are to be told once."""

    notice_id: int
    guild_id: GuildId
    matter: Matter
    channel_id: ChannelId | None
    """The channel that it is about."""
    host: Host | None
    """The account that it is about."""
    detail: str
    """Why a channel is paused; what an account was called before; its standing."""
    admin_channel_id: ChannelId | None
    people: tuple[int, ...]
    """Who set up what it is about, the latest first: told in person where no channel can be written in."""
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An announcement of the past, with its outcome."""

    kind: Kind
    channel_id: ChannelId
    space: SpaceRecord
    host: Host
    state: str
    reason: str | None
    message_id: MessageId | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How much the ledger has to do."""

    unsent: int
    edits: int
    oldest: datetime | None
    """Since when the oldest due announcement waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A person on their way to X's page of consent."""

    person: int
    person_name: str
    state: str
    """A digest of the state that X hands back."""
    verifier: bytes
    """Sealed."""
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a person's X account lends; both tokens are sealed."""

    person: int
    access: bytes
    refresh: bytes | None
    expires_at: datetime
    scopes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One delivery that the courier has claimed: everything it needs to send or to edit, as of the claim."""

    delivery_id: int
    kind: Kind
    guild_id: GuildId
    channel_id: ChannelId
    space: SpaceRecord
    host: Host
    roles: tuple[RoleId, ...]
    """Whom the watches that share this delivery want mentioned."""
    followed: bool = True
    """Whether any watch still wants this delivery."""
    attempts: int
    """How often it was tried before this time."""
    first_attempt_at: datetime | None
    """From here on Discord may already hold the message, whatever we heard of it; None if it was never tried."""
    message_id: MessageId | None
    """The message to edit; None if it is still to be sent."""
    guest: Host | None = None
    """Whom the guild follows of a Space that is somebody else's; None where it follows the host."""
    cohosts: tuple[Host, ...] = ()
    speakers: tuple[Host, ...] = ()
    at_end: AtEnd = AtEnd.EDIT
    quiet: bool = False
    """Whether the message mentioned nobody when it was sent."""
    sent_at: datetime | None = None
    reminder_minutes: int | None = None
