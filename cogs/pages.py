"""Answers of several pages, turned with two buttons; the pages wait in memory, so a very old answer says so."""

import re
import secrets
from collections.abc import Sequence
from typing import Self

import discord

from spacebot.bot import PAGES_KEPT, Spacebot
from spacebot.post.compose import Card
from spacebot.post.publisher import link_view

TOO_OLD = "This answer is too old to turn its pages; give the command again."
NOT_YOURS = "Only who asked can turn these pages; give the command yourself."


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"page:(?P<key>[0-9a-f]{16}):(?P<to>[0-9]+)"
):
    """Turns to one page of one answer."""

    def __init__(self, key: str, to: int, *, label: str = "Turn", disabled: bool = False) -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"page:{key}:{to}", disabled=disabled))
        self.key = key
        self.to = to

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        return cls(match["key"], int(match["to"]))

    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:  # type: ignore[override] # our bot
        kept = interaction.client.pages.get(self.key)
        if kept is None or self.to >= len(kept[1]):
            await interaction.response.send_message(TOO_OLD, ephemeral=True)
            return
        owner, pages = kept
        if interaction.user.id != owner:
            await interaction.response.send_message(NOT_YOURS, ephemeral=True)
            return
        await interaction.response.edit_message(
            content=pages[self.to].content, embed=pages[self.to].embed, view=_buttons(self.key, self.to, len(pages))
        )


def _buttons(key: str, at: int, count: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if at == 0:
        # An id that no page answers to: the two buttons must differ.
        view.add_item(discord.ui.Button(label="Previous", custom_id=f"page:{key}:none", disabled=True))
    else:
        view.add_item(PageButton(key, at - 1, label="Previous"))
    view.add_item(PageButton(key, at + 1, label="Next", disabled=at + 1 >= count))
    return view


async def reply(interaction: discord.Interaction[Spacebot], card: Card) -> None:
    """Complete a deferred answer with one card."""
    await interaction.edit_original_response(content=card.content, embed=card.embed, view=link_view(card))


async def reply_pages(interaction: discord.Interaction[Spacebot], pages: Sequence[Card]) -> None:
    """Complete a deferred answer with the first of several cards, and buttons for the others."""
    if len(pages) == 1:
        await reply(interaction, pages[0])
        return
    key = secrets.token_hex(8)
    kept = interaction.client.pages
    kept[key] = (interaction.user.id, pages)
    while len(kept) > PAGES_KEPT:
        kept.popitem(last=False)
    await interaction.edit_original_response(
        content=pages[0].content, embed=pages[0].embed, view=_buttons(key, 0, len(pages))
    )


async def setup(bot: Spacebot) -> None:
    """Let the buttons work, also on answers given before a restart."""
    bot.add_dynamic_items(PageButton)
