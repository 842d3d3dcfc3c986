"""PURE: the channels, roles, people and files that a member picks; what is picked goes along as `resolved` data.

Source: Discord's documentation, 'Interactions' (resolved data).
"""

from collections.abc import Collection

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.model.base import NotOffered
from spacebot.sandbox.discord.model.channels import LocalChannel
from spacebot.sandbox.discord.model.components import (
    CHANNEL_SELECT,
    FILE_UPLOAD,
    MENTIONABLE_SELECT,
    ROLE_SELECT,
    USER_SELECT,
)
from spacebot.sandbox.discord.model.files import LocalFile
from spacebot.sandbox.discord.model.members import LocalMember
from spacebot.sandbox.discord.model.roles import LocalRole
from spacebot.sandbox.discord.payloads import Json
from spacebot.sandbox.discord.permissions import Permission

CHANNELS = frozenset({LocalChannel})
ROLES = frozenset({LocalRole})
PEOPLE = frozenset({LocalMember})
FILES = frozenset({LocalFile})
PICKED: dict[int, frozenset[type]] = {
    USER_SELECT: PEOPLE,
    ROLE_SELECT: ROLES,
    MENTIONABLE_SELECT: ROLES | PEOPLE,
    CHANNEL_SELECT: CHANNELS,
    FILE_UPLOAD: FILES,
}


class Picker:
    """What one member picks in one channel. `resolved` holds it as Discord shows it.

    With `force` a channel can be picked that the client does not show.
    """

    def __init__(self, member: LocalMember, channel: LocalChannel, *, force: bool = False) -> None:
        self._member = member
        self._channel = channel
        self._force = force
        self.resolved: dict[str, Json] = {}

    def pick(self, name: str, value: object, kinds: Collection[type], channel_types: Collection[int] = ()) -> str:
        """The id of `value`, picked for `name`; NotOffered where it is not of these kinds, or not shown."""
        if self._channel.guild is None and not isinstance(value, LocalFile):
            raise NotOffered(f"{name}: nothing of a guild can be picked in private")
        if not any(isinstance(value, kind) for kind in kinds):
            raise NotOffered(f"{name}: {value!r} does not fit, as {sorted(kind.__name__ for kind in kinds)} would")
        if isinstance(value, LocalChannel):
            self._see(name, value, channel_types)
            permissions = str(int(self._member.permissions_in(value)))
            return self._add("channels", value.id, {**payloads.channel(value), "permissions": permissions})
        if isinstance(value, LocalRole):
            if value.guild.roles.get(value.id) is not value or value.guild is not self._member.guild:
                raise NotOffered(f"{name}: the role {value.name} is of another guild, or gone")
            return self._add("roles", value.id, payloads.role(value))
        if isinstance(value, LocalMember):
            if value.guild is not self._member.guild or value.id not in value.guild.member_ids:
                raise NotOffered(f"{name}: {value.name} is not in this guild")
            permissions = str(int(value.permissions_in(self._channel)))
            self._add("members", value.id, {**payloads.partial_member(value), "permissions": permissions})
            return self._add("users", value.id, payloads.user(value.user))
        assert isinstance(value, LocalFile)
        state = self._member.guild.state
        state.keep(value)
        return self._add("attachments", value.id, payloads.attachment(value, state.files_url))

    def by_default(self, default: Json) -> object:
        """What a default value of a select stands for; None where it is gone, or hidden from the member by now."""
        found = self._member.guild.find(default["type"], int(default["id"]))
        if isinstance(found, LocalChannel) and not self._member.permissions_in(found) & Permission.VIEW_CHANNEL:
            return None
        return found

    def _see(self, name: str, channel: LocalChannel, types: Collection[int]) -> None:
        if channel.guild is not self._member.guild or (types and channel.type not in types):
            raise NotOffered(f"{name}: #{channel.name} is not among the channels offered ({types})")
        if not self._force and not self._member.permissions_in(channel) & Permission.VIEW_CHANNEL:
            raise NotOffered(f"{name}: {self._member.name} does not see #{channel.name}")

    def _add(self, place: str, number: int, shown: Json) -> str:
        self.resolved.setdefault(place, {})[str(number)] = shown
        return str(number)
