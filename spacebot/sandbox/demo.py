"""`spacebot demo`: the unmodified bot between a local X and a local Discord, in a scenario as people would see it.

Every step waits for what it announces; a step that does not happen ends the demo with an error.
"""

import asyncio
import re
import tempfile
import textwrap
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from spacebot.errors import SpacebotError
from spacebot.sandbox.discord import LocalChannel, LocalDiscord, LocalMember, LocalMessage
from spacebot.sandbox.process import BotProcess
from spacebot.sandbox.x import LocalX

T = TypeVar("T")

WIDTH = 76
UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
STEP_SECONDS = 15.0
"""How long one step may take before the demo counts as failed."""


class DemoFailed(SpacebotError):
    """A step of the demo did not happen."""


async def play(say: Callable[[str], None]) -> None:
    """Play the scenario, saying what is seen.

    Raises:
        DemoFailed: a step did not happen.
    """
    with tempfile.TemporaryDirectory(prefix="spacebot-demo-") as folder:
        async with LocalX() as x, LocalDiscord() as discord:
            bot = BotProcess(
                x_url=x.url,
                x_token=x.bearer_token,
                discord_api_url=discord.api_url,
                discord_gateway_url=discord.gateway_url,
                discord_token=discord.token,
                database=Path(folder) / "demo.sqlite3",
            )
            async with bot:
                try:
                    await _Scenario(x, discord, bot, say).play()
                except (TimeoutError, LookupError) as error:
                    log = "\n".join(bot.log[-20:])
                    raise DemoFailed(
                        f"A step of the demo did not happen: {error}\nThe end of the bot's log:\n{log}"
                    ) from None


class _Scenario:
    def __init__(self, x: LocalX, discord: LocalDiscord, bot: BotProcess, say: Callable[[str], None]) -> None:
        self._x = x
        self._discord = discord
        self._bot = bot
        self._say = say
        self._guild = discord.add_guild("Night owls")
        self._general = self._guild.system_channel
        self._spaces = self._guild.add_channel("spaces")
        self._role = self._guild.add_role("listeners", mentionable=True)
        self._admin = self._guild.add_member("admin", manage_guild=True)
        self._member = self._guild.add_member("member")

    async def play(self) -> None:
        x, say = self._x, self._say
        radio = x.add_user("night_radio", name="Night Radio")
        chess = x.add_user("chess_talk", name="Chess Talk")
        guest = x.add_user("endgame_guest", name="Endgame Guest")

        self._title("The bot starts between a local X and a local Discord")
        await self._within(self._discord.connected(), "the bot connects")
        await self._wait(lambda: bool(self._discord.commands), "the bot hands over its commands")
        say("  connected; its slash commands are there")

        self._title("An admin sets it up, in #general")
        await self._ask(self._admin, self._general, "config channel", channel=self._spaces)
        await self._ask(self._admin, self._general, "config role", role=self._role)
        await self._ask(self._admin, self._general, "watch add", host="@night_radio")
        await self._ask(self._admin, self._general, "watch add", host="https://x.com/chess_talk")

        self._title("A host schedules a Space on X")
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        x.schedule_space(chess, title="Rook endings, live", start=tomorrow)
        await self._ask(self._member, self._general, "host-live", host="@chess_talk")

        self._title("Another host goes live on X")
        began = time.monotonic()
        space = x.start_space(
            radio, title="Songs nobody asked for", listeners=12, lang="en", cohosts=[guest], topics=["Music"]
        )
        await self._wait(lambda: bool(self._spaces.messages), "the Space is announced")
        say(f"  announced {time.monotonic() - began:.1f} seconds after the start:")
        post = self._spaces.messages[0]
        self._show(post, self._spaces)

        self._title("Listeners come; somebody asks")
        space.listeners = 87
        await self._ask(self._member, self._general, "space", space=f"https://x.com/i/spaces/{space.id}")
        await self._ask(self._member, self._general, "spaces-search", query="songs")
        await self._ask(self._admin, self._general, "watch list")
        asked = len(x.requests)
        await self._within(x.wait_for(lambda: _swept(x, asked), timeout=STEP_SECONDS + 1), "the bot sees the listeners")

        self._title("The Space ends; its announcement says so")
        space.end()
        await self._wait(lambda: not any("url" in button for button in post.buttons), "the announcement is edited")
        self._show(post, self._spaces)
        if len(self._spaces.messages) != 1:
            raise DemoFailed(f"one announcement was to stand in #spaces, there are {len(self._spaces.messages)}")

        self._title("The bot is told to stop")
        status = await self._within(self._bot.stop(), "the bot stops")
        if status != 0:
            raise DemoFailed(f"the bot ended with status {status}")
        say("  it ended cleanly")
        self._say("\nThat was the whole bot, unmodified. The README says how to run it with real tokens.")

    async def _ask(self, who: LocalMember, where: LocalChannel, command: str, **options: Any) -> None:
        """Somebody gives a command; show it, and the answer."""
        words = " ".join(f"{name}: {_option(value)}" for name, value in options.items())
        use = await self._within(who.use(where, command, **options), f"/{command} is taken")
        if use.failed:
            raise DemoFailed(f"/{command} failed: {use.failed}")
        reply = await self._within(use.reply(), f"/{command} is answered")
        self._say("")
        self._say(click.style(f"  {who.name} in #{where.name}: /{command} {words}", bold=True))
        self._show(reply, where)

    def _show(self, message: LocalMessage, where: LocalChannel) -> None:
        only = " (only the asker sees it)" if message.ephemeral else ""
        edited = " (edited)" if message.edited_at is not None and not message.ephemeral else ""
        self._say(f"  spacebot in #{where.name}{only}{edited}:")
        for line in _drawn(message, self._names()):
            self._say("    " + line)

    def _names(self) -> dict[str, str]:
        channels = {f"<#{channel.id}>": f"#{channel.name}" for channel in (self._general, self._spaces)}
        return {**channels, f"<@&{self._role.id}>": f"@{self._role.name}"}

    def _title(self, text: str) -> None:
        self._say("")
        self._say(click.style(f"── {text} ".ljust(WIDTH, "─"), fg="cyan"))

    async def _wait(self, condition: Callable[[], bool], what: str) -> None:
        await self._within(self._discord.wait_for(condition, timeout=STEP_SECONDS + 1), what)

    async def _within(self, step: Awaitable[T], what: str) -> T:
        """Wait for a step, or say which one did not happen."""
        try:
            async with asyncio.timeout(STEP_SECONDS):
                return await step
        except TimeoutError:
            self._bot.check()
            raise TimeoutError(f"{what}, within {STEP_SECONDS:.0f} seconds") from None


def _swept(x: LocalX, since: int) -> bool:
    return any(exchange.path == "/2/spaces/by/creator_ids" for exchange in x.requests[since:])


def _option(value: object) -> str:
    return (
        f"#{value.name}"
        if isinstance(value, LocalChannel)
        else f"@{value.name}"
        if hasattr(value, "name")
        else str(value)
    )


def _drawn(message: LocalMessage, names: dict[str, str]) -> list[str]:
    """A message as lines of text: its content, each embed in a frame, and its buttons."""
    lines = _wrapped(message.content, names)
    for embed in message.embeds:
        body: list[str] = []
        if "author" in embed:
            body += _wrapped(embed["author"]["name"], names)
        if "title" in embed:
            body += [click.style(line, bold=True) for line in _wrapped(embed["title"], names)]
        body += _wrapped(embed.get("description", ""), names)
        for field in embed.get("fields", []):
            body += _wrapped(f"{field['name']}: {field['value']}", names)
        if "footer" in embed:
            body += _wrapped(embed["footer"]["text"], names)
        lines += [f"┃ {line}" for line in body]
    buttons = [_button(button) for button in message.buttons]
    return lines + ([" ".join(buttons)] if buttons else [])


def _button(button: dict[str, object]) -> str:
    label = f"[ {button.get('label', '')} ]"
    return f"{label} → {button['url']}" if "url" in button else f"({label[2:-2]})" if button.get("disabled") else label


def _from_now(moment: int) -> str:
    """A moment as Discord shows it to a reader."""
    seconds = moment - time.time()
    name, size = next(((name, size) for name, size in UNITS if abs(seconds) >= 0.95 * size), UNITS[-1])
    count = round(abs(seconds) / size)
    amount = f"{count} {name}" + ("" if count == 1 else "s")
    return f"in {amount}" if seconds > 0 else f"{amount} ago"


def _wrapped(text: str, names: dict[str, str]) -> list[str]:
    for written, shown in names.items():
        text = text.replace(written, shown)
    text = re.sub(r"\[([^\]]*)\]\(https://[^)]*\)", r"\1", text)  # a link, as its words
    text = re.sub(r"<t:(\d+):R>", lambda found: _from_now(int(found[1])), text)
    text = re.sub(
        r"<t:(\d+):F>", lambda found: f"{datetime.fromtimestamp(int(found[1])).astimezone():%d %B %Y %H:%M}", text
    )
    text = re.sub(r"^-# ", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\([\W_])", r"\1", text.replace("**", "").replace("\N{WORD JOINER}", ""))
    return [part for line in text.splitlines() for part in textwrap.wrap(line, WIDTH - 6) or [""]]
