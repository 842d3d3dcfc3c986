"""Whether the channel of a command becomes the guild's: the question, and its two buttons, which work after a restart too."""

import re
from typing import Self

import discord

from cogs.checks import guild_id, postable_here
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import explained
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import configuration, watchlists
from spacebot.present.language import _


class HereButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"here:(?P<answer>yes|later)"):
    """One of the two answers; what it says of 'this channel' is the one where it is pressed."""

    def __init__(self, answer: str, *, label: str | None = None) -> None:
        style = discord.ButtonStyle.primary if answer == "yes" else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label or _(watchlists.LATER), style=style, custom_id=f"here:{answer}"))
        self.answer = answer

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        return cls(match["answer"])

    @explained
    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:
        if not interaction.permissions.manage_guild:
            raise UserMistake(Mistake.MAY_NOT_MANAGE)
        if self.answer == "later":
            await interaction.response.edit_message(content=_(watchlists.CHOSEN_LATER), view=None)
            return
        channel_id = postable_here(interaction)
        await interaction.response.defer()
        await interaction.client.services.guilds.set_channel(guild_id(interaction), channel_id)
        await interaction.edit_original_response(content=configuration.channel_sentence(channel_id), view=None)


def question(interaction: discord.Interaction[Spacebot]) -> discord.ui.View:
    """The two buttons; a thread stands for the channel that it belongs to."""
    where = interaction.channel
    place = where.parent if isinstance(where, discord.Thread) else where
    view = discord.ui.View(timeout=None)
    view.add_item(HereButton("yes", label=watchlists.use_this(getattr(place, "name", None))))
    view.add_item(HereButton("later"))
    return view


async def setup(bot: Spacebot) -> None:
    """Let the buttons work."""
    bot.add_dynamic_items(HereButton)
