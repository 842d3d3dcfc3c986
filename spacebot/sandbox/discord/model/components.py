"""PURE: the components of a message as they are stored, which is how Discord shows them."""

from collections.abc import Iterator
from typing import Any

ROW = 1
BUTTON = 2
STRING_SELECT = 3


def walk(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every row, and after it what it holds."""
    for row in rows:
        yield row
        yield from row["components"]
