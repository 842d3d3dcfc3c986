"""A watchlist as a file and back: nothing of it is lost, nothing of it is run, and each bad line is told with its reason."""

import asyncio
import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.filters import LONGEST_WORD, Filter, tokens
from spacebot.domain.guilds import MOST_ROLES, Keyword, Watch, in_order
from spacebot.domain.ids import ChannelId, GuildId, RoleId, UserId, everyone
from spacebot.domain.looks import Look
from spacebot.domain.mistakes import Mistake
from spacebot.domain.views import Imported
from spacebot.errors import StoreError, UserMistake, XDown, XNotFound
from spacebot.present.bulk import imported, wrong_rows
from spacebot.present.limits import CONTENT_LIMIT
from spacebot.present.text import units
from spacebot.sandbox.x import Fault
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases import watch_csv
from spacebot.usecases.bulk import Bulk
from spacebot.usecases.guilds import normalised
from spacebot.usecases.looks import text_of
from spacebot.usecases.watch_csv import (
    COLUMNS,
    MOST_LINES,
    MOST_SPAN,
    REASON,
    Line,
    Named,
    escaped,
    read,
    unescaped,
    written,
)
from spacebot.x.model import User
from tests.store.seed import ADMIN, FAR_GUILD, GUILD
from tests.usecases.test_accounts import Desk, desk

CLOSED = ChannelId(666)
"""A channel in which nobody here may write."""


class Places:
    """Takes every channel and role that is named by id, but one."""

    def channel(self, named: Named) -> ChannelId:
        if named.id is None or named.id == CLOSED:
            raise UserMistake(Mistake.CHANNEL_UNSEEN)
        return ChannelId(named.id)

    def roles(self, named: Sequence[Named], channel_id: ChannelId | None) -> tuple[RoleId, ...]:
        if len(named) > MOST_ROLES:
            raise UserMistake(Mistake.TOO_MANY_ROLES, most=MOST_ROLES)
        return in_order([RoleId(each.id) for each in named if each.id is not None])


@dataclass
class Names:
    """Names as people choose them."""

    channels: dict[int, str] = field(default_factory=dict)
    roles: dict[int, str] = field(default_factory=dict)

    def channel(self, channel_id: ChannelId) -> str:
        return self.channels.get(channel_id, "")

    def role(self, role_id: RoleId) -> str:
        return self.roles.get(role_id, "")


@dataclass(kw_only=True)
class Office:
    """The use cases on a local X."""

    desk: Desk
    bulk: Bulk
    changes: list[None]

    @property
    def store(self) -> Store:
        return self.desk.store

    async def take(self, content: bytes | str, guild_id: GuildId = GUILD) -> Imported:
        raw = content.encode() if isinstance(content, str) else content
        return await self.desk.of(self.bulk.take(guild_id, raw, Places(), by=ADMIN))

    async def watches(self, guild_id: GuildId) -> list[Watch]:
        lines = await self.store(Queries.watch_lines, guild_id)
        return [replace(line.watch, watch_id=0) for line in lines]

    async def keywords(self, guild_id: GuildId) -> list[Keyword]:
        found = await self.store(Queries.keywords, guild_id)
        return [replace(each, watch_id=0, guild_id=GUILD) for each in found]


@asynccontextmanager
async def office(
    folder: Path, *, a_day: int | None = None, limit: int = 10_000, may_have_keywords: bool = True
) -> AsyncIterator[Office]:
    async with desk(folder, a_day=a_day) as one:
        changes: list[None] = []
        bulk = Bulk(
            lookups=one.lookups,
            store=one.store,
            clock=one.clock,
            watch_limit=limit,
            keyword_limit=50,
            may_have_keywords=lambda _: may_have_keywords,
            on_change=lambda: changes.append(None),
        )
        yield Office(desk=one, bulk=bulk, changes=changes)


def reasons(done: Imported) -> Counter[object]:
    return Counter(each.why.mistake if isinstance(each.why, UserMistake) else type(each.why) for each in done.wrong)


NASTY = st.sampled_from(
    ["=1+1", "@cmd", "-2", "+3", "'", "''=x", '"', ";", ",", "\t", "\r\n", "\n", " ", "＝x", "🎧", "é"]  # noqa: RUF001 - as some keyboards type it
)
TEXTS = st.lists(NASTY | st.text(max_size=6), max_size=6).map("".join)
IDS = st.integers(1, 2**63 - 1)
LOOKS = st.builds(
    Look,
    text=st.none() | TEXTS.map(lambda text: text_of(text.replace("{", "").replace("}", ""))),
    accent=st.none() | st.integers(0, 0xFFFFFF),
)
OWN = {
    "channel_id": st.none() | IDS.filter(lambda each: each != CLOSED).map(ChannelId),
    "roles": st.lists(IDS.map(RoleId), max_size=MOST_ROLES).map(in_order),
}
WORDS = st.lists(
    TEXTS.map(lambda text: normalised(re.sub("[,;\n\u3001\uff0c\u060c]", " ", text))).filter(
        lambda text: 0 < len(text) <= LONGEST_WORD and bool(tokens(text))
    ),
    max_size=3,
    unique_by=tokens,
).map(tuple)
FILTERS = st.builds(
    Filter,
    want=WORDS,
    shun=WORDS,
    lang=st.none() | st.sampled_from(["en", "pt-br", "he"]),
    ticketed=st.none() | st.booleans(),
).filter(lambda each: not {*map(tokens, each.want)} & {*map(tokens, each.shun)})
WATCHES = st.builds(
    Watch,
    watch_id=st.just(0),
    host=st.none(),
    also_cohost=st.booleans(),
    on_hold=st.booleans(),
    look=LOOKS,
    filter=FILTERS,
    **OWN,
)
KEYWORDS = st.builds(
    Keyword,
    guild_id=st.just(GUILD),
    text=TEXTS.map(normalised).filter(lambda text: 0 < len(text) <= 100 and normalised(text) == text),
    lang=st.none() | st.sampled_from(["en", "pt-br", "iw"]).map(lambda code: {"iw": "he"}.get(code, code)),
    least=st.none() | st.integers(1, 1_000_000),
    ticketed=st.none() | st.booleans(),
    **OWN,
)
LISTS = st.tuples(
    st.lists(WATCHES, max_size=5),
    st.lists(KEYWORDS, max_size=4, unique_by=lambda keyword: keyword.text),
    st.dictionaries(IDS, TEXTS, max_size=3),
    TEXTS,
)


@settings(max_examples=40, deadline=None)
@given(LISTS)
def test_an_exported_watchlist_is_the_same_in_another_guild_whatever_its_options(
    lists: tuple[list[Watch], list[Keyword], dict[int, str], str],
) -> None:
    watches, keywords, names, name = lists

    async def play(folder: Path) -> None:
        async with office(folder) as one:
            now = one.desk.clock.now()
            users = [User(id=UserId(str(2**62 + at)), username=f"host{at}", name=name) for at in range(len(watches))]
            await one.store(Queries.remember_users, users, now)
            known = await one.store(Queries.accounts, [user.id for user in users])
            for user, watch in zip(users, watches, strict=True):
                made = replace(watch, host=known[user.id])
                await one.store(Queries.put_watch, GUILD, made, by=ADMIN, limit=99, now=now)
            for keyword in keywords:
                await one.store(Queries.put_keyword, keyword, by=ADMIN, limit=99, now=now)
            exported = await one.bulk.export(GUILD, Names(channels=names, roles=names))
            if not watches and not keywords:
                with pytest.raises(UserMistake, match=Mistake.FILE_EMPTY):
                    await one.take(exported, FAR_GUILD)
                return
            done = await one.take(exported, FAR_GUILD)
            assert not done.wrong
            assert done.new == len(watches) + len(keywords)
            assert await one.watches(FAR_GUILD) == await one.watches(GUILD)
            assert await one.keywords(FAR_GUILD) == await one.keywords(GUILD)
            assert not one.desk.asked, "what is known today is not bought"
            again = await one.take(exported, FAR_GUILD)
            assert (again.new, again.changed, again.same) == (0, 0, done.new)
            assert await one.bulk.export(FAR_GUILD, Names(channels=names, roles=names)) == exported

    with TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_every_cell_comes_back_and_none_is_run_whatever_a_spreadsheet_takes_for_a_separator(cells: list[str]) -> None:
    assert [unescaped(escaped(cell)) for cell in cells] == cells
    content = written([dict(zip(COLUMNS, cells, strict=False))]).decode("utf-8-sig")
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator):
            begins = [cell.lstrip(' "')[:1] for cell in row]
            assert not set(begins) & set("=+-@＝＋－＠"), row  # noqa: RUF001 - what spreadsheets take for them


@given(
    st.binary(max_size=300)
    | st.lists(NASTY | st.text(max_size=8), max_size=40).map(lambda parts: "".join(parts).encode())
)
def test_whatever_is_no_such_file_is_read_line_by_line_or_refused(content: bytes) -> None:
    lines: list[Line] = []
    with contextlib.suppress(UserMistake):  # it has no line at all
        lines = read(content)
    numbers = [line.number for line in lines]
    assert numbers == sorted(set(numbers))
    assert all(set(line.cells) <= set(COLUMNS) for line in lines)
    told = written(
        [{**line.cells, "line": str(line.number)} for line in lines if line.wrong], columns=(*REASON, *COLUMNS)
    )
    told.decode("utf-8-sig")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfhandle,paused\r\nann,yes\r\n",
        "handle;paused\nann;yes\n".encode("utf-16"),
        b"Handle\tPaused\n@ann\tYES",
        b'\n\nnotes,paused,handle\n"of\nours",1,https://x.com/ann?s=20\n,,\n',
        b'handle,paused\n"ann","yes"\n',
    ],
)
async def test_files_of_spreadsheets_are_read(tmp_path: Path, content: bytes) -> None:
    async with office(tmp_path) as one:
        one.desk.x.add_user("ann")
        done = await one.take(content)
        assert (done.new, done.wrong) == (1, ())
        assert [watch.on_hold for watch in await one.watches(GUILD)] == [True]


async def test_a_column_that_is_lacking_changes_nothing_and_an_empty_cell_takes_what_is_usual(tmp_path: Path) -> None:
    async with office(tmp_path) as one:
        one.desk.x.add_user("ann")
        await one.take("handle,channel,paused,text,accent\nann,<#5>,yes,On: {host},teal\n")
        assert (await one.take("ann\n")).same == 1
        assert (await one.take("handle,paused\n@ann,\n")).changed == 1
        [watch] = await one.watches(GUILD)
        assert (watch.channel_id, watch.on_hold, watch.look.text) == (5, False, "On: {host}")
        assert (await one.take("handle,channel,text\n@ann,,\n")).changed == 1
        [watch] = await one.watches(GUILD)
        assert (watch.channel_id, watch.look) == (None, Look(accent=0x1ABC9C))
        assert one.desk.asked == ["usernames"]
        assert len(one.changes) == 3


async def test_a_quote_that_is_never_closed_spoils_its_own_line_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as one:
        names = [one.desk.x.add_user(f"host{number}").username for number in range(3 * MOST_SPAN)]
        lines = [f"{name},hello" for name in names]
        lines[1] = f'{names[1]},"hello'
        done = await one.take("\n".join(["handle,text", *lines]))
        assert [(each.number, each.why.mistake) for each in done.wrong if isinstance(each.why, UserMistake)] == [
            (3, Mistake.QUOTES_WRONG)
        ]
        assert done.new == len(names) - 1


BAD = {
    "host,bad handle,,,,,,,,": Mistake.BLANK_IN_HANDLE,
    "host,,,,,,,,,": Mistake.NO_HOST,
    "host,https://example.com/ann,,,,,,,,": Mistake.FOREIGN_LINK,
    "host,nobody,,,,,,,,": XNotFound,
    "host,ann,,,,,,,,": Mistake.NAMED_TWICE,
    f"host,bob,,<#{CLOSED}>,,,,,,": Mistake.CHANNEL_UNSEEN,
    "host,bob,,,<@5>,,,,,": Mistake.CELL_WRONG,
    "host,bob,,,<@&1> <@&2> <@&3> <@&4> <@&5> <@&6>,,,,,": Mistake.TOO_MANY_ROLES,
    "host,bob,,,,perhaps,,,,": Mistake.CELL_WRONG,
    "host,bob,,,,,{nobody} is on,,,": Mistake.UNKNOWN_VARIABLE,
    "host,bob,,,,,,colourful,,": Mistake.NOT_A_COLOUR,
    "host,bob,,,,,,,,,,more": Mistake.TOO_MANY_CELLS,
    'host,"bob"by,,,,,,,,': Mistake.QUOTES_WRONG,
    "guest,bob,,,,,,,,": Mistake.CELL_WRONG,
    "keyword,,,,,,,,,": Mistake.NO_KEYWORD,
    f"keyword,,{'long' * 30},,,,,,,": Mistake.KEYWORD_TOO_LONG,
    "keyword,,jazz,,,,,,english please,": Mistake.NOT_A_LANGUAGE,
    "keyword,,jazz,,,,,,,0": Mistake.CELL_WRONG,
    "keyword,,tea,,,,,,,": Mistake.NAMED_TWICE,
    f"keyword,,jazz,,<@&{everyone(GUILD)}>,,,,,": Mistake.EVERYONE_FOR_KEYWORD,
}
"""Every kind of bad line, and what is said of it."""

HEADING = "kind,handle,words,channel,roles,paused,text,accent,language,listeners"


async def test_ten_thousand_lines_with_every_kind_of_bad_line_end_in_one_correct_report(tmp_path: Path) -> None:
    async with office(tmp_path, limit=30) as one:
        for name in ("ann", *(f"host{number}" for number in range(40))):
            one.desk.x.add_user(name)
        good = ["host,ann,,,,,,,,", *(f"host,host{number},,,,,,,," for number in range(20)), "keyword,,tea,,,,,,,"]
        times = -(-MOST_LINES // len(BAD))
        bad = [line for line in BAD for _ in range(times)][: MOST_LINES - len(good) - 1]
        unreadable = b"host,\xff\xfe,,,,,,,,"
        late = [f"host,host{number},,,,,,,," for number in range(30, 40)]
        lines = [HEADING, *good, *bad]
        content = "\n".join(lines).encode() + b"\n" + unreadable + b"\n" + "\n".join(late).encode()
        done = await one.take(content)
        expected = Counter[object](BAD[line] for line in bad)
        expected += Counter({Mistake.LINE_NOT_UTF8: 1, Mistake.LINE_TOO_LATE: len(late)})
        assert reasons(done) == expected
        assert (done.new, done.changed, done.same) == (len(good), 0, 0)
        assert done.lines == MOST_LINES + len(late)
        assert [lines[each.number - 1] for each in done.wrong[: len(bad)]] == bad
        assert {watch.host.username for watch in await one.watches(GUILD)} == {"ann", *(f"host{n}" for n in range(20))}
        assert one.desk.x.billed.count("user") == 21
        said = imported(done)
        assert units(said) <= CONTENT_LIMIT
        assert said.startswith(f"Read {done.lines:,} lines: {len(good)} added, {len(done.wrong):,} not taken.")
        told = list(
            csv.DictReader(
                io.StringIO(written(wrong_rows(done.wrong), columns=(*REASON, *COLUMNS)).decode("utf-8-sig"))
            )
        )
        assert [int(row["line"]) for row in told] == [each.number for each in done.wrong]
        assert all(row["reason"] for row in told)


async def test_what_was_not_taken_can_be_corrected_and_imported_again(tmp_path: Path) -> None:
    async with office(tmp_path) as one:
        one.desk.x.add_user("ann")
        done = await one.take("handle,paused,text\nann,perhaps,=1+1\n")
        told = written(wrong_rows(done.wrong), columns=(*REASON, *COLUMNS)).decode("utf-8-sig")
        assert "'=1+1" in told
        done = await one.take(told.replace("perhaps", "yes"))
        assert (done.new, done.wrong) == (1, ())
        [watch] = await one.watches(GUILD)
        assert (watch.on_hold, watch.look.text) == (True, "=1+1")


async def test_a_hundred_are_asked_for_at_once_within_the_quota_and_none_that_is_known(tmp_path: Path) -> None:
    async with office(tmp_path, a_day=120) as one:
        names = [one.desk.x.add_user(f"host{number}").username for number in range(150)]
        done = await one.take("\n".join(names))
        assert done.new == await one.desk.counted() == one.desk.x.billed.count("user") == 120
        assert reasons(done) == {Mistake.TOO_MANY_NEW_HOSTS: 30}
        assert one.desk.asked == ["usernames", "usernames"]
        again = await one.take("\n".join(names[:120]))
        assert (again.same, again.wrong) == (120, ())
        assert (await one.take("\n".join(names[:120]), FAR_GUILD)).new == 120
        assert len(one.desk.asked) == 2


async def test_nobody_is_bought_for_whom_there_is_no_room(tmp_path: Path) -> None:
    async with office(tmp_path, limit=3) as one:
        names = [one.desk.x.add_user(f"host{number}").username for number in range(6)]
        done = await one.take("\n".join(["nobody", *names]))
        assert (done.new, reasons(done)) == (3, {XNotFound: 1, Mistake.TOO_MANY_HOSTS: 3})
        assert one.desk.x.billed.count("user") == 3
        done = await one.take("\n".join(["handle,paused", *(f"{name},yes" for name in names)]))
        assert (done.changed, reasons(done)) == (3, {Mistake.TOO_MANY_HOSTS: 3})
        assert one.desk.x.billed.count("user") == 3


async def test_where_x_stops_answering_midway_what_was_done_stays_and_is_told(tmp_path: Path) -> None:
    async with office(tmp_path) as one:
        names = [one.desk.x.add_user(f"host{number}").username for number in range(350)]
        one.desk.x.fault("usernames", Fault())  # the first request is answered
        one.desk.x.fault("usernames", Fault(status=503, times=99))
        done = await one.take("\n".join(names))
        assert (done.new, reasons(done)) == (100, {XDown: 250})
        assert len(await one.watches(GUILD)) == 100
        assert "100 added, 250 not taken" in imported(done)
        one.desk.x.clear_faults()
        assert (await one.take("\n".join(names))).new == 250


async def test_where_the_database_fails_midway_what_was_done_stays_and_is_told(tmp_path: Path) -> None:
    async with office(tmp_path) as one:
        names = [one.desk.x.add_user(f"host{number}").username for number in range(101)]
        await one.store(
            lambda tables: tables.db.execute(
                """
                CREATE TRIGGER full BEFORE INSERT ON watches WHEN (SELECT count(*) FROM watches) >= 100
                BEGIN SELECT RAISE(ABORT, 'full'); END
                """
            )
        )
        done = await one.take("\n".join(names))
        assert (done.new, reasons(done)) == (100, {StoreError: 1})
        assert len(await one.watches(GUILD)) == 100


async def test_a_second_file_waits_for_the_first_and_keywords_need_the_operators_leave(tmp_path: Path) -> None:
    async with office(tmp_path, may_have_keywords=False) as one:
        one.desk.x.add_user("ann")
        first = asyncio.ensure_future(one.take("handle,words\nann,\n,tea\n"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(UserMistake, match=Mistake.IMPORT_UNDER_WAY):
            await one.take("ann")
        done = await first
        assert (done.new, reasons(done)) == (1, {Mistake.KEYWORDS_NOT_ALLOWED: 1})
        assert (await one.take("ann")).same == 1


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"", Mistake.FILE_EMPTY),
        (b"\xef\xbb\xbf\n , ,\n", Mistake.FILE_EMPTY),
        (b"handle,paused\n", Mistake.FILE_EMPTY),
        (b"a" * (watch_csv.MOST_BYTES + 1), Mistake.FILE_TOO_LARGE),
    ],
)
def test_a_file_without_a_line_is_refused(content: bytes, mistake: Mistake) -> None:
    with pytest.raises(UserMistake, match=mistake):
        read(content)
