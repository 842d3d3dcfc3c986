"""What people write, as it can be kept and handed on."""

import re

_UNFIT = re.compile(r"[\ud800-\udfff\x00]+")


def fit(text: str) -> str:
    """The text without halves of characters, which no database or address takes, and without NUL."""
    return _UNFIT.sub("", text)
