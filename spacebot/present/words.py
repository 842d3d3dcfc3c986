"""Numbers and times as people say them."""

from datetime import datetime


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number of things: '1 host', '1,200 hosts'.

    Args:
        number: How many.
        one: What one of them is called.
        many: What several are called, if that is not `one` with an s.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def dated(when: datetime | None) -> str | None:
    """A time in Discord's markup, relative to now and as a date in the reader's own zone; None for None."""
    if when is None:
        return None
    stamp = int(when.timestamp())
    return f"<t:{stamp}:R> (<t:{stamp}:F>)"
