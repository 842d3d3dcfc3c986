"""The commands as Discord is offered them, from the extensions themselves; nothing is connected to."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import discord
from discord import app_commands

import cogs
from spacebot.bot.client import Services, Spacebot
from spacebot.bot.gateway import GatewayState
from spacebot.clock import SystemClock
from spacebot.present.language import CHOICE, COMMAND_NAME

OPERATOR_GUILD = 1
"""A guild that has the operator's commands."""

Command = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Something in a command that Discord shows to people."""

    text: str
    context: str | None
    """In which catalogues have it; None where it stands as a sentence in the sources."""
    where: str
    """The command, for translators."""


class _Anything:
    """Stands for every use case: extensions keep them, and none is used while a command is only looked at."""

    def __getattr__(self, name: str) -> Any:
        return _Anything()


@cache
def bot() -> Spacebot:
    """The bot with all of its commands, the operator's and those of linked accounts too."""
    services: Any = _Anything()
    services.permits = SimpleNamespace(operator_guild=OPERATOR_GUILD)
    made = Spacebot(
        services=cast("Services", services),
        store=cast("Any", None),
        clock=SystemClock(),
        gateway=GatewayState(),
        per_second=1.0,
        on_change=lambda: None,
        modules=cogs.EXTENSIONS,
    )

    async def load() -> None:
        for extension in cogs.EXTENSIONS:
            await made.load_extension(extension)

    asyncio.run(load())
    return made


def commands() -> Sequence[Command]:
    """All that stand at the top: commands, groups, and what is in the menu of messages."""
    tree = bot().tree
    return [*tree.get_commands(), *tree.get_commands(guild=discord.Object(OPERATOR_GUILD))]


def words() -> Iterator[Word]:
    """Everything that Discord shows of the commands, each text once in its context."""
    seen = set()
    for command in commands():
        for word in _words_of(command):
            if (word.text, word.context) not in seen:
                seen.add((word.text, word.context))
                yield word


def _words_of(command: Command) -> Iterator[Word]:
    if isinstance(command, app_commands.ContextMenu):
        yield Word(text=command.name, context=None, where=command.name)
        return
    where = f"/{command.qualified_name}"
    yield Word(text=command.name, context=COMMAND_NAME, where=where)
    yield Word(text=command.description, context=None, where=where)
    if isinstance(command, app_commands.Group):
        for inner in command.commands:
            yield from _words_of(inner)
        return
    for parameter in command.parameters:
        if str(parameter.description) != "…":  # discord.py's own, where there is none
            yield Word(text=str(parameter.description), context=None, where=f"{where} {parameter.name}:")
        for choice in parameter.choices:
            yield Word(text=str(choice.name), context=CHOICE, where=f"{where} {parameter.name}:")


@cache
def paths() -> dict[str, Command]:
    """The commands and groups, by their whole names: 'watch', 'watch list'."""
    found: dict[str, Command] = {}

    def add(command: Command) -> None:
        found[command.qualified_name] = command
        if isinstance(command, app_commands.Group):
            for inner in command.commands:
                add(inner)

    for each in commands():
        if not isinstance(each, app_commands.ContextMenu):
            add(each)
    return found
