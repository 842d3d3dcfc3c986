"""The one queue for `creator_ids`: people's lookups and sweeps share its requests, one at a time, lookups first.

Each is answered by the first request that carries its host, and fails only if a request that carried it fails.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from spacebot.clock import Clock
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import UserId
from spacebot.errors import BudgetSpent, SpacebotError, XRateLimited
from spacebot.x.answers import Answers
from spacebot.x.client import XClient
from spacebot.x.endpoints import IDS_PER_REQUEST
from spacebot.x.model import Page, Problem, Space, User
from spacebot.x.pots import Hold

T = TypeVar("T")

LONGEST_RIDE = 60.0
"""Seconds that a person waits for a place in a sweep's request once people's own share of the window is used up."""

MAKES_ROOM_EVERY = 30.0
"""Seconds between two full sweeps that leave out some of their hosts, for people to ride in their places."""

SEATS = 10
"""How many places people have then."""

WATCHED = Errand(purpose=Purpose.DETECTION, at_once=True)
"""For a host that somebody has just begun to follow, and waits to see."""

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAnswer:
    """What X shows of one host: the live and scheduled Spaces they created, or what X says of the host instead.

    `problems` holds those that name the host, and those that name nobody and so may concern the host.
    """

    spaces: tuple[Space, ...] = ()
    users: Mapping[UserId, User] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def page(self) -> Page[Space]:
        """The same as a page."""
        return Page(items=self.spaces, users=self.users, problems=self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepAnswer:
    """What X shows of the hosts of a sweep, but for those that its request had no place or no money for."""

    page: Page[Space] = field(default_factory=Page)
    left_out: tuple[UserId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sweep:
    """A sweep that waits for a request."""

    hosts: tuple[UserId, ...]
    answer: asyncio.Future[SweepAnswer]


@dataclass(slots=True, kw_only=True, eq=False)
class _LookUp:
    """A host that people have asked about: who asked first, when, and who waits for the answer."""

    errand: Errand
    asked_at: float
    answers: list[asyncio.Future[HostAnswer]] = field(default_factory=list)
    seat: Hold | None = None
    """The money that is held for it, once a request carries it."""

    def fail(self, error: Exception) -> None:
        for answer in self.answers:
            if not answer.done():
                answer.set_exception(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """One request: its hosts, and the lookups and sweeps that wait for it."""

    hosts: tuple[UserId, ...]
    lookups: Mapping[UserId, _LookUp]
    sweeps: Sequence[_Sweep]

    @property
    def riders(self) -> dict[UserId, Hold]:
        """The hosts that people pay for."""
        return {host: lookup.seat for host, lookup in self.lookups.items() if lookup.seat is not None}


class HostBatcher:
    """Asks X about hosts, for people and for the sweeper.

    People's requests go at once, within people's share of X's window; beyond it, their hosts ride in the paced requests
    of the sweeps, where these leave room.

    Args:
        client: Sends the requests; nothing else should use its `spaces_by_creators`.
        clock: Time.
    """

    def __init__(self, client: XClient, clock: Clock) -> None:
        self._client = client.on_behalf(Errand(purpose=Purpose.DETECTION))
        self._at_once = client.on_behalf(WATCHED)
        self._people = client.on_behalf(Errand(purpose=Purpose.PEOPLE))
        self._clock = clock
        self._answers: Answers[HostAnswer] = Answers(clock)
        self._lookups: dict[UserId, _LookUp] = {}
        self._sweeps: list[_Sweep] = []
        self._has_lookups = asyncio.Event()
        self._made_room_at = -MAKES_ROOM_EVERY
        self._waiting: set[asyncio.Future[Any]] = set()
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, host_id: UserId, errand: Errand = WATCHED) -> HostAnswer:
        """One host: in the next request, which goes as soon as X's limit of one per second and people's share allow.

        A person's question that was asked in the last minute is answered without asking X again.

        Raises:
            UserMistake: The person, or their guild, has asked too much.
            XRateLimited: The rate limit is used up.
            XError: The request that carried the host failed, or there is no money for it.
        """
        if not errand.has_shares:
            return await self._ask(host_id, errand)
        client = self._client.on_behalf(errand)
        return await self._answers.get(host_id, admit=client.admit, ask=lambda: self._ask(host_id, errand))

    async def _ask(self, host_id: UserId, errand: Errand) -> HostAnswer:
        answer: asyncio.Future[HostAnswer] = asyncio.get_running_loop().create_future()
        lookup = self._lookups.setdefault(host_id, _LookUp(errand=errand, asked_at=self._clock.monotonic()))
        lookup.answers.append(answer)
        self._has_lookups.set()
        return await self._wait_for(answer)

    async def sweep(self, host_ids: Sequence[UserId]) -> SweepAnswer:
        """Up to 100 hosts, for the sweeper: at the background's pace, or sooner beside a person's host.

        One request carries as many as it has room for. The others are named, for the next sweep to begin with: a request
        for them alone would cost all the others their turn.

        Raises:
            XError: The request failed; nothing is known of any of them.
        """
        hosts = tuple(dict.fromkeys(host_ids))
        if not hosts:
            return SweepAnswer()
        assert len(hosts) <= IDS_PER_REQUEST, "a sweep holds at most 100 hosts"
        answer: asyncio.Future[SweepAnswer] = asyncio.get_running_loop().create_future()
        self._sweeps.append(_Sweep(hosts=hosts, answer=answer))
        return await self._wait_for(answer)

    async def _wait_for(self, answer: asyncio.Future[T]) -> T:
        self._waiting.add(answer)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._send_batches(), name="host batcher")
        try:
            return await answer
        finally:
            self._waiting.discard(answer)
            if not answer.cancel() and not answer.cancelled():
                # Read, so that asyncio does not complain of an error that came as its waiter was cancelled.
                answer.exception()
            if not self._waiting and self._worker is not None:
                # Nobody would read the answer to a request still on its way. The next waiter starts a new worker.
                self._worker.cancel()
                self._worker = None

    async def _send_batches(self) -> None:
        """Send requests as long as somebody waits."""
        while self._has_waiters():
            try:
                client = await self._wait_for_slot()
            except XRateLimited as limited:
                refused, self._lookups = self._lookups, {}
                self._fail(_Batch(hosts=(), lookups=refused, sweeps=()), limited)
                continue
            is_peoples = client is self._people
            batch = self._next_batch(is_peoples=is_peoples)
            if not batch.hosts:
                self._client.give_up_creators_slot()
                continue
            began = self._clock.monotonic()
            try:
                page = await (self._at_once if is_peoples else self._client).spaces_by_creators(
                    batch.hosts, riders=batch.riders, has_slot=True
                )
            except SpacebotError as error:  # X's, or of the bill's store, without which nothing is asked
                self._fail(batch, error)
            except Exception as error:
                # Whatever is wrong, nobody may be left waiting.
                LOG.exception("a request for %d hosts went wrong", len(batch.hosts))
                self._fail(batch, error)
            else:
                self._answer(batch, page)
            finally:
                for seat in batch.riders.values():
                    self._client.leave(seat)
            LOG.debug(
                "%d hosts, %d of them for people: %.2f s",
                len(batch.hosts),
                len(batch.lookups),
                self._clock.monotonic() - began,
            )

    def _has_waiters(self) -> bool:
        """Whether somebody waits; drops the waiters that were cancelled."""
        for host, lookup in list(self._lookups.items()):
            if all(answer.done() for answer in lookup.answers):
                del self._lookups[host]
        self._sweeps = [sweep for sweep in self._sweeps if not sweep.answer.done()]
        if not self._lookups:
            self._has_lookups.clear()
        return bool(self._lookups or self._sweeps)

    async def _wait_for_slot(self) -> XClient:
        """Wait until a request may go: at once if there is a lookup, or as soon as one comes, else at the sweeps' pace.

        Returns:
            Whose share of X's window it is of.

        Raises:
            XRateLimited: There is a lookup, and no request may go in good time.
        """
        if not self._has_lookups.is_set():
            slot = asyncio.create_task(self._client.wait_for_creators_slot())
            lookup = asyncio.create_task(self._has_lookups.wait())
            try:
                await asyncio.wait({slot, lookup}, return_when=asyncio.FIRST_COMPLETED)
                slot.cancel()
                if await _got_slot(slot):
                    return self._client
            except asyncio.CancelledError:
                slot.cancel()
                if slot.done() and not slot.cancelled():
                    self._client.give_up_creators_slot()
                raise
            finally:
                lookup.cancel()
        try:
            await self._people.wait_for_creators_slot()
        except XRateLimited as used_up:
            now = self._clock.monotonic()
            for host, waiting in list(self._lookups.items()):
                if now - waiting.asked_at > LONGEST_RIDE:
                    self._lookups.pop(host).fail(used_up)
            await self._client.wait_for_creators_slot(patience=LONGEST_RIDE)
            return self._client
        return self._people

    def _next_batch(self, *, is_peoples: bool) -> _Batch:
        """The next request: first the hosts of those whose share it is of, then as many others as there is room for."""
        self._has_waiters()
        swept = list(dict.fromkeys(host for sweep in self._sweeps for host in sweep.hosts))[:IDS_PER_REQUEST]
        affordable = self._client.affordable_hosts(swept)
        most = IDS_PER_REQUEST if is_peoples else IDS_PER_REQUEST - affordable
        now = self._clock.monotonic()
        if (
            most < SEATS
            and not is_peoples
            and affordable
            and len(self._lookups) > most
            and now >= self._made_room_at + MAKES_ROOM_EVERY
        ):
            most, self._made_room_at = SEATS, now
            affordable = min(affordable, IDS_PER_REQUEST - SEATS)
        if swept and not affordable and not is_peoples:
            # Whoever is swept reads that there is no money, in a request that carries nobody else.
            affordable, most = 1, 0
        swept = swept[:affordable]
        lookups = self._take_lookups(most, paid=set(swept))
        hosts = tuple(dict.fromkeys([*lookups, *swept]))[:IDS_PER_REQUEST]
        carried = [sweep for sweep in self._sweeps if not set(sweep.hosts).isdisjoint(hosts)]
        return _Batch(hosts=hosts, lookups=lookups, sweeps=carried)

    def _take_lookups(self, at_most: int, *, paid: Collection[UserId] = ()) -> dict[UserId, _LookUp]:
        """The first of the lookups, each with the money for it, and all of those that are `paid` for by a sweep."""
        taken: dict[UserId, _LookUp] = {}
        for host, lookup in list(self._lookups.items()):
            if host not in paid and len(taken) >= at_most:
                continue
            taken[host] = self._lookups.pop(host)
            if host in paid or not lookup.errand.has_shares:
                continue
            try:
                lookup.seat = self._client.on_behalf(lookup.errand).seat(host)
            except BudgetSpent as spent:
                taken.pop(host).fail(spent)
        if not self._lookups:
            self._has_lookups.clear()
        return taken

    def _answer(self, batch: _Batch, page: Page[Space]) -> None:
        carried = frozenset(batch.hosts)
        for host, lookup in batch.lookups.items():
            part = _part_about(page, frozenset({host}), carried)
            reply = HostAnswer(spaces=part.items, users=part.users, problems=part.problems)
            for answer in lookup.answers:
                if not answer.done():
                    answer.set_result(reply)
        for sweep in batch.sweeps:
            if not sweep.answer.done():
                part = _part_about(page, carried.intersection(sweep.hosts), carried)
                left_out = tuple(host for host in sweep.hosts if host not in carried)
                sweep.answer.set_result(SweepAnswer(page=part, left_out=left_out))

    def _fail(self, batch: _Batch, error: Exception) -> None:
        for lookup in batch.lookups.values():
            lookup.fail(error)
        for sweep in batch.sweeps:
            if not sweep.answer.done():
                sweep.answer.set_exception(error)


async def _got_slot(slot: asyncio.Task[None]) -> bool:
    """Whether the slot came before its cancellation did."""
    await asyncio.wait({slot})
    if slot.cancelled():
        return False
    slot.result()
    return True


def _part_about(page: Page[Space], hosts: frozenset[UserId], carried: frozenset[UserId]) -> Page[Space]:
    """The part of an answer about `carried` hosts that concerns `hosts`, and what may concern anybody."""
    creators = [(space, _creator_among(space, carried)) for space in page.items]
    spaces = tuple(space for space, creator in creators if creator in hosts)
    lost = tuple(_unattributed(space) for space, creator in creators if creator is None)
    named = {user for space in spaces for user in (space.creator_id, *space.host_ids, *space.speaker_ids)}
    others = carried - hosts
    return replace(
        page,
        items=spaces,
        users={user_id: user for user_id, user in page.users.items() if user_id in named},
        problems=(*(one for one in page.problems if not {one.resource_id, one.value} & others), *lost),
        result_count=None,
    )


def _creator_among(space: Space, carried: frozenset[UserId]) -> UserId | None:
    """Whose Space it is, among those asked about; X may leave the creator out."""
    if space.creator_id is not None:
        return space.creator_id
    if len(carried) == 1:
        return next(iter(carried))
    return next((host for host in space.host_ids if host in carried), None)


def _unattributed(space: Space) -> Problem:
    return Problem(
        type="unreadable", title="Nobody's Space", detail="It may be anybody's of those asked about.", value=space.id
    )
