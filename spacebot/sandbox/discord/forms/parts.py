"""PURE: what holds for all components of a message or a modal together: ids, custom ids, their number and their text.

Source: Discord's documentation, 'Component Reference'; the codes are those that Discord was seen to answer with. What it
calls a repeated `id` is not documented.
"""

from collections.abc import Collection
from typing import Any

from spacebot.sandbox.discord.forms.form import Form, utf16_length
from spacebot.sandbox.discord.model.components import TEXT_DISPLAY

CUSTOM_ID = 100
COMPONENTS_IN_ALL = 40
TEXT_IN_ALL = 4000
_MAX_ID = (1 << 31) - 1


class Parts:
    """The components read so far, each before what it holds; `files` are the names of those attached to the message."""

    def __init__(self, files: Collection[str] = ()) -> None:
        self.files = files
        self._read: list[tuple[Form, dict[str, Any]]] = []

    def begin(self, form: Form, kind: int) -> dict[str, Any]:
        """A component of that type, still empty; where it is begun is its place in the order."""
        component = {"type": kind}
        self._read.append((form, component))
        return component

    def text_display(self, form: Form) -> dict[str, Any]:
        """A text of its own."""
        component = self.begin(form, TEXT_DISPLAY)
        form.require("content")
        component["content"] = form.text("content", most=TEXT_IN_ALL, least=1) or ""
        return component

    def number(self) -> None:
        """Give each component its `id`, and refuse what is there twice."""
        custom_ids: set[str] = set()
        ids: set[int] = set()
        for form, component in self._read:
            custom_id = component.get("custom_id")
            if custom_id and custom_id in custom_ids:
                form.wrong("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
            custom_ids.add(custom_id or "")
            given = form.integer("id", least=0, most=_MAX_ID)
            if given and given in ids:
                form.wrong("id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
            if given:
                component["id"] = given
                ids.add(given)
        number = 0
        for _, component in self._read:
            if "id" not in component:
                number = next(free for free in range(number + 1, number + len(ids) + 2) if free not in ids)
                component["id"] = number

    def refuse_too_much(self, whole: Form) -> None:
        """Refuse more components or more text than a message holds."""
        if len(self._read) > COMPONENTS_IN_ALL:
            text = f"The total number of components exceeds maximum size of {COMPONENTS_IN_ALL}"
            whole.wrong("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", text)
        if sum(utf16_length(component.get("content", "")) for _, component in self._read) > TEXT_IN_ALL:
            text = f"Components displayable text size exceeds maximum size of {TEXT_IN_ALL}"
            whole.wrong("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)


def kept(component: dict[str, Any], /, **fields: Any) -> dict[str, Any]:
    """The component with those of the fields that say something."""
    component.update({key: value for key, value in fields.items() if value is not None})
    return component
