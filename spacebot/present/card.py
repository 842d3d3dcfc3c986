"""One message as people see it, and how a Space and its people are shown on it; nothing from X stands on it unescaped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import discord
from babel import Locale

from spacebot.domain.accounts import Host
from spacebot.domain.ids import GuildId, RoleId, everyone
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SpaceView
from spacebot.present.text import inert, plain, units

LIVE_COLOUR = discord.Colour(0xE0245E)
SCHEDULED_COLOUR = discord.Colour(0x1D9BF0)
OVER_COLOUR = discord.Colour(0x8899A6)

OLD_LANGUAGES = {"iw": "he", "in": "id", "ji": "yi"}
"""Codes that were withdrawn in 1989 and that X still uses."""

NO_LANGUAGE = {"und", "zxx"}
"""Codes for 'not determined' and 'nothing said'."""

_PICTURE = re.compile(r"https?://[\w.-]+(:\d+)?/[!-~]{1,1900}", re.ASCII)

FIELD_LIMIT = 1024
DESCRIPTION_LIMIT = 4096
TITLE_LIMIT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkButton:
    """A button that opens an address."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One message: what it says, and the only roles that it may mention."""

    content: str | None = None
    embed: discord.Embed | None = None
    buttons: tuple[LinkButton, ...] = ()
    roles: tuple[RoleId, ...] = ()
    everyone: bool = False


def account(host: Host) -> str:
    """A person on X, with a link."""
    return f"**{name_of(host, 80)}** ([{handle(host)}]({host.url}))"


def language_name(code: str) -> str:
    """The English name of a language, as 'Brazilian Portuguese' for 'pt-BR'; the code itself where there is none."""
    names = Locale("en").languages
    whole = code.replace("-", "_")
    primary = whole.partition("_")[0].lower()
    name = names.get(whole) or names.get(OLD_LANGUAGES.get(primary, primary))
    return str(name) if name else code


def mention(role: RoleId, guild_id: GuildId) -> str:
    """How a configured role is written; @everyone is the role whose id is the guild's."""
    return "@everyone" if role == everyone(guild_id) else f"<@&{role}>"


def lasting(duration: timedelta) -> str:
    """A duration as people say it: '45 min', '1 h 5 min'."""
    minutes = max(1, round(duration.total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def space_embed(space: SpaceView) -> discord.Embed:
    colour = {Phase.LIVE: LIVE_COLOUR, Phase.SCHEDULED: SCHEDULED_COLOUR}.get(space.phase, OVER_COLOUR)
    embed = discord.Embed(title=title_of(space.title), url=space.url, colour=colour)
    if space.host is not None:
        credit(embed, space.host)
    match space.phase:
        case Phase.LIVE:
            embed.description = "🔴 Live now"
            _field(embed, "Started", moment(space.started_at))
            _field(embed, "Listeners", count_of(space.participant_count))
        case Phase.SCHEDULED:
            embed.description = "🗓️ Scheduled"
            _field(embed, "Starts", moment(space.scheduled_start))
        case Phase.ENDED:
            embed.description = "Ended"
            _field(embed, "Duration", lasting(space.duration) if space.duration is not None else None)
            _field(embed, "Most listeners", count_of(space.peak))
            _field(embed, "On average", count_of(space.average))
        case Phase.GONE:
            embed.description = "No longer visible on X: it has ended, or was withdrawn."
            _field(embed, "Most listeners seen", count_of(space.peak))
        case Phase.CANCELED:
            embed.description = "Canceled"
    _field(embed, "Co-hosts", _people(space.cohosts))
    _field(embed, "Speakers" if space.phase.is_open else "Who spoke", _people(space.speakers))
    _field(
        embed,
        "Language",
        inert(language_name(space.lang), 60)
        if space.lang and space.lang not in NO_LANGUAGE and space.phase.is_open
        else None,
    )
    _field(embed, "Topics", inert(", ".join(space.topics), FIELD_LIMIT) if space.topics else None)
    if space.is_ticketed and space.phase.is_open:
        _field(embed, "Ticket", "needed to listen")
    elif space.is_ticketed is False and space.phase.is_open:
        _field(embed, "Ticket", "none needed")
    return embed


def title_of(title: str | None, most: int = TITLE_LIMIT) -> str:
    """A Space's title, harmless."""
    return inert(title or "", most) or "Untitled Space"


def name_of(host: Host, most: int = 200) -> str:
    return inert(host.name, most) or inert(host.username, most) or "A host"


def handle(host: Host) -> str:
    """A person's handle, harmless."""
    return inert(f"@{host.username or host.user_id}", 40)


def credit(embed: discord.Embed, host: Host) -> None:
    # Discord refuses the whole message for a picture whose address it cannot read.
    picture = host.picture if host.picture and _PICTURE.fullmatch(host.picture) else None
    embed.set_author(name=plain(f"{host.name} (@{host.username})"), url=host.url, icon_url=picture)


def _field(embed: discord.Embed, name: str, value: str | None) -> None:
    if value:
        embed.add_field(name=name, value=value, inline=True)


def moment(when: datetime | None) -> str | None:
    """A time as Discord shows it to each reader, relative to now."""
    return None if when is None else f"<t:{int(when.timestamp())}:R>"


def count_of(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _people(people: Sequence[Host]) -> str | None:
    if not people:
        return None
    rows: list[str] = []
    for at, person in enumerate(people):
        line = f"{name_of(person, 100)} ({handle(person)})"
        more = f"and {len(people) - at} more"
        if sum(units(each) + 1 for each in (*rows, line, more)) > FIELD_LIMIT:
            return "\n".join([*rows, more])
        rows.append(line)
    return "\n".join(rows)


def lines(entries: Sequence[str], most: int) -> str:
    """As many of the entries as there is room for, apart from each other."""
    kept: list[str] = []
    for entry in entries:
        if units("\n\n".join([*kept, entry])) > most:
            break
        kept.append(entry)
    return "\n\n".join(kept)
