"""Posts and what hangs on them, field by field as X's document has them (GET /2/spaces/{id}/tweets)."""

from typing import Annotated, Any, NewType

import msgspec

from spacebot.domain.ids import USER_ID
from spacebot.x.base import (
    MANY,
    Address,
    Count,
    Date,
    Handle,
    Key,
    Metrics,
    Name,
    TextEntities,
    Title,
    UserKey,
    Withheld,
    Word,
    Words,
    XObject,
    like,
)

PostId = NewType("PostId", str)
PostKey = Annotated[PostId, like(USER_ID, 19)]
"""Posts are numbered as accounts are."""


class Attachments(XObject, frozen=True, kw_only=True):
    """What a post carries; the things themselves come in the page's media and polls."""

    media_keys: Annotated[tuple[Key, ...], MANY] | None = None
    poll_ids: Annotated[tuple[Key, ...], MANY] | None = None
    media_source_tweet_id: Annotated[tuple[PostKey, ...], MANY] | None = None


class EditControls(XObject, frozen=True, kw_only=True):
    """Whether a post may still be changed."""

    editable_until: Date | None = None
    edits_remaining: Count | None = None
    is_edit_eligible: bool | None = None


class ReferencedPost(XObject, frozen=True, kw_only=True):
    """Another post that this one reposts, quotes or answers ('retweeted', 'quoted', 'replied_to')."""

    type: Word
    id: PostKey


class PostMetrics(XObject, frozen=True, kw_only=True):
    """A post's public counters."""

    repost_count: Count | None = None
    reply_count: Count | None = None
    like_count: Count | None = None
    quote_count: Count | None = None
    bookmark_count: Count | None = None
    impression_count: Count | None = None
    old_repost_count: Count | None = msgspec.field(name="retweet_count", default=None)

    def __post_init__(self) -> None:
        self._rename("repost_count", "old_repost_count")


class Concept(XObject, frozen=True, kw_only=True):
    """A domain or an entity of X's context annotations."""

    id: Key | None = None
    name: Name | None = None
    description: Words | None = None


class ContextAnnotation(XObject, frozen=True, kw_only=True):
    """What X takes a post to be about."""

    domain: Concept
    entity: Concept


class Coordinates(XObject, frozen=True, kw_only=True):
    """A point; longitude first, as in GeoJSON."""

    type: Word
    coordinates: tuple[float, float]


class PostGeo(XObject, frozen=True, kw_only=True):
    """Where a post says it was written."""

    coordinates: Coordinates | None = None
    place_id: Key | None = None
    old_coordinates: Coordinates | None = msgspec.field(name="geometry", default=None)

    def __post_init__(self) -> None:
        self._rename("coordinates", "old_coordinates")


class MatchedNote(XObject, frozen=True, kw_only=True):
    """A Community Note that matches the post's media."""

    match_status: Word | None = None
    note_id: Key | None = None


class MediaText(XObject, frozen=True, kw_only=True):
    """What the author wrote beside one medium."""

    media_key: Key | None = None
    title: Title | None = None
    description: Words | None = None
    alt_text: Words | None = None


class LongText(XObject, frozen=True, kw_only=True):
    """The whole text of a post that is too long for `text`."""

    text: Words
    entities: TextEntities | None = None


class NoteSuggestion(XObject, frozen=True, kw_only=True):
    """A request for a Community Note."""

    source_link: Address | None = None
    suggestion: Words | None = None
    suggestion_id: Key | None = None


class CountedLink(XObject, frozen=True, kw_only=True):
    """A suggested source and how often it was suggested."""

    url: Address | None = None
    count: Count | None = None


class Scopes(XObject, frozen=True, kw_only=True):
    """Who may see a post."""

    followers: bool | None = None


class Post(XObject, frozen=True, kw_only=True):
    """One post."""

    id: PostKey
    text: Words | None = None
    author_id: UserKey | None = None
    username: Handle | None = None
    created_at: Date | None = None
    lang: Word | None = None
    conversation_id: PostKey | None = None
    in_reply_to_user_id: UserKey | None = None
    referenced_posts: Annotated[tuple[ReferencedPost, ...], MANY] = ()
    attachments: Attachments | None = None
    entities: TextEntities | None = None
    public_metrics: PostMetrics | None = None
    non_public_metrics: Metrics | None = None
    organic_metrics: Metrics | None = None
    promoted_metrics: Metrics | None = None
    edit_controls: EditControls | None = None
    edit_history_post_ids: Annotated[tuple[PostKey, ...], MANY] = ()
    note_post: LongText | None = None
    article: dict[str, Any] | None = None
    article_title: dict[str, Any] | str | None = None
    card_uri: Address | None = None
    community_id: Key | None = None
    context_annotations: Annotated[tuple[ContextAnnotation, ...], MANY] = ()
    display_text_range: tuple[Count, Count] | None = None
    geo: PostGeo | None = None
    matched_media_notes: Annotated[tuple[MatchedNote, ...], MANY] = ()
    media_metadata: Annotated[tuple[MediaText, ...], MANY] = ()
    note_request_suggestions: Annotated[tuple[NoteSuggestion, ...], MANY] = ()
    paid_partnership: bool | None = None
    possibly_sensitive: bool | None = None
    reply_settings: Word | None = None
    scopes: Scopes | None = None
    source: Name | None = None
    suggested_source_links: Annotated[tuple[Address, ...], MANY] = ()
    suggested_source_links_with_counts: Annotated[tuple[CountedLink, ...], MANY] = ()
    withheld: Withheld | None = None
    old_referenced_posts: Annotated[tuple[ReferencedPost, ...], MANY] = msgspec.field(
        name="referenced_tweets", default=()
    )
    old_edit_history_post_ids: Annotated[tuple[PostKey, ...], MANY] = msgspec.field(
        name="edit_history_tweet_ids", default=()
    )
    old_note_post: LongText | None = msgspec.field(name="note_tweet", default=None)

    def __post_init__(self) -> None:
        for name in ("referenced_posts", "edit_history_post_ids", "note_post"):
            self._rename(name, f"old_{name}")

    @property
    def url(self) -> str:
        """Where a person reads it."""
        return f"https://x.com/i/status/{self.id}"


class MediaVariant(XObject, frozen=True, kw_only=True):
    """One encoding of a video."""

    bit_rate: Count | None = None
    content_type: Word | None = None
    url: Address | None = None


class ViewCount(XObject, frozen=True, kw_only=True):
    """How often a medium was seen."""

    view_count: Count | None = None


class Media(XObject, frozen=True, kw_only=True):
    """A picture, a video or a moving picture of a post; `duration_ms` in milliseconds."""

    media_key: Key
    type: Word | None = None
    url: Address | None = None
    preview_image_url: Address | None = None
    alt_text: Words | None = None
    duration_ms: Count | None = None
    width: Count | None = None
    height: Count | None = None
    variants: Annotated[tuple[MediaVariant, ...], MANY] = ()
    public_metrics: ViewCount | None = None
    non_public_metrics: Metrics | None = None
    organic_metrics: Metrics | None = None
    promoted_metrics: Metrics | None = None


class PollOption(XObject, frozen=True, kw_only=True):
    """One answer of a poll."""

    position: Count
    label: Name
    votes: Count | None = None


class Poll(XObject, frozen=True, kw_only=True):
    """A poll of a post."""

    id: Key
    options: Annotated[tuple[PollOption, ...], MANY] = ()
    duration_minutes: Count | None = None
    end_datetime: Date | None = None
    voting_status: Word | None = None


class PlaceGeo(XObject, frozen=True, kw_only=True):
    """A place's outline: west, south, east, north."""

    type: Word
    bbox: tuple[float, float, float, float]
    properties: dict[str, Any] = msgspec.field(default_factory=dict)
    geometry: Coordinates | None = None


class Place(XObject, frozen=True, kw_only=True):
    """A place that a post names."""

    id: Key
    full_name: Name | None = None
    name: Name | None = None
    country: Name | None = None
    country_code: Word | None = None
    place_type: Word | None = None
    contained_within: Annotated[tuple[Key, ...], MANY] = ()
    geo: PlaceGeo | None = None
