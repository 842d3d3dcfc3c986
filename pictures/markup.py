"""Discord's markdown as XHTML: whatever it does not know stays text."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from pictures.paper import Box, Face, column, element, text_height

BODY = Face(name="body", size=16, line=22)
HEADINGS = {
    "#": Face(name="h1", size=24, line=30, bold=True),
    "##": Face(name="h2", size=20, line=26, bold=True),
    "###": Face(name="h3", size=18, line=24, bold=True),
    "-#": Face(name="small", size=12, line=17),
}
CODE = Face(name="code", size=14, line=18, mono=True)

_HEAD = re.compile(r"(#{1,3}|-#) +(?=\S)")
_ITEM = re.compile(r" {0,4}[-*] +(?=\S)")
_FENCE = re.compile(r"```(?:[\w+-]+\n)?\n?(.*?)\n?```", re.DOTALL)
_INLINE = re.compile(
    r"""
    \\(?P<escaped>[^a-zA-Z0-9\s])
  | (?P<ticks>`{1,2})(?P<code>[^`]+)(?P=ticks)
  | <t:(?P<time>-?\d{1,13})(?::(?P<style>[tTdDfFsSR]))?>
  | <@&(?P<role>\d+)> | <\#(?P<channel>\d+)> | <@!?(?P<user>\d+)>
  | </(?P<command>[^:<>]+):\d+> | <a?:(?P<emoji>\w+):\d+>
  | @(?P<all>everyone|here)\b
  | \[(?P<label>(?:\\.|[^\[\]\\])+)\]\(<?(?P<address>https?://[^\s()<>]+)>?\)
  | \*\*(?P<bold>(?:\\.|[^\\])+?)\*\*(?!\*)
  | __(?P<underlined>(?:\\.|[^\\])+?)__(?!_)
  | ~~(?P<struck>(?:\\.|[^\\])+?)~~
  | \|\|(?P<spoiler>(?:\\.|[^\\])+?)\|\|
  | \*(?P<starred>(?![\s*])(?:\\.|[^\\*])+?)\* | (?<!\w)_(?P<italic>(?:\\.|[^\\_])+?)_(?!\w)
  | (?P<link>https?://[^\s<]*[^\s<.,:;"')\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_NESTED = {
    "bold": ("b", ""),
    "underlined": ("u", ""),
    "struck": ("s", ""),
    "starred": ("i", ""),
    "italic": ("i", ""),
    "spoiler": ("span", "spoiler"),
    "label": ("span", "link"),
}
"""Pieces in which others stand: tag and class of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads: when, and what the server's roles, channels and people are called to them, by id."""

    now: datetime
    names: Mapping[int, str] = field(default_factory=dict)


def block(source: str, width: float, reader: Reader, face: Face = BODY) -> Box:
    """A text of several lines, with headings, small print, lists, quotations and code, wrapped at a width."""
    boxes: list[Box] = []
    at = 0
    for fence in _FENCE.finditer(source):
        boxes += _lines(source[at : fence.start()], width, reader, face)
        made = element("div", "fence", fence[1])
        boxes.append(Box(element=made, height=text_height(fence[1], CODE, width - 20) + 18))
        at = fence.end()
    return column("text", [*boxes, *_lines(source[at:], width, reader, face)])


def inline(source: str, reader: Reader) -> list[Element | str]:
    """What stands in one line."""
    made: list[Element | str] = []
    at = 0
    for found in _INLINE.finditer(source):
        made += [source[at : found.start()], _piece(found, reader)]
        at = found.end()
    return [*made, source[at:]]


def bare(parts: list[Element | str]) -> str:
    """The words of what was made, to be measured."""
    return "".join(part if isinstance(part, str) else "".join(part.itertext()) for part in parts)


def _lines(source: str, width: float, reader: Reader, face: Face) -> Iterator[Box]:
    for line in source.strip("\n").split("\n") if source.strip("\n") else ():
        head, item = _HEAD.match(line), _ITEM.match(line)
        if head:
            own, words, indent = HEADINGS[head[1]], line[head.end() :], 0
        elif item:
            own, words, indent = face, "• " + line[item.end() :], 12
        elif line.startswith("> "):
            own, words, indent = Face(name=f"{face.name} quoted", size=face.size, line=face.line), line[2:], 14
        else:
            own, words, indent = face, line, 0
        parts = inline(words, reader)
        made = element("div", own.name + (" item" if item else ""), *parts)
        yield Box(element=made, height=text_height(bare(parts), own, width - indent))


def _piece(found: re.Match[str], reader: Reader) -> Element | str:
    kind = found.lastgroup or ""
    kind = {"style": "time", "address": "label"}.get(kind, kind)
    words = found[kind]
    if kind == "time":
        return element("span", "time", told(int(words), found["style"] or "f", reader.now))
    if kind in _NESTED:
        tag, name = _NESTED[kind]
        return element(tag, name, *inline(words, reader))
    return _LEAVES[kind](words, reader)


def _mention(sign: str, unknown: str) -> Callable[[str, Reader], Element]:
    return lambda words, reader: element("span", "mention", sign + reader.names.get(int(words), unknown))


_LEAVES: Mapping[str, Callable[[str, Reader], Element | str]] = {
    "escaped": lambda words, _: words,
    "role": _mention("@", "unknown-role"),
    "user": _mention("@", "unknown-user"),
    "channel": _mention("# ", "unknown"),
    "command": lambda words, _: element("span", "mention", f"/{words}"),
    "all": lambda words, _: element("span", "mention", f"@{words}"),
    "emoji": lambda words, _: f":{words}:",
    "code": lambda words, _: element("code", "", words),
    "link": lambda words, _: element("span", "link", words),
}
"""What becomes of pieces in which nothing else is marked."""


def told(stamp: int, style: str, now: datetime) -> str:
    """A time as Discord tells it to an English reader whose clock shows UTC.

    Args:
        stamp: Seconds since 1970.
        style: Discord's letter.
        now: The reader's time.
    """
    try:
        when = datetime.fromtimestamp(stamp, UTC)
    except (ValueError, OverflowError, OSError):  # Discord says so too
        return "Invalid Date"
    return _relative(when - now) if style == "R" else _TIMES[style](when)


def _date(when: datetime) -> str:
    return f"{when.day} {when:%B} {when.year}"


def _figures(when: datetime) -> str:
    return f"{when:%d/%m}/{when.year}"


_TIMES: Mapping[str, Callable[[datetime], str]] = {
    "t": lambda when: f"{when:%H:%M}",
    "T": lambda when: f"{when:%H:%M:%S}",
    "d": _figures,
    "D": _date,
    "f": lambda when: f"{_date(when)} {when:%H:%M}",
    "F": lambda when: f"{when:%A}, {_date(when)} {when:%H:%M}",
    "s": lambda when: f"{_figures(when)}, {when:%H:%M}",
    "S": lambda when: f"{_figures(when)}, {when:%H:%M:%S}",
}
"""Discord's letters for points in time."""

_STEPS = (
    (45, 0, "a few seconds", ""),
    (90, 0, "a minute", ""),
    (45 * 60, 60, "", "minutes"),
    (90 * 60, 0, "an hour", ""),
    (22 * 3600, 3600, "", "hours"),
    (36 * 3600, 0, "a day", ""),
    (26 * 86400, 86400, "", "days"),
    (45 * 86400, 0, "a month", ""),
    (320 * 86400, 30 * 86400, "", "months"),
    (548 * 86400, 0, "a year", ""),
)
"""Below how many seconds: of what length each unit is, and the words for one or for many."""


def _relative(ahead: timedelta) -> str:
    seconds = ahead.total_seconds()
    for below, unit, one, many in _STEPS:
        if abs(seconds) < below:
            words = one or f"{round(abs(seconds) / unit)} {many}"
            break
    else:
        words = f"{round(abs(seconds) / (365 * 86400))} years"
    return f"in {words}" if seconds > 0 else f"{words} ago"
