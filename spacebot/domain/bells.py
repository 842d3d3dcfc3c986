"""Bells: whose announcements a press of 'Notify me' is about, and the role that it gives and takes away."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from spacebot.domain.accounts import Host
from spacebot.domain.ids import RoleId, UserId


class BellMode(StrEnum):
    """Which bells a guild has."""

    OFF = "off"
    SERVER = "server"
    """One, for all of its announcements."""
    HOST = "host"
    """One for each host that it follows."""


def switched(mode: BellMode, *, on: bool) -> BellMode | None:
    """What a guild's bells become by being switched on or off: one role for all posts at first; None where they stay."""
    if on is (mode is not BellMode.OFF):
        return None
    return BellMode.SERVER if on else BellMode.OFF


EVERY_HOST = UserId("")
"""Stands for the host of the bell that is for all of a guild's announcements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """A guild's bell as it is stored; its role is made at the first press."""

    host_id: UserId
    """`EVERY_HOST` for the guild's own."""
    name: str
    """What its role was called when it was asked for."""
    asked: int
    """An id of Discord's from just before the role was asked for: the role's own is greater."""
    tried_at: datetime
    """When Discord was asked for it last."""
    role_id: RoleId | None = None
    """None while it is not known whether Discord has made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a press did."""

    host: Host | None
    """Whose bell it is; None for the guild's, and where the host is followed no more."""
    role_id: RoleId
    is_given: bool
    """Whether the person has the role now."""
