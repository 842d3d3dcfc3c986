"""A guild's scheduled events in memory, with Discord's rules for them; a part of `channel`.

Source: Discord's documentation, 'Guild Scheduled Event'. Discord begins and ends an event by itself when its time comes; one
that is over is shown no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import discord

from tests.store.seed import GUILD

BOT = 140

MOST = 100
"""Events that a guild may have."""


def answer(status: int) -> Any:
    """What discord.py's errors want of an answer."""
    return SimpleNamespace(status=status, reason="as ordered")


def unknown(code: int, what: str) -> discord.NotFound:
    """Discord has no such thing."""
    return discord.NotFound(answer(404), {"code": code, "message": f"Unknown {what}"})


def forbidden() -> discord.Forbidden:
    """The bot lacks a permission."""
    return discord.Forbidden(answer(403), {"code": 50013, "message": "Missing Permissions"})


def invalid(code: int, why: str) -> discord.HTTPException:
    """Discord does not take that."""
    return discord.HTTPException(answer(400), {"code": code, "message": why})


class Status(IntEnum):
    """How far an event is."""

    SCHEDULED = 1
    ACTIVE = 2
    COMPLETED = 3
    CANCELED = 4


FOLLOWING = {Status.SCHEDULED: {Status.ACTIVE, Status.CANCELED}, Status.ACTIVE: {Status.COMPLETED}}


@dataclass(slots=True)
class Event:
    """An event that the bot has made; kept when it is over, not when it was deleted."""

    id: int
    name: str
    description: str
    location: str
    start: datetime
    end: datetime
    status: Status = Status.SCHEDULED

    @property
    def is_open(self) -> bool:
        """Whether Discord shows it."""
        return self.status in FOLLOWING


@dataclass(slots=True)
class Events:
    """All of them.

    may_make   whether the bot may make events
    foreign    how many others the guild has
    """

    made: list[Event] = field(default_factory=list)
    may_make: bool = True
    foreign: int = 0

    def catch_up(self, now: datetime) -> None:
        """Begin and end those whose time has come."""
        for event in self.made:
            if event.status is Status.SCHEDULED and event.start <= now:
                event.status = Status.ACTIVE
            if event.status is Status.ACTIVE and event.end <= now:
                event.status = Status.COMPLETED

    def do(self, method: str, ids: Sequence[int], body: Mapping[str, Any], now: datetime, new_id: int) -> Any:
        """What Discord answers; raises as discord.py does where Discord refuses."""
        self.catch_up(now)
        if method == "GET" and not ids:
            return [_shown(event) for event in self.made if event.is_open]
        if method != "GET" and not self.may_make:
            raise forbidden()
        if method == "POST":
            return self._make(body, now, new_id)
        event = next((event for event in self.made if event.id in ids and event.is_open), None)
        if event is None:
            raise unknown(10070, "Guild Scheduled Event")
        if method == "DELETE":
            self.made.remove(event)
            return None
        if method == "PATCH":
            _change(event, body, now)
        return _shown(event)

    def _make(self, body: Mapping[str, Any], now: datetime, new_id: int) -> Any:
        if self.foreign + sum(event.is_open for event in self.made) >= MOST:
            raise invalid(30038, "Maximum number of uncompleted guild scheduled events reached")
        start, end = _time(body["scheduled_start_time"]), _time(body["scheduled_end_time"])
        _require_times(start, end, now)
        event = Event(new_id, body["name"], body["description"], body["entity_metadata"]["location"], start, end)
        self.made.append(event)
        return _shown(event)


def _change(event: Event, body: Mapping[str, Any], now: datetime) -> None:
    status = Status(body.get("status", event.status))
    if status is not event.status and status not in FOLLOWING[event.status]:
        raise invalid(50035, "Invalid Form Body")
    start, end = _time(body.get("scheduled_start_time", event.start)), _time(body.get("scheduled_end_time", event.end))
    if "scheduled_start_time" in body:
        if event.status is not Status.SCHEDULED:
            raise invalid(180000, "Cannot update a finished event")
        _require_times(start, end, now)
    event.name = body.get("name", event.name)
    event.description = body.get("description", event.description)
    event.start, event.end, event.status = start, end, status


def _require_times(start: datetime, end: datetime, now: datetime) -> None:
    if start <= now or end <= start:
        raise invalid(50035, "Invalid Form Body")


def _time(text: str | datetime) -> datetime:
    return text if isinstance(text, datetime) else datetime.fromisoformat(text)


def _shown(event: Event) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "guild_id": str(GUILD),
        "creator_id": str(BOT),
        "name": event.name,
        "description": event.description,
        "entity_type": 3,
        "entity_metadata": {"location": event.location},
        "scheduled_start_time": event.start.isoformat(),
        "scheduled_end_time": event.end.isoformat(),
        "status": int(event.status),
        "privacy_level": 2,
    }
