"""The filters of watches in words."""

from collections.abc import Sequence

from spacebot.domain.accounts import Host
from spacebot.domain.filters import LONGEST_WORD, MOST_WORDS, Filter
from spacebot.present.card import handle, language_name, name_of
from spacebot.present.language import _, n_, p_
from spacebot.present.text import inert

WORDS_LISTED = 2
"""As many wanted words of a host's filters, and as many shunned, stand in lists; `/watch filter` says all."""


def language_text(code: str) -> str:
    """Spaces in this language alone."""
    return _("in {language}", language=inert(language_name(code), 60))


def tickets_text(*, needed: bool) -> str:
    """Spaces alone that need a ticket, or none."""
    return _("with a ticket") if needed else _("without a ticket")


def filters_text(filters: Filter, most: int = WORDS_LISTED) -> str:
    """Which Spaces pass, such as 'only titled “tea” · in Spanish'; empty if all do.

    Args:
        filters: What lets them pass.
        most: As many wanted words are named, and as many shunned.
    """
    parts = []
    if filters.want:
        parts.append(_("titled {words}", words=_quoted(filters.want, most)))
    if filters.shun:
        parts.append(_("not titled {words}", words=_quoted(filters.shun, most)))
    if filters.lang is not None:
        parts.append(language_text(filters.lang))
    if filters.ticketed is not None:
        parts.append(tickets_text(needed=filters.ticketed))
    return _("only {filters}", filters=" · ".join(parts)) if parts else ""


def _quoted(words: Sequence[str], most: int) -> str:
    either = p_("between words of which one is enough", " or ")
    named = either.join(f"“{inert(each, LONGEST_WORD)}”" for each in words[:most])
    if len(words) <= most:
        return named
    return n_("{words} or {count} more", "{words} or {count} more", len(words) - most, words=named)


def filters_sentence(host: Host, filters: Filter) -> str:
    """Which Spaces of a host are announced, as `/watch filter` says."""
    name = f"**{name_of(host)}** ({handle(host)})"
    said = filters_text(filters, MOST_WORDS)
    if not said:
        return _("{host}: every Space is posted, nothing is filtered.", host=name)
    return _("{host}: {filters}. A Space that was posted before goes on as it is.", host=name, filters=said)
