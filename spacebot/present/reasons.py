"""The sentence for each obstacle: why a message was not posted, and what an admin can do."""

from collections.abc import Iterable

from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.views import InTheWay
from spacebot.present.language import ENGLISH, N_, _, listed, speaking

PERMISSION_NAMES = {
    "view_channel": N_("View Channel"),
    "send_messages": N_("Send Messages"),
    "send_messages_in_threads": N_("Send Messages in Threads"),
    "embed_links": N_("Embed Links"),
    "read_message_history": N_("Read Message History"),
}
"""The names of permissions in Discord's settings; in each language what Discord calls them in it."""

ALL_ROLES = N_("Mention @everyone, @here and All Roles")
"""The permission to mention whomever, as Discord's settings call it."""

MANAGE_ROLES = N_("Manage Roles")
"""The permission to make, give and take roles, as Discord's settings call it."""

ME = "spacebot"

REFUSED = ("view_channel", "send_messages", "embed_links")
"""What may be lacking where Discord does not say which permission is."""

SENTENCES = {
    Reason.UNWATCHED: N_("no longer followed"),
    Reason.ON_HOLD: N_("an admin had paused it"),
    Reason.FILTERED: N_("the filters set with /watch filter kept it back"),
    Reason.OVER: N_("the Space was over before it could be announced"),
    Reason.DELETED_AT_END: N_("the Space is over, and this server wants its posts deleted then"),
    Reason.EVENT_GONE: N_("somebody deleted the event"),
    Reason.MESSAGE_DELETED: N_("somebody deleted the message"),
    Reason.MESSAGE_UNKNOWN: N_("Discord no longer knows the message (status {first}, code {second})"),
    Reason.CHANNEL_GONE: N_(
        "the channel is gone, or I am no longer in that server; choose another with /config channel"
    ),
    Reason.CHANNEL_UNKNOWN: N_("the channel is gone; choose another with /config channel"),
    Reason.NOT_FOR_MESSAGES: N_("that is not a channel for messages; choose another with /config channel"),
    Reason.GUILD_UNAVAILABLE: N_("Discord says that this server is unavailable for the moment"),
    Reason.THREAD_LOCKED: N_("the thread is locked; unlock it, or choose another channel with /config channel"),
    Reason.PERMISSIONS_REFUSED: N_("Discord says that I lack a permission in that channel: {path}"),
    Reason.CHANNEL_REFUSED: N_("Discord lets me do nothing in that channel (status {first}, code {second})"),
    Reason.EVENTS_FORBIDDEN: N_(
        "I lack the permission Create Events; grant it, and I go on by myself:"
        " *Server settings → Roles → spacebot → Permissions → Create Events*"
    ),
    Reason.EVENTS_FULL: N_(
        "this server has 100 events, as many as Discord lets it have; once somebody deletes one, I go on by myself"
    ),
    Reason.AUTOMOD: N_("the server's AutoMod blocked the message; let it except me, or change its rule"),
    Reason.MESSAGE_REFUSED: N_("Discord refused the message (status {first}, code {second})"),
    Reason.DISCORD_FAILED: N_("Discord failed with status {first}"),
    Reason.SLOW_DOWN: N_("Discord asks to slow down here"),
    Reason.UNREACHABLE: N_("Discord cannot be reached"),
    Reason.CREDENTIALS_REFUSED: N_("Discord does not take my token; whoever runs me has to look at it"),
    Reason.NO_ANSWER: N_("Discord did not answer: {first}"),
    Reason.ANSWER_UNREADABLE: N_("Discord answered something that I cannot read: {first}"),
    Reason.SEARCH_TOO_LONG: N_("there are too many messages to look through"),
    Reason.UNFORESEEN: N_("an unforeseen error"),
    Reason.OTHER: N_("the reason is no longer known"),
}
"""Each reads on after a colon. Braces stand for the details, in their order, and for the path to tap."""


def sentence(obstacle: Obstacle) -> str:
    """Why a message is not posted, to follow a colon."""
    if obstacle.reason is Reason.PERMISSIONS_MISSING:
        names = permission_names(obstacle.details)
        return _(
            "I lack {permissions} in that channel; grant it, and I go on by myself: {path}",
            permissions=names,
            path=channel_path(names),
        )
    first, second = (*obstacle.details, "?", "?")[:2]
    path = channel_path(permission_names(REFUSED))
    return _(SENTENCES[obstacle.reason], first=first, second=second, path=path)


def logged(obstacle: Obstacle) -> str:
    """The same for the log, which is in English whoever is told."""
    with speaking(ENGLISH):
        return sentence(obstacle)


def in_the_way(found: InTheWay) -> list[str]:
    """A line for each thing that is in the way of a guild's announcements, and what to do."""
    channels = [
        _("⚠️ {channel}: {trouble}", channel=f"<#{where}>", trouble=sentence(obstacle))
        for where, obstacle in found.channels.items()
    ]
    more = [trouble for trouble in (found.bell, found.events) if trouble is not None]
    return channels + [f"⚠️ {trouble}" for trouble in (*found.roles.values(), *more)]


def permission_names(names: Iterable[str]) -> str:
    """Permissions, given by their names in Discord's API, as Discord's settings call them."""
    return listed(_(PERMISSION_NAMES[name]) if name in PERMISSION_NAMES else name for name in names)


def channel_path(permissions: str) -> str:
    """What a person taps to grant permissions in a channel, called as Discord's settings call them."""
    return _("*Channel settings → Permissions → add {me} → {permissions}*", me=ME, permissions=permissions)


def role_path(role: str) -> str:
    """What a person taps so that a role can be mentioned."""
    return _("*Server settings → Roles → {role} → Allow anyone to @mention this role*", role=role)


def own_path(permission: str) -> str:
    """What a person taps to grant the bot a permission in the whole server."""
    return _("*Server settings → Roles → {me} → Permissions → {permission}*", me=ME, permission=permission)


def order_path() -> str:
    """What a person taps to put the bot's role above another."""
    return _("*Server settings → Roles → drag {me} above it*", me=ME)


def permissions_path(role: str) -> str:
    """What a person taps to see what a role may do."""
    return _("*Server settings → Roles → {role} → Permissions*", role=role)
