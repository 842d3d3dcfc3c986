"""What every part of the panel shares: who may use it, and that it is shown anew after whatever was chosen."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

from cogs import checks
from cogs.setup import drawing
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import sentence
from spacebot.domain.ids import UserId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import SpacebotError, UserMistake
from spacebot.present.setup import Panel

Interaction = discord.Interaction[Spacebot]


def require_manager(interaction: discord.Interaction[Any]) -> None:
    """Custom ids are public: whoever presses a part must be allowed to manage the server, not only who opened it."""
    if not interaction.permissions.manage_guild:
        raise UserMistake(Mistake.MAY_NOT_MANAGE)


async def panel_of(interaction: Interaction, note: str = "") -> Panel:
    """What the panel of the guild shows now."""
    guild = checks.guild_of(interaction)
    guild_id = checks.guild_id(interaction)
    guilds = interaction.client.services.guilds
    set_up = await guilds.set_up(guild_id)
    return Panel(
        guild_id=guild_id,
        set_up=set_up,
        found=await checks.in_the_way(interaction.client, guild, set_up),
        note=note,
        people=await interaction.client.services.bells.people(set_up, checks.roles_of(interaction.client, guild)),
    )


async def show_panel(interaction: Interaction, note: str = "") -> None:
    """Show the panel in place of the message that the interaction belongs to, or was begun with."""
    panel = await panel_of(interaction, note)
    await _show(interaction, drawing.panel_view(panel, checks.guild_of(interaction)))


async def show_hosts(interaction: Interaction, *, host_id: str | None = None, page: int = 0, note: str = "") -> None:
    """Show the list of hosts there, with what can be done about one of them."""
    panel = await panel_of(interaction, note)
    chosen = next((line for line in panel.lines if line.watch.host.user_id == host_id), None)
    if host_id is not None:
        page = drawing.page_of(panel.lines, host_id)
    await _show(interaction, drawing.hosts_view(panel, chosen, page))


async def _show(interaction: Interaction, view: ui.LayoutView) -> None:
    await interaction.edit_original_response(view=view)


Redraw = Callable[[Interaction, str], Awaitable[None]]
"""Shows what the part stood on, with a note."""


async def carry_out(interaction: Interaction, work: Callable[[], Awaitable[str]], redraw: Redraw = show_panel) -> None:
    """Do what was chosen, and show the panel anew; a mistake is a private sentence beside it, and changes nothing.

    Args:
        interaction: A part of the panel, or a form that was opened from it; not answered yet.
        work: What was chosen; returns what became of it, if that is not to be seen otherwise.
        redraw: Shows the panel, or the list.
    """
    require_manager(interaction)
    await interaction.response.defer()
    said, note = None, ""
    try:
        note = await work()
    except SpacebotError as error:
        said = sentence(error)
    await redraw(interaction, note)
    if said is not None:
        await interaction.followup.send(said, ephemeral=True)


def hosts_redraw(host_id: UserId | str | None, page: int = 0) -> Redraw:
    """Shows the list of hosts, with this one chosen."""

    async def redraw(interaction: Interaction, note: str) -> None:
        await show_hosts(interaction, host_id=host_id, page=page, note=note)

    return redraw
