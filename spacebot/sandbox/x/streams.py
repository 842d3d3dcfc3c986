"""The open connections of the activity stream: an event goes to each of them once, and is billed once it was written out whole."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from aiohttp import web

from spacebot.clock import Clock
from spacebot.sandbox.x.activity import Event
from spacebot.sandbox.x.faults import Fault

_HEARTBEAT = b"\r\n"
_KEPT_SECONDS = 300
"""How far back X can replay, where it does."""


class _Lost(Exception):
    """The connection is no more."""


class _Connection:
    """One client that listens."""

    def __init__(self, request: web.Request, headers: Mapping[str, str], fault: Fault | None) -> None:
        self._request = request
        self._response = web.StreamResponse(headers=headers)
        self._cut = None if fault is None else 0 if fault.drop == "truncate" else fault.cut
        self.is_silent = fault is not None and fault.silent
        self.waiting: deque[bytes | Event] = deque()
        self.news = asyncio.Event()
        self.is_over = False
        self.is_orderly = True

    @property
    def response(self) -> web.StreamResponse:
        return self._response

    def give(self, what: bytes | Event) -> None:
        if not self.is_silent:
            self.waiting.append(what)
            self.news.set()

    def end(self, *, orderly: bool) -> None:
        self.is_over, self.is_orderly = True, orderly
        self.news.set()

    async def begin(self) -> None:
        """Send the headers, if they were not sent yet."""
        self.must_stand()
        if self._cut is not None and self._cut <= 0:
            self.break_off()
        if not self._response.prepared:
            await self._response.prepare(self._request)

    async def write(self, data: bytes) -> None:
        """Send all of it; raises _Lost where that cannot be, or was not to be."""
        await self.begin()
        part = data if self._cut is None else data[: self._cut]
        try:
            await self._response.write(part)
        except ConnectionError:
            raise _Lost from None
        if self._cut is not None:
            self._cut -= len(part)
            if self._cut <= 0:
                self.break_off()

    def break_off(self) -> None:
        """Close the connection in the middle of whatever it is."""
        if self._request.transport is not None:
            self._request.transport.close()
        raise _Lost

    def must_stand(self) -> None:
        """Raise _Lost if the client has left."""
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise _Lost


class Streams:
    """The connections and how X treats them; every setting may be changed while it runs.

    `late_headers`: whether even the headers of the answer wait for the first line. `heartbeat`: seconds between blank lines.
    `most`: connections at a time. `linger`: seconds for which X counts a connection that has ended. X notices that a client
    has left only when it next writes.
    """

    def __init__(self, clock: Clock, *, bill: Callable[[str], None], on_news: Callable[[], None]) -> None:
        self._clock = clock
        self._bill = bill
        self._on_news = on_news
        self._open: list[_Connection] = []
        self._ended: list[float] = []
        self._past: deque[Event] = deque()
        self.late_headers = True
        self.heartbeat = 20.0
        self.most = 2
        self.linger = 0.0
        self.opened = 0
        """How many connections there have been."""
        self.events: list[Event] = []
        """Every event there was, whether or not anybody listened."""

    @property
    def connected(self) -> int:
        """How many connections X counts now."""
        now = self._clock.monotonic()
        self._ended = [moment for moment in self._ended if now - moment < self.linger]
        return len(self._open) + len(self._ended)

    def send(self, events: Iterable[Event]) -> None:
        """Send these events to every connection."""
        now = self._clock.now()
        for event in events:
            self.events.append(event)
            self._past.append(event)
            for connection in self._open:
                connection.give(event)
        while self._past and (now - self._past[0].at).total_seconds() > _KEPT_SECONDS:
            self._past.popleft()

    def say(self, raw: bytes) -> None:
        """Write these bytes to every connection, whatever they are."""
        for connection in self._open:
            connection.give(raw)

    def hang_up(self, *, orderly: bool = True) -> None:
        """End every connection, with the proper end of an answer or in the middle of it."""
        for connection in self._open:
            connection.end(orderly=orderly)

    def go_silent(self) -> None:
        """Keep the connections that there are open, without another byte."""
        for connection in self._open:
            connection.is_silent = True
            connection.waiting.clear()

    async def serve(
        self, request: web.Request, headers: Mapping[str, str], fault: Fault | None, *, backfill: int
    ) -> web.StreamResponse:
        """Write to one connection until it ends; `backfill` is how many minutes of the past come first."""
        connection = _Connection(request, headers, fault)
        now = self._clock.now()
        for event in self._past:
            if backfill and (now - event.at).total_seconds() <= backfill * 60:
                connection.give(event)
        self._open.append(connection)
        self.opened += 1
        self._on_news()
        try:
            if not self.late_headers:
                await connection.begin()
            await self._feed(connection)
            if connection.response.prepared and connection.is_orderly:
                await connection.response.write_eof()
            else:
                connection.break_off()
        except (_Lost, ConnectionError):
            pass
        finally:
            self._open.remove(connection)
            self._ended.append(self._clock.monotonic())
            self._on_news()
        return connection.response

    async def _feed(self, connection: _Connection) -> None:
        next_beat = self._clock.monotonic() + self.heartbeat
        while not connection.is_over:
            while connection.waiting:
                what = connection.waiting.popleft()
                await connection.write(what if isinstance(what, bytes) else what.line + b"\r\n")
                if isinstance(what, Event):
                    self._bill(what.uuid)
            await self._until_news(connection, next_beat)
            if self._clock.monotonic() < next_beat:
                continue
            next_beat += self.heartbeat
            if connection.is_silent:
                connection.must_stand()
            else:
                await connection.write(_HEARTBEAT)

    async def _until_news(self, connection: _Connection, moment: float) -> None:
        beat = asyncio.ensure_future(self._clock.sleep(moment - self._clock.monotonic()))
        news = asyncio.ensure_future(connection.news.wait())
        try:
            await asyncio.wait({beat, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            beat.cancel()
            news.cancel()
            await asyncio.gather(beat, news, return_exceptions=True)
        connection.news.clear()
