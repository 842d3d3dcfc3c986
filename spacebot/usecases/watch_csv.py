"""PURE: a guild's watches as a CSV file that can be edited in a spreadsheet and read again, whatever its lines hold.

Spreadsheets take numbers of more than 15 digits for inexact ones, so ids stand in a link or in Discord's markup. They run
what begins with one of `= + - @` as a formula, also behind a separator that is not the file's: a `'` goes before it, and is
taken away again when the file is read.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from spacebot.domain.guilds import Keyword, Watch
from spacebot.domain.ids import UserId
from spacebot.domain.looks import accent_name
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake

HOST, KEYWORD = "host", "keyword"
COHOST, YES = "cohost", "yes"
NEEDED, NONE = "needed", "none"

COLUMNS = (
    "kind",
    "host",
    "handle",
    "words",
    "channel",
    "channel_name",
    "roles",
    "role_names",
    "also",
    "paused",
    "text",
    "accent",
    "want",
    "shun",
    "language",
    "listeners",
    "tickets",
)
REASON = ("line", "reason")
"""The further columns of a file of lines that were not taken; they are ignored when it is read again."""

MOST_LINES = 10_000
MOST_BYTES = 5 * 2**20
MOST_SPAN = 5
"""A cell may go on in so many lines; a quote that is never closed spoils no more than its own line."""

_BEGINS = r"(?<![^;,\t\r\n\"])"
_RUNS = r"[' ]*[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - spreadsheets take the wide ones for the others
_UNSAFE = re.compile(rf"{_BEGINS}(?={_RUNS})")
_SAFE = re.compile(rf"{_BEGINS}'(?={_RUNS})")
_ROLE = re.compile(r"<@&([0-9]{1,19})>|([0-9]{15,19})")
_CHANNEL = re.compile(r"<#([0-9]{1,19})>|([0-9]{15,19})")
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A channel or a role as a file names it: by id, by name, or by both."""

    id: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a file: its cells by column, of the columns that the file has, or why it cannot be read."""

    number: int
    """In the file, from 1."""
    cells: Mapping[str, str] = field(default_factory=dict)
    wrong: UserMistake | None = None


def host_row(watch: Watch, channel_name: str, role_names: Sequence[str]) -> dict[str, str]:
    """The cells of a followed host; the names are for people, and for guilds in which the ids are unknown."""
    return {
        "kind": HOST,
        "host": host_link(watch.host.user_id),
        "handle": watch.host.username,
        **_places(watch, channel_name, role_names),
        "also": COHOST if watch.also_cohost else "",
        "paused": YES if watch.on_hold else "",
        "text": watch.look.text or "",
        "accent": "" if watch.look.accent is None else accent_name(watch.look.accent),
        "want": ", ".join(watch.filter.want),
        "shun": ", ".join(watch.filter.shun),
        "language": watch.filter.lang or "",
        "tickets": _tickets(watch.filter.ticketed),
    }


def keyword_row(keyword: Keyword, channel_name: str, role_names: Sequence[str]) -> dict[str, str]:
    """The cells of a keyword, as `host_row`."""
    return {
        "kind": KEYWORD,
        "words": keyword.text,
        **_places(keyword, channel_name, role_names),
        "language": keyword.lang or "",
        "listeners": "" if keyword.least is None else str(keyword.least),
        "tickets": _tickets(keyword.ticketed),
    }


def _tickets(ticketed: bool | None) -> str:
    return "" if ticketed is None else NEEDED if ticketed else NONE


def _places(watch: Watch | Keyword, channel_name: str, role_names: Sequence[str]) -> dict[str, str]:
    return {
        "channel": "" if watch.channel_id is None else f"<#{watch.channel_id}>",
        "channel_name": channel_name,
        "roles": " ".join(f"<@&{role}>" for role in watch.roles),
        "role_names": _joined(role_names),
    }


def host_link(user_id: UserId) -> str:
    """An account by its id, as no spreadsheet takes it for a number."""
    return f"https://x.com/i/user/{user_id}"


def written(rows: Iterable[Mapping[str, str]], *, columns: Sequence[str] = COLUMNS) -> bytes:
    """A file with these lines below the names of the columns; a byte order mark tells spreadsheets that it is UTF-8."""
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(columns)
    for row in rows:
        out.writerow([escaped(row.get(column, "")) for column in columns])
    return text.getvalue().encode("utf-8-sig", "replace")


def escaped(cell: str) -> str:
    """A cell as no spreadsheet runs it; `unescaped` gives it back."""
    return _UNSAFE.sub("'", cell)


def unescaped(cell: str) -> str:
    """What `escaped` was given; another cell stays as it is."""
    return _SAFE.sub("", cell)


def read(content: bytes) -> list[Line]:
    """The lines of a file, blank ones left out.

    Commas, semicolons or tabs may separate cells. Without a line of column names the first cell of each line is a host.

    Raises:
        UserMistake: nothing of it can be read.
    """
    if len(content) > MOST_BYTES:
        raise UserMistake(Mistake.FILE_TOO_LARGE, most=MOST_BYTES // 2**20)
    physical = list(io.StringIO(_decoded(content), newline=""))
    filled = [at for at, line in enumerate(physical) if line.strip()]
    if not filled:
        raise UserMistake(Mistake.FILE_EMPTY)
    at = filled[0]
    delimiter = max(",;\t", key=physical[at].count)
    columns = _columns(physical[at], delimiter)
    lines: list[Line] = []
    at += columns is not None
    while at < len(physical):
        reader = csv.reader(physical[at : at + MOST_SPAN], delimiter=delimiter, strict=True)
        number = at + 1
        try:
            cells = next(reader)
        except csv.Error:
            at += 1
            lines.append(_spoiled(number, physical[number - 1]))
            continue
        at += reader.line_num
        if any(cell.strip() for cell in cells):
            lines.append(_line(number, [unescaped(cell) for cell in cells], columns or (HOST,)))
    if not lines:
        raise UserMistake(Mistake.FILE_EMPTY)
    late = UserMistake(Mistake.LINE_TOO_LATE, most=MOST_LINES)
    return [
        line if taken < MOST_LINES else Line(number=line.number, cells=line.cells, wrong=late)
        for taken, line in enumerate(lines)
    ]


def _decoded(content: bytes) -> str:
    """The text of a file; a byte that is none of its encoding's becomes half a character."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "surrogateescape")


def _columns(heading: str, delimiter: str) -> list[str] | None:
    """The names of the columns; None where the first line has none that is known."""
    try:
        names = [cell.strip().casefold() for cell in next(csv.reader([heading], delimiter=delimiter, strict=True), [])]
    except csv.Error:
        return None
    return names if set(names) & set(COLUMNS) else None


def _line(number: int, cells: Sequence[str], columns: Sequence[str]) -> Line:
    by_column = {name: cell for name, cell in zip(columns, cells, strict=False) if name in COLUMNS}
    if any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell):
        return Line(number=number, cells=by_column, wrong=UserMistake(Mistake.LINE_NOT_UTF8))
    if any(cell.strip() for cell in cells[len(columns) :]):
        return Line(number=number, cells=by_column, wrong=UserMistake(Mistake.TOO_MANY_CELLS))
    return Line(number=number, cells=by_column)


def _spoiled(number: int, text: str) -> Line:
    return Line(number=number, cells={HOST: text.strip()}, wrong=UserMistake(Mistake.QUOTES_WRONG))


def channel_of(cells: Mapping[str, str]) -> Named | None:
    """The channel that a line names; None where it is the guild's."""
    said, name = cells.get("channel", "").strip(), cells.get("channel_name", "").strip() or None
    if match := _CHANNEL.fullmatch(said):
        return Named(id=int(match[1] or match[2]), name=name)
    name = said.removeprefix("#") or name
    return None if name is None else Named(name=name)


def roles_of(cells: Mapping[str, str]) -> list[Named]:
    """The roles that a line names; none where they are the guild's.

    Raises:
        UserMistake: something else stands there.
    """
    words = [word for word in _BETWEEN.split(cells.get("roles", "")) if word]
    matches = [_ROLE.fullmatch(word) for word in words]
    ids = [int(match[1] or match[2]) for match in matches if match is not None]
    if len(ids) < len(words):
        raise UserMistake(Mistake.CELL_WRONG, column="roles", allowed="<@&…>")
    names = _split(cells.get("role_names", ""))
    if not ids:
        return [Named(name=name) for name in names]
    known = names if len(names) == len(ids) else [None] * len(ids)
    return [Named(id=role, name=name) for role, name in zip(ids, known, strict=True)]


def flag(cells: Mapping[str, str], column: str, yes: str) -> bool:
    """Whether a cell says `yes`, in whatever way.

    Raises:
        UserMistake: it says neither yes nor no.
    """
    said = cells.get(column, "").strip().casefold()
    if said in {yes, YES, "true", "1"}:
        return True
    if said in {"", "no", "nothing", "false", "0"}:
        return False
    raise UserMistake(Mistake.CELL_WRONG, column=column, allowed=yes)


def _joined(names: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="").writerow(names)
    return text.getvalue()


def _split(cell: str) -> list[str]:
    """What `_joined` was given."""
    try:
        rows = list(csv.reader(io.StringIO(cell, newline=""), delimiter=";"))
    except csv.Error:
        return []
    return [name.strip() for name in (rows[0] if rows else []) if name.strip()]
