"""What is handed out of a guild or a person is all that is theirs and nothing else; what is deleted is gone."""

import asyncio
import json
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.app import forget
from spacebot.domain.accounts import Link, SignIn
from spacebot.domain.guilds import Keyword
from spacebot.domain.ids import ChannelId, GuildId, MessageId, PersonId, RoleId, SpaceId, UserId
from spacebot.domain.views import Policies
from spacebot.present.privacy import kept_embed
from spacebot.store.connection import Store
from spacebot.store.privacy import OPERATORS_TABLES
from spacebot.store.queries import Queries
from spacebot.usecases.privacy import Privacy
from spacebot.x.model import User
from tests.clocks import START, FakeClock
from tests.store.seed import NO_PERMISSION, SPACE, claim, live, look, rows, send

GUILDS = (GuildId(7_000_000_000_000_000_001), GuildId(8_000_000_000_000_000_002))
PEOPLE = (PersonId(5_000_000_000_000_000_001), PersonId(6_000_000_000_000_000_002))
SEALED = "sealed-and-nobodys-business"
STATE = "digest-of-a-state"


def channel_of(guild: int, number: int) -> ChannelId:
    return ChannelId(GUILDS[guild] + 1000 + number)


def user(number: int) -> User:
    return User(id=UserId(str(9000 + number)), username=f"host{number}", name=f"Host {number}")


def marks(guild: int) -> list[str]:
    """What stands in the database of one guild alone."""
    return [str(GUILDS[guild])[:8], f"keyword-of-{guild}"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["channel", "role", "host", "keyword", "pause", "notice", "live"]),
        st.integers(0, 1),
        st.integers(0, 3),
        st.integers(0, 1),
    ),
    max_size=25,
)


async def take(store: Store, what: str, guild: int, number: int, person: int) -> None:
    """One thing that is stored of a guild."""
    guild_id, channel = GUILDS[guild], channel_of(guild, number)
    match what:
        case "channel":
            await store(Queries.set_channel, guild_id, channel)
        case "role":
            await store(Queries.set_roles, guild_id, [RoleId(guild_id + number)])
        case "host":
            await store(Queries.remember_users, [user(number)], START)
            await store(
                Queries.add_watch,
                guild_id=guild_id,
                host_id=user(number).id,
                channel_id=channel,
                by=PEOPLE[person],
                limit=100,
                now=START,
            )
        case "keyword":
            keyword = Keyword(guild_id=guild_id, text=f"keyword-of-{guild} {number}", channel_id=channel)
            await store(Queries.add_keyword, keyword, by=PEOPLE[person], limit=100, now=START)
        case "pause":
            await store(Queries.set_channel, guild_id, channel)
            await store(Queries.pause, channel, guild_id, NO_PERMISSION, START)
        case "notice":
            await store(Queries.set_channel, guild_id, channel)
            await store(Queries.note_refusal, channel, guild_id, NO_PERMISSION, START)
        case _:
            await store(Queries.remember_users, [user(number)], START)
            await look(store, live(SpaceId(f"1OyKAWXYZabc{number}"), user(number)))
            await send(store)


async def sign_in(store: Store, person: PersonId) -> None:
    """A link, a sign-in under way, and one that nobody has confirmed."""
    link = Link(
        person=person,
        access=SEALED.encode(),
        refresh=SEALED.encode(),
        expires_at=START,
        scopes="space.read users.read",
    )
    await store(Queries.set_link, link)
    await store(Queries.note_unconfirmed, f"key of {person}", link)
    until = START + timedelta(minutes=10)
    begun = SignIn(
        state=f"{STATE}{person}", person=person, person_name=f"name{person}", verifier=SEALED.encode(), until=until
    )
    await store(Queries.begin_sign_in, begun, START)


def everything(tables: Queries) -> dict[str, list[dict[str, Any]]]:
    """All rows of the database, by table."""
    names = [row["name"] for row in tables.db.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: list(tables.db.query(f"SELECT * FROM {name}")) for name in names}  # noqa: S608 - from the schema


async def play(steps: list[tuple[str, int, int, int]], folder: Path) -> None:
    async with Store(folder / "ledger.sqlite3") as store:
        for step in steps:
            await take(store, *step)
        for person in PEOPLE:
            await sign_in(store, person)
        await store(Queries.block_guild, GUILDS[0], 1, START)
        await store(Queries.allow_keywords, GUILDS[0], 1, START)
        changes: list[None] = []
        privacy = Privacy(store=store, clock=FakeClock(), links=None, on_change=lambda: changes.append(None))

        before = await store(everything)
        mine, other = [(await privacy.export_guild(guild)).decode() for guild in GUILDS]
        for text, own, foreign in ((mine, 0, 1), (other, 1, 0)):
            assert not [mark for mark in marks(foreign) if mark in text]
            shown = json.loads(text)
            assert shown["id"] == str(GUILDS[own])
            watches = [row for row in before["watches"] if row["guild_id"] == GUILDS[own]]
            assert len(shown["watches"]) + len(shown["keywords"]) == len(watches)
            for table, part in (("guilds", "configuration"), ("deliveries", "announcements"), ("notices", "notices")):
                assert len(shown[part]) == sum(row["guild_id"] == GUILDS[own] for row in before[table])
        me = (await privacy.export_person(PEOPLE[0])).decode()
        assert str(PEOPLE[1]) not in me
        assert [(row["host_id"], row["keyword"]) for row in json.loads(me)["added_by_me"]] == [
            (row["host_id"], row["keyword"]) for row in before["watches"] if row["added_by"] == PEOPLE[0]
        ]
        assert not [secret for secret in (SEALED, STATE, "key of") for text in (mine, other, me) if secret in text]

        await privacy.erase_person(PEOPLE[0])
        after = await store(everything)
        assert str(PEOPLE[0]) not in str(after)
        assert {len(after[table]) for table in ("links", "sign_ins", "unconfirmed")} == {1}
        assert len(after["watches"]) == len(before["watches"])  # the guilds go on following

        other = (await privacy.export_guild(GUILDS[1])).decode()
        await privacy.erase_guild(GUILDS[0])
        assert changes == [None]
        assert (await privacy.export_guild(GUILDS[1])).decode() == other
        left = await store(everything)
        kept = OPERATORS_TABLES | {"blocks"}
        assert not [mark for mark in marks(0) for table in left.keys() - kept if mark in str(left[table])]
        assert left["blocks"]  # what the operator decided is not undone by whom it is about
        assert left["keyword_permits"]


@given(STEPS)
@settings(max_examples=30)
def test_exports_are_complete_and_nobody_elses_and_deleting_leaves_nothing(
    steps: list[tuple[str, int, int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(steps, Path(folder)))


async def test_ids_are_text_and_times_are_readable_in_a_file(tmp_path: Path) -> None:
    async with Store(tmp_path / "ledger.sqlite3") as store:
        await take(store, "host", 0, 1, 0)
        await take(store, "live", 0, 1, 0)
        privacy = Privacy(store=store, clock=FakeClock(), links=None, on_change=lambda: None)
        shown = json.loads(await privacy.export_guild(GUILDS[0]))
    assert shown["format"] == "spacebot-export-1"
    assert shown["made_at"] == START.isoformat()
    [watch] = shown["watches"]
    assert (watch["host"], watch["host_id"], watch["added_by"]) == ("host1", "9001", str(PEOPLE[0]))
    assert watch["added_at"] == START.isoformat()
    [announcement] = shown["announcements"]
    assert announcement["channel_id"] == str(channel_of(0, 1))
    assert (announcement["kind"], announcement["state"]) == ("live", "sent")


async def test_what_x_told_a_creator_is_counted_and_handed_out_to_them_alone(tmp_path: Path) -> None:
    async with Store(tmp_path / "ledger.sqlite3") as store:
        await store(Queries.take_in, [live()], (), (), START)
        for person in PEOPLE:
            await sign_in(store, person)
        await store(Queries.note_own, PEOPLE[0], SPACE, START, reminders=41)
        privacy = Privacy(store=store, clock=FakeClock(), links=None, on_change=lambda: None)
        kept = [await privacy.kept(person, None) for person in PEOPLE]
        assert [each.own_counts for each in kept] == [1, 0]
        said = [str(kept_embed(each, Policies(), in_guild=False).fields[0].value) for each in kept]
        assert ["1 Space of yours" in each for each in said] == [True, False]
        [row] = json.loads(await privacy.export_person(PEOPLE[0]))["counts_of_my_spaces"]
        assert (row["space_id"], row["reminders"], row["tickets"]) == (SPACE, 41, None)
        assert row["seen_at"] == START.isoformat()
        assert json.loads(await privacy.export_person(PEOPLE[1]))["counts_of_my_spaces"] == []


async def test_who_had_themselves_forgotten_is_written_to_no_more(tmp_path: Path) -> None:
    async with Store(tmp_path / "ledger.sqlite3") as store:
        await take(store, "host", 0, 1, 0)
        await store(Queries.pause, channel_of(0, 1), GUILDS[0], NO_PERMISSION, START)
        due = START + timedelta(minutes=2)
        [notice] = await store(Queries.due_notices, due)
        assert notice.recipients == (PEOPLE[0],)
        await store(Queries.erase_person, PEOPLE[0])
        [notice] = await store(Queries.due_notices, due)
        assert notice.recipients == ()


async def test_what_is_being_sent_is_deleted_once_it_is_settled_and_its_number_is_nobodys_meanwhile(
    tmp_path: Path,
) -> None:
    async with Store(tmp_path / "ledger.sqlite3") as store:
        privacy = Privacy(store=store, clock=FakeClock(), links=None, on_change=lambda: None)
        await take(store, "host", 0, 1, 0)
        await look(store, live(SpaceId("1OyKAWXYZabc1"), user(1)))
        [job] = await claim(store)
        await privacy.erase_guild(GUILDS[0])
        await take(store, "host", 1, 2, 0)
        await look(store, live(SpaceId("1OyKAWXYZabc2"), user(2)))
        assert {row["guild_id"]: row["state"] for row in await rows(store)} == {
            GUILDS[0]: "sending",
            GUILDS[1]: "pending",
        }
        await store(Queries.mark_sent, job.delivery_id, MessageId(1), job.space.revision, START)
        [other] = await claim(store)
        assert other.guild_id == GUILDS[1]
        await forget(store, START + timedelta(hours=1))
        assert {row["guild_id"] for row in await rows(store)} == {GUILDS[1]}


class Counting(Privacy):
    """Counts the files that are made at the same time."""

    under_way = 0
    most = 0

    def _file(self, *args: Any) -> bytes:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        time.sleep(0.02)  # on a thread of its own
        self.under_way -= 1
        return super()._file(*args)


async def test_files_are_made_one_by_one_and_keep_nobody_waiting_who_writes(tmp_path: Path) -> None:
    done = threading.Event()
    async with Store(tmp_path / "ledger.sqlite3") as store:
        privacy = Counting(store=store, clock=FakeClock(), links=None, on_change=lambda: None)
        writing = asyncio.create_task(store(lambda _: done.wait(10)))
        async with asyncio.timeout(5):
            await privacy.kept(PEOPLE[0], GUILDS[0])
            await asyncio.gather(
                *(privacy.export_guild(GUILDS[0]) for _ in range(4)),
                *(privacy.export_person(PEOPLE[0]) for _ in range(4)),
            )
        done.set()
        assert await writing
    assert privacy.most == 1
