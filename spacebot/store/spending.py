"""What X bills: each resource once per UTC day, and what is laid aside for what is not booked yet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId
from spacebot.domain.spending import UNANSWERED, SpendingLine, SpentBy
from spacebot.store.base import LOT, QueryGroup
from spacebot.x.money import Prices, Resource

_FIRST_DAY = date(1970, 1, 1)

Paid = tuple[date, Resource, str]
"""A resource that X has billed: the day, its kind and its id."""


Days = tuple[date, date]
"""The first and the last day on whose bill something may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What X has returned on one day for one errand."""

    day: date
    errand: Errand
    resources: Sequence[tuple[Resource, str]]


class SpendingQueries(QueryGroup):
    """The books. Amounts are in thousandths of a cent."""

    def write_books(
        self,
        bills: Iterable[Bill],
        given_up: Iterable[tuple[Days, int]],
        laid_aside: Mapping[Days, int],
        prices: Prices,
    ) -> None:
        """Book what X has returned and what was lost, and lay aside what these cover no more or not yet.

        Args:
            bills: What was returned.
            given_up: The most that lost answers may have cost: each counts on every one of its days.
            laid_aside: What is laid aside from now on, by the days on which it may be billed; nothing else is.
            prices: What X takes.
        """
        for bill in bills:
            self.pay(bill, prices)
        for days, millicents in given_up:
            self._give_up(days, millicents)
        self.db.execute("DELETE FROM reservations")
        for (first, last), millicents in laid_aside.items():
            if millicents:
                self.db.execute(
                    "INSERT INTO reservations (first_day, last_day, millicents) VALUES (:first, :last, :most)",
                    {"first": _number(first), "last": _number(last), "most": millicents},
                )

    def pay(self, bill: Bill, prices: Prices) -> int:
        """Book what X has returned; returns what of it was new that day."""
        day, cost = _number(bill.day), 0
        ids: dict[Resource, list[tuple[int, str, str]]] = {}
        for kind, resource_id in bill.resources:
            ids.setdefault(kind, []).append((day, kind, resource_id))
        for kind, rows in ids.items():
            new = self.db.conn.executemany("INSERT INTO paid VALUES (?, ?, ?) ON CONFLICT DO NOTHING", rows).rowcount
            if new:
                self._add(day, kind, new, new * prices.of(kind))
                cost += new * prices.of(kind)
        if cost:
            self._add_to_purpose(day, bill.errand, cost)
        return cost

    def write_off(self) -> int:
        """Book in full what is laid aside: what it was for is lost; returns how much that is."""
        rows = self._rows("SELECT * FROM reservations")
        for row in rows:
            self._give_up((_date(row["first_day"]), _date(row["last_day"])), row["millicents"])
        self.db.execute("DELETE FROM reservations")
        return sum(row["millicents"] * (row["last_day"] - row["first_day"] + 1) for row in rows)

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

    def total_laid_aside(self) -> int:
        """What is laid aside, on all its days."""
        row = self._row("SELECT sum(millicents * (last_day - first_day + 1)) AS most FROM reservations")
        return int((row and row["most"]) or 0)

    def _give_up(self, days: Days, millicents: int) -> None:
        first, last = days
        for day in range(_number(first), _number(last) + 1):
            self._add(day, UNANSWERED, 1, millicents)

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
