"""PURE: what of a message a member may press or choose; what is disabled, gone or not shown to them stays as it is."""

from collections.abc import Sequence

from spacebot.sandbox.discord.app.picking import PICKED, Picker
from spacebot.sandbox.discord.model.base import NotOffered
from spacebot.sandbox.discord.model.channels import LocalMessage
from spacebot.sandbox.discord.model.components import STRING_SELECT
from spacebot.sandbox.discord.model.members import LocalMember
from spacebot.sandbox.discord.payloads import Json


def choose_button(
    member: LocalMember, message: LocalMessage, *, custom_id: str | None, label: str | None, force: bool
) -> Json:
    """The button of that custom id or label, with a custom id in any case; NotOffered where the app would not let them."""
    if (custom_id is None) == (label is None):
        raise ValueError("name the button by custom_id or by label")
    key, wanted = ("custom_id", custom_id) if custom_id is not None else ("label", label)
    button = next((each for each in message.buttons if each.get(key) == wanted), {})
    if force:
        return {"custom_id": custom_id, **button}
    if not button:
        raise NotOffered(f"no button {wanted!r} among {[each.get('label') for each in message.buttons]}")
    if "custom_id" not in button:
        raise NotOffered(f"the button {wanted!r} cannot be pressed: {button}")
    _require_usable(member, message, button)
    return button


def choose_select(
    member: LocalMember, message: LocalMessage, *, custom_id: str | None, placeholder: str | None, force: bool
) -> Json:
    """The select of that custom id or placeholder, or the only one of the message; NotOffered as for a button."""
    if custom_id is not None and placeholder is not None:
        raise ValueError("name the select by custom_id or by placeholder")
    key, wanted = ("custom_id", custom_id) if custom_id is not None else ("placeholder", placeholder)
    found = [each for each in message.selects if wanted is None or each.get(key) == wanted]
    if len(found) != 1:
        known = [(each["custom_id"], each.get("placeholder")) for each in message.selects]
        raise NotOffered(f"{len(found)} selects are called {wanted!r} among {known}")
    if not force:
        _require_usable(member, message, found[0])
    return found[0]


def choose_values(select: Json, values: Sequence[object], picker: Picker, *, required: bool = True) -> list[str]:
    """The values that the client sends for these: options by value or label, or what is picked.

    NotOffered for one that is not offered or is named twice, and for too few or too many. Of a select that is not
    `required` none may be chosen, however many it asks for.
    """
    name = select["custom_id"]
    if select["type"] == STRING_SELECT:
        chosen = [one_option(select, value) for value in values]
    else:
        types = select.get("channel_types", ())
        chosen = [picker.pick(name, value, PICKED[select["type"]], types) for value in values]
    require_number(select, chosen, required=required)
    return chosen


def one_option(field: Json, wanted: object) -> str:
    """The value of the option with that value or else that label."""
    options = field["options"]
    for key in ("value", "label"):
        found: list[str] = [option["value"] for option in options if option[key] == wanted]
        if len(found) == 1:
            return found[0]
    raise NotOffered(f"{field['custom_id']}: {wanted!r} is not one of {[option['label'] for option in options]}")


def require_number(field: Json, chosen: Sequence[str], *, required: bool) -> None:
    """Refuse a choice that has something twice, too little or too much."""
    name, least, most = field["custom_id"], field["min_values"], field["max_values"]
    if len(set(chosen)) < len(chosen):
        raise NotOffered(f"{name}: something is chosen twice among {chosen}")
    if (chosen or required) and not least <= len(chosen) <= most:
        raise NotOffered(f"{name}: {len(chosen)} chosen, not {least} to {most}")


def _require_usable(member: LocalMember, message: LocalMessage, component: Json) -> None:
    if component.get("disabled"):
        raise NotOffered(f"it is disabled: {component}")
    if message.ephemeral and (message.interaction or {}).get("user", {}).get("id") != str(member.id):
        raise NotOffered("this message is shown to somebody else only")
    if not message.ephemeral and message.id not in message.channel.by_id:
        raise NotOffered("this message has been deleted")
