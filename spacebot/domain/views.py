"""A Space as people are shown it, whether it comes from an answer of X or from what was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Pause, Queue
from spacebot.domain.guilds import Keyword, WatchLine
from spacebot.domain.ids import ChannelId
from spacebot.domain.spaces import Phase, SpaceFacts, SpaceRecord, facts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceView(SpaceFacts):
    """What can be shown of one Space; whatever is not known is None or empty."""

    url: str
    phase: Phase
    peak: int | None = None
    average: int | None = None
    host: Host | None = None
    cohosts: tuple[Host, ...] = ()
    speakers: tuple[Host, ...] = ()
    topics: tuple[str, ...] = ()

    @classmethod
    def of_record(
        cls, record: SpaceRecord, host: Host, *, cohosts: tuple[Host, ...] = (), speakers: tuple[Host, ...] = ()
    ) -> Self:
        """What was recorded of a Space, with those of its participants whose names are known."""
        return cls(
            url=record.url,
            phase=record.phase,
            peak=record.peak,
            average=record.average,
            host=host,
            cohosts=cohosts,
            speakers=speakers,
            **facts_of(record),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What became of `/watch add`."""

    line: WatchLine
    is_new: bool
    guild_channel_set: bool
    """Whether the guild had no channel, and has now got the one where the command was given."""
    looked: bool
    """Whether X could be asked at once if the host is live; otherwise the next sweep finds out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordWatched:
    """What became of `/watch keyword add`."""

    keyword: Keyword
    channel_id: ChannelId | None
    is_new: bool
    guild_channel_set: bool
    """Whether the guild had no channel, and has now got the one where the command was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How things are, for one guild's admins."""

    connected: bool
    last_good_sweep: datetime | None
    trouble: str | None
    """Why X was not asked, if it was not."""
    store_trouble: str | None
    """Why the database does not work, if it does not."""
    hosts: int
    """How many hosts are asked about, of all guilds."""
    queue: Queue
    pauses: Sequence[Pause]
    windows: Sequence[tuple[str, int, int]]
    """Endpoint, requests left, requests per window, of the endpoints that were used."""
    delays: Sequence[tuple[float, str]]
    """Seconds from a Space's start to its announcement here in the last week, and what saw it first."""
    extra: Sequence[tuple[str, str]] = ()
    """Further lines: a name and its text."""
