"""The filters of watches in words."""

from collections.abc import Sequence

from spacebot.domain.accounts import Host
from spacebot.domain.filters import LONGEST_WORD, MOST_WORDS, Filter
from spacebot.present.card import handle, language_name, name_of
from spacebot.present.text import inert

WORDS_LISTED = 2
"""As many wanted words of a host's filters, and as many shunned, stand in lists; `/watch filter` says all."""


def language_text(code: str) -> str:
    """Spaces in this language alone."""
    return f"in {inert(language_name(code), 60)}"


def tickets_text(*, needed: bool) -> str:
    """Spaces alone that need a ticket, or none."""
    return "with a ticket" if needed else "without a ticket"


def filters_text(filters: Filter, most: int = WORDS_LISTED) -> str:
    """Which Spaces pass, such as 'only titled “tea” · in Spanish'; empty if all do.

    Args:
        filters: What lets them pass.
        most: As many wanted words are named, and as many shunned.
    """
    parts = []
    if filters.want:
        parts.append(f"titled {_quoted(filters.want, most)}")
    if filters.shun:
        parts.append(f"not titled {_quoted(filters.shun, most)}")
    if filters.lang is not None:
        parts.append(language_text(filters.lang))
    if filters.ticketed is not None:
        parts.append(tickets_text(needed=filters.ticketed))
    return f"only {' · '.join(parts)}" if parts else ""


def _quoted(words: Sequence[str], most: int) -> str:
    named = " or ".join(f"“{inert(each, LONGEST_WORD)}”" for each in words[:most])
    return named + (f" or {len(words) - most} more" if len(words) > most else "")


def filters_sentence(host: Host, filters: Filter) -> str:
    """Which Spaces of a host are announced, as `/watch filter` says."""
    name = f"**{name_of(host)}** ({handle(host)})"
    said = filters_text(filters, MOST_WORDS)
    if not said:
        return f"{name}: every Space is posted, nothing is filtered."
    return f"{name}: {said}. A Space that was posted before goes on as it is."
