"""Mentioning @everyone needs an explicit yes: the question, and its two buttons, which work after a restart too."""

import re
from typing import Self

import discord

from cogs.checks import guild_id, guild_of, mentionable
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import explained
from spacebot.domain.ids import UserId
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
        role = guild_of(interaction).default_role
        guilds = interaction.client.services.guilds
        if self.what == WHOLE_GUILD:
            config = await guilds.config(guild_id(interaction))
            role_id = mentionable(interaction, role, config.channel_id)
            await guilds.set_role(guild_id(interaction), role_id)
            return configuration.role_sentence(role_id, guild_id(interaction))
        lines = await guilds.watchlist(guild_id(interaction))
        channel_id = next((line.channel_id for line in lines if line.watch.host.user_id == self.what), None)
        role_id = mentionable(interaction, role, channel_id)
        await guilds.set_watch_role(guild_id(interaction), UserId(self.what), role_id)
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
