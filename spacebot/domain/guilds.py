"""What a guild has asked for: its configuration and its watches."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from spacebot.domain.accounts import Host
from spacebot.domain.bells import BellMode
from spacebot.domain.filters import EVERYTHING, Filter, suits
from spacebot.domain.ids import ChannelId, GuildId, RoleId
from spacebot.domain.looks import USUAL_LOOK, Look
from spacebot.domain.obstacles import Obstacle
from spacebot.domain.spaces import SpaceRecord

MOST_ROLES = 5
"""As many roles a guild, or one watch, mentions at most."""


class AtEnd(StrEnum):
    """What happens to a guild's announcements when the Space is over."""

    EDIT = "edit"
    """They become a summary."""
    DELETE = "delete"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildConfig:
    """What a guild's admins have set; the defaults apply to a guild that has set nothing."""

    channel_id: ChannelId | None = None
    roles: tuple[RoleId, ...] = ()
    """Whom announcements mention: up to `MOST_ROLES`, in the order of their ids."""
    admin_channel_id: ChannelId | None = None
    """Where admins are told about problems; None for the system channel."""
    at_end: AtEnd = AtEnd.EDIT
    tells_scheduled: bool = False
    reminder_minutes: int | None = None
    tells_live: bool = True
    tells_ended: bool = False
    ping_minutes: int = 30
    """Between two messages for one host that mention somebody in one channel; 0 for none."""
    on_hold: bool = False
    """Whether nothing new is posted until an admin goes on; what stands is kept true."""
    look: Look = USUAL_LOOK
    """Its own text and colour of what announces a live Space."""
    publishes: bool = True
    """Whether that is published where it is posted in an announcement channel."""
    makes_events: bool = False
    """Whether a scheduled Space becomes an event of the guild."""
    bell: BellMode = BellMode.OFF
    """Which roles members may take and give back with a button, to be mentioned."""
    language: str | None = None
    """In which language the guild is told something, as a code; None for the one that Discord says."""
    shows_invited: bool = False
    """Whether what announces a scheduled Space names who is invited to speak, whom X bills, and the topics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A guild follows one host. Without a channel or roles of its own, the guild's are used."""

    watch_id: int
    host: Host
    channel_id: ChannelId | None = None
    roles: tuple[RoleId, ...] = ()
    also_cohost: bool = False
    """Whether other people's Spaces are announced too if this person is a co-host or speaker there."""
    on_hold: bool = False
    """As of the guild, for this host alone."""
    look: Look = USUAL_LOOK
    """As of the guild, for this host alone."""
    filter: Filter = EVERYTHING
    """Which of the Spaces that it is for are announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A guild wants to hear about live Spaces with these words in the title."""

    watch_id: int = 0
    guild_id: GuildId
    text: str
    lang: str | None = None
    least: int | None = None
    """Listeners, at least."""
    ticketed: bool | None = None
    """True: only Spaces that need a ticket; False: only those that need none; None: all."""
    channel_id: ChannelId | None = None
    roles: tuple[RoleId, ...] = ()

    def takes(self, *, lang: str | None, participant_count: int | None, is_ticketed: bool | None) -> bool:
        """Whether a Space with the words passes the filters. A value that X leaves out is not held against it."""
        if self.least is not None and (participant_count or 0) < self.least:
            return False
        return suits(self.lang, self.ticketed, lang=lang, is_ticketed=is_ticketed)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLine:
    """A watch and its state: its channel, its roles, what is live, and what prevents announcements."""

    watch: Watch
    channel_id: ChannelId | None
    roles: tuple[RoleId, ...]
    live: SpaceRecord | None
    paused: Obstacle | None
    """What its last announcement has met there, if it has failed or nothing can be posted there."""
    on_hold: bool = False
    """Whether an admin has stopped it, or all of the guild's."""


def in_order(roles: Collection[RoleId]) -> tuple[RoleId, ...]:
    """Roles as they are stored: each once, by id, whichever way they were chosen."""
    return tuple(sorted(set(roles)))
