"""Mentioning @everyone needs an explicit yes: the question, and its two buttons, which work after a restart too."""

import re
from collections.abc import Sequence
from typing import Self

import discord

from cogs.checks import guild_id, guild_of, mentionable, mentionable_all
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import explained
from spacebot.domain.ids import RoleId, UserId, everyone
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import configuration
from spacebot.present.language import _

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
                label=_(configuration.YES_EVERYONE) if yes else _(configuration.NO),
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
        if not interaction.permissions.manage_guild:
            raise UserMistake(Mistake.MAY_NOT_MANAGE)
        await interaction.response.defer()
        text = await self._carry_out(interaction)
        await interaction.edit_original_response(content=text, view=None)

    async def _carry_out(self, interaction: discord.Interaction[Spacebot]) -> str:
        if self.answer == "no":
            return _(configuration.NOBODY_NEW)
        role = guild_of(interaction).default_role
        guilds = interaction.client.services.guilds
        if self.what == WHOLE_GUILD:
            config = await guilds.config(guild_id(interaction))
            roles = (mentionable(interaction, role, config.channel_id),)
            await guilds.set_roles(guild_id(interaction), roles)
            return configuration.roles_sentence(roles, guild_id(interaction))
        lines = await guilds.watchlist(guild_id(interaction))
        channel_id = next((line.channel_id for line in lines if line.watch.host.user_id == self.what), None)
        role_id = mentionable(interaction, role, channel_id)
        await guilds.set_watch_roles(guild_id(interaction), UserId(self.what), (role_id,))
        return _(configuration.HOST_MENTIONS_EVERYONE)


def question(what: str = WHOLE_GUILD) -> discord.ui.View:
    """The two buttons, for the guild's role or for the watch of the host with this id."""
    view = discord.ui.View(timeout=None)
    view.add_item(EveryoneButton(what, "yes"))
    view.add_item(EveryoneButton(what, "no"))
    return view


async def set_roles(
    interaction: discord.Interaction[Spacebot], named: Sequence[discord.Role]
) -> tuple[tuple[RoleId, ...], bool]:
    """Let the guild's announcements mention these roles, and nobody else; @everyone only after a yes to `question`.

    Returns:
        Who is mentioned from now on, and whether the question is to be asked.

    Raises:
        UserMistake: one of them cannot be mentioned; nothing was changed.
    """
    guild = guild_id(interaction)
    guilds = interaction.client.services.guilds
    config = await guilds.config(guild)
    roles = mentionable_all(interaction, named, config.channel_id)
    asks = everyone(guild) in roles and everyone(guild) not in config.roles
    if asks:
        roles = tuple(role for role in roles if role != everyone(guild)) or config.roles
    await guilds.set_roles(guild, roles)
    return roles, asks


async def setup(bot: Spacebot) -> None:
    """Let the buttons work."""
    bot.add_dynamic_items(EveryoneButton)
