"""PURE: what is asked of X about Spaces, accounts and posts; each field and each expansion may cost."""

from dataclasses import dataclass
from typing import get_args

from spacebot.domain.spaces import FACTS
from spacebot.x.vocabulary import (
    TODAYS,
    MediaField,
    OlderPostExpansion,
    OlderPostField,
    OlderSpaceExpansion,
    OlderUserExpansion,
    PlaceField,
    PollField,
    PostExpansion,
    PostField,
    SpaceExpansion,
    SpaceField,
    TopicField,
    UserExpansion,
    UserField,
)

Value = str | int | tuple[str, ...]
Query = dict[str, Value]


_USER_FIELDS: tuple[UserField, ...] = (
    "created_at",
    "description",
    "name",
    "profile_image_url",
    "protected",
    "public_metrics",
    "username",
    "verified",
    "verified_type",
)
_SPACE_FIELDS: tuple[SpaceField, ...] = tuple(
    name for name in get_args(SpaceField) if name in {*FACTS, "created_at", "state", "updated_at"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceFields:
    """What to ask of Spaces. X bills the accounts that come through `expansions`."""

    space: tuple[SpaceField, ...] = _SPACE_FIELDS
    expansions: tuple[SpaceExpansion | OlderSpaceExpansion, ...] = ("creator_id",)
    user: tuple[UserField, ...] = _USER_FIELDS
    topic: tuple[TopicField, ...] = ()

    def query(self) -> Query:
        """The parameters in the names of today, without those that ask for nothing."""
        return _stated(
            {
                "space.fields": self.space,
                "expansions": self.expansions,
                "user.fields": self.user if self.expansions else (),
                "topic.fields": self.topic,
            }
        )


SWEEP = SpaceFields()
"""For the watcher: what decides whether something happened, and the one account that made the Space."""
FULL = SpaceFields(
    expansions=("creator_id", "host_ids", "speaker_ids", "topic_ids"), topic=("id", "name", "description")
)
"""For people: hosts, speakers and topics as well."""
OWN = SpaceFields(
    space=(*_SPACE_FIELDS, "subscriber_count"),
    expansions=("creator_id", "host_ids", "speaker_ids", "topic_ids"),
    topic=("id", "name", "description"),
)
"""For a person's own token: also how many wait for the start, which X tells the creator alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFields:
    """What to ask of accounts."""

    user: tuple[UserField, ...] = _USER_FIELDS
    expansions: tuple[UserExpansion | OlderUserExpansion, ...] = ()
    post: tuple[PostField | OlderPostField, ...] = ()

    def query(self) -> Query:
        """The parameters, without those that ask for nothing."""
        return _stated({"user.fields": self.user, "expansions": self.expansions, "post.fields": self.post})


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFields:
    """What to ask of posts shared in a Space."""

    post: tuple[PostField | OlderPostField, ...] = (
        "attachments",
        "conversation_id",
        "created_at",
        "edit_controls",
        "entities",
        "lang",
        "possibly_sensitive",
        "public_metrics",
        "text",
    )
    expansions: tuple[PostExpansion | OlderPostExpansion, ...] = (
        "author_id",
        "attachments.media_keys",
        "attachments.poll_ids",
        "referenced_posts",
    )
    user: tuple[UserField, ...] = _USER_FIELDS
    media: tuple[MediaField, ...] = ("alt_text", "duration_ms", "height", "preview_image_url", "type", "url", "width")
    poll: tuple[PollField, ...] = ("duration_minutes", "end_datetime", "options", "voting_status")
    place: tuple[PlaceField, ...] = ()

    def query(self) -> Query:
        """The parameters, without those that ask for nothing."""
        return _stated(
            {
                "post.fields": self.post,
                "expansions": self.expansions,
                "user.fields": self.user,
                "media.fields": self.media,
                "poll.fields": self.poll,
                "place.fields": self.place,
            }
        )


def _stated(query: dict[str, tuple[str, ...]]) -> Query:
    return {
        name: words if _OLD.isdisjoint(words) else _in_todays_names(words) for name, words in query.items() if words
    }


def _in_todays_names(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(TODAYS.get(word, word) for word in words))


_OLD = frozenset(TODAYS)
