"""Pages of a list that grows: a page token names what is older than the page before, so that no newcomer shifts a page."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """The items of one page, newest first, and X's `meta` for it."""

    items: list[T]
    meta: dict[str, object]


def page(oldest_first: Sequence[T], *, subject: str, size: int, token: str | None) -> Page[T] | None:
    """The page that `token` names, the newest one without a token; None for a token that X never gave for `subject`."""
    end = len(oldest_first) if token is None else _read(token, subject)
    if end is None or not 0 < end <= len(oldest_first):
        if token is not None:
            return None
        end = 0
    start = max(0, end - size)
    items = list(reversed(oldest_first[start:end]))
    meta: dict[str, object] = {"result_count": len(items)}
    if start > 0:
        meta["next_token"] = _write(start, subject)
    if end < len(oldest_first):
        meta["previous_token"] = _write(min(end + size, len(oldest_first)), subject)
    return Page(items=items, meta=meta)


def _write(end: int, subject: str) -> str:
    return base64.b32hexencode(f"{end:06}.{subject}".encode()).decode().rstrip("=").lower()


def _read(token: str, subject: str) -> int | None:
    padding = "=" * (-len(token) % 8)
    try:
        end, _, about = base64.b32hexdecode(token.upper() + padding).decode().partition(".")
    except (binascii.Error, UnicodeError, ValueError):
        return None
    return int(end) if about == subject and end.isascii() and end.isdigit() else None
