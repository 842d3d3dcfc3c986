"""What X bills: each resource once in a UTC day, and what is laid aside for requests that nobody has answered yet."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from spacebot.domain.spending import UNANSWERED, SpendingLine
from spacebot.store.base import QueryGroup
from spacebot.x.money import Prices, Resource

_FIRST_DAY = date(1970, 1, 1)


class SpendingQueries(QueryGroup):
    """The money. Every amount is in thousandths of a cent."""

    def reserve(self, first: date, last: date, millicents: int) -> int:
        """Lay this aside for a request that X may bill on any of these days; returns the reservation's number."""
        [row] = self._rows(
            "INSERT INTO reservations (first_day, last_day, millicents) VALUES (:first, :last, :most) RETURNING number",
            first=_number(first),
            last=_number(last),
            most=millicents,
        )
        return int(row["number"])

    def pay(self, day: date, resources: Iterable[tuple[Resource, str]], prices: Prices, freed: Sequence[int]) -> int:
        """Book what X has returned on a day, and give back what was laid aside; returns what of it was new that day."""
        number = _number(day)
        new: dict[Resource, int] = {}
        for kind, resource_id in resources:
            inserted = self.db.execute(
                "INSERT INTO paid VALUES (:day, :kind, :id) ON CONFLICT DO NOTHING",
                {"day": number, "kind": kind, "id": resource_id},
            )
            new[kind] = new.get(kind, 0) + inserted.rowcount
        for kind, count in new.items():
            if count:
                self._add(number, kind, count, count * prices.of(kind))
        self.give_back(freed)
        return sum(count * prices.of(kind) for kind, count in new.items())

    def give_back(self, numbers: Sequence[int]) -> None:
        """These requests have cost nothing beyond what is booked."""
        for number in numbers:
            self.db.execute("DELETE FROM reservations WHERE number = :number", {"number": number})

    def write_off(self, numbers: Sequence[int] | None = None) -> int:
        """Book these requests, or all that are left, at their most: nobody will ever know; returns how many there were."""
        rows = self._rows("SELECT * FROM reservations")
        lost = [row for row in rows if numbers is None or row["number"] in numbers]
        for row in lost:
            for day in range(row["first_day"], row["last_day"] + 1):
                self._add(day, UNANSWERED, 1, row["millicents"])
        self.give_back([row["number"] for row in lost])
        return len(lost)

    def paid(self) -> list[tuple[date, Resource, str]]:
        """The single resources that X has billed lately."""
        return [(_date(row["day"]), row["kind"], row["resource_id"]) for row in self._rows("SELECT * FROM paid")]

    def forget_paid(self, before: date) -> None:
        """Let go of the single resources of earlier days; their sums stay."""
        self.db.execute("DELETE FROM paid WHERE day < :day", {"day": _number(before)})

    def spending(self, since: date) -> list[SpendingLine]:
        """What was spent on that day and since, in order."""
        rows = self._rows("SELECT * FROM spending WHERE day >= :since ORDER BY day, kind", since=_number(since))
        return [
            SpendingLine(day=_date(row["day"]), kind=row["kind"], count=row["count"], millicents=row["millicents"])
            for row in rows
        ]

    def first_spending(self) -> date | None:
        """The first day on which anything was spent."""
        row = self._row("SELECT min(day) AS day FROM spending")
        return _date(row["day"]) if row and row["day"] is not None else None

    def laid_aside(self) -> int:
        """What the requests without an answer may cost at most, on the days when X may bill them."""
        row = self._row("SELECT sum(millicents * (last_day - first_day + 1)) AS most FROM reservations")
        return int((row and row["most"]) or 0)

    def _add(self, day: int, kind: str, count: int, millicents: int) -> None:
        self.db.execute(
            """
            INSERT INTO spending VALUES (:day, :kind, :count, :millicents) ON CONFLICT (day, kind) DO UPDATE
            SET count = count + excluded.count, millicents = millicents + excluded.millicents
            """,
            {"day": day, "kind": kind, "count": count, "millicents": millicents},
        )


def utc_day(moment: datetime) -> date:
    """The day of X's bill."""
    return moment.astimezone(UTC).date()


def _number(day: date) -> int:
    return (day - _FIRST_DAY).days


def _date(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number)
