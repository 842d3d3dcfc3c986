"""What an admin typed as the look of announcements, as it is kept."""

import re

from spacebot.domain.looks import (
    ACCENTS,
    LONGEST,
    MOST_FILLED,
    MOST_TEXT,
    USUAL,
    Look,
    accent_of,
    longest,
    unknown_variables,
)
from spacebot.domain.mistakes import Mistake
from spacebot.domain.texts import fit
from spacebot.errors import UserMistake

SHOWN = 40
"""Characters that are shown of what is no variable."""

_STRANGE = re.compile(r"[^\w. -]")


def look_of(text: str, accent: str) -> Look:
    """The look that somebody has typed.

    Args:
        text: One line with variables in braces; empty for the usual text.
        accent: The name of a colour, or its hexadecimal digits; empty for the usual colour.

    Raises:
        UserMistake: a variable or a colour does not exist, or the text is too long.
    """
    return Look(text=text_of(text), accent=colour_of(accent))


def changed(now: Look, text: str | None, accent: str | None, *, is_reset: bool) -> Look:
    """A look of which some was typed anew.

    Args:
        now: What it is.
        text: The new text; None to leave it.
        accent: The new colour, or 'usual'; None to leave it.
        is_reset: Take what is usual for what is left.

    Raises:
        UserMistake: as `look_of`.
    """
    before = Look() if is_reset else now
    return Look(
        text=before.text if text is None else text_of(text),
        accent=before.accent if accent is None else colour_of("" if accent.strip().casefold() == USUAL else accent),
    )


def text_of(text: str) -> str | None:
    """A text as it is kept; None if there is none.

    Raises:
        UserMistake: as `look_of`.
    """
    kept = " ".join(fit(text).split())
    unknown = unknown_variables(kept)
    if unknown:
        there = ", ".join(f"{{{name}}}" for name in LONGEST)
        raise UserMistake(Mistake.UNKNOWN_VARIABLE, name=_STRANGE.sub("…", unknown[0])[:SHOWN], there=there)
    if len(kept.encode("utf-16-le")) // 2 > MOST_TEXT or longest(kept) > MOST_FILLED:
        raise UserMistake(Mistake.OWN_TEXT_TOO_LONG, most=MOST_TEXT)
    return kept or None


def colour_of(accent: str) -> int | None:
    """A colour as it is kept; None if there is none.

    Raises:
        UserMistake: as `look_of`.
    """
    colour = accent_of(accent)
    if colour is None and accent.strip():
        raise UserMistake(Mistake.NOT_A_COLOUR, names=", ".join(ACCENTS))
    return colour
