"""[Send a test], and the two buttons of its answer, which work after a restart too."""

import re
from typing import Any, Self

import discord
from discord import ui

from cogs import checks
from cogs.setup.showing import Interaction, require_manager
from spacebot.bot.replies import explained
from spacebot.present import events
from spacebot.present import testing as words
from spacebot.present.language import _


class TestButton(ui.DynamicItem[ui.Button[ui.View]], template=r"test:(?P<what>keep|remove):(?P<test>0[0-9a-f]{10})"):
    """Keeps a test where it stands, or removes it."""

    __test__ = False

    def __init__(self, what: str, test_id: str) -> None:
        removes = what == "remove"
        super().__init__(
            ui.Button(
                label=_(words.REMOVE) if removes else _(words.KEEP),
                style=discord.ButtonStyle.danger if removes else discord.ButtonStyle.success,
                custom_id=f"test:{what}:{test_id}",
            )
        )
        self.what = what
        self.test_id = test_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["what"], match["test"])

    @explained
    async def callback(self, interaction: Interaction) -> None:
        require_manager(interaction)
        if self.what == "keep":
            await interaction.response.edit_message(content=_(words.KEPT), view=None)
            return
        await interaction.response.defer()
        gone = await interaction.client.services.testing.remove(self.test_id, checks.guild_id(interaction))
        said = _(words.TOO_OLD) if gone is None else _(words.REMOVED) if gone else _(words.NOT_REMOVED)
        await interaction.edit_original_response(content=said, view=None)


async def send_test(interaction: Interaction) -> None:
    """Post a test wherever this server's announcements go, and answer in private what became of it."""
    require_manager(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    guild, guild_id = checks.guild_of(interaction), checks.guild_id(interaction)
    tested = await interaction.client.services.testing.send(
        guild_id, lambda channel_id: checks.obstacle(guild, channel_id)
    )
    view: discord.ui.View | None = None
    if words.is_posted(tested):
        view = discord.ui.View(timeout=None)
        view.add_item(TestButton("keep", tested.test_id))
        view.add_item(TestButton("remove", tested.test_id))
        view.stop()  # its buttons are handled by their custom ids
    text = words.tested_text(tested, guild_id)
    set_up = await interaction.client.services.guilds.set_up(guild_id)
    if set_up.config.makes_events:
        trouble = checks.events_trouble(interaction.client, guild, set_up)
        text = f"{text}\n{events.tested_line(trouble=trouble)}"
    await interaction.edit_original_response(content=text, view=view)
