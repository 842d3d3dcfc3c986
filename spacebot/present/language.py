"""In which language people are told something: catalogues of gettext, and the one that is spoken at the moment.

A sentence stands in English where it is used, as a literal, so that it is found: `_("The answer is {count}.", count=3)`.
What stands at the level of a module, where no language is spoken yet, is marked with `N_` and looked up with `_` when
it is said.
"""

import gettext
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel import Locale
from babel.numbers import format_decimal

ENGLISH = "en"

LANGUAGES = (ENGLISH, "es", "pt", "fr", "de", "ja", "ko", "ar", "tr")
"""The languages that are spoken, by their code of two letters; the sentences themselves are English."""

FOLDER = Path(__file__).parent.parent / "locales"
"""Where the catalogues stand, one folder to a language."""

DOMAIN = "spacebot"

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


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a sentence that is looked up later, with `_`."""
    return message


def _(message: str, /, **values: object) -> str:
    """A sentence in the language that is spoken.

    Args:
        message: The sentence in English, with its values' names in braces.
        values: What stands for them. A whole number is written as the language writes numbers; what is to be written
            otherwise is given as text. In a language that runs from right to left each value is isolated from what
            stands around it, but for addresses, which must stay as they are.
    """
    return _filled(_catalogue(spoken()).gettext(message), values)


def p_(context: str, message: str, /, **values: object) -> str:
    """A sentence in the language that is spoken, where the English alone does not say which of two it is.

    Args:
        context: Which one, in a word; nobody reads it but who translates.
        message: As in `_`.
        values: As in `_`.
    """
    return _filled(_catalogue(spoken()).pgettext(context, message), values)


def n_(one: str, many: str, count: int, /, **values: object) -> str:
    """A sentence about a number of things in the language that is spoken, with its rules of plurals.

    Args:
        one: The sentence about one thing, in English; it names `{count}` as well, unless there is no need to.
        many: The sentence about several.
        count: How many; `{count}` stands for it.
        values: As in `_`.
    """
    return _filled(_catalogue(spoken()).ngettext(one, many, count), {"count": count, **values})


def number(value: int) -> str:
    """A whole number as the language that is spoken writes it: '12,345' in English."""
    return str(format_decimal(value, locale=_locale(spoken())))


def joined(items: Iterable[str]) -> str:
    """Several things one after another, as the language that is spoken separates them: 'A, B' in English."""
    return p_("between the items of a list", ", ").join(items)


def locale() -> Locale:
    """What is known of the language that is spoken: the names of languages, days and months in it."""
    return _locale(spoken())


def _filled(text: str, values: dict[str, object]) -> str:
    if not values:
        return text
    apart = _runs_from_right(spoken())
    return text.format_map({name: _written(value, apart=apart) for name, value in values.items()})


def _written(value: object, *, apart: bool) -> str:
    text = number(value) if isinstance(value, int) else str(value)
    return text if not apart or not text or text.startswith("http") else f"{_ISOLATE}{text}{_ISOLATED}"


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    # English has none: its sentences are its catalogue.
    return gettext.translation(DOMAIN, FOLDER, [code], fallback=True)


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


@cache
def _runs_from_right(code: str) -> bool:
    return str(_locale(code).text_direction) == "rtl"
