"""The whole bot, for whoever runs it: `/operator status`, `costs`, `guild`, `block`, `allow`, in the operator's server alone."""

import re

import discord
from discord import app_commands
from discord.ext import commands

from spacebot.bot.client import Spacebot
from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import operator
from spacebot.present.language import N_

ID = re.compile(r"(?:<@!?)?([0-9]{15,20})>?", re.ASCII)
"""An id of Discord's, or a person's mention."""


def number(text: str) -> int:
    """The id that somebody typed; it is too long for a number option.

    Raises:
        UserMistake: it is none.
    """
    match = ID.fullmatch(text.strip())
    if match is None or int(match[1]) >= 1 << 63:
        raise UserMistake(Mistake.NO_ID)
    return int(match[1])


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Operator(commands.GroupCog, group_name="operator", group_description=N_("The whole bot, for whoever runs it")):
    """Registered in one server; each command checks again who gives it."""

    def __init__(self, bot: Spacebot) -> None:
        self.bot = bot
        self.permits = bot.services.permits
        self.operation = bot.services.operation

    @app_commands.command(description=N_("How the whole bot is: servers, hosts, queue, X's limits, push, shards"))
    async def status(self, interaction: discord.Interaction[Spacebot]) -> None:
        await self._begin(interaction)
        card = operator.overview_card(await self.operation.status(), guilds=len(self.bot.guilds))
        await interaction.edit_original_response(embed=card.embed)

    @app_commands.command(description=N_("What X bills: today and this month, by kind, purpose and server"))
    async def costs(self, interaction: discord.Interaction[Spacebot]) -> None:
        await self._begin(interaction)
        card = operator.costs_card(await self.operation.costs(), self._name)
        await interaction.edit_original_response(embed=card.embed)

    @app_commands.command(description=N_("How one server uses the bot"))
    @app_commands.describe(guild=N_("The server's id"))
    async def guild(self, interaction: discord.Interaction[Spacebot], guild: str) -> None:
        await self._begin(interaction)
        guild_id = GuildId(number(guild))
        card = operator.guild_card(await self.operation.guild(guild_id), self._name(guild_id))
        await interaction.edit_original_response(embed=card.embed)

    @app_commands.command(description=N_("Stop serving a server, or answering a person"))
    @app_commands.describe(guild=N_("The server's id"), person=N_("The person's id or mention"))
    async def block(
        self, interaction: discord.Interaction[Spacebot], guild: str | None = None, person: str | None = None
    ) -> None:
        by = await self._begin(interaction)
        guild_id, person_id = _named(guild, person)
        await self.permits.block(guild_id=guild_id, person=person_id, by=by)
        await interaction.edit_original_response(content=operator.blocked_sentence(guild_id, person_id))

    @app_commands.command(description=N_("Take a block back, or allow keywords to a server"))
    @app_commands.describe(
        guild=N_("The server's id"),
        person=N_("The person's id or mention"),
        keywords=N_("Whether the server may watch for words; a block is left as it is then"),
    )
    async def allow(
        self,
        interaction: discord.Interaction[Spacebot],
        guild: str | None = None,
        person: str | None = None,
        keywords: bool | None = None,
    ) -> None:
        by = await self._begin(interaction)
        guild_id, person_id = _named(guild, person)
        await self.permits.allow(guild_id=guild_id, person=person_id, keywords=keywords, by=by)
        await interaction.edit_original_response(content=operator.allowed_sentence(guild_id, person_id, keywords))

    async def _begin(self, interaction: discord.Interaction[Spacebot]) -> PersonId:
        """Who asks, if it is an operator, in the operator's server; others learn nothing."""
        person = PersonId(interaction.user.id)
        if interaction.guild_id != self.permits.operator_guild:
            raise UserMistake(Mistake.NOT_THE_OPERATOR)
        self.permits.require_operator(person)
        await interaction.response.defer(ephemeral=True)
        return person

    def _name(self, guild_id: GuildId) -> str | None:
        guild = self.bot.get_guild(guild_id)
        return guild.name if guild is not None else None


def _named(guild: str | None, person: str | None) -> tuple[GuildId | None, PersonId | None]:
    return (
        GuildId(number(guild)) if guild is not None else None,
        PersonId(number(person)) if person is not None else None,
    )


async def setup(bot: Spacebot) -> None:
    """Add the commands to the operator's server, where there is one."""
    guild_id = bot.services.permits.operator_guild
    if guild_id is not None:
        await bot.add_cog(Operator(bot), guild=discord.Object(guild_id))
