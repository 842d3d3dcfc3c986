"""PURE: the buttons and menus of a message; what `read_components` returns keeps Discord's rules for components.

Source: Discord's documentation, 'Component Reference'.
"""

from typing import Any

from spacebot.sandbox.discord.forms.form import Form
from spacebot.sandbox.discord.model.components import BUTTON, ROW, STRING_SELECT, walk

ROWS = 5
BUTTONS_IN_A_ROW = 5
CUSTOM_ID = 100
LABEL = 80
LINK = 512

_SELECTS = frozenset({STRING_SELECT, 5, 6, 7, 8})
_LINK_STYLE = 5


def read_components(form: Form) -> list[dict[str, Any]]:
    """The components of a message, each with its `id`; what is wrong goes to the form's problems."""
    found = form.forms("components", most=ROWS)
    rows: list[dict[str, Any]] = [{"type": ROW, "components": _read_row(row)} for row in found if _is_row(row)]
    _refuse_repeated_custom_ids(form, rows)
    for number, component in enumerate(walk(rows), 1):
        component["id"] = number
    return rows


def _is_row(form: Form) -> bool:
    if form.fields.get("type") == ROW:
        return True
    form.wrong("type", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')
    return False


def _read_row(row: Form) -> list[dict[str, Any]]:
    inner = row.forms("components", most=BUTTONS_IN_A_ROW)
    if row.fields.get("components") in (None, []):
        row.wrong("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {BUTTONS_IN_A_ROW} in length.")
    read = []
    for component in inner:
        kind = component.integer("type")
        if kind == BUTTON:
            read.append(_read_button(component))
        elif kind in _SELECTS:
            read.append(_read_select(component, kind))
            if len(inner) > 1:
                row.wrong(
                    "components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width"
                )
        else:
            component.wrong("type", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (2, 3, 5, 6, 7, 8).')
    return read


def _read_button(form: Form) -> dict[str, Any]:
    form.require("style")
    style = form.integer("style", least=1, most=_LINK_STYLE)
    button = {
        "type": BUTTON,
        "style": style,
        "label": form.text("label", most=LABEL) or None,
        "emoji": _read_emoji(form),
        "disabled": form.boolean("disabled") or None,
    }
    if style == _LINK_STYLE:
        form.require("url")
        if form.fields.get("custom_id") is not None:
            form.wrong("custom_id", "BASE_TYPE_BAD_VALUE", "A link button cannot have a custom id")
        button["url"] = form.url("url", most=LINK, schemes=("http", "https", "discord"))
    else:
        form.require("custom_id")
        if form.fields.get("url") is not None:
            form.wrong("url", "BUTTON_COMPONENT_INVALID_URL", "A button with a custom id cannot have a url")
        button["custom_id"] = form.text("custom_id", most=CUSTOM_ID, least=1)
    if not button["label"] and not button["emoji"]:
        form.wrong_as_a_whole("BUTTON_COMPONENT_MISSING_LABEL", "A button must have a label or an emoji")
    return {key: value for key, value in button.items() if value is not None}


def _read_emoji(form: Form) -> dict[str, Any] | None:
    emoji = form.form("emoji")
    if emoji is None:
        return None
    name = emoji.text("name", most=32)
    emoji_id = emoji.snowflake("id")
    if not name and emoji_id is None:
        emoji.wrong("name", "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")
    return {"name": name or "", **({} if emoji_id is None else {"id": str(emoji_id)})}


def _read_select(form: Form, kind: int) -> dict[str, Any]:
    form.require("custom_id")
    menu: dict[str, Any] = {
        "type": kind,
        "custom_id": form.text("custom_id", most=CUSTOM_ID, least=1),
        "placeholder": form.text("placeholder", most=150) or None,
        "min_values": _or(form.integer("min_values", least=0, most=25), 1),
        "max_values": _or(form.integer("max_values", least=1, most=25), 1),
        "disabled": form.boolean("disabled") or None,
    }
    if kind == STRING_SELECT:
        options = form.forms("options", most=25)
        if form.fields.get("options") in (None, []):
            form.wrong("options", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
        menu["options"] = [_read_choice(option) for option in options]
    return {key: value for key, value in menu.items() if value is not None}


def _read_choice(form: Form) -> dict[str, Any]:
    form.require("label", "value")
    choice = {
        "label": form.text("label", most=100, least=1),
        "value": form.text("value", most=100, least=1),
        "description": form.text("description", most=100) or None,
        "default": form.boolean("default") or None,
    }
    return {key: value for key, value in choice.items() if value is not None}


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _refuse_repeated_custom_ids(form: Form, rows: list[dict[str, Any]]) -> None:
    seen = set()
    for row_number, row in enumerate(rows):
        for number, component in enumerate(row["components"]):
            custom_id = component.get("custom_id")
            if custom_id is not None and custom_id in seen:
                path = (*form.path, "components", str(row_number), "components", str(number), "custom_id")
                text = "Component custom id cannot be duplicated"
                form.problems.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", text)
            seen.add(custom_id)
