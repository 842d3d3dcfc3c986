"""What surrounds the bot in simulated time: its store with a step at each commit, its clock, and X.

The clock moves only when the database has answered everybody.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from msgspec import structs

from spacebot.clock import Clock
from spacebot.domain.ids import GuildId, SpaceId, UserId
from spacebot.domain.spaces import State
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.host_batcher import HostAnswer, SweepAnswer
from spacebot.x.model import Page, Space, User
from tests.clocks import START, FakeClock
from tests.store.seed import HOST, SPACE, live

P = ParamSpec("P")
T = TypeVar("T")

SWEEP = 45.0
"""Seconds between looks at X; the first is at once."""

NOTICE = timedelta(minutes=30)
"""How long before its start a Space is announced on X, and a reminder is wanted."""

LATER = timedelta(hours=6)
"""By how long a Space is put off."""

ANSWERS = 0.2
"""Seconds until X answers."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What X would show."""

    title: str = "Tea and type theory"
    state: State = State.LIVE
    host: str = HOST.name
    start: datetime = START + NOTICE
    is_visible: bool = True

    def space(self) -> Space:
        """The Space by its id."""
        match self.state:
            case State.LIVE:
                return live(title=self.title)
            case State.SCHEDULED:
                fields = {"title": self.title, "creator_id": HOST.id, "scheduled_start": self.start}
                return Space(id=SPACE, state=State.SCHEDULED, **fields)  # type: ignore[arg-type]  # fields of it
            case _:
                return Space(id=SPACE, state=self.state)

    @property
    def is_open(self) -> bool:
        """Whether a sweep shows it."""
        return self.is_visible and self.state in {State.LIVE, State.SCHEDULED}


def same(shown: Shown) -> Shown:
    """Nothing happens on X."""
    return shown


def renamed(shown: Shown) -> Shown:
    """The same Space under another title."""
    return replace(shown, title="Tea and category theory")


def called_otherwise(shown: Shown) -> Shown:
    """The host has another name."""
    return replace(shown, host="Coffee Break")


def over(shown: Shown) -> Shown:
    """The same Space, ended."""
    return replace(shown, state=State.ENDED)


def called_off(shown: Shown) -> Shown:
    """The same Space, canceled before it began."""
    return replace(shown, state=State.CANCELED)


def put_off(shown: Shown) -> Shown:
    """The same Space, to start some hours later."""
    return replace(shown, start=shown.start + LATER)


def hidden(shown: Shown) -> Shown:
    """X shows the Space no longer."""
    return replace(shown, is_visible=False)


def visible(shown: Shown) -> Shown:
    """X shows it again."""
    return replace(shown, is_visible=True)


def scheduled(shown: Shown) -> Shown:
    """The same Space, some time before it starts."""
    return replace(shown, state=State.SCHEDULED)


def begun(shown: Shown) -> Shown:
    """The same Space, live."""
    return replace(shown, state=State.LIVE)


class SteppedStore(Store):
    """The real store, one call at a time; `step` is told before and after each commit."""

    def __init__(self, path: Path, step: Callable[[str, str], None]) -> None:
        super().__init__(path)
        self.turn = asyncio.Lock()
        """Who holds it may read the database's files."""
        self._step = step
        self._waiting = 0
        self._quiet = asyncio.Event()

    async def __call__(self, method: Callable[Concatenate[Queries, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._waiting += 1
        self._quiet.clear()
        try:
            async with self.turn:
                self._step("before commit", method.__name__)
                result = await super().__call__(method, *args, **kwargs)
                self._step("after commit", method.__name__)
                return result
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._quiet.set()

    async def read(self, method: Callable[Concatenate[Queries, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As the store's: nothing is left otherwise by it, so that it is no step."""
        self._waiting += 1
        self._quiet.clear()
        try:
            return await super().read(method, *args, **kwargs)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._quiet.set()

    async def settle(self) -> None:
        """Return once nobody waits for the database, and nobody can go on before the clock does."""
        loop: Any = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0)
            if loop._ready:  # nothing public says whether somebody can go on
                continue
            if not self._waiting:
                return
            await self._quiet.wait()


class SettlingClock(FakeClock):
    """A fake clock that waits for the database before it moves."""

    store: SteppedStore

    async def settle(self, rounds: int = 0) -> None:
        """Let everything run that can without the clock, and without waiting for a socket."""
        await self.store.settle()


@dataclass(slots=True)
class ShownSource:
    """X, as the watcher asks it."""

    clock: Clock
    shown: Shown
    asked: bool = False

    async def sweep(self, host_ids: Sequence[UserId]) -> SweepAnswer:
        """What the host has open."""
        await self.clock.sleep(SWEEP if self.asked else ANSWERS)
        self.asked = True
        page = Page(
            items=(self.shown.space(),) if self.shown.is_open else (),
            users={HOST.id: structs.replace(HOST, name=self.shown.host)},
        )
        return SweepAnswer(page=page)

    async def ask(self, host_id: UserId) -> HostAnswer:
        """Nobody asks."""
        raise NotImplementedError

    async def by_ids(self, space_ids: Sequence[SpaceId], *, at_once: bool = False) -> Page[Space]:
        """The Space, open or not."""
        return await self.refresh(space_ids)

    async def refresh(self, space_ids: Sequence[SpaceId], *, participants: bool = False) -> Page[Space]:
        """The same."""
        await self.clock.sleep(ANSWERS)
        return Page(items=(self.shown.space(),) if self.shown.is_visible else ())

    async def invited(self, space_ids: Sequence[SpaceId], guild_id: GuildId) -> tuple[Sequence[SpaceId], Page[Space]]:
        return space_ids, await self.refresh(space_ids)

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        """Nobody asks."""
        raise NotImplementedError
