"""What Discord shows of the commands, in the languages of its own face."""

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from spacebot.present.language import CHOICE, COMMAND_NAME, ENGLISH, closest, translated

NAMES = frozenset({Location.command_name, Location.group_name})


class CommandTranslator(app_commands.Translator):
    """Names and descriptions of commands, descriptions of options, and choices, from the catalogues.

    What a catalogue has nothing for is left out, so that Discord shows it in English. Options keep their English names:
    sentences name them as people type them.
    """

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        code = closest(locale.value)
        if code is None or code == ENGLISH or context.location is Location.parameter_name:
            return None
        if context.location is Location.choice_name:
            return translated(string.message, code, CHOICE)
        # What stands in the menu of messages is called as sentences call it: it is no word that people type.
        is_typed = context.location in NAMES and not isinstance(context.data, app_commands.ContextMenu)
        return translated(string.message, code, COMMAND_NAME if is_typed else None)
