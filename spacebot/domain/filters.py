"""What a guild wants to hear of a host: words in titles, a language, with or without tickets.

Words are matched as in a search: whole ones, in any case, whatever stands between them. Scripts that put no spaces
between words are matched character by character.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from spacebot.domain.languages import are_same

MOST_WORDS = 10
"""As many words or phrases are wanted at most, and as many shunned."""

LONGEST_WORD = 50
"""The longest word or phrase, in characters."""

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_OF_WORDS = frozenset("LMN")
_UNSEEN = re.compile("[\ufe00-\ufe0f]")
"""They choose how an emoji looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which Spaces of a host are announced; what is None or empty lets all pass."""

    want: tuple[str, ...] = ()
    """Words or phrases of which the title must have one."""
    shun: tuple[str, ...] = ()
    """Words or phrases of which the title must have none."""
    lang: str | None = None
    ticketed: bool | None = None
    """True: only Spaces that need a ticket; False: only those that need none; None: all."""

    def takes(self, *, title: str | None, lang: str | None, is_ticketed: bool | None) -> bool:
        """Whether a Space passes. Without a title it has no word at all; otherwise as `suits`."""
        has = tokens(title or "")
        if self.want and not any(_stand_in(words, has) for words in self.want):
            return False
        if any(_stand_in(words, has) for words in self.shun):
            return False
        return suits(self.lang, self.ticketed, lang=lang, is_ticketed=is_ticketed)


EVERYTHING = Filter()


def suits(wanted: str | None, ticketed: bool | None, *, lang: str | None, is_ticketed: bool | None) -> bool:
    """Whether a Space is in the wanted language, and needs a ticket or none as wanted; None wants all.

    A value that X leaves out is not held against the Space.
    """
    if wanted is not None and lang is not None and not are_same(lang, wanted):
        return False
    return ticketed is None or is_ticketed is None or is_ticketed is ticketed


@lru_cache(maxsize=1024)
def tokens(text: str) -> Sequence[str]:
    """The words of a text in one case, in order; a symbol is a word, punctuation is none."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    found: list[str] = []
    word = ""
    for char in folded:
        kind = unicodedata.category(char)
        if kind == "Cf" or _UNSEEN.match(char):
            continue
        is_alone = kind[0] == "S" or (kind[0] in _OF_WORDS and _UNSPACED.match(char) is not None)
        if kind[0] in _OF_WORDS and not is_alone:
            word += char
            continue
        found += [word] if word else []
        found += [char] if is_alone else []
        word = ""
    return (*found, word) if word else tuple(found)


def _stand_in(words: str, title: Sequence[str]) -> bool:
    """Whether the words stand in the title, next to each other and in this order."""
    wanted = tokens(words)
    return any(title[at : at + len(wanted)] == wanted for at in range(len(title) - len(wanted) + 1))
