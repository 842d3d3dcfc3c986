"""Everything that people read of events: a Space as an event of the guild, and the setting that makes them."""

from datetime import datetime, timedelta

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Job
from spacebot.domain.ids import GuildId, MessageId
from spacebot.domain.spaces import Phase
from spacebot.present.card import EventFace, handle, large_picture, name_of
from spacebot.present.language import _
from spacebot.present.text import plain

SYMBOL = "🗓️"

NAME_LIMIT = 100
"""UTF-16 units of an event's name, as Discord counts them."""

SHORT_NAME = 60
"""UTF-16 units of a host's name in the name of an event."""

ASSUMED = timedelta(hours=2)
"""How long a Space is taken to last before it has begun: Discord wants to know, and X says nothing of it."""

AT_MOST = timedelta(hours=12)
"""And once it has: Discord would end the event of one that lasts longer."""


def event_face(job: Job, now: datetime) -> EventFace:
    """A Space as an event of the guild, as it should look now.

    Args:
        job: The delivery.
        now: The time: Discord lets nothing be scheduled for the past.
    """
    space = job.space
    planned = space.scheduled_start
    is_to_come = space.phase is Phase.SCHEDULED and planned is not None and planned > now
    start = planned if is_to_come else None
    end = None if start is None else start + ASSUMED
    if space.phase is Phase.LIVE:
        began = space.started_at or space.live_seen_at or now
        end = max(began, planned or began) + AT_MOST
    return EventFace(
        name=_name(job),
        description=_description(job),
        location=space.url,
        phase=space.phase,
        start=start,
        end=end,
        picture=large_picture(job.host),
    )


def _name(job: Job) -> str:
    title = plain(job.space.title or "", NAME_LIMIT)
    return title or plain(_("Space of {host}", host=_short(job.host)), NAME_LIMIT)


def _short(host: Host) -> str:
    return plain(host.name, SHORT_NAME) or plain(host.username, SHORT_NAME) or host.user_id


def _description(job: Job) -> str:
    values = {"host": f"**{name_of(job.host)}**", "handle": handle(job.host), "url": job.space.url}
    if job.space.is_ticketed:
        return _("A Space on X, hosted by {host} ({handle}). A ticket is needed to listen: {url}", **values)
    return _("A Space on X, hosted by {host} ({handle}). Listen here: {url}", **values)


def event_link(guild_id: GuildId, event_id: MessageId) -> str:
    """The address of an event."""
    return f"https://discord.com/events/{guild_id}/{event_id}"


def agenda_line(guild_id: GuildId, event_id: MessageId) -> str:
    """The event of a Space, in a list of Spaces."""
    return _("[Event in this server]({url})", url=event_link(guild_id, event_id))


def place() -> str:
    """Where events stand, in a history of posts."""
    return _("this server's events")


def setting_name() -> str:
    """What the setting is called in `/config show`."""
    return _("Events")


def setting_text(*, makes_events: bool) -> str:
    """The setting, as `/config show` has it."""
    if makes_events:
        return _("scheduled Spaces become events of this server")
    return _("none: `/config events`")


def set_sentence(*, makes_events: bool) -> str:
    """What `/config events` did."""
    if makes_events:
        return _(
            "Scheduled Spaces become events of this server from now on; each starts, moves and ends with its Space. An event"
            " that somebody deletes is not made again."
        )
    return _("No more events are made. Those already there stay, and follow their Spaces until they are over.")


def panel_line(*, makes_events: bool, trouble: str | None) -> str:
    """The setting on the panel of `/setup`; empty where it is off."""
    if not makes_events:
        return ""
    if trouble is not None:
        return f"{SYMBOL} ⚠️ {trouble}"
    return f"{SYMBOL} {_('Scheduled Spaces become events of this server')}"


def tested_line(*, trouble: str | None) -> str:
    """What a test says of events, where they are switched on: a test makes none."""
    if trouble is not None:
        return f"⚠️ {trouble}"
    return f"✅ {_('A scheduled Space becomes an event of this server; a test makes none.')}"


def paused_notice(why: str, heals: str) -> str:
    """What admins are told where events cannot be made."""
    return f"⚠️ {_('I cannot make events of this server: {why}. {heals}', why=why, heals=heals)}"
