"""Catalogues as files: what the sources say in English, brought together with what translators have written.

A catalogue is the same whoever writes it and whenever: no dates, no line numbers, in the order of the sources.
"""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from spacebot.present.language import DOMAIN, ENGLISH, FACES, FOLDER, LANGUAGES, NAMES
from translations.offered import Word, words

ROOT = Path(__file__).parent.parent

SOURCES = ("cogs", "spacebot")
"""The folders with sentences."""

KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "n_": (1, 2), "p_": ((1, "c"), 2), "NP_": ((1, "c"), 2)}
"""What marks a sentence, as Babel writes it."""

COMMENTS = ("Translators:",)
"""Comments that begin so go along with the sentence below them."""

TRANSLATED = tuple(code for code in LANGUAGES if code != ENGLISH)
"""The languages that have a catalogue."""

Key = tuple[str | None, str | tuple[str, ...]]
"""What a message is found by: its context, and its English, of which a plural has two."""


class Quiet(Catalog):
    """A catalogue whose head says what programs need, and nothing that differs from day to day."""

    mime_headers = property(
        lambda self: [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ],
        Catalog._set_mime_headers,  # noqa: SLF001 - what reads a head stays as it is
    )


def empty(code: str) -> Catalog:
    """A catalogue of a language without any message."""
    name = Locale.parse(code).english_name
    return Quiet(locale=code, domain=DOMAIN, header_comment=f"# {name}: what spacebot says.", fuzzy=False)


def key(message: Message) -> Key:
    """What a message is found by."""
    return message.context, message.id if isinstance(message.id, str) else tuple(message.id)


def wanted(code: str) -> Catalog:
    """What a catalogue of this language has to translate: all sentences of the sources, and what commands show.

    Languages that Discord's own face does not have do without names of commands and choices, which people see there.
    """
    catalogue = empty(code)
    for folder, name, line, message, comments, context in _found():
        catalogue.add(message, None, [(f"{folder}/{name}", line)], auto_comments=comments, context=context)
    _add_words(catalogue, (word for word in words() if word.context is None or code in FACES))
    return catalogue


@cache
def _found() -> list[tuple[Any, ...]]:
    methods = [("sandbox/**", "ignore"), ("**.py", "python")]
    return [
        (folder, *each)
        for folder in SOURCES
        for each in extract_from_dir(ROOT / folder, methods, {}, KEYWORDS, COMMENTS)
    ]


def _add_words(catalogue: Catalog, found: Iterable[Word]) -> None:
    for word in found:
        if word.text not in NAMES.values():  # languages are called by their own names
            catalogue.add(word.text, None, auto_comments=[word.where], context=word.context)


def forms_of(message: Message) -> tuple[str, ...]:
    """What a message is translated by: one text, or one for each form of a plural; empty where it is not."""
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


def english_of(message: Message) -> tuple[str, ...]:
    """The message in English: one text, or two."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def po_of(code: str, folder: Path = FOLDER) -> Path:
    """Where a language's catalogue stands, as translators edit it."""
    return folder / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(code: str, folder: Path = FOLDER) -> Catalog:
    """A language's catalogue as it stands on disk; an empty one if there is none."""
    path = po_of(code, folder)
    if not path.exists():
        return empty(code)
    return parsed(path.read_bytes(), code)


def parsed(text: bytes, code: str) -> Catalog:
    """A catalogue of a language from the text of its file.

    Raises:
        PoFileError: it is none.
    """
    found = read_po(BytesIO(text), locale=code, domain=DOMAIN, abort_invalid=True)
    catalogue = empty(code)
    for message in found:
        if message.id:
            catalogue[message.id] = message
    catalogue.obsolete = found.obsolete
    return catalogue


def merged(code: str, old: Catalog) -> Catalog:
    """What the sources want, with the translations of an older catalogue; nothing is guessed, nothing left over."""
    catalogue = wanted(code)
    known = {key(message): message for message in old if message.id}
    for message in catalogue:
        before = known.get(key(message))
        if message.id and before is not None and not before.fuzzy:
            message.string = before.string
            message.user_comments = before.user_comments
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """The text of a catalogue's file, as translators edit it."""
    text = BytesIO()
    write_po(text, catalogue, width=120, include_lineno=False)
    return text.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as the bot reads it."""
    binary = BytesIO()
    write_mo(binary, catalogue)
    return binary.getvalue()


def store(code: str, catalogue: Catalog, folder: Path = FOLDER) -> None:
    """Write a catalogue, in both of its forms."""
    path = po_of(code, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(catalogue))
    path.with_suffix(".mo").write_bytes(compiled(catalogue))
