"""`/privacy`: what is stored of who asks and of their server, as a file, and deleted if they say so twice."""

import io
import re
from typing import Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.checks import guild_id
from spacebot.bot.client import Spacebot
from spacebot.bot.replies import explained
from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import privacy
from spacebot.present.language import N_, _

ME, GUILD = "me", "guild"
EXPORT, ASK, DELETE, KEEP = "export", "ask", "delete", "keep"

LABELS = {
    (EXPORT, ME): privacy.EXPORT_ME,
    (ASK, ME): privacy.DELETE_ME,
    (EXPORT, GUILD): privacy.EXPORT_GUILD,
    (ASK, GUILD): privacy.DELETE_GUILD,
}


class PrivacyButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"privacy:(?P<what>export|ask|delete|keep):(?P<whose>me|guild)",
):
    """One step for what is stored of who presses it, or of their server, if they may manage that when they press."""

    def __init__(self, what: str, whose: str) -> None:
        label = LABELS.get((what, whose)) or (privacy.DELETE if what == DELETE else privacy.KEEP)
        danger = what == DELETE
        super().__init__(
            discord.ui.Button(
                label=_(label),
                custom_id=f"privacy:{what}:{whose}",
                style=discord.ButtonStyle.danger if danger else discord.ButtonStyle.secondary,
                row=0 if whose == ME else 1,
            )
        )
        self.what = what
        self.whose = whose

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        return cls(match["what"], match["whose"])

    @explained
    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:
        if self.whose == GUILD and not interaction.permissions.manage_guild:
            raise UserMistake(Mistake.MAY_NOT_MANAGE)
        if self.what == EXPORT:
            await self._export(interaction)
        elif self.what == ASK:
            text = _(privacy.ASK_ME) if self.whose == ME else _(privacy.ASK_GUILD)
            await interaction.response.send_message(text, view=_sure(self.whose), ephemeral=True)
        elif self.what == KEEP:
            await interaction.response.edit_message(content=_(privacy.KEPT), view=None)
        else:
            await self._delete(interaction)

    async def _export(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        stored = interaction.client.services.privacy
        if self.whose == ME:
            content = await stored.export_person(PersonId(interaction.user.id))
            text, name = _(privacy.EXPORTED_ME), privacy.FILE_OF_PERSON
        else:
            content = await stored.export_guild(guild_id(interaction))
            text, name = _(privacy.EXPORTED_GUILD), privacy.FILE_OF_GUILD
        if len(content) > discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES:
            await interaction.edit_original_response(content=_(privacy.TOO_LARGE))
            return
        await interaction.edit_original_response(content=text, attachments=[discord.File(io.BytesIO(content), name)])

    async def _delete(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer()
        stored = interaction.client.services.privacy
        if self.whose == ME:
            await stored.erase_person(PersonId(interaction.user.id))
            text = _(privacy.DELETED_ME)
        else:
            await stored.erase_guild(guild_id(interaction))
            text = _(privacy.DELETED_GUILD)
        await interaction.edit_original_response(content=text, view=None)


def _sure(whose: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(PrivacyButton(DELETE, whose))
    view.add_item(PrivacyButton(KEEP, whose))
    return view


class Privacy(commands.Cog):
    """For everybody, in private."""

    def __init__(self, bot: Spacebot) -> None:
        self.privacy = bot.services.privacy
        self.policies = bot.services.policies

    @app_commands.command(
        name="privacy", description=N_("What I store of you and of this server: see it, take it, delete it")
    )
    async def show(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        may_manage = interaction.guild_id is not None and interaction.permissions.manage_guild
        guild = GuildId(interaction.guild_id) if may_manage and interaction.guild_id is not None else None
        kept = await self.privacy.kept(PersonId(interaction.user.id), guild)
        view = discord.ui.View(timeout=None)
        for whose in (ME, GUILD) if may_manage else (ME,):
            view.add_item(PrivacyButton(EXPORT, whose))
            view.add_item(PrivacyButton(ASK, whose))
        embed = privacy.kept_embed(kept, self.policies, in_guild=may_manage)
        await interaction.edit_original_response(embed=embed, view=view)


async def setup(bot: Spacebot) -> None:
    """Add the command, and let its buttons work after a restart too."""
    bot.add_dynamic_items(PrivacyButton)
    await bot.add_cog(Privacy(bot))
