"""What everybody can ask: `/space`, `/spaces-upcoming`, `/spaces-search`, `/host-live` and `/space-posts`.

What was typed is read before an answer is begun in public: a slip is answered at once, for who typed it alone.
"""

from typing import Literal, TypedDict

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks
from cogs.pages import reply, reply_pages, reply_pages_of, whisper
from spacebot.bot.client import Spacebot
from spacebot.domain.ids import GuildId, PersonId
from spacebot.present import replies
from spacebot.present.agenda import agenda_pages
from spacebot.usecases.lookups import searched_for
from spacebot.x import reference


class Asker(TypedDict):
    """Who asks, and where."""

    guild_id: GuildId | None
    person: PersonId


def asker(interaction: discord.Interaction[Spacebot]) -> Asker:
    """For whom X is asked."""
    guild_id = GuildId(interaction.guild_id) if interaction.guild_id is not None else None
    return Asker(guild_id=guild_id, person=PersonId(interaction.user.id))


class Spaces(commands.Cog):
    """Questions about Spaces."""

    def __init__(self, bot: Spacebot) -> None:
        self.lookups = bot.services.lookups
        self.guilds = bot.services.guilds

    @app_commands.command(description="Show one Space: its host, listeners, speakers and where to listen")
    @app_commands.describe(space="A link to the Space, or its id")
    async def space(self, interaction: discord.Interaction[Spacebot], space: str) -> None:
        reference.space_id(space)
        await interaction.response.defer()
        look = await self.lookups.space(space, **asker(interaction))
        card = replies.space_reply(look.view) if look.past is None else replies.past_reply(look.past)
        await reply(interaction, card, is_private=look.is_private)
        if look.reminders is not None:
            await whisper(interaction, replies.reminders_sentence(look.reminders))

    @app_commands.command(
        name="spaces-upcoming", description="Who of this server's hosts is live, and their next seven days"
    )
    @app_commands.guild_only()
    async def upcoming(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        agenda = await self.guilds.agenda(checks.guild_id(interaction), lambda where: checks.sees(interaction, where))
        await reply_pages(interaction, agenda_pages(agenda))

    @app_commands.command(name="spaces-search", description="Find live and scheduled Spaces by words of their title")
    @app_commands.describe(query="Words of the title", state="Only live or only scheduled Spaces")
    async def search(
        self,
        interaction: discord.Interaction[Spacebot],
        query: str,
        state: Literal["all", "live", "scheduled"] = "all",
    ) -> None:
        searched_for(query)
        await interaction.response.defer()
        pages = await self.lookups.search(query, state, **asker(interaction))
        await reply_pages_of(
            interaction,
            pages,
            lambda page: [replies.search_card(query, page)],
            replies.nothing_found(query),
            is_last=lambda page: page.is_last,
        )

    @app_commands.command(name="host-live", description="Is this host live? If not, what is coming up?")
    @app_commands.describe(host="The host's @handle, profile link or numeric id, or a link to their Space")
    async def host_live(self, interaction: discord.Interaction[Spacebot], host: str) -> None:
        reference.host(host)
        await interaction.response.defer()
        answer = await self.lookups.host_live(host, **asker(interaction))
        if answer.live is not None:
            card = replies.space_reply(answer.live)
        else:
            card = replies.upcoming_reply(answer.host, answer.upcoming)
        await reply(interaction, card, is_private=answer.is_private)

    @app_commands.command(name="space-posts", description="The posts that were shared in a Space")
    @app_commands.describe(space="A link to the Space, or its id")
    async def posts(self, interaction: discord.Interaction[Spacebot], space: str) -> None:
        reference.space_id(space)
        await interaction.response.defer()
        pages = await self.lookups.posts(space, **asker(interaction))
        await reply_pages_of(interaction, pages, replies.post_pages, replies.NO_POSTS)


async def setup(bot: Spacebot) -> None:
    """Add the commands."""
    await bot.add_cog(Spaces(bot))
