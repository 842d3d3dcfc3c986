"""What an admin typed as the filters of a host, as it is kept."""

import re
from dataclasses import replace

from spacebot.domain.filters import LONGEST_WORD, MOST_WORDS, Filter, tokens
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.usecases.guilds import language_code, normalised

_BETWEEN = re.compile(r"[,;\n\u3001\uff0c\u060c]")
"""What stands between words or phrases: commas, in any script."""


def changed(
    now: Filter,
    *,
    want: str | None,
    shun: str | None,
    language: str | None,
    ticketed: bool | None,
    is_reset: bool,
) -> Filter:
    """Filters of which some were typed anew.

    Args:
        now: What they are.
        want: The new words or phrases to want, with commas between them; None to leave them.
        shun: The same to shun.
        language: The new language, by its code; None to leave it.
        ticketed: Whether a ticket must be needed, or not needed; None to leave it.
        is_reset: Let pass whatever is left out.

    Raises:
        UserMistake: words or a language cannot be taken.
    """
    before = Filter() if is_reset else now
    kept = replace(
        before,
        want=before.want if want is None else words_of(want),
        shun=before.shun if shun is None else words_of(shun),
        lang=before.lang if language is None else language_code(language),
        ticketed=before.ticketed if ticketed is None else ticketed,
    )
    return consistent(kept)


def consistent(filters: Filter) -> Filter:
    """The same filters.

    Raises:
        UserMistake: a word is wanted and shunned.
    """
    if {tokens(words) for words in filters.want} & {tokens(words) for words in filters.shun}:
        raise UserMistake(Mistake.WANTED_AND_SHUNNED)
    return filters


def words_of(text: str) -> tuple[str, ...]:
    """Words or phrases as they are kept: each once, in the order in which they were typed.

    Raises:
        UserMistake: there is none, or they are too many, or one is too long.
    """
    parts: dict[object, str] = {}
    for part in _BETWEEN.split(text):
        parts.setdefault(tokens(part), normalised(part))
    parts.pop((), None)
    kept = tuple(parts.values())
    if not kept:
        raise UserMistake(Mistake.NO_FILTER_WORD)
    if len(kept) > MOST_WORDS:
        raise UserMistake(Mistake.TOO_MANY_FILTER_WORDS, most=MOST_WORDS)
    if any(len(words) > LONGEST_WORD for words in kept):
        raise UserMistake(Mistake.FILTER_WORD_TOO_LONG, most=LONGEST_WORD)
    return kept
