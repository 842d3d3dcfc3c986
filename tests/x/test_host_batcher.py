"""How people and the sweep share the requests to `creator_ids`."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import State
from spacebot.errors import XCreditsDepleted, XDown, XRateLimited
from spacebot.sandbox.x import Fault
from spacebot.x.host_batcher import HostAnswer, HostBatcher, SweepAnswer, _part_about
from spacebot.x.model import Page, Problem, Space, User
from tests.x.conftest import Bench


@pytest.fixture
def batcher(bench: Bench) -> HostBatcher:
    return HostBatcher(bench.client, bench.clock)


def hosts_asked(bench: Bench) -> list[list[str]]:
    return [
        exchange.query["user_ids"].split(",") for exchange in bench.x.requests if exchange.endpoint == "creator_ids"
    ]


def ids(start: int, count: int) -> list[UserId]:
    return [UserId(str(number)) for number in range(start, start + count)]


def least_gap(bench: Bench) -> float:
    times = [exchange.time for exchange in bench.x.requests if exchange.endpoint == "creator_ids"]
    return min((later - earlier).total_seconds() for earlier, later in pairwise(times))


async def both(*waits: object) -> list[object]:
    return list(await asyncio.gather(*waits, return_exceptions=True))  # type: ignore[call-overload]  # coroutines


async def test_a_host_is_answered_with_their_spaces_only(bench: Bench, batcher: HostBatcher) -> None:
    one, two = bench.x.add_user("gardener"), bench.x.add_user("moth")
    live = bench.x.start_space(one)
    bench.x.start_space(two)
    soon = bench.x.schedule_space(one, start=bench.clock.now() + timedelta(hours=1))
    answers = await bench.of(both(batcher.ask(UserId(one.id)), batcher.ask(UserId(two.id))))
    mine = answers[0]
    assert isinstance(mine, HostAnswer)
    assert {space.id for space in mine.spaces} == {live.id, soon.id}
    assert {space.state for space in mine.spaces} == {State.LIVE, State.SCHEDULED}
    assert {user.username for user in mine.users.values()} == {"gardener"}
    assert mine.page.creator(mine.spaces[0]) is not None
    assert len(hosts_asked(bench)) == 1


async def test_fifty_askers_of_one_host_are_one_place_and_of_fifty_hosts_one_request(
    bench: Bench, batcher: HostBatcher
) -> None:
    await bench.of(both(*(batcher.ask(UserId("7")) for _ in range(50))))
    await bench.of(both(*(batcher.ask(host) for host in ids(100, 50))))
    assert hosts_asked(bench) == [["7"], ids(100, 50)]


async def test_a_sweep_takes_its_paced_turn(bench: Bench, batcher: HostBatcher) -> None:
    async def sweeps() -> None:
        for number in range(4):
            await batcher.sweep(ids(number * 100, 100))

    await bench.of(sweeps())
    assert least_gap(bench) == pytest.approx(900 / 270, rel=0.01)


async def test_a_person_does_not_wait_for_the_sweeps_turn_and_takes_the_sweep_along(
    bench: Bench, batcher: HostBatcher
) -> None:
    await bench.of(batcher.sweep(ids(0, 100)))
    sweeping = asyncio.create_task(batcher.sweep(ids(200, 100)))
    await bench.clock.settle()
    began = bench.clock.monotonic()
    answer = await bench.of(batcher.ask(UserId("7")))
    assert answer.spaces == ()
    assert bench.clock.monotonic() - began < 1.2
    # 101 hosts do not fit: the last one of the sweep is left out, for the next sweep.
    swept = await bench.of(_awaited(sweeping))
    assert hosts_asked(bench)[1:] == [["7", *ids(200, 99)]]
    assert {problem.resource_id for problem in swept.page.problems} == {*ids(200, 99)}
    assert swept.left_out == ("299",)


async def _awaited(task: asyncio.Task[SweepAnswer]) -> SweepAnswer:
    return await task


async def test_a_sweep_sees_its_own_hosts_only(bench: Bench, batcher: HostBatcher) -> None:
    one, two = bench.x.add_user("gardener"), bench.x.add_user("moth")
    mine, other = bench.x.start_space(one), bench.x.start_space(two)
    sweep, answer = await bench.of(both(batcher.sweep([UserId(one.id)]), batcher.ask(UserId(two.id))))
    assert isinstance(sweep, SweepAnswer)
    assert isinstance(answer, HostAnswer)
    assert [space.id for space in sweep.page.items] == [mine.id]
    assert set(sweep.page.users) == {one.id}
    assert [space.id for space in answer.spaces] == [other.id]


async def test_a_host_in_both_is_asked_about_once_and_told_to_both(bench: Bench, batcher: HostBatcher) -> None:
    one = bench.x.add_user("gardener")
    made = bench.x.start_space(one)
    sweep, answer = await bench.of(both(batcher.sweep([UserId(one.id), UserId("8")]), batcher.ask(UserId(one.id))))
    assert isinstance(sweep, SweepAnswer)
    assert isinstance(answer, HostAnswer)
    assert [space.id for space in sweep.page.items] == [space.id for space in answer.spaces] == [made.id]
    assert hosts_asked(bench) == [[one.id, "8"]]


async def test_an_empty_sweep_asks_nothing(bench: Bench, batcher: HostBatcher) -> None:
    assert await bench.of(batcher.sweep([])) == SweepAnswer()
    assert bench.x.requests == []


async def test_a_failing_request_fails_exactly_those_who_wait_for_it(bench: Bench, batcher: HostBatcher) -> None:
    bench.x.fault("creator_ids", Fault.credits_depleted())
    outcomes = await bench.of(both(*(batcher.ask(host) for host in ids(1, 100)), batcher.ask(UserId("777"))))
    assert [type(one) for one in outcomes[:100]] == [XCreditsDepleted] * 100
    assert isinstance(outcomes[100], HostAnswer)


async def test_people_are_told_of_a_used_up_window_while_the_sweep_waits(bench: Bench, batcher: HostBatcher) -> None:
    bench.x.fault("creator_ids", Fault(drain=True))
    with pytest.raises(XRateLimited):
        await bench.of(batcher.ask(UserId("7")))
    sweeping = asyncio.create_task(batcher.sweep(ids(0, 3)))
    await bench.clock.settle()
    with pytest.raises(XRateLimited) as limited:
        await bench.of(batcher.ask(UserId("7")))
    assert limited.value.until is not None
    assert not sweeping.done()
    await bench.of(_awaited(sweeping))
    assert bench.clock.now() >= limited.value.until
    assert len(bench.x.refused) == 0


async def test_someone_who_leaves_harms_nobody_else(bench: Bench, batcher: HostBatcher) -> None:
    await bench.of(batcher.ask(UserId("1")))
    leaving = [asyncio.create_task(batcher.ask(UserId(str(number)))) for number in (1, 2)]
    staying = [asyncio.create_task(batcher.ask(UserId(str(number)))) for number in (2, 3)]
    await bench.clock.settle()
    for task in leaving:
        task.cancel()
    outcomes = await bench.of(both(*leaving, *staying))
    assert [type(one) for one in outcomes] == [asyncio.CancelledError] * 2 + [HostAnswer] * 2
    assert hosts_asked(bench)[-1] == ["2", "3"]


async def test_when_everybody_leaves_nothing_is_asked_and_the_next_is_served(
    bench: Bench, batcher: HostBatcher
) -> None:
    await bench.of(batcher.ask(UserId("1")))
    sweeping = asyncio.create_task(batcher.sweep(ids(5, 5)))
    await bench.clock.settle()
    sweeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweeping
    answer = await bench.of(batcher.ask(UserId("2")))
    assert answer.spaces == ()
    assert hosts_asked(bench) == [["1"], ["2"]]
    assert bench.client.windows()["creators"].remaining == 298


async def test_someone_who_comes_as_the_last_one_leaves_is_served(bench: Bench, batcher: HostBatcher) -> None:
    bench.x.fault("creator_ids", Fault.slow(30))
    leaving = asyncio.create_task(batcher.ask(UserId("1")))
    await bench.x.wait_for(lambda: bench.x.in_flight)
    leaving.cancel()
    coming = asyncio.create_task(batcher.ask(UserId("2")))
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert isinstance((await bench.of(both(coming)))[0], HostAnswer)


async def test_a_host_that_cannot_be_is_told_to_the_asker_only(bench: Bench, batcher: HostBatcher) -> None:
    known = UserId(bench.x.add_user("moth").id)
    bad, good = await bench.of(both(batcher.ask(UserId("gardener")), batcher.ask(known)))
    assert isinstance(bad, HostAnswer)
    assert isinstance(good, HostAnswer)
    assert [problem.resource_id for problem in bad.problems] == ["gardener"]
    assert good.problems == ()


async def test_fifty_people_are_answered_during_a_sweep_of_five_thousand_hosts(
    bench: Bench, batcher: HostBatcher
) -> None:
    made = {host: bench.x.add_user(f"host{host}", id=host) for host in ids(1_000, 5_000)}
    live = {bench.x.start_space(made[host]).creator.id for host in ids(1_000, 5_000)[::500]}
    seen: list[str] = []

    async def sweep() -> None:
        left = ids(1_000, 5_000)
        while left:
            swept = await batcher.sweep(left[:100])
            left = [*swept.left_out, *left[100:]]
            seen.extend(space.creator_id or "" for space in swept.page.items)

    async def person(host: UserId) -> tuple[float, bool]:
        began = bench.clock.monotonic()
        answer = await batcher.ask(host)
        return bench.clock.monotonic() - began, bool(answer.spaces)

    async def crowd() -> Sequence[tuple[float, bool]]:
        await bench.clock.sleep(31)
        return await asyncio.gather(*(person(host) for host in ids(2_990, 50)))

    sweeping = asyncio.create_task(sweep())
    waits = await bench.of(crowd())
    assert max(wait for wait, _ in waits) < 2.5
    assert [is_live for _, is_live in waits] == [host in live for host in ids(2_990, 50)]
    await bench.of(both(sweeping))
    assert sorted(seen) == sorted(live)
    assert least_gap(bench) >= 1
    assert bench.x.refused == []


async def test_a_sweep_through_faults_never_claims_an_absence(bench: Bench, batcher: HostBatcher) -> None:
    host = bench.x.add_user("gardener")
    bench.x.start_space(host)
    bench.x.random_faults(0.5, seed=7)
    answered = 0
    for _ in range(30):
        (outcome,) = await bench.of(both(batcher.sweep([UserId(host.id)])))
        if isinstance(outcome, SweepAnswer):
            answered += 1
            assert [space.creator_id for space in outcome.page.items] == [host.id]
        else:
            assert type(outcome).__name__.startswith("X")
    assert answered


def test_a_space_without_a_creator_goes_to_the_host_it_names_or_is_told() -> None:
    carried = frozenset(ids(1, 2))
    named = Space(id=SpaceId("1a"), host_ids=(UserId("9"), UserId("2")))
    nobodys = Space(id=SpaceId("1b"))
    page = Page(
        items=(named, nobodys),
        problems=(Problem(type="resource-not-found", resource_id="1"),),
        users={UserId("9"): User(id=UserId("9"))},
    )
    second = _part_about(page, frozenset({UserId("2")}), carried)
    assert [space.id for space in second.items] == ["1a"]
    assert set(second.users) == {"9"}
    assert [(problem.type, problem.value) for problem in second.problems] == [("unreadable", "1b")]
    first = _part_about(page, frozenset({UserId("1")}), carried)
    assert first.items == ()
    assert [problem.type for problem in first.problems] == ["resource-not-found", "unreadable"]
    alone = _part_about(Page(items=(nobodys,)), frozenset({UserId("1")}), frozenset({UserId("1")}))
    assert [space.id for space in alone.items] == ["1b"]


async def test_a_fault_of_x_reaches_the_person(bench: Bench, batcher: HostBatcher) -> None:
    bench.x.fault("creator_ids", Fault.html(503, times=None))
    with pytest.raises(XDown):
        await bench.of(batcher.ask(UserId("7")))
