"""PURE: what the activity stream says, and how long to wait before connecting to it again. No line is ignored silently.

Source: https://docs.x.com/x-api/activity/introduction and X's pages on consuming streams.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Iterator

import msgspec

from spacebot.domain.ids import SpaceId, UserId
from spacebot.errors import XDisconnected, XError, XRateLimited
from spacebot.x.base import Key, SpaceKey, UserKey, Word, XObject
from spacebot.x.lenient import parse, read_leniently
from spacebot.x.model import Problem
from spacebot.x.wire import stated_problems

HEARTBEAT = 20.0
"""Seconds between the blank lines that X sends at the latest."""

SILENCE = 30.0
"""Seconds without a whole line after which a connection counts as dead: a heartbeat, and time for it to travel."""

REMEMBERED = 10_000
"""How many events are remembered, to recognise those that come twice."""

LONGEST_LINE = 1 << 20
"""Bytes; an event has about two thousand."""

_FIRST_NETWORK_PAUSE, _LONGEST_NETWORK_PAUSE = 0.25, 16.0
_FIRST_HTTP_PAUSE, _LONGEST_HTTP_PAUSE = 5.0, 320.0
_FIRST_RATE_PAUSE = 60.0
_ENOUGH = 20
"""More failures in a row than it takes to reach the longest pause."""


class SpaceStarted(XObject, frozen=True, kw_only=True):
    """A Space of a subscribed host has started. X says nothing else of it."""

    space_id: SpaceId
    """X calls it the broadcast's id; that it is the Space's is likely and not documented."""
    user_id: UserId
    uuid: str


class SpaceEnded(XObject, frozen=True, kw_only=True):
    """A Space of a subscribed host has ended."""

    space_id: SpaceId
    user_id: UserId
    uuid: str


class Connected(XObject, frozen=True, kw_only=True):
    """The stream is connected; what happened in the last `gap` seconds may not have been reported."""

    gap: float


class Disconnected(XObject, frozen=True, kw_only=True):
    """The stream is broken, or could not be opened; it is tried again after `pause` seconds.

    `gap` is how many seconds ago it last said something.
    """

    reason: str
    gap: float
    pause: float


class Missed(XObject, frozen=True, kw_only=True):
    """The stream is connected, and said something in the last `gap` seconds that cannot be read."""

    gap: float


Told = SpaceStarted | SpaceEnded
_KINDS: dict[str, type[Told]] = {"spaces.start": SpaceStarted, "spaces.end": SpaceEnded}
Happening = Told | Connected | Disconnected | Missed


class _Filter(XObject, frozen=True, kw_only=True):
    user_id: UserKey | None = None


class _Person(XObject, frozen=True, kw_only=True):
    id: UserKey | None = None


class _User(XObject, frozen=True, kw_only=True):
    data: _Person = _Person()


class _Payload(XObject, frozen=True, kw_only=True):
    user: _User = _User()
    broadcast_id: SpaceKey | None = None


class _Data(XObject, frozen=True, kw_only=True):
    event_uuid: Key | None = None
    event_type: Word | None = None
    filter: _Filter = _Filter()
    payload: _Payload = _Payload()


class _Line(XObject, frozen=True, kw_only=True):
    data: _Data | None = None


class Reading(XObject, frozen=True, kw_only=True):
    """What one line means: nothing at all for a heartbeat, and for an event that is unwanted or known already.

    Attributes:
        uuid: The id under which X bills it, or an id of our own if it may be an event without one; None if it is free.
        told: What happened.
        problems: Why X ends this stream.
        is_clear: Whether it could be read; otherwise something may have happened.
    """

    uuid: str | None = None
    told: Told | None = None
    problems: tuple[Problem, ...] = ()
    is_clear: bool = True


class Lines:
    """Cuts what arrives into whole lines, and keeps the beginning of the next one."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that this chunk completes, without their ends; a heartbeat is an empty one.

        Raises:
            XDisconnected: The unfinished line is longer than any line of X's: the connection is of no use.
        """
        *whole, rest = (bytes(self._rest) + chunk).split(b"\n")
        self._rest = bytearray(rest)
        for line in whole:
            yield line.strip()
        if len(self._rest) > LONGEST_LINE:
            raise XDisconnected


class Reader:
    """Reads lines, and each event once: X may send one twice, with the same uuid or with another."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def read(self, line: bytes) -> Reading:
        """What a whole line says."""
        if not line:
            return Reading()
        try:
            raw = parse(line)
            event = read_leniently(raw, _Line).data
        except (ValueError, msgspec.ValidationError):
            return Reading(uuid=_name_of(line), is_clear=False)
        if event is None:
            problems = stated_problems(line)
            return Reading(problems=problems) if problems else Reading(uuid=_name_of(line), is_clear=False)
        return self._read_event(event, event.event_uuid or _name_of(line))

    def _read_event(self, event: _Data, uuid: str) -> Reading:
        kind = _KINDS.get(event.event_type or "")
        if kind is None:
            return Reading(uuid=uuid, is_clear=event.event_type is not None)
        user_id = event.filter.user_id or event.payload.user.data.id
        space_id = event.payload.broadcast_id
        if not user_id or not space_id:
            return Reading(uuid=uuid, is_clear=False)
        # Both are evaluated, so that both are remembered.
        if self._is_known(uuid) | self._is_known((space_id, event.event_type)):
            return Reading(uuid=uuid)
        return Reading(uuid=uuid, told=kind(space_id=space_id, user_id=user_id, uuid=uuid))

    def _is_known(self, key: Hashable) -> bool:
        if key in self._seen:
            self._seen.move_to_end(key)
            return True
        self._seen[key] = None
        if len(self._seen) > 2 * self._remembered:
            self._seen.popitem(last=False)
        return False


def _name_of(line: bytes) -> str:
    return "unread " + hashlib.blake2b(line, digest_size=12).hexdigest()


class Backoff:
    """How long to wait before connecting again, as X asks: not at all at first, then longer each time by kind of error."""

    def __init__(self) -> None:
        self._network = 0
        self._http = 0
        self._rate = 0

    def connection_lasted(self, seconds: float) -> None:
        """Note how many seconds a connection lasted; one that outlived a heartbeat resets the pauses."""
        if seconds >= HEARTBEAT:
            self._network = self._http = self._rate = 0

    def pause_after(self, error: XError) -> float:
        """Seconds to wait after this error."""
        if isinstance(error, XRateLimited):
            self._rate = min(self._rate + 1, _ENOUGH)
            pause = min(_FIRST_RATE_PAUSE * 2.0 ** (self._rate - 1), _LONGEST_HTTP_PAUSE)
            return max(pause, error.retry_after or 0.0)
        if error.status is not None and error.status != 200:  # noqa: PLR2004 - an HTTP status is its own name
            self._http = min(self._http + 1, _ENOUGH)
            return min(_FIRST_HTTP_PAUSE * 2.0 ** (self._http - 1), _LONGEST_HTTP_PAUSE)
        self._network += 1
        return min(_FIRST_NETWORK_PAUSE * (self._network - 1), _LONGEST_NETWORK_PAUSE)
