"""What admins are told afterwards: the history of announcements, and notices about problems."""

from collections.abc import Sequence

from spacebot.domain.accounts import Standing
from spacebot.domain.deliveries import Matter, Notice, Past
from spacebot.domain.ids import GuildId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.present.card import OVER_COLOUR, Card, account, handle, moment, title_of
from spacebot.present.delays import seconds
from spacebot.present.paging import paged
from spacebot.present.reasons import sentence
from spacebot.present.text import inert

PAST_PER_PAGE = 8

HEALS = "Nothing is lost: once that is mended I go on by myself, and catch up with Spaces that are still live."


def history_pages(past: Sequence[Past], guild_id: GuildId) -> list[Card]:
    """The guild's last announcements, the newest first."""
    if not past:
        return [Card(content="Nothing was announced here yet.")]
    return paged(
        "Announcements",
        past,
        lambda each: _past(each, guild_id),
        size=PAST_PER_PAGE,
        colour=lambda _: OVER_COLOUR,
        total=f"the last {len(past)}",
    )


def _past(past: Past, guild_id: GuildId) -> str:
    head = f"**{title_of(past.space.title)}** · {account(past.host)} · {past.kind.value}"
    if past.message_id is not None:
        link = f"https://discord.com/channels/{guild_id}/{past.channel_id}/{past.message_id}"
        head += f" · [message]({link})"
    parts = [
        f"<#{past.channel_id}>",
        past.state if past.obstacle is None else f"{past.state}: {sentence(past.obstacle)}",
    ]
    if past.sent_at is not None:
        parts.append(moment(past.sent_at) or "")
        if past.kind.value == "live" and past.space.started_at is not None:
            delay = max(0.0, (past.sent_at - past.space.started_at).total_seconds())
            parts.append(f"{seconds(delay)} after the start")
    return f"{head}\n{' · '.join(parts)}"


def notice(told: Notice) -> str:
    """What a guild's admins are told."""
    match told.matter:
        case Matter.PAUSED:
            why = sentence(told.obstacle or Obstacle(reason=Reason.OTHER))
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
