"""Scheduled events that take place elsewhere (type EXTERNAL); one that is over or called off is in no guild any more.

Source: Discord's documentation, 'Guild Scheduled Event'. Nothing starts or ends by itself here, only where somebody says so.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

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
    """An event of `guild`, in whose `events` it is until it is over."""

    guild: GuildBase
    id: int
    creator: LocalUser
    name: str
    location: str
    start: datetime
    end: datetime
    description: str | None = None
    status: Status = Status.SCHEDULED
    events: "dict[int, LocalEvent]"

    def turn(self, status: Status) -> None:
        """It starts, is over, or is called off, as Discord or a moderator says."""
        self.status = status
        if status not in FOLLOWING:
            self.events.pop(self.id, None)
        self.changed()

    def changed(self) -> None:
        """Something about it is new."""
        self.guild.state.emit(What.UPDATED, self)

    def delete(self) -> None:
        """It is gone without a trace."""
        if self.events.pop(self.id, None) is not None:
            self.guild.state.emit(What.DELETED, self)
