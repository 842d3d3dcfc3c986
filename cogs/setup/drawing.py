"""The panel of `/setup` and its list of hosts, as Discord shows them; who handles a part is found by its custom id."""

from collections.abc import Collection, Sequence
from typing import Any

import discord
from discord import ui

from spacebot.domain.guilds import MOST_ROLES, WatchLine
from spacebot.domain.ids import RoleId
from spacebot.present import setup as words
from spacebot.present.language import _
from spacebot.present.setup import Panel

CHANNEL_TYPES = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.public_thread,
]

PAGE = 25
"""Hosts on one page of the list: Discord's limit for a select."""

Row = ui.ActionRow[Any]


def panel_view(panel: Panel, guild: discord.Guild) -> ui.LayoutView:
    """The panel of a guild."""
    has_hosts = bool(panel.lines)
    channels: ui.ChannelSelect[Any] = ui.ChannelSelect(
        custom_id="setup:channel",
        channel_types=CHANNEL_TYPES,
        placeholder=_(words.CHOOSE_A_CHANNEL),
        default_values=channel_defaults(panel.config.channel_id, guild),
    )
    roles: ui.RoleSelect[Any] = ui.RoleSelect(
        custom_id="setup:roles",
        placeholder=_(words.NOBODY),
        min_values=0,
        max_values=MOST_ROLES,
        default_values=role_defaults(panel.config.roles, guild),
    )
    add = _button("add", _(words.ADD_HOSTS), emoji="\N{HEAVY PLUS SIGN}", main=not has_hosts)
    test = _button("test", _(words.TEST), emoji="📣", style=discord.ButtonStyle.success)
    test.disabled = panel.config.channel_id is None and not any(line.channel_id for line in panel.lines)
    look = _button("look", _(words.LOOK))
    hold = _button("resume", _(words.RESUME), main=True) if panel.config.on_hold else _button("pause", _(words.PAUSE))
    hold.disabled = not has_hosts and not panel.config.on_hold
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay(words.headline(panel)),
        ui.Separator(),
        ui.TextDisplay(words.where(panel)),
        Row(channels),
        ui.TextDisplay(words.whom(panel)),
        Row(roles),
        ui.TextDisplay(words.whose(panel)),
        Row(add, _button("hosts", words.hosts_label(panel), disabled=not has_hosts)),
    ]
    if panel.note:
        parts.append(ui.TextDisplay(panel.note))
    parts += [ui.Separator(), Row(test, _button("moments", _(words.MOMENTS)), look, hold)]
    return _view(parts, words.colour(panel))


def hosts_view(panel: Panel, chosen: WatchLine | None, page: int) -> ui.LayoutView:
    """One page of the list of hosts, and what can be done about the one that was chosen."""
    pages = max(1, -(-len(panel.lines) // PAGE))
    page = min(max(page, 0), pages - 1)
    parts: list[ui.Item[Any]] = [ui.TextDisplay(words.hosts_headline(panel)), ui.Separator()]
    here = panel.lines[page * PAGE : (page + 1) * PAGE]
    if here:
        parts.append(Row(_host_select(panel, here, chosen, page)))
    if pages > 1:
        before = _button(f"page:{page - 1}" if page else "page:none", _(words.PREVIOUS), disabled=page == 0)
        after = _button(f"page:{page + 1}", _(words.NEXT), disabled=page == pages - 1)
        parts.append(Row(before, after))
    if chosen is not None:
        host_id = chosen.watch.host.user_id
        is_held = chosen.watch.on_hold
        has_own = chosen.watch.channel_id is not None or bool(chosen.watch.roles) or chosen.watch.look.is_own
        parts += [
            ui.TextDisplay(words.host_lines(panel, chosen)),
            Row(
                _button(f"edit:{host_id}", _(words.EDIT), main=True),
                _button(f"look:{host_id}", _(words.LOOK)),
                _button(f"reset:{host_id}", _(words.RESET), disabled=not has_own),
                _button(
                    f"{'resume' if is_held else 'pause'}:{host_id}", _(words.RESUME) if is_held else _(words.PAUSE)
                ),
                _button(f"remove:{host_id}", _(words.REMOVE), style=discord.ButtonStyle.danger),
            ),
        ]
    if panel.note:
        parts.append(ui.TextDisplay(panel.note))
    parts += [ui.Separator(), Row(_button("back", _(words.BACK)))]
    return _view(parts, words.colour(panel))


def page_of(lines: Sequence[WatchLine], host_id: str) -> int:
    """The page of the list on which a host stands; the first for one that does not."""
    return next((number // PAGE for number, line in enumerate(lines) if line.watch.host.user_id == host_id), 0)


def role_defaults(roles: Collection[RoleId], guild: discord.Guild) -> list[discord.SelectDefaultValue]:
    """These roles as chosen before; those that are gone are left out."""
    kind = discord.SelectDefaultValueType.role
    return [discord.SelectDefaultValue(id=role, type=kind) for role in roles if guild.get_role(role) is not None]


def channel_defaults(channel_id: int | None, guild: discord.Guild) -> list[discord.SelectDefaultValue]:
    """This channel as chosen before; one that is gone is left out."""
    if channel_id is None or guild.get_channel_or_thread(channel_id) is None:
        return []
    return [discord.SelectDefaultValue(id=channel_id, type=discord.SelectDefaultValueType.channel)]


def _host_select(panel: Panel, lines: Sequence[WatchLine], chosen: WatchLine | None, page: int) -> ui.Select[Any]:
    options = []
    for line in lines:
        label, special = words.host_option(panel, line)
        is_chosen = chosen is not None and chosen.watch.watch_id == line.watch.watch_id
        value = line.watch.host.user_id
        options.append(discord.SelectOption(label=label, value=value, description=special, default=is_chosen))
    return ui.Select(custom_id=f"setup:host:{page}", placeholder=_(words.CHOOSE_A_HOST), options=options)


def _button(
    name: str,
    label: str,
    *,
    emoji: str | None = None,
    main: bool = False,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    disabled: bool = False,
) -> ui.Button[Any]:
    style = discord.ButtonStyle.primary if main else style
    return ui.Button(label=label, emoji=emoji, style=style, custom_id=f"setup:{name}", disabled=disabled)


def _view(parts: Sequence[ui.Item[Any]], colour: discord.Colour) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=colour))
    view.stop()  # its parts are handled by their custom ids, so that discord.py need not remember it
    return view
