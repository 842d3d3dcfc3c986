"""A language that nobody speaks: every sentence is accented and longer, so that what is not translated stands out.

The checks are tried on it, and what is shown is rendered in it: whatever still reads as English says so by its letters.
"""

import re
from string import ascii_lowercase, ascii_uppercase

from babel.messages.catalog import Catalog

from spacebot.present.language import COMMAND_NAME
from translations.catalogues import english_of, wanted
from translations.checks import alone, named

_ACCENTED = str.maketrans(
    dict(zip(ascii_lowercase + ascii_uppercase, "áƀćďéƒĝĥíĵķĺɱńóƥɋŕšťúṽŵẋýžÁƁĆĎÉƑĜĤÍĴĶĹṀŃÓƤɊŔŠŤÚṼŴẊÝŽ", strict=True))
)

_KEPT = re.compile(r"`[^`]*`|\{[^{}]*\}|https?://[^\s)>\]]+|<[^<>\s]*>|^(?:#{1,3} |-# |- |> |\d+\. )", re.MULTILINE)
"""What stays as it is: code, values, addresses, commands, heads of lines."""


def accented(text: str) -> str:
    """The text with accents on all letters that may have some."""
    parts, end = [], 0
    paths = [f"/{path}" for path, _behind in named(text)]
    commands = "|".join(re.escape(path) for path in sorted(paths, key=len, reverse=True))
    kept = re.compile(f"{_KEPT.pattern}|{commands}", re.MULTILINE) if commands else _KEPT
    for match in kept.finditer(text):
        parts += [text[end : match.start()].translate(_ACCENTED), match[0]]
        end = match.end()
    return "".join([*parts, text[end:].translate(_ACCENTED)])


def pseudo(code: str) -> Catalog:
    """A complete catalogue of a language, with every sentence accented."""
    catalogue, numbers = wanted(code), alone(code)
    for message in catalogue:
        if not message.id:
            continue
        english = english_of(message)
        if message.context == COMMAND_NAME:
            message.string = english[0].translate(_ACCENTED)
        elif message.pluralizable:
            forms = range(catalogue.num_plurals)
            message.string = tuple(accented(english[0 if numbers.get(at) == 1 else 1]) for at in forms)
        else:
            message.string = accented(english[0])
    return catalogue
