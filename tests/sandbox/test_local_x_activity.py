"""The local X's Activity API: as strict as documented about subscriptions, and as awkward as seen about its stream."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import aiohttp
import pytest

from spacebot.sandbox.x import Fault, LocalX, XUser
from tests.clocks import START, FakeClock
from tests.sandbox.openapi_x import Document, reference_document
from tests.sandbox.x_client import Ask, Got, local_x

PATH = "/2/activity/subscriptions"


async def call(ask: Ask, method: str, path: str = PATH, *, token: str | None = None, **sent: Any) -> Got:
    headers = {"Authorization": f"Bearer {ask.x.bearer_token if token is None else token}"}
    return await ask._got(ask.session.request(method, ask.x.url + path, headers=headers, **sent))


async def subscribe(ask: Ask, event_type: str, user_id: str, **more: object) -> Got:
    return await call(ask, "POST", json={"event_type": event_type, "filter": {"user_id": user_id}, **more})


class Listener:
    """One connection to the stream, read as it comes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.read = b""

    async def until(self, size: int) -> bytes:
        while len(self.read) < size:
            self.read += await self.response.content.readany()
        return self.read

    async def line(self) -> Any:
        """The next line that is no heartbeat, as JSON."""
        while (line := await self.response.content.readline()).strip() == b"":
            assert line, "the stream has ended"
        return json.loads(line)


@asynccontextmanager
async def listening(ask: Ask, query: str = "") -> AsyncIterator[Listener]:
    headers = {"Authorization": f"Bearer {ask.x.bearer_token}"}
    async with ask.session.get(f"{ask.x.url}/2/activity/stream{query}", headers=headers) as response:
        yield Listener(response)


@asynccontextmanager
async def followed(clock: FakeClock | None = None, **settings: Any) -> AsyncIterator[tuple[LocalX, Ask, XUser]]:
    """A local X whose app is subscribed to both events of one user; the headers of its stream come at once."""
    async with local_x(clock, **settings) as (x, ask):
        x.streams.late_headers = False
        ann = x.add_user("ann", id="12")
        for event in ("spaces.start", "spaces.end"):
            assert (await subscribe(ask, event, "12", tag="mine")).status == 200
        yield x, ask, ann


async def test_a_subscription_is_made_listed_and_ended() -> None:
    async with local_x() as (x, ask):
        x.add_user("ann", id="12")
        made = await subscribe(ask, "spaces.start", "12", tag="mine")
        listed = await call(ask, "GET")
        ended = await call(ask, "DELETE", f"{PATH}/{made.json['data']['subscription']['subscription_id']}")
        again = await call(ask, "DELETE", f"{PATH}/{made.json['data']['subscription']['subscription_id']}")
    told = made.json["data"]["subscription"]
    assert (told["event_type"], told["filter"], told["tag"]) == ("spaces.start", {"user_id": "12"}, "mine")
    assert listed.json["data"] == [told]
    assert listed.json["meta"] == {"result_count": 1}
    assert (ended.status, ended.json) == (200, {"data": {"deleted": True}})
    assert again.status == 404
    assert [exchange.endpoint for exchange in x.requests] == [
        "subscribe",
        "subscriptions",
        "unsubscribe",
        "unsubscribe",
    ]


async def test_the_answer_has_the_subscription_in_one_of_three_places() -> None:
    shapes: tuple[Literal["subscription", "list", "object"], ...] = ("subscription", "list", "object")
    async with local_x() as (x, ask):
        data = []
        for number, shape in enumerate(shapes):
            x.add_user(f"user{number}", id=str(number))
            x.activity.shape = shape
            data.append((await subscribe(ask, "spaces.start", str(number))).json["data"])
    assert [data[0]["subscription"]["filter"], data[1][0]["filter"], data[2]["filter"]] == [
        {"user_id": "0"},
        {"user_id": "1"},
        {"user_id": "2"},
    ]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"event_type": "spaces.start"}, "filter.user_id"),
        ({"event_type": "spaces.start", "filter": {}}, "filter.user_id"),
        ({"event_type": "spaces.start", "filter": {"user_id": 12}}, "filter.user_id"),
        ({"event_type": "spaces.start", "filter": {"user_id": "ann"}}, "filter.user_id"),
        ({"event_type": "spaces.start", "filter": {"user_id": "12", "keyword": "tea"}}, "filter.keyword"),
        ({"event_type": "spaces.scheduled", "filter": {"user_id": "12"}}, "event_type"),
        ({"filter": {"user_id": "12"}}, "event_type"),
        ({"event_type": "spaces.start", "filter": {"user_id": "12"}, "tag": ""}, "tag"),
        ({"event_type": "spaces.start", "filter": {"user_id": "12"}, "tag": "x" * 201}, "tag"),
        ({"event_type": "spaces.start", "filter": {"user_id": "12"}, "priority": 1}, "priority"),
        (["spaces.start"], "body"),
    ],
)
async def test_a_body_that_is_not_as_documented_is_refused(body: object, named: str) -> None:
    async with local_x() as (x, ask):
        x.add_user("ann", id="12")
        got = await call(ask, "POST", json=body)
        assert got.status == 400
        assert named in {name for error in got.json["errors"] for name in error["parameters"]}
        assert x.subscriptions == []


async def test_a_body_that_does_not_say_that_it_is_json_is_refused() -> None:
    async with local_x() as (x, ask):
        x.add_user("ann", id="12")
        got = await call(ask, "POST", data=json.dumps({"event_type": "spaces.start", "filter": {"user_id": "12"}}))
        assert got.status == 400


async def test_what_cannot_be_subscribed_to_is_refused_with_its_own_reason() -> None:
    async with followed() as (x, ask, _ann):
        x.add_user("bob", id="13")
        x.add_user("gone", id="14").suspend()
        x.activity.closed.add("13")
        duplicate = await subscribe(ask, "spaces.start", "12", tag="another")
        closed = await subscribe(ask, "spaces.start", "13")
        absent = [(await subscribe(ask, "spaces.start", user_id)).status for user_id in ("14", "15")]
        private = await subscribe(ask, "dm.received", "12")
        x.activity.ceiling = 2
        full = await subscribe(ask, "profile.update.handle", "12")
    assert (duplicate.status, duplicate.json["title"]) == (409, "DuplicateSubscription")
    assert (closed.status, closed.json["type"]) == (403, "about:blank")
    assert absent == [404, 404]
    assert private.status == 403
    assert (full.status, full.json["type"].rpartition("/")[2]) == (403, "rule-cap")
    assert len(x.subscriptions) == 2


async def test_a_plan_allows_1500_subscriptions_unless_told_otherwise() -> None:
    async with local_x() as (x, _ask):
        assert x.activity.ceiling == 1500


@pytest.mark.parametrize(
    ("denied", "status", "kind"),
    [
        ("plan", 403, "client-forbidden"),
        ("credits", 402, "credits"),
        ("authentication", 403, "unsupported-authentication"),
    ],
)
async def test_an_app_without_access_gets_nothing(
    denied: Literal["plan", "credits", "authentication"], status: int, kind: str
) -> None:
    async with followed() as (x, ask, _ann):
        x.activity.denied = denied
        for method, path in (("GET", PATH), ("DELETE", f"{PATH}?ids=1"), ("GET", "/2/activity/stream")):
            got = await call(ask, method, path)
            assert (got.status, got.json["type"].rpartition("/")[2]) == (status, kind), path
        assert (await subscribe(ask, "spaces.start", "12")).status == status
        assert len(x.subscriptions) == 2


async def test_only_the_apps_own_token_is_taken() -> None:
    async with followed() as (x, ask, ann):
        for method, path in (("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}/1"), ("GET", "/2/activity/stream")):
            person = await call(ask, method, path, token=x.user_token(ann))
            wrong = await call(ask, method, path, token="wrong")
            assert (person.status, wrong.status) == (403, 401)
            assert person.json["type"].endswith("/unsupported-authentication")


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", PATH), ("GET", f"{PATH}/1"), ("POST", "/2/activity/stream"), ("PUT", PATH)]
)
async def test_a_method_that_is_not_documented_is_refused(method: str, path: str) -> None:
    async with local_x() as (_x, ask):
        assert (await call(ask, method, path)).status == 405


async def test_many_subscriptions_end_in_one_call_and_the_unknown_are_named() -> None:
    async with followed() as (x, ask, _ann):
        ids = [one.id for one in x.subscriptions]
        got = await call(ask, "DELETE", f"{PATH}?ids={ids[0]},77")
        assert got.json["data"] == [{"subscription_id": ids[0], "deleted": True}]
        assert [error["subscription_id"] for error in got.json["errors"]] == ["77"]
        assert got.json["meta"] == {"total_subscriptions": 1}
        for query in ("", "?ids=", "?ids=abc", "?ids=" + ",".join(["7"] * 101)):
            assert (await call(ask, "DELETE", PATH + query)).status == 400, query
        assert [one.id for one in x.subscriptions] == ids[1:]


async def test_a_long_list_comes_in_pages() -> None:
    async with local_x() as (x, ask):
        for number in range(5):
            x.add_user(f"user{number}", id=str(number))
            await subscribe(ask, "spaces.start", str(number))
        seen, query = [], "?max_results=2"
        while True:
            got = await call(ask, "GET", PATH + query)
            seen.append([one["filter"]["user_id"] for one in got.json["data"]])
            if "next_token" not in got.json["meta"]:
                break
            query = f"?max_results=2&pagination_token={got.json['meta']['next_token']}"
        for wrong in ("?max_results=0", "?max_results=1001", "?pagination_token=0123456789abcdef", "?tag=mine"):
            assert (await call(ask, "GET", PATH + wrong)).status == 400, wrong
    assert [len(page) for page in seen] == [2, 2, 1]
    assert {user_id for page in seen for user_id in page} == {"0", "1", "2", "3", "4"}


async def test_all_calls_to_the_subscriptions_share_one_window_of_500() -> None:
    async with followed() as (x, ask, _ann):
        left = [
            (await call(ask, method, path)).headers["x-rate-limit-remaining"]
            for method, path in (("GET", PATH), ("DELETE", f"{PATH}/7"), ("DELETE", f"{PATH}?ids=7"), ("POST", PATH))
        ]
        assert left == ["497", "496", "495", "494"]
    async with local_x(limits={"subscriptions": 1}) as (x, ask):
        assert [(await call(ask, "GET")).status for _ in range(2)] == [200, 429]
        assert len(x.refused) == 1


async def test_the_stream_tells_starts_and_ends_of_those_subscribed_to_and_bills_them() -> None:
    async with followed() as (x, ask, ann), listening(ask) as listener:
        x.start_space(x.add_user("bob"), cohosts=[ann])
        later = x.schedule_space(ann, start=START + timedelta(days=1))
        later.reschedule(START + timedelta(days=2))
        later.go_live()
        started = await listener.line()
        later.end()
        ended = await listener.line()
    assert (started["data"]["event_type"], ended["data"]["event_type"]) == ("spaces.start", "spaces.end")
    assert started["data"]["payload"]["event_type"] == "spaces_start"
    assert started["data"]["payload"]["broadcast_id"] == ended["data"]["payload"]["broadcast_id"] == later.id
    assert started["data"]["payload"]["user"]["data"]["username"] == "ann"
    assert (started["data"]["filter"], started["data"]["tag"]) == ({"user_id": "12"}, "mine")
    assert [(line.kind, line.id) for line in x.billed.lines] == [
        ("event", started["data"]["event_uuid"]),
        ("event", ended["data"]["event_uuid"]),
    ]
    assert x.billed.dollars() == Decimal("0.010")


async def test_what_nobody_hears_is_neither_kept_nor_billed() -> None:
    async with followed() as (x, ask, ann):
        x.start_space(ann)
        assert len(x.streams.events) == 1
        async with listening(ask) as listener:
            space = x.start_space(ann)
            assert (await listener.line())["data"]["payload"]["broadcast_id"] == space.id
    assert x.billed.count("event") == 1


async def test_a_protected_or_suspended_host_is_not_told_of() -> None:
    async with followed() as (x, _ask, ann):
        ann.protect()
        x.start_space(ann)
        ann.protected = False
        ann.suspend()
        x.start_space(ann)
        assert x.streams.events == []


async def test_headers_wait_for_the_first_heartbeat_and_heartbeats_come_every_20_seconds() -> None:
    clock = FakeClock()
    async with followed(clock) as (x, ask, _ann):
        x.streams.late_headers = True
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(ask.session.get(f"{x.url}/2/activity/stream", headers=bearer(x)))
            await x.wait_for(lambda: x.streams.connected)
            await clock.settle()
            await clock.advance(19)
            assert not asked.done()
            await clock.advance(1)
            response = await asked
        listener = Listener(response)
        assert await listener.until(2) == b"\r\n"
        for beats in (2, 3, 4):
            await clock.advance(20)
            assert await listener.until(2 * beats) == b"\r\n" * beats
        response.close()


def bearer(x: LocalX) -> dict[str, str]:
    return {"Authorization": f"Bearer {x.bearer_token}"}


async def test_a_third_connection_is_refused_and_an_ended_one_may_linger() -> None:
    clock = FakeClock()
    async with followed(clock) as (x, ask, ann):
        x.streams.linger = 30
        async with listening(ask) as first, listening(ask) as second:
            refused = await ask.get("/2/activity/stream")
            x.start_space(ann)
            assert await first.line() == await second.line()
            x.streams.hang_up()
            assert await first.response.content.read() == b""
        await x.wait_for(lambda: not x.streams._open)
        lingering = await ask.get("/2/activity/stream")
        await clock.advance(30)
        async with listening(ask) as third:
            assert third.response.status == 200
    assert (refused.status, lingering.status) == (429, 429)
    assert refused.json["connection_issue"] == "TooManyConnections"
    assert refused.json["type"].endswith("/streaming-connection")
    assert x.billed.count("event") == 1


async def test_a_replay_is_refused_unless_it_is_granted() -> None:
    clock = FakeClock()
    async with followed(clock) as (x, ask, ann):
        for query in ("backfill_minutes=2", "backfill_minutes=6", "start_time=2026-10-01T12:00:00Z", "tag=mine"):
            assert (await ask.get("/2/activity/stream", query)).status == 400, query
        x.activity.replays = True
        x.start_space(ann)
        await clock.advance(90)
        recent = x.start_space(ann)
        assert (await ask.get("/2/activity/stream", "backfill_minutes=6")).status == 400
        async with listening(ask, "?backfill_minutes=1") as listener:
            assert (await listener.line())["data"]["payload"]["broadcast_id"] == recent.id


@pytest.mark.parametrize(("kind", "uuids"), [("same", 1), ("new", 2)])
async def test_events_may_come_twice(kind: Literal["same", "new"], uuids: int) -> None:
    async with followed() as (x, ask, ann), listening(ask) as listener:
        x.activity.duplicates = kind
        x.start_space(ann)
        lines = [await listener.line() for _ in range(2)]
        assert len({line["data"]["event_uuid"] for line in lines}) == uuids == x.billed.count("event")
        assert len({line["data"]["payload"]["broadcast_id"] for line in lines}) == 1


async def test_some_uuids_are_negative() -> None:
    async with followed() as (x, ask, ann), listening(ask) as listener:
        for _ in range(8):
            x.start_space(ann)
        numbers = [int((await listener.line())["data"]["event_uuid"]) for _ in range(8)]
    assert min(numbers) < 0 < max(numbers)


@pytest.mark.parametrize("cut", [1, 10, 200])
async def test_a_stream_breaks_after_so_many_bytes_and_half_an_event_is_free(cut: int) -> None:
    async with followed() as (x, ask, ann):
        x.fault("stream", Fault.cut_off(cut))
        async with listening(ask) as listener:
            x.start_space(ann)
            with pytest.raises(aiohttp.ClientPayloadError):
                await listener.until(10_000)
        assert len(listener.read) <= cut
        assert x.billed.lines == []


async def test_a_silent_stream_says_nothing_at_all() -> None:
    clock = FakeClock()
    async with followed(clock) as (x, ask, ann):
        x.fault("stream", Fault.silence())
        async with listening(ask) as listener:
            x.start_space(ann)
            await clock.advance(100)
            x.streams.say(b"hello\n")
            x.streams.hang_up()
            assert await listener.response.content.read() == b""
        assert x.billed.lines == []


async def test_a_client_that_has_left_is_noticed_at_the_next_heartbeat() -> None:
    clock = FakeClock()
    async with followed(clock) as (x, ask, _ann):
        async with listening(ask):
            assert x.streams.connected == 1
        assert x.streams.connected == 1
        await x.wait_for(lambda: not x.in_flight)
        for _ in range(20):
            await clock.settle()
        await clock.advance(20)
        await x.wait_for(lambda: x.streams.connected == 0)


async def test_a_stream_can_be_refused_in_every_way() -> None:
    async with followed() as (x, ask, _ann):
        x.fault("stream", Fault.not_enrolled())
        x.fault("stream", Fault.html(503))
        x.fault("stream", Fault.too_many_connections())
        assert [(await ask.get("/2/activity/stream")).status for _ in range(3)] == [403, 503, 429]
        assert x.refused == []
        x.fault("stream", Fault.dropped("before", times=2))
        with pytest.raises(aiohttp.ClientConnectionError):
            await ask.get("/2/activity/stream")


async def test_an_open_stream_is_not_in_flight_and_does_not_keep_x_from_stopping() -> None:
    async with followed() as (x, ask, _ann), listening(ask) as listener:
        assert x.in_flight == 0
        await x.stop()
        with pytest.raises(aiohttp.ClientPayloadError):
            await listener.until(1)


async def test_all_of_it_is_what_the_document_says() -> None:
    document = Document(reference_document())
    async with followed(checker=document) as (x, ask, ann), listening(ask):
        x.start_space(ann).end()
        await subscribe(ask, "spaces.start", "12")
        await subscribe(ask, "spaces.start", "999")
        await call(ask, "POST", json={"event_type": "nothing"})
        await call(ask, "GET", f"{PATH}?max_results=1")
        await call(ask, "GET")
        await call(ask, "DELETE", f"{PATH}?ids={x.subscriptions[0].id},77")
        await call(ask, "DELETE", f"{PATH}/{x.subscriptions[0].id}")
        await call(ask, "DELETE", f"{PATH}/77")
        await ask.get("/2/activity/stream", "backfill_minutes=1")
        for event in x.streams.events:
            document.check_event(event.line)
        assert len(x.streams.events) == 2
        assert x.violations == []
        assert document.checked == len(x.requests)


async def test_a_document_that_says_otherwise_of_subscriptions_is_noticed() -> None:
    raw = reference_document()
    raw["components"]["schemas"]["CreateActivitySubscriptionRequest"]["properties"].pop("tag")
    with pytest.raises(ExceptionGroup, match="checker does not accept"):
        async with followed(checker=Document(raw)):
            pass
