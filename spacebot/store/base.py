"""What all query groups share: the open database, rows as dicts, and how Python values are stored.

Times are whole milliseconds since 1970, UTC.
"""

import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from sqlite_utils import Database

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.filters import Filter
from spacebot.domain.guilds import in_order
from spacebot.domain.ids import RoleId
from spacebot.domain.spaces import SpaceRecord

log = logging.getLogger(__name__)

Row = Mapping[str, Any]


SERVED = "left_at IS NULL AND guild_id NOT IN (SELECT id FROM blocks WHERE kind = 'guild')"
"""Of a guild: whether the bot is in it, and the operator lets it be served."""

ACTIVE = f"{SERVED} AND NOT all_on_hold AND NOT on_hold"
"""Of a watch and its guild: whether it is served, and no admin has put it on hold."""

LOT = 1000
"""As many of what is read, or removed, as a whole go into one call, so that no other waits for long."""

MOST_SPOILED = 1000
"""As many things that cannot be stored are remembered, to say of each only once that it cannot."""


class QueryGroup:
    """SQL statements on one open database, run on the thread that owns it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._spoiled: dict[str, None] = {}

    @property
    def left_out(self) -> bool:
        """Whether anything could not be stored when it last came."""
        return bool(self._spoiled)

    @contextlib.contextmanager
    def _apart(self, what: str) -> Iterator[None]:
        """Do one of several things in a savepoint of its own: where its values cannot be stored, it alone is left out.

        What is wrong with the database itself (disk full, file locked) concerns all of them, and is raised.
        """
        # It goes into the log, and may be of any characters, those included that no file can take.
        what = what.encode("unicode_escape").decode()
        try:
            with self.db.atomic():
                yield
        except sqlite3.OperationalError:
            raise
        except Exception as error:
            if not self.db.conn.in_transaction:
                raise
            if what not in self._spoiled:
                log.warning("%s cannot be stored, and is left out: %a", what, error)
            self._spoiled[what] = None
            if len(self._spoiled) > MOST_SPOILED:
                del self._spoiled[next(iter(self._spoiled))]
        else:
            if what in self._spoiled:
                del self._spoiled[what]
                log.info("%s can be stored again.", what)

    def _rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        return list(self.db.query(sql, params))

    def _row(self, sql: str, **params: object) -> dict[str, Any] | None:
        return next(iter(self._rows(sql, **params)), None)


def ms(moment: datetime) -> int:
    """A time as it is stored."""
    return round(moment.timestamp() * 1000)


def ms_or_none(moment: datetime | None) -> int | None:
    """An optional time as it is stored."""
    return None if moment is None else ms(moment)


def moment(ms: int | None) -> datetime | None:
    """A stored time."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def roles_of(text: str | None) -> tuple[RoleId, ...]:
    """Stored roles; NULL is none."""
    return () if text is None else tuple(json.loads(text))


def roles_value(roles: Collection[RoleId]) -> str | None:
    """Roles as they are stored; none is NULL."""
    return json.dumps(in_order(roles)) if roles else None


FILTERED = "COALESCE(want, shun, lang, ticketed) IS NOT NULL"
"""Of a watch: whether it has filters; the condition of the index `watches_filtered`."""


def filter_of(row: Row) -> Filter:
    """The filters in a row of `watches`."""
    return Filter(
        want=() if row["want"] is None else tuple(json.loads(row["want"])),
        shun=() if row["shun"] is None else tuple(json.loads(row["shun"])),
        lang=row["lang"],
        ticketed=None if row["ticketed"] is None else bool(row["ticketed"]),
    )


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
"""The columns of `spaces` that are fields of a `SpaceRecord`."""


def column_value(value: object) -> object:
    """A field of a record as it is stored: times in milliseconds, tuples as JSON, members of enums by their value."""
    match value:
        case datetime():
            return ms(value)
        case tuple():
            return json.dumps(value, allow_nan=False)  # SQLite reads no other JSON than that of the standard
        case StrEnum():
            return value.value
        case _:
            return value


def space_values(record: SpaceRecord) -> dict[str, object]:
    """The values of a record's row, by column."""
    return {name: column_value(getattr(record, name)) for name in SPACE_COLUMNS}


def _reader(kind: Any) -> Callable[[Any], Any]:
    """The inverse of `column_value` for a field of this type; not called for NULL."""
    if get_origin(kind) in {Union, UnionType}:
        [kind] = set(get_args(kind)) - {NoneType}
    if get_origin(kind) is tuple:
        return _tuple
    return moment if kind is datetime else kind  # str, int, bool, ids and enums take the stored value


def _tuple(text: str) -> tuple[Any, ...]:
    return tuple(json.loads(text))


_SPACE_READERS = {
    each.name: (_reader(each.type), None if each.default is MISSING else each.default) for each in fields(SpaceRecord)
}


def space_of(row: Row) -> SpaceRecord:
    """The Space in a row; a field whose column is NULL has its default."""
    values: dict[str, Any] = {
        name: empty if row[name] is None else read(row[name]) for name, (read, empty) in _SPACE_READERS.items()
    }
    return SpaceRecord(**values)
