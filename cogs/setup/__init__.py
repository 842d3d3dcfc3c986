"""`/setup` and everything on its panel: nothing of a panel is kept in memory, so that it works after a restart too."""

import discord
from discord import app_commands
from discord.ext import commands

from cogs.setup.forms import AddHosts, EditHost, Moments
from cogs.setup.lists import ListButton
from cogs.setup.looks import AgainButton, LookForm
from cogs.setup.parts import ChannelPart, HostPart, PanelButton, RolesPart, open_panel
from cogs.setup.testing import TestButton
from spacebot.bot.client import Spacebot
from spacebot.bot.hello import HelpButton
from spacebot.present.language import N_


class Setup(commands.Cog):
    """For admins; Discord hides it from members who may not manage the server, and each part of it checks again."""

    @app_commands.command(name="setup", description=N_("Everything on one panel: where, whom to ping, whose Spaces"))
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    @app_commands.checks.has_permissions(manage_guild=True)
    async def open(self, interaction: discord.Interaction[Spacebot]) -> None:
        await open_panel(interaction)


async def setup(bot: Spacebot) -> None:
    """Add the command, and let the greeting's buttons, the panel's parts and the forms work."""
    await bot.add_cog(Setup())
    bot.add_dynamic_items(
        HelpButton, ListButton, PanelButton, ChannelPart, RolesPart, HostPart, TestButton, AgainButton
    )
    bot.forms.add(AddHosts, EditHost, Moments, LookForm)
