"""The message of a delivery in its first shape, a field for each fact: what was posted so is edited so."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import discord

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Job, Kind, is_late
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SpaceView
from spacebot.present.card import (
    COLOURS,
    NO_LANGUAGE,
    count_of,
    credit,
    handle,
    language_name,
    lasting,
    moment,
    name_of,
    title_of,
)
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.text import inert, units

ENDINGS = {
    Phase.ENDED: "has ended",
    Phase.CANCELED: "was canceled before it began",
    Phase.GONE: "is no longer visible",
}

LATE = timedelta(minutes=5)
"""An announcement this long after the start says since when the Space is live."""


def news(job: Job, at: datetime) -> str:
    """What happened, in one sentence."""
    space, name = job.space, f"**{name_of(job.host)}**"
    match space.phase:
        case Phase.LIVE:
            began = space.started_at or space.live_seen_at
            late = job.kind is Kind.LIVE and is_late(space, at, LATE)
            since = f", since <t:{int(began.timestamp())}:t>" if late and began is not None else ""
            if job.guest is None:
                return f"{name} is live in a Space on X{since}."
            return f"**{name_of(job.guest)}** is in a Space of {name} on X{since}."
        case Phase.SCHEDULED:
            start = f"<t:{int(space.scheduled_start.timestamp())}:R>" if space.scheduled_start is not None else "soon"
            reminds = job.kind is Kind.REMINDER
            return (
                f"{name}'s Space on X starts {start}."
                if reminds
                else f"{name} has scheduled a Space: it starts {start}."
            )
        case over:
            return f"{name}'s Space {ENDINGS[over]}."


def space_embed(space: SpaceView, *, state: Phase | None = None) -> discord.Embed:
    """A Space, a field for each fact; as `card.space_embed` if `state` is given."""
    told = state or space.phase
    embed = discord.Embed(title=title_of(space.title), url=space.url, colour=COLOURS[told], description=_HEADS[told])
    if space.host is not None:
        credit(embed, space.host)
    for name, phases, text_of in _FIELDS:
        text = text_of(space) if space.phase in phases else None
        if text:
            embed.add_field(name=name, value=text, inline=True)
    return embed


def _participants(accounts: Sequence[Host]) -> str | None:
    rows: list[str] = []
    for at, person in enumerate(accounts):
        line = f"{name_of(person, 100)} ({handle(person)})"
        more = f"and {len(accounts) - at} more"
        if sum(units(each) + 1 for each in (*rows, line, more)) > FIELD_LIMIT:
            return "\n".join([*rows, more])
        rows.append(line)
    return "\n".join(rows) or None


def _duration(space: SpaceView) -> str | None:
    return None if space.duration is None else lasting(space.duration)


def _language(space: SpaceView) -> str | None:
    return inert(language_name(space.lang), 60) if space.lang and space.lang not in NO_LANGUAGE else None


def _ticket(space: SpaceView) -> str | None:
    return None if space.is_ticketed is None else "needed to listen" if space.is_ticketed else "none needed"


_HEADS = {
    Phase.SCHEDULED: "🗓️ Scheduled",
    Phase.LIVE: "🔴 Live now",
    Phase.ENDED: "Ended",
    Phase.CANCELED: "Canceled",
    Phase.GONE: "No longer visible on X: it has ended, or was withdrawn.",
}

_OPEN = frozenset(phase for phase in Phase if phase.is_open)
_ALWAYS = frozenset(Phase)
_OVER = _ALWAYS - _OPEN

_FIELDS: tuple[tuple[str, Collection[Phase], Callable[[SpaceView], str | None]], ...] = (
    ("Started", {Phase.LIVE}, lambda space: moment(space.started_at)),
    ("Listeners", {Phase.LIVE}, lambda space: count_of(space.participant_count)),
    ("Starts", {Phase.SCHEDULED}, lambda space: moment(space.scheduled_start)),
    ("Duration", {Phase.ENDED}, _duration),
    ("Most listeners", {Phase.ENDED}, lambda space: count_of(space.peak)),
    ("On average", {Phase.ENDED}, lambda space: count_of(space.average)),
    ("Most listeners seen", {Phase.GONE}, lambda space: count_of(space.peak)),
    ("Co-hosts", _ALWAYS, lambda space: _participants(space.cohosts)),
    ("Speakers", _OPEN, lambda space: _participants(space.speakers)),
    ("Who spoke", _OVER, lambda space: _participants(space.speakers)),
    ("Language", _OPEN, _language),
    ("Ticket", _OPEN, _ticket),
)
"""What a card shows below its headline: the name of each field, the phases it is shown in, and its text, if there is one."""
