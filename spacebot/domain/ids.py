"""The ids of Discord and X, told apart by type so that a channel is never taken for a guild, and what X's look like."""

import re
from typing import NewType

GuildId = NewType("GuildId", int)
ChannelId = NewType("ChannelId", int)
RoleId = NewType("RoleId", int)
MessageId = NewType("MessageId", int)
PersonId = NewType("PersonId", int)
"""A user of Discord's."""


def everyone(guild_id: GuildId) -> RoleId:
    """The role that every member of a guild has; Discord gives it the guild's own id."""
    return RoleId(guild_id)


def events_of(guild_id: GuildId) -> ChannelId:
    """The place of a guild's events, which the ledger keeps among its channels: none of Discord's ids is negative."""
    return ChannelId(-guild_id)


def guild_of_events(place: ChannelId) -> GuildId:
    """The guild whose events have this place."""
    return GuildId(-place)


def is_for_events(channel_id: ChannelId) -> bool:
    """Whether it is the place of a guild's events, and no channel."""
    return channel_id < 0


SpaceId = NewType("SpaceId", str)
"""Up to 13 letters and digits; case matters."""
UserId = NewType("UserId", str)
"""Up to 19 digits, as text; unlike the handle it never changes."""
ListId = NewType("ListId", str)
"""A list of accounts that somebody keeps on X: up to 19 digits, as text."""

SPACE_ID = re.compile(r"[a-zA-Z0-9]{1,13}", re.ASCII)
USER_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
LIST_ID = USER_ID
USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)
