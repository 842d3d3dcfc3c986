"""PURE: a modal as a bot asks for it; what `read_modal` returns keeps Discord's rules for modals.

Source: Discord's documentation, 'Component Reference' (Label and what it holds) and 'Using Modal Components'; lengths are
UTF-16 units.
"""

from typing import Any

from spacebot.sandbox.discord.forms.choices import read_bounds, read_options, read_select, refuse_defaults
from spacebot.sandbox.discord.forms.form import Form, utf16_length
from spacebot.sandbox.discord.forms.parts import CUSTOM_ID, Parts, kept
from spacebot.sandbox.discord.model.components import (
    CHECKBOX,
    CHECKBOX_GROUP,
    FILE_UPLOAD,
    LABEL,
    RADIO_GROUP,
    ROW,
    SELECTS,
    TEXT_DISPLAY,
    TEXT_INPUT,
)

TITLE = 45
PARTS = 5
LABEL_TEXT = 45
DESCRIPTION = 100
PLACEHOLDER = 100
TEXT = 4000
GROUP = 10
FILES = 10

SHORT, _PARAGRAPH = 1, 2
_IN_A_LABEL = sorted({*SELECTS, TEXT_INPUT, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX})
_Json = dict[str, Any]


def read_modal(form: Form) -> _Json:
    """The modal of a type 9 answer, each component with its `id`; what is wrong goes to the form's problems."""
    form.require("custom_id", "title", "components")
    if form.fields.get("components") == []:
        form.wrong("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {PARTS} in length.")
    parts = Parts()
    components = [_read_part(part, parts) for part in form.forms("components", most=PARTS)]
    parts.number()
    return {
        "custom_id": form.text("custom_id", most=CUSTOM_ID, least=1),
        "title": form.text("title", most=TITLE, least=1),
        "components": components,
    }


def _read_part(form: Form, parts: Parts) -> _Json:
    kind = form.integer("type")
    if kind == ROW:
        row = parts.begin(form, ROW)
        inner = form.forms("components", most=PARTS)
        if len(inner) > 1:
            text = "The specified component exceeds the maximum width"
            form.wrong("components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text)
        elif not inner:
            form.wrong("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {PARTS} in length.")
        row["components"] = [_read_input(each, parts, in_label=False) for each in inner]
        return row
    if kind == LABEL:
        label = parts.begin(form, LABEL)
        form.require("label", "component")
        component = form.form("component")
        return kept(
            label,
            label=form.text("label", most=LABEL_TEXT, least=1),
            description=form.text("description", most=DESCRIPTION, least=1),
            component=_read_input(component, parts, in_label=True) if component else None,
        )
    if kind == TEXT_DISPLAY:
        return parts.text_display(form)
    form.wrong("type", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1, 10, 18).')
    return {}


def _read_input(form: Form, parts: Parts, *, in_label: bool) -> _Json:
    kind = form.integer("type")
    if kind == TEXT_INPUT:
        return _read_text_input(form, parts, in_label=in_label)
    if not in_label or kind not in _IN_A_LABEL:
        choices = ", ".join(map(str, _IN_A_LABEL)) if in_label else f"{TEXT_INPUT},"
        form.wrong("type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({choices}).')
        return {}
    if kind in SELECTS:
        if form.fields.get("disabled"):
            form.wrong("disabled", "BASE_TYPE_BAD_VALUE", "A select in a modal cannot be disabled")
        return _with_required(form, read_select(form, kind, parts))
    field = parts.begin(form, kind)
    form.require("custom_id")
    kept(field, custom_id=form.text("custom_id", most=CUSTOM_ID, least=1))
    if kind == CHECKBOX:
        field["default"] = form.boolean("default") or False
        return field
    _with_required(form, field)
    if kind == RADIO_GROUP:
        field["options"] = read_options(form, least=2, most=GROUP)
        refuse_defaults(form, "options", _chosen(field), (0, 1))
    elif kind == CHECKBOX_GROUP:
        options = form.fields.get("options")
        count = min(len(options), GROUP) if isinstance(options, list) and options else 1
        least, most = read_bounds(form, most=GROUP, otherwise_most=count)
        field |= {"min_values": least, "max_values": most}
        if least == 0 and field["required"]:
            form.wrong("min_values", "BASE_TYPE_BAD_VALUE", "A group of which none must be ticked cannot be required")
        field["options"] = read_options(form, least=max(least, most), most=GROUP)
        refuse_defaults(form, "options", _chosen(field), (0, most))
    else:
        field["min_values"], field["max_values"] = read_bounds(form, most=FILES)
    return field


def _with_required(form: Form, field: _Json) -> _Json:
    required = form.boolean("required")
    field["required"] = True if required is None else required
    return field


def _chosen(field: _Json) -> int:
    return sum(option.get("default", False) for option in field["options"])


def _read_text_input(form: Form, parts: Parts, *, in_label: bool) -> _Json:
    field = parts.begin(form, TEXT_INPUT)
    form.require("custom_id", "style")
    if not in_label:
        form.require("label")
    elif form.fields.get("label") is not None:
        form.wrong("label", "BASE_TYPE_BAD_VALUE", "A text input in a label cannot have a label of its own")
    kept(
        field,
        custom_id=form.text("custom_id", most=CUSTOM_ID, least=1),
        style=form.integer("style", least=SHORT, most=_PARAGRAPH),
        label=form.text("label", most=LABEL_TEXT, least=1),
        placeholder=form.text("placeholder", most=PLACEHOLDER) or None,
        min_length=form.integer("min_length", least=0, most=TEXT),
        max_length=form.integer("max_length", least=1, most=TEXT),
        value=form.text("value", most=TEXT) or None,
    )
    _with_required(form, field)
    most = field.get("max_length", TEXT)
    if field.get("min_length", 0) > most:
        form.wrong("min_length", "BASE_TYPE_BAD_VALUE", "The minimum length is above the maximum length")
    if utf16_length(field.get("value", "")) > most:
        form.wrong("value", "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    return field
