"""An event loop whose time jumps: a week of timers passes in minutes, and no timer fires before what is under way has arrived.

Both ends of every connection live in this one process, so everything that can still happen without time passing is
known: callbacks that are ready, bytes between two of our own sockets, answers owed by threads. Where none of these is
left, the time becomes that of the next timer. However long it takes to compute, a round of the loop is a microsecond.
"""

import asyncio
import os
import selectors
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, TypeVarTuple
from unittest.mock import patch

import discord
import discord.backoff
import discord.gateway
import discord.ui.view

from spacebot.clock import Clock
from spacebot.store.connection import Store

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

FIRST = 1000.0
"""The loop's time when it is made: small, so that microseconds survive the arithmetic, and no wall clock's."""

TICK = 1e-6
"""How long a round of the loop takes. Where no time passed at all, what waits for a rest of 1e-17 s (a limiter whose
sums are rounded) would ask again and again."""

QUIET_ROUNDS = 2
"""How often nothing must be found ready in a row. Loopback hands bytes over while they are written, but where the
kernel is busy it does so a moment later; in between it is given the processor."""


class JumpingLoop(asyncio.SelectorEventLoop):
    """`time()` all but stands still while there is anything to do, and then jumps to the next timer.

    Files, sockets and threads work as in any loop. What another process does, this loop would not wait for.
    """

    def __init__(self) -> None:
        self._now = FIRST
        self._owed = 0
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Seconds since `FIRST`."""
        return self._now

    @property
    def is_owed(self) -> bool:
        """Whether a thread owes an answer."""
        return self._owed > 0

    def elapse(self, seconds: float) -> None:
        """Let so much time pass; only the selector knows when."""
        self._now += seconds

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Time does not pass within: what is awaited there comes from a thread, by `call_soon_threadsafe`."""
        self._owed += 1
        try:
            yield
        finally:
            self._owed -= 1

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As in any loop (`getaddrinfo` and `to_thread` end here too); time stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._owed += 1
        future.add_done_callback(self._paid)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        """As in any loop; its thread answers without going through `run_in_executor`."""
        with self.standing_still():
            await super().shutdown_default_executor(*args)

    def _paid(self, _future: asyncio.Future[Any]) -> None:
        self._owed -= 1


class _Selector(selectors.DefaultSelector):
    """Waits as the loop's base class asks it to, only that the waiting for a timer takes no real time."""

    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.elapse(TICK)
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if ready := self._arriving():
            return ready
        if timeout is None:
            return super().select(None)  # no timer at all: only a signal can help
        self._loop.elapse(timeout)
        return []

    def _arriving(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What happens without time passing; empty when nothing will."""
        for left in reversed(range(QUIET_ROUNDS)):
            if ready := super().select(0):
                return ready
            if self._loop.is_owed:  # the answer comes through the loop's own socket
                return super().select(None)
            if left:
                os.sched_yield()
        return []


class LoopClock:
    """A `Clock` over a loop: the loop's time, and a wall clock that goes along with it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, start: datetime) -> None:
        """Begin: it is `start` (aware) now."""
        self._loop = loop
        self._start = start
        self._first = loop.time()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time() - self._first)

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


def run(main: Callable[[Clock], Coroutine[Any, Any, T]], *, start: datetime, debug: bool | None = None) -> T:
    """Run `main` on a jumping loop, with the bot's libraries on the loop's time, and hand back what it returns.

    Args:
        main: Is called with the clock that everything in it is to use.
        start: The wall clock's time at the beginning, aware.
        debug: asyncio's debug mode; None for what the environment says.
    """
    with asyncio.Runner(loop_factory=JumpingLoop, debug=debug) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, JumpingLoop)
        with _on_the_time_of(loop):
            return runner.run(main(LoopClock(loop, start=start)))


@contextmanager
def _on_the_time_of(loop: JumpingLoop) -> Iterator[None]:
    """Make every library that keeps its own time, or has its own thread, go by the loop.

    aiohttp and discord.py's rate limits ask `loop.time()` anyway. aiohttp's cookies and `Date` headers are
    real time still; nothing here goes by them.
    """
    virtual = _Time(loop)
    with ExitStack() as stack:
        # The database answers from a thread of its own, which is not an executor's.
        for name in ("__aenter__", "__call__"):
            stack.enter_context(patch.object(Store, name, _counted(getattr(Store, name), loop)))
        # How long the gateway has been silent, and its limit of 110 messages a minute.
        stack.enter_context(patch.object(discord.gateway, "time", virtual))
        # After 2,048 s without a failure the waits between attempts to connect begin small again.
        stack.enter_context(patch.object(discord.backoff, "time", virtual))
        # When buttons stop working.
        stack.enter_context(patch.object(discord.ui.view, "time", virtual))
        # A thread that beats by real time would leave the connection silent for virtual hours.
        stack.enter_context(patch.object(discord.gateway, "KeepAliveHandler", _KeepAlive))
        yield


class _Time:
    """What discord.py uses of the module `time`; it only ever compares two readings of the same function."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.time = self.monotonic = self.perf_counter = loop.time


class _KeepAlive(discord.gateway.KeepAliveHandler):
    """discord.py's keep-alive as a task instead of a thread: the same beats and the same verdict on a silent gateway."""

    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = self.ws.loop.create_task(self._keep_alive(), name=self.name)

    def stop(self) -> None:
        super().stop()
        if self._task is not None and self._task is not asyncio.current_task():  # closing stops whoever closes
            self._task.cancel()

    async def _keep_alive(self) -> None:
        assert self.interval is not None
        while not self._stop_ev.is_set():
            await asyncio.sleep(self.interval)
            if self._last_recv + self.heartbeat_timeout < self.ws.loop.time():
                await self.ws.close(4000)
                return
            try:
                await self.ws.send_heartbeat(self.get_payload())
            except Exception:  # noqa: BLE001 - as discord.py's own: a connection that cannot be written to is over
                self.stop()
            self._last_send = self.ws.loop.time()


def _counted(method: Callable[P, Coroutine[Any, Any, T]], loop: JumpingLoop) -> Callable[P, Coroutine[Any, Any, T]]:
    @wraps(method)
    async def counted(*args: P.args, **kwargs: P.kwargs) -> T:
        with loop.standing_still():
            return await method(*args, **kwargs)

    return counted
