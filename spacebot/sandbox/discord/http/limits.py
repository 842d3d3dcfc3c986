"""PURE: Discord's rate limits; no second holds more than 50 counted requests, no bucket more than its share.

Source: Discord's documentation, 'Rate Limits' (global, per route, invalid requests).
"""

from dataclasses import dataclass
from hashlib import blake2b

from spacebot.sandbox.discord.refusals import Limited
from spacebot.sandbox.discord.window import Window

PER_SECOND = 50
INVALID_REQUESTS = 10_000
INVALID_WINDOW = 600.0
OLD_EDITS = 3
OLD_EDITS_WINDOW = 20.0
TOO_MANY_OLD_EDITS = 30046


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`limit` requests in each window of `seconds` that begins with the first of them."""

    name: str
    limit: int
    seconds: float

    @property
    def hash(self) -> str:
        return blake2b(self.name.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitStatus:
    """What the X-RateLimit headers say after a request."""

    bucket: Bucket
    remaining: int
    reset_after: float


class Limits:
    """All limits of one bot; `now` is a monotonic time in seconds.

    A refused request uses up nothing. How many edits of messages older than an hour a channel takes is not published:
    three in 20 seconds is what was observed.
    """

    def __init__(self) -> None:
        self.per_second = PER_SECOND
        self.invalid_requests = INVALID_REQUESTS
        self.old_edits = OLD_EDITS
        self.old_edits_window = OLD_EDITS_WINDOW
        self._global = Window(1.0)
        self._arrivals = Window(1.0)
        self._invalid = Window(INVALID_WINDOW)
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    @property
    def busiest_second(self) -> int:
        """The most counted requests that arrived within any one second."""
        return self._arrivals.most

    def arrived(self, now: float) -> None:
        self._arrivals.add(now)

    def is_banned(self, now: float) -> bool:
        return self._invalid.count(now) >= self.invalid_requests

    def invalid(self, now: float) -> None:
        """Count an answer of 401, 403 or (not of shared scope) 429."""
        self._invalid.add(now)

    def pass_global(self, now: float) -> None:
        """Let a request through, or raise Limited."""
        if self._global.count(now) >= self.per_second:
            raise Limited(self._global.free_in(now), scope="global")
        self._global.add(now)

    def pass_bucket(self, bucket: Bucket, major: str, now: float, *, code: int = 0) -> LimitStatus:
        """Let a request through its bucket, or raise Limited; `major` is the channel, guild or webhook of its path."""
        key = (bucket.name, major)
        reset, used = self._windows.get(key, (0.0, 0))
        if now >= reset:
            self._forget_ended(now)
            reset, used = now + bucket.seconds, 0
        if used >= bucket.limit:
            raise Limited(reset - now, code=code)
        self._windows[key] = (reset, used + 1)
        return LimitStatus(bucket=bucket, remaining=bucket.limit - used - 1, reset_after=reset - now)

    def exhausted(self, bucket: Bucket, retry_after: float) -> LimitStatus:
        return LimitStatus(bucket=bucket, remaining=0, reset_after=retry_after)

    def pass_old_edit(self, channel_id: int, now: float) -> None:
        """Let an edit of a message older than an hour through, or raise Limited with code 30046."""
        bucket = Bucket(name="old edits", limit=self.old_edits, seconds=self.old_edits_window)
        self.pass_bucket(bucket, str(channel_id), now, code=TOO_MANY_OLD_EDITS)

    def _forget_ended(self, now: float) -> None:
        if len(self._windows) > 50_000:
            self._windows = {key: window for key, window in self._windows.items() if window[0] > now}
