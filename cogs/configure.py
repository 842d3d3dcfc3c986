"""How a guild hears of Spaces: `/config channel`, `role`, `pause`, `pings`, `announce`, `end`, `events`, `bell` and the rest."""

from collections.abc import Sequence
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks, everyone
from cogs.setup.looks import accent_choices
from cogs.setup.testing import send_test
from spacebot.bot.client import Spacebot
from spacebot.domain.bells import BellMode
from spacebot.domain.guilds import AtEnd
from spacebot.present import bells, configuration, events, invited, languages, looks
from spacebot.present.language import N_, NAMES, _, speak
from spacebot.usecases.looks import changed

LONGEST_NOTICE = 24 * 60
"""Minutes; X lets a Space be scheduled two weeks ahead, but a reminder is for the day."""


AS_DISCORD_SAYS = "discord"
"""The value of the choice of no language."""


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Configure(
    commands.GroupCog, group_name="config", group_description=N_("Where Spaces are announced, and to whom")
):
    """`/config …`; Discord hides it from members who may not manage the server, and each command checks again."""

    def __init__(self, bot: Spacebot) -> None:
        self.guilds = bot.services.guilds
        self.health = bot.services.health
        self.languages = bot.services.languages

    @app_commands.command(description=N_("Announce Spaces in this channel"))
    @app_commands.describe(channel=N_("The channel for hosts without one of their own"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def channel(
        self,
        interaction: discord.Interaction[Spacebot],
        channel: app_commands.Transform[checks.Room, checks.AnnounceOption],
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        postable = checks.postable(interaction, channel)
        await self.guilds.set_channel(checks.guild_id(interaction), postable)
        await interaction.edit_original_response(content=configuration.channel_sentence(postable))

    @app_commands.command(description=N_("Ping this role with each post; without one, nobody"))
    @app_commands.describe(role=N_("The role to ping; leave it out to ping nobody"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def role(self, interaction: discord.Interaction[Spacebot], role: discord.Role | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_roles(interaction, [role] if role is not None else [])

    @app_commands.command(description=N_("Ping these roles with each post, up to five; without any, nobody"))
    @app_commands.describe(
        first=N_("A role to ping"), second=N_("Another"), third=N_("Another"), fourth=N_("Another"), fifth=N_("Another")
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def roles(  # noqa: PLR0917 - Discord's options come by name
        self,
        interaction: discord.Interaction[Spacebot],
        first: discord.Role | None = None,
        second: discord.Role | None = None,
        third: discord.Role | None = None,
        fourth: discord.Role | None = None,
        fifth: discord.Role | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_roles(interaction, [role for role in (first, second, third, fourth, fifth) if role is not None])

    async def _set_roles(self, interaction: discord.Interaction[Spacebot], named: Sequence[discord.Role]) -> None:
        roles, asks = await everyone.set_roles(interaction, named)
        text = configuration.roles_sentence(roles, checks.guild_id(interaction))
        if asks:
            text = f"{text}\n{_(configuration.ASK_EVERYONE)}"
        await interaction.edit_original_response(content=text, view=everyone.question() if asks else None)

    @app_commands.command(description=N_("Post nothing new for a while; posts already there are kept up to date"))
    @app_commands.describe(on=N_("Whether to pause; turned off, whoever is live is announced"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def pause(self, interaction: discord.Interaction[Spacebot], on: bool) -> None:
        await interaction.response.defer(ephemeral=True)
        set_hold = self.guilds.hold if on else self.guilds.go_on
        await set_hold(checks.guild_id(interaction))
        await interaction.edit_original_response(content=configuration.hold_sentence(on_hold=on))

    @app_commands.command(
        description=N_("For how long after a ping a host's next Spaces are posted in that channel without one")
    )
    @app_commands.describe(minutes=N_("So many minutes; 0: a ping each time"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def pings(
        self, interaction: discord.Interaction[Spacebot], minutes: app_commands.Range[int, 0, LONGEST_NOTICE]
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await self.guilds.set_pings(checks.guild_id(interaction), minutes)
        await interaction.edit_original_response(content=configuration.pings_sentence(minutes))

    @app_commands.command(description=N_("Which moments of a Space to announce; what you leave out stays as it is"))
    @app_commands.describe(
        scheduled=N_("When it is scheduled"),
        reminder=N_("So many minutes before it starts; 0 for none"),
        live=N_("When it is live"),
        ended=N_("When it has ended, in a message of its own"),
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def announce(
        self,
        interaction: discord.Interaction[Spacebot],
        scheduled: bool | None = None,
        reminder: app_commands.Range[int, 0, LONGEST_NOTICE] | None = None,
        live: bool | None = None,
        ended: bool | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        config = await self.guilds.set_moments(
            checks.guild_id(interaction), scheduled=scheduled, reminder=reminder, live=live, ended=ended
        )
        await interaction.edit_original_response(content=configuration.moments_sentence(config))

    @app_commands.command(description=N_("What becomes of a post when its Space is over"))
    @app_commands.describe(what=N_("Edit it into a summary, delete it, or leave it as it is"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def end(self, interaction: discord.Interaction[Spacebot], what: Literal["edit", "delete", "leave"]) -> None:
        await interaction.response.defer(ephemeral=True)
        at_end = AtEnd(what)
        await self.guilds.set_end(checks.guild_id(interaction), at_end)
        await interaction.edit_original_response(content=configuration.end_sentence(at_end))

    @app_commands.command(
        description=N_("The text and colour of what announces a live Space; alone, says what they are")
    )
    @app_commands.describe(
        text=N_("One line; {host}, {handle}, {title}, {url}, {started}, {listeners} and {role} are filled in"),
        accent=N_("The card's colour: a name, six digits such as #1D9BF0, or usual"),
        reset=N_("Take the usual text and colour for what you leave out"),
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def look(
        self,
        interaction: discord.Interaction[Spacebot],
        text: str | None = None,
        accent: str | None = None,
        reset: bool = False,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        now = changed((await self.guilds.config(guild_id)).look, text, accent, is_reset=reset)
        await self.guilds.set_look(guild_id, now)
        await interaction.edit_original_response(content=looks.look_sentence(now))

    @look.autocomplete("accent")
    async def accents(self, interaction: discord.Interaction[Spacebot], typed: str) -> list[app_commands.Choice[str]]:
        return accent_choices(typed)

    @app_commands.command(
        description=N_("Publish what announces a live Space, where it stands in an announcement channel")
    )
    @app_commands.describe(on=N_("Whether servers that follow the channel get it, too"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def publish(self, interaction: discord.Interaction[Spacebot], on: bool) -> None:
        await interaction.response.defer(ephemeral=True)
        await self.guilds.set_publishes(checks.guild_id(interaction), publishes=on)
        await interaction.edit_original_response(content=looks.publishes_sentence(publishes=on))

    @app_commands.command(description=N_("Post a test where Spaces are announced: how it looks, and whether it works"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def test(self, interaction: discord.Interaction[Spacebot]) -> None:
        await send_test(interaction)

    @app_commands.command(description=N_("Let scheduled Spaces become events of this server"))
    @app_commands.describe(on=N_("Whether members can mark themselves interested in an event for each scheduled Space"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def events(self, interaction: discord.Interaction[Spacebot], on: bool) -> None:
        await interaction.response.defer(ephemeral=True)
        if on:
            checks.require_events(interaction.client, checks.guild_of(interaction))
        await self.guilds.set_events(checks.guild_id(interaction), makes_events=on)
        await interaction.edit_original_response(content=events.set_sentence(makes_events=on))

    @app_commands.command(description=N_("Let members get a role with a button under posts, to be pinged"))
    @app_commands.describe(what=N_("No role, one for all posts in this server, or one for each host"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def bell(self, interaction: discord.Interaction[Spacebot], what: Literal["off", "server", "host"]) -> None:
        await interaction.response.defer(ephemeral=True)
        mode = BellMode(what)
        if mode is not BellMode.OFF:
            checks.roles_of(interaction.client, checks.guild_of(interaction)).require_permission()
        await self.guilds.set_bell(checks.guild_id(interaction), mode)
        await interaction.edit_original_response(content=bells.mode_sentence(mode))

    @app_commands.command(
        description=N_("Name who is invited to speak on posts about scheduled Spaces, and the topics")
    )
    @app_commands.describe(on=N_("Whether to; X bills each person once a day"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def invited(self, interaction: discord.Interaction[Spacebot], on: bool) -> None:
        await interaction.response.defer(ephemeral=True)
        await self.guilds.set_shows_invited(checks.guild_id(interaction), shows=on)
        await interaction.edit_original_response(content=invited.invited_sentence(shows=on))

    @app_commands.command(description=N_("Where admins are told when something is in the way"))
    @app_commands.describe(channel=N_("A channel that admins read; leave it out for the server's system channel"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def alerts(
        self,
        interaction: discord.Interaction[Spacebot],
        channel: app_commands.Transform[checks.Room, checks.RoomOption] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        where = checks.postable(interaction, channel) if channel is not None else None
        await self.guilds.set_admin_channel(checks.guild_id(interaction), where)
        await interaction.edit_original_response(content=configuration.alerts_sentence(where))

    @app_commands.command(description=N_("The language of what I post here by myself"))
    @app_commands.describe(language=N_("One language, or the one of this server's settings in Discord"))
    @app_commands.choices(
        language=[
            app_commands.Choice(name=languages.AS_DISCORD_SAYS, value=AS_DISCORD_SAYS),
            *(app_commands.Choice(name=name, value=code) for code, name in NAMES.items()),
        ]
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def language(self, interaction: discord.Interaction[Spacebot], language: str) -> None:
        await interaction.response.defer(ephemeral=True)
        guild = checks.guild_of(interaction)
        chosen = None if language == AS_DISCORD_SAYS else language
        await self.languages.choose(checks.guild_id(interaction), chosen)
        speak(interaction.client.read_by(interaction.locale.value, guild.id))  # it may be another from now on
        text = languages.language_sentence(chosen, guild.preferred_locale.value)
        await interaction.edit_original_response(content=text)

    @app_commands.command(description=N_("What is set up, and whether anything is in the way"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def show(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        set_up = await self.guilds.set_up(guild_id)
        sweeps = self.health.sweeps()
        card = configuration.config_card(
            set_up,
            await checks.in_the_way(interaction.client, checks.guild_of(interaction), set_up),
            guild_id,
            last_good_sweep=sweeps.last_good_at,
            trouble=sweeps.trouble,
            locale=checks.guild_of(interaction).preferred_locale.value,
        )
        await interaction.edit_original_response(content=card.content, embed=card.embed)


async def setup(bot: Spacebot) -> None:
    """Add the commands."""
    await bot.add_cog(Configure(bot))
