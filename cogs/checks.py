"""Checks of chosen channels and roles; each failure is a mistake whose sentence says what to do."""

from collections.abc import Sequence
from dataclasses import replace

import discord

from spacebot.bot.client import Spacebot
from spacebot.deliver.permissions import POSTABLE, WANTED, missing_permissions
from spacebot.domain.guilds import WatchLine
from spacebot.domain.ids import ChannelId, GuildId, RoleId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present.configuration import ROLE_GONE
from spacebot.present.mistakes import sentence
from spacebot.present.reasons import permission_names


def guild_of(interaction: discord.Interaction[Spacebot]) -> discord.Guild:
    """The guild of a command that is only offered in guilds."""
    if interaction.guild is None:
        raise UserMistake(Mistake.NOT_IN_A_GUILD)
    return interaction.guild


def guild_id(interaction: discord.Interaction[Spacebot]) -> GuildId:
    """The id of the guild of a command."""
    return GuildId(guild_of(interaction).id)


def postable(guild: discord.Guild, channel_id: int) -> ChannelId:
    """The channel, if the bot may see, send, embed and read history there.

    Raises:
        UserMistake: what is missing.
    """
    channel = guild.get_channel_or_thread(channel_id)
    if channel is None:
        raise UserMistake(Mistake.CHANNEL_UNSEEN)
    if not isinstance(channel, POSTABLE):
        raise UserMistake(Mistake.NO_TEXT_CHANNEL)
    if isinstance(channel, discord.Thread) and channel.locked:
        raise UserMistake(Mistake.THREAD_LOCKED)
    lacking = missing_permissions(channel, WANTED)
    if lacking:
        raise UserMistake(Mistake.PERMISSIONS_LACKING, channel=channel.mention, lacking=permission_names(lacking))
    return ChannelId(channel.id)


def obstacle(guild: discord.Guild, channel_id: ChannelId | None) -> str | None:
    """What is wrong with a channel chosen earlier, as a sentence; None if nothing is, or none is chosen."""
    if channel_id is None:
        return None
    try:
        postable(guild, channel_id)
    except UserMistake as mistake:
        return sentence(mistake)
    return None


def role_trouble(guild: discord.Guild, role_id: RoleId | None) -> str | None:
    """What is wrong with a role chosen earlier, as a sentence; None if nothing is, or none is chosen."""
    if role_id is None:
        return None
    role = guild.get_role(role_id)
    if role is None:
        return ROLE_GONE
    try:
        mentionable(guild, role)
    except UserMistake as mistake:
        return sentence(mistake)
    return None


def with_obstacles(guild: discord.Guild, lines: Sequence[WatchLine]) -> list[WatchLine]:
    """The watchlist, with a warning for channels that nothing was tried in yet and that would not work."""
    return [line if line.paused else replace(line, warning=obstacle(guild, line.channel_id)) for line in lines]


def here(interaction: discord.Interaction[Spacebot]) -> int:
    """The id of the channel that a command was given in; in a thread, that of its parent channel."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return channel.parent_id
    return interaction.channel_id or 0


def mentionable(guild: discord.Guild, role: discord.Role) -> RoleId:
    """The role, if the bot can mention it.

    Raises:
        UserMistake: it cannot.
    """
    if role.mentionable or guild.me.guild_permissions.mention_everyone:
        return RoleId(role.id)
    if role.is_default():
        raise UserMistake(Mistake.EVERYONE_NOT_MENTIONABLE)
    raise UserMistake(Mistake.ROLE_NOT_MENTIONABLE, name=discord.utils.escape_markdown(role.name))
