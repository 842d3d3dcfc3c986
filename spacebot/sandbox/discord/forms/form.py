"""PURE: reading a request body field by field; whatever the JSON is, the outcome is typed values or Discord's error tree.

Source of the tree: Discord's documentation, 'Error Messages' (code 50035, errors nested by path).
"""

import base64
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from spacebot.sandbox.discord.refusals import Refusal

_IMAGES = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8"}
_DATA_URI = re.compile(r"data:image/(png|jpeg|gif);base64,([A-Za-z0-9+/=]+)", re.ASCII)

MAX_SNOWFLAKE = (1 << 63) - 1


def utf16_length(text: str) -> int:
    """How long Discord takes a text to be: in UTF-16 units."""
    return len(text) + sum(1 for character in text if character > "\uffff")


class Problems:
    """What is wrong with a form, by path."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}

    def add(self, path: tuple[str, ...], code: str, message: str) -> None:
        node = self.tree
        for key in path:
            node = node.setdefault(key, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def any_at(self, path: tuple[str, ...]) -> bool:
        """Whether anything at or below `path` is wrong."""
        node = self.tree
        for key in path:
            node = node.get(key, {})
        return bool(node)

    def refuse(self) -> None:
        """Refuse the whole form if anything is wrong with it."""
        if self.tree:
            raise Refusal(50035, errors=_without_mixed_nodes(self.tree))


def _without_mixed_nodes(tree: dict[str, Any]) -> dict[str, Any]:
    """Keep either a node's own errors or its children's: Discord never shows both at once."""
    children = {key: _without_mixed_nodes(node) for key, node in tree.items() if key != "_errors"}
    return children or {"_errors": tree["_errors"]}


class Form:
    """An object of the body at `path`. Each reader answers None where the field is absent, null or wrong.

    What is wrong is added to `problems`, so that one answer names every mistake.
    """

    def __init__(self, value: Any, problems: Problems, path: tuple[str, ...] = ()) -> None:
        self.problems = problems
        self.path = path
        self.fields: dict[str, Any] = {}
        if isinstance(value, dict):
            self.fields = value
        else:
            problems.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")

    def wrong(self, key: str, code: str, message: str) -> None:
        self.problems.add((*self.path, key), code, message)

    def wrong_as_a_whole(self, code: str, message: str) -> None:
        self.problems.add(self.path, code, message)

    def given(self, key: str) -> bool:
        """Whether the field is there at all, be it null."""
        return key in self.fields

    def require(self, *keys: str) -> None:
        for key in keys:
            if self.fields.get(key) is None:
                self.wrong(key, "BASE_TYPE_REQUIRED", "This field is required")

    def text(self, key: str, *, most: int, least: int = 0) -> str | None:
        """A string of `least` to `most` UTF-16 units, stripped of outer white space as Discord does."""
        value = self.fields.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong(key, "STRING_TYPE_CONVERT", "Could not interpret as string.")
            return None
        value = value.strip()
        length = utf16_length(value)
        if length > most and not least:
            self.wrong(key, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif not value and least:
            self.wrong(key, "BASE_TYPE_REQUIRED", "This field is required")
        elif not least <= length <= most:
            self.wrong(key, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        else:
            return value
        return None

    def integer(self, key: str, *, least: int = -(1 << 53), most: int = 1 << 53) -> int | None:
        value = self.fields.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(key, "NUMBER_TYPE_COERCE", "Value is not int.")
        elif value > most:
            self.wrong(key, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        elif value < least:
            self.wrong(key, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}.")
        else:
            return value
        return None

    def number(self, key: str) -> float | None:
        value = self.fields.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1 << 53:
            self.wrong(key, "NUMBER_TYPE_COERCE", "Value is not a number.")
            return None
        return value

    def boolean(self, key: str) -> bool | None:
        value = self.fields.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.wrong(key, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
        return None

    def snowflake(self, key: str) -> int | None:
        """An id, as a string of digits or (as libraries send it, too) a number."""
        value = self.fields.get(key)
        if value is None:
            return None
        found = as_snowflake(value)
        if found is None:
            self.wrong(key, "NUMBER_TYPE_COERCE", "Value is not snowflake.")
        return found

    def url(self, key: str, *, most: int = 2048, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
        value = self.text(key, most=most)
        if not value:
            return None
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if not parts.scheme or any(character.isspace() for character in value):
            self.wrong(key, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        elif parts.scheme not in schemes:
            offered = ", ".join(repr(scheme) for scheme in schemes)
            text = f'Scheme "{parts.scheme}" is not supported. Scheme must be one of ({offered}).'
            self.wrong(key, "URL_TYPE_INVALID_SCHEME", text)
        elif not parts.netloc:
            self.wrong(key, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        else:
            return value
        return None

    def moment(self, key: str) -> datetime | None:
        """An ISO 8601 time; without a zone it is taken as UTC."""
        value = self.fields.get(key)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (TypeError, ValueError, OverflowError):
            self.wrong(key, "DATE_TIME_TYPE_PARSE", f"Could not parse {key}. Should be ISO8601.")
            return None

    def image(self, key: str, *, most: int) -> bytes | None:
        """A PNG, JPEG or GIF of at most `most` bytes as a data URI ('Image Data' in Discord's documentation)."""
        value = self.fields.get(key)
        if value is None:
            return None
        found = _DATA_URI.fullmatch(value) if isinstance(value, str) else None
        try:
            content = base64.b64decode(found[2], validate=True) if found is not None else b""
        except ValueError:
            content = b""
        if found is None or not content.startswith(_IMAGES[found[1]]):
            self.wrong(key, "IMAGE_INVALID", "Invalid image")
        elif len(content) > most:
            self.wrong(key, "BINARY_TYPE_MAX_SIZE", f"File cannot be larger than {most / 1024} kb.")
        else:
            return content
        return None

    def items(self, key: str, *, most: int) -> list[Any]:
        """The list's items; none where it is absent or null."""
        value = self.fields.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(key, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if len(value) > most:
            self.wrong(key, "BASE_TYPE_BAD_LENGTH", f"Must be {most} or fewer in length.")
            return []
        return value

    def forms(self, key: str, *, most: int) -> "list[Form]":
        """The list's items as forms of their own."""
        items = self.items(key, most=most)
        return [Form(item, self.problems, (*self.path, key, str(index))) for index, item in enumerate(items)]

    def form(self, key: str) -> "Form | None":
        value = self.fields.get(key)
        return None if value is None else Form(value, self.problems, (*self.path, key))

    def choices_of(self, key: str, allowed: frozenset[int] | frozenset[str], *, most: int = 100) -> "list[Any]":
        """A list without repetitions, each item one of `allowed`."""
        items = self.items(key, most=most)
        if any(isinstance(item, bool | dict | list | float) or item not in allowed for item in items):
            self.wrong(key, "BASE_TYPE_CHOICES", f"Value must be one of {sorted(allowed)}.")
            return []
        if len(set(items)) != len(items):
            self.wrong(key, "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
            return []
        return items


def as_snowflake(value: object) -> int | None:
    """`value` as an id, or None where it cannot be one."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SNOWFLAKE:
        return value
    return None
