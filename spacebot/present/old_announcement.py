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
from spacebot.present.language import N_, _, n_, p_
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.text import inert, units

ENDINGS = {
    Phase.ENDED: N_("{host}'s Space has ended."),
    Phase.CANCELED: N_("{host}'s Space was canceled before it began."),
    Phase.GONE: N_("{host}'s Space is no longer visible."),
}

LATE = timedelta(minutes=5)
"""An announcement this long after the start says since when the Space is live."""


def news(job: Job, at: datetime) -> str:
    """What happened, in one sentence."""
    space, name = job.space, f"**{name_of(job.host)}**"
    match space.phase:
        case Phase.LIVE:
            return _live_news(job, at, name)
        case Phase.SCHEDULED:
            start, reminds = moment(space.scheduled_start), job.kind is Kind.REMINDER
            if start is None:
                return (
                    _("{host}'s Space on X starts soon.", host=name)
                    if reminds
                    else _("{host} has scheduled a Space: it starts soon.", host=name)
                )
            return (
                _("{host}'s Space on X starts {when}.", host=name, when=start)
                if reminds
                else _("{host} has scheduled a Space: it starts {when}.", host=name, when=start)
            )
        case over:
            return _(ENDINGS[over], host=name)


def _live_news(job: Job, at: datetime, host: str) -> str:
    """Who is live; where that is told late, since when."""
    began = job.space.started_at or job.space.live_seen_at
    late = job.kind is Kind.LIVE and is_late(job.space, at, LATE)
    when = f"<t:{int(began.timestamp())}:t>" if late and began is not None else None
    if job.guest is None:
        if when is None:
            return _("{host} is live in a Space on X.", host=host)
        return _("{host} is live in a Space on X, since {when}.", host=host, when=when)
    guest = f"**{name_of(job.guest)}**"
    if when is None:
        return _("{guest} is in a Space of {host} on X.", guest=guest, host=host)
    return _("{guest} is in a Space of {host} on X, since {when}.", guest=guest, host=host, when=when)


def space_embed(space: SpaceView, *, state: Phase | None = None) -> discord.Embed:
    """A Space, a field for each fact; as `card.space_embed` if `state` is given."""
    told = state or space.phase
    embed = discord.Embed(title=title_of(space.title), url=space.url, colour=COLOURS[told], description=_(_HEADS[told]))
    if space.host is not None:
        credit(embed, space.host)
    for name, phases, text_of in _FIELDS:
        text = text_of(space) if space.phase in phases else None
        if text:
            embed.add_field(name=_(name), value=text, inline=True)
    return embed


def _participants(accounts: Sequence[Host]) -> str | None:
    rows: list[str] = []
    for at, person in enumerate(accounts):
        line = f"{name_of(person, 100)} ({handle(person)})"
        rest = len(accounts) - at
        more = n_("and {count} more", "and {count} more", rest)
        if sum(units(each) + 1 for each in (*rows, line, more)) > FIELD_LIMIT:
            return "\n".join([*rows, more])
        rows.append(line)
    return "\n".join(rows) or None


def _duration(space: SpaceView) -> str | None:
    return None if space.duration is None else lasting(space.duration)


def _language(space: SpaceView) -> str | None:
    return inert(language_name(space.lang), 60) if space.lang and space.lang not in NO_LANGUAGE else None


def _ticket(space: SpaceView) -> str | None:
    if space.is_ticketed is None:
        return None
    return p_("ticket", "needed to listen") if space.is_ticketed else p_("ticket", "none needed")


_HEADS = {
    Phase.SCHEDULED: N_("🗓️ Scheduled"),
    Phase.LIVE: N_("🔴 Live now"),
    Phase.ENDED: N_("Ended"),
    Phase.CANCELED: N_("Canceled"),
    Phase.GONE: N_("No longer visible on X: it has ended, or was withdrawn."),
}

_OPEN = frozenset(phase for phase in Phase if phase.is_open)
_ALWAYS = frozenset(Phase)
_OVER = _ALWAYS - _OPEN

_FIELDS: tuple[tuple[str, Collection[Phase], Callable[[SpaceView], str | None]], ...] = (
    (N_("Started"), {Phase.LIVE}, lambda space: moment(space.started_at)),
    (N_("Listeners"), {Phase.LIVE}, lambda space: count_of(space.participant_count)),
    (N_("Starts"), {Phase.SCHEDULED}, lambda space: moment(space.scheduled_start)),
    (N_("Duration"), {Phase.ENDED}, _duration),
    (N_("Most listeners"), {Phase.ENDED}, lambda space: count_of(space.peak)),
    (N_("On average"), {Phase.ENDED}, lambda space: count_of(space.average)),
    (N_("Most listeners seen"), {Phase.GONE}, lambda space: count_of(space.peak)),
    (N_("Co-hosts"), _ALWAYS, lambda space: _participants(space.cohosts)),
    (N_("Speakers"), _OPEN, lambda space: _participants(space.speakers)),
    (N_("Who spoke"), _OVER, lambda space: _participants(space.speakers)),
    (N_("Language"), _OPEN, _language),
    (N_("Ticket"), _OPEN, _ticket),
)
"""What a card shows below its headline: the name of each field, the phases it is shown in, and its text, if there is one."""
