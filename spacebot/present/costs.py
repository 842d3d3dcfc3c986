"""What X billed, day by day, as a table for a terminal; English, as all that the operator reads there."""

from collections.abc import Iterable
from datetime import date

from spacebot.domain.errands import Purpose
from spacebot.domain.spending import UNANSWERED, SpendingLine
from spacebot.x.money import RESOURCES, dollars
from spacebot.x.pots import Pots


def costs_table(lines: Iterable[SpendingLine]) -> str:
    """A row for each day with the count of each kind and the day's dollars."""
    days: dict[date, dict[str, SpendingLine]] = {}
    for line in lines:
        days.setdefault(line.day, {})[line.kind] = line
    if not days:
        return "Nothing was spent on X in these days."
    columns = ("day (UTC)", "Spaces", "users", "posts", "events", UNANSWERED, "dollars")
    kinds = (*RESOURCES, UNANSWERED)
    rows: list[tuple[str, ...]] = [columns]
    rows += [(day.isoformat(), *_counts(kinds, of_day.values())) for day, of_day in sorted(days.items())]
    rows.append(("sum", *_counts(kinds, (line for of_day in days.values() for line in of_day.values()))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    first, *others = widths
    return "\n".join(
        "  ".join([row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))])
        for row in rows
    )


POTS = {
    Purpose.DETECTION: "to look for Spaces",
    Purpose.PEOPLE: "for members' questions",
    Purpose.KEYWORD: "for keywords",
    Purpose.REFRESH: "for live refreshes",
    Purpose.ACCOUNTS: "for new hosts",
    Purpose.PUSH: "for what X pushes",
}
"""What each part of the budget is for."""


def budget_sentence(pots: Pots) -> str:
    """What may be spent in a day, and on what."""
    if pots.budget is None:
        return "There is no daily budget: X may bill without limit. SPACEBOT_DAILY_BUDGET_USD sets one."
    parts = [f"${dollars(pots.size(purpose) or 0):,.2f} {what}" for purpose, what in POTS.items()]
    return f"${dollars(pots.budget):,.2f} a day: {', '.join(parts)}."


def _counts(kinds: Iterable[str], lines: Iterable[SpendingLine]) -> tuple[str, ...]:
    held = list(lines)
    counts = [sum(line.count for line in held if line.kind == kind) for kind in kinds]
    return (*(f"{count:,}" for count in counts), f"{dollars(sum(line.millicents for line in held)):,.3f}")
