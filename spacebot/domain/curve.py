"""The listeners of a Space over time, in a bounded number of points however long it runs."""

from collections.abc import Sequence

MOST_POINTS = 60
"""A curve has at most as many points."""

FIRST_STEP = 60
"""Seconds that each point of a curve stands for at first; doubled whenever there would be too many points."""

Curve = tuple[int | None, ...]
"""The most listeners seen in each step; None where no look told."""


def noted(curve: Curve, step: int, seconds: float, listeners: int) -> tuple[Curve, int]:
    """Add what one look saw.

    Args:
        curve: The points so far.
        step: Seconds that each stands for.
        seconds: How long after the curve's beginning the look was, 0 or more.
        listeners: How many it saw.

    Returns:
        The points, at most `MOST_POINTS`, and the seconds that each stands for now.
    """
    while seconds >= step * MOST_POINTS:
        curve, step = tuple(_most(curve[at : at + 2]) for at in range(0, len(curve), 2)), 2 * step
    at = int(seconds // step)
    longer = (*curve, *[None] * (at + 1 - len(curve)))
    return (*longer[:at], _most((longer[at], listeners)), *longer[at + 1 :]), step


def _most(points: Sequence[int | None]) -> int | None:
    return max((point for point in points if point is not None), default=None)
