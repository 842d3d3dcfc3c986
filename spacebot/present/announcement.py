"""Composes the message of a delivery, as it should look now."""

from dataclasses import replace
from datetime import datetime, timedelta

import discord

from spacebot.domain.deliveries import NOBODY_ON_X, RINGING, Job, Kind, Shape, is_late, marker, stands_as
from spacebot.domain.ids import SpaceId, UserId, everyone
from spacebot.domain.looks import LONGEST, filled, uses
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SpaceView
from spacebot.present import bells, old_announcement
from spacebot.present.card import (
    ActionButton,
    Button,
    Card,
    count_of,
    handle,
    links,
    mention,
    moment,
    name_of,
    space_embed,
    title_of,
)
from spacebot.present.events import event_face
from spacebot.present.language import N_, _, number
from spacebot.present.limits import CONTENT_LIMIT, POST_TITLE_LIMIT
from spacebot.present.text import plain, still, units

ENDINGS = {
    Phase.ENDED: N_("{host}'s Space has ended"),
    Phase.CANCELED: N_("{host}'s Space was canceled before it began"),
    Phase.GONE: N_("{host}'s Space is no longer visible on X"),
}

LATE = timedelta(minutes=5)
"""An announcement this long after the start says since when the Space is live."""

WHO = N_("Who's there")

OWN_LOOK = frozenset({Kind.LIVE, Kind.TEST})
"""What admins can give a text of their own."""

TEST_HEAD = N_("**Test**")
TEST_TITLE = N_("This is how a Space will look")
TEST_HOST = N_("Example host")
TEST_LISTENERS = 425
"""What is told of a Space that was invented."""


def announcement(job: Job, at: datetime, *, quiet: bool = False) -> Card:
    """The message of a delivery as it should look now, in the shape in which it was posted.

    It mentions the job's roles while its moment lasts. Where a guild wants its messages left as they are after the end,
    only what would be wrong changes: the state, the colour, and the button to listen.

    Args:
        job: The delivery.
        at: When it is or was sent; a late announcement says since when the Space is live. For an event, the time.
        quiet: Mention nobody.
    """
    if job.kind is Kind.EVENT:
        return Card(event=event_face(job, at))
    if job.kind is Kind.TEST:
        job = _invented(job, at)
    phase = stands_as(job.space, job.kind, job.at_end)
    told = replace(job, space=replace(job.space, phase=phase))
    state = None if phase is job.space.phase else job.space.phase
    if job.shape is Shape.FIELDS:
        news, embed = old_announcement.news(told, at), old_announcement.space_embed(_view(told), state=state)
        buttons: tuple[Button, ...] = links(job.space.phase, job.space.url)
    else:
        news, embed = headline(told, at), compact_embed(told, state)
        buttons = (*links(job.space.phase, _link(job)), *_who(told), *_bell(job))
    embed.url = marker(job.space.url, job.kind)
    rings = not quiet and job.kind.fits(phase) and job.kind in RINGING
    roles = job.roles if rings else ()
    mentions = " ".join(mention(role, job.guild_id) for role in roles)
    return Card(
        content=_content(told, mentions, news) or None,
        embed=embed,
        buttons=buttons,
        roles=tuple(role for role in roles if role != everyone(job.guild_id)),
        everyone=everyone(job.guild_id) in roles,
        post_title=plain(told.space.title or "", POST_TITLE_LIMIT)
        or plain(told.host.name, POST_TITLE_LIMIT)
        or _("X Space"),
        is_over=not job.space.phase.is_open,
    )


def _content(job: Job, mentions: str, news: str) -> str:
    """The text of a message: what admins have written for it, or the news; mentions come first unless they say where."""
    usual = f"{mentions} {news}".strip()
    head = f"{_(TEST_HEAD)} · " if job.kind is Kind.TEST else ""
    text = job.look.text
    if text is not None and job.space.phase is Phase.LIVE and job.kind in OWN_LOOK and job.shape is Shape.COMPACT:
        own = filled(still(text), _values(job, mentions)).strip()
        own = own if uses(text, "role") else f"{mentions} {own}".strip()
        usual = own if units(own) + units(head) <= CONTENT_LIMIT else usual
    return head + usual


def _values(job: Job, mentions: str) -> dict[str, str]:
    """What the variables of an own text stand for."""
    space = job.space
    return {
        "host": name_of(job.host, LONGEST["host"]),
        "handle": handle(job.host),
        "title": title_of(space.title, LONGEST["title"]),
        "url": f"<{_link(job)}>",
        "started": moment(space.started_at or space.live_seen_at) or _("just now"),
        "listeners": count_of(space.participant_count) or "?",
        "role": mentions,
    }


def _link(job: Job) -> str:
    """Where a message leads: a Space that was invented has no page, so that a test leads to its host."""
    if job.kind is not Kind.TEST:
        return job.space.url
    return "https://x.com" if job.host.user_id == NOBODY_ON_X else job.host.url


def _invented(job: Job, at: datetime) -> Job:
    """A test's Space, as if it had just begun."""
    space = replace(
        job.space,
        phase=Phase.LIVE,
        title=_(TEST_TITLE),
        participant_count=TEST_LISTENERS,
        started_at=at,
        live_seen_at=at,
    )
    host = replace(job.host, username="", name=_(TEST_HOST)) if job.host.user_id == NOBODY_ON_X else job.host
    return replace(job, space=space, host=host)


def headline(job: Job, at: datetime) -> str:
    """What happened, in one line: the text of a message beside its mentions."""
    space, name = job.space, f"**{name_of(job.host)}**"
    match space.phase:
        case Phase.LIVE:
            return _live_headline(job, at, name)
        case Phase.SCHEDULED:
            if job.kind is not Kind.REMINDER:
                return _("{host} has scheduled a Space", host=name)
            start = moment(space.scheduled_start)
            if start is None:
                return _("{host}'s Space on X starts soon", host=name)
            return _("{host}'s Space on X starts {when}", host=name, when=start)
        case over:
            return _(ENDINGS[over], host=name)


def _live_headline(job: Job, at: datetime, host: str) -> str:
    """Who is live; where that is told late, since when."""
    began = job.space.started_at or job.space.live_seen_at
    late = job.kind is Kind.LIVE and is_late(job.space, at, LATE)
    when = f"<t:{int(began.timestamp())}:t>" if late and began is not None else None
    if job.guest is None:
        if when is None:
            return _("{host} is live on X", host=host)
        return _("{host} is live on X, since {when}", host=host, when=when)
    guest = f"**{name_of(job.guest)}**"
    if when is None:
        return _("{guest} is in a Space of {host} on X", guest=guest, host=host)
    return _("{guest} is in a Space of {host} on X, since {when}", guest=guest, host=host, when=when)


def compact_embed(job: Job, state: Phase | None) -> discord.Embed:
    """What a message shows of its Space, and in which colour."""
    embed = space_embed(_view(job), state=state)
    if job.look.accent is not None and (state or job.space.phase) is Phase.LIVE:
        embed.colour = discord.Colour(job.look.accent)
    return embed


def who_id(space_id: SpaceId) -> str:
    """The id of the button that tells who takes part in a Space."""
    return f"who:{space_id}"


def _who(job: Job) -> tuple[ActionButton, ...]:
    """The button that tells who takes part, where anybody does."""
    space = job.space
    if not space.was_live:
        return ()
    count = 1 + len(space.cohosts) + len(space.who_spoke(space.phase))
    return (ActionButton(label=f"{_(WHO)} · {number(count)}", custom_id=who_id(space.space_id)),)


def bell_id(host_id: UserId | str) -> str:
    """The id of the button that gives and takes the role of a bell; `EVERY_HOST` for the guild's own."""
    return f"bell:{host_id}" if host_id else "bell"


def _bell(job: Job) -> tuple[ActionButton, ...]:
    """The button that gives and takes a role, where the guild wants it."""
    if job.bell is None:
        return ()
    return (ActionButton(label=_(bells.LABEL), custom_id=bell_id(job.bell), emoji=bells.SYMBOL),)


def _view(job: Job) -> SpaceView:
    space = job.space
    return SpaceView.of_record(
        space,
        job.host,
        cohosts=job.cohosts,
        speakers=job.speakers,
        more_cohosts=max(len(space.cohosts) - len(job.cohosts), 0),
        more_speakers=max(len(space.who_spoke(space.phase)) - len(job.speakers), 0),
        invited=job.invited if job.shows_invited else (),
        more_invited=max(len(space.invited) - len(job.invited), 0) if job.shows_invited else 0,
        topics=space.topics if job.shows_invited else (),
    )
