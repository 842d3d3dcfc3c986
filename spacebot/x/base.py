"""What all of X's objects share: their ids, their dates and the marks in their texts; old names are read as the new ones.

Everything has a bound. What is beyond it is not read at once but item by item (`lenient`), where it costs only itself: a
text is cut, a number is left out, and so is an id that is none; an item whose own id is none is lost.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import msgspec

from spacebot.domain.ids import SPACE_ID, USER_ID, SpaceId, UserId

CUT, PATTERN = "cut", "pattern"
"""What `lenient` reads in the notes on a type: that a text is cut where it is too long, and what a text must look like.

msgspec has patterns of its own; matching each of the 500 ids of an answer would take longer than reading it. See `sound`.
"""


def _cut(most: int) -> msgspec.Meta:
    return msgspec.Meta(max_length=most, extra={CUT: True})


def like(pattern: re.Pattern[str], most: int, least: int = 1) -> msgspec.Meta:
    """The bounds of a text that matches `pattern`, and so has between `least` and `most` characters."""
    return msgspec.Meta(min_length=least, max_length=most, extra={PATTERN: pattern})


HANDLE = re.compile(r"[A-Za-z0-9_]{0,40}", re.ASCII)
"""A handle, or nothing where X did not say it. Some accounts have kept one that is longer than X allows today."""

Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""How many of something: no more than sums of them over weeks fit into the database."""
Word = Annotated[str, _cut(100)]
Name = Annotated[str, _cut(200)]
Title = Annotated[str, _cut(1000)]
Words = Annotated[str, _cut(30_000)]
"""A text; X's longest posts have 25,000 characters."""
Address = Annotated[str, msgspec.Meta(max_length=4000)]
"""Not cut: the beginning of an address leads elsewhere."""
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
"""An id that is only compared."""
Token = Annotated[str, msgspec.Meta(max_length=4000)]
"""What X wants to be handed back."""
Handle = Annotated[str, like(HANDLE, 40, 0)]
SpaceKey = Annotated[SpaceId, like(SPACE_ID, 13)]
UserKey = Annotated[UserId, like(USER_ID, 19)]
MANY = msgspec.Meta(max_length=1000)
"""A list; the rest of a longer one is left out."""
UserKeys = Annotated[tuple[UserKey, ...], MANY]

Date = Annotated[datetime, msgspec.Meta(tz=True)]
"""Aware, and in UTC as X writes it today."""


def utc(moment: datetime | None) -> datetime | None:
    """The same moment in UTC; None for None, and for moments outside the calendar."""
    if moment is None or moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


class XObject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A value as X writes it: fields that X leaves out are None or empty, fields unknown to us are ignored.

    No value of X's holds itself, so the garbage collector need not look at the hundreds of them in each answer.
    """

    other_names: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """How a field has also been called, for the lenient reading alone: only what is required comes to it by another name."""

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

    url: Address | None = None
    width: Count | None = None
    height: Count | None = None


class UrlMark(XObject, frozen=True, kw_only=True):
    """A link in a text, with what X knows of the page behind it."""

    start: Count
    end: Count
    url: Address | None = None
    expanded_url: Address | None = None
    display_url: Address | None = None
    unwound_url: Address | None = None
    media_key: Key | None = None
    status: Count | None = None
    title: Title | None = None
    description: Words | None = None
    images: Annotated[tuple[Image, ...], MANY] | None = None


class MentionMark(XObject, frozen=True, kw_only=True):
    """A handle in a text."""

    start: Count
    end: Count
    username: Handle | None = None
    id: UserKey | None = None


class TagMark(XObject, frozen=True, kw_only=True):
    """A hashtag or cashtag in a text, without its sign."""

    other_names = {"tag": ("hashtag", "cashtag")}

    start: Count
    end: Count
    tag: Word


class AnnotationMark(XObject, frozen=True, kw_only=True):
    """What X takes a word for (older answers)."""

    start: Count
    end: Count
    probability: float | None = None
    type: Word | None = None
    normalized_text: Title | None = None


class TextEntities(XObject, frozen=True, kw_only=True):
    """The marks in one text; offsets count Unicode code points."""

    urls: Annotated[tuple[UrlMark, ...], MANY] | None = None
    mentions: Annotated[tuple[MentionMark, ...], MANY] | None = None
    hashtags: Annotated[tuple[TagMark, ...], MANY] | None = None
    cashtags: Annotated[tuple[TagMark, ...], MANY] | None = None
    annotations: Annotated[tuple[AnnotationMark, ...], MANY] | None = None


class Withheld(XObject, frozen=True, kw_only=True):
    """Where X does not show something, and why."""

    country_codes: Annotated[tuple[Word, ...], MANY] | None = None
    scope: Word | None = None
    copyright: bool | None = None


Metrics = dict[str, Any]
"""Counters that X's document leaves open."""
