"""Every history of one or two crashes: killed at each step, under each fault, started again after each time; judged.

A history that leaves the bot where another left it is counted, but run once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

from spacebot.domain.guilds import AtEnd
from tests.crash.channel import FAULTS, HELD_BACK, SOUND, Channel
from tests.crash.events import MOST
from tests.crash.parts import (
    NOTICE,
    Shown,
    begun,
    called_off,
    called_otherwise,
    hidden,
    over,
    put_off,
    renamed,
    same,
    scheduled,
    visible,
)
from tests.crash.simulated import Left, Run, Step, Wishes, beginning, running
from tests.crash.tally import Kind, Tally, Verdict, judge, judge_events

DELAYS = (0.0, 30.0, 300.0)
"""Seconds between a kill and the next start."""

WINDOWS = (0.0, 30.0, 180.0)
"""Seconds that Discord remembers a nonce."""

PATIENCE = 900.0
"""Seconds that a run may take to settle everything; a delivery that failed rests up to five minutes."""

STRIDE = 20.0
"""Seconds between looks at whether it has; within them X was looked at once at least."""

UNTIL_GONE = 200.0
"""Seconds until it is sure that X shows a Space no longer, or shows it again."""

LONG = 4 * 3600.0
"""The same where something was in the way until now: Discord's refusals make it try ever more rarely."""

LIVE = Shown()
USUAL = Wishes()
FIRST_SHAPE = Wishes(first_shape=("live",))
ALL_MOMENTS = Wishes(all_moments=True)
MIXED = Wishes(all_moments=True, first_shape=("scheduled", "live"))
DELETES = Wishes(at_end=AtEnd.DELETE)
BELL = Wishes(bell=True)
WITH_EVENTS = Wishes(events=True)

Course = Callable[[Shown], Shown]
Admins = Callable[[Channel], None]


def nothing(channel: Channel) -> None:
    """Admins do nothing."""


def delete_roles(channel: Channel) -> None:
    """Delete what the bot has made."""
    channel.roles.clear()


def take_permission(channel: Channel) -> None:
    """The bot may not manage roles."""
    channel.gives_roles = False


def delete_events(channel: Channel) -> None:
    """Delete what the bot has made."""
    channel.events.made.clear()


def take_permission_for_events(channel: Channel) -> None:
    """The bot may not make events."""
    channel.events.may_make = False


def fill_events(channel: Channel) -> None:
    """Make as many events as Discord lets them."""
    channel.events.foreign = MOST


def fill_roles(channel: Channel) -> None:
    """Make as many roles as Discord lets them."""
    channel.is_full = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """What the bot is about when it is killed.

    stands   whether what is to be announced before stands already
    before   what X shows until then
    first    what happens on X before the run that is killed
    down     what happens on X while it does not run after the kill
    must     the moments whose messages must stand when all is over
    press    who presses 'Notify me' in the run that is killed, and in the one that recovers until they have the role
    again    whether they have the role already then
    hinders  what admins have done before the run that is killed
    admins   what admins do while it does not run after the kill
    event    whether the Space's event must stand when all is over, or must not; None: there may be one
    waits    seconds that pass once everything stands that is to stand before
    least    seconds after which it is looked at first whether everything is settled
    watched  seconds that a run is watched that cannot settle everything as something is in its way
    """

    name: str
    stands: bool = False
    before: Shown = LIVE
    first: Course = same
    down: Course = same
    wishes: Wishes = USUAL
    must: tuple[str, ...] = ("live",)
    press: tuple[int, ...] = ()
    again: bool = False
    hinders: Admins = nothing
    admins: Admins = nothing
    event: bool | None = None
    waits: float = 0.0
    least: float = STRIDE
    watched: float = PATIENCE


POST = Path(name="post")
POST_ENDED = Path(name="post, ended while down", down=over, must=())
EDIT_ENDED = Path(name="edit, ended while down", stands=True, first=renamed, down=over)
END = Path(name="end", stands=True, first=over)
END_TOLD = Path(name="end, told of", stands=True, first=over, wishes=ALL_MOMENTS, must=("live", "ended"))
DELETED = Path(name="end, deleted", stands=True, first=over, wishes=DELETES, must=())
SCHEDULED = Path(
    name="scheduled, begun while down",
    before=scheduled(LIVE),
    down=begun,
    wishes=ALL_MOMENTS,
    must=("live", "ended"),
)
POST_FIRST = Path(name="post, first shape", wishes=FIRST_SHAPE)
EDIT_FIRST = Path(name="edit, first shape, ended while down", stands=True, first=renamed, down=over, wishes=FIRST_SHAPE)
END_FIRST = Path(name="end, first shape", stands=True, first=over, wishes=FIRST_SHAPE)
SCHEDULED_MIXED = Path(
    name="scheduled, begun while down, both shapes",
    before=scheduled(LIVE),
    down=begun,
    wishes=MIXED,
    must=("live", "ended"),
)
FIRST_PRESS = Path(name="first press", stands=True, wishes=BELL, press=(1,))
PRESSES = (
    FIRST_PRESS,
    Path(name="first press by two at once", stands=True, wishes=BELL, press=(1, 2)),
    Path(name="first press beside a post", wishes=BELL, press=(1,)),
    Path(name="first press, host renamed while down", stands=True, wishes=BELL, press=(1,), down=called_otherwise),
    Path(name="first press, role deleted while down", stands=True, wishes=BELL, press=(1,), admins=delete_roles),
    Path(name="first press, permission taken while down", stands=True, wishes=BELL, press=(1,), admins=take_permission),
    Path(name="first press without permission", stands=True, wishes=BELL, press=(1,), hinders=take_permission),
    Path(name="first press, roles full", stands=True, wishes=BELL, press=(1,), hinders=fill_roles),
    Path(name="second press", stands=True, wishes=BELL, press=(1,), again=True),
    Path(
        name="press after the role was deleted", stands=True, wishes=BELL, press=(1,), again=True, hinders=delete_roles
    ),
)
"""What members do, and admins meanwhile."""

PLANNED = put_off(scheduled(LIVE))
EVENT = Path(name="event", before=PLANNED, wishes=WITH_EVENTS, must=(), event=True)
STANDS = replace(EVENT, stands=True)
EVENT_BEGUN = replace(EVENT, name="event, begun while down", down=begun, must=("live",), event=None)
EVENT_DELETED = replace(
    STANDS, name="event renamed, deleted while down", first=renamed, admins=delete_events, event=False
)
EVENT_RUNS = replace(
    STANDS,
    name="event that Discord has begun, put off",
    before=scheduled(LIVE),
    waits=NOTICE.total_seconds() + 60.0,
    first=put_off,
)
EVENTS = (
    EVENT,
    EVENT_BEGUN,
    EVENT_DELETED,
    EVENT_RUNS,
    replace(EVENT, name="event, renamed while down", down=renamed),
    replace(EVENT, name="event, put off while down", down=put_off),
    replace(EVENT, name="event, canceled while down", down=called_off, event=None),
    replace(EVENT, name="event, ended while down", down=over, event=None),
    replace(STANDS, name="event renamed", first=renamed),
    replace(STANDS, name="event put off, renamed while down", first=put_off, down=renamed),
    replace(STANDS, name="event begun", first=begun, must=("live",)),
    replace(STANDS, name="event begun, ended while down", first=begun, down=over),
    replace(STANDS, name="event renamed, begun while down", first=renamed, down=begun, must=("live",)),
    replace(STANDS, name="event renamed, canceled while down", first=renamed, down=called_off),
    replace(STANDS, name="event canceled", first=called_off),
    replace(STANDS, name="event ended unseen", first=over),
    replace(STANDS, name="event hidden", first=hidden, least=UNTIL_GONE, event=False),
    replace(STANDS, name="event hidden, shown while down", first=hidden, down=visible, least=UNTIL_GONE),
    replace(EVENT, name="event, permission taken while down", admins=take_permission_for_events, watched=60.0),
    replace(EVENT, name="event without permission", hinders=take_permission_for_events, watched=60.0),
    replace(EVENT, name="event beside a hundred", hinders=fill_events, watched=60.0),
    replace(
        STANDS,
        name="event renamed, permission taken while down",
        first=renamed,
        admins=take_permission_for_events,
        watched=60.0,
    ),
    replace(
        EVENT,
        name="event beside every moment",
        before=scheduled(LIVE),
        down=begun,
        wishes=replace(ALL_MOMENTS, events=True),
        must=("live", "ended"),
        event=None,
    ),
)
"""What becomes of an event of the guild."""

PATHS = (
    POST,
    POST_FIRST,
    EDIT_FIRST,
    END_FIRST,
    SCHEDULED_MIXED,
    Path(name="post, renamed while down", down=renamed),
    POST_ENDED,
    Path(name="edit", stands=True, first=renamed),
    EDIT_ENDED,
    END,
    END_TOLD,
    DELETED,
    SCHEDULED,
    Path(
        name="scheduled and reminded",
        before=scheduled(LIVE),
        wishes=ALL_MOMENTS,
        must=("scheduled", "reminder"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryGroup:
    """What is explored in one go.

    faults     what a request of the first run meets
    fault_at   which request, from 0
    again      what the first request of the second run meets, where that is killed as well
    """

    path: Path
    readable: bool = True
    window: float = 180.0
    faults: tuple[str, ...] = tuple(FAULTS)
    fault_at: int = 0
    again: tuple[str, ...] = ()
    delays: tuple[float, ...] = DELAYS


ONCE = (
    *(
        QueryGroup(path=path, readable=readable, window=window)
        for path, readable, window in product(PATHS, (True, False), WINDOWS)
    ),
    *(QueryGroup(path=path) for path in (*PRESSES, *EVENTS)),
)
TWICE = tuple(
    QueryGroup(path=path, readable=readable, window=window, faults=(first,), again=(second,), delays=(0.0, 300.0))
    for path, (readable, window), (first, second) in product(
        (*PATHS, *PRESSES, *EVENTS),
        ((True, 180.0), (True, 0.0), (False, 180.0)),
        ((SOUND, SOUND), (SOUND, "cut after"), ("502 after", "500 before")),
    )
    if path in PATHS or (readable and window)
)
QUICK = tuple(
    QueryGroup(path=path, readable=readable, window=window, faults=(SOUND, "500 after", "cut before", "429"))
    for path, (readable, window) in (
        *product(PATHS, ((True, 0.0), (False, 180.0))),
        *((path, (True, 180.0)) for path in (*PRESSES, *EVENTS)),
    )
)


async def explore(part: QueryGroup) -> Tally:
    """How all the histories of a part come out."""
    explorer = Explorer(part)
    await explorer.explore()
    return explorer.tally


class Explorer:
    """Goes through the histories of a part; `tally` grows."""

    def __init__(self, part: QueryGroup) -> None:
        self.tally = Tally()
        self._part = part
        self._endings: dict[object, Verdict] = {}
        self._steps: dict[object, list[Step]] = {}

    async def explore(self) -> None:
        """All of them."""
        part, path = self._part, self._part.path
        left = await beginning(readable=part.readable, window=part.window, wishes=path.wishes, shown=path.before)
        if not path.stands:
            path.hinders(left.channel)
        else:
            async with running(left, record=False) as run:
                if path.again:
                    await _until_all_have_roles(run, path.press)
                await _until_settled(run)
                await run.passing(path.waits)
                path.hinders(run.channel)
                left = run.left()
        for fault in part.faults:
            # Nobody could keep a message single that Discord holds back for longer than it remembers its nonce.
            if FAULTS[fault].late and part.window <= HELD_BACK:
                continue
            where = f"{path.name}, {fault}, readable {part.readable}, window {part.window:.0f}"
            for step, delay in product(
                await self._killed(left, 0.0, path.first(left.shown), fault, part.fault_at), part.delays
            ):
                shown = path.down(step.left.shown)
                story = f"{where}; {step.kind} {step.what}, {delay:.0f} s"
                if not part.again:
                    verdict = await self._ending(step.left, delay, shown)
                    self.tally.add(Kind(crashes=1, step=step.kind, fault=fault), verdict, story)
                for fault2 in part.again:
                    kind = f"{fault}, then {fault2}"
                    for step2, delay2 in product(await self._killed(step.left, delay, shown, fault2), part.delays):
                        verdict = await self._ending(step2.left, delay2, shown)
                        story2 = f"{story}; {fault2}, {step2.kind} {step2.what}, {delay2:.0f} s"
                        self.tally.add(Kind(crashes=2, step=step2.kind, fault=kind), verdict, story2)

    async def _killed(self, left: Left, delay: float, shown: Shown, fault: str, at: int = 0) -> list[Step]:
        """The steps of a run until everything is settled; one of its requests meets the fault."""
        key = (left.identity, delay, shown, fault)
        if key not in self._steps:
            self.tally.runs += 1
            path = self._part.path
            faults = {} if fault == SOUND else {at: FAULTS[fault]}
            async with running(left, after=delay, shown=shown, faults=faults, record=True) as run:
                for person in path.press:
                    run.press(person)
                await _until_settled(run, path.watched, path.least)
                run.press_without_role(path.press)
                await _until_settled(run, path.watched)
            self._steps[key] = run.steps
        return self._steps[key]

    async def _ending(self, left: Left, delay: float, shown: Shown) -> Verdict:
        """How it comes out if the bot is left alone from here on, and the Space ends some time."""
        key = (left.identity, delay, shown)
        if key not in self._endings:
            self.tally.runs += 1
            path = self._part.path
            async with running(left, after=delay, shown=shown, meanwhile=path.admins, record=False) as run:
                run.press_without_role(path.press)
                settled = await _until_settled(run, path.watched, path.least)
                if path.watched < PATIENCE:
                    run.repair()
                    settled = await _until_settled(run, LONG)
                run.repair()
                await _until_all_have_roles(run, path.press)
                events = Verdict()
                if run.source.shown.is_open:  # else the bot may not have seen yet that it is over
                    events = judge_events(run.channel.events, run.source.shown, must=path.event)
                await run.end()
                settled = await _until_settled(run) and settled
                run.channel.catch_up(run.clock.now() + timedelta(seconds=PATIENCE))
                verdict = judge(
                    run.channel,
                    must=path.must,
                    may=path.wishes != DELETES,
                    first_shape=path.wishes.first_shape,
                    people=path.press,
                    role=await run.role_of_bell(),
                )
                verdict |= events | judge_events(run.channel.events, run.source.shown, must=path.event)
                self._endings[key] = verdict if settled else replace(verdict, untrue=True)
        return self._endings[key]


async def _until_settled(run: Run, patience: float = PATIENCE, least: float = STRIDE) -> bool:
    """Wait until X was looked at and the ledger wants nothing more; whether that came."""
    passed = least - STRIDE
    await run.passing(passed)
    while passed < patience:
        await run.passing(STRIDE)
        passed += STRIDE
        if await run.is_settled():
            return True
    return False


async def _until_all_have_roles(run: Run, people: Sequence[int]) -> None:
    """Let whoever has no role press again and again."""
    passed = 0.0
    while passed < PATIENCE and not all(run.channel.has_role(person) for person in people):
        run.press_without_role(people)
        await run.passing(STRIDE)
        passed += STRIDE
