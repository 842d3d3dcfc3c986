"""Forms that are answered whenever they are submitted, by whichever run of the bot: nothing of them is kept in memory.

discord.py remembers each form that it has shown, and answers those alone; what a form is about stands in its custom id
instead, which names its class.
"""

import re
from abc import abstractmethod
from typing import Any, ClassVar, Self

import discord

from spacebot.bot.replies import explained


class Form(discord.ui.Modal):
    """A form whose custom id says all that there is to know when it is submitted."""

    template: ClassVar[re.Pattern[str]]
    """The custom ids of forms of this class."""

    @classmethod
    @abstractmethod
    def blank(cls, match: re.Match[str]) -> Self:
        """The form with this custom id, to be filled in with what was submitted."""

    @abstractmethod
    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the form is for; its fields have what was submitted."""

    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Answer with the form."""
        self.stop()  # one that has stopped is not remembered
        await interaction.response.send_modal(self)

    @explained
    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await self.submitted(interaction)


class Forms:
    """The classes of forms that the bot answers."""

    def __init__(self) -> None:
        self._classes: list[type[Form]] = []

    def add(self, *classes: type[Form]) -> None:
        """Answer forms of these classes."""
        self._classes += [each for each in classes if each not in self._classes]

    async def take(self, interaction: discord.Interaction[Any]) -> None:
        """Hand a submitted form to its class; one of no class here is none of ours."""
        if interaction.type is not discord.InteractionType.modal_submit or interaction.data is None:
            return
        data: Any = interaction.data
        for each in self._classes:
            match = each.template.fullmatch(data["custom_id"])
            if match is not None:
                form = each.blank(match)
                # What discord.py does with a form that it remembers: reads what was submitted into the fields.
                await form._dispatch_submit(interaction, data["components"], data.get("resolved", {}))  # noqa: SLF001
