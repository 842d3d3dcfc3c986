"""Numbers and times as people say them, and the names of what commands let choose."""

from datetime import datetime

from spacebot.present.language import N_

CHOICES = frozenset(
    {
        # Translators: which Spaces to find.
        N_("all"),
        N_("live"),
        N_("scheduled"),
        # Translators: whether a Space needs a ticket.
        N_("needed"),
        N_("none"),
        # Translators: what a host uses again of the server's settings.
        N_("channel"),
        N_("role"),
        N_("both"),
        # Translators: whether a host's Spaces are announced as well where they are co-host.
        N_("cohost"),
        N_("nothing"),
        # Translators: what becomes of a post when its Space is over.
        N_("edit"),
        N_("delete"),
        N_("leave"),
        # Translators: for what members can be pinged: nothing, all of a server, or each host.
        N_("off"),
        N_("server"),
        N_("host"),
    }
)
"""What options of commands let choose; Discord shows each in the reader's language."""


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
