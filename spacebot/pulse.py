"""How the running bot says through its database whether all is well, and how that is read: see `spacebot healthy`."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import msgspec

from spacebot.clock import Clock
from spacebot.errors import StoreError
from spacebot.outage import Outage
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.sweeper import SweepState

log = logging.getLogger(__name__)

NOTE = "heartbeat"
"""The note that has the last pulse."""

BEAT_SECONDS = 30.0
"""Between two pulses; one that says something new comes at once."""

LOOK_SECONDS = 5.0
"""Between two looks whether something has changed."""

DEAD_AFTER = timedelta(seconds=3 * BEAT_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How the bot was at one moment."""

    at: datetime
    is_connected: bool
    """Whether every connection to Discord was up."""
    connected_at: datetime | None
    """When they last were, as far as this process knows."""
    swept_at: datetime | None
    """When X last answered a sweep."""
    is_overdue: bool
    """Whether that was too long ago."""

    def __str__(self) -> str:
        """How it is stored."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what was stored; None if another version of this program wrote it."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError:
            return None

    def trouble(self, now: datetime) -> str | None:
        """What is wrong, for the operator; None if all is well."""
        if now - self.at > DEAD_AFTER:
            return f"the bot was last at work {_ago(now, self.at)}"
        if not self.is_connected:
            last = (
                f"it last was {_ago(now, self.connected_at)}" if self.connected_at else "it never was since its start"
            )
            return f"the bot is not connected to Discord; {last}"
        if self.is_overdue:
            last = f"the last was {_ago(now, self.swept_at)}" if self.swept_at else "there was none since its start"
            return f"X answers no sweep of the bot's; {last}"
        return None


async def beat(store: Store, clock: Clock, *, connected: Callable[[], bool], sweeps: Callable[[], SweepState]) -> None:
    """Leave a pulse every so often, and as soon as something has changed; say it in the log when sweeps are overdue.

    Args:
        store: Where it is left.
        clock: Time.
        connected: Whether every connection to Discord is up.
        sweeps: How the sweeps go.
    """
    outage = Outage(
        log,
        failed="X has answered no sweep since %(error)s: Spaces that start meanwhile are found late.",
        recovered="X answers sweeps again.",
    )
    last: Pulse | None = None
    connected_at: datetime | None = None
    while True:
        now, state, is_connected = clock.now(), sweeps(), connected()
        connected_at = now if is_connected else connected_at
        pulse = Pulse(
            at=now,
            is_connected=is_connected,
            connected_at=connected_at,
            swept_at=state.last_good_at,
            is_overdue=state.is_overdue,
        )
        if state.is_overdue:
            since = state.last_good_at.isoformat(" ", "seconds") if state.last_good_at else "the start"
            outage.failed("sweeps", since)
        else:
            outage.recovered("sweeps")
        if last is None or _is_news(pulse, last):
            try:
                await store(Queries.set_note, NOTE, str(pulse))
                last = pulse
            except StoreError as error:  # who needs the database says so; without a pulse the bot counts as dead
                log.debug("The pulse could not be left: %s", error)
        await clock.sleep(LOOK_SECONDS)


def _is_news(pulse: Pulse, last: Pulse) -> bool:
    changed = (pulse.is_connected, pulse.is_overdue) != (last.is_connected, last.is_overdue)
    return changed or not timedelta() <= pulse.at - last.at < timedelta(seconds=BEAT_SECONDS)


def _ago(now: datetime, then: datetime) -> str:
    return f"{int((now - then).total_seconds())} seconds ago"
