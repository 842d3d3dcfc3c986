"""In which language people are told something: catalogues of gettext, and the one that is spoken at the moment.

A sentence stands in English where it is used, as a literal, so that it is found: `_("The answer is {count}.", count=3)`.
What stands at the level of a module, where no language is spoken yet, is marked with `N_` and looked up with `_` when
it is said; `NP_` does so where the English alone does not say which of two it is.

Commands stand in sentences by their English names, in the catalogues too, such as `/watch list`. Where Discord shows a
command by another name, a catalogue says that name.
"""

import gettext
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import discord
from babel import Locale
from babel.numbers import format_decimal

from spacebot.domain.languages import N_, NP_, InContext

__all__ = [
    "CHOICE",
    "COMMAND",
    "COMMAND_NAME",
    "DOMAIN",
    "ENGLISH",
    "FACES",
    "FOLDER",
    "LANGUAGES",
    "NAMES",
    "NP_",
    "N_",
    "_",
    "closest",
    "command",
    "is_from_right",
    "listed",
    "load",
    "locale",
    "n_",
    "number",
    "of_guild",
    "of_reader",
    "p_",
    "speak",
    "speaking",
    "spoken",
    "translated",
]

ENGLISH = "en"

LANGUAGES = (ENGLISH, "es", "pt", "fr", "de", "ja", "ko", "ar", "tr")
"""The languages that are spoken, by their code of two letters; the sentences themselves are English."""

NAMES = {
    "en": "English",
    "es": "Español",
    "pt": "Português",
    "fr": "Français",
    "de": "Deutsch",
    "ja": "日本語",
    "ko": "한국어",
    "ar": "العربية",
    "tr": "Türkçe",
}
"""What those who speak a language call it."""

FOLDER = Path(__file__).parent.parent / "locales"
"""Where the catalogues stand, one folder to a language."""

DOMAIN = "spacebot"

COMMAND_NAME = "command name"
"""The context in which catalogues have the names of commands and groups, a word each."""

CHOICE = "choice"
"""The context in which catalogues have the choices of commands' options."""

COMMAND = re.compile(r"(?<![A-Za-z0-9_/.:<>{}])/(?P<path>[a-z0-9-]+(?: [a-z0-9-]+)*)(?![A-Za-z0-9_/-])")
"""A command in a sentence, with words behind it that may or may not belong to it."""

_ISOLATE, _ISOLATED = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"

_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def spoken() -> str:
    """The language in which people are told something here, one of `LANGUAGES`."""
    return _spoken.get()


def speak(code: str) -> None:
    """Speak a language from now on, until the end of the task that calls this.

    Args:
        code: One of `LANGUAGES`.
    """
    _spoken.set(code)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language for a while.

    Args:
        code: One of `LANGUAGES`.
    """
    before = _spoken.set(code)
    try:
        yield
    finally:
        _spoken.reset(before)


def closest(locale: str | None) -> str | None:
    """The language of `LANGUAGES` that somebody with this locale reads ('pt-BR' reads 'pt'), or None."""
    code = (locale or "").replace("_", "-").partition("-")[0].lower()
    return code if code in LANGUAGES else None


FACES = frozenset(code for code in map(closest, (locale.value for locale in discord.Locale)) if code)
"""The languages that Discord's own face has, and with it the names of commands."""


def of_guild(chosen: str | None, locale: str | None) -> str:
    """The language in which a guild is told something.

    Args:
        chosen: What its admins have chosen, as a code; None for what Discord says.
        locale: What Discord says.
    """
    return (chosen if chosen in LANGUAGES else closest(locale)) or ENGLISH


def of_reader(locale: str | None, chosen: str | None) -> str:
    """The language in which one person is answered: that of their own Discord.

    Who reads a language that Discord's face does not have cannot say so there: where admins have chosen one, it counts.

    Args:
        locale: Of the reader's Discord.
        chosen: What the admins of the guild have chosen, as a code; None for what Discord says.
    """
    if chosen in LANGUAGES and chosen not in FACES:
        return chosen
    return closest(locale) or ENGLISH


def _(message: str, /, **values: object) -> str:
    """A sentence in the language that is spoken.

    Args:
        message: The sentence in English, with its values' names in braces; or what `N_` or `NP_` marked.
        values: What stands for them. A whole number is written as the language writes numbers; what is to be written
            otherwise is given as text. In a language that runs from right to left each value is isolated from what
            stands around it, but for addresses, which must stay as they are.
    """
    if isinstance(message, InContext):
        return p_(message.context, message, **values)
    return _filled(_catalogue(FOLDER, spoken()).gettext(message), values)


def p_(context: str, message: str, /, **values: object) -> str:
    """A sentence in the language that is spoken, where the English alone does not say which of two it is.

    Args:
        context: Which one, in a word; nobody reads it but who translates.
        message: As in `_`.
        values: As in `_`.
    """
    return _filled(_catalogue(FOLDER, spoken()).pgettext(context, message), values)


def n_(one: str, many: str, count: int, /, **values: object) -> str:
    """A sentence about a number of things in the language that is spoken, with its rules of plurals.

    Args:
        one: The sentence about one thing, in English; it names `{count}` as well, unless there is no need to.
        many: The sentence about several.
        count: How many; `{count}` stands for it.
        values: As in `_`.
    """
    return _filled(_catalogue(FOLDER, spoken()).ngettext(one, many, count), {"count": count, **values})


def translated(message: str, code: str, context: str | None = None) -> str | None:
    """What a catalogue has for a message without values; None where it has nothing.

    Args:
        message: The message in English.
        code: One of `LANGUAGES`.
        context: As in `p_`.
    """
    catalogue = _catalogue(FOLDER, code)
    found = catalogue.gettext(message) if context is None else catalogue.pgettext(context, message)
    return None if found == message else found


def command(path: str) -> str:
    """A command as the language that is spoken calls it: 'watch list', or what Discord shows instead of it."""
    return " ".join(_catalogue(FOLDER, spoken()).pgettext(COMMAND_NAME, word) for word in path.split(" "))


def number(value: int) -> str:
    """A whole number as the language that is spoken writes it: '12,345' in English."""
    return str(format_decimal(value, locale=_locale(spoken())))


def listed(items: Iterable[str]) -> str:
    """Several things in a row, such as 'A, B, C'."""
    return p_("between things in a row", ", ").join(items)


def is_from_right() -> bool:
    """Whether the language that is spoken runs from right to left."""
    return _runs_from_right(spoken())


def locale() -> Locale:
    """What is known of the language that is spoken: the names of languages, days and months in it."""
    return _locale(spoken())


def _filled(text: str, values: dict[str, object]) -> str:
    if not values:
        return text
    apart = is_from_right()
    return text.format_map({name: _written(value, apart=apart) for name, value in values.items()})


def _written(value: object, *, apart: bool) -> str:
    text = number(value) if isinstance(value, int) else str(value)
    return text if not apart or not text or text.startswith("http") else f"{_ISOLATE}{text}{_ISOLATED}"


class _Catalogue(gettext.GNUTranslations):
    """A catalogue whose sentences name commands as Discord does."""

    def _parse(self, fp: Any) -> None:  # what gettext documents as the hook for this
        super()._parse(fp)
        entries: dict[Any, str] = self._catalog  # type: ignore[attr-defined]  # gettext has no other way to it
        beginning = f"{COMMAND_NAME}\x04"
        names = {
            key.removeprefix(beginning): text
            for key, text in entries.items()
            if isinstance(key, str) and key.startswith(beginning)
        }
        if names:
            entries.update({key: _named(text, names) for key, text in entries.items() if "/" in text})


def _named(text: str, names: dict[str, str]) -> str:
    """The text with the commands in it called by these names; a word that is none, and what follows it, stay."""

    def path(match: re.Match[str]) -> str:
        words = match["path"].split(" ")
        known = next((at for at, word in enumerate(words) if word not in names), len(words))
        return "/" + " ".join([*(names[word] for word in words[:known]), *words[known:]])

    return COMMAND.sub(path, text)


def load(code: str) -> None:
    """Have all at hand that this language needs; it takes some milliseconds, and is done once.

    Args:
        code: One of `LANGUAGES`.
    """
    _catalogue(FOLDER, code)
    format_decimal(1, locale=_locale(code))


@cache
def _catalogue(folder: Path, code: str) -> gettext.NullTranslations:
    # English has none: its sentences are its catalogue.
    return gettext.translation(DOMAIN, folder, [code], class_=_Catalogue, fallback=True)


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


@cache
def _runs_from_right(code: str) -> bool:
    return str(_locale(code).text_direction) == "rtl"
