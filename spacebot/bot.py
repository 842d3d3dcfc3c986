"""The discord.py bot: what it asks of Discord, the extensions it loads, and the one place where errors become sentences."""

import asyncio
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands
from yarl import URL

import cogs
from spacebot.clock import Clock
from spacebot.errors import SpacebotError, StoreError
from spacebot.guilds import Guilds
from spacebot.health import Health
from spacebot.ids import GuildId, RoleId
from spacebot.links import Links
from spacebot.lookups import Lookups
from spacebot.post.compose import Card
from spacebot.post.publisher import NEEDED, TROUBLES, missing_permissions, paced
from spacebot.store.door import Store
from spacebot.store.tables import Tables
from spacebot.watch.watcher import Watcher

T = TypeVar("T")

log = logging.getLogger(__name__)

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

LONGEST_WAIT = 30.0
"""Seconds that discord.py may sleep on a full bucket; beyond it says so, and the ledger waits instead."""

RESTARTING = "I am just being restarted; please ask again in a moment."

SORRY = "Something went wrong on my side; it has been logged. Please try again."

SENTENCES: dict[type[Exception], str] = {
    StoreError: "My database is busy; please try again in a moment.",
    app_commands.MissingPermissions: "You need the Manage Server permission for that.",
    app_commands.NoPrivateMessage: "That works only in a server.",
    app_commands.CommandNotFound: "That command has changed; reload Discord and try again.",
    app_commands.CommandSignatureMismatch: "That command has changed; reload Discord and try again.",
}
"""What people are told of errors whose own text is not for them."""

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


class Outage(logging.Filter):
    """Lets discord.py say once, without a trace, that the gateway is gone, instead of at each attempt."""

    def __init__(self) -> None:
        super().__init__()
        self._told = False

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith("Attempting a reconnect"):
            return True
        if self._told:
            return False
        self._told = True
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = "The connection to Discord is lost; it is tried again until it works.", None
        record.exc_info = record.exc_text = None
        return True

    def is_over(self) -> bool:
        """Note that the gateway is up; whether anything was said of an outage."""
        was_told, self._told = self._told, False
        return was_told


@dataclass(slots=True, kw_only=True)
class PagedAnswer:
    """An answer whose pages can be turned: by whom, what is there, and where more comes from."""

    owner: int
    cards: list[Card]
    more: Callable[[], Awaitable[list[Card] | None]] | None = None
    turning: asyncio.Lock = field(default_factory=asyncio.Lock)


class Spacebot(commands.Bot):
    """One connection to Discord with the slash commands on it. Reads no messages and keeps no members."""

    services: Services

    def __init__(self, *, store: Store, clock: Clock, per_second: float, on_change: Callable[[], None]) -> None:
        """Prepare; nothing is connected yet.

        Args:
            store: Remembers which commands were synced.
            clock: Time.
            per_second: The pace of all requests to Discord together.
            on_change: Called when a channel, a role or a guild has changed: an obstacle may be gone.
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
            http_trace=paced(per_second),
        )
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._under_way: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self.is_connected = False
        """Whether the gateway is up right now; discord.py's `is_ready` only says that it once was."""
        self._outage = Outage()
        logging.getLogger("discord.client").addFilter(self._outage)
        self.pages: OrderedDict[str, PagedAnswer] = OrderedDict()
        """Paged answers by key."""

    async def close(self) -> None:
        await super().close()
        logging.getLogger("discord.client").removeFilter(self._outage)

    async def setup_hook(self) -> None:
        for extension in cogs.EXTENSIONS:  # one that fails to load stops the start
            if extension not in self.extensions:  # an earlier attempt to start may have loaded it
                await self.load_extension(extension)
        await self._sync()

    async def _sync(self) -> None:
        """Hand Discord the commands, but only when they changed: it takes 200 new ones a day."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        identity = json.dumps([self.application_id, payload], sort_keys=True, default=str)
        digest = hashlib.sha256(identity.encode()).hexdigest()
        if await self._store(Tables.note, "commands") != digest:
            await self.tree.sync()
            await self._store(Tables.set_note, "commands", digest)
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

    async def on_disconnect(self) -> None:
        self.is_connected = False

    async def on_connect(self) -> None:  # `on_ready` comes seconds later, when it may be lost again
        self._connected()

    async def on_resumed(self) -> None:
        self._connected()

    def _connected(self) -> None:
        self.is_connected = True
        if self._outage.is_over():
            log.info("Connected to Discord again.")
        self._on_change()

    async def on_ready(self) -> None:
        log.info("Connected to Discord as %s, in %d servers.", self.user, len(self.guilds))
        self._on_change()
        await self.services.guilds.present([GuildId(guild.id) for guild in self.guilds])
        for guild in self.guilds:
            await self._greet_if_new(guild)

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
                    except (*TROUBLES, RuntimeError) as error:  # the last: the bot was stopped meanwhile
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


def explained(callback: Callable[[T, discord.Interaction[Spacebot]], Awaitable[None]]) -> Any:
    """Let the callback of a button or a form end in `explain` too: their errors do not reach the command tree."""

    async def wrapped(self: T, interaction: discord.Interaction[Spacebot]) -> None:
        try:
            await callback(self, interaction)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person is told and it is logged
            await explain(interaction, error)

    return wrapped


async def explain(interaction: discord.Interaction[Spacebot], error: Exception) -> None:
    """Answer with one sentence; log what nobody foresaw."""
    try:
        await say(interaction, sentence(error))
    except TROUBLES as failure:
        log.warning("An answer could not be given: %s", type(failure).__name__)


def sentence(error: Exception) -> str:
    """What the person who asked is told of an error."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    for kind, text in SENTENCES.items():
        if isinstance(cause, kind):
            return text
    if isinstance(cause, SpacebotError):
        return str(cause)
    if isinstance(cause, TROUBLES):
        log.warning("Discord did not take an answer: %s", type(cause).__name__)
        return SORRY
    log.error("A command failed in an unforeseen way.", exc_info=cause)
    return SORRY


async def say(interaction: discord.Interaction[Spacebot], text: str) -> None:
    """Answer with a plain sentence, for the asker alone unless the answer was begun in public."""
    if interaction.response.is_done():
        if interaction.type is discord.InteractionType.component:  # what stands there is a good answer
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.edit_original_response(content=text, embeds=[], view=None)
        return
    try:
        await interaction.response.send_message(text, ephemeral=True)
    except TROUBLES:  # Discord may have taken an earlier answer all the same
        await interaction.edit_original_response(content=text, embeds=[], view=None)


def point_at(api_url: str, gateway_url: str) -> None:
    """Let discord.py talk to this Discord; it keeps both addresses in its classes."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
    discord.http.Route.BASE = api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
