"""Whom the schedule asks about, how soon, and that nobody is forgotten."""

import math
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.ids import SpaceId, UserId
from spacebot.watch.open_spaces import OpenSpaces
from spacebot.watch.rates import HOUR, HOURS, Habit, hour_of_week
from spacebot.watch.schedule import GRACE, SWEEPS, Schedule
from spacebot.x.endpoints import IDS_PER_REQUEST

START = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()
TURN = 900.0 / 270
DAY = 24 * HOUR
WEEK = 7 * DAY


def hosts(count: int, first: int = 0) -> list[UserId]:
    return [UserId(str(first + number)) for number in range(count)]


def following(count: int) -> Schedule:
    schedule = Schedule(START)
    schedule.follow(dict.fromkeys(hosts(count), 1), START)
    return schedule


def times_asked(schedule: Schedule, turns: int, *, begin: float = START) -> Counter[UserId]:
    asked: Counter[UserId] = Counter()
    for turn in range(turns):
        asked.update(schedule.next_batch(begin + turn * TURN))
    return asked


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["follow", "unfollow", "live", "scheduled", "over", "missed", "pushed", "clock", "nothing"]),
        st.integers(0, 899),
        st.integers(1, 400),
    ),
    min_size=20,
    max_size=60,
)


class Days:
    """A schedule that things happen to."""

    def __init__(self, count: int) -> None:
        self.schedule = Schedule(START)
        self.followed = dict.fromkeys(hosts(count), 1)
        self.now = START
        self.schedule.follow(self.followed, self.now)
        self.batch: list[UserId] = []

    def let(self, what: str, which: int, many: int) -> None:
        host_id, space_id = UserId(str(which)), SpaceId(f"s{which}")
        match what:
            case "follow":
                self.followed |= dict.fromkeys(hosts(many, which), many)
                self.schedule.follow(self.followed, self.now)
            case "unfollow":
                for gone in hosts(many, which):
                    self.followed.pop(gone, None)
                self.schedule.follow(self.followed, self.now)
            case "live":
                self.schedule.live(space_id, host_id, self.now - many, self.now)
            case "scheduled":
                self.schedule.scheduled(space_id, host_id, self.now + 60 * many - HOUR)
            case "over":
                self.schedule.over(space_id)
            case "missed":
                self.schedule.missed(self.batch)
            case "pushed":
                self.schedule.pushed(hosts(many, which))
            case "clock":
                self.now += (which - 450) * HOUR
        self.now += TURN
        self.batch = self.schedule.next_batch(self.now)


@settings(max_examples=30)
@given(st.integers(0, 700), EVENTS)
def test_every_host_is_asked_about_within_the_bound_whatever_happens(
    count: int, events: list[tuple[str, int, int]]
) -> None:
    days = Days(count)
    waited: dict[UserId, tuple[int, int]] = {}
    for what, which, many in events + [("nothing", 0, 1)] * 40:
        days.let(what, which, many)
        asked = set(days.batch)
        sweep = math.ceil(len(days.followed) / IDS_PER_REQUEST)
        waited = {host_id: waited.get(host_id, (0, 0)) for host_id in days.followed}
        for host_id, (turns, longest_sweep) in waited.items():
            longest = max(sweep, longest_sweep)
            # What is counted in turns is the bound at an even pace; the minute is 18 of them.
            assert turns + 1 <= max(SWEEPS * longest, GRACE / TURN)
            waited[host_id] = (0, 0) if host_id in asked else (turns + 1, longest)


@settings(max_examples=30)
@given(st.integers(0, 700), EVENTS)
def test_a_batch_is_full_and_holds_each_host_once_and_nobody_who_is_not_followed(
    count: int, events: list[tuple[str, int, int]]
) -> None:
    days = Days(count)
    for what, which, many in events:
        days.let(what, which, many)
        assert len(days.batch) == len(set(days.batch)) == min(IDS_PER_REQUEST, len(days.followed))
        assert set(days.batch) <= days.followed.keys()


def test_up_to_a_hundred_hosts_are_all_in_every_batch() -> None:
    schedule = following(100)
    assert times_asked(schedule, 5) == dict.fromkeys(hosts(100), 5)


def test_hosts_of_whom_nothing_is_known_are_asked_about_equally_often() -> None:
    asked = times_asked(following(1000), 100)
    assert sum(asked.values()) == 100 * IDS_PER_REQUEST
    assert set(asked.values()) <= {9, 10, 11}


def test_a_new_host_is_in_the_next_batch() -> None:
    schedule = following(1000)
    times_asked(schedule, 50)
    schedule.follow(dict.fromkeys(hosts(1001), 1), START + 50 * TURN)
    assert UserId("1000") in schedule.next_batch(START + 50 * TURN)


def test_who_starts_four_times_as_often_is_asked_about_twice_as_often() -> None:
    schedule = following(1000)
    begin = START + 5 * WEEK
    starts = [
        # At every hour of the week in turn, so that there is no habit.
        (host_id, START + number * WEEK * 5 / count + 97 * HOUR * number % WEEK, None)
        for host_id in hosts(1000)
        for count in [80 if int(host_id) < 100 else 20]
        for number in range(count)
    ]
    schedule.learn(starts, dict.fromkeys(hosts(1000), START))
    times_asked(schedule, 600, begin=begin)
    asked = times_asked(schedule, 600, begin=begin + 600 * TURN)
    often, seldom = (sum(asked[host_id] for host_id in some) / len(some) for some in (hosts(100), hosts(900, 100)))
    assert 1.6 < often / seldom < 2.4


def test_a_habitual_hour_is_swept_more_densely_as_soon_as_it_begins() -> None:
    schedule = following(1000)
    regular = UserId("7")
    begin = START + 6 * WEEK
    schedule.learn(
        [(regular, START + week * WEEK + 20 * 60, None) for week in range(6)], dict.fromkeys(hosts(1000), START)
    )
    before = times_asked(schedule, 270 * 3, begin=begin - 3 * 900)
    within = times_asked(schedule, 270 * 3, begin=begin)
    after = times_asked(schedule, 270 * 3, begin=begin + HOUR)
    assert within[regular] > 3 * before[regular]
    assert within[regular] > 3 * after[regular]


def test_a_habitual_hour_is_not_slept_through_where_hosts_wait_longer_than_it() -> None:
    schedule = following(4000)
    slow, regular, begin = 36.0, UserId("7"), START + 6 * WEEK
    schedule.learn(
        [(regular, START + week * WEEK + 20 * 60, None) for week in range(6)]
        # All others start so much more often that the regular one waits for the bound, more than an hour.
        + [(host_id, START + number * 167 * HOUR, None) for host_id in hosts(3900, 100) for number in range(6)],
        dict.fromkeys(hosts(4000), START),
    )
    for turn in range(500):
        schedule.next_batch(begin - HOUR / 2 - (500 - turn) * slow)
    assert schedule.bound > HOUR
    until = [schedule.next_batch(begin - HOUR / 2 + turn * slow) for turn in range(50)]
    within = [schedule.next_batch(begin + turn * slow) for turn in range(100)]
    assert sum(regular in batch for batch in until) <= 1
    assert sum(regular in batch for batch in within[:5]) >= 1
    assert sum(regular in batch for batch in within) > 10


def test_an_even_spread_of_guilds_counts_for_nothing_and_an_uneven_one_does() -> None:
    even, uneven = Schedule(START), Schedule(START)
    even.follow(dict.fromkeys(hosts(500), 40), START)
    uneven.follow({host_id: 100 if int(host_id) < 50 else 1 for host_id in hosts(500)}, START)
    assert set(times_asked(even, 100).values()) <= {19, 20, 21}
    asked = times_asked(uneven, 200)
    assert min(asked[host_id] for host_id in hosts(50)) > max(asked[host_id] for host_id in hosts(450, 50))


@pytest.mark.parametrize("why", ["live", "soon", "pushed"])
def test_who_is_live_or_about_to_be_or_pushed_is_asked_about_less(why: str) -> None:
    schedule = following(1000)
    some, space = UserId("7"), SpaceId("1abc")
    if why == "live":
        schedule.live(space, some, START, START)
    elif why == "soon":
        schedule.scheduled(space, some, START + 1800)
    else:
        schedule.pushed({some})
    less = times_asked(schedule, 200)
    others = sorted(less[host_id] for host_id in hosts(1000) if host_id != some)
    assert less[some] <= others[len(others) // 2] / 2
    schedule.over(space)
    schedule.pushed(())
    schedule.follow(dict.fromkeys(hosts(1000), 1), START + 200 * TURN)
    again = times_asked(schedule, 200, begin=START + 200 * TURN)
    assert again[some] > 1.5 * less[some]


def test_a_missed_batch_is_asked_about_again_behind_those_who_wait() -> None:
    schedule = following(1000)
    times_asked(schedule, 30)
    batch = schedule.next_batch(START + 30 * TURN)
    schedule.missed(batch)
    asked = times_asked(schedule, 3, begin=START + 31 * TURN)
    assert asked.keys() >= set(batch)


def test_a_batch_that_always_fails_keeps_nobody_else_waiting_beyond_the_bound() -> None:
    schedule = following(1000)
    poison = UserId("7")
    last = dict.fromkeys(hosts(1000), 0)
    for turn in range(400):
        batch = schedule.next_batch(START + turn * TURN)
        last |= dict.fromkeys(batch, turn)
        if poison in batch:
            schedule.missed(batch)
        assert turn - min(last.values()) <= SWEEPS * 10


def test_the_bound_holds_even_while_far_more_hosts_are_due_than_a_batch_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = following(1000)
    schedule.pushed(hosts(100))
    monkeypatch.setattr(schedule, "_price", lambda limit: 6.0)  # a price at which some 250 are due at each turn
    last = dict.fromkeys(hosts(1000), 0)
    for turn in range(200):
        last |= dict.fromkeys(schedule.next_batch(START + turn * TURN), turn)
        assert turn - min(last.values()) < SWEEPS * 10


@pytest.mark.parametrize("pace", [TURN, 36.0, 900.0])
def test_the_bound_is_three_sweeps_at_the_pace_that_the_budget_allows(pace: float) -> None:
    schedule = following(1000)
    for turn in range(400):
        schedule.next_batch(START + turn * pace)
    assert schedule.bound == pytest.approx(3 * 10 * pace, rel=0.01)
    assert Schedule(START).bound == GRACE


def test_a_clock_set_back_a_week_changes_nothing_of_the_turns() -> None:
    schedule = following(1000)
    times_asked(schedule, 100)
    asked = times_asked(schedule, 100, begin=START - WEEK)
    assert set(asked.values()) <= {9, 10, 11}


def test_the_past_read_from_the_database_teaches_the_same_as_having_seen_it() -> None:
    seen, read = following(1000), following(1000)
    starts = [
        (UserId(str(number % 300)), START + number * 1700.0, START + number * 1700.0 + 60 if number % 2 else None)
        for number in range(900)
    ]
    for number, (host_id, at, scheduled_start) in enumerate(starts):
        space_id = SpaceId(str(number))
        if scheduled_start is not None:
            seen.scheduled(space_id, host_id, scheduled_start)
        seen.live(space_id, host_id, at, at)
        seen.over(space_id)
    read.learn(reversed(starts), dict.fromkeys(hosts(1000), START))
    end = START + 900 * 1700
    assert seen.most_valuable(200, end) == read.most_valuable(200, end)
    for host_id in hosts(300):
        one, other = seen._hosts[host_id].habit, read._hosts[host_id].habit
        assert [one.rate(end, hour) for hour in range(HOURS)] == pytest.approx(
            [other.rate(end, hour) for hour in range(HOURS)]
        )
        assert one.expected(end) == other.expected(end)


def test_the_most_valuable_for_push_are_those_who_start_most_and_whom_most_follow() -> None:
    schedule = Schedule(START)
    schedule.follow({host_id: 50 if host_id == "3" else 1 for host_id in hosts(200)}, START)
    schedule.learn(
        [(UserId("5"), START + day * DAY, None) for day in range(60)]
        + [(UserId("3"), START + week * WEEK, None) for week in range(8)],
        dict.fromkeys(hosts(200), START),
    )
    assert set(schedule.most_valuable(2, START + 60 * DAY)) == {"3", "5"}
    assert len(schedule.most_valuable(750, START + 60 * DAY)) == 200


# Look-ups by id.


def looked_up(schedule: Schedule, space_id: SpaceId, begin: float, end: float, every: float = TURN) -> list[float]:
    turns = math.ceil((end - begin) / every)
    return [at for at in (begin + turn * every for turn in range(turns)) if space_id in schedule.spaces.due_lookups(at)]


def test_a_scheduled_space_is_looked_up_at_every_turn_around_its_start_and_not_long_before() -> None:
    schedule, space, start = following(10), SpaceId("1abc"), START + 6 * HOUR
    schedule.scheduled(space, UserId("7"), start)
    assert looked_up(schedule, space, START, start - 600) == []
    near = looked_up(schedule, space, start - 600, start + 600)
    assert near[0] <= start - 60
    assert len(near) == sum(1 for turn in range(360) if start - 600 + turn * TURN >= near[0])


def test_a_space_that_does_not_begin_is_looked_up_once_a_minute() -> None:
    schedule, space, start = following(10), SpaceId("1abc"), START + HOUR
    schedule.scheduled(space, UserId("7"), start)
    looked_up(schedule, space, START, start + HOUR)
    assert 55 <= len(looked_up(schedule, space, start + HOUR, start + 2 * HOUR)) <= 60


@pytest.mark.parametrize("off", [-20 * 60, 40 * 60])
def test_the_next_space_of_who_was_early_or_late_is_watched_for_that_long(off: int) -> None:
    schedule, host_id, start = following(10), UserId("7"), START + DAY
    schedule.scheduled(SpaceId("first"), host_id, START)
    schedule.live(SpaceId("first"), host_id, START + off, START + HOUR)
    schedule.over(SpaceId("first"))
    schedule.scheduled(SpaceId("second"), host_id, start)
    looked_up(schedule, SpaceId("second"), start - HOUR, start + off - 60)
    assert len(looked_up(schedule, SpaceId("second"), start + off - 60, start + off + 60)) == 36


def test_a_space_that_was_moved_is_watched_for_at_its_new_time_only() -> None:
    schedule, space, start = following(10), SpaceId("1abc"), START + 2 * HOUR
    schedule.scheduled(space, UserId("7"), start)
    schedule.scheduled(space, UserId("7"), start + 3 * HOUR)
    assert looked_up(schedule, space, start - HOUR, start + HOUR) == []
    assert len(looked_up(schedule, space, start + 3 * HOUR, start + 3 * HOUR + 100)) == 30


def test_a_space_that_is_over_is_not_looked_up() -> None:
    schedule, space = following(10), SpaceId("1abc")
    schedule.scheduled(space, UserId("7"), START)
    schedule.over(space)
    schedule.over(SpaceId("never heard of"))
    assert looked_up(schedule, space, START, START + HOUR) == []


def test_a_live_space_is_looked_up_once_a_minute() -> None:
    schedule, space = following(10), SpaceId("1abc")
    schedule.live(space, UserId("7"), START, START)
    assert 55 <= len(looked_up(schedule, space, START, START + HOUR)) <= 60


def test_live_spaces_never_keep_an_expected_one_waiting() -> None:
    spaces = OpenSpaces()
    for number in range(5000):
        spaces.live(SpaceId(f"live{number}"), UserId(str(number)), START - HOUR)
    for number in range(60):
        spaces.scheduled(SpaceId(f"soon{number}"), UserId("7"), START, START - 60, START + 60)
    for turn in range(10):
        batch = spaces.due_lookups(START + turn)
        assert len(batch) == IDS_PER_REQUEST
        assert sum(space_id.startswith("soon") for space_id in batch) == 60


def test_more_expected_spaces_than_fit_go_in_turn() -> None:
    spaces = OpenSpaces()
    names = {SpaceId(str(number)) for number in range(250)}
    for name in names:
        spaces.scheduled(name, UserId("7"), START, START - 60, START + 600)
    looked: Counter[SpaceId] = Counter()
    for turn in range(5):
        looked.update(spaces.due_lookups(START + turn))
    assert looked == dict.fromkeys(names, 2)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["scheduled", "live", "over", "look"]), st.integers(0, 150), st.integers(-9000, 9000)
        ),
        max_size=300,
    )
)
def test_look_ups_hold_each_open_space_once_and_no_other_whatever_the_clock_does(
    events: list[tuple[str, int, int]],
) -> None:
    spaces = OpenSpaces()
    is_open: set[SpaceId] = set()
    for what, which, seconds in events:
        space_id, host_id = SpaceId(str(which)), UserId(str(which % 20))
        match what:
            case "scheduled":
                spaces.scheduled(space_id, host_id, START + seconds, START + seconds - 60, START + seconds + 600)
                is_open.add(space_id)
            case "live":
                spaces.live(space_id, host_id, START + seconds)
                is_open.add(space_id)
            case "over":
                assert (spaces.over(space_id) is not None) == (space_id in is_open)
                is_open.discard(space_id)
            case _:
                batch = spaces.due_lookups(START + seconds)
                assert len(batch) == len(set(batch)) <= IDS_PER_REQUEST
                assert set(batch) <= is_open
    # A day later each is expected or overdue, or live and long not looked at.
    last = [space_id for _ in range(2) for space_id in spaces.due_lookups(START + DAY)]
    assert set(last) == is_open


# What a past teaches.


@given(st.lists(st.tuples(st.floats(0, 2e9), st.none() | st.floats(0, 2e9)), max_size=60), st.floats(0, 3e9))
def test_any_past_makes_a_rate_that_can_be_divided_by(starts: list[tuple[float, float | None]], now: float) -> None:
    habit = Habit(START)
    for at, scheduled_start in starts:
        habit.started(at, scheduled_start)
    rates = [habit.rate(now, hour) for hour in range(HOURS)]
    assert all(0 < rate < math.inf for rate in rates)
    begin, end = habit.expected(START)
    assert START - 2 * HOUR <= begin < START < end <= START + 5 * HOUR


def test_the_hours_of_a_week_share_the_rate_between_them() -> None:
    habit = Habit(START)
    for week in range(6):
        habit.started(START + week * WEEK)
        habit.started(START + week * WEEK + 1.7 * DAY * (week + 1) / 6)
    end = START + 6 * WEEK
    mean = sum(habit.rate(end, hour) for hour in range(HOURS)) / HOURS
    assert mean == pytest.approx(habit.often(end), rel=0.05)
    assert habit.often(end) == pytest.approx(2.0, rel=0.15)


def test_a_second_start_at_an_hour_says_more_than_the_first() -> None:
    once, twice = Habit(START), Habit(START)
    once.started(START + DAY)
    once.started(START + WEEK)
    twice.started(START)
    twice.started(START + WEEK)
    hour, end = hour_of_week(START), START + WEEK + 1
    assert twice.rate(end, hour) > 2.5 * once.rate(end, hour)


def test_a_habit_given_up_fades() -> None:
    habit = Habit(START)
    for week in range(8):
        habit.started(START + week * WEEK)
    for week in range(8, 40):
        habit.started(START + week * WEEK + 2 * DAY)
    end = START + 40 * WEEK
    old, new = hour_of_week(START), hour_of_week(START + 2 * DAY)
    assert habit.rate(end, new) > 10 * habit.rate(end, old)


def test_a_start_told_twice_counts_once() -> None:
    once, twice = Habit(START), Habit(START)
    for _ in range(2):
        twice.started(START + DAY)
    once.started(START + DAY)
    assert twice.rate(START + 2 * DAY, 5) == once.rate(START + 2 * DAY, 5)


def test_hundreds_of_starts_at_one_hour_do_not_overflow_it() -> None:
    habit = Habit(START)
    for number in range(1000):
        habit.started(START + number)
    hour = hour_of_week(START)
    assert habit.rate(START + 2000, hour) > 50 * habit.rate(START + 2000, (hour + 1) % HOURS)
