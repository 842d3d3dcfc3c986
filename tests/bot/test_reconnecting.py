"""How often the connections to Discord are made again."""

from itertools import pairwise
from unittest.mock import patch

import discord.backoff
from hypothesis import given
from hypothesis import strategies as st

from spacebot.bot.reconnecting import (
    A_DAY,
    FIRST_ANEW,
    LONGEST_WAIT,
    QUIET,
    RAREST_ANEW,
    Backoff,
    FreshStarts,
    IdentifyPace,
)

DISCORDS_LIMIT = 1000


class Time:
    """In the place of the module `time` in discord.py."""

    def __init__(self) -> None:
        self.now = 50_000.0

    def monotonic(self) -> float:
        return self.now


def test_a_shard_never_waits_longer_than_a_minute_and_soon_begins_small_again() -> None:
    time = Time()
    with patch.object(discord.backoff, "time", time):
        backoff = Backoff()
        waits = []
        for _ in range(200):
            waits.append(backoff.delay())
            time.now += waits[-1]
        assert LONGEST_WAIT / 2 < max(waits) <= LONGEST_WAIT
        time.now += QUIET + 1
        assert backoff.delay() <= 2


@given(st.lists(st.floats(min_value=0.0, max_value=7200.0), min_size=1, max_size=300), st.integers(1, 20_000))
def test_no_24_hours_hold_more_sessions_than_discord_allows(rests: list[float], times: int) -> None:
    pace, now, begun = IdentifyPace(), 0.0, list[float]()
    for number in range(times):
        if pace.may_begin(now):
            begun.append(now)
        now += 5.0 + (rests[number % len(rests)] if number % 7 == 0 else 0.0)
    first = 0
    for last, at in enumerate(begun):
        while at - begun[first] > A_DAY:
            first += 1
        assert last - first < DISCORDS_LIMIT


def test_a_usual_start_of_many_shards_is_not_held_up() -> None:
    pace = IdentifyPace()
    assert all(pace.may_begin(5.0 * shard) for shard in range(150))


def test_fresh_starts_come_ever_more_rarely_until_a_day_was_quiet() -> None:
    starts = FreshStarts()
    begun = [second for second in range(0, 3 * int(A_DAY), 10) if starts.may_begin(10_000.0 + second)]
    gaps = [later - earlier for earlier, later in pairwise(begun)]
    assert begun[0] == 0
    assert gaps[:4] == [FIRST_ANEW, 2 * FIRST_ANEW, 4 * FIRST_ANEW, 8 * FIRST_ANEW]
    assert gaps[-1] == RAREST_ANEW
    later = 10_000.0 + begun[-1] + 2 * A_DAY
    assert starts.may_begin(later)
    assert not starts.may_begin(later + FIRST_ANEW - 1)
    assert starts.may_begin(later + FIRST_ANEW)
