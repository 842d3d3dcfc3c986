"""PURE: roles and scheduled events as a request asks for them; what is read keeps Discord's limits.

Source: Discord's documentation, 'Create Guild Role' and 'Create Guild Scheduled Event'.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spacebot.sandbox.discord.forms.form import Form, Problems
from spacebot.sandbox.discord.model.schedule import FOLLOWING, LocalEvent, Status
from spacebot.sandbox.discord.permissions import ALL, Permission

ROLE_NAME = 100
EVENT_NAME = 100
EVENT_DESCRIPTION = 1000
LOCATION = 100
COVER = 10 * 1024 * 1024
"""Bytes of an event's cover; Discord publishes no limit of its own for it."""
_EXTERNAL = 3
_GUILD_ONLY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDraft:
    """A role that is asked for; `permissions` None: those that everybody has."""

    name: str
    permissions: Permission | None
    mentionable: bool


def read_role(body: Any) -> RoleDraft:
    """A new role."""
    problems = Problems()
    form = Form({} if body is None else body, problems)
    bits = form.fields.get("permissions")
    if isinstance(bits, str) and bits.isascii() and bits.isdigit():
        form.fields = {**form.fields, "permissions": int(bits[:20])}
    found = form.integer("permissions", least=0)
    form.integer("color", least=0, most=0xFFFFFF)
    form.boolean("hoist")
    name = form.text("name", most=ROLE_NAME, least=1)
    mentionable = form.boolean("mentionable") or False
    problems.refuse()
    permissions = None if found is None else Permission(found & ALL)
    return RoleDraft(name=name or "new role", permissions=permissions, mentionable=mentionable)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event as it is to be."""

    name: str
    description: str | None
    location: str
    start: datetime
    end: datetime
    cover: bytes | None
    status: Status


def read_event(body: Any, *, now: datetime, known: LocalEvent | None = None) -> EventDraft:
    """A new event, or the `known` one as the request changes it; a `Refusal` (50035) names all that is wrong."""
    problems = Problems()
    form = Form(body, problems)
    if known is None:
        form.require("name", "scheduled_start_time", "privacy_level", "entity_type", "scheduled_end_time")
        form.require("entity_metadata")
    _refuse_other_kinds(form)
    start, end = _read_times(form, now, known)
    place = form.form("entity_metadata")
    if place is not None:
        place.require("location")
    location = place.text("location", most=LOCATION, least=1) if place else None
    name, description = form.text("name", most=EVENT_NAME, least=1), form.text("description", most=EVENT_DESCRIPTION)
    status = _read_status(form, known)
    cover = form.image("image", most=COVER)
    problems.refuse()
    kept_cover = known.cover if known is not None and not form.given("image") else cover
    kept_description = known.description if known is not None and not form.given("description") else description
    return EventDraft(
        name=name or (known.name if known else ""),
        description=kept_description or None,
        location=location or (known.location if known else ""),
        start=start,
        end=end,
        cover=kept_cover,
        status=status,
    )


def _refuse_other_kinds(form: Form) -> None:
    for key, only in (("entity_type", _EXTERNAL), ("privacy_level", _GUILD_ONLY)):
        value = form.integer(key)
        if value is not None and value != only:
            form.wrong(key, "NOT_OFFERED", f"The local Discord knows {only} only.")
    for key in ("channel_id", "recurrence_rule"):
        if form.fields.get(key) is not None:
            form.wrong(key, "BASE_TYPE_BAD_VALUE", "An external event cannot have this here")


def _read_times(form: Form, now: datetime, known: LocalEvent | None) -> tuple[datetime, datetime]:
    """When it starts and ends: to come, and in that order."""
    start, end = form.moment("scheduled_start_time"), form.moment("scheduled_end_time")
    if start is not None and start <= now:
        text = "Cannot schedule event in the past."
        form.wrong("scheduled_start_time", "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST", text)
    if form.given("scheduled_end_time") and form.fields["scheduled_end_time"] is None and known is not None:
        form.wrong("scheduled_end_time", "BASE_TYPE_REQUIRED", "This field is required")
    if known is not None and known.status is Status.ACTIVE and start not in {None, known.start}:
        form.wrong("scheduled_start_time", "BASE_TYPE_BAD_VALUE", "The start of an event that runs cannot be changed.")
    start = start or (known.start if known else now)
    end = end or (known.end if known else start)
    if end <= start and form.fields.get("scheduled_end_time") is not None:
        form.wrong(
            "scheduled_end_time", "GUILD_SCHEDULED_EVENT_SCHEDULE_ORDER", "An event cannot end before it starts."
        )
    return start, end


def _read_status(form: Form, known: LocalEvent | None) -> Status:
    before = known.status if known else Status.SCHEDULED
    wanted = form.integer("status", least=1, most=4)
    if wanted is None or wanted == before:
        return before
    if known is None or wanted not in FOLLOWING[before]:
        form.wrong("status", "BASE_TYPE_BAD_VALUE", f"An event cannot become {wanted} from {int(before)}.")
    return Status(wanted)
