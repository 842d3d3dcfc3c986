"""What people see of a Space: announcements and replies share one card, and nothing on it comes from X unescaped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import discord
from babel import Locale

from spacebot.ids import ChannelId, GuildId, RoleId, everyone
from spacebot.post.text import inert, plain, units
from spacebot.store.rows import Host, Job, Keyword, Kind, Standing, WatchLine
from spacebot.views import KeywordWatched, SpaceView, Watched, host_of
from spacebot.watch.lifecycle import Phase, SpaceRecord
from spacebot.x.model import Page, Post, User

LIVE_COLOUR = discord.Colour(0xE0245E)
SCHEDULED_COLOUR = discord.Colour(0x1D9BF0)
OVER_COLOUR = discord.Colour(0x8899A6)

RESULTS_PER_PAGE = 5
WATCHES_PER_PAGE = 10

OLD_LANGUAGES = {"iw": "he", "in": "id", "ji": "yi"}
"""Codes that were withdrawn in 1989 and that X still uses."""

NO_LANGUAGE = {"und", "zxx"}
"""Codes for 'not determined' and 'nothing said'."""

ENDINGS = {
    Phase.ENDED: "has ended",
    Phase.CANCELED: "was canceled before it began",
    Phase.GONE: "is no longer visible",
}

KEYWORD_COST = (
    "X bills each Space that a search returns, up to 100 a search, once a day: at $0.005 each up to $0.50 at first, and"
    " then what is new. Its host is billed only where it is announced."
)

STANDINGS = {
    Standing.SUSPENDED: "X has suspended this account; if it comes back, I go on by myself",
    Standing.PROTECTED: "this account is protected now: X shows its Spaces only to its followers",
    Standing.GONE: "X no longer shows this account; if it comes back, I go on by myself",
}

_PICTURE = re.compile(r"https?://[\w.-]+(:\d+)?/[!-~]{1,1900}", re.ASCII)

LATE = timedelta(minutes=5)
"""What is announced so long after its start says since when it is on."""

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


def announcement(job: Job, at: datetime, *, quiet: bool = False) -> Card:
    """The message of a delivery as it ought to stand now; while it is news it mentions the job's roles.

    Args:
        job: The delivery.
        at: When it is sent, or was: what is announced late says since when the Space is live.
        quiet: Mention nobody.
    """
    space = job.space
    view = SpaceView.of_record(space, job.host, cohosts=job.cohosts, speakers=job.speakers)
    embed = _embed(view)
    embed.url = marker(space.url, job.kind)
    rings = not quiet and job.kind.fits(space.phase) and job.kind in {Kind.LIVE, Kind.REMINDER}
    roles = job.roles if rings else ()
    mentions = " ".join(mention(role, job.guild_id) for role in roles)
    buttons = {
        Phase.LIVE: (LinkButton(label="Listen", url=space.url),),
        Phase.SCHEDULED: (LinkButton(label="Open on X", url=space.url),),
    }
    return Card(
        content=f"{mentions} {_news(job, at)}".strip(),
        embed=embed,
        buttons=buttons.get(space.phase, ()),
        roles=tuple(role for role in roles if role != everyone(job.guild_id)),
        everyone=everyone(job.guild_id) in roles,
    )


def is_late(space: SpaceRecord, at: datetime, least: timedelta) -> bool:
    """Whether the Space had been live for so long by then."""
    began = space.started_at or space.live_seen_at
    return began is not None and at - began >= least


def _news(job: Job, at: datetime) -> str:
    """What has happened, in one sentence."""
    space, name = job.space, f"**{_name(job.host)}**"
    match space.phase:
        case Phase.LIVE:
            began = space.started_at or space.live_seen_at
            late = job.kind is Kind.LIVE and is_late(space, at, LATE)
            since = f", since <t:{int(began.timestamp())}:t>" if late and began is not None else ""
            if job.guest is None:
                return f"{name} is live in a Space on X{since}."
            return f"**{_name(job.guest)}** is in a Space of {name} on X{since}."
        case Phase.SCHEDULED:
            start = f"<t:{int(space.scheduled_start.timestamp())}:R>" if space.scheduled_start is not None else "soon"
            reminds = job.kind is Kind.REMINDER
            return (
                f"{name}'s Space on X starts {start}."
                if reminds
                else f"{name} has scheduled a Space: it starts {start}."
            )
        case over:
            return f"{name}'s Space {ENDINGS[over]}."


def marker(url: str, kind: str) -> str:
    """The embed address by which a message of ours is found again in a channel's history."""
    return f"{url}#{kind}"


def space_reply(view: SpaceView) -> Card:
    """The answer to `/space`: the card while there is something to hear or to come, else one plain sentence."""
    match view.phase:
        case Phase.LIVE | Phase.SCHEDULED:
            label = "Listen" if view.phase is Phase.LIVE else "Open on X"
            return Card(embed=_embed(view), buttons=(LinkButton(label=label, url=view.url),))
        case Phase.CANCELED:
            return Card(content=f"{_subject(view)} was canceled before it began.")
        case Phase.ENDED:
            return Card(content=f"{_subject(view)} has ended{_lasted(view, ', after ')}.")
        case _:
            return Card(content=f"{_subject(view)} cannot be seen on X at the moment.")


def upcoming_reply(host: Host, upcoming: Sequence[SpaceView]) -> Card:
    """The answer to `/host-live` for a host who is not: what is to come, else one sentence."""
    name = f"**{_name(host)}** ({handle(host)})"
    if not upcoming:
        return Card(content=f"{name} is not live, and has no Space scheduled.")
    embed = discord.Embed(title=f"{_name(host)} is not live; coming up", colour=SCHEDULED_COLOUR)
    _credit(embed, host)
    embed.description = lines([_result(view) for view in upcoming], DESCRIPTION_LIMIT)
    return Card(embed=embed)


def search_pages(query: str, views: Sequence[SpaceView], *, truncated: bool) -> list[Card]:
    """The results of a search, five to a page; one card that says what to try where there are none."""
    if not views:
        return [
            Card(
                content=(
                    f"No Space on X has “{inert(query, 200)}” in its title right now. X matches whole words of the"
                    " title: try a single word, another spelling, or `state: all`."
                )
            )
        ]
    pages = []
    chunks = [views[at : at + RESULTS_PER_PAGE] for at in range(0, len(views), RESULTS_PER_PAGE)]
    for number, chunk in enumerate(chunks, start=1):
        embed = discord.Embed(
            title=f"Spaces about “{inert(query, 200)}”",
            description=lines([_result(view) for view in chunk], DESCRIPTION_LIMIT),
            colour=LIVE_COLOUR if chunk[0].phase is Phase.LIVE else SCHEDULED_COLOUR,
        )
        count = f"{len(views)} found" + (", X may know of more" if truncated else "")
        embed.set_footer(text=f"{count} · page {number} of {len(chunks)}")
        pages.append(Card(embed=embed))
    return pages


def watch_pages(watches: Sequence[WatchLine], guild_id: GuildId) -> list[Card]:
    """A guild's watchlist, ten to a page."""
    if not watches:
        return [Card(content="This server follows nobody yet. Add a host with `/watch add`.")]
    chunks = [watches[at : at + WATCHES_PER_PAGE] for at in range(0, len(watches), WATCHES_PER_PAGE)]
    pages = []
    for number, chunk in enumerate(chunks, start=1):
        embed = discord.Embed(
            title="Followed hosts",
            description=lines([_watch(line, guild_id) for line in chunk], DESCRIPTION_LIMIT),
            colour=SCHEDULED_COLOUR,
        )
        embed.set_footer(text=f"{len(watches)} followed · page {number} of {len(chunks)}")
        pages.append(Card(embed=embed))
    return pages


def reminders_sentence(reminders: int) -> str:
    """What only the creator of a Space is told."""
    people = "1 person has" if reminders == 1 else f"{reminders:,} people have"
    return f"Only you see this: {people} set a reminder for this Space."


def post_pages(page: Page[Post]) -> list[Card]:
    """Posts shared in a Space, five to a page, with authors and links."""
    return _paged("Posts shared in this Space", [_post(post, page) for post in page.items])


def buyer_pages(page: Page[User]) -> list[Card]:
    """Who bought a ticket, ten to a page."""
    entries = [account(host_of(user)) for user in page.items]
    return _paged("Ticket buyers of this Space; only you see them", entries, WATCHES_PER_PAGE)


NO_POSTS = Card(content="No posts were shared in this Space, or X does not show them.")
NO_BUYERS = Card(content="Nobody has bought a ticket for this Space yet.")


def _paged(title: str, entries: Sequence[str], size: int = RESULTS_PER_PAGE) -> list[Card]:
    chunks = [entries[at : at + size] for at in range(0, len(entries), size)]
    return [
        Card(embed=discord.Embed(title=title, description=lines(chunk, DESCRIPTION_LIMIT), colour=SCHEDULED_COLOUR))
        for chunk in chunks
    ]


def _post(post: Post, page: Page[Post]) -> str:
    author = page.users.get(post.author_id) if post.author_id else None
    who = account(host_of(author)) if author is not None else "Somebody"
    when = moment(post.created_at)
    link = f"https://x.com/i/status/{post.id}"
    head = " · ".join(part for part in (who, when, f"[open]({link})") if part)
    return f"{head}\n{inert(post.text, 500)}" if post.text else head


def account(host: Host) -> str:
    """A person on X, with a link."""
    return f"**{_name(host, 80)}** ([{handle(host)}]({host.url}))"


def language_name(code: str) -> str:
    """The English name of a language, as 'Brazilian Portuguese' for 'pt-BR'; the code itself where there is none."""
    names = Locale("en").languages
    whole = code.replace("-", "_")
    primary = whole.partition("_")[0].lower()
    name = names.get(whole) or names.get(OLD_LANGUAGES.get(primary, primary))
    return str(name) if name else code


def watched_sentence(watched: Watched, guild_id: GuildId) -> str:
    """What `/watch add` did, and what comes of it."""
    line = watched.line
    host = line.watch.host
    name = f"**{_name(host)}** ({handle(host)})"
    whom = f", mentioning {mention(line.role_id, guild_id)}" if line.role_id is not None else ""
    text = f"{'Following' if watched.is_new else 'Still following, changed:'} {name} → <#{line.channel_id}>{whom}."
    if watched.guild_channel_set:
        text += " That channel is this server's from now on; `/config channel` chooses another."
    if line.live is not None:
        text += " They are live right now: the announcement follows, unless it stands there already."
    if not watched.looked:
        text += " X does not answer at the moment; if they are live, the announcement follows when it does."
    return text


def keyword_sentence(watched: KeywordWatched, guild_id: GuildId) -> str:
    """What `/watch keyword add` did, and what it may cost."""
    words = "Watching for" if watched.is_new else "Still watching, changed:"
    text = f"{words} {_keyword(watched.keyword, watched.channel_id, guild_id)}."
    if watched.guild_channel_set:
        text += " That channel is this server's from now on; `/config channel` chooses another."
    return f"{text}\n{KEYWORD_COST}"


def keyword_pages(keywords: Sequence[Keyword], channel_id: ChannelId | None, guild_id: GuildId) -> list[Card]:
    """What a guild watches for, ten to a page."""
    if not keywords:
        return [Card(content="This server watches for no words. Add some with `/watch keyword add`.")]
    entries = [_keyword(keyword, keyword.channel_id or channel_id, guild_id) for keyword in keywords]
    return _paged("Keywords", entries, WATCHES_PER_PAGE)


def _keyword(keyword: Keyword, channel_id: ChannelId | None, guild_id: GuildId) -> str:
    parts = [f"“{inert(keyword.text, 200)}”"]
    if keyword.lang is not None:
        parts.append(f"in {language_name(keyword.lang)}")
    if keyword.least is not None:
        parts.append(f"from {keyword.least:,} listeners")
    if keyword.ticketed is not None:
        parts.append("with a ticket" if keyword.ticketed else "without a ticket")
    parts.append(f"→ <#{channel_id}>" if channel_id is not None else "→ no channel yet: `/config channel`")
    if keyword.role_id is not None:
        parts.append(mention(keyword.role_id, guild_id))
    return " · ".join(parts)


def unwatched_sentence(host: Host) -> str:
    """What `/watch remove` did."""
    return f"No longer following **{_name(host)}** ({handle(host)})."


def host_choice(host: Host, most: int) -> str:
    """A host among the suggestions; these show text as it is."""
    return plain(f"{host.name} (@{host.username})", most)


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


def _embed(space: SpaceView) -> discord.Embed:
    colour = {Phase.LIVE: LIVE_COLOUR, Phase.SCHEDULED: SCHEDULED_COLOUR}.get(space.phase, OVER_COLOUR)
    embed = discord.Embed(title=title_of(space.title), url=space.url, colour=colour)
    if space.host is not None:
        _credit(embed, space.host)
    match space.phase:
        case Phase.LIVE:
            embed.description = "🔴 Live now"
            _field(embed, "Started", moment(space.started_at))
            _field(embed, "Listeners", _count(space.participants))
        case Phase.SCHEDULED:
            embed.description = "🗓️ Scheduled"
            _field(embed, "Starts", moment(space.scheduled_start))
        case Phase.ENDED:
            embed.description = "Ended"
            _field(embed, "Duration", lasting(space.duration) if space.duration is not None else None)
            _field(embed, "Most listeners", _count(space.peak))
            _field(embed, "On average", _count(space.average))
        case Phase.GONE:
            embed.description = "No longer visible on X: it has ended, or was withdrawn."
            _field(embed, "Most listeners seen", _count(space.peak))
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


def _name(host: Host, most: int = 200) -> str:
    return inert(host.name, most) or inert(host.username, most) or "A host"


def handle(host: Host) -> str:
    """A person's handle, harmless."""
    return inert(f"@{host.username or host.user_id}", 40)


def _subject(view: SpaceView) -> str:
    words = inert(view.title or "", 300)
    title = f"“{words}”" if words else "That Space"
    return f"{title} by **{_name(view.host)}**" if view.host is not None else title


def _lasted(space: SpaceView, before: str) -> str:
    return before + lasting(space.duration) if space.duration is not None else ""


def _credit(embed: discord.Embed, host: Host) -> None:
    # Discord refuses the whole message for a picture whose address it cannot read.
    picture = host.picture if host.picture and _PICTURE.fullmatch(host.picture) else None
    embed.set_author(name=plain(f"{host.name} (@{host.username})"), url=host.url, icon_url=picture)


def _field(embed: discord.Embed, name: str, value: str | None) -> None:
    if value:
        embed.add_field(name=name, value=value, inline=True)


def moment(when: datetime | None) -> str | None:
    """A time as Discord shows it to each reader, relative to now."""
    return None if when is None else f"<t:{int(when.timestamp())}:R>"


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _people(people: Sequence[Host]) -> str | None:
    if not people:
        return None
    rows: list[str] = []
    for at, person in enumerate(people):
        line = f"{_name(person, 100)} ({handle(person)})"
        more = f"and {len(people) - at} more"
        if sum(units(each) + 1 for each in (*rows, line, more)) > FIELD_LIMIT:
            return "\n".join([*rows, more])
        rows.append(line)
    return "\n".join(rows)


def _result(space: SpaceView) -> str:
    host = f" · {_name(space.host, 80)} ({handle(space.host)})" if space.host is not None else ""
    if space.phase is Phase.LIVE:
        state = f"🔴 live · {_count(space.participants) or 'unknown number of'} listeners"
        when = moment(space.started_at)
        state += f" · started {when}" if when else ""
    else:
        when = moment(space.scheduled_start)
        state = f"🗓️ starts {when}" if when else "🗓️ scheduled"
    return f"**[{title_of(space.title, 200)}]({space.url})**{host}\n{state}"


def _watch(line: WatchLine, guild_id: GuildId) -> str:
    host = line.watch.host
    parts = [f"**{_name(host, 80)}** ([{handle(host)}]({host.url}))"]
    parts.append(f"→ <#{line.channel_id}>" if line.channel_id is not None else "→ no channel yet: `/config channel`")
    if line.role_id is not None:
        parts.append(mention(line.role_id, guild_id))
    parts.append(f"🔴 [live now]({line.live.url})" if line.live is not None else "not live")
    if line.watch.also_cohost:
        parts.append("also as co-host or speaker")
    text = " · ".join(parts)
    if host.standing is not None:
        text += f"\n⚠️ {STANDINGS[host.standing]}"
    return f"{text}\n⚠️ paused: {line.paused}" if line.paused else text


def lines(entries: Sequence[str], most: int) -> str:
    """As many of the entries as there is room for, apart from each other."""
    kept: list[str] = []
    for entry in entries:
        if units("\n\n".join([*kept, entry])) > most:
            break
        kept.append(entry)
    return "\n\n".join(kept)
