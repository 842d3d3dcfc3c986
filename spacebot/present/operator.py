"""What the bot's operator reads: the whole bot, its bill, and one server's part in it."""

from collections.abc import Callable, Sequence

import discord

from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.spending import SpendingLine, SpentBy
from spacebot.domain.views import Costs, GuildFacts, Overview
from spacebot.present.card import SCHEDULED_COLOUR, Card
from spacebot.present.limits import DESCRIPTION_LIMIT, FIELD_LIMIT
from spacebot.present.status import BAD, GOOD, delay_text, fitting, push_text, queue_text, share_text
from spacebot.present.text import inert
from spacebot.present.words import counted, dated
from spacebot.x.money import dollars

NO_PURPOSE_YET = "nothing yet"


def overview_card(overview: Overview, *, guilds: int) -> Card:
    """The whole bot at one glance."""
    troubles = [trouble for trouble in (overview.trouble, overview.store_trouble) if trouble]
    all_up = overview.shards is not None and overview.shards_up == overview.shards
    embed = discord.Embed(
        title="Working" if all_up and not troubles else "Not working", colour=GOOD if all_up and not troubles else BAD
    )
    if troubles:
        embed.description = fitting([f"⚠️ {trouble}" for trouble in troubles], DESCRIPTION_LIMIT)
    embed.add_field(name="Servers", value=f"{guilds:,}")
    embed.add_field(name="Shards connected", value=f"{overview.shards_up} of {overview.shards or '?'}")
    embed.add_field(name="X last asked", value=dated(overview.last_good_sweep) or "not yet")
    embed.add_field(name="Hosts asked about", value=f"{overview.hosts:,}")
    embed.add_field(name="Keywords searched for", value=f"{overview.keywords:,}")
    embed.add_field(name="Queue", value=queue_text(overview.queue))
    embed.add_field(name="From start to post", value=delay_text(overview.delays), inline=False)
    limits = [f"{name}: {left} of {most}" for name, left, most in overview.windows]
    embed.add_field(name="Requests left at X", value=fitting(limits, FIELD_LIMIT) or "not asked yet", inline=False)
    embed.add_field(name="Push", value=push_text(overview.push), inline=False)
    blocked = f"{counted(overview.blocked_guilds, 'server')}, {counted(overview.blocked_people, 'person', 'people')}"
    embed.add_field(name="Blocked", value=blocked, inline=False)
    return Card(embed=embed)


def costs_card(costs: Costs, name_of: Callable[[GuildId], str | None]) -> Card:
    """Today's bill and the month's."""
    bill = costs.summary
    embed = discord.Embed(title="What X bills", colour=SCHEDULED_COLOUR)
    today = f"${dollars(bill.spent_today):.2f}"
    if bill.budget is not None:
        today += f" of ${dollars(bill.budget):.2f}"
    if bill.open_requests:
        today += f"; up to ${dollars(bill.open_requests):.2f} more is not answered yet"
    embed.add_field(name="Today (UTC)", value="\n".join([today, *_kinds(bill.today)]), inline=False)
    month = f"${dollars(bill.month):.2f}; about ${dollars(bill.forecast):.2f} for the whole month at this rate"
    embed.add_field(name="This month", value="\n".join([month, *_kinds(costs.month)]), inline=False)
    if costs.spent_by:
        embed.add_field(name="Today, by purpose", value=_by_purpose(costs.spent_by), inline=False)
        embed.add_field(name="Today, by server", value=_by_guild(costs.spent_by, name_of), inline=False)
    return Card(embed=embed)


def guild_card(facts: GuildFacts, name: str | None) -> Card:
    """One server's part."""
    title = inert(name or "", 100) or "A server that I am not in"
    embed = discord.Embed(title=title, colour=BAD if facts.is_blocked else SCHEDULED_COLOUR)
    embed.description = f"`{facts.guild_id}`" + ("\n⚠️ blocked" if facts.is_blocked else "")
    channel = f"`{facts.config.channel_id}`" if facts.config.channel_id is not None else "none"
    embed.add_field(name="Channel", value=channel)
    embed.add_field(name="Uses", value=share_text(facts.share), inline=False)
    embed.add_field(name="Hosts that X pushes", value=f"{facts.pushed:,}")
    embed.add_field(name="Queue", value=queue_text(facts.queue))
    embed.add_field(name="From start to post", value=delay_text(facts.delays), inline=False)
    if facts.spent_by:
        embed.add_field(name="Today, by purpose", value=_by_purpose(facts.spent_by), inline=False)
    return Card(embed=embed)


def blocked_sentence(guild_id: GuildId | None, person: PersonId | None) -> str:
    """What `/operator block` did."""
    return f"Blocked: {_named(guild_id, person)}. `/operator allow` takes that back."


def allowed_sentence(guild_id: GuildId | None, person: PersonId | None, keywords: bool | None) -> str:
    """What `/operator allow` did."""
    if keywords is None:
        return f"Not blocked: {_named(guild_id, person)}."
    may = "may watch for words from now on" if keywords else "may watch for no words any more; its list is kept"
    also = f" Not blocked: {_named(None, person)}." if person is not None else ""
    return f"Server `{guild_id}` {may}.{also}"


def _named(guild_id: GuildId | None, person: PersonId | None) -> str:
    named = [f"server `{guild_id}`" if guild_id is not None else "", f"<@{person}>" if person is not None else ""]
    return ", ".join(part for part in named if part)


def _kinds(spent: Sequence[SpendingLine]) -> list[str]:
    kinds = dict.fromkeys(line.kind for line in spent)
    sums = [
        (kind, sum(line.count for line in spent if line.kind == kind), [line for line in spent if line.kind == kind])
        for kind in kinds
    ]
    return [f"{kind}: {count:,}, ${dollars(sum(line.millicents for line in of)):.2f}" for kind, count, of in sums]


def _by_purpose(rows: Sequence[SpentBy]) -> str:
    spent: dict[str, list[SpentBy]] = {}
    for row in rows:
        spent.setdefault(row.purpose, []).append(row)
    return fitting([_row(purpose, of) for purpose, of in spent.items()], FIELD_LIMIT) or NO_PURPOSE_YET


def _by_guild(rows: Sequence[SpentBy], name_of: Callable[[GuildId], str | None]) -> str:
    """The dearest first."""
    spent: dict[GuildId, list[SpentBy]] = {}
    for row in rows:
        if row.guild_id is not None:
            spent.setdefault(row.guild_id, []).append(row)
    dearest = sorted(spent.items(), key=lambda one: -sum(row.millicents for row in one[1]))
    named = [(inert(name_of(guild) or "", 60) or "unknown", guild, of) for guild, of in dearest]
    return fitting([_row(f"{name} `{guild}`", of) for name, guild, of in named], FIELD_LIMIT) or NO_PURPOSE_YET


def _row(name: str, rows: Sequence[SpentBy]) -> str:
    refused = sum(row.refused for row in rows)
    text = f"{name}: ${dollars(sum(row.millicents for row in rows)):.2f}"
    return f"{text}, {refused:,} refused" if refused else text
