"""Splits a long list into several cards."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import discord

from spacebot.present.card import SCHEDULED_COLOUR, Card, lines
from spacebot.present.language import _
from spacebot.present.limits import DESCRIPTION_LIMIT

T = TypeVar("T")


def _usual(__: object) -> discord.Colour:
    return SCHEDULED_COLOUR


def page_of(number: int, count: int) -> str:
    """Which page it is, from 1, and of how many."""
    return _("page {number} of {count}", number=number, count=count)


def paged(
    title: str,
    items: Sequence[T],
    text: Callable[[T], str],
    *,
    size: int,
    colour: Callable[[T], discord.Colour] = _usual,
    total: str | None = None,
) -> list[Card]:
    """One card for every `size` items; an empty list if there are no items.

    Args:
        title: The title of every card.
        items: The items of the list.
        text: Renders an item.
        size: How many items a card has.
        colour: Chooses a card's colour from its first item.
        total: What each footer says about the whole list, before the page number; None for no footer.
    """
    chunks = [items[at : at + size] for at in range(0, len(items), size)]
    cards = []
    for number, chunk in enumerate(chunks, start=1):
        shown = lines([text(item) for item in chunk], DESCRIPTION_LIMIT)
        embed = discord.Embed(title=title, description=shown, colour=colour(chunk[0]))
        if total is not None:
            embed.set_footer(text=f"{total} · {page_of(number, len(chunks))}")
        cards.append(Card(embed=embed))
    return cards
