"""One message as people see it, and how a Space and its participants are shown on it; text from X is escaped."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import discord

from spacebot.domain.accounts import Host
from spacebot.domain.ids import GuildId, RoleId, everyone
from spacebot.domain.languages import current
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SpaceView
from spacebot.present.language import N_, _, listed, locale, n_, number
from spacebot.present.limits import TITLE_LIMIT
from spacebot.present.sparkline import sparkline
from spacebot.present.text import inert, plain, units

LIVE_COLOUR = discord.Colour(0xE0245E)
SCHEDULED_COLOUR = discord.Colour(0x1D9BF0)
OVER_COLOUR = discord.Colour(0x8899A6)

COLOURS = {
    Phase.SCHEDULED: SCHEDULED_COLOUR,
    Phase.LIVE: LIVE_COLOUR,
    Phase.ENDED: OVER_COLOUR,
    Phase.CANCELED: OVER_COLOUR,
    Phase.GONE: OVER_COLOUR,
}

SHORT_TITLE = 140
"""The most UTF-16 units of a Space's title on its card."""

FEW = 3
"""So many co-hosts, and so many speakers, are named on an announcement."""

FEW_INVITED = 5
"""So many who are invited to speak."""

MANY = 12
"""So many where somebody has asked about the Space."""

NO_LANGUAGE = {"und", "zxx"}
"""Codes for 'undetermined' and 'no linguistic content'."""

_SMALL = re.compile(r"_normal(\.\w+)$", re.ASCII)
"""The end of the address of a picture of 48 x 48; X has it in other sizes beside it."""

_PICTURE = re.compile(r"https?://[\w.-]+(:\d+)?/[!-~]{1,1900}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkButton:
    """A button that opens an address."""

    label: str
    url: str
    emoji: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionButton:
    """A button that asks the bot something, whenever it is pressed; what handles `custom_id` stands in a cog."""

    label: str
    custom_id: str
    emoji: str | None = None


Button = LinkButton | ActionButton


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFace:
    """A Space as an event of a guild, as people see it."""

    name: str
    """Without markdown, 1 to 100 UTF-16 units."""
    description: str
    location: str
    """The Space's address, by which the event is found again."""
    phase: Phase
    start: datetime | None
    """None where it is not to be set: it has passed, or X does not say."""
    end: datetime | None
    """Until when it lasts at most; None where it is not to be set."""
    picture: str | None
    """The address of the host's picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One message: its text, embed and buttons, and the only roles that it may mention."""

    content: str | None = None
    embed: discord.Embed | None = None
    buttons: tuple[Button, ...] = ()
    roles: tuple[RoleId, ...] = ()
    everyone: bool = False
    post_title: str = field(default_factory=lambda: _("X Space"))
    """What it is called as a post of a forum, without markdown, at most 100 UTF-16 units."""
    is_over: bool = False
    """Whether nothing more is to come: a post of a forum is closed."""
    event: EventFace | None = None
    """What it is instead of a message: an event of the guild."""


def links(phase: Phase, url: str) -> tuple[LinkButton, ...]:
    """The button that leads to a Space while it is live or scheduled."""
    match phase:
        case Phase.LIVE:
            return (LinkButton(label=_("Listen"), url=url, emoji="🎧"),)
        case Phase.SCHEDULED:
            return (LinkButton(label=_("Open on X"), url=url),)
        case _:
            return ()


def account(host: Host) -> str:
    """A person on X, with a link."""
    return f"**{name_of(host, 80)}** ([{handle(host)}]({host.url}))"


def language_name(code: str) -> str:
    """The name of a language in the one that is spoken; the code itself if it has none.

    Args:
        code: As X gives it: 'pt-BR' is 'Brazilian Portuguese' in English.
    """
    names = locale().languages
    whole = current(code).replace("-", "_")
    name = names.get(whole) or names.get(whole.partition("_")[0].lower())
    return str(name) if name else code


def mention(role: RoleId, guild_id: GuildId) -> str:
    """How a role is mentioned; @everyone is the role whose id is the guild's."""
    return "@everyone" if role == everyone(guild_id) else f"<@&{role}>"


def mentions(roles: Iterable[RoleId], guild_id: GuildId) -> str:
    """How several roles are mentioned in a sentence."""
    return listed(mention(role, guild_id) for role in roles)


def lasting(duration: timedelta) -> str:
    """A duration in words: '45 min', '1 h 5 min'."""
    minutes = max(1, round(duration.total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("{minutes} min", minutes=rest)
    return _("{hours} h {minutes} min", hours=hours, minutes=rest) if rest else _("{hours} h", hours=hours)


def space_embed(space: SpaceView, *, state: Phase | None = None, is_detailed: bool = False) -> discord.Embed:
    """A Space in a few lines: how it stands, who takes part, what it is about; with the host's picture.

    Args:
        space: The Space as it is to be shown.
        state: What its first line and its colour tell instead, if that is no longer the phase in which the rest shows it.
        is_detailed: Whether more people are named, and the language and the topics told.
    """
    how = state_of(space) if state is None else _left(space, state)
    people = _participants(space, MANY if is_detailed else FEW)
    facts = (how, people, _invited(space), _ticket(space), _about(space) if is_detailed else _topics(space))
    embed = discord.Embed(
        title=title_of(space.title, SHORT_TITLE),
        url=space.url,
        colour=COLOURS[state or space.phase],
        description="\n".join(fact for fact in facts if fact),
    )
    picture = large_picture(space.host) if space.host is not None else None
    if picture is not None:
        embed.set_thumbnail(url=picture)
    return embed


def state_of(space: SpaceView) -> str:
    """How a Space stands: its state, its listeners and its times."""
    return _STATES[space.phase](space)


def title_of(title: str | None, most: int = TITLE_LIMIT) -> str:
    """A Space's title, escaped."""
    return inert(title or "", most) or _("Untitled Space")


def name_of(host: Host, most: int = 200) -> str:
    return inert(host.name, most) or inert(host.username, most) or _("A host")


def handle(host: Host) -> str:
    """A person's handle, escaped."""
    return inert(f"@{host.username or host.user_id}", 40)


def credit(embed: discord.Embed, host: Host) -> None:
    """Say above an embed whose it is, with a picture unless the embed has one."""
    picture = None if embed.thumbnail.url else _picture(host)
    embed.set_author(name=plain(f"{host.name} (@{host.username})"), url=host.url, icon_url=picture)


def _picture(host: Host) -> str | None:
    """The address of a host's picture, if Discord can parse it: else it refuses the whole message."""
    return host.picture if host.picture and _PICTURE.fullmatch(host.picture) else None


def large_picture(host: Host) -> str | None:
    """The same, in 400 by 400 pixels where X has it so."""
    picture = _picture(host)
    return None if picture is None else _SMALL.sub(r"_400x400\1", picture)


def moment(when: datetime | None) -> str | None:
    """A time in Discord's markup, which each reader sees relative to now."""
    return None if when is None else f"<t:{int(when.timestamp())}:R>"


def date_and_moment(when: datetime, *, bold: bool = False) -> str:
    """A time in Discord's markup: the date and hour in the reader's own zone, and how far from now that is."""
    date = f"<t:{int(when.timestamp())}:F>"
    return f"{f'**{date}**' if bold else date} · {moment(when)}"


def count_of(count: int | None) -> str | None:
    return None if count is None else number(count)


def few(people: Sequence[Host], most: int, unnamed: int = 0) -> str | None:
    """The first names of a list, and how many more there are: 'A, B and 7 more'."""
    names = [name_of(person, 60) for person in people[:most]]
    rest = len(people) - len(names) + unnamed
    if not names:
        return n_("{count} person", "{count} people", rest) if rest else None
    if not rest:
        return listed(names)
    return n_("{names} and {count} more", "{names} and {count} more", rest, names=listed(names))


def _participants(space: SpaceView, most: int) -> str | None:
    cohosts = few(space.cohosts, most, space.more_cohosts)
    speakers = few(space.speakers, most, space.more_speakers)
    told = [_("With {cohosts}", cohosts=cohosts)] if cohosts else []
    if space.phase.is_open:
        if speakers:
            told.append(
                _("on stage {speakers}", speakers=speakers) if told else _("On stage {speakers}", speakers=speakers)
            )
        return " · ".join(told) or None
    if speakers:
        count = len(space.speakers) + space.more_speakers
        told.append(n_("{speakers} spoke", "{speakers} spoke", count, speakers=speakers))
    return f"-# {' · '.join(told)}" if told else None


def _invited(space: SpaceView) -> str | None:
    """Who is to speak in a scheduled Space."""
    if space.phase is not Phase.SCHEDULED:
        return None
    names = few(space.invited, FEW_INVITED, space.more_invited)
    return _("Invited to speak: {names}", names=names) if names else None


def _topics(space: SpaceView) -> str | None:
    """The topics of a scheduled Space, on an announcement."""
    if space.phase is not Phase.SCHEDULED or not space.topics:
        return None
    topics = inert(", ".join(space.topics), 300)
    return "-# " + _("Topics: {topics}", topics=topics) if topics else None


def _ticket(space: SpaceView) -> str | None:
    return _("🎟️ A ticket is needed to listen") if space.is_ticketed and space.phase.is_open else None


def _about(space: SpaceView) -> str | None:
    """The language and the topics."""
    language = inert(language_name(space.lang), 60) if space.lang and space.lang not in NO_LANGUAGE else ""
    topics = inert(listed(space.topics), 300)
    told = [part for part in (language, topics) if part]
    return f"-# {' · '.join(told)}" if told else None


def _live(space: SpaceView) -> str:
    count, since = space.participant_count, moment(space.started_at)
    told = [_("🔴 **Live**")]
    told += [n_("{count} listening", "{count} listening", count)] if count is not None else []
    told += [_("started {when}", when=since)] if since is not None else []
    return " · ".join(told)


def _scheduled(space: SpaceView) -> str:
    start = space.scheduled_start
    return _("🗓️ **Scheduled**") if start is None else f"🗓️ {date_and_moment(start, bold=True)}"


def _ended(space: SpaceView) -> str:
    told = [f"**{lasting(space.duration)}**"] if space.duration is not None else []
    return _with_course(" · ".join(told + _numbers(space)) or f"**{_(_OVER[Phase.ENDED])}**", space)


def _gone(space: SpaceView) -> str:
    told = [_("No longer visible on X: it has ended, or was withdrawn"), *_numbers(space)]
    return _with_course(" · ".join(told), space)


def _canceled(space: SpaceView) -> str:
    start = space.scheduled_start
    told = [f"**{_(_OVER[Phase.CANCELED])}**"]
    told += [_("was to start {when}", when=f"<t:{int(start.timestamp())}:F>")] if start is not None else []
    return " · ".join(told)


def _numbers(space: SpaceView) -> list[str]:
    """The listeners that were seen."""
    told = [_("peak **{count}**", count=space.peak)] if space.peak is not None else []
    return told + ([_("average {count}", count=space.average)] if space.average is not None else [])


def _with_course(line: str, space: SpaceView) -> str:
    drawn = sparkline(space.curve)
    return "\n".join([line, _("{curve} listeners over time", curve=f"`{drawn}`")]) if drawn else line


def _left(space: SpaceView, state: Phase) -> str:
    """The first line of what is left as it was, but for saying that it is over."""
    when = f" · {date_and_moment(space.ended_at)}" if state is Phase.ENDED and space.ended_at is not None else ""
    return f"**{_(_OVER[state])}**{when}"


_STATES: dict[Phase, Callable[[SpaceView], str]] = {
    Phase.SCHEDULED: _scheduled,
    Phase.LIVE: _live,
    Phase.ENDED: _ended,
    Phase.CANCELED: _canceled,
    Phase.GONE: _gone,
}
"""How a Space stands, in one line or two."""

_OVER = {Phase.ENDED: N_("Ended"), Phase.CANCELED: N_("Canceled"), Phase.GONE: N_("No longer visible on X")}


def lines(entries: Sequence[str], most: int) -> str:
    """As many of the entries as fit into `most` UTF-16 units, separated by blank lines."""
    kept: list[str] = []
    for entry in entries:
        if units("\n\n".join([*kept, entry])) > most:
            break
        kept.append(entry)
    return "\n\n".join(kept)
