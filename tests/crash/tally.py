"""What came of each history, and how many there were of each kind; a crash must leave nothing lost and nothing doubled."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from spacebot.domain.spaces import State
from tests.crash.channel import Channel
from tests.crash.events import Event, Events, Status
from tests.crash.parts import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong in the channel when all is over, if anything.

    lost      a message that must stand does not; or a role that was pressed for is not the bell's, or somebody has none
    doubled   one stands more than once; or, where the history cannot be read, has pinged more than once; or there is a
              second role of one bell
    untrue    what stands does not say that the Space is over, stands although it was to be deleted, is of another shape
              than it was posted in, or the ledger is never done with it
    shapes    how many messages say that it is over, by their shape
    """

    lost: bool = False
    doubled: bool = False
    untrue: bool = False
    shapes: tuple[tuple[str, int], ...] = ()

    def __or__(self, other: "Verdict") -> "Verdict":
        return Verdict(
            lost=self.lost or other.lost,
            doubled=self.doubled or other.doubled,
            untrue=self.untrue or other.untrue,
            shapes=self.shapes + other.shapes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What the table counts by."""

    crashes: int
    step: str
    fault: str


@dataclass(slots=True)
class Tally:
    """How many histories there were, and how they came out."""

    histories: Counter[Kind] = field(default_factory=Counter)
    lost: Counter[Kind] = field(default_factory=Counter)
    doubled: Counter[Kind] = field(default_factory=Counter)
    untrue: Counter[Kind] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    """How many messages said in the end that their Space is over, by their shape."""
    runs: int = 0
    wrong: list[str] = field(default_factory=list)
    """The first of them, for whoever wants to see one."""
    missed: list[str] = field(default_factory=list)
    """Histories in which the step never came at which the process was to be killed."""

    def add(self, kind: Kind, verdict: Verdict, story: str) -> None:
        """Count one history."""
        self.histories[kind] += 1
        self.lost[kind] += verdict.lost
        self.doubled[kind] += verdict.doubled
        self.untrue[kind] += verdict.untrue
        self.closed.update(dict(verdict.shapes))
        if (verdict.lost or verdict.doubled or verdict.untrue) and len(self.wrong) < 20:
            self.wrong.append(f"{story}: {verdict}")

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            histories=self.histories + other.histories,
            lost=self.lost + other.lost,
            doubled=self.doubled + other.doubled,
            untrue=self.untrue + other.untrue,
            closed=self.closed + other.closed,
            runs=self.runs + other.runs,
            wrong=self.wrong + other.wrong,
            missed=self.missed + other.missed,
        )

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost.total() or self.doubled.total() or self.untrue.total())


def judge(
    channel: Channel,
    *,
    must: Collection[str],
    may: bool,
    first_shape: Collection[str] = (),
    people: Collection[int] = (),
    role: int | None = None,
) -> Verdict:
    """What is wrong in the channel, after the Space has ended and everything is settled.

    Args:
        channel: The channel.
        must: The moments whose messages must stand.
        may: Whether any may: else the guild wants them deleted.
        first_shape: The moments whose messages are of the first shape.
        people: Who must have the role of the host's bell.
        role: Which that is, as the ledger has it.
    """
    messages = channel.messages
    moments = Counter(message.moment for message in messages if channel.readable or message.pinged)
    closed = [message for message in messages if "has ended" in message.content]
    # Where the history cannot be read, a message whose answer got lost is beyond anybody's reach; one of each is not.
    true = len(closed) == len(messages) if channel.readable else {one.moment for one in closed}.issuperset(must)
    shaped = all(message.is_of_first_shape == (message.moment in first_shape) for message in messages)
    given = all((person, role) in channel.held for person in people)
    shapes = Counter("first" if message.is_of_first_shape else "compact" for message in closed)
    return Verdict(
        lost=not ({message.moment for message in messages}.issuperset(must) and given),
        doubled=any(count > 1 for count in moments.values()) or len(channel.roles) > 1,
        untrue=not (true and shaped) if may else bool(messages),
        shapes=tuple(shapes.items()),
    )


def judge_events(events: Events, shown: Shown, *, must: bool | None) -> Verdict:
    """What is wrong with the events of the guild, while everything is settled.

    Args:
        events: Those that there are.
        shown: The Space, as X shows it.
        must: Whether its event must stand, or must not; None: there may be one.
    """
    made = events.made
    return Verdict(
        lost=must is True and not made,
        doubled=len(made) > 1,
        untrue=(must is False and bool(made)) or not all(_is_true(event, shown) for event in made),
    )


def _is_true(event: Event, shown: Shown) -> bool:
    if not shown.is_visible:
        return False
    match shown.state:
        case State.SCHEDULED:
            return (event.name, event.start, event.status) == (shown.title, shown.start, Status.SCHEDULED)
        case State.LIVE:
            return (event.name, event.status) == (shown.title, Status.ACTIVE)
        case State.CANCELED:
            return event.status is Status.CANCELED
    return event.status is Status.COMPLETED
