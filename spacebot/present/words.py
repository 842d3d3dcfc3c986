"""Times as people say them."""

from datetime import datetime


def dated(when: datetime | None) -> str | None:
    """A time in Discord's markup, relative to now and as a date in the reader's own zone; None for None."""
    if when is None:
        return None
    stamp = int(when.timestamp())
    return f"<t:{stamp}:R> (<t:{stamp}:F>)"
