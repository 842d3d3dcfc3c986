"""Whom a guild follows: `/watch add`, `/watch remove`, `/watch list`."""

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks, everyone
from cogs.pages import reply_pages
from spacebot.bot import Spacebot
from spacebot.errors import UserMistake
from spacebot.post import compose

NAME_LIMIT = 100
"""The longest name of a choice, by Discord's documentation."""


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Watchlist(commands.GroupCog, group_name="watch", group_description="Whom this server follows on X"):
    """The watchlist; Discord hides it from who may not manage the server, and each command checks again."""

    def __init__(self, bot: Spacebot) -> None:
        self.guilds = bot.services.guilds

    @app_commands.command(description="Announce this host's Spaces; again changes the channel or the role")
    @app_commands.describe(
        host="The host's @handle, profile link or numeric id",
        channel="Where to announce (else this server's channel)",
        role="Whom to mention (else this server's role)",
        also="Also announce Spaces of others in which this host is seen as co-host or speaker",
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def add(
        self,
        interaction: discord.Interaction[Spacebot],
        host: str,
        channel: discord.TextChannel | discord.Thread | None = None,
        role: discord.Role | None = None,
        also: Literal["cohost", "nothing"] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        guild = checks.guild_of(interaction)
        config = await self.guilds.config(checks.guild_id(interaction))
        where = channel.id if channel is not None else config.channel_id or checks.here(interaction)
        if channel is None and config.channel_id is not None and guild.get_channel_or_thread(where) is None:
            raise UserMistake("This server's channel is gone; choose another with `/config channel` first.")
        postable = checks.postable(guild, where)
        role_id = checks.mentionable(guild, role) if role is not None else None
        asks = role is not None and role.is_default()
        watched = await self.guilds.watch(
            checks.guild_id(interaction),
            host,
            channel_id=postable if channel is not None else None,
            role_id=None if asks else role_id,
            also_cohost=None if also is None else also == "cohost",
            here=postable,
            by=interaction.user.id,
        )
        text = compose.watched_sentence(watched, checks.guild_id(interaction))
        if asks:
            view = everyone.question(watched.line.watch.host.user_id)
            await interaction.edit_original_response(content=f"{text}\n{everyone.QUESTION}", view=view)
        else:
            await interaction.edit_original_response(content=text)

    @app_commands.command(description="Stop announcing this host's Spaces")
    @app_commands.describe(host="The host, from this server's list")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def remove(self, interaction: discord.Interaction[Spacebot], host: str) -> None:
        await interaction.response.defer(ephemeral=True)
        removed = await self.guilds.unwatch(checks.guild_id(interaction), host)
        await interaction.edit_original_response(content=compose.unwatched_sentence(removed))

    @remove.autocomplete("host")
    async def followed(self, interaction: discord.Interaction[Spacebot], typed: str) -> list[app_commands.Choice[str]]:
        if not interaction.permissions.manage_guild:
            return []
        hosts = await self.guilds.complete(checks.guild_id(interaction), typed)
        return [app_commands.Choice(name=compose.host_choice(host, NAME_LIMIT), value=host.user_id) for host in hosts]

    @app_commands.command(name="list", description="Whom this server follows, where it hears of them, and who is live")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def show(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        lines = await self.guilds.watchlist(checks.guild_id(interaction))
        shown = checks.with_obstacles(checks.guild_of(interaction), lines)
        await reply_pages(interaction, compose.watch_pages(shown, checks.guild_id(interaction)))


async def setup(bot: Spacebot) -> None:
    """Add the commands."""
    await bot.add_cog(Watchlist(bot))
