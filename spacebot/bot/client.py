"""The discord.py bot: what it asks of Discord, the extensions it loads, and how it reacts to what Discord reports."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from spacebot.bot.commands import CommandSync
from spacebot.bot.connection import ShardedConnection
from spacebot.bot.forms import Forms
from spacebot.bot.gateway import GatewayState
from spacebot.bot.hello import hello
from spacebot.bot.replies import KeptPages, explain, require_answered, say
from spacebot.bot.translating import CommandTranslator
from spacebot.clock import Clock
from spacebot.deliver.answers import said
from spacebot.deliver.pacing import paced
from spacebot.deliver.permissions import NEEDED, missing_permissions
from spacebot.deliver.publisher import TROUBLES
from spacebot.domain.ids import GuildId, RoleId
from spacebot.domain.views import Policies
from spacebot.errors import StoreError, UserMistake
from spacebot.present.bot import RESTARTING
from spacebot.present.language import _, of_guild, of_reader, speaking
from spacebot.store.connection import Store
from spacebot.usecases.bells import Bells
from spacebot.usecases.bulk import Bulk
from spacebot.usecases.guilds import Guilds
from spacebot.usecases.health import Health
from spacebot.usecases.languages import Languages
from spacebot.usecases.links import Links
from spacebot.usecases.lookups import Lookups
from spacebot.usecases.operation import Operation
from spacebot.usecases.permits import Permits
from spacebot.usecases.privacy import Privacy
from spacebot.usecases.stats import Stats
from spacebot.usecases.testing import Testing

log = logging.getLogger(__name__)

INVITE = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    read_message_history=True,
)
"""What the invite link asks for, and no more."""


def invite_link(application_id: int, **more: bool) -> str:
    """The address with which an admin invites the bot, with exactly the permissions that it needs.

    Args:
        application_id: The bot's application.
        more: Permissions for what is optional: `manage_roles` where members may take roles with a button,
            `create_events` where scheduled Spaces become events.
    """
    permissions = discord.Permissions(INVITE.value | discord.Permissions(**more).value)
    return discord.utils.oauth_url(application_id, permissions=permissions)


def personal_link(application_id: int) -> str:
    """The address with which a person installs the bot for themselves, to use it anywhere."""
    return f"{discord.utils.oauth_url(application_id, scopes=['applications.commands'])}&integration_type=1"


GREETED_WITHIN = timedelta(days=1)
"""How long after it joined a guild the bot still says hello, if it has not yet."""

STOPPED = (RuntimeError, AssertionError)
"""What aiohttp raises, depending on the moment, if the bot is stopped in the middle of a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The use cases that the cogs call."""

    lookups: Lookups
    guilds: Guilds
    bulk: Bulk
    bells: Bells
    health: Health
    operation: Operation
    permits: Permits
    testing: Testing
    links: Links | None
    """None where the operator has not set up that people can link their X account."""
    privacy: Privacy
    languages: Languages
    stats: Stats
    policies: Policies


class Spacebot(ShardedConnection):
    """The bot in Discord: its slash commands, and what it does when Discord reports a change.

    It reads no messages but those that people hand it by their menu, and keeps no members.
    """

    def __init__(
        self,
        *,
        services: Services,
        store: Store,
        clock: Clock,
        gateway: GatewayState,
        per_second: float,
        on_change: Callable[[], None],
        modules: Sequence[str],
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            services: The use cases, for the cogs.
            store: Remembers which commands were synced.
            clock: Time.
            gateway: Kept true here.
            per_second: The pace of all requests to Discord together.
            on_change: Called when a channel, a role, a guild or a connection has changed: an obstacle may be gone.
            modules: The extensions with the slash commands; one that fails to load stops the start.
        """
        super().__init__(
            gateway=gateway,
            on_change=on_change,
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=CommandTree,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
            http_trace=paced(per_second),
        )
        self.services = services
        self.command_sync = CommandSync(store=store, clock=clock)
        self._clock = clock
        self._modules = modules
        self._commands_under_way: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self._was_told_invite = False
        self.pages = KeptPages()
        self.forms = Forms()

    async def setup_hook(self) -> None:
        await super().setup_hook()
        await self.tree.set_translator(CommandTranslator())
        for extension in self._modules:
            if extension not in self.extensions:  # an earlier attempt to start may have loaded it
                await self.load_extension(extension)
        await self.command_sync.recall()

    def read_by(self, locale: str | None, guild_id: int | None) -> str:
        chosen = None if guild_id is None else self.services.languages.chosen(GuildId(guild_id))
        return of_reader(locale, chosen)

    def locale_of(self, guild_id: GuildId) -> str | None:
        """The locale that a guild has in Discord; None while Discord has not told of the guild."""
        guild = self.get_guild(guild_id)
        return None if guild is None else guild.preferred_locale.value

    def language_of(self, guild: discord.Guild) -> str:
        """The language in which the guild is told something, one of `LANGUAGES`."""
        return of_guild(self.services.languages.chosen(GuildId(guild.id)), guild.preferred_locale.value)

    async def hand_over_commands(self) -> None:
        """Offer Discord the commands until it takes them; runs until cancelled."""
        await self.command_sync.run(self.tree, self.services.permits.operator_guild)

    def begin_command(self) -> bool:
        """Whether the command that the current task runs may go on; if so, it counts as under way until the task ends."""
        if self._stopping:
            return False
        task = asyncio.current_task()
        if task is not None:
            self._commands_under_way.add(task)
            task.add_done_callback(self._commands_under_way.discard)
        return True

    async def finish_commands(self, seconds: float) -> None:
        """Accept no more commands, and wait up to `seconds` until those under way are answered."""
        self._stopping = True
        if self._commands_under_way:
            await asyncio.wait(set(self._commands_under_way), timeout=seconds)

    async def on_ready(self) -> None:
        log.info("Connected to Discord as %s, in %d servers.", self.user, len(self.guilds))
        if not self.guilds and not self._was_told_invite and self.application_id is not None:
            self._was_told_invite = True
            log.warning("I am in no server yet; invite me with %s", invite_link(self.application_id))
        self._on_change()
        await self._reconcile()
        for guild in self.guilds:
            await self._greet_if_new(guild)

    async def on_shard_ready(self, shard_id: int) -> None:
        if self.is_ready():  # it began anew; at the start the guilds of the other shards are not known yet
            await self._reconcile()

    async def _recall_languages(self) -> None:
        """What a guild had chosen may have been forgotten since it left."""
        try:
            await self.services.languages.open()
        except StoreError as error:
            log.info("The languages of servers could not be read again: %s", error)

    async def _reconcile(self) -> None:
        await self.services.guilds.present([GuildId(guild.id) for guild in self.guilds])
        await self._forget_gone_roles()

    async def _forget_gone_roles(self) -> None:
        """Roles of bells that were deleted while the bot was away are mentioned no more."""
        for guild_id, role_id in await self.services.bells.known_roles():
            guild = self.get_guild(guild_id)
            if guild is not None and not guild.unavailable and guild.get_role(role_id) is None:
                await self.services.guilds.forget_role(guild_id, role_id)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self.services.guilds.joined(GuildId(guild.id))
        await self._recall_languages()
        await self._greet(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self._on_change()
        await self._greet_if_new(guild)

    async def _greet_if_new(self, guild: discord.Guild) -> None:
        """A guild that invited the bot while it was away, or starting, is greeted when it is seen."""
        joined = guild.me.joined_at if guild.me is not None else None
        if joined is not None and self._clock.now() - joined < GREETED_WITHIN:
            await self._greet(guild)

    async def _greet(self, guild: discord.Guild) -> None:
        """Say hello once, where the bot may."""
        rooms = [guild.system_channel] if guild.system_channel else []
        for room in (*rooms, *guild.text_channels):
            if not missing_permissions(room, NEEDED):
                if await self.services.guilds.greet(GuildId(guild.id)):
                    try:
                        with speaking(self.language_of(guild)):
                            greeting = hello()
                        await room.send(view=greeting, nonce=f"hello-{guild.id}")
                    except (*TROUBLES, *STOPPED) as error:
                        log.info("The hello to server %d failed (%s); it is said later.", guild.id, said(error))
                        await self.services.guilds.ungreet(GuildId(guild.id))
                return

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        await self.forms.take(interaction)

    async def on_guild_update(self, before: discord.Guild, after: discord.Guild) -> None:
        self._on_change()

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        self._on_change()

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        self._on_change()

    async def on_thread_create(self, thread: discord.Thread) -> None:
        self._on_change()

    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        self._on_change()

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        await self.services.guilds.forget_role(GuildId(role.guild.id), RoleId(role.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self.services.guilds.left(GuildId(guild.id))

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        self._on_change()

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        self._on_change()  # without the members intent Discord tells only of the bot itself


class CommandTree(app_commands.CommandTree[Spacebot]):
    """The slash commands; every error in one ends in `explain`."""

    async def interaction_check(self, interaction: discord.Interaction[Spacebot], /) -> bool:
        is_typing = interaction.type is discord.InteractionType.autocomplete  # suggestions have no room for a sentence
        try:
            require_answered(interaction)
        except UserMistake as blocked:
            if not is_typing:
                await explain(interaction, blocked)
            return False
        if interaction.client.begin_command():
            return True
        if not is_typing:
            await say(interaction, _(RESTARTING))
        return False

    async def on_error(
        self, interaction: discord.Interaction[Spacebot], error: app_commands.AppCommandError, /
    ) -> None:
        await explain(interaction, error)
