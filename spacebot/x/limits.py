"""PURE: how many requests may still go, per endpoint and token; a request is counted before it is sent.

Never more than the limit goes in any window; each purpose has its share of it (see `x.shares`), and background requests
are spread evenly. What X says of its limits is believed, but never so far that nothing would be asked for longer than a
window: the next answer puts nonsense right. All times are monotonic seconds, passed in.
"""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from spacebot.domain.errands import Errand, Purpose
from spacebot.x.lenient import answered_at, header
from spacebot.x.shares import Shares

WINDOW = 900.0
"""Seconds of X's windows (https://docs.x.com/x-api/fundamentals/rate-limits)."""

FIRST_PAUSE = 60.0
"""Seconds to wait after a 429 that does not say how long; doubled each time, up to a window."""

SHORT_PAUSE = 2.0
"""The same after a 429 although the window has room: some other, shorter limit was met."""

LONGEST_WAIT = 2 * WINDOW
"""No answer's word of when to come back reaches farther than this many seconds ahead."""

_SHORTEST = 0.01
_SAME_WINDOW = 5.0
"""X counts resets in whole seconds, and answers travel: resets closer than this are one and the same."""

_STRAY = 60.0
"""Seconds for which a request that got no answer may still reach X, and be counted there."""

_MOST_STRAYS = 1000
"""More than go in that time."""


class Rate(NamedTuple):
    """What an answer's headers say of the limit: whole numbers, and seconds until the reset. None if they do not say."""

    limit: int | None = None
    remaining: int | None = None
    reset_in: float | None = None


def read_rate(headers: Mapping[str, str], now: datetime, answered: datetime | None = None) -> Rate:
    """The limit as the headers state it; nonsense counts as missing, and a far reset as `LONGEST_WAIT` from now.

    X writes the reset in epoch seconds of its own clock, so it is measured against the answer's Date if that is plausible.

    Args:
        headers: The answer's.
        now: When it came.
        answered: What `answered_at` says of these two, where it was asked already.
    """
    reset = _whole(header(headers, "x-rate-limit-reset"))
    reset_in = None if reset is None else float(reset) - (answered or answered_at(headers, now)).timestamp()
    if reset_in is None:
        retry = _whole(header(headers, "retry-after"))
        reset_in = None if retry is None else float(retry)
    return Rate(
        limit=_whole(header(headers, "x-rate-limit-limit")),
        remaining=_whole(header(headers, "x-rate-limit-remaining")),
        reset_in=None if reset_in is None else min(max(reset_in, 0.0), LONGEST_WAIT),
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 12 else None  # noqa: PLR2004 - enough for epoch seconds


class Window(NamedTuple):
    """What may still go before `reset` (monotonic seconds)."""

    limit: int
    remaining: int
    reset: float


@dataclass(slots=True, kw_only=True)
class Budget:
    """The window of one endpoint for one token.

    While X's headers have told the window, it is X's, and no longer than a window lasts. Before that, and after its reset
    until the next answer, any `WINDOW` seconds hold at most `limit` requests, so that it does not matter when X begins to
    count.

    Attributes:
        limit: Requests per window.
        shares: How the purposes share them.
        told_limit: Requests per window, as X's headers last said; None until they do.
    """

    limit: int
    shares: Shares
    told_limit: int | None = None
    _began: float = -math.inf
    """When the first request of a window went of which X's headers have not told yet."""
    _told: Window | None = None
    _believed_until: float = 0.0
    """The latest end of the window that was told: one more window after X's first word of it."""
    _is_newest: bool = True
    """Whether an answer that comes now was given after all that was learned from: what was under way then is over."""
    _sent: deque[float] = field(default_factory=deque)
    """When requests ended, and began where they are still under way: X counts them somewhere in between."""
    _in_flight: int = 0
    _lost: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_STRAYS))
    """When the last requests ended that got no answer."""
    _closed_until: float = 0.0
    _refusals: int = 0
    _last_paced: dict[Purpose, float] = field(default_factory=dict)

    def wait(self, errand: Errand, now: float) -> float:
        """Seconds until a request of this errand may go; 0 if it may go now."""
        window = self.window(now)
        closed = max(0.0, self._closed_until - now)
        if window.remaining <= 0:
            return max(closed, window.reset - now)
        needed = self.shares.needed(errand, limit=window.limit)
        own = self.shares.own(
            errand.purpose, limit=window.limit, remaining=window.remaining, told=self._told is not None
        )
        if own >= needed and self._turn(errand, window, own) <= now:
            return closed  # what others lend on top of that could change nothing
        free = self._free(errand.purpose, window, now)
        if free < needed:
            return max(closed, self._until_free(errand.purpose, needed, window, now))
        return max(closed, self._turn(errand, window, free) - now)

    def _turn(self, errand: Errand, window: Window, free: float) -> float:
        """When it is the turn of an errand that has so many requests, which are spread over the window."""
        last = None if errand.is_urgent else self._last_paced.get(errand.purpose)
        return -math.inf if last is None else last + self._pace(errand.purpose, window, free, last)

    def count_request(self, errand: Errand, now: float) -> None:
        """Count a request that is about to be sent; call it only when `wait` says 0."""
        window = self.window(now)
        if self._told is None and self._began == -math.inf:
            self._began = now
        self.shares.take(
            errand,
            limit=window.limit,
            remaining=window.remaining,
            passed=self._passed(window, now),
            told=self._told is not None,
        )
        self._in_flight += 1
        self._sent.append(now)
        if self._told is not None:
            self._told = Window(limit=window.limit, remaining=window.remaining - 1, reset=window.reset)
        if not errand.is_urgent:
            self._last_paced[errand.purpose] = now

    def request_done(self, rate: Rate | None, now: float, *, refused: bool = False) -> None:
        """Learn from an answer's headers, or None if none came; `refused` says that it was a 429 of this limit."""
        self._note_end(now)
        if rate is None:
            self._lost.append(now)
        else:
            self._learn(rate, now)
        self._is_newest = not self._in_flight or (rate is None and self._is_newest)
        if rate is None:
            return
        if not refused:
            self._refusals = 0
            return
        if rate.reset_in is None or rate.remaining:
            # X does not say how long, or says that the window has room: then it was some other, shorter limit.
            first = SHORT_PAUSE if rate.remaining else FIRST_PAUSE
            self._close(min(first * 2**self._refusals, rate.reset_in or WINDOW, WINDOW), now)
            self._refusals = min(self._refusals + 1, 30)
        else:
            self._close(rate.reset_in, now)

    def _note_end(self, now: float) -> None:
        if not self._in_flight:
            return
        if len(self._sent) >= self._in_flight:
            del self._sent[-self._in_flight]  # whichever it was that ended: the earliest, to be on the safe side
        self._sent.append(now)
        self._in_flight -= 1

    def _close(self, seconds: float, now: float) -> None:
        self._closed_until = max(self._closed_until, now + min(max(seconds, 1.0), WINDOW))

    def window(self, now: float) -> Window:
        """What is left now."""
        if self._told is not None and now >= self._told.reset:
            if self._told.reset < self._believed_until:
                # Those still on their way, and those lost on it, may be counted in the window that begins.
                self._sent = deque([now] * (self._in_flight + self._strays(now)))
            self._told = None
            self._began = -math.inf
            self.shares.begin()
        if self._told is not None:
            return self._told
        if now >= self._began + WINDOW and self._began > -math.inf:
            self._began = -math.inf
            self.shares.begin()
        while self._sent and self._sent[0] <= now - WINDOW:
            self._sent.popleft()
        remaining = max(0, self.limit - len(self._sent))
        # The next to leave the last 900 seconds makes room.
        needed = self._sent[0] + WINDOW if self._sent else now + WINDOW
        return Window(limit=self.limit, remaining=remaining, reset=needed)

    def is_idle(self, now: float) -> bool:
        """Whether nothing would be lost by forgetting this budget."""
        return not self._in_flight and now >= self._closed_until and self.window(now).remaining >= self.limit

    def _sent_in_window_to(self, reset: float) -> int:
        """How many we sent since the window began that ends at `reset`."""
        began = reset - WINDOW - _SAME_WINDOW
        if not self._sent or self._sent[0] >= began:
            return len(self._sent)
        return len(self._sent) - bisect_left(self._sent, began)

    def _strays(self, now: float) -> int:
        """How many requests are lost that may yet reach X."""
        while self._lost and self._lost[0] <= now - _STRAY:
            self._lost.popleft()
        return len(self._lost)

    def _free(self, purpose: Purpose, window: Window, now: float) -> float:
        return self.shares.free(
            purpose,
            limit=window.limit,
            remaining=window.remaining,
            passed=self._passed(window, now),
            told=self._told is not None,
        )

    def _until_free(self, purpose: Purpose, needed: float, window: Window, now: float) -> float:
        """Seconds until this purpose has so many requests, if nobody else asks: others lend ever more of theirs."""
        ends = self._ends(window, now)
        soon, late = now, ends
        if self._free(purpose, window, late - _SAME_WINDOW) < needed:
            return late - now
        while late - soon > _SHORTEST:
            middle = (soon + late) / 2
            soon, late = (soon, middle) if self._free(purpose, window, middle) >= needed else (middle, late)
        return late - now

    def _ends(self, window: Window, now: float) -> float:
        """When the window ends that the shares are of."""
        if self._told is not None:
            return window.reset
        return self._began + WINDOW if now < self._began + WINDOW else now + WINDOW

    def _passed(self, window: Window, now: float) -> float:
        """The part of the window that is over."""
        return min(1.0, max(0.0, 1.0 - (self._ends(window, now) - now) / WINDOW))

    def _pace(self, purpose: Purpose, window: Window, free: float, last: float) -> float:
        if self._told is None:
            quotas = self.shares.quotas(window.limit)
            return WINDOW / max(1.0, quotas.get(purpose, float(window.limit)))
        return max(0.0, window.reset - last) / (free + 1)

    def _learn(self, rate: Rate, now: float) -> None:
        if rate.limit is not None and rate.limit > 0:
            self.limit = self.told_limit = rate.limit
        if rate.remaining is None or rate.reset_in is None or rate.reset_in <= 0:
            return
        current = self.window(now)
        if self._told is None:
            self._believed_until = now + WINDOW + _SAME_WINDOW
        reset = min(now + rate.reset_in, self._believed_until)
        # X has not seen all that we have sent, and what is lost on the way lands without a word: both counts must hold.
        unseen = self._in_flight + self._strays(now)
        remaining = max(0, min(rate.remaining - unseen, self.limit - self._sent_in_window_to(reset)))
        if self._told is not None:
            is_same = abs(reset - current.reset) <= _SAME_WINDOW
            if not self._is_newest:  # it may be older than what was learned, and only be the stricter
                if reset < current.reset and not is_same:
                    return
                remaining = min(remaining, current.remaining) if is_same else remaining
            reset = max(reset, current.reset) if is_same else reset
            if not is_same:
                self.shares.begin()
        self._told = Window(limit=self.limit, remaining=remaining, reset=reset)


@dataclass(slots=True, kw_only=True)
class Gap:
    """At most one request in `seconds`, whatever the budgets say; none while one is on its way.

    Counted from the end of a request: X measures when requests arrive, and only then is it certain that the last one
    has. `last` is when a request may have gone that is not known of: an earlier run of this program may have sent it.
    """

    seconds: float
    last: float = -math.inf
    _in_flight: int = 0

    def wait(self, now: float) -> float:
        """Seconds until the next one may go, or until it is worth asking again."""
        return self.seconds if self.seconds and self._in_flight else max(0.0, self.last + self.seconds - now)

    def count_request(self) -> None:
        """Count a request that is about to be sent."""
        self._in_flight += 1

    def request_done(self, now: float) -> None:
        """A counted request is over."""
        self._in_flight = max(0, self._in_flight - 1)
        self.last = now
