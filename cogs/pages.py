"""Answers of one or several pages, with two buttons to turn them; pages are kept in memory, for recent answers only."""

import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Self, TypeVar

import discord

from spacebot.bot.client import Spacebot
from spacebot.bot.replies import PagedAnswer, explained, home_of, sentence
from spacebot.deliver.publisher import TROUBLES, button_view
from spacebot.errors import SpacebotError
from spacebot.present import replies
from spacebot.present.card import Card
from spacebot.present.language import _

T = TypeVar("T")

log = logging.getLogger(__name__)


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"page:(?P<key>[0-9a-f]{16}):(?P<to>[0-9]+)",
):
    """Turns to one page of one answer."""

    def __init__(self, key: str, to: int, *, label: str | None = None, disabled: bool = False) -> None:
        super().__init__(
            discord.ui.Button(label=label or _(replies.TURN), custom_id=f"page:{key}:{to}", disabled=disabled)
        )
        self.key = key
        self.to = to

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        return cls(match["key"], int(match["to"]))

    @explained
    async def callback(self, interaction: discord.Interaction[Spacebot]) -> None:
        kept = interaction.client.pages.get(self.key)
        if kept is None:
            await interaction.response.send_message(_(replies.TOO_OLD), ephemeral=True)
        elif interaction.user.id != kept.owner:
            await interaction.response.send_message(_(replies.NOT_YOURS), ephemeral=True)
        elif self.to < len(kept.cards):
            card = kept.cards[self.to]
            view = _buttons(self.key, self.to, kept)
            await interaction.response.edit_message(content=card.content, embed=card.embed, view=view)
        else:
            await interaction.response.defer()  # X may take longer than the three seconds that Discord waits
            await self._turn(interaction, kept)

    async def _turn(self, interaction: discord.Interaction[Spacebot], kept: PagedAnswer) -> None:
        """Turn to a page that has to be requested from X first."""
        async with kept.lock:
            try:
                while self.to >= len(kept.cards) and kept.more is not None:
                    await _load(kept)
            except SpacebotError as error:  # errors of buttons do not reach the command tree
                await interaction.followup.send(sentence(error), ephemeral=True)
                return
        to = min(self.to, len(kept.cards) - 1)
        card = kept.cards[to]
        await interaction.edit_original_response(
            content=card.content, embed=card.embed, view=_buttons(self.key, to, kept)
        )
        if to < self.to:
            await interaction.followup.send(_(replies.NO_MORE), ephemeral=True)


async def _load(kept: PagedAnswer) -> None:
    assert kept.more is not None
    more = await kept.more()
    if more is None:
        kept.more = None
    else:
        kept.cards += more


def _buttons(key: str, at: int, kept: PagedAnswer) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if at == 0:
        # An id that no button handles: the two must differ.
        view.add_item(discord.ui.Button(label=_(replies.PREVIOUS), custom_id=f"page:{key}:none", disabled=True))
    else:
        view.add_item(PageButton(key, at - 1, label=_(replies.PREVIOUS)))
    is_last = at + 1 >= len(kept.cards) and kept.more is None
    view.add_item(PageButton(key, at + 1, label=_(replies.NEXT), disabled=is_last))
    beside = button_view(kept.cards[at])
    for button in () if beside is None else beside.children:
        view.add_item(button)
    return view


PRIVATE = "private"
"""The note of an interaction that says that its answer was begun for who asked alone."""


async def begin(interaction: discord.Interaction[Spacebot]) -> None:
    """Defer a command's answer: in public in a guild that the bot is in, for who asks alone anywhere else."""
    is_private = home_of(interaction) is None
    interaction.extras[PRIVATE] = is_private
    await interaction.response.defer(ephemeral=is_private)


async def reply(interaction: discord.Interaction[Spacebot], card: Card, *, is_private: bool = False) -> None:
    """Complete a deferred answer with one card.

    Args:
        interaction: A deferred command.
        card: The answer.
        is_private: Whether only the asker may see the card.
    """
    if not is_private or interaction.extras.get(PRIVATE):
        await interaction.edit_original_response(content=card.content, embed=card.embed, view=button_view(card))
        return
    await interaction.edit_original_response(content=_(replies.FOR_YOU))
    await interaction.followup.send(
        content=card.content or discord.utils.MISSING,
        embed=card.embed or discord.utils.MISSING,
        view=button_view(card) or discord.utils.MISSING,
        ephemeral=True,
    )


async def whisper(interaction: discord.Interaction[Spacebot], text: str) -> None:
    """Send something only the asker sees, after an answer that is complete without it."""
    try:
        await interaction.followup.send(text, ephemeral=True)
    except TROUBLES as error:
        log.info("A word for one person was lost: %s", type(error).__name__)


async def reply_pages(interaction: discord.Interaction[Spacebot], pages: Sequence[Card]) -> None:
    """Complete a deferred answer with the first of several cards, and buttons for the others."""
    await _reply_first(interaction, PagedAnswer(owner=interaction.user.id, cards=list(pages)))


async def reply_pages_of(
    interaction: discord.Interaction[Spacebot],
    pages: AsyncIterator[T],
    compose: Callable[[T], list[Card]],
    nothing: Card,
    *,
    is_last: Callable[[T], bool] = lambda __: False,
) -> None:
    """As `reply_pages`, for pages of X that are requested only when somebody turns to them.

    Args:
        interaction: A command whose answer was deferred.
        pages: X's pages.
        compose: Turns a page into cards.
        nothing: The answer if there is no card at all.
        is_last: Whether it is known of a page that none follows.
    """

    async def more() -> list[Card] | None:
        try:
            page = await anext(pages)
        except StopAsyncIteration:
            return None
        if is_last(page):
            kept.more = None
        return compose(page)

    kept = PagedAnswer(owner=interaction.user.id, cards=[], more=more)
    while kept.more is not None and not kept.cards:
        await _load(kept)
    if not kept.cards:
        await reply(interaction, nothing)
    else:
        await _reply_first(interaction, kept)


async def _reply_first(interaction: discord.Interaction[Spacebot], kept: PagedAnswer) -> None:
    if len(kept.cards) == 1 and kept.more is None:
        await reply(interaction, kept.cards[0])
        return
    key = secrets.token_hex(8)
    interaction.client.pages.keep(key, kept)
    first = kept.cards[0]
    await interaction.edit_original_response(content=first.content, embed=first.embed, view=_buttons(key, 0, kept))


async def setup(bot: Spacebot) -> None:
    """Let the buttons work; on answers given before a restart they say that the answer is too old."""
    bot.add_dynamic_items(PageButton)
