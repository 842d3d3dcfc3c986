"""How a guild hears of Spaces: `/config channel`, `/config role`, `/config show`."""

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks, everyone
from spacebot.bot import Spacebot
from spacebot.post import compose


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Configure(commands.GroupCog, group_name="config", group_description="Where Spaces are announced, and to whom"):
    """The configuration; Discord hides it from who may not manage the server, and each command checks again."""

    def __init__(self, bot: Spacebot) -> None:
        self.guilds = bot.services.guilds
        self.watcher = bot.services.watcher

    @app_commands.command(description="Announce Spaces in this channel")
    @app_commands.describe(channel="The channel for hosts without one of their own")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def channel(self, interaction: discord.Interaction[Spacebot], channel: discord.TextChannel) -> None:
        await interaction.response.defer(ephemeral=True)
        postable = checks.postable(checks.guild_of(interaction), channel.id)
        await self.guilds.set_channel(checks.guild_id(interaction), postable)
        await interaction.edit_original_response(
            content=f"Spaces are announced in {channel.mention} from now on. Follow a host with `/watch add`."
        )

    @app_commands.command(description="Mention this role with each announcement; without one, nobody")
    @app_commands.describe(role="The role to mention; leave it out to mention nobody")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def role(self, interaction: discord.Interaction[Spacebot], role: discord.Role | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        guild = checks.guild_of(interaction)
        role_id = checks.mentionable(guild, role) if role is not None else None
        if role is not None and role.is_default():
            await interaction.edit_original_response(content=everyone.QUESTION, view=everyone.question())
            return
        await self.guilds.set_role(checks.guild_id(interaction), role_id)
        whom = f"mention {role.mention}" if role is not None else "mention nobody"
        await interaction.edit_original_response(content=f"Announcements {whom} from now on.")

    @app_commands.command(description="What is set up, and whether anything is in its way")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def show(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        config = await self.guilds.config(guild_id)
        lines = checks.with_obstacles(checks.guild_of(interaction), await self.guilds.watchlist(guild_id))
        card = compose.config_card(
            config,
            lines,
            guild_id,
            obstacle=checks.obstacle(checks.guild_of(interaction), config.channel_id),
            role_trouble=checks.role_trouble(checks.guild_of(interaction), config.role_id),
            last_good_sweep=self.watcher.last_good_sweep,
            trouble=self.watcher.trouble,
        )
        await interaction.edit_original_response(content=card.content, embed=card.embed)


async def setup(bot: Spacebot) -> None:
    """Add the commands."""
    await bot.add_cog(Configure(bot))
