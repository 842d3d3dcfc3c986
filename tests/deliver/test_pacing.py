"""The pace of all requests to Discord, on an event loop whose time passes only where somebody waits or stalls."""

import asyncio
import math
import selectors
from bisect import bisect_left
from collections.abc import Callable, Coroutine, Sequence
from types import SimpleNamespace
from typing import cast

import aiohttp
import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from spacebot.deliver.pacing import TOO_MANY_OLD_EDITS, paced, refuse_old_edit

MESSAGE = URL("https://discord.com/api/v10/channels/110/messages")
CALLBACK = URL("https://discord.com/api/v10/interactions/1/token/callback")
FOLLOW_UP = URL("https://discord.com/api/v10/webhooks/1/token/messages/@original")
NOBODY = cast("aiohttp.ClientSession", None)
"""Who asks makes no difference."""

TICK = 1e-6
"""What the arithmetic of floating point may blur."""


class Selector(selectors.DefaultSelector):
    """Lets waiting take no time."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is not None:
            self.passed += max(0.0, timeout)
        return ready


class Loop(asyncio.SelectorEventLoop):
    """Its time is the selector's."""

    def __init__(self) -> None:
        self._passing = Selector()
        super().__init__(self._passing)

    def time(self) -> float:
        return self._passing.passed

    def stall(self, seconds: float) -> None:
        """Nothing runs for so long, as where a machine is busy with something else."""
        self._passing.passed += seconds


def play(scene: Callable[[Loop], Coroutine[None, None, None]]) -> None:
    """Play a scene on a loop of its own."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        runner.run(scene(loop))


class Client:
    """Notes when each of its requests leaves."""

    def __init__(self, loop: Loop, per_second: float) -> None:
        self._loop = loop
        self._trace = paced(per_second)
        self._trace.freeze()
        self.left: list[float] = []
        self.order: list[int] = []

    async def ask(self, number: int = 0, url: URL = MESSAGE) -> None:
        params = aiohttp.TraceRequestStartParams("POST", url, CIMultiDict())
        await self._trace.on_request_start.send(NOBODY, SimpleNamespace(), params)
        self.left.append(self._loop.time())
        self.order.append(number)

    async def ask_together(self, many: int) -> None:
        await asyncio.gather(*(self.ask(number) for number in range(many)))


def busiest_second(moments: Sequence[float]) -> int:
    """The most moments in any second that begins with one of them and does not hold its own end."""
    return max(bisect_left(moments, begin + 1 - TICK) - at for at, begin in enumerate(moments))


def test_requests_leave_evenly_spaced_and_in_the_order_they_came() -> None:
    async def scene(loop: Loop) -> None:
        client = Client(loop, 48)
        await client.ask_together(100)
        assert client.order == list(range(100))
        gaps = [after - before for before, after in zip(client.left, client.left[1:], strict=False)]
        assert max(gaps) < 1 / 48 + TICK
        assert min(gaps) > 1 / 48 - TICK

    play(scene)


def test_waking_late_costs_no_pace() -> None:
    async def scene(loop: Loop) -> None:
        client = Client(loop, 48)

        async def be_busy() -> None:
            while True:
                await asyncio.sleep(0.025)
                loop.stall(0.015)

        busy = asyncio.create_task(be_busy())
        await client.ask_together(481)
        busy.cancel()
        assert abs(client.left[-1] - client.left[0] - 10.0) < 1 / 48
        assert busiest_second(client.left) <= 49

    play(scene)


def test_a_long_stall_is_made_up_for_within_the_second_and_without_a_burst() -> None:
    async def scene(loop: Loop) -> None:
        client = Client(loop, 48)
        asking = asyncio.create_task(client.ask_together(481))
        await asyncio.sleep(1.0)
        loop.stall(0.4)  # nineteen places of the timetable
        await asking
        assert abs(client.left[-1] - client.left[0] - 10.0) < TICK
        assert sum(moment < 2.0 - TICK for moment in client.left) == 96  # as if nothing had been
        assert busiest_second(client.left) <= 49
        gaps = [after - before for before, after in zip(client.left, client.left[1:], strict=False)]
        assert min(gaps) > 1 / 96 - TICK

    play(scene)


def test_at_discords_own_limit_a_second_holds_no_more_than_that() -> None:
    async def scene(loop: Loop) -> None:
        client = Client(loop, 50)
        asking = asyncio.create_task(client.ask_together(200))
        await asyncio.sleep(1.0)
        loop.stall(0.4)
        await asking
        assert busiest_second(client.left) == 50

    play(scene)


def test_a_quiet_time_is_not_made_up_for() -> None:
    async def scene(loop: Loop) -> None:
        client = Client(loop, 48)
        await client.ask_together(10)
        await asyncio.sleep(60.0)
        began = loop.time()
        await client.ask_together(97)
        assert abs(client.left[-1] - began - 2.0) < TICK

    play(scene)


def test_answers_to_people_wait_for_nothing() -> None:
    async def scene(loop: Loop) -> None:
        client = Client(loop, 1)
        asking = asyncio.create_task(client.ask_together(10))
        await asyncio.sleep(0.5)
        await client.ask(url=CALLBACK)
        await client.ask(url=FOLLOW_UP)
        assert client.left[1:] == [0.5, 0.5]
        await asking

    play(scene)


def test_who_gives_up_while_waiting_holds_up_nobody() -> None:
    async def scene(loop: Loop) -> None:
        client = Client(loop, 1)
        asking = [asyncio.create_task(client.ask(number)) for number in range(4)]
        await asyncio.sleep(0.5)
        asking[1].cancel()
        asking[2].cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        assert client.order == [0, 3]
        assert client.left == [0.0, 1.0]

    play(scene)


@given(
    per_second=st.floats(0.5, 50.0),
    course=st.lists(
        st.tuples(st.integers(0, 40), st.floats(0.0, 1.5), st.sampled_from([0.0, 0.001, 0.03, 0.4, 3.0])), max_size=12
    ),
)
def test_no_second_holds_more_than_the_pace_and_one_whenever_requests_come_and_the_machine_stalls(
    per_second: float, course: list[tuple[int, float, float]]
) -> None:
    async def scene(loop: Loop) -> None:
        client = Client(loop, per_second)
        asking = []
        for many, quiet, stall in course:
            asking.append(asyncio.create_task(client.ask_together(many)))
            await asyncio.sleep(quiet)
            loop.stall(stall)
        await asyncio.gather(*asking)
        assert len(client.left) == sum(many for many, _, _ in course)
        if client.left:
            assert busiest_second(client.left) <= min(math.ceil(per_second + 1), 50)
            lateness = sum(stall + 0.001 for _, _, stall in course)
            at_most = sum(quiet for _, quiet, _ in course) + len(client.left) / per_second + lateness
            assert client.left[-1] <= at_most + TICK

    play(scene)


class Answer:
    """An answer, as far as the trace reads it."""

    def __init__(self, status: int, body: object) -> None:
        self.status = status
        self._body = body

    async def json(self) -> object:
        if isinstance(self._body, Exception):
            raise self._body
        return self._body


def told(method: str, answer: Answer) -> aiohttp.TraceRequestEndParams:
    return aiohttp.TraceRequestEndParams(
        method=method, url=MESSAGE, headers=CIMultiDict(), response=cast("aiohttp.ClientResponse", answer)
    )


async def test_an_edit_too_many_of_an_old_message_is_raised_with_how_long_to_wait() -> None:
    answer = Answer(429, {"code": TOO_MANY_OLD_EDITS, "retry_after": 12.5, "global": False})
    with pytest.raises(discord.RateLimited) as limited:
        await refuse_old_edit(NOBODY, SimpleNamespace(), told("PATCH", answer))
    assert limited.value.retry_after == 12.5


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("PATCH", Answer(200, {"code": TOO_MANY_OLD_EDITS, "retry_after": 1})),
        ("POST", Answer(429, {"code": TOO_MANY_OLD_EDITS, "retry_after": 1})),
        ("PATCH", Answer(429, {"code": 0, "retry_after": 1})),
        ("PATCH", Answer(429, {"retry_after": 1})),
        ("PATCH", Answer(429, {"code": TOO_MANY_OLD_EDITS, "retry_after": None})),
        ("PATCH", Answer(429, ["no"])),
        ("PATCH", Answer(429, ValueError("no JSON"))),
        ("PATCH", Answer(429, aiohttp.ClientPayloadError())),
    ],
)
async def test_every_other_answer_is_left_to_discord_py(method: str, answer: Answer) -> None:
    await refuse_old_edit(NOBODY, SimpleNamespace(), told(method, answer))
