"""PURE: a modal as a bot asks for it; what `read_modal` returns keeps Discord's rules for modals.

Source: Discord's documentation, 'Component Reference' (Label, Text Input) and 'Using Modal Components'; lengths are
UTF-16 units.
"""

from spacebot.sandbox.discord.forms.components import CUSTOM_ID
from spacebot.sandbox.discord.forms.form import Form, utf16_length
from spacebot.sandbox.discord.model.components import ROW
from spacebot.sandbox.discord.payloads import Json

TITLE = 45
PARTS = 5
LABEL_TEXT = 45
DESCRIPTION = 100
PLACEHOLDER = 100
TEXT = 4000

TEXT_INPUT = 4
TEXT_DISPLAY = 10
LABEL = 18
_OTHER_INPUTS = frozenset({3, 5, 6, 7, 8, 19, 21, 22, 23})
SHORT, _PARAGRAPH = 1, 2


def read_modal(form: Form) -> Json:
    """The modal of a type 9 answer, each component with its `id`; what is wrong goes to the form's problems."""
    form.require("custom_id", "title", "components")
    if form.fields.get("components") == []:
        form.wrong("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {PARTS} in length.")
    parts = [_read_part(part) for part in form.forms("components", most=PARTS)]
    _refuse_repeated_custom_ids(form, parts)
    every = [component for part in parts for component in (part, *inputs_in(part))]
    for number, component in enumerate(every, 1):
        component["id"] = number
    return {
        "custom_id": form.text("custom_id", most=CUSTOM_ID, least=1),
        "title": form.text("title", most=TITLE, least=1),
        "components": parts,
    }


def inputs_in(part: Json) -> list[Json]:
    found: list[Json] = part.get("components") or [part["component"]]
    return found


def _read_part(form: Form) -> Json:
    kind = form.integer("type")
    if kind == ROW:
        inner = form.forms("components", most=PARTS)
        if len(inner) > 1:
            text = "The specified component exceeds the maximum width"
            form.wrong("components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text)
        elif not inner:
            form.wrong("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {PARTS} in length.")
        inputs = [_read_input(each, in_label=False) for each in inner]
        return {"type": ROW, "components": inputs or [{}]}
    if kind == LABEL:
        form.require("label", "component")
        component = form.form("component")
        part = {
            "type": LABEL,
            "label": form.text("label", most=LABEL_TEXT, least=1),
            "description": form.text("description", most=DESCRIPTION, least=1),
            "component": _read_input(component, in_label=True) if component else {},
        }
        return {key: value for key, value in part.items() if value is not None}
    if kind == TEXT_DISPLAY:
        form.wrong("type", "NOT_OFFERED", "The local Discord knows no texts in modals but labels.")
    else:
        form.wrong("type", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1, 10, 18).')
    return {"component": {}}


def _read_input(form: Form, *, in_label: bool) -> Json:
    kind = form.integer("type")
    if in_label and kind in _OTHER_INPUTS:
        form.wrong("type", "NOT_OFFERED", "The local Discord knows no inputs in modals but text.")
        return {}
    if kind != TEXT_INPUT:
        choices = "3, 4, 5, 6, 7, 8, 19, 21, 22, 23" if in_label else "4,"
        form.wrong("type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({choices}).')
        return {}
    form.require("custom_id", "style")
    if not in_label:
        form.require("label")
    elif form.fields.get("label") is not None:
        form.wrong("label", "BASE_TYPE_BAD_VALUE", "A text input in a label cannot have a label of its own")
    required = form.boolean("required")
    field: Json = {
        "type": TEXT_INPUT,
        "custom_id": form.text("custom_id", most=CUSTOM_ID, least=1),
        "style": form.integer("style", least=SHORT, most=_PARAGRAPH),
        "label": form.text("label", most=LABEL_TEXT, least=1),
        "placeholder": form.text("placeholder", most=PLACEHOLDER) or None,
        "required": True if required is None else required,
        "min_length": form.integer("min_length", least=0, most=TEXT),
        "max_length": form.integer("max_length", least=1, most=TEXT),
        "value": form.text("value", most=TEXT) or None,
    }
    field = {key: value for key, value in field.items() if value is not None}
    most = field.get("max_length", TEXT)
    if field.get("min_length", 0) > most:
        form.wrong("min_length", "BASE_TYPE_BAD_VALUE", "The minimum length is above the maximum length")
    if utf16_length(field.get("value", "")) > most:
        form.wrong("value", "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    return field


def _refuse_repeated_custom_ids(form: Form, parts: list[Json]) -> None:
    seen = set()
    for number, part in enumerate(parts):
        place = ("component",) if "component" in part else ("components", "0")
        for each in inputs_in(part):
            custom_id = each.get("custom_id")
            if custom_id is not None and custom_id in seen:
                text = "Component custom id cannot be duplicated"
                path = (*form.path, "components", str(number), *place, "custom_id")
                form.problems.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", text)
            seen.add(custom_id)
