"""The lenient reading of an answer: what is ill-formed or out of bounds loses that field, or that item, and no more."""

import contextlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from spacebot.x.base import CUT, PATTERN, XObject, utc

_LOOSE_DATE = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[T ](?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.(?P<part>\d+))?)?"
    r"\s*(?:Z|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))?)?",
    re.ASCII | re.IGNORECASE,
)
_OLDEST_DATE = re.compile(
    r"(?:[A-Z][a-z]{2} )?(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) (?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
    r" (?P<sign>[+-])(?P<hours>\d{2})(?P<minutes>\d{2}) (?P<year>\d{4})",
    re.ASCII,
)
"""`Wed Jan 06 18:40:40 +0000 2021`, as the API wrote it before version 2."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_BELIEVABLE = timedelta(hours=1)
"""An answer dated farther from our own clock than this is not believed."""


def header(headers: Mapping[str, str], name: str) -> str | None:
    """A header's value; `name` is in lower case, and the headers may be spelled otherwise."""
    value = headers.get(name)
    if value is None:
        value = next((value for spelled, value in headers.items() if spelled.lower() == name), None)
    return value


def answered_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """When X answered by its own clock: the answer's Date, or `now` where that is missing, nonsense, or an hour off.

    X's own clock decides the day of its bill and the end of its windows.
    """
    try:
        stated = parsedate_to_datetime(header(headers, "date") or "")
        return stated if abs(stated - now) < _BELIEVABLE else now
    except (ValueError, OverflowError, TypeError):
        return now


_UNREAD: Any = object()
_MOST_DIGITS = 19
"""A number of more digits counts nothing, and Python itself refuses to read one of some thousands."""


def parse(body: bytes) -> Any:
    """JSON as plain values, tolerating broken characters.

    Raises:
        ValueError: It is not JSON, or nested too deeply.
    """
    try:
        raw = json.loads(
            body.decode("utf-8", "replace"), parse_constant=lambda _: None, parse_float=_finite, parse_int=_countable
        )
        # Half of a surrogate pair is legal in JSON, but not in text that is stored or sent.
        clean = json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace")
        return msgspec.json.decode(clean)
    except (RecursionError, msgspec.DecodeError) as error:
        raise ValueError(str(error)) from error


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


def _countable(number: str) -> int | None:
    return int(number) if len(number) <= _MOST_DIGITS else None


def read_leniently(raw: Any, wanted: Any) -> Any:
    """`raw` converted to the type `wanted`, without the optional fields and list items that do not fit it.

    Texts and lists that are too long are cut where their type says so.

    Raises:
        msgspec.ValidationError: Nothing usable remains; for a struct, a required field is missing.
    """
    found = _UNREAD
    if not _has_patterns(wanted):
        with contextlib.suppress(msgspec.ValidationError):
            found = msgspec.convert(raw, wanted, strict=False)
    if found is _UNREAD:
        bare, bounds = _bare(wanted)
        found = _within(_read_by_shape(raw, bare), bounds)
    return utc(found) if isinstance(found, datetime) else found


@cache
def _has_patterns(wanted: Any) -> bool:
    """Whether some text in a value of this type must match a pattern, which msgspec is not told of."""
    seen, ahead = set(), [wanted]
    while ahead:
        bare, bounds = _bare(ahead.pop())
        if any(PATTERN in (bound.extra or {}) for bound in bounds):
            return True
        if bare in seen:
            continue
        seen.add(bare)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            ahead += [field.type for field in msgspec.structs.fields(bare)]
        ahead += [part for part in get_args(bare) if part is not ...]
    return False


def _within(found: Any, bounds: tuple[msgspec.Meta, ...]) -> Any:
    """The value within its bounds: cut, or refused."""
    for bound in bounds:
        notes = bound.extra or {}
        if bound.max_length is not None and (isinstance(found, tuple) or CUT in notes):
            found = found[: bound.max_length]
        if PATTERN in notes and not notes[PATTERN].fullmatch(found):
            raise msgspec.ValidationError
        if isinstance(found, (str, int)):
            msgspec.convert(found, Annotated[type(found), bound])
    return found


def _read_by_shape(raw: Any, wanted: Any) -> Any:
    if get_origin(wanted) in (Union, UnionType):
        return _first_that_fits(raw, get_args(wanted))
    if isinstance(raw, dict) and isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _read_struct(raw, wanted)
    if isinstance(raw, (list, str, int)) and get_origin(wanted) is tuple and get_args(wanted)[1:] == (...,):
        # One id stands alone where a list of them belongs.
        items = _read_items(raw if isinstance(raw, list) else [raw], get_args(wanted)[0])
        if items or isinstance(raw, list):
            return tuple(items)
    if wanted is str and isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    if wanted is datetime and isinstance(raw, str):
        return loose_date(raw)
    return msgspec.convert(raw, wanted, strict=False)


@cache
def _bare(wanted: Any) -> tuple[Any, tuple[msgspec.Meta, ...]]:
    """The type without its annotations and new names, and the bounds that it was annotated with."""
    bounds: tuple[msgspec.Meta, ...] = ()
    while True:
        if get_origin(wanted) is Annotated:
            wanted, *notes = get_args(wanted)
            bounds = (*notes, *bounds)
        elif hasattr(wanted, "__supertype__"):
            wanted = wanted.__supertype__
        else:
            return wanted, bounds


def _first_that_fits(raw: Any, choices: tuple[Any, ...]) -> Any:
    for choice in choices:
        try:
            return read_leniently(raw, choice)
        except msgspec.ValidationError:
            continue
    raise msgspec.ValidationError


def _read_struct(raw: dict[str, Any], wanted: type[msgspec.Struct]) -> msgspec.Struct:
    kept: dict[str, Any] = {}
    other_names = wanted.other_names if issubclass(wanted, XObject) else {}
    for field in msgspec.structs.fields(wanted):
        for name in (field.encode_name, *other_names.get(field.name, ())):
            if name not in raw:
                continue
            try:
                kept[field.name] = read_leniently(raw[name], field.type)
            except msgspec.ValidationError:
                continue
            break
    if any(field.required and field.name not in kept for field in msgspec.structs.fields(wanted)):
        raise msgspec.ValidationError
    return wanted(**kept)


def _read_items(raw: list[Any], wanted: Any) -> list[Any]:
    kept = []
    for item in raw:
        try:
            kept.append(read_leniently(item, wanted))
        except msgspec.ValidationError:
            continue
    return kept


def loose_date(text: str) -> datetime:
    """A date as X also writes it: without leading zeros, zone or time of day, or as before version 2 of its API.

    It is UTC if it has no zone, and the beginning of the day if it has no time.

    Raises:
        msgspec.ValidationError: It is not a date.
    """
    found = _LOOSE_DATE.fullmatch(text.strip()) or _OLDEST_DATE.fullmatch(text.strip())
    if not found:
        raise msgspec.ValidationError
    parts = found.groupdict()
    try:
        month = 1 + _MONTHS.index(parts["month"]) if parts["month"].isalpha() else int(parts["month"])
        year, day, hour, minute, second = (
            int(parts[name] or 0) for name in ("year", "day", "hour", "minute", "second")
        )
        microseconds = int((parts.get("part") or "0")[:6].ljust(6, "0"))
        ahead = timedelta(hours=int(parts["hours"] or 0), minutes=int(parts["minutes"] or 0))
        zone = timezone(-ahead if parts["sign"] == "-" else ahead) if ahead else UTC
        moment = utc(datetime(year, month, day, hour, minute, second, microseconds, tzinfo=zone))
    except ValueError as error:
        raise msgspec.ValidationError from error
    if moment is None:
        raise msgspec.ValidationError
    return moment
