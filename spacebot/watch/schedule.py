"""PURE: which hosts and which open Spaces to ask X about next, so that what waits unseen waits least within the budget.

However unlikely a host is, it is asked about within `Schedule.bound`; nobody is in one batch twice. Times are epoch
seconds, handed in; what counts the hosts' turns is the batches themselves, so a clock that jumps cannot stop anybody's.
`docs/scheduling.md` gives the reasons and the formulae.
"""

import heapq
import math
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby, islice

from spacebot.domain.ids import SpaceId, UserId
from spacebot.watch.open_spaces import OpenSpaces
from spacebot.watch.price import Price
from spacebot.watch.rates import DAY, HOUR, KEPT, WEEK, Crowd, Habit
from spacebot.x.endpoints import IDS_PER_REQUEST

SWEEPS = 2
"""Nobody waits longer than this many sweeps of a round robin would take..."""

GRACE = 60.0
"""...or this many seconds, whichever is longer."""

_USUAL_TURN = 900.0 / 270
"""Seconds between batches until it is known better: X's limit less a tenth for people."""

_TURN_LEARNED = 0.05
_EXPONENT = 0.45
"""Of a host's rate, in its urgency: a little less than ½, which makes the mean wait least, for the sake of the longest."""

_SLOT = 900.0
"""Seconds for which a host's rate is taken to stay what it is in their middle."""

_FAR = 4
"""Slots ahead within which each is looked at by itself."""

_BUSY = 0.02
"""What is left of a host's rate while a Space of theirs is live."""

_SOON = 0.3
"""The same while one is known to begin about now: what would be found is another beside it."""

_PUSHED = 0.01
"""The same where X pushes their starts."""

_COMPARED = 4 * IDS_PER_REQUEST
"""How many of those who are due are compared with each other: after a pause all are."""

_PRICE_KEPT = 8
"""Turns after which the price is found anew."""

_SAMPLE = 500
"""How many hosts stand for all where these are compared."""

_REPLAYED = 4 * WEEK
"""Seconds of the past from which all hosts together are learned from after a start."""

_NEVER = -1
"""The turn of a host that was not asked about yet; the slot of one whose urgency has to be seen anew."""

_GONE = 1 << 62
"""The turn of a host that is not followed any more: it never comes."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Host:
    """One followed host; `asked` and `turn` count batches."""

    id: UserId
    weight: int
    habit: Habit
    asked: int = _NEVER
    due: float = 0.0
    turn: int = 0
    """The turn in whose list it stands: an entry anywhere else is out of date."""
    rate: float = 0.0
    """Starts a week that are waited for, whatever the time; weighted by what a Space of this host counts."""
    urgency: float = 0.0
    slot: int = _NEVER
    live: int = 0
    scheduled: float = -math.inf
    pushed: bool = False


class Schedule:
    """Chooses the hosts of each next batch, and keeps what is known of them.

    Args:
        now: The time; from here on the hosts' starts are known.
    """

    def __init__(self, now: float) -> None:
        self.spaces = OpenSpaces()
        """What is open, and due to be looked up by id; `scheduled`, `live` and `over` keep it."""
        self._crowd = Crowd(now)
        self._compared = -math.inf
        self._hosts: dict[UserId, _Host] = {}
        self._weights = 0
        self._pushed: frozenset[UserId] = frozenset()
        self._now = now
        self._turn = 0
        self._seconds = _USUAL_TURN
        self._turns: dict[int, list[_Host]] = {}
        self._last_turn = 0
        self._ready: deque[_Host] = deque()
        self._asked: deque[tuple[int, list[_Host]]] = deque()
        self._price = Price()
        self._price_now = 1.0

    # Who is followed, and what is known of them.

    def follow(self, weights: Mapping[UserId, int], now: float, gone: Collection[UserId] | None = None) -> None:
        """Follow these hosts, each by so many guilds; new ones are asked about first.

        Args:
            weights: The hosts.
            now: The time; from here on the starts of new ones are known.
            gone: Who is not followed any more; where it is None all whom `weights` leaves out.
        """
        were = len(self._hosts)
        for host_id in self._hosts.keys() - weights.keys() if gone is None else gone:
            self._forget(host_id)
        for host_id, weight in weights.items():
            host = self._hosts.get(host_id)
            if host is None:
                host = _Host(id=host_id, weight=weight, habit=Habit(now, self._crowd), pushed=host_id in self._pushed)
                self._hosts[host_id] = host
                self._weights += weight
                host.live, host.scheduled = self.spaces.of_host(host_id)
                self._reckon(host, now)
                self._make_ready(host, first=True)
            elif host.weight != weight:
                self._weights += weight - host.weight
                host.weight = weight
                host.slot = _NEVER
        if were <= IDS_PER_REQUEST < len(self._hosts):  # until now all were in each batch, and nobody's turn was kept
            for host in self._hosts.values():
                self._make_ready(host)

    def learn(self, starts: Iterable[tuple[UserId, float, float | None]], since: Mapping[UserId, float]) -> None:
        """Learn from the past anew: (host, started_at, scheduled_start or None), in any order.

        It takes some 12 µs a start: where hosts are many, it is called for some of them after the other.

        Args:
            starts: What is known to have started; of hosts that `since` leaves out it says nothing. Of each host the
                last `KEPT` suffice.
            since: From when on each of these hosts' starts are known; that none came is knowledge too.
        """
        past: dict[UserId, list[tuple[float, float | None]]] = {host_id: [] for host_id in since}
        for host_id, started_at, scheduled_start in starts:
            if host_id in past:
                past[host_id].append((started_at, scheduled_start))
        habits: list[Habit] = []
        events: list[tuple[float, int, float | None]] = []
        for host_id, known in past.items():
            host = self._hosts.get(host_id)
            if host is None:
                continue
            known.sort(key=lambda start: start[0])
            first = min([since[host_id], *(at for at, _ in known[:1])])
            host.habit = Habit(known[0][0] if len(known) >= KEPT else first, self._crowd)
            host.slot = _NEVER
            events += [(at, len(habits), scheduled_start) for at, scheduled_start in known]
            habits.append(host.habit)
        events.sort(key=lambda event: event[:2])
        replayed_from = self._now - _REPLAYED
        for day, of_day in groupby(events, key=lambda event: event[0] // DAY):
            is_replayed = day * DAY > replayed_from
            if is_replayed:
                self._crowd.compare(habits, day * DAY)
            for at, number, scheduled_start in of_day:
                habits[number].started(at, announced=scheduled_start is not None, teach=is_replayed)
                if is_replayed and scheduled_start is not None:
                    self.spaces.punctuality.started(at - scheduled_start)
        self._compared = -math.inf

    def pushed(self, host_ids: Collection[UserId]) -> None:
        """X pushes the starts of these hosts, and of no others: they are asked about only as often as they must."""
        pushed = frozenset(host_ids)
        for host_id in pushed ^ self._pushed:
            host = self._hosts.get(host_id)
            if host is not None:
                host.pushed = host_id in pushed
                host.slot = _NEVER
        self._pushed = pushed

    def worth(self, host_id: UserId, now: float) -> float:
        """How much waiting the push of this host would spare, compared with others; 0 for one who is not followed."""
        host = self._hosts.get(host_id)
        return 0.0 if host is None else host.habit.often(now) * self._share(host)

    def scheduled(self, space_id: SpaceId, host_id: UserId, scheduled_start: float) -> None:
        """X shows this Space as scheduled; again whenever it is shown, for it can be moved."""
        self.spaces.scheduled(space_id, host_id, scheduled_start)
        self._open_changed(self._hosts.get(host_id))

    def live(self, space_id: SpaceId, host_id: UserId, started_at: float, now: float) -> None:
        """X shows this Space as live; again whenever it is shown."""
        host = self._hosts.get(host_id)
        scheduled_start = self.spaces.live(space_id, host_id, started_at, now)
        if host is not None:
            host.habit.started(min(started_at, now), announced=scheduled_start is not None)
        self._open_changed(host)

    def over(self, space_id: SpaceId) -> None:
        """This Space is ended, canceled or gone; one that is not known changes nothing."""
        host_id = self.spaces.over(space_id)
        if host_id is not None:
            self._open_changed(self._hosts.get(host_id))

    # Whom to ask about.

    @property
    def bound(self) -> float:
        """Seconds within which every host is asked about while batches go at their present pace."""
        return max(GRACE, SWEEPS * self.seconds_per_sweep)

    @property
    def seconds_per_sweep(self) -> float:
        """Seconds in which every host could be asked about once, at the present pace; 0 if nobody is followed."""
        return math.ceil(len(self._hosts) / IDS_PER_REQUEST) * self._seconds

    def next_batch(self, now: float) -> list[UserId]:
        """Up to 100 hosts to ask about now, each once; it counts as asked. Every host, where there are no more than that."""
        self._advance(now)
        if len(self._hosts) <= IDS_PER_REQUEST:
            first = [host.id for host in self._ready if host.id in self._hosts]
            self._turns.clear()
            self._ready.clear()
            self._asked.clear()
            return list(dict.fromkeys((*first, *self._hosts)))
        limit = self._limit()
        batch: list[_Host] = []
        while self._asked and self._asked[0][0] <= self._turn - limit and len(batch) < IDS_PER_REQUEST:
            asked, hosts = self._asked[0]
            while hosts and len(batch) < IDS_PER_REQUEST:
                host = hosts.pop()
                if host.asked == asked:
                    host.asked = self._turn
                    batch.append(host)
            if not hosts:
                self._asked.popleft()
        self._fill(batch)
        self._set_due(batch, now, limit)
        self._asked.append((self._turn, batch))
        return [host.id for host in batch]

    def missed(self, host_ids: Iterable[UserId]) -> None:
        """These were asked about in vain: their turn comes again at once, behind those who wait already."""
        for host_id in host_ids:
            host = self._hosts.get(host_id)
            if host is not None:
                self._make_ready(host)

    def left_out(self, host_ids: Iterable[UserId]) -> None:
        """There was no place for these in the request for the last batch: the next one begins with them."""
        for host_id in host_ids:
            host = self._hosts.get(host_id)
            if host is not None:
                self._make_ready(host, first=True)

    def _advance(self, now: float) -> None:
        passed = now - self._now
        if passed > 0:
            self._seconds += _TURN_LEARNED * (min(passed, 4 * self._seconds) - self._seconds)
        self._now = now
        self._turn += 1
        if abs(now - self._compared) >= HOUR:
            self._compare(now)
        self._ready.extend(host for host in self._turns.pop(self._turn, ()) if host.turn == self._turn)

    def _compare(self, now: float) -> None:
        """Bring up to date what all hosts have in common."""
        self._compared = now
        some = islice(self._hosts.values(), 0, None, max(len(self._hosts) // _SAMPLE, 1))
        self._crowd.reckon([host.habit for host in some], now)

    def _limit(self) -> int:
        """The most turns from one look at a host to the next."""
        return max(SWEEPS * math.ceil(len(self._hosts) / IDS_PER_REQUEST), int(GRACE / self._seconds), 2) - 1

    def _fill(self, batch: list[_Host]) -> None:
        """Add those who are due; where they are too few those who are due next, for nothing is gained by an empty place."""
        turn = self._turn
        due: list[_Host] = []
        while self._ready and len(due) < _COMPARED:
            host = self._ready.popleft()
            if host.turn <= turn and host.asked != turn:
                due.append(host)
        self._take(due, batch)
        self._ready.extendleft([host for host in reversed(due) if host.asked != turn])
        ahead = turn
        while len(batch) < IDS_PER_REQUEST and ahead < self._last_turn:
            ahead += 1
            waiting = self._turns.get(ahead, ())
            self._take((host for host in waiting if host.turn == ahead and host.asked != turn), batch)

    def _take(self, hosts: Iterable[_Host], batch: list[_Host]) -> None:
        rows = [*dict.fromkeys(hosts)]  # one may stand in a row twice
        for host in self._latest(rows, IDS_PER_REQUEST - len(batch)):
            host.asked = self._turn
            batch.append(host)

    def _latest(self, hosts: list[_Host], count: int) -> list[_Host]:
        """So many of these with most waiting behind them, beyond what is worth a place: late by most, for their urgency."""
        if len(hosts) <= count:
            return hosts
        turn = self._turn
        return heapq.nlargest(count, hosts, key=lambda host: host.urgency * (turn - host.due))

    def _set_due(self, batch: Iterable[_Host], now: float, limit: int) -> None:
        """Give each its next turn: sooner where a slot is near in which it is more urgent."""
        turn = self._turn
        if turn % _PRICE_KEPT == 0:
            self._price_now = self._price.of(IDS_PER_REQUEST, limit)
        price = self._price_now
        slot = int(now // _SLOT)
        slot_ends = turn + ((slot + 1) * _SLOT - now) / self._seconds
        for host in batch:
            if host.slot != slot:
                self._reckon(host, now)
            # Turns are whole, what is due is not: who was served about on time goes on from when it was due.
            since = host.due if -1.0 < host.due - turn < 1.0 else turn
            wait = price / host.urgency
            due = since + (wait if wait < limit else limit)  # noqa: FURB136 - min() costs more here than all the rest
            if due > slot_ends:
                due = self._sooner(host, since, due, price, slot_ends)
            host.due = due
            host.turn = next_turn = int(due) if due > turn + 1 else turn + 1
            if next_turn in self._turns:
                self._turns[next_turn].append(host)
            else:
                self._turns[next_turn] = [host]
                self._last_turn = max(self._last_turn, next_turn)

    def _sooner(self, host: _Host, since: float, due: float, price: float, slot_ends: float) -> float:
        """When the host is due, seeing how urgent it will be in each slot that begins before then."""
        at = (int(self._now // _SLOT) + 1) * _SLOT
        step = 1 if (due - slot_ends) * self._seconds < _FAR * _SLOT else 2  # where hosts wait for hours, half as often
        while slot_ends < due:
            due = min(due, max(slot_ends, since + price / self._urgency_of(host, at + (step - 1) * _SLOT / 2)))
            at += step * _SLOT
            slot_ends += step * _SLOT / self._seconds
        return due

    def _make_ready(self, host: _Host, *, first: bool = False) -> None:
        host.turn = self._turn
        host.due = -math.inf if first else float(self._turn)
        if first:
            self._ready.appendleft(host)
        else:
            self._ready.append(host)

    def _open_changed(self, host: _Host | None) -> None:
        if host is not None:
            host.live, host.scheduled = self.spaces.of_host(host.id)
            host.slot = _NEVER

    def _reckon(self, host: _Host, now: float) -> None:
        """See how urgent the host is in this slot, and what that makes of the sums."""
        self._discount(host)
        host.slot = int(now // _SLOT)
        rate = host.habit.often(now) * self._share(host)
        if host.live:
            rate *= _BUSY
        if host.pushed:
            rate *= _PUSHED
        host.rate = rate
        host.urgency = self._urgency_of(host, host.slot * _SLOT)
        self._price.add(host.urgency)

    def _discount(self, host: _Host) -> None:
        if host.urgency:
            self._price.remove(host.urgency)
            host.urgency = 0.0

    def _urgency_of(self, host: _Host, slot_begins: float) -> float:
        """How urgent the host is in a slot, from what was last reckoned."""
        if host.live:
            return math.pow(host.rate, _EXPONENT)  # their habit is served already
        middle = slot_begins + _SLOT / 2
        rate = host.rate * host.habit.likelihood(middle)
        return math.pow(rate * _SOON if abs(host.scheduled - middle) < HOUR else rate, _EXPONENT)

    def _share(self, host: _Host) -> float:
        """What a Space of this host counts: half as one of all Spaces, half by how many guilds wait for it."""
        return 0.5 + 0.5 * host.weight * len(self._hosts) / max(self._weights, 1)

    def _forget(self, host_id: UserId) -> None:
        host = self._hosts.pop(host_id)
        self._weights -= host.weight
        self._discount(host)
        host.asked, host.turn = _NEVER, _GONE
