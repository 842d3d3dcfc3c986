"""What every part of the tables stands on: the open database, rows as dicts, and how values are kept.

Times are whole milliseconds since 1970, UTC.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.ids import UserId
from spacebot.domain.spaces import Phase, SpaceRecord

Row = Mapping[str, Any]


class QueryGroup:
    """Statements over one open database, on the thread that owns it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def _rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        return list(self.db.query(sql, params))

    def _row(self, sql: str, **params: object) -> dict[str, Any] | None:
        return next(iter(self._rows(sql, **params)), None)


def ms(moment: datetime) -> int:
    """How a time is kept."""
    return round(moment.timestamp() * 1000)


def ms_or_none(moment: datetime | None) -> int | None:
    """How a time that may be missing is kept."""
    return None if moment is None else ms(moment)


def moment(ms: int | None) -> datetime | None:
    """A kept time."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def host_of(row: Row) -> Host:
    """The account in a row."""
    return Host(
        user_id=row["user_id"],
        username=row["username"],
        name=row["name"],
        picture=row["picture"],
        protected=bool(row["protected"]),
        standing=Standing(row["standing"]) if row["standing"] else None,
    )


def _ids(text: str) -> tuple[UserId, ...]:
    return tuple(UserId(each) for each in json.loads(text))


def space_of(row: Row) -> SpaceRecord:
    """The Space in a row."""
    first, last = moment(row["first_seen_at"]), moment(row["last_seen_at"])
    assert first is not None
    assert last is not None  # both columns are NOT NULL
    return SpaceRecord(
        space_id=row["space_id"],
        host_id=row["host_id"],
        phase=Phase(row["phase"]),
        title=row["title"],
        lang=row["lang"],
        is_ticketed=None if row["is_ticketed"] is None else bool(row["is_ticketed"]),
        participants=row["participants"],
        peak=row["peak"],
        listened=row["listened"],
        observed=row["observed"],
        cohosts=_ids(row["cohosts"]),
        speakers=_ids(row["speakers"]),
        spoke=_ids(row["spoke"]),
        live_seen_at=moment(row["live_seen_at"]),
        scheduled_start=moment(row["scheduled_start"]),
        started_at=moment(row["started_at"]),
        ended_at=moment(row["ended_at"]),
        first_seen_at=first,
        last_seen_at=last,
        absent_since=moment(row["absent_since"]),
        revision=row["revision"],
    )
