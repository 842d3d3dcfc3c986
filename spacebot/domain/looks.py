"""How a guild wants the announcement of a live Space to look: a text with variables in braces, and a colour.

Variables are replaced literally, each once: neither the text nor what replaces them is ever interpreted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = {"host": 100, "handle": 40, "title": 140, "url": 62, "started": 24, "listeners": 24, "role": 130}
"""The variables, and how many UTF-16 units each value has at most."""

MOST_TEXT = 200
"""UTF-16 units of a text as it is typed."""

MOST_FILLED = 1500
"""UTF-16 units of a text with the longest values; Discord takes 2,000, and mentions may come before it."""

ACCENTS = {
    "red": 0xE0245E,
    "orange": 0xF4801A,
    "yellow": 0xFFC83D,
    "green": 0x2EB67D,
    "teal": 0x1ABC9C,
    "blue": 0x1D9BF0,
    "purple": 0x7856FF,
    "pink": 0xF91880,
}
"""The colours that have a name."""

USUAL = "usual"
"""What is typed for the usual colour."""

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_HEX = re.compile(r"#?(?:0x)?([0-9a-f]{6})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What admins have chosen; None for what is usual, or for the guild's choice where it is a watch's."""

    text: str | None = None
    accent: int | None = None
    """The colour, as Discord counts colours."""

    @property
    def is_own(self) -> bool:
        """Whether anything was chosen."""
        return self.text is not None or self.accent is not None


USUAL_LOOK = Look()


def unknown_variables(text: str) -> list[str]:
    """What stands in braces in a text and is no variable, in order."""
    return [found for found in _VARIABLE.findall(text) if found not in LONGEST]


def longest(text: str) -> int:
    """How many UTF-16 units a text can have once its variables are replaced, and each @ is made harmless by one more."""
    own = len(_VARIABLE.sub("", text).encode("utf-16-le", "surrogatepass")) // 2 + text.count("@")
    return own + sum(LONGEST.get(name, 0) for name in _VARIABLE.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with each variable replaced by its value, in one pass; what is no variable stays as it stands."""
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def uses(text: str, name: str) -> bool:
    """Whether the text has this variable."""
    return name in _VARIABLE.findall(text)


def accent_of(text: str) -> int | None:
    """The colour that somebody has named or typed as six hexadecimal digits; None if it is none."""
    words = text.strip().casefold()
    if words in ACCENTS:
        return ACCENTS[words]
    digits = _HEX.fullmatch(words)
    return None if digits is None else int(digits[1], 16)


def accent_name(accent: int) -> str:
    """A colour's name, or its digits."""
    return next((name for name, value in ACCENTS.items() if value == accent), f"#{accent:06X}")
