"""A curve as one line of blocks."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"

MOST_BLOCKS = 20
"""A phone shows so many in one line."""

FEWEST = 3
"""Fewer points show no course."""


def sparkline(points: Sequence[int | None]) -> str:
    """Draw a curve from zero to its highest point.

    Args:
        points: The values, in equal steps of time; None where nothing is known: there the one before is taken to stand.

    Returns:
        At most `MOST_BLOCKS` blocks, the highest of which is full; empty where there is no course to show.
    """
    known: list[int] = []
    for point in points:
        if point is not None:
            known.append(max(point, 0))
        elif known:
            known.append(known[-1])
    highest = max(known, default=0)
    if len(known) < FEWEST or not highest:
        return ""
    width = min(len(known), MOST_BLOCKS)
    drawn = [max(known[at * len(known) // width : (at + 1) * len(known) // width]) for at in range(width)]
    return "".join(BLOCKS[max(-(-len(BLOCKS) * value // highest) - 1, 0)] for value in drawn)
