"""The parts of the panel: its buttons and selects, found by their custom ids after a restart as before it.

Each does what a command does, through the same use case and the same checks.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord
from discord import ui

from cogs import checks, everyone
from cogs.setup.forms import AddHosts, EditHost, Moments
from cogs.setup.looks import LookForm
from cogs.setup.showing import (
    Interaction,
    carry_out,
    hosts_redraw,
    require_manager,
    show_hosts,
    show_panel,
)
from cogs.setup.testing import send_test
from spacebot.bot.replies import explained
from spacebot.domain.ids import UserId
from spacebot.domain.looks import USUAL_LOOK
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import configuration
from spacebot.present import setup as words
from spacebot.present.language import _

Handler = Callable[[Interaction], Awaitable[None]]
HostHandler = Callable[[Interaction, str], Awaitable[None]]


class PanelButton(
    ui.DynamicItem[ui.Button[ui.LayoutView]],
    template=r"setup:(?P<name>open|add|hosts|test|moments|look|back|pause|resume|edit|reset|remove|page)(:(?P<what>[0-9]{1,19}))?",
):
    """A button of the panel, or one about a host or a page of its list of hosts."""

    def __init__(self, item: ui.Button[Any], name: str, what: str | None) -> None:
        super().__init__(item)
        self.name = name
        self.what = what

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(ui.Button(custom_id=match.string), match["name"], match["what"])

    @explained
    async def callback(self, interaction: Interaction) -> None:
        require_manager(interaction)
        if self.what is None and self.name in BUTTONS:
            await BUTTONS[self.name](interaction)
        elif self.what is not None and self.name in HOST_BUTTONS:
            await HOST_BUTTONS[self.name](interaction, self.what)


class ChannelPart(ui.DynamicItem[ui.ChannelSelect[ui.LayoutView]], template="setup:channel"):
    """Step 1, as `/config channel`."""

    def __init__(self) -> None:
        super().__init__(ui.ChannelSelect(custom_id="setup:channel"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls()

    @explained
    async def callback(self, interaction: Interaction) -> None:
        async def work() -> str:
            if not self.item.values:
                raise UserMistake(Mistake.CHANNEL_UNSEEN)
            postable = checks.postable(interaction, self.item.values[0])
            await interaction.client.services.guilds.set_channel(checks.guild_id(interaction), postable)
            return ""

        await carry_out(interaction, work)


class RolesPart(ui.DynamicItem[ui.RoleSelect[ui.LayoutView]], template="setup:roles"):
    """Step 2, as `/config roles`."""

    def __init__(self) -> None:
        super().__init__(ui.RoleSelect(custom_id="setup:roles"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls()

    @explained
    async def callback(self, interaction: Interaction) -> None:
        asks = False

        async def work() -> str:
            nonlocal asks
            _, asks = await everyone.set_roles(interaction, self.item.values)
            return ""

        await carry_out(interaction, work)
        if asks:
            await interaction.followup.send(_(configuration.ASK_EVERYONE), view=everyone.question(), ephemeral=True)


class HostPart(ui.DynamicItem[ui.Select[ui.LayoutView]], template=r"setup:host:[0-9]{1,5}"):
    """Chooses a host of the list."""

    def __init__(self, custom_id: str) -> None:
        super().__init__(ui.Select(custom_id=custom_id))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match.string)

    @explained
    async def callback(self, interaction: Interaction) -> None:
        require_manager(interaction)
        await interaction.response.defer()
        await show_hosts(interaction, host_id=next(iter(self.item.values), None))


async def open_panel(interaction: Interaction) -> None:
    """Answer with a new panel, in private."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await show_panel(interaction)


async def _add(interaction: Interaction) -> None:
    await AddHosts().show(interaction)


async def _moments(interaction: Interaction) -> None:
    config = await interaction.client.services.guilds.config(checks.guild_id(interaction))
    await Moments(config).show(interaction)


async def _look(interaction: Interaction) -> None:
    await (await LookForm.of(interaction, None)).show(interaction)


async def _look_of_host(interaction: Interaction, host_id: str) -> None:
    await (await LookForm.of(interaction, UserId(host_id))).show(interaction)


async def _hosts(interaction: Interaction) -> None:
    await interaction.response.defer()
    await show_hosts(interaction)


async def _back(interaction: Interaction) -> None:
    await interaction.response.defer()
    await show_panel(interaction)


async def _hold(interaction: Interaction) -> None:
    async def work() -> str:
        await interaction.client.services.guilds.hold(checks.guild_id(interaction))
        return ""

    await carry_out(interaction, work)


async def _go_on(interaction: Interaction) -> None:
    async def work() -> str:
        await interaction.client.services.guilds.go_on(checks.guild_id(interaction))
        return configuration.hold_sentence(on_hold=False)

    await carry_out(interaction, work)


async def _page(interaction: Interaction, page: str) -> None:
    await interaction.response.defer()
    await show_hosts(interaction, page=int(page))


async def _edit(interaction: Interaction, host_id: str) -> None:
    lines = await interaction.client.services.guilds.watchlist(checks.guild_id(interaction))
    line = next((line for line in lines if line.watch.host.user_id == host_id), None)
    if line is None:
        raise UserMistake(Mistake.NO_LONGER_FOLLOWED)
    await EditHost.of(line.watch, checks.guild_of(interaction)).show(interaction)


async def _hold_host(interaction: Interaction, host_id: str) -> None:
    async def work() -> str:
        await interaction.client.services.guilds.hold_watch(checks.guild_id(interaction), host_id)
        return ""

    await carry_out(interaction, work, hosts_redraw(host_id))


async def _resume_host(interaction: Interaction, host_id: str) -> None:
    async def work() -> str:
        await interaction.client.services.guilds.resume_watch(checks.guild_id(interaction), host_id)
        return ""

    await carry_out(interaction, work, hosts_redraw(host_id))


async def _reset(interaction: Interaction, host_id: str) -> None:
    async def work() -> str:
        await interaction.client.services.guilds.reset_watch(
            checks.guild_id(interaction), host_id, channel=True, role=True
        )
        await interaction.client.services.guilds.set_watch_look(checks.guild_id(interaction), host_id, USUAL_LOOK)
        return ""

    await carry_out(interaction, work, hosts_redraw(host_id))


async def _remove(interaction: Interaction, host_id: str) -> None:
    async def work() -> str:
        removed = await interaction.client.services.guilds.unwatch(checks.guild_id(interaction), host_id)
        return words.removed(removed)

    await carry_out(interaction, work, hosts_redraw(None))


BUTTONS: dict[str, Handler] = {
    "open": open_panel,
    "add": _add,
    "hosts": _hosts,
    "moments": _moments,
    "test": send_test,
    "look": _look,
    "back": _back,
    "pause": _hold,
    "resume": _go_on,
}
"""What the buttons of the panel do, by the name in their custom id; each has checked who presses it."""

HOST_BUTTONS: dict[str, HostHandler] = {
    "page": _page,
    "edit": _edit,
    "look": _look_of_host,
    "pause": _hold_host,
    "resume": _resume_host,
    "reset": _reset,
    "remove": _remove,
}
"""What buttons about one host, or one page, do, by name; they are given its id, or its number."""
