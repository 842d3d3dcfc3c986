"""Push keeps X's subscriptions what the watchlists want, and says of every moment in which it may not hear: on a local X."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
import pytest
from pydantic import SecretStr

from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.views import PushState
from spacebot.errors import StoreError
from spacebot.sandbox.x import Fault, LocalX
from spacebot.watch.push import Push
from spacebot.watch.subscriptions import EVENTS
from spacebot.x.activity import TAG, ActivityClient
from spacebot.x.auth import BearerAuth
from tests.clocks import FakeClock


@dataclass(kw_only=True)
class Desk:
    """A local X, a push on it, and what that one passed on."""

    x: LocalX
    clock: FakeClock
    client: ActivityClient
    push: Push = field(init=False)
    ceiling: int = 1500
    wanted: list[UserId] = field(default_factory=list)
    broken: Exception | None = None
    started: list[tuple[str, str]] = field(default_factory=list)
    ended: list[tuple[str, str]] = field(default_factory=list)
    covered: frozenset[UserId] = frozenset()
    gaps: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.push = self.another()

    def another(self) -> Push:
        """The same again, as after a restart."""
        return Push(
            source=self.client,
            clock=self.clock,
            wanted=self._wanted,
            listener=self,
            tag=TAG,
            ceiling=self.ceiling,
        )

    def space_started(self, space_id: SpaceId, host_id: UserId) -> None:
        self.started.append((space_id, host_id))
        if self.broken is not None:
            raise self.broken

    def space_ended(self, space_id: SpaceId, host_id: UserId) -> None:
        self.ended.append((space_id, host_id))

    def pushed_hosts_changed(self, host_ids: Collection[UserId]) -> None:
        self.covered = frozenset(host_ids)

    def pushes_missed(self, host_ids: Collection[UserId], seconds: float) -> None:
        self.gaps.append((self.clock.monotonic(), seconds))

    async def _wanted(self) -> Sequence[UserId]:
        if isinstance(self.broken, StoreError):
            raise self.broken
        return list(self.wanted)

    def follow(self, count: int, *, first: int = 1) -> list[UserId]:
        """So many more hosts, each less valuable than the one before."""
        hosts = [UserId(self.x.add_user(f"host{number}", id=str(number)).id) for number in range(first, first + count)]
        self.wanted += hosts
        return hosts

    def state(self) -> PushState:
        return self.push.state

    @property
    def subscribed(self) -> set[tuple[str, str]]:
        return {(one.event_type, one.user_id) for one in self.x.subscriptions}

    def both(self, hosts: Sequence[str]) -> set[tuple[str, str]]:
        return {(event, host) for event in EVENTS for host in hosts}

    def calls(self, endpoint: str) -> int:
        return sum(exchange.endpoint == endpoint for exchange in self.x.requests)

    async def elapse(self, seconds: float) -> None:
        """Let time pass on the clock, and what crosses a socket arrive before the next sleeper wakes."""
        end = self.clock.monotonic() + seconds
        while True:
            await self.quiet()
            due = self.clock.next_due()
            if due is None or due > end:
                break
            await self.clock.advance(max(0.0, due - self.clock.monotonic()))
        await self.clock.advance(max(0.0, end - self.clock.monotonic()))
        await self.quiet()

    async def quiet(self) -> None:
        """Return when no request has come for a moment."""
        seen = -1
        while seen != len(self.x.requests) or self.x.in_flight:
            seen = len(self.x.requests)
            await self.clock.settle(15)
            await asyncio.sleep(0.003)

    @asynccontextmanager
    async def running(self, push: Push | None = None) -> AsyncIterator[None]:
        task = asyncio.create_task((push or self.push).run())
        try:
            await self.elapse(1)
            yield
            assert not task.done()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def a_desk(*, ceiling: int = 1500, **settings: Any) -> AsyncIterator[Desk]:
    clock = FakeClock()
    async with LocalX(clock=clock, **settings) as x, aiohttp.ClientSession() as session:
        x.streams.late_headers = False
        auth = BearerAuth(SecretStr(x.bearer_token))
        client = ActivityClient(session=session, base_url=x.url, auth=auth, clock=clock)
        yield Desk(x=x, clock=clock, client=client, ceiling=ceiling)


@pytest.fixture(autouse=True)
def all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="spacebot.watch")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def test_every_followed_host_is_subscribed_to_with_both_events(desk: Desk) -> None:
    hosts = desk.follow(3)
    async with desk.running():
        assert desk.subscribed == desk.both(hosts)
        assert desk.push.covered == set(hosts)
        assert desk.state() is PushState.ON
    assert (desk.state(), desk.push.covered) == (PushState.OFF, frozenset())


async def test_a_start_and_an_end_are_passed_on(desk: Desk) -> None:
    (host,) = desk.follow(1)
    async with desk.running():
        space = desk.x.start_space(desk.x.users[host])
        await desk.elapse(0.5)
        space.end()
        await desk.elapse(0.5)
        assert desk.push.last_event_at is not None
    assert desk.started == [(space.id, host)]
    assert desk.ended == [(space.id, host)]


async def test_with_nobody_to_follow_x_is_not_listened_to(desk: Desk) -> None:
    async with desk.running():
        await desk.elapse(60)
        assert desk.state() is PushState.OFF
    assert desk.calls("stream") == 0


async def test_a_change_of_the_watchlists_is_followed_at_once(desk: Desk) -> None:
    first, second = desk.follow(2)
    async with desk.running():
        desk.wanted.remove(first)
        (third,) = desk.follow(1, first=3)
        desk.push.watchlists_changed()
        await desk.elapse(1)
        assert desk.subscribed == desk.both([second, third])
        assert desk.push.covered == {second, third}


async def test_a_change_that_nobody_tells_of_is_seen_in_a_quarter_of_an_hour(desk: Desk) -> None:
    desk.follow(1)
    async with desk.running():
        desk.follow(1, first=2)
        await desk.elapse(901)
        assert desk.subscribed == desk.both(["1", "2"])


async def test_the_most_valuable_hosts_come_first_where_there_are_more_than_the_plan_allows() -> None:
    async with a_desk(ceiling=7) as desk:
        hosts = desk.follow(5)
        async with desk.running():
            assert desk.subscribed == desk.both(hosts[:3])
            desk.wanted = [hosts[4], *hosts[:4]]
            desk.push.watchlists_changed()
            await desk.elapse(1)
            assert desk.subscribed == desk.both([hosts[4], *hosts[:2]])
            assert desk.push.covered == {hosts[4], *hosts[:2]}


async def test_a_plan_that_allows_less_than_was_thought_is_learned(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.x.activity.ceiling = 5
    hosts = desk.follow(4)
    async with desk.running():
        assert desk.subscribed == desk.both(hosts[:2])
        refusals = sum(exchange.status == 403 for exchange in desk.x.requests)
        await desk.elapse(2000)
        assert sum(exchange.status == 403 for exchange in desk.x.requests) == refusals
        assert desk.state() is PushState.ON
    assert caplog.text.count("fewer hosts") == 1


async def test_starts_are_subscribed_to_before_ends(desk: Desk) -> None:
    desk.follow(3)
    async with desk.running():
        made = [one.event_type for one in desk.x.subscriptions]
    assert made == ["spaces.start"] * 3 + ["spaces.end"] * 3


async def test_a_restart_makes_nothing_again(desk: Desk) -> None:
    desk.follow(3)
    async with desk.running():
        pass
    made = desk.calls("subscribe")
    async with desk.running(again := desk.another()):
        assert again.covered == {"1", "2", "3"}
        assert again.state is PushState.ON
    assert desk.calls("subscribe") == made
    assert desk.calls("unsubscribe") == 0


async def test_surplus_subscriptions_end_in_bulk(desk: Desk) -> None:
    hosts = desk.follow(60)
    async with desk.running():
        desk.wanted = hosts[:1]
        desk.push.watchlists_changed()
        await desk.elapse(1)
        assert desk.subscribed == desk.both(hosts[:1])
    assert desk.calls("unsubscribe") == 2


async def test_what_others_have_subscribed_to_is_let_be_and_takes_room() -> None:
    async with a_desk(ceiling=6) as desk:
        hosts = desk.follow(4)
        for event in ("profile.update.handle", "spaces.start"):
            body = {"event_type": event, "filter": {"user_id": "4"}, "tag": "somebody's"}
            headers = {"Authorization": f"Bearer {desk.x.bearer_token}"}
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.post(f"{desk.x.url}/2/activity/subscriptions", json=body) as made,
            ):
                assert made.status == 200
        async with desk.running():
            ours = {(one.event_type, one.user_id) for one in desk.x.subscriptions if one.tag == TAG}
            assert ours == desk.both(hosts[:2])
            assert desk.push.covered == {"1", "2", "4"}
            assert len(desk.x.subscriptions) == 6


async def test_a_host_that_x_refuses_stays_with_the_sweeps_and_is_named(desk: Desk) -> None:
    hosts = desk.follow(3)
    desk.x.activity.closed.add("2")
    async with desk.running():
        assert desk.push.covered == {"1", "3"}
        assert set(desk.push.refused_hosts) == {"2"}
        assert desk.state() is PushState.ON
        tried = desk.calls("subscribe")
        desk.clock.jump(80_000)
        await desk.elapse(1000)
        assert desk.calls("subscribe") == tried
        desk.x.activity.closed.clear()
        desk.clock.jump(6000)
        await desk.elapse(1000)
        assert desk.push.covered == set(hosts)
        assert desk.push.refused_hosts == {}


async def test_a_refused_host_leaves_its_place_to_the_next() -> None:
    async with a_desk(ceiling=4) as desk:
        desk.follow(4)
        desk.x.users["1"].suspend()
        async with desk.running():
            assert desk.subscribed == desk.both(["2", "3"])


async def test_hosts_that_become_covered_are_told_as_a_gap(desk: Desk) -> None:
    desk.follow(1)
    async with desk.running():
        before = len(desk.gaps)
        desk.push.watchlists_changed()
        await desk.elapse(1)
        assert len(desk.gaps) == before
        desk.follow(1, first=2)
        desk.push.watchlists_changed()
        await desk.elapse(1)
        assert len(desk.gaps) == before + 1


async def test_every_connection_is_told_as_a_gap_and_covers_what_was_silent(desk: Desk) -> None:
    (host,) = desk.follow(1)
    async with desk.running():
        await desk.elapse(100)
        desk.x.streams.go_silent()
        moment = desk.clock.monotonic()
        await desk.elapse(20)
        desk.x.start_space(desk.x.users[host])
        await desk.elapse(20)
        assert desk.started == []
        at, seconds = desk.gaps[-1]
        assert at - seconds <= moment + 1
        assert at > moment + 20


async def test_while_the_stream_is_down_nobody_is_covered(desk: Desk) -> None:
    desk.follow(1)
    async with desk.running():
        desk.x.fault("stream", Fault.unavailable(times=3))
        desk.x.streams.hang_up()
        await desk.elapse(1)
        assert (desk.state(), desk.push.covered) == (PushState.CONNECTING, frozenset())
        assert desk.covered == frozenset(), "whoever listens knows"
        gaps = len(desk.gaps)
        await desk.elapse(40)
        assert desk.state() is PushState.ON
        assert desk.push.covered == desk.covered == {"1"}
        assert len(desk.gaps) == gaps + 1
        assert desk.gaps[-1][1] >= 35


@pytest.mark.parametrize("denied", ["plan", "credits", "authentication"])
async def test_without_access_everything_falls_back_and_is_tried_ever_more_rarely(
    desk: Desk, denied: Literal["plan", "credits", "authentication"], caplog: pytest.LogCaptureFixture
) -> None:
    desk.x.activity.denied = denied
    desk.follow(2)
    async with desk.running():
        await desk.elapse(10)
        assert desk.state() is PushState.REFUSED
        assert desk.push.refusal
        assert desk.push.covered == frozenset()
        await desk.elapse(86_400)
        assert desk.calls("subscriptions") <= 12
        assert desk.calls("subscribe") == desk.calls("stream") == 0
        desk.x.activity.denied = None
        await desk.elapse(14_400)
        assert desk.state() is PushState.ON
        assert desk.push.covered == {"1", "2"}
    assert caplog.text.count("Hosts are swept meanwhile") == 1
    assert caplog.text.count("works again") == 1


async def test_access_lost_later_falls_back_as_well(desk: Desk) -> None:
    desk.follow(1)
    async with desk.running():
        desk.x.activity.denied = "plan"
        desk.x.streams.hang_up()
        await desk.elapse(60)
        assert desk.state() is PushState.REFUSED
        assert desk.push.covered == frozenset()
        lost = desk.clock.monotonic() - 60
        desk.x.activity.denied = None
        await desk.elapse(2000)
        assert desk.state() is PushState.ON
        assert desk.push.covered == {"1"}
        at, seconds = next(gap for gap in desk.gaps if gap[0] > lost + 60)
        assert at - seconds <= lost


async def test_one_refusal_by_mistake_costs_seconds_and_not_a_quarter_of_an_hour(desk: Desk) -> None:
    desk.follow(1)
    desk.x.fault("subscriptions", Fault.not_enrolled())
    async with desk.running():
        await desk.elapse(6)
        assert desk.state() is PushState.ON


async def test_an_app_that_may_subscribe_to_nobody_is_refused_as_a_whole(desk: Desk) -> None:
    hosts = desk.follow(30)
    desk.x.activity.closed.update(hosts)
    async with desk.running():
        await desk.elapse(2)
        assert desk.state() is PushState.REFUSED
        assert desk.calls("subscribe") == 5


async def test_the_window_of_calls_is_kept_and_the_rest_follows_in_the_next() -> None:
    async with a_desk(limits={"subscriptions": 6}) as desk:
        hosts = desk.follow(4)
        async with desk.running():
            assert desk.push.covered == set(hosts)  # four starts and one end, after the list
            assert len(desk.x.subscriptions) == 5
            await desk.elapse(902)
            assert desk.subscribed == desk.both(hosts)
        assert desk.x.refused == []


async def test_a_fault_in_the_middle_goes_on_where_it_was(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    hosts = desk.follow(4)
    desk.x.fault("subscribe", Fault.dropped("after"))
    desk.x.fault("subscribe", Fault.html(503, times=2))
    async with desk.running():
        await desk.elapse(60)
        assert desk.subscribed == desk.both(hosts)
        assert desk.push.covered == set(hosts)
    assert desk.calls("subscribe") <= 2 * len(hosts) + 4
    assert caplog.text.count("works again") == 1


async def test_subscriptions_that_x_forgot_are_made_again_within_the_hour(desk: Desk) -> None:
    hosts = desk.follow(2)
    async with desk.running():
        desk.x.forget_subscriptions()
        desk.clock.jump(3600)
        await desk.elapse(1000)
        assert desk.subscribed == desk.both(hosts)


async def test_subscriptions_that_we_do_not_know_of_are_found(desk: Desk) -> None:
    hosts = desk.follow(3)
    async with desk.running():
        pass
    desk.x.fault("subscriptions", Fault(status=200, body=b'{"data":[]}'))
    async with desk.running(again := desk.another()):
        assert again.covered == set(hosts)
        desk.wanted = hosts[:1]
        again.watchlists_changed()
        await desk.elapse(1)
        assert desk.subscribed == desk.both(hosts[:1])


async def test_events_of_hosts_nobody_follows_are_not_passed_on(desk: Desk) -> None:
    desk.follow(1)
    await desk.client.subscribe("spaces.start", UserId(desk.x.add_user("other", id="99").id))
    async with desk.running():
        pass
    assert desk.subscribed == desk.both(["1"])
    async with desk.running():
        await desk.client.subscribe("spaces.start", UserId("99"))
        desk.x.start_space(desk.x.users["99"])
        await desk.elapse(1)
    assert desk.started == []


async def test_a_listener_that_fails_ends_nothing(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    (host,) = desk.follow(1)
    desk.broken = ZeroDivisionError("planned")
    async with desk.running():
        for _ in range(2):
            desk.x.start_space(desk.x.users[host])
        await desk.elapse(1)
        assert desk.state() is PushState.ON
    assert len(desk.started) == 2
    assert caplog.text.count("could not be passed on") == 2


async def test_a_database_that_fails_is_logged_once_and_waited_for(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.follow(1)
    desk.broken = StoreError("The disk is full.")
    async with desk.running():
        await desk.elapse(100)
        assert desk.subscribed == set()
        assert desk.state() is PushState.CONNECTING
        desk.broken = None
        await desk.elapse(400)
        assert desk.state() is PushState.ON
    assert caplog.text.count("The disk is full.") == 1
    assert caplog.text.count("works again") == 1
