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

    def can_publish(self, guild_id: GuildId, channel_id: ChannelId) -> bool:
        return False

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


OTHER_SPACE, THIRD_SPACE = SpaceId("1other"), SpaceId("1third")
LIVE = "**Tea Time** is live on X"
SINCE = f"**Tea Time** is live on X, since <t:{int(START.timestamp())}:t>"
ENDED = "**Tea Time**'s Space has ended"


@dataclass(slots=True)
class Scene:
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
async def at_work(store: Store, discord: ScriptedDiscord, clock: FakeClock, most: int = 50) -> AsyncIterator[Scene]:
    woken = asyncio.Event()
    courier = Courier(store=store, publisher=discord, clock=clock, woken=woken, most_at_once=most)
    running = asyncio.create_task(courier.run())
    try:
        scene = Scene(store, discord, clock, courier, woken)
        await scene.idle()
        yield scene
    finally:
        if discord.gate is not None:
            discord.gate.set()
        await courier.drain(5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(tmp_path, role=ROLE) as store, at_work(store, ScriptedDiscord(), FakeClock()) as scene:
        yield scene


async def state(store: Store) -> list[tuple[object, object]]:
    return [(row["state"], row["reason"]) for row in await rows(store)]


async def test_an_announcement_is_sent_once_and_closed_at_the_end(scene: Scene) -> None:
    await scene.sees(live())
    await scene.sees(live())
    await scene.passing(400)
    assert scene.discord.contents() == [f"<@&120> {LIVE}"]
    await scene.sees(ended())
    await scene.passing(400)
    assert scene.discord.contents() == [ENDED]
    assert scene.discord.calls == [("send", CHANNEL), ("edit", CHANNEL)]


async def test_an_unclear_send_is_looked_for_first_and_then_repeated_with_its_nonce(scene: Scene) -> None:
    scene.discord.faults = {"send": [Unclear(TIME_OUT), Unclear(TIME_OUT)]}
    await scene.sees(live())
    await scene.passing(60)
    assert [call for call, _ in scene.discord.calls] == ["send", "find", "send", "find", "send"]
    assert len(set(scene.discord.nonces)) == 1
    assert len(scene.discord.nonces[0]) <= 25
    assert set(scene.discord.searched_since) == {START - LOOK_BACK}
    assert scene.discord.contents() == [f"<@&120> {LIVE}"]


async def test_a_message_that_stands_there_after_all_is_adopted_and_brought_up_to_date(scene: Scene) -> None:
    scene.discord.faults = {"send": [Unclear(TIME_OUT)]}
    scene.discord.posts_before_failing = True
    await scene.sees(live())
    await scene.sees(live(title="Another title"))
    await scene.passing(60)
    assert scene.discord.nonces == scene.discord.nonces[:1], "never sent again"
    [message] = scene.discord.channels[CHANNEL]
    assert message.card.embed is not None
    assert message.card.embed.title == "Another title"
    assert [call for call, _ in scene.discord.calls] == ["send", "find", "edit"]


async def test_a_space_that_ended_while_its_announcement_was_unclear_is_adopted(scene: Scene) -> None:
    scene.discord.faults = {"send": [Unclear(TIME_OUT)]}
    scene.discord.posts_before_failing = True
    await scene.sees(live())
    await scene.sees(ended())
    await scene.passing(60)
    assert scene.discord.contents() == [ENDED]
    assert len(scene.discord.nonces) == 1


async def test_a_space_that_ended_while_its_announcement_was_unclear_is_not_posted_late(scene: Scene) -> None:
    scene.discord.faults = {"send": [Unclear(TIME_OUT)]}
    await scene.sees(live())
    await scene.sees(ended())
    await scene.passing(400)
    assert scene.discord.contents() == []
    assert await state(scene.store) == [("skipped", Reason.OVER)]


async def test_a_host_unfollowed_while_its_announcement_was_unclear_is_not_posted(scene: Scene) -> None:
    scene.discord.faults = {"send": [Unclear(TIME_OUT)]}
    await scene.sees(live())
    await scene.store(Queries.remove_watch, GUILD, HOST.id, scene.clock.now())
    await scene.passing(400)
    assert scene.discord.contents() == []
    assert await state(scene.store) == [("skipped", Reason.UNWATCHED)]


async def test_without_the_history_an_unclear_send_is_repeated_without_mentions(scene: Scene) -> None:
    scene.discord.faults = {"send": [Unclear(TIME_OUT)]}
    scene.discord.blind = True
    await scene.sees(live())
    await scene.passing(60)
    assert [call for call, _ in scene.discord.calls] == ["send", "send"]
    [message] = scene.discord.channels[CHANNEL]
    assert (message.card.content, message.card.roles) == (LIVE, ())


async def test_a_crash_between_sending_and_noting_it_leaves_one_message(tmp_path: Path) -> None:
    discord, clock = ScriptedDiscord(), FakeClock()
    async with opened(tmp_path) as store:
        async with at_work(store, discord, clock) as scene:
            discord.gate = asyncio.Event()
            await look(store, live())
            scene.courier.wake()
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
        async with at_work(store, discord, clock) as scene:
            await scene.passing(10)
            assert [call for call, _ in discord.calls] == ["find", "edit"]
            assert discord.contents() == [LIVE]


async def test_a_refusal_pauses_its_channel_and_harms_nobody_else(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(scene.store, guild=FAR_GUILD)
    scene.discord.obstacles[CHANNEL] = NO_PERMISSION
    await scene.sees(live())
    await scene.passing(600)
    assert scene.discord.contents(FAR_CHANNEL) == [LIVE]
    assert scene.discord.calls == [("send", FAR_CHANNEL)], "an obstacle that is known costs no request"
    [pause] = await scene.store(Queries.pauses)
    assert (pause.channel_id, pause.obstacle) == (CHANNEL, NO_PERMISSION)
    assert sum("is paused" in line for line in caplog.messages) == 1


async def test_a_paused_channel_gets_its_message_once_the_obstacle_is_gone(scene: Scene) -> None:
    scene.discord.obstacles[CHANNEL] = NO_PERMISSION
    await scene.sees(live())
    await scene.passing(600)
    scene.discord.obstacles.clear()
    await scene.passing(31)
    assert scene.discord.contents() == [f"<@&120> {SINCE}"]
    assert await scene.store(Queries.pauses) == []


async def test_a_space_that_ends_in_a_paused_channel_is_not_announced_late(scene: Scene) -> None:
    scene.discord.obstacles[CHANNEL] = NO_PERMISSION
    await scene.sees(live())
    await scene.sees(ended())
    scene.discord.obstacles.clear()
    await scene.passing(600)
    assert scene.discord.contents() == []


async def test_a_pause_tells_the_reason_of_today(scene: Scene) -> None:
    scene.discord.obstacles[CHANNEL] = NO_PERMISSION
    await scene.sees(live())
    scene.discord.obstacles[CHANNEL] = CHANNEL_GONE
    await scene.passing(31)
    [pause] = await scene.store(Queries.pauses)
    assert pause.obstacle == CHANNEL_GONE


async def test_a_refusal_that_no_permission_explains_rests_its_channel_for_a_minute(scene: Scene) -> None:
    scene.discord.faults = {"send": [Refused(NO_PERMISSION)]}
    await scene.sees(live())
    await scene.passing(29)
    assert len(await scene.store(Queries.pauses)) == 1
    await scene.passing(65)
    assert [call for call, _ in scene.discord.calls] == ["send", "send"], "nothing was posted, so nothing is searched"
    assert scene.discord.contents() == [f"<@&120> {LIVE}"]


async def test_a_message_that_is_refused_holds_up_no_other_in_its_channel(scene: Scene) -> None:
    scene.discord.faults = {"send": [MessageRefused(BLOCKED)]}
    await scene.sees(live())
    await scene.passing(1)
    assert scene.discord.contents() == []
    assert await scene.store(Queries.pauses) == []
    [line] = await scene.store(Queries.watch_lines, GUILD)
    assert line.paused == BLOCKED
    await scene.sees(live(SpaceId("1next")))
    await scene.passing(1)
    assert scene.discord.contents() == [f"<@&120> {LIVE}"]
    await scene.passing(70)
    assert scene.discord.contents() == [f"<@&120> {LIVE}", LIVE], "its host has called people here by now"
    [line] = await scene.store(Queries.watch_lines, GUILD)
    assert line.paused is None


async def test_a_message_that_is_always_refused_is_tried_ever_more_rarely(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.discord.faults = {"send": [MessageRefused(BLOCKED)] * 99}
    await scene.sees(live())
    await scene.passing(2 * 3600)
    assert 5 <= len(scene.discord.calls) <= 8
    assert sum("is refused" in line for line in caplog.messages) == 1


async def test_a_channel_too_full_to_search_gets_its_message_without_mentions(scene: Scene) -> None:
    await scene.store(Queries.set_roles, GUILD, (ROLE,))
    scene.discord.faults = {"send": [Unclear(TIME_OUT)], "find": [SearchGivenUp()]}
    await scene.sees(live())
    await scene.passing(10)
    [message] = scene.discord.channels[CHANNEL]
    assert message.card.roles == ()


async def test_a_refusal_after_an_unclear_attempt_does_not_forget_that_one(scene: Scene) -> None:
    scene.discord.faults = {"send": [Unclear(TIME_OUT), Refused(NO_PERMISSION)]}
    await scene.sees(live())
    await scene.passing(200)
    assert [call for call, _ in scene.discord.calls] == ["send", "find", "send", "find", "send"]
    assert len(scene.discord.contents()) == 1


async def test_a_full_bucket_is_waited_out(scene: Scene) -> None:
    scene.discord.faults = {"send": [TryLater(SLOW_DOWN, seconds=20)]}
    await scene.sees(live())
    await scene.passing(19)
    assert scene.discord.contents() == []
    await scene.passing(2)
    assert scene.discord.contents() == [f"<@&120> {LIVE}"]
    assert [call for call, _ in scene.discord.calls] == ["send", "send"]


async def two_old_messages(scene: Scene) -> None:
    """Two posts in one channel, older than an hour, of Spaces of two hosts."""
    await follow(scene.store, COHOST, channel=CHANNEL)
    await scene.sees(live())
    await scene.sees(live(OTHER_SPACE, COHOST))
    await scene.passing(4000)
    assert [call for call, _ in scene.discord.calls] == ["send", "send"]


async def test_old_messages_are_edited_without_waiting_where_discord_takes_it(scene: Scene) -> None:
    await two_old_messages(scene)
    await look(scene.store, ended(), ended(OTHER_SPACE), now=scene.clock.now())
    scene.courier.wake()
    await scene.idle()
    assert [str(content).endswith("has ended") for content in scene.discord.contents()] == [True, True]


async def test_old_messages_wait_as_long_as_discord_says_and_hold_up_nothing_else(scene: Scene) -> None:
    await two_old_messages(scene)
    scene.discord.faults = {"edit": [TryLater(SLOW_DOWN, seconds=30)]}
    await look(scene.store, ended(), ended(OTHER_SPACE), now=scene.clock.now())
    scene.courier.wake()
    await scene.passing(25)
    assert [call for call, _ in scene.discord.calls].count("edit") == 1, "the other is not even tried"
    await scene.sees(live(THIRD_SPACE))
    assert len(scene.discord.contents()) == 3, "what is new does not wait"
    await scene.sees(live(THIRD_SPACE, title="Another title"))
    await scene.sees(ended(THIRD_SPACE))
    assert [call for call, _ in scene.discord.calls].count("edit") > 1, "nor what is young"
    assert not any(str(content).endswith("has ended") for content in scene.discord.contents()[:2])
    await scene.passing(6)
    assert all(str(content).endswith("has ended") for content in scene.discord.contents())
    assert not [row for row in await rows(scene.store) if row["reason"] is not None]


async def test_a_message_that_somebody_deleted_is_done_with(scene: Scene) -> None:
    await scene.sees(live())
    scene.discord.channels.clear()
    await scene.sees(live(title="Another title"))
    await scene.sees(ended())
    await scene.passing(400)
    assert scene.discord.contents() == []
    assert [call for call, _ in scene.discord.calls] == ["send", "edit"]


async def test_an_edit_that_fails_is_tried_again_with_what_is_true_then(scene: Scene) -> None:
    await scene.sees(live())
    scene.discord.faults = {"edit": [Unclear(TIME_OUT), TryLater(SLOW_DOWN, seconds=5)]}
    await scene.sees(live(title="Another title"))
    await scene.sees(ended())
    await scene.passing(60)
    assert scene.discord.contents() == [ENDED]


async def test_two_edits_of_one_message_never_overtake_each_other(scene: Scene) -> None:
    await scene.sees(live())
    scene.discord.gate = asyncio.Event()
    scene.discord.most_under_way = 0
    await look(scene.store, live(is_ticketed=True))
    scene.courier.wake()
    await until(lambda: scene.discord.under_way == 1)
    await look(scene.store, ended())
    scene.courier.wake()
    await until(lambda: not scene.woken.is_set() and scene.clock.next_due() is not None)
    scene.discord.gate.set()
    await scene.passing(60)
    assert scene.discord.most_under_way == 1
    assert scene.discord.contents() == [ENDED]


async def test_an_unforeseen_error_is_logged_and_taken_for_unclear(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.discord.faults = {"send": [ZeroDivisionError("oh")]}
    await scene.sees(live())
    await scene.passing(400)
    assert any("unforeseen" in line for line in caplog.messages)
    assert [call for call, _ in scene.discord.calls] == ["send", "find", "send"]


async def test_no_more_is_under_way_than_there_are_hands(tmp_path: Path) -> None:
    discord = ScriptedDiscord()
    async with opened(tmp_path) as store:
        for n in range(12):
            guild = GuildId(1000 + n)
            await store(Queries.set_channel, guild, ChannelId(2000 + n))
            await follow(store, guild=guild)
        discord.gate = asyncio.Event()
        async with at_work(store, discord, FakeClock(), most=4) as scene:
            await look(store, live())
            scene.courier.wake()
            await until(lambda: discord.under_way == 4)
            discord.gate.set()
            await scene.idle()
            assert discord.most_under_way == 4
            assert sum(len(messages) for messages in discord.channels.values()) == 13


async def test_one_slow_channel_does_not_hold_up_the_others(scene: Scene) -> None:
    gate = scene.discord.gate = asyncio.Event()
    await look(scene.store, live())
    scene.courier.wake()
    await until(lambda: scene.discord.under_way == 1)
    scene.discord.gate = None  # whoever comes now passes; the first still waits
    await scene.store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await follow(scene.store, COHOST, guild=FAR_GUILD)
    await look(scene.store, live(SpaceId("1other"), COHOST))
    scene.courier.wake()
    await until(lambda: bool(scene.discord.contents(FAR_CHANNEL)))
    assert scene.discord.contents() == []
    gate.set()
    await scene.idle()
    assert len(scene.discord.contents()) == 1


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
        async with at_work(store, discord, clock) as scene:
            await scene.passing(10)
        assert [call for call, _ in discord.calls] == ["send", "find", "send"]
        assert discord.contents() == [LIVE]


async def test_a_database_that_fails_for_a_while_is_logged_once_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("spacebot.store.connection.BUSY_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    async with opened(tmp_path) as store, at_work(store, ScriptedDiscord(), FakeClock()) as scene:
        await look(store, live())
        with locked(tmp_path):
            await scene.passing(600)
        await scene.passing(60)
        assert scene.discord.contents() == [SINCE]
    ledger = [line for line in caplog.messages if "ledger" in line]
    assert ["It is tried again" in line for line in ledger] == [True, False]
    assert "The ledger works again." in ledger


async def test_a_message_that_could_not_be_noted_down_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("spacebot.store.connection.BUSY_SECONDS", 0.01)
    async with opened(tmp_path) as store, at_work(store, ScriptedDiscord(gate=asyncio.Event()), FakeClock()) as scene:
        assert scene.discord.gate is not None
        await look(store, live())
        scene.courier.wake()
        await until(lambda: scene.discord.under_way == 1)
        with locked(tmp_path):
            scene.discord.gate.set()
            await scene.passing(60)
        await scene.passing(120)
        assert scene.discord.contents() == [LIVE]
        assert [call for call, _ in scene.discord.calls] == ["send", "find", "edit"]
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
            scene = Scene(store, discord, clock, courier, woken)
            await scene.idle()
            assert discord.contents() == []
        await scene.passing(31)
        assert discord.contents() == [LIVE]
        await courier.drain(5)
        await asyncio.wait_for(running, 20)


async def test_a_courier_is_idle_once_all_that_is_due_is_done_and_not_before(scene: Scene) -> None:
    gate = scene.discord.gate = asyncio.Event()
    await look(scene.store, live())
    scene.courier.wake()
    idle = asyncio.create_task(scene.courier.idle())
    await until(lambda: scene.discord.under_way == 1)
    assert not idle.done()
    gate.set()
    await asyncio.wait_for(idle, 20)
    assert len(scene.discord.contents()) == 1
    await scene.courier.drain(5)
    await asyncio.wait_for(scene.courier.idle(), 20)


async def test_cancelling_the_courier_is_not_swallowed(scene: Scene) -> None:
    courier = Courier(store=scene.store, publisher=scene.discord, clock=FakeClock(start=START + timedelta(days=1)))
    running = asyncio.create_task(courier.run())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
