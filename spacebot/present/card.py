"""One message as people see it, and how a Space and its participants are shown on it; text from X is escaped."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import discord
from babel import Locale

from spacebot.domain.accounts import Host
from spacebot.domain.ids import GuildId, RoleId, everyone
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SpaceView
from spacebot.present.limits import FIELD_LIMIT, TITLE_LIMIT
from spacebot.present.text import inert, plain, units

LIVE_COLOUR = discord.Colour(0xE0245E)
SCHEDULED_COLOUR = discord.Colour(0x1D9BF0)
OVER_COLOUR = discord.Colour(0x8899A6)

OLD_LANGUAGES = {"iw": "he", "in": "id", "ji": "yi"}
"""Codes that were withdrawn in 1989 and that X still uses."""

NO_LANGUAGE = {"und", "zxx"}
"""Codes for 'undetermined' and 'no linguistic content'."""

_PICTURE = re.compile(r"https?://[\w.-]+(:\d+)?/[!-~]{1,1900}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkButton:
    """A button that opens an address."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One message: its text, embed and buttons, and the only roles that it may mention."""

    content: str | None = None
    embed: discord.Embed | None = None
    buttons: tuple[LinkButton, ...] = ()
    roles: tuple[RoleId, ...] = ()
    everyone: bool = False


def links(phase: Phase, url: str) -> tuple[LinkButton, ...]:
    """The button that leads to a Space while it is live or scheduled."""
    match phase:
        case Phase.LIVE:
            return (LinkButton(label="Listen", url=url),)
        case Phase.SCHEDULED:
            return (LinkButton(label="Open on X", url=url),)
        case _:
            return ()


def account(host: Host) -> str:
    """A person on X, with a link."""
    return f"**{name_of(host, 80)}** ([{handle(host)}]({host.url}))"


def language_name(code: str) -> str:
    """The English name of a language, such as 'Brazilian Portuguese' for 'pt-BR'; the code itself if it has none."""
    names = Locale("en").languages
    whole = code.replace("-", "_")
    primary = whole.partition("_")[0].lower()
    name = names.get(whole) or names.get(OLD_LANGUAGES.get(primary, primary))
    return str(name) if name else code


def mention(role: RoleId, guild_id: GuildId) -> str:
    """How a role is mentioned; @everyone is the role whose id is the guild's."""
    return "@everyone" if role == everyone(guild_id) else f"<@&{role}>"


def mentions(roles: Iterable[RoleId], guild_id: GuildId) -> str:
    """How several roles are mentioned in a sentence."""
    return ", ".join(mention(role, guild_id) for role in roles)


def lasting(duration: timedelta) -> str:
    """A duration in words: '45 min', '1 h 5 min'."""
    minutes = max(1, round(duration.total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def space_embed(space: SpaceView) -> discord.Embed:
    colour, description = _HEADS[space.phase]
    embed = discord.Embed(title=title_of(space.title), url=space.url, colour=colour, description=description)
    if space.host is not None:
        credit(embed, space.host)
    for name, phases, text_of in _FIELDS:
        text = text_of(space) if space.phase in phases else None
        if text:
            embed.add_field(name=name, value=text, inline=True)
    return embed


def title_of(title: str | None, most: int = TITLE_LIMIT) -> str:
    """A Space's title, escaped."""
    return inert(title or "", most) or "Untitled Space"


def name_of(host: Host, most: int = 200) -> str:
    return inert(host.name, most) or inert(host.username, most) or "A host"


def handle(host: Host) -> str:
    """A person's handle, escaped."""
    return inert(f"@{host.username or host.user_id}", 40)


def credit(embed: discord.Embed, host: Host) -> None:
    # Discord refuses the whole message if it cannot parse the picture's address.
    picture = host.picture if host.picture and _PICTURE.fullmatch(host.picture) else None
    embed.set_author(name=plain(f"{host.name} (@{host.username})"), url=host.url, icon_url=picture)


def moment(when: datetime | None) -> str | None:
    """A time in Discord's markup, which each reader sees relative to now."""
    return None if when is None else f"<t:{int(when.timestamp())}:R>"


def count_of(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _participants(accounts: Sequence[Host], unnamed: int = 0) -> str | None:
    rows: list[str] = []
    for at, person in enumerate(accounts):
        line = f"{name_of(person, 100)} ({handle(person)})"
        more = f"and {len(accounts) - at + unnamed} more"
        if sum(units(each) + 1 for each in (*rows, line, more)) > FIELD_LIMIT:
            return "\n".join([*rows, more])
        rows.append(line)
    if unnamed:
        rows.append(f"and {unnamed:,} more" if rows else f"{unnamed:,}")
    return "\n".join(rows) or None


def _duration(space: SpaceView) -> str | None:
    return None if space.duration is None else lasting(space.duration)


def _language(space: SpaceView) -> str | None:
    return inert(language_name(space.lang), 60) if space.lang and space.lang not in NO_LANGUAGE else None


def _ticket(space: SpaceView) -> str | None:
    return None if space.is_ticketed is None else "needed to listen" if space.is_ticketed else "none needed"


_HEADS = {
    Phase.SCHEDULED: (SCHEDULED_COLOUR, "🗓️ Scheduled"),
    Phase.LIVE: (LIVE_COLOUR, "🔴 Live now"),
    Phase.ENDED: (OVER_COLOUR, "Ended"),
    Phase.CANCELED: (OVER_COLOUR, "Canceled"),
    Phase.GONE: (OVER_COLOUR, "No longer visible on X: it has ended, or was withdrawn."),
}

_OPEN = frozenset(phase for phase in Phase if phase.is_open)
_ALWAYS = frozenset(Phase)
_OVER = _ALWAYS - _OPEN

_FIELDS: tuple[tuple[str, Collection[Phase], Callable[[SpaceView], str | None]], ...] = (
    ("Started", {Phase.LIVE}, lambda space: moment(space.started_at)),
    ("Listeners", {Phase.LIVE}, lambda space: count_of(space.participant_count)),
    ("Starts", {Phase.SCHEDULED}, lambda space: moment(space.scheduled_start)),
    ("Duration", {Phase.ENDED}, _duration),
    ("Most listeners", {Phase.ENDED}, lambda space: count_of(space.peak)),
    ("On average", {Phase.ENDED}, lambda space: count_of(space.average)),
    ("Most listeners seen", {Phase.GONE}, lambda space: count_of(space.peak)),
    ("Co-hosts", _ALWAYS, lambda space: _participants(space.cohosts, space.more_cohosts)),
    ("Speakers", _OPEN, lambda space: _participants(space.speakers, space.more_speakers)),
    ("Who spoke", _OVER, lambda space: _participants(space.speakers)),
    ("Language", _OPEN, _language),
    ("Topics", _ALWAYS, lambda space: inert(", ".join(space.topics), FIELD_LIMIT)),
    ("Ticket", _OPEN, _ticket),
)
"""What a card shows below its headline: the name of each field, the phases it is shown in, and its text, if there is one."""


def lines(entries: Sequence[str], most: int) -> str:
    """As many of the entries as fit into `most` UTF-16 units, separated by blank lines."""
    kept: list[str] = []
    for entry in entries:
        if units("\n\n".join([*kept, entry])) > most:
            break
        kept.append(entry)
    return "\n\n".join(kept)
