"""What Discord would not take of what the bot shows in a language, by the rules of the local Discord."""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import discord
from babel.messages.catalog import Catalog
from discord import app_commands

from spacebot.bot.translating import CommandTranslator
from spacebot.present import language
from spacebot.present.language import speaking
from spacebot.sandbox.discord.forms.commands import read_commands
from spacebot.sandbox.discord.forms.form import Form, Problems
from spacebot.sandbox.discord.forms.messages import read_message
from spacebot.sandbox.discord.forms.modals import read_modal
from spacebot.sandbox.discord.refusals import Refusal
from translations.catalogues import store
from translations.offered import Command, bot, commands
from translations.shown import everything


@contextmanager
def spoken(catalogue: Catalog, code: str) -> Iterator[None]:
    """Speak a language by this catalogue, wherever it comes from, and by no other."""
    before = language.FOLDER
    with tempfile.TemporaryDirectory() as folder:
        store(code, catalogue, Path(folder))
        language.FOLDER = Path(folder)
        try:
            with speaking(code):
                yield
        finally:
            language.FOLDER = before


def troubles(catalogue: Catalog, code: str) -> Iterator[str]:
    """What of the commands and of what is shown in this language breaks a rule of Discord's, or cannot be made at all."""
    with spoken(catalogue, code):
        yield from _told("the commands", lambda: read_commands(offered()))
        for name, made in everything():
            yield from _told(name, lambda made=made: read(made()))


def offered() -> list[dict[str, Any]]:
    """The commands as Discord is offered them: every server's, and the operator's beside them."""
    return asyncio.run(_offered(commands()))


async def _offered(those: Sequence[Command]) -> list[dict[str, Any]]:
    translator = CommandTranslator()
    return [await _payload(command, translator) for command in those]


async def _payload(command: Command, translator: app_commands.Translator) -> dict[str, Any]:
    payload: dict[str, Any] = await command.get_translated_payload(bot().tree, translator)
    return payload


def read(shown: Any) -> None:
    """Hold something that is shown against Discord's rules.

    Raises:
        Refusal: it breaks one.
    """
    if isinstance(shown, discord.ui.Modal):
        problems = Problems()
        read_modal(Form(json.loads(json.dumps(shown.to_dict())), problems))
        problems.refuse()
    elif isinstance(shown, dict):
        read_message(json.loads(json.dumps(shown)))


def _told(name: str, work: Any) -> Iterator[str]:
    try:
        work()
    except Refusal as refusal:
        for path, problem in _problems(refusal.body.get("errors", {})):
            yield f"{name}: Discord refuses {path}: {problem}"
    except Exception as error:  # noqa: BLE001 - whatever a sentence breaks is what is sought
        yield f"{name}: cannot be shown: {type(error).__name__}: {error}"


def _problems(tree: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for key, inner in tree.items():
        if key == "_errors":
            yield from ((".".join(path), each["message"]) for each in inner)
        else:
            yield from _problems(inner, (*path, key))


def texts(shown: Any) -> Iterator[str]:
    """Everything of it that people read."""
    if isinstance(shown, discord.ui.Modal):
        shown = shown.to_dict()
    if isinstance(shown, str):
        yield shown
    elif isinstance(shown, dict):
        for key, value in shown.items():
            if key in _READ and isinstance(value, str) and not (key == "value" and "label" in shown):
                yield value
            elif isinstance(value, dict | list):
                yield from texts(value)
    elif isinstance(shown, list):
        for value in shown:
            if isinstance(value, dict | list):
                yield from texts(value)


_READ = frozenset({"content", "title", "description", "name", "value", "text", "label", "placeholder"})
