"""What X bills: each resource once per UTC day, and reservations for requests that have no answer yet."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId
from spacebot.domain.spending import UNANSWERED, SpendingLine, SpentBy
from spacebot.store.base import LOT, QueryGroup
from spacebot.x.money import Prices, Resource

_FIRST_DAY = date(1970, 1, 1)

Paid = tuple[date, Resource, str]
"""A resource that X has billed: the day, its kind and its id."""


class SpendingQueries(QueryGroup):
    """The books. Amounts are in thousandths of a cent."""

    def reserve(self, first: date, last: date, millicents: int) -> int:
        """Reserve this much for a request that X may bill on any of these days; returns the reservation's number."""
        [row] = self._rows(
            "INSERT INTO reservations (first_day, last_day, millicents) VALUES (:first, :last, :most) RETURNING number",
            first=_number(first),
            last=_number(last),
            most=millicents,
        )
        return int(row["number"])

    def pay(
        self,
        day: date,
        shares: Mapping[Errand, Iterable[tuple[Resource, str]]],
        prices: Prices,
        freed: Sequence[int],
    ) -> dict[Errand, int]:
        """Book what X has returned on a day, and give back what was laid aside.

        Args:
            day: The day of X's bill.
            shares: What was returned, by the errand that it is booked on.
            prices: What X takes.
            freed: The reservations that are settled.

        Returns:
            What of it was new that day, by errand.
        """
        number = _number(day)
        new: Counter[Resource] = Counter()
        costs: dict[Errand, int] = {}
        for errand, resources in shares.items():
            cost = 0
            for kind, resource_id in resources:
                inserted = self.db.execute(
                    "INSERT INTO paid VALUES (:day, :kind, :id) ON CONFLICT DO NOTHING",
                    {"day": number, "kind": kind, "id": resource_id},
                )
                new[kind] += inserted.rowcount
                cost += inserted.rowcount * prices.of(kind)
            costs[errand] = cost
            if cost:
                self._add_to_purpose(number, errand, cost)
        for kind, count in new.items():
            if count:
                self._add(number, kind, count, count * prices.of(kind))
        self.end_reservations(freed)
        return costs

    def end_reservations(self, numbers: Sequence[int]) -> None:
        """End reservations: these requests have cost nothing beyond what is booked."""
        for number in numbers:
            self.db.execute("DELETE FROM reservations WHERE number = :number", {"number": number})

    def write_off(self, numbers: Sequence[int] | None = None) -> int:
        """Book these reservations, or all, in full: their answers are lost; returns how many there were."""
        rows = self._rows("SELECT * FROM reservations")
        lost = [row for row in rows if numbers is None or row["number"] in numbers]
        for row in lost:
            for day in range(row["first_day"], row["last_day"] + 1):
                self._add(day, UNANSWERED, 1, row["millicents"])
        self.end_reservations([row["number"] for row in lost])
        return len(lost)

    def paid(self, after: Paid | None = None, most: int = 5 * LOT) -> list[Paid]:
        """The resources that X billed lately, one by one: the next so many after this one, none at the end."""
        day, kind, resource_id = (_FIRST_DAY, "", "") if after is None else after
        rows = self._rows(
            """
            SELECT * FROM paid WHERE (day, kind, resource_id) > (:day, :kind, :id)
            ORDER BY day, kind, resource_id LIMIT :most
            """,
            day=_number(day),
            kind=kind,
            id=resource_id,
            most=most,
        )
        return [(_date(row["day"]), row["kind"], row["resource_id"]) for row in rows]

    def forget_paid(self, before: date, most: int = 5 * LOT) -> bool:
        """Remove so many of the individual resources of earlier days; their sums stay. Whether more may be left."""
        cursor = self.db.execute(
            """
            DELETE FROM paid WHERE (day, kind, resource_id) IN (
                SELECT day, kind, resource_id FROM paid WHERE day < :day LIMIT :most)
            """,
            {"day": _number(before), "most": most},
        )
        return cursor.rowcount == most

    def spending(self, since: date) -> list[SpendingLine]:
        """What was spent since that day, in order."""
        rows = self._rows("SELECT * FROM spending WHERE day >= :since ORDER BY day, kind", since=_number(since))
        return [
            SpendingLine(day=_date(row["day"]), kind=row["kind"], count=row["count"], millicents=row["millicents"])
            for row in rows
        ]

    def spent_by(self, day: date) -> list[SpentBy]:
        """What was spent on one day, by purpose and guild, the most first.

        What a crash left without an answer is in `spending` alone: nobody knows whether X has billed it.
        """
        rows = self._rows("SELECT * FROM spent_by WHERE day = :day ORDER BY millicents DESC", day=_number(day))
        return [
            SpentBy(
                day=_date(row["day"]),
                purpose=Purpose(row["purpose"]),
                guild_id=GuildId(row["guild_id"]) if row["guild_id"] else None,
                millicents=row["millicents"],
            )
            for row in rows
        ]

    def first_spending(self) -> date | None:
        """The first day on which anything was spent."""
        row = self._row("SELECT min(day) AS day FROM spending")
        return _date(row["day"]) if row and row["day"] is not None else None

    def total_reserved(self) -> int:
        """The most that requests without an answer may still cost."""
        row = self._row("SELECT sum(millicents * (last_day - first_day + 1)) AS most FROM reservations")
        return int((row and row["most"]) or 0)

    def _add_to_purpose(self, day: int, errand: Errand, millicents: int) -> None:
        self.db.execute(
            """
            INSERT INTO spent_by VALUES (:day, :purpose, :guild, :millicents)
            ON CONFLICT (day, purpose, guild_id) DO UPDATE SET millicents = millicents + excluded.millicents
            """,
            {"day": day, "purpose": errand.purpose, "guild": errand.guild_id or 0, "millicents": millicents},
        )

    def _add(self, day: int, kind: str, count: int, millicents: int) -> None:
        self.db.execute(
            """
            INSERT INTO spending VALUES (:day, :kind, :count, :millicents) ON CONFLICT (day, kind) DO UPDATE
            SET count = count + excluded.count, millicents = millicents + excluded.millicents
            """,
            {"day": day, "kind": kind, "count": count, "millicents": millicents},
        )


def utc_day(moment: datetime) -> date:
    """The UTC day on which X bills something."""
    return moment.astimezone(UTC).date()


def _number(day: date) -> int:
    return (day - _FIRST_DAY).days


def _date(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number)
