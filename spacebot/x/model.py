"""What X answers, as immutable values; as lenient as X itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Generic, TypeVar

import msgspec

from spacebot.domain.ids import UserId
from spacebot.domain.spaces import State
from spacebot.x.base import (
    MANY,
    Address,
    Count,
    Date,
    Handle,
    Key,
    Name,
    SpaceKey,
    TextEntities,
    Title,
    UserKey,
    UserKeys,
    Withheld,
    Word,
    Words,
    XObject,
)
from spacebot.x.posts import Media, Place, Poll, Post

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Topic(XObject, frozen=True, kw_only=True):
    """One of X's own subjects."""

    id: Key
    name: Name | None = None
    description: Words | None = None


class Space(XObject, frozen=True, kw_only=True):
    """A live audio room. `participant_count` counts hosts and speakers in; `subscriber_count` is for its creator only."""

    id: SpaceKey
    state: State = State.UNKNOWN
    title: Title | None = None
    creator_id: UserKey | None = None
    host_ids: UserKeys = ()
    speaker_ids: UserKeys = ()
    invited_user_ids: UserKeys = ()
    topic_ids: Annotated[tuple[Key, ...], MANY] = ()
    topics: Annotated[tuple[Topic, ...], MANY] = ()
    participant_count: Count | None = None
    subscriber_count: Count | None = None
    is_ticketed: bool | None = None
    lang: Word | None = None
    created_at: Date | None = None
    scheduled_start: Date | None = None
    started_at: Date | None = None
    ended_at: Date | None = None
    updated_at: Date | None = None

    @property
    def url(self) -> str:
        """Where a person listens."""
        return f"https://x.com/i/spaces/{self.id}"


class UserMetrics(XObject, frozen=True, kw_only=True):
    """An account's public counters."""

    followers_count: Count | None = None
    following_count: Count | None = None
    post_count: Count | None = None
    listed_count: Count | None = None
    like_count: Count | None = None
    media_count: Count | None = None
    old_post_count: Count | None = msgspec.field(name="tweet_count", default=None)

    def __post_init__(self) -> None:
        if self.old_post_count is not None:
            self._rename("post_count", "old_post_count")


class Affiliation(XObject, frozen=True, kw_only=True):
    """The organisation that an account belongs to."""

    badge_url: Address | None = None
    description: Words | None = None
    url: Address | None = None
    user_id: UserKeys | None = None


class UserEntities(XObject, frozen=True, kw_only=True):
    """The marks in an account's address and description."""

    url: TextEntities | None = None
    description: TextEntities | None = None


class Subscription(XObject, frozen=True, kw_only=True):
    """Whether the account pays to follow the token's owner."""

    subscribes_to_you: bool | None = None


class User(XObject, frozen=True, kw_only=True):
    """An account. `username` is the handle without '@' and may change; `id` does not."""

    id: UserKey
    username: Handle = ""
    name: Name = ""
    profile_image_url: Address | None = None
    profile_banner_url: Address | None = None
    description: Words | None = None
    location: Name | None = None
    url_in_profile: Address | None = msgspec.field(name="url", default=None)
    protected: bool | None = None
    parody: bool | None = None
    verified: bool | None = None
    verified_type: Word | None = None
    verified_followers_count: Count | None = None
    is_identity_verified: bool | None = None
    affiliation: Affiliation | None = None
    created_at: Date | None = None
    public_metrics: UserMetrics | None = None
    entities: UserEntities | None = None
    connection_status: Annotated[tuple[Word, ...], MANY] = ()
    confirmed_email: Address | None = None
    receives_your_dm: bool | None = None
    subscribes_to_you: bool | None = None
    subscription: Subscription | None = None
    subscription_type: Word | None = None
    most_recent_post_id: Key | None = None
    pinned_post_id: Key | None = None
    withheld: Withheld | None = None
    old_most_recent_post_id: Key | None = msgspec.field(name="most_recent_tweet_id", default=None)
    old_pinned_post_id: Key | None = msgspec.field(name="pinned_tweet_id", default=None)

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

    type: Word = ""
    title: Title = ""
    detail: Title = ""
    status: Count | None = None
    code: Count | None = None
    message: Title | None = None
    parameter: Word | None = None
    parameters: dict[Name, tuple[Words, ...]] = msgspec.field(default_factory=dict)
    value: Title | None = None
    resource_id: Key | None = None
    resource_type: Word | None = None
    section: Word | None = None
    field: Word | None = None
    reason: Word | None = None
    required_enrollment: Word | None = None
    registration_url: Address | None = None
    client_id: Key | None = None
    account_id: Key | None = None
    period: Word | None = None
    scope: Word | None = None
    reset_date: Word | None = None
    connection_issue: Word | None = None
    disconnect_type: Word | None = None

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
    previous_token: str | None = None
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
        topic_ids = space.topic_ids or tuple(topic.id for topic in space.topics)
        return tuple(self.topics[topic_id] for topic_id in topic_ids if topic_id in self.topics)

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
