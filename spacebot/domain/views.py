"""What use cases answer with: a Space as people are shown it, what became of a watch, and how things are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Generic, Self, TypeVar

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Pause, Queue
from spacebot.domain.guilds import Keyword, WatchLine
from spacebot.domain.spaces import Phase, SpaceFacts, SpaceRecord, facts_of
from spacebot.domain.spending import Summary

Line = TypeVar("Line", WatchLine, Keyword)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceView(SpaceFacts):
    """What can be shown of one Space, of X's answer or of what was recorded; whatever is not known is None or empty."""

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
class Watched(Generic[Line]):
    """What became of `/watch add` and `/watch keyword add`."""

    line: Line
    """What stands in the guild's list now, with the channel in which it announces."""
    is_new: bool
    guild_channel_set: bool
    """Whether the guild had no channel, and has now got the one where the command was given."""
    looked: bool = True
    """Whether X could be asked at once if the host is live; otherwise the next sweep finds out."""


class PushState(Enum):
    """What X tells by itself."""

    OFF = "off"
    """There is nothing to hear of."""
    CONNECTING = "connecting"
    ON = "on"
    REFUSED = "refused"
    """Only a person can help; the refusal says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushView:
    """How it goes with what X tells by itself."""

    state: PushState | None
    """None where push is switched off."""
    refusal: str | None = None
    """Why X does not let the app hear of anything, where that is so."""
    covered: int = 0
    """Hosts of which X tells."""
    refused: int = 0
    """Hosts of which X does not let the app hear."""


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
    push: PushView | None = None
    """None while the database does not work."""
    bill: Summary | None = None
    """The same."""
