"""PURE: which Spaces are open, and which of them to look up by id next: those that are likeliest to have started unseen.

No Space is in one batch twice. Times are epoch seconds, handed in.
"""

import heapq
import math
from collections import OrderedDict
from dataclasses import dataclass

from spacebot.domain.ids import SpaceId, UserId
from spacebot.watch.punctuality import EARLIEST, LATEST, Punctuality
from spacebot.x.endpoints import IDS_PER_REQUEST

REFRESH = 60.0
"""Seconds between look-ups of a Space that is live, or long overdue."""

_FOR_OTHERS = 10
"""Places of a batch that those have before any number of Spaces that are expected."""


@dataclass(slots=True, kw_only=True)
class _Open:
    host_id: UserId
    scheduled_start: float | None
    live: bool = False


class OpenSpaces:
    """The Spaces that X has shown as scheduled or live, and not as over yet.

    A Space is in one of three places: it waits until it is expected; it is expected, and may start at any moment; or it
    is live or overdue, and looked up now and then.

    Attributes:
        punctuality: When scheduled Spaces start.
    """

    def __init__(self) -> None:
        self.punctuality = Punctuality()
        self._open: dict[SpaceId, _Open] = {}
        self._of_host: dict[UserId, set[SpaceId]] = {}
        self._waiting: list[tuple[float, SpaceId]] = []
        self._expected: dict[SpaceId, float] = {}
        self._others: OrderedDict[SpaceId, float] = OrderedDict()

    def scheduled(self, space_id: SpaceId, host_id: UserId, scheduled_start: float) -> None:
        """It is scheduled for then; also where it was known, and is moved."""
        known = self._open.get(space_id)
        if known is not None and (known.live or known.scheduled_start == scheduled_start):
            return
        self._leave(space_id)
        self._open[space_id] = _Open(host_id=host_id, scheduled_start=scheduled_start)
        self._of_host.setdefault(host_id, set()).add(space_id)
        heapq.heappush(self._waiting, (scheduled_start - EARLIEST, space_id))

    def live(self, space_id: SpaceId, host_id: UserId, started_at: float, now: float) -> float | None:
        """It is live since then. The answer is when it was scheduled for, if it was."""
        known = self._open.get(space_id)
        if known is None:
            known = self._open[space_id] = _Open(host_id=host_id, scheduled_start=None)
            self._of_host.setdefault(host_id, set()).add(space_id)
        if not known.live:
            known.live = True
            if known.scheduled_start is not None:
                self.punctuality.started(started_at - known.scheduled_start)
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
        """Up to 100 Spaces to look up now, each once: of those expected, the ones with most waiting to be spared."""
        self._expect(now)
        others = self._due_others(now)
        batch = self._most_likely(now, IDS_PER_REQUEST - min(len(others), _FOR_OTHERS))
        for space_id in batch:
            self._expected[space_id] = now
        for space_id in others[: IDS_PER_REQUEST - len(batch)]:
            self._others[space_id] = now
            self._others.move_to_end(space_id)
            batch.append(space_id)
        return batch

    def _expect(self, now: float) -> None:
        """Expect those whose time has come, and no longer those whose time is over."""
        while self._waiting and self._waiting[0][0] <= now:
            begin, space_id = heapq.heappop(self._waiting)
            space = self._open.get(space_id)
            if space is None or space.live or space.scheduled_start is None or space_id in self._others:
                continue
            if space.scheduled_start - EARLIEST == begin:
                self._expected.setdefault(space_id, now - REFRESH)
        for space_id in [space_id for space_id in self._expected if now - self._start_of(space_id) >= LATEST]:
            self._others[space_id] = self._expected.pop(space_id)
            self._others.move_to_end(space_id, last=False)

    def _most_likely(self, now: float, places: int) -> list[SpaceId]:
        """So many of those expected. A Space of rate r that is seen every T seconds waits rT²/2 in a row of look-ups."""
        if len(self._expected) <= places:
            return list(self._expected)
        return heapq.nlargest(
            places,
            self._expected,
            key=lambda space_id: (
                self.punctuality.rate(now - self._start_of(space_id)) * (now - self._expected[space_id]) ** 2
            ),
        )

    def _due_others(self, now: float) -> list[SpaceId]:
        """Up to 100 of those that are looked up now and then, longest ago first."""
        due: list[SpaceId] = []
        for space_id, looked in self._others.items():
            if 0.0 <= now - looked < REFRESH or len(due) == IDS_PER_REQUEST:
                break
            due.append(space_id)
        return due

    def _start_of(self, space_id: SpaceId) -> float:
        return self._open[space_id].scheduled_start or 0.0

    def _leave(self, space_id: SpaceId) -> None:
        """Out of the row it stands in; what waits is found to be out of date when its time comes."""
        self._expected.pop(space_id, None)
        self._others.pop(space_id, None)
