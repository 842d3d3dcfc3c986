"""The sentence for each obstacle: why a message was not posted, and what an admin can do."""

from collections.abc import Iterable

from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.views import InTheWay
from spacebot.present.language import N_

PERMISSION_NAMES = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
}
"""The names of permissions in Discord's settings."""

ME = "spacebot"

CHANNEL_PATH = f"*Channel settings → Permissions → add {ME} → {{}}*"
"""What a person taps to grant permissions in a channel."""

ROLE_PATH = "*Server settings → Roles → {} → Allow anyone to @mention this role*"
"""What a person taps so that a role can be mentioned."""

ALL_ROLES = "Mention @everyone, @here and All Roles"
"""The permission to mention whomever, as Discord's settings call it."""

ALL_ROLES_PATH = f"*Server settings → Roles → {ME} → Permissions → {ALL_ROLES}*"

MANAGE_ROLES_PATH = f"*Server settings → Roles → {ME} → Permissions → Manage Roles*"

ORDER_PATH = f"*Server settings → Roles → drag {ME} above it*"

PERMISSIONS_PATH = "*Server settings → Roles → {} → Permissions*"
"""What a person taps to see what a role may do."""

SENTENCES = {
    Reason.UNWATCHED: "no longer followed",
    Reason.ON_HOLD: "an admin had paused it",
    Reason.FILTERED: "the filters set with /watch filter kept it back",
    Reason.OVER: "the Space was over before it could be announced",
    Reason.DELETED_AT_END: "the Space is over, and this server wants its posts deleted then",
    Reason.EVENT_GONE: N_("somebody deleted the event"),
    Reason.MESSAGE_DELETED: "somebody deleted the message",
    Reason.MESSAGE_UNKNOWN: "Discord no longer knows the message (status {}, code {})",
    Reason.CHANNEL_GONE: "the channel is gone, or I am no longer in that server; choose another with /config channel",
    Reason.CHANNEL_UNKNOWN: "the channel is gone; choose another with /config channel",
    Reason.NOT_FOR_MESSAGES: "that is not a channel for messages; choose another with /config channel",
    Reason.GUILD_UNAVAILABLE: "Discord says that this server is unavailable for the moment",
    Reason.THREAD_LOCKED: "the thread is locked; unlock it, or choose another channel with /config channel",
    Reason.PERMISSIONS_REFUSED: (
        "Discord says that I lack a permission in that channel: "
        + CHANNEL_PATH.format("View Channel, Send Messages, Embed Links")
    ),
    Reason.CHANNEL_REFUSED: "Discord lets me do nothing in that channel (status {}, code {})",
    Reason.EVENTS_FORBIDDEN: N_(
        "I lack the permission Create Events; grant it, and I go on by myself:"
        " *Server settings → Roles → spacebot → Permissions → Create Events*"
    ),
    Reason.EVENTS_FULL: N_(
        "this server has 100 events, as many as Discord lets it have; once somebody deletes one, I go on by myself"
    ),
    Reason.AUTOMOD: "the server's AutoMod blocked the message; let it except me, or change its rule",
    Reason.MESSAGE_REFUSED: "Discord refused the message (status {}, code {})",
    Reason.DISCORD_FAILED: "Discord failed with status {}",
    Reason.SLOW_DOWN: "Discord asks to slow down here",
    Reason.UNREACHABLE: "Discord cannot be reached",
    Reason.CREDENTIALS_REFUSED: "Discord does not take my token; whoever runs me has to look at it",
    Reason.NO_ANSWER: "Discord did not answer: {}",
    Reason.ANSWER_UNREADABLE: "Discord answered something that I cannot read: {}",
    Reason.SEARCH_TOO_LONG: "there are too many messages to look through",
    Reason.UNFORESEEN: "an unforeseen error",
    Reason.OTHER: "the reason is no longer known",
}
"""Each reads on after a colon. `{}` stands for the details, in their order."""


def sentence(obstacle: Obstacle) -> str:
    """Why a message is not posted, to follow a colon."""
    if obstacle.reason is Reason.PERMISSIONS_MISSING:
        names = permission_names(obstacle.details)
        return f"I lack {names} in that channel; grant it, and I go on by myself: {CHANNEL_PATH.format(names)}"
    return SENTENCES[obstacle.reason].format(*obstacle.details, "?", "?")


def in_the_way(found: InTheWay) -> list[str]:
    """A line for each thing that is in the way of a guild's announcements, and what to do."""
    channels = [f"⚠️ <#{where}>: {sentence(obstacle)}" for where, obstacle in found.channels.items()]
    more = [trouble for trouble in (found.bell, found.events) if trouble is not None]
    return channels + [f"⚠️ {trouble}" for trouble in (*found.roles.values(), *more)]


def permission_names(names: Iterable[str]) -> str:
    """Permissions, given by their names in Discord's API, as Discord's settings call them."""
    return ", ".join(PERMISSION_NAMES.get(name, name) for name in names)
