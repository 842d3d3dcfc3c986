"""The answer of `/status`: whether everything works, at a glance."""

import math
from collections.abc import Sequence

import discord

from spacebot.domain.deliveries import Queue
from spacebot.domain.errands import Purpose
from spacebot.domain.views import GuildShare, InTheWay, PushState, PushView, SetUp, Status
from spacebot.present.card import Card, lines
from spacebot.present.delays import histogram, quantile, seconds, seen_by_names
from spacebot.present.language import N_, _, listed, n_, p_
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.reasons import in_the_way
from spacebot.present.text import units
from spacebot.present.words import dated

BAR = 12
"""The longest bar of the histogram, in characters: embeds are narrow."""

DROPPED = {
    Purpose.DETECTION: N_("⚠️ no looking for Spaces until midnight UTC: the day's budget"),
    Purpose.REFRESH: N_("⚠️ no live refreshes until midnight UTC: the day's budget"),
    Purpose.KEYWORD: N_("⚠️ no searches for keywords until midnight UTC: the day's budget"),
    Purpose.PEOPLE: N_("⚠️ no answers to members until midnight UTC: the day's budget"),
    Purpose.ACCOUNTS: N_("⚠️ no new hosts until midnight UTC: the day's budget"),
    Purpose.PUSH: N_("⚠️ no starts told by X itself until midnight UTC: the day's budget"),
}
"""What is left out once the budget is spent."""

TROUBLES = frozenset(
    {
        N_("The day's budget for X is spent (SPACEBOT_DAILY_BUDGET_USD): nobody is looked for until midnight UTC."),
        N_("an unforeseen error, see the log"),
    }
)
"""What the loop that looks for Spaces says of itself, beside what X answered it."""

MOST_IN_THE_WAY = 3000
"""The longest description, in UTF-16 units, so that the whole card keeps to Discord's 6,000."""

GOOD = discord.Colour(0x2ECC71)
UNFINISHED = discord.Colour(0xF1C40F)
BAD = discord.Colour(0xE74C3C)

WORKING = N_("Working")
NOT_WORKING = N_("Not working")
CLOSED = N_("Nothing can be posted")
HINDERED = N_("Working, but something is in the way")
NOT_SET_UP = N_("Not set up yet")
PAUSED = N_("Paused by an admin: nothing new is posted")

NOBODY = N_("Nobody is followed yet: `/setup` or `/watch add`.")
NO_CHANNEL = N_("No channel is chosen yet: `/setup` or `/config channel`. Until then nothing is posted.")


def status_card(status: Status, found: InTheWay) -> Card:
    """Whether everything works for one guild, at a glance.

    Args:
        status: How things are.
        found: What is in the way of the guild's announcements.
    """
    title, colour = _verdict(status, found)
    embed = discord.Embed(title=_(title), colour=colour)
    entries = [*(f"⚠️ {trouble}" for trouble in _troubles(status)), *in_the_way(found), *_next_steps(status)]
    if entries:
        embed.description = fitting(entries, MOST_IN_THE_WAY)
    if status.set_up is not None:
        embed.add_field(
            name=p_("heading of what a server follows", "Follows"), value=_followed(status, status.set_up), inline=False
        )
        channels = [f"<#{where}>" for where in status.set_up.used]
        embed.add_field(name=_("Announces in"), value=fitting(channels, FIELD_LIMIT) or _("no channel"), inline=False)
    embed.add_field(name=_("X last answered"), value=dated(status.last_good_sweep) or _("not yet"), inline=False)
    embed.add_field(name=_("Waiting here"), value=queue_text(status.queue), inline=False)
    embed.add_field(name=_("From start to post"), value=_usual_delay(status.delays), inline=False)
    if status.share is not None:
        embed.add_field(name=_("Limits here"), value=_limits(status.share), inline=False)
    if status.push is not None:
        embed.add_field(name=p_("heading", "Push"), value=push_text(status.push), inline=False)
    if status.dropped:
        dropped = [_(DROPPED[purpose]) for purpose in status.dropped]
        embed.add_field(name=_("Left out today"), value="\n".join(dropped), inline=False)
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
        troubles.append(_("the connection to Discord is lost; it is tried again until it works"))
    if status.trouble:
        troubles.append(_(status.trouble))
    elif status.is_overdue:
        since = dated(status.last_good_sweep)
        troubles.append(
            _("X has not answered yet: Spaces that start meanwhile are found late")
            if since is None
            else _("X has not answered since {when}: Spaces that start meanwhile are found late", when=since)
        )
    if status.store_trouble:
        troubles.append(_("the database: {trouble}", trouble=status.store_trouble))
    return troubles


def _next_steps(status: Status) -> list[str]:
    """What an admin has not set yet."""
    if status.set_up is None:
        return []
    steps = [(status.set_up.lacks_channel, NO_CHANNEL), (status.set_up.follows_nobody, NOBODY)]
    return [f"➡️ {_(step)}" for is_missing, step in steps if is_missing]


def _followed(status: Status, set_up: SetUp) -> str:
    followed = len(set_up.watches)
    hosts = n_("{count} host", "{count} hosts", followed)
    if followed and status.every is not None:
        every = seconds(math.ceil(status.every))
        hosts = n_(
            "{count} host, asked about every {time}", "{count} hosts, asked about every {time}", followed, time=every
        )
    held = sum(line.watch.on_hold for line in set_up.watches)
    if held:
        paused = n_("{count} of them paused by an admin", "{count} of them paused by an admin", held)
        hosts = f"{hosts}; {paused}"
    words = len(set_up.keywords)
    keywords = [n_("{count} keyword", "{count} keywords", words)] if words else []
    return "\n".join([hosts, *keywords])


def _usual_delay(delays: Sequence[tuple[float, str]]) -> str:
    """What a guild's members are used to, in words."""
    if not delays:
        return _("nothing posted in the last week")
    ordered = sorted(max(0.0, delay) for delay, __ in delays)
    return n_(
        "usually {usual}, at most {most} ({count} post in the last week)",
        "usually {usual}, at most {most} ({count} posts in the last week)",
        len(ordered),
        usual=seconds(quantile(ordered, 0.5)),
        most=seconds(ordered[-1]),
    )


def _limits(share: GuildShare) -> str:
    parts = [
        n_("{count} host", "{count} hosts", share.host_limit),
        n_("{count} keyword", "{count} keywords", share.keyword_limit)
        if share.keyword_limit
        else _("keywords are not switched on"),
    ]
    if share.new_host_limit is not None:
        parts.append(
            n_(
                "{count} new account a day ({used} so far today)",
                "{count} new accounts a day ({used} so far today)",
                share.new_host_limit,
                used=share.new_hosts,
            )
        )
    return listed(parts)


def queue_text(queue: Queue) -> str:
    """What waits."""
    if not (queue.unsent or queue.edits):
        return p_("what waits", "nothing")
    oldest = dated(queue.oldest)
    if oldest is None or not queue.unsent:
        return _("{unsent} to send, {edits} to edit", unsent=queue.unsent, edits=queue.edits)
    return _(
        "{unsent} to send, {edits} to edit; the oldest since {when}",
        unsent=queue.unsent,
        edits=queue.edits,
        when=oldest,
    )


def share_text(share: GuildShare) -> str:
    """What a server uses of what it may use."""
    rows = [
        _("hosts followed: {count} of {most}", count=share.hosts, most=share.host_limit),
        _("keywords: {count} of {most}", count=share.keywords, most=share.keyword_limit)
        if share.keyword_limit
        else _("keywords: not switched on"),
    ]
    if share.new_host_limit is not None:
        rows.append(
            _("new accounts looked up today: {count} of {most}", count=share.new_hosts, most=share.new_host_limit)
        )
    return "\n".join(rows)


def push_text(push: PushView) -> str:
    """What X tells by itself."""
    if push.state is None:
        return _("switched off; X is asked instead")
    if push.state is not PushState.ON:
        state = _push_state(push.state)
        if push.refusal:
            return _("{state}: {refusal}; X is asked instead", state=state, refusal=push.refusal)
        return _("{state}; X is asked instead", state=state)
    covered = n_(
        "on, for {count} host; the others are asked about",
        "on, for {count} hosts; the others are asked about",
        push.covered,
    )
    if not push.refused:
        return covered
    refused = n_("({count} X does not let the app hear of)", "({count} X does not let the app hear of)", push.refused)
    return f"{covered} {refused}"


def _push_state(state: PushState) -> str:
    names = {
        PushState.OFF: p_("state of push", "off"),
        PushState.CONNECTING: p_("state of push", "connecting"),
        PushState.ON: p_("state of push", "on"),
        PushState.REFUSED: p_("state of push", "refused"),
    }
    return names[state]


def delay_text(delays: Sequence[tuple[float, str]]) -> str:
    """Median, 95th percentile and worst, over all and by what saw the Space first, and where they lie."""
    if not delays:
        return _("nothing posted in the last week")
    rows = [_figures(p_("posts", "all"), [delay for delay, __ in delays])]
    for key, name in seen_by_names().items():
        mine = [delay for delay, seen_by in delays if seen_by == key]
        if mine and len(mine) < len(delays):
            rows.append(_figures(name, mine))
        elif mine:
            rows[0] = _figures(_("all, by {name}", name=name), mine)
    bars = [bar for bar in histogram([delay for delay, __ in delays], BAR) if "█" in bar]
    text = "\n".join([*rows, "```", *bars, "```"])
    return text if units(text) <= FIELD_LIMIT else fitting(rows, FIELD_LIMIT)


def _figures(name: str, delays: Sequence[float]) -> str:
    ordered = sorted(max(0.0, delay) for delay in delays)
    middle, most = quantile(ordered, 0.5), quantile(ordered, 0.95)
    return _(
        "{name} ({count}): median {median}, 95 % {most}, worst {worst}",
        name=name,
        count=str(len(ordered)),
        median=seconds(middle),
        most=seconds(most),
        worst=seconds(ordered[-1]),
    )


def fitting(entries: Sequence[str], most: int) -> str:
    """As many of the entries as there is room for."""
    text = "\n".join(entries)
    return text if units(text) <= most else lines(entries, most - 40) + "\n…"
