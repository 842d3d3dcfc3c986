"""The loop that publishes what stands in announcement channels to the servers that follow them.

It is a loop of its own, a few requests at a time: Discord lets a channel publish ten messages an hour, and no message
waits for one that is only to be published.
"""

import asyncio
import logging
from collections import deque
from datetime import datetime, timedelta
from typing import Protocol

from spacebot.clock import Clock, until_set
from spacebot.domain.deliveries import Publication
from spacebot.domain.ids import ChannelId, MessageId
from spacebot.errors import MessageGone, MessageRefused, Refused, StoreError, TryLater, Unclear
from spacebot.present.reasons import logged
from spacebot.store.connection import Store
from spacebot.store.queries import Queries

log = logging.getLogger(__name__)

AN_HOUR = timedelta(hours=1, seconds=5)
MOST_AN_HOUR = 10
"""What Discord publishes of one channel in an hour; it counts from the first on. What an earlier run has had published,
Discord itself knows."""

AT_ONCE = 4
"""Messages that are published at the same time, each in another channel."""

AGAIN = timedelta(minutes=1)
"""The wait after an unclear outcome; what was published after all is then known to be."""

PATIENCE = 60.0
"""The longest sleep, in seconds."""


class Press(Protocol):
    """Discord, as this loop needs it."""

    async def crosspost(self, channel_id: ChannelId, message_id: MessageId) -> None:
        """Publish a message of ours; one that is published already is left as it is.

        Raises:
            Refused, MessageRefused: Discord will not.
            MessageGone: somebody deleted it.
            TryLater: the channel has published enough for now.
            Unclear: it may or may not be published.
        """
        ...


class Crossposter:
    """Publishes what the ledger says is to be published, each message once."""

    def __init__(self, *, store: Store, press: Press, clock: Clock) -> None:
        """Take the ledger, Discord and time."""
        self._store = store
        self._press = press
        self._clock = clock
        self._woken = asyncio.Event()
        self._published: dict[ChannelId, deque[datetime]] = {}
        """When a channel's last messages were published, `MOST_AN_HOUR` at most."""

    def wake(self) -> None:
        """Something is to be published."""
        self._woken.set()

    async def run(self) -> None:
        """Publish until cancelled; what is under way then is tried once more after the next start."""
        while True:
            self._woken.clear()
            try:
                pause = await self._round()
            except StoreError as error:
                log.debug("The ledger does not say what to publish (%s); it is asked again.", error)
                pause = PATIENCE
            if pause:
                await until_set(self._clock, self._woken, pause)

    async def _round(self) -> float:
        """Publish what is due; returns how many seconds to wait."""
        due = await self._store(Queries.due_to_publish, AT_ONCE, self._clock.now())
        await asyncio.gather(*(self._publish(each) for each in due))
        if due:
            return 0.0
        at = await self._store(Queries.next_to_publish)
        return PATIENCE if at is None else min(max((at - self._clock.now()).total_seconds(), 0.05), PATIENCE)

    async def _publish(self, one: Publication) -> None:
        now, lately = self._clock.now(), self._published.setdefault(one.channel_id, deque(maxlen=MOST_AN_HOUR))
        if len(lately) == MOST_AN_HOUR and now - lately[0] < AN_HOUR:
            await self._store(Queries.rest_publishing, one.channel_id, lately[0] + AN_HOUR)
            return
        lately.append(now)
        try:
            await self._press.crosspost(one.channel_id, one.message_id)
        except TryLater as error:
            until = self._clock.now() + timedelta(seconds=max(error.seconds, 1.0))
            await self._store(Queries.rest_publishing, one.channel_id, until)
        except Unclear:
            await self._store(Queries.publish_later, one.delivery_id, self._clock.now() + AGAIN)
        except (Refused, MessageRefused, MessageGone) as error:
            why = logged(error.obstacle)
            log.info("Message %d in channel %d is not published: %s", one.message_id, one.channel_id, why)
            await self._store(Queries.mark_published, one.delivery_id)
        else:
            await self._store(Queries.mark_published, one.delivery_id)
