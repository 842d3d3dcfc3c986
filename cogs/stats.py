"""`/host-stats`: what was counted of a host's Spaces, in words and as a picture; X is asked for nothing."""

import io

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks
from spacebot.bot.client import Spacebot
from spacebot.bot.drawing import Drawings
from spacebot.domain.ids import PersonId
from spacebot.present import stats as words
from spacebot.present.language import N_
from spacebot.present.limits import CHOICE_LIMIT
from spacebot.present.text import plain


class Stats(commands.Cog):
    """For everybody, in private: it shows only hosts whose posts the asker sees, and a host their own figures."""

    def __init__(self, bot: Spacebot) -> None:
        self.stats = bot.services.stats
        self.guilds = bot.services.guilds
        self.drawings = Drawings()

    @app_commands.command(
        name="host-stats", description=N_("A host's last 90 days: how many Spaces, how long, listeners, usual hours")
    )
    @app_commands.describe(
        host=N_("One host of this server's list"), zone=N_("The time zone of the hours; UTC without it")
    )
    @app_commands.guild_only()
    async def host_stats(self, interaction: discord.Interaction[Spacebot], host: str, zone: str | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        found = await self.stats.host(
            checks.guild_id(interaction),
            PersonId(interaction.user.id),
            host,
            zone,
            lambda where: checks.sees(interaction, where),
        )
        card, picture = words.stats_card(found), words.picture_of(found)
        files = []
        if picture is not None:
            content = io.BytesIO(await self.drawings.png(picture))
            files.append(discord.File(content, words.FILE_OF_PICTURE, description=words.alt_text(found)))
        await interaction.edit_original_response(content=card.content, embed=card.embed, attachments=files)

    @host_stats.autocomplete("host")
    async def followed(self, interaction: discord.Interaction[Spacebot], typed: str) -> list[app_commands.Choice[str]]:
        hosts = await self.guilds.complete(
            checks.guild_id(interaction), typed, lambda where: checks.sees(interaction, where)
        )
        return [
            app_commands.Choice(name=plain(f"{host.name} (@{host.username})", CHOICE_LIMIT), value=host.user_id)
            for host in hosts
        ]

    @host_stats.autocomplete("zone")
    async def zones(self, interaction: discord.Interaction[Spacebot], typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=name, value=name) for name in await self.stats.zones(typed)]


async def setup(bot: Spacebot) -> None:
    """Add the command."""
    await bot.add_cog(Stats(bot))
