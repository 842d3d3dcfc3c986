"""The button of a post that tells who takes part in its Space; it works for as long as the post stands."""

import re
from typing import Self

import discord

from spacebot.bot.client import Spacebot
from spacebot.bot.replies import explained
from spacebot.domain.ids import SpaceId
from spacebot.present.announcement import WHO, who_id
from spacebot.present.language import _
from spacebot.present.people import EARLIER, FURTHER, who_pages


class WhoButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"who:(?P<space>[a-zA-Z0-9]{1,13})(:(?P<page>[0-9]{1,3}))?",
):
    """Tells whoever presses it, in private; without a page in its id it begins an answer, else it turns to that page."""

    def __init__(self, space_id: SpaceId, page: int | None = None, *, label: str | None = None) -> None:
        turns = "" if page is None else f":{page}"
        super().__init__(discord.ui.Button(label=label or _(WHO), custom_id=who_id(space_id) + turns))
        self.space_id = space_id
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        return cls(SpaceId(match["space"]), None if match["page"] is None else int(match["page"]))

    @explained
    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:
        if self.page is None:
            await interaction.response.defer(ephemeral=True, thinking=True)
        else:
            await interaction.response.defer()
        cards = who_pages(await interaction.client.services.lookups.who(self.space_id))
        at = min(self.page or 0, len(cards) - 1)
        card = cards[at]
        await interaction.edit_original_response(
            content=card.content, embed=card.embed, view=self._turning(at, len(cards))
        )

    def _turning(self, at: int, pages: int) -> discord.ui.View | None:
        view = discord.ui.View(timeout=None)
        if at > 0:
            view.add_item(WhoButton(self.space_id, at - 1, label=_(EARLIER)))
        if at + 1 < pages:
            view.add_item(WhoButton(self.space_id, at + 1, label=_(FURTHER)))
        return view if view.children else None


async def setup(bot: Spacebot) -> None:
    """Let the button work, on every post there is."""
    bot.add_dynamic_items(WhoButton)
