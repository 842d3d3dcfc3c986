"""A Space as an event of a guild, through discord.py's HTTP methods: found, made, and led along Discord's transitions.

Discord takes no nonce for an event, so that one is made by a single request (`once`), and looked for after any doubt. It
begins and ends events by itself at their times, and moves none that runs; what is over it changes no more. Source:
Discord's documentation, 'Guild Scheduled Event'. Errors are discord.py's, but for `EventRuns`.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

import discord

from spacebot.deliver.answers import said
from spacebot.deliver.pacing import once
from spacebot.domain.ids import GuildId, MessageId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import Phase
from spacebot.errors import EventRuns
from spacebot.present.card import EventFace

log = logging.getLogger(__name__)

EXTERNAL = 3
GUILD_ONLY = 2
SCHEDULED, ACTIVE, COMPLETED, CANCELED = 1, 2, 3, 4

INVALID_FORM = 50035
"""Discord's code for a field that it does not take."""

SAME = timedelta(seconds=1)
"""Times closer than this are the same: Discord may keep them less finely."""

STEPS = {
    (Phase.LIVE, SCHEDULED): (ACTIVE,),
    (Phase.ENDED, SCHEDULED): (ACTIVE, COMPLETED),
    (Phase.ENDED, ACTIVE): (COMPLETED,),
    (Phase.CANCELED, SCHEDULED): (CANCELED,),
    (Phase.CANCELED, ACTIVE): (COMPLETED,),
}
"""Which statuses an event goes through, by the phase of its Space and the status that it has."""


def obstacle(guild: discord.Guild) -> Obstacle | None:
    """Why no event can be made in the guild, from the cache; None if one can."""
    if guild.unavailable:
        return Obstacle(reason=Reason.GUILD_UNAVAILABLE)
    may = guild.me is not None and guild.me.guild_permissions.create_events
    return None if may else Obstacle(reason=Reason.EVENTS_FORBIDDEN)


async def make(client: discord.Client, guild_id: GuildId, face: EventFace, picture: str | None) -> MessageId:
    """Make an event; `picture` is its cover as a data URI, and left out where Discord does not take it."""
    assert face.start is not None  # the courier makes none of a Space that should have started
    assert face.end is not None
    payload: dict[str, Any] = {
        "name": face.name,
        "description": face.description,
        "entity_type": EXTERNAL,
        "entity_metadata": {"location": face.location},
        "privacy_level": GUILD_ONLY,
        "scheduled_start_time": face.start.isoformat(),
        "scheduled_end_time": face.end.isoformat(),
    }
    if picture is not None:
        try:
            with once():
                answer = await client.http.create_guild_scheduled_event(guild_id, **payload, image=picture)
            return MessageId(int(answer["id"]))
        except discord.HTTPException as error:
            if error.code != INVALID_FORM:
                raise
            log.info("Server %d takes no event with this picture: %s", guild_id, said(error))
    with once():
        answer = await client.http.create_guild_scheduled_event(guild_id, **payload)
    return MessageId(int(answer["id"]))


async def find(client: discord.Client, guild_id: GuildId, location: str) -> MessageId | None:
    """The bot's event that takes place there and is not over."""
    me = client.user
    answer: Any = await client.http.get_scheduled_events(guild_id, with_user_count=False)
    own = [
        int(event["id"])
        for event in answer
        if me is not None
        and str(event.get("creator_id")) == str(me.id)
        and (event.get("entity_metadata") or {}).get("location") == location
    ]
    return MessageId(min(own)) if own else None


async def change(client: discord.Client, guild_id: GuildId, event_id: MessageId, face: EventFace) -> None:
    """Let an event be as its Space is, as far as Discord's rules let it; what is over stays as it is.

    Raises:
        EventRuns: its Space was put off after Discord had begun it.
    """
    event: Any = await client.http.get_scheduled_event(guild_id, event_id, with_user_count=False)
    status = int(event["status"])
    if status in {COMPLETED, CANCELED}:
        return
    if status == ACTIVE and face.start is not None and face.start - _time(event["scheduled_start_time"]) >= SAME:
        raise EventRuns
    fields = _differing(event, face) if face.phase.is_open else {}
    if status == ACTIVE:
        fields.pop("scheduled_start_time", None)
    for step in STEPS.get((face.phase, status), ()):
        await client.http.edit_scheduled_event(guild_id, event_id, **fields, status=step)
        fields = {}
    if fields:
        await client.http.edit_scheduled_event(guild_id, event_id, **fields)


async def remove(client: discord.Client, guild_id: GuildId, event_id: MessageId) -> None:
    """Delete an event."""
    await client.http.delete_scheduled_event(guild_id, event_id)


def _differing(event: dict[str, Any], face: EventFace) -> dict[str, Any]:
    """What is to be set of an open Space's event."""
    fields: dict[str, Any] = {}
    if event["name"] != face.name:
        fields["name"] = face.name
    if event.get("description") != face.description:
        fields["description"] = face.description
    for key, wanted in (("scheduled_start_time", face.start), ("scheduled_end_time", face.end)):
        known = event.get(key)
        if wanted is not None and (known is None or abs(_time(known) - wanted) >= SAME):
            fields[key] = wanted.isoformat()
    return fields


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
