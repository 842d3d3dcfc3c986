"""What a request may reach: the channel and the guild of its path, or a refusal where the bot may not see them."""

from spacebot.sandbox.discord.http.routes import Request
from spacebot.sandbox.discord.model.channels import LocalChannel
from spacebot.sandbox.discord.model.guilds import LocalGuild, State
from spacebot.sandbox.discord.permissions import ALL, NONE, Permission
from spacebot.sandbox.discord.refusals import Refusal, Unavailable


def bot_permissions(channel: LocalChannel) -> Permission:
    """What the bot may do in a channel; everything in a private one of its own, nothing in other people's."""
    if channel.guild is None:
        return ALL if channel.recipient is not None else NONE
    return channel.guild.bot_permissions_in(channel)


def channel_of(state: State, request: Request) -> LocalChannel:
    """The channel of the path: 10003 where it is gone, 50001 where the bot may not see it."""
    channel = state.channels.get(request.id("channel_id"))
    if channel is None:
        raise Refusal(10003)
    if channel.guild is not None and channel.guild.unavailable:
        raise Unavailable
    if not bot_permissions(channel) & Permission.VIEW_CHANNEL:
        raise Refusal(50001)
    return channel


def guild_of(state: State, request: Request) -> LocalGuild:
    """The guild of the path: 10004 where it is gone or the bot is not in it."""
    guild = state.guilds.get(request.id("guild_id"))
    if guild is None or not guild.has_bot:
        raise Refusal(10004)
    if guild.unavailable:
        raise Unavailable
    return guild
