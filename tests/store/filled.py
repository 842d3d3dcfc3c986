"""A database as a bot of many guilds has it after weeks, and every named query with arguments as they come.

What happens in an hour is the same however long the database has been in use: a longer one differs from a shorter one
only in what is done. benchmarks/store.py times the queries, and test_plans.py looks at how SQLite answers them.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from inspect import isfunction
from typing import Any

from spacebot.domain.accounts import Host, Link, SignIn, Standing
from spacebot.domain.bells import Bell, BellMode
from spacebot.domain.deliveries import Job, PlaceToTest
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.filters import Filter
from spacebot.domain.guilds import AtEnd, Keyword, Watch
from spacebot.domain.ids import ChannelId, GuildId, MessageId, PersonId, RoleId, SpaceId, UserId
from spacebot.domain.looks import Look
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import State
from spacebot.store.base import ms
from spacebot.store.forgetting import Forgetting
from spacebot.store.queries import Queries
from spacebot.store.spending import Bill
from spacebot.x.model import Space, User
from spacebot.x.money import Prices, Resource

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
"""When all this is asked."""

TODAY = NOW.date()
DAY_NUMBER = (TODAY - date(1970, 1, 1)).days
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

CHANNELS, ROLES, WATCHES = 30, 25, 10
"""Of each guild."""

BUSIEST, BUSY_WATCHES = 0, 90
"""The guild that follows so many hosts more: of each of them whom several guilds follow, from the second on."""

EVERY_GUILD = UserId("900000000")
BEGUN = Bell(host_id=EVERY_GUILD, name="Spaces", asked=1, tried_at=NOW)
"""A host whom every guild follows."""

POPULAR_SHARE = 10
"""Guilds that follow the same popular host."""

STAGES = 8
"""Of what is forgotten every hour."""

GONE = Obstacle(reason=Reason.CHANNEL_GONE)
NO_ANSWER = Obstacle(reason=Reason.NO_ANSWER, details=("TimeoutError",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a database is."""

    guilds: int
    days: float
    """For how long it has been in use; nothing older than 90 days is kept."""
    spaces_a_day: int
    """Spaces of followed hosts; five deliveries for each."""
    waiting: int | None = None
    """Guilds in which the Space of the host whom all follow is still to be announced; None for all."""


LARGE = Size(guilds=10_000, days=90, spaces_a_day=2_222)
"""100,000 watches, 200,000 Spaces, a million deliveries."""

YOUNG = Size(guilds=10_000, days=9, spaces_a_day=2_222)
"""The same after nine days: a tenth of the Spaces and deliveries."""


def guild(number: int) -> GuildId:
    """The id of a guild; those of its channels and roles follow."""
    return GuildId(10**17 + number * 1000)


def channel(number: int, which: int = 0) -> ChannelId:
    """One of a guild's channels."""
    return ChannelId(guild(number) + 1 + which % CHANNELS)


def role(number: int, which: int = 0) -> RoleId:
    """One of a guild's roles."""
    return RoleId(guild(number) + 100 + which % ROLES)


def popular(number: int) -> UserId:
    """One of the hosts whom several guilds follow."""
    return UserId(str(910_000_000 + number))


def own(number: int, which: int) -> UserId:
    """One of the hosts whom this guild alone follows."""
    return UserId(str(1_000_000_000 + number * 10 + which))


def space(number: int) -> SpaceId:
    """One of the Spaces, the oldest first."""
    return SpaceId(f"1S{number:010d}x")


CROWDED = SpaceId("1everyguildknow")
"""The live Space of the host whom every guild follows."""


def fill(db: sqlite3.Connection, size: Size) -> None:
    """Fill a fresh database of the present schema."""
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("BEGIN")
    _people_and_guilds(db, size)
    _past(db, size)
    _backlog(db, size)
    _odds_and_ends(db, size)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = FULL")


def _insert(db: sqlite3.Connection, table: str, columns: str, rows: Iterator[tuple[object, ...]]) -> None:
    marks = ", ".join("?" for _ in columns.split(","))
    db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - constants


def _hosts_of(number: int, guilds: int) -> list[UserId]:
    many = max(1, guilds // POPULAR_SHARE)
    return [EVERY_GUILD, popular(number % many), *(own(number, which) for which in range(WATCHES - 2))]


def _watch_id(number: int, which: int) -> int:
    return 1 + number * WATCHES + which


def _busy_hosts(guilds: int) -> range:
    return range(1, 1 + min(BUSY_WATCHES, max(1, guilds // POPULAR_SHARE) - 1))


def _busy_watch_id(which: int) -> int:
    return 5_000_000 + which


def _people_and_guilds(db: sqlite3.Connection, size: Size) -> None:
    hosts = dict.fromkeys(host for number in range(size.guilds) for host in _hosts_of(number, size.guilds))
    long_ago, lately = ms(NOW - 5 * DAY), ms(NOW - HOUR)
    _insert(
        db,
        "users",
        "user_id, username, name, picture, seen_at",
        (
            (host, f"host_{host}", f"The Host {host}", "https://pictures.example/one.png", (long_ago, lately)[at % 2])
            for at, host in enumerate(hosts)
        ),
    )
    # Those who spoke in Spaces of the last day or before, whom nobody follows.
    _insert(
        db,
        "users",
        "user_id, username, name, seen_at",
        (
            (str(2_000_000_000 + one), f"guest_{one}", "A Guest", ms(NOW - one * 2 * MINUTE))
            for one in range(size.guilds)
        ),
    )
    _insert(
        db,
        "guilds",
        "guild_id, channel_id, greeted_at, roles, left_at",
        (
            (
                guild(number),
                channel(number),
                lately,
                json.dumps([role(number)]),
                ms(NOW - (31 if number % 2000 == 1999 else 10) * DAY) if number % 50 == 49 else None,
            )
            for number in range(size.guilds)
        ),
    )
    _insert(
        db,
        "watches",
        "watch_id, guild_id, host_id, channel_id, roles, also_cohost, added_by, added_at",
        (
            (
                _watch_id(number, which),
                guild(number),
                host,
                channel(number, which) if which % 2 else None,
                json.dumps([role(number, which)]) if which % 3 == 0 else None,
                which % 4 == 0,
                5_000_000 + number * 3 + which % 3,
                ms(NOW - 100 * DAY),
            )
            for number in range(size.guilds)
            for which, host in enumerate(_hosts_of(number, size.guilds))
        ),
    )
    _insert(
        db,
        "watches",
        "watch_id, guild_id, host_id, added_by, added_at",
        (
            (_busy_watch_id(which), guild(BUSIEST), popular(which), 5_000_000, ms(NOW - 100 * DAY))
            for which in _busy_hosts(size.guilds)
        ),
    )
    _insert(
        db,
        "watches",
        "guild_id, keyword, added_by, added_at",
        (
            (guild(number), f"word {number % 700}", 5_000_000 + number * 3, ms(NOW - 50 * DAY))
            for number in range(0, size.guilds, 10)
        ),
    )


@dataclass(slots=True)
class _Rows:
    spaces: list[tuple[object, ...]] = field(default_factory=list)
    deliveries: list[tuple[object, ...]] = field(default_factory=list)
    audience: list[tuple[object, ...]] = field(default_factory=list)


def _past(db: sqlite3.Connection, size: Size) -> None:
    """Spaces at even intervals up to now, each announced; those of the last hour are live, and some are scheduled."""
    count = round(size.days * size.spaces_a_day)
    many = max(1, size.guilds // POPULAR_SHARE)
    rows, delivery_id = _Rows(), 0
    for number in range(count):
        began = NOW - timedelta(days=size.days) * ((count - number) / count)
        # Of nine Spaces four are of hosts whom ten guilds follow, and five of hosts whom one does: five guilds each.
        if number % 9 < 4:
            at = (number * 7919) % many
            host, watches = popular(at), [(one, 1, _watch_id(one, 1)) for one in range(at, size.guilds, many)]
            if at in _busy_hosts(size.guilds):
                watches.append((BUSIEST, 0, _busy_watch_id(at)))
        else:
            at, which = (number * 7919) % size.guilds, 2 + number % (WATCHES - 2)
            host, watches = own(at, which - 2), [(at, which, _watch_id(at, which))]
        rows.spaces.append(_past_space(number, host, began, number % 2 == 0))
        for one, which, watch_id in watches:
            delivery_id += 1
            rows.deliveries.append(_past_delivery(delivery_id, number, one, which, began))
            rows.audience.append((watch_id, space(number), "live", delivery_id))
    _insert(
        db,
        "spaces",
        "space_id, host_id, phase, title, peak, scheduled_start, started_at, ended_at, first_seen_at, last_seen_at,"
        " revision, spoke, live_seen_at, live_seen_by, forgotten_at",
        iter(rows.spaces),
    )
    _insert(
        db,
        "deliveries",
        "delivery_id, space_id, channel_id, kind, guild_id, state, wanted, shown, first_attempt_at, next_try_at,"
        " message_id, created_at, sent_at, priority, rang",
        iter(rows.deliveries),
    )
    _insert(db, "audience", "watch_id, space_id, kind, delivery_id", iter(rows.audience))
    _insert(
        db,
        "spaces",
        "space_id, host_id, phase, title, scheduled_start, first_seen_at, last_seen_at, revision",
        (
            (f"1P{one:010d}x", own(one % size.guilds, 1), "scheduled", "Soon", ms(NOW + one * MINUTE), ms(NOW - HOUR),
             ms(NOW - MINUTE), 1)
            for one in range(max(1, size.guilds // 50))
        ),
    )  # fmt: skip


def _past_space(number: int, host: UserId, began: datetime, was_scheduled: bool) -> tuple[object, ...]:
    ended = began + HOUR
    is_live, is_forgotten = ended > NOW, ended < NOW - 22 * HOUR
    return (
        space(number),
        host,
        "live" if is_live else "ended",
        None if is_forgotten else "Tea and type theory",
        7,
        ms(began) if was_scheduled else None,
        ms(began),
        None if is_live else ms(ended),
        ms(began),
        ms(NOW - MINUTE if is_live else ended),
        3,
        "[]" if is_forgotten else json.dumps([str(2_000_000_000 + number % 500)]),
        ms(began),
        "sweep",
        ms(ended + 22 * HOUR) if is_forgotten else None,
    )


def _past_delivery(delivery_id: int, number: int, at: int, which: int, began: datetime) -> tuple[object, ...]:
    return (
        delivery_id,
        space(number),
        channel(at, which) if which % 2 else channel(at),
        "live",
        guild(at),
        "sent",
        3,
        3,
        ms(began),
        0,
        10**18 + delivery_id,
        ms(began),
        ms(began) + 900,
        10_000_000_000_000 - ms(began),
        1,
    )


def _backlog(db: sqlite3.Connection, size: Size) -> None:
    """The host whom all follow is live, and hardly anybody has the message yet."""
    waiting = size.guilds if size.waiting is None else size.waiting
    began, first = ms(NOW - MINUTE), 10_000_000
    values = (CROWDED, EVERY_GUILD, "live", "Everybody", began, began, began, began, 1)
    _insert(
        db,
        "spaces",
        "space_id, host_id, phase, title, started_at, live_seen_at, first_seen_at, last_seen_at, revision",
        iter([values]),
    )
    _insert(
        db,
        "deliveries",
        "delivery_id, space_id, channel_id, kind, guild_id, state, wanted, next_try_at, created_at, priority",
        (
            (first + one, CROWDED, channel(one), "live", guild(one), "pending", 1, began, began, -began)
            for one in range(waiting)
        ),
    )
    _insert(
        db,
        "audience",
        "watch_id, space_id, kind, delivery_id",
        ((_watch_id(one, 0), CROWDED, "live", first + one) for one in range(waiting)),
    )


def _odds_and_ends(db: sqlite3.Connection, size: Size) -> None:
    _insert(
        db,
        "notices",
        "guild_id, subject, matter, host_id, detail, created_at, next_try_at, told_at",
        (
            (guild(one), f"renamed {own(one, which)}", "renamed", own(one, which), "" if which else f"old_{one}",
             ms(NOW - DAY), ms(NOW - DAY), None if one % 100 == 0 and which == 1 else ms(NOW - DAY))
            for one in range(size.guilds)
            for which in range(5)
        ),
    )  # fmt: skip
    paused = range(0, size.guilds, 50)
    _insert(
        db,
        "pauses",
        "channel_id, guild_id, reason, since",
        ((channel(one, 3), guild(one), str(GONE), ms(NOW - DAY)) for one in paused),
    )
    _insert(
        db,
        "links",
        "person, access, refresh, expires_at, scopes",
        ((one, b"sealed", b"sealed", ms(NOW + HOUR), "space.read") for one in range(1, 1 + size.guilds // 10)),
    )
    # Creators of the host's Spaces whom many follow, and of Spaces of the past.
    old = round(size.days * size.spaces_a_day) - 1
    _insert(
        db,
        "own_counts",
        "person, space_id, reminders, tickets, seen_at",
        ((1 + one % 50, space(max(0, old - one)), 5, 2, ms(NOW - DAY)) for one in range(min(old, 5_000))),
    )
    _insert(
        db,
        "sign_ins",
        "person, person_name, state, verifier, until",
        ((one, "A Name", f"state {one}", b"sealed", ms(NOW + MINUTE)) for one in range(50)),
    )
    _insert(
        db,
        "paid",
        "day, kind, resource_id",
        (
            (DAY_NUMBER - ago, ("space", "user")[one % 2], str(one))
            for ago in range(2)
            for one in range(size.spaces_a_day * 4)
        ),
    )
    days = range(DAY_NUMBER - int(size.days), DAY_NUMBER + 1)
    _insert(
        db,
        "spending",
        "day, kind, count, millicents",
        ((day, kind, 9, 900) for day in days for kind in ("space", "user")),
    )
    _insert(
        db,
        "spent_by",
        "day, purpose, guild_id, millicents",
        ((day, "people", guild(one), 500) for day in days for one in range(0, size.guilds, 20)),
    )
    _insert(db, "new_hosts", "guild_id, day, count", ((guild(one), DAY_NUMBER, 2) for one in range(0, size.guilds, 20)))
    _insert(db, "blocks", "kind, id, blocked_by, blocked_at", (("person", one, 1, ms(NOW)) for one in range(20)))
    _insert(db, "reservations", "first_day, last_day, millicents", ((DAY_NUMBER, DAY_NUMBER, 500) for _ in range(5)))
    db.execute("INSERT INTO notes VALUES ('heartbeat', '{}')")


@dataclass(frozen=True, slots=True)
class Call:
    """One named query, as it is asked time and again."""

    name: str
    what: str
    """What is asked, for people."""
    made: Callable[[Queries, int], Callable[[], object]]
    """Given how often it was asked before: do what must have happened, and return what asks."""
    has_own: bool = True
    """Whether it can be about other guilds as well as not."""

    def of_others(self, first: int) -> "Call":
        """The same as if it had been asked so often before."""
        made = self.made
        return replace(self, made=lambda queries, at: made(queries, first + at)) if self.has_own else self


WHOLE = re.compile(r"^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?", re.IGNORECASE)

GROWING = frozenset(
    {"deliveries", "audience", "spaces", "watches", "users", "notices", "paid", "spent_by", "own_counts"}
)
"""Tables that are not to be looked through."""

NARROW = frozenset(
    {"deliveries_due", "deliveries_to_publish", "spaces_open", "spaces_remembered", "watches_of_words", "notices_due"}
)
"""Indexes with what is to be done, or of the last day, and no more: they may be walked from end to end."""


def looks_through(db: sqlite3.Connection, statement: str) -> list[str]:
    """Which growing tables SQLite looks through to answer a statement, or to keep what refers to its rows."""
    aliases = {alias or table: table for table, alias in NAMED.findall(statement)}
    found = []
    for *_, step in db.execute(f"EXPLAIN QUERY PLAN {statement}"):
        scan = WHOLE.match(step)
        if scan is not None and aliases.get(scan[1], scan[1]) in GROWING and scan[2] not in NARROW:
            found.append(step)
    return found


def statements(db: sqlite3.Connection, ask: Callable[[], object]) -> list[str]:
    """Every statement that is run meanwhile, with its values."""
    said: list[str] = []
    db.set_trace_callback(said.append)
    try:
        ask()
    finally:
        db.set_trace_callback(None)
    return [one for one in said if one.split(maxsplit=1)[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}]


def names() -> set[str]:
    """Every named query."""
    return {name for name in dir(Queries) if not name.startswith("_") and isfunction(getattr(Queries, name))}


def calls(size: Size) -> list[Call]:
    """Every named query, those that change much last."""
    world = _World(size)
    asked = [*_reads(world), *_looks(world), *_ledger(world), *_settings(world), *_people(world), *_large(world)]
    # Each is about guilds of its own: what was asked before has changed nothing there.
    return [each.of_others(20 * number) for number, each in enumerate(asked)]


def plain(name: str, what: str, arguments: Callable[[int], tuple[object, ...]] = lambda _: (), **named: object) -> Call:
    """A query whose arguments depend on nothing but how often it was asked before."""
    return Call(name, what, lambda queries, at: partial(getattr(queries, name), *arguments(at), **named))


@dataclass(frozen=True, slots=True)
class _World:
    size: Size

    def guild_at(self, at: int) -> int:
        """The number of a guild that the bot is in, another one each time."""
        number = (at * 397 + 1) % self.size.guilds
        return number - 1 if number % 50 == 49 else number

    def guild(self, at: int) -> GuildId:
        return guild(self.guild_at(at))

    def channel(self, at: int) -> ChannelId:
        return channel(self.guild_at(at))

    def host(self, at: int) -> UserId:
        """A host whom the guild follows."""
        return own(self.guild_at(at), at % (WATCHES - 2))

    def popular(self, at: int) -> UserId:
        return popular(self.guild_at(at) % max(1, self.size.guilds // POPULAR_SHARE))

    def past(self, at: int) -> SpaceId:
        """A Space of the past days."""
        return space(max(0, round(self.size.days * self.size.spaces_a_day) - 500 - at))

    def open(self, count: int) -> list[SpaceId]:
        """Spaces that are live."""
        last = round(self.size.days * self.size.spaces_a_day) - 1
        return [space(max(0, last - one)) for one in range(count)]

    def batch(self, at: int, count: int = 100) -> list[UserId]:
        """So many hosts of one guild each."""
        return [own((at * count + one) % self.size.guilds, one % (WATCHES - 2)) for one in range(count)]

    def popular_batch(self, at: int, count: int) -> list[UserId]:
        """So many hosts of several guilds."""
        many = max(1, self.size.guilds // POPULAR_SHARE)
        return [popular((at * count + one) % many) for one in range(count)]

    def new_spaces(self, at: int, count: int) -> list[Space]:
        """New live Spaces of hosts of one guild each."""
        return [
            Space(
                id=SpaceId(f"1N{at:03d}{one:06d}"),
                state=State.LIVE,
                creator_id=self.host(at * count + one),
                title="A new one",
                started_at=NOW,
                participant_count=5,
            )
            for one in range(count)
        ]

    def job(self, queries: Queries) -> Job:
        """One that the courier has just claimed."""
        [job] = queries.claim(1, NOW)
        return job


def _reads(world: _World) -> list[Call]:
    week = NOW - 7 * DAY
    return [
        plain("note", "one", lambda _: ("heartbeat",)),
        plain("guild", "one", lambda at: (world.guild(at),)),
        plain("watch_lines", "of one guild", lambda at: (world.guild(at),)),
        plain("followed", "the next 1,000", lambda at: (own(at * 1000 % world.size.guilds, 0),)),
        plain("followed", "the first 1,000", lambda _: (None,)),
        plain("followers", "the next 1,000", lambda at: (own(at * 1000 % world.size.guilds, 0),)),
        plain("followers", "the first 1,000", lambda _: (None,)),
        plain("keywords", "of all", lambda _: ()),
        plain("keywords", "of one guild", lambda at: (world.guild(at),)),
        plain("pauses", "of all"),
        plain("pauses", "of one guild", lambda at: (world.guild(at),)),
        plain("unserved", "100 Spaces", lambda at: ({one: [at + 1, at + 2] for one in world.open(100)},)),
        plain("past", "of one guild", lambda at: (world.guild(at),)),
        plain("past", "of one host", lambda at: (world.guild(at), world.host(at))),
        plain("past", "of one Space", lambda at: (world.guild(at),), space_id=world.past(1)),
        plain("queue", "of all", lambda _: (NOW,)),
        plain("queue", "of one guild", lambda at: (NOW, world.guild(at))),
        plain("delays", "of all, one week", lambda _: (week,)),
        plain("delays", "of one guild, one week", lambda at: (week, world.guild(at))),
        plain("starts", "of 200 hosts", lambda at: (world.batch(at, 200),)),
        plain("starts", "of 200 hosts who start often", lambda at: (world.popular_batch(at, 200),)),
        plain("open_spaces", "all"),
        plain("unseen", "of 100 hosts", lambda at: (world.batch(at), NOW - MINUTE, NOW)),
        plain("unseen_hosts", "100", lambda _: (NOW - 3 * DAY, NOW - DAY, 100)),
        plain("orphans", "all", lambda _: (NOW - MINUTE, NOW)),
        plain("user_named", "one", lambda at: (f"HOST_{world.host(at)}",), since=week),
        plain("user", "one", lambda at: (world.host(at),), since=week),
        plain("accounts", "100", lambda at: (world.batch(at),)),
        plain("creators", "100 Spaces", lambda at: ([world.past(at + one) for one in range(100)],)),
        plain("space", "one", lambda at: (world.past(at),)),
        plain("company", "of one Space", lambda at: (world.past(at),)),
        plain("next_due", "all"),
        plain("next_to_publish", "all"),
        plain("tested", "one", lambda at: ("0test", world.guild(at))),
        plain("due_notices", "20", lambda _: (NOW,)),
        plain("guild_tables", "all"),
        plain("guild_rows", "of one guild", lambda at: (world.guild(at),)),
        plain("delivery_rows", "of one guild", lambda at: (world.guild(at),)),
        plain("guild_counts", "of one guild", lambda at: (world.guild(at),)),
        plain("person_rows", "of one person", lambda at: (5_000_000 + 3 * world.guild_at(at),)),
        plain("blocks", "all"),
        plain("new_hosts", "of one guild", lambda at: (world.guild(at), TODAY)),
        plain("paid", "the next 5,000"),
        plain("spending", "one month", lambda _: (TODAY - timedelta(days=30),)),
        plain("spent_by", "one day", lambda _: (TODAY,)),
        plain("first_spending", "all"),
        plain("total_laid_aside", "all"),
        plain("counted", "of one host", lambda at: (world.host(at), NOW - 90 * DAY)),
        plain("counted", "of a host of ten guilds", lambda at: (world.popular(at), NOW - 90 * DAY)),
        plain("counted_since", "of one host", lambda at: (world.host(at),)),
        plain("counted_since", "of the host whom all follow", lambda _: (EVERY_GUILD,)),
        plain("own_counts", "of one person", lambda at: (1 + at % 50, world.host(at))),
        plain("link", "one", lambda at: (1 + at,)),
        plain("links", "all"),
        plain("sign_in_of", "one", lambda at: (f"state {at % 50}",)),
        plain("unconfirmed", "all"),
        *_of_the_busiest(world),
    ]


def _of_the_busiest(world: _World) -> list[Call]:
    here, week = guild(BUSIEST), NOW - 7 * DAY
    return [
        plain("watch_lines", "of the busiest guild", lambda _: (here,)),
        plain("past", "of the busiest guild", lambda _: (here,)),
        plain("agenda", "of the busiest guild", lambda _: (here, NOW + timedelta(days=7))),
        plain("past", "of one host of the busiest guild", lambda at: (here, popular(1 + at))),
        plain("delays", "of the busiest guild, one week", lambda _: (week, here)),
        plain("guild_rows", "of the busiest guild", lambda _: (here,)),
        plain("delivery_rows", "of the busiest guild", lambda _: (here,)),
        plain("guild_counts", "of the busiest guild", lambda _: (here,)),
        plain("hold", "the busiest guild", lambda _: (here,)),
        plain("set_channel", "the busiest guild", lambda at: (here, channel(BUSIEST, at))),
    ]


def _looks(world: _World) -> list[Call]:
    """What X shows."""

    def crowd(at: int, **fields: Any) -> list[Space]:
        return [Space(id=SpaceId(f"1C{at:09d}"), state=State.LIVE, creator_id=EVERY_GUILD, started_at=NOW, **fields)]

    def of_popular(at: int, **fields: Any) -> list[Space]:
        return [Space(id=SpaceId(f"1Q{at:09d}"), state=State.LIVE, creator_id=world.popular(at), **fields)]

    def again(seen: Callable[..., list[Space]]) -> Callable[[Queries, int], Callable[[], object]]:
        def made(queries: Queries, at: int) -> Callable[[], object]:
            unserved = queries.take_in(seen(at, title="Before"), (), (), NOW - 2 * MINUTE).unserved
            while unserved:
                unserved = queries.serve(unserved, NOW - 2 * MINUTE)
            return partial(queries.take_in, seen(at, title="After", participant_count=90), (), (), NOW)

        return made

    def ended(queries: Queries, at: int) -> Callable[[], object]:
        queries.take_in(of_popular(at + 500), (), (), NOW - MINUTE)
        over = [Space(id=each.id, state=State.ENDED) for each in of_popular(at + 500)]
        return partial(queries.take_in, over, (), (), NOW)

    users = [User(id=UserId(str(3_000_000_000 + one)), username=f"new_{one}", name="New") for one in range(100)]
    return [
        plain("take_in", "25 new Spaces", lambda at: (world.new_spaces(at, 25), (), (), NOW)),
        Call("take_in", "1 Space that has changed", again(of_popular)),
        Call("take_in", "1 Space that is over", ended),
        plain("ensure_deliveries", "of one host", lambda at: (world.popular(at), NOW)),
        plain("ensure_deliveries", "of the host whom all follow", lambda _: (EVERY_GUILD, NOW)),
        plain("take_in", "1 Space, to be announced in every guild", lambda at: (crowd(at), (), (), NOW)),
        plain("serve", "the same, the next 250", lambda at: ([SpaceId(f"1C{at - 20:09d}")], NOW)),
        Call("take_in", "1 Space that has changed, announced in every guild", again(crowd)),
        plain("take_in_hosts", "100", lambda at: (world.batch(at), users, {}, NOW)),
        plain(
            "remember_users", "25, with new handles",
            lambda at: ([User(id=one, username=f"moved_{at}_{one}", name="N") for one in world.batch(at, 25)], NOW),
        ),
        plain("note_standing", "of a host of ten guilds", lambda at: (world.popular(at), Standing.SUSPENDED, NOW)),
        plain("note_standing", "of the host whom all follow",
              lambda at: (EVERY_GUILD, (None, Standing.SUSPENDED)[at % 2], NOW)),
    ]  # fmt: skip


def _ledger(world: _World) -> list[Call]:
    """What becomes of deliveries."""

    def of_job(name: str, *arguments: object, **named: object) -> Call:
        return Call(
            name,
            "one",
            lambda queries, _: partial(getattr(queries, name), world.job(queries), *arguments, **named),
        )

    def of_delivery(name: str, *arguments: object, **named: object) -> Call:
        return Call(
            name,
            "one",
            lambda queries, _: partial(getattr(queries, name), world.job(queries).delivery_id, *arguments, **named),
        )

    def published(queries: Queries, at: int) -> Callable[[], object]:
        for _ in range(20):
            queries.mark_sent(world.job(queries).delivery_id, MessageId(1), 1, NOW, publish=True)
        return partial(queries.due_to_publish, 10, NOW)

    def paused(queries: Queries, at: int) -> Callable[[], object]:
        queries.pause(world.channel(at), world.guild(at), GONE, NOW)
        return partial(queries.resume, world.channel(at), NOW)

    return [
        plain("claim", "50", lambda _: (50, NOW)),
        plain("claim", "50, with 50 channels busy", lambda at: (50, NOW, [world.channel(one) for one in range(50)])),
        of_delivery("mark_sent", MessageId(1), 1, NOW),
        of_delivery("mark_skipped", Reason.OVER),
        of_delivery("begin_again", NOW),
        of_delivery("postpone", NOW + MINUTE),
        of_delivery("mark_published"),
        of_delivery("publish_later", NOW + MINUTE),
        of_job("mark_failed", NO_ANSWER, unclear=True, next_try_at=NOW + MINUTE),
        of_job("give_up", Reason.OVER, NOW),
        of_job("postpone_first_attempt", NOW + MINUTE),
        Call("due_to_publish", "10", published),
        plain("rest_publishing", "one channel", lambda at: (world.channel(at), NOW + HOUR)),
        plain("pause", "one channel", lambda at: (channel(world.guild_at(at), 5), world.guild(at), GONE, NOW)),
        Call("resume", "one channel", paused),
        plain("note_refusal", "one channel", lambda at: (world.channel(at), world.guild(at), GONE, NOW)),
        plain("note_told", "one", lambda at: (at + 1, NOW)),
        plain("note_untold", "one", lambda at: (at + 1, NOW + HOUR)),
    ]


def _settings(world: _World) -> list[Call]:
    """What admins set. The guild is another one each time."""

    def of_guild(name: str, *arguments: object, **named: object) -> Call:
        return plain(name, "one guild", lambda at: (world.guild(at), *arguments), **named)

    def of_watch(name: str, *arguments: object, **named: object) -> Call:
        return plain(name, "one watch", lambda at: (world.guild(at), world.host(at), *arguments), **named)

    def a_test(name: str, *arguments: object) -> Call:
        def made(queries: Queries, at: int) -> Callable[[], object]:
            host = queries.accounts([world.host(at)])[world.host(at)]
            places = [
                PlaceToTest(channel_id=channel(world.guild_at(at), one), host=host, watch_id=None, roles=())
                for one in range(3)
            ]
            test_id = f"0{name[:6]}{at}"
            if name == "add_test":
                return partial(queries.add_test, test_id, world.guild(at), places, NOW)
            queries.add_test(test_id, world.guild(at), places, NOW)
            return partial(getattr(queries, name), test_id, world.guild(at), *arguments)

        return Call(name, "three channels", made)

    def dropped(queries: Queries, at: int) -> Callable[[], object]:
        return partial(queries.remove_watch, world.guild(at), EVERY_GUILD, NOW)

    word = "word of one's own"

    def added(queries: Queries, at: int) -> Callable[[], object]:
        return partial(queries.add_keyword, Keyword(guild_id=world.guild(at), text=word), by=1, limit=10, now=NOW)

    def of_word(name: str, *arguments: object, **named: object) -> Callable[[Queries, int], Callable[[], object]]:
        def made(queries: Queries, at: int) -> Callable[[], object]:
            added(queries, at)()
            return partial(getattr(queries, name), world.guild(at), word, *arguments, **named)

        return made

    return [
        plain("set_note", "one", lambda at: ("heartbeat", str(at))),
        plain("set_channel", "one guild", lambda at: (world.guild(at), channel(world.guild_at(at), 9))),
        plain("set_roles", "one guild", lambda at: (world.guild(at), [role(world.guild_at(at))])),
        plain("set_admin_channel", "one guild", lambda at: (world.guild(at), channel(world.guild_at(at), 8))),
        of_guild("set_end", AtEnd.EDIT),
        of_guild("set_pings", 30),
        of_guild("set_look", Look(text="Come!")),
        of_guild("set_publishes", publishes=True),
        of_guild("set_events", makes_events=True),
        of_guild("events_met"),
        of_guild("set_bell", BellMode.HOST),
        of_guild("set_language", "pt"),
        plain("languages", "all"),
        of_guild("set_shows_invited", NOW, shows=True),
        plain("uninvited", "all", lambda at: (NOW,)),
        plain("begin_bell", "one", lambda at: (world.guild(at), BEGUN)),
        of_guild("bells"),
        plain("set_bell_role", "one", lambda at: (world.guild(at), EVERY_GUILD, role(world.guild_at(at)))),
        plain("bell_roles", "all"),
        plain("forget_bell_role", "one", lambda at: (world.guild(at), role(world.guild_at(at)))),
        of_guild("drop_bell", EVERY_GUILD),
        of_guild("set_moments", NOW, scheduled=True, reminder_minutes=15, live=True, ended=False),
        of_guild("hold"),
        of_guild("go_on"),
        of_guild("greet", NOW),
        of_guild("ungreet"),
        of_guild("join"),
        of_guild("leave", NOW),
        of_guild("join"),
        plain("forget_role", "one", lambda at: (world.guild(at), role(world.guild_at(at)))),
        Call(
            "add_watch",
            "a new one",
            lambda queries, at: partial(
                queries.add_watch,
                guild_id=world.guild(at),
                host_id=world.host(at + 7),
                channel_id=None,
                by=1,
                limit=100,
                now=NOW,
            ),
        ),
        of_watch("set_watch", channel_id=None, roles=()),
        of_watch("set_watch_roles", ()),
        of_watch("set_watch_look", Look(text="Come!")),
        of_watch("set_watch_filter", Filter(want=("tea",)), NOW),
        plain(
            "put_watch",
            "one that is there",
            lambda at: (
                world.guild(at),
                Watch(watch_id=0, host=Host(user_id=EVERY_GUILD, username="host", name="Host")),
            ),
            by=1,
            limit=10_000,
            now=NOW,
        ),
        of_watch("reset_watch", channel=True, role=True),
        of_watch("hold_watch", on_hold=True),
        Call("remove_watch", "with a message not sent yet", dropped),
        of_watch("remove_watch", NOW),
        Call("add_keyword", "a new one", added),
        plain(
            "put_keyword",
            "a new one",
            lambda at: (Keyword(guild_id=world.guild(at), text="put"),),
            by=1,
            limit=10,
            now=NOW,
        ),
        Call("reset_keyword", "one", of_word("reset_keyword", channel=True, role=True)),
        Call("remove_keyword", "one", of_word("remove_keyword", NOW)),
        a_test("add_test"),
        a_test("withdraw_test", NOW),
        a_test("drop_unsent_test"),
    ]


def _people(world: _World) -> list[Call]:
    """Sign-ins, the bill, what the operator decides: what one has begun another ends."""

    def a_link(at: int) -> Link:
        return Link(person=1 + at, access=b"s", refresh=None, expires_at=NOW, scopes="space.read")

    def a_sign_in(at: int) -> SignIn:
        return SignIn(person=9_000 + at, person_name="N", state=f"new {at}", verifier=b"s", until=NOW + MINUTE)

    def bill(at: int, of: str = "pay") -> Bill:
        errand = Errand(purpose=Purpose.PEOPLE, guild_id=world.guild(at))
        kinds: tuple[Resource, Resource] = ("space", "user")
        return Bill(day=TODAY, errand=errand, resources=[(kinds[one % 2], f"{of} {at}-{one}") for one in range(200)])

    def books(at: int) -> tuple[object, ...]:
        return [bill(at, "write")], [((TODAY, TODAY), 500)], {(TODAY, TODAY): 500}, Prices()

    of_rows = [
        plain("begin_sign_in", "one", lambda at: (a_sign_in(at), NOW)),
        plain("use_sign_in", "one", lambda at: (f"new {at}", NOW)),
        plain("end_sign_in", "one", lambda at: (9_000 + at,)),
        plain("set_link", "one", lambda at: (a_link(at),)),
        plain("replace_link", "one", lambda at: (a_link(at),)),
        plain("note_own", "one", lambda at: (1 + at % 50, world.past(at), NOW), reminders=3),
        plain("note_unconfirmed", "one", lambda at: (f"key {at}", a_link(at))),
        plain("forget_unconfirmed", "one", lambda at: (f"key {at}",)),
        plain("remove_link", "one", lambda at: (1 + at,)),
        plain("forget_person", "one", lambda at: (100 + at,)),
        plain("erase_person", "one", lambda at: (5_000_000 + 3 * world.guild_at(at),)),
        plain("write_books", "100 Spaces, 100 accounts", books),
        plain("write_off", "all"),
        plain("pay", "100 Spaces, 100 accounts", lambda at: (bill(at), Prices())),
        plain("count_new_hosts", "one", lambda at: (world.guild(at), TODAY, 50)),
        plain("uncount_new_hosts", "one", lambda at: (world.guild(at), TODAY)),
        plain("block_guild", "one", lambda at: (world.guild(at), 1, NOW)),
        plain("unblock_guild", "one", lambda at: (world.guild(at),)),
        plain("block_person", "one", lambda at: (PersonId(at), 1, NOW)),
        plain("unblock_person", "one", lambda at: (PersonId(at),)),
        plain("allow_keywords", "one guild", lambda at: (world.guild(at), 1, NOW)),
        plain("disallow_keywords", "one guild", lambda at: (world.guild(at),)),
    ]
    return [replace(each, has_own=False) for each in of_rows]


def _large(world: _World) -> list[Call]:
    """What concerns many rows at once."""

    def forgetting(stage: int) -> Callable[[Queries, int], Callable[[], object]]:
        """The first call of the stage; those before it are made already."""

        def made(queries: Queries, at: int) -> Callable[[], object]:
            now, so_far = NOW + at * HOUR, Forgetting()
            while so_far.stage < stage:
                so_far = queries.forget(now, so_far)
            return partial(queries.forget, now, so_far)

        return made

    def paid_before(queries: Queries, at: int) -> Callable[[], object]:
        """The bill of a day long gone."""
        long_ago = ((DAY_NUMBER - 30 - at, "space", str(one)) for one in range(8_000))
        _insert(queries.db.conn, "paid", "day, kind, resource_id", long_ago)
        return partial(queries.forget_paid, TODAY - timedelta(days=2))

    here = [guild(number) for number in range(world.size.guilds) if number % 50 != 49]
    of_all = [
        plain("reconcile", "all guilds", lambda _: (here, NOW)),
        plain("release", "all", lambda _: (NOW,)),
        plain("set_clock_back", "all", lambda _: (NOW - MINUTE,)),
        plain("erase_guild", "one guild", lambda at: (world.guild(at + 100), NOW)),
        plain("erase_guild", "the busiest guild, the next 250 deliveries", lambda _: (guild(BUSIEST), NOW)),
        Call("forget_paid", "the next 5,000", paid_before),
        *(
            Call("forget", f"what an hour has made old, stage {stage + 1}", forgetting(stage))
            for stage in range(STAGES)
        ),
    ]
    return [replace(each, has_own=False) for each in of_all]
