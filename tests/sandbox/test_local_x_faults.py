"""What goes wrong on the local X goes wrong as it does on X, where and as often as was asked."""

import asyncio
import json
from typing import Literal

import aiohttp
import pytest

from spacebot.sandbox.x import Fault, LocalX
from spacebot.sandbox.x.faults import Faults
from tests.clocks import FakeClock
from tests.sandbox.x_client import Ask, local_x


async def statuses(ask: Ask, count: int, path: str = "/2/users/12") -> list[int]:
    path, _, query = path.partition("?")
    return [(await ask.get(path, query)).status for _ in range(count)]


async def test_a_fault_meets_as_many_requests_as_it_was_made_for() -> None:
    async with local_x() as (x, ask):
        x.fault("user", Fault.html(503, times=2))
        x.fault("user", Fault.html(502))
        assert await statuses(ask, 4) == [503, 503, 502, 200]
        x.fault("user", Fault.empty(500, times=None))
        assert await statuses(ask, 3) == [500] * 3
        x.clear_faults()
        assert await statuses(ask, 1) == [200]


async def test_a_fault_is_for_one_endpoint_or_for_paths() -> None:
    async with local_x() as (x, ask):
        x.fault("space", Fault.html(503))
        assert await statuses(ask, 1, "/2/spaces?ids=1abc") == [200]
        assert await statuses(ask, 2, "/2/spaces/1abc") == [503, 200]
        x.fault("^/2/spaces/1a", Fault.html(503, times=None))
        assert await statuses(ask, 1, "/2/spaces/1b") == [200]
        assert await statuses(ask, 1, "/2/spaces/1abc") == [503]


def test_a_fault_for_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"no endpoint either: .*creator_ids"):
        LocalX().fault("creators", Fault.html(503))


@pytest.mark.parametrize(
    ("fault", "status", "title", "kind"),
    [
        (Fault.usage_capped(), 429, "UsageCapExceeded", "usage-capped"),
        (Fault.credits_depleted(), 402, "CreditsDepleted", "credits"),
        (Fault.spend_cap(reset_date="2026-11-01"), 403, "SpendCapReached", "credits"),
        (Fault.not_enrolled(), 403, "Client Forbidden", "client-forbidden"),
        (Fault.internal_error(), 500, "Internal Error", "internal-error"),
        (Fault.unavailable(), 503, "Service Unavailable", "about:blank"),
        (Fault.unauthorized(), 401, "Unauthorized", "about:blank"),
        (Fault.too_many_requests(), 429, "Too Many Requests", "about:blank"),
    ],
)
async def test_a_documented_failure_has_its_documented_shape(fault: Fault, status: int, title: str, kind: str) -> None:
    async with local_x() as (x, ask):
        x.fault("user", fault)
        got = await ask.get("/2/users/12")
    assert (got.status, got.json["title"]) == (status, title)
    assert got.json["type"].rpartition("/")[2] == kind


async def test_the_details_that_tell_failures_apart_are_there() -> None:
    async with local_x() as (x, ask):
        x.fault("user", Fault.usage_capped())
        x.fault("user", Fault.spend_cap(reset_date="2026-11-01"))
        x.fault("user", Fault.not_enrolled())
        capped, spent, enrolled = [await ask.get("/2/users/12") for _ in range(3)]
    assert (capped.json["period"], int(capped.headers["x-rate-limit-remaining"]) > 0) == ("Monthly", True)
    assert spent.json["reset_date"] == "2026-11-01"
    assert enrolled.json["reason"] == "client-not-enrolled"


async def test_bodies_that_are_no_json_come_as_they_are() -> None:
    async with local_x() as (x, ask):
        x.fault("user", Fault.empty_404())
        x.fault("user", Fault.html(503))
        x.fault("user", Fault(status=200, body=b"[]", headers={"x-odd": "1"}))
        empty, page, own = [await ask.get("/2/users/12") for _ in range(3)]
    assert (empty.status, empty.text, "content-type" in empty.headers) == (404, "", False)
    assert page.headers["content-type"] == "text/html"
    assert page.text.startswith("<!DOCTYPE html>")
    assert (own.text, own.headers["x-odd"]) == ("[]", "1")


@pytest.mark.parametrize(("drop", "billed"), [("before", 0), ("after", 1)])
async def test_a_reset_comes_before_or_after_the_request_took_effect(
    drop: Literal["before", "after"], billed: int
) -> None:
    async with local_x() as (x, ask):
        x.add_user("ann", id="12")
        # aiohttp repeats a GET once by itself when the connection breaks, so that one break would go unnoticed.
        x.fault("user", Fault.dropped(drop, times=2))
        with pytest.raises(aiohttp.ClientConnectionError):
            await ask.get("/2/users/12")
        assert x.billed.count("user") == billed
        assert [exchange.status for exchange in x.requests] == [None, None]
        assert await statuses(ask, 1) == [200]


async def test_a_truncated_answer_breaks_off_in_the_body() -> None:
    async with local_x() as (x, ask):
        x.add_user("ann", id="12")
        x.fault("user", Fault.dropped("truncate"))
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask.get("/2/users/12")
        assert x.billed.count("user") == 1


async def test_a_slow_answer_waits_on_the_clock_of_this_x() -> None:
    clock = FakeClock()
    async with local_x(clock) as (x, ask):
        x.fault("user", Fault.slow(30))
        asking = asyncio.create_task(ask.get("/2/users/12"))
        await x.wait_for(lambda: x.in_flight)
        await clock.settle()
        assert x.requests == []
        await clock.advance(29)
        assert x.requests == []
        await clock.advance(1)
        assert (await asking).status == 200


async def test_an_x_that_is_slow_can_still_be_stopped() -> None:
    async with local_x() as (x, ask):
        x.fault("user", Fault.slow(30))
        asking = asyncio.create_task(ask.get("/2/users/12"))
        await x.wait_for(lambda: x.in_flight)
        await x.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await asking
        assert x.in_flight == 0


async def test_random_faults_are_the_same_for_the_same_seed() -> None:
    async def outcome(seed: int) -> list[int | None]:
        async with local_x() as (x, ask):
            x.random_faults(rate=0.5, seed=seed, among=[Fault.html(503), Fault.empty_404(), Fault.garbage()])
            for _ in range(40):
                headers = {"Authorization": f"Bearer {x.bearer_token}"}
                async with ask.session.get(x.url + "/2/users/12", headers=headers):
                    pass
            return [exchange.fault.status if exchange.fault else None for exchange in x.requests]

    first, again, other = await outcome(1), await outcome(1), await outcome(2)
    assert first == again
    assert first != other
    assert set(first) == {None, 503, 404, 200}


def test_random_faults_come_in_every_way_there_is() -> None:
    box = Faults({"user"})
    box.randomly(1.0, 3, Fault.every())
    met = [box.take("user", "/2/users/12") for _ in range(500)]
    assert all(fault in met for fault in Fault.every())
    assert all(fault in Fault.every() for fault in Fault.passing())


async def test_a_real_answer_may_claim_anything_of_limits_and_dates() -> None:
    async with local_x() as (x, ask):
        date = "Sun, 01 Oct 2023 12:00:00 GMT"
        x.fault("user", Fault.claims({"x-rate-limit-remaining": "0", "Date": date}))
        answers = [await ask.get("/2/users/12") for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200]
        assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == ["0", "298"]
        assert answers[0].headers["date"] == date


@pytest.mark.parametrize("fault", [Fault.bomb(1 << 16), Fault.never_ends(), Fault.large(1 << 24)])
async def test_a_body_may_be_larger_than_anybody_wants(fault: Fault) -> None:
    async with LocalX() as x, aiohttp.ClientSession() as session:
        x.fault("user", fault)
        async with session.get(f"{x.url}/2/users/12") as answer:
            assert answer.status == 200
            assert len(await answer.content.readexactly(1 << 23)) == 1 << 23
            answer.close()
        async with session.get(f"{x.url}/2/users/12") as answer:
            assert answer.status == 401, "the server goes on"


def test_a_large_answer_is_json() -> None:
    size = 100_000
    body = Fault.large(size).body
    assert len(json.loads(body)["data"]) > 1000
    assert size <= len(body) < size + 100
