"""What use cases return to be shown: a Space, the outcome of adding a watch, the state of the bot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Generic, Self, TypeVar

from spacebot.domain.accounts import Host
from spacebot.domain.curve import Curve
from spacebot.domain.deliveries import Queue
from spacebot.domain.errands import Purpose
from spacebot.domain.guilds import GuildConfig, Keyword, WatchLine
from spacebot.domain.ids import ChannelId, GuildId, ListId, MessageId, RoleId, UserId
from spacebot.domain.obstacles import Obstacle
from spacebot.domain.spaces import Phase, SpaceFacts, SpaceRecord, facts_of
from spacebot.domain.spending import SpendingLine, SpentBy, Summary

Line = TypeVar("Line", WatchLine, Keyword)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceView(SpaceFacts):
    """What can be shown of one Space, from an answer of X or from the database; what is unknown is None or empty."""

    url: str
    phase: Phase
    peak: int | None = None
    average: int | None = None
    curve: Curve = ()
    """The listeners over time, in equal steps."""
    host: Host | None = None
    cohosts: tuple[Host, ...] = ()
    speakers: tuple[Host, ...] = ()
    more_cohosts: int = 0
    """Co-hosts beside these, whose names were not bought."""
    more_speakers: int = 0
    invited: tuple[Host, ...] = ()
    """Who is to speak in a scheduled Space."""
    more_invited: int = 0
    topics: tuple[str, ...] = ()

    @classmethod
    def of_record(
        cls,
        record: SpaceRecord,
        host: Host | None,
        *,
        cohosts: tuple[Host, ...] = (),
        speakers: tuple[Host, ...] = (),
        more_cohosts: int = 0,
        more_speakers: int = 0,
        invited: tuple[Host, ...] = (),
        more_invited: int = 0,
        topics: tuple[str, ...] = (),
    ) -> Self:
        """The view of a recorded Space, with the participants whose names are known."""
        return cls(
            url=record.url,
            phase=record.phase,
            peak=record.peak,
            average=record.average,
            curve=record.curve,
            host=host,
            cohosts=cohosts,
            speakers=speakers,
            more_cohosts=more_cohosts,
            more_speakers=more_speakers,
            invited=invited,
            more_invited=more_invited,
            topics=topics,
            **facts_of(record),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What the hosts of a guild do, as far as it was seen: nothing is asked for it."""

    live: tuple[SpaceView, ...] = ()
    coming: tuple[SpaceView, ...] = ()
    """Scheduled for the next week, the first one first; also those that should have begun."""
    events: Mapping[str, MessageId] = field(default_factory=dict)
    """The events of the guild that stand for Spaces, by the address of the Space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who takes part in a recorded Space, as far as it is known."""

    view: SpaceView
    count: int
    """Everybody, whether known by name or not."""
    is_forgotten: bool
    """Whether what X said of it is no longer kept; what was counted is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedPlace:
    """What became of a test in one channel."""

    channel_id: ChannelId
    roles: tuple[RoleId, ...]
    """Whom a real announcement mentions there."""
    seconds: float | None
    """How long it took until it was posted; None if it was not."""
    obstacle: Obstacle | None = None
    """What was in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What became of a test."""

    test_id: str
    places: tuple[TestedPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Some of what a search found, the live Spaces with the most listeners first."""

    views: tuple[SpaceView, ...]
    number: int
    """Of this page, from 1."""
    pages: int
    """Of what has been asked for so far."""
    found: int
    """Spaces in these pages."""
    may_be_more: bool
    """Whether X may know of more."""
    is_last: bool
    """Whether there is nothing to turn to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(Generic[Line]):
    """The outcome of `/watch add` and `/watch keyword add`."""

    line: Line
    """The guild's list entry as it is now, with the channel in which it announces; None while the guild has none."""
    is_new: bool
    changed: bool = True
    """Whether it is another than before."""
    looked: bool = True
    """Whether X could be asked at once if the host is live; if not, the next sweep finds out."""


class PushState(Enum):
    """The state of push: whether X reports starts and ends by itself."""

    OFF = "off"
    """There is nothing to subscribe to."""
    CONNECTING = "connecting"
    ON = "on"
    REFUSED = "refused"
    """Somebody has to act; the refusal says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushView:
    """The state of push, to be shown."""

    state: PushState | None
    """None where push is switched off."""
    refusal: str | None = None
    """Why X refuses, if it does."""
    covered: int = 0
    """How many hosts X reports."""
    refused: int = 0
    """How many hosts X refuses to report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildShare:
    """What one guild uses of what it may use."""

    hosts: int
    host_limit: int
    keywords: int
    keyword_limit: int
    """0 where it may have none."""
    new_hosts: int
    """Accounts bought today for it to follow."""
    new_host_limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """Everything that a guild has set, and what its announcements have met."""

    config: GuildConfig
    watches: tuple[WatchLine, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    met: Mapping[ChannelId, Obstacle] = field(default_factory=dict)
    """What announcements have met in channels, as far as it is not known to be gone."""
    bells: Mapping[UserId, RoleId] = field(default_factory=dict)
    """The roles of the bells that the guild has now and that were pressed, by host."""

    @property
    def _leads(self) -> tuple[ChannelId | None, ...]:
        own = (keyword.channel_id or self.config.channel_id for keyword in self.keywords)
        return (*(line.channel_id for line in self.watches), *own)

    @property
    def used(self) -> tuple[ChannelId, ...]:
        """Where something is to be announced, each once; the guild's channel while nothing is asked for."""
        leads = self._leads or (self.config.channel_id,)
        return tuple(dict.fromkeys(where for where in leads if where is not None))

    @property
    def channels(self) -> tuple[ChannelId, ...]:
        """The guild's channel, and every other that is used."""
        guilds = (self.config.channel_id,) if self.config.channel_id is not None else ()
        return tuple(dict.fromkeys((*guilds, *self.used)))

    @property
    def roles(self) -> tuple[RoleId, ...]:
        """Whom announcements mention, each once."""
        hosts = (role for line in self.watches for role in line.roles)
        keywords = (role for keyword in self.keywords for role in keyword.roles)
        return tuple(dict.fromkeys((*self.config.roles, *hosts, *keywords)))

    @property
    def follows_nobody(self) -> bool:
        """Whether there is nothing to announce."""
        return not (self.watches or self.keywords)

    @property
    def lacks_channel(self) -> bool:
        """Whether something has nowhere to be announced."""
        return None in (self._leads or (self.config.channel_id,))


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheWay:
    """What is in the way of a guild's announcements: each thing once, however many hosts it concerns."""

    channels: Mapping[ChannelId, Obstacle] = field(default_factory=dict)
    roles: Mapping[RoleId, str] = field(default_factory=dict)
    """Why a role is not mentioned, as a sentence."""
    bell: str | None = None
    """Why a press of 'Notify me' does nothing, as a sentence."""
    events: str | None = None
    """Why scheduled Spaces become no events of the guild although they should, as a sentence."""

    def closes(self, channels: Sequence[ChannelId]) -> bool:
        """Whether nothing at all can be posted in any of these channels."""
        closed = [where for where in channels if where in self.channels and self.channels[where].closes]
        return bool(channels) and len(closed) == len(channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How things are, for one guild's admins; nothing of it is about others."""

    connected: bool
    last_good_sweep: datetime | None
    trouble: str | None
    """Why X cannot be asked, if it cannot."""
    is_overdue: bool
    """Whether X has answered no sweep for longer than that can take while all is well."""
    store_trouble: str | None
    """Why the database does not work, if it does not."""
    queue: Queue
    """What waits to be sent to this guild."""
    delays: Sequence[tuple[float, str]]
    """Seconds from a Space's start to its announcement here in the last week, and what saw it first."""
    set_up: SetUp | None = None
    """None while the database does not work."""
    every: float | None = None
    """Seconds in which the guild's hosts are asked about once; None while nobody is followed."""
    share: GuildShare | None = None
    """None while the database does not work."""
    push: PushView | None = None
    """Of this guild's hosts; None while the database does not work."""
    dropped: tuple[Purpose, ...] = ()
    """What is not asked of X any more today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How the whole bot is, for its operator."""

    shards_up: int
    shards: int | None
    """How many there ought to be; None until Discord has said so."""
    last_good_sweep: datetime | None
    trouble: str | None
    store_trouble: str | None
    hosts: int
    """How many hosts are followed, by all guilds together."""
    keywords: int
    """How many different ones are searched for."""
    queue: Queue
    windows: Sequence[tuple[str, int, int]]
    """Endpoint, requests left, requests per window, of the endpoints that were used."""
    delays: Sequence[tuple[float, str]]
    push: PushView
    blocked_guilds: int
    blocked_people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What X bills, for the operator."""

    summary: Summary
    month: tuple[SpendingLine, ...]
    """Since the first of the month, by day and kind."""
    spent_by: tuple[SpentBy, ...]
    """Today's, by purpose and guild, as far as it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildFacts:
    """How one guild uses the bot, for the operator."""

    guild_id: GuildId
    config: GuildConfig
    share: GuildShare
    pushed: int
    """Hosts of its list of which X tells."""
    queue: Queue
    delays: Sequence[tuple[float, str]]
    is_blocked: bool
    spent_by: tuple[SpentBy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """A line for which nobody is followed."""

    text: str
    """As it was typed."""
    why: Exception | None
    """None where it was not tried any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyWatched:
    """What became of several hosts that a guild was to follow."""

    new: tuple[Host, ...] = ()
    known: tuple[Host, ...] = ()
    """Followed before; what was chosen for them counts from now on."""
    unresolved: tuple[Unresolved, ...] = ()
    has_more: bool = False
    """Whether a list has more members than may be bought or followed now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongLine:
    """A line of a file of watches that was not taken."""

    number: int
    """In the file, from 1."""
    cells: Mapping[str, str]
    """What it has, by column."""
    why: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of the lines of a file of watches, each counted once."""

    new: int
    changed: int
    same: int
    """Watched before exactly as the line says."""
    wrong: tuple[WrongLine, ...]
    """In the order of the file."""

    @property
    def lines(self) -> int:
        """All of them."""
        return self.new + self.changed + self.same + len(self.wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOffer:
    """What it takes to follow the members of a list of X's."""

    list_id: ListId
    most: int
    """As many members are asked for, the newest."""
    millicents: int
    """What they cost at most, in thousandths of a cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Where the operator's pages are; None where there is none."""

    privacy_url: str | None = None
    terms_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How much is stored of a person, and of the guild in which they ask."""

    is_linked: bool
    added: int
    """Hosts and keywords that they had guilds follow."""
    own_counts: int = 0
    """Spaces of their own of which it is kept what X told them."""
    hosts: int = 0
    keywords: int = 0
    announcements: int = 0
