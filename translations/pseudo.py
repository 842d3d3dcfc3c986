"""A language that nobody speaks: every sentence is accented and longer, so that what is not translated stands out.

The checks are tried on it, and what is shown is rendered in it: whatever still reads as English says so by its letters.
"""

import re
from string import ascii_lowercase, ascii_uppercase

from babel.messages.catalog import Catalog

from spacebot.present.language import COMMAND_NAME
from translations.catalogues import english_of, wanted

_ACCENTED = str.maketrans(
    dict(zip(ascii_lowercase + ascii_uppercase, "áƀćďéƒĝĥíĵķĺɱńóƥɋŕšťúṽŵẋýžÁƁĆĎÉƑĜĤÍĴĶĹṀŃÓƤɊŔŠŤÚṼŴẊÝŽ", strict=True))
)

_KEPT = re.compile(
    r"`[^`]*`|\{[^{}]*\}|https?://[^\s)>\]]+|(?<![\w/.:<>{}`])/[a-z][a-z-]+|<[^<>\s]*>|^(?:#{1,3} |-# |- |> |\d+\. )",
    re.MULTILINE,
)
"""What stays as it is: code, values, addresses, commands, heads of lines."""


def accented(text: str) -> str:
    """The text with accents on all letters that may have some."""
    parts, end = [], 0
    for match in _KEPT.finditer(text):
        parts += [text[end : match.start()].translate(_ACCENTED), match[0]]
        end = match.end()
    return "".join([*parts, text[end:].translate(_ACCENTED)])


def pseudo(code: str) -> Catalog:
    """A complete catalogue of a language, with every sentence accented."""
    catalogue = wanted(code)
    for message in catalogue:
        if not message.id:
            continue
        english = english_of(message)
        if message.context == COMMAND_NAME:
            message.string = english[0].translate(_ACCENTED)
        elif message.pluralizable:
            last = catalogue.num_plurals - 1
            message.string = tuple(accented(english[0 if 0 == at < last else 1]) for at in range(last + 1))
        else:
            message.string = accented(english[0])
    return catalogue
