"""'Look up this Space' in the menu of any message: what its text, its embeds and its components name, in private.

X is asked for the first Space alone; everything else that the message names can be chosen below the answer.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.spaces import asker, host_card, space_card
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import explained, sentence
from spacebot.deliver.publisher import button_view
from spacebot.domain.ids import SpaceId
from spacebot.errors import SpacebotError
from spacebot.present import found
from spacebot.present.card import Card
from spacebot.present.language import _
from spacebot.x.reference import Handle, named_in

READ = ("title", "url", "description", "name", "value", "text", "content", "label")
"""The fields of embeds and components that people read or follow, in the order in which they are looked at."""


class FoundSelect(discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]], template="found"):
    """Everything that a message names; its options say all that there is to know, so it works after any restart."""

    def __init__(self, options: Sequence[discord.SelectOption], placeholder: str | None) -> None:
        super().__init__(discord.ui.Select(custom_id="found", options=list(options), placeholder=placeholder))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        assert isinstance(item, discord.ui.Select)
        return cls(item.options, item.placeholder)

    @explained
    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer()
        [value] = self.item.values
        card = await looked_up(interaction, found.named_by(value))
        await interaction.edit_original_response(content=card.content, embed=card.embed, view=_view(card, self))


class Found(commands.Cog):
    """The menu."""

    def __init__(self, bot: Spacebot) -> None:
        menu = app_commands.ContextMenu(
            name=found.LOOK_UP,
            callback=self.look_up,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        )
        bot.tree.add_command(menu)

    async def look_up(self, interaction: discord.Interaction[Spacebot], message: discord.Message) -> None:
        """Answer in private, wherever it is: nobody else asked."""
        named = named_in(texts_of(message))
        if not named:
            await interaction.response.send_message(_(found.NOTHING_NAMED), ephemeral=True)
            return
        select = FoundSelect(found.options(named), found.placeholder(named))
        if isinstance(named[0], Handle):
            await interaction.response.send_message(_(found.HOSTS_ALONE), view=_view(Card(), select), ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        card = await looked_up(interaction, named[0])
        view = _view(card, select if len(named) > 1 else None)
        await interaction.edit_original_response(content=card.content, embed=card.embed, view=view)


async def looked_up(interaction: discord.Interaction[Spacebot], named: SpaceId | Handle) -> Card:
    """The answer of `/space` or of `/host-live`, or why there is none: what else the message names is offered beside it."""
    lookups = interaction.client.services.lookups
    try:
        if isinstance(named, Handle):
            return host_card(await lookups.host_live(f"@{named.name}", **asker(interaction)))
        return space_card(await lookups.space(named, **asker(interaction)))
    except SpacebotError as error:
        return Card(content=sentence(error))


def texts_of(message: discord.Message) -> Iterator[str]:
    """What a message says, those that it forwards included: its text first, then its embeds, then its components."""
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for part in parts:
        yield part.content
        held: list[Any] = [*part.embeds, *part.components]
        for each in held:
            yield from _read(each.to_dict())


def _read(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (part[key] for key in READ if isinstance(part.get(key), str))
        for value in part.values():
            yield from _read(value)
    elif isinstance(part, list):
        for value in part:
            yield from _read(value)


def _view(card: Card, select: FoundSelect | None) -> discord.ui.View:
    view = button_view(card) or discord.ui.View(timeout=None)
    if select is not None:
        view.add_item(select)
    view.stop()  # one that has stopped is not remembered
    return view


async def setup(bot: Spacebot) -> None:
    """Add the menu, and let the select below its answers work."""
    await bot.add_cog(Found(bot))
    bot.add_dynamic_items(FoundSelect)
