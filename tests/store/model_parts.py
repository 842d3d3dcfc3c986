"""What the random histories of the ledger are played with: a store in memory, a Discord and an X that keep the truth.

Nothing waits for real: each of Discord's calls stands still until the history says what became of it.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from spacebot.domain.ids import ChannelId, GuildId, MessageId, SpaceId, UserId, is_for_events
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import State
from spacebot.errors import (
    EventRuns,
    MessageGone,
    MessageRefused,
    Refused,
    SearchGivenUp,
    StoreError,
    TryLater,
    Unclear,
)
from spacebot.present.card import Card
from spacebot.store.migrations import migrations
from spacebot.store.queries import Queries
from spacebot.x.model import Space
from tests.clocks import START
from tests.store.seed import BLOCKED, NO_PERMISSION, SLOW_DOWN, TIME_OUT

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Time:
    """A clock that goes where a history sends it; the wall clock may lag behind the true time."""

    passed: float = 0.0
    behind: float = 0.0

    @property
    def true(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def now(self) -> datetime:
        return self.true - timedelta(seconds=self.behind)

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps in a history")


@cache
def _template() -> bytes:
    connection = sqlite3.connect(":memory:")
    migrations.apply(Database(connection))
    image = connection.serialize()
    connection.close()
    return image


class Door:
    """The real statements over a database in memory, each call one transaction; `faults` of the next calls fail."""

    def __init__(self) -> None:
        connection = sqlite3.connect(":memory:")
        connection.deserialize(_template())
        connection.execute("PRAGMA foreign_keys = ON")
        self.tables = Queries(Database(connection))
        self.faults = 0

    def ask(self, method: Callable[Concatenate[Queries, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self.tables.db.atomic():
            return method(self.tables, *args, **kwargs)

    async def __call__(self, method: Callable[Concatenate[Queries, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.faults:
            self.faults -= 1
            raise StoreError("disk full")
        return self.ask(method, *args, **kwargs)

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        return list(self.tables.db.query(sql, values))

    def close(self) -> None:
        self.tables.db.close()


@dataclass(slots=True, eq=False)
class Request:
    """A call that Discord has not answered yet."""

    name: str
    channel: ChannelId
    effect: Callable[[], Any]

    def __await__(self) -> Generator["Request", str, str]:
        return (yield self)


@dataclass(slots=True, eq=False)
class Message:
    """A message of ours in a channel."""

    url: str
    card: Card
    at: datetime


OUTCOMES = ("done", "lost", "unnoticed", "refused", "unwelcome", "later", "too many")


@dataclass(slots=True)
class Discord:
    """A `Publisher` that keeps what stands where, and objects to a second message of one announcement."""

    time: Time
    about_to_send: Callable[[ChannelId, str], None]
    sent: Callable[[ChannelId, str, bool], None]
    """Called with the channel, the embed's address, and whether somebody is mentioned."""
    forbidden: dict[ChannelId, Obstacle] = field(default_factory=dict)
    deleted: set[ChannelId] = field(default_factory=set)
    left: set[ChannelId] = field(default_factory=set)
    blind: set[ChannelId] = field(default_factory=set)
    given_up: set[ChannelId] = field(default_factory=set)
    messages: dict[ChannelId, dict[MessageId, Message]] = field(default_factory=dict)
    made: Counter[tuple[ChannelId, str]] = field(default_factory=Counter)
    removed: set[tuple[ChannelId, str]] = field(default_factory=set)
    """Announcements that somebody deleted."""
    number: int = 0

    def obstacle(self, guild_id: GuildId, channel_id: ChannelId) -> Obstacle | None:
        return self.in_the_way(channel_id)

    def in_the_way(self, channel_id: ChannelId) -> Obstacle | None:
        if channel_id in self.left:
            return Obstacle(reason=Reason.GUILD_UNAVAILABLE)
        return Obstacle(reason=Reason.CHANNEL_GONE) if channel_id in self.deleted else self.forbidden.get(channel_id)

    def can_publish(self, guild_id: GuildId, channel_id: ChannelId) -> bool:
        return False

    def can_search(self, guild_id: GuildId, channel_id: ChannelId) -> bool:
        return channel_id not in self.blind

    async def look(self, guild_id: GuildId, channel_id: ChannelId) -> Obstacle | None:
        return self.in_the_way(channel_id)

    async def send(self, channel_id: ChannelId, card: Card, *, nonce: str) -> MessageId:
        url = _address(card)
        self.about_to_send(channel_id, url)
        unsure = channel_id in self.blind or channel_id in self.given_up

        def effect() -> MessageId:
            if self.made[channel_id, url]:
                assert unsure, "a second message of one announcement"
                assert not card.roles, "somebody is called twice"
            self.made[channel_id, url] += 1
            self.sent(channel_id, url, bool(card.roles))
            self.number += 1
            message = MessageId(self.number)
            self.messages.setdefault(channel_id, {})[message] = Message(url, card, self.time.true)
            return message

        message: MessageId = await self._call(Request("send", channel_id, effect))
        return message

    async def find(self, channel_id: ChannelId, embed_url: str, *, since: datetime) -> MessageId | None:
        self.given_up.discard(channel_id)

        def effect() -> MessageId | None:
            standing = self.messages.get(channel_id, {}).items()
            return next((number for number, one in standing if one.url == embed_url and one.at >= since), None)

        found: MessageId | None = await self._call(Request("find", channel_id, effect))
        return found

    async def edit(self, channel_id: ChannelId, message_id: MessageId, card: Card) -> None:
        def effect() -> None:
            message = self.messages.get(channel_id, {}).get(message_id)
            if message is None:
                raise MessageGone
            if card.event is not None and message.card.event is not None:
                begins, wanted = message.card.event.start, card.event.start
                if begins is None or wanted is None:
                    return self.keep(message, card)
                if begins <= self.time.true and wanted > begins:
                    raise EventRuns
            message.card = card
            return None

        await self._call(Request("edit", channel_id, effect))

    async def delete(self, channel_id: ChannelId, message_id: MessageId) -> None:
        def effect() -> None:
            message = self.messages.get(channel_id, {}).pop(message_id, None)
            if message is None:
                raise MessageGone
            if message.card.event is not None:  # it may be made again
                self.made[channel_id, message.url] -= 1

        await self._call(Request("delete", channel_id, effect))

    def keep(self, message: Message, card: Card) -> None:
        """An event gets another face, and begins when it did."""
        assert message.card.event is not None
        assert card.event is not None
        message.card = Card(event=replace(card.event, start=card.event.start or message.card.event.start))

    async def _call(self, request: Request) -> Any:
        outcome = await request
        obstacle = self.in_the_way(request.channel)
        if outcome == "unnoticed" and obstacle is None:
            with suppress(MessageGone, EventRuns):
                request.effect()
        if outcome in {"lost", "unnoticed"}:
            raise Unclear(TIME_OUT)
        if obstacle is not None or outcome == "refused":
            raise Refused(obstacle or NO_PERMISSION)
        if outcome == "unwelcome":
            raise MessageRefused(BLOCKED)
        if outcome == "too many" and request.name == "find" and not is_for_events(request.channel):
            self.given_up.add(request.channel)
            raise SearchGivenUp
        if outcome in {"later", "too many"}:
            raise TryLater(SLOW_DOWN, seconds=20)
        return request.effect()


def _address(card: Card) -> str:
    """By what it is found again."""
    if card.event is not None:
        return card.event.location
    assert card.embed is not None
    assert card.embed.url is not None
    return card.embed.url


@dataclass(slots=True)
class Flight:
    """A delivery under way, up to the call that waits for its answer."""

    work: Coroutine[Any, Any, None]
    channel: ChannelId
    since: float
    request: Request | None = None

    def go_on(self, outcome: str | None) -> bool:
        """Let the call end so; whether the delivery is over."""
        try:
            self.request = self.work.send(outcome)
        except StopIteration:
            return True
        return False

    def die(self, *, reached: bool) -> None:
        """The process dies; the request may have reached Discord."""
        if reached and self.request is not None:
            with suppress(MessageGone, EventRuns):
                self.request.effect()
        self.work.close()


@dataclass(slots=True)
class Truth:
    """One Space as it really is."""

    space_id: SpaceId
    host_id: UserId
    state: State | None = None
    hidden: bool = False
    title: str = "One"
    listeners: int = 5
    start: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    guests: tuple[UserId, ...] = ()

    def happens(self, event: str, minutes: int, other: UserId, now: datetime) -> None:
        """Something happens, as far as it can in this state."""
        match event, self.state:
            case "schedule", None | State.SCHEDULED:
                self.state, self.start = State.SCHEDULED, now + timedelta(minutes=minutes)
            case "start", None | State.SCHEDULED:
                self.state, self.started = State.LIVE, now
            case "end", State.LIVE:
                self.state, self.ended = State.ENDED, now if minutes % 2 else None
            case "cancel", State.SCHEDULED:
                self.state = State.CANCELED
            case "hide", _:
                self.hidden = True
            case "show", _:
                self.hidden = False
            case "rename", _:
                self.title = "Two" if self.title == "One" else "One"
            case "crowd", _:
                self.listeners = minutes
            case "guest", _:
                self.guests = () if other in self.guests else (other,)

    def seen(self, *, people: bool) -> Space | None:
        """As X shows it; None where it does not."""
        if self.state is None or self.hidden:
            return None
        if self.state is State.ENDED:
            return Space(id=self.space_id, state=State.ENDED, ended_at=self.ended)
        return Space(
            id=self.space_id,
            state=self.state,
            creator_id=self.host_id,
            title=self.title,
            participant_count=self.listeners if self.state is State.LIVE else None,
            scheduled_start=self.start,
            started_at=self.started,
            host_ids=(self.host_id,) if people else (),
            speaker_ids=self.guests if people else (),
        )
