"""Codes of languages, of which some have two, and marks on sentences that are looked up in a language later."""

import re
from typing import Self

_TODAYS = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "no": "nb"}
"""Codes withdrawn in 1989, one misprint of that list, and the one that people who write Bokmål use for it."""


def current(code: str) -> str:
    """The code as it is written today, such as 'he-IL' for 'iw-IL'; what stands behind the language stays."""
    first, *rest = re.split("([-_])", code.strip(), maxsplit=1)
    return "".join([_TODAYS.get(first.lower(), first), *rest])


def are_same(one: str, other: str) -> bool:
    """Whether two codes name one language, wherever it is spoken and however it is written."""
    return _language(one) == _language(other)


def _language(code: str) -> str:
    return re.split("[-_]", current(code), maxsplit=1)[0].lower()


class InContext(str):
    """A sentence whose English alone does not say which of two it is, with a word that does."""

    __slots__ = ("context",)

    context: str

    def __new__(cls, context: str, message: str) -> Self:
        marked = super().__new__(cls, message)
        marked.context = context
        return marked


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a sentence that is looked up later, with `_` of `present.language`."""
    return message


def NP_(context: str, message: str) -> InContext:  # noqa: N802 - as N_
    """Mark a sentence that is looked up later, with `_`, where the English alone does not say which of two it is."""
    return InContext(context, message)
