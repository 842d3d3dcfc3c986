"""The bot as a real process, killed (SIGKILL) at chosen steps between a local X and a local Discord over real sockets.

Real seconds are not waited for: while the bot is down, the local Discord's clock is set forward, so that it forgets
nonces as it would have.
"""

import asyncio
import contextlib
import random
import re
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from spacebot.clock import SystemClock
from spacebot.sandbox.discord import (
    LocalChannel,
    LocalDiscord,
    LocalEvent,
    LocalGuild,
    LocalMember,
    LocalMessage,
    NotAnswered,
)
from spacebot.sandbox.discord.http.exchanges import Exchange
from spacebot.sandbox.discord.model.schedule import Status
from spacebot.sandbox.process import BotProcess
from spacebot.sandbox.x import LocalX, XSpace, XUser
from spacebot.usecases.bells import STILL_ARRIVING
from tests.crash.kills import FAULTS, LOST, MESSAGES, WHERE, History, Kill
from tests.crash.tally import Kind, Tally, Verdict

PATIENCE = 90.0
"""Seconds until a history is given up: what was to come then is lost."""

LONG_PATIENCE = PATIENCE + STILL_ARRIVING.total_seconds()
"""The same of roles and events: what may still be on its way is not made anew before it can arrive no more."""

AHEAD = timedelta(days=2)
"""How long before its start a Space is scheduled."""

PRESS_EVERY = 15.0
"""Seconds between two presses of one person."""

PERMISSIONS = ("view_channel", "send_messages", "embed_links", "read_message_history", "manage_roles", "create_events")
"""What the bot may do."""

NONCE_WINDOW = 180.0
"""Seconds that the local Discord remembers a nonce."""


@dataclass(slots=True)
class ForwardClock:
    """The machine's time, set forward."""

    forward: float = 0.0
    _system: SystemClock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        """The wall clock."""
        return self._system.now() + timedelta(seconds=self.forward)

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return self._system.monotonic() + self.forward

    async def sleep(self, seconds: float) -> None:
        """Wait for real."""
        await self._system.sleep(seconds)


@dataclass(slots=True, kw_only=True)
class Pressing:
    """Somebody who wants the role of a host.

    unanswered   how many of their presses the bot has left without an answer although nobody killed it meanwhile
    """

    person: LocalMember
    host: XUser
    unanswered: int = 0

    @property
    def role_name(self) -> str:
        """What the role is called."""
        return f"Spaces · {self.host.name}"

    @property
    def has_role(self) -> bool:
        """Whether they have it."""
        return any(role.name == self.role_name for role in self.person.roles)


@dataclass(slots=True, kw_only=True)
class Scene:
    """The two servers, one guild that follows one host and more as roles are wanted, and the process."""

    x: LocalX
    discord: LocalDiscord
    clock: ForwardClock
    process: BotProcess
    database: Path
    guild: LocalGuild
    channel: LocalChannel
    admin: LocalMember
    hook: "Hook"
    chance: random.Random
    pressing: dict[str, Pressing] = field(default_factory=dict)

    async def play(self, history: History) -> str:
        """One history; its Space's or its host's id.

        Raises:
            TimeoutError: The step never came at which the process was to be killed.
        """
        if history.presses:
            return await self._play_role(history)
        return await (self._play_event(history) if history.is_planned else self._play_space(history))

    async def _play_event(self, history: History) -> str:
        """From a plan to the end of what came of it."""
        host = next(iter(self.x.users.values()))
        start = SystemClock().now().replace(microsecond=0) + AHEAD
        space = self.x.schedule_space(host, title=f"Plan {self.chance.random()}", start=start)
        if history.change:
            await self._until(lambda: self._settled(space.id) and bool(self._events(space.id)), patience=LONG_PATIENCE)
            happen(space, history.change)
        for kill in history.kills:
            await self._killed(kill, space.id)
            self.discord.clear_faults()
            self.clock.forward += history.delay
            if history.deleted:
                for event in self._events(space.id):
                    event.delete()
            await self.process.start()
        await self._until_led(space, stands=not history.deleted)
        if space.state == "scheduled":
            space.go_live()
            await self._until_led(space, stands=not history.deleted)
        if space.state == "live":
            space.end()
            await self._until_led(space, stands=not history.deleted)
        return space.id

    async def _until_led(self, space: XSpace, *, stands: bool) -> None:
        """Wait until the event is as its Space is; what does not come is lost or untrue, and counted."""
        with contextlib.suppress(TimeoutError):
            await self._until(
                lambda: (
                    self._settled(space.id)
                    and self._phase(space.id) == space.state
                    and len(self._events(space.id)) >= stands
                    and all(is_true(event, space) for event in self._events(space.id))
                ),
                patience=LONG_PATIENCE,
            )

    def _events(self, space_id: str) -> list[LocalEvent]:
        """Those of the Space that were not deleted."""
        ours = f"https://x.com/i/spaces/{space_id}"
        return [
            event for event in (*self.guild.events.values(), *self.guild.past_events.values()) if event.location == ours
        ]

    async def _play_role(self, history: History) -> str:
        """From the first press for a host until whoever pressed has the role."""
        number = len(self.pressing) + 1
        pressing = Pressing(
            person=self.guild.add_member(f"member {number}"),
            host=self.x.add_user(f"host{number}", name=f"Host {number}"),
        )
        self.pressing[pressing.host.id] = pressing
        use = await self.admin.use(self.channel, "watch add", host=f"@{pressing.host.username}", channel=self.channel)
        await use.reply(timeout=PATIENCE)
        for kill in history.kills:
            killed = asyncio.create_task(self._killed(kill, pressing.host.id))
            await asyncio.sleep(0)  # it must lie in wait before
            while not killed.done():
                press = asyncio.create_task(self._press(pressing))
                await asyncio.wait({killed}, timeout=PRESS_EVERY)
                press.cancel()
                await asyncio.gather(press, return_exceptions=True)
            await killed
            self.discord.clear_faults()
            self.clock.forward += history.delay
            await self.process.start()
            await self.discord.connected(PATIENCE)
        pressing.unanswered = 0
        with contextlib.suppress(TimeoutError):  # what does not come is lost, and counted
            async with asyncio.timeout(LONG_PATIENCE):
                while not pressing.has_role:
                    await self._press(pressing)
                    await asyncio.sleep(0.0 if pressing.has_role else PRESS_EVERY)
        return pressing.host.id

    async def _press(self, pressing: Pressing) -> None:
        use = await pressing.person.use(self.channel, "notify", host=pressing.host.id)
        try:
            await use.reply(timeout=PATIENCE)
        except NotAnswered:
            pressing.unanswered += 1

    async def _play_space(self, history: History) -> str:
        """From the start of a Space to its end."""
        host = next(iter(self.x.users.values()))
        space = self.x.start_space(host, title=f"Space {self.chance.random()}")
        if history.at_end:
            await self._until(lambda: self._settled(space.id))
            space.end()
        for kill in history.kills:
            await self._killed(kill, space.id)
            self.discord.clear_faults()
            self.clock.forward += history.delay
            if history.ends_while_down and space.state == "live":
                space.end()
            await self.process.start()
        stands = history.went_on
        with contextlib.suppress(TimeoutError):  # what does not come is lost, and counted
            await self._until(lambda: self._settled(space.id) and (not stands or bool(self._standing(space.id))))
        if space.state == "live":
            space.end()
        with contextlib.suppress(TimeoutError):
            await self._until(
                lambda: (
                    self._settled(space.id)
                    and self._is_over(space.id)
                    and all("has ended" in message.content for message in self._standing(space.id))
                )
            )
        return space.id

    async def tidy(self) -> None:
        """After a history that came to nothing: end what is on, and let the process run."""
        self.discord.clear_faults()
        self.hook.kill = None
        for space in self.x.spaces.values():
            if space.state == "live":
                space.end()
            elif space.state == "scheduled":
                space.cancel()
        if not self.process.running:
            await self.process.start()

    def verdict(self, history: History, space_id: str) -> Verdict:
        """What stands of a Space that is over; or whose role there is."""
        if history.presses:
            pressing = self.pressing[space_id]
            roles = [role.id for role in self.guild.roles.values() if role.name == pressing.role_name]
            known = self._row("SELECT role_id FROM bells WHERE host_id = ?", [space_id])
            return Verdict(
                lost=not pressing.has_role or known is None or known[0] not in roles,
                doubled=len(roles) > 1,
                untrue=pressing.unanswered > 0,
            )
        messages = self._standing(space_id)
        if history.is_planned:
            events, space = self._events(space_id), self.x.spaces[space_id]
            posts_are_right = len(messages) == (space.state == "ended") and all(
                "has ended" in each.content for each in messages
            )
            return Verdict(
                lost=not (events or history.deleted) or (space.state == "ended" and not messages),
                doubled=len(events) > 1 or len(messages) > 1,
                untrue=not (all(is_true(event, space) for event in events) and posts_are_right)
                or (history.deleted and bool(events)),
            )
        return Verdict(
            lost=history.went_on and not messages,
            doubled=len(messages) > 1,
            untrue=not all("has ended" in message.content for message in messages),
        )

    def _standing(self, space_id: str) -> list[LocalMessage]:
        ours = f"https://x.com/i/spaces/{space_id}#live"
        return [
            message for message in self.channel.messages if any(embed.get("url") == ours for embed in message.embeds)
        ]

    async def _killed(self, kill: Kill, about: str) -> None:
        """Return once the process is dead; `about` is the Space's or the host's id."""
        seen = len(self.discord.requests)
        if kill.step in {LOST, "on request, late", "on reply"}:
            self.hook.arm(kill, self.process)
        elif kill.step == "fault":
            self.discord.fault(kill.method, WHERE[kill.of], FAULTS[kill.fault])
            if kill.fault.startswith("time-out"):
                await self._until(lambda: self._state(about) in {"sending", "begun"})
                await asyncio.sleep(1.0)
            else:
                await self._until(lambda: self._asked(kill, seen))
                await asyncio.sleep(self.chance.uniform(0.0, 1.5))
            await self.process.kill()
        elif kill.step == "after reply":
            await self._until(lambda: self._asked(kill, seen))
            await self.process.kill()
        else:
            # The state that the kill meets may be a later one: each step is over in a moment.
            reached = (
                ("pending", "sending", "sent") if kill.step in {"pending", "sending", "sent"} else ("begun", "noted")
            )
            wanted = reached[reached.index(kill.step) :]
            await self._until(lambda: self._state(about) in wanted, every=0.001)
            await self.process.kill()
        try:
            async with asyncio.timeout(PATIENCE if kill.of == MESSAGES else LONG_PATIENCE):
                await self.process.ended()
        finally:
            if self.process.running:
                await self.process.kill()

    def _asked(self, kill: Kill, seen: int) -> bool:
        return any(_fits(kill, each) for each in self.discord.requests[seen:])

    def _state(self, about: str) -> str | None:
        row = self._row(
            """
            SELECT state FROM deliveries WHERE space_id = :about AND kind IN ('live', 'event')
            UNION ALL SELECT iif(role_id IS NULL, 'begun', 'noted') FROM bells WHERE host_id = :about
            """,
            {"about": about},
        )
        return row[0] if row else None

    def _settled(self, space_id: str) -> bool:
        """Whether the ledger has a row of the Space, and wants nothing more of it."""
        row = self._row(
            "SELECT count(*), count(*) FILTER (WHERE state = 'skipped' OR (state = 'sent' AND shown >= wanted)) "
            "FROM deliveries WHERE space_id = ?",
            [space_id],
        )
        return row is not None and row[0] == row[1] > 0

    def _phase(self, space_id: str) -> str | None:
        row = self._row("SELECT phase FROM spaces WHERE space_id = ?", [space_id])
        return row[0] if row else None

    def _is_over(self, space_id: str) -> bool:
        return self._phase(space_id) not in {None, "live", "scheduled"}

    def _row(self, sql: str, values: Sequence[object] | Mapping[str, object]) -> tuple[Any, ...] | None:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as reader:
            row: tuple[Any, ...] | None = reader.execute(sql, values).fetchone()
            return row

    async def _until(self, condition: Callable[[], bool], *, every: float = 0.02, patience: float = PATIENCE) -> None:
        async with asyncio.timeout(patience):
            while not condition():  # noqa: ASYNC110 - half of the conditions are in another process's file
                await asyncio.sleep(every)


@dataclass(slots=True)
class Hook:
    """The local Discord's checker: kills the process while Discord has its request, or before the answer is out."""

    kill: Kill | None = None
    process: BotProcess | None = None

    def arm(self, kill: Kill, process: BotProcess) -> None:
        """At the next request that fits."""
        self.kill, self.process = kill, process

    def __call__(self, exchange: Exchange) -> list[str]:
        """What is wrong with an exchange: nothing, but a request that gets lost is not carried out."""
        kill = self.kill
        if kill is None or not _fits(kill, exchange):
            return []
        if (exchange.status is None) == (kill.step == "on reply"):
            return []
        assert self.process is not None
        assert self.process._process is not None
        self.process._process.kill()
        self.kill = None
        return ["lost on the way"] if kill.step == LOST else []


def happen(space: XSpace, change: str) -> None:
    """One of `CHANGES`."""
    match change:
        case "renamed":
            space.set_title(f"{space.title}, renamed")
        case "put off":
            assert space.scheduled_start is not None
            space.reschedule(space.scheduled_start + timedelta(hours=6))
        case "begun":
            space.go_live()
        case _:
            space.cancel()


def is_true(event: LocalEvent, space: XSpace) -> bool:
    """Whether an event is as its Space is."""
    if space.state == "canceled":
        return event.status is Status.CANCELED
    wanted = {"scheduled": Status.SCHEDULED, "live": Status.ACTIVE, "ended": Status.COMPLETED}[space.state]
    return (event.name, event.start, event.status) == (space.title, space.scheduled_start, wanted)


def _fits(kill: Kill, exchange: Exchange) -> bool:
    return exchange.method == kill.method and re.search(WHERE[kill.of], exchange.path) is not None


@asynccontextmanager
async def opened(seed: int) -> AsyncIterator[Scene]:
    """Everything up, and the host followed."""
    clock, hook = ForwardClock(), Hook()
    with tempfile.TemporaryDirectory() as folder:
        async with LocalX() as x, LocalDiscord(clock=clock, checker=hook, nonce_window=NONCE_WINDOW) as discord:
            host = x.add_user("host")
            guild = discord.add_guild("Book club", bot_permissions=PERMISSIONS)
            database = Path(folder) / "spacebot.sqlite3"
            process = BotProcess(
                x_url=x.url,
                x_token=x.bearer_token,
                discord_api_url=discord.api_url,
                discord_gateway_url=discord.gateway_url,
                discord_token=discord.token,
                database=database,
            )
            async with process:
                await discord.connected(PATIENCE)
                await discord.wait_for(lambda: discord.commands, PATIENCE)
                channel = guild.add_channel("spaces")
                admin: LocalMember = guild.add_member("admin", manage_guild=True)
                use = await admin.use(channel, "watch add", host=f"@{host.username}", channel=channel)
                await use.reply(timeout=PATIENCE)
                for command, options in (("config bell", {"what": "host"}), ("config events", {"on": True})):
                    use = await admin.use(channel, command, **options)
                    await use.reply(timeout=PATIENCE)
                yield Scene(
                    x=x,
                    discord=discord,
                    clock=clock,
                    process=process,
                    database=database,
                    guild=guild,
                    channel=channel,
                    admin=admin,
                    hook=hook,
                    chance=random.Random(seed),  # noqa: S311 - moments of no secrecy
                )


async def play_all(chosen: Sequence[History], *, at_once: int) -> Tally:
    """Play histories, several scenes side by side; each scene's channel is counted again at its end."""
    tally, waiting = Tally(), list(chosen)

    async def work(seed: int) -> None:
        played: list[tuple[History, str]] = []
        async with opened(seed) as scene:
            while waiting:
                history = waiting.pop(0)
                try:
                    played.append((history, await scene.play(history)))
                except TimeoutError:
                    tally.missed.append(str(history))
                    await scene.tidy()
            # Only now: a message that came twice may have come late.
            for history, space_id in played:
                last = history.kills[-1]
                kind = Kind(crashes=len(history.kills), step=f"{last.method}: {last.step}", fault=last.fault)
                tally.add(kind, scene.verdict(history, space_id), str(history))
                tally.runs += 1 + len(history.kills)

    await asyncio.gather(*(work(seed) for seed in range(min(at_once, len(chosen)))))
    return tally
