"""What is wrong with a catalogue: each finding is one sentence that says which message, what, and what to do."""

import gettext
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import takewhile
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural

from spacebot.present.language import COMMAND, COMMAND_NAME
from spacebot.sandbox.discord.forms.commands import is_command_name
from translations.catalogues import english_of, forms_of, key, wanted
from translations.offered import paths

COUNT = "count"
"""The value that a form of a plural may leave out where it is said of one number alone: 'two hosts'."""

_CODE = re.compile(r"`[^`]*`")
_ADDRESS = re.compile(r"https?://[^\s)>\]]+")
_HEAD = re.compile(r"(?:#{1,3} |-# |- |\* |>(?:>>)? |\d+\. )?")
_SINGLE = ("**", "*", "`", "~~", "__", "||", "[", "]", "<", ">", "\n")
"""Marks of Discord's markdown, and what bounds addresses; as often in the translation as in English."""

_NUMBERS = 1000
"""The plural rules of all languages repeat within so many numbers."""

_SHOWN = 70
"""Characters of a message that a finding tells."""

_BIDI = "\u200e\u200f\u061c"
"""Marks of direction: they may stand where a translator needs them."""


def findings(catalogue: Catalog, code: str) -> Iterator[str]:
    """What is wrong with a language's catalogue, beside what Discord would not take of it.

    Args:
        catalogue: The catalogue as it stands in its file.
        code: Its language.
    """
    sought = {key(message): message for message in wanted(code) if message.id}
    there = {key(message): message for message in catalogue if message.id}
    for each, message in sought.items():
        if each not in there:
            yield f"{_shown(message)} is missing: run `python -m translations`."
    for each, message in there.items():
        if each not in sought:
            yield f"{_shown(message)} is said nowhere any more: run `python -m translations`."
    for obsolete in catalogue.obsolete.values():
        yield f"{_shown(obsolete)} is marked as obsolete (#~): run `python -m translations`."
    numbers = alone(code)
    for message in there.values():
        for wrong in wrong_with(message, numbers):
            yield f"{_shown(message)} {wrong}"


def alone(code: str) -> Mapping[int, int]:
    """Which forms of a plural are said of one number alone, and of which."""
    forms: dict[int, list[int]] = {}
    choose: Callable[[int], int] = gettext.c2py(get_plural(code).plural_expr)
    for number in range(_NUMBERS):
        forms.setdefault(choose(number), []).append(number)
    return {form: numbers[0] for form, numbers in forms.items() if len(numbers) == 1}


def wrong_with(message: Message, numbers: Mapping[int, int]) -> Iterator[str]:
    """What is wrong with the translation of one message.

    Args:
        message: The message.
        numbers: As `alone` says for its language.
    """
    if message.fuzzy:
        yield "is marked as fuzzy: look it over, and take the mark away."
    forms = forms_of(message)
    if not all(forms):
        yield "is not translated."
        return
    for at, form in enumerate(forms):
        where = f"(form {at}) " if len(forms) > 1 else ""
        for wrong in _wrong_with_form(message, form, may_leave_out=at in numbers and len(forms) > 1):
            yield f"{where}{wrong}"


def _wrong_with_form(message: Message, form: str, *, may_leave_out: bool) -> Iterator[str]:
    model = english_of(message)[-1]
    if message.context == COMMAND_NAME:
        if not is_command_name(form):
            yield f"is no name for a command: {form!r} must be 1 to 32 letters, digits, - or _, in lower case."
        return
    yield from _wrong_with_values(model, form, may_leave_out=may_leave_out)
    for what, of in _MARKS.items():
        expected, found = of(model), of(form)
        if expected != found:
            yield f"has not the same {what} as the English: {_told(expected, found)}"
    for path, behind in named(form):
        if behind:
            yield f"has {behind!r} behind `/{path}`, which is the name of a command as well: put another word there."
    if any(unicodedata.category(each) == "Cc" and each != "\n" for each in form):
        yield "has a control character in it."


def _wrong_with_values(model: str, form: str, *, may_leave_out: bool) -> Iterator[str]:
    try:
        expected = values(model)
    except ValueError:  # the braces are no values
        return
    try:
        found = values(form)
    except ValueError:
        yield "has a brace that is not closed."
        return
    lacking = expected - found - ({COUNT} if may_leave_out else set())
    if lacking:
        yield f"lacks {_braced(lacking)}."
    if found - expected:
        yield f"has {_braced(found - expected)}, which the English has not."


def named(text: str) -> Iterator[tuple[str, str]]:
    """The commands that a text names, each with words behind it that a catalogue would take for a part of its name."""
    known = paths()
    names = {word for path in known for word in path.split(" ")}
    for match in COMMAND.finditer(_ADDRESS.sub("", text)):
        words = match["path"].split(" ")
        path = next((part for end in range(len(words), 0, -1) if (part := " ".join(words[:end])) in known), None)
        if path is not None:
            behind = words[path.count(" ") + 1 :]
            yield path, " ".join(takewhile(names.__contains__, behind))


def values(text: str) -> set[str]:
    """The names that stand in braces.

    Raises:
        ValueError: a brace is not closed, or not opened.
    """
    return {
        f"{name}{'!' + conversion if conversion else ''}{':' + form if form else ''}"
        for _, name, form, conversion in Formatter().parse(text)
        if name is not None
    }


def _braced(names: set[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def _leading(text: str) -> str:
    """The emoji with which a text begins."""
    end = 0
    while end < len(text) and (unicodedata.category(text[end]) in {"So", "Sk", "Mn"} or text[end] in "\u200d\ufe0f"):
        end += 1
    return text[:end]


def _white(text: str) -> tuple[str, str]:
    bare = text.strip(_BIDI)
    return bare[: len(bare) - len(bare.lstrip())], bare[len(bare.rstrip()) :]


def _single(mark: str, text: str) -> int:
    """How often a mark stands in a text outside of code; `**` is no `*`."""
    outside = text if mark == "`" else _CODE.sub("", text)
    return outside.replace("**", "").count("*") if mark == "*" else outside.count(mark)


_MARKS: dict[str, Callable[[str], object]] = {
    "code": lambda text: Counter(_CODE.findall(text)),
    "links": lambda text: Counter(_ADDRESS.findall(text)),
    "commands": lambda text: Counter(path for path, _behind in named(text)),
    "emoji at its beginning": _leading,
    "white space around it": _white,
    "heads of lines": lambda text: [match[0] for line in text.split("\n") if (match := _HEAD.match(line))],
    **{f"number of {mark!r}": partial(_single, mark) for mark in _SINGLE},
}


def _told(expected: object, found: object) -> str:
    if isinstance(expected, Counter) and isinstance(found, Counter):
        lacking, more = list((expected - found).elements()), list((found - expected).elements())
        return " ".join([f"lacks {lacking}." if lacking else "", f"has {more}." if more else ""]).strip()
    return f"{expected!r} there, {found!r} here."


def _shown(message: Message) -> str:
    text = english_of(message)[-1]
    short = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    context = f"[{message.context}] " if message.context else ""
    return f"{context}{short!r}"
