"""PURE: the components of a message or a modal as they are stored, which is how Discord shows them."""

from collections.abc import Iterable, Iterator
from typing import Any

ROW = 1
BUTTON = 2
STRING_SELECT = 3
TEXT_INPUT = 4
USER_SELECT = 5
ROLE_SELECT = 6
MENTIONABLE_SELECT = 7
CHANNEL_SELECT = 8
SECTION = 9
TEXT_DISPLAY = 10
THUMBNAIL = 11
MEDIA_GALLERY = 12
FILE = 13
SEPARATOR = 14
CONTAINER = 17
LABEL = 18
FILE_UPLOAD = 19
RADIO_GROUP = 21
CHECKBOX_GROUP = 22
CHECKBOX = 23

SELECTS = frozenset({STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT})


def walk(components: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every component, and after it what it holds, at any depth."""
    for component in components:
        yield component
        yield from walk(component.get("components", ()))
        for held in ("accessory", "component"):
            if held in component:
                yield from walk([component[held]])


def texts(components: Iterable[dict[str, Any]]) -> list[str]:
    """What the text displays say, from top to bottom."""
    return [component["content"] for component in walk(components) if component["type"] == TEXT_DISPLAY]


def media(components: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each picture or file that the components show, after what holds it."""
    for component in walk(components):
        for holder in (component, *component.get("items", ())):
            for key in ("media", "file"):
                if key in holder:
                    yield holder, holder[key]
