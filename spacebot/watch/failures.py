"""What the watch does about a failed question: the log hears of it once, and it is asked again when that may help.

All loops of the watch share one `Failures`: what X refuses to one of them, it refuses to the others.
"""

import logging

from spacebot.clock import Clock
from spacebot.errors import SpacebotError, XError, XOperatorNeeded, XRateLimited, XSpendCapReached
from spacebot.outage import Outage

log = logging.getLogger(__name__)

REST_FOR_OPERATOR = 900.0
"""Seconds between attempts, at most, while only a person can help (credits, spending cap, access); they are free."""

REST_AFTER_FAILURE = 5.0
"""Seconds until the next attempt after X failed in a way that its own time-outs and windows did not already pace."""

_STOPS = "The %(what)s stops: %(error)s It is tried again, ever more rarely, up to every 15 minutes."


class Failures:
    """Knows what fails at present, and how long to rest after it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._outage = Outage(
            log,
            failed="The %(what)s fails (the database): %(error)s It is tried again; nothing is taken for ended.",
            recovered="The %(what)s works again.",
        )
        self._refusals = 0
        """How often X has said since the last good sweep that only a person can help."""

    def failed(self, what: str, error: SpacebotError) -> None:
        """Something failed, for this reason; `rest_after` is asked afterwards, if at all."""
        if isinstance(error, XOperatorNeeded):
            if self._refusals:  # X also says so by mistake: what it says twice is told
                self._outage.failed(what, error, level=logging.ERROR, text=_STOPS)
        elif not isinstance(error, XError):  # of X's passing failures and recoveries the client tells
            self._outage.failed(what, error)

    def recovered(self, what: str) -> None:
        """Something works, which may have failed before."""
        self._outage.recovered(what)

    def sweep_went_well(self) -> None:
        """X answers: its next refusal is the first one again."""
        self._refusals = 0

    def rest_after(self, error: SpacebotError) -> float:
        """Seconds until it is worth asking again; longer with each refusal that only a person can mend."""
        if isinstance(error, XOperatorNeeded):
            # X also says so by mistake, once: only what it keeps saying is worth a long rest.
            rest = min(REST_AFTER_FAILURE * 2.0 ** min(self._refusals, 10), REST_FOR_OPERATOR)
            self._refusals += 1
            if isinstance(error, XSpendCapReached) and error.reset_date is not None:
                rest = min(rest, max((error.reset_date - self._clock.now()).total_seconds(), REST_AFTER_FAILURE))
            return rest
        if isinstance(error, XRateLimited) and error.retry_after is not None:
            return max(error.retry_after, REST_AFTER_FAILURE)
        return REST_AFTER_FAILURE
