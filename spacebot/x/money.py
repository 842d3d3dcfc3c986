"""PURE: what an answer costs. X bills each resource that it returns; empty and failed answers are free.

Whether what comes along through expansions is billed nobody outside X knows: it is counted, so that the count is never
below the bill.
"""

from dataclasses import dataclass
from decimal import Decimal

from spacebot.x.base import Thing
from spacebot.x.model import Page, Post, Space, User

MILLICENTS_PER_DOLLAR = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Thousandths of a US cent per resource returned (https://docs.x.com/x-api/getting-started/pricing)."""

    space: int = 500
    user: int = 1_000
    post: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The billable resources of one or more answers, by id: X bills each of them once in a UTC day."""

    spaces: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()

    def __or__(self, other: "Usage") -> "Usage":
        return Usage(spaces=self.spaces | other.spaces, users=self.users | other.users, posts=self.posts | other.posts)

    def __sub__(self, other: "Usage") -> "Usage":
        """What is new here, if `other` was paid for already today."""
        return Usage(spaces=self.spaces - other.spaces, users=self.users - other.users, posts=self.posts - other.posts)

    def __bool__(self) -> bool:
        return bool(self.spaces or self.users or self.posts)

    def cost(self, prices: Prices = Prices()) -> int:
        """Thousandths of a cent."""
        return len(self.spaces) * prices.space + len(self.users) * prices.user + len(self.posts) * prices.post


def usage_of(page: Page[Thing]) -> Usage:
    """Everything in an answer that X may bill."""
    return Usage(
        spaces=_asked_for(page, Space),
        users=_asked_for(page, User).union(page.users),
        posts=_asked_for(page, Post).union(page.posts),
    )


def _asked_for(page: Page[Thing], kind: type[Space | User | Post]) -> frozenset[str]:
    """The ids of the answer's items, all of which are of one kind; none if it is another."""
    if not page.items or not isinstance(page.items[0], kind):
        return frozenset()
    return frozenset([item.id for item in page.items if isinstance(item, kind)])


def dollars(millicents: int) -> Decimal:
    """The same amount in US dollars."""
    return Decimal(millicents) / MILLICENTS_PER_DOLLAR
