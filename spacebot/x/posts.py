"""Posts and what hangs on them, field by field as X's document has them (GET /2/spaces/{id}/tweets)."""

from typing import Any, NewType

import msgspec

from spacebot.domain.ids import UserId
from spacebot.x.base import Date, Metrics, TextEntities, Withheld, XObject

PostId = NewType("PostId", str)


class Attachments(XObject, frozen=True, kw_only=True):
    """What a post carries; the things themselves come in the page's media and polls."""

    media_keys: tuple[str, ...] | None = None
    poll_ids: tuple[str, ...] | None = None
    media_source_tweet_id: tuple[PostId, ...] | None = None


class EditControls(XObject, frozen=True, kw_only=True):
    """Whether a post may still be changed."""

    editable_until: Date | None = None
    edits_remaining: int | None = None
    is_edit_eligible: bool | None = None


class ReferencedPost(XObject, frozen=True, kw_only=True):
    """Another post that this one reposts, quotes or answers ('retweeted', 'quoted', 'replied_to')."""

    type: str
    id: PostId


class PostMetrics(XObject, frozen=True, kw_only=True):
    """A post's public counters."""

    repost_count: int | None = None
    reply_count: int | None = None
    like_count: int | None = None
    quote_count: int | None = None
    bookmark_count: int | None = None
    impression_count: int | None = None
    old_repost_count: int | None = msgspec.field(name="retweet_count", default=None)

    def __post_init__(self) -> None:
        self._rename("repost_count", "old_repost_count")


class Concept(XObject, frozen=True, kw_only=True):
    """A domain or an entity of X's context annotations."""

    id: str | None = None
    name: str | None = None
    description: str | None = None


class ContextAnnotation(XObject, frozen=True, kw_only=True):
    """What X takes a post to be about."""

    domain: Concept
    entity: Concept


class Coordinates(XObject, frozen=True, kw_only=True):
    """A point; longitude first, as in GeoJSON."""

    type: str
    coordinates: tuple[float, float]


class PostGeo(XObject, frozen=True, kw_only=True):
    """Where a post says it was written."""

    coordinates: Coordinates | None = None
    place_id: str | None = None


class MatchedNote(XObject, frozen=True, kw_only=True):
    """A Community Note that matches the post's media."""

    match_status: str | None = None
    note_id: str | None = None


class MediaText(XObject, frozen=True, kw_only=True):
    """What the author wrote beside one medium."""

    media_key: str | None = None
    title: str | None = None
    description: str | None = None
    alt_text: str | None = None


class LongText(XObject, frozen=True, kw_only=True):
    """The whole text of a post that is too long for `text`."""

    text: str
    entities: TextEntities | None = None


class NoteSuggestion(XObject, frozen=True, kw_only=True):
    """A request for a Community Note."""

    source_link: str | None = None
    suggestion: str | None = None
    suggestion_id: str | None = None


class CountedLink(XObject, frozen=True, kw_only=True):
    """A suggested source and how often it was suggested."""

    url: str | None = None
    count: int | None = None


class Scopes(XObject, frozen=True, kw_only=True):
    """Who may see a post."""

    followers: bool | None = None


class Post(XObject, frozen=True, kw_only=True):
    """One post."""

    id: PostId
    text: str | None = None
    author_id: UserId | None = None
    username: str | None = None
    created_at: Date | None = None
    lang: str | None = None
    conversation_id: PostId | None = None
    in_reply_to_user_id: UserId | None = None
    referenced_posts: tuple[ReferencedPost, ...] = ()
    attachments: Attachments | None = None
    entities: TextEntities | None = None
    public_metrics: PostMetrics | None = None
    non_public_metrics: Metrics | None = None
    organic_metrics: Metrics | None = None
    promoted_metrics: Metrics | None = None
    edit_controls: EditControls | None = None
    edit_history_post_ids: tuple[PostId, ...] = ()
    note_post: LongText | None = None
    article: dict[str, Any] | None = None
    article_title: dict[str, Any] | str | None = None
    card_uri: str | None = None
    community_id: str | None = None
    context_annotations: tuple[ContextAnnotation, ...] = ()
    display_text_range: tuple[int, int] | None = None
    geo: PostGeo | None = None
    matched_media_notes: tuple[MatchedNote, ...] = ()
    media_metadata: tuple[MediaText, ...] = ()
    note_request_suggestions: tuple[NoteSuggestion, ...] = ()
    paid_partnership: bool | None = None
    possibly_sensitive: bool | None = None
    reply_settings: str | None = None
    scopes: Scopes | None = None
    source: str | None = None
    suggested_source_links: tuple[str, ...] = ()
    suggested_source_links_with_counts: tuple[CountedLink, ...] = ()
    withheld: Withheld | None = None
    old_referenced_posts: tuple[ReferencedPost, ...] = msgspec.field(name="referenced_tweets", default=())
    old_edit_history_post_ids: tuple[PostId, ...] = msgspec.field(name="edit_history_tweet_ids", default=())
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

    bit_rate: int | None = None
    content_type: str | None = None
    url: str | None = None


class ViewCount(XObject, frozen=True, kw_only=True):
    """How often a medium was seen."""

    view_count: int | None = None


class Media(XObject, frozen=True, kw_only=True):
    """A picture, a video or a moving picture of a post; `duration_ms` in milliseconds."""

    media_key: str
    type: str | None = None
    url: str | None = None
    preview_image_url: str | None = None
    alt_text: str | None = None
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    variants: tuple[MediaVariant, ...] = ()
    public_metrics: ViewCount | None = None
    non_public_metrics: Metrics | None = None
    organic_metrics: Metrics | None = None
    promoted_metrics: Metrics | None = None


class PollOption(XObject, frozen=True, kw_only=True):
    """One answer of a poll."""

    position: int
    label: str
    votes: int | None = None


class Poll(XObject, frozen=True, kw_only=True):
    """A poll of a post."""

    id: str
    options: tuple[PollOption, ...] = ()
    duration_minutes: int | None = None
    end_datetime: Date | None = None
    voting_status: str | None = None


class PlaceGeo(XObject, frozen=True, kw_only=True):
    """A place's outline: west, south, east, north."""

    type: str
    bbox: tuple[float, float, float, float]
    properties: dict[str, Any] = msgspec.field(default_factory=dict)


class Place(XObject, frozen=True, kw_only=True):
    """A place that a post names."""

    id: str
    full_name: str | None = None
    name: str | None = None
    country: str | None = None
    country_code: str | None = None
    place_type: str | None = None
    contained_within: tuple[str, ...] = ()
    geo: PlaceGeo | None = None
