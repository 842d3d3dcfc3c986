"""Whether everything works, and what was announced: `/status`, `/history`."""

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks
from cogs.pages import reply_pages
from spacebot.bot.client import Spacebot
from spacebot.domain.views import InTheWay
from spacebot.present import reports, watchlists
from spacebot.present.language import N_
from spacebot.present.limits import CHOICE_LIMIT
from spacebot.present.status import status_card


class Overview(commands.Cog):
    """For admins; Discord hides it from members who may not manage the server, and each command checks again."""

    def __init__(self, bot: Spacebot) -> None:
        self.health = bot.services.health
        self.guilds = bot.services.guilds

    @app_commands.command(description=N_("Whether everything works, and what is in the way"))
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    @app_commands.checks.has_permissions(manage_guild=True)
    async def status(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        status = await self.health.status(checks.guild_id(interaction))
        set_up = status.set_up
        found = (
            InTheWay()
            if set_up is None
            else await checks.in_the_way(interaction.client, checks.guild_of(interaction), set_up)
        )
        card = status_card(status, found)
        await interaction.edit_original_response(content=card.content, embed=card.embed)

    @app_commands.command(description=N_("The last posts here, with their outcome, delay and link"))
    @app_commands.describe(host=N_("One host of this server's list"))
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    @app_commands.checks.has_permissions(manage_guild=True)
    async def history(self, interaction: discord.Interaction[Spacebot], host: str | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        past = await self.health.history(guild_id, host)
        await reply_pages(interaction, reports.history_pages(past))

    @history.autocomplete("host")
    async def followed(self, interaction: discord.Interaction[Spacebot], typed: str) -> list[app_commands.Choice[str]]:
        if not interaction.permissions.manage_guild:
            return []
        hosts = await self.guilds.complete(checks.guild_id(interaction), typed)
        return [
            app_commands.Choice(name=watchlists.host_choice(host, CHOICE_LIMIT), value=host.user_id) for host in hosts
        ]


async def setup(bot: Spacebot) -> None:
    """Add the commands."""
    await bot.add_cog(Overview(bot))
