"""Who is invited to a scheduled Space is asked once it is announced, and once on its last day; guilds pay in turn."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.domain.ids import ChannelId, GuildId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import State
from spacebot.errors import UserMistake, XDown
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.failures import Failures
from spacebot.watch.intake import Intake
from spacebot.watch.invitations import Invitations
from spacebot.watch.schedule import Schedule
from spacebot.x.model import Page, Space, Topic, User
from tests.clocks import START, FakeClock

GUILDS = (GuildId(7), GuildId(8))
HOST, EARLY, LATE = (User(id=UserId(str(at)), username=f"u{at}", name=f"U {at}") for at in (11, 12, 13))
HOUR = timedelta(hours=1)


def scheduled(space: str, hours: float, *, lang: str = "en") -> Space:
    return Space(
        id=SpaceId(space),
        state=State.SCHEDULED,
        creator_id=HOST.id,
        lang=lang,
        scheduled_start=START + hours * HOUR,
    )


@dataclass(kw_only=True)
class Desk:
    """An X that says who is invited, and the loop that asks it."""

    store: Store
    clock: FakeClock = field(default_factory=FakeClock)
    spaces: dict[SpaceId, Space] = field(default_factory=dict)
    invited_to: dict[SpaceId, tuple[User, ...]] = field(default_factory=dict)
    poor: set[GuildId] = field(default_factory=set)
    fault: Exception | None = None
    asked: list[tuple[GuildId, list[SpaceId]]] = field(default_factory=list)

    async def invited(self, space_ids: Sequence[SpaceId], guild_id: GuildId) -> tuple[Sequence[SpaceId], Page[Space]]:
        if guild_id in self.poor:
            raise UserMistake(Mistake.GUILD_SHARE_SPENT, until=self.clock.now())
        if self.fault is not None:
            raise self.fault
        self.asked.append((guild_id, list(space_ids[:1])))
        [space_id] = space_ids[:1]
        people = self.invited_to.get(space_id, ())
        told = Space(
            id=space_id,
            state=State.SCHEDULED,
            creator_id=HOST.id,
            scheduled_start=self.spaces[space_id].scheduled_start,
            invited_user_ids=(HOST.id, *(user.id for user in people)),
            topics=(Topic(id="1", name="Gaming"), Topic(id="2")),
        )
        return [space_id], Page(items=(told,), users={user.id: user for user in people})

    async def show(self, *spaces: Space) -> None:
        """A sweep shows these."""
        self.spaces |= {space.id: space for space in spaces}
        await self.store(Queries.take_in, spaces, (), [HOST], self.clock.now())

    async def rounds(self, count: int = 1) -> None:
        """So many rounds of the loop, each with nobody in between."""
        loop = Invitations(
            source=self,
            store=self.store,
            clock=self.clock,
            intake=Intake(
                store=self.store, clock=self.clock, plan=Schedule(self.clock.now().timestamp()), on_work=lambda: None
            ),
            failures=Failures(self.clock),
            may_refresh=lambda: True,
        )
        for _ in range(count):
            await loop._round()

    async def known(self, space: str) -> tuple[tuple[UserId, ...], tuple[str, ...]]:
        record = await self.store(Queries.space, SpaceId(space))
        assert record is not None
        return record.invited, record.topics


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Two guilds that follow the host, and show who is invited."""
    async with Store(tmp_path / "spacebot.sqlite3") as store:
        await store(Queries.remember_users, [HOST], START)
        for guild in GUILDS:
            await store(
                Queries.add_watch,
                guild_id=guild,
                host_id=HOST.id,
                channel_id=ChannelId(guild * 10),
                by=1,
                limit=9,
                now=START,
            )
            await store(
                Queries.set_moments, guild, START, scheduled=True, reminder_minutes=None, live=True, ended=False
            )
            await store(Queries.set_shows_invited, guild, START, shows=True)
        yield Desk(store=store)


async def test_a_space_is_asked_about_once_and_once_more_on_its_last_day(desk: Desk) -> None:
    desk.invited_to[SpaceId("1a")] = (EARLY,)
    await desk.show(scheduled("1a", hours=60))
    await desk.rounds(5)
    assert desk.asked == [(GUILDS[0], ["1a"])]
    assert await desk.known("1a") == ((EARLY.id,), ("Gaming",))
    desk.invited_to[SpaceId("1a")] = (LATE,)
    for hours in range(1, 60):
        await desk.clock.advance(3600)
        await desk.show(scheduled("1a", hours=60))
        await desk.rounds()
        assert len(desk.asked) == (1 if hours < 36 else 2)
        assert await desk.known("1a") == ((EARLY.id if hours < 36 else LATE.id,), ("Gaming",)), "a sweep does not tell"
    assert desk.asked[1][0] == GUILDS[0]


async def test_a_host_who_moves_it_every_hour_costs_one_question_a_day(desk: Desk) -> None:
    for hours in range(72):
        await desk.show(scheduled("1a", hours=hours + 23))
        await desk.rounds()
        await desk.clock.advance(3600)
    assert len(desk.asked) == 3


async def test_who_is_invited_no_more_is_named_no_more(desk: Desk) -> None:
    desk.invited_to[SpaceId("1a")] = (EARLY, LATE)
    await desk.show(scheduled("1a", hours=30))
    await desk.rounds()
    await desk.clock.advance(24 * 3600)
    desk.invited_to.clear()
    await desk.show(scheduled("1a", hours=30))
    await desk.rounds()
    assert await desk.known("1a") == ((), ("Gaming",))


async def test_guilds_pay_in_turn_and_for_one_that_has_nothing_left_another_does(desk: Desk) -> None:
    await desk.show(*(scheduled(f"1{number}", hours=20 + number) for number in range(6)))
    await desk.rounds(2)
    assert [guild for guild, _ in desk.asked] == [GUILDS[0], GUILDS[1], GUILDS[0], GUILDS[1]]
    assert len({spaces[0] for _, spaces in desk.asked}) == 4, "none twice"
    desk.poor.add(GUILDS[1])
    await desk.rounds(2)
    assert [guild for guild, _ in desk.asked[4:]] == [GUILDS[0], GUILDS[0]]


async def test_nothing_is_asked_for_who_does_not_want_it(desk: Desk) -> None:
    await desk.store(Queries.set_shows_invited, GUILDS[0], START, shows=False)
    await desk.store(Queries.hold, GUILDS[1])
    await desk.show(scheduled("1a", hours=20))
    await desk.rounds()
    assert not desk.asked
    await desk.store(Queries.go_on, GUILDS[1])
    await desk.show(scheduled("1a", hours=20))
    await desk.rounds()
    assert [guild for guild, _ in desk.asked] == [GUILDS[1]]


async def test_nothing_is_asked_for_a_channel_in_which_nothing_can_be_posted(desk: Desk) -> None:
    for guild in GUILDS:
        await desk.store(Queries.pause, ChannelId(guild * 10), guild, Obstacle(reason=Reason.CHANNEL_GONE), START)
    await desk.show(scheduled("1a", hours=20))
    await desk.rounds(2)
    assert not desk.asked
    await desk.store(Queries.resume, ChannelId(GUILDS[0] * 10), START)
    await desk.rounds()
    assert [guild for guild, _ in desk.asked] == [GUILDS[0]]


async def test_an_x_that_fails_is_asked_again(desk: Desk) -> None:
    desk.fault = XDown()
    await desk.show(scheduled("1a", hours=20))
    with pytest.raises(XDown):
        await desk.rounds()
    desk.fault = None
    await desk.rounds(2)
    assert len(desk.asked) == 1
