"""One run of the bot in simulated time, over the real ledger: what a SIGKILL at each of its steps leaves behind.

Nothing has to be killed for that: at each step the database's files and the channel are copied as they stand, and a
later run begins with the copy. What the run itself does afterwards reaches neither.
"""

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import discord
from discord.utils import time_snowflake

from spacebot.deliver.courier import Courier
from spacebot.deliver.publisher import TROUBLES, DiscordPublisher
from spacebot.deliver.roles import RolesOfGuild
from spacebot.domain.bells import BellMode
from spacebot.domain.guilds import AtEnd
from spacebot.domain.ids import PersonId
from spacebot.errors import UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.bells import Bells
from spacebot.watch.watcher import Watcher
from tests.clocks import START
from tests.crash.channel import MESSAGES, Channel, Fault, Line, Request
from tests.crash.parts import NOTICE, SettlingClock, Shown, ShownSource, SteppedStore, over
from tests.store.seed import GUILD, HOST, ROLE, opened
from tests.usecases.test_bells import begun

DATABASE = "ledger.sqlite3"

MEMORY = next((str(path) for path in [Path("/dev/shm")] if path.is_dir()), None)  # noqa: S108 - no name is foreseeable in it
"""Where the databases lie, if the machine has it: what a copy shows does not depend on what the disk has written."""

ARRIVES = 1.0
"""Seconds after the kill when Discord gets what was on its way to be made."""

MILLISECONDS = range(10**12, 10**13)
SNOWFLAKES = range(10**17, 10**20)

CONSTANT = {"_sqlite_migrations", "sqlite_sequence"}
"""Tables that no run changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the guild has configured: whether every moment of a Space is announced, and what becomes of it at the end.

    bell          whether members can have a role for the host
    events        whether a scheduled Space becomes an event of the guild
    first_shape   the moments whose messages are of the first shape, as if an earlier version had begun to post them
    """

    all_moments: bool = False
    at_end: AtEnd = AtEnd.EDIT
    bell: bool = False
    events: bool = False
    first_shape: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What there is when the bot does not run: its database, Discord, X, and what time it is."""

    at: datetime
    files: Mapping[str, bytes]
    channel: Channel
    shown: Shown
    identity: object
    """The same where it makes no difference to a later run: times are counted from `at`, messages numbered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A moment at which the bot may be killed, and what that leaves."""

    kind: str
    what: str
    left: Left


@dataclass(slots=True, kw_only=True)
class Run:
    """The bot at work between a start and its end."""

    database: Path
    clock: SettlingClock
    store: SteppedStore
    channel: Channel
    source: ShownSource
    courier: Courier
    line: Line
    client: discord.Client
    bells: Bells
    presses: list[asyncio.Task[None]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    known: dict[object, Left] = field(default_factory=dict)

    async def passing(self, seconds: float) -> None:
        """Let so much time pass."""
        await self.clock.advance(seconds)
        self.channel.catch_up(self.clock.now())

    def press(self, person: int) -> None:
        """Somebody presses 'Notify me'; whatever comes of it is told to them."""

        async def pressed() -> None:
            guild = self.client.get_guild(GUILD)
            assert guild is not None
            with contextlib.suppress(UserMistake, *TROUBLES):
                await self.bells.press(
                    GUILD,
                    PersonId(person),
                    HOST.id,
                    held=[role for holder, role in self.channel.held if holder == person],
                    asked=time_snowflake(self.clock.now()),
                    roles=RolesOfGuild(self.client, guild, link="https://discord.example", language="en"),
                )

        self.presses.append(asyncio.create_task(pressed()))

    def press_without_role(self, people: Iterable[int]) -> None:
        """Let those of them press who have no role."""
        for person in people:
            if not self.channel.has_role(person):
                self.press(person)

    async def role_of_bell(self) -> int | None:
        """The role that the bot's announcements mention."""
        bell = (await self.store.read(Queries.bells, GUILD)).get(HOST.id)
        return bell.role_id if bell is not None else None

    def repair(self) -> None:
        """Whatever was in the bot's way at Discord is so no more, and the gateway tells of it."""
        self.channel.gives_roles, self.channel.is_full = True, False
        self.channel.events.may_make, self.channel.events.foreign = True, 0
        self.line.tell(self.client)
        self.courier.wake()

    async def is_settled(self) -> bool:
        """Whether the ledger wants nothing more, and everybody who pressed was answered."""
        if not all(press.done() for press in self.presses):
            return False
        return not await Store.__call__(self.store, _unsettled)  # a look from outside is no step of the bot

    async def end(self) -> None:
        """The Space ends, unless it has or is hidden, and X is looked at just now."""
        if self.source.shown.is_open:
            self.source.shown = over(self.source.shown)
        seen = [self.source.shown.space()] if self.source.shown.is_visible else []
        await Store.__call__(self.store, Queries.take_in, seen, (), (), self.clock.now())
        self.courier.wake()

    def left(self, under_way: Request | None = None) -> Left:
        """What a kill at this moment leaves; while `store.turn` is held."""
        now = self.clock.now()
        channel = self.channel.copy()
        if under_way is not None:
            # Only what is made: an edit that came after a newer one would stand, and a start takes longer than its way.
            arrives = now + timedelta(seconds=ARRIVES if under_way.makes else 0)
            channel.under_way.append((arrives, under_way))
        identity = (_rows(self.database, channel, now), _identity(channel, now), self.source.shown)
        if identity not in self.known:
            # What SQLite keeps in shared memory (-shm) is made anew from the log.
            files = {
                each.name: each.read_bytes() for each in self.database.parent.iterdir() if each.name[-4:] != "-shm"
            }
            shown = self.source.shown
            self.known[identity] = Left(at=now, files=files, channel=channel, shown=shown, identity=identity)
        return self.known[identity]


def _post_in_first_shape(tables: Queries, moments: tuple[str, ...]) -> None:
    """Let the ledger note so of each delivery of these moments as it is added."""
    tables.db.execute("CREATE TABLE first_shape (kind TEXT PRIMARY KEY) STRICT")
    tables.db.conn.executemany("INSERT INTO first_shape VALUES (?)", [(moment,) for moment in moments])
    tables.db.execute(
        """
        CREATE TRIGGER shaped_first AFTER INSERT ON deliveries WHEN NEW.kind IN (SELECT kind FROM first_shape)
        BEGIN UPDATE deliveries SET shape = 'fields' WHERE delivery_id = NEW.delivery_id; END
        """
    )


def _unsettled(tables: Queries) -> list[dict[str, Any]]:
    return list(
        tables.db.query(
            "SELECT * FROM deliveries WHERE state IN ('pending', 'sending', 'failed') "
            "OR (state = 'sent' AND shown < wanted)"
        )
    )


def _rows(database: Path, channel: Channel, now: datetime) -> object:
    made = [one.id for group in (channel.messages, channel.roles, channel.events.made) for one in group]
    numbers = {one: number for number, one in enumerate(made)}
    zero = round(now.timestamp() * 1000)

    def relative(value: object) -> object:
        if isinstance(value, int) and value in MILLISECONDS:
            return value - zero
        return ("made", numbers.get(value)) if isinstance(value, int) and value in SNOWFLAKES else value

    with closing(sqlite3.connect(database)) as reader:
        found = reader.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return tuple(
            tuple(tuple(map(relative, row)) for row in reader.execute(f"SELECT * FROM {name}"))  # noqa: S608 - a table
            for (name,) in found
            if name not in CONSTANT
        )


def _identity(channel: Channel, now: datetime) -> object:
    numbers = {message.id: number for number, message in enumerate(channel.messages)}
    return (
        channel.readable,
        channel.window,
        tuple((one.content, repr(one.embeds), one.pinged) for one in channel.messages),
        tuple(
            (nonce, numbers.get(known), min((now - at).total_seconds(), channel.window))
            for nonce, (at, known) in channel.nonces.items()
        ),
        tuple(((at - now).total_seconds(), repr(request)) for at, request in channel.under_way),
        tuple((role.name, frozenset(who for who, held in channel.held if held == role.id)) for role in channel.roles),
        channel.gives_roles,
        channel.is_full,
        tuple((each.name, each.start - now, each.end - now, each.status) for each in channel.events.made),
        (channel.events.may_make, channel.events.foreign),
    )


async def beginning(*, readable: bool, window: float, wishes: Wishes, shown: Shown) -> Left:
    """A guild follows a host; the bot has never run since."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), role=ROLE) as store:
            if wishes.all_moments:
                minutes = round(NOTICE.total_seconds() / 60)
                await store(
                    Queries.set_moments,
                    GUILD,
                    scheduled=True,
                    reminder_minutes=minutes,
                    live=True,
                    ended=True,
                    now=START,
                )
            await store(Queries.set_end, GUILD, wishes.at_end)
            await store(Queries.set_bell, GUILD, BellMode.HOST if wishes.bell else BellMode.OFF)
            await store(Queries.set_events, GUILD, makes_events=wishes.events)
            await store(_post_in_first_shape, wishes.first_shape)
        files = {DATABASE: (Path(folder) / DATABASE).read_bytes()}
    channel = Channel(readable=readable, window=window)
    return Left(at=START, files=files, channel=channel, shown=shown, identity=())


@asynccontextmanager
async def running(
    left: Left,
    *,
    after: float = 0.0,
    shown: Shown | None = None,
    faults: Mapping[int, Fault] | None = None,
    meanwhile: Callable[[Channel], None] = lambda _: None,
    record: bool,
) -> AsyncIterator[Run]:
    """The bot, started over what is left.

    Args:
        left: What it finds.
        after: Seconds that have passed since.
        shown: What X shows by now; as it did, if None.
        faults: What its requests meet, by their number from 0.
        meanwhile: What admins have done since.
        record: Whether to collect `steps`.
    """

    def step(kind: str, what: str, under_way: Request | None = None) -> None:
        if record:
            run.steps.append(Step(kind=kind, what=what, left=run.left(under_way)))

    async def request_step(kind: str, request: Request) -> None:
        async with store.turn:
            step(kind, str(request))
            # Without a memory for nonces, a message that arrives after the search for it is beyond anybody's power.
            if kind == "on request" and request.method != "GET" and (channel.window or request.of != MESSAGES):
                step("on request, late", str(request), request)

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        for name, content in left.files.items():
            (Path(folder) / name).write_bytes(content)
        clock = SettlingClock(start=left.at + timedelta(seconds=after))
        channel = left.channel.copy()
        channel.catch_up(clock.now())
        meanwhile(channel)
        before = asyncio.all_tasks()
        async with SteppedStore(Path(folder) / DATABASE, step) as store:
            clock.store = store
            source = ShownSource(clock, shown or left.shown)
            line = Line(channel, clock, faults or {}, request_step)
            client = line.client()
            publisher = DiscordPublisher(client)
            courier = Courier(store=store, publisher=publisher, clock=clock)
            watcher = Watcher(source=source, store=store, clock=clock, on_work=courier.wake)
            run = Run(
                database=Path(folder) / DATABASE,
                clock=clock,
                store=store,
                channel=channel,
                source=source,
                courier=courier,
                line=line,
                client=client,
                bells=begun(store, clock),
            )
            loops = [asyncio.create_task(courier.run()), asyncio.create_task(watcher.run())]
            try:
                yield run
                assert not any(task.done() for task in loops), "a loop of the bot has ended"
            finally:
                tasks = asyncio.all_tasks() - before
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
