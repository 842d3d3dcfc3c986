"""Whom the schedule asks about, how soon, and that nobody is forgotten."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.ids import SpaceId, UserId
from spacebot.watch.open_spaces import OpenSpaces
from spacebot.watch.price import Price
from spacebot.watch.punctuality import EARLIEST, LATEST, Punctuality
from spacebot.watch.rates import DAY, HOUR, KEPT, WEEK, Crowd, Habit
from spacebot.watch.schedule import GRACE, SWEEPS, Schedule
from spacebot.x.endpoints import IDS_PER_REQUEST

START = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()
TURN = 900.0 / 270


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


def with_a_regular(count: int, begin: float) -> tuple[Schedule, UserId]:
    """Hosts that have started once a week: one of them always at the time at which `begin` lies, the others at any."""
    rng = random.Random(1)  # noqa: S311 - the same hosts each time
    schedule, regular = Schedule(begin), UserId("7")
    schedule.follow(dict.fromkeys(hosts(count), 1), begin)
    starts = [
        (host_id, begin - week * WEEK + (0.0 if host_id == regular else rng.random() * WEEK - WEEK), None)
        for host_id in hosts(count)
        for week in range(1, 7)
    ]
    schedule.learn(starts, dict.fromkeys(hosts(count), begin - 7 * WEEK))
    return schedule, regular


def test_a_habitual_time_is_swept_more_densely_as_it_comes_and_less_when_it_is_past() -> None:
    begin = START + 8 * HOUR
    schedule, regular = with_a_regular(1000, begin)
    before = times_asked(schedule, 540, begin=begin - 3 * HOUR)
    within = times_asked(schedule, 540, begin=begin - HOUR / 4)
    after = times_asked(schedule, 540, begin=begin + 3 * HOUR)
    assert within[regular] > 2 * before[regular]
    assert within[regular] > 2 * after[regular]


def test_a_habitual_time_is_not_slept_through_where_hosts_wait_longer_than_it() -> None:
    begin, slow = START + 8 * HOUR, 75.0
    schedule, regular = with_a_regular(3000, begin)
    for turn in range(500):
        schedule.next_batch(begin - 3 * HOUR - (500 - turn) * slow)
    assert schedule.bound > HOUR
    batches = [
        (off, schedule.next_batch(begin + off))
        for off in (turn * slow - 3 * HOUR for turn in range(int(4 * HOUR / slow)))
    ]
    asked = [off for off, batch in batches if regular in batch]
    assert sum(-HOUR / 2 <= off < HOUR / 2 for off in asked) > 1.5 * sum(off < -HOUR for off in asked) / 2


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
    assert less[some] <= 0.65 * sorted(less.values())[500]
    schedule.over(space)
    schedule.pushed(())
    schedule.follow(dict.fromkeys(hosts(1000), 1), START + 200 * TURN)
    again = times_asked(schedule, 200, begin=START + 200 * TURN)
    assert again[some] > 1.4 * less[some]


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
    monkeypatch.setattr(Price, "of", lambda *_: 5.0)  # a price at which some 250 are due at each turn
    last = dict.fromkeys(hosts(1000), 0)
    for turn in range(200):
        last |= dict.fromkeys(schedule.next_batch(START + turn * TURN), turn)
        assert turn - min(last.values()) < SWEEPS * 10


@pytest.mark.parametrize("pace", [TURN, 36.0, 900.0])
def test_the_bound_is_two_sweeps_at_the_pace_that_the_budget_allows(pace: float) -> None:
    schedule = following(1000)
    for turn in range(400):
        schedule.next_batch(START + turn * pace)
    assert schedule.bound == pytest.approx(max(SWEEPS * 10 * pace, GRACE), rel=0.01)
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
    for host_id in hosts(300):
        one, other = seen._hosts[host_id].habit, read._hosts[host_id].habit
        assert one.often(end) == pytest.approx(other.often(end), rel=0.5)
        assert set(one.steps) == set(other.steps)


def test_most_is_spared_by_the_push_of_those_who_start_most_and_whom_most_follow() -> None:
    schedule = Schedule(START)
    schedule.follow({host_id: 50 if host_id == "3" else 1 for host_id in hosts(200)}, START)
    schedule.learn(
        [(UserId("5"), START + day * DAY, None) for day in range(60)]
        + [(UserId("3"), START + week * WEEK, None) for week in range(8)],
        dict.fromkeys(hosts(200), START),
    )
    worth = {host_id: schedule.worth(host_id, START + 60 * DAY) for host_id in hosts(201)}
    assert set(sorted(worth, key=worth.__getitem__)[-2:]) == {"3", "5"}
    assert worth[UserId("200")] == 0.0


def test_hosts_can_be_told_of_some_at_a_time() -> None:
    whole, told = Schedule(START), Schedule(START)
    whole.follow(dict.fromkeys(hosts(500, 100), 2), START)
    told.follow(dict.fromkeys(hosts(300), 1), START)
    for at in range(0, 600, 50):
        told.follow(dict.fromkeys(hosts(50, at), 2), START, hosts(100) if not at else ())
    told.follow({}, START, hosts(50, 50))
    told.follow({}, START, hosts(50))
    for turn in range(20):
        whole.next_batch(START + turn * TURN)
        told.next_batch(START + turn * TURN)
    assert told._hosts.keys() == whole._hosts.keys()
    assert told._weights == whole._weights
    assert told.bound == whole.bound


# Look-ups by id.


def looked_up(schedule: Schedule, space_id: SpaceId, begin: float, end: float, every: float = TURN) -> list[float]:
    turns = math.ceil((end - begin) / every)
    return [at for at in (begin + turn * every for turn in range(turns)) if space_id in schedule.spaces.due_lookups(at)]


def test_a_scheduled_space_is_looked_up_at_every_turn_from_45_minutes_before_its_start_to_two_hours_after() -> None:
    schedule, space, start = following(10), SpaceId("1abc"), START + 6 * HOUR
    schedule.scheduled(space, UserId("7"), start)
    assert looked_up(schedule, space, START, start - EARLIEST) == []
    near = looked_up(schedule, space, start - EARLIEST, start + LATEST)
    assert len(near) == math.ceil((EARLIEST + LATEST) / TURN)


def test_a_space_that_does_not_begin_is_looked_up_once_a_minute() -> None:
    schedule, space, start = following(10), SpaceId("1abc"), START + HOUR
    schedule.scheduled(space, UserId("7"), start)
    looked_up(schedule, space, START, start + LATEST)
    assert 55 <= len(looked_up(schedule, space, start + LATEST, start + LATEST + HOUR)) <= 60


def test_a_space_that_was_moved_is_watched_for_at_its_new_time_only() -> None:
    schedule, space, start = following(10), SpaceId("1abc"), START + 2 * HOUR
    schedule.scheduled(space, UserId("7"), start)
    schedule.scheduled(space, UserId("7"), start + 6 * HOUR)
    assert looked_up(schedule, space, start - HOUR, start + 4 * HOUR) == []
    assert len(looked_up(schedule, space, start + 6 * HOUR, start + 6 * HOUR + 100)) == 30


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
        spaces.live(SpaceId(f"live{number}"), UserId(str(number)), START - HOUR, START - HOUR)
    for number in range(60):
        spaces.scheduled(SpaceId(f"soon{number}"), UserId("7"), START)
    for turn in range(10):
        batch = spaces.due_lookups(START + turn)
        assert len(batch) == IDS_PER_REQUEST
        assert sum(space_id.startswith("soon") for space_id in batch) == 60


def test_more_expected_spaces_than_fit_go_in_turn() -> None:
    spaces = OpenSpaces()
    names = {SpaceId(str(number)) for number in range(250)}
    for name in names:
        spaces.scheduled(name, UserId("7"), START)
    looked: Counter[SpaceId] = Counter()
    for turn in range(5):
        looked.update(spaces.due_lookups(START + turn))
    assert looked.keys() == names
    assert max(looked.values()) <= 3


def test_of_more_expected_spaces_than_fit_those_about_to_start_come_first_and_none_is_forgotten() -> None:
    spaces = OpenSpaces()
    near = {SpaceId(f"near{number}") for number in range(60)}
    far = {SpaceId(f"far{number}") for number in range(300)}
    for names, off in ((far, 2000.0), (near, 0.0)):
        for name in names:
            spaces.scheduled(name, UserId("7"), START + off)
    spaces.due_lookups(START - 60)
    looked: Counter[SpaceId] = Counter()
    for turn in range(30):
        looked.update(spaces.due_lookups(START + turn * TURN))
    assert min(looked[name] for name in near) >= 25
    assert min(looked[name] for name in far) >= 1


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
                spaces.scheduled(space_id, host_id, START + seconds)
                is_open.add(space_id)
            case "live":
                spaces.live(space_id, host_id, START + seconds, START + seconds)
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


def knowing(starts: Iterable[float], since: float = START) -> Habit:
    """The habit of a host that has started then, beside nobody else."""
    habit = Habit(since, Crowd(since))
    for at in starts:
        habit.started(at)
    return habit


def likelihoods(habit: Habit, begin: float) -> list[float]:
    """Every five minutes of the week that begins then."""
    return [habit.likelihood(begin + step * 300.0) for step in range(7 * 288)]


@given(st.lists(st.tuples(st.floats(0, 2e9), st.booleans()), max_size=60), st.floats(0, 3e9))
def test_any_past_makes_a_rate_that_can_be_divided_by(starts: list[tuple[float, bool]], now: float) -> None:
    crowd = Crowd(START)
    habit, other = Habit(START, crowd), Habit(START, crowd)
    for number, (at, announced) in enumerate(starts):
        habit.started(at, announced=announced)
        if number % 7 == 0:
            crowd.reckon([habit, other], at)
    for each in (habit, other):
        assert 0 < each.often(now) < math.inf
        assert all(0 < value < math.inf for value in likelihoods(each, now))


@given(st.lists(st.floats(START, START + 8 * WEEK), max_size=60))
def test_the_times_of_a_week_share_the_rate_between_them(starts: list[float]) -> None:
    values = likelihoods(knowing(sorted(starts)), START)
    assert sum(values) / len(values) == pytest.approx(1.0, rel=1e-6)


def test_who_starts_at_the_same_time_each_day_is_expected_then_on_a_day_on_which_it_never_started() -> None:
    habit = knowing(START + day * DAY for day in range(5))
    assert habit.likelihood(START + 5 * DAY) > 5 * habit.likelihood(START + 5 * DAY + 6 * HOUR)


def test_a_habit_lies_around_its_starts_and_not_within_the_hours_of_the_clock() -> None:
    on_the_hour = START // HOUR * HOUR
    habit = knowing(on_the_hour + week * WEEK for week in range(6))
    before, after = (habit.likelihood(on_the_hour + 6 * WEEK + off) for off in (-600.0, 600.0))
    assert before == pytest.approx(after, rel=1e-6)
    assert before > 2 * habit.likelihood(on_the_hour + 6 * WEEK + 3 * HOUR)


def test_a_habit_given_up_is_forgotten_after_so_many_starts() -> None:
    old = [START + week * WEEK for week in range(8)]
    new = [START + (week + 8) * WEEK + 2 * DAY + 5 * HOUR for week in range(KEPT)]
    habit = knowing(old + new)
    end = START + 100 * WEEK
    assert habit.likelihood(end + 2 * DAY + 5 * HOUR) > 10 * habit.likelihood(end)


def test_a_start_told_twice_counts_once() -> None:
    once, twice = knowing([START + DAY]), knowing([START + DAY] * 2)
    assert twice.often(START + 2 * DAY) == once.often(START + 2 * DAY)
    assert likelihoods(twice, START) == likelihoods(once, START)


def test_hundreds_of_starts_keep_no_more_than_the_last() -> None:
    habit = knowing(START + number * HOUR for number in range(1000))
    assert len(habit.steps) == KEPT


def crowd_of(past: Sequence[Sequence[tuple[float, bool]]]) -> tuple[Crowd, list[Habit]]:
    """Hosts that have started then, and whether announced; all of them compared once a day."""
    crowd = Crowd(START)
    habits = [Habit(START, crowd) for _ in past]
    day = START
    for at, number, announced in sorted((at, number, said) for number, mine in enumerate(past) for at, said in mine):
        while at >= day:
            crowd.reckon(habits, day)
            day += DAY
        habits[number].started(at, announced=announced)
    crowd.reckon(habits, day)
    return crowd, habits


def test_where_hosts_are_alike_one_start_more_says_little_and_where_they_differ_much() -> None:
    rng = random.Random(1)  # noqa: S311 - the same hosts each time
    alike = [sorted((START + rng.random() * 4 * WEEK, False) for _ in range(rng.randint(3, 5))) for _ in range(60)]
    differing = [
        [(START + (number + 0.5) * 4 * WEEK / count + host, False) for number in range(count)]
        for host in range(60)
        for count in [40 if host < 5 else 1]
    ]
    end = START + 4 * WEEK

    def spread(past: Sequence[Sequence[tuple[float, bool]]]) -> float:
        _, habits = crowd_of(past)
        oftens = [habit.often(end) for habit in habits]
        return max(oftens) / min(oftens)

    assert spread(alike) < 1.25
    assert spread(differing) > 10


def test_the_time_of_day_at_which_all_start_is_expected_of_a_host_that_nothing_is_known_of() -> None:
    evening = START + 8 * HOUR
    crowd, _ = crowd_of([[(evening + host * 60 + day * DAY, False) for day in range(14)] for host in range(50)])
    newcomer = Habit(START + 2 * WEEK, crowd)
    assert newcomer.likelihood(evening + 20 * DAY + 1500) > 5 * newcomer.likelihood(evening + 20 * DAY + 12 * HOUR)


def test_a_host_that_announces_what_it_starts_is_expected_by_its_announcements() -> None:
    announcing = [[(START + day * DAY + host * 600, True) for day in range(20)] for host in range(40)]
    silent = [[(START + day * DAY + host * 600 + 300, False) for day in range(20)] for host in range(10)]
    _, habits = crowd_of(announcing + silent)
    end = START + 21 * DAY
    assert min(habit.often(end) for habit in habits[40:]) > 5 * max(habit.often(end) for habit in habits[:40])


# What an urgency is worth.

URGENCIES = st.lists(st.floats(0.001, 1000.0), min_size=120, max_size=400)


@given(URGENCIES, st.integers(2, 50))
def test_at_the_price_as_many_are_due_as_there_are_places(urgencies: list[float], longest: int) -> None:
    price = Price()
    for urgency in urgencies:
        price.add(urgency)
    for gone in urgencies[:10]:
        price.remove(gone)
    left = urgencies[10:]
    found = price.of(IDS_PER_REQUEST, longest)
    looks = sum(1 / min(max(found / urgency, 1.0), longest) for urgency in left)
    if len(left) / longest <= IDS_PER_REQUEST:
        assert looks == pytest.approx(IDS_PER_REQUEST, rel=0.08)


# When scheduled Spaces start.


@given(st.lists(st.floats(-1e6, 1e6), max_size=200))
def test_a_space_may_start_at_any_moment_in_which_it_is_expected(offs: list[float]) -> None:
    punctuality = Punctuality()
    for off in offs:
        punctuality.started(off)
    assert all(0 < punctuality.rate(off) < 1 for off in range(int(-EARLIEST), int(LATEST), 60))


def test_where_hosts_are_late_a_space_is_likeliest_to_start_late() -> None:
    punctuality = Punctuality()
    assert punctuality.rate(60.0) > 5 * punctuality.rate(-1000.0)
    assert punctuality.rate(60.0) > punctuality.rate(1200.0)
    for _ in range(100):
        punctuality.started(1200.0)
    assert punctuality.rate(1200.0) > 2 * punctuality.rate(60.0)
