"""What an admin reads about a test that was posted."""

from spacebot.domain.ids import GuildId
from spacebot.domain.views import Tested, TestedPlace
from spacebot.present.card import mentions
from spacebot.present.language import N_, NP_, _
from spacebot.present.reasons import sentence as reason

KEEP = N_("Looks right")
REMOVE = NP_("button", "Remove")
KEPT = N_("The test stays where it is; delete it whenever you like.")
REMOVED = N_("The test is gone again.")
NOT_REMOVED = N_("Discord does not let me delete all of the test yet; I do so as soon as it does.")
TOO_OLD = N_("That test is too long ago for me to find; delete it by hand.")


def tested_text(tested: Tested, guild_id: GuildId) -> str:
    """What became of a test, channel by channel."""
    return "\n".join(_line(place, guild_id) for place in tested.places)


def is_posted(tested: Tested) -> bool:
    """Whether it stands anywhere."""
    return any(place.seconds is not None for place in tested.places)


def _line(place: TestedPlace, guild_id: GuildId) -> str:
    where = f"<#{place.channel_id}>"
    if place.seconds is not None:
        seconds = f"{place.seconds:.1f}"
        if not place.roles:
            return _(
                "✅ {channel}: posted in {seconds} s. It pinged nobody; a real post pings nobody.",
                channel=where,
                seconds=seconds,
            )
        return _(
            "✅ {channel}: posted in {seconds} s. It pinged nobody; a real post pings {roles}.",
            channel=where,
            seconds=seconds,
            roles=mentions(place.roles, guild_id),
        )
    if place.obstacle is not None:
        return _("⚠️ {channel}: {trouble}", channel=where, trouble=reason(place.obstacle))
    return _("⏳ {channel}: Discord has not taken it yet.", channel=where)
