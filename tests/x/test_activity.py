"""What X's activity stream tells is told once, and whatever it may not have told is told as a gap: against a local X."""

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, TypeVar

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from spacebot.domain.ids import UserId
from spacebot.errors import (
    XBadToken,
    XCreditsDepleted,
    XDisconnected,
    XDown,
    XDuplicate,
    XError,
    XForbidden,
    XInvalidRequest,
    XNotEnrolled,
    XNotFound,
    XOperatorNeeded,
    XRateLimited,
    XRuleCap,
    XTooManyConnections,
    XUnreadable,
    XWrongTokenKind,
)
from spacebot.sandbox.x import Fault, LocalX, XUser
from spacebot.x.activity import ActivityClient
from spacebot.x.auth import AppAuth, BearerAuth
from spacebot.x.stream import (
    LONGEST_LINE,
    Backoff,
    Connected,
    Disconnected,
    Happening,
    Lines,
    Missed,
    Reader,
    Reading,
    SpaceEnded,
    SpaceStarted,
)
from spacebot.x.subscriptions import EventType
from tests.clocks import FakeClock, run_until

T = TypeVar("T")

LINE = (
    b'{"data":{"event_uuid":"-71","event_type":"spaces.start","filter":{"user_id":"12"},"tag":"spacebot","payload":'
    b'{"user":{"data":{"id":"12","username":"gardener"}},"broadcast_id":"1nightgarden","event_type":"spaces_start"}}}'
)


async def elapse(clock: FakeClock, seconds: float) -> None:
    """Let `seconds` pass on the clock, and all that crosses a socket meanwhile arrive before the next sleeper wakes."""
    end = clock.monotonic() + seconds
    while True:
        for _ in range(2):
            await clock.settle(15)
            await asyncio.sleep(0.001)
        due = clock.next_due()
        if due is None or due > end:
            break
        await clock.advance(max(0.0, due - clock.monotonic()))
    await clock.advance(max(0.0, end - clock.monotonic()))
    await clock.settle()


@dataclass(kw_only=True)
class Bench:
    """A local X, its one listener, and what that one heard, with the moments."""

    x: LocalX
    clock: FakeClock
    client: ActivityClient
    host: XUser
    session: aiohttp.ClientSession
    heard: list[tuple[float, Happening]] = field(default_factory=list)
    billed: list[str] = field(default_factory=list)

    async def of(self, work: Coroutine[Any, Any, T]) -> T:
        return await run_until(self.clock, asyncio.ensure_future(work), at_most=7200)

    async def elapse(self, seconds: float) -> None:
        await elapse(self.clock, seconds)

    async def subscribe(self) -> None:
        events: tuple[EventType, ...] = ("spaces.start", "spaces.end")
        for event in events:
            await self.of(self.client.subscribe(event, UserId(self.host.id)))

    async def listen(self) -> None:
        async with aclosing(self.client.stream()) as stream:
            async for happening in stream:
                self.heard.append((self.clock.monotonic(), happening))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(self.listen())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, XOperatorNeeded):
                await task

    def of_kind(self, kind: type[T]) -> list[T]:
        return [happening for _, happening in self.heard if isinstance(happening, kind)]

    @property
    def attempts(self) -> int:
        return sum(exchange.endpoint == "stream" for exchange in self.x.requests)

    def gaps(self) -> list[tuple[float, float]]:
        """From when to when the stream may not have told everything."""
        return [(at - told.gap, at) for at, told in self.heard if isinstance(told, Connected | Missed)]

    def accounts_for(self, space_id: str, started: float) -> bool:
        """Whether the start was told, or lies in a gap that was told."""
        told = any(event.space_id == space_id for event in self.of_kind(SpaceStarted))
        return told or any(begin <= started <= end for begin, end in self.gaps())


@asynccontextmanager
async def a_bench(**settings: Any) -> AsyncIterator[Bench]:
    clock, billed = FakeClock(), list[str]()
    async with LocalX(clock=clock, **settings) as x, aiohttp.ClientSession() as session:
        client = ActivityClient(
            session=session,
            base_url=x.url,
            auth=BearerAuth(SecretStr(x.bearer_token)),
            clock=clock,
            on_event=billed.append,
        )
        host = x.add_user("gardener", id="12")
        yield Bench(x=x, clock=clock, client=client, host=host, session=session, billed=billed)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with a_bench() as made:
        await made.subscribe()
        yield made


async def test_a_start_and_an_end_are_told(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(60)
        space = bench.x.start_space(bench.host)
        await bench.elapse(1)
        space.end()
        await bench.elapse(1)
    started, ended = bench.of_kind(SpaceStarted), bench.of_kind(SpaceEnded)
    assert [(event.space_id, event.user_id) for event in started] == [(space.id, "12")]
    assert [(event.space_id, event.user_id) for event in ended] == [(space.id, "12")]
    assert bench.billed == [started[0].uuid, ended[0].uuid]
    assert bench.x.billed.count("event") == 2


async def test_nothing_is_told_of_what_is_not_subscribed_to(bench: Bench) -> None:
    stranger = bench.x.add_user("stranger")
    async with bench.listening():
        await bench.elapse(30)
        bench.x.start_space(stranger)
        bench.x.schedule_space(bench.host, start=bench.clock.now().replace(hour=23))
        await bench.elapse(30)
    assert [type(happening) for _, happening in bench.heard] == [Connected]
    assert bench.billed == []


async def test_headers_that_come_with_the_first_heartbeat_are_waited_for(bench: Bench) -> None:
    began = bench.clock.monotonic()
    async with bench.listening():
        await bench.elapse(600)
    assert bench.heard == [(began + 20, Connected(gap=20.0))]
    assert bench.attempts == 1


async def test_a_start_brings_the_late_headers_along(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(5)
        bench.x.start_space(bench.host)
        await bench.elapse(1)
    assert [type(happening) for _, happening in bench.heard] == [Connected, SpaceStarted]
    assert bench.of_kind(Connected) == [Connected(gap=5.0)]


async def test_heartbeats_keep_a_connection(bench: Bench) -> None:
    bench.x.streams.late_headers = False
    async with bench.listening():
        await bench.elapse(1200)
    assert bench.attempts == 1
    assert [type(happening) for _, happening in bench.heard] == [Connected]


@pytest.mark.parametrize("late", [True, False])
async def test_a_silent_connection_is_given_up_and_its_silence_is_a_gap(bench: Bench, late: bool) -> None:
    bench.x.streams.late_headers = late
    bench.x.fault("stream", Fault.silence())
    async with bench.listening():
        await bench.elapse(10)
        moment = bench.clock.monotonic()
        space = bench.x.start_space(bench.host)
        await bench.elapse(120)
    assert bench.attempts == 2
    assert bench.of_kind(SpaceStarted) == []
    assert bench.accounts_for(space.id, moment)


async def test_a_connection_that_falls_silent_later_is_noticed(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(100)
        bench.x.streams.go_silent()
        await bench.elapse(9)
        moment = bench.clock.monotonic()
        space = bench.x.start_space(bench.host)
        await bench.elapse(60)
    assert bench.of_kind(Disconnected)[0].gap == pytest.approx(30)
    assert bench.accounts_for(space.id, moment)


async def test_bytes_without_the_end_of_a_line_are_silence(bench: Bench) -> None:
    bench.x.streams.heartbeat = 10_000
    bench.x.streams.late_headers = False
    async with bench.listening():
        await bench.elapse(1)
        for _ in range(10):
            bench.x.streams.say(b'{"data":')
            await bench.elapse(5)
    assert bench.attempts == 2


async def test_a_line_in_pieces_is_one_event(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(20)
        for at in range(0, len(LINE), 50):
            bench.x.streams.say(LINE[at : at + 50])
            await bench.elapse(0.5)
        assert bench.of_kind(SpaceStarted) == []
        bench.x.streams.say(b"\r\n")
        await bench.elapse(0.5)
    assert [event.space_id for event in bench.of_kind(SpaceStarted)] == ["1nightgarden"]
    assert bench.attempts == 1


async def test_half_a_line_before_the_end_of_a_connection_lies_in_the_gap(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(30)
        moment = bench.clock.monotonic()
        await bench.elapse(1)
        bench.x.streams.say(LINE[:100])
        await bench.elapse(3)
        bench.x.streams.hang_up(orderly=False)
        await bench.elapse(60)
    assert bench.of_kind(SpaceStarted) == []
    assert bench.accounts_for("1nightgarden", moment)


@pytest.mark.parametrize("late", [True, False])
async def test_no_start_is_lost_at_whatever_byte_the_connection_breaks(bench: Bench, late: bool) -> None:
    bench.x.streams.late_headers = late
    moments: dict[str, float] = {}
    cuts = [*range(0, 24, 3), *range(24, 330, 27)]
    async with bench.listening():
        for cut in cuts:
            bench.x.fault("stream", Fault.cut_off(cut))
            bench.x.streams.hang_up()
            await bench.elapse(17)
            moments[bench.x.start_space(bench.host).id] = bench.clock.monotonic()
            await bench.elapse(30)
    assert len(bench.x.streams.events) == len(cuts)
    assert all(bench.accounts_for(space, moment) for space, moment in moments.items())
    assert 0 < len(bench.of_kind(SpaceStarted)) < len(cuts)
    told = [event.space_id for event in bench.of_kind(SpaceStarted)]
    assert len(told) == len(set(told))
    assert bench.x.billed.count("event") == len(set(bench.billed))


@pytest.mark.parametrize(("kind", "billed"), [("same", 1), ("new", 2)])
async def test_an_event_that_comes_twice_is_told_once(bench: Bench, kind: Literal["same", "new"], billed: int) -> None:
    bench.x.activity.duplicates = kind
    async with bench.listening():
        await bench.elapse(30)
        bench.x.start_space(bench.host)
        await bench.elapse(1)
    assert len(bench.of_kind(SpaceStarted)) == 1
    assert len(set(bench.billed)) == billed == bench.x.billed.count("event")


async def test_an_event_that_comes_again_on_the_next_connection_is_told_once(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(30)
        for _ in range(2):
            bench.x.streams.say(LINE + b"\n")
            await bench.elapse(1)
            bench.x.streams.hang_up()
            await bench.elapse(30)
    assert len(bench.of_kind(SpaceStarted)) == 1
    assert bench.attempts == 3


async def test_an_events_uuid_may_be_negative(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(30)
        for _ in range(8):
            bench.x.start_space(bench.host)
        await bench.elapse(1)
    uuids = [event.uuid for event in bench.of_kind(SpaceStarted)]
    assert len(uuids) == 8
    assert any(uuid.startswith("-") for uuid in uuids)
    assert not all(uuid.startswith("-") for uuid in uuids)


@pytest.mark.parametrize(
    "garbage",
    [b"<html>", b"{", b"[]", b"null", b"{}", b'{"data":{}}', b"\xff\xfe", LINE.replace(b"broadcast_id", b"id")],
)
async def test_a_line_that_cannot_be_understood_is_a_gap_and_the_next_is_told(bench: Bench, garbage: bytes) -> None:
    async with bench.listening():
        await bench.elapse(30)
        bench.x.streams.say(garbage + b"\n" + LINE + b"\n")
        await bench.elapse(1)
    assert bench.of_kind(Missed) == [Missed(gap=10.0)]
    assert len(bench.of_kind(SpaceStarted)) == 1
    assert bench.attempts == 1
    assert len(bench.billed) == 2


async def test_other_events_are_passed_over(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(30)
        bench.x.streams.say(LINE.replace(b"spaces.start", b"profile.update.handle") + b"\n")
        await bench.elapse(1)
    assert [type(happening) for _, happening in bench.heard] == [Connected]
    assert bench.billed == ["-71"]


async def test_a_problem_in_the_stream_ends_it(bench: Bench) -> None:
    problem = {"title": "operational-disconnect", "detail": "restart", "type": "about:blank"}
    async with bench.listening():
        await bench.elapse(30)
        bench.x.streams.say(json.dumps({"errors": [problem]}).encode() + b"\n")
        await bench.elapse(30)
    assert bench.attempts == 2
    assert bench.billed == []


async def test_after_the_end_of_a_connection_the_next_one_comes_at_once(bench: Bench) -> None:
    async with bench.listening():
        for orderly in (True, False):
            await bench.elapse(50)
            bench.x.streams.hang_up(orderly=orderly)
            await bench.elapse(0)
    assert [told.pause for told in bench.of_kind(Disconnected)] == [0, 0]
    assert bench.attempts == 3


@pytest.mark.parametrize(
    ("fault", "pauses"),
    [
        (Fault.unavailable(times=None), [5, 10, 20, 40, 80, 160, 320, 320]),
        (Fault.html(502, times=None), [5, 10, 20, 40, 80, 160, 320, 320]),
        (Fault.empty_404(times=None), [5, 10, 20, 40, 80, 160, 320, 320]),
        (Fault.too_many_connections(times=None), [60, 120, 240, 320, 320]),
        (Fault.too_many_requests(times=None), [60, 120, 240, 320, 320]),
        (Fault.dropped("before", times=None), [0, 0.25, 0.5, 0.75, 1]),
        (Fault.cut_off(0, times=None), [0, 0.25, 0.5, 0.75, 1]),
        (Fault.cut_off(1, times=None), [0, 0.25, 0.5, 0.75, 1]),
        (Fault.garbage(times=None), [0, 0.25, 0.5, 0.75, 1]),
    ],
)
async def test_the_pauses_between_attempts_are_those_x_asks_for(
    bench: Bench, fault: Fault, pauses: list[float]
) -> None:
    bench.x.streams.late_headers = False
    bench.x.streams.heartbeat = 1.0
    bench.x.fault("stream", fault)
    async with bench.listening():
        await bench.elapse(sum(pauses) + len(pauses) + 1)
    assert [told.pause for told in bench.of_kind(Disconnected)][: len(pauses)] == pauses
    times = [exchange.time for exchange in bench.x.requests if exchange.endpoint == "stream"]
    waited = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert all(wait >= pause for wait, pause in zip(waited, pauses, strict=False))


def test_the_pause_after_network_faults_ends_at_sixteen_seconds_and_never_overflows() -> None:
    backoff = Backoff()
    pauses = [backoff.pause_after(XDown()) for _ in range(100)]
    assert pauses[-1] == 16
    assert [backoff.pause_after(XDown(status=503)) for _ in range(3000)][-1] == 320
    assert [backoff.pause_after(XTooManyConnections()) for _ in range(3000)][-1] == 320
    assert backoff.pause_after(XRateLimited(retry_after=700)) == 700


def test_only_a_connection_that_outlives_a_heartbeat_clears_the_record() -> None:
    backoff = Backoff()
    first = [backoff.pause_after(XDown()) for _ in range(3)]
    backoff.connection_lasted(19)
    assert backoff.pause_after(XDown()) > first[-1]
    backoff.connection_lasted(20)
    assert backoff.pause_after(XDown()) == 0


async def test_a_connection_that_lingers_at_x_is_waited_out(bench: Bench) -> None:
    bench.x.streams.linger = 90
    bench.x.streams.most = 1
    async with bench.listening():
        await bench.elapse(30)
        bench.x.streams.hang_up()
        await bench.elapse(300)
        space = bench.x.start_space(bench.host)
        await bench.elapse(1)
    assert [told.pause for told in bench.of_kind(Disconnected)] == [0, 60, 120]
    assert [event.space_id for event in bench.of_kind(SpaceStarted)] == [space.id]
    assert len(bench.x.refused) == 2


@pytest.mark.parametrize(
    ("denied", "kind"),
    [("plan", XNotEnrolled), ("credits", XCreditsDepleted), ("authentication", XWrongTokenKind)],
)
async def test_a_stream_that_is_refused_for_good_says_why(
    bench: Bench, denied: Literal["plan", "credits", "authentication"], kind: type[XOperatorNeeded]
) -> None:
    bench.x.activity.denied = denied
    with pytest.raises(kind):
        await bench.of(bench.listen())
    assert bench.attempts == 3


async def test_one_refusal_by_mistake_does_not_end_the_stream(bench: Bench) -> None:
    bench.x.fault("stream", Fault.not_enrolled(times=2))
    async with bench.listening() as task:
        await bench.elapse(60)
        assert not task.done()
    assert len(bench.of_kind(Connected)) == 1


async def test_no_replay_is_asked_for(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(30)
    assert [dict(e.query) for e in bench.x.requests if e.endpoint == "stream"] == [{}]


async def test_no_failure_tells_the_token(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    causes: set[type[BaseException | None]] = set()
    for fault in Fault.every():
        bench.x.fault("subscribe", fault)
        bench.x.fault("stream", fault)
        try:
            await bench.of(bench.client.subscribe("spaces.start", UserId("12")))
        except XError as error:
            told += traceback.format_exception(error)
            causes.add(type(error.__context__))
        async with bench.listening():
            await bench.elapse(1)
        await bench.clock.advance(1000)
    assert len(told) > len(Fault.every())
    assert not [cause for cause in causes if issubclass(cause, aiohttp.ClientError)]
    assert bench.x.bearer_token not in "".join(told) + caplog.text + repr(bench.heard)


async def test_cancelling_closes_the_connection(bench: Bench) -> None:
    async with bench.listening():
        await bench.elapse(30)
        assert bench.x.streams.connected == 1
    await bench.elapse(30)
    assert bench.x.streams.connected == 0


@pytest.mark.parametrize("seed", range(6))
async def test_in_a_storm_of_faults_every_start_is_told_or_lies_in_a_gap(seed: int) -> None:
    async with a_bench() as bench:
        await bench.subscribe()
        bench.x.streams.late_headers = seed % 2 == 0
        bench.x.activity.duplicates = (["none", "same", "new"] * 2)[seed]  # type: ignore[assignment]  # one of the three
        among = [
            *(Fault.silence(), Fault.cut_off(3), Fault.cut_off(150), Fault.cut_off(700), Fault.unavailable()),
            *(Fault.dropped("before"), Fault.dropped("after"), Fault.dropped("truncate"), Fault.garbage()),
            *(Fault.too_many_connections(), Fault.slow(40), Fault.slow(90), Fault.not_enrolled(), Fault.empty_404()),
        ]
        bench.x.random_faults(rate=0.6, seed=seed, among=among)
        moments: dict[str, float] = {}
        async with bench.listening():
            for number in range(25):
                await bench.elapse((number * 37 + seed * 11) % 53)
                moments[bench.x.start_space(bench.host).id] = bench.clock.monotonic()
                if number % 7 == seed:
                    bench.x.streams.hang_up(orderly=number % 2 == 0)
                if number % 5 == 1:
                    bench.x.streams.say([b"garbage\n", b'{"data', LINE[:60]][number % 3])
            bench.x.clear_faults()
            await bench.elapse(800)
        lost = [space for space, moment in moments.items() if not bench.accounts_for(space, moment)]
        assert lost == []
        told = [event.space_id for event in bench.of_kind(SpaceStarted)]
        assert told
        assert len(told) == len(set(told))
        assert bench.x.billed.count("event") <= len(set(bench.billed))


# The subscriptions.


@pytest.mark.parametrize("shape", ["subscription", "list", "object"])
async def test_a_subscription_is_made_in_whatever_shape_x_says_so(
    shape: Literal["subscription", "list", "object"],
) -> None:
    async with a_bench() as bench:
        bench.x.activity.shape = shape
        made = await bench.of(bench.client.subscribe("spaces.start", UserId("12")))
        (there,) = bench.x.subscriptions
        assert (made.id, made.event_type, made.user_id) == (there.id, "spaces.start", "12")
        assert json.loads(bench.x.requests[0].request_body) == {
            "event_type": "spaces.start",
            "filter": {"user_id": "12"},
            "tag": "spacebot",
        }


async def test_all_subscriptions_are_listed_page_by_page(bench: Bench) -> None:
    for number in range(60):
        user = bench.x.add_user(f"host{number}")
        await bench.of(bench.client.subscribe("spaces.start", UserId(user.id)))
    listed = await bench.of(bench.client._list(25))
    assert {one.id for one in listed} == {one.id for one in bench.x.subscriptions}
    assert len(listed) == 62
    before = len(bench.x.requests)
    assert len(await bench.of(bench.client.subscriptions())) == 62
    assert len(bench.x.requests) == before + 1


async def test_an_older_x_lists_a_hundred_at_a_time(bench: Bench) -> None:
    body = {
        "errors": [{"parameters": {"max_results": ["1000"]}, "message": "not between 1 and 100"}],
        "title": "Invalid",
    }
    body |= {"type": "https://api.x.com/2/problems/invalid-request"}
    bench.x.fault("subscriptions", Fault(status=400, body=json.dumps(body).encode()))
    listed = await bench.of(bench.client.subscriptions())
    assert {one.event_type for one in listed} == {"spaces.start", "spaces.end"}
    assert [e.query["max_results"] for e in bench.x.requests[-2:]] == ["1000", "100"]


@pytest.mark.parametrize("empty", ["missing", "list"])
async def test_no_subscription_is_an_empty_list(empty: Literal["missing", "list"]) -> None:
    async with a_bench(empty=empty) as bench:
        assert await bench.of(bench.client.subscriptions()) == []
        bench.x.fault("subscriptions", Fault(status=200, body=b"{}"))
        assert await bench.of(bench.client.subscriptions()) == []


async def test_subscriptions_end_a_hundred_at_a_time_and_those_unknown_are_named(bench: Bench) -> None:
    ids = [one.id for one in bench.x.subscriptions]
    assert await bench.of(bench.client.unsubscribe([*ids, "77"])) == {"77"}
    assert bench.x.subscriptions == []
    assert await bench.of(bench.client.unsubscribe(["77"])) == {"77"}
    assert await bench.of(bench.client.unsubscribe([])) == frozenset()


@pytest.mark.parametrize(
    ("prepare", "user_id", "kind"),
    [
        (lambda x: None, "12", XDuplicate),
        (lambda x: setattr(x.activity, "ceiling", 2), "13", XRuleCap),
        (lambda x: x.activity.closed.add("13"), "13", XForbidden),
        (lambda x: None, "404", XNotFound),
        (lambda x: None, "gardener", XInvalidRequest),
        (lambda x: setattr(x.activity, "denied", "plan"), "13", XNotEnrolled),
        (lambda x: setattr(x.activity, "denied", "credits"), "13", XCreditsDepleted),
        (lambda x: setattr(x.activity, "denied", "authentication"), "13", XWrongTokenKind),
        (lambda x: x.fault("subscribe", Fault.html(503)), "13", XDown),
        (lambda x: x.fault("subscribe", Fault.garbage()), "13", XUnreadable),
        (lambda x: x.fault("subscribe", Fault.slow(20)), "13", XDown),
        (lambda x: x.fault("subscribe", Fault.dropped("after")), "13", XDown),
        (lambda x: x.fault("subscribe", Fault.too_many_requests()), "13", XRateLimited),
    ],
)
async def test_what_x_says_to_a_subscription_is_one_error(
    bench: Bench, prepare: Callable[[LocalX], None], user_id: str, kind: type[Exception]
) -> None:
    bench.x.add_user("moth", id="13")
    prepare(bench.x)
    with pytest.raises(kind):
        await bench.of(bench.client.subscribe("spaces.start", UserId(user_id)))


async def test_a_duplicate_that_comes_with_a_200_is_a_duplicate(bench: Bench) -> None:
    body = {"errors": [{"title": "DuplicateSubscription", "detail": "It is there."}]}
    bench.x.fault("subscribe", Fault(status=200, body=json.dumps(body).encode()))
    with pytest.raises(XDuplicate):
        await bench.of(bench.client.subscribe("spaces.start", UserId("12")))


async def test_the_window_of_calls_is_never_exceeded() -> None:
    async with a_bench() as bench:
        for _ in range(500):
            await bench.client.subscriptions()
        with pytest.raises(XRateLimited) as full:
            await bench.of(bench.client.subscriptions())
        assert full.value.status is None
        assert len(bench.x.requests) == 500
        assert full.value.retry_after is not None
        await bench.clock.advance(full.value.retry_after + 1)
        assert await bench.of(bench.client.subscriptions()) == []
        assert bench.x.refused == []


async def test_a_smaller_window_is_learned_from_the_headers() -> None:
    async with a_bench(limits={"subscriptions": 3}) as bench:
        for _ in range(3):
            await bench.of(bench.client.subscriptions())
        with pytest.raises(XRateLimited):
            await bench.of(bench.client.subscriptions())
        assert len(bench.x.requests) == 3
        window = bench.client.window()
        assert window is not None
        assert (window.limit, window.remaining) == (3, 0)


async def test_a_token_that_x_no_longer_takes_is_renewed_once() -> None:
    clock = FakeClock()
    async with LocalX(clock=clock) as x, aiohttp.ClientSession() as session:
        auth = AppAuth(x.clients.api_key, SecretStr(x.clients.api_secret), session, x.url, clock=clock)
        client = ActivityClient(session=session, base_url=x.url, auth=auth, clock=clock)
        x.fault("subscriptions", Fault.unauthorized())
        assert await run_until(clock, asyncio.ensure_future(client.subscriptions())) == []
        x.fault("stream", Fault.unauthorized())
        async with aclosing(client.stream()) as stream:
            assert isinstance(await run_until(clock, asyncio.ensure_future(anext(stream))), Connected)
        x.fault("subscriptions", Fault.unauthorized(times=2))
        with pytest.raises(XBadToken):
            await run_until(clock, asyncio.ensure_future(client.subscriptions()))


# Lines and what they mean, without a network.


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=60))
def test_lines_are_the_same_however_they_are_cut(text: bytes, sizes: list[int]) -> None:
    def chunks() -> Iterator[bytes]:
        at = 0
        for size in sizes:
            yield text[at : at + size]
            at += size
        yield text[at:]

    lines = Lines()
    found = [line for chunk in chunks() for line in lines.feed(chunk)]
    assert found == [line.strip() for line in text.split(b"\n")[:-1]]


def test_a_line_without_end_ends_the_connection() -> None:
    lines = Lines()
    with pytest.raises(XDisconnected):
        list(lines.feed(b"x" * (LONGEST_LINE + 1)))


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["data", "event_uuid", "event_type", "filter", "user_id", "payload", "broadcast_id", "errors"]
                ),
                inner | st.sampled_from(["spaces.start", "spaces.end"]),
                max_size=4,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_line_breaks_the_reader_and_none_passes_without_a_word(line: bytes) -> None:
    reading = Reader().read(line)
    says = reading.told is not None or bool(reading.problems) or not reading.is_clear
    is_other_event = reading.uuid is not None and b"event_type" in line
    assert says or is_other_event or line == b""


def test_the_reader_remembers_so_many_events_and_no_more() -> None:
    reader = Reader(remembered=100)

    def line(number: int) -> bytes:
        return LINE.replace(b"-71", str(number).encode()).replace(b"1nightgarden", f"1{number}".encode())

    assert all(reader.read(line(number)).told for number in range(1000))
    assert not any(reader.read(line(number)).told for number in range(900, 1000))
    assert len(reader._seen) == 200


def test_a_start_and_an_end_of_one_space_are_two_events() -> None:
    reader = Reader()
    end = LINE.replace(b"spaces.start", b"spaces.end").replace(b"-71", b"-72")
    assert isinstance(reader.read(LINE).told, SpaceStarted)
    assert isinstance(reader.read(end).told, SpaceEnded)
    assert reader.read(b"") == Reading()
