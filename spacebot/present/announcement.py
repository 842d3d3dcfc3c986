"""Composes the message of a delivery, as it should look now."""

from datetime import datetime, timedelta

from spacebot.domain.deliveries import RINGING, Job, Kind, is_late, marker
from spacebot.domain.ids import everyone
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SpaceView
from spacebot.present.card import Card, links, mention, name_of, space_embed

ENDINGS = {
    Phase.ENDED: "has ended",
    Phase.CANCELED: "was canceled before it began",
    Phase.GONE: "is no longer visible",
}

LATE = timedelta(minutes=5)
"""An announcement this long after the start says since when the Space is live."""


def announcement(job: Job, at: datetime, *, quiet: bool = False) -> Card:
    """The message of a delivery as it should look now; it mentions the job's roles while its moment lasts.

    Args:
        job: The delivery.
        at: When it is or was sent; a late announcement says since when the Space is live.
        quiet: Mention nobody.
    """
    space = job.space
    view = SpaceView.of_record(space, job.host, cohosts=job.cohosts, speakers=job.speakers)
    embed = space_embed(view)
    embed.url = marker(space.url, job.kind)
    rings = not quiet and job.kind.fits(space.phase) and job.kind in RINGING
    roles = job.roles if rings else ()
    mentions = " ".join(mention(role, job.guild_id) for role in roles)
    return Card(
        content=f"{mentions} {_news(job, at)}".strip(),
        embed=embed,
        buttons=links(space.phase, space.url),
        roles=tuple(role for role in roles if role != everyone(job.guild_id)),
        everyone=everyone(job.guild_id) in roles,
    )


def _news(job: Job, at: datetime) -> str:
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
