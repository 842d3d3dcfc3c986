"""The discord.py bot: what it asks of Discord, the extensions it loads, and the one place where errors become sentences."""

import asyncio
import contextlib
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from yarl import URL

from spacebot.bot.connection import CONNECT_TIMEOUT, LONGEST_WAIT, Known, Outage, TryAgain
from spacebot.bot.replies import RESTARTING, PagedAnswer, explain, log, say
from spacebot.clock import Clock
from spacebot.deliver.pacing import paced
from spacebot.deliver.permissions import NEEDED, missing_permissions
from spacebot.deliver.publisher import TROUBLES
from spacebot.domain.ids import GuildId, RoleId
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.guilds import Guilds
from spacebot.usecases.health import Health
from spacebot.usecases.links import Links
from spacebot.usecases.lookups import Lookups
from spacebot.watch.sweeper import Watcher

INVITE = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    read_message_history=True,
)
"""What the invite link asks for, and no more."""

NEW = timedelta(days=1)
"""So long after it joined a guild the bot still says hello, if it has not yet."""

PAGES_KEPT = 500
"""How many paged answers can still be turned; older ones say that they are too old."""

STOPPED = (RuntimeError, AssertionError)
"""What aiohttp raises, depending on the moment, where the bot is stopped in the middle of a request."""

HELLO = (
    "Hello! I announce X Spaces here the moment they start.\n"
    "An admin sets me up with two commands: `/config channel` says where, and `/watch add` says whom to follow."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The use cases that the cogs call."""

    lookups: Lookups
    guilds: Guilds
    watcher: Watcher
    health: Health
    links: Links | None
    """None where the operator has not set up that people can link their X account."""


class Spacebot(commands.AutoShardedBot):
    """The connections to Discord (shards) with the slash commands on them. Reads no messages and keeps no members."""

    services: Services
    _connection: Known

    def __init__(
        self, *, store: Store, clock: Clock, per_second: float, on_change: Callable[[], None], modules: Sequence[str]
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            store: Remembers which commands were synced.
            clock: Time.
            per_second: The pace of all requests to Discord together.
            on_change: Called when a channel, a role or a guild has changed: an obstacle may be gone.
            modules: The extensions with the slash commands; one that fails to load stops the start.
        """
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
            max_ratelimit_timeout=LONGEST_WAIT,
            shard_connect_timeout=CONNECT_TIMEOUT,
            http_trace=paced(per_second),
        )
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._modules = modules
        self._under_way: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self._shards_up: set[int] = set()
        self._is_launching = False
        self._outage = Outage()
        logging.getLogger(Outage.LOGGER).addFilter(self._outage)
        self.pages: OrderedDict[str, PagedAnswer] = OrderedDict()
        """Paged answers by key."""

    def _get_state(self, **options: Any) -> Known:
        return Known(dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options)

    @property
    def is_connected(self) -> bool:
        """Whether every shard is up right now; discord.py's `is_ready` only says that they once were."""
        return len(self._shards_up) == self.shard_count

    async def close(self) -> None:
        await super().close()
        await self._connection.close_abandoned()
        logging.getLogger(Outage.LOGGER).removeFilter(self._outage)

    async def setup_hook(self) -> None:
        self.shard_count, _, _ = await self.http.get_bot_gateway()
        for extension in self._modules:
            if extension not in self.extensions:  # an earlier attempt to start may have loaded it
                await self.load_extension(extension)
        await self._sync()

    async def _sync(self) -> None:
        """Hand Discord the commands, but only when they changed: it takes 200 new ones a day."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        identity = json.dumps([self.application_id, payload], sort_keys=True, default=str)
        digest = hashlib.sha256(identity.encode()).hexdigest()
        if await self._store(Queries.note, "commands") != digest:
            await self.tree.sync()
            await self._store(Queries.set_note, "commands", digest)
            log.info("The slash commands were handed to Discord.")

    def takes_commands(self) -> bool:
        """Whether the command of the running task may go on; if so it is noted as under way."""
        if self._stopping:
            return False
        task = asyncio.current_task()
        if task is not None:
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return True

    async def finish(self, seconds: float) -> None:
        """Take no more commands, and give those under way so long to be answered."""
        self._stopping = True
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=seconds)

    async def connect(self, *, reconnect: bool = True) -> None:
        # Where discord.py is canceled while it connects a shard again, it takes that for the shard's end and goes on.
        connecting = asyncio.create_task(super().connect(reconnect=reconnect))
        try:
            await asyncio.wait({connecting})
        finally:
            while not connecting.done():
                connecting.cancel()
                await asyncio.wait({connecting}, timeout=0.1)
        await connecting

    async def launch_shard(self, gateway: URL, shard_id: int, *, initial: bool = False) -> None:
        # discord.py tries again by calling this from within its attempt: an hour would be too deep a recursion.
        if self._is_launching:
            raise TryAgain
        self._is_launching = True
        while self._is_launching:
            with contextlib.suppress(TryAgain):
                await super().launch_shard(gateway, shard_id, initial=initial)
                self._is_launching = False

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self._shards_up.discard(shard_id)

    async def on_shard_connect(self, shard_id: int) -> None:  # it is ready seconds later, when it may be lost again
        self._connected(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        self._connected(shard_id)

    def _connected(self, shard_id: int) -> None:
        self._shards_up.add(shard_id)
        if self.is_connected and self._outage.is_over():
            log.info("Connected to Discord again.")
        self._on_change()

    async def on_ready(self) -> None:
        log.info("Connected to Discord as %s, in %d servers.", self.user, len(self.guilds))
        self._on_change()
        await self._reconcile()
        for guild in self.guilds:
            await self._greet_if_new(guild)

    async def on_shard_ready(self, shard_id: int) -> None:
        if self.is_ready():  # it began anew; at the start the guilds of the other shards are not known yet
            await self._reconcile()

    async def _reconcile(self) -> None:
        await self.services.guilds.present([GuildId(guild.id) for guild in self.guilds])

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self.services.guilds.joined(GuildId(guild.id))
        await self._greet(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self._on_change()
        await self._greet_if_new(guild)

    async def _greet_if_new(self, guild: discord.Guild) -> None:
        """A guild that invited the bot while it was away, or starting, is greeted when it is seen."""
        joined = guild.me.joined_at if guild.me is not None else None
        if joined is not None and self._clock.now() - joined < NEW:
            await self._greet(guild)

    async def _greet(self, guild: discord.Guild) -> None:
        """Say hello once, where the bot may."""
        rooms = [guild.system_channel] if guild.system_channel else []
        for room in (*rooms, *guild.text_channels):
            if not missing_permissions(room, NEEDED):
                if await self.services.guilds.greet(GuildId(guild.id)):
                    try:
                        await room.send(HELLO, nonce=f"hello-{guild.id}")
                    except (*TROUBLES, *STOPPED) as error:
                        log.info(
                            "The hello to server %d failed (%s); it is said later.", guild.id, type(error).__name__
                        )
                        await self.services.guilds.ungreet(GuildId(guild.id))
                return

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


class Tree(app_commands.CommandTree[Spacebot]):
    """The slash commands; whatever goes wrong in one ends in `explain`."""

    async def interaction_check(self, interaction: discord.Interaction[Spacebot], /) -> bool:
        if interaction.client.takes_commands():
            return True
        if interaction.type is not discord.InteractionType.autocomplete:  # suggestions are no place for words
            await say(interaction, RESTARTING)
        return False

    async def on_error(
        self, interaction: discord.Interaction[Spacebot], error: app_commands.AppCommandError, /
    ) -> None:
        await explain(interaction, error)
