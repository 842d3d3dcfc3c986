"""What X bills: each resource that was returned and each event that was delivered, once per UTC day, whoever asked and however often."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Kind = Literal["space", "user", "post", "event"]
PRICES: dict[Kind, Decimal] = {
    "space": Decimal("0.005"),
    "user": Decimal("0.010"),
    "post": Decimal("0.005"),
    "event": Decimal("0.005"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line of the bill: `id` is the resource's, `price` in dollars."""

    day: date
    kind: Kind
    id: str
    price: Decimal


class Bill:
    """The whole bill. Empty and failed answers are free; users who come through an expansion are not."""

    def __init__(self) -> None:
        self._lines: dict[tuple[date, Kind, str], BillLine] = {}

    @property
    def lines(self) -> list[BillLine]:
        return list(self._lines.values())

    def add(self, day: date, resources: Iterable[tuple[Kind, str]]) -> None:
        """Bill what one answer returned; what was billed on this day already costs nothing."""
        for kind, resource_id in resources:
            line = BillLine(day=day, kind=kind, id=resource_id, price=PRICES[kind])
            self._lines.setdefault((day, kind, resource_id), line)

    def count(self, kind: Kind, day: date | None = None) -> int:
        """How many resources of that kind were billed, on that day or ever."""
        return sum(1 for line in self._lines.values() if line.kind == kind and day in {None, line.day})

    def dollars(self, day: date | None = None) -> Decimal:
        """What they cost, on that day or ever."""
        return sum((line.price for line in self._lines.values() if day in {None, line.day}), Decimal(0))
