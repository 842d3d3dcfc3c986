"""The answer of `/status`: whether everything works, at a glance."""

import math
from collections.abc import Sequence

import discord

from spacebot.domain.deliveries import Queue
from spacebot.domain.errands import Purpose
from spacebot.domain.views import GuildShare, InTheWay, PushState, PushView, SetUp, Status
from spacebot.present.card import Card, lines
from spacebot.present.delays import SEEN_BY, histogram, quantile, seconds
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.reasons import in_the_way
from spacebot.present.text import units
from spacebot.present.words import counted, dated

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

MOST_IN_THE_WAY = 3000
"""The longest description, in UTF-16 units, so that the whole card keeps to Discord's 6,000."""

GOOD = discord.Colour(0x2ECC71)
UNFINISHED = discord.Colour(0xF1C40F)
BAD = discord.Colour(0xE74C3C)

WORKING = "Working"
NOT_WORKING = "Not working"
CLOSED = "Nothing can be posted"
HINDERED = "Working, but something is in the way"
NOT_SET_UP = "Not set up yet"
PAUSED = "Paused by an admin: nothing new is posted"

NOBODY = "Nobody is followed yet: `/setup` or `/watch add`."
NO_CHANNEL = "No channel is chosen yet: `/setup` or `/config channel`. Until then nothing is posted."


def status_card(status: Status, found: InTheWay) -> Card:
    """Whether everything works for one guild, at a glance.

    Args:
        status: How things are.
        found: What is in the way of the guild's announcements.
    """
    title, colour = _verdict(status, found)
    embed = discord.Embed(title=title, colour=colour)
    entries = [*(f"⚠️ {trouble}" for trouble in _troubles(status)), *in_the_way(found), *_next_steps(status)]
    if entries:
        embed.description = fitting(entries, MOST_IN_THE_WAY)
    if status.set_up is not None:
        embed.add_field(name="Follows", value=_followed(status, status.set_up), inline=False)
        channels = [f"<#{where}>" for where in status.set_up.used]
        embed.add_field(name="Announces in", value=fitting(channels, FIELD_LIMIT) or "no channel", inline=False)
    embed.add_field(name="X last answered", value=dated(status.last_good_sweep) or "not yet", inline=False)
    embed.add_field(name="Waiting here", value=queue_text(status.queue), inline=False)
    embed.add_field(name="From start to post", value=_usual_delay(status.delays), inline=False)
    if status.share is not None:
        embed.add_field(name="Limits here", value=_limits(status.share), inline=False)
    if status.push is not None:
        embed.add_field(name="Push", value=push_text(status.push), inline=False)
    if status.dropped:
        dropped = [f"⚠️ no {DROPPED[purpose]} until midnight UTC: the day's budget" for purpose in status.dropped]
        embed.add_field(name="Left out today", value="\n".join(dropped), inline=False)
    return Card(embed=embed)


def _verdict(status: Status, found: InTheWay) -> tuple[str, discord.Colour]:
    """Red where nothing can be posted or found, amber where something is missing or in the way, else green."""
    if _troubles(status):
        return NOT_WORKING, BAD
    if status.set_up is not None and found.closes(status.set_up.used):
        return CLOSED, BAD
    if status.set_up is not None and status.set_up.config.on_hold:
        return PAUSED, UNFINISHED
    if _next_steps(status):
        return NOT_SET_UP, UNFINISHED
    if found.channels or found.roles or found.bell or found.events:
        return HINDERED, UNFINISHED
    return WORKING, GOOD


def _troubles(status: Status) -> list[str]:
    """What keeps every guild's announcements back."""
    troubles = []
    if not status.connected:
        troubles.append("the connection to Discord is lost; it is tried again until it works")
    if status.trouble:
        troubles.append(status.trouble)
    elif status.is_overdue:
        since = f"since {dated(status.last_good_sweep)}" if status.last_good_sweep else "yet"
        troubles.append(f"X has not answered {since}: Spaces that start meanwhile are found late")
    if status.store_trouble:
        troubles.append(f"the database: {status.store_trouble}")
    return troubles


def _next_steps(status: Status) -> list[str]:
    """What an admin has not set yet."""
    if status.set_up is None:
        return []
    steps = [(status.set_up.lacks_channel, NO_CHANNEL), (status.set_up.follows_nobody, NOBODY)]
    return [f"➡️ {step}" for is_missing, step in steps if is_missing]


def _followed(status: Status, set_up: SetUp) -> str:
    hosts = counted(len(set_up.watches), "host")
    if set_up.watches and status.every is not None:
        hosts += f", asked about every {seconds(math.ceil(status.every))}"
    held = sum(line.watch.on_hold for line in set_up.watches)
    if held:
        hosts += f"; {held:,} of them paused by an admin"
    keywords = [counted(len(set_up.keywords), "keyword")] if set_up.keywords else []
    return "\n".join([hosts, *keywords])


def _usual_delay(delays: Sequence[tuple[float, str]]) -> str:
    """What a guild's members are used to, in words."""
    if not delays:
        return "nothing posted in the last week"
    ordered = sorted(max(0.0, delay) for delay, _ in delays)
    posts = counted(len(ordered), "post")
    return f"usually {seconds(quantile(ordered, 0.5))}, at most {seconds(ordered[-1])} ({posts} in the last week)"


def _limits(share: GuildShare) -> str:
    keywords = counted(share.keyword_limit, "keyword") if share.keyword_limit else "keywords are not switched on"
    parts = [counted(share.host_limit, "host"), keywords]
    if share.new_host_limit is not None:
        parts.append(f"{counted(share.new_host_limit, 'new account')} a day ({share.new_hosts:,} so far today)")
    return ", ".join(parts)


def queue_text(queue: Queue) -> str:
    """What waits."""
    if not (queue.unsent or queue.edits):
        return "nothing"
    text = f"{queue.unsent:,} to send, {queue.edits:,} to edit"
    return f"{text}; the oldest since {dated(queue.oldest)}" if queue.oldest is not None and queue.unsent else text


def share_text(share: GuildShare) -> str:
    """What a server uses of what it may use."""
    keywords = f"{share.keywords:,} of {share.keyword_limit:,}" if share.keyword_limit else "not switched on"
    rows = [f"hosts followed: {share.hosts:,} of {share.host_limit:,}", f"keywords: {keywords}"]
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
    covered = f"on, for {counted(push.covered, 'host')}; the others are asked about"
    return f"{covered} ({push.refused:,} X does not let the app hear of)" if push.refused else covered


def delay_text(delays: Sequence[tuple[float, str]]) -> str:
    """Median, 95th percentile and worst, over all and by what saw the Space first, and where they lie."""
    if not delays:
        return "nothing posted in the last week"
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
    return text if units(text) <= most else lines(entries, most - 40) + "\n…"
