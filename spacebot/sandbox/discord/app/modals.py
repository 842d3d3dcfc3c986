"""PURE: how a member fills in a modal: no text leaves `fill` that its input forbids."""

from collections.abc import Iterator, Mapping

from spacebot.sandbox.discord.forms.form import utf16_length
from spacebot.sandbox.discord.forms.modals import LABEL, SHORT, TEXT, TEXT_INPUT, inputs_in
from spacebot.sandbox.discord.model.base import NotOffered
from spacebot.sandbox.discord.payloads import Json


def fill(modal: Json, values: Mapping[str, str | None]) -> Json:
    """The `data` of the submission. An input is named by its custom id or else its label; one not named stays prefilled.

    NotOffered for a name that no input or more than one has, and for a text that the client does not let through.
    """
    typed: dict[str, str] = {}
    for name, text in values.items():
        if text is not None:
            custom_id = _named(modal, name)
            if custom_id in typed:
                raise NotOffered(f"{name!r} is filled in twice, by custom id and by label")
            typed[custom_id] = text
    filled = []
    for part in modal["components"]:
        sent = [_fill_in(each, typed.get(each["custom_id"])) for each in inputs_in(part)]
        inner: Json = {"component": sent[0]} if part["type"] == LABEL else {"components": sent}
        filled.append({"type": part["type"], "id": part["id"], **inner})
    return {"custom_id": modal["custom_id"], "components": filled}


def _labelled(modal: Json) -> Iterator[tuple[str, str]]:
    """The label and the custom id of each input."""
    for part in modal["components"]:
        for each in inputs_in(part):
            yield part.get("label") or each["label"], each["custom_id"]


def _named(modal: Json, name: str) -> str:
    known = list(_labelled(modal))
    if name in {custom_id for _, custom_id in known}:
        return name
    found = [custom_id for label, custom_id in known if label == name]
    if len(found) != 1:
        raise NotOffered(f"{modal['title']!r}: {len(found)} inputs are called {name!r} among {known}")
    return found[0]


def _fill_in(field: Json, typed: str | None) -> Json:
    text = field.get("value", "") if typed is None else typed
    name, length = field["custom_id"], utf16_length(text)
    if not text and field["required"]:
        raise NotOffered(f"{name}: it must be filled in")
    if field["style"] == SHORT and set(text) & {"\n", "\r"}:
        raise NotOffered(f"{name}: a short input takes one line, not {text!r}")
    if text and not field.get("min_length", 0) <= length <= field.get("max_length", TEXT):
        raise NotOffered(f"{name}: the length {length} is out of bounds")
    return {"type": TEXT_INPUT, "id": field["id"], "custom_id": name, "value": text}
