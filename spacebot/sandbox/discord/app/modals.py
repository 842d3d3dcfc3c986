"""PURE: how a member fills in a modal: nothing leaves `fill` that its inputs forbid.

Source: Discord's documentation, 'Component Reference' (what each input sends).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from spacebot.sandbox.discord.app.components import choose_values, one_option, require_number
from spacebot.sandbox.discord.app.picking import FILES, Picker
from spacebot.sandbox.discord.forms.form import utf16_length
from spacebot.sandbox.discord.forms.modals import SHORT, TEXT
from spacebot.sandbox.discord.model.base import NotOffered
from spacebot.sandbox.discord.model.components import (
    CHECKBOX,
    CHECKBOX_GROUP,
    FILE_UPLOAD,
    LABEL,
    RADIO_GROUP,
    STRING_SELECT,
    TEXT_INPUT,
    walk,
)
from spacebot.sandbox.discord.payloads import Json


def fill(modal: Json, values: Mapping[str, Any], picker: Picker) -> Json:
    """The `data` of the submission. An input is named by its custom id or else its label; one not named stays prefilled.

    NotOffered for a name that no input or more than one has, and for what the client does not let through.
    """
    given: dict[str, Any] = {}
    for name, value in values.items():
        if value is not None:
            custom_id = _named(modal, name)
            if custom_id in given:
                raise NotOffered(f"{name!r} is filled in twice, by custom id and by label")
            given[custom_id] = value
    components = [_filled(part, given, picker) for part in modal["components"]]
    data: Json = {"custom_id": modal["custom_id"], "components": components}
    return {**data, "resolved": picker.resolved} if picker.resolved else data


def _filled(part: Json, given: Mapping[str, Any], picker: Picker) -> Json:
    """What a part of the modal sends: what is in it, and of each input its value."""
    shown: Json = {"type": part["type"], "id": part["id"]}
    if "custom_id" in part:
        shown |= {"custom_id": part["custom_id"], **_value(part, given.get(part["custom_id"]), picker)}
    if "components" in part:
        shown["components"] = [_filled(each, given, picker) for each in part["components"]]
    if "component" in part:
        shown["component"] = _filled(part["component"], given, picker)
    return shown


def _labelled(modal: Json) -> Iterator[tuple[str, str]]:
    """The label and the custom id of each input."""
    for part in modal["components"]:
        for each in walk([part]):
            if "custom_id" in each:
                yield part["label"] if part["type"] == LABEL else each["label"], each["custom_id"]


def _named(modal: Json, name: str) -> str:
    known = list(_labelled(modal))
    if name in {custom_id for _, custom_id in known}:
        return name
    found = [custom_id for label, custom_id in known if label == name]
    if len(found) != 1:
        raise NotOffered(f"{modal['title']!r}: {len(found)} inputs are called {name!r} among {known}")
    return found[0]


def _value(field: Json, given: Any, picker: Picker) -> Json:
    """The `value` or the `values` that an input sends; `given` None: as it was prefilled."""
    kind, name = field["type"], field["custom_id"]
    if kind == TEXT_INPUT:
        return {"value": _typed(field, given)}
    if kind == CHECKBOX:
        if not isinstance(given, bool | None):
            raise NotOffered(f"{name}: a checkbox is ticked or not, {given!r} is neither")
        return {"value": field["default"] if given is None else given}
    chosen = (
        _beforehand(field, picker) if given is None else list(given) if isinstance(given, list | tuple) else [given]
    )
    if field["required"] and not chosen:
        raise NotOffered(f"{name}: it must be filled in")
    if kind == RADIO_GROUP:
        if len(chosen) > 1:
            raise NotOffered(f"{name}: only one of {chosen} can be chosen")
        return {"value": one_option(field, chosen[0]) if chosen else None}
    if kind == CHECKBOX_GROUP:
        values = [one_option(field, each) for each in chosen]
    elif kind == FILE_UPLOAD:
        values = [picker.pick(name, each, FILES) for each in chosen]
    else:
        return {"values": choose_values(field, chosen, picker, required=field["required"])}
    require_number(field, values, required=field["required"])
    return {"values": values}


def _beforehand(field: Json, picker: Picker) -> list[Any]:
    """What the bot chose beforehand; what is gone by now or hidden from the member is chosen no longer."""
    if field["type"] in {STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP}:
        return [option["value"] for option in field["options"] if option.get("default")]
    found = [picker.by_default(default) for default in field.get("default_values", [])]
    return [each for each in found if each is not None]


def _typed(field: Json, given: Any) -> str:
    text = field.get("value", "") if given is None else given
    name = field["custom_id"]
    if not isinstance(text, str):
        raise NotOffered(f"{name}: {text!r} cannot be typed")
    if not text and field["required"]:
        raise NotOffered(f"{name}: it must be filled in")
    if field["style"] == SHORT and set(text) & {"\n", "\r"}:
        raise NotOffered(f"{name}: a short input takes one line, not {text!r}")
    length = utf16_length(text)
    if text and not field.get("min_length", 0) <= length <= field.get("max_length", TEXT):
        raise NotOffered(f"{name}: the length {length} is out of bounds")
    return text
