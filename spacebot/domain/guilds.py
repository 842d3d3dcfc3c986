"""What a guild has asked for: its configuration and its watches."""

from dataclasses import dataclass
from enum import StrEnum

from spacebot.domain.accounts import Host
from spacebot.domain.ids import ChannelId, GuildId, RoleId
from spacebot.domain.obstacles import Obstacle
from spacebot.domain.spaces import SpaceRecord


class AtEnd(StrEnum):
    """What becomes of a guild's announcements when the Space is over."""

    EDIT = "edit"
    """They become a summary."""
    DELETE = "delete"
    LEAVE = "leave"


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

    def takes(self, *, lang: str | None, participant_count: int | None, is_ticketed: bool | None) -> bool:
        """Whether a Space that has the words is wanted. What X does not say of it does not count against it."""
        if self.lang is not None and lang is not None and lang.partition("-")[0] != self.lang.partition("-")[0]:
            return False
        if self.least is not None and (participant_count or 0) < self.least:
            return False
        return self.ticketed is None or is_ticketed is None or is_ticketed is self.ticketed


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLine:
    """A watch with what has become of it: where it announces, whom it mentions, what is on, and what is in its way."""

    watch: Watch
    channel_id: ChannelId | None
    role_id: RoleId | None
    live: SpaceRecord | None
    paused: Obstacle | None
    """Why nothing is announced there at the moment, where an announcement has found that out."""
    warning: str | None = None
    """What is wrong with the channel, for people, where nothing was tried there yet."""
