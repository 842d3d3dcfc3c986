"""PURE: which Spaces are open, and which of them to look up by id next: at every turn around their scheduled start.

Those that are expected come before all others; no Space is in one batch twice. Times are epoch seconds, handed in.
"""

import heapq
import math
from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice

from spacebot.domain.ids import SpaceId, UserId
from spacebot.x.endpoints import IDS_PER_REQUEST

REFRESH = 60.0
"""Seconds between look-ups of a Space that is live, or long overdue."""


@dataclass(slots=True, kw_only=True)
class _Open:
    host_id: UserId
    scheduled_start: float | None
    begin: float = -math.inf
    end: float = -math.inf
    live: bool = False


class OpenSpaces:
    """The Spaces that X has shown as scheduled or live, and not as over yet.

    A Space is in one of three places: it waits until it is expected; it is expected, between `begin` and `end`; or it is
    live or overdue, and looked up now and then.
    """

    def __init__(self) -> None:
        self._open: dict[SpaceId, _Open] = {}
        self._of_host: dict[UserId, set[SpaceId]] = {}
        self._waiting: list[tuple[float, SpaceId]] = []
        self._expected: dict[SpaceId, None] = {}
        self._others: OrderedDict[SpaceId, float] = OrderedDict()

    def scheduled(self, space_id: SpaceId, host_id: UserId, scheduled_start: float, begin: float, end: float) -> None:
        """It is scheduled for then, and expected between `begin` and `end`; also where it was known, and is moved."""
        known = self._open.get(space_id)
        if known is not None and (known.live or known.scheduled_start == scheduled_start):
            return
        self._leave(space_id)
        self._open[space_id] = _Open(host_id=host_id, scheduled_start=scheduled_start, begin=begin, end=end)
        self._of_host.setdefault(host_id, set()).add(space_id)
        heapq.heappush(self._waiting, (begin, space_id))

    def live(self, space_id: SpaceId, host_id: UserId, now: float) -> float | None:
        """It is live. The answer is when it was scheduled for, if it was."""
        known = self._open.get(space_id)
        if known is None:
            known = self._open[space_id] = _Open(host_id=host_id, scheduled_start=None)
            self._of_host.setdefault(host_id, set()).add(space_id)
        if not known.live:
            known.live = True
            self._leave(space_id)
            self._others[space_id] = now
        return known.scheduled_start

    def over(self, space_id: SpaceId) -> UserId | None:
        """It is over. The answer is its host, if it was known."""
        known = self._open.pop(space_id, None)
        if known is None:
            return None
        self._leave(space_id)
        of_host = self._of_host[known.host_id]
        of_host.discard(space_id)
        if not of_host:
            del self._of_host[known.host_id]
        return known.host_id

    def is_live(self, space_id: SpaceId) -> bool:
        """Whether X has shown it live, and not as over yet."""
        known = self._open.get(space_id)
        return known is not None and known.live

    def of_host(self, host_id: UserId) -> tuple[int, float]:
        """How many of the host's Spaces are live, and when the next of the others is scheduled for (-inf if none is)."""
        mine = [self._open[space_id] for space_id in self._of_host.get(host_id, ())]
        starts = [space.scheduled_start for space in mine if not space.live and space.scheduled_start is not None]
        return sum(space.live for space in mine), min(starts, default=-math.inf)

    def due_lookups(self, now: float) -> list[SpaceId]:
        """Up to 100 Spaces to look up now, each once: all that are expected, then those not looked at for longest."""
        while self._waiting and self._waiting[0][0] <= now:
            begin, space_id = heapq.heappop(self._waiting)
            space = self._open.get(space_id)
            if space is not None and not space.live and space.begin == begin and space_id not in self._others:
                self._expected[space_id] = None
        batch = list(islice(self._expected, IDS_PER_REQUEST))
        for space_id in batch:
            # To the end of the row: where more are expected than one look-up takes, they go in turn.
            del self._expected[space_id]
            if now < self._open[space_id].end:
                self._expected[space_id] = None
            else:
                self._others[space_id] = now
        while self._others and len(batch) < IDS_PER_REQUEST:
            space_id, looked = next(iter(self._others.items()))
            if 0.0 <= now - looked < REFRESH:
                break
            self._others[space_id] = now
            self._others.move_to_end(space_id)
            batch.append(space_id)
        return batch

    def _leave(self, space_id: SpaceId) -> None:
        """Out of the row it stands in; what waits is found to be out of date when its time comes."""
        self._expected.pop(space_id, None)
        self._others.pop(space_id, None)
