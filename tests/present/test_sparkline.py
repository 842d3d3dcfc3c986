"""A curve is drawn in one line, in proportion, and only where there is a course to draw."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.curve import MOST_POINTS
from spacebot.present.sparkline import BLOCKS, FEWEST, MOST_BLOCKS, sparkline

POINTS = st.lists(st.none() | st.integers(-5, 2**60), max_size=3 * MOST_POINTS)


@given(POINTS)
def test_any_curve_is_a_short_line_of_blocks_with_a_full_one(points: list[int | None]) -> None:
    line = sparkline(points)
    assert set(line) <= set(BLOCKS)
    assert not line or FEWEST <= len(line) <= MOST_BLOCKS
    assert not line or BLOCKS[-1] in line
    known = [point for point in points if point is not None and point > 0]
    assert bool(line) <= bool(known)


@given(st.lists(st.integers(1, 10**9), min_size=FEWEST, max_size=MOST_BLOCKS), st.integers(1, 1000))
def test_blocks_are_in_proportion_whatever_the_unit(points: list[int], unit: int) -> None:
    line = sparkline(points)
    assert len(line) == len(points)
    assert line == sparkline([point * unit for point in points])
    heights = [BLOCKS.index(block) for block in line]
    assert all(one <= other for one, other in zip(*_sorted(heights, points), strict=True))


def _sorted(heights: list[int], points: list[int]) -> tuple[list[int], list[int]]:
    """The heights in the order of the points, and from the lowest on: the same if a higher point is never drawn lower."""
    return [height for _, height in sorted(zip(points, heights, strict=True))], sorted(heights)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=5), st.integers(1, 5))
def test_nothing_is_drawn_before_the_first_look_and_gaps_keep_what_was(points: list[int], gap: int) -> None:
    assert sparkline([*[None] * gap, *points]) == sparkline(points)
    assert sparkline([*points, *[None] * gap]) == sparkline([*points, *[points[-1]] * gap])


@pytest.mark.parametrize(
    ("points", "line"),
    [
        ((), ""),
        ((0, 0, 0, 0), ""),
        ((5, 6), ""),
        ((1, 2, 3, 4, 5, 6, 7, 8), "▁▂▃▄▅▆▇█"),
        ((8, 8, 8), "███"),
        ((100, None, 0, 50), "██▁▄"),
    ],
)
def test_examples(points: tuple[int | None, ...], line: str) -> None:
    assert sparkline(points) == line
