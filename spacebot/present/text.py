"""Escapes text from X: whatever it contains, Discord shows it literally and mentions nobody."""

import re

INVISIBLE = "\N{WORD JOINER}"
"""Inserted after `<` and `@`, so that what follows is not read as a mention, a timestamp, an emoji or a command."""

# Markdown of every kind, the colon of a bare link, and the dot of a bare domain (Discord shows bare invites).
_MARKDOWN = re.compile(r"([\\*_~`|>#\-\[\]()+]|(?<=\d)\.|(?<=\w)\.(?=\w)|:(?=//))")
_CONTROL = re.compile(r"[\ud800-\udfff\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def plain(text: str, most: int = 256) -> str:
    """Text for places without markdown (author, footer, button): one line of at most `most` UTF-16 units."""
    return clipped(" ".join(_CONTROL.sub(" ", text).split()), most)


def inert(text: str, most: int = 256) -> str:
    """Text for places with markdown (content, title, description, fields): one line, escaped.

    Args:
        text: Anything.
        most: The most UTF-16 units of the result, including escapes, as Discord counts them.
    """
    words = " ".join(_CONTROL.sub(" ", text).split())
    apart = re.sub("[<@]", lambda found: found[0] + INVISIBLE, words)
    escaped = _MARKDOWN.sub(r"\\\1", apart)
    if units(escaped) <= most:
        return escaped
    cut = clipped(escaped, most)
    stem = cut.removesuffix("…")
    loose = len(stem) - len(stem.rstrip("\\"))
    return stem[:-1] + "…" if loose % 2 else cut


def still(text: str) -> str:
    """Admins' own text, on one line: its markdown works, but it mentions nobody."""
    return " ".join(_CONTROL.sub(" ", text).split()).replace("@", "@" + INVISIBLE)


def units(text: str) -> int:
    """The length as Discord counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clipped(text: str, most: int) -> str:
    """The text, or its beginning and '…' if it is longer than `most` UTF-16 units; never splits a character."""
    if units(text) <= most:
        return text
    kept, used = [], 1
    for letter in text:
        used += units(letter)
        if used > most:
            break
        kept.append(letter)
    return "".join(kept).rstrip() + "…"
