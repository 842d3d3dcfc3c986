"""What X answers, as immutable values; as lenient as X itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Generic, TypeVar

import msgspec

from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import State
from spacebot.x.base import Date, TextEntities, Withheld, XObject, utc
from spacebot.x.posts import Media, Place, Poll, Post

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Topic(XObject, frozen=True, kw_only=True):
    """One of X's own subjects."""

    id: str
    name: str | None = None
    description: str | None = None


_SPACE_DATES = ("created_at", "scheduled_start", "started_at", "ended_at", "updated_at")


class Space(XObject, frozen=True, kw_only=True):
    """A live audio room. `participant_count` counts hosts and speakers in; `subscriber_count` is for its creator only."""

    id: SpaceId
    state: State = State.UNKNOWN
    title: str | None = None
    creator_id: UserId | None = None
    host_ids: tuple[UserId, ...] = ()
    speaker_ids: tuple[UserId, ...] = ()
    invited_user_ids: tuple[UserId, ...] = ()
    topic_ids: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    participant_count: int | None = None
    subscriber_count: int | None = None
    is_ticketed: bool | None = None
    lang: str | None = None
    created_at: Date | None = None
    scheduled_start: Date | None = None
    started_at: Date | None = None
    ended_at: Date | None = None
    updated_at: Date | None = None

    def __post_init__(self) -> None:
        for name in _SPACE_DATES:
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is not UTC:
                msgspec.structs.force_setattr(self, name, utc(moment))
        if self.topics and not self.topic_ids:
            msgspec.structs.force_setattr(self, "topic_ids", tuple(topic.id for topic in self.topics))

    @property
    def url(self) -> str:
        """Where a person listens."""
        return f"https://x.com/i/spaces/{self.id}"


class UserMetrics(XObject, frozen=True, kw_only=True):
    """An account's public counters."""

    followers_count: int | None = None
    following_count: int | None = None
    post_count: int | None = None
    listed_count: int | None = None
    like_count: int | None = None
    media_count: int | None = None
    old_post_count: int | None = msgspec.field(name="tweet_count", default=None)

    def __post_init__(self) -> None:
        if self.old_post_count is not None:
            self._rename("post_count", "old_post_count")


class Affiliation(XObject, frozen=True, kw_only=True):
    """The organisation that an account belongs to."""

    badge_url: str | None = None
    description: str | None = None
    url: str | None = None
    user_id: tuple[UserId, ...] | None = None


class UserEntities(XObject, frozen=True, kw_only=True):
    """The marks in an account's address and description."""

    url: TextEntities | None = None
    description: TextEntities | None = None


class Subscription(XObject, frozen=True, kw_only=True):
    """Whether the account pays to follow the token's owner."""

    subscribes_to_you: bool | None = None


class User(XObject, frozen=True, kw_only=True):
    """An account. `username` is the handle without '@' and may change; `id` does not."""

    id: UserId
    username: str = ""
    name: str = ""
    profile_image_url: str | None = None
    profile_banner_url: str | None = None
    description: str | None = None
    location: str | None = None
    url_in_profile: str | None = msgspec.field(name="url", default=None)
    protected: bool | None = None
    parody: bool | None = None
    verified: bool | None = None
    verified_type: str | None = None
    verified_followers_count: int | None = None
    is_identity_verified: bool | None = None
    affiliation: Affiliation | None = None
    created_at: Date | None = None
    public_metrics: UserMetrics | None = None
    entities: UserEntities | None = None
    connection_status: tuple[str, ...] = ()
    confirmed_email: str | None = None
    receives_your_dm: bool | None = None
    subscribes_to_you: bool | None = None
    subscription: Subscription | None = None
    subscription_type: str | None = None
    most_recent_post_id: str | None = None
    pinned_post_id: str | None = None
    withheld: Withheld | None = None
    old_most_recent_post_id: str | None = msgspec.field(name="most_recent_tweet_id", default=None)
    old_pinned_post_id: str | None = msgspec.field(name="pinned_tweet_id", default=None)

    def __post_init__(self) -> None:
        if self.old_most_recent_post_id or self.old_pinned_post_id:
            self._rename("most_recent_post_id", "old_most_recent_post_id")
            self._rename("pinned_post_id", "old_pinned_post_id")

    @property
    def url(self) -> str:
        """Where a person reads the account; by id, which always works, if the handle did not come."""
        return f"https://x.com/{self.username}" if self.username else f"https://x.com/i/user/{self.id}"


class Problem(XObject, frozen=True, kw_only=True):
    """Something that X could not give, in addition to or instead of what it gave.

    `type` is the last segment of X's URI ('resource-not-found'), `reason` the finer word of some refusals. Texts are
    X's own: neutralise them before showing them. 'unreadable' is ours: an item came that has no usable id.
    """

    type: str = ""
    title: str = ""
    detail: str = ""
    status: int | None = None
    code: int | None = None
    message: str | None = None
    parameter: str | None = None
    parameters: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    value: str | None = None
    resource_id: str | None = None
    resource_type: str | None = None
    section: str | None = None
    field: str | None = None
    reason: str | None = None
    required_enrollment: str | None = None
    registration_url: str | None = None
    client_id: str | None = None
    account_id: str | None = None
    period: str | None = None
    scope: str | None = None
    reset_date: str | None = None
    connection_issue: str | None = None
    disconnect_type: str | None = None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "type", self.type.rstrip("/").rpartition("/")[2].lower())
        if self.message and not self.detail:
            msgspec.structs.force_setattr(self, "detail", self.message)


# Without slots: a slotted frozen generic cannot be made as `Page[Space](…)` on Python 3.11.
@dataclass(frozen=True, kw_only=True)
class Page(Generic[T_co]):
    """One answer: what was asked for, what came along, and what X could not give.

    `truncated` says that X may know more that it did not show; `result_count` is X's own count if it gives one.
    """

    items: tuple[T_co, ...] = ()
    users: Mapping[UserId, User] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    posts: Mapping[str, Post] = field(default_factory=dict)
    media: Mapping[str, Media] = field(default_factory=dict)
    polls: Mapping[str, Poll] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    next_token: str | None = None
    result_count: int | None = None
    truncated: bool = False

    def creator(self, space: Space) -> User | None:
        """Who made the Space, if X sent that account along."""
        return self.users.get(space.creator_id) if space.creator_id else None

    def hosts(self, space: Space) -> tuple[User, ...]:
        """The Space's hosts that X sent along, in X's order; the creator is one of them."""
        return self._known(space.host_ids)

    def speakers(self, space: Space) -> tuple[User, ...]:
        """The Space's speakers that X sent along, in X's order."""
        return self._known(space.speaker_ids)

    def invited(self, space: Space) -> tuple[User, ...]:
        """The invited accounts that X sent along, in X's order."""
        return self._known(space.invited_user_ids)

    def topics_of(self, space: Space) -> tuple[Topic, ...]:
        """The Space's topics that X sent along, in X's order."""
        return tuple(self.topics[topic_id] for topic_id in space.topic_ids if topic_id in self.topics)

    def _known(self, user_ids: Iterable[UserId]) -> tuple[User, ...]:
        return tuple(self.users[user_id] for user_id in user_ids if user_id in self.users)


def join(pages: Iterable[Page[T]]) -> Page[T]:
    """Several answers as one, in their order; the first answer to show a thing wins. Truncated if any of them was."""
    pages = tuple(pages)
    items: dict[object, T] = {}
    for page in pages:
        for item in page.items:
            items.setdefault(getattr(item, "id", item), item)
    counts = [page.result_count for page in pages if page.result_count is not None]
    return Page(
        items=tuple(items.values()),
        users=_merged(page.users for page in pages),
        topics=_merged(page.topics for page in pages),
        posts=_merged(page.posts for page in pages),
        media=_merged(page.media for page in pages),
        polls=_merged(page.polls for page in pages),
        places=_merged(page.places for page in pages),
        problems=tuple(problem for page in pages for problem in page.problems),
        result_count=sum(counts) if counts else None,
        truncated=any(page.truncated for page in pages),
    )


K = TypeVar("K")


def _merged(maps: Iterable[Mapping[K, T]]) -> Mapping[K, T]:
    """All entries; the first answer wins."""
    filled = [entries for entries in maps if entries]
    if len(filled) == 1:
        return filled[0]
    merged: dict[K, T] = {}
    for entries in filled:
        merged = {**entries, **merged}
    return merged
