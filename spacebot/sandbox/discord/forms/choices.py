"""PURE: what can be chosen from: the options and the selects of messages and modals, with how many may be chosen.

Source: Discord's documentation, 'Component Reference' (the selects, Radio Group, Checkbox Group).
"""

from typing import Any

from spacebot.sandbox.discord.forms.form import Form
from spacebot.sandbox.discord.forms.parts import CUSTOM_ID, Parts, kept
from spacebot.sandbox.discord.model.components import (
    CHANNEL_SELECT,
    MENTIONABLE_SELECT,
    ROLE_SELECT,
    STRING_SELECT,
    USER_SELECT,
)

OPTIONS = 25
PLACEHOLDER = 150
TEXT = 100
CHANNEL_TYPES = frozenset({0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15})
DEFAULTS = {
    USER_SELECT: frozenset({"user"}),
    ROLE_SELECT: frozenset({"role"}),
    MENTIONABLE_SELECT: frozenset({"user", "role"}),
    CHANNEL_SELECT: frozenset({"channel"}),
}


def read_select(form: Form, kind: int, parts: Parts) -> dict[str, Any]:
    """A select of that type; `required` and what follows from it is up to the modal."""
    select = parts.begin(form, kind)
    form.require("custom_id")
    form.boolean("required")
    least, most = read_bounds(form, most=OPTIONS)
    kept(
        select,
        custom_id=form.text("custom_id", most=CUSTOM_ID, least=1),
        placeholder=form.text("placeholder", most=PLACEHOLDER) or None,
        min_values=least,
        max_values=most,
        disabled=form.boolean("disabled") or None,
    )
    if kind == STRING_SELECT:
        select["options"] = read_options(form, least=max(least, most), most=OPTIONS, emojis=True)
        chosen = sum(option.get("default", False) for option in select["options"])
        refuse_defaults(form, "options", chosen, (0, most))
        return select
    if kind == CHANNEL_SELECT:
        kept(select, channel_types=form.choices_of("channel_types", CHANNEL_TYPES) or None)
    defaults = [_read_default(each, kind) for each in form.forms("default_values", most=OPTIONS)]
    refuse_defaults(form, "default_values", len(defaults), (least, most))
    if len({each["id"] for each in defaults}) < len(defaults):
        form.wrong("default_values", "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
    return kept(select, default_values=defaults or None)


def read_bounds(form: Form, *, most: int, otherwise_most: int = 1) -> tuple[int, int]:
    """`min_values` and `max_values`: how many may be chosen."""
    least, highest = form.integer("min_values", least=0, most=most), form.integer("max_values", least=1, most=most)
    least, highest = 1 if least is None else least, otherwise_most if highest is None else highest
    if least > highest:
        form.wrong("min_values", "BASE_TYPE_BAD_VALUE", "The least number of values is above the most")
    return least, highest


def refuse_defaults(form: Form, key: str, chosen: int, bounds: tuple[int, int]) -> None:
    """Refuse more or fewer values chosen beforehand than may be chosen; none is always right."""
    if chosen and not bounds[0] <= chosen <= bounds[1]:
        text = f"The number of default values must be between {bounds[0]} and {bounds[1]}"
        form.wrong(key, "SELECT_COMPONENT_INVALID_DEFAULT_VALUES", text)


def read_options(form: Form, *, least: int, most: int, emojis: bool = False) -> list[dict[str, Any]]:
    """`least` to `most` options with values of their own."""
    found = form.forms("options", most=most)
    items = form.fields.get("options")
    if items is None or (isinstance(items, list) and len(items) < max(least, 1)):
        form.wrong("options", "BASE_TYPE_BAD_LENGTH", f"Must be between {max(least, 1)} and {most} in length.")
    options = []
    values = set()
    for each in found:
        each.require("label", "value")
        option = kept(
            {},
            label=each.text("label", most=TEXT, least=1),
            value=each.text("value", most=TEXT, least=1),
            description=each.text("description", most=TEXT) or None,
            default=each.boolean("default") or None,
            emoji=read_emoji(each) if emojis else None,
        )
        if option.get("value") in values:
            each.wrong(
                "value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
            )
        values.add(option.get("value"))
        options.append(option)
    return options


def read_emoji(form: Form) -> dict[str, Any] | None:
    """The emoji of a button or an option."""
    emoji = form.form("emoji")
    if emoji is None:
        return None
    name = emoji.text("name", most=32)
    emoji_id = emoji.snowflake("id")
    if not name and emoji_id is None:
        emoji.wrong("name", "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")
    return {"name": name or "", **({} if emoji_id is None else {"id": str(emoji_id)})}


def _read_default(form: Form, kind: int) -> dict[str, Any]:
    form.require("type", "id")
    found = form.fields.get("type")
    if found is not None and found not in DEFAULTS[kind]:
        form.wrong("type", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(DEFAULTS[kind])}.")
    return {"type": found, "id": str(form.snowflake("id") or 0)}
