"""Everything that people read of 'Notify me': the name of its role, and what a press and a setting did."""

from collections.abc import Mapping

from spacebot.domain.accounts import Host
from spacebot.domain.bells import BellMode, Pressed
from spacebot.domain.ids import GuildId, UserId
from spacebot.present.card import mention, name_of
from spacebot.present.language import N_, NP_, _, n_, p_
from spacebot.present.text import plain

SYMBOL = "🔔"
LABEL = N_("Notify me")

_NAME = 80
"""UTF-16 units of a host's name in the name of a role, which has 100."""

MODES = {
    BellMode.OFF: NP_("the button Notify me", "off"),
    BellMode.SERVER: N_("one role for all posts here"),
    BellMode.HOST: N_("a role for each host"),
}


def role_name(host: Host | None) -> str:
    """What the role of a bell is called: 'Spaces · Night Radio', or 'Spaces' for all posts of a server."""
    spaces = p_("name of a role", "Spaces")
    if host is None:
        return spaces
    return f"{spaces} · {plain(host.name, _NAME) or plain(host.username, _NAME) or host.user_id}"


def pressed_sentence(pressed: Pressed, guild_id: GuildId) -> str:
    """What a press did, to who pressed."""
    role = mention(pressed.role_id, guild_id)
    if pressed.host is None:
        if pressed.is_given:
            return (
                SYMBOL
                + " "
                + _("You have {role} now: posts about Spaces here ping you. Press again to end that.", role=role)
            )
        return _("🔕 You no longer have {role}: posts about Spaces here no longer ping you through it.", role=role)
    host = name_of(pressed.host)
    if pressed.is_given:
        return (
            SYMBOL
            + " "
            + _(
                "You have {role} now: posts about Spaces of **{host}** here ping you. Press again to end that.",
                role=role,
                host=host,
            )
        )
    return _(
        "🔕 You no longer have {role}: posts about Spaces of **{host}** here no longer ping you through it.",
        role=role,
        host=host,
    )


def mode_sentence(mode: BellMode) -> str:
    """What `/config bell` did."""
    match mode:
        case BellMode.OFF:
            return _(
                "New posts have no *{button}* and ping no role of it; the roles stay until you delete them.",
                button=_(LABEL),
            )
        case BellMode.SERVER:
            return _(
                "New posts have *{button}*: whoever presses it gets a role that each post here pings, and gives it back.",
                button=_(LABEL),
            )
        case BellMode.HOST:
            return _(
                "New posts have *{button}*: whoever presses it gets a role that posts about that host ping, and gives it"
                " back.",
                button=_(LABEL),
            )


def mode_text(mode: BellMode) -> str:
    """The setting, as `/config show` has it."""
    return _("{setting}: `/config bell`", setting=_(MODES[mode]))


def panel_line(mode: BellMode, people: Mapping[UserId, int], trouble: str | None) -> str:
    """The setting on the panel of `/setup`, with how many people have its roles; empty where it is off."""
    if mode is BellMode.OFF:
        return ""
    if trouble is not None:
        return f"{SYMBOL} ⚠️ {trouble}"
    label, setting = _(LABEL), _(MODES[mode])
    if not people:
        return f"{SYMBOL} " + _("{button}: {setting}", button=label, setting=setting)
    total = n_("{count} person", "{count} people", sum(people.values()))
    if mode is not BellMode.HOST:
        return f"{SYMBOL} " + _("{button}: {setting}, {people}", button=label, setting=setting, people=total)
    hosts = n_("{count} host", "{count} hosts", len(people))
    return f"{SYMBOL} " + _(
        "{button}: {setting}, {people} for {hosts}", button=label, setting=setting, people=total, hosts=hosts
    )


def host_line(count: int) -> str:
    """How many people one host's bell calls."""
    return f"{SYMBOL} " + n_("{count} person asked to be pinged", "{count} people asked to be pinged", count)
