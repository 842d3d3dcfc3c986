"""Where a real process is killed, and the histories that are made of it; each order is the same at every run."""

import random
from dataclasses import dataclass

from spacebot.sandbox.discord import Fault

DELAYS = (0.0, 30.0, 300.0)

LOST = "on request, lost"

POST = "POST"
PATCH = "PATCH"
GET = "GET"

MESSAGES = r"/channels/\d+/messages"

FAULTS = {
    "500 before": Fault(status=500),
    "500 after": Fault(status=500, drop="after"),
    "502 after": Fault(status=502, drop="after", body="<html>", content_type="text/html"),
    "cut before": Fault(drop="before"),
    "cut after": Fault(drop="after"),
    "time-out before": Fault(drop="before", delay=120.0),
    "time-out after": Fault(drop="after", delay=120.0),
    "429": Fault(status=429),
    "truncated": Fault(status=200, drop="after", body='{"id": "12'),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """Where the process is killed.

    step     'on request, lost', 'on request, late', 'on reply': by Discord, while it has the request; 'after reply';
             'fault': some time after a fault was met; else the state of the ledger that is waited for
    method   which request to the channel's messages
    """

    step: str
    method: str = POST
    fault: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One Space from its start to its end, the kills meanwhile, and how long the bot is down each time."""

    kills: tuple[Kill, ...]
    delay: float
    ends_while_down: bool = False
    at_end: bool = False
    """Whether it is killed over the Space's end rather than its start."""

    @property
    def went_on(self) -> bool:
        """Whether the announcement must stand."""
        return self.at_end or not self.ends_while_down


def histories() -> list[History]:
    """What is tried, each a Space of its own; the order is the same each time, and mixed."""
    steps = (LOST, "on request, late", "on reply", "after reply")
    posts = [Kill(step=step) for step in (*steps, "pending", "sending", "sent")]
    posts += [Kill(step="fault", fault=fault) for fault in FAULTS]
    edits = [Kill(step=step, method=PATCH) for step in steps]
    edits += [Kill(step="fault", method=PATCH, fault=fault) for fault in ("500 after", "cut before", "truncated")]
    again = [
        (Kill(step=first), Kill(step=second, method=method))
        for first, second, method in (
            ("on reply", LOST, GET),
            ("on reply", "on reply", GET),
            ("on reply", "after reply", GET),
            (LOST, "on request, late", POST),
            (LOST, "on reply", GET),
            (LOST, "on reply", POST),
        )
    ]
    found = [History(kills=(kill,), delay=delay) for kill in posts for delay in DELAYS]
    found += [History(kills=(kill,), delay=0.0, ends_while_down=True) for kill in posts]
    found += [History(kills=(kill,), delay=delay, at_end=True) for kill in edits for delay in (0.0, 300.0)]
    found += [History(kills=kills, delay=delay) for kills in again for delay in DELAYS]
    random.Random(4).shuffle(found)  # noqa: S311 - an order of no secrecy
    return found
