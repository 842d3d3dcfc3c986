"""PURE: what Discord's client lets a member send; only a command that is registered, shown and filled in leaves it.

Source: Discord's documentation, 'Application Commands' (permissions, option types) and 'Interactions' (resolved data).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.app.picking import CHANNELS, FILES, PEOPLE, ROLES, Picker
from spacebot.sandbox.discord.forms import commands as kinds
from spacebot.sandbox.discord.forms.form import utf16_length
from spacebot.sandbox.discord.model.base import NotOffered
from spacebot.sandbox.discord.model.channels import IN_A_GUILD, IN_PRIVATE, WITH_THE_BOT, LocalChannel, LocalMessage
from spacebot.sandbox.discord.model.members import GUILD_INSTALL, USER_INSTALL, LocalMember
from spacebot.sandbox.discord.model.threads import LocalThread
from spacebot.sandbox.discord.payloads import Json
from spacebot.sandbox.discord.permissions import ALL, Permission

_CONTEXTS = (IN_A_GUILD, WITH_THE_BOT, IN_PRIVATE)
_PLACES = ("guilds", "the bot's private channels", "private channels without the bot")
_MAX_TEXT = 6000
_MAX_NUMBER = 1 << 53
_PICKED = {
    kinds.USER: PEOPLE,
    kinds.CHANNEL: CHANNELS,
    kinds.ROLE: ROLES,
    kinds.MENTIONABLE: ROLES | PEOPLE,
    kinds.ATTACHMENT: FILES,
}
_USABLE = Permission.VIEW_CHANNEL | Permission.USE_APPLICATION_COMMANDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A command with its subcommand: `nesting` are the options that lead to `options`, outermost first."""

    root: Json
    nesting: list[Json]
    options: list[Json]
    owners: dict[str, str]

    def data(self, filled: list[Json], resolved: Json) -> Json:
        """The `data` of the interaction, with the options filled in."""
        for option in reversed(self.nesting):
            filled = [{"type": option["type"], "name": option["name"], "options": filled}]
        data = {"id": self.root["id"], "name": self.root["name"], "type": self.root["type"], "options": filled}
        if "guild_id" in self.root:
            data["guild_id"] = self.root["guild_id"]
        if resolved:
            data["resolved"] = resolved
        return data


def choose(path: str, member: LocalMember, channel: LocalChannel, *, force: bool) -> Chosen:
    """The command that `path` ('watch add') names; NotOffered where it is unknown, or hidden and not forced."""
    name, *rest = path.split()
    root = _root(kinds.CHAT_INPUT, name, member, channel, force=force)
    nesting: list[Json] = []
    options = root.get("options", [])
    for part in rest:
        inner = next((option for option in options if option["name"] == part and _nests(option)), None)
        if inner is None:
            raise NotOffered(f"/{path}: no {part!r} among {[option['name'] for option in options]}")
        nesting.append(inner)
        options = inner.get("options", [])
    if any(_nests(option) for option in options):
        raise NotOffered(f"/{path} takes a subcommand: {[option['name'] for option in options]}")
    return Chosen(root=root, nesting=nesting, options=options, owners=owners_of(root, member, channel))


def choose_on(name: str, member: LocalMember, message: LocalMessage, *, force: bool) -> tuple[Json, dict[str, str]]:
    """The `data` of the command of that name in the message's context menu, and whose it is; NotOffered as for `choose`."""
    channel = message.channel
    root = _root(kinds.MESSAGE, name, member, channel, force=force)
    if message.ephemeral or message.id not in channel.by_id:
        raise NotOffered("a message that is shown to one person alone, or gone, has no such menu")
    resolved = {"messages": {str(message.id): payloads.message(message)}}
    data = {"id": root["id"], "name": root["name"], "type": root["type"], "target_id": str(message.id)}
    return {**data, "resolved": resolved}, owners_of(root, member, channel)


def owners_of(root: Json, member: LocalMember, channel: LocalChannel) -> dict[str, str]:
    """Who has installed the app, of those for whom this command is: the guild, or the person; nobody where it is not offered.

    A person's private channel with the bot counts as a guild of the number 0 where they share a guild with it.
    """
    types = [0] if "guild_id" in root else root["integration_types"]
    guild, owners = channel.guild, {}
    if guild is not None and guild.unavailable:
        return {}
    if int(GUILD_INSTALL) in types:
        if guild is not None and guild.has_bot:
            owners[GUILD_INSTALL] = str(guild.id)
        elif channel.context == WITH_THE_BOT and member.user.shares_a_guild:
            owners[GUILD_INSTALL] = "0"
    if int(USER_INSTALL) in types and member.user.has_app:
        owners[USER_INSTALL] = str(member.id)
    return owners


def _root(kind: int, name: str, member: LocalMember, channel: LocalChannel, *, force: bool) -> Json:
    guild = channel.guild
    registered = [*(guild.commands.values() if guild is not None else ()), *channel.state.commands.values()]
    roots = [each for each in registered if each["type"] == kind and owners_of(each, member, channel)]
    root: Json | None = next((command for command in roots if command["name"] == name), None)
    if root is None:
        raise NotOffered(f"no command {name!r} among {sorted(command['name'] for command in roots)}")
    _require_usable(root, member, channel, force=force)
    return root


def _nests(option: Json) -> bool:
    return option["type"] in {kinds.SUBCOMMAND, kinds.GROUP}


def _require_usable(root: Json, member: LocalMember, channel: LocalChannel, *, force: bool) -> None:
    contexts = root["contexts"] or _CONTEXTS[: None if root["dm_permission"] else 1]
    if channel.context not in contexts:
        raise NotOffered(f"{root['name']} is not for {_PLACES[channel.context]}")
    if channel.guild is None:
        if not channel.is_for(member.user):
            raise NotOffered(f"{member.name} is not in this private channel")
        return
    if channel.guild is not member.guild:
        raise NotOffered(f"{member.name} is not in the guild of {channel.name}")
    permissions = member.permissions_in(channel)
    if isinstance(channel, LocalThread) and channel.archived:
        raise NotOffered(f"{channel.name} is archived: no commands can be used in it")
    if permissions & _USABLE != _USABLE:
        raise NotOffered(f"{member.name} cannot use commands in #{channel.name}")
    needed = root["default_member_permissions"]
    if needed is None or force or permissions == ALL:
        return
    if int(needed) == 0 or int(permissions) & int(needed) != int(needed):
        raise NotOffered(f"/{root['name']} is hidden from {member.name}, who lacks {Permission(int(needed))!r}")


def fill(
    chosen: Chosen, member: LocalMember, channel: LocalChannel, given: dict[str, Any], *, force: bool = False
) -> Json:
    """The `data` of the interaction; NotOffered for an unknown option, a missing required one, or an unfit value.

    With `force` a channel can be named that the client does not show: what the member may do there goes along.
    """
    given = {name: value for name, value in given.items() if value is not None}
    known = [option["name"] for option in chosen.options]
    if unknown := given.keys() - set(known):
        raise NotOffered(f"/{chosen.root['name']}: no option {sorted(unknown)} among {known}")
    filled: list[Json] = []
    picker = Picker(member, channel, force=force)
    for option in chosen.options:
        if option["name"] in given:
            value = _value(option, given[option["name"]], picker)
            filled.append({"type": option["type"], "name": option["name"], "value": value})
        elif option.get("required"):
            raise NotOffered(f"/{chosen.root['name']}: {option['name']!r} is required")
    return chosen.data(filled, picker.resolved)


def type_into(chosen: Chosen, name: str, typed: object, others: dict[str, Any]) -> tuple[Json, int]:
    """The `data` of an autocompletion of option `name`, and the option's type; texts and numbers of `others` go along."""
    option = next((option for option in chosen.options if option["name"] == name), None)
    if option is None or not option.get("autocomplete"):
        raise NotOffered(f"/{chosen.root['name']}: {name!r} does not complete")
    filled = [
        {"type": other["type"], "name": other["name"], "value": others[other["name"]]}
        for other in chosen.options
        if isinstance(others.get(other["name"]), str | int | float)
    ]
    focused = {"type": option["type"], "name": name, "value": str(typed), "focused": True}
    return chosen.data([*filled, focused], {}), option["type"]


def _value(option: Json, value: Any, picker: Picker) -> object:
    kind = option["type"]
    if kind in {kinds.STRING, kinds.INTEGER, kinds.NUMBER}:
        return _plain(option, value)
    if kind == kinds.BOOLEAN and isinstance(value, bool):
        return value
    if kind in _PICKED:
        return picker.pick(option["name"], value, _PICKED[kind], option.get("channel_types", ()))
    raise NotOffered(f"{option['name']}: {value!r} does not fit an option of type {kind}")


def _plain(option: Json, value: Any) -> str | int | float:
    name, kind = option["name"], option["type"]
    fits = {
        kinds.STRING: isinstance(value, str) and value != "",
        kinds.INTEGER: isinstance(value, int) and not isinstance(value, bool),
        kinds.NUMBER: isinstance(value, int | float) and not isinstance(value, bool),
    }[kind]
    for choice in option.get("choices", []):
        if value in (choice["value"], choice["name"]):
            found: str | int | float = choice["value"]
            return found
    if option.get("choices"):
        raise NotOffered(f"{name}: {value!r} is not among the choices {_names(option['choices'])}")
    if not fits:
        raise NotOffered(f"{name}: {value!r} cannot be typed into an option of type {kind}")
    size = utf16_length(value) if kind == kinds.STRING else value
    unit, least, most = ("length", 0, _MAX_TEXT) if kind == kinds.STRING else ("value", -_MAX_NUMBER, _MAX_NUMBER)
    if not option.get(f"min_{unit}", least) <= size <= option.get(f"max_{unit}", most):
        raise NotOffered(f"{name}: the {unit} {size} is out of bounds")
    plain: str | int | float = value
    return plain


def _names(choices: Iterable[Json]) -> list[str]:
    return [choice["name"] for choice in choices]
