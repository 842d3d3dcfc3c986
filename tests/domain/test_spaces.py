"""Every transition of a Space's life, and what holds after any sequence of looks."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import ABSENCES_APART, UNSEEN_END, Change, Observation, Phase, SpaceRecord, State, observe
from spacebot.x.model import Space
from tests.clocks import START

ID = SpaceId("1OyKAWXYZabcd")
HOST = UserId("2244994945")
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
BEGAN = START - timedelta(hours=1)


def look(state: State, **seen: object) -> Space:
    """A Space as X shows it."""
    return Space(**{"id": ID, "state": state, "creator_id": HOST, "title": "Tea and type theory", **seen})  # type: ignore[arg-type]  # any field of it


def record(phase: Phase, **known: object) -> SpaceRecord:
    """What is known of a Space that was last seen ten seconds ago."""
    base = SpaceRecord(
        space_id=ID,
        host_id=HOST,
        phase=phase,
        title="Tea and type theory",
        started_at=None if phase in {Phase.SCHEDULED, Phase.CANCELED} else BEGAN,
        scheduled_start=BEGAN,
        peak=None if phase in {Phase.SCHEDULED, Phase.CANCELED} else 7,
        participant_count=None if phase in {Phase.SCHEDULED, Phase.CANCELED} else 7,
        first_seen_at=BEGAN,
        last_seen_at=START - 10 * SECOND,
        revision=4,
    )
    return replace(base, **known)  # type: ignore[arg-type]  # any field of it


def after(known: SpaceRecord | None, seen: Space | None, now: datetime = START) -> tuple[Phase | None, Change | None]:
    """The phase and the change that one look leads to."""
    observation = observe(known, seen, now)
    return (observation.record.phase if observation.record else None, observation.change)


TRANSITIONS = [
    (None, State.SCHEDULED, Phase.SCHEDULED, Change.SCHEDULED),
    (None, State.LIVE, Phase.LIVE, Change.LIVE),
    (None, State.ENDED, None, None),
    (None, State.CANCELED, None, None),
    (None, State.UNKNOWN, None, None),
    (None, None, None, None),
    (Phase.SCHEDULED, State.SCHEDULED, Phase.SCHEDULED, None),
    (Phase.SCHEDULED, State.LIVE, Phase.LIVE, Change.LIVE),
    (Phase.SCHEDULED, State.ENDED, Phase.ENDED, Change.ENDED),
    (Phase.SCHEDULED, State.CANCELED, Phase.CANCELED, Change.CANCELED),
    (Phase.SCHEDULED, State.UNKNOWN, Phase.SCHEDULED, None),
    (Phase.SCHEDULED, None, Phase.SCHEDULED, None),
    (Phase.LIVE, State.SCHEDULED, Phase.LIVE, None),
    (Phase.LIVE, State.LIVE, Phase.LIVE, None),
    (Phase.LIVE, State.ENDED, Phase.ENDED, Change.ENDED),
    (Phase.LIVE, State.CANCELED, Phase.ENDED, Change.ENDED),
    (Phase.LIVE, State.UNKNOWN, Phase.LIVE, None),
    (Phase.LIVE, None, Phase.LIVE, None),
    (Phase.ENDED, State.SCHEDULED, Phase.ENDED, None),
    (Phase.ENDED, State.LIVE, Phase.ENDED, None),
    (Phase.ENDED, State.ENDED, Phase.ENDED, None),
    (Phase.ENDED, State.CANCELED, Phase.ENDED, None),
    (Phase.ENDED, State.UNKNOWN, Phase.ENDED, None),
    (Phase.ENDED, None, Phase.ENDED, None),
    (Phase.CANCELED, State.SCHEDULED, Phase.CANCELED, None),
    (Phase.CANCELED, State.LIVE, Phase.CANCELED, None),
    (Phase.CANCELED, State.ENDED, Phase.CANCELED, None),
    (Phase.CANCELED, State.CANCELED, Phase.CANCELED, None),
    (Phase.CANCELED, State.UNKNOWN, Phase.CANCELED, None),
    (Phase.CANCELED, None, Phase.CANCELED, None),
    (Phase.GONE, State.SCHEDULED, Phase.GONE, None),
    (Phase.GONE, State.LIVE, Phase.LIVE, Change.LIVE),
    (Phase.GONE, State.ENDED, Phase.ENDED, Change.ENDED),
    (Phase.GONE, State.CANCELED, Phase.ENDED, Change.ENDED),
    (Phase.GONE, State.UNKNOWN, Phase.GONE, None),
    (Phase.GONE, None, Phase.GONE, None),
]


@pytest.mark.parametrize(("known", "state", "phase", "change"), TRANSITIONS)
def test_each_phase_answers_each_look(
    known: Phase | None, state: State | None, phase: Phase | None, change: Change | None
) -> None:
    seen = None if state is None else look(state, scheduled_start=BEGAN)
    assert after(record(known) if known else None, seen) == (phase, change)


def test_the_table_of_transitions_is_complete() -> None:
    assert {case[:2] for case in TRANSITIONS} == {
        (phase, state) for phase in (None, *Phase) for state in (None, *State)
    }


def test_what_a_change_shows_gets_a_new_revision_and_what_it_leaves_alone_does_not() -> None:
    known = record(Phase.LIVE)
    same = observe(known, look(State.LIVE, participant_count=known.participant_count), START)
    assert same.record is not None
    assert (same.record.revision, same.change) == (4, None)
    moved = observe(known, look(State.LIVE, participant_count=9), START)
    assert moved.record is not None
    assert (moved.record.revision, moved.record.participant_count, moved.record.peak) == (5, 9, 9)
    assert moved.change is Change.MOVED
    retitled = observe(known, look(State.LIVE, title="Coffee"), START)
    assert retitled.record is not None
    assert (retitled.record.revision, retitled.change) == (5, Change.RETITLED)
    weightier = observe(known, look(State.LIVE, title="Coffee", is_ticketed=True, participant_count=9), START)
    assert weightier.change is Change.UPDATED
    planned = record(Phase.SCHEDULED)
    assert after(planned, look(State.SCHEDULED, title="Coffee")) == (Phase.SCHEDULED, Change.RETITLED)


def test_a_new_time_is_a_rescheduling() -> None:
    known = record(Phase.SCHEDULED, scheduled_start=START + timedelta(hours=1))
    assert after(known, look(State.SCHEDULED, scheduled_start=START + timedelta(hours=2))) == (
        Phase.SCHEDULED,
        Change.RESCHEDULED,
    )


def test_what_x_leaves_out_stays_as_it_was() -> None:
    known = record(Phase.LIVE, lang="en", is_ticketed=True)
    seen = Space(id=ID, state=State.LIVE)
    kept = observe(known, seen, START).record
    assert kept is not None
    assert replace(kept, listened=0, observed=0) == replace(known, last_seen_at=START, live_seen_at=START)


def test_a_space_without_any_host_is_not_kept() -> None:
    assert observe(None, Space(id=ID, state=State.LIVE), START) == Observation(record=None)
    assert observe(None, Space(id=ID, state=State.SCHEDULED), START) == Observation(record=None)


def test_the_first_of_the_hosts_stands_in_for_a_missing_creator() -> None:
    kept = observe(None, Space(id=ID, state=State.LIVE, host_ids=(UserId("8"), UserId("9"))), START).record
    assert kept is not None
    assert kept.host_id == "8"


def test_one_absence_is_no_end() -> None:
    once = observe(record(Phase.LIVE), None, START).record
    assert once is not None
    assert (once.phase, once.absent_since, once.revision) == (Phase.LIVE, START, 4)


def test_a_second_absence_too_soon_is_no_end_and_does_not_start_the_wait_again() -> None:
    known = record(Phase.LIVE, absent_since=START)
    soon = START + ABSENCES_APART - timedelta(milliseconds=1)
    assert observe(known, None, soon) == Observation(record=known)


def test_a_second_absence_after_the_wait_is_the_end_without_a_time() -> None:
    known = record(Phase.LIVE, absent_since=START)
    gone = observe(known, None, START + ABSENCES_APART)
    assert gone.record is not None
    assert (gone.record.phase, gone.change, gone.record.revision) == (Phase.GONE, Change.ENDED, 5)
    assert gone.record.ended_at is None
    assert gone.record.duration is None


@pytest.mark.parametrize("state", [State.LIVE, State.UNKNOWN])
def test_a_sighting_between_two_absences_starts_the_wait_again(state: State) -> None:
    doubted = record(Phase.LIVE, absent_since=START)
    seen = observe(doubted, look(state), START + 20 * SECOND).record
    assert seen is not None
    assert seen.absent_since is None
    assert after(seen, None, START + 60 * SECOND) == (Phase.LIVE, None)


def test_a_wall_clock_that_was_set_back_starts_the_wait_again() -> None:
    known = record(Phase.LIVE, absent_since=START + timedelta(hours=1))
    again = observe(known, None, START).record
    assert again is not None
    assert (again.phase, again.absent_since) == (Phase.LIVE, START)


def test_an_end_that_x_dates_is_dated_by_x() -> None:
    ended = observe(record(Phase.LIVE), look(State.ENDED, ended_at=START - 3 * SECOND), START).record
    assert ended is not None
    assert ended.ended_at == START - 3 * SECOND
    assert ended.duration == timedelta(hours=1) - 3 * SECOND


def test_an_undated_end_soon_after_a_sighting_is_dated_by_the_look() -> None:
    ended = observe(record(Phase.LIVE), Space(id=ID, state=State.ENDED), START).record
    assert ended is not None
    assert ended.ended_at == START


@pytest.mark.parametrize("known", [Phase.SCHEDULED, Phase.GONE])
def test_an_undated_end_that_was_not_watched_has_no_duration(known: Phase) -> None:
    ended = observe(record(known), Space(id=ID, state=State.ENDED), START).record
    assert ended is not None
    assert ended.ended_at is None
    assert ended.duration is None


def test_an_undated_end_long_after_the_last_sighting_has_no_duration() -> None:
    known = record(Phase.LIVE, last_seen_at=START - UNSEEN_END - SECOND)
    ended = observe(known, Space(id=ID, state=State.ENDED), START).record
    assert ended is not None
    assert ended.duration is None


def test_the_curve_has_what_was_seen_live_minute_by_minute() -> None:
    known: SpaceRecord | None = None
    for minute, count in ((0, 5), (0.5, 9), (1, 4), (3, 7)):
        known = observe(known, look(State.LIVE, participant_count=count), START + minute * MINUTE).record
    assert known is not None
    assert (known.curve, known.curve_step) == ((9, 4, None, 7), 60)
    for odd in (look(State.LIVE), look(State.ENDED, participant_count=900)):
        after = observe(known, odd, START + 4 * MINUTE).record
        assert after is not None
        assert after.curve == known.curve
    back = observe(known, look(State.LIVE, participant_count=8), START - MINUTE).record
    assert back is not None
    assert back.curve == known.curve, "the wall clock was set back"


def test_the_peak_counts_only_what_was_seen_live() -> None:
    planned = observe(None, look(State.SCHEDULED, participant_count=50), START).record
    assert planned is not None
    live = observe(planned, look(State.LIVE), START + SECOND).record
    assert live is not None
    assert live.peak is None
    live = observe(live, look(State.LIVE, participant_count=5), START + 2 * SECOND).record
    assert live is not None
    live = observe(live, look(State.LIVE, participant_count=3), START + 3 * SECOND).record
    assert live is not None
    assert (live.participant_count, live.peak) == (3, 5)
    ended = observe(live, look(State.ENDED, participant_count=900), START + 4 * SECOND).record
    assert ended is not None
    assert ended.peak == 5


def test_a_withdrawn_plan_that_x_shows_again_is_scheduled_again() -> None:
    assert after(record(Phase.GONE, started_at=None, peak=None), look(State.SCHEDULED)) == (
        Phase.SCHEDULED,
        Change.SCHEDULED,
    )


def test_the_clock_of_a_space_that_ends_before_it_starts_reads_nought() -> None:
    assert record(Phase.ENDED, ended_at=BEGAN - SECOND).duration == timedelta()


@dataclass(frozen=True)
class Look:
    """One look, `wait` seconds after the one before."""

    wait: int
    seen: Space | None


def _moments() -> st.SearchStrategy[datetime | None]:
    return st.none() | st.integers(-7200, 7200).map(lambda seconds: START + timedelta(seconds=seconds))


LOOKS = st.lists(
    st.builds(
        Look,
        wait=st.integers(0, 90),
        seen=st.none()
        | st.builds(
            Space,
            id=st.just(ID),
            state=st.sampled_from(State),
            creator_id=st.sampled_from([None, HOST]),
            title=st.sampled_from([None, "One", "Two"]),
            participant_count=st.none() | st.integers(0, 99),
            is_ticketed=st.sampled_from([None, False, True]),
            scheduled_start=_moments(),
            started_at=_moments(),
            ended_at=_moments(),
        ),
    ),
    max_size=12,
)


def played(looks: list[Look]) -> list[tuple[SpaceRecord | None, Look, datetime, Observation]]:
    """What was known before each look, the look, its time, and what it led to."""
    now, known = START, None
    steps: list[tuple[SpaceRecord | None, Look, datetime, Observation]] = []
    for each in looks:
        now += timedelta(seconds=each.wait)
        observation = observe(known, each.seen, now)
        steps.append((known, each, now, observation))
        known = observation.record
    return steps


@given(LOOKS)
def test_a_revision_grows_with_each_change_and_only_then(looks: list[Look]) -> None:
    for before, _, _, observation in played(looks):
        known = observation.record
        if before is None:
            assert known is None or known.revision == 1
            continue
        assert known is not None
        assert known.revision == before.revision + (observation.change is not None)
        assert (known.host_id, known.first_seen_at) == (before.host_id, before.first_seen_at)
        assert known.phase is before.phase or observation.change is not None


@given(LOOKS)
def test_an_end_is_final_and_what_was_live_is_never_scheduled_or_called_off(looks: list[Look]) -> None:
    for before, _, _, observation in played(looks):
        known = observation.record
        if before is None or known is None:
            continue
        if before.phase in {Phase.ENDED, Phase.CANCELED}:
            seen = {"last_seen_at": before.last_seen_at, "absent_since": before.absent_since}
            assert replace(known, **seen) == before  # type: ignore[arg-type]  # the two fields of a bare sighting
        if before.phase is Phase.LIVE or before.peak is not None:
            assert known.phase not in {Phase.SCHEDULED, Phase.CANCELED}


@given(LOOKS)
def test_only_two_absences_apart_without_a_sighting_between_make_a_space_gone(looks: list[Look]) -> None:
    absences: list[datetime] = []
    for before, each, now, observation in played(looks):
        known = observation.record
        if each.seen is None:
            absences.append(now)
        elif known is not None and known.last_seen_at == now:
            absences.clear()
        if known is not None and known.phase is Phase.GONE and before is not None and before.phase is not Phase.GONE:
            assert each.seen is None
            assert len(absences) > 1
            assert now - absences[0] >= ABSENCES_APART


@given(LOOKS)
def test_the_peak_is_the_most_seen_live_and_no_end_is_invented(looks: list[Look]) -> None:
    counts: list[int] = []
    dated: list[datetime] = []
    for before, each, now, observation in played(looks):
        known, seen = observation.record, each.seen
        if known is None:
            continue
        if seen is not None and not (before and before.phase in {Phase.ENDED, Phase.CANCELED}):
            counts += [seen.participant_count or 0] if seen.state is State.LIVE and seen.participant_count else []
            dated += [seen.ended_at] if seen.ended_at else []
        assert (known.peak or 0) == max(counts, default=0)
        if known.ended_at is not None and known.ended_at not in dated:
            assert known.phase is Phase.ENDED
            if before is not None and before.phase is not Phase.ENDED:
                assert before.phase is Phase.LIVE
                assert known.ended_at == now
                assert now - before.last_seen_at <= UNSEEN_END
