"""The form 'Text & look', of the server or of one host; what it does not take is offered again."""

import re
from typing import Any, Self

import discord
from discord import app_commands, ui

from cogs import checks
from cogs.setup.showing import Interaction, carry_out, hosts_redraw, require_manager, show_panel
from spacebot.bot.forms import Form
from spacebot.bot.replies import explained
from spacebot.domain.accounts import Host
from spacebot.domain.ids import UserId
from spacebot.domain.looks import ACCENTS, MOST_TEXT, USUAL, Look, accent_name
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import looks as words
from spacebot.present.language import _
from spacebot.present.mistakes import sentence
from spacebot.present.text import clipped
from spacebot.usecases.looks import look_of


class LookForm(Form):
    """The text above live cards and their colour; for the server, also whether they are published."""

    template = re.compile("setup:form:look(:(?P<host>[0-9]{1,19}))?")

    def __init__(
        self,
        host_id: UserId | None = None,
        *,
        host: Host | None = None,
        text: str = "",
        accent: str = "",
        publishes: bool = True,
    ) -> None:
        super().__init__(title=words.title(host), custom_id="setup:form:look" + (f":{host_id}" if host_id else ""))
        self.host_id = host_id
        self.text: ui.TextInput[Any] = ui.TextInput(
            custom_id="text",
            required=False,
            max_length=MOST_TEXT,
            default=clipped(text, MOST_TEXT) or None,
            placeholder=_(words.TEXT_PLACEHOLDER),
        )
        self.accent: ui.Select[Any] = ui.Select(
            custom_id="accent", options=_accents(accent, is_host=host_id is not None)
        )
        self.hex: ui.TextInput[Any] = ui.TextInput(
            custom_id="hex",
            required=False,
            max_length=20,
            default=None if _is_offered(accent) else clipped(accent, 20),
            placeholder=words.HEX_PLACEHOLDER,
        )
        option = discord.CheckboxGroupOption(label=_(words.PUBLISH_OPTION), value="publish", default=publishes)
        self.publish: ui.CheckboxGroup[Any] = ui.CheckboxGroup(custom_id="publish", required=False, options=[option])
        self.add_item(ui.Label(text=_(words.TEXT_LABEL), description=words.text_hint(), component=self.text))
        self.add_item(ui.Label(text=_(words.ACCENT_LABEL), component=self.accent))
        self.add_item(ui.Label(text=_(words.HEX_LABEL), description=_(words.HEX_HINT), component=self.hex))
        if host_id is None:
            self.add_item(ui.Label(text=_(words.PUBLISH_LABEL), component=self.publish))

    @classmethod
    def blank(cls, match: re.Match[str]) -> Self:
        return cls(UserId(match["host"]) if match["host"] else None)

    @classmethod
    async def of(cls, interaction: Interaction, host_id: UserId | None, typed: tuple[str, str] | None = None) -> Self:
        """The form with what is set now, or with what was typed."""
        guilds, guild_id = interaction.client.services.guilds, checks.guild_id(interaction)
        config = await guilds.config(guild_id)
        look, host = config.look, None
        if host_id is not None:
            lines = await guilds.watchlist(guild_id)
            watch = next((line.watch for line in lines if line.watch.host.user_id == host_id), None)
            if watch is None:
                raise UserMistake(Mistake.NO_LONGER_FOLLOWED)
            look, host = watch.look, watch.host
        text, accent = typed or (look.text or "", "" if look.accent is None else accent_name(look.accent))
        return cls(host_id, host=host, text=text, accent=accent, publishes=config.publishes)

    async def submitted(self, interaction: Interaction) -> None:
        require_manager(interaction)
        chosen = next(iter(self.accent.values), USUAL)
        accent = self.hex.value.strip() or ("" if chosen == USUAL else chosen)
        try:
            look = look_of(self.text.value, accent)
        except UserMistake as error:
            await interaction.response.send_message(
                sentence(error), embed=words.typed(self.text.value, accent), view=_again(self.host_id), ephemeral=True
            )
            return
        if interaction.message is not None and interaction.message.flags.components_v2:
            redraw = show_panel if self.host_id is None else hosts_redraw(self.host_id)
            await carry_out(interaction, lambda: self._save(interaction, look), redraw)
        else:  # it was offered again below a sentence
            await interaction.response.defer()
            said = await self._save(interaction, look)
            await interaction.edit_original_response(content=said, embeds=[], view=None)

    async def _save(self, interaction: Interaction, look: Look) -> str:
        guilds, guild_id = interaction.client.services.guilds, checks.guild_id(interaction)
        if self.host_id is not None:
            return words.look_sentence(look, await guilds.set_watch_look(guild_id, self.host_id, look))
        await guilds.set_look(guild_id, look)
        await guilds.set_publishes(guild_id, publishes=bool(self.publish.values))
        return words.look_sentence(look)


class AgainButton(ui.DynamicItem[ui.Button[ui.View]], template=r"look:again(:(?P<host>[0-9]{1,19}))?"):
    """Offers what was typed, and not taken, to be changed."""

    def __init__(self, host_id: UserId | None) -> None:
        custom_id = "look:again" + (f":{host_id}" if host_id else "")
        super().__init__(ui.Button(label=_(words.AGAIN), style=discord.ButtonStyle.primary, custom_id=custom_id))
        self.host_id = host_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(UserId(match["host"]) if match["host"] else None)

    @explained
    async def callback(self, interaction: Interaction) -> None:
        require_manager(interaction)
        embeds = interaction.message.embeds if interaction.message is not None else []
        typed = words.typed_again(embeds[0]) if embeds else None
        await (await LookForm.of(interaction, self.host_id, typed)).show(interaction)


def _again(host_id: UserId | None) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(AgainButton(host_id))
    view.stop()  # its button is handled by its custom id
    return view


def accent_choices(typed: str) -> list[app_commands.Choice[str]]:
    """The names of colours that contain what was typed so far."""
    part = typed.strip().casefold()
    return [
        app_commands.Choice(name=name, value=value)
        for value, name in words.named_accents().items()
        if part in value or part in name.casefold()
    ]


def _is_offered(accent: str) -> bool:
    return not accent or accent in ACCENTS


def _accents(chosen: str, *, is_host: bool) -> list[discord.SelectOption]:
    """The colours to choose from; one of its own that is kept is the first line of the form's next field instead."""
    usual = _(words.GUILDS_OPTION) if is_host else _(words.USUAL_OPTION)
    options = [discord.SelectOption(label=usual, value=USUAL, default=chosen not in ACCENTS)]
    return options + [
        discord.SelectOption(label=words.accent_option(name), value=name, default=name == chosen) for name in ACCENTS
    ]
