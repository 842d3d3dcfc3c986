"""What everybody can ask: `/space`, `/spaces-upcoming`, `/spaces-search`, `/host-live` and `/space-posts`.

What was typed is read before an answer is begun in public: a slip is answered at once, for who typed it alone.

`/space`, `/spaces-search` and `/host-live` can be used anywhere by whoever has installed the bot for themselves; then the
answer is theirs alone.
"""

from typing import Literal, TypedDict, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks
from cogs.pages import begin, reply, reply_pages, reply_pages_of, whisper
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import home_of
from spacebot.domain.ids import GuildId, PersonId
from spacebot.present import replies
from spacebot.present.agenda import agenda_pages
from spacebot.present.card import Card
from spacebot.present.language import N_
from spacebot.usecases.lookups import HostLive, SpaceLook, searched_for
from spacebot.x import reference

T = TypeVar("T")


class Asker(TypedDict):
    """Who asks, and where."""

    guild_id: GuildId | None
    person: PersonId


def asker(interaction: discord.Interaction[Spacebot]) -> Asker:
    """For whom X is asked: a guild that the bot is in pays its share, and nobody else's guild does."""
    return Asker(guild_id=home_of(interaction), person=PersonId(interaction.user.id))


def space_card(look: SpaceLook) -> Card:
    """A Space, or what is kept of it."""
    return replies.space_reply(look.view) if look.past is None else replies.past_reply(look.past)


def host_card(answer: HostLive) -> Card:
    """A host's live Space, or what is coming up."""
    if answer.live is not None:
        return replies.space_reply(answer.live)
    return replies.upcoming_reply(answer.host, answer.upcoming)


def _anywhere(command: T) -> T:
    """Let people install a command for themselves, too, and use it wherever they are."""
    installed = app_commands.allowed_installs(guilds=True, users=True)(command)
    return app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(installed)


class Spaces(commands.Cog):
    """Questions about Spaces."""

    def __init__(self, bot: Spacebot) -> None:
        self.lookups = bot.services.lookups
        self.guilds = bot.services.guilds

    @_anywhere
    @app_commands.command(description=N_("Show one Space: its host, listeners, speakers and where to listen"))
    @app_commands.describe(space=N_("A link to the Space, or its id"))
    async def space(self, interaction: discord.Interaction[Spacebot], space: str) -> None:
        reference.space_id(space)
        await begin(interaction)
        look = await self.lookups.space(space, **asker(interaction))
        await reply(interaction, space_card(look), is_private=look.is_private)
        if look.reminders is not None:
            await whisper(interaction, replies.reminders_sentence(look.reminders))

    @app_commands.command(
        name="spaces-upcoming", description=N_("Who of this server's hosts is live, and their next seven days")
    )
    @app_commands.guild_only()
    async def upcoming(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        agenda = await self.guilds.agenda(checks.guild_id(interaction), lambda where: checks.sees(interaction, where))
        await reply_pages(interaction, agenda_pages(agenda, checks.guild_id(interaction)))

    @_anywhere
    @app_commands.command(
        name="spaces-search", description=N_("Find live and scheduled Spaces by words of their title")
    )
    @app_commands.describe(query=N_("Words of the title"), state=N_("Only live or only scheduled Spaces"))
    async def search(
        self,
        interaction: discord.Interaction[Spacebot],
        query: str,
        state: Literal["all", "live", "scheduled"] = "all",
    ) -> None:
        searched_for(query)
        await begin(interaction)
        pages = await self.lookups.search(query, state, **asker(interaction))
        await reply_pages_of(
            interaction,
            pages,
            lambda page: [replies.search_card(query, page)],
            replies.nothing_found(query),
            is_last=lambda page: page.is_last,
        )

    @_anywhere
    @app_commands.command(name="host-live", description=N_("Is this host live? If not, what is coming up?"))
    @app_commands.describe(host=N_("The host's @handle, profile link or numeric id, or a link to their Space"))
    async def host_live(self, interaction: discord.Interaction[Spacebot], host: str) -> None:
        reference.host(host)
        await begin(interaction)
        answer = await self.lookups.host_live(host, **asker(interaction))
        await reply(interaction, host_card(answer), is_private=answer.is_private)

    @app_commands.command(name="space-posts", description=N_("The posts that were shared in a Space"))
    @app_commands.describe(space=N_("A link to the Space, or its id"))
    async def posts(self, interaction: discord.Interaction[Spacebot], space: str) -> None:
        reference.space_id(space)
        await interaction.response.defer()
        pages = await self.lookups.posts(space, **asker(interaction))
        await reply_pages_of(interaction, pages, replies.post_pages, replies.no_posts())


async def setup(bot: Spacebot) -> None:
    """Add the commands."""
    await bot.add_cog(Spaces(bot))
