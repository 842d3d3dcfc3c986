"""What of all that is shown has no translation, wherever it comes from: it reads as English among accented letters."""

import re
from collections.abc import Iterator

from pictures import scenes
from spacebot.present.language import NAMES
from translations import shown
from translations.checks import named
from translations.pseudo import pseudo
from translations.rendered import spoken, texts

NO_PROSE = re.compile(
    r"`[^`]*`|https?://\S+|<style>.*</style>|<[^<>]*>|\{[^{}]*\}|\]\([^)]*\)|@\S+|&\w+;|#\w+|\b1OyKA\w+"
)
"""Code, addresses, mentions, times, tags of web pages."""

VALUES = frozenset(
    word
    for text in (
        *(shown.HOST.name, shown.HOST.username, shown.OTHER.name, shown.OTHER.username, *NAMES.values()),
        *(str(space.title) for space in (scenes.LIVE, scenes.SCHEDULED)),
        *(person.name for person in scenes.PEOPLE),
        *("Book club", "X is slow", "The disk is full.", "type theory", "chess tea and spoilers", "Ann", "nobody"),
        *("It did not work.", "old_name", "spacebot", "UTC", "http", "listeners", "spaces users"),
    )
    for word in re.findall(r"[^\W_]+", text)
)
"""What people, Discord and X call things; it stays as it is."""


def english_left(code: str) -> Iterator[str]:
    """Everything shown in an accented language that still has English words, with those words."""
    with spoken(pseudo(code), code):
        for name, made in shown.everything():
            for text in texts(made()):
                for path, _behind in named(text):
                    text = text.replace(f"/{path}", "")  # noqa: PLW2901 - what is left of it
                words = set(re.findall(r"[^\W\d_]{2,}", NO_PROSE.sub(" ", text))) - VALUES
                words = {word for word in words if word.isascii() and len(set(word)) > 1}
                if words:
                    yield f"{name}: {sorted(words)} in {text!r}"
