"""What an admin reads about a test that was posted."""

from spacebot.domain.ids import GuildId
from spacebot.domain.views import Tested, TestedPlace
from spacebot.present.card import mentions
from spacebot.present.reasons import sentence as reason

KEEP = "Looks right"
REMOVE = "Remove"
KEPT = "The test stays where it is; delete it whenever you like."
REMOVED = "The test is gone again."
NOT_REMOVED = "Discord does not let me delete all of the test yet; I do so as soon as it does."
TOO_OLD = "That test is too long ago for me to find; delete it by hand."


def tested_text(tested: Tested, guild_id: GuildId) -> str:
    """What became of a test, channel by channel."""
    return "\n".join(_line(place, guild_id) for place in tested.places)


def is_posted(tested: Tested) -> bool:
    """Whether it stands anywhere."""
    return any(place.seconds is not None for place in tested.places)


def _line(place: TestedPlace, guild_id: GuildId) -> str:
    where = f"<#{place.channel_id}>"
    if place.seconds is not None:
        whom = mentions(place.roles, guild_id) if place.roles else "nobody"
        return f"✅ {where}: posted in {place.seconds:.1f} s. It pinged nobody; a real post pings {whom}."
    if place.obstacle is not None:
        return f"⚠️ {where}: {reason(place.obstacle)}"
    return f"⏳ {where}: Discord has not taken it yet."
