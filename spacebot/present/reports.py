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
from spacebot.present.language import N_, _, n_, p_
from spacebot.present.paging import paged
from spacebot.present.reasons import sentence
from spacebot.present.text import inert
from spacebot.present.words import dated

PAST_PER_PAGE = 8

HEALS = N_("Nothing is lost: once that is mended I go on by myself, and catch up with Spaces that are still live.")


def history_pages(past: Sequence[Past]) -> list[Card]:
    """The guild's last announcements, the newest first."""
    if not past:
        return [Card(content=_("Nothing has been posted here yet."))]
    return paged(
        _("Posts"),
        past,
        _past,
        size=PAST_PER_PAGE,
        colour=lambda __: OVER_COLOUR,
        total=n_("the last {count}", "the last {count}", len(past)),
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
        _("lasted {duration}", duration=lasting(space.duration)) if space.duration is not None else "",
        n_("peak {count} listener", "peak {count} listeners", space.peak) if space.peak is not None else "",
        n_("on average {count} listener", "on average {count} listeners", space.average)
        if space.average is not None
        else "",
    ]
    return [part for part in parts if part]


def _past(past: Past) -> str:
    title = inert(past.space.title or "")
    head = [f"**{title}**"] if title else []
    head += [account(past.host), _kind(past.kind)]
    link = post_link(past)
    if link is not None:
        head.append(_("[message]({link})", link=link))
    parts = [
        events.place() if past.kind is Kind.EVENT else f"<#{past.channel_id}>",
        _state(past.state) if past.obstacle is None else f"{_state(past.state)}: {sentence(past.obstacle)}",
    ]
    if past.sent_at is not None:
        parts.append(dated(past.sent_at) or "")
        if past.kind is Kind.LIVE and past.space.started_at is not None:
            delay = max(0.0, (past.sent_at - past.space.started_at).total_seconds())
            parts.append(_("{delay} after the start", delay=seconds(delay)))
    rows = [" · ".join(head), " · ".join(parts), " · ".join(counters(past.space))]
    return "\n".join(row for row in rows if row)


def _kind(kind: Kind) -> str:
    """The moment that a post was about."""
    names = {
        Kind.SCHEDULED: p_("what a post is about", "scheduled"),
        Kind.REMINDER: p_("what a post is about", "reminder"),
        Kind.LIVE: p_("what a post is about", "live"),
        Kind.ENDED: p_("what a post is about", "ended"),
        Kind.EVENT: p_("what a post is about", "event"),
        Kind.TEST: p_("what a post is about", "test"),
    }
    return names[kind]


def _state(state: str) -> str:
    """What became of a post."""
    names = {
        "pending": p_("what became of a post", "pending"),
        "sending": p_("what became of a post", "sending"),
        "sent": p_("what became of a post", "sent"),
        "failed": p_("what became of a post", "failed"),
        "skipped": p_("what became of a post", "skipped"),
    }
    return names.get(state, state)


def notice(told: Notice) -> str:
    """What a guild's admins are told."""
    match told.matter:
        case Matter.PAUSED:
            why = sentence(told.obstacle or Obstacle(reason=Reason.OTHER))
            if told.channel_id is not None and is_for_events(told.channel_id):
                return events.paused_notice(why, _(HEALS))
            text = _("⚠️ I cannot announce Spaces in {channel}: {why}.", channel=f"<#{told.channel_id}>", why=why)
            return f"{text} {_(HEALS)}"
        case Matter.RENAMED:
            return _(
                "{before}, whom this server follows, is {now} now. Nothing needs to be done: I follow the account, not its"
                " name.",
                before=inert("@" + told.detail, 40),
                now=account(told.host) if told.host is not None else p_("nobody knows which", "a host"),
            )
        case Matter.STANDING:
            name = handle(told.host) if told.host is not None else _("A host")
            return _(_STANDING_NOTICES[Standing(told.detail)], host=name)


_STANDING_NOTICES = {
    Standing.SUSPENDED: N_(
        "⚠️ {host}, whom this server follows: X has suspended the account. If it comes back, I go on by myself."
    ),
    Standing.PROTECTED: N_(
        "⚠️ {host}, whom this server follows: the account is protected now, and X shows its Spaces only to its followers."
    ),
    Standing.GONE: N_(
        "⚠️ {host}, whom this server follows: X no longer shows the account. If it comes back, I go on by myself."
    ),
}
