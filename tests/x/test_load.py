"""Many people at once, beside a long sweep: over real sockets, against X's own limits."""

import asyncio
import json
import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import pairwise

import aiohttp
import pytest
from pydantic import SecretStr

from spacebot.domain.ids import UserId
from spacebot.errors import XError, XRateLimited
from spacebot.sandbox.x import LocalX
from spacebot.sandbox.x.api import Reply, Request
from spacebot.x.auth import BearerAuth
from spacebot.x.client import XClient
from spacebot.x.host_batcher import HostAnswer, HostBatcher
from spacebot.x.transport import Transport
from tests.clocks import FakeClock
from tests.errands import PEOPLE
from tests.x.conftest import Bench

SMALL = 25
"""Requests per 15 minutes of an old plan."""


@pytest.fixture
def batcher(bench: Bench) -> HostBatcher:
    return HostBatcher(bench.client, bench.clock)


@pytest.fixture
async def small() -> AsyncIterator[Bench]:
    """A bench whose X allows few requests."""
    clock = FakeClock()
    async with LocalX(clock=clock, limits={"creator_ids": SMALL}) as x, aiohttp.ClientSession() as session:
        auth = BearerAuth(SecretStr(x.bearer_token))
        client = XClient(Transport(session=session, base_url=x.url, auth=auth, clock=clock), PEOPLE)
        clock.jump(2)
        yield Bench(x=x, client=client, clock=clock, session=session)


def ids(start: int, count: int) -> list[UserId]:
    return [UserId(str(number)) for number in range(start, start + count)]


def batches(bench: Bench) -> list[list[str]]:
    return [exchange.query["user_ids"].split(",") for exchange in bench.x.requests]


def least_gap(bench: Bench) -> float:
    times = [exchange.time for exchange in bench.x.requests]
    return min((later - earlier).total_seconds() for earlier, later in pairwise(times))


async def sweep_all(batcher: HostBatcher, hosts: Sequence[UserId]) -> list[str]:
    """One pass over all hosts, 100 by 100; the Spaces seen."""
    seen: list[str] = []
    left = list(hosts)
    while left:
        swept = await batcher.sweep(left[:100])
        left = [*swept.left_out, *left[100:]]
        seen.extend(space.id for space in swept.page.items)
    return seen


async def timed(bench: Bench, batcher: HostBatcher, host: UserId) -> tuple[float, HostAnswer]:
    began = bench.clock.monotonic()
    answer = await batcher.ask(host)
    return bench.clock.monotonic() - began, answer


@pytest.mark.parametrize("moment", [0.0, 3.3, 60.0])
async def test_fifty_people_are_answered_within_five_seconds_by_shared_requests_while_the_sweep_goes_on(
    bench: Bench, batcher: HostBatcher, moment: float
) -> None:
    swept, wanted = ids(100_000, 5_000), ids(900_000, 50)
    on_sweep = [bench.x.start_space(bench.x.add_user(f"swept{host}", id=host)).id for host in swept[::400]]
    on_air = {host: bench.x.start_space(bench.x.add_user(f"host{host}", id=host)).id for host in wanted[::2]}

    async def everybody() -> list[tuple[float, HostAnswer]]:
        await bench.clock.sleep(moment)
        return await asyncio.gather(*(timed(bench, batcher, host) for host in wanted))

    sweeping = asyncio.create_task(sweep_all(batcher, swept))
    answers = await bench.of(everybody())
    assert not sweeping.done()

    assert max(wait for wait, _ in answers) <= 5
    shown = {host: [space.id for space in answer.spaces] for host, (_, answer) in zip(wanted, answers, strict=True)}
    assert shown == {host: [on_air[host]] if host in on_air else [] for host in wanted}
    assert sum(any(host in wanted for host in batch) for batch in batches(bench)) <= 2

    async def rest() -> list[str]:
        return await sweeping

    assert sorted(await bench.of(rest())) == sorted(on_sweep)
    asked = Counter(host for batch in batches(bench) for host in batch)
    assert set(asked) == {*swept, *wanted}
    assert set(asked.values()) == {1}
    assert least_gap(bench) >= 1
    assert bench.x.refused == []


async def test_crowds_all_through_a_window_never_take_a_request_that_x_would_refuse(
    bench: Bench, batcher: HostBatcher
) -> None:
    swept = ids(100_000, 500)
    for host in swept:
        bench.x.add_user(f"swept{host}", id=host)

    async def crowds() -> list[float]:
        waits: list[float] = []
        for number in range(60):
            answers = await asyncio.gather(*(timed(bench, batcher, host) for host in ids(900_000 + number, 10)))
            waits.extend(wait for wait, _ in answers)
            await bench.clock.sleep(17 + number % 3)
        return waits

    async def for_ever() -> None:
        while True:
            await sweep_all(batcher, swept)

    sweeping = asyncio.create_task(for_ever())
    waits = await bench.of(crowds())
    sweeping.cancel()
    await asyncio.wait({sweeping})
    assert sweeping.cancelled()
    # A tenth of the window is people's; beyond it they ride in the sweeps, which now and then make room.
    assert sorted(waits)[len(waits) // 2] <= 5
    assert max(waits) <= 45
    assert least_gap(bench) >= 1
    assert bench.x.refused == []
    passes = Counter(host for batch in batches(bench) for host in batch)
    assert min(passes[host] for host in swept) > 40


async def test_where_the_window_is_empty_people_read_when_to_come_back_and_are_served_then(small: Bench) -> None:
    small.x.limits["creator_ids"] = 10
    batcher = HostBatcher(small.client, small.clock)
    refusals: list[XRateLimited] = []
    left: list[float] = []

    async def people() -> None:
        for host in ids(7, 8):
            try:
                await batcher.ask(host)
            except XRateLimited as refusal:
                refusals.append(refusal)
                left.append((refusal.until - small.clock.now()).total_seconds() if refusal.until else math.nan)
            await small.clock.sleep(2)

    await small.of(people())
    told = [re.fullmatch(r"X asks for a pause: try again in (\d+) (minutes|seconds)\.", str(one)) for one in refusals]
    assert all(told)
    assert [int(one[1]) for one in told if one] == [
        math.ceil(seconds / 60 if seconds > 90 else seconds) for seconds in left
    ]
    assert len(small.x.requests) + len(refusals) == 8
    assert 2 <= len(small.x.requests) <= 4, "people's own, and one paced request whose turn had come"
    until = refusals[0].until
    assert until is not None
    await small.clock.advance((until - small.clock.now()).total_seconds() + 1)
    assert isinstance(await small.of(batcher.ask(UserId("7"))), HostAnswer)
    assert small.x.refused == []


async def test_a_sweep_at_a_small_limit_leaves_people_their_share_of_every_window(small: Bench) -> None:
    batcher = HostBatcher(small.client, small.clock)
    sweeping = asyncio.create_task(sweep_all(batcher, ids(100_000, 10_000)))

    async def late_people() -> None:
        for number in range(4):
            await small.clock.sleep(40)
            left = small.client.windows()["creators"].reset - small.clock.monotonic()
            # A tenth of 25: two may come when the sweep has had all that is its own.
            for seconds in (left - 6, 2):
                await small.clock.sleep(seconds)
                await batcher.ask(UserId(str(number)))

    await small.of(late_people())
    sweeping.cancel()
    await asyncio.wait({sweeping})
    assert len(small.x.requests) >= 4 * (SMALL - 1)
    assert small.x.refused == []


async def test_one_id_that_x_takes_for_malformed_fails_nobody_else_in_its_batch(
    bench: Bench, batcher: HostBatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, wanted, swept = UserId("0000666"), ids(900_000, 49), ids(100_000, 50)
    on_air = {host: bench.x.start_space(bench.x.add_user(f"host{host}", id=host)).id for host in [*wanted, *swept][::3]}
    answer = bench.x._api.answer
    problem = {"title": "Invalid Request", "detail": "no", "type": "https://api.x.com/2/problems/invalid-request"}

    def refuse_poison(asked: Request, *, drain: bool = False) -> Reply:
        reply = answer(asked, drain=drain)
        if reply.status != 200 or poison not in dict(asked.query)["user_ids"].split(","):
            return reply
        return Reply(status=400, body=json.dumps(problem).encode(), headers=reply.headers)

    monkeypatch.setattr(bench.x._api, "answer", refuse_poison)

    async def everybody() -> tuple[list[HostAnswer], HostAnswer, list[str]]:
        people = asyncio.gather(*(batcher.ask(host) for host in wanted))
        return await asyncio.gather(people, batcher.ask(poison), sweep_all(batcher, swept))

    answers, poisoned, seen = await bench.of(everybody())
    assert max(map(len, batches(bench))) == 100
    assert sum(exchange.status == 400 for exchange in bench.x.requests) > 1
    shown = {host: [space.id for space in one.spaces] for host, one in zip(wanted, answers, strict=True)}
    assert shown == {host: [on_air[host]] if host in on_air else [] for host in wanted}
    assert sorted(seen) == sorted(space for host, space in on_air.items() if host in swept)
    assert [(one.resource_id, one.type) for one in poisoned.problems] == [(poison, "invalid-request")]
    assert not [one for other in answers for one in other.problems if one.resource_id == poison]
    assert least_gap(bench) >= 1
    assert bench.x.refused == []


@pytest.mark.parametrize("more", [0, 1])
async def test_an_answer_of_exactly_100_spaces_is_not_taken_for_complete(
    bench: Bench, batcher: HostBatcher, more: int
) -> None:
    hosts = ids(900_000, 100)
    made = {host: [bench.x.start_space(bench.x.add_user(f"host{host}", id=host)).id] for host in hosts}
    for host in hosts[:more]:
        later = bench.clock.now() + timedelta(days=1)
        made[host].append(bench.x.schedule_space(bench.x.users[host], start=later).id)

    async def everybody() -> list[HostAnswer]:
        return await asyncio.gather(*(batcher.ask(host) for host in hosts))

    answers = await bench.of(everybody())
    first, *halves = bench.x.requests
    # X cuts off in silence: its answer looks the same whether there was one more or not.
    assert len(json.loads(first.response_body)["data"]) == 100
    assert [len(batch) for batch in batches(bench)] == [100, 50, 50]
    assert sum(len(json.loads(half.response_body)["data"]) for half in halves) == 100 + more
    shown = {host: {space.id for space in answer.spaces} for host, answer in zip(hosts, answers, strict=True)}
    assert shown == {host: set(spaces) for host, spaces in made.items()}
    assert least_gap(bench) >= 1


async def test_whoever_comes_while_x_fails_is_answered_or_told_and_never_left_waiting(
    bench: Bench, batcher: HostBatcher
) -> None:
    bench.x.random_faults(0.4, seed=11)
    on_air = {host: bench.x.start_space(bench.x.add_user(f"host{host}", id=host)).id for host in ids(900_000, 50)}

    async def everybody() -> list[HostAnswer | BaseException]:
        outcomes: list[HostAnswer | BaseException] = []
        for _ in range(8):
            outcomes += await asyncio.gather(*(batcher.ask(host) for host in on_air), return_exceptions=True)
            await bench.clock.sleep(30)
        return outcomes

    outcomes = await bench.of(everybody())
    answered = [one for one in outcomes if isinstance(one, HostAnswer)]
    failed = [one for one in outcomes if isinstance(one, BaseException)]
    assert answered
    assert failed
    assert all(isinstance(one, XError) for one in failed)
    assert all([space.id for space in one.spaces] == [on_air[one.spaces[0].creator_id]] for one in answered)  # type: ignore[index]  # the local X always names the creator
