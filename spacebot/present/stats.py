"""The answer of `/host-stats`: a host's figures in words, and what stands in the picture beside them."""

from collections.abc import Iterator
from datetime import timedelta

import discord
from babel.numbers import format_percent

from spacebot.domain.stats import HostStats, OwnCount, busiest
from spacebot.present.card import SCHEDULED_COLOUR, Card, handle, lasting, name_of
from spacebot.present.chart import Picture, day_names, days_drawn, drawable
from spacebot.present.language import _, n_, number, spoken
from spacebot.present.text import clipped

FILE_OF_PICTURE = "hours.png"

ALT_LIMIT = 1024
"""The description of an attachment, in UTF-16 units."""

USUAL_HOURS = 3
"""As many of the fullest hours are told in words."""

MOST_HANDLE = 40
"""A longer handle has no room in the picture."""

UNKNOWN = "–"  # noqa: RUF001 - what stands for no figure
"""What nobody counted."""


def stats_card(stats: HostStats) -> Card:
    """The figures in words; where there are none yet, one sentence."""
    who = f"**{name_of(stats.host, 80)}** ({handle(stats.host)})"
    if not stats.sums.spaces and not stats.own:
        return Card(content=_nothing(who, stats))
    embed = discord.Embed(
        title=_("{name}: the last 90 days", name=name_of(stats.host, 120)),
        url=stats.host.url,
        description="\n".join(_lines(stats)),
        colour=SCHEDULED_COLOUR,
    )
    if stats.own:
        name = _("Your own Spaces; only you see this, from what X showed your account")
        embed.add_field(name=name, value="\n".join(_own(each) for each in stats.own[:OWN_SHOWN]), inline=False)
    return Card(embed=embed)


OWN_SHOWN = 10
"""As many of one's own Spaces stand in the answer."""


def _nothing(who: str, stats: HostStats) -> str:
    if stats.since is None:
        return _("I have seen no Space of {host} come to its end in the last 90 days.", host=who)
    return _(
        "I have seen no Space of {host} come to its end yet; I count since {date}.",
        host=who,
        date=_date(int(stats.since.timestamp())),
    )


def _date(stamp: int) -> str:
    return f"<t:{stamp}:D>"


def _lines(stats: HostStats) -> Iterator[str]:
    sums = stats.sums
    if stats.is_cut:
        yield _("The last {count} Spaces; there were more.", count=sums.spaces)
    else:
        yield n_("{count} Space.", "{count} Spaces.", sums.spaces)
    if sums.usual_length is not None:
        yield _(
            "Length: usually {usual}, at most {longest}.", usual=_long(sums.usual_length), longest=_long(sums.longest)
        )
    if sums.highest_peak is not None:
        yield _(
            "Listeners: usually {usual} at the peak, {highest} at the highest, {average} on average.",
            usual=_figure(sums.usual_peak),
            highest=_figure(sums.highest_peak),
            average=_figure(sums.average),
        )
    if usual := usual_hours(stats):
        yield _("Most often live: {hours} ({zone}).", hours=usual, zone=stats.zone)
    yield from _growth(stats)
    if stats.since is not None:
        yield _("Counted since {date}, as this host was followed by nobody before.", date=_date(_stamp(stats)))
    if sums.spaces and days_drawn()[0].isdigit():
        days = day_names("wide")
        yield _("In the picture 1 is {first} and 7 is {last}.", first=days[0], last=days[6])


def _stamp(stats: HostStats) -> int:
    assert stats.since is not None
    return int(stats.since.timestamp())


def _growth(stats: HostStats) -> Iterator[str]:
    now, before = stats.lately, stats.before
    if before is None:
        yield _("How that grows is told once a host was followed for 60 days.")
        return
    yield _(
        "Spaces in the last 30 days: {now}; in the 30 days before: {before}{change}.",
        now=now.spaces,
        before=before.spaces,
        change=_change(now.spaces, before.spaces),
    )
    if now.average is not None and before.average is not None:
        yield _(
            "Listeners on average in the last 30 days: {now}; in the 30 days before: {before}{change}.",
            now=now.average,
            before=before.average,
            change=_change(now.average, before.average),
        )


def _change(now: int, before: int) -> str:
    """By how much it has changed, in brackets; empty where there is nothing to compare with."""
    if not before:
        return ""
    percent = format_percent((now - before) / before, locale=spoken())
    return f" (+{percent})" if now > before else f" ({percent})"


def _long(length: timedelta | None) -> str:
    return UNKNOWN if length is None else lasting(length)


def _figure(value: int | None) -> str:
    return UNKNOWN if value is None else number(value)


def _own(own: OwnCount) -> str:
    return _(
        "{date}: reminders {reminders}, tickets sold {tickets}",
        date=_date(int(own.began.timestamp())),
        reminders=_figure(own.reminders),
        tickets=_figure(own.tickets),
    )


def usual_hours(stats: HostStats) -> str:
    """The fullest hours of the week in words, such as 'Monday 20:00, Friday 21:00'; empty where there are none."""
    days = day_names("wide")
    return ", ".join(f"{days[day]} {hour}:00" for day, hour in busiest(stats.heat, USUAL_HOURS))


def picture_of(stats: HostStats) -> Picture | None:
    """What is drawn of the figures; None where nothing was counted."""
    if not stats.sums.spaces:
        return None
    return Picture(heading=_name(stats), zone=stats.zone, days=days_drawn(), heat=stats.heat)


def _name(stats: HostStats) -> str:
    name = stats.host.username
    return f"@{name}" if name and drawable(name) and len(name) <= MOST_HANDLE else stats.host.user_id


def alt_text(stats: HostStats) -> str:
    """What the picture shows, for whoever does not see it; at most `ALT_LIMIT` UTF-16 units."""
    text = _(
        "The hours of the week in which {handle} was live in the last 90 days, darker to brighter by the number of Spaces;"
        " rows are days from Monday, columns are hours in the time zone {zone}. Most often: {hours}.",
        handle=_name(stats),
        zone=stats.zone,
        hours=usual_hours(stats),
    )
    return clipped(text, ALT_LIMIT)
