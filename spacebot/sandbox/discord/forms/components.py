"""PURE: the components of a message; what `read_components` returns keeps Discord's rules for them.

Source: Discord's documentation, 'Component Reference' and 'Using Message Components'.
"""

from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b
from typing import Any

from spacebot.sandbox.discord.forms.choices import read_emoji, read_select
from spacebot.sandbox.discord.forms.form import Form
from spacebot.sandbox.discord.forms.parts import COMPONENTS_IN_ALL, CUSTOM_ID, Parts, kept
from spacebot.sandbox.discord.model.components import (
    BUTTON,
    CONTAINER,
    FILE,
    MEDIA_GALLERY,
    ROW,
    SECTION,
    SELECTS,
    SEPARATOR,
    TEXT_DISPLAY,
    THUMBNAIL,
)

ROWS = 5
BUTTONS_IN_A_ROW = 5
TEXTS_IN_A_SECTION = 3
PICTURES = 10
LABEL = 80
LINK = 512
MEDIA = 2048
ALT_TEXT = 1024

ATTACHED = "attachment://"
_LINK_STYLE = 5
_Reader = Callable[[Form, Parts], dict[str, Any]]
_Readers = Mapping[int, _Reader]


def read_components(form: Form, *, laid_out: bool, files: Collection[str] = ()) -> list[dict[str, Any]]:
    """The components of a message, each with its `id`; what is wrong goes to the form's problems.

    `laid_out`: the message has the flag IS_COMPONENTS_V2, without which there are only rows. `files` are the names of those
    attached to it.
    """
    parts = Parts(files)
    readers: _Readers = _LAID_OUT if laid_out else {ROW: _read_row}
    components = _read_each(form, parts, readers, most=COMPONENTS_IN_ALL if laid_out else ROWS)
    parts.number()
    if laid_out:
        parts.refuse_too_much(form)
    return components


def _read_each(form: Form, parts: Parts, readers: _Readers, *, most: int) -> list[dict[str, Any]]:
    """The `components` that the form holds, each of a type that has a reader."""
    found = (_read_one(each, parts, readers) for each in form.forms("components", most=most))
    return [component for component in found if component is not None]


def _read_one(form: Form, parts: Parts, readers: _Readers) -> dict[str, Any] | None:
    kind = form.fields.get("type")
    if isinstance(kind, int) and kind in readers:
        return readers[kind](form, parts)
    choices = str(tuple(sorted(readers)))
    form.wrong("type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of {choices}.')
    return None


def _require_components(form: Form, *, most: int) -> None:
    if form.fields.get("components") in (None, []):
        form.wrong("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {most} in length.")


def _read_row(form: Form, parts: Parts) -> dict[str, Any]:
    row = parts.begin(form, ROW)
    _require_components(form, most=BUTTONS_IN_A_ROW)
    row["components"] = _read_each(form, parts, _IN_A_ROW, most=BUTTONS_IN_A_ROW)
    if len(row["components"]) > 1 and any(component["type"] in SELECTS for component in row["components"]):
        text = "The specified component exceeds the maximum width"
        form.wrong("components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text)
    return row


def _read_button(form: Form, parts: Parts) -> dict[str, Any]:
    button = parts.begin(form, BUTTON)
    form.require("style")
    style = form.integer("style", least=1, most=_LINK_STYLE)
    kept(
        button,
        style=style,
        label=form.text("label", most=LABEL) or None,
        emoji=read_emoji(form),
        disabled=form.boolean("disabled") or None,
    )
    if style == _LINK_STYLE:
        form.require("url")
        if form.fields.get("custom_id") is not None:
            form.wrong("custom_id", "BASE_TYPE_BAD_VALUE", "A link button cannot have a custom id")
        kept(button, url=form.url("url", most=LINK, schemes=("http", "https", "discord")))
    else:
        form.require("custom_id")
        if form.fields.get("url") is not None:
            form.wrong("url", "BUTTON_COMPONENT_INVALID_URL", "A button with a custom id cannot have a url")
        kept(button, custom_id=form.text("custom_id", most=CUSTOM_ID, least=1))
    if "label" not in button and "emoji" not in button:
        form.wrong_as_a_whole("BUTTON_COMPONENT_MISSING_LABEL", "A button must have a label or an emoji")
    return button


def _select_reader(kind: int) -> _Reader:
    return lambda form, parts: read_select(form, kind, parts)


def _read_text(form: Form, parts: Parts) -> dict[str, Any]:
    return parts.text_display(form)


def _read_section(form: Form, parts: Parts) -> dict[str, Any]:
    section = parts.begin(form, SECTION)
    _require_components(form, most=TEXTS_IN_A_SECTION)
    section["components"] = _read_each(form, parts, {TEXT_DISPLAY: _read_text}, most=TEXTS_IN_A_SECTION)
    form.require("accessory")
    accessory = form.form("accessory")
    read = _read_one(accessory, parts, {BUTTON: _read_button, THUMBNAIL: _read_thumbnail}) if accessory else None
    return kept(section, accessory=read)


def _read_thumbnail(form: Form, parts: Parts) -> dict[str, Any]:
    thumbnail = parts.begin(form, THUMBNAIL)
    thumbnail.update(_read_picture(form, parts))
    return thumbnail


def _read_gallery(form: Form, parts: Parts) -> dict[str, Any]:
    gallery = parts.begin(form, MEDIA_GALLERY)
    if form.fields.get("items") in (None, []):
        form.wrong("items", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {PICTURES} in length.")
    gallery["items"] = [_read_picture(each, parts) for each in form.forms("items", most=PICTURES)]
    return gallery


def _read_picture(form: Form, parts: Parts) -> dict[str, Any]:
    return {
        "media": _read_media(form, parts, "media", schemes=("http", "https", "attachment")),
        "description": form.text("description", most=ALT_TEXT, least=1),
        "spoiler": form.boolean("spoiler") or False,
    }


def _read_file(form: Form, parts: Parts) -> dict[str, Any]:
    file = parts.begin(form, FILE)
    media = _read_media(form, parts, "file", schemes=("attachment",))
    name = media.get("url", "").removeprefix(ATTACHED)
    file.update({"file": media, "name": name, "size": None, "spoiler": form.boolean("spoiler") or False})
    return file


def _read_media(form: Form, parts: Parts, key: str, *, schemes: tuple[str, ...]) -> dict[str, Any]:
    form.require(key)
    media = form.form(key)
    if media is None:
        return {}
    media.require("url")
    url = media.url("url", most=MEDIA, schemes=schemes) or ""
    if url.startswith(ATTACHED) and url.removeprefix(ATTACHED) not in parts.files:
        media.wrong("url", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", "Referenced attachment not found")
    # an id that depends on nothing but the picture: reading a form makes nothing
    number = int.from_bytes(blake2b(url.encode(), digest_size=7).digest())
    return {"id": str(number), "url": url, "proxy_url": url, "width": None, "height": None, "content_type": None}


def _read_separator(form: Form, parts: Parts) -> dict[str, Any]:
    separator = parts.begin(form, SEPARATOR)
    separator["spacing"] = form.integer("spacing", least=1, most=2) or 1
    separator["divider"] = form.boolean("divider") is not False
    return separator


def _read_container(form: Form, parts: Parts) -> dict[str, Any]:
    container = parts.begin(form, CONTAINER)
    container["accent_color"] = form.integer("accent_color", least=0, most=0xFFFFFF)
    container["spoiler"] = form.boolean("spoiler") or False
    _require_components(form, most=COMPONENTS_IN_ALL)
    container["components"] = _read_each(form, parts, _IN_A_CONTAINER, most=COMPONENTS_IN_ALL)
    return container


_IN_A_ROW: _Readers = {BUTTON: _read_button, **{kind: _select_reader(kind) for kind in SELECTS}}
_IN_A_CONTAINER: _Readers = {
    ROW: _read_row,
    SECTION: _read_section,
    TEXT_DISPLAY: _read_text,
    MEDIA_GALLERY: _read_gallery,
    FILE: _read_file,
    SEPARATOR: _read_separator,
}
_LAID_OUT: _Readers = {**_IN_A_CONTAINER, CONTAINER: _read_container}
