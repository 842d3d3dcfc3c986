"""The one queue for `creator_ids`: people and the sweep share its requests, one at a time, people first.

Whoever waits is answered by the first request that carries their host, and fails only with a request that carried it.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from spacebot.clock import Clock
from spacebot.domain.ids import UserId
from spacebot.errors import SpacebotError, XRateLimited
from spacebot.x.client import Lane, XClient
from spacebot.x.endpoints import AT_ONCE
from spacebot.x.model import Page, Problem, Space, User, join

T = TypeVar("T")

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAnswer:
    """What X shows of one host: the live and scheduled Spaces of their making, and whatever X said of the host instead.

    `problems` holds those that name the host, and those that name nobody and so may concern the host.
    """

    spaces: tuple[Space, ...] = ()
    users: Mapping[UserId, User] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def page(self) -> Page[Space]:
        """The same as a page, for whoever joins Spaces with accounts."""
        return Page(items=self.spaces, users=self.users, problems=self.problems)


@dataclass(slots=True, kw_only=True, eq=False)
class _Sweep:
    """A sweep that waits: the hosts not asked about yet, and the answers so far."""

    asked: frozenset[UserId]
    left: list[UserId]
    answer: asyncio.Future[Page[Space]]
    pages: list[Page[Space]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """One request: its hosts, and who waits for it."""

    hosts: tuple[UserId, ...]
    askers: Mapping[UserId, Sequence[asyncio.Future[HostAnswer]]]
    sweeps: Sequence[_Sweep]


class HostBatcher:
    """Asks X about hosts, for people and for the watcher.

    Args:
        client: Sends the requests; nobody else should use its `spaces_by_creators`.
        clock: Time.
    """

    def __init__(self, client: XClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._askers: dict[UserId, list[asyncio.Future[HostAnswer]]] = {}
        self._sweeps: list[_Sweep] = []
        self._people = asyncio.Event()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, host_id: UserId) -> HostAnswer:
        """One host, for a person: in the next request, which goes as soon as one per second allows.

        Raises:
            XRateLimited: The window is used up.
            XError: The request that carried the host failed.
        """
        answer: asyncio.Future[HostAnswer] = asyncio.get_running_loop().create_future()
        self._askers.setdefault(host_id, []).append(answer)
        self._people.set()
        return await self._wait_for(answer)

    async def sweep(self, host_ids: Sequence[UserId]) -> Page[Space]:
        """Up to 100 hosts, for the watcher: at its paced turn, or sooner beside a person's host.

        Raises:
            XError: A request that carried some of them failed; nothing is known of any of them.
        """
        hosts = tuple(dict.fromkeys(host_ids))
        if not hosts:
            return Page()
        assert len(hosts) <= AT_ONCE, "a sweep holds at most 100 hosts"
        answer: asyncio.Future[Page[Space]] = asyncio.get_running_loop().create_future()
        sweep = _Sweep(asked=frozenset(hosts), left=list(hosts), answer=answer)
        self._sweeps.append(sweep)
        return await self._wait_for(answer)

    async def _wait_for(self, answer: asyncio.Future[T]) -> T:
        self._waiting.add(answer)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="host desk")
        try:
            return await answer
        finally:
            self._waiting.discard(answer)
            if not answer.cancel() and not answer.cancelled():
                # Read, so that asyncio does not complain of an error that came as its waiter left.
                answer.exception()
            if not self._waiting and self._worker is not None:
                # A request still on its way would be for nobody. Whoever comes next gets a worker of their own.
                self._worker.cancel()
                self._worker = None

    async def _work(self) -> None:
        """Send requests as long as somebody waits."""
        while self._anybody():
            try:
                lane = await self._turn()
            except XRateLimited as limited:
                self._fail(_Batch(hosts=(), askers=self._take_askers(len(self._askers)), sweeps=()), limited)
                continue
            batch = self._batch()
            if not batch.hosts:
                self._client.creators_turn_unused()
                continue
            began = self._clock.monotonic()
            try:
                page = await self._client.spaces_by_creators(batch.hosts, lane=lane, turn_taken=True)
            except SpacebotError as error:  # X's, or that of the books, without which nothing is asked
                self._fail(batch, error)
            except Exception as error:
                # Nobody may be left waiting for ever, whatever is wrong.
                LOG.exception("a request for %d hosts went wrong", len(batch.hosts))
                self._fail(batch, error)
            else:
                self._deliver(batch, page)
            LOG.debug(
                "%d hosts, %d of them for people: %.2f s",
                len(batch.hosts),
                len(batch.askers),
                self._clock.monotonic() - began,
            )

    def _anybody(self) -> bool:
        """Whether somebody waits; forgets those who have gone."""
        for host, answers in list(self._askers.items()):
            if all(answer.done() for answer in answers):
                del self._askers[host]
        self._sweeps = [sweep for sweep in self._sweeps if not sweep.answer.done()]
        if not self._askers:
            self._people.clear()
        return bool(self._askers or self._sweeps)

    async def _turn(self) -> Lane:
        """Wait until a request may go: for people as soon as one comes, else at the background's pace."""
        if not self._people.is_set():
            turn = asyncio.create_task(self._client.creators_turn(lane=Lane.BACKGROUND))
            somebody = asyncio.create_task(self._people.wait())
            try:
                await asyncio.wait({turn, somebody}, return_when=asyncio.FIRST_COMPLETED)
                turn.cancel()
                if await _came(turn):
                    return Lane.BACKGROUND
            except asyncio.CancelledError:
                turn.cancel()
                if turn.done() and not turn.cancelled():
                    self._client.creators_turn_unused()
                raise
            finally:
                somebody.cancel()
        await self._client.creators_turn(lane=Lane.PEOPLE)
        return Lane.PEOPLE

    def _batch(self) -> _Batch:
        """The next request: people's hosts first, then as many of the sweeps' as there is room for."""
        self._anybody()
        askers = self._take_askers(AT_ONCE)
        hosts = dict.fromkeys(askers)
        for sweep in self._sweeps:
            for host in sweep.left:
                if len(hosts) < AT_ONCE:
                    hosts[host] = None
        carried = [sweep for sweep in self._sweeps if any(host in hosts for host in sweep.left)]
        return _Batch(hosts=tuple(hosts), askers=askers, sweeps=carried)

    def _take_askers(self, at_most: int) -> dict[UserId, list[asyncio.Future[HostAnswer]]]:
        taken = {host: self._askers.pop(host) for host in list(self._askers)[:at_most]}
        if not self._askers:
            self._people.clear()
        return taken

    def _deliver(self, batch: _Batch, page: Page[Space]) -> None:
        carried = frozenset(batch.hosts)
        for host, answers in batch.askers.items():
            mine = _share(page, frozenset({host}), carried)
            reply = HostAnswer(spaces=mine.items, users=mine.users, problems=mine.problems)
            for answer in answers:
                if not answer.done():
                    answer.set_result(reply)
        for sweep in batch.sweeps:
            sweep.pages.append(_share(page, carried.intersection(sweep.left), carried))
            sweep.left = [host for host in sweep.left if host not in carried]
            if not sweep.left and not sweep.answer.done():
                sweep.answer.set_result(join(sweep.pages))

    def _fail(self, batch: _Batch, error: Exception) -> None:
        for answers in batch.askers.values():
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
        for sweep in batch.sweeps:
            if not sweep.answer.done():
                sweep.answer.set_exception(error)


async def _came(turn: asyncio.Task[None]) -> bool:
    """Whether the turn came before its cancellation did."""
    await asyncio.wait({turn})
    if turn.cancelled():
        return False
    turn.result()
    return True


def _share(page: Page[Space], mine: frozenset[UserId], carried: frozenset[UserId]) -> Page[Space]:
    """The part of an answer about `carried` hosts that concerns `mine`, and what may concern anybody."""
    makers = [(space, _maker(space, carried)) for space in page.items]
    spaces = tuple(space for space, maker in makers if maker in mine)
    lost = tuple(_unattributed(space) for space, maker in makers if maker is None)
    named = {user for space in spaces for user in (space.creator_id, *space.host_ids, *space.speaker_ids)}
    others = carried - mine
    return replace(
        page,
        items=spaces,
        users={user_id: user for user_id, user in page.users.items() if user_id in named},
        problems=(*(one for one in page.problems if not {one.resource_id, one.value} & others), *lost),
        result_count=None,
    )


def _maker(space: Space, carried: frozenset[UserId]) -> UserId | None:
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
