"""The connection to the database: every statement that writes runs on one thread, and every call is one transaction.

Calls that wait at the same time share a commit (a commit may cost 10 ms of fsync; under load that would cap the bot
at a hundred calls per second). Each runs inside its own savepoint, so that a failure rolls back only its own
work. A call returns after its commit, never before.

What people wait for with a form or a list of suggestions open is read beside that, on a thread and a connection that only
read: it waits for nobody's commit.
"""

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlite_utils import Database

from spacebot.errors import StoreError
from spacebot.store.migrations import migrations
from spacebot.store.queries import Queries

P = ParamSpec("P")
T = TypeVar("T")

MOST_PER_COMMIT = 200
"""The most calls that share one commit."""

BUSY_SECONDS = 5.0
"""How long another process (a backup, `spacebot check`) may hold the database before a call fails."""


@dataclass(slots=True)
class _Call:
    work: Callable[[Queries], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]

    def settle(self, result: object, error: BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: object, error: BaseException | None) -> None:
        if self.answer.done():  # the caller was cancelled; the work is done anyway
            return
        if error is None:
            self.answer.set_result(result)
        else:
            self.answer.set_exception(error)


class Store:
    """An open database. `await store(Queries.method, …)` runs one method as one transaction.

    Use as an asynchronous context manager; leaving it finishes the waiting calls and closes the file.
    """

    def __init__(self, path: Path, *, read_only: bool = False, in_passing: bool = False) -> None:
        """Prepare; nothing is opened yet.

        Args:
            path: The file.
            read_only: Whether to ask only: nothing is made, migrated or written, and a bot that runs is not disturbed.
            in_passing: With `read_only`: a schema of an older version will do, and nothing is left beside the file. Only
                for a question or two: a bot that starts meanwhile makes the answers unreliable.
        """
        self._path = path
        self._read_only = read_only
        self._in_passing = in_passing
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="spacebot-store", daemon=True)
        self._reader = None if read_only else Store(path, read_only=True)
        self._closed = True

    async def __aenter__(self) -> Self:
        """Open the file, creating it readable by its owner only, and bring the schema up to date.

        Raises:
            StoreError: the file cannot be opened, or is not a database of ours.
        """
        loop = asyncio.get_running_loop()
        opened = _Call(work=lambda _: None, loop=loop, answer=loop.create_future())
        self._calls.put(opened)
        self._thread.start()
        try:
            await opened.answer
            if self._reader is not None:
                await self._reader.__aenter__()
        except BaseException:
            self._calls.put(None)  # there will be no __aexit__
            raise
        self._closed = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        if self._reader is not None:
            await self._reader.__aexit__(kind, error, trace)
        self._calls.put(None)
        await asyncio.shield(asyncio.to_thread(self._thread.join))

    async def __call__(self, method: Callable[Concatenate[Queries, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one method of `Queries` as one transaction and return its result.

        Cancelling the caller does not undo the call.

        Raises:
            StoreError: SQLite could not do it (disk full, file locked or damaged); nothing was changed.
        """
        if self._closed:
            raise StoreError("The database is not open.")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._calls.put(_Call(work=lambda queries: method(queries, *args, **kwargs), loop=loop, answer=answer))
        return await answer

    async def read(self, method: Callable[Concatenate[Queries, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As a call, for a method that only reads: it sees every call that has returned, and waits for no other.

        Raises:
            StoreError: as a call; also where the method writes.
        """
        return await (self if self._reader is None else self._reader)(method, *args, **kwargs)

    def _work(self) -> None:
        first = self._calls.get()
        assert first is not None
        try:
            queries = Queries(_open(self._path, read_only=self._read_only, in_passing=self._in_passing))
        except Exception as error:  # noqa: BLE001 - whatever it is, the opener is told
            first.settle(None, StoreError(f"{self._path} cannot be opened: {error}"))
            return
        first.settle(None, None)
        try:
            while (call := self._calls.get()) is not None:
                batch, more = [call], True
                while more and len(batch) < MOST_PER_COMMIT:
                    try:
                        extra = self._calls.get_nowait()
                    except queue.Empty:
                        break
                    if extra is None:
                        more = False
                    else:
                        batch.append(extra)
                _commit(queries, batch)
                if not more:
                    break
        finally:
            queries.db.close()


def _commit(queries: Queries, batch: list[_Call]) -> None:
    """Run the batch in one transaction; if that fails as a whole, every call in it fails."""
    outcomes: list[tuple[object, BaseException | None]] = []
    try:
        with queries.db.atomic():
            for call in batch:
                try:
                    with queries.db.atomic():
                        outcomes.append((call.work(queries), None))
                except sqlite3.Error as error:
                    if not queries.db.conn.in_transaction:
                        raise  # SQLite rolled back the whole transaction (disk full, for example)
                    outcomes.append((None, StoreError(str(error))))
                except Exception as error:  # noqa: BLE001 - handed to the caller as it is
                    outcomes.append((None, error))
    except Exception as error:  # noqa: BLE001 - handed to every caller
        for call in batch:
            call.settle(None, StoreError(str(error)))
        return
    for call, (result, problem) in zip(batch, outcomes, strict=True):
        call.settle(result, problem)


def _open(path: Path, *, read_only: bool, in_passing: bool) -> Database:
    if read_only:
        # SQLite makes the files of the log to read along with a writer; where there are none, nobody writes.
        alone = in_passing and not path.with_name(f"{path.name}-wal").exists()
        mode = "mode=ro&immutable=1" if alone else "mode=ro"
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=BUSY_SECONDS)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made by ourselves, so that it is never readable by others, not even for a moment.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        _keep_private(path)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        db = Database(connection)
        _refuse_other_schemas(db, must_be_current=read_only and not in_passing)
        if not read_only:
            db.enable_wal()
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA synchronous = FULL")  # a lost 'sending' mark would cost a duplicate
            migrations.apply(db)
    except BaseException:
        connection.close()
        raise
    return db


def _keep_private(path: Path) -> None:
    """Let nobody but the owner read the database and what SQLite keeps beside it, whatever they allowed before."""
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_mode & 0o077:
                file.chmod(0o600)


def _refuse_other_schemas(db: Database, *, must_be_current: bool) -> None:
    """A newer version of this program has a newer schema, which this one would misread, loop after loop."""
    known = {one.name for one in migrations.pending(Database(memory=True))}
    unknown = {one.name for one in migrations.applied(db)} - known
    if unknown:
        raise StoreError(
            f"it was written by a newer version of spacebot (schema: {', '.join(sorted(unknown))}). Install that version"
            " again, or restore a backup from before the upgrade"
        )
    if must_be_current and migrations.pending(db):
        raise StoreError("it was written by an older version of spacebot. Start the bot once; it brings it up to date")
