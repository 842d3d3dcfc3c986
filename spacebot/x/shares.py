"""PURE: how the purposes share the requests of one window: a part for each, of which others get only what it let pass.

Each purpose may use its own part whenever it likes. What it did not use of the part of the window that is over may be
lent; what is to come never is. So whoever asks for all there is leaves everybody else their share of what is left. Among people,
nobody takes more than they leave to others.
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from spacebot.domain.errands import Errand, Purpose

ENOUGH = 1.0 - 1e-9
"""One request, as far as floating-point numbers can tell."""


def divided(limit: int, parts: Mapping[Purpose, float], people_share: float) -> dict[Purpose, float]:
    """How many requests of a window each purpose has; empty where there are too few to be divided.

    Args:
        limit: The requests of the window.
        parts: Who asks here, and in what proportion.
        people_share: The share of people where the proportion does not name them.
    """
    askers = set(parts) | {Purpose.PEOPLE}
    if limit < len(askers):
        return {}
    people = 0.0
    if Purpose.PEOPLE not in parts and people_share > 0:
        people = min(limit - 1.0, max(1.0, math.floor(limit * people_share)))
    whole = sum(parts.values())
    quotas = {purpose: (limit - people) * part / whole for purpose, part in parts.items()}
    return {Purpose.PEOPLE: people} | quotas


@dataclass(slots=True, kw_only=True)
class Shares:
    """What each purpose has used of one window.

    Attributes:
        parts: Who asks here, and in what proportion; whoever is not named asks on people's account.
        people_share: The share of people where the proportion does not name them.
        is_private: Whether one person alone asks, with a token of their own.
    """

    parts: Mapping[Purpose, float]
    people_share: float
    is_private: bool = False
    _asked: Counter[tuple[str, Hashable]] = field(default_factory=Counter)
    """How often each guild and each person has asked."""
    _taken: dict[Purpose, float] = field(default_factory=dict)
    _divided: tuple[int, dict[Purpose, float]] = (0, {})

    def begin(self) -> None:
        """A new window begins."""
        self._taken = {}
        self._asked.clear()

    def quotas(self, limit: int) -> dict[Purpose, float]:
        """How many requests of a window each purpose has; empty where there are too few to be divided."""
        if self._divided[0] != limit:
            self._divided = (limit, divided(limit, self.parts, self.people_share))
        return self._divided[1]

    def needed(self, errand: Errand, *, limit: int) -> float:
        """How many requests must be free for this one to be taken.

        A person and a guild leave as many to others as they have used themselves. So whoever comes late finds one, however
        many have asked for all that they could get.
        """
        if self.is_private or not errand.has_shares or not self.quotas(limit):
            return ENOUGH
        guild, person = _askers(errand)
        return ENOUGH + self._asked[guild] + self._asked[person]

    def own(self, purpose: Purpose, *, limit: int, remaining: int, told: bool) -> float:
        """How many requests a purpose may use now without what others lend: see `free`."""
        quotas = self.quotas(limit)
        if not quotas:
            return float(remaining)
        missing = self._missing(quotas, remaining if told else None)
        return min(self._own(self._payer(purpose, quotas), quotas, missing), float(remaining))

    def free(self, purpose: Purpose, *, limit: int, remaining: int, passed: float, told: bool) -> float:
        """How many requests a purpose may use now.

        Args:
            purpose: Who asks.
            limit: The requests of the window.
            remaining: How many of them are left.
            passed: The part of the window that is over, from 0 to 1.
            told: Whether X says what is left, and not our own memory of what we sent.
        """
        quotas = self.quotas(limit)
        if not quotas:
            return float(remaining)
        payer = self._payer(purpose, quotas)
        missing = self._missing(quotas, remaining if told else None)
        free = self._own(payer, quotas, missing) + sum(self._lent(payer, quotas, missing, passed).values())
        return min(free, float(remaining))

    def take(self, errand: Errand, *, limit: int, remaining: int, passed: float, told: bool) -> None:
        """Count a request, which `free` has allowed: on its own part if it can, else on those who lend."""
        quotas = self.quotas(limit)
        if not quotas:
            return
        if errand.has_shares:
            self._asked.update(_askers(errand))
        payer = self._payer(errand.purpose, quotas)
        missing = self._missing(quotas, remaining if told else None)
        own = min(1.0, self._own(payer, quotas, missing))
        left = 1.0 - own
        if left:
            lent = self._lent(payer, quotas, missing, passed)
            for lender, most in sorted(lent.items(), key=lambda one: -one[1]):
                part = min(left, most)
                self._taken[lender] = self._taken.get(lender, 0.0) + part
                left -= part
        self._taken[payer] = self._taken.get(payer, 0.0) + own + left

    def _missing(self, quotas: Mapping[Purpose, float], remaining: int | None) -> float:
        """The part of the window that somebody else has used with the same token, or an earlier run: it is missing to all."""
        if remaining is None:
            return 0.0
        limit = sum(quotas.values())
        return max(0.0, limit - sum(self._taken.values()) - remaining) / limit

    def _own(self, purpose: Purpose, quotas: Mapping[Purpose, float], missing: float) -> float:
        """What is left of the purpose's own part."""
        quota = quotas[purpose]
        return max(0.0, quota - (self._taken.get(purpose, 0.0) + missing * quota))

    def _lent(
        self, purpose: Purpose, quotas: Mapping[Purpose, float], missing: float, passed: float
    ) -> dict[Purpose, float]:
        """What each other lends."""
        return {
            one: max(0.0, quota * passed - (self._taken.get(one, 0.0) + missing * quota))
            for one, quota in quotas.items()
            if one is not purpose and _lends(one, purpose)
        }

    @staticmethod
    def _payer(purpose: Purpose, quotas: Mapping[Purpose, float]) -> Purpose:
        return purpose if purpose in quotas else Purpose.PEOPLE


def _askers(errand: Errand) -> tuple[tuple[str, Hashable], tuple[str, Hashable]]:
    """The guild (a person who asks in private counts as one) and the person."""
    guild = ("guild", errand.guild_id) if errand.guild_id is not None else ("alone", errand.person)
    return guild, ("person", errand.person)


def _lends(lender: Purpose, borrower: Purpose) -> bool:
    """People's requests wait for people: whoever is paced anyway needs none of them."""
    return lender is not Purpose.PEOPLE or borrower is Purpose.ACCOUNTS
