"""What all of X's objects share: their ids, their dates and the marks in their texts; old names are read as the new ones."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from spacebot.domain.ids import UserId

Date = Annotated[datetime, msgspec.Meta(tz=True)]
"""Aware; `utc` brings it to UTC if X ever writes another zone."""


def utc(moment: datetime | None) -> datetime | None:
    """The same moment in UTC; None for None, and for moments outside the calendar."""
    if moment is None or moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


class XObject(msgspec.Struct, frozen=True, kw_only=True):
    """A value as X writes it: fields that X leaves out are None or empty, fields unknown to us are ignored."""

    def _rename(self, new: str, old: str) -> None:
        """Move what came under the older generation's name to the name of today."""
        value = getattr(self, old)
        empty = () if isinstance(value, tuple) else None
        if value == empty:
            return
        if getattr(self, new) == empty:
            msgspec.structs.force_setattr(self, new, value)
        msgspec.structs.force_setattr(self, old, empty)


class Image(XObject, frozen=True, kw_only=True):
    """A preview picture of a link."""

    url: str | None = None
    width: int | None = None
    height: int | None = None


class UrlMark(XObject, frozen=True, kw_only=True):
    """A link in a text, with what X knows of the page behind it."""

    start: int
    end: int
    url: str | None = None
    expanded_url: str | None = None
    display_url: str | None = None
    unwound_url: str | None = None
    media_key: str | None = None
    status: int | None = None
    title: str | None = None
    description: str | None = None
    images: tuple[Image, ...] | None = None


class MentionMark(XObject, frozen=True, kw_only=True):
    """A handle in a text."""

    start: int
    end: int
    username: str | None = None
    id: UserId | None = None


class TagMark(XObject, frozen=True, kw_only=True):
    """A hashtag or cashtag in a text, without its sign."""

    start: int
    end: int
    tag: str


class AnnotationMark(XObject, frozen=True, kw_only=True):
    """What X takes a word for (older answers)."""

    start: int
    end: int
    probability: float | None = None
    type: str | None = None
    normalized_text: str | None = None


class TextEntities(XObject, frozen=True, kw_only=True):
    """The marks in one text; offsets count Unicode code points."""

    urls: tuple[UrlMark, ...] | None = None
    mentions: tuple[MentionMark, ...] | None = None
    hashtags: tuple[TagMark, ...] | None = None
    cashtags: tuple[TagMark, ...] | None = None
    annotations: tuple[AnnotationMark, ...] | None = None


class Withheld(XObject, frozen=True, kw_only=True):
    """Where X does not show something, and why."""

    country_codes: tuple[str, ...] | None = None
    scope: str | None = None
    copyright: bool | None = None


Metrics = dict[str, Any]
"""Counters that X's document leaves open."""
