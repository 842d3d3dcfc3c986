"""How people are answered, errors included: each gets one sentence, in private."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import discord
from discord import app_commands

from spacebot.deliver.answers import said
from spacebot.deliver.publisher import TROUBLES
from spacebot.domain.mistakes import Mistake
from spacebot.errors import SpacebotError, StoreError
from spacebot.present import mistakes
from spacebot.present.bot import COMMAND_CHANGED, DATABASE_BUSY, ONLY_IN_A_GUILD, SORRY
from spacebot.present.card import Card

T = TypeVar("T")

log = logging.getLogger(__name__)

SENTENCES: dict[type[Exception], str] = {
    StoreError: DATABASE_BUSY,
    app_commands.MissingPermissions: mistakes.SENTENCES[Mistake.MAY_NOT_MANAGE],
    app_commands.NoPrivateMessage: ONLY_IN_A_GUILD,
    app_commands.CommandNotFound: COMMAND_CHANGED,
    app_commands.CommandSignatureMismatch: COMMAND_CHANGED,
}
"""What people read instead of the text of these errors."""


@dataclass(slots=True, kw_only=True)
class PagedAnswer:
    """An answer of several pages: who may page through it, the pages so far, and where more come from."""

    owner: int
    cards: list[Card]
    more: Callable[[], Awaitable[list[Card] | None]] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def explained(callback: Callable[[T, discord.Interaction[Any]], Awaitable[None]]) -> Any:
    """Make errors in the callback of a button or a form end in `explain`: they do not reach the command tree."""

    async def wrapped(self: T, interaction: discord.Interaction[Any]) -> None:
        try:
            await callback(self, interaction)
        except Exception as error:  # noqa: BLE001 - every error is answered and logged
            await explain(interaction, error)

    return wrapped


async def explain(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Answer an error with one sentence; log it if it was not foreseen."""
    try:
        await say(interaction, sentence(error))
    except TROUBLES as failure:
        log.warning("An answer could not be given: %s", said(failure))


def sentence(error: Exception) -> str:
    """The sentence that the person who asked gets for an error."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    for kind, text in SENTENCES.items():
        if isinstance(cause, kind):
            return text
    if isinstance(cause, SpacebotError):
        return mistakes.sentence(cause)
    if isinstance(cause, TROUBLES):
        log.warning("Discord did not take an answer: %s", said(cause))
        return SORRY
    log.error("A command failed in an unforeseen way.", exc_info=cause)
    return SORRY


async def say(interaction: discord.Interaction[Any], text: str) -> None:
    """Answer with a plain sentence, for the asker alone unless the answer was begun in public."""
    if interaction.response.is_done():
        if (
            interaction.type is discord.InteractionType.component
        ):  # the message with the button is a good answer and stays
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.edit_original_response(content=text, embeds=[], view=None)
        return
    try:
        await interaction.response.send_message(text, ephemeral=True)
    except TROUBLES:  # Discord may have taken an earlier answer all the same
        await interaction.edit_original_response(content=text, embeds=[], view=None)
