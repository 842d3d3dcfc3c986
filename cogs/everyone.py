"""Mentioning @everyone needs an explicit yes: the question, and its two buttons, which work after a restart too."""

import re
from typing import Self

import discord

from cogs.checks import guild_id, guild_of, mentionable
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import explained
from spacebot.domain.ids import RoleId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import configuration

WHOLE_GUILD = "guild"


class EveryoneButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"everyone:(?P<what>guild|[0-9]{1,19}):(?P<answer>yes|no)",
):
    """One of the two answers, for the role of the guild or of one watch."""

    def __init__(self, what: str, answer: str) -> None:
        yes = answer == "yes"
        super().__init__(
            discord.ui.Button(
                label=configuration.YES_EVERYONE if yes else configuration.NO,
                style=discord.ButtonStyle.danger if yes else discord.ButtonStyle.secondary,
                custom_id=f"everyone:{what}:{answer}",
            )
        )
        self.what = what
        self.answer = answer

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        return cls(match["what"], match["answer"])

    @explained
    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:
        text = await self._carry_out(interaction)
        await interaction.response.edit_message(content=text, view=None)

    async def _carry_out(self, interaction: discord.Interaction[Spacebot]) -> str:
        if not interaction.permissions.manage_guild:
            raise UserMistake(Mistake.MAY_NOT_MANAGE)
        if self.answer == "no":
            return configuration.NOBODY_NEW
        guild = guild_of(interaction)
        role = mentionable(guild, guild.default_role)
        guilds = interaction.client.services.guilds
        if self.what == WHOLE_GUILD:
            await guilds.set_role(guild_id(interaction), role)
            return configuration.role_sentence(role, guild_id(interaction))
        await guilds.set_watch_role(guild_id(interaction), UserId(self.what), RoleId(role))
        return configuration.HOST_MENTIONS_EVERYONE


def question(what: str = WHOLE_GUILD) -> discord.ui.View:
    """The two buttons, for the guild's role or for the watch of the host with this id."""
    view = discord.ui.View(timeout=None)
    view.add_item(EveryoneButton(what, "yes"))
    view.add_item(EveryoneButton(what, "no"))
    return view


async def setup(bot: Spacebot) -> None:
    """Let the buttons work."""
    bot.add_dynamic_items(EveryoneButton)
