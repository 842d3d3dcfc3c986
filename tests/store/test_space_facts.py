"""Whatever `SpaceFacts` declares is everywhere without being named there; a field that is added is covered by itself."""

from collections.abc import AsyncIterator
from dataclasses import MISSING, Field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from sqlite_utils import Database

from spacebot.app import forget
from spacebot.domain.accounts import Host
from spacebot.domain.ids import UserId
from spacebot.domain.spaces import STAYS, Change, Phase, SpaceFacts, SpaceRecord, State, facts_of, observe
from spacebot.domain.views import SpaceView
from spacebot.store.connection import Store
from spacebot.store.forgetting import KEPT_AFTER_END
from spacebot.store.migrations import migrations
from spacebot.store.queries import Queries
from spacebot.x.fields import SWEEP
from spacebot.x.model import Page, Space
from spacebot.x.translation import view_of
from spacebot.x.vocabulary import SpaceExpansion, SpaceField
from tests.clocks import START
from tests.store.seed import HOST, SPACE, look, opened

SECOND = timedelta(seconds=1)

VALUES: dict[object, tuple[object, object]] = {
    str: ("one", "two"),
    int: (1, 0),
    bool: (True, False),
    datetime: (START, START + SECOND),
    tuple: (("1", "2"), ("3",)),
}
"""Two of each type. Nought and False are stated, and not left out."""


def two_values(kind: Any) -> tuple[Any, Any]:
    """Two values of a fact of this type."""
    known = [
        VALUES[get_origin(each) or each] for each in (kind, *get_args(kind)) if (get_origin(each) or each) in VALUES
    ]
    return known[0]


def all_facts(at: int) -> dict[str, Any]:
    """Each fact with the first or second of its values."""
    return {fact.name: two_values(fact.type)[at] for fact in fields(SpaceFacts)}


def seen(state: State = State.LIVE, **facts: object) -> Space:
    """A Space as X shows it with these facts alone."""
    return Space(**{"id": SPACE, "state": state, "creator_id": HOST.id, **facts})  # type: ignore[arg-type]  # any field of it


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


each_fact = pytest.mark.parametrize("fact", fields(SpaceFacts), ids=lambda fact: fact.name)


@each_fact
def test_x_has_the_fact_under_its_name_and_type_and_is_asked_for_it(fact: Field[Any]) -> None:
    assert get_type_hints(Space)[fact.name] == fact.type
    assert fact.name in SWEEP.space or fact.name in get_args(SpaceExpansion)
    assert set(SWEEP.space) <= set(get_args(SpaceField))


@each_fact
def test_a_fact_may_be_unknown(fact: Field[Any]) -> None:
    assert fact.default in {None, ()}
    assert NoneType in get_args(fact.type) or fact.default == ()


async def test_facts_are_taken_in_kept_and_read_back(store: Store) -> None:
    for at in (0, 1):
        await look(store, seen(**all_facts(at)))
        record = await store(Queries.space, SPACE)
        assert record is not None
        assert facts_of(record) == all_facts(at)
    await look(store, seen(), now=START + SECOND)
    record = await store(Queries.space, SPACE)
    assert record is not None
    assert facts_of(record) == all_facts(1), "what X leaves out stays"


@each_fact
def test_a_look_that_states_one_fact_changes_that_fact_and_no_other(fact: Field[Any]) -> None:
    known = observe(None, seen(**all_facts(0)), START).record
    assert known is not None
    _, other = two_values(fact.type)
    observation = observe(known, seen(**{fact.name: other}), START)
    assert observation.record is not None
    assert facts_of(observation.record) == {**all_facts(0), fact.name: other}
    assert observation.change is fact.metadata.get("change")
    assert observation.record.revision == known.revision + ("change" in fact.metadata)


async def test_facts_are_forgotten_unless_they_say_that_they_stay(store: Store) -> None:
    await look(store, seen(**all_facts(0)))
    assert await forget(store, START + KEPT_AFTER_END + SECOND) == 1
    record = await store(Queries.space, SPACE)
    assert record is not None
    assert facts_of(record) == {
        fact.name: two_values(fact.type)[0] if fact.metadata.items() >= STAYS.items() else fact.default
        for fact in fields(SpaceFacts)
    }


def test_only_these_stay() -> None:
    """Adding one here is a decision about X's data: ids, times and counters of our own observation, nothing else."""
    needed = {each.name for each in fields(SpaceRecord) if each.default is MISSING}
    assert needed == {"space_id", "host_id", "phase", "first_seen_at", "last_seen_at"}
    assert {each.name for each in fields(SpaceRecord) if "stays" in each.metadata} == {
        *("participant_count", "peak", "listened", "observed", "curve", "curve_step", "revision"),
        *("scheduled_start", "started_at", "ended_at", "live_seen_at", "absent_since"),
    }


def test_the_changes_that_edit_messages_are_told_apart() -> None:
    changes = {each.name: each.metadata["change"] for each in fields(SpaceRecord) if "change" in each.metadata}
    assert (
        changes.items()
        >= {
            **dict.fromkeys(("is_ticketed", "started_at"), Change.UPDATED),
            "title": Change.RETITLED,
            **dict.fromkeys(("participant_count", "cohosts", "speakers"), Change.MOVED),
        }.items()
    )


@pytest.mark.parametrize("at", [0, 1])
def test_facts_are_in_every_view(at: int) -> None:
    space = seen(**all_facts(at))
    record = observe(None, space, START).record
    assert record is not None
    host = Host(user_id=HOST.id, username=HOST.username, name=HOST.name)
    assert facts_of(SpaceView.of_record(record, host)) == all_facts(at)
    assert facts_of(view_of(space, Page(items=(space,)))) == all_facts(at)


async def test_every_field_of_a_record_is_kept(store: Store) -> None:
    record = SpaceRecord(
        **all_facts(0),
        space_id=SPACE,
        host_id=HOST.id,
        phase=Phase.GONE,
        peak=9,
        listened=90,
        observed=10,
        cohosts=(UserId("2"),),
        speakers=(UserId("3"), UserId("4")),
        spoke=(UserId("3"), UserId("4"), UserId("5")),
        live_seen_at=START,
        first_seen_at=START,
        last_seen_at=START + SECOND,
        absent_since=START + SECOND,
        revision=3,
    )
    for each in (record, replace(record, **all_facts(1), revision=4)):
        await store(Queries._save_space, each)
        assert await store(Queries.space, SPACE) == each


async def test_a_column_without_a_value_reads_as_the_default_of_its_field(store: Store) -> None:
    """As a column does that a migration adds to rows that are there."""
    await look(store, seen(**all_facts(0)))

    def empty(tables: Queries) -> set[str]:
        columns = [each.name for each in tables.db["spaces"].columns if not each.notnull and each.name != "space_id"]
        tables.db.execute(f"UPDATE spaces SET {', '.join(f'{name} = NULL' for name in columns)}")  # noqa: S608 - names of columns
        return set(columns)

    emptied = await store(empty)
    record = await store(Queries.space, SPACE)
    defaults = {each.name: each.default for each in fields(SpaceRecord) if each.name in emptied}
    assert defaults.keys() >= {"title", "started_at"}
    assert {name: getattr(record, name) for name in defaults} == defaults


async def test_a_database_with_the_old_name_of_a_column_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    old = Database(path)
    migrations.apply(old, stop_before="participant_count")
    old.execute(
        "INSERT INTO spaces (space_id, host_id, phase, title, participants, first_seen_at, last_seen_at, revision) "
        "VALUES (?, ?, 'live', 'Tea and type theory', 7, 1, 2, 3)",
        [SPACE, HOST.id],
    )
    old.conn.commit()
    old.close()
    async with Store(path) as store:
        record = await store(Queries.space, SPACE)
    assert record is not None
    assert (record.title, record.participant_count, record.revision) == ("Tea and type theory", 7, 3)
