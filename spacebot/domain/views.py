"""What use cases return to be shown: a Space, the outcome of adding a watch, the state of the bot."""

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
    """What can be shown of one Space, from an answer of X or from the database; what is unknown is None or empty."""

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
        """The view of a recorded Space, with the participants whose names are known."""
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
    """The outcome of `/watch add` and `/watch keyword add`."""

    line: Line
    """The guild's list entry as it is now, with the channel in which it announces."""
    is_new: bool
    guild_channel_set: bool
    """Whether the guild had no channel until now and was given the one where the command was used."""
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
class Status:
    """The state of the bot, for one guild's admins."""

    connected: bool
    last_good_sweep: datetime | None
    trouble: str | None
    """Why X cannot be asked, if it cannot."""
    is_overdue: bool
    """Whether X has answered no sweep for longer than that can take while all is well."""
    store_trouble: str | None
    """Why the database does not work, if it does not."""
    hosts: int
    """How many hosts are followed, by all guilds together."""
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
