"""The loop that makes Discord agree with the ledger: it sends what is missing and edits what is out of date.

A delivery is committed as 'sending' before Discord is called. After an unclear outcome the channel is searched before
anything is sent again.
"""

import asyncio
import hashlib
import logging
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from spacebot.clock import Clock, until_set
from spacebot.domain.deliveries import AHEAD, Job, Kind, marker, reminder_due
from spacebot.domain.guilds import AtEnd
from spacebot.domain.ids import ChannelId, GuildId, MessageId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import Phase
from spacebot.errors import (
    DiscordError,
    EventRuns,
    MessageGone,
    MessageRefused,
    Refused,
    SearchGivenUp,
    SpacebotError,
    StoreError,
    TryLater,
    Unclear,
)
from spacebot.outage import Outage
from spacebot.present.announcement import announcement
from spacebot.present.card import Card
from spacebot.present.language import of_guild, speaking
from spacebot.present.reasons import logged
from spacebot.store.connection import Store
from spacebot.store.deliveries import MADE_DUE_AT_ONCE
from spacebot.store.queries import Queries

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=30)
"""The longest sleep; then paused channels are checked again."""

LOOK_BACK = timedelta(minutes=5)
"""A message is searched from this long before its first attempt on: Discord's clock may differ from ours."""

STILL_ARRIVING = timedelta(seconds=60)
"""A message sent by an attempt with unclear outcome appears within this time, or never."""

PASSING = 2
"""Up to this many failed attempts are taken for a passing problem of Discord's that admins need not hear about."""

OLD = timedelta(minutes=58)
"""Discord limits edits of messages older than an hour, for all of a channel together; this counts as an hour.

How many it takes is not published: it says how long to wait when there were too many.
"""

SHORTEST_REST = 0.05
"""Seconds that such edits rest at least once Discord has refused one, whatever it says."""

REOPEN_EVERY = 1.0
"""The least seconds between two checks of the paused channels; without it each finished delivery would cause one."""

UNEXPLAINED_PAUSE = timedelta(minutes=1)
"""How long a channel is paused after a refusal that the known permissions do not explain; doubled each time."""

LONGEST_REST = timedelta(minutes=15)
"""The longest such pause: nothing tells the bot when the channel works again."""

CLOCK_STEP = 2.0
"""Seconds that the wall clock may fall behind the monotonic clock before it counts as set back."""

RAREST_RETRY = timedelta(hours=1)
"""The longest wait before a message that Discord keeps refusing is tried again."""

LONGEST_RETRY = timedelta(minutes=5)

LEDGER = "ledger"
"""The name under which failures of the database are noted in the outage."""

CREDENTIALS = "the bot's token"
"""What fails where Discord refuses all of the bot."""


class Publisher(Protocol):
    """Discord, as the courier needs it."""

    def obstacle(self, guild_id: GuildId, channel_id: ChannelId) -> Obstacle | None:
        """Why nothing can be posted in this channel, from the cache; None if something can."""
        ...

    def can_search(self, guild_id: GuildId, channel_id: ChannelId) -> bool:
        """Whether the bot may read the channel's history, from the cache."""
        ...

    def can_publish(self, guild_id: GuildId, channel_id: ChannelId) -> bool:
        """Whether it is an announcement channel, from the cache."""
        ...

    async def look(self, guild_id: GuildId, channel_id: ChannelId) -> Obstacle | None:
        """As `obstacle`, but asks Discord about a channel that is not in the cache.

        Raises:
            TryLater, Unclear: Discord did not say.
        """
        ...

    async def send(self, channel_id: ChannelId, card: Card, *, nonce: str) -> MessageId:
        """Post a message.

        Raises:
            Refused: Discord refuses messages in this channel; nothing was posted.
            MessageRefused: Discord refuses this message; nothing was posted.
            TryLater: nothing was posted; it may work later.
            Unclear: the message may or may not have been posted.
        """
        ...

    async def find(self, channel_id: ChannelId, embed_url: str, *, since: datetime) -> MessageId | None:
        """The bot's message with this embed address, if the channel's history since then has one.

        Raises:
            SearchGivenUp: there are too many messages to search.
            TryLater, Unclear: as `send`.
        """
        ...

    async def edit(self, channel_id: ChannelId, message_id: MessageId, card: Card) -> None:
        """Edit a message of the bot's.

        Raises:
            MessageGone: it is no more; as a rule somebody deleted it.
            EventRuns: it is an event that cannot become so any more.
            Refused, TryLater, Unclear: as `send`.
        """
        ...

    async def delete(self, channel_id: ChannelId, message_id: MessageId) -> None:
        """Delete a message of the bot's; raises as `edit`."""
        ...


def ledger_outage() -> Outage:
    """Remembers whether the ledger can be read and written."""
    return Outage(
        log,
        failed="The ledger cannot be read or written: %(error)s It is tried again.",
        recovered="The ledger works again.",
    )


class Courier:
    """Delivers what the ledger asks for, in many channels at a time; a channel that fails delays no other."""

    def __init__(
        self,
        *,
        store: Store,
        publisher: Publisher,
        clock: Clock,
        woken: asyncio.Event | None = None,
        outage: Outage | None = None,
        most_at_once: int = 50,
        on_publishable: Callable[[], None] = lambda: None,
        locale_of: Callable[[GuildId], str | None] = lambda _: None,
    ) -> None:
        """Take what the loop needs.

        Args:
            store: The ledger.
            publisher: Discord.
            clock: Time.
            woken: Set by whoever has added work to the ledger; a new event if None.
            outage: Where failures of the ledger are noted, as `LEDGER`; a new one if None.
            most_at_once: The most deliveries under way at once.
            on_publishable: Called when a message was sent that is to be published.
            locale_of: Which locale Discord says a guild has; None where it does not say.
        """
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._most_at_once = most_at_once
        self._on_publishable = on_publishable
        self._locale_of = locale_of
        self._woken = woken or asyncio.Event()
        self._claiming = asyncio.Lock()
        self._working: dict[asyncio.Task[None], ChannelId] = {}
        self._rests_until: dict[ChannelId, float] = {}
        self._unexplained: dict[ChannelId, int] = {}
        self._reopens_at = -math.inf
        self._unclear = 0
        self._warned: set[int] = set()
        self._old_edits_rest: dict[ChannelId, float] = {}
        self._last_looks: set[int] = set()
        self._stopping = False
        self._at_rest = asyncio.Event()
        self._has_looked = asyncio.Event()
        self._outage = outage if outage is not None else ledger_outage()
        self._credentials = Outage(
            log,
            failed="Discord does not take %(what)s: %(error)s. Nothing is sent until it does; it is tried again.",
            recovered="Discord takes %(what)s again.",
        )
        self._ahead: float | None = None

    def wake(self) -> None:
        """Look at the ledger now: there may be work."""
        self._woken.set()

    async def idle(self) -> None:
        """Return once everything due now is done; what is left waits for its time, or for the next start."""
        while self._working or not self._at_rest.is_set() or (self._woken.is_set() and not self._stopping):
            if self._working:
                await asyncio.wait(set(self._working))
            else:  # the loop is about to see that it was woken
                await asyncio.sleep(0)
                await self._at_rest.wait()

    async def looked(self) -> None:
        """Return once the channels that were paused before this start have been looked at."""
        await self._has_looked.wait()

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then goes on until `drain`."""
        released = False
        while not self._stopping:
            self._woken.clear()
            try:
                if not released:
                    await self._release()
                    released = True
                await self._check_clock()
                is_early = self._clock.monotonic() < self._reopens_at
                if not is_early:
                    await self._reopen()
                    self._has_looked.set()
                    self._reopens_at = self._clock.monotonic() + REOPEN_EVERY
                more = await self._claim()
                pause = 0.0 if more else await self._pause()
                if is_early:  # it may have been woken because a channel works again
                    pause = min(pause, REOPEN_EVERY)
            except SpacebotError as error:
                self._outage.failed(LEDGER, error)
                pause = PATIENCE.total_seconds()
            else:
                self._outage.recovered(LEDGER)
            if pause:
                self._at_rest.set()
                await until_set(self._clock, self._woken, pause)
                self._at_rest.clear()
        self._at_rest.set()

    async def drain(self, seconds: float) -> None:
        """Start nothing new and wait up to `seconds` for what is under way; the next start settles the rest."""
        self._stopping = True
        self._woken.set()
        async with self._claiming:  # a claim being made right now is still carried out
            working = set(self._working)
        if working:
            await asyncio.wait(working, timeout=seconds)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def _release(self) -> None:
        under_way = sum(await self._make_due(Queries.release, self._clock.now()))
        if under_way:
            log.info("%d deliveries were under way at the last stop; each is settled now.", under_way)

    async def _check_clock(self) -> None:
        """Make everything due that would otherwise wait for a wall clock that was set back."""
        now, ahead = self._clock.now(), self._clock.now().timestamp() - self._clock.monotonic()
        if self._ahead is not None and ahead < self._ahead - CLOCK_STEP:
            log.warning("The clock was set back by %.0f seconds; what was due is looked at again.", self._ahead - ahead)
            await self._make_due(Queries.set_clock_back, now)
        self._ahead = ahead

    async def _make_due(self, method: Callable[[Queries, datetime], list[bool]], now: datetime) -> list[bool]:
        """Make deliveries due that wait for later, some at a time; returns of each whether it was attempted."""
        attempted = some = await self._store(method, now)
        while len(some) == MADE_DUE_AT_ONCE:
            some = await self._store(method, now)
            attempted += some
        return attempted

    async def _claim(self) -> bool:
        """Claim due deliveries and start on them; returns whether more may be due already."""
        free = self._most_at_once - len(self._working)
        if free <= 0:
            await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)
            return True
        async with self._claiming:
            if self._stopping:
                return False
            busy = list(self._working.values())
            jobs = await self._store(Queries.claim, free, self._clock.now(), busy)
            for job in jobs:
                task = asyncio.create_task(self._deliver(job), name=f"delivery-{job.delivery_id}")
                self._working[task] = job.channel_id
                task.add_done_callback(self._done)
        return len(jobs) == free

    def _done(self, task: asyncio.Task[None]) -> None:
        self._working.pop(task, None)
        self._woken.set()

    async def _pause(self) -> float:
        due = await self._store(Queries.next_due)
        if due is None:
            return PATIENCE.total_seconds()
        # What is due already waits for its channel; the delivery under way there wakes the loop.
        least = 1.0 if self._working else 0.05
        return min(max((due - self._clock.now()).total_seconds(), least), PATIENCE.total_seconds())

    async def _reopen(self) -> None:
        """Resume paused channels whose obstacle is gone."""
        for pause in await self._store(Queries.pauses):
            obstacle = self._publisher.obstacle(pause.guild_id, pause.channel_id)
            if obstacle is not None:
                self._rests_until.pop(pause.channel_id, None)
                self._unexplained.pop(pause.channel_id, None)
                if obstacle != pause.obstacle:
                    await self._store(Queries.pause, pause.channel_id, pause.guild_id, obstacle, self._clock.now())
            elif self._clock.monotonic() >= self._rests_until.get(pause.channel_id, 0.0):
                self._rests_until.pop(pause.channel_id, None)
                if pause.channel_id not in self._unexplained:  # there, only a posted message is proof
                    log.info("Channel %d is open again.", pause.channel_id)
                await self._store(Queries.resume, pause.channel_id, self._clock.now())

    async def _deliver(self, job: Job) -> None:
        try:
            await self._attempt(job)
        except StoreError as error:  # the lease runs out, and it is looked at again
            self._outage.failed(LEDGER, error)
        except Exception:
            log.exception("Delivery %d failed in an unforeseen way.", job.delivery_id)
            await self._retry(job, Obstacle(reason=Reason.UNFORESEEN), unclear=True, after=LONGEST_RETRY)

    async def _attempt(self, job: Job) -> None:
        try:
            obstacle = await self._publisher.look(job.guild_id, job.channel_id)
            if obstacle is not None:
                raise Refused(obstacle)
            if job.message_id is not None:
                await self._edit(job, job.message_id)
            else:
                await self._send(job)
        except MessageGone as error:
            await self._store(Queries.mark_skipped, job.delivery_id, error.obstacle)
        except Refused as error:
            await self._pause_channel(job, error)
        except MessageRefused as error:
            await self._retry_refused(job, error)
        except TryLater as error:
            if error.obstacle.reason is Reason.CREDENTIALS_REFUSED:
                self._credentials.failed(CREDENTIALS, logged(error.obstacle), level=logging.ERROR)
            await self._retry(job, _lasting(job, error), unclear=False, after=timedelta(seconds=error.seconds))
        except Unclear as error:
            after = min(timedelta(seconds=2 ** min(job.attempts, 10)), LONGEST_RETRY)
            self._unclear += 1
            if job.attempts == 0 and self._unclear == 1:  # while nothing goes through, one warning is enough
                self._warned.add(job.delivery_id)
                log.warning("Delivery %d to channel %d is unclear: %s", job.delivery_id, job.channel_id, _why(error))
            await self._retry(job, _lasting(job, error), unclear=True, after=after)

    async def _send(self, job: Job) -> None:
        quiet = False
        if job.first_attempt_at is not None and not self._publisher.can_search(job.guild_id, job.channel_id):
            quiet = True  # a duplicate is possible, but mentions nobody
        elif job.first_attempt_at is not None:
            found = None
            try:
                found = await self._publisher.find(
                    job.channel_id, marker(job.space.url, job.kind), since=job.first_attempt_at - LOOK_BACK
                )
            except SearchGivenUp:
                quiet = True
            if found is not None:
                # Which revision it shows is unknown: 0 makes the next claim update it.
                self._last_looks.discard(job.delivery_id)
                await self._sent(job, found, 0)
                return
        now = self._clock.now()
        minutes = job.reminder_minutes if job.kind is Kind.REMINDER else None
        due = reminder_due(job.space.scheduled_start, minutes, now) if job.kind in AHEAD else now
        if not job.kind.fits(job.space.phase) or due is None:
            await self._give_up(job, Reason.OVER)
            return
        if not job.followed and job.kind is not Kind.TEST:
            await self._give_up(job, Reason.UNWATCHED)
            return
        if due > now:
            await self._store(Queries.postpone_first_attempt, job, due)
            return
        if job.kind is Kind.EVENT and await self._may_still_arrive(job):
            return  # Discord takes no nonce that would make a second one the same
        quiet = quiet or job.hushed
        card = self._composed(job, now, quiet=quiet)
        message_id = await self._publisher.send(job.channel_id, card, nonce=nonce(job))
        await self._sent(job, message_id, job.space.revision, quiet=quiet)
        self._log_recovery(job)

    async def _sent(self, job: Job, message_id: MessageId, shown: int, *, quiet: bool = False) -> None:
        """Note a message that was not known to be in the channel, and whether it is to be published."""
        publish = job.kind is Kind.LIVE and job.publishes and self._publisher.can_publish(job.guild_id, job.channel_id)
        now = self._clock.now()
        await self._store(Queries.mark_sent, job.delivery_id, message_id, shown, now, quiet=quiet, publish=publish)
        if publish:
            self._on_publishable()

    async def _give_up(self, job: Job, reason: Reason) -> None:
        """Skip a delivery that is not to be sent; after an attempt, search once more first: it may still arrive."""
        if not await self._may_still_arrive(job):
            await self._store(Queries.give_up, job, reason, self._clock.now())

    async def _may_still_arrive(self, job: Job) -> bool:
        """Whether what an attempt with unclear outcome was about may be there a little later; then it is looked for again."""
        if job.first_attempt_at is None or job.delivery_id in self._last_looks:
            self._last_looks.discard(job.delivery_id)
            return False
        self._last_looks.add(job.delivery_id)
        await self._store(Queries.postpone, job.delivery_id, self._clock.now() + STILL_ARRIVING)
        return True

    async def _edit(self, job: Job, message_id: MessageId) -> None:
        is_over = not job.space.phase.is_open and job.kind not in {Kind.ENDED, Kind.TEST}
        is_withdrawn = job.kind is Kind.TEST and not job.kind.fits(job.space.phase)
        if job.kind is Kind.EVENT and job.space.phase is Phase.GONE:
            await self._take_back(job, message_id)
            return
        if is_withdrawn or (is_over and job.at_end is AtEnd.DELETE):
            await self._publisher.delete(job.channel_id, message_id)
            await self._store(Queries.mark_skipped, job.delivery_id, Reason.DELETED_AT_END)
            return
        if await self._is_too_soon(job):
            return
        now = self._clock.now()
        card = self._composed(job, now if job.kind is Kind.EVENT else job.sent_at or now, quiet=job.quiet)
        try:
            await self._publisher.edit(job.channel_id, message_id, card)
        except EventRuns:
            await self._take_back(job, message_id)
            return
        except TryLater as error:
            if not self._is_old(job) or error.obstacle.reason is not Reason.SLOW_DOWN:
                raise
            await self._rest_old_edits(job, error.seconds)
            return
        await self._store(Queries.mark_sent, job.delivery_id, message_id, job.space.revision, self._clock.now())
        self._log_recovery(job)

    def _composed(self, job: Job, at: datetime, *, quiet: bool) -> Card:
        """The message in the guild's language."""
        with speaking(of_guild(job.language, self._locale_of(job.guild_id))):
            return announcement(job, at, quiet=quiet)

    async def _take_back(self, job: Job, message_id: MessageId) -> None:
        """Delete what stands, to be sent anew if its moment is not over: noted before, or it would seem to be deleted by somebody."""
        await self._store(Queries.begin_again, job.delivery_id, self._clock.now())
        await self._publisher.delete(job.channel_id, message_id)

    def _is_old(self, job: Job) -> bool:
        """Whether Discord may hold the message for older than an hour."""
        return job.sent_at is not None and self._clock.now() - job.sent_at >= OLD

    async def _is_too_soon(self, job: Job) -> bool:
        """Whether Discord takes no edit of an old message in the channel for now; then the job is postponed."""
        rest = self._old_edits_rest.get(job.channel_id, -math.inf) - self._clock.monotonic()
        if rest <= 0:
            self._old_edits_rest.pop(job.channel_id, None)
        if rest <= 0 or not self._is_old(job):
            return False
        await self._store(Queries.postpone, job.delivery_id, self._clock.now() + timedelta(seconds=rest))
        return True

    async def _rest_old_edits(self, job: Job, seconds: float) -> None:
        """Discord takes no more such edits in the channel for so long: those that wait there need not be refused as well.

        It is no failure of the job, and keeps no other message waiting.
        """
        seconds = max(seconds, SHORTEST_REST)
        self._old_edits_rest[job.channel_id] = self._clock.monotonic() + seconds
        await self._store(Queries.postpone, job.delivery_id, self._clock.now() + timedelta(seconds=seconds))

    async def _pause_channel(self, job: Job, error: Refused) -> None:
        obstacle, now = error.obstacle, self._clock.now()
        news = await self._store(Queries.pause, job.channel_id, job.guild_id, obstacle, now)
        times = self._unexplained.get(job.channel_id, 0)
        if news and not times:
            log.warning("Channel %d of server %d is paused: %s", job.channel_id, job.guild_id, _why(error))
        if self._publisher.obstacle(job.guild_id, job.channel_id) is None:
            rest = min(UNEXPLAINED_PAUSE * 2 ** min(times, 10), LONGEST_REST)
            self._unexplained[job.channel_id] = times + 1
            self._rests_until[job.channel_id] = self._clock.monotonic() + rest.total_seconds()
        await self._retry(job, obstacle, unclear=False, after=timedelta())

    async def _retry_refused(self, job: Job, error: MessageRefused) -> None:
        """Try a refused message again, ever more rarely; the channel's other messages are not affected."""
        obstacle = error.obstacle
        if job.attempts == 0:
            self._warned.add(job.delivery_id)
            log.warning("Delivery %d to channel %d is refused: %s", job.delivery_id, job.channel_id, _why(error))
        if job.attempts == 1:  # what works at the second attempt is not reported
            await self._store(Queries.note_refusal, job.channel_id, job.guild_id, obstacle, self._clock.now())
        after = min(UNEXPLAINED_PAUSE * 2 ** min(job.attempts, 6), RAREST_RETRY)
        await self._retry(job, obstacle, unclear=False, after=after)

    def _log_recovery(self, job: Job) -> None:
        if self._unexplained.pop(job.channel_id, None) is not None:
            log.info("Channel %d is open again.", job.channel_id)
        elif job.delivery_id in self._warned:
            log.info("Delivery %d to channel %d went through after all.", job.delivery_id, job.channel_id)
        self._warned.discard(job.delivery_id)
        self._unclear = 0
        self._credentials.recovered(CREDENTIALS)

    async def _retry(self, job: Job, obstacle: Obstacle | None, *, unclear: bool, after: timedelta) -> None:
        try:
            await self._store(
                Queries.mark_failed, job, obstacle, unclear=unclear, next_try_at=self._clock.now() + after
            )
        except StoreError as error:  # the lease runs out, and it is looked at again
            self._outage.failed(LEDGER, error)


def _lasting(job: Job, error: DiscordError) -> Obstacle | None:
    """Why it fails, if it has failed often enough to be shown to people, and the channel is to blame."""
    if error.obstacle.reason is Reason.CREDENTIALS_REFUSED:
        return None
    return error.obstacle if job.attempts >= PASSING else None


def _why(error: DiscordError) -> str:
    """For the log: the reason, with Discord's own words where it gave any."""
    return logged(error.obstacle) + (f" (Discord says: {error.said})" if error.said else "")


def nonce(job: Job) -> str:
    """The same for every attempt of one announcement, so that Discord drops a repeat; 24 of at most 25 characters."""
    identity = f"{job.space.space_id}/{job.channel_id}/{job.kind}"
    return hashlib.blake2b(identity.encode(), digest_size=12).hexdigest()
