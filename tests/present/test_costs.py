"""The table of costs shows each day by kind, and the sum."""

from datetime import date

from spacebot.domain.spending import UNANSWERED, SpendingLine
from spacebot.present.costs import costs_table

DAY, NEXT = date(2026, 10, 1), date(2026, 10, 2)


def line(day: date, millicents: int, kind: str = "space") -> SpendingLine:
    return SpendingLine(day=day, kind=kind, count=millicents // 500, millicents=millicents)


def test_the_table_shows_each_day_by_kind_and_the_sum() -> None:
    table = costs_table(
        [line(DAY, 1_500), line(DAY, 150_000, UNANSWERED), line(NEXT, 1_000_000), line(DAY, 500, "event")]
    )
    assert table.splitlines() == [
        "day (UTC)   Spaces  users  posts  events  unanswered  dollars",
        "2026-10-01       3      0      0       1         300    1.520",
        "2026-10-02   2,000      0      0       0           0   10.000",
        "sum          2,003      0      0       1         300   11.520",
    ]


def test_an_empty_table_says_so() -> None:
    assert costs_table([]) == "Nothing was spent on X in these days."
