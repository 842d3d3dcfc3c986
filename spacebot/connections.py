"""Bounds what strangers can hold of the web endpoint: how many connections, how long each, and how long without a request.

Each connection costs a file descriptor, and the bot needs those for X, for Discord and for its database.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address

log = logging.getLogger(__name__)

MOST = 64
"""Connections at a time; beyond it the one that has waited longest without asking anything makes room."""

MOST_OF_ONE_ADDRESS = 8
"""The same for one address, apart from this machine's own, where a web server passes on what comes from everywhere."""

SECONDS_TO_ASK = 5.0
"""Until the headers of a request must be whole."""

SECONDS_IN_ALL = 30.0
"""Until a connection is closed, whatever goes on in it."""

_END_OF_HEADERS = b"\r\n\r\n"
_LARGEST_HEADERS = 16_384


class ConnectionLimits:
    """Makes a server's protocols, each within the bounds; hand it to `loop.create_server`.

    Args:
        make: Makes the protocol that serves one connection.
    """

    def __init__(self, make: Callable[[], asyncio.Protocol]) -> None:
        self._make = make
        self._open: dict[_Limited, str] = {}
        self._by_address: Counter[str] = Counter()

    def __call__(self) -> asyncio.Protocol:
        """A protocol for one more connection."""
        return _Limited(self._make(), self)

    def enter(self, connection: "_Limited", address: str) -> bool:
        """Count a connection that was opened; whether it may stay."""
        if self._by_address[address] >= MOST_OF_ONE_ADDRESS and not _is_own(address):
            return False
        if len(self._open) >= MOST:
            oldest = next((each for each in self._open if not each.has_asked), None)
            if oldest is None:
                return False
            oldest.abort()
            self.leave(oldest)
        self._open[connection] = address
        self._by_address[address] += 1
        return True

    def leave(self, connection: "_Limited") -> None:
        """A connection is closed."""
        address = self._open.pop(connection, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]


class _Limited(asyncio.Protocol):
    """One connection, handed on to the protocol that serves it."""

    def __init__(self, served_by: asyncio.Protocol, limits: ConnectionLimits) -> None:
        self._served_by = served_by
        self._limits = limits
        self._transport: asyncio.Transport | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._head = b""
        self.has_asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        if not self._limits.enter(self, str(peer[0]) if peer else ""):
            transport.abort()
            return
        loop = asyncio.get_running_loop()
        self._timers = [loop.call_later(SECONDS_TO_ASK, self._give_up), loop.call_later(SECONDS_IN_ALL, self.abort)]
        self._served_by.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._timers:
            return
        if not self.has_asked:
            self._head = (self._head + data)[-_LARGEST_HEADERS:]
            self.has_asked = _END_OF_HEADERS in self._head
        self._served_by.data_received(data)

    def eof_received(self) -> bool | None:
        return self._served_by.eof_received() if self._timers else None

    def connection_lost(self, exc: Exception | None) -> None:
        self._limits.leave(self)
        served = bool(self._timers)
        for timer in self._timers:
            timer.cancel()
        self._timers = []
        if served:
            self._served_by.connection_lost(exc)

    def pause_writing(self) -> None:
        self._served_by.pause_writing()

    def resume_writing(self) -> None:
        self._served_by.resume_writing()

    def abort(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    def _give_up(self) -> None:
        if not self.has_asked:
            self.abort()


def _is_own(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
