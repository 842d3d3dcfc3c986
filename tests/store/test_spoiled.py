"""One thing that cannot be stored costs only itself: the others of the same look are stored and announced."""

import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import SpaceRecord
from spacebot.errors import StoreError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import User
from tests.clocks import START
from tests.store.seed import HOST, SPACE, claim, live, look, opened

BAD = SpaceId("1Bad")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


@pytest.mark.parametrize(
    "bad", [{"participant_count": 2**63}, {"title": "\ud800"}, {"title": ["no text"]}, {"lang": 7j}]
)
async def test_a_space_that_cannot_be_stored_keeps_no_other_from_being_announced(
    store: Store, bad: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        changes = await look(store, live(BAD, HOST, **bad), live())
        assert [record.space_id for record, _ in changes] in ([SPACE], [])
    assert [job.space.space_id for job in await claim(store)] == [SPACE]
    assert await store(Queries.space, BAD) is None
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 1, "once, however often it comes"
    assert "1Bad" in told[0]

    await look(store, live(BAD), live())
    assert [job.space.space_id for job in await claim(store)] == [BAD]


async def test_the_log_can_always_be_written(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    await store(Queries.take_in, [live(SpaceId("1\udc00\n"))], [], [], START)
    assert "1\\udc00\\n cannot be stored" in caplog.text
    assert caplog.text.isascii()


async def test_half_a_look_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Queries, record: SpaceRecord, *args: object) -> None:
        if record.space_id == BAD:
            raise OverflowError

    real = Queries._want_revision

    def want(tables: Queries, record: SpaceRecord, *args: object) -> None:
        fail(tables, record)
        real(tables, record, *args)  # type: ignore[arg-type]  # whatever it takes

    monkeypatch.setattr(Queries, "_want_revision", want)
    await look(store, live(BAD), live())
    assert await store(Queries.space, BAD) is None, "it was saved before the failure, and taken back with it"
    assert [job.space.space_id for job in await claim(store)] == [SPACE]


async def test_an_account_that_cannot_be_stored_keeps_no_other_from_being_known(store: Store) -> None:
    users = [User(id=UserId("1"), username="a", name="\ud800"), User(id=UserId("2"), username="b", name="B")]
    await store(Queries.remember_users, users, START)
    assert list(await store(Queries.accounts, [UserId("1"), UserId("2")])) == ["2"]


async def test_a_handle_that_x_leaves_out_is_no_new_handle(store: Store) -> None:
    await store(Queries.remember_users, [User(id=HOST.id, name="Tea")], START)
    assert (await store(Queries.accounts, [HOST.id]))[HOST.id].username == HOST.username
    assert await store(lambda tables: list(tables.db.query("SELECT * FROM notices"))) == []


async def test_a_database_that_fails_is_no_matter_of_one_space(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Queries, "_save_space", full)
    with pytest.raises(StoreError):
        await look(store, live())


@pytest.mark.parametrize("no_id", ["a/../b", "1" * 20, "", "https://evil.example"])
async def test_what_has_no_id_is_not_stored_whoever_shows_it(store: Store, no_id: str) -> None:
    users = [User(id=UserId(no_id), username="a", name="A")]
    await store(Queries.take_in, [live(SpaceId(no_id)), live()], (), users, START)
    assert [record.space_id for record in await store(Queries.open_spaces)] == [SPACE]
    assert not await store(Queries.accounts, [UserId(no_id)])
