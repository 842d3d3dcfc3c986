"""The delays from a Space's start to its announcement as text: by what saw it first, with a histogram.

The table for a terminal is English, as all that the operator reads there.
"""

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from spacebot.present.card import lasting
from spacebot.present.language import _, p_

BOUNDS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Where the bars of the histogram end, in seconds."""

WIDTH = 40
"""The longest bar, in characters."""

SHORT = 120.0
"""Delays shorter than this are shown in seconds."""


def seen_by_names() -> dict[str, str]:
    """What can see a Space first, in words, by its code."""
    return {
        "push": p_("what saw a Space first", "push"),
        "sweep": p_("what saw a Space first", "sweep"),
        "look-up": p_("what saw a Space first", "look-up"),
        "person": p_("what saw a Space first", "a person's question"),
        "keyword": p_("what saw a Space first", "search"),
    }


def quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile by the nearest-rank method: always a value that occurred."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def seconds(delay: float) -> str:
    """A delay in words: '3 s', '45 min'."""
    return _("{seconds} s", seconds=round(delay)) if delay < SHORT else lasting(timedelta(seconds=delay))


def delays_text(delays: Sequence[tuple[float, str]]) -> str:
    """Median, 95th percentile and worst, over all and by what saw it first, and a histogram.

    Args:
        delays: Seconds from start to post, and what saw the Space first.
    """
    if not delays:
        return "In the last week nothing was announced whose start X told."
    rows = [("all", [delay for delay, _ in delays])]
    rows += [
        (name, [delay for delay, seen_by in delays if seen_by == key])
        for key, name in seen_by_names().items()
        if any(seen_by == key for _, seen_by in delays)
    ]
    lines = ["From the start of a Space to its announcement, last week, in seconds", ""]
    lines.append(f"{'seen first by':<22}{'number':>8}{'median':>10}{'95 %':>10}{'worst':>10}")
    for name, values in rows:
        ordered = sorted(max(0.0, value) for value in values)
        figures = (quantile(ordered, 0.5), quantile(ordered, 0.95), ordered[-1])
        lines.append(f"{name:<22}{len(ordered):>8}" + "".join(f"{figure:>10.1f}" for figure in figures))
    return "\n".join([*lines, "", *histogram([delay for delay, _ in delays])])


def histogram(delays: Sequence[float], width: int = WIDTH) -> list[str]:
    """A line for each range of seconds: its name, how many delays are in it, and a bar of at most `width` characters."""
    edges = (0.0, *BOUNDS, float("inf"))
    counts = [sum(low <= max(0.0, delay) < high for delay in delays) for low, high in pairwise(edges)]
    most = max(counts)
    names = [_("under {seconds} s", seconds=f"{bound:g}") for bound in BOUNDS]
    names.append(_("{seconds} s and more", seconds=f"{BOUNDS[-1]:g}"))
    return [
        f"{name:<18}{count:>7}  {'█' * round(width * count / most)}".rstrip()
        for name, count in zip(names, counts, strict=True)
    ]
