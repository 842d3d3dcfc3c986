"""The one door to the database: one thread, shared commits, and nothing handed out before its commit."""

import asyncio
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from sqlite_utils import Database

from spacebot.domain.mistakes import Mistake
from spacebot.errors import StoreError, UserMistake
from spacebot.store.connection import Store
from spacebot.store.migrations import migrations
from spacebot.store.queries import Queries


def pragma(tables: Queries, name: str) -> object:
    row = tables.db.conn.execute(f"PRAGMA {name}").fetchone()
    return row[0]


def note_then_fail(tables: Queries, name: str, error: Exception) -> None:
    tables.set_note(name, "half")
    raise error


def break_a_rule(tables: Queries) -> None:
    tables.set_note("half", "done")
    tables.db.execute("INSERT INTO watches (guild_id, host_id, added_by, added_at) VALUES (999, 'nobody', 1, 1)")


def modes_in(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_a_new_database_has_the_whole_schema(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "spacebot.sqlite3"
    async with Store(path) as store:
        await store(Queries.set_note, "here", "yes")
    db = Database(path)
    assert {"guilds", "users", "watches", "spaces", "deliveries", "audience", "pauses", "notes"} <= set(
        db.table_names()
    )
    assert migrations.pending(db) == []
    assert all("STRICT" in db[name].schema for name in ("spaces", "deliveries", "audience"))
    db.close()


async def test_opening_again_keeps_what_was_stored_and_migrates_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    async with Store(path) as store:
        await store(Queries.set_note, "colour", "blue")
    async with Store(path) as store:
        assert await store(Queries.note, "colour") == "blue"
        applied = await store(lambda tables: [one.name for one in migrations.applied(tables.db)])
    assert applied == [one.name for one in migrations._migrations]


async def test_the_file_and_its_journal_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    before = os.umask(0)
    try:
        async with Store(path) as store:
            await store(Queries.set_note, "a", "b")
            modes = modes_in(tmp_path)
    finally:
        os.umask(before)
    assert len(modes) > 1, "the journal is there while the database is open"
    assert set(modes.values()) == {0o600}


async def test_commits_are_durable_and_foreign_keys_hold(tmp_path: Path) -> None:
    async with Store(tmp_path / "spacebot.sqlite3") as store:
        assert await store(pragma, "journal_mode") == "wal"
        assert await store(pragma, "foreign_keys") == 1
        assert await store(pragma, "synchronous") == 2, "FULL"
        with pytest.raises(StoreError, match="FOREIGN KEY"):
            await store(break_a_rule)
        assert await store(Queries.note, "half") is None


async def test_everything_runs_on_one_thread_that_is_not_the_loops(tmp_path: Path) -> None:
    async with Store(tmp_path / "spacebot.sqlite3") as store:
        threads = await asyncio.gather(*(store(lambda _: threading.get_ident()) for _ in range(20)))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_calls_that_wait_together_share_a_commit(tmp_path: Path) -> None:
    commits: list[str] = []
    started, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(tables: Queries) -> None:
        tables.db.conn.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
        loop.call_soon_threadsafe(started.set)
        go_on.wait(30)

    async with Store(tmp_path / "spacebot.sqlite3") as store:
        holding = asyncio.create_task(store(hold))
        await started.wait()
        waiting = [asyncio.create_task(store(Queries.set_note, str(n), "x")) for n in range(100)]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(holding, *waiting)
        assert len(commits) == 2, "one for the call that was running, one for the hundred that waited"
        assert [await store(Queries.note, str(n)) for n in range(100)] == ["x"] * 100


async def test_one_call_that_fails_takes_back_only_its_own_work(tmp_path: Path) -> None:
    async with Store(tmp_path / "spacebot.sqlite3") as store:
        outcomes = await asyncio.gather(
            store(Queries.set_note, "before", "kept"),
            store(note_then_fail, "mistake", UserMistake(Mistake.NOT_FOLLOWED)),
            store(break_a_rule),
            store(note_then_fail, "bug", KeyError("bug")),
            store(Queries.set_note, "after", "kept"),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [type(None), UserMistake, StoreError, KeyError, type(None)]
        names = ("before", "mistake", "half", "bug", "after")
        assert [await store(Queries.note, name) for name in names] == ["kept", None, None, None, "kept"]


async def test_a_result_is_handed_out_only_after_its_commit(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    reader = None
    try:
        async with Store(path) as store:
            reader = sqlite3.connect(path)
            for n in range(20):
                await store(Queries.set_note, str(n), "x")
                assert reader.execute("SELECT count(*) FROM notes").fetchone() == (n + 1,)
    finally:
        if reader is not None:
            reader.close()


async def test_a_commit_that_fails_is_told_to_all_who_shared_it(tmp_path: Path) -> None:
    def full(tables: Queries) -> None:
        tables.db.conn.execute("PRAGMA max_page_count = 1")  # no page can be added any more

    async with Store(tmp_path / "spacebot.sqlite3") as store:
        await store(full)
        outcomes = await asyncio.gather(
            *(store(Queries.set_note, str(n), "x" * 100_000) for n in range(3)), return_exceptions=True
        )
        assert all(isinstance(outcome, StoreError) for outcome in outcomes)
        await store(lambda tables: tables.db.conn.execute("PRAGMA max_page_count = 100000").fetchone())
        await store(Queries.set_note, "later", "works again")
        assert await store(Queries.note, "0") is None


async def test_when_sqlite_gives_up_the_whole_transaction_all_are_told_and_nothing_is_kept(tmp_path: Path) -> None:
    started, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(tables: Queries) -> None:
        tables.db.execute(
            "CREATE TEMP TRIGGER full BEFORE INSERT ON notes WHEN NEW.name = 'last straw' "
            "BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END"
        )
        loop.call_soon_threadsafe(started.set)
        go_on.wait(30)

    async with Store(tmp_path / "spacebot.sqlite3") as store:
        holding = asyncio.create_task(store(hold))
        await started.wait()
        names = ("before", "last straw", "after")
        waiting = [asyncio.create_task(store(Queries.set_note, name, "x")) for name in names]
        await asyncio.sleep(0)
        go_on.set()
        await holding
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StoreError] * 3
        assert [await store(Queries.note, name) for name in names] == [None] * 3
        await store(Queries.set_note, "later", "works again")


async def test_a_database_that_another_process_holds_is_a_clear_error_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacebot.store.connection.BUSY_SECONDS", 0.05)
    path = tmp_path / "spacebot.sqlite3"
    async with Store(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        try:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreError, match="locked"):
                await store(Queries.set_note, "a", "b")
            other.execute("ROLLBACK")
            await store(Queries.set_note, "a", "b")
            assert await store(Queries.note, "a") == "b"
        finally:
            other.close()


async def test_a_caller_who_leaves_does_not_take_back_what_was_asked(tmp_path: Path) -> None:
    started, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(tables: Queries) -> None:
        loop.call_soon_threadsafe(started.set)
        go_on.wait(30)
        tables.set_note("slow", "done")

    async with Store(tmp_path / "spacebot.sqlite3") as store:
        caller = asyncio.create_task(store(slow))
        await started.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        go_on.set()
        assert await store(Queries.note, "slow") == "done"


async def test_leaving_finishes_what_was_asked(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    async with Store(path) as store:
        calls = [asyncio.create_task(store(Queries.set_note, str(n), "x")) for n in range(500)]
        await asyncio.sleep(0)
    await asyncio.gather(*calls)
    async with Store(path) as store:
        assert await store(lambda tables: tables.db["notes"].count) == 500


async def test_a_closed_door_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "spacebot.sqlite3")
    with pytest.raises(StoreError, match="not open"):
        await store(Queries.note, "a")
    async with store:
        pass
    with pytest.raises(StoreError, match="not open"):
        await store(Queries.note, "a")


async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    letter = "Dear database,\n" * 400
    path.write_text(letter)
    with pytest.raises(StoreError, match=r"letter\.txt cannot be opened: .*not a database"):
        async with Store(path):
            pytest.fail("this must not open")
    assert path.read_text() == letter


async def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        async with Store(tmp_path):
            pytest.fail("this must not open")


async def test_a_file_below_a_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        async with Store(tmp_path / "file" / "spacebot.sqlite3"):
            pytest.fail("this must not open")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
async def test_a_folder_without_permission_is_a_clear_error(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="Permission denied"):
        async with Store(closed / "spacebot.sqlite3"):
            pytest.fail("this must not open")


async def test_a_schema_from_elsewhere_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite3"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE guilds (name TEXT)")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match="already exists"):
        async with Store(path):
            pytest.fail("this must not open")
    again = sqlite3.connect(path)
    tables = {name for (name,) in again.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    again.close()
    assert "deliveries" not in tables, "a migration that fails leaves nothing behind"


async def test_a_file_that_others_could_read_is_made_private_with_its_journal(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    async with Store(path) as store:
        await store(Queries.set_note, "a", "b")
    path.chmod(0o666)
    before = os.umask(0)
    try:
        async with Store(path) as store:
            await store(Queries.set_note, "a", "c")
            assert set(modes_in(tmp_path).values()) == {0o600}
    finally:
        os.umask(before)


async def test_a_database_of_a_newer_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    async with Store(path):
        pass
    db = Database(path)
    db.table("_sqlite_migrations").insert({"migration_set": "spacebot", "name": "tomorrow", "applied_at": "2030-01-01"})
    db.close()
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"newer version of spacebot \(schema: tomorrow\).*restore a backup"):
            await Store(path, read_only=read_only).__aenter__()


async def test_whoever_only_asks_changes_nothing_and_disturbs_nobody(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    with pytest.raises(StoreError, match="cannot be opened"):
        await Store(path, read_only=True).__aenter__()
    assert modes_in(tmp_path) == {}
    async with Store(path) as bot:
        await bot(Queries.set_note, "colour", "blue")
        async with Store(path, read_only=True) as asker:
            assert await asker(Queries.note, "colour") == "blue"
            with pytest.raises(StoreError, match="readonly"):
                await asker(Queries.set_note, "colour", "red")
    before = path.read_bytes()
    async with Store(path, read_only=True) as asker:
        assert await asker(Queries.note, "colour") == "blue"
    assert path.read_bytes() == before


async def test_a_database_of_an_older_version_is_not_migrated_by_whoever_only_asks(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    first = migrations.pending(Database(memory=True))[1].name
    db = Database(path)
    migrations.apply(db, stop_before=first)
    db.close()
    with pytest.raises(StoreError, match="older version of spacebot"):
        await Store(path, read_only=True).__aenter__()
    db = Database(path)
    assert first in {one.name for one in migrations.pending(db)}
    db.close()


async def test_reading_waits_for_no_other_call_and_sees_what_has_returned(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def dawdle(tables: Queries) -> None:
        tables.set_note("colour", "red")
        begun.set()
        assert go_on.wait(60)

    async with Store(tmp_path / "spacebot.sqlite3") as store:
        await store(Queries.set_note, "colour", "blue")
        slow = asyncio.create_task(store(dawdle))
        try:
            await asyncio.to_thread(begun.wait, 60)
            assert await store.read(Queries.note, "colour") == "blue"
        finally:
            go_on.set()
        await slow
        assert await store.read(Queries.note, "colour") == "red"
        with pytest.raises(StoreError, match="readonly"):
            await store.read(Queries.set_note, "colour", "green")


async def test_leaving_closes_the_reader_too_so_that_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    async with Store(tmp_path / "spacebot.sqlite3") as store:
        await store(Queries.set_note, "colour", "blue")
        await store.read(Queries.note, "colour")
    assert modes_in(tmp_path).keys() == {"spacebot.sqlite3"}
    with pytest.raises(StoreError, match="not open"):
        await store.read(Queries.note, "colour")
