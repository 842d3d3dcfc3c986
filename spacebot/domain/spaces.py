"""What one look at X means for one Space: the only place that decides that a Space started, changed or is over.

A failed request never comes here: it says nothing about any Space. What comes is a Space as X shows it, or the
plain statement that X does not show it under its id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from spacebot.domain.curve import FIRST_STEP, Curve, noted
from spacebot.domain.ids import SpaceId, UserId

ABSENCES_APART = timedelta(seconds=30)
"""A Space that X does not show twice, at least this far apart, is over: one answer alone may be a hiccup of X's."""

LONGEST_STEP = timedelta(minutes=10)
"""Looks further apart than this do not count towards the average of listeners."""

TITLE_STANDS = timedelta(seconds=20)
"""A new title is shown once it has stood for so long."""

TITLE_WAITS = timedelta(minutes=2)
"""A title that keeps changing is shown after so long all the same."""

MOST_SPEAKERS = 100
"""The most co-hosts, speakers and invited accounts, each, remembered of one Space."""

MOST_TOPICS = 10
"""The most topics remembered of one Space."""

UNSEEN_END = timedelta(minutes=5)
"""An end that X does not date is dated by our own look only if we saw the Space live this shortly before."""


class State(StrEnum):
    """The state of a Space as X gives it. `UNKNOWN` stands for none, and for any that this program does not know."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    CANCELED = "canceled"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "State":
        spelled = {"running": cls.LIVE, "cancelled": cls.CANCELED} | {str(state): state for state in cls}
        return spelled.get(str(value).strip().lower(), cls.UNKNOWN)


class SeenTopic(Protocol):
    """One of X's own subjects."""

    @property
    def name(self) -> str | None: ...


class SeenSpace(Protocol):
    """A Space as one look shows it: X's answer has this shape; what X leaves out is None or empty.

    Lists only what `observe` reads by name; a look has every field of `SpaceFacts` as well.
    """

    @property
    def id(self) -> SpaceId: ...
    @property
    def state(self) -> State: ...
    @property
    def creator_id(self) -> UserId | None: ...
    @property
    def host_ids(self) -> tuple[UserId, ...]: ...
    @property
    def speaker_ids(self) -> tuple[UserId, ...]: ...
    @property
    def invited_user_ids(self) -> tuple[UserId, ...]: ...
    @property
    def topics(self) -> Sequence[SeenTopic]: ...
    @property
    def participant_count(self) -> int | None: ...


class Phase(StrEnum):
    """Where a Space is in its life."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    """X said so."""
    CANCELED = "canceled"
    """X said so, before it ever started."""
    GONE = "gone"
    """X no longer shows it: ended or withdrawn, nobody can tell."""

    @property
    def is_open(self) -> bool:
        """Whether it is scheduled or live."""
        return self in {Phase.SCHEDULED, Phase.LIVE}


class Change(StrEnum):
    """What changed between two looks."""

    SCHEDULED = "scheduled"
    RESCHEDULED = "rescheduled"
    LIVE = "live"
    UPDATED = "updated"
    RETITLED = "retitled"
    """Nothing but the title: it may change again in a moment."""
    INVITED = "invited"
    """Nothing but who is invited and the topics, which only some guilds show."""
    MOVED = "moved"
    """Listeners come and go, and so do co-hosts and speakers: worth an edit now and then, not each time."""
    ENDED = "ended"
    CANCELED = "canceled"


UPDATES: dict[str, object] = {"change": Change.UPDATED}
"""Metadata of a field: a message that shows an earlier value is wrong."""

RETITLES: dict[str, object] = {"change": Change.RETITLED}
"""Metadata of a field: a message that shows an earlier value is wrong, once the new one has stood for a while."""

MOVES: dict[str, object] = {"change": Change.MOVED}
"""Metadata of a field: a message that shows an earlier value is just a little behind."""

INVITES: dict[str, object] = {"change": Change.INVITED}
"""Metadata of a field: a message that shows an earlier value is wrong, where its guild has it shown at all."""

STAYS: dict[str, object] = {"stays": True}
"""Metadata of a field: may be kept after X no longer shows the Space, as ids, times and our own counters may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceFacts:
    """What X says about a Space and people are shown, by X's names; unknown is None or empty.

    A field that is declared here, has its column (`store/migrations.py`) and its line on the card (`present/card.py`)
    is everywhere: asked for, merged look by look, kept, shown, and forgotten once X no longer shows the Space. Its
    metadata says what is special: that messages are edited for it (`UPDATES`, `RETITLES`, `MOVES`, `INVITES`), or that it may be
    kept (`STAYS`).
    """

    title: str | None = field(default=None, metadata=RETITLES)
    lang: str | None = None
    is_ticketed: bool | None = field(default=None, metadata=UPDATES)
    participant_count: int | None = field(default=None, metadata=MOVES | STAYS)
    """X counts hosts and speakers in."""
    scheduled_start: datetime | None = field(default=None, metadata=STAYS)
    started_at: datetime | None = field(default=None, metadata=UPDATES | STAYS)
    ended_at: datetime | None = field(default=None, metadata=STAYS)

    @property
    def duration(self) -> timedelta | None:
        """How long it ran, where both ends are known."""
        if self.started_at is None or self.ended_at is None:
            return None
        return max(self.ended_at - self.started_at, timedelta())


FACTS = tuple(fact.name for fact in fields(SpaceFacts))
"""The names of what X says of a Space and people are shown."""


def facts_of(space: object) -> dict[str, Any]:
    """The facts of anything that has them as attributes: an answer of X, a record, a view."""
    return {name: getattr(space, name) for name in FACTS}


FIRST_YEAR, LAST_YEAR = 2006, 2099
"""X was not there before, and nobody plans so far ahead; who adds an hour at the calendar's own ends falls off it."""


def stated_facts(space: object) -> dict[str, Any]:
    """The facts that an answer of X states: neither what it leaves out, nor a time that cannot be meant."""
    return {name: value for name, value in facts_of(space).items() if value is not None and _can_be_meant(value)}


def _can_be_meant(value: object) -> bool:
    return FIRST_YEAR <= value.year <= LAST_YEAR if isinstance(value, datetime) else value != ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceRecord(SpaceFacts):
    """What is known of one Space, from every look so far. `revision` grows whenever what a message shows is out of date."""

    space_id: SpaceId
    host_id: UserId
    phase: Phase
    peak: int | None = field(default=None, metadata=STAYS)
    """The most listeners seen in any look while it was live."""
    listened: int = field(default=0, metadata=STAYS)
    """Listeners times the seconds between the looks that saw them."""
    observed: int = field(default=0, metadata=STAYS)
    """These seconds."""
    curve: Curve = field(default=(), metadata=STAYS)
    """The listeners over time, from the first look that saw it live."""
    curve_step: int = field(default=FIRST_STEP, metadata=STAYS)
    """Seconds that each point of the curve stands for."""
    cohosts: tuple[UserId, ...] = field(default=(), metadata=MOVES)
    speakers: tuple[UserId, ...] = field(default=(), metadata=MOVES)
    spoke: tuple[UserId, ...] = ()
    """Everybody who was ever seen as a speaker."""
    invited: tuple[UserId, ...] = field(default=(), metadata=INVITES)
    """Who is invited to speak, as of the last look that asked for it."""
    topics: tuple[str, ...] = field(default=(), metadata=INVITES)
    """The names of its topics, likewise."""
    live_seen_at: datetime | None = field(default=None, metadata=STAYS)
    """When the first look saw it live."""
    first_seen_at: datetime
    last_seen_at: datetime
    absent_since: datetime | None = field(default=None, metadata=STAYS)
    revision: int = field(default=1, metadata=STAYS)

    @property
    def url(self) -> str:
        """Where a person listens."""
        return f"https://x.com/i/spaces/{self.space_id}"

    @property
    def was_live(self) -> bool:
        """Whether any look saw it live."""
        return self.live_seen_at is not None or self.peak is not None or self.phase is Phase.LIVE

    def who_spoke(self, phase: Phase) -> tuple[UserId, ...]:
        """Whom a message that tells of this phase names: who is on stage while it is open, then everybody who ever was."""
        return self.speakers if phase.is_open else self.spoke

    @property
    def average(self) -> int | None:
        """The average number of listeners over the time observed; None if no time was."""
        return round(self.listened / self.observed) if self.observed else None


FORGOTTEN: Mapping[str, object] = {
    each.name: each.default
    for each in fields(SpaceRecord)
    if not each.metadata.get("stays") and each.default is not MISSING
}
"""The fields that must not be kept once X no longer shows the Space, and the values that replace them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What to remember after a look, and what it changed. Without a record there is nothing to remember."""

    record: SpaceRecord | None
    change: Change | None = None


def observe(
    known: SpaceRecord | None, seen: SeenSpace | None, now: datetime, *, asked_invited: bool = False
) -> Observation:
    """Turn one look into what is known after it.

    Args:
        known: What was known before, if anything.
        seen: The Space as X shows it; None when X answered that it does not show this id.
        now: When the answer came.
        asked_invited: Whether the look asked for who is invited and for the topics: none that come are none then.
    """
    if seen is None:
        return _absent(known, now)
    match seen.state:
        case State.LIVE:
            return _live(known, seen, now)
        case State.SCHEDULED:
            return _scheduled(known, seen, now, asked_invited=asked_invited)
        case State.ENDED:
            return _over(known, seen, now, Phase.ENDED)
        case State.CANCELED:
            return _over(known, seen, now, Phase.CANCELED)
        case _:  # a state that X invents tomorrow says that the Space exists, and nothing else
            return Observation(record=replace(known, last_seen_at=now, absent_since=None) if known else None)


def _absent(known: SpaceRecord | None, now: datetime) -> Observation:
    if known is None or not known.phase.is_open:
        return Observation(record=known)
    if known.absent_since is None or known.absent_since > now:  # the wall clock may have been set back
        return Observation(record=replace(known, absent_since=now))
    if now - known.absent_since < ABSENCES_APART:
        return Observation(record=known)
    return Observation(record=replace(known, phase=Phase.GONE, revision=known.revision + 1), change=Change.ENDED)


def _live(known: SpaceRecord | None, seen: SeenSpace, now: datetime) -> Observation:
    if known is not None and known.phase in {Phase.ENDED, Phase.CANCELED}:
        return Observation(record=known)  # an old answer, overtaken by the end
    record = _merged(known, seen, now)
    if record is None:
        return Observation(record=None)
    peak = max((n for n in (record.peak, seen.participant_count) if n is not None), default=None)
    record = replace(record, phase=Phase.LIVE, peak=peak, live_seen_at=record.live_seen_at or now)
    record = _drawn(record, seen, now)
    if known is None:
        return Observation(record=record, change=Change.LIVE)
    if known.phase is not Phase.LIVE:
        return _revised(record, Change.LIVE)
    record = _counted(known, record, now)
    return _compared(known, record, (Change.UPDATED, Change.RETITLED, Change.MOVED))


def _drawn(record: SpaceRecord, seen: SeenSpace, now: datetime) -> SpaceRecord:
    """Add the listeners that this look saw to the curve."""
    began = record.live_seen_at
    if seen.participant_count is None or began is None or now < began:  # the wall clock may have been set back
        return record
    seconds = (now - began).total_seconds()
    curve, step = noted(record.curve, record.curve_step, seconds, seen.participant_count)
    return replace(record, curve=curve, curve_step=step)


def _counted(known: SpaceRecord, record: SpaceRecord, now: datetime) -> SpaceRecord:
    """Add the time since the last look, weighted with the listeners that look saw."""
    step = now - known.last_seen_at
    if known.participant_count is None or not timedelta() < step <= LONGEST_STEP:
        return record
    seconds = round(step.total_seconds())
    return replace(
        record, listened=record.listened + known.participant_count * seconds, observed=record.observed + seconds
    )


def _scheduled(known: SpaceRecord | None, seen: SeenSpace, now: datetime, *, asked_invited: bool) -> Observation:
    if known is not None and (not known.phase.is_open or known.phase is Phase.LIVE):
        withdrawn = known.phase is Phase.GONE and known.started_at is None and not known.was_live
        if not withdrawn:  # what was live is not scheduled again: an old answer
            return Observation(record=known)
    record = _merged(known, seen, now)
    if record is None:
        return Observation(record=None)
    record = replace(record, phase=Phase.SCHEDULED)
    if asked_invited:
        record = _with_invited(record, seen)
    if known is None:
        return Observation(record=record, change=Change.SCHEDULED)
    if known.phase is Phase.GONE:
        return _revised(record, Change.SCHEDULED)
    if known.scheduled_start != record.scheduled_start:
        return _revised(record, Change.RESCHEDULED)
    return _compared(known, record, (Change.UPDATED, Change.RETITLED, Change.INVITED))


def _over(known: SpaceRecord | None, seen: SeenSpace, now: datetime, phase: Phase) -> Observation:
    if known is None or known.phase in {Phase.ENDED, Phase.CANCELED}:
        return Observation(record=known)
    record = _merged(known, seen, now)
    if record is None:
        return Observation(record=known)
    was_live = known.was_live or record.started_at is not None
    if phase is Phase.CANCELED and was_live:
        phase = Phase.ENDED  # a Space that was live was not canceled
    ended_at = record.ended_at
    if ended_at is None and known.phase is Phase.LIVE and timedelta() <= now - known.last_seen_at <= UNSEEN_END:
        ended_at = now
    record = replace(record, phase=phase, ended_at=ended_at)
    return _revised(record, Change.CANCELED if phase is Phase.CANCELED else Change.ENDED)


def _merged(known: SpaceRecord | None, seen: SeenSpace, now: datetime) -> SpaceRecord | None:
    """What is known, brought up to date by what X shows; what X leaves out stays unchanged. None without a host."""
    host_id = (known.host_id if known else None) or seen.creator_id or next(iter(seen.host_ids), None)
    if host_id is None:
        return None
    old = known or SpaceRecord(
        space_id=seen.id, host_id=host_id, phase=Phase.SCHEDULED, first_seen_at=now, last_seen_at=now
    )
    return _with_participants(replace(old, **stated_facts(seen), last_seen_at=now, absent_since=None), seen)


def _with_participants(record: SpaceRecord, seen: SeenSpace) -> SpaceRecord:
    """Co-hosts and speakers. X names the creator among the hosts: a look without any host did not ask for them."""
    if not seen.host_ids:
        return record
    speakers = tuple(user for user in dict.fromkeys(seen.speaker_ids) if user not in seen.host_ids)[:MOST_SPEAKERS]
    return replace(
        record,
        cohosts=tuple(user for user in dict.fromkeys(seen.host_ids) if user != record.host_id)[:MOST_SPEAKERS],
        speakers=speakers,
        spoke=tuple(dict.fromkeys((*record.spoke, *speakers)))[:MOST_SPEAKERS],
    )


def _with_invited(record: SpaceRecord, seen: SeenSpace) -> SpaceRecord:
    """Who is invited, beside the host, and the topics, each once."""
    invited = tuple(user for user in dict.fromkeys(seen.invited_user_ids) if user != record.host_id)
    topics = tuple(dict.fromkeys(topic.name for topic in seen.topics if topic.name))
    return replace(record, invited=invited[:MOST_SPEAKERS], topics=topics[:MOST_TOPICS])


def _compared(known: SpaceRecord, record: SpaceRecord, changes: Sequence[Change]) -> Observation:
    """The first of these changes that there is between two looks in one phase; they come by their weight."""
    found = next((change for change in changes if _differ(known, record, change)), None)
    return _revised(record, found) if found is not None else Observation(record=record)


def _differ(old: SpaceRecord, new: SpaceRecord, change: Change) -> bool:
    """Whether a field that is declared with this change has another value."""
    return any(
        getattr(old, each.name) != getattr(new, each.name)
        for each in fields(SpaceRecord)
        if each.metadata.get("change") is change
    )


def settles(now: datetime, since: datetime) -> datetime:
    """When a title that was new at `now` is to be shown, if titles have kept changing since `since`."""
    return min(now + TITLE_STANDS, since + TITLE_WAITS)


def _revised(record: SpaceRecord, change: Change) -> Observation:
    return Observation(record=replace(record, revision=record.revision + 1), change=change)
