"""`/x-link`, `/x-unlink`, `/space-buyers`: what needs a person's own X account; offered only where one can be linked."""

import asyncio
import io
import re
from typing import Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.pages import reply_pages_of
from cogs.spaces import asker
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import explain, explained, require_answered
from spacebot.domain.ids import PersonId, SpaceId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import buyers, linking
from spacebot.present.language import N_, _
from spacebot.usecases.links import SIGN_IN_LIVES, Links
from spacebot.usecases.watch_csv import written
from spacebot.x import reference


class PasteButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template="x-link:paste"):
    """Opens the form for the address."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label=_(linking.PASTE), custom_id="x-link:paste"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        return cls()

    @explained
    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.send_modal(PasteModal())


class PasteModal(discord.ui.Modal):
    """The form for the address that the person landed on."""

    def __init__(self) -> None:
        # discord.py keeps dismissed forms until then
        super().__init__(title=_(linking.ASK_ADDRESS), timeout=SIGN_IN_LIVES.total_seconds())
        self.address: discord.ui.TextInput[PasteModal] = discord.ui.TextInput(
            label=_(linking.ADDRESS), custom_id="address", placeholder="http…", max_length=2000
        )
        self.add_item(self.address)

    async def on_submit(self, interaction: discord.Interaction[Spacebot]) -> None:  # type: ignore[override] # our bot
        require_answered(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        links = _links(interaction.client)
        await links.finish_pasted(PersonId(interaction.user.id), self.address.value)
        await interaction.edit_original_response(content=_(linking.LINKED))

    async def on_error(self, interaction: discord.Interaction[Spacebot], error: Exception) -> None:  # type: ignore[override] # our bot
        await explain(interaction, error)


class BuyersButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"buyers:(?P<space>[a-zA-Z0-9]{1,13})"
):
    """Counts all buyers of a Space, and gives them as a file: only to its creator, for X tells nobody else."""

    def __init__(self, space_id: SpaceId) -> None:
        super().__init__(discord.ui.Button(custom_id=buyers.file_id(space_id)))
        self.space_id = space_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        return cls(SpaceId(match["space"]))

    @explained
    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await interaction.client.services.lookups.all_buyers(self.space_id, **asker(interaction))
        content = await asyncio.to_thread(written, buyers.rows(found.users), columns=buyers.COLUMNS)
        await interaction.edit_original_response(
            content=buyers.total(len(found.users), is_all=found.is_all, why=found.why),
            attachments=[discord.File(io.BytesIO(content), buyers.FILE_OF_BUYERS)],
        )


class Linking(commands.Cog):
    """A person's own X account."""

    def __init__(self, bot: Spacebot) -> None:
        self.bot = bot
        self.lookups = bot.services.lookups

    @app_commands.command(name="x-link", description=N_("Let me see on X what your own account may see; only for you"))
    async def link(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        links = _links(self.bot)
        address = await links.begin(PersonId(interaction.user.id), interaction.user.name)
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label=_(linking.SIGN_IN), url=address))
        if not links.has_web:
            view.add_item(PasteButton())
        await interaction.edit_original_response(content=linking.how_to_link(pastes=not links.has_web), view=view)

    @app_commands.command(name="x-unlink", description=N_("Take back what you lent me with /x-link"))
    async def unlink(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        was_linked = await _links(self.bot).unlink(PersonId(interaction.user.id))
        text = _(linking.UNLINKED) if was_linked else _(linking.NOT_LINKED)
        await interaction.edit_original_response(content=text)

    @app_commands.command(name="space-buyers", description=N_("Who bought a ticket for your own Space; needs /x-link"))
    @app_commands.describe(space=N_("A link to the Space, or its id"))
    async def buyers(self, interaction: discord.Interaction[Spacebot], space: str) -> None:
        await interaction.response.defer(ephemeral=True)
        pages = await self.lookups.buyers(space, **asker(interaction))
        space_id = reference.space_id(space)
        await reply_pages_of(interaction, pages, lambda page: buyers.buyer_pages(page, space_id), buyers.no_buyers())


def _links(bot: Spacebot) -> Links:
    if bot.services.links is None:
        raise UserMistake(Mistake.LINKING_NOT_SET_UP)
    return bot.services.links


async def setup(bot: Spacebot) -> None:
    """Let the buttons work after a restart too, and add the commands where they can be served."""
    bot.add_dynamic_items(PasteButton, BuyersButton)
    if bot.services.links is not None:
        await bot.add_cog(Linking(bot))
