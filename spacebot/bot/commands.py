"""Hands Discord the slash commands. Announcing needs none: while Discord refuses them, the bot does the rest."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from spacebot.clock import Clock
from spacebot.deliver.answers import UNREADABLE, said
from spacebot.deliver.publisher import TROUBLES
from spacebot.errors import StoreError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries

log = logging.getLogger(__name__)

_Command = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu

FIRST_RETRY = 2.0
"""Seconds until a refused set of commands is offered again; twice as many each time."""

RAREST_RETRY = 6 * 3600.0

HANDED_OVER = "commands"
"""The note that says which commands Discord has."""

OPERATOR_GUILD, OPERATOR_COMMANDS = "operator guild", "operator commands"
"""The notes that say which server has the operator's commands, and which."""

COMMAND_IDS, OPERATOR_IDS = "command_ids", "operator_command_ids"
"""The notes that have the ids of both, by name, as JSON."""


class CommandSync:
    """Offers Discord a tree of commands until it takes them."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        """Take what the loop needs.

        Args:
            store: Remembers which commands Discord has.
            clock: Time.
        """
        self._store = store
        self._clock = clock
        self._ids: dict[str, int] = {}
        self._operator_ids: dict[str, int] = {}

    def id_of(self, name: str, *, operator: bool = False) -> int | None:
        """The id that Discord gave a command, by its name without subcommands; None while that is not known.

        Args:
            name: The command.
            operator: Whether it is one of the operator's own server.
        """
        return (self._operator_ids if operator else self._ids).get(name)

    async def recall(self) -> None:
        """Know the ids that Discord gave before this start: a command keeps its id for as long as it has its name."""
        try:
            for note, ids in ((COMMAND_IDS, self._ids), (OPERATOR_IDS, self._operator_ids)):
                known = await self._store(Queries.note, note)
                ids.update(json.loads(known or "{}"))
        except StoreError as error:
            log.info("The ids of the slash commands are not known yet: %s", error)

    async def run(self, tree: app_commands.CommandTree[discord.Client], operator_guild: int | None = None) -> None:
        """Hand the commands over if they changed, and then do nothing until cancelled.

        Args:
            tree: The commands.
            operator_guild: The server that has the operator's commands beside those that every server has.
        """
        wait, was_refused = FIRST_RETRY, False
        while True:
            try:
                handed_over = await self._hand_over(tree)
                await self._hand_over_operators(tree, operator_guild)
            except (*TROUBLES, discord.DiscordException, StoreError, *UNREADABLE) as error:
                if not was_refused:
                    log.warning(
                        "Discord has not taken the slash commands (%s); all else works, and they are offered again.",
                        error if isinstance(error, StoreError) else said(error),
                    )
                was_refused = True
                least = error.retry_after if isinstance(error, discord.RateLimited) else 0.0
                await self._clock.sleep(max(wait, least))
                wait = min(2 * wait, RAREST_RETRY)
            else:
                break
        if handed_over or was_refused:
            log.info("The slash commands were handed to Discord.")
        await asyncio.Event().wait()

    async def _hand_over(self, tree: app_commands.CommandTree[discord.Client]) -> bool:
        """Whether that was needed: Discord takes 200 new commands a day, so what it has it is not given again."""
        digest = await _digest(tree)
        if self._ids and await self._store(Queries.note, HANDED_OVER) == digest:
            return False
        self._ids = _ids_of(await tree.sync())
        await self._store(Queries.set_note, COMMAND_IDS, json.dumps(self._ids))
        await self._store(Queries.set_note, HANDED_OVER, digest)
        return True

    async def _hand_over_operators(
        self, tree: app_commands.CommandTree[discord.Client], operator_guild: int | None
    ) -> None:
        """The operator's commands are one server's; another server that had them has them no more."""
        before = await self._store(Queries.note, OPERATOR_GUILD)
        if before and before != str(operator_guild):
            await tree.sync(guild=discord.Object(int(before)))
            await self._store(Queries.set_note, OPERATOR_GUILD, "")
            await self._store(Queries.set_note, OPERATOR_COMMANDS, "")
        if operator_guild is None:
            return
        guild = discord.Object(operator_guild)
        digest = await _digest(tree, guild)
        if not self._operator_ids or await self._store(Queries.note, OPERATOR_COMMANDS) != digest:
            # Noted first: whatever happens in between, the server that may have them is known.
            await self._store(Queries.set_note, OPERATOR_GUILD, str(operator_guild))
            self._operator_ids = _ids_of(await tree.sync(guild=guild))
            await self._store(Queries.set_note, OPERATOR_IDS, json.dumps(self._operator_ids))
            await self._store(Queries.set_note, OPERATOR_COMMANDS, digest)


def _ids_of(taken: Sequence[app_commands.AppCommand]) -> dict[str, int]:
    return {command.name: command.id for command in taken}


async def _payload(tree: app_commands.CommandTree[discord.Client], command: _Command) -> dict[str, Any]:
    """The command as Discord is given it."""
    await asyncio.sleep(0)  # each takes a while, in all the languages that Discord has
    if tree.translator is None:
        return command.to_dict(tree)
    return await command.get_translated_payload(tree, tree.translator)


async def _digest(tree: app_commands.CommandTree[discord.Client], guild: discord.Object | None = None) -> str:
    """What stands for the commands that every server has, or that one has beside them, in every language."""
    payload = [await _payload(tree, command) for command in tree.get_commands(guild=guild)]
    identity = json.dumps([tree.client.application_id, guild and guild.id, payload], sort_keys=True, default=str)
    return hashlib.sha256(identity.encode()).hexdigest()
