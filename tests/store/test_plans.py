"""However much is done, nothing that is asked looks through it: SQLite's own plans of the statements that are run."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from spacebot.store.migrations import migrations
from spacebot.store.queries import Queries
from tests.store.filled import Call, Size, calls, fill, looks_through, names, statements

SMALL = Size(guilds=100, days=20, spaces_a_day=20)
CALLS = calls(SMALL)


@pytest.fixture(scope="module")
def filled() -> bytes:
    db = Database(memory=True)
    migrations.apply(db)
    fill(db.conn, SMALL)
    return db.conn.serialize()


@pytest.fixture
def queries(filled: bytes) -> Iterator[Queries]:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(filled)
    connection.execute("PRAGMA foreign_keys = ON")
    yield Queries(Database(connection))
    connection.close()


def seen(queries: Queries, call: Call) -> list[str]:
    """Every table that the call looks through, and the statement that does."""
    connection = queries.db.conn
    with queries.db.atomic():
        ask = call.made(queries, 0)
        said = statements(connection, ask)
    assert said, "it asks the database"
    return [f"{step}: {one}" for one in dict.fromkeys(said) for step in looks_through(connection, one)]


def test_every_named_query_is_among_those_that_are_looked_at() -> None:
    assert {call.name for call in CALLS} == names()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.name}, {call.what}")
def test_nothing_that_grows_is_looked_through(queries: Queries, call: Call) -> None:
    assert seen(queries, call) == []


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ("audience_by_space", "forget"),
        ("watches_by_person", "erase_person"),
        ("spaces_started", "starts"),
        ("users_by_sight", "unseen_hosts"),
        ("deliveries_waiting_in_channel", "resume"),
    ],
)
def test_without_its_index_a_query_is_seen_to_look_through_all(queries: Queries, index: str, name: str) -> None:
    queries.db.execute(f"DROP INDEX {index}")
    assert any(seen(queries, call) for call in CALLS if call.name == name)
