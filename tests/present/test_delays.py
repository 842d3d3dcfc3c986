"""The table of delays says what was measured, whatever was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.present.delays import BOUNDS, delays_text, quantile, seconds, seen_by_names

DELAYS = st.lists(st.tuples(st.floats(-5, 1e6), st.sampled_from(sorted(seen_by_names()))), min_size=1, max_size=50)


def test_nothing_measured_says_so() -> None:
    assert delays_text([]) == "In the last week nothing was announced whose start X told."


def test_the_table_tells_sweeps_and_push_apart() -> None:
    lines = delays_text([(1.0, "push"), (2.0, "push"), (30.0, "sweep")]).splitlines()
    assert lines[3].split() == ["all", "3", "2.0", "30.0", "30.0"]
    assert lines[4].split() == ["push", "2", "1.0", "2.0", "2.0"]
    assert lines[5].split() == ["sweep", "1", "30.0", "30.0", "30.0"]


@given(DELAYS)
def test_the_histogram_counts_everything_once(delays: list[tuple[float, str]]) -> None:
    bars = delays_text(delays).splitlines()[-len(BOUNDS) - 1 :]
    assert sum(int(bar[18:25]) for bar in bars) == len(delays)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_a_value_that_occurred_with_so_many_below(values: list[float], share: float) -> None:
    ordered = sorted(values)
    found = quantile(ordered, share)
    assert found in ordered
    assert sum(value <= found for value in ordered) >= share * len(ordered) - 1


@pytest.mark.parametrize(("delay", "said"), [(0.4, "0 s"), (119.0, "119 s"), (120.0, "2 min"), (3900.0, "1 h 5 min")])
def test_a_short_delay_is_told_in_seconds(delay: float, said: str) -> None:
    assert seconds(delay) == said
