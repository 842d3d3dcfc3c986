"""Following the members of a list of X's needs a yes to its price: the question, whose buttons work after a restart too."""

import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import ui

from cogs import checks
from cogs.setup.showing import Interaction, require_manager
from spacebot.bot.replies import explained, sentence
from spacebot.domain.ids import ChannelId, ListId, RoleId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import SpacebotError, UserMistake
from spacebot.present import setup as words
from spacebot.present.language import _

HEAD = "?H"
"""Whether also as co-host or speaker, and how many members."""

NUMBER = "Q"

MOST = 2**16 - 1
"""As many members a wish can be for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which list's members to follow, and how; short enough for the custom id of a button."""

    list_id: ListId
    channel_id: ChannelId | None
    roles: tuple[RoleId, ...]
    also_cohost: bool
    most: int
    """As many members as the price was said for."""

    @property
    def packed(self) -> str:
        """All of it in at most 79 characters."""
        numbers = (int(self.list_id), self.channel_id or 0, *self.roles)
        packed = struct.pack(f">{HEAD}{len(numbers)}{NUMBER}", self.also_cohost, min(self.most, MOST), *numbers)
        return urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def unpacked(cls, text: str) -> Self:
        """What `packed` gave."""
        packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        count = len(packed) // struct.calcsize(NUMBER)
        also, most, number, channel, *roles = struct.unpack(f">{HEAD}{count}{NUMBER}", packed)
        return cls(
            list_id=ListId(str(number)),
            channel_id=ChannelId(channel) if channel else None,
            roles=tuple(RoleId(role) for role in roles),
            also_cohost=also,
            most=most,
        )


class ListButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=r"setup:list:(?P<wish>[A-Za-z0-9_-]{26,79}):(?P<answer>yes|no)",
):
    """One of the two answers."""

    def __init__(self, wish: str, answer: str) -> None:
        yes = answer == "yes"
        super().__init__(
            ui.Button(
                label=_(words.FOLLOW_LIST) if yes else _(words.NO),
                style=discord.ButtonStyle.primary if yes else discord.ButtonStyle.secondary,
                custom_id=f"setup:list:{wish}:{answer}",
            )
        )
        self.wish = wish
        self.answer = answer

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["wish"], match["answer"])

    @explained
    async def callback(self, interaction: Interaction) -> None:
        require_manager(interaction)
        if self.answer == "no":
            await interaction.response.edit_message(content=_(words.NOTHING_FOLLOWED), view=None)
            return
        await interaction.response.edit_message(content=_(words.LOOKING_UP), view=None)
        try:
            said = await _follow(interaction, Wish.unpacked(self.wish))
        except SpacebotError as error:
            said = sentence(error)
        await interaction.edit_original_response(content=said)


async def _follow(interaction: Interaction, wish: Wish) -> str:
    guilds = interaction.client.services.guilds
    guild = checks.guild_of(interaction)
    guild_id = checks.guild_id(interaction)
    named = [guild.get_role(role) for role in wish.roles]
    roles = [role for role in named if role is not None]
    if len(roles) < len(named):
        raise UserMistake(Mistake.ROLE_GONE)
    channel_id = None if wish.channel_id is None else checks.still_postable(interaction, wish.channel_id)
    config = await guilds.config(guild_id)
    many = await guilds.watch_list(
        guild_id,
        wish.list_id,
        channel_id=channel_id,
        roles=checks.mentionable_all(interaction, roles, channel_id or config.channel_id),
        also_cohost=True if wish.also_cohost else None,
        by=interaction.user.id,
        most=wish.most,
    )
    return words.added(many)


def question_about_list(wish: Wish) -> ui.View:
    """The two buttons."""
    view = ui.View(timeout=None)
    view.add_item(ListButton(wish.packed, "yes"))
    view.add_item(ListButton(wish.packed, "no"))
    return view
