"""A guild or two, their watches, and a Space: what tests of the ledger begin with."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from spacebot.domain.deliveries import Job
from spacebot.domain.ids import ChannelId, GuildId, MessageId, RoleId, SpaceId, UserId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import Change, SpaceRecord, State
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import Space, User
from tests.clocks import START

GUILD = GuildId(100)
CHANNEL = ChannelId(110)
OTHER_CHANNEL = ChannelId(111)
FAR_GUILD = GuildId(200)
FAR_CHANNEL = ChannelId(210)
ROLE = RoleId(120)
OTHER_ROLE = RoleId(121)
ADMIN = 130

NO_PERMISSION = Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("send_messages",))
CHANNEL_GONE = Obstacle(reason=Reason.CHANNEL_GONE)
BLOCKED = Obstacle(reason=Reason.AUTOMOD)
TIME_OUT = Obstacle(reason=Reason.NO_ANSWER, details=("TimeoutError",))
SLOW_DOWN = Obstacle(reason=Reason.SLOW_DOWN)

SPACE = SpaceId("1OyKAWXYZabcd")
HOST = User(id=UserId("2244994945"), username="teatime", name="Tea Time")
COHOST = User(id=UserId("783214"), username="coffee_break", name="Coffee Break")


def live(space_id: SpaceId = SPACE, host: User = HOST, **seen: object) -> Space:
    """A Space as X shows it while it is live."""
    fields = {"title": "Tea and type theory", "started_at": START, "participant_count": 7, **seen}
    return Space(id=space_id, state=State.LIVE, creator_id=host.id, **fields)  # type: ignore[arg-type]  # any field of it


def ended(space_id: SpaceId = SPACE) -> Space:
    """The least that X says of a Space that is over."""
    return Space(id=space_id, state=State.ENDED)


@asynccontextmanager
async def opened(folder: Path, *, role: RoleId | None = None) -> AsyncIterator[Store]:
    """A fresh database in which `GUILD` follows `HOST` in `CHANNEL`."""
    async with Store(folder / "ledger.sqlite3") as store:
        await store(Queries.set_channel, GUILD, CHANNEL)
        await follow(store, role=role)
        yield store


async def follow(
    store: Store,
    host: User = HOST,
    *,
    guild: GuildId = GUILD,
    channel: ChannelId | None = None,
    role: RoleId | None = None,
    limit: int = 100,
    now: datetime = START,
) -> bool:
    """Follow a host in a guild; whether the watch is new."""
    await store(Queries.remember_users, [host], now)
    return await store(
        Queries.add_watch,
        guild_id=guild,
        host_id=host.id,
        channel_id=channel,
        roles=() if role is None else (role,),
        by=ADMIN,
        limit=limit,
        now=now,
    )


async def look(
    store: Store, *seen: Space, now: datetime = START, absent: Sequence[SpaceId] = ()
) -> list[tuple[SpaceRecord, Change]]:
    """Take in one look at X."""
    return (await store(Queries.take_in, seen, absent, (), now)).changes


async def claim(store: Store, now: datetime = START, most: int = 50) -> list[Job]:
    """Take what is due."""
    return await store(Queries.claim, most, now)


async def send(store: Store, now: datetime = START) -> list[Job]:
    """Take what is due and settle each as sent."""
    jobs = await claim(store, now)
    for job in jobs:
        message = job.message_id or MessageId(1000 + job.delivery_id)
        await store(Queries.mark_sent, job.delivery_id, message, job.space.revision, now)
    return jobs


async def rows(store: Store) -> list[dict[str, object]]:
    """The ledger as it stands."""
    return await store(_rows)


def _rows(tables: Queries) -> list[dict[str, object]]:
    return list(tables.db.query("SELECT * FROM deliveries ORDER BY delivery_id"))
