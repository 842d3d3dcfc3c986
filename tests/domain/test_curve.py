"""A curve stays small however long a Space runs, and keeps the highest point of each stretch."""

from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.curve import FIRST_STEP, MOST_POINTS, Curve, noted

LOOKS = st.lists(st.tuples(st.floats(0, 14 * 86_400), st.integers(0, 10**6)), min_size=1, max_size=200).map(sorted)


@given(LOOKS)
def test_a_curve_is_bounded_and_keeps_where_the_most_were_seen(looks: list[tuple[float, int]]) -> None:
    curve: Curve = ()
    step = FIRST_STEP
    for seconds, listeners in looks:
        curve, step = noted(curve, step, seconds, listeners)
    assert 0 < len(curve) <= MOST_POINTS
    assert step % FIRST_STEP == 0
    for at, point in enumerate(curve):
        seen = [listeners for seconds, listeners in looks if at * step <= seconds < (at + 1) * step]
        assert point == max(seen, default=None)


def test_an_hour_has_a_point_for_each_minute_and_two_hours_for_every_other() -> None:
    curve: Curve = ()
    step = FIRST_STEP
    for minute in range(60):
        curve, step = noted(curve, step, minute * 60.0, minute)
    assert (curve, step) == (tuple(range(60)), 60)
    curve, step = noted(curve, step, 3600.0, 60)
    assert (curve, step) == ((*range(1, 60, 2), 60), 120)
