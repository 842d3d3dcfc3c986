"""What a choice of channel or role must fulfil; each failing check is a mistake that says what to do.

Who names a channel or a role must be allowed to write there, or to mention it, themselves: the bot lends nobody its own
permissions.
"""

from collections.abc import Iterable
from typing import Any

import discord
from discord import app_commands

from spacebot.bot.client import Spacebot, invite_link
from spacebot.deliver.permissions import ANNOUNCEABLE, TO_TELL, WANTED, lacking, may_unlock, missing_permissions
from spacebot.deliver.publisher import TROUBLES
from spacebot.deliver.roles import RolesOfGuild
from spacebot.domain.bells import BellMode
from spacebot.domain.guilds import MOST_ROLES, in_order
from spacebot.domain.ids import ChannelId, GuildId, RoleId, events_of
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.views import InTheWay, SetUp
from spacebot.errors import UserMistake
from spacebot.present.configuration import ROLE_GONE
from spacebot.present.language import ENGLISH, _
from spacebot.present.mistakes import sentence
from spacebot.present.reasons import permission_names
from spacebot.present.reasons import sentence as reason
from spacebot.present.text import inert

MISTAKES = {
    Reason.CHANNEL_GONE: Mistake.CHANNEL_UNSEEN,
    Reason.NOT_FOR_MESSAGES: Mistake.NO_TEXT_CHANNEL,
    Reason.THREAD_LOCKED: Mistake.THREAD_LOCKED,
}
"""What is said to who chooses a channel with this in its way."""

MOST_ASKED = 5
"""About so many channels Discord is asked for one answer."""

Room = app_commands.AppCommandChannel | app_commands.AppCommandThread
"""A channel or thread that somebody has named in a command, with what they may do there."""


def guild_of(interaction: discord.Interaction[Spacebot]) -> discord.Guild:
    """The guild of a command that is only offered in guilds."""
    if interaction.guild is None:
        raise UserMistake(Mistake.NOT_IN_A_GUILD)
    if (
        interaction.guild.unavailable
    ):  # after a start Discord tells of guilds one by one: all its channels would seem gone
        raise UserMistake(Mistake.GUILD_NOT_THERE_YET)
    return interaction.guild


def guild_id(interaction: discord.Interaction[Spacebot]) -> GuildId:
    """The id of the guild of a command."""
    return GuildId(guild_of(interaction).id)


class RoomOption(app_commands.Transformer):
    """An option for a channel or thread with messages, with what whoever asks may do there, as Discord says."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.news_thread, kinds.private_thread, kinds.public_thread]

    async def transform(self, interaction: discord.Interaction[Any], value: Room, /) -> Room:
        return value


class AnnounceOption(RoomOption):
    """As `RoomOption`, and forums too: announcements are posts there."""

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        return [*super().channel_types, discord.ChannelType.forum]


def postable(interaction: discord.Interaction[Spacebot], room: Room) -> ChannelId:
    """The channel that was named, if both who asks may see it and send there, and the bot may post there.

    Raises:
        UserMistake: exactly what is missing.
    """
    _require(room.permissions, room.mention, in_thread=isinstance(room, app_commands.AppCommandThread))
    return postable_for_bot(guild_of(interaction), room.id)


def still_postable(interaction: discord.Interaction[Spacebot], channel_id: ChannelId) -> ChannelId:
    """As `postable`, for a channel that was named in an earlier interaction.

    Raises:
        UserMistake: exactly what is missing.
    """
    guild, member = guild_of(interaction), interaction.user
    channel = guild.get_channel_or_thread(channel_id)
    if channel is not None and isinstance(member, discord.Member):
        granted = channel.permissions_for(member)
        _require(granted, channel.mention, in_thread=isinstance(channel, discord.Thread))
    return postable_for_bot(guild, channel_id)


def sees(interaction: discord.Interaction[Spacebot], channel_id: ChannelId | None) -> bool:
    """Whether who asks may see what is announced in a channel: who may manage the server sees all.

    A private thread is seen by its members, whom nobody here knows, and by those who may manage threads.
    """
    if interaction.permissions.manage_guild:
        return True
    channel = None if channel_id is None else guild_of(interaction).get_channel_or_thread(channel_id)
    if channel is None or not isinstance(interaction.user, discord.Member):
        return False
    granted = channel.permissions_for(interaction.user)
    is_private = isinstance(channel, discord.Thread) and channel.is_private()
    return granted.view_channel and (granted.manage_threads or not is_private)


def postable_here(interaction: discord.Interaction[Spacebot]) -> ChannelId:
    """The channel that a command was given in, as `postable`; for a thread, the channel that it belongs to."""
    channel = interaction.channel
    where = channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id or 0
    # Threads have the permissions of their channel.
    _require(interaction.permissions, f"<#{where}>", in_thread=False)
    return postable_for_bot(guild_of(interaction), where)


def chosen(
    interaction: discord.Interaction[Spacebot], room: Room | None, configured: ChannelId | None
) -> ChannelId | None:
    """Where a watch announces: in the channel that was named, else in the guild's; None where there is neither.

    Raises:
        UserMistake: nothing can be posted there, or who asks names a channel in which they may not write themselves.
    """
    if room is not None:
        return postable(interaction, room)
    return None if configured is None else postable_for_bot(guild_of(interaction), configured)


def _require(granted: discord.Permissions, mention: str, *, in_thread: bool) -> None:
    missing = lacking(granted, TO_TELL, in_thread=in_thread)
    if missing:
        raise UserMistake(Mistake.YOU_LACK, channel=mention, lacking=permission_names(missing))


def postable_for_bot(guild: discord.Guild, channel_id: int) -> ChannelId:
    """The channel, if the bot may see, send, embed and read history there.

    Raises:
        UserMistake: what is missing.
    """
    why = _met_in(guild.get_channel_or_thread(channel_id))
    if why is not None and why.reason is Reason.PERMISSIONS_MISSING:
        lacks = permission_names(why.details)
        raise UserMistake(Mistake.PERMISSIONS_LACKING, channel=f"<#{channel_id}>", lacking=lacks)
    if why is not None:
        raise UserMistake(MISTAKES[why.reason])
    return ChannelId(channel_id)


def _met_in(channel: discord.abc.GuildChannel | discord.Thread | None) -> Obstacle | None:
    """What an announcement in this channel would meet; `None` stands for a channel that the bot does not see."""
    if channel is None:
        return Obstacle(reason=Reason.CHANNEL_GONE)
    if not isinstance(channel, ANNOUNCEABLE):
        return Obstacle(reason=Reason.NOT_FOR_MESSAGES)
    if isinstance(channel, discord.Thread) and channel.locked and not may_unlock(channel):
        return Obstacle(reason=Reason.THREAD_LOCKED)
    missing = missing_permissions(channel, WANTED)
    return Obstacle(reason=Reason.PERMISSIONS_MISSING, details=missing) if missing else None


async def obstacle(guild: discord.Guild, channel_id: ChannelId) -> Obstacle | None:
    """What is in the way in a channel chosen earlier; None if nothing is.

    Discord is asked about a channel that is not in the cache: archived threads are not, and a message opens them again.
    """
    channel = guild.get_channel_or_thread(channel_id)
    if channel is None:
        try:
            channel = await guild.fetch_channel(channel_id)
        except (discord.NotFound, discord.Forbidden, discord.InvalidData):
            return Obstacle(reason=Reason.CHANNEL_GONE)
        except TROUBLES:
            return None  # nobody knows
    return _met_in(channel)


async def in_the_way(client: discord.Client, guild: discord.Guild, set_up: SetUp) -> InTheWay:
    """What is in the way of the guild's announcements, whether one has met it already or the next one would.

    Discord is asked about the first `MOST_ASKED` channels that are not in the cache: whoever draws the answer again and
    again uses up the requests of all guilds. Of the others nobody knows until one is announced in.
    """
    unseen = [each for each in set_up.channels if guild.get_channel_or_thread(each) is None and each not in set_up.met]
    unknown = unseen[MOST_ASKED:]
    looked_at = [where for where in set_up.channels if where not in unknown]
    met = {where: set_up.met.get(where) or await obstacle(guild, where) for where in looked_at}
    troubles = {role: role_trouble(guild, role) for role in set_up.roles}
    own = (role for role in set_up.bells.values() if guild.get_role(role) is not None)  # else the next press makes one
    troubles |= {role: role_trouble(guild, role) for role in own}
    return InTheWay(
        channels={where: why for where, why in met.items() if why is not None},
        roles={role: why for role, why in troubles.items() if why is not None},
        bell=bell_trouble(client, guild, set_up),
        events=events_trouble(client, guild, set_up),
    )


def roles_of(client: discord.Client, guild: discord.Guild, *, language: str = ENGLISH) -> RolesOfGuild:
    """The guild's roles, as bells use them; those that are made are called as one says in that language."""
    return RolesOfGuild(client, guild, link=_link(client, guild, "manage_roles"), language=language)


def _link(client: discord.Client, guild: discord.Guild, permission: str) -> str:
    """The address with which the bot is granted this permission, and keeps the others that it has for what is optional."""
    granted = guild.me.guild_permissions
    more = {name: getattr(granted, name) for name in ("manage_roles", "create_events")}
    return invite_link(client.application_id or 0, **{**more, permission: True})


def require_events(client: discord.Client, guild: discord.Guild) -> None:
    """Raise a `UserMistake` where the bot may make no events in the guild."""
    if not guild.me.guild_permissions.create_events:
        raise UserMistake(Mistake.EVENTS_NO_PERMISSION, link=_link(client, guild, "create_events"))


def events_trouble(client: discord.Client, guild: discord.Guild, set_up: SetUp) -> str | None:
    """Why scheduled Spaces become no events, as a sentence; None where they do, or are not to, as far as is known."""
    if not set_up.config.makes_events:
        return None
    try:
        require_events(client, guild)
    except UserMistake as mistake:
        return sentence(mistake)
    met = set_up.met.get(events_of(GuildId(guild.id)))
    return None if met is None or met.reason is Reason.EVENTS_FORBIDDEN else reason(met)


def bell_trouble(client: discord.Client, guild: discord.Guild, set_up: SetUp) -> str | None:
    """Why a press of 'Notify me' would do nothing, as a sentence; None where it is off or works, as far as is known."""
    if set_up.config.bell is BellMode.OFF:
        return None
    roles = roles_of(client, guild)
    try:
        roles.require_permission()
        for role_id in set_up.bells.values():
            roles.require_giveable(role_id)
    except UserMistake as mistake:
        return sentence(mistake)
    return None


def role_trouble(guild: discord.Guild, role_id: RoleId) -> str | None:
    """What is wrong with a role chosen earlier, as a sentence; None if nothing is."""
    role = guild.get_role(role_id)
    if role is None:
        return _(ROLE_GONE)
    try:
        mentionable_for_bot(guild, role)
    except UserMistake as mistake:
        return sentence(mistake)
    return None


def mentionable(interaction: discord.Interaction[Spacebot], role: discord.Role, channel_id: ChannelId | None) -> RoleId:
    """The role, if both who asks and the bot can mention it.

    Where not everybody may, who asks must have the permission in the server at large, so that a change of channel later
    on changes nothing, and in the channel where it is to be mentioned, if there is one.

    Raises:
        UserMistake: one cannot, and what to do.
    """
    if guild_of(interaction).get_role(role.id) is None:
        raise UserMistake(Mistake.ROLE_GONE)
    by_all = role.mentionable and not role.is_default()
    if not by_all and not _may_mention_all(interaction, channel_id):
        if role.is_default():
            raise UserMistake(Mistake.YOU_MAY_NOT_MENTION_EVERYONE)
        raise UserMistake(Mistake.YOU_MAY_NOT_MENTION, name=inert(role.name, 100))
    return mentionable_for_bot(guild_of(interaction), role)


def mentionable_all(
    interaction: discord.Interaction[Spacebot], roles: Iterable[discord.Role], channel_id: ChannelId | None
) -> tuple[RoleId, ...]:
    """Several roles, as `mentionable`, in the order in which they are stored.

    Raises:
        UserMistake: one cannot be mentioned, or they are too many.
    """
    roles = list(roles)
    if len(roles) > MOST_ROLES:
        raise UserMistake(Mistake.TOO_MANY_ROLES, most=MOST_ROLES)
    return in_order([mentionable(interaction, role, channel_id) for role in roles])


def _may_mention_all(interaction: discord.Interaction[Spacebot], channel_id: ChannelId | None) -> bool:
    member = interaction.user
    if not isinstance(member, discord.Member) or not member.guild_permissions.mention_everyone:
        return False
    channel = guild_of(interaction).get_channel_or_thread(channel_id) if channel_id is not None else None
    return channel is None or channel.permissions_for(member).mention_everyone


def mentionable_for_bot(guild: discord.Guild, role: discord.Role) -> RoleId:
    """The role, if the bot can mention it.

    Raises:
        UserMistake: it cannot.
    """
    if role.mentionable or guild.me.guild_permissions.mention_everyone:
        return RoleId(role.id)
    if role.is_default():
        raise UserMistake(Mistake.EVERYONE_NOT_MENTIONABLE)
    raise UserMistake(Mistake.ROLE_NOT_MENTIONABLE, name=inert(role.name, 100))
