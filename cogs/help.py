"""`/help`: what this bot offers to whoever asks."""

from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from spacebot.bot.client import Spacebot
from spacebot.domain.ids import PersonId
from spacebot.present.help import Offered, help_embeds
from spacebot.present.language import N_, _


class Help(commands.Cog):
    """For everybody, in private."""

    def __init__(self, bot: Spacebot) -> None:
        self.bot = bot

    @app_commands.command(description=N_("What I can do, to tap"))
    async def help(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.send_message(embeds=help_page(interaction), ephemeral=True)


def help_page(interaction: discord.Interaction[Spacebot]) -> list[discord.Embed]:
    """The embeds of the page, for who asks: the commands that are handed to Discord, and no others.

    What is for admins, or for the operator in their own server, is shown to them alone.
    """
    bot, permits = interaction.client, interaction.client.services.permits
    offered = _roots(bot)
    may_manage = interaction.permissions.manage_guild
    home = permits.operator_guild
    runs_it = interaction.guild_id == home and permits.is_operator(PersonId(interaction.user.id))
    own = _roots(bot, discord.Object(home)) if home is not None and runs_it else []
    return help_embeds(
        [line for root in offered if not _is_for_admins(root) for line in _leaves(bot, root)],
        [line for root in offered if _is_for_admins(root) and may_manage for line in _leaves(bot, root)],
        [line for root in own for line in _leaves(bot, root, operator=True)],
        bot.services.policies,
    )


_Command = app_commands.Command[Any, ..., Any] | app_commands.Group


def _roots(bot: Spacebot, guild: discord.Object | None = None) -> list[_Command]:
    """What every server is offered, or what one is beside that."""
    return [
        root
        for root in bot.tree.get_commands(guild=guild)
        if isinstance(root, app_commands.Command | app_commands.Group)
    ]


def _is_for_admins(root: _Command) -> bool:
    needed = root.default_permissions
    return needed is not None and needed.manage_guild


def _leaves(bot: Spacebot, root: _Command, *, operator: bool = False) -> Iterator[Offered]:
    """What can be given of a command: itself, or its subcommands; Discord gave one id to all of them."""
    command_id = bot.command_sync.id_of(root.name, operator=operator)
    inner = root.walk_commands() if isinstance(root, app_commands.Group) else [root]
    for each in inner:
        if not isinstance(each, app_commands.Group):
            yield Offered(name=each.qualified_name, about=_(each.description), command_id=command_id)


async def setup(bot: Spacebot) -> None:
    """Add the command."""
    await bot.add_cog(Help(bot))
