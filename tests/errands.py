"""What requests of tests are for, a person without shares, the watch, and a member."""

from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId

PEOPLE = Errand(purpose=Purpose.PEOPLE)
DETECTION = Errand(purpose=Purpose.DETECTION)


def member(person: int = 1, guild: int = 1) -> Errand:
    """A member who asks."""
    return Errand(purpose=Purpose.PEOPLE, guild_id=GuildId(guild), person=person)
