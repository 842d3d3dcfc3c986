"""What every system test stands on: a local X, a local Discord, and the bot between them: a process, or in virtual time."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacebot import app
from spacebot.clock import Clock
from spacebot.sandbox.discord import LocalChannel, LocalDiscord, LocalGuild, LocalMember, LocalMessage
from spacebot.sandbox.discord.http.exchanges import Exchange
from spacebot.sandbox.discord.http.limits import TOO_MANY_OLD_EDITS
from spacebot.sandbox.process import BotProcess
from spacebot.sandbox.x import LocalX
from spacebot.settings import Settings
from tests import virtual_time
from tests.clocks import START
from tests.sandbox import openapi_discord, openapi_x

PATIENCE = 60.0
"""Seconds until a test gives up waiting; nothing is asserted about how long it took."""

VIRTUAL_PATIENCE = 7200.0
"""The same in virtual time."""


@dataclass(kw_only=True)
class Scene:
    """The two local servers, and processes of the bot between them."""

    x: LocalX
    discord: LocalDiscord
    folder: Path
    processes: list[BotProcess] = field(default_factory=list)
    patience: float = PATIENCE

    async def bot(self, **extra: str) -> BotProcess:
        """Start the bot on this scene's database, and wait until it is connected and has handed over its commands."""
        process = BotProcess(
            x_url=self.x.url,
            x_token=self.x.bearer_token,
            discord_api_url=self.discord.api_url,
            discord_gateway_url=self.discord.gateway_url,
            discord_token=self.discord.token,
            database=self.folder / "spacebot.sqlite3",
            extra=extra,
        )
        await process.start()
        self.processes.append(process)
        try:
            await self.discord.connected(timeout=PATIENCE)
            await self.until(lambda: bool(self.discord.commands))
        except TimeoutError as error:
            raise AssertionError(f"{error}\n" + "\n".join(process.log)) from None
        return process

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to be seen on either server."""
        waits = [
            asyncio.ensure_future(server.wait_for(condition, timeout=self.patience))
            for server in (self.discord, self.x)
        ]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in done:
                try:
                    wait.result()
                except TimeoutError as error:
                    logs = ["\n".join(process.log[-15:]) for process in self.processes]
                    raise AssertionError(f"{error}\n" + "\n--\n".join(logs)) from None
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def swept(self, times: int = 1) -> None:
        """Wait until the bot has asked X about its hosts so many times more."""
        before = self._sweeps()
        await self.until(lambda: self._sweeps() >= before + times)

    def _sweeps(self) -> int:
        return sum(exchange.endpoint == "creator_ids" for exchange in self.x.requests)


@dataclass(kw_only=True)
class VirtualScene(Scene):
    """A scene whose time jumps: an hour passes in seconds, for the bot, both servers and discord.py alike."""

    clock: Clock
    log: list[str] = field(default_factory=list)
    """What the bot and its libraries said, from INFO upwards."""
    served: "list[Served]" = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """What the bot is told."""
        return Settings(
            discord_token=self.discord.token,
            x_bearer_token=self.x.bearer_token,
            database=self.folder / "spacebot.sqlite3",
            discord_api_url=self.discord.api_url,
            discord_gateway_url=self.discord.gateway_url,
            x_api_url=self.x.url,
            x_pictures_url=self.x.url,
        )

    async def serve(self) -> "Served":
        """Start the bot in this process on this scene's database, and wait until it is ready."""
        stop = asyncio.Event()
        bot = Served(stopping=stop, task=asyncio.create_task(app.serve(self.settings, self.clock, stop), name="bot"))
        self.served.append(bot)
        await self.discord.connected(timeout=self.patience)
        await self.until(lambda: bool(self.discord.commands))
        return bot

    async def until(self, condition: Callable[[], object]) -> None:
        try:
            await Scene.until(self, condition)
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *self.log[-30:]])) from None

    async def pass_by(self, seconds: float) -> None:
        """Let so much virtual time pass."""
        await self.clock.sleep(seconds)

    def logged(self, words: str) -> int:
        """How many lines of the log have these words."""
        return sum(words in line for line in self.log)


@dataclass(kw_only=True)
class Served:
    """The bot in this process."""

    stopping: asyncio.Event
    task: asyncio.Task[None]

    async def stop(self) -> None:
        """Ask it to stop, as a signal does, and wait until it has."""
        self.stopping.set()
        await self.task


class _Log(logging.Handler):
    """Keeps lines."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


def in_virtual_time(scenario: Callable[[VirtualScene], Coroutine[Any, Any, None]]) -> Callable[[Path], None]:
    """Make a test of a scenario: it is given a scene, which is checked at the end as every scene is."""

    async def play(folder: Path, clock: Clock) -> None:
        async with _virtual_stage(folder, clock) as scene:
            await scenario(scene)

    def test(tmp_path: Path) -> None:
        virtual_time.run(lambda clock: play(tmp_path, clock), start=START, debug=True)

    test.__name__, test.__qualname__, test.__module__ = scenario.__name__, scenario.__qualname__, scenario.__module__
    return test


@asynccontextmanager
async def _virtual_stage(folder: Path, clock: Clock) -> AsyncIterator[VirtualScene]:
    documents = bool(os.environ.get("REFERENCE_DOCUMENTS"))
    x = LocalX(clock=clock, checker=openapi_x.Document(openapi_x.reference_document()) if documents else None)
    discord = LocalDiscord(clock=clock, checker=openapi_discord.checker() if documents else None)
    root = logging.getLogger()
    async with x, discord:
        scene = VirtualScene(x=x, discord=discord, folder=folder, clock=clock, patience=VIRTUAL_PATIENCE)
        hears = _Log(scene.log)
        level = root.level
        root.setLevel(logging.INFO)
        root.addHandler(hears)
        try:
            yield scene
        finally:
            for bot in scene.served:
                await bot.stop()
            root.removeHandler(hears)
            root.setLevel(level)
        assert not discord.violations
        assert not x.violations
        assert not x.refused
        assert not [exchange for exchange in discord.refused if not (exchange.ordered or is_old_edit(exchange))]
        assert not [line for line in scene.log if "Traceback" in line]


def is_old_edit(exchange: Exchange) -> bool:
    """Whether Discord refused an edit of a message older than an hour: it tells nobody beforehand how many it takes."""
    return isinstance(exchange.answer, dict) and exchange.answer.get("code") == TOO_MANY_OLD_EDITS


async def ask(
    who: LocalMember, where: LocalChannel, command: str, *, force: bool = False, **options: object
) -> LocalMessage:
    """Give a command and return the finished answer."""
    use = await who.use(where, command, force=force, **options)
    assert use.failed is None, use.failed
    return await use.reply(timeout=PATIENCE)


def text(message: LocalMessage) -> str:
    """Everything that a message says, embeds included."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.get("author", {}).get("name", ""), embed.get("title", ""), embed.get("description", "")]
        parts += [f"{each['name']}: {each['value']}" for each in embed.get("fields", [])]
        parts.append(embed.get("footer", {}).get("text", ""))
    return "\n".join(part for part in parts if part)


@dataclass(kw_only=True)
class Club:
    """A guild as most are: a channel for Spaces, an admin and a member."""

    guild: LocalGuild
    general: LocalChannel
    spaces: LocalChannel
    admin: LocalMember
    member: LocalMember


def club(discord: LocalDiscord, name: str = "Book club") -> Club:
    """A new guild of that kind."""
    guild = discord.add_guild(name)
    return Club(
        guild=guild,
        general=guild.system_channel,
        spaces=guild.add_channel("spaces"),
        admin=guild.add_member("admin", manage_guild=True),
        member=guild.add_member("member"),
    )
