"""Who bought a ticket for a Space: pages for its creator, and all of them as a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from spacebot.domain.ids import SpaceId
from spacebot.errors import SpacebotError
from spacebot.present.card import ActionButton, Card, account
from spacebot.present.language import _, n_
from spacebot.present.mistakes import sentence
from spacebot.present.paging import paged
from spacebot.x.model import Page, User
from spacebot.x.translation import host_of

PER_PAGE = 10

FILE_OF_BUYERS = "buyers.csv"

COLUMNS = ("name", "handle", "account")
"""Of the file."""


def file_id(space_id: SpaceId) -> str:
    """The custom id of the button for the file."""
    return f"buyers:{space_id}"


def buyer_pages(page: Page[User], space_id: SpaceId) -> list[Card]:
    """Buyers of tickets, ten to a page, each page with the button for the total and the file."""
    title = _("Ticket buyers of this Space; only you see them")
    button = ActionButton(label=_("Total, and a file"), custom_id=file_id(space_id))
    cards = paged(title, page.items, lambda user: account(host_of(user)), size=PER_PAGE)
    return [replace(card, buttons=(button,)) for card in cards]


def no_buyers() -> Card:
    """Where there are none."""
    return Card(content=_("Nobody has bought a ticket for this Space yet."))


def total(count: int, *, is_all: bool, why: Exception | None) -> str:
    """How many there are, beside the file.

    Args:
        count: As many are in the file.
        is_all: Whether these are all.
        why: Why they are not, if X was in the way.
    """
    if is_all:
        return n_(
            "{count} person has bought a ticket for this Space; only you see this.",
            "{count} people have bought a ticket for this Space; only you see this.",
            count,
        )
    if isinstance(why, SpacebotError):
        return _(
            "The file has {count} people who bought a ticket, and there are more, for X was in the way: {reason}",
            count=count,
            reason=sentence(why),
        )
    return _(
        "More than {count} people have bought a ticket for this Space; the file has the first of them.", count=count
    )


def rows(users: Sequence[User]) -> Iterator[Mapping[str, str]]:
    """The lines of the file, as cells by column."""
    for user in users:
        host = host_of(user)
        yield {"name": host.name, "handle": host.username, "account": f"https://x.com/i/user/{host.user_id}"}
