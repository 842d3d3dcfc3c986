"""Discord's ids: 64 bits that carry their time of birth; each one handed out is larger than the one before."""

import random
from datetime import UTC, datetime, timedelta

from spacebot.clock import Clock

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
_TIME_SHIFT = 22  # below the milliseconds: 5 bits of worker, 5 of process, 12 of increment


def time_of(snowflake: int) -> datetime:
    """When the thing with this id came to be."""
    return EPOCH + timedelta(milliseconds=snowflake >> _TIME_SHIFT)


def at(moment: datetime) -> int:
    """The smallest id of that millisecond."""
    return (moment - EPOCH) // timedelta(milliseconds=1) << _TIME_SHIFT


class Snowflakes:
    """Ids by `clock`; none is given twice, also when the clock stands still or is set back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0
        self._past: set[int] = set()
        self._random = random.Random(20150101)

    def next(self) -> int:
        """An id for what is made now."""
        self._last = max(self._last + 1, at(self._clock.now()))
        return self._last

    def past(self) -> int:
        """An id for what is older than the bot (a guild, an account): spread over years, so that shards share evenly."""
        while True:
            birth = self._clock.now() - timedelta(days=self._random.uniform(30, 1500))
            snowflake = at(birth) + self._random.randrange(1 << 12)
            if snowflake not in self._past:
                self._past.add(snowflake)
                return snowflake
