"""What admins are shown and told: how a guild is set up, how things are, what was announced, and what went wrong."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import discord

from spacebot.domain.accounts import Standing
from spacebot.domain.deliveries import Matter, Notice, Past
from spacebot.domain.guilds import AtEnd, GuildConfig, WatchLine
from spacebot.domain.ids import GuildId
from spacebot.domain.views import Status
from spacebot.present.card import (
    OVER_COLOUR,
    SCHEDULED_COLOUR,
    Card,
    account,
    handle,
    lasting,
    lines,
    mention,
    moment,
    title_of,
)
from spacebot.present.delays import SEEN_BY, histogram, quantile
from spacebot.present.limits import DESCRIPTION_LIMIT, FIELD_LIMIT
from spacebot.present.text import inert

PAST_PER_PAGE = 8

BAR = 12
"""The longest bar of the histogram, in characters: Discord's cards are narrow."""

SHORT = 120.0
"""Seconds up to which a delay is told in seconds."""

GOOD = discord.Colour(0x2ECC71)
BAD = discord.Colour(0xE67E22)

ENDS = {
    AtEnd.EDIT: "become a summary",
    AtEnd.DELETE: "are deleted",
    AtEnd.LEAVE: "stay as they are",
}

HEALS = "Nothing is lost: once that is mended I go on by myself, and catch up with Spaces that are still live."


def status_card(status: Status) -> Card:
    """Working or not, at one glance."""
    troubles = []
    if not status.connected:
        troubles.append("the connection to Discord is lost; it is tried again until it works")
    if status.trouble:
        troubles.append(status.trouble)
    if status.store_trouble:
        troubles.append(f"the database: {status.store_trouble}")
    paused = [f"<#{pause.channel_id}>: {pause.reason}" for pause in status.pauses]
    works = not troubles
    embed = discord.Embed(
        title="Working" if works and not paused else ("Working, with channels paused" if works else "Not working"),
        colour=GOOD if works and not paused else BAD,
    )
    if troubles:
        embed.description = _fitting([f"⚠️ {trouble}" for trouble in troubles], DESCRIPTION_LIMIT)
    embed.add_field(name="X last asked", value=moment(status.last_good_sweep) or "not yet")
    embed.add_field(name="Hosts asked about", value=f"{status.hosts:,}")
    embed.add_field(name="From start to post", value=_delay(status.delays), inline=False)
    queue = f"{status.queue.unsent:,} to send, {status.queue.edits:,} to edit"
    if status.queue.oldest is not None and status.queue.unsent:
        queue += f"; the oldest since {moment(status.queue.oldest)}"
    embed.add_field(name="Queue", value=queue)
    limits = [f"{name}: {left} of {most}" for name, left, most in status.windows]
    embed.add_field(name="Requests left at X", value=_fitting(limits, FIELD_LIMIT) or "not asked yet", inline=False)
    for name, value in status.extra:
        embed.add_field(name=name, value=value, inline=False)
    if paused:
        embed.add_field(name="Paused channels", value=_fitting(paused, FIELD_LIMIT), inline=False)
    return Card(embed=embed)


def history_pages(past: Sequence[Past], guild_id: GuildId) -> list[Card]:
    """The guild's last announcements, the newest first."""
    if not past:
        return [Card(content="Nothing was announced here yet.")]
    chunks = [past[at : at + PAST_PER_PAGE] for at in range(0, len(past), PAST_PER_PAGE)]
    pages = []
    for number, chunk in enumerate(chunks, start=1):
        embed = discord.Embed(
            title="Announcements",
            description=lines([_past(each, guild_id) for each in chunk], DESCRIPTION_LIMIT),
            colour=OVER_COLOUR,
        )
        embed.set_footer(text=f"the last {len(past)} · page {number} of {len(chunks)}")
        pages.append(Card(embed=embed))
    return pages


def _past(past: Past, guild_id: GuildId) -> str:
    head = f"**{title_of(past.space.title)}** · {account(past.host)} · {past.kind.value}"
    if past.message_id is not None:
        link = f"https://discord.com/channels/{guild_id}/{past.channel_id}/{past.message_id}"
        head += f" · [message]({link})"
    parts = [f"<#{past.channel_id}>", past.state if past.reason is None else f"{past.state}: {past.reason}"]
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
            return f"⚠️ I cannot announce Spaces in <#{told.channel_id}>: {told.detail}. {HEALS}"
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


def config_card(
    config: GuildConfig,
    watches: Sequence[WatchLine],
    guild_id: GuildId,
    *,
    obstacle: str | None,
    role_trouble: str | None,
    last_good_sweep: datetime | None,
    trouble: str | None,
) -> Card:
    """What is set up in a guild, and whether anything is in its way."""
    embed = discord.Embed(title="How this server hears of Spaces", colour=SCHEDULED_COLOUR)
    channel = f"<#{config.channel_id}>" if config.channel_id is not None else "none yet: `/config channel`"
    embed.add_field(name="Channel", value=f"{channel}\n⚠️ {obstacle}" if obstacle else channel, inline=False)
    role = mention(config.role_id, guild_id) if config.role_id is not None else "nobody: `/config role`"
    embed.add_field(name="Mentions", value=f"{role}\n⚠️ {role_trouble}" if role_trouble else role, inline=False)
    embed.add_field(name="Announces", value=moments(config), inline=False)
    embed.add_field(name="When a Space is over", value=f"announcements {ENDS[config.at_end]}", inline=False)
    trouble_to = (
        f"<#{config.admin_channel_id}>" if config.admin_channel_id is not None else "the server's system channel"
    )
    embed.add_field(name="Trouble is told in", value=trouble_to, inline=False)
    live = sum(line.live is not None for line in watches)
    paused = sum(line.paused is not None for line in watches)
    followed = f"{len(watches)} hosts, {live} live now" + (f", {paused} paused: see `/watch list`" if paused else "")
    embed.add_field(name="Follows", value=followed if watches else "nobody yet: `/watch add`", inline=False)
    asked = moment(last_good_sweep) or "not yet"
    embed.add_field(name="X last asked", value=f"{asked}\n⚠️ {trouble}" if trouble else asked, inline=False)
    return Card(embed=embed)


def moments(config: GuildConfig) -> str:
    """Which moments of a Space a guild hears of, as people say it."""
    wanted = [
        "when it is scheduled" if config.tells_scheduled else "",
        f"{config.reminder_minutes} min before it starts" if config.reminder_minutes is not None else "",
        "when it is live" if config.tells_live else "",
        "when it has ended" if config.tells_ended else "",
    ]
    return ", ".join(part for part in wanted if part) or "nothing: `/config announce`"


def seconds(delay: float) -> str:
    """A delay as people say it: '3 s', '45 min'."""
    return f"{delay:.0f} s" if delay < SHORT else lasting(timedelta(seconds=delay))


def _delay(delays: Sequence[tuple[float, str]]) -> str:
    """Median, 95th percentile and worst, over all and by what saw the Space first, and where they lie."""
    if not delays:
        return "nothing announced in the last week"
    rows = [_figures("all", [delay for delay, _ in delays])]
    for key, name in SEEN_BY.items():
        mine = [delay for delay, seen_by in delays if seen_by == key]
        if mine and len(mine) < len(delays):
            rows.append(_figures(name, mine))
        elif mine:
            rows[0] = _figures(f"all, by {name}", mine)
    bars = [bar for bar in histogram([delay for delay, _ in delays], BAR) if "█" in bar]
    return "\n".join([*rows, "```", *bars, "```"])


def _figures(name: str, delays: Sequence[float]) -> str:
    ordered = sorted(max(0.0, delay) for delay in delays)
    middle, most = quantile(ordered, 0.5), quantile(ordered, 0.95)
    return f"{name} ({len(ordered)}): median {seconds(middle)}, 95 % {seconds(most)}, worst {seconds(ordered[-1])}"


def _fitting(entries: Sequence[str], most: int) -> str:
    text = "\n".join(entries)
    return text if len(text) <= most else lines(entries, most - 40) + "\n…"
