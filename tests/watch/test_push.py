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
class Scene:
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
async def a_desk(*, ceiling: int = 1500, **settings: Any) -> AsyncIterator[Scene]:
    clock = FakeClock()
    async with LocalX(clock=clock, **settings) as x, aiohttp.ClientSession() as session:
        x.streams.late_headers = False
        auth = BearerAuth(SecretStr(x.bearer_token))
        client = ActivityClient(session=session, base_url=x.url, auth=auth, clock=clock)
        yield Scene(x=x, clock=clock, client=client, ceiling=ceiling)


@pytest.fixture(autouse=True)
def all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="spacebot.watch")


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_desk() as made:
        yield made


async def test_every_followed_host_is_subscribed_to_with_both_events(scene: Scene) -> None:
    hosts = scene.follow(3)
    async with scene.running():
        assert scene.subscribed == scene.both(hosts)
        assert scene.push.covered == set(hosts)
        assert scene.state() is PushState.ON
    assert (scene.state(), scene.push.covered) == (PushState.OFF, frozenset())


async def test_a_start_and_an_end_are_passed_on(scene: Scene) -> None:
    (host,) = scene.follow(1)
    async with scene.running():
        space = scene.x.start_space(scene.x.users[host])
        await scene.elapse(0.5)
        space.end()
        await scene.elapse(0.5)
        assert scene.push.last_event_at is not None
    assert scene.started == [(space.id, host)]
    assert scene.ended == [(space.id, host)]


async def test_with_nobody_to_follow_x_is_not_listened_to(scene: Scene) -> None:
    async with scene.running():
        await scene.elapse(60)
        assert scene.state() is PushState.OFF
    assert scene.calls("stream") == 0


async def test_a_change_of_the_watchlists_is_followed_at_once(scene: Scene) -> None:
    first, second = scene.follow(2)
    async with scene.running():
        scene.wanted.remove(first)
        (third,) = scene.follow(1, first=3)
        scene.push.watchlists_changed()
        await scene.elapse(1)
        assert scene.subscribed == scene.both([second, third])
        assert scene.push.covered == {second, third}


async def test_a_change_that_nobody_tells_of_is_seen_in_a_quarter_of_an_hour(scene: Scene) -> None:
    scene.follow(1)
    async with scene.running():
        scene.follow(1, first=2)
        await scene.elapse(901)
        assert scene.subscribed == scene.both(["1", "2"])


async def test_the_most_valuable_hosts_come_first_where_there_are_more_than_the_plan_allows() -> None:
    async with a_desk(ceiling=7) as scene:
        hosts = scene.follow(5)
        async with scene.running():
            assert scene.subscribed == scene.both(hosts[:3])
            scene.wanted = [hosts[4], *hosts[:4]]
            scene.push.watchlists_changed()
            await scene.elapse(1)
            assert scene.subscribed == scene.both([hosts[4], *hosts[:2]])
            assert scene.push.covered == {hosts[4], *hosts[:2]}


async def test_a_plan_that_allows_less_than_was_thought_is_learned(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.x.activity.ceiling = 5
    hosts = scene.follow(4)
    async with scene.running():
        assert scene.subscribed == scene.both(hosts[:2])
        refusals = sum(exchange.status == 403 for exchange in scene.x.requests)
        await scene.elapse(2000)
        assert sum(exchange.status == 403 for exchange in scene.x.requests) == refusals
        assert scene.state() is PushState.ON
    assert caplog.text.count("fewer hosts") == 1


async def test_starts_are_subscribed_to_before_ends(scene: Scene) -> None:
    scene.follow(3)
    async with scene.running():
        made = [one.event_type for one in scene.x.subscriptions]
    assert made == ["spaces.start"] * 3 + ["spaces.end"] * 3


async def test_a_restart_makes_nothing_again(scene: Scene) -> None:
    scene.follow(3)
    async with scene.running():
        pass
    made = scene.calls("subscribe")
    async with scene.running(again := scene.another()):
        assert again.covered == {"1", "2", "3"}
        assert again.state is PushState.ON
    assert scene.calls("subscribe") == made
    assert scene.calls("unsubscribe") == 0


async def test_surplus_subscriptions_end_in_bulk(scene: Scene) -> None:
    hosts = scene.follow(60)
    async with scene.running():
        scene.wanted = hosts[:1]
        scene.push.watchlists_changed()
        await scene.elapse(1)
        assert scene.subscribed == scene.both(hosts[:1])
    assert scene.calls("unsubscribe") == 2


async def test_what_others_have_subscribed_to_is_let_be_and_takes_room() -> None:
    async with a_desk(ceiling=6) as scene:
        hosts = scene.follow(4)
        for event in ("profile.update.handle", "spaces.start"):
            body = {"event_type": event, "filter": {"user_id": "4"}, "tag": "somebody's"}
            headers = {"Authorization": f"Bearer {scene.x.bearer_token}"}
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.post(f"{scene.x.url}/2/activity/subscriptions", json=body) as made,
            ):
                assert made.status == 200
        async with scene.running():
            ours = {(one.event_type, one.user_id) for one in scene.x.subscriptions if one.tag == TAG}
            assert ours == scene.both(hosts[:2])
            assert scene.push.covered == {"1", "2", "4"}
            assert len(scene.x.subscriptions) == 6


async def test_a_host_that_x_refuses_stays_with_the_sweeps_and_is_named(scene: Scene) -> None:
    hosts = scene.follow(3)
    scene.x.activity.closed.add("2")
    async with scene.running():
        assert scene.push.covered == {"1", "3"}
        assert set(scene.push.refused_hosts) == {"2"}
        assert scene.state() is PushState.ON
        tried = scene.calls("subscribe")
        scene.clock.jump(80_000)
        await scene.elapse(1000)
        assert scene.calls("subscribe") == tried
        scene.x.activity.closed.clear()
        scene.clock.jump(6000)
        await scene.elapse(1000)
        assert scene.push.covered == set(hosts)
        assert scene.push.refused_hosts == {}


async def test_a_refused_host_leaves_its_place_to_the_next() -> None:
    async with a_desk(ceiling=4) as scene:
        scene.follow(4)
        scene.x.users["1"].suspend()
        async with scene.running():
            assert scene.subscribed == scene.both(["2", "3"])


async def test_hosts_that_become_covered_are_told_as_a_gap(scene: Scene) -> None:
    scene.follow(1)
    async with scene.running():
        before = len(scene.gaps)
        scene.push.watchlists_changed()
        await scene.elapse(1)
        assert len(scene.gaps) == before
        scene.follow(1, first=2)
        scene.push.watchlists_changed()
        await scene.elapse(1)
        assert len(scene.gaps) == before + 1


async def test_every_connection_is_told_as_a_gap_and_covers_what_was_silent(scene: Scene) -> None:
    (host,) = scene.follow(1)
    async with scene.running():
        await scene.elapse(100)
        scene.x.streams.go_silent()
        moment = scene.clock.monotonic()
        await scene.elapse(20)
        scene.x.start_space(scene.x.users[host])
        await scene.elapse(20)
        assert scene.started == []
        at, seconds = scene.gaps[-1]
        assert at - seconds <= moment + 1
        assert at > moment + 20


async def test_while_the_stream_is_down_nobody_is_covered(scene: Scene) -> None:
    scene.follow(1)
    async with scene.running():
        scene.x.fault("stream", Fault.unavailable(times=3))
        scene.x.streams.hang_up()
        await scene.elapse(1)
        assert (scene.state(), scene.push.covered) == (PushState.CONNECTING, frozenset())
        assert scene.covered == frozenset(), "whoever listens knows"
        gaps = len(scene.gaps)
        await scene.elapse(40)
        assert scene.state() is PushState.ON
        assert scene.push.covered == scene.covered == {"1"}
        assert len(scene.gaps) == gaps + 1
        assert scene.gaps[-1][1] >= 35


@pytest.mark.parametrize("denied", ["plan", "credits", "authentication"])
async def test_without_access_everything_falls_back_and_is_tried_ever_more_rarely(
    scene: Scene, denied: Literal["plan", "credits", "authentication"], caplog: pytest.LogCaptureFixture
) -> None:
    scene.x.activity.denied = denied
    scene.follow(2)
    async with scene.running():
        await scene.elapse(10)
        assert scene.state() is PushState.REFUSED
        assert scene.push.refusal
        assert scene.push.covered == frozenset()
        await scene.elapse(86_400)
        assert scene.calls("subscriptions") <= 12
        assert scene.calls("subscribe") == scene.calls("stream") == 0
        scene.x.activity.denied = None
        await scene.elapse(14_400)
        assert scene.state() is PushState.ON
        assert scene.push.covered == {"1", "2"}
    assert caplog.text.count("Hosts are swept meanwhile") == 1
    assert caplog.text.count("works again") == 1


async def test_access_lost_later_falls_back_as_well(scene: Scene) -> None:
    scene.follow(1)
    async with scene.running():
        scene.x.activity.denied = "plan"
        scene.x.streams.hang_up()
        await scene.elapse(60)
        assert scene.state() is PushState.REFUSED
        assert scene.push.covered == frozenset()
        lost = scene.clock.monotonic() - 60
        scene.x.activity.denied = None
        await scene.elapse(2000)
        assert scene.state() is PushState.ON
        assert scene.push.covered == {"1"}
        at, seconds = next(gap for gap in scene.gaps if gap[0] > lost + 60)
        assert at - seconds <= lost


async def test_one_refusal_by_mistake_costs_seconds_and_not_a_quarter_of_an_hour(scene: Scene) -> None:
    scene.follow(1)
    scene.x.fault("subscriptions", Fault.not_enrolled())
    async with scene.running():
        await scene.elapse(6)
        assert scene.state() is PushState.ON


async def test_an_app_that_may_subscribe_to_nobody_is_refused_as_a_whole(scene: Scene) -> None:
    hosts = scene.follow(30)
    scene.x.activity.closed.update(hosts)
    async with scene.running():
        await scene.elapse(2)
        assert scene.state() is PushState.REFUSED
        assert scene.calls("subscribe") == 5


async def test_the_window_of_calls_is_kept_and_the_rest_follows_in_the_next() -> None:
    async with a_desk(limits={"subscriptions": 6}) as scene:
        hosts = scene.follow(4)
        async with scene.running():
            assert scene.push.covered == set(hosts)  # four starts and one end, after the list
            assert len(scene.x.subscriptions) == 5
            await scene.elapse(902)
            assert scene.subscribed == scene.both(hosts)
        assert scene.x.refused == []


async def test_a_fault_in_the_middle_goes_on_where_it_was(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    hosts = scene.follow(4)
    scene.x.fault("subscribe", Fault.dropped("after"))
    scene.x.fault("subscribe", Fault.html(503, times=2))
    async with scene.running():
        await scene.elapse(60)
        assert scene.subscribed == scene.both(hosts)
        assert scene.push.covered == set(hosts)
    assert scene.calls("subscribe") <= 2 * len(hosts) + 4
    assert caplog.text.count("works again") == 1


async def test_subscriptions_that_x_forgot_are_made_again_within_the_hour(scene: Scene) -> None:
    hosts = scene.follow(2)
    async with scene.running():
        scene.x.forget_subscriptions()
        scene.clock.jump(3600)
        await scene.elapse(1000)
        assert scene.subscribed == scene.both(hosts)


async def test_subscriptions_that_we_do_not_know_of_are_found(scene: Scene) -> None:
    hosts = scene.follow(3)
    async with scene.running():
        pass
    scene.x.fault("subscriptions", Fault(status=200, body=b'{"data":[]}'))
    async with scene.running(again := scene.another()):
        assert again.covered == set(hosts)
        scene.wanted = hosts[:1]
        again.watchlists_changed()
        await scene.elapse(1)
        assert scene.subscribed == scene.both(hosts[:1])


async def test_events_of_hosts_nobody_follows_are_not_passed_on(scene: Scene) -> None:
    scene.follow(1)
    await scene.client.subscribe("spaces.start", UserId(scene.x.add_user("other", id="99").id))
    async with scene.running():
        pass
    assert scene.subscribed == scene.both(["1"])
    async with scene.running():
        await scene.client.subscribe("spaces.start", UserId("99"))
        scene.x.start_space(scene.x.users["99"])
        await scene.elapse(1)
    assert scene.started == []


async def test_a_listener_that_fails_ends_nothing(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    (host,) = scene.follow(1)
    scene.broken = ZeroDivisionError("planned")
    async with scene.running():
        for _ in range(2):
            scene.x.start_space(scene.x.users[host])
        await scene.elapse(1)
        assert scene.state() is PushState.ON
    assert len(scene.started) == 2
    assert caplog.text.count("could not be passed on") == 2


async def test_a_database_that_fails_is_logged_once_and_waited_for(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.follow(1)
    scene.broken = StoreError("The disk is full.")
    async with scene.running():
        await scene.elapse(100)
        assert scene.subscribed == set()
        assert scene.state() is PushState.CONNECTING
        scene.broken = None
        await scene.elapse(400)
        assert scene.state() is PushState.ON
    assert caplog.text.count("The disk is full.") == 1
    assert caplog.text.count("works again") == 1
