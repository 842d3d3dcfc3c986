"""An unmodified discord.py bot on the local Discord, held against Discord's document where that is there."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import discord
import pytest
import yarl
from discord.ext import commands

from spacebot.sandbox.discord import LocalDiscord, LocalGuild, LocalInteraction, LocalMember
from tests.sandbox.openapi_discord import checker

Callback = Callable[..., Coroutine[Any, Any, None]]


class Bot(commands.Bot):
    """A bot with a command for each of the callbacks."""

    def __init__(self, *callbacks: Callback) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned, intents=discord.Intents(guilds=True), guild_ready_timeout=0.05
        )
        self._callbacks = callbacks

    async def setup_hook(self) -> None:
        for callback in self._callbacks:
            self.tree.command(name=callback.__name__, description="Try it")(callback)
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait five seconds."""


class Club:
    """A guild with the bot and one member."""

    def __init__(self, local: LocalDiscord, bot: Bot) -> None:
        self.local = local
        self.bot = bot
        self.guild: LocalGuild = local.add_guild("Book club")
        self.ann: LocalMember = self.guild.add_member("Ann")

    async def asked(self, command: str, **options: object) -> LocalInteraction:
        return await self.ann.use(self.guild.system_channel, command, force=False, **options)


@asynccontextmanager
async def club_with(monkeypatch: pytest.MonkeyPatch, *callbacks: Callback) -> AsyncIterator[Club]:
    """At the end nothing of Discord's document may have been broken, where it is there to be held against."""
    documents = bool(os.environ.get("REFERENCE_DOCUMENTS"))
    async with LocalDiscord(checker=checker() if documents else None) as local:
        monkeypatch.setattr(discord.http.Route, "BASE", local.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(local.gateway_url))
        bot = Bot(*callbacks)
        club = Club(local, bot)
        task = asyncio.create_task(bot.start(local.token))
        try:
            await local.connected()
            async with asyncio.timeout(10):
                await bot.wait_until_ready()
            yield club
        finally:
            await bot.close()
            with suppress(asyncio.CancelledError):
                await task
        assert local.violations == []
