"""The rate limits: a window per endpoint and per token, and never two calls to `creator_ids` within a second."""

import math
from dataclasses import dataclass

from spacebot.clock import Clock

WINDOW_SECONDS = 900
# A fake clock adds fractions of a second up; their rounding must not refuse the call that comes after exactly one second.
_ROUNDING = 1e-6


@dataclass(slots=True, kw_only=True)
class _Window:
    used: int
    reset_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitStatus:
    """A window as the headers show it; `refused` where this request was one too many."""

    limit: int
    remaining: int
    reset_epoch: int
    refused: bool

    def headers(self) -> dict[str, str]:
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(self.remaining),
            "x-rate-limit-reset": str(self.reset_epoch),
        }


class RateLimits:
    """Counts by the wall clock, as the reset times are given in it; a window opens with the first request of its kind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}
        self._last_of_the_app: dict[str, float] = {}

    def take(self, endpoint: str, token: str, *, limit: int, once_a_second: bool, drain: bool) -> LimitStatus:
        """Count one request, unless it is refused: a refused one uses nothing up. `drain` empties the window first."""
        now = self._clock.now().timestamp()
        window = self._windows.get((endpoint, token))
        if window is None or now >= window.reset_epoch:
            window = _Window(used=0, reset_epoch=math.floor(now) + WINDOW_SECONDS)
            self._windows[endpoint, token] = window
        if drain:
            window.used = limit
        refused = window.used >= limit or (once_a_second and self._is_too_soon(endpoint))
        if not refused:
            window.used += 1
            self._last_of_the_app[endpoint] = self._clock.monotonic()
        remaining = max(0, limit - window.used)
        return LimitStatus(limit=limit, remaining=remaining, reset_epoch=window.reset_epoch, refused=refused)

    def _is_too_soon(self, endpoint: str) -> bool:
        last = self._last_of_the_app.get(endpoint)
        return last is not None and self._clock.monotonic() - last < 1.0 - _ROUNDING
