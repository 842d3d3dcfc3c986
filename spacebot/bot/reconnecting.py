"""How often the connections to Discord are made again: soon, but never so often that Discord minds.

Times are seconds of the event loop, as in discord.py itself.
"""

from collections import deque
from typing import Any

from discord.backoff import ExponentialBackoff

LONGEST_WAIT = 60.0
"""Seconds that a shard waits at most before it is connected again."""

QUIET = 300
"""Seconds without a lost connection after which these waits begin small again."""

A_DAY = 86_400.0

FREE_IDENTIFIES = 200
"""How many sessions may begin in 24 hours with no more than the usual wait. Discord allows 1,000, then resets the token."""

IDENTIFIES_APART = 120.0
"""Seconds between the beginnings of sessions beyond those: with them at most 920 in 24 hours."""

FIRST_ANEW = 60.0
"""Seconds until a shard that began anew because of what could not be read may do so again; twice as many each time."""

RAREST_ANEW = 6 * 3600.0


class Backoff(ExponentialBackoff[Any]):
    """How long a shard waits until it is connected again.

    discord.py 2.7.1 waits up to 1,024 s, and begins small again only after 2,048 s without a lost connection.
    """

    def __init__(self) -> None:
        super().__init__()
        self._max = 6
        self._reset_time = QUIET

    def delay(self) -> float:  # type: ignore[override]  # an int only where whole seconds are asked for
        return min(float(super().delay()), LONGEST_WAIT)


class IdentifyPace:
    """When a session may begin. discord.py 2.7.1 tries every five seconds for as long as Discord takes none."""

    def __init__(self) -> None:
        self._begun: deque[float] = deque()

    def may_begin(self, now: float) -> bool:
        """Whether one may; if so, it is counted."""
        while self._begun and now - self._begun[0] > A_DAY:
            self._begun.popleft()
        if len(self._begun) >= FREE_IDENTIFIES and now - self._begun[-1] < IDENTIFIES_APART:
            return False
        self._begun.append(now)
        return True


class FreshStarts:
    """When a shard may begin anew because of what could not be read: ever more rarely, as the same may come again."""

    def __init__(self) -> None:
        self._next = 0.0
        self._apart = FIRST_ANEW

    def may_begin(self, now: float) -> bool:
        """Whether it may; if so, it is counted."""
        if now < self._next:
            return False
        if now - self._next > A_DAY:
            self._apart = FIRST_ANEW
        self._next = now + self._apart
        self._apart = min(2 * self._apart, RAREST_ANEW)
        return True
