"""`/watch export` and `/watch import`: a server's watchlist as a file; the form for one, which any run of the bot answers."""

import asyncio
import io
import re
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

import discord
from discord import ui

from cogs import checks
from spacebot.bot.client import Spacebot
from spacebot.bot.forms import Form
from spacebot.deliver.publisher import TROUBLES
from spacebot.domain.guilds import in_order
from spacebot.domain.ids import ChannelId, RoleId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import bulk as words
from spacebot.present.language import _
from spacebot.usecases.watch_csv import COLUMNS, MOST_BYTES, REASON, Named, written

Interaction = discord.Interaction[Spacebot]
T = TypeVar("T")


class ImportForm(Form):
    """Takes a file of hosts and keywords."""

    template = re.compile("watch:form:import")

    def __init__(self) -> None:
        super().__init__(title=_(words.TITLE), custom_id="watch:form:import")
        self.file: ui.FileUpload[Any] = ui.FileUpload(custom_id="file")
        option = discord.CheckboxGroupOption(label=_(words.EVERYONE_OPTION), value="everyone")
        self.everyone: ui.CheckboxGroup[Any] = ui.CheckboxGroup(custom_id="everyone", required=False, options=[option])
        self.add_item(ui.Label(text=_(words.FILE_LABEL), description=_(words.FILE_HINT), component=self.file))
        self.add_item(ui.Label(text=_(words.EVERYONE_LABEL), component=self.everyone))

    @classmethod
    def blank(cls, match: re.Match[str]) -> Self:
        return cls()

    async def submitted(self, interaction: Interaction) -> None:
        if not interaction.permissions.manage_guild:
            raise UserMistake(Mistake.MAY_NOT_MANAGE)
        await interaction.response.defer(ephemeral=True, thinking=True)
        content = await _content(self.file.values[0])
        done = await interaction.client.services.bulk.take(
            checks.guild_id(interaction),
            content,
            AskersPlaces(interaction, everyone=bool(self.everyone.values)),
            by=interaction.user.id,
        )
        files = []
        if done.wrong:
            rows = words.wrong_rows(done.wrong)
            wrong = await asyncio.to_thread(written, rows, columns=(*REASON, *COLUMNS))
            files.append(discord.File(io.BytesIO(wrong), words.FILE_OF_WRONG))
        await interaction.edit_original_response(content=words.imported(done), attachments=files)


async def _content(file: discord.Attachment) -> bytes:
    if file.size > MOST_BYTES:
        raise UserMistake(Mistake.FILE_TOO_LARGE, most=MOST_BYTES // 2**20)
    try:
        return await file.read()
    except TROUBLES:
        raise UserMistake(Mistake.FILE_NOT_GIVEN) from None


class AskersPlaces:
    """Channels and roles of a server as the lines of a file name them, with the rights of whoever asks.

    A file names the same few again and again: each is looked at once.
    """

    def __init__(self, interaction: Interaction, *, everyone: bool) -> None:
        self._interaction = interaction
        self._everyone = everyone
        self._guild = checks.guild_of(interaction)
        self._found: dict[object, Any] = {}

    def channel(self, named: Named) -> ChannelId:
        """The channel, where both they and the bot may write; raises `UserMistake`."""
        return self._once(named, lambda: self._channel(named))

    def roles(self, named: Sequence[Named], channel_id: ChannelId | None) -> tuple[RoleId, ...]:
        """The roles, which both may mention there; raises `UserMistake`."""
        return self._once((tuple(named), channel_id), lambda: self._roles(named, channel_id))

    def _once(self, key: object, look: Callable[[], T]) -> T:
        if key not in self._found:
            try:
                self._found[key] = look()
            except UserMistake as mistake:
                self._found[key] = mistake
        found: T | UserMistake = self._found[key]
        if isinstance(found, UserMistake):
            raise UserMistake(found.mistake, **found.values)
        return found

    def _channel(self, named: Named) -> ChannelId:
        found = None if named.id is None else self._guild.get_channel_or_thread(named.id)
        if found is None:
            places = [*self._guild.channels, *self._guild.threads]
            same = [place for place in places if named.name is not None and place.name == named.name]
            found = same[0] if len(same) == 1 else None
        if found is None:
            raise UserMistake(Mistake.CHANNEL_UNSEEN)
        return checks.still_postable(self._interaction, ChannelId(found.id))

    def _roles(self, named: Sequence[Named], channel_id: ChannelId | None) -> tuple[RoleId, ...]:
        roles = [self._role(each) for each in named]
        if not self._everyone and any(role.is_default() for role in roles):
            raise UserMistake(Mistake.EVERYONE_FOR_MANY)
        return in_order(checks.mentionable_all(self._interaction, roles, channel_id))

    def _role(self, named: Named) -> discord.Role:
        found = None if named.id is None else self._guild.get_role(named.id)
        if found is None:
            same = [role for role in self._guild.roles if named.name is not None and role.name == named.name]
            found = same[0] if len(same) == 1 else None
        if found is None:
            raise UserMistake(Mistake.ROLE_GONE)
        return found


class PlaceNames:
    """What the channels and roles of a server are called."""

    def __init__(self, guild: discord.Guild) -> None:
        self._guild = guild

    def channel(self, channel_id: ChannelId) -> str:
        """A channel's or thread's name; empty where it is gone."""
        found = self._guild.get_channel_or_thread(channel_id)
        return "" if found is None else found.name

    def role(self, role_id: RoleId) -> str:
        """A role's name; empty where it is gone."""
        found = self._guild.get_role(role_id)
        return "" if found is None else found.name


async def hand_out(interaction: Interaction) -> None:
    """Complete a deferred answer with the server's watchlist as a file."""
    content = await interaction.client.services.bulk.export(
        checks.guild_id(interaction), PlaceNames(checks.guild_of(interaction))
    )
    file = discord.File(io.BytesIO(content), words.FILE_OF_WATCHES)
    await interaction.edit_original_response(content=_(words.EXPORTED), attachments=[file])
