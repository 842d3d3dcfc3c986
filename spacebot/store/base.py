"""What every part of the tables stands on: the open database, rows as dicts, and how values are kept.

Times are whole milliseconds since 1970, UTC.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from sqlite_utils import Database

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.spaces import SpaceRecord

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


SPACE_COLUMNS = tuple(each.name for each in fields(SpaceRecord))
"""Those columns of `spaces` that are the fields of a record."""


def column_value(value: object) -> object:
    """How a field of a record is kept: times in milliseconds, several values as JSON, a word for a member of an enum."""
    match value:
        case datetime():
            return ms(value)
        case tuple():
            return json.dumps(value)
        case StrEnum():
            return value.value
        case _:
            return value


def space_values(record: SpaceRecord) -> dict[str, object]:
    """A record as the values of its row, by column."""
    return {name: column_value(getattr(record, name)) for name in SPACE_COLUMNS}


def _reader(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of this type of what `column_value` made of it; never asked for a column that is NULL."""
    if get_origin(kind) in {Union, UnionType}:
        [kind] = set(get_args(kind)) - {NoneType}
    if get_origin(kind) is tuple:
        return _tuple
    return moment if kind is datetime else kind  # the others take what is kept: str, int, bool, an id, an enum


def _tuple(text: str) -> tuple[Any, ...]:
    return tuple(json.loads(text))


_SPACE_READERS = {
    each.name: (_reader(each.type), None if each.default is MISSING else each.default) for each in fields(SpaceRecord)
}


def space_of(row: Row) -> SpaceRecord:
    """The Space in a row; where a column is NULL, its field has its default."""
    values: dict[str, Any] = {
        name: empty if row[name] is None else read(row[name]) for name, (read, empty) in _SPACE_READERS.items()
    }
    return SpaceRecord(**values)
