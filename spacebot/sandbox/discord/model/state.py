"""What everything of the local Discord shares: time, ids, look-ups and who hears of a change; look-ups take O(1)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from spacebot.clock import Clock
from spacebot.sandbox.discord.model.snowflakes import Snowflakes

if TYPE_CHECKING:  # these modules stand on this one
    from spacebot.sandbox.discord.app.interactions import LocalInteraction
    from spacebot.sandbox.discord.model.channels import LocalChannel, LocalMessage
    from spacebot.sandbox.discord.model.guilds import LocalGuild
    from spacebot.sandbox.discord.model.members import LocalMember

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15


class NotOffered(Exception):
    """A person cannot do that in the client: no such command, option, button; or it is hidden from them."""


class NotAnswered(Exception):
    """The bot did not answer what a person did."""


class Desk(Protocol):
    """Where people act: what a member does becomes an interaction."""

    async def use(
        self, member: "LocalMember", channel: "LocalChannel", command: str, options: dict[str, Any], *, force: bool
    ) -> "LocalInteraction": ...

    async def press(
        self, member: "LocalMember", message: "LocalMessage", button: dict[str, Any]
    ) -> "LocalInteraction": ...

    async def submit(
        self, member: "LocalMember", interaction: "LocalInteraction", values: Mapping[str, str | None]
    ) -> "LocalInteraction": ...

    async def autocomplete(
        self,
        member: "LocalMember",
        channel: "LocalChannel",
        command: str,
        option: str,
        *,
        typed: object,
        others: dict[str, Any],
    ) -> list[dict[str, Any]]: ...


@dataclass(slots=True, kw_only=True, eq=False)
class LocalUser:
    """An account."""

    id: int
    name: str
    is_bot: bool = False
    accepts_dms: bool = True  # False: their private messages are closed
    dm: "LocalChannel | None" = None
    guilds: "list[LocalGuild]" = field(default_factory=list)

    @property
    def shares_a_guild(self) -> bool:
        """Whether the bot is in one of their guilds."""
        return any(guild.has_bot for guild in self.guilds)


class Changes:
    """Lets many wait for the next change of anything."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def happened(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, predicate: Callable[[], object]) -> None:
        """Return once `predicate` is true; it is asked now and at each change."""
        while not predicate():
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await future
            finally:
                self._waiting.discard(future)


@dataclass(slots=True, kw_only=True, eq=False)
class World:
    """The one state. `dispatch(guild, event, data, intents)` hands an event to the gateway (guild None: private).

    `keep_messages` is the most messages that a channel keeps, and the most deleted ones; None: all.
    """

    clock: Clock
    snowflakes: Snowflakes
    bot: LocalUser
    dispatch: Callable[["LocalGuild | None", str, dict[str, Any], int], None]
    changes: Changes = field(default_factory=Changes)
    guilds: dict[int, "LocalGuild"] = field(default_factory=dict)
    channels: dict[int, "LocalChannel"] = field(default_factory=dict)
    users: dict[int, LocalUser] = field(default_factory=dict)
    commands: dict[int, dict[str, Any]] = field(default_factory=dict)
    desk: "Desk | None" = None
    keep_messages: int | None = None

    @property
    def application_id(self) -> int:
        """The same number as the bot's, as for every application made since 2016."""
        return self.bot.id

    def tell(self, guild: "LocalGuild | None", event: str, data: dict[str, Any], intents: int = GUILDS) -> None:
        """Send an event to the bot, if it sees `guild` and asked for one of `intents` (0: everybody gets it)."""
        if guild is None or (guild.has_bot and not guild.unavailable):
            self.dispatch(guild, event, data, intents)
        self.changes.happened()

    def people(self) -> Desk:
        if self.desk is None:
            raise RuntimeError("the local Discord is not running")
        return self.desk
