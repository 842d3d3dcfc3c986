"""What the bot's operator reads: the whole bot, its bill, and one server's part in it."""

from collections.abc import Callable, Sequence

import discord

from spacebot.domain.errands import Purpose
from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.spending import UNANSWERED, SpendingLine, SpentBy
from spacebot.domain.views import Costs, GuildFacts, Overview
from spacebot.present.card import SCHEDULED_COLOUR, Card
from spacebot.present.language import N_, _, listed, n_, number, p_
from spacebot.present.limits import DESCRIPTION_LIMIT, FIELD_LIMIT
from spacebot.present.status import (
    BAD,
    GOOD,
    NOT_WORKING,
    WORKING,
    delay_text,
    fitting,
    push_text,
    queue_text,
    share_text,
)
from spacebot.present.text import inert
from spacebot.present.words import dated
from spacebot.x.money import dollars

NO_PURPOSE_YET = N_("nothing yet")


def overview_card(overview: Overview, *, guilds: int) -> Card:
    """The whole bot at one glance."""
    troubles = [_(trouble) for trouble in (overview.trouble, overview.store_trouble) if trouble]
    all_up = overview.shards is not None and overview.shards_up == overview.shards
    embed = discord.Embed(
        title=_(WORKING if all_up and not troubles else NOT_WORKING), colour=GOOD if all_up and not troubles else BAD
    )
    if troubles:
        embed.description = fitting([f"⚠️ {trouble}" for trouble in troubles], DESCRIPTION_LIMIT)
    embed.add_field(name=_("Servers"), value=number(guilds))
    shards = _("{count} of {most}", count=str(overview.shards_up), most=str(overview.shards or "?"))
    embed.add_field(name=_("Shards connected"), value=shards)
    embed.add_field(name=_("X last asked"), value=dated(overview.last_good_sweep) or _("not yet"))
    embed.add_field(name=_("Hosts asked about"), value=number(overview.hosts))
    embed.add_field(name=_("Keywords searched for"), value=number(overview.keywords))
    embed.add_field(name=p_("heading", "Queue"), value=queue_text(overview.queue))
    embed.add_field(name=_("From start to post"), value=delay_text(overview.delays), inline=False)
    limits = [
        _("{name}: {count} of {most}", name=name, count=str(left), most=str(most))
        for name, left, most in overview.windows
    ]
    windows = fitting(limits, FIELD_LIMIT) or _("not asked yet")
    embed.add_field(name=_("Requests left at X"), value=windows, inline=False)
    embed.add_field(name=p_("heading", "Push"), value=push_text(overview.push), inline=False)
    blocked = [
        n_("{count} server", "{count} servers", overview.blocked_guilds),
        n_("{count} person", "{count} people", overview.blocked_people),
    ]
    embed.add_field(name=p_("heading", "Blocked"), value=listed(blocked), inline=False)
    return Card(embed=embed)


def costs_card(costs: Costs, name_of: Callable[[GuildId], str | None]) -> Card:
    """Today's bill and the month's."""
    bill = costs.summary
    embed = discord.Embed(title=_("What X bills"), colour=SCHEDULED_COLOUR)
    today = _money(bill.spent_today)
    if bill.budget is not None:
        today = _("{spent} of {budget}", spent=today, budget=_money(bill.budget))
    if bill.open_requests:
        today = _("{spent}; up to {more} more is not answered yet", spent=today, more=_money(bill.open_requests))
    embed.add_field(name=_("Today (UTC)"), value="\n".join([today, *_kinds(bill.today)]), inline=False)
    month = _(
        "{spent}; about {forecast} for the whole month at this rate",
        spent=_money(bill.month),
        forecast=_money(bill.forecast),
    )
    embed.add_field(name=_("This month"), value="\n".join([month, *_kinds(costs.month)]), inline=False)
    if costs.spent_by:
        embed.add_field(name=_("Today, by purpose"), value=_by_purpose(costs.spent_by), inline=False)
        embed.add_field(name=_("Today, by server"), value=_by_guild(costs.spent_by, name_of), inline=False)
    return Card(embed=embed)


def guild_card(facts: GuildFacts, name: str | None) -> Card:
    """One server's part."""
    title = inert(name or "", 100) or _("A server that I am not in")
    embed = discord.Embed(title=title, colour=BAD if facts.is_blocked else SCHEDULED_COLOUR)
    embed.description = "\n".join([f"`{facts.guild_id}`", *([_("⚠️ blocked")] if facts.is_blocked else [])])
    channel = f"`{facts.config.channel_id}`" if facts.config.channel_id is not None else p_("channel", "none")
    embed.add_field(name=p_("heading", "Channel"), value=channel)
    embed.add_field(name=p_("heading of what a server uses", "Uses"), value=share_text(facts.share), inline=False)
    embed.add_field(name=_("Hosts that X pushes"), value=number(facts.pushed))
    embed.add_field(name=p_("heading", "Queue"), value=queue_text(facts.queue))
    embed.add_field(name=_("From start to post"), value=delay_text(facts.delays), inline=False)
    if facts.spent_by:
        embed.add_field(name=_("Today, by purpose"), value=_by_purpose(facts.spent_by), inline=False)
    return Card(embed=embed)


def blocked_sentence(guild_id: GuildId | None, person: PersonId | None) -> str:
    """What `/operator block` did."""
    return _("Blocked: {names}. `/operator allow` takes that back.", names=_named(guild_id, person))


def allowed_sentence(guild_id: GuildId | None, person: PersonId | None, keywords: bool | None) -> str:
    """What `/operator allow` did."""
    if keywords is None:
        return _("Not blocked: {names}.", names=_named(guild_id, person))
    server = f"`{guild_id}`"
    told = [
        _("Server {server} may watch for words from now on.", server=server)
        if keywords
        else _("Server {server} may watch for no words any more; its list is kept.", server=server)
    ]
    if person is not None:
        told.append(_("Not blocked: {names}.", names=_named(None, person)))
    return " ".join(told)


def _named(guild_id: GuildId | None, person: PersonId | None) -> str:
    named = [_("server {server}", server=f"`{guild_id}`")] if guild_id is not None else []
    return listed([*named, *([f"<@{person}>"] if person is not None else [])])


def _money(millicents: int) -> str:
    return f"${dollars(millicents):.2f}"


def _purpose(purpose: Purpose) -> str:
    names = {
        Purpose.DETECTION: p_("purpose of requests", "detection"),
        Purpose.REFRESH: p_("purpose of requests", "refresh"),
        Purpose.KEYWORD: p_("purpose of requests", "keyword"),
        Purpose.PEOPLE: p_("purpose of requests", "people"),
        Purpose.ACCOUNTS: p_("purpose of requests", "accounts"),
        Purpose.PUSH: p_("purpose of requests", "push"),
    }
    return names[purpose]


def _kind(kind: str) -> str:
    names = {
        "space": p_("what X bills", "space"),
        "user": p_("what X bills", "user"),
        "post": p_("what X bills", "post"),
        "event": p_("what X bills", "event"),
        UNANSWERED: p_("what X bills", "unanswered"),
    }
    return names.get(kind, kind)


def _kinds(spent: Sequence[SpendingLine]) -> list[str]:
    kinds = dict.fromkeys(line.kind for line in spent)
    sums = [
        (kind, sum(line.count for line in spent if line.kind == kind), [line for line in spent if line.kind == kind])
        for kind in kinds
    ]
    return [
        _("{kind}: {count}, {money}", kind=_kind(kind), count=count, money=_money(sum(line.millicents for line in of)))
        for kind, count, of in sums
    ]


def _by_purpose(rows: Sequence[SpentBy]) -> str:
    spent: dict[Purpose, list[SpentBy]] = {}
    for row in rows:
        spent.setdefault(row.purpose, []).append(row)
    return fitting([_row(_purpose(purpose), of) for purpose, of in spent.items()], FIELD_LIMIT) or _(NO_PURPOSE_YET)


def _by_guild(rows: Sequence[SpentBy], name_of: Callable[[GuildId], str | None]) -> str:
    """The dearest first."""
    spent: dict[GuildId, list[SpentBy]] = {}
    for row in rows:
        if row.guild_id is not None:
            spent.setdefault(row.guild_id, []).append(row)
    dearest = sorted(spent.items(), key=lambda one: -sum(row.millicents for row in one[1]))
    named = [(inert(name_of(guild) or "", 60) or p_("server", "unknown"), guild, of) for guild, of in dearest]
    return fitting([_row(f"{name} `{guild}`", of) for name, guild, of in named], FIELD_LIMIT) or _(NO_PURPOSE_YET)


def _row(name: str, rows: Sequence[SpentBy]) -> str:
    refused = sum(row.refused for row in rows)
    money = _money(sum(row.millicents for row in rows))
    if not refused:
        return _("{name}: {money}", name=name, money=money)
    return n_("{name}: {money}, {count} refused", "{name}: {money}, {count} refused", refused, name=name, money=money)
