"""How often the local X lets itself be asked, and what it charges."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

import pytest

from spacebot.clock import SystemClock
from spacebot.sandbox.x import Fault, LocalX
from tests.clocks import START, FakeClock
from tests.sandbox.x_client import Got, local_x

RESET = str(int(START.timestamp()) + 900)


def window(got: Got) -> tuple[str, str, str]:
    limit, remaining, reset = (got.headers[f"x-rate-limit-{name}"] for name in ("limit", "remaining", "reset"))
    return limit, remaining, reset


async def test_the_headers_tell_the_window() -> None:
    clock = FakeClock()
    async with local_x(clock) as (x, ask):
        x.add_user("ann", id="12")
        first = await ask.get("/2/users/12")
        await clock.advance(100.7)
        second = await ask.get("/2/users/12")
    assert window(first) == ("300", "299", RESET)
    assert window(second) == ("300", "298", RESET)
    assert parsedate_to_datetime(first.headers["date"]) == START
    assert parsedate_to_datetime(second.headers["date"]) == START + timedelta(seconds=100)


async def test_one_request_too_many_is_refused_until_the_window_resets() -> None:
    clock = FakeClock()
    async with local_x(clock, limits={"user": 2}) as (x, ask):
        x.add_user("ann", id="12")
        good = [(await ask.get("/2/users/12")).status for _ in range(2)]
        await clock.advance(899.9)
        refused = await ask.get("/2/users/12")
        await clock.advance(0.1)
        later = await ask.get("/2/users/12")
    assert good == [200, 200]
    assert refused.status == 429
    assert window(refused) == ("2", "0", RESET)
    assert refused.json == {
        "title": "Too Many Requests",
        "detail": "Too Many Requests",
        "type": "about:blank",
        "status": 429,
    }
    assert window(later) == ("2", "1", str(int(RESET) + 900))
    assert [(e.path, e.status, e.time) for e in x.refused] == [("/2/users/12", 429, START + timedelta(seconds=899.9))]


async def test_the_old_refusal_is_a_code() -> None:
    async with local_x(limits={"user": 0}, too_many="code_88") as (_x, ask):
        got = await ask.get("/2/users/12")
    assert (got.status, got.json) == (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]})


async def test_each_endpoint_and_each_person_has_a_window() -> None:
    async with local_x() as (x, ask):
        ann, bob = x.add_user("ann"), x.add_user("bob")
        left = [
            (await ask.get(path, token=token)).headers["x-rate-limit-remaining"]
            for path, token in (
                (f"/2/users/{ann.id}", None),
                (f"/2/users/{bob.id}", None),
                (f"/2/users?ids={ann.id}", None),
                (f"/2/users/{ann.id}", x.user_token(ann)),
                (f"/2/users/{ann.id}", x.user_token(ann)),
                (f"/2/users/{ann.id}", x.user_token(bob)),
                ("/2/spaces/1abc", x.user_token(bob)),
            )
        ]
    assert left == ["299", "298", "299", "899", "898", "899", "299"]


async def test_a_malformed_request_uses_the_window_and_a_wrong_token_does_not() -> None:
    async with local_x() as (x, ask):
        x.add_user("ann", id="12")
        nobody = await ask.get("/2/users/12", token="wrong")
        malformed = await ask.get("/2/users/ann")
        good = await ask.get("/2/users/12")
    assert "x-rate-limit-limit" not in nobody.headers
    assert malformed.status == 400
    assert malformed.headers["x-rate-limit-remaining"] == "299"
    assert good.headers["x-rate-limit-remaining"] == "298"


async def test_creators_may_be_asked_for_once_a_second_by_the_whole_app() -> None:
    clock = FakeClock()
    async with local_x(clock) as (x, ask):
        ann = x.add_user("ann")
        query = {"user_ids": ann.id}
        statuses = []
        for seconds, token in ((0.0, None), (0.99, x.user_token(ann)), (0.01, None), (0.5, None), (0.5, None)):
            await clock.advance(seconds)
            statuses.append((await ask.get("/2/spaces/by/creator_ids", query, token=token)).status)
        too_soon = x.refused[0]
    assert statuses == [200, 429, 200, 429, 200]
    assert too_soon.response_headers["x-rate-limit-remaining"] == "300"
    assert len(x.refused) == 2


async def test_a_plan_of_25_allows_25() -> None:
    clock = FakeClock()
    async with local_x(clock, limits={"creator_ids": 25}) as (_x, ask):
        statuses = []
        for _ in range(26):
            statuses.append((await ask.get("/2/spaces/by/creator_ids", {"user_ids": "12"})).status)
            await clock.advance(1)
    assert statuses == [200] * 25 + [429]


def test_a_limit_for_no_endpoint_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="limit is called creators"):
        LocalX(limits={"creators": 25})


async def test_the_machines_own_clock_serves_as_well() -> None:
    async with local_x(SystemClock(), limits={"user": 1}) as (_x, ask):
        before = datetime.now(UTC)
        first = await ask.get("/2/users/12")
        second = await ask.get("/2/users/12")
    assert (first.status, second.status) == (200, 429)
    assert 899 <= int(first.headers["x-rate-limit-reset"]) - before.timestamp() <= 905


async def test_an_injected_refusal_is_not_counted_as_an_excess() -> None:
    async with local_x() as (x, ask):
        x.fault("user", Fault.too_many_requests())
        bare = await ask.get("/2/users/12")
        x.fault("user", Fault.too_many_requests(headers=True))
        drained = await ask.get("/2/users/12")
        assert x.refused == []
        warned = await ask.get("/2/users/12")
    assert (bare.status, "x-rate-limit-reset" in bare.headers) == (429, False)
    assert (drained.status, window(drained)) == (429, ("300", "0", RESET))
    assert warned.status == 429
    assert len(x.refused) == 1


async def test_a_resource_is_billed_once_a_day() -> None:
    clock = FakeClock(start=datetime(2026, 10, 1, 23, 59, tzinfo=UTC))
    async with local_x(clock) as (x, ask):
        ann, bob = x.add_user("ann"), x.add_user("bob")
        space = x.start_space(ann, cohosts=[bob])
        space.add_post(bob, "hello")
        for _ in range(2):
            await ask.get(f"/2/spaces/{space.id}", {"expansions": "host_ids"})
        await ask.get(f"/2/spaces/{space.id}/tweets")
        first_day = x.billed.dollars()
        await clock.advance(60)
        await ask.get(f"/2/spaces/{space.id}")
    assert first_day == Decimal("0.030")
    assert x.billed.dollars() == Decimal("0.035")
    assert x.billed.dollars(clock.now().date()) == Decimal("0.005")
    counts = (x.billed.count("space"), x.billed.count("user"), x.billed.count("post"))
    assert counts == (2, 2, 1)


async def test_empty_and_failed_answers_are_free() -> None:
    async with local_x() as (x, ask):
        ann = x.add_user("ann")
        space = x.start_space(ann)
        space.hide()
        x.fault("user", Fault.html(503))
        for path in (
            f"/2/spaces/{space.id}",
            f"/2/spaces/by/creator_ids?user_ids={ann.id}",
            f"/2/users/{ann.id}",
            "/2/users/by/username/nobody",
            "/2/users?ids=x",
        ):
            await ask.get(path)
        assert x.billed.lines == []
        await ask.get(f"/2/users/{ann.id}")
    assert [(line.kind, line.id, line.price) for line in x.billed.lines] == [("user", ann.id, Decimal("0.010"))]
