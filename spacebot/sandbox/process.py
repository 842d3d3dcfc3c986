"""`spacebot run` as a process of its own, told everything through environment variables, as an operator would."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from spacebot.errors import SpacebotError


class BotStopped(SpacebotError):
    """The bot ended although nobody asked it to; the text has the end of its log."""


class BotProcess:
    """The unmodified bot between a local X and a local Discord. An asynchronous context manager."""

    def __init__(
        self,
        *,
        x_url: str,
        x_token: str,
        discord_api_url: str,
        discord_gateway_url: str,
        discord_token: str,
        database: Path,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Say where everything is.

        Args:
            x_url: The address of X.
            x_token: The bearer token that it takes.
            discord_api_url: The address of Discord's HTTP API.
            discord_gateway_url: The address of its gateway.
            discord_token: The bot token that both take.
            database: The SQLite file.
            extra: Further environment variables.
        """
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPACEBOT_")}
        self._environment = {
            **inherited,
            "SPACEBOT_X_API_URL": x_url,
            "SPACEBOT_X_PICTURES_URL": x_url,
            "SPACEBOT_X_BEARER_TOKEN": x_token,
            "SPACEBOT_DISCORD_API_URL": discord_api_url,
            "SPACEBOT_DISCORD_GATEWAY_URL": discord_gateway_url,
            "SPACEBOT_DISCORD_TOKEN": discord_token,
            "SPACEBOT_DATABASE": str(database),
            **(extra or {}),
        }
        self._folder = database.parent
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self.log: list[str] = []
        """What the bot has logged so far, a line each."""

    @property
    def pid(self) -> int | None:
        """The number of the process; None before it was started."""
        return self._process.pid if self._process is not None else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            await self.kill()

    async def start(self) -> None:
        """Start the process; it connects on its own."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "spacebot",
            "run",
            env=self._environment,
            cwd=self._folder,  # not where a `.env` of somebody's may lie
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            self.log.append(line.decode(errors="replace").rstrip())

    async def stop(self) -> int:
        """Ask the bot to stop, as `docker stop` does, and return its exit status."""
        self._running().send_signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """End it without a word, as a power cut does."""
        self._running().kill()
        await self.ended()

    async def ended(self) -> int:
        """Wait for the process to end, and return its exit status."""
        status = await self._running().wait()
        if self._reader is not None:
            await self._reader
        return status

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    def check(self) -> None:
        """Raise `BotStopped` if the process is not running any more."""
        if self._running().returncode is not None:
            raise BotStopped("The bot ended by itself. The end of its log:\n" + "\n".join(self.log[-20:]))

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise BotStopped("The bot was not started.")
        return self._process
