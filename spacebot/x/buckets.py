"""PURE: how often one person, and one guild, may have X asked: in bursts, and evenly in the long run."""

from collections.abc import Hashable
from dataclasses import dataclass, field

REFILL = 600.0
"""Seconds in which an empty bucket is full again."""

_KEPT = 5_000
"""How many buckets are kept before full ones are dropped."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True, kw_only=True)
class Buckets:
    """A bucket of tokens for each asker: each question takes one.

    Attributes:
        size: How many tokens a full bucket holds.
    """

    size: int
    _buckets: dict[Hashable, _Bucket] = field(default_factory=dict)

    def wait(self, who: Hashable, now: float) -> float:
        """Seconds until this asker may ask; 0 if they may now."""
        missing = 1.0 - self._tokens(who, now)
        return max(0.0, missing * REFILL / self.size)

    def take(self, who: Hashable, now: float) -> None:
        """Take a token; call it only when `wait` says 0."""
        tokens = self._tokens(who, now)
        if who not in self._buckets and len(self._buckets) >= _KEPT:
            self._buckets = {one: kept for one, kept in self._buckets.items() if self._tokens(one, now) < self.size}
        self._buckets[who] = _Bucket(tokens - 1.0, now)

    def _tokens(self, who: Hashable, now: float) -> float:
        bucket = self._buckets.get(who)
        if bucket is None:
            return float(self.size)
        return min(float(self.size), bucket.tokens + (now - bucket.at) * self.size / REFILL)
