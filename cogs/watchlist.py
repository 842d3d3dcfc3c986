"""The hosts and keywords of a guild: `/watch add`, `remove`, `pause`, `resume`, `reset`, `list`, `/watch keyword …`."""

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks, everyone
from cogs.pages import reply_pages
from spacebot.bot.client import Spacebot
from spacebot.domain.guilds import Keyword
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import configuration, watchlists
from spacebot.present.limits import CHOICE_LIMIT
from spacebot.present.text import plain
from spacebot.usecases.guilds import CHOICES


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Watchlist(commands.GroupCog, group_name="watch", group_description="Whom this server follows on X"):
    """`/watch …`; Discord hides it from members who may not manage the server, and each command checks again."""

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
        channel: app_commands.Transform[checks.Room, checks.RoomOption] | None = None,
        role: discord.Role | None = None,
        also: Literal["cohost", "nothing"] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        guild = checks.guild_of(interaction)
        config = await self.guilds.config(checks.guild_id(interaction))
        if channel is None and config.channel_id is not None and guild.get_channel_or_thread(config.channel_id) is None:
            raise UserMistake(Mistake.GUILD_CHANNEL_GONE)
        postable = checks.chosen(interaction, channel, config.channel_id)
        role_id = checks.mentionable(interaction, role, postable) if role is not None else None
        asks = role is not None and role.is_default()
        watched = await self.guilds.watch(
            checks.guild_id(interaction),
            host,
            channel_id=postable if channel is not None else None,
            roles=() if asks or role_id is None else (role_id,),
            also_cohost=None if also is None else also == "cohost",
            here=postable,
            by=interaction.user.id,
        )
        text = watchlists.watched_sentence(watched, checks.guild_id(interaction))
        if asks:
            view = everyone.question(watched.line.watch.host.user_id)
            await interaction.edit_original_response(content=f"{text}\n{configuration.ASK_EVERYONE}", view=view)
        else:
            await interaction.edit_original_response(content=text)

    @app_commands.command(description="Stop announcing this host's Spaces")
    @app_commands.describe(host="The host, from this server's list")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def remove(self, interaction: discord.Interaction[Spacebot], host: str) -> None:
        await interaction.response.defer(ephemeral=True)
        removed = await self.guilds.unwatch(checks.guild_id(interaction), host)
        await interaction.edit_original_response(content=watchlists.unwatched_sentence(removed))

    @app_commands.command(description="Post nothing new of this host until /watch resume; what stands is kept true")
    @app_commands.describe(host="The host, from this server's list")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def pause(self, interaction: discord.Interaction[Spacebot], host: str) -> None:
        await interaction.response.defer(ephemeral=True)
        held = await self.guilds.hold_watch(checks.guild_id(interaction), host)
        await interaction.edit_original_response(content=watchlists.held_sentence(held, on_hold=True))

    @app_commands.command(description="Announce this host's Spaces again after /watch pause")
    @app_commands.describe(host="The host, from this server's list")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def resume(self, interaction: discord.Interaction[Spacebot], host: str) -> None:
        await interaction.response.defer(ephemeral=True)
        resumed = await self.guilds.resume_watch(checks.guild_id(interaction), host)
        await interaction.edit_original_response(content=watchlists.held_sentence(resumed, on_hold=False))

    @app_commands.command(description="Let this host have this server's channel and roles instead of its own")
    @app_commands.describe(host="The host, from this server's list")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def reset(self, interaction: discord.Interaction[Spacebot], host: str) -> None:
        await interaction.response.defer(ephemeral=True)
        changed = await self.guilds.reset_watch(checks.guild_id(interaction), host)
        await interaction.edit_original_response(content=watchlists.reset_sentence(changed))

    @remove.autocomplete("host")
    @pause.autocomplete("host")
    @resume.autocomplete("host")
    @reset.autocomplete("host")
    async def followed(self, interaction: discord.Interaction[Spacebot], typed: str) -> list[app_commands.Choice[str]]:
        if not interaction.permissions.manage_guild:
            return []
        hosts = await self.guilds.complete(checks.guild_id(interaction), typed)
        return [
            app_commands.Choice(name=watchlists.host_choice(host, CHOICE_LIMIT), value=host.user_id) for host in hosts
        ]

    @app_commands.command(name="list", description="Whom this server follows, where it hears of them, and who is live")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def show(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        lines = await self.guilds.watchlist(checks.guild_id(interaction))
        shown = checks.with_obstacles(checks.guild_of(interaction), lines)
        await reply_pages(interaction, watchlists.watch_pages(shown, checks.guild_id(interaction)))

    keyword = app_commands.Group(name="keyword", description="Words in the titles of Spaces")

    @keyword.command(name="add", description="Announce live Spaces whose title has these words, whoever hosts them")
    @app_commands.describe(
        words="The words, as they stand in a title",
        channel="Where to announce (else this server's channel)",
        role="Whom to mention (else this server's role)",
        language="Only Spaces in this language, by its code: en, es, pt …",
        listeners="Only Spaces with at least so many listeners",
        tickets="Only Spaces that need a ticket, or that need none",
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def add_keyword(  # noqa: PLR0917 - Discord's options come by name
        self,
        interaction: discord.Interaction[Spacebot],
        words: str,
        channel: app_commands.Transform[checks.Room, checks.RoomOption] | None = None,
        role: discord.Role | None = None,
        language: str | None = None,
        listeners: app_commands.Range[int, 1, 1_000_000] | None = None,
        tickets: Literal["needed", "none"] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        config = await self.guilds.config(guild_id)
        postable = checks.chosen(interaction, channel, config.channel_id)
        if role is not None and role.is_default():
            raise UserMistake(Mistake.EVERYONE_FOR_KEYWORD)
        watched = await self.guilds.watch_keyword(
            Keyword(
                guild_id=guild_id,
                text=words,
                lang=language,
                least=listeners,
                ticketed=None if tickets is None else tickets == "needed",
                channel_id=postable if channel is not None else None,
                roles=(checks.mentionable(interaction, role, postable),) if role is not None else (),
            ),
            here=postable,
            by=interaction.user.id,
        )
        await interaction.edit_original_response(content=watchlists.keyword_sentence(watched, guild_id))

    @keyword.command(name="remove", description="Stop announcing Spaces with these words")
    @app_commands.describe(words="The words, from this server's list")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def remove_keyword(self, interaction: discord.Interaction[Spacebot], words: str) -> None:
        await interaction.response.defer(ephemeral=True)
        removed = await self.guilds.unwatch_keyword(checks.guild_id(interaction), words)
        await interaction.edit_original_response(content=watchlists.unwatched_keyword_sentence(removed))

    @remove_keyword.autocomplete("words")
    async def watched_for(
        self, interaction: discord.Interaction[Spacebot], typed: str
    ) -> list[app_commands.Choice[str]]:
        if not interaction.permissions.manage_guild:
            return []
        keywords = await self.guilds.keywords(checks.guild_id(interaction))
        texts = [keyword.text for keyword in keywords if typed.strip().casefold() in keyword.text]
        return [app_commands.Choice(name=plain(text, CHOICE_LIMIT), value=text) for text in texts[:CHOICES]]

    @keyword.command(name="list", description="The words that this server watches for")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def show_keywords(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        config = await self.guilds.config(guild_id)
        pages = watchlists.keyword_pages(await self.guilds.keywords(guild_id), config.channel_id, guild_id)
        await reply_pages(interaction, pages)


async def setup(bot: Spacebot) -> None:
    """Add the commands."""
    await bot.add_cog(Watchlist(bot))
