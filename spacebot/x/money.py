"""PURE: what an answer costs, and the most that a request may cost; never below what X bills.

X bills each resource that it returns, once in a UTC day; empty and failed answers are free
(https://docs.x.com/x-api/getting-started/pricing). Whether what comes along through expansions is billed nobody outside
X knows: it is counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import ceil
from typing import Literal, NamedTuple, Protocol, TypeVar, cast

from spacebot.domain.errands import Errand
from spacebot.domain.ids import UserId
from spacebot.x.base import XObject
from spacebot.x.endpoints import CREATORS, RESULTS_PER_ANSWER, SPACE, SPACES, USER, USERS, Request
from spacebot.x.model import Page, Space, User
from spacebot.x.posts import Post
from spacebot.x.pots import Hold

T = TypeVar("T", Space, User, Post)

MILLICENTS_PER_DOLLAR = 100_000

Resource = Literal["space", "user", "post", "event"]
"""What X bills."""

RESOURCES: tuple[Resource, ...] = ("space", "user", "post", "event")

_ALONG: Mapping[str, tuple[Resource, int]] = {
    "creator_id": ("user", 1),
    # One host, two co-hosts and ten speakers at once (X's help pages); speakers come and go, and nobody says how many.
    "host_ids": ("user", 3),
    "speaker_ids": ("user", 30),
    "invited_user_ids": ("user", 30),
    "author_id": ("user", 1),
    "in_reply_to_user_id": ("user", 1),
    "entities.mentions.username": ("user", 30),
    "affiliation": ("user", 1),
    "most_recent_post_id": ("post", 1),
    "pinned_post_id": ("post", 1),
    "referenced_posts": ("post", 3),
    "edit_history_post_ids": ("post", 6),
    "attachments.media_source_tweet": ("post", 4),
}
"""The most that each expansion brings along for one item of an answer; what is not named brings nothing that is billed."""

SPACES_OF_A_HOST = 11
"""How many Spaces one account has open at once, at most: one live, and ten scheduled (X's help pages)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Thousandths of a US cent per resource returned (https://docs.x.com/x-api/getting-started/pricing)."""

    space: int = 500
    user: int = 1_000
    post: int = 500
    event: int = 500

    def of(self, kind: Resource) -> int:
        """What one resource of this kind costs."""
        price: int = getattr(self, kind)
        return price


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The billable resources of one or more answers, by id: X bills each of them once in a UTC day."""

    spaces: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    creators_of: frozenset[str] = field(default=frozenset(), compare=False)
    """The Spaces whose creator came along with them, and is among `users`."""

    def __or__(self, other: "Usage") -> "Usage":
        return Usage(
            spaces=self.spaces | other.spaces,
            users=self.users | other.users,
            posts=self.posts | other.posts,
            events=self.events | other.events,
            creators_of=self.creators_of | other.creators_of,
        )

    def __sub__(self, other: "Usage") -> "Usage":
        """What is new here, if `other` was paid for already today."""
        return Usage(
            spaces=self.spaces - other.spaces,
            users=self.users - other.users,
            posts=self.posts - other.posts,
            events=self.events - other.events,
        )

    def __bool__(self) -> bool:
        return bool(self.spaces or self.users or self.posts or self.events)

    def __iter__(self) -> Iterator[tuple[Resource, str]]:
        """Each resource: its kind and its id."""
        for kind, ids in self.by_kind():
            yield from ((kind, one) for one in ids)

    def by_kind(self) -> tuple[tuple[Resource, frozenset[str]], ...]:
        """The resources of each kind."""
        return (("space", self.spaces), ("user", self.users), ("post", self.posts), ("event", self.events))

    def cost(self, prices: Prices = Prices()) -> int:
        """Thousandths of a cent."""
        return (
            len(self.spaces) * prices.space
            + len(self.users) * prices.user
            + len(self.posts) * prices.post
            + len(self.events) * prices.event
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCeiling:
    """The most that X may bill for one request, whatever it answers.

    Attributes:
        named: What it may return and can be named beforehand.
        unnamed: How many of each kind it may return beside that.
        plausible: Of which kinds X's own rules allow fewer: the books reserve for all, the pots hold for these.
        creators_of: The Spaces each of whose creator may come along: a Space never changes it.
        question: What kind of question it is: answers to one kind tell the same of the same subjects.
        subjects: What it asks about.
    """

    named: Usage = Usage()
    unnamed: Mapping[Resource, int]
    plausible: Mapping[Resource, int] = field(default_factory=dict)
    creators_of: frozenset[str] = frozenset()
    question: str = ""
    subjects: frozenset[str] = frozenset()

    def cost(self, prices: Prices = Prices(), paid: Usage = Usage()) -> int:
        """Thousandths of a cent, if `paid` was paid for already today."""
        creators = len(self.creators_of - paid.creators_of) * prices.user
        return (self.named - paid).cost(prices) + self.unnamed_cost(prices) + creators

    def unnamed_cost(self, prices: Prices) -> int:
        """The part of that for what cannot be named."""
        return sum([prices.of(kind) * count for kind, count in self.unnamed.items()])

    def plausible_cost(self, prices: Prices) -> int:
        """The same, as far as it is plausible."""
        return sum([prices.of(kind) * self.plausible.get(kind, count) for kind, count in self.unnamed.items()])


class Costs(NamedTuple):
    """The most that a request may cost, and the most of it that is plausible, in thousandths of a cent."""

    most: int
    plausible: int


class Reservation(NamedTuple):
    """Money reserved for one request that is about to be sent: so much on each of these days; 0 if it can cost nothing."""

    millicents: int
    days: tuple[date, date]
    ceiling: CostCeiling
    at: datetime
    errand: Errand
    hold: Hold | None = None
    """What is held of the pot of its purpose."""


Payers = Mapping[tuple[Resource, str], Errand]
"""Whose errand pays for a resource of a request that several share; all others are the request's own."""


class Meter(Protocol):
    """Lets through what there is money for, and books what it costs.

    Each reservation ends in exactly one of `settle`, `release` and `answer_lost`; each seat in `leave`.
    """

    def admit(self, errand: Errand) -> None:
        """Raise `UserMistake` where a person or their guild has used up their share."""
        ...

    def room(self, errand: Errand) -> int | None:
        """What a request may cost, in thousandths of a cent, without going beyond a share; None for no limit."""
        ...

    def cost(self, ceiling: CostCeiling) -> int:
        """What a request may cost at most, less what is paid for today."""
        ...

    def seat(self, errand: Errand, ceiling: CostCeiling) -> Hold:
        """Hold money for a part of somebody else's request; raises `BudgetSpent` where there is none."""
        ...

    def leave(self, seat: Hold) -> None:
        """That request is over."""
        ...

    def check(self, errand: Errand, ceiling: CostCeiling) -> None:
        """Raise `BudgetSpent` where there is no money for a request now."""
        ...

    async def reserve(self, ceiling: CostCeiling, errand: Errand, *, seats: int = 0) -> Reservation:
        """Return when it is stored what the request may cost at most; only then may it be sent.

        Args:
            ceiling: The most it may cost.
            errand: What it is for.
            seats: What of it others hold money for, in thousandths of a cent.

        Raises:
            BudgetSpent: There is no money for it.
        """
        ...

    async def settle(self, reservation: Reservation, usage: Usage, at: datetime, payers: Payers | None = None) -> None:
        """Book an answer with these resources, given at this time by X's clock."""
        ...

    async def release(self, reservation: Reservation) -> None:
        """Give the money back: X was not reached, or has refused, and bills nothing."""
        ...

    async def answer_lost(self, reservation: Reservation) -> None:
        """Keep the money reserved: X may have answered and billed, but the answer was lost."""
        ...


def usage_of(page: Page[XObject]) -> Usage:
    """Everything in an answer that X may bill; an item that could not be read was billed all the same."""
    spaces, users, posts = _items_of(page, Space), _items_of(page, User), _items_of(page, Post)
    space_ids, came = _ids(spaces), page.users
    if page.problems:
        unreadable = sum(problem.type == "unreadable" for problem in page.problems)
        space_ids = space_ids.union(f"unreadable {number}" for number in range(unreadable))
    return Usage(
        spaces=space_ids,
        users=_ids(users).union(came) if users else frozenset(came),
        posts=_ids(posts).union(page.posts) if posts else frozenset(page.posts),
        creators_of=frozenset([space.id for space in spaces if space.creator_id in came]),
    )


def payers_of(page: Page[XObject], riders: Mapping[UserId, Errand]) -> Payers:
    """Who pays for what in an answer about several hosts: each Space and its creator is of who asked about them.

    Args:
        page: The answer.
        riders: The hosts that others than the request's own errand have asked about.
    """
    if not riders:
        return {}
    payers: dict[tuple[Resource, str], Errand] = {("user", host): errand for host, errand in riders.items()}
    for space in _items_of(page, Space):
        if space.creator_id is not None and space.creator_id in riders:
            payers["space", space.id] = riders[space.creator_id]
    return payers


def _items_of(page: Page[XObject], kind: type[T]) -> tuple[T, ...]:
    """The answer's items, all of which are of one kind; none if it is another."""
    return cast(tuple[T, ...], page.items) if page.items and isinstance(page.items[0], kind) else ()


def _ids(items: tuple[Space | User | Post, ...]) -> frozenset[str]:
    return frozenset([item.id for item in items])


def ceiling_of(request: Request[XObject], *, is_private: bool = False) -> CostCeiling:
    """The most that an answer to this request may cost; `is_private` if it is sent with a person's own token.

    What is asked for by id is returned at most once each; a list holds as many as `max_results` allows, or 100.
    """
    endpoint, query = request.endpoint, request.query
    many = query.get(endpoint.many) if endpoint.many else None
    asked = frozenset(many) if isinstance(many, tuple) else frozenset[str]()
    if request.about is not None:
        asked = frozenset({request.about})
    is_list = endpoint is CREATORS or not (endpoint.many or endpoint.resource)
    items = int(str(query.get("max_results", RESULTS_PER_ANSWER))) if is_list else len(asked)
    unnamed: Counter[Resource] = Counter()
    named, creators_of = Usage(), frozenset[str]()
    if endpoint.name in {SPACE.name, SPACES.name}:
        named = Usage(spaces=asked)
    elif endpoint.name in {USER.name, USERS.name}:
        named = Usage(users=asked)
    else:
        unnamed[_kind_of(endpoint.item)] += items
    stated = query.get("expansions")
    expansions = tuple(sorted(stated)) if isinstance(stated, tuple) else ()
    for expansion in expansions:
        if endpoint is CREATORS and expansion == "creator_id":
            named = Usage(users=asked)
        elif expansion == "creator_id" and named.spaces:
            creators_of = asked
        elif expansion in _ALONG:
            kind, most = _ALONG[expansion]
            unnamed[kind] += most * items
    page = " ".join(str(query.get(name, "")) for name in ("query", "state", "max_results", "pagination_token"))
    return CostCeiling(
        named=named,
        unnamed=unnamed,
        plausible=_plausible(unnamed, items, SPACES_OF_A_HOST * len(asked)) if endpoint is CREATORS else {},
        creators_of=creators_of,
        question=" ".join([endpoint.name, *expansions, *["private"] * is_private]),
        subjects=asked if endpoint.many else frozenset({f"{request.about} {page}"}),
    )


def _plausible(unnamed: Mapping[Resource, int], items: int, fewer: int) -> dict[Resource, int]:
    """What comes along with `fewer` items, where `unnamed` is for `items`."""
    return {kind: count * min(items, fewer) // items for kind, count in unnamed.items()}


def _kind_of(item: type[XObject]) -> Resource:
    kinds: Mapping[type[XObject], Resource] = {Space: "space", User: "user", Post: "post"}
    return kinds[item]


def millicents(dollars: Decimal) -> int:
    """An amount of US dollars in thousandths of a cent, rounded up."""
    return ceil(dollars * MILLICENTS_PER_DOLLAR)


def dollars(millicents: int) -> Decimal:
    """The same amount in US dollars."""
    return Decimal(millicents) / MILLICENTS_PER_DOLLAR
