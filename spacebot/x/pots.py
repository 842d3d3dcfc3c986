"""PURE: what may still be spent today: each purpose has a pot of its own, and each guild and person a share of it.

A request is let through only if what is booked, what is reserved and the most that it may cost fit the pot of its
purpose. So what is spent never exceeds the budget, however many ask at once and however late X answers.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import BudgetSpent, UserMistake

DETECTION_SHARE = 0.6
"""The part of the day's budget that is detection's, and nobody else's."""

PARTS = {Purpose.PEOPLE: 15, Purpose.KEYWORD: 10, Purpose.REFRESH: 5, Purpose.ACCOUNTS: 5, Purpose.PUSH: 5}
"""How the others divide what is left, in parts of their sum."""

LENDING = timedelta(hours=3)
"""In the last hours of the UTC day, what is left over in one pot may be spent by another purpose."""

KEPT_FOR_DETECTION = 0.25
"""The part of its pot that detection keeps to the end of the day while the rest of it is lent."""

EQUAL_GUILDS = 4
"""So many guilds may use a pot up between them, each an equal part; of more guilds, each has this many equal parts."""

PEOPLE_OF_A_GUILD = 4
"""So many people may use a guild's share up between them."""

MINUTES = 4
"""A share is not spent in fewer minutes than this."""

LEAST_SHARE = 5_000
"""Thousandths of a cent that are anybody's share of a day at least: what a usual question costs."""

LEAST_TO_FOLLOW = 25_000
"""The same of the pot for new hosts: whoever sets the bot up follows more than a few."""

LEAST_PER_MINUTE = 30_000
"""The same for a minute: what one question may cost."""

_MILLICENTS_PER_DOLLAR = 100_000

MINUTE = timedelta(minutes=1)

A_MOMENT = timedelta(seconds=10)
"""After this, the questions that a person or a guild has under way are answered, most probably."""

_ASKS_AGAIN = frozenset({Purpose.DETECTION, Purpose.REFRESH})
"""What asks the same again anyway, which X does not bill twice on one day: a lost answer reserves nothing there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Money held for one request that is under way."""

    errand: Errand
    millicents: int


@dataclass(frozen=True, slots=True)
class Alone:
    """A person who asks outside every guild, in the place of a guild: nobody shares theirs."""

    person: int


@dataclass(slots=True)
class _Account:
    """What one guild or one person has spent of a pot today, has under way, and has spent in the last minute."""

    booked: int = 0
    held: int = 0
    lately: deque[tuple[datetime, int]] = field(default_factory=deque)

    def book(self, millicents: int, now: datetime) -> None:
        self.booked += millicents
        self.lately.append((now, millicents))

    def spent_lately(self, now: datetime) -> int:
        while self.lately and self.lately[0][0] <= now - MINUTE:
            self.lately.popleft()
        return sum(millicents for _, millicents in self.lately)


@dataclass(slots=True)
class _Day:
    """What was spent on one day."""

    day: date
    ends: datetime
    booked: Counter[Purpose] = field(default_factory=Counter)
    guilds: dict[tuple[Purpose, GuildId | Alone | None], _Account] = field(default_factory=dict)
    people: dict[tuple[Purpose, int], _Account] = field(default_factory=dict)


class Pots:
    """The pots of one UTC day after the other.

    Args:
        budget: Thousandths of a cent for one day; None for no limit.
        detection_share: The part of it that is detection's.
    """

    def __init__(self, *, budget: int | None, detection_share: float = DETECTION_SHARE) -> None:
        self.budget = budget
        self.guild_count = 1
        """Among how many guilds the pots are shared."""
        self._sizes: dict[Purpose, int] = {}
        if budget is not None:
            detection = int(budget * detection_share)
            whole = sum(PARTS.values())
            self._sizes = {purpose: int((budget - detection) * part / whole) for purpose, part in PARTS.items()}
            self._sizes[Purpose.DETECTION] = budget - sum(self._sizes.values())
        self._held: Counter[Purpose] = Counter()
        self._today = _Day(day=date.min, ends=datetime.min.replace(tzinfo=UTC))

    @classmethod
    def of(cls, daily_budget_usd: Decimal | None, detection_share: float = DETECTION_SHARE) -> "Pots":
        """The pots of a budget in US dollars."""
        budget = None if daily_budget_usd is None else int(daily_budget_usd * _MILLICENTS_PER_DOLLAR)
        return cls(budget=budget, detection_share=detection_share)

    def size(self, purpose: Purpose) -> int | None:
        """The pot of a purpose; None without a budget."""
        return self._sizes.get(purpose)

    def booked(self, purpose: Purpose, now: datetime) -> int:
        """What was spent for a purpose today."""
        return self._day(now).booked[purpose]

    def load(self, purpose: Purpose, guild_id: GuildId | None, millicents: int, now: datetime) -> None:
        """Count what an earlier run has booked today."""
        day = self._day(now)
        day.booked[purpose] += millicents
        day.guilds.setdefault((purpose, guild_id), _Account()).booked += millicents

    def room(self, purpose: Purpose, now: datetime, *, held: bool = True) -> int | None:
        """What a request for this purpose may cost at most; None for no limit.

        Args:
            purpose: What it is for.
            now: The time.
            held: Whether what is under way counts; without it, this is what is left once all that has cost nothing.
        """
        if self.budget is None:
            return None
        day = self._day(now)
        left = self.budget - sum(day.booked.values()) - sum(self._held.values()) * held
        own = self._free(purpose, day, held=held)
        if purpose is Purpose.PUSH:
            own = max(own, self._free(Purpose.DETECTION, day, held=held))
        if day.ends - now <= LENDING:
            free = {one: self._free(one, day, held=held) for one in Purpose}
            if purpose is not Purpose.DETECTION:
                kept = int(self._sizes[Purpose.DETECTION] * KEPT_FOR_DETECTION)
                kept = max(0, min(free[Purpose.DETECTION], kept))
                free[Purpose.DETECTION] -= kept
                if purpose is not Purpose.PUSH:
                    left -= kept  # even where somebody has borrowed from this pot: what is kept is kept
            # Pots that are overdrawn have borrowed from the others already.
            own = max(own, sum(free.values()))
        return max(0, min(own, left))

    def _free(self, purpose: Purpose, day: _Day, *, held: bool) -> int:
        """What is left of one pot, below 0 where it is overdrawn."""
        free = self._sizes[purpose] - self._used(purpose, day, held=held)
        if purpose is Purpose.PUSH:
            return max(0, free)
        if purpose is Purpose.DETECTION:
            # What X pushes is billed whether there is room or not, and looks for Spaces as detection does.
            free -= max(0, self._used(Purpose.PUSH, day, held=held) - self._sizes[Purpose.PUSH])
        return free

    def _used(self, purpose: Purpose, day: _Day, *, held: bool) -> int:
        return day.booked.get(purpose, 0) + (self._held.get(purpose, 0) if held else 0)

    def admit(self, errand: Errand, now: datetime) -> None:
        """Refuse whoever has used up their own share, or their guild's.

        What a guild wants without a person is held to the guild's alone. What one person has booked and under way must be below their share: so a question may go beyond it, and the
        next one is refused.

        Raises:
            UserMistake: they have; it says until when.
        """
        size = self._sizes.get(errand.purpose)
        accounts = self._of(errand, now)
        if size is None or not accounts:
            return
        shares = self._shares(errand.purpose, size)
        if errand.guild_id is not None and accounts[0].booked >= shares[0]:
            raise UserMistake(Mistake.GUILD_SHARE_SPENT, until=midnight(now))
        if errand.has_shares and accounts[1].booked >= shares[1]:
            raise UserMistake(Mistake.PERSON_SHARE_SPENT, until=midnight(now))
        for account, share in zip(accounts, shares, strict=False):
            if account.booked + account.held >= share:
                raise UserMistake(Mistake.ASKED_TOO_FAST, until=now + A_MOMENT)
            if account.spent_lately(now) + account.held >= max(share // MINUTES, LEAST_PER_MINUTE):
                until = account.lately[0][0] + MINUTE if account.lately else now + A_MOMENT
                raise UserMistake(Mistake.ASKED_TOO_FAST, until=until)

    def left(self, errand: Errand, now: datetime) -> int | None:
        """What is left for this errand today: of its pot, and of its guild's and its person's shares; None for no limit."""
        room, size = self.room(errand.purpose, now), self._sizes.get(errand.purpose)
        if room is None or size is None:
            return room
        accounts = zip(self._of(errand, now), self._shares(errand.purpose, size), strict=False)
        return min([room, *(max(0, share - account.booked - account.held) for account, share in accounts)])

    def hold(self, errand: Errand, millicents: int, now: datetime) -> Hold:
        """Hold money for a request.

        Raises:
            BudgetSpent: it does not fit the pot of its purpose.
        """
        self.check(errand, millicents, now)
        hold = Hold(errand=errand, millicents=millicents)
        self._change(hold, millicents, now)
        return hold

    def check(self, errand: Errand, millicents: int, now: datetime) -> None:
        """Raise `BudgetSpent` where this much does not fit the pot of its purpose.

        What costs nothing always fits, as what is paid for today does: most looks at live Spaces are that.
        """
        if millicents and (room := self.room(errand.purpose, now)) is not None and millicents > room:
            raise BudgetSpent(reset_date=midnight(now))

    def release(self, hold: Hold, now: datetime) -> None:
        """The request is over."""
        self._change(hold, -hold.millicents, now)

    def answer_lost(self, hold: Hold, now: datetime) -> Hold:
        """What is held from now on for an answer that was lost."""
        if hold.errand.purpose not in _ASKS_AGAIN:
            return hold
        self.release(hold, now)
        return Hold(errand=hold.errand, millicents=0)

    def book(self, errand: Errand, millicents: int, now: datetime) -> None:
        """Count what X has billed."""
        self._day(now).booked[errand.purpose] += millicents
        for account in self._of(errand, now):
            account.book(millicents, now)

    def shares(self, purpose: Purpose) -> tuple[int, int] | None:
        """What one guild, and one person, may spend of a pot in a day; None without a budget."""
        size = self._sizes.get(purpose)
        return None if size is None else self._shares(purpose, size)

    def _shares(self, purpose: Purpose, size: int) -> tuple[int, int]:
        least = LEAST_TO_FOLLOW if purpose is Purpose.ACCOUNTS else LEAST_SHARE
        guild = max(size * EQUAL_GUILDS // max(self.guild_count, EQUAL_GUILDS), least)
        # Whom a guild follows is one admin's work.
        people = PEOPLE_OF_A_GUILD if purpose is Purpose.PEOPLE else 1
        return guild, max(guild // people, least)

    def _of(self, errand: Errand, now: datetime) -> list[_Account]:
        """The accounts of the guild and of the person who ask; of the guild alone, or none, where nobody does."""
        day = self._day(now)
        if errand.person is None:
            if errand.guild_id is None:
                return []
            return [day.guilds.setdefault((errand.purpose, errand.guild_id), _Account())]
        payer = Alone(errand.person) if errand.guild_id is None else errand.guild_id
        guild = day.guilds.setdefault((errand.purpose, payer), _Account())
        return [guild, day.people.setdefault((errand.purpose, errand.person), _Account())]

    def _change(self, hold: Hold, millicents: int, now: datetime) -> None:
        if not millicents:
            return
        self._held[hold.errand.purpose] += millicents
        for account in self._of(hold.errand, now):
            account.held += millicents

    def _day(self, now: datetime) -> _Day:
        if self._today.day != (day := now.astimezone(UTC).date()):
            before, self._today = self._today, _Day(day=day, ends=midnight(now))
            # What is under way at midnight is not over.
            self._today.guilds = {who: _Account(held=one.held) for who, one in before.guilds.items() if one.held}
            self._today.people = {who: _Account(held=one.held) for who, one in before.people.items() if one.held}
        return self._today


def midnight(now: datetime) -> datetime:
    """When the next UTC day begins."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
