"""The form of `/watch import`, and what became of a file's lines."""

from collections.abc import Iterator, Mapping, Sequence

from spacebot.domain.views import Imported, WrongLine
from spacebot.errors import SpacebotError, XNotFound
from spacebot.present.language import N_, NP_, _, listed, n_, number
from spacebot.present.limits import CONTENT_LIMIT
from spacebot.present.mistakes import sentence
from spacebot.present.text import units

EXPORTED = N_(
    "This server's hosts and keywords, with all their options. `/watch import` takes the file back, here or in another"
    " server: a channel or role that is not there by its id is looked for by its name."
)
FILE_OF_WATCHES = "watchlist.csv"

TITLE = N_("Import hosts and keywords")
FILE_LABEL = N_("The file")
FILE_HINT = N_("CSV as /watch export gives it, or one handle or link to a line; 10,000 lines at most")
EVERYONE_LABEL = NP_("label of a choice", "Pings")
EVERYONE_OPTION = N_("Let lines that name @everyone ping everyone")

FILE_OF_WRONG = "not-taken.csv"
NUMBERS_NAMED = 5
"""As many lines are named for each reason."""

NOT_FOUND = N_("X knows no such account.")
_NO_ROOM = N_("… and more reasons: see the file")


def imported(done: Imported) -> str:
    """What became of the lines: counts, and each reason with its first lines."""
    wrong = len(done.wrong)
    counts = (
        n_("{count} added", "{count} added", done.new) if done.new else "",
        n_("{count} changed", "{count} changed", done.changed) if done.changed else "",
        n_("{count} as before", "{count} as before", done.same) if done.same else "",
        n_("{count} not taken", "{count} not taken", wrong) if wrong else "",
    )
    said = listed(count for count in counts if count)
    parts = [n_("Read {count} line: {said}.", "Read {count} lines: {said}.", done.lines, said=said)]
    if done.wrong:
        reasons: dict[str, list[int]] = {}
        for each in done.wrong:
            reasons.setdefault(_why(each.why), []).append(each.number)
        ordered = sorted(reasons.items(), key=lambda reason: (-len(reason[1]), reason[1][0]))
        parts += [
            _("⚠️ {count}: {why} ({lines})", count=len(numbers), why=why, lines=_numbers(numbers))
            for why, numbers in ordered
        ]
        parts.append(_("The file has every line that was not taken, with its reason: correct it and import it again."))
    return "\n".join(_fitting(parts))


def wrong_rows(wrong: Sequence[WrongLine]) -> Iterator[Mapping[str, str]]:
    """The lines that were not taken, as cells by column."""
    for each in wrong:
        yield {**each.cells, "line": str(each.number), "reason": _why(each.why)}


def _why(error: Exception) -> str:
    if isinstance(error, XNotFound):
        return _(NOT_FOUND)
    if isinstance(error, SpacebotError):
        return sentence(error)
    return str(error)


def _numbers(numbers: Sequence[int]) -> str:
    named = listed(number(each) for each in numbers[:NUMBERS_NAMED])
    more = len(numbers) - NUMBERS_NAMED
    if more > 0:
        return n_("lines {lines} and {count} more", "lines {lines} and {count} more", more, lines=named)
    return n_("line {lines}", "lines {lines}", len(numbers), lines=named)


def _fitting(parts: Sequence[str]) -> list[str]:
    """As many reasons as a message has room for; the first and the last part stand always."""
    first, *middle, last = parts if len(parts) > 1 else (*parts, "")
    kept, no_room = [first], _(_NO_ROOM)
    for part in middle:
        if units("\n".join([*kept, part, no_room, last])) > CONTENT_LIMIT:
            kept.append(no_room)
            break
        kept.append(part)
    return [part for part in (*kept, last) if part]
