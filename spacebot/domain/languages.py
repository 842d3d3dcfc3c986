"""Codes of languages: some languages have two, and X uses the older one."""

import re

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
