"""Scheduled events that take place elsewhere (type EXTERNAL); one that is over or called off is no longer listed.

Source: Discord's documentation, 'Guild Scheduled Event', and its 'Status Update Automation': they begin and end by
themselves at their times, which is noticed here whenever somebody asks (`catch_up`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from hashlib import blake2b

from spacebot.sandbox.discord.model.changes import What
from spacebot.sandbox.discord.model.channels import LocalUser
from spacebot.sandbox.discord.model.roles import GuildBase


class Status(IntEnum):
    """How far an event is."""

    SCHEDULED = 1
    ACTIVE = 2
    COMPLETED = 3
    CANCELED = 4


FOLLOWING = {Status.SCHEDULED: {Status.ACTIVE, Status.CANCELED}, Status.ACTIVE: {Status.COMPLETED}}


@dataclass(slots=True, kw_only=True, eq=False)
class LocalEvent:
    """An event of `guild`, in whose `events` it is until it is over, and in whose `past` from then on."""

    guild: GuildBase
    id: int
    creator: LocalUser
    name: str
    location: str
    start: datetime
    end: datetime
    description: str | None = None
    cover: bytes | None = None
    status: Status = Status.SCHEDULED
    events: "dict[int, LocalEvent]"
    past: "dict[int, LocalEvent]"

    @property
    def image(self) -> str | None:
        """What Discord calls its cover."""
        return None if self.cover is None else blake2b(self.cover, digest_size=16).hexdigest()

    def catch_up(self, now: datetime) -> None:
        """What its times have brought about by now."""
        if self.status is Status.SCHEDULED and self.start <= now:
            self.turn(Status.ACTIVE)
        if self.status is Status.ACTIVE and self.end <= now:
            self.turn(Status.COMPLETED)

    def turn(self, status: Status) -> None:
        """It starts, is over, or is called off, as Discord or a moderator says."""
        self.status = status
        if status not in FOLLOWING:
            self.past[self.id] = self.events.pop(self.id, self)
        self.changed()

    def changed(self) -> None:
        """Something about it is new."""
        self.guild.state.emit(What.UPDATED, self)

    def delete(self) -> None:
        """It is gone without a trace."""
        if self.events.pop(self.id, None) is not None or self.past.pop(self.id, None) is not None:
            self.guild.state.emit(What.DELETED, self)
