"""Whatever crashes, is lost, deleted or pressed at once: a bell has one role at most, and nobody gets another one."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.bells import BellMode, Pressed
from spacebot.domain.ids import PersonId, RoleId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.errors import TryLater, Unclear, UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.bells import MOST_WAITING, PRESSES, STILL_ARRIVING, Bells
from spacebot.usecases.guilds import Guilds
from tests.clocks import FakeClock
from tests.store.seed import GUILD, HOST, opened
from tests.usecases.test_guilds import ScriptedLookups

NAME = "Spaces · Tea Time"


LATE = 60.0
"""Seconds after which Discord makes a role although its answer was given up."""


class Crash(Exception):
    """The bot ends here."""


@dataclass(slots=True)
class ScriptedRoles:
    """A guild's roles at Discord: who made them, who has them; `fails` says how the next making goes wrong."""

    clock: FakeClock
    made: set[int] = field(default_factory=set)
    foreign: set[int] = field(default_factory=set)
    held: dict[int, set[int]] = field(default_factory=dict)
    under_way: list[asyncio.Task[None]] = field(default_factory=list)
    fails: str = ""
    last: int = 1000

    def number(self) -> int:
        """The next id of Discord's."""
        self.last += 1
        return self.last

    def name_for(self, host: Host | None) -> str:
        return NAME

    def require_makeable(self) -> None:
        if self.fails == "full":
            self.fails = ""
            raise UserMistake(Mistake.BELL_ROLES_FULL, most=250)

    async def is_there(self, role_id: RoleId) -> bool:
        return role_id in self.made

    async def find(self, name: str, after: int) -> RoleId | None:
        assert name == NAME
        later = [role for role in (*self.made, *self.foreign) if role > after]
        return RoleId(min(later)) if later else None

    async def make(self, name: str) -> RoleId:
        fails, self.fails = self.fails, ""
        if fails == "refused":
            raise UserMistake(Mistake.BELL_ROLES_FULL, most=250)
        if fails == "slower":
            raise TryLater(Obstacle(reason=Reason.SLOW_DOWN), seconds=5)
        if fails in {"late", "late crash"}:
            self.under_way.append(asyncio.create_task(self._later()))
        if fails in {"before", "late crash"}:
            raise Crash
        if fails in {"lost", "late"}:
            raise Unclear(Obstacle(reason=Reason.NO_ANSWER))
        await asyncio.sleep(0)
        role = self.number()
        self.made.add(role)
        if fails == "after":
            raise Crash
        return RoleId(role)

    async def _later(self) -> None:
        await self.clock.sleep(LATE)
        self.made.add(self.number())

    async def give(self, person: PersonId, role_id: RoleId) -> None:
        assert role_id in self.made, "only what the bot made is given"
        self.held.setdefault(role_id, set()).add(person)

    async def take(self, person: PersonId, role_id: RoleId) -> None:
        self.held[role_id].discard(person)

    async def counts(self) -> Mapping[RoleId, int]:
        return {RoleId(role): len(people) for role, people in self.held.items()}


def begun(store: Store, clock: FakeClock) -> Bells:
    """The use case, as a start of the bot makes it."""

    async def nobody(_: object) -> None:
        return None

    guilds = Guilds(
        lookups=ScriptedLookups(store, {}),
        store=store,
        clock=clock,
        watch_limit=5,
        look=nobody,
        on_change=lambda: None,
    )
    return Bells(guilds=guilds, store=store, clock=clock)


async def press(bells: Bells, roles: ScriptedRoles, person: int) -> bool | Mistake | None:
    """Whether the person has the role afterwards; a mistake; None for a crash."""
    held = [role for role, people in roles.held.items() if person in people and role in roles.made]
    try:
        done = await bells.press(GUILD, PersonId(person), HOST.id, held=held, asked=roles.number(), roles=roles)
    except UserMistake as mistake:
        return mistake.mistake
    except Crash:
        return None
    return done.is_given


FAILURES = ("before", "after", "lost", "late", "late crash", "slower", "refused", "full")

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("press"), st.lists(st.integers(1, 4), min_size=1, max_size=4)),
        st.tuples(st.just("fail"), st.sampled_from(FAILURES)),
        st.tuples(st.just("pass"), st.sampled_from([1, 30, 600])),
        st.tuples(st.sampled_from(["delete", "restart", "foreign", "tell"]), st.none()),
    ),
    max_size=25,
)


async def by_admins(what: str, store: Store, roles: ScriptedRoles) -> None:
    """Admins delete the role, or give a role of theirs its name while none of ours may be on its way; or the bot hears."""
    if what == "delete":
        roles.made.clear()
    elif what == "foreign":
        bell = (await store(Queries.bells, GUILD)).get(HOST.id)
        if bell is None or bell.role_id is not None:
            roles.foreign.add(roles.number())
    else:
        for role_id in [role for role in roles.held if role not in roles.made]:
            await store(Queries.forget_bell_role, GUILD, RoleId(role_id))


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_a_bell_has_one_role_whatever_happens(steps: list[tuple[str, object]]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with opened(Path(folder)) as store:
                await store(Queries.set_bell, GUILD, BellMode.HOST)
                clock = FakeClock()
                roles = ScriptedRoles(clock)
                bells = begun(store, clock)
                for what, value in steps:
                    if what == "press":
                        assert isinstance(value, list)
                        await asyncio.gather(*(press(bells, roles, person) for person in value))
                    elif what == "pass":
                        assert isinstance(value, int)
                        await clock.advance(value)
                    elif what == "fail":
                        roles.fails = str(value)
                    elif what == "restart":
                        bells = begun(store, clock)
                    else:
                        await by_admins(what, store, roles)
                    assert len(roles.made) <= 1
                roles.fails = ""
                await clock.advance(600)
                assert await press(bells, roles, 5) is True
                assert await press(bells, roles, 5) is False
                await clock.advance(600)
                assert len(roles.made) == 1

    asyncio.run(play())


async def test_nobody_waits_behind_more_than_a_hundred(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store(Queries.set_bell, GUILD, BellMode.HOST)
        clock = FakeClock()
        roles = ScriptedRoles(clock)
        bells = begun(store, clock)
        said = await asyncio.gather(*(press(bells, roles, person) for person in range(1, MOST_WAITING + 21)))
        assert said.count(True) == MOST_WAITING
        assert said.count(Mistake.BELL_BUSY) == 20
        assert len(roles.made) == 1
        assert await press(bells, roles, MOST_WAITING + 20) is True, "and then goes on"


async def test_a_person_has_so_many_presses_in_ten_minutes(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store(Queries.set_bell, GUILD, BellMode.HOST)
        clock = FakeClock()
        roles = ScriptedRoles(clock)
        bells = begun(store, clock)
        said = [await press(bells, roles, 1) for _ in range(PRESSES + 3)]
        assert said == [True, False] * (PRESSES // 2) + [Mistake.BELL_TOO_FAST] * 3
        assert await press(bells, roles, 2) is True
        await clock.advance(600)
        assert await press(bells, roles, 1) is True


async def test_a_role_that_may_still_be_made_is_not_asked_for_a_second_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store(Queries.set_bell, GUILD, BellMode.HOST)
        clock = FakeClock()
        roles = ScriptedRoles(clock, fails="late")
        assert await press(begun(store, clock), roles, 1) is Mistake.BELL_UNCLEAR
        await clock.advance(LATE - 1)
        bells = begun(store, clock)
        assert await press(bells, roles, 1) is Mistake.BELL_UNCLEAR
        await clock.advance(2)
        assert await press(bells, roles, 1) is True
        assert len(roles.made) == 1


async def test_a_role_that_was_not_made_after_all_is_asked_for_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store(Queries.set_bell, GUILD, BellMode.HOST)
        clock = FakeClock()
        roles = ScriptedRoles(clock, fails="lost")
        bells = begun(store, clock)
        assert await press(bells, roles, 1) is Mistake.BELL_UNCLEAR
        await clock.advance(STILL_ARRIVING.total_seconds() - 1)
        assert await press(bells, roles, 1) is Mistake.BELL_UNCLEAR
        await clock.advance(1)
        roles.fails = "slower"
        assert await press(bells, roles, 1) is Mistake.BELL_BUSY
        assert await press(bells, roles, 1) is True, "what Discord has refused is not on its way"


@pytest.mark.parametrize("mode", BellMode)
async def test_a_deleted_servers_bells_are_gone(tmp_path: Path, mode: BellMode) -> None:
    async with opened(tmp_path) as store:
        await store(Queries.set_bell, GUILD, mode)
        clock = FakeClock()
        bells = begun(store, clock)
        done = await press(bells, ScriptedRoles(clock), 1)
        assert done is (True if mode is not BellMode.OFF else Mistake.BELL_OFF)
        assert len(await bells.known_roles()) == (mode is not BellMode.OFF)
        await store(Queries.erase_guild, GUILD, FakeClock().now())
        assert await bells.known_roles() == []


async def test_a_host_of_a_channel_that_somebody_cannot_see_is_not_followed_for_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store(Queries.set_bell, GUILD, BellMode.HOST)
        clock = FakeClock()
        roles = ScriptedRoles(clock)
        bells, person = begun(store, clock), PersonId(1)

        async def pressed(*, sees: bool) -> Pressed:
            held = [role for role, people in roles.held.items() if person in people]
            return await bells.press(
                GUILD, person, HOST.id, sees=lambda _: sees, held=held, asked=roles.number(), roles=roles
            )

        with pytest.raises(UserMistake, match="not_followed"):
            await pressed(sees=False)
        assert not roles.made
        assert (await pressed(sees=True)).is_given
        assert not (await pressed(sees=False)).is_given, "what was given can be given back"
