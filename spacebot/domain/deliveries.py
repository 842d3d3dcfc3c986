"""Announcements as rows of the ledger: which message belongs in which channel, when it is due, and its outcome."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from spacebot.domain.accounts import Host
from spacebot.domain.guilds import AtEnd
from spacebot.domain.ids import ChannelId, GuildId, MessageId, RoleId, SpaceId, UserId
from spacebot.domain.looks import USUAL_LOOK, Look
from spacebot.domain.obstacles import Obstacle
from spacebot.domain.spaces import Phase, SpaceRecord


class Kind(StrEnum):
    """The moment of a Space that an announcement is about."""

    SCHEDULED = "scheduled"
    """It is announced on X for later."""
    REMINDER = "reminder"
    """It is about to start."""
    LIVE = "live"
    ENDED = "ended"
    """It is over; a separate message, in addition to the edit of the others."""
    EVENT = "event"
    """It is announced on X for later: an event of the guild, which is no message. Its place is `events_of` the guild."""
    TEST = "test"
    """None: an admin wants to see how it looks. Its Space is invented, and kept as one that is over: nobody asks X about it."""

    def fits(self, phase: Phase) -> bool:
        """Whether an announcement of this moment is still true while the Space is in that phase."""
        return phase in _MOMENTS[self]


_MOMENTS = {
    Kind.SCHEDULED: {Phase.SCHEDULED},
    Kind.REMINDER: {Phase.SCHEDULED},
    Kind.LIVE: {Phase.LIVE},
    Kind.ENDED: {Phase.ENDED, Phase.GONE},
    Kind.EVENT: {Phase.SCHEDULED},
    Kind.TEST: {Phase.ENDED},
}

AHEAD = frozenset({Kind.REMINDER, Kind.EVENT})
"""The moments that are of no use once the Space should have started."""


class Shape(StrEnum):
    """How a message is laid out. Its edits keep to the shape in which it was posted."""

    FIELDS = "fields"
    """A field for each fact; what was posted before there was any other."""
    COMPACT = "compact"
    """A few lines, the host's picture, and buttons."""


def stands_as(space: SpaceRecord, kind: Kind, at_end: AtEnd) -> Phase:
    """The phase that a message tells of: the Space's own, but once it is over what it was before, where that is to stay.

    A test tells of a live one.
    """
    if kind is Kind.TEST:
        return Phase.LIVE
    if space.phase.is_open or kind is Kind.ENDED or at_end is not AtEnd.LEAVE:
        return space.phase
    return Phase.LIVE if space.was_live else Phase.SCHEDULED


RINGING = frozenset({Kind.LIVE, Kind.REMINDER})
"""The moments of which people are called to hear; the others are there to be read."""

TOO_LATE_TO_MENTION = timedelta(minutes=30)
"""A Space found so long after its start is announced without mentioning anybody."""


def reminder_due(start: datetime | None, minutes: int | None, now: datetime) -> datetime | None:
    """When a guild's reminder of a Space is due; decided here and nowhere else.

    Args:
        start: When the Space is scheduled to start; None if that is unknown.
        minutes: How long before the start the guild wants the reminder; None if it has not said: then at once.
        now: The time.

    Returns:
        `now` if that time has passed already; None once the Space should have started: a reminder is no use then.
    """
    if start is None or now >= start:
        return None
    return now if minutes is None else max(now, start - timedelta(minutes=minutes))


def is_late(space: SpaceRecord, at: datetime, least: timedelta) -> bool:
    """Whether the Space had been live for at least `least` at that time."""
    began = space.started_at or space.live_seen_at
    return began is not None and at - began >= least


def marker(url: str, kind: str) -> str:
    """The address by which the bot finds its own again: of an embed in a channel's history, or where an event takes place."""
    return url if kind == Kind.EVENT else f"{url}#{kind}"


class Matter(StrEnum):
    """What a notice to a guild's admins is about."""

    PAUSED = "paused"
    RENAMED = "renamed"
    STANDING = "standing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A channel that Discord does not let us post in, and why."""

    channel_id: ChannelId
    guild_id: GuildId
    obstacle: Obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell a guild's admins once."""

    notice_id: int
    """Given out again once the notice is dropped; with `created_at` it is unique."""
    created_at: datetime
    guild_id: GuildId
    matter: Matter
    channel_id: ChannelId | None
    """The channel that it is about."""
    host: Host | None
    """The account that it is about."""
    detail: str
    """What an account was called before; its standing."""
    obstacle: Obstacle | None = None
    """Why a channel is paused."""
    admin_channel_id: ChannelId | None
    recipients: tuple[int, ...]
    """Users who added the watches concerned, latest first: messaged directly if no channel can be written in."""
    attempts: int
    language: str | None = None
    """The language that the guild's admins have chosen; None for the one that Discord says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A past announcement with its outcome."""

    kind: Kind
    guild_id: GuildId
    channel_id: ChannelId
    space: SpaceRecord
    """Once it is over for a day only its ids, times and our own counters are known."""
    host: Host
    """With its id alone if nobody follows it any more."""
    state: str
    obstacle: Obstacle | None
    message_id: MessageId | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How much work waits in the ledger."""

    unsent: int
    edits: int
    oldest: datetime | None
    """Since when the oldest due announcement has been waiting."""


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
    """The roles that the watches behind this delivery mention."""
    followed: bool = True
    """Whether any watch still wants this delivery."""
    attempts: int
    """How often it was tried before this time."""
    first_attempt_at: datetime | None
    """Since then Discord may hold the message, whatever it answered; None if it was never tried."""
    message_id: MessageId | None
    """The message to edit; None if it is still to be sent."""
    guest: Host | None = None
    """The co-host or speaker whom the guild follows, in somebody else's Space; None if it follows the host."""
    cohosts: tuple[Host, ...] = ()
    speakers: tuple[Host, ...] = ()
    shows_invited: bool = False
    """Whether it names who is invited, and the topics, while the Space is scheduled."""
    invited: tuple[Host, ...] = ()
    """Those of the invited whose names are known."""
    at_end: AtEnd = AtEnd.EDIT
    quiet: bool = False
    """Whether the message mentioned nobody when it was sent."""
    hushed: bool = False
    """Whether it is to mention nobody if it is sent: its host has called people here a short while ago, or it is late."""
    shape: Shape = Shape.COMPACT
    look: Look = USUAL_LOOK
    """The text and the colour that admins have given it."""
    bell: UserId | None = None
    """Whose bell stands under it, or `EVERY_HOST`; None for no bell."""
    publishes: bool = True
    """Whether the guild wants it published where it stands in an announcement channel."""
    sent_at: datetime | None = None
    reminder_minutes: int | None = None
    language: str | None = None
    """The language that the guild's admins have chosen; None for the one that Discord says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A message of ours in an announcement channel that is to be published."""

    delivery_id: int
    channel_id: ChannelId
    message_id: MessageId


NOBODY_ON_X = UserId("0")
"""The host of a test where no host is followed."""

MOST_TESTED = 5
"""Channels in which one test is posted at most."""


def spaces_of_test(test_id: str) -> list[SpaceId]:
    """The ids of the Spaces that a test invents, one for each channel; `test_id` has up to 12 letters and digits.

    X's begin with a 1, those of tests with a 0.
    """
    return [SpaceId(f"{test_id}{number}") for number in range(MOST_TESTED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceToTest:
    """A channel in which a test is to be posted."""

    channel_id: ChannelId
    host: Host | None
    """Whose Space it shows; None where nobody is followed."""
    watch_id: int | None
    """The watch as which it is posted: its text, its colour; None for the guild's own."""
    roles: tuple[RoleId, ...]
    """Whom a real announcement mentions there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateOfTest:
    """What became of a test in one channel."""

    state: str
    obstacle: Obstacle | None
    """Why it is not posted yet, or not any more."""
    sent_at: datetime | None
