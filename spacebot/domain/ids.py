"""Discord's ids, told apart by type so that a channel is never taken for a guild."""

from typing import NewType

GuildId = NewType("GuildId", int)
ChannelId = NewType("ChannelId", int)
RoleId = NewType("RoleId", int)
MessageId = NewType("MessageId", int)


def everyone(guild_id: GuildId) -> RoleId:
    """The role that every member of a guild has; Discord gives it the guild's own id."""
    return RoleId(guild_id)


SpaceId = NewType("SpaceId", str)
"""Up to 13 letters and digits; case matters."""
UserId = NewType("UserId", str)
"""Up to 19 digits, as text; unlike the handle it never changes."""
