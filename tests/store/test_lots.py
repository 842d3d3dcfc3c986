"""What concerns thousands of rows is done in lots, and in the end it is as if it had been done at once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.app import forget
from spacebot.domain.ids import ChannelId, GuildId, PersonId, SpaceId, UserId
from spacebot.store.base import ms
from spacebot.store.connection import Store
from spacebot.store.deliveries import SERVED_AT_ONCE
from spacebot.store.forgetting import FORGOTTEN_AT_ONCE, GUILDS_KEPT, HISTORY_KEPT, KEPT_AFTER_END
from spacebot.store.queries import Queries
from spacebot.store.spaces import STARTS_KEPT
from spacebot.usecases.privacy import Privacy
from spacebot.watch.intake import TAKEN_AT_ONCE, take_in
from spacebot.watch.schedule import Schedule
from spacebot.watch.watcher import Watcher
from spacebot.watch.watchlists import FOLLOWED_AT_ONCE
from spacebot.x.model import Space, User
from tests.clocks import START, FakeClock
from tests.store.seed import COHOST, GUILD, HOST, SPACE, ended, live, opened, rows
from tests.watch.scripted import ScriptedX

MANY = 2 * SERVED_AT_ONCE + 7
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


def crowd(queries: Queries) -> None:
    """So many guilds follow both hosts, each in its own channel."""
    queries.remember_users([HOST, COHOST], START)
    for number in range(MANY):
        guild = GuildId(10_000 + number)
        queries.set_channel(guild, ChannelId(50_000 + number))
        for host in (HOST, COHOST):
            queries.add_watch(
                guild_id=guild, host_id=host.id, channel_id=None, also_cohost=True, by=1, limit=9, now=START
            )


async def test_a_space_that_thousands_follow_is_announced_to_each_once(store: Store) -> None:
    await store(crowd)
    seen = live(host_ids=(HOST.id, COHOST.id))
    taken = await store(Queries.take_in, [seen], (), (), START)
    assert taken.unserved == [SPACE]
    assert len(await rows(store)) < SERVED_AT_ONCE + 1
    unserved = taken.unserved
    while unserved:
        unserved = await store(Queries.serve, unserved, START)
    deliveries = await rows(store)
    assert len({row["channel_id"] for row in deliveries}) == len(deliveries) == MANY + 1
    assert {row["guest_id"] for row in deliveries} == {None}, "both watches of a guild go together"
    [audience] = await store(lambda queries: list(queries.db.query("SELECT count(*) AS n FROM audience")))
    assert audience["n"] == 2 * MANY + 1
    assert (await store(Queries.take_in, [seen], (), (), START)).unserved == []


async def test_an_answer_leaves_nobody_out_however_many_follow(store: Store) -> None:
    await store(crowd)
    changes = await take_in(store, [live()], (), (HOST,), START, by="sweep")
    assert [change.value for _, change in changes] == ["live"]
    assert len(await rows(store)) == MANY + 1


async def test_the_end_is_announced_to_all_in_one_call_as_no_look_comes_again(store: Store) -> None:
    await store(crowd)
    await take_in(store, [live()], (), (), START, by="sweep")
    for number in range(SERVED_AT_ONCE):
        moments = {"scheduled": False, "reminder_minutes": None, "live": True, "ended": True}
        await store(Queries.set_moments, GuildId(10_000 + number), START, **moments)  # type: ignore[arg-type]  # any of them
    taken = await store(Queries.take_in, [ended()], (), (), START + MINUTE)
    assert taken.unserved == []
    assert sum(row["kind"] == "ended" for row in await rows(store)) == SERVED_AT_ONCE


async def test_a_large_answer_is_stored_whole_and_its_accounts_first(store: Store) -> None:
    hosts = [User(id=UserId(str(70_000 + one)), username=f"host_{one}", name="H") for one in range(TAKEN_AT_ONCE + 5)]
    spaces = [live(SpaceId(f"1L{one:04d}"), host) for one, host in enumerate(hosts)]
    changes = await take_in(store, spaces, [SPACE], hosts, START, by="sweep")
    assert [record.space_id for record, _ in changes] == [space.id for space in spaces]
    assert set(await store(Queries.accounts, [host.id for host in hosts])) == {host.id for host in hosts}


async def test_what_is_old_goes_however_much_it_is(store: Store) -> None:
    await store(crowd)
    await take_in(store, [live()], (), (), START, by="sweep")
    late = [live(SpaceId(f"1T{one:05d}"), COHOST) for one in range(130)]
    await store(Queries.remove_watch, GUILD, HOST.id, START)

    def many(queries: Queries) -> None:
        for number in range(FORGOTTEN_AT_ONCE + 30):
            record = (ms(START), f"1R{number:06d}", HOST.id)
            queries.db.execute(
                "INSERT INTO spaces (first_seen_at, space_id, host_id, phase, title, last_seen_at, revision)"
                " VALUES (?, ?, ?, 'ended', 'A title', 0, 1)",
                record,
            )

    await store(many)
    await take_in(store, late, (), (), START, by="sweep")
    end = START + MINUTE
    over = [Space(id=space.id, state=ended().state) for space in (live(), *late)]
    await take_in(store, over, (), (), end, by="sweep")
    assert await forget(store, end + KEPT_AFTER_END) == len(late) + 1 + FORGOTTEN_AT_ONCE + 30
    await forget(store, end + HISTORY_KEPT)
    [left] = await store(
        lambda queries: list(
            queries.db.query(
                "SELECT (SELECT count(*) FROM spaces) AS spaces, (SELECT count(*) FROM deliveries) AS deliveries,"
                " (SELECT count(*) FROM audience) AS audience"
            )
        )
    )
    assert left == {"spaces": 0, "deliveries": 0, "audience": 0}


async def test_guilds_that_left_go_however_many(store: Store) -> None:
    await store(crowd)
    await take_in(store, [live()], (), (), START, by="sweep")
    await store(Queries.reconcile, [GUILD], START)
    await forget(store, START + GUILDS_KEPT)
    assert [row["guild_id"] for row in await rows(store)] == [GUILD]
    assert await store(lambda queries: [row["guild_id"] for row in queries.db.query("SELECT * FROM guilds")]) == [GUILD]


async def test_a_guild_with_thousands_of_announcements_is_handed_out_and_erased_whole(store: Store) -> None:
    def announced(queries: Queries) -> None:
        for number in range(4200):
            space = SpaceId(f"1A{number:06d}")
            queries.db.execute(
                "INSERT INTO spaces (space_id, host_id, phase, first_seen_at, last_seen_at, revision)"
                " VALUES (?, ?, 'ended', 0, 0, 1)",
                (space, HOST.id),
            )
            queries.db.execute(
                "INSERT INTO deliveries (space_id, channel_id, kind, guild_id, state, wanted, next_try_at, created_at)"
                " VALUES (?, 110, 'live', ?, 'sent', 1, 0, ?)",
                (space, GUILD, number),
            )

    await store(announced)
    privacy = Privacy(store=store, clock=FakeClock(), links=None, on_change=lambda: None)
    file = (await privacy.export_guild(GUILD)).decode()
    assert file.count('"space_id"') == 4200
    assert file.index("1A004199") < file.index("1A000000"), "the newest first"
    await privacy.erase_guild(GUILD)
    assert await rows(store) == []
    assert (await privacy.kept(PersonId(1), GUILD)).announcements == 0


async def test_the_plan_follows_and_learns_more_hosts_than_one_call_brings(store: Store) -> None:
    count = 2 * FOLLOWED_AT_ONCE + 3

    def followed(queries: Queries) -> None:
        hosts = [User(id=UserId(str(80_000 + one)), username=f"host_{one}", name="H") for one in range(count)]
        queries.remember_users(hosts, START)
        for host in hosts:
            queries.add_watch(guild_id=GUILD, host_id=host.id, channel_id=None, by=1, limit=10_000, now=START)

    await store(followed)
    clock = FakeClock()
    learned: dict[UserId, float] = {}
    plan_learn = Schedule.learn

    def learn(plan: Schedule, starts: object, since: dict[UserId, float]) -> None:
        assert not learned.keys() & since.keys(), "each once"
        learned.update(since)
        plan_learn(plan, starts, since)  # type: ignore[arg-type]  # what was handed in

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Schedule, "learn", learn)
        watcher = Watcher(source=ScriptedX(clock), store=store, clock=clock, on_work=lambda: None)
        await watcher.watchlists.refresh()
    assert watcher.watchlists.count == len(learned) == count + 1
    await store(Queries.remove_watch, GUILD, HOST.id, START)
    watcher.watchlists.changed()
    await watcher.watchlists.refresh()
    assert watcher.watchlists.count == count
    assert HOST.id not in await watcher.watchlists.most_valuable(count)


async def test_of_a_host_who_starts_often_the_last_starts_are_read_and_of_the_others_in_the_next_call(
    store: Store,
) -> None:
    def started(queries: Queries) -> None:
        for host in (HOST, COHOST):
            for number in range(STARTS_KEPT + 5):
                queries.db.execute(
                    "INSERT INTO spaces (space_id, host_id, phase, started_at, first_seen_at, last_seen_at, revision)"
                    " VALUES (?, ?, 'ended', ?, 0, 0, 1)",
                    (f"1{host.id}x{number}", host.id, 1000 * number),
                )

    await store(started)
    past = await store(Queries.starts, [HOST.id, COHOST.id], 10)
    assert past.hosts == 1
    assert [at for _, at, _ in past.starts] == [float(number) for number in range(STARTS_KEPT + 4, 4, -1)]
    assert past.since == {HOST.id: START.timestamp()}
    past = await store(Queries.starts, [HOST.id, COHOST.id])
    assert (past.hosts, len(past.starts)) == (2, 2 * STARTS_KEPT)


async def test_guilds_that_are_known_to_be_there_change_nothing(store: Store) -> None:
    assert not await store(Queries.reconcile, [GUILD], START)
    assert await store(Queries.reconcile, [], START)
    assert not await store(Queries.reconcile, [], START + MINUTE)
    assert await store(Queries.reconcile, [GUILD], START)


async def test_however_much_was_under_way_all_of_it_is_due_after_a_start(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacebot.store.deliveries.MADE_DUE_AT_ONCE", 3)
    await store(crowd)
    await take_in(store, [live()], (), (), START, by="sweep")
    under_way = len(await store(Queries.claim, 7, START))
    assert under_way == 7
    lots = [await store(Queries.release, START + MINUTE) for _ in range(4)]
    assert lots == [[True] * 3, [True] * 3, [True], []]
    assert len(await store(Queries.claim, 7, START + MINUTE)) == 7
