"""The names that X's documents 2.159, 2.166 and 2.167 allow in a query, and what each endpoint takes; nothing else is accepted."""

import re

from spacebot.sandbox.x.model import LIST_ID, SPACE_ID, USER_ID, USERNAME
from spacebot.sandbox.x.query import Parameter
from spacebot.sandbox.x.quirks import Generation

PEOPLE_OF_A_SPACE = ("creator_id", "host_ids", "invited_user_ids", "speaker_ids")

_SPACE_SCALARS = (
    *("created_at", "ended_at", "id", "is_ticketed", "lang", "participant_count", "scheduled_start", "started_at"),
    *("state", "subscriber_count", "title", "updated_at"),
)
_SPACE_IDS = (*PEOPLE_OF_A_SPACE, "topic_ids")
_USER = (
    *("confirmed_email", "connection_status", "created_at", "description", "entities", "id", "is_identity_verified"),
    *("location", "name", "parody", "profile_banner_url", "profile_image_url", "protected", "public_metrics"),
    *("receives_your_dm", "subscribes_to_you", "subscription", "subscription_type", "url", "username", "verified"),
    *("verified_followers_count", "verified_type", "withheld"),
)
_POST = (
    *("article", "attachments", "card_uri", "community_id", "context_annotations", "conversation_id", "created_at"),
    *("display_text_range", "edit_controls", "entities", "geo", "id", "lang", "media_metadata", "non_public_metrics"),
    *("note_request_suggestions", "organic_metrics", "paid_partnership", "possibly_sensitive", "promoted_metrics"),
    *("public_metrics", "reply_settings", "scopes", "source", "suggested_source_links", "text", "withheld"),
    *("article_title", "matched_media_notes", "suggested_source_links_with_counts"),
)
_POST_EXPANSIONS = (
    *("article.cover_media", "article.media_entities", "attachments.media_keys", "attachments.media_source_tweet"),
    *("attachments.poll_ids", "author_id", "entities.mentions.username", "geo.place_id", "in_reply_to_user_id"),
)
_MEDIA = (
    *("alt_text", "duration_ms", "height", "media_key", "non_public_metrics", "organic_metrics", "preview_image_url"),
    *("promoted_metrics", "public_metrics", "type", "url", "variants", "width"),
)
_POLL = ("duration_minutes", "end_datetime", "id", "options", "voting_status")
_PLACE = ("contained_within", "country", "country_code", "full_name", "geo", "id", "name", "place_type")

_ALLOWED: dict[str, dict[str, tuple[str, ...]]] = {
    "2.167": {
        "space.fields": _SPACE_SCALARS,
        "user.fields": _USER,
        "post.fields": (*_POST, "note_post"),
        "space expansions": _SPACE_IDS,
        "user expansions": ("affiliation", "most_recent_post_id", "pinned_post_id"),
        "post expansions": (*_POST_EXPANSIONS, "edit_history_post_ids", "referenced_posts", "username"),
    },
    "2.166": {
        "space.fields": (*_SPACE_SCALARS, *_SPACE_IDS),
        "user.fields": (*_USER, "affiliation", "most_recent_tweet_id", "pinned_tweet_id"),
        "tweet.fields": (
            *(*_POST, "author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet"),
            *("referenced_tweets", "username"),
        ),
        "space expansions": (*_SPACE_IDS, "topics_ids"),
        "user expansions": ("affiliation.user_id", "most_recent_tweet_id", "pinned_tweet_id"),
        "post expansions": (
            *(*_POST_EXPANSIONS, "edit_history_tweet_ids", "entities.note.mentions.username", "referenced_tweets.id"),
            *("referenced_tweets.id.author_id", "author_screen_name"),
        ),
    },
}
_ALLOWED["2.159"] = {**_ALLOWED["2.166"], "space expansions": _SPACE_IDS}


def post_fields(generation: Generation) -> str:
    """How the parameter for a post's fields is called."""
    return "post.fields" if generation == "2.167" else "tweet.fields"


def space_parameters(generation: Generation) -> tuple[Parameter, ...]:
    """What every answer made of Spaces takes."""
    return (
        _names("space.fields", generation),
        _names("expansions", generation, "space expansions"),
        _names("user.fields", generation),
        Parameter(name="topic.fields", most=100, allowed=("description", "id", "name"), unique=True),
    )


def user_parameters(generation: Generation) -> tuple[Parameter, ...]:
    """What every answer made of users takes."""
    return (
        _names("user.fields", generation),
        _names("expansions", generation, "user expansions"),
        _names(post_fields(generation), generation),
    )


def post_parameters(generation: Generation) -> tuple[Parameter, ...]:
    """What every answer made of posts takes."""
    return (
        _names(post_fields(generation), generation),
        _names("expansions", generation, "post expansions"),
        _names("user.fields", generation),
        Parameter(name="media.fields", most=100, allowed=_MEDIA, unique=True),
        Parameter(name="poll.fields", most=100, allowed=_POLL, unique=True),
        Parameter(name="place.fields", most=100, allowed=_PLACE, unique=True),
    )


def ids(name: str, pattern: re.Pattern[str]) -> Parameter:
    """A list of 1 to 100 ids or handles; one that is malformed spoils them all."""
    return Parameter(name=name, required=True, most=100, pattern=pattern)


SPACE_IN_PATH = Parameter(name="id", required=True, pattern=SPACE_ID)
USER_IN_PATH = Parameter(name="id", required=True, pattern=USER_ID)
LIST_IN_PATH = Parameter(name="id", required=True, pattern=LIST_ID)
NAME_IN_PATH = Parameter(name="username", required=True, pattern=USERNAME)
MAX_RESULTS = Parameter(name="max_results", between=(1, 100))
PAGINATION_TOKEN = Parameter(name="pagination_token", length=(16, 2048))
SEARCH = (
    Parameter(name="query", required=True, length=(1, 2048)),
    Parameter(name="state", allowed=("live", "scheduled", "all")),
    MAX_RESULTS,
)


def _names(name: str, generation: Generation, table: str | None = None) -> Parameter:
    return Parameter(name=name, most=100, allowed=_ALLOWED[generation][table or name], unique=True)
