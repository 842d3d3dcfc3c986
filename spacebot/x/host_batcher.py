"""The one queue for `creator_ids`: people's lookups and sweeps share its requests, one at a time, lookups first.

Each is answered by the first request that carries its host, and fails only if a request that carried it fails.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from spacebot.clock import Clock
from spacebot.domain.ids import UserId
from spacebot.errors import SpacebotError, XRateLimited
from spacebot.x.client import XClient
from spacebot.x.endpoints import IDS_PER_REQUEST
from spacebot.x.limits import Lane
from spacebot.x.model import Page, Problem, Space, User, join

T = TypeVar("T")

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


@dataclass(slots=True, kw_only=True, eq=False)
class _Sweep:
    """A sweep that waits: the hosts that no request has carried yet, and the answers so far."""

    asked: frozenset[UserId]
    pending: list[UserId]
    answer: asyncio.Future[Page[Space]]
    pages: list[Page[Space]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """One request: its hosts, and the lookups and sweeps that wait for it."""

    hosts: tuple[UserId, ...]
    lookups: Mapping[UserId, Sequence[asyncio.Future[HostAnswer]]]
    sweeps: Sequence[_Sweep]


class HostBatcher:
    """Asks X about hosts, for people and for the sweeper.

    Args:
        client: Sends the requests; nothing else should use its `spaces_by_creators`.
        clock: Time.
    """

    def __init__(self, client: XClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._lookups: dict[UserId, list[asyncio.Future[HostAnswer]]] = {}
        self._sweeps: list[_Sweep] = []
        self._has_lookups = asyncio.Event()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, host_id: UserId) -> HostAnswer:
        """One host, for a person: in the next request, which goes as soon as X's limit of one per second allows.

        Raises:
            XRateLimited: The rate limit is used up.
            XError: The request that carried the host failed.
        """
        answer: asyncio.Future[HostAnswer] = asyncio.get_running_loop().create_future()
        self._lookups.setdefault(host_id, []).append(answer)
        self._has_lookups.set()
        return await self._wait_for(answer)

    async def sweep(self, host_ids: Sequence[UserId]) -> Page[Space]:
        """Up to 100 hosts, for the sweeper: at the background's pace, or sooner beside a person's host.

        Raises:
            XError: A request that carried some of them failed; nothing is known of any of them.
        """
        hosts = tuple(dict.fromkeys(host_ids))
        if not hosts:
            return Page()
        assert len(hosts) <= IDS_PER_REQUEST, "a sweep holds at most 100 hosts"
        answer: asyncio.Future[Page[Space]] = asyncio.get_running_loop().create_future()
        sweep = _Sweep(asked=frozenset(hosts), pending=list(hosts), answer=answer)
        self._sweeps.append(sweep)
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
                lane = await self._wait_for_slot()
            except XRateLimited as limited:
                self._fail(_Batch(hosts=(), lookups=self._take_lookups(len(self._lookups)), sweeps=()), limited)
                continue
            batch = self._next_batch()
            if not batch.hosts:
                self._client.give_up_creators_slot()
                continue
            began = self._clock.monotonic()
            try:
                page = await self._client.spaces_by_creators(batch.hosts, lane=lane, has_slot=True)
            except SpacebotError as error:  # X's, or of the bill's store, without which nothing is asked
                self._fail(batch, error)
            except Exception as error:
                # Whatever is wrong, nobody may be left waiting.
                LOG.exception("a request for %d hosts went wrong", len(batch.hosts))
                self._fail(batch, error)
            else:
                self._answer(batch, page)
            LOG.debug(
                "%d hosts, %d of them for people: %.2f s",
                len(batch.hosts),
                len(batch.lookups),
                self._clock.monotonic() - began,
            )

    def _has_waiters(self) -> bool:
        """Whether somebody waits; drops the waiters that were cancelled."""
        for host, answers in list(self._lookups.items()):
            if all(answer.done() for answer in answers):
                del self._lookups[host]
        self._sweeps = [sweep for sweep in self._sweeps if not sweep.answer.done()]
        if not self._lookups:
            self._has_lookups.clear()
        return bool(self._lookups or self._sweeps)

    async def _wait_for_slot(self) -> Lane:
        """Wait until a request may go: at once if there is a lookup, or as soon as one comes, else at the background's pace."""
        if not self._has_lookups.is_set():
            slot = asyncio.create_task(self._client.wait_for_creators_slot(lane=Lane.BACKGROUND))
            lookup = asyncio.create_task(self._has_lookups.wait())
            try:
                await asyncio.wait({slot, lookup}, return_when=asyncio.FIRST_COMPLETED)
                slot.cancel()
                if await _got_slot(slot):
                    return Lane.BACKGROUND
            except asyncio.CancelledError:
                slot.cancel()
                if slot.done() and not slot.cancelled():
                    self._client.give_up_creators_slot()
                raise
            finally:
                lookup.cancel()
        await self._client.wait_for_creators_slot(lane=Lane.INTERACTIVE)
        return Lane.INTERACTIVE

    def _next_batch(self) -> _Batch:
        """The next request: the hosts of lookups first, then as many of the sweeps' as there is room for."""
        self._has_waiters()
        lookups = self._take_lookups(IDS_PER_REQUEST)
        hosts = dict.fromkeys(lookups)
        for sweep in self._sweeps:
            for host in sweep.pending:
                if len(hosts) < IDS_PER_REQUEST:
                    hosts[host] = None
        carried = [sweep for sweep in self._sweeps if any(host in hosts for host in sweep.pending)]
        return _Batch(hosts=tuple(hosts), lookups=lookups, sweeps=carried)

    def _take_lookups(self, at_most: int) -> dict[UserId, list[asyncio.Future[HostAnswer]]]:
        taken = {host: self._lookups.pop(host) for host in list(self._lookups)[:at_most]}
        if not self._lookups:
            self._has_lookups.clear()
        return taken

    def _answer(self, batch: _Batch, page: Page[Space]) -> None:
        carried = frozenset(batch.hosts)
        for host, answers in batch.lookups.items():
            part = _part_about(page, frozenset({host}), carried)
            reply = HostAnswer(spaces=part.items, users=part.users, problems=part.problems)
            for answer in answers:
                if not answer.done():
                    answer.set_result(reply)
        for sweep in batch.sweeps:
            sweep.pages.append(_part_about(page, carried.intersection(sweep.pending), carried))
            sweep.pending = [host for host in sweep.pending if host not in carried]
            if not sweep.pending and not sweep.answer.done():
                sweep.answer.set_result(join(sweep.pages))

    def _fail(self, batch: _Batch, error: Exception) -> None:
        for answers in batch.lookups.values():
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
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
