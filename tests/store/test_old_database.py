"""A database of the program that kept reasons as sentences, in the middle of its deliveries, is taken over whole.

`before_reasons.db` was made by that program: deliveries in every state, each reason that there was, paused channels,
notices told and untold, reminders that wait, keywords, a guild that left, Spaces in every phase.
"""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spacebot.domain.deliveries import Kind
from spacebot.domain.ids import ChannelId, GuildId, SpaceId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import Phase, State
from spacebot.present.reasons import sentence
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import Space
from tests.clocks import START
from tests.store.seed import COHOST, claim, follow, live, look

OLD = Path(__file__).parent / "before_reasons.db"
MINUTE = timedelta(minutes=1)
NOW = START + 5 * MINUTE
UNKNOWN = "a sentence that nobody knows"

PLANNER, FICKLE, WORDS, LEFT = (GuildId(guild) for guild in (10000, 10100, 10200, 10300))
"""Guilds that want every moment, that unfollowed, that watch for a keyword, that the bot has left."""

SECOND = SpaceId("1second")
NEW_NAMES = {"turn": "priority", "participants": "participant_count"}
"""Columns that are called otherwise since then."""

GONE = {"role_id"}
"""Columns whose values stand in others since then."""

Rows = list[dict[str, Any]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    shutil.copy(OLD, tmp_path / "ledger.sqlite3")
    async with Store(tmp_path / "ledger.sqlite3") as store:
        yield store


def before(sql: str) -> Rows:
    """Rows of the old file."""
    with closing(sqlite3.connect(f"file:{OLD}?mode=ro&immutable=1", uri=True)) as reader:
        reader.row_factory = sqlite3.Row
        return [{**row} for row in reader.execute(sql)]


async def after(store: Store, sql: str) -> Rows:
    """Rows as they are now."""
    return await store(lambda queries: list(queries.db.query(sql)))


def test_the_old_file_has_everything_that_is_to_be_taken_over() -> None:
    told = {(row["state"], row["reason"] is not None) for row in before("SELECT state, reason FROM deliveries")}
    assert told >= {("pending", False), ("sending", False), ("sending", True), ("sent", False), ("sent", True)}
    assert told >= {("failed", True), ("skipped", True)}
    assert {row["phase"] for row in before("SELECT phase FROM spaces")} == set(Phase)
    assert {row["told_at"] is None for row in before("SELECT told_at FROM notices WHERE matter = 'paused'")} == {
        True,
        False,
    }


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("deliveries", "reason"),
        ("pauses", "reason"),
        ("notices", "detail"),
        ("audience", None),
        ("spaces", None),
        ("users", None),
        ("guilds", None),
        ("watches", None),
        ("notes", None),
    ],
)
async def test_every_row_is_there_and_only_its_reason_is_kept_otherwise(
    store: Store, table: str, reason: str | None
) -> None:
    sql = f"SELECT * FROM {table} ORDER BY 1, 2"  # noqa: S608 - a constant
    old, new = before(sql), await after(store, sql)
    assert old
    names = {name: NEW_NAMES[name] if NEW_NAMES.get(name) in new[0] else name for name in old[0] if name not in GONE}
    assert [{names[name]: value for name, value in row.items() if name in names and name != reason} for row in old] == [
        {name: row[name] for name in names.values() if name != reason} for row in new
    ]  # columns that are younger than the file are no concern of it


@pytest.mark.parametrize("table", ["guilds", "watches"])
async def test_the_one_role_is_the_first_of_several_now(store: Store, table: str) -> None:
    old = before(f"SELECT role_id FROM {table} ORDER BY 1, rowid")  # noqa: S608 - a constant
    new = await after(store, f"SELECT roles FROM {table}")  # noqa: S608 - a constant
    was = [None if row["role_id"] is None else f"[{row['role_id']}]" for row in old]
    assert sorted(was, key=str) == sorted((row["roles"] for row in new), key=str)


async def test_nobody_is_on_hold_in_an_old_database(store: Store) -> None:
    assert not (await store(Queries.guild, PLANNER)).on_hold
    assert not any(line.on_hold for line in await store(Queries.watch_lines, PLANNER))


@pytest.mark.parametrize(
    ("table", "reason", "only"),
    [("deliveries", "reason", "TRUE"), ("pauses", "reason", "TRUE"), ("notices", "detail", "matter = 'paused'")],
)
async def test_each_sentence_is_a_code_now_that_reads_as_the_sentence_did(
    store: Store, table: str, reason: str, only: str
) -> None:
    sql = f"SELECT {reason} AS why FROM {table} WHERE {reason} IS NOT NULL AND {only} ORDER BY rowid"  # noqa: S608 - constants
    kept = zip(before(sql), await after(store, sql), strict=True)
    read = {str(old["why"]): Obstacle.parse(str(new["why"])) for old, new in kept}
    assert read.pop(UNKNOWN) == Obstacle(reason=Reason.OTHER)
    assert read
    said = {old.replace("announcements", "posts"): sentence(obstacle) for old, obstacle in read.items()}
    # What to tap follows now.
    assert [old for old, now in said.items() if not old.startswith(now.partition(": *")[0])] == []


async def test_what_concerns_accounts_is_told_as_before(store: Store) -> None:
    sql = "SELECT * FROM notices WHERE matter != 'paused'"
    assert len(before(sql)) == 2
    assert [{**row, "told_before": None} for row in before(sql)] == await after(store, sql)


async def test_the_reasons_are_the_right_ones(store: Store) -> None:
    kept = await after(store, "SELECT DISTINCT reason FROM deliveries WHERE reason IS NOT NULL")
    assert {row["reason"] for row in kept} == {
        "message_deleted",
        "deleted_at_end",
        "over",
        "unwatched",
        "channel_gone",
        "channel_unknown",
        "not_for_messages",
        "guild_unavailable",
        "thread_locked",
        "permissions_refused",
        "permissions_missing send_messages",
        "permissions_missing view_channel send_messages_in_threads embed_links",
        "channel_refused 403 20001",
        "automod",
        "message_refused 400 50035",
        "discord_failed 502",
        "slow_down",
        "unreachable",
        "no_answer TimeoutError",
        "unforeseen",
        "other",
    }


async def test_the_courier_goes_on_with_what_was_never_sent_and_then_with_edits_the_newest_first(store: Store) -> None:
    due = before(
        f"""
        SELECT delivery_id, channel_id FROM deliveries
        WHERE (state IN ('pending', 'sending', 'failed') OR (state = 'sent' AND shown < wanted))
          AND next_try_at <= {round(NOW.timestamp() * 1000)} AND channel_id NOT IN (SELECT channel_id FROM pauses)
        ORDER BY turn, delivery_id
        """  # noqa: S608 - a number
    )
    firsts = {row["channel_id"]: row["delivery_id"] for row in reversed(due)}
    in_order = [row["delivery_id"] for row in due if firsts[row["channel_id"]] == row["delivery_id"]]
    assert len(in_order) > 10
    assert [job.delivery_id for job in await claim(store, NOW, 100)] == in_order
    more = [job.delivery_id for _ in due for job in await claim(store, NOW, 100)]
    assert sorted([*in_order, *more]) == sorted(row["delivery_id"] for row in due), "one after another in a channel"


async def test_what_was_under_way_is_looked_for_and_what_was_refused_is_not(store: Store) -> None:
    jobs = {job.delivery_id: job for job in await claim(store, NOW, 100)}
    before_now = {row["delivery_id"]: row for row in before("SELECT * FROM deliveries")}
    for delivery_id, job in jobs.items():
        tried = before_now[delivery_id]["first_attempt_at"]
        assert (job.first_attempt_at is None) == (tried is None)
        assert job.message_id == before_now[delivery_id]["message_id"]


async def test_a_channel_that_opens_gets_its_message_at_once(store: Store) -> None:
    [pause] = [pause for pause in await store(Queries.pauses) if pause.channel_id == 2210]
    assert pause.obstacle == Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("send_messages",))
    assert not await store(Queries.pause, pause.channel_id, pause.guild_id, pause.obstacle, NOW), "it is no news"
    await store(Queries.resume, ChannelId(2210), NOW)
    assert 2210 in {job.channel_id for job in await claim(store, NOW, 100)}


async def test_a_reminder_waits_for_its_time(store: Store) -> None:
    async def is_due(after: timedelta) -> bool:
        """Whether it is, behind what else is due in its channel."""
        jobs = [job for _ in range(9) for job in await claim(store, START + after, 100)]
        return any(job.kind is Kind.REMINDER for job in jobs)

    assert not await is_due(45 * MINUTE - timedelta(seconds=1))
    assert await is_due(45 * MINUTE)


async def test_what_was_skipped_comes_back_when_it_is_wanted_again(store: Store) -> None:
    def of(rows: Rows, delivery_id: int) -> tuple[object, object]:
        [row] = [row for row in rows if row["delivery_id"] == delivery_id]
        return row["state"], row["reason"]

    sql = "SELECT * FROM deliveries"
    rows = await after(store, sql)
    assert [of(rows, one) for one in (34, 31)] == [("skipped", "unwatched"), ("skipped", "over")]
    await follow(store, COHOST, guild=FICKLE, now=NOW)
    await look(store, live(SECOND, COHOST, title="Second"), live(SpaceId("1gone"), COHOST), now=NOW)
    rows = await after(store, sql)
    assert [of(rows, one) for one in (34, 31)] == [("pending", None)] * 2
    assert [of(rows, one) for one in (4, 5)] == [("skipped", "message_deleted"), ("skipped", "deleted_at_end")]


async def test_a_canceled_space_that_is_planned_again_under_its_id_stays_canceled(store: Store) -> None:
    planned = Space(id=SpaceId("1canceled"), state=State.SCHEDULED, creator_id=COHOST.id, scheduled_start=NOW)
    await look(store, planned, now=NOW)
    rows = await after(store, "SELECT state FROM deliveries WHERE space_id = '1canceled'")
    assert {row["state"] for row in rows} == {"skipped"}


async def test_notices_that_were_told_are_not_told_again(store: Store) -> None:
    due = await store(Queries.due_notices, NOW, 100)
    untold = before("SELECT notice_id FROM notices WHERE told_at IS NULL")
    waits = {2}  # nobody could be told, and it is tried again in an hour
    assert {notice.notice_id for notice in due} == {row["notice_id"] for row in untold} - waits
    assert all((notice.obstacle is None) == (notice.channel_id is None) for notice in due)


async def test_a_guild_that_left_and_a_keyword_have_what_they_had(store: Store) -> None:
    assert {keyword.text for keyword in await store(Queries.keywords, WORDS)} == {"second", "type theory"}
    await look(store, live(SECOND, COHOST, title="Third"), now=NOW)
    [waiting] = await after(store, f"SELECT wanted, state FROM deliveries WHERE guild_id = {LEFT}")  # noqa: S608 - a constant
    assert waiting == {"wanted": 2, "state": "pending"}
    past = {past.space.space_id: past for past in await store(Queries.past, PLANNER)}
    assert past[SpaceId("1ended")].state in {"skipped", "pending"}
