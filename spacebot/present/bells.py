"""Everything that people read of 'Notify me': the name of its role, and what a press and a setting did."""

from collections.abc import Mapping

from spacebot.domain.accounts import Host
from spacebot.domain.bells import BellMode, Pressed
from spacebot.domain.ids import GuildId, UserId
from spacebot.present.card import mention, name_of
from spacebot.present.text import plain
from spacebot.present.words import counted

SYMBOL = "🔔"
LABEL = "Notify me"

_ROLE = "Spaces"
_NAME = 80
"""UTF-16 units of a host's name in the name of a role, which has 100."""

MODES = {
    BellMode.OFF: "off",
    BellMode.SERVER: "one role for all posts here",
    BellMode.HOST: "a role for each host",
}


def role_name(host: Host | None) -> str:
    """What the role of a bell is called: 'Spaces · Night Radio', or 'Spaces' for all posts of a server."""
    if host is None:
        return _ROLE
    return f"{_ROLE} · {plain(host.name, _NAME) or plain(host.username, _NAME) or host.user_id}"


def pressed_sentence(pressed: Pressed, guild_id: GuildId) -> str:
    """What a press did, to who pressed."""
    role = mention(pressed.role_id, guild_id)
    whose = "Spaces" if pressed.host is None else f"Spaces of **{name_of(pressed.host)}**"
    if pressed.is_given:
        return f"{SYMBOL} You have {role} now: posts about {whose} here ping you. Press again to end that."
    return f"🔕 You no longer have {role}: posts about {whose} here no longer ping you through it."


def mode_sentence(mode: BellMode) -> str:
    """What `/config bell` did."""
    match mode:
        case BellMode.OFF:
            return f"New posts have no *{LABEL}* and ping no role of it; the roles stay until you delete them."
        case BellMode.SERVER:
            return f"New posts have *{LABEL}*: whoever presses it gets a role that each post here pings, and gives it back."
        case BellMode.HOST:
            return (
                f"New posts have *{LABEL}*: whoever presses it gets a role that posts about that host ping, and gives it"
                " back."
            )


def mode_text(mode: BellMode) -> str:
    """The setting, as `/config show` has it."""
    return f"{MODES[mode]}: `/config bell`"


def panel_line(mode: BellMode, people: Mapping[UserId, int], trouble: str | None) -> str:
    """The setting on the panel of `/setup`, with how many people have its roles; empty where it is off."""
    if mode is BellMode.OFF:
        return ""
    if trouble is not None:
        return f"{SYMBOL} ⚠️ {trouble}"
    total = f", {counted(sum(people.values()), 'person', 'people')}" if people else ""
    hosts = f" for {counted(len(people), 'host')}" if people and mode is BellMode.HOST else ""
    return f"{SYMBOL} {LABEL}: {MODES[mode]}{total}{hosts}"


def host_line(count: int) -> str:
    """How many people one host's bell calls."""
    return f"{SYMBOL} {counted(count, 'person', 'people')} asked to be pinged"
