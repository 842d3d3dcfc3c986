"""The answer of `/status`: whether everything works, at a glance."""

from collections.abc import Sequence

import discord

from spacebot.domain.deliveries import Queue
from spacebot.domain.errands import Purpose
from spacebot.domain.views import GuildShare, PushState, PushView, Status
from spacebot.present.card import Card, lines, moment
from spacebot.present.delays import SEEN_BY, histogram, quantile, seconds
from spacebot.present.limits import DESCRIPTION_LIMIT, FIELD_LIMIT
from spacebot.present.reasons import sentence

BAR = 12
"""The longest bar of the histogram, in characters: embeds are narrow."""

DROPPED = {
    Purpose.DETECTION: "looking for Spaces",
    Purpose.REFRESH: "live refreshes",
    Purpose.KEYWORD: "searches for keywords",
    Purpose.PEOPLE: "answers to members",
    Purpose.ACCOUNTS: "new hosts",
    Purpose.PUSH: "starts told by X itself",
}
"""What is left out once the budget is spent, in words."""

GOOD = discord.Colour(0x2ECC71)
BAD = discord.Colour(0xE67E22)


def status_card(status: Status) -> Card:
    """Whether everything works, at a glance."""
    troubles = []
    if not status.connected:
        troubles.append("the connection to Discord is lost; it is tried again until it works")
    if status.trouble:
        troubles.append(status.trouble)
    elif status.is_overdue:
        since = f"since {moment(status.last_good_sweep)}" if status.last_good_sweep else "yet"
        troubles.append(f"X has answered no sweep {since}: what starts meanwhile is found late")
    if status.store_trouble:
        troubles.append(f"the database: {status.store_trouble}")
    paused = [f"<#{pause.channel_id}>: {sentence(pause.obstacle)}" for pause in status.pauses]
    works = not troubles
    embed = discord.Embed(
        title="Working" if works and not paused else ("Working, with channels paused" if works else "Not working"),
        colour=GOOD if works and not paused else BAD,
    )
    if troubles:
        embed.description = fitting([f"⚠️ {trouble}" for trouble in troubles], DESCRIPTION_LIMIT)
    embed.add_field(name="X last asked", value=moment(status.last_good_sweep) or "not yet")
    embed.add_field(name="Queue", value=queue_text(status.queue))
    embed.add_field(name="From start to post", value=delay_text(status.delays), inline=False)
    if status.share is not None:
        embed.add_field(name="This server", value=share_text(status.share), inline=False)
    if status.push is not None:
        embed.add_field(name="Push", value=push_text(status.push), inline=False)
    if status.dropped:
        dropped = [f"⚠️ no {DROPPED[purpose]} until midnight UTC: the day's budget" for purpose in status.dropped]
        embed.add_field(name="Left out today", value="\n".join(dropped), inline=False)
    if paused:
        embed.add_field(name="Paused channels", value=fitting(paused, FIELD_LIMIT), inline=False)
    return Card(embed=embed)


def queue_text(queue: Queue) -> str:
    """What waits."""
    text = f"{queue.unsent:,} to send, {queue.edits:,} to edit"
    return f"{text}; the oldest since {moment(queue.oldest)}" if queue.oldest is not None and queue.unsent else text


def share_text(share: GuildShare) -> str:
    """What a server uses of what it may use."""
    keywords = f"{share.keywords:,} of {share.keyword_limit:,}" if share.keyword_limit else "not switched on"
    held = f", {share.hosts_on_hold:,} of them paused by an admin" if share.hosts_on_hold else ""
    rows = [f"hosts followed: {share.hosts:,} of {share.host_limit:,}{held}", f"keywords: {keywords}"]
    if share.on_hold:
        rows.insert(0, "⏸️ paused by an admin: nothing new is posted")
    if share.new_host_limit is not None:
        rows.append(f"new accounts looked up today: {share.new_hosts:,} of {share.new_host_limit:,}")
    return "\n".join(rows)


def push_text(push: PushView) -> str:
    """What X tells by itself."""
    if push.state is None:
        return "switched off; X is asked instead"
    if push.state is not PushState.ON:
        state = f"{push.state.value}: {push.refusal}" if push.refusal else push.state.value
        return f"{state}; X is asked instead"
    covered = f"on, for {push.covered:,} hosts; the others are asked about"
    return f"{covered} ({push.refused:,} X does not let the app hear of)" if push.refused else covered


def delay_text(delays: Sequence[tuple[float, str]]) -> str:
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


def fitting(entries: Sequence[str], most: int) -> str:
    """As many of the entries as there is room for."""
    text = "\n".join(entries)
    return text if len(text) <= most else lines(entries, most - 40) + "\n…"
