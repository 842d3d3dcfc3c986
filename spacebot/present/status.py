"""The answer of `/status`: whether everything works, at a glance."""

from collections.abc import Sequence

import discord

from spacebot.domain.spending import Purpose, Summary
from spacebot.domain.views import PushState, PushView, Status
from spacebot.present.card import Card, lines, moment
from spacebot.present.delays import SEEN_BY, histogram, quantile, seconds
from spacebot.present.limits import DESCRIPTION_LIMIT, FIELD_LIMIT
from spacebot.present.reasons import sentence
from spacebot.x.money import dollars

BAR = 12
"""The longest bar of the histogram, in characters: embeds are narrow."""

DROPPED = {
    Purpose.REFRESH: "live refreshes",
    Purpose.SEARCH: "searches",
    Purpose.DETECTION: "looking for Spaces",
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
    if status.push is not None:
        embed.add_field(name="Push", value=_push(status.push), inline=False)
    if status.bill is not None:
        embed.add_field(name="X's bill", value=_bill(status.bill), inline=False)
    if paused:
        embed.add_field(name="Paused channels", value=_fitting(paused, FIELD_LIMIT), inline=False)
    return Card(embed=embed)


def _push(push: PushView) -> str:
    if push.state is None:
        return "switched off; X is asked instead"
    if push.state is not PushState.ON:
        state = f"{push.state.value}: {push.refusal}" if push.refusal else push.state.value
        return f"{state}; X is asked instead"
    covered = f"on, for {push.covered:,} hosts; the others are asked about"
    return f"{covered} ({push.refused:,} X does not let the app hear of)" if push.refused else covered


def _bill(bill: Summary) -> str:
    text = f"${dollars(bill.spent_today):.2f} today"
    if bill.budget is not None:
        text += f" of ${dollars(bill.budget):.2f}"
    text += f"; about ${dollars(bill.forecast):.2f} this month at this rate"
    for purpose in bill.dropped:
        text += f"\n⚠️ no {DROPPED[purpose]} until midnight UTC: the day's budget"
    return text


def _delay(delays: Sequence[tuple[float, str]]) -> str:
    """Median, 95th percentile and worst, overall and by what saw the Space first, and a histogram."""
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
