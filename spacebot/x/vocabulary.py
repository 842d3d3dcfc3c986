"""What can be asked of X: the enumerations of its OpenAPI document 2.167, as types, and what its documents before called them.

Either name may be given. The client writes the one that X wants (see `wire`).
"""

from collections.abc import Mapping
from typing import Literal

SpaceField = Literal[
    "created_at",
    "ended_at",
    "id",
    "is_ticketed",
    "lang",
    "participant_count",
    "scheduled_start",
    "started_at",
    "state",
    "subscriber_count",
    "title",
    "updated_at",
]

SpaceExpansion = Literal[
    "creator_id",
    "host_ids",
    "invited_user_ids",
    "speaker_ids",
    "topic_ids",
]

TopicField = Literal[
    "description",
    "id",
    "name",
]

UserField = Literal[
    "confirmed_email",
    "connection_status",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "name",
    "parody",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscribes_to_you",
    "subscription",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
]

UserExpansion = Literal[
    "affiliation",
    "most_recent_post_id",
    "pinned_post_id",
]

PostField = Literal[
    "article",
    "article_title",
    "attachments",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "entities",
    "geo",
    "id",
    "lang",
    "matched_media_notes",
    "media_metadata",
    "non_public_metrics",
    "note_post",
    "note_request_suggestions",
    "organic_metrics",
    "paid_partnership",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "suggested_source_links_with_counts",
    "text",
    "withheld",
]

PostExpansion = Literal[
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "edit_history_post_ids",
    "entities.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "referenced_posts",
    "username",
]

MediaField = Literal[
    "alt_text",
    "duration_ms",
    "height",
    "media_key",
    "non_public_metrics",
    "organic_metrics",
    "preview_image_url",
    "promoted_metrics",
    "public_metrics",
    "type",
    "url",
    "variants",
    "width",
]

PollField = Literal[
    "duration_minutes",
    "end_datetime",
    "id",
    "options",
    "voting_status",
]

PlaceField = Literal[
    "contained_within",
    "country",
    "country_code",
    "full_name",
    "geo",
    "id",
    "name",
    "place_type",
]

SearchState = Literal["live", "scheduled", "all"]

OlderSpaceExpansion = Literal["topics_ids"]
OlderUserExpansion = Literal["most_recent_tweet_id", "pinned_tweet_id"]
OlderPostField = Literal["note_tweet"]
OlderPostExpansion = Literal["edit_history_tweet_ids", "referenced_tweets.id"]

OLDER: Mapping[str, OlderSpaceExpansion | OlderUserExpansion | OlderPostField | OlderPostExpansion] = {
    "topic_ids": "topics_ids",
    "most_recent_post_id": "most_recent_tweet_id",
    "pinned_post_id": "pinned_tweet_id",
    "note_post": "note_tweet",
    "edit_history_post_ids": "edit_history_tweet_ids",
    "referenced_posts": "referenced_tweets.id",
}
"""What today's names were before 2.167."""

TODAYS: Mapping[str, str] = {old: new for new, old in OLDER.items()}
