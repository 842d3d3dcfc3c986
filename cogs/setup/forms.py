"""The forms of the panel: hosts to follow, one host's own settings, and the moments."""

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from cogs import checks, everyone
from cogs.setup.drawing import CHANNEL_TYPES, channel_defaults, role_defaults
from cogs.setup.lists import Wish, question_about_list
from cogs.setup.showing import Interaction, carry_out, hosts_redraw, show_panel
from spacebot.bot.forms import Form
from spacebot.domain import ids
from spacebot.domain.bells import BellMode, switched
from spacebot.domain.guilds import MOST_ROLES, AtEnd, GuildConfig, Watch
from spacebot.domain.ids import ChannelId, RoleId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Reason
from spacebot.domain.views import ListOffer
from spacebot.errors import UserMistake
from spacebot.present import configuration
from spacebot.present import setup as words
from spacebot.present.language import _

TEXT_LIMIT = 4000
"""UTF-16 units that Discord takes in one field."""

REMINDERS = (5, 10, 15, 30, 60)
"""Minutes before the start that are offered."""

FIRST_REMINDER = 15
"""And chosen at first."""

PINGS = (0, 15, 30, 60, 180, 1440)
"""Minutes between two pings that are offered."""


class AddHosts(Form):
    """Follows several hosts, as `/watch add` does one."""

    template = re.compile("setup:form:add")

    def __init__(self) -> None:
        super().__init__(title=_(words.ADD_TITLE), custom_id="setup:form:add")
        self.hosts: ui.TextInput[Any] = ui.TextInput(
            custom_id="hosts",
            style=discord.TextStyle.paragraph,
            placeholder=_(words.HOSTS_PLACEHOLDER),
            max_length=TEXT_LIMIT,
        )
        self.channel = _channel(())
        self.roles = _roles(())
        self.also = _also(is_chosen=False)
        self.add_item(ui.Label(text=_(words.HOSTS_LABEL), description=_(words.HOSTS_HINT), component=self.hosts))
        self.add_item(ui.Label(text=_(words.CHANNEL_LABEL), description=_(words.EMPTY_HINT), component=self.channel))
        self.add_item(ui.Label(text=_(words.ROLES_LABEL), description=_(words.EMPTY_HINT), component=self.roles))
        self.add_item(ui.Label(text=_(words.ALSO_LABEL), component=self.also))

    @classmethod
    def blank(cls, match: re.Match[str]) -> Self:
        return cls()

    async def submitted(self, interaction: Interaction) -> None:
        offer: ListOffer | None = None
        wish: Wish | None = None

        async def work() -> str:
            nonlocal offer, wish
            guilds = interaction.client.services.guilds
            channel_id, roles = await _own_of(interaction, self.channel, self.roles)
            if ids.everyone(checks.guild_id(interaction)) in roles:
                raise UserMistake(Mistake.EVERYONE_FOR_MANY)
            offer = await guilds.list_offer(checks.guild_id(interaction), self.hosts.value)
            if offer is not None:
                also = bool(self.also.values)
                wish = Wish(
                    list_id=offer.list_id, channel_id=channel_id, roles=roles, also_cohost=also, most=offer.most
                )
                return ""
            await show_panel(interaction, _(words.LOOKING_UP))
            many = await guilds.watch_many(
                checks.guild_id(interaction),
                self.hosts.value,
                channel_id=channel_id,
                roles=roles,
                also_cohost=True if self.also.values else None,
                by=interaction.user.id,
            )
            return words.added(many)

        await carry_out(interaction, work)
        if offer is not None and wish is not None:
            text = words.ask_about_list(offer)
            await interaction.followup.send(text, view=question_about_list(wish), ephemeral=True)


class EditHost(Form):
    """Gives one host a channel and roles of its own, or takes them back."""

    template = re.compile("setup:form:edit:(?P<host>[0-9]{1,19})")

    def __init__(
        self,
        host_id: UserId,
        *,
        title: str = "",
        channel: Sequence[discord.SelectDefaultValue] = (),
        roles: Sequence[discord.SelectDefaultValue] = (),
        also_cohost: bool = False,
    ) -> None:
        super().__init__(title=title or _(words.ADD_TITLE), custom_id=f"setup:form:edit:{host_id}")
        self.host_id = host_id
        self.channel = _channel(channel)
        self.roles = _roles(roles)
        self.also = _also(is_chosen=also_cohost)
        self.add_item(
            ui.Label(text=_(words.OWN_CHANNEL_LABEL), description=_(words.EMPTY_HINT), component=self.channel)
        )
        self.add_item(ui.Label(text=_(words.OWN_ROLES_LABEL), description=_(words.EMPTY_HINT), component=self.roles))
        self.add_item(ui.Label(text=_(words.ALSO_LABEL), component=self.also))

    @classmethod
    def blank(cls, match: re.Match[str]) -> Self:
        return cls(UserId(match["host"]))

    @classmethod
    def of(cls, watch: Watch, guild: discord.Guild) -> Self:
        """The form with what the watch has now."""
        return cls(
            watch.host.user_id,
            title=words.edit_title(watch.host),
            channel=channel_defaults(watch.channel_id, guild),
            roles=role_defaults(watch.roles, guild),
            also_cohost=watch.also_cohost,
        )

    async def submitted(self, interaction: Interaction) -> None:
        asks = False

        async def work() -> str:
            nonlocal asks
            guild_id = checks.guild_id(interaction)
            guilds = interaction.client.services.guilds
            lines = await guilds.watchlist(guild_id)
            watch = next((line.watch for line in lines if line.watch.host.user_id == self.host_id), None)
            before = () if watch is None else watch.roles
            channel_id, roles = await _own_of(interaction, self.channel, self.roles)
            if channel_id is None and watch is not None:
                channel_id = await _not_shown(checks.guild_of(interaction), watch.channel_id)
            all_of_them = ids.everyone(guild_id)
            asks = all_of_them in roles and all_of_them not in before
            if asks:
                roles = tuple(role for role in roles if role != all_of_them) or before
            await guilds.change_watch(
                guild_id, self.host_id, channel_id=channel_id, roles=roles, also_cohost=bool(self.also.values)
            )
            return ""

        await carry_out(interaction, work, hosts_redraw(self.host_id))
        if asks:
            view = everyone.question(self.host_id)
            await interaction.followup.send(_(configuration.ASK_EVERYONE), view=view, ephemeral=True)


class Moments(Form):
    """Which moments are announced, what becomes of messages, how often people are called; nothing has to be typed."""

    template = re.compile("setup:form:moments")

    def __init__(self, config: GuildConfig) -> None:
        super().__init__(title=_(words.MOMENTS_TITLE), custom_id="setup:form:moments")
        chosen = {
            "scheduled": config.tells_scheduled,
            "reminder": config.reminder_minutes is not None,
            "live": config.tells_live,
            "ended": config.tells_ended,
            "event": config.makes_events,
        }
        self.when: ui.CheckboxGroup[Any] = ui.CheckboxGroup(
            custom_id="when",
            required=False,
            options=[
                discord.CheckboxGroupOption(label=_(label), value=name, default=chosen[name])
                for name, label in words.WHEN_OPTIONS.items()
            ],
        )
        self.before = _minutes("before", REMINDERS, config.reminder_minutes or FIRST_REMINDER, words.minutes_option)
        self.end: ui.RadioGroup[Any] = ui.RadioGroup(
            custom_id="end",
            options=[
                discord.RadioGroupOption(label=_(label), value=end.value, default=end is config.at_end)
                for end, label in words.END_OPTIONS.items()
            ],
        )
        self.pings = _minutes("pings", PINGS, config.ping_minutes, words.pings_option)
        self.add_item(ui.Label(text=_(words.WHEN_LABEL), component=self.when))
        self.add_item(ui.Label(text=_(words.BEFORE_LABEL), component=self.before))
        self.add_item(ui.Label(text=_(words.END_LABEL), component=self.end))
        self.add_item(ui.Label(text=_(words.PINGS_LABEL), description=_(words.PINGS_HINT), component=self.pings))
        extras = {"bell": config.bell is not BellMode.OFF, "invited": config.shows_invited}
        self.extras: ui.CheckboxGroup[Any] = ui.CheckboxGroup(
            custom_id="extras",
            required=False,
            options=[
                discord.CheckboxGroupOption(label=_(label), description=_(hint), value=name, default=extras[name])
                for name, (label, hint) in words.EXTRAS_OPTIONS.items()
            ],
        )
        self.add_item(ui.Label(text=_(words.EXTRAS_LABEL), component=self.extras))

    @classmethod
    def blank(cls, match: re.Match[str]) -> Self:
        return cls(GuildConfig())

    async def submitted(self, interaction: Interaction) -> None:
        async def work() -> str:
            guilds = interaction.client.services.guilds
            guild_id = checks.guild_id(interaction)
            wanted, extras = set(self.when.values), set(self.extras.values)
            before = await guilds.config(guild_id)
            # What may be refused comes first: then nothing is changed.
            bell = switched(before.bell, on="bell" in extras)
            if bell is not None and bell is not BellMode.OFF:
                checks.roles_of(interaction.client, checks.guild_of(interaction)).require_permission()
            if "event" in wanted and not before.makes_events:
                checks.require_events(interaction.client, checks.guild_of(interaction))
            await guilds.set_shows_invited(guild_id, shows="invited" in extras)
            if bell is not None:
                await guilds.set_bell(guild_id, bell)
            config = await guilds.set_moments(
                guild_id,
                scheduled="scheduled" in wanted,
                reminder=int(self.before.values[0]) if "reminder" in wanted else 0,
                live="live" in wanted,
                ended="ended" in wanted,
            )
            await guilds.set_end(guild_id, AtEnd(self.end.value or AtEnd.EDIT))
            await guilds.set_pings(guild_id, int(self.pings.values[0]))
            if ("event" in wanted) is not before.makes_events:
                await guilds.set_events(guild_id, makes_events="event" in wanted)
            return configuration.moments_sentence(config)

        await carry_out(interaction, work)


async def _own_of(
    interaction: Interaction, channel: ui.ChannelSelect[Any], roles: ui.RoleSelect[Any]
) -> tuple[ChannelId | None, tuple[RoleId, ...]]:
    """The channel and the roles that a form gives to hosts, checked as those of a command are."""
    config = await interaction.client.services.guilds.config(checks.guild_id(interaction))
    own = checks.postable(interaction, channel.values[0]) if channel.values else None
    return own, checks.mentionable_all(interaction, roles.values, own or config.channel_id)


async def _not_shown(guild: discord.Guild, channel_id: ChannelId | None) -> ChannelId | None:
    """The channel that a host had, if its form could not show it as chosen though it is there: an archived thread."""
    if channel_id is None or guild.get_channel_or_thread(channel_id) is not None:
        return None
    why = await checks.obstacle(guild, channel_id)
    return None if why is not None and why.reason is Reason.CHANNEL_GONE else channel_id


def _channel(chosen: Sequence[discord.SelectDefaultValue]) -> ui.ChannelSelect[Any]:
    return ui.ChannelSelect(
        custom_id="channel", channel_types=CHANNEL_TYPES, required=False, min_values=0, default_values=chosen
    )


def _roles(chosen: Sequence[discord.SelectDefaultValue]) -> ui.RoleSelect[Any]:
    return ui.RoleSelect(custom_id="roles", required=False, min_values=0, max_values=MOST_ROLES, default_values=chosen)


def _also(*, is_chosen: bool) -> ui.CheckboxGroup[Any]:
    option = discord.CheckboxGroupOption(label=_(words.ALSO_OPTION), value="cohost", default=is_chosen)
    return ui.CheckboxGroup(custom_id="also", required=False, options=[option])


def _minutes(name: str, offered: tuple[int, ...], chosen: int, label: Any) -> ui.Select[Any]:
    """A choice of minutes; one that was set by a command is offered, too."""
    options = [
        discord.SelectOption(label=label(minutes), value=str(minutes), default=minutes == chosen)
        for minutes in sorted({*offered, chosen})
    ]
    return ui.Select(custom_id=name, options=options)
