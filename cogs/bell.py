"""'Notify me' under posts, and `/notify`: whoever presses gets a role that posts ping, or gives it back."""

import re
from collections.abc import Callable
from functools import partial
from typing import Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import explained
from spacebot.domain.ids import ChannelId, PersonId
from spacebot.present.announcement import bell_id
from spacebot.present.bells import LABEL, SYMBOL, pressed_sentence
from spacebot.present.language import N_, _
from spacebot.present.limits import CHOICE_LIMIT
from spacebot.present.text import plain


async def press(
    interaction: discord.Interaction[Spacebot], named: str | None, sees: Callable[[ChannelId | None], bool]
) -> None:
    """Toggle the role, and say what became of it to who pressed alone; a host is known where `sees` lets its posts be seen."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    guild_id = checks.guild_id(interaction)
    guild, member = checks.guild_of(interaction), interaction.user
    pressed = await interaction.client.services.bells.press(
        guild_id,
        PersonId(member.id),
        named,
        sees=sees,
        held=[role.id for role in member.roles] if isinstance(member, discord.Member) else (),
        asked=interaction.id,
        roles=checks.roles_of(interaction.client, guild, language=interaction.client.language_of(guild)),
    )
    await interaction.edit_original_response(content=pressed_sentence(pressed, guild_id))


class BellButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"bell(:(?P<host>[0-9]{1,19}))?"):
    """The button under a post; without a host in its id it is the server's own."""

    def __init__(self, host: str | None) -> None:
        super().__init__(discord.ui.Button(label=_(LABEL), emoji=SYMBOL, custom_id=bell_id(host or "")))
        self.host = host

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        return cls(match["host"])

    @explained
    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:
        await press(interaction, self.host, lambda _: True)  # they see the post under which it is


class Notify(commands.Cog):
    """`/notify`, for everybody."""

    def __init__(self, bot: Spacebot) -> None:
        self.guilds = bot.services.guilds

    @app_commands.command(description=N_("Get pinged when a Space is posted here, or end that"))
    @app_commands.describe(host=N_("Whose Spaces, where this server has a role for each host"))
    @app_commands.guild_only()
    async def notify(self, interaction: discord.Interaction[Spacebot], host: str | None = None) -> None:
        await press(interaction, host, partial(checks.sees, interaction))

    @notify.autocomplete("host")
    async def followed(self, interaction: discord.Interaction[Spacebot], typed: str) -> list[app_commands.Choice[str]]:
        hosts = await self.guilds.complete(checks.guild_id(interaction), typed, sees=partial(checks.sees, interaction))
        return [
            app_commands.Choice(name=plain(f"{host.name} (@{host.username})", CHOICE_LIMIT), value=host.user_id)
            for host in hosts
        ]


async def setup(bot: Spacebot) -> None:
    """Let the button work, on every post there is, and add the command."""
    bot.add_dynamic_items(BellButton)
    await bot.add_cog(Notify(bot))
