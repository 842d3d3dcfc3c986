"""The form of `/watch import`, and what became of a file's lines."""

from collections.abc import Iterator, Mapping, Sequence

from spacebot.domain.views import Imported, WrongLine
from spacebot.errors import SpacebotError, XNotFound
from spacebot.present.limits import CONTENT_LIMIT
from spacebot.present.mistakes import sentence
from spacebot.present.text import units
from spacebot.present.words import counted

EXPORTED = (
    "This server's hosts and keywords, with all their options. `/watch import` takes the file back, here or in another"
    " server: a channel or role that is not there by its id is looked for by its name."
)
FILE_OF_WATCHES = "watchlist.csv"

TITLE = "Import hosts and keywords"
FILE_LABEL = "The file"
FILE_HINT = "CSV as /watch export gives it, or one handle or link to a line; 10,000 lines at most"
EVERYONE_LABEL = "Pings"
EVERYONE_OPTION = "Let lines that name @everyone ping everyone"

FILE_OF_WRONG = "not-taken.csv"
NUMBERS_NAMED = 5
"""As many lines are named for each reason."""

NOT_FOUND = "X knows no such account."
_NO_ROOM = "… and more reasons: see the file"


def imported(done: Imported) -> str:
    """What became of the lines: counts, and each reason with its first lines."""
    counts = (
        (done.new, "added"),
        (done.changed, "changed"),
        (done.same, "as before"),
        (len(done.wrong), "not taken"),
    )
    said = ", ".join(f"{number:,} {what}" for number, what in counts if number)
    parts = [f"Read {counted(done.lines, 'line')}: {said}."]
    if done.wrong:
        reasons: dict[str, list[int]] = {}
        for each in done.wrong:
            reasons.setdefault(_why(each.why), []).append(each.number)
        ordered = sorted(reasons.items(), key=lambda reason: (-len(reason[1]), reason[1][0]))
        parts += [f"⚠️ {len(numbers):,}: {why} ({_numbers(numbers)})" for why, numbers in ordered]
        parts.append("The file has every line that was not taken, with its reason: correct it and import it again.")
    return "\n".join(_fitting(parts))


def wrong_rows(wrong: Sequence[WrongLine]) -> Iterator[Mapping[str, str]]:
    """The lines that were not taken, as cells by column."""
    for each in wrong:
        yield {**each.cells, "line": str(each.number), "reason": _why(each.why)}


def _why(error: Exception) -> str:
    if isinstance(error, XNotFound):
        return NOT_FOUND
    if isinstance(error, SpacebotError):
        return sentence(error)
    return str(error)


def _numbers(numbers: Sequence[int]) -> str:
    named = ", ".join(f"{number:,}" for number in numbers[:NUMBERS_NAMED])
    more = len(numbers) - NUMBERS_NAMED
    return f"{'line' if len(numbers) == 1 else 'lines'} {named}" + (f" and {more:,} more" if more > 0 else "")


def _fitting(parts: Sequence[str]) -> list[str]:
    """As many reasons as a message has room for; the first and the last part stand always."""
    first, *middle, last = parts if len(parts) > 1 else (*parts, "")
    kept = [first]
    for part in middle:
        if units("\n".join([*kept, part, _NO_ROOM, last])) > CONTENT_LIMIT:
            kept.append(_NO_ROOM)
            break
        kept.append(part)
    return [part for part in (*kept, last) if part]
