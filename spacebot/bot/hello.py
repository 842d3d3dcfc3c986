"""The greeting and its two buttons, which work for as long as the greeting stands, and answer in private."""

import re
from typing import Any, Self

import discord

from spacebot.bot.replies import explained
from spacebot.present.bot import HELLO, SET_UP, WHAT_I_CAN_DO, abilities
from spacebot.present.card import SCHEDULED_COLOUR
from spacebot.present.language import _

OPEN_SETUP = "setup:open"
"""The custom id of the button that opens the panel; who handles it is loaded with the commands."""


class HelpButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.LayoutView]], template="help:open"):
    """Says in private what the bot can do."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label=_(WHAT_I_CAN_DO), custom_id="help:open"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls()

    @explained
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message(abilities(), ephemeral=True)


def hello() -> discord.ui.LayoutView:
    """The greeting."""
    view = discord.ui.LayoutView(timeout=None)
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(
        discord.ui.Button(label=_(SET_UP), emoji="⚙️", custom_id=OPEN_SETUP, style=discord.ButtonStyle.primary),
        HelpButton(),
    )
    view.add_item(discord.ui.Container(discord.ui.TextDisplay(_(HELLO)), row, accent_colour=SCHEDULED_COLOUR))
    view.stop()  # its buttons are handled by their custom ids, so that discord.py need not remember it
    return view
