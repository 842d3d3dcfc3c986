"""Where a real process is killed, and the histories that are made of it; each order is the same at every run."""

import random
from dataclasses import dataclass
from itertools import zip_longest

from spacebot.sandbox.discord import Fault

DELAYS = (0.0, 30.0, 300.0)

LOST = "on request, lost"

POST = "POST"
PATCH = "PATCH"
GET = "GET"
PUT = "PUT"

MESSAGES = "messages"
ROLES = "roles"
MEMBERS = "members"
EVENTS = "events"
WHERE = {
    MESSAGES: r"/channels/\d+/messages",
    ROLES: r"/guilds/\d+/roles$",
    MEMBERS: r"/guilds/\d+/members/\d+/roles/",
    EVENTS: r"/guilds/\d+/scheduled-events",
}
"""What the path of a request looks like, by what it is about."""

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
    method   which request
    of       what it is about: messages, roles, members, or events
    """

    step: str
    method: str = POST
    fault: str = "none"
    of: str = MESSAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One Space from its start to its end, the kills meanwhile, and how long the bot is down each time."""

    kills: tuple[Kill, ...]
    delay: float
    ends_while_down: bool = False
    at_end: bool = False
    """Whether it is killed over the Space's end rather than its start."""
    presses: bool = False
    """Whether it is about a role instead: somebody presses 'Notify me' of a host that nobody has pressed for."""
    is_planned: bool = False
    """Whether the Space is scheduled first, and it is killed over its event."""
    change: str = ""
    """What happens to it before the kill, once the event stands: one of `CHANGES`; empty: killed while it is made."""
    deleted: bool = False
    """Whether an admin deletes the event while the bot is down."""

    @property
    def went_on(self) -> bool:
        """Whether the announcement must stand."""
        return self.at_end or not self.ends_while_down


CHANGES = ("renamed", "put off", "begun", "canceled")
"""What can happen to a Space that has an event."""


def histories() -> list[History]:
    """What is tried, each a Space or a host of its own; the order is the same each time, and mixed."""
    groups = [_of_messages(), _of_roles(), _of_events()]
    for number, group in enumerate(groups):
        random.Random(4 + number).shuffle(group)  # noqa: S311 - an order of no secrecy
    return [each for row in zip_longest(*groups) for each in row if each is not None]


def _of_events() -> list[History]:
    steps = (LOST, "on request, late", "on reply", "after reply")
    makes = [Kill(step=step, of=EVENTS) for step in (*steps, "pending", "sending", "sent")]
    makes += [Kill(step="fault", fault=fault, of=EVENTS) for fault in FAULTS]
    edits = [Kill(step=step, method=PATCH, of=EVENTS) for step in steps]
    edits += [Kill(step="fault", method=PATCH, fault=fault, of=EVENTS) for fault in ("500 after", "cut before")]
    again = [
        (Kill(step="on reply", of=EVENTS), Kill(step="on reply", method=GET, of=EVENTS)),
        (Kill(step=LOST, of=EVENTS), Kill(step="on reply", of=EVENTS)),
        (Kill(step="on request, late", of=EVENTS), Kill(step=LOST, method=GET, of=EVENTS)),
    ]
    found = [History(kills=(kill,), delay=delay, is_planned=True) for kill in makes for delay in (0.0, 300.0)]
    found += [History(kills=kills, delay=0.0, is_planned=True) for kills in again]
    found += [History(kills=(kill,), delay=0.0, is_planned=True, change=change) for kill in edits for change in CHANGES]
    found += [History(kills=(kill,), delay=30.0, is_planned=True, change="renamed", deleted=True) for kill in edits[:4]]
    return found


def _of_roles() -> list[History]:
    steps = (LOST, "on request, late", "on reply", "after reply")
    makes = [Kill(step=step, of=ROLES) for step in (*steps, "begun", "noted")]
    makes += [Kill(step="fault", fault=fault, of=ROLES) for fault in FAULTS]
    gives = [Kill(step=step, method=PUT, of=MEMBERS) for step in steps]
    again = [
        (Kill(step="on reply", of=ROLES), Kill(step=LOST, method=GET, of=ROLES)),
        (Kill(step="on reply", of=ROLES), Kill(step="after reply", method=GET, of=ROLES)),
        (Kill(step=LOST, of=ROLES), Kill(step="on reply", of=ROLES)),
        (Kill(step="on request, late", of=ROLES), Kill(step="on reply", method=PUT, of=MEMBERS)),
    ]
    found = [History(kills=(kill,), delay=delay, presses=True) for kill in (*makes, *gives) for delay in (0.0, 30.0)]
    return [*found, *(History(kills=kills, delay=0.0, presses=True) for kills in again)]


def _of_messages() -> list[History]:
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
    return found
