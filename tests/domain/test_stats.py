"""What follows from the counters of a host's Spaces, whatever the zone: compared with a reckoning minute by minute."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.stats import LONGEST, Counted, busiest, heat, summed

BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca")]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def lasting(began: datetime, length: timedelta, **more: int) -> Counted:
    return Counted(began=began, until=began + length, has_end=True, **more)


def cells(spaces: list[Counted], zone: ZoneInfo) -> dict[tuple[int, int], int]:
    return {(day, hour): n for day, row in enumerate(heat(spaces, zone)) for hour, n in enumerate(row) if n}


spaces = st.lists(
    st.builds(
        lasting,
        # Around both changes of the clocks of the year, and in between.
        st.one_of(
            st.datetimes(datetime(2026, 3, 28), datetime(2026, 3, 31)),  # noqa: DTZ001 - a strategy wants them so
            st.datetimes(datetime(2026, 10, 3), datetime(2026, 10, 27)),  # noqa: DTZ001 - as above
        ).map(lambda moment: moment.replace(tzinfo=UTC)),
        st.timedeltas(timedelta(), timedelta(hours=5)),
    ),
    max_size=4,
)


@given(spaces=spaces, zone=st.sampled_from([BERLIN, LORD_HOWE, *ZONES]))
def test_each_space_counts_once_for_each_hour_of_a_date_that_it_lay_in(spaces: list[Counted], zone: ZoneInfo) -> None:
    expected: Counter[tuple[int, int]] = Counter()
    for space in spaces:
        moment, hours = space.began, set()
        while moment == space.began or moment < space.until:
            local = moment.astimezone(zone)
            hours.add((local.date(), local.hour))
            # On to the next full minute.
            moment = moment.replace(second=0, microsecond=0) + MINUTE
        expected.update((day.weekday(), hour) for day, hour in hours)
    assert cells(spaces, zone) == dict(expected)


def test_the_hour_that_summer_time_takes_away_is_empty_and_the_one_that_comes_twice_counts_once() -> None:
    spring = lasting(at("2026-03-29T00:30"), 2 * HOUR)
    assert cells([spring], BERLIN) == {(6, 1): 1, (6, 3): 1, (6, 4): 1}
    autumn = lasting(at("2026-10-25T00:10"), HOUR + 40 * MINUTE)
    assert cells([autumn], BERLIN) == {(6, 2): 1}


def test_the_same_space_lies_on_another_day_elsewhere() -> None:
    space = lasting(at("2026-06-01T23:15"), 30 * MINUTE)
    assert cells([space], ZONES[0]) == {(0, 23): 1}
    assert cells([space], BERLIN) == {(1, 1): 1}


def test_a_space_of_weeks_fills_no_more_than_its_first_two_days() -> None:
    assert sum(cells([lasting(at("2026-06-01T00:00"), timedelta(days=30))], ZONES[0]).values()) == LONGEST / HOUR


def test_a_space_that_ended_as_it_began_counts_for_its_hour() -> None:
    assert cells([lasting(at("2026-06-01T20:00"), timedelta())], ZONES[0]) == {(0, 20): 1}


@given(spaces=spaces)
def test_the_fullest_hours_come_first(spaces: list[Counted]) -> None:
    found = heat(spaces, BERLIN)
    told = [found[day][hour] for day, hour in busiest(found, 3)]
    assert all(one >= other for one, other in pairwise(told))
    flat = sorted((count for row in found for count in row if count), reverse=True)
    assert told == flat[:3]


def test_what_was_not_counted_is_none() -> None:
    bare = summed([Counted(began=at("2026-06-01T20:00"), until=at("2026-06-01T21:00"), has_end=False)])
    assert bare.spaces == 1
    assert (bare.usual_length, bare.longest, bare.usual_peak, bare.highest_peak, bare.average) == (None,) * 5
    assert summed([]).spaces == 0


def test_sums_take_the_middle_and_weigh_the_average_by_time() -> None:
    began = at("2026-06-01T20:00")
    several = [
        lasting(began, HOUR, peak=10, listened=10 * 60, observed=60),
        lasting(began, 2 * HOUR, peak=1000, listened=100 * 540, observed=540),
        lasting(began, 9 * HOUR, peak=20),
    ]
    sums = summed(several)
    assert (sums.usual_length, sums.longest) == (2 * HOUR, 9 * HOUR)
    assert (sums.usual_peak, sums.highest_peak, sums.average) == (20, 1000, 91)


@pytest.mark.parametrize("minutes", [0, 59, 60])
def test_the_end_itself_is_no_part_of_a_space(minutes: int) -> None:
    filled = cells([lasting(at("2026-06-01T20:00"), minutes * MINUTE)], ZONES[0])
    assert set(filled) == {(0, 20)}
