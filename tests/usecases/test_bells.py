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
from spacebot.domain.bells import BellMode
from spacebot.domain.ids import PersonId, RoleId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.bells import MOST_WAITING, PRESSES, Bells
from spacebot.usecases.guilds import Guilds
from tests.clocks import FakeClock
from tests.store.seed import GUILD, HOST, opened
from tests.usecases.test_guilds import ScriptedLookups

NAME = "Spaces · Tea Time"


class Crash(Exception):
    """The bot ends here, or Discord's answer is lost."""


@dataclass(slots=True)
class ScriptedRoles:
    """A guild's roles at Discord: who made them, who has them; `fails` says when the next making goes wrong."""

    made: set[int] = field(default_factory=set)
    foreign: set[int] = field(default_factory=set)
    held: dict[int, set[int]] = field(default_factory=dict)
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
        if fails == "before":
            raise Crash
        await asyncio.sleep(0)
        role = self.number()
        self.made.add(role)
        if fails == "after":
            raise Crash
        return RoleId(role)

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


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("press"), st.lists(st.integers(1, 4), min_size=1, max_size=4)),
        st.tuples(st.just("fail"), st.sampled_from(["before", "after", "refused", "full"])),
        st.tuples(st.sampled_from(["delete", "restart", "foreign", "tell"]), st.none()),
    ),
    max_size=25,
)


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_a_bell_has_one_role_whatever_happens(steps: list[tuple[str, object]]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with opened(Path(folder)) as store:
                await store(Queries.set_bell, GUILD, BellMode.HOST)
                clock, roles = FakeClock(), ScriptedRoles()
                bells = begun(store, clock)
                for what, value in steps:
                    if what == "press":
                        assert isinstance(value, list)
                        await asyncio.gather(*(press(bells, roles, person) for person in value))
                        await clock.advance(600)
                    elif what == "fail":
                        roles.fails = str(value)
                    elif what == "delete":
                        roles.made.clear()
                    elif what == "foreign":  # an admin names a role alike, while none of ours may be on its way
                        bell = (await store(Queries.bells, GUILD)).get(HOST.id)
                        if bell is None or bell.role_id is not None:
                            roles.foreign.add(roles.number())
                    elif what == "tell":
                        for role_id in [role for role in roles.held if role not in roles.made]:
                            await store(Queries.forget_bell_role, GUILD, RoleId(role_id))
                    else:
                        bells = begun(store, clock)
                    assert len(roles.made) <= 1
                roles.fails = ""
                assert await press(bells, roles, 5) is True
                assert await press(bells, roles, 5) is False
                assert len(roles.made) == 1

    asyncio.run(play())


async def test_nobody_waits_behind_more_than_a_hundred(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store(Queries.set_bell, GUILD, BellMode.HOST)
        roles = ScriptedRoles()
        bells = begun(store, FakeClock())
        said = await asyncio.gather(*(press(bells, roles, person) for person in range(1, MOST_WAITING + 21)))
        assert said.count(True) == MOST_WAITING
        assert said.count(Mistake.BELL_BUSY) == 20
        assert len(roles.made) == 1
        assert await press(bells, roles, MOST_WAITING + 20) is True, "and then goes on"


async def test_a_person_has_so_many_presses_in_ten_minutes(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store(Queries.set_bell, GUILD, BellMode.HOST)
        clock, roles = FakeClock(), ScriptedRoles()
        bells = begun(store, clock)
        said = [await press(bells, roles, 1) for _ in range(PRESSES + 3)]
        assert said == [True, False] * (PRESSES // 2) + [Mistake.BELL_TOO_FAST] * 3
        assert await press(bells, roles, 2) is True
        await clock.advance(600)
        assert await press(bells, roles, 1) is True


@pytest.mark.parametrize("mode", BellMode)
async def test_a_deleted_servers_bells_are_gone(tmp_path: Path, mode: BellMode) -> None:
    async with opened(tmp_path) as store:
        await store(Queries.set_bell, GUILD, mode)
        bells = begun(store, FakeClock())
        done = await press(bells, ScriptedRoles(), 1)
        assert done is (True if mode is not BellMode.OFF else Mistake.BELL_OFF)
        assert len(await bells.known_roles()) == (mode is not BellMode.OFF)
        await store(Queries.erase_guild, GUILD, FakeClock().now())
        assert await bells.known_roles() == []
