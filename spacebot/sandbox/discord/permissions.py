"""PURE: Discord's permission bits and how they add up; a member may do exactly what `in_channel` says.

Source: Discord's documentation, 'Permissions' (bits, hierarchy, implicit permissions).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag


class Permission(IntFlag):
    """The bits, by Discord's names."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    PRIORITY_SPEAKER = 1 << 8
    STREAM = 1 << 9
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    VIEW_GUILD_INSIGHTS = 1 << 19
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    MANAGE_GUILD_EXPRESSIONS = 1 << 30
    USE_APPLICATION_COMMANDS = 1 << 31
    REQUEST_TO_SPEAK = 1 << 32
    MANAGE_EVENTS = 1 << 33
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    USE_EXTERNAL_STICKERS = 1 << 37
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EMBEDDED_ACTIVITIES = 1 << 39
    MODERATE_MEMBERS = 1 << 40
    VIEW_CREATOR_MONETIZATION_ANALYTICS = 1 << 41
    USE_SOUNDBOARD = 1 << 42
    CREATE_GUILD_EXPRESSIONS = 1 << 43
    CREATE_EVENTS = 1 << 44
    USE_EXTERNAL_SOUNDS = 1 << 45
    SEND_VOICE_MESSAGES = 1 << 46
    SEND_POLLS = 1 << 49
    USE_EXTERNAL_APPS = 1 << 50
    PIN_MESSAGES = 1 << 51


NONE = Permission(0)
ALL = Permission(sum(Permission))

_NEEDS_SENDING = (
    Permission.MENTION_EVERYONE | Permission.SEND_TTS_MESSAGES | Permission.ATTACH_FILES | Permission.EMBED_LINKS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overwrite:
    """What a channel allows and denies one role or one member, beyond their roles."""

    allow: Permission = NONE
    deny: Permission = NONE
    is_member: bool = False


def named(*names: str) -> Permission:
    """The bits of these names, in any case ('send_messages'); ValueError for a name Discord does not have."""
    found = NONE
    for name in names:
        try:
            found |= Permission[name.upper()]
        except KeyError:
            raise ValueError(f"Discord has no permission called {name!r}") from None
    return found


def in_guild(*, is_owner: bool, roles: Iterable[Permission]) -> Permission:
    """What a member may do in the guild at large; `roles` are the permissions of all its roles, @everyone's included."""
    granted = NONE
    for role in roles:
        granted |= role
    return ALL if is_owner or granted & Permission.ADMINISTRATOR else granted


def in_channel(
    base: Permission,
    overwrites: Mapping[int, Overwrite],
    *,
    everyone_id: int,
    role_ids: Iterable[int],
    member_id: int,
    sending: Permission = Permission.SEND_MESSAGES,
) -> Permission:
    """What a member whose guild permissions are `base` may do in a channel: @everyone's overwrite, the roles', its own.

    `sending` is the permission that writing there takes: another one in threads.
    """
    if base & Permission.ADMINISTRATOR:
        return ALL
    granted = base
    if everyone := overwrites.get(everyone_id):
        granted = granted & ~everyone.deny | everyone.allow
    allow = deny = NONE
    for role_id in role_ids:
        if role := overwrites.get(role_id):
            allow |= role.allow
            deny |= role.deny
    granted = granted & ~deny | allow
    if member := overwrites.get(member_id):
        granted = granted & ~member.deny | member.allow
    if not granted & Permission.VIEW_CHANNEL:
        return NONE
    if not granted & sending:
        granted &= ~_NEEDS_SENDING
    return granted
