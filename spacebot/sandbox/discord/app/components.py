"""PURE: which component of a message a member may press; what is disabled, gone or not shown to them cannot be pressed."""

from spacebot.sandbox.discord.model.base import NotOffered
from spacebot.sandbox.discord.model.channels import LocalMessage
from spacebot.sandbox.discord.model.members import LocalMember
from spacebot.sandbox.discord.payloads import Json


def choose_button(
    member: LocalMember, message: LocalMessage, *, custom_id: str | None, label: str | None, force: bool
) -> Json:
    """The button of that custom id or label, with a custom id in any case; NotOffered where the app would not let them."""
    button = _button(message, custom_id=custom_id, label=label)
    if force:
        return {"custom_id": custom_id, **button}
    if not button:
        raise NotOffered(f"no button {custom_id or label!r} among {[each.get('label') for each in message.buttons]}")
    if button.get("disabled") or "custom_id" not in button:
        raise NotOffered(f"the button {custom_id or label!r} cannot be pressed: {button}")
    if message.ephemeral and (message.interaction or {}).get("user", {}).get("id") != str(member.id):
        raise NotOffered("this message is shown to somebody else only")
    if not message.ephemeral and message.id not in message.channel.by_id:
        raise NotOffered("this message has been deleted")
    return button


def _button(message: LocalMessage, *, custom_id: str | None, label: str | None) -> Json:
    if (custom_id is None) == (label is None):
        raise ValueError("name the button by custom_id or by label")
    key, wanted = ("custom_id", custom_id) if custom_id is not None else ("label", label)
    return next((button for button in message.buttons if button.get(key) == wanted), {})


COMMAND = 2
COMPONENT = 3
AUTOCOMPLETE = 4
SUBMISSION = 5
