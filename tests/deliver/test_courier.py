"""The courier over the real ledger and a fake clock, with a Discord that does as the script says."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from discord import Embed

from spacebot.deliver.courier import LOOK_BACK, Courier
from spacebot.domain.ids import ChannelId, GuildId, MessageId, SpaceId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.errors import MessageGone, MessageRefused, Refused, SearchGivenUp, TryLater, Unclear
from spacebot.present.card import Card
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import Space
from tests.clocks import START, FakeClock
from tests.store.seed import (
    BLOCKED,
    CHANNEL,
    CHANNEL_GONE,
    COHOST,
    FAR_CHANNEL,
    FAR_GUILD,
    GUILD,
    HOST,
    NO_PERMISSION,
    ROLE,
    SLOW_DOWN,
    SPACE,
    TIME_OUT,
    ended,
    follow,
    live,
    look,
    opened,
    rows,
)


@dataclass(slots=True, eq=False)
class Message:
    """A message that stands in a channel."""

    message_id: MessageId
    card: Card
    nonce: str


@dataclass(slots=True)
class ScriptedDiscord:
    """A `Publisher` of channels in memory; `faults` go to the next calls, in order, before or after they take effect."""

    obstacles: dict[ChannelId, Obstacle] = field(default_factory=dict)
    blind: bool = False
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    posts_before_failing: bool = False
    gate: asyncio.Event | None = None
    channels: dict[ChannelId, list[Message]] = field(default_factory=dict)
    calls: list[tuple[str, ChannelId]] = field(default_factory=list)
    nonces: list[str] = field(default_factory=list)
    searched_since: list[datetime] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    def obstacle(self, guild_id: GuildId, channel_id: ChannelId) -> Obstacle | None:
        return self.obstacles.get(channel_id)

    async def look(self, guild_id: GuildId, channel_id: ChannelId) -> Obstacle | None:
        return self.obstacles.get(channel_id)

    def can_search(self, guild_id: GuildId, channel_id: ChannelId) -> bool:
        return not self.blind

    async def send(self, channel_id: ChannelId, card: Card, *, nonce: str) -> MessageId:
        self.nonces.append(nonce)
        fault = await self._begin("send", channel_id)
        if fault is not None and not self.posts_before_failing:
            raise fault
        message_id = MessageId(9000 + len(self.nonces))
        self.channels.setdefault(channel_id, []).append(Message(message_id, card, nonce))
        if fault is not None:
            raise fault
        return message_id

    async def find(self, channel_id: ChannelId, embed_url: str, *, since: datetime) -> MessageId | None:
        self.searched_since.append(since)
        fault = await self._begin("find", channel_id)
        if fault is not None:
            raise fault
        standing = self.channels.get(channel_id, [])
        return next((one.message_id for one in standing if one.card.embed and one.card.embed.url == embed_url), None)

    async def edit(self, channel_id: ChannelId, message_id: MessageId, card: Card) -> None:
        fault = await self._begin("edit", channel_id)
        if fault is not None:
            raise fault
        message = next((one for one in self.channels.get(channel_id, []) if one.message_id == message_id), None)
        if message is None:
            raise MessageGone
        message.card = card

    async def delete(self, channel_id: ChannelId, message_id: MessageId) -> None:
        fault = await self._begin("delete", channel_id)
        if fault is not None:
            raise fault
        standing = self.channels.get(channel_id, [])
        message = next((one for one in standing if one.message_id == message_id), None)
        if message is None:
            raise MessageGone
        standing.remove(message)

    async def _begin(self, call: str, channel_id: ChannelId) -> Exception | None:
        self.calls.append((call, channel_id))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.under_way -= 1
        waiting = self.faults.get(call)
        return waiting.pop(0) if waiting else None

    def contents(self, channel_id: ChannelId = CHANNEL) -> list[str | None]:
        return [message.card.content for message in self.channels.get(channel_id, [])]


LIVE = "**Tea Time** is live in a Space on X."
SINCE = f"**Tea Time** is live in a Space on X, since <t:{int(START.timestamp())}:t>."
ENDED = "**Tea Time**'s Space has ended."


@dataclass(slots=True)
class Office:
    """A courier at work."""

    store: Store
    discord: ScriptedDiscord
    clock: FakeClock
    courier: Courier
    woken: asyncio.Event
    """What wakes the courier; not set any more when it has seen that."""

    async def idle(self) -> None:
        """Everything that is due now has been done; what is left waits for the clock, which knows of it."""
        async with asyncio.timeout(20):
            await self.courier.idle()
        await until(lambda: self.clock.next_due() is not None)

    async def passing(self, seconds: float) -> None:
        """Let so much time pass, and everything happen that falls due in it."""
        end = self.clock.monotonic() + seconds
        await self.idle()
        while (due := self.clock.next_due()) is not None and due <= end:
            await self.clock.advance(due - self.clock.monotonic())
            await self.idle()
        await self.clock.advance(end - self.clock.monotonic())
        await self.idle()

    async def sees(self, *spaces: Space) -> None:
        """X shows these, and the courier is woken."""
        await look(self.store, *spaces, now=self.clock.now())
        self.courier.wake()
        await self.idle()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for the store's thread, at most a few real seconds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens on the store's thread
            await asyncio.sleep(0.0005)


def under_way() -> list[asyncio.Task[object]]:
    """The deliveries that the courier works on."""
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("delivery-")]


@asynccontextmanager
async def at_work(store: Store, discord: ScriptedDiscord, clock: FakeClock, most: int = 50) -> AsyncIterator[Office]:
    woken = asyncio.Event()
    courier = Courier(store=store, publisher=discord, clock=clock, woken=woken, most_at_once=most)
    running = asyncio.create_task(courier.run())
    try:
        office = Office(store, discord, clock, courier, woken)
        await office.idle()
        yield office
    finally:
        if discord.gate is not None:
            discord.gate.set()
        await courier.drain(5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path, role=ROLE) as store, at_work(store, ScriptedDiscord(), FakeClock()) as office:
        yield office


async def state(store: Store) -> list[tuple[object, object]]:
    return [(row["state"], row["reason"]) for row in await rows(store)]


async def test_an_announcement_is_sent_once_and_closed_at_the_end(office: Office) -> None:
    await office.sees(live())
    await office.sees(live())
    await office.passing(400)
    assert office.discord.contents() == [f"<@&120> {LIVE}"]
    await office.sees(ended())
    await office.passing(400)
    assert office.discord.contents() == [ENDED]
    assert office.discord.calls == [("send", CHANNEL), ("edit", CHANNEL)]


async def test_an_unclear_send_is_looked_for_first_and_then_repeated_with_its_nonce(office: Office) -> None:
    office.discord.faults = {"send": [Unclear(TIME_OUT), Unclear(TIME_OUT)]}
    await office.sees(live())
    await office.passing(60)
    assert [call for call, _ in office.discord.calls] == ["send", "find", "send", "find", "send"]
    assert len(set(office.discord.nonces)) == 1
    assert len(office.discord.nonces[0]) <= 25
    assert set(office.discord.searched_since) == {START - LOOK_BACK}
    assert office.discord.contents() == [f"<@&120> {LIVE}"]


async def test_a_message_that_stands_there_after_all_is_adopted_and_brought_up_to_date(office: Office) -> None:
    office.discord.faults = {"send": [Unclear(TIME_OUT)]}
    office.discord.posts_before_failing = True
    await office.sees(live())
    await office.sees(live(title="Another title"))
    await office.passing(60)
    assert office.discord.nonces == office.discord.nonces[:1], "never sent again"
    [message] = office.discord.channels[CHANNEL]
    assert message.card.embed is not None
    assert message.card.embed.title == "Another title"
    assert [call for call, _ in office.discord.calls] == ["send", "find", "edit"]


async def test_a_space_that_ended_while_its_announcement_was_unclear_is_adopted(office: Office) -> None:
    office.discord.faults = {"send": [Unclear(TIME_OUT)]}
    office.discord.posts_before_failing = True
    await office.sees(live())
    await office.sees(ended())
    await office.passing(60)
    assert office.discord.contents() == [ENDED]
    assert len(office.discord.nonces) == 1


async def test_a_space_that_ended_while_its_announcement_was_unclear_is_not_posted_late(office: Office) -> None:
    office.discord.faults = {"send": [Unclear(TIME_OUT)]}
    await office.sees(live())
    await office.sees(ended())
    await office.passing(400)
    assert office.discord.contents() == []
    assert await state(office.store) == [("skipped", Reason.OVER)]


async def test_a_host_unfollowed_while_its_announcement_was_unclear_is_not_posted(office: Office) -> None:
    office.discord.faults = {"send": [Unclear(TIME_OUT)]}
    await office.sees(live())
    await office.store(Queries.remove_watch, GUILD, HOST.id, office.clock.now())
    await office.passing(400)
    assert office.discord.contents() == []
    assert await state(office.store) == [("skipped", Reason.UNWATCHED)]


async def test_without_the_history_an_unclear_send_is_repeated_without_mentions(office: Office) -> None:
    office.discord.faults = {"send": [Unclear(TIME_OUT)]}
    office.discord.blind = True
    await office.sees(live())
    await office.passing(60)
    assert [call for call, _ in office.discord.calls] == ["send", "send"]
    [message] = office.discord.channels[CHANNEL]
    assert (message.card.content, message.card.roles) == (LIVE, ())


async def test_a_crash_between_sending_and_noting_it_leaves_one_message(tmp_path: Path) -> None:
    discord, clock = ScriptedDiscord(), FakeClock()
    async with opened(tmp_path) as store:
        async with at_work(store, discord, clock) as office:
            discord.gate = asyncio.Event()
            await look(store, live())
            office.courier.wake()
            await until(lambda: discord.under_way == 1)
            [working] = under_way()
            working.cancel()  # the process dies while Discord takes the message
            await asyncio.gather(working, return_exceptions=True)
        discord.gate = None
        await discord.send(
            CHANNEL,
            Card(content=LIVE, embed=Embed(title="Tea", url=f"https://x.com/i/spaces/{SPACE}#live")),
            nonce="of the dead",
        )
        discord.calls.clear()
        async with at_work(store, discord, clock) as office:
            await office.passing(10)
            assert [call for call, _ in discord.calls] == ["find", "edit"]
            assert discord.contents() == [LIVE]


async def test_a_refusal_pauses_its_channel_and_harms_nobody_else(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await office.store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(office.store, guild=FAR_GUILD)
    office.discord.obstacles[CHANNEL] = NO_PERMISSION
    await office.sees(live())
    await office.passing(600)
    assert office.discord.contents(FAR_CHANNEL) == [LIVE]
    assert office.discord.calls == [("send", FAR_CHANNEL)], "an obstacle that is known costs no request"
    [pause] = await office.store(Queries.pauses)
    assert (pause.channel_id, pause.obstacle) == (CHANNEL, NO_PERMISSION)
    assert sum("is paused" in line for line in caplog.messages) == 1


async def test_a_paused_channel_gets_its_message_once_the_obstacle_is_gone(office: Office) -> None:
    office.discord.obstacles[CHANNEL] = NO_PERMISSION
    await office.sees(live())
    await office.passing(600)
    office.discord.obstacles.clear()
    await office.passing(31)
    assert office.discord.contents() == [f"<@&120> {SINCE}"]
    assert await office.store(Queries.pauses) == []


async def test_a_space_that_ends_in_a_paused_channel_is_not_announced_late(office: Office) -> None:
    office.discord.obstacles[CHANNEL] = NO_PERMISSION
    await office.sees(live())
    await office.sees(ended())
    office.discord.obstacles.clear()
    await office.passing(600)
    assert office.discord.contents() == []


async def test_a_pause_tells_the_reason_of_today(office: Office) -> None:
    office.discord.obstacles[CHANNEL] = NO_PERMISSION
    await office.sees(live())
    office.discord.obstacles[CHANNEL] = CHANNEL_GONE
    await office.passing(31)
    [pause] = await office.store(Queries.pauses)
    assert pause.obstacle == CHANNEL_GONE


async def test_a_refusal_that_no_permission_explains_rests_its_channel_for_a_minute(office: Office) -> None:
    office.discord.faults = {"send": [Refused(NO_PERMISSION)]}
    await office.sees(live())
    await office.passing(29)
    assert len(await office.store(Queries.pauses)) == 1
    await office.passing(65)
    assert [call for call, _ in office.discord.calls] == ["send", "send"], "nothing was posted, so nothing is searched"
    assert office.discord.contents() == [f"<@&120> {LIVE}"]


async def test_a_message_that_is_refused_holds_up_no_other_in_its_channel(office: Office) -> None:
    office.discord.faults = {"send": [MessageRefused(BLOCKED)]}
    await office.sees(live())
    await office.passing(1)
    assert office.discord.contents() == []
    assert await office.store(Queries.pauses) == []
    [line] = await office.store(Queries.watch_lines, GUILD)
    assert line.paused == BLOCKED
    await office.sees(live(SpaceId("1next")))
    await office.passing(1)
    assert office.discord.contents() == [f"<@&120> {LIVE}"]
    await office.passing(70)
    assert office.discord.contents() == [f"<@&120> {LIVE}"] * 2
    [line] = await office.store(Queries.watch_lines, GUILD)
    assert line.paused is None


async def test_a_message_that_is_always_refused_is_tried_ever_more_rarely(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.discord.faults = {"send": [MessageRefused(BLOCKED)] * 99}
    await office.sees(live())
    await office.passing(2 * 3600)
    assert 5 <= len(office.discord.calls) <= 8
    assert sum("is refused" in line for line in caplog.messages) == 1


async def test_a_channel_too_full_to_search_gets_its_message_without_mentions(office: Office) -> None:
    await office.store(Queries.set_role, GUILD, ROLE)
    office.discord.faults = {"send": [Unclear(TIME_OUT)], "find": [SearchGivenUp()]}
    await office.sees(live())
    await office.passing(10)
    [message] = office.discord.channels[CHANNEL]
    assert message.card.roles == ()


async def test_a_refusal_after_an_unclear_attempt_does_not_forget_that_one(office: Office) -> None:
    office.discord.faults = {"send": [Unclear(TIME_OUT), Refused(NO_PERMISSION)]}
    await office.sees(live())
    await office.passing(200)
    assert [call for call, _ in office.discord.calls] == ["send", "find", "send", "find", "send"]
    assert len(office.discord.contents()) == 1


async def test_a_full_bucket_is_waited_out(office: Office) -> None:
    office.discord.faults = {"send": [TryLater(SLOW_DOWN, seconds=20)]}
    await office.sees(live())
    await office.passing(19)
    assert office.discord.contents() == []
    await office.passing(2)
    assert office.discord.contents() == [f"<@&120> {LIVE}"]
    assert [call for call, _ in office.discord.calls] == ["send", "send"]


async def test_a_message_that_somebody_deleted_is_done_with(office: Office) -> None:
    await office.sees(live())
    office.discord.channels.clear()
    await office.sees(live(title="Another title"))
    await office.sees(ended())
    await office.passing(400)
    assert office.discord.contents() == []
    assert [call for call, _ in office.discord.calls] == ["send", "edit"]


async def test_an_edit_that_fails_is_tried_again_with_what_is_true_then(office: Office) -> None:
    await office.sees(live())
    office.discord.faults = {"edit": [Unclear(TIME_OUT), TryLater(SLOW_DOWN, seconds=5)]}
    await office.sees(live(title="Another title"))
    await office.sees(ended())
    await office.passing(60)
    assert office.discord.contents() == [ENDED]


async def test_two_edits_of_one_message_never_overtake_each_other(office: Office) -> None:
    await office.sees(live())
    office.discord.gate = asyncio.Event()
    office.discord.most_under_way = 0
    await look(office.store, live(title="Another title"))
    office.courier.wake()
    await until(lambda: office.discord.under_way == 1)
    await look(office.store, ended())
    office.courier.wake()
    await until(lambda: not office.woken.is_set() and office.clock.next_due() is not None)
    office.discord.gate.set()
    await office.passing(60)
    assert office.discord.most_under_way == 1
    assert office.discord.contents() == [ENDED]


async def test_an_unforeseen_error_is_logged_and_taken_for_unclear(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.discord.faults = {"send": [ZeroDivisionError("oh")]}
    await office.sees(live())
    await office.passing(400)
    assert any("unforeseen" in line for line in caplog.messages)
    assert [call for call, _ in office.discord.calls] == ["send", "find", "send"]


async def test_no_more_is_under_way_than_there_are_hands(tmp_path: Path) -> None:
    discord = ScriptedDiscord()
    async with opened(tmp_path) as store:
        for n in range(12):
            guild = GuildId(1000 + n)
            await store(Queries.set_channel, guild, ChannelId(2000 + n))
            await follow(store, guild=guild)
        discord.gate = asyncio.Event()
        async with at_work(store, discord, FakeClock(), most=4) as office:
            await look(store, live())
            office.courier.wake()
            await until(lambda: discord.under_way == 4)
            discord.gate.set()
            await office.idle()
            assert discord.most_under_way == 4
            assert sum(len(messages) for messages in discord.channels.values()) == 13


async def test_one_slow_channel_does_not_hold_up_the_others(office: Office) -> None:
    gate = office.discord.gate = asyncio.Event()
    await look(office.store, live())
    office.courier.wake()
    await until(lambda: office.discord.under_way == 1)
    office.discord.gate = None  # whoever comes now passes; the first still waits
    await office.store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(office.store, COHOST, guild=FAR_GUILD)
    await look(office.store, live(SpaceId("1other"), COHOST))
    office.courier.wake()
    await until(lambda: bool(office.discord.contents(FAR_CHANNEL)))
    assert office.discord.contents() == []
    gate.set()
    await office.idle()
    assert len(office.discord.contents()) == 1


async def test_a_stop_lets_what_is_under_way_finish_and_starts_nothing_new(tmp_path: Path) -> None:
    discord, clock = ScriptedDiscord(gate=asyncio.Event()), FakeClock()
    assert discord.gate is not None
    async with opened(tmp_path) as store:
        courier = Courier(store=store, publisher=discord, clock=clock)
        running = asyncio.create_task(courier.run())
        await look(store, live())
        courier.wake()
        await until(lambda: discord.under_way == 1)
        draining = asyncio.create_task(courier.drain(20))
        await asyncio.sleep(0)
        await look(store, live(SpaceId("1next")))
        courier.wake()
        discord.gate.set()
        await draining
        await asyncio.wait_for(running, 20)
        assert discord.contents() == [LIVE]
        assert [row["state"] for row in await rows(store)] == ["sent", "pending"]


@pytest.mark.parametrize(("question", "sent"), [("claim", [LIVE]), ("pauses", [])])
async def test_a_stop_while_the_ledger_is_asked_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str, sent: list[str]
) -> None:
    asked, go_on, loop = asyncio.Event(), threading.Event(), asyncio.get_running_loop()
    real = getattr(Queries, question)

    def slow(tables: Queries, *args: object) -> object:
        loop.call_soon_threadsafe(asked.set)
        go_on.wait(20)
        return real(tables, *args)

    discord = ScriptedDiscord()
    async with opened(tmp_path) as store:
        await look(store, live())
        monkeypatch.setattr(Queries, question, slow)
        courier = Courier(store=store, publisher=discord, clock=FakeClock())
        running = asyncio.create_task(courier.run())
        await asked.wait()
        draining = asyncio.create_task(courier.drain(20))
        await asyncio.sleep(0)
        go_on.set()
        await draining
        await asyncio.wait_for(running, 20)
        assert not under_way()
        assert discord.contents() == sent
        assert [row["state"] for row in await rows(store)] == ["sent" if sent else "pending"]


async def test_what_does_not_finish_in_time_is_settled_by_the_next_start(tmp_path: Path) -> None:
    discord, clock = ScriptedDiscord(gate=asyncio.Event()), FakeClock()
    async with opened(tmp_path) as store:
        courier = Courier(store=store, publisher=discord, clock=clock)
        running = asyncio.create_task(courier.run())
        await look(store, live())
        courier.wake()
        await until(lambda: discord.under_way == 1)
        await courier.drain(0)
        await asyncio.wait_for(running, 20)
        assert [row["state"] for row in await rows(store)] == ["sending"]
        discord.gate = None
        async with at_work(store, discord, clock) as office:
            await office.passing(10)
        assert [call for call, _ in discord.calls] == ["send", "find", "send"]
        assert discord.contents() == [LIVE]


async def test_a_database_that_fails_for_a_while_is_logged_once_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("spacebot.store.connection.BUSY_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    async with opened(tmp_path) as store, at_work(store, ScriptedDiscord(), FakeClock()) as office:
        await look(store, live())
        with locked(tmp_path):
            await office.passing(600)
        await office.passing(60)
        assert office.discord.contents() == [SINCE]
    ledger = [line for line in caplog.messages if "ledger" in line]
    assert ["It is tried again" in line for line in ledger] == [True, False]
    assert "The ledger works again." in ledger


async def test_a_message_that_could_not_be_noted_down_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("spacebot.store.connection.BUSY_SECONDS", 0.01)
    async with opened(tmp_path) as store, at_work(store, ScriptedDiscord(gate=asyncio.Event()), FakeClock()) as office:
        assert office.discord.gate is not None
        await look(store, live())
        office.courier.wake()
        await until(lambda: office.discord.under_way == 1)
        with locked(tmp_path):
            office.discord.gate.set()
            await office.passing(60)
        await office.passing(120)
        assert office.discord.contents() == [LIVE]
        assert [call for call, _ in office.discord.calls] == ["send", "find", "edit"]
        assert any("ledger" in line for line in caplog.messages)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another process holds the database, and nobody else can write."""
    other = sqlite3.connect(folder / "ledger.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


async def test_a_database_that_fails_at_the_start_delays_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacebot.store.connection.BUSY_SECONDS", 0.01)
    async with opened(tmp_path) as store:
        await look(store, live())
        discord, clock = ScriptedDiscord(), FakeClock()
        with locked(tmp_path):
            woken = asyncio.Event()
            courier = Courier(store=store, publisher=discord, clock=clock, woken=woken)
            running = asyncio.create_task(courier.run())
            office = Office(store, discord, clock, courier, woken)
            await office.idle()
            assert discord.contents() == []
        await office.passing(31)
        assert discord.contents() == [LIVE]
        await courier.drain(5)
        await asyncio.wait_for(running, 20)


async def test_a_courier_is_idle_once_all_that_is_due_is_done_and_not_before(office: Office) -> None:
    gate = office.discord.gate = asyncio.Event()
    await look(office.store, live())
    office.courier.wake()
    idle = asyncio.create_task(office.courier.idle())
    await until(lambda: office.discord.under_way == 1)
    assert not idle.done()
    gate.set()
    await asyncio.wait_for(idle, 20)
    assert len(office.discord.contents()) == 1
    await office.courier.drain(5)
    await asyncio.wait_for(office.courier.idle(), 20)


async def test_cancelling_the_courier_is_not_swallowed(office: Office) -> None:
    courier = Courier(store=office.store, publisher=office.discord, clock=FakeClock(start=START + timedelta(days=1)))
    running = asyncio.create_task(courier.run())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
