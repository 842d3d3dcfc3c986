"""What admins are told afterwards: the history of announcements, and notices about problems."""

from collections.abc import Sequence

from spacebot.domain.accounts import Standing
from spacebot.domain.deliveries import Kind, Matter, Notice, Past
from spacebot.domain.ids import is_for_events
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import SpaceRecord
from spacebot.present import events
from spacebot.present.card import OVER_COLOUR, Card, account, handle, lasting
from spacebot.present.delays import seconds
from spacebot.present.paging import paged
from spacebot.present.reasons import sentence
from spacebot.present.text import inert
from spacebot.present.words import counted, dated

PAST_PER_PAGE = 8

HEALS = "Nothing is lost: once that is mended I go on by myself, and catch up with Spaces that are still live."


def history_pages(past: Sequence[Past]) -> list[Card]:
    """The guild's last announcements, the newest first."""
    if not past:
        return [Card(content="Nothing has been posted here yet.")]
    return paged(
        "Posts",
        past,
        _past,
        size=PAST_PER_PAGE,
        colour=lambda _: OVER_COLOUR,
        total=f"the last {len(past)}",
    )


def post_link(past: Past) -> str | None:
    """The address of the message of an announcement; None if there is none."""
    if past.message_id is None:
        return None
    if past.kind is Kind.EVENT:
        return events.event_link(past.guild_id, past.message_id)
    return f"https://discord.com/channels/{past.guild_id}/{past.channel_id}/{past.message_id}"


def counters(space: SpaceRecord) -> list[str]:
    """What stays of a Space that is over: its length and our own counters, as far as they are known."""
    if space.phase.is_open:
        return []
    parts = [
        f"lasted {lasting(space.duration)}" if space.duration is not None else "",
        f"peak {counted(space.peak, 'listener')}" if space.peak is not None else "",
        f"on average {counted(space.average, 'listener')}" if space.average is not None else "",
    ]
    return [part for part in parts if part]


def _past(past: Past) -> str:
    title = inert(past.space.title or "")
    head = [f"**{title}**"] if title else []
    head += [account(past.host), past.kind.value]
    link = post_link(past)
    if link is not None:
        head.append(f"[message]({link})")
    parts = [
        events.place() if past.kind is Kind.EVENT else f"<#{past.channel_id}>",
        past.state if past.obstacle is None else f"{past.state}: {sentence(past.obstacle)}",
    ]
    if past.sent_at is not None:
        parts.append(dated(past.sent_at) or "")
        if past.kind is Kind.LIVE and past.space.started_at is not None:
            delay = max(0.0, (past.sent_at - past.space.started_at).total_seconds())
            parts.append(f"{seconds(delay)} after the start")
    rows = [" · ".join(head), " · ".join(parts), " · ".join(counters(past.space))]
    return "\n".join(row for row in rows if row)


def notice(told: Notice) -> str:
    """What a guild's admins are told."""
    match told.matter:
        case Matter.PAUSED:
            why = sentence(told.obstacle or Obstacle(reason=Reason.OTHER))
            if told.channel_id is not None and is_for_events(told.channel_id):
                return events.paused_notice(why, HEALS)
            return f"⚠️ I cannot announce Spaces in <#{told.channel_id}>: {why}. {HEALS}"
        case Matter.RENAMED:
            name = account(told.host) if told.host is not None else "a host"
            return (
                f"{inert('@' + told.detail, 40)}, whom this server follows, is {name} now. Nothing needs to be done:"
                " I follow the account, not its name."
            )
        case Matter.STANDING:
            name = handle(told.host) if told.host is not None else "A host"
            return f"⚠️ {name}, whom this server follows: {_STANDING_NOTICES[Standing(told.detail)]}"


_STANDING_NOTICES = {
    Standing.SUSPENDED: "X has suspended the account. If it comes back, I go on by myself.",
    Standing.PROTECTED: "the account is protected now, and X shows its Spaces only to its followers.",
    Standing.GONE: "X no longer shows the account. If it comes back, I go on by myself.",
}
