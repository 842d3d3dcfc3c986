"""What every system test stands on: a local X, a local Discord, and the bot as a process between them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from spacebot.sandbox.discord import LocalChannel, LocalDiscord, LocalGuild, LocalMember, LocalMessage
from spacebot.sandbox.process import BotProcess
from spacebot.sandbox.x import LocalX

PATIENCE = 60.0
"""Seconds until a test gives up waiting; nothing is asserted about how long it took."""


@dataclass(kw_only=True)
class Stage:
    """The two local servers, and processes of the bot between them."""

    x: LocalX
    discord: LocalDiscord
    folder: Path
    processes: list[BotProcess] = field(default_factory=list)

    async def bot(self, **extra: str) -> BotProcess:
        """Start the bot on this stage's database, and wait until it is connected and has handed over its commands."""
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
            asyncio.ensure_future(server.wait_for(condition, timeout=PATIENCE)) for server in (self.discord, self.x)
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
