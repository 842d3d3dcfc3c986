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
from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import SpacebotError, StoreError, UserMistake
from spacebot.present import mistakes
from spacebot.present.bot import COMMAND_CHANGED, DATABASE_BUSY, ONLY_IN_A_GUILD, SORRY
from spacebot.present.card import Card
from spacebot.present.language import _

T = TypeVar("T")

log = logging.getLogger(__name__)

PAGES_KEPT = 1000
"""How many paged answers are kept for everybody together."""

PAGES_EACH = 20
"""How many are kept for one person."""

SENTENCES: dict[type[Exception], str] = {
    StoreError: DATABASE_BUSY,
    app_commands.MissingPermissions: mistakes.SENTENCES[Mistake.MAY_NOT_MANAGE],
    app_commands.NoPrivateMessage: ONLY_IN_A_GUILD,
    app_commands.CommandNotFound: COMMAND_CHANGED,
    app_commands.CommandSignatureMismatch: COMMAND_CHANGED,
}
"""What people read instead of the text of these errors, marked to be looked up."""


@dataclass(slots=True, kw_only=True)
class PagedAnswer:
    """An answer of several pages: who may page through it, the pages so far, and where more come from."""

    owner: int
    cards: list[Card]
    more: Callable[[], Awaitable[list[Card] | None]] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeptPages:
    """The paged answers that can still be paged through; older ones say that they are too old.

    Nobody's answers push out another's while there is room: a person has `PAGES_EACH` at most, and where all together
    are too many, the oldest of whoever has most goes.
    """

    def __init__(self) -> None:
        self._answers: dict[str, PagedAnswer] = {}
        self._of_person: dict[int, list[str]] = {}

    def keep(self, key: str, answer: PagedAnswer) -> None:
        """Remember an answer by its key."""
        own = self._of_person.setdefault(answer.owner, [])
        own.append(key)
        self._answers[key] = answer
        if len(own) > PAGES_EACH:
            self._forget(answer.owner)
        elif len(self._answers) > PAGES_KEPT:
            self._forget(max(self._of_person, key=lambda person: len(self._of_person[person])))

    def get(self, key: str) -> PagedAnswer | None:
        """The answer of this key, if it is not too old."""
        return self._answers.get(key)

    def _forget(self, person: int) -> None:
        own = self._of_person[person]
        del self._answers[own.pop(0)]
        if not own:
            del self._of_person[person]


def explained(callback: Callable[[T, discord.Interaction[Any]], Awaitable[None]]) -> Any:
    """Make errors in the callback of a button or a form end in `explain`: they do not reach the command tree."""

    async def wrapped(self: T, interaction: discord.Interaction[Any]) -> None:
        try:
            require_answered(interaction)
            await callback(self, interaction)
        except Exception as error:  # noqa: BLE001 - every error is answered and logged
            await explain(interaction, error)

    return wrapped


def require_answered(interaction: discord.Interaction[Any]) -> None:
    """Raise a `UserMistake` where the operator has blocked the person or the guild."""
    guild_id = None if interaction.guild_id is None else GuildId(interaction.guild_id)
    if interaction.client.services.permits.is_blocked(guild_id, PersonId(interaction.user.id)):
        raise UserMistake(Mistake.BLOCKED)


def home_of(interaction: discord.Interaction[Any]) -> GuildId | None:
    """The guild for which the bot works here: one that it is in and that has the command.

    None in private, and where only the person has installed the bot: what they do there is their own affair.
    """
    guild_id = interaction.guild_id
    if guild_id is None or interaction.client.get_guild(guild_id) is None:
        return None
    is_theirs = interaction.is_user_integration() and not interaction.is_guild_integration()
    return None if is_theirs else GuildId(guild_id)


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
            return _(text)
    if isinstance(cause, SpacebotError):
        return mistakes.sentence(cause)
    if isinstance(cause, TROUBLES):
        log.warning("Discord did not take an answer: %s", said(cause))
        return _(SORRY)
    log.error("A command failed in an unforeseen way.", exc_info=cause)
    return _(SORRY)


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
