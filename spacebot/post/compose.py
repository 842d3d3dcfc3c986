"""What people see of a Space: announcements and replies share one card, and nothing on it comes from X unescaped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import discord
from babel import Locale

from spacebot.ids import GuildId, RoleId, everyone
from spacebot.post.text import inert, plain, units
from spacebot.store.rows import GuildConfig, Host, Job, WatchLine
from spacebot.views import SpaceView, Watched, host_of
from spacebot.watch.lifecycle import Phase
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


def announcement(job: Job, *, quiet: bool = False) -> Card:
    """The message of a delivery as it ought to stand now; while the Space is live it mentions the job's roles.

    Args:
        job: The delivery.
        quiet: Mention nobody all the same.
    """
    space, host = job.space, job.host
    name = f"**{_name(host)}**"
    embed = _embed(SpaceView.of_record(space, host))
    embed.url = marker(space.url, job.kind)
    if space.phase is Phase.LIVE:
        roles = () if quiet else job.roles
        mentions = " ".join(mention(role, job.guild_id) for role in roles)
        return Card(
            content=f"{mentions} {name} is live in a Space on X.".strip(),
            embed=embed,
            buttons=(LinkButton(label="Listen", url=space.url),),
            roles=tuple(role for role in roles if role != everyone(job.guild_id)),
            everyone=everyone(job.guild_id) in roles,
        )
    ending = "has ended" if space.phase is Phase.ENDED else "is no longer visible"
    return Card(content=f"{name}'s Space {ending}.", embed=embed)


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
    name = f"**{_name(host)}** ({_handle(host)})"
    if not upcoming:
        return Card(content=f"{name} is not live, and has no Space scheduled.")
    embed = discord.Embed(title=f"{_name(host)} is not live; coming up", colour=SCHEDULED_COLOUR)
    _credit(embed, host)
    embed.description = _lines([_result(view) for view in upcoming], DESCRIPTION_LIMIT)
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
            description=_lines([_result(view) for view in chunk], DESCRIPTION_LIMIT),
            colour=LIVE_COLOUR if chunk[0].phase is Phase.LIVE else SCHEDULED_COLOUR,
        )
        count = f"{len(views)} found" + (", X may know of more" if truncated else "")
        embed.set_footer(text=f"{count} · page {number} of {len(chunks)}")
        pages.append(Card(embed=embed))
    return pages


def watch_pages(lines: Sequence[WatchLine], guild_id: GuildId) -> list[Card]:
    """A guild's watchlist, ten to a page."""
    if not lines:
        return [Card(content="This server follows nobody yet. Add a host with `/watch add`.")]
    chunks = [lines[at : at + WATCHES_PER_PAGE] for at in range(0, len(lines), WATCHES_PER_PAGE)]
    pages = []
    for number, chunk in enumerate(chunks, start=1):
        embed = discord.Embed(
            title="Followed hosts",
            description=_lines([_watch(line, guild_id) for line in chunk], DESCRIPTION_LIMIT),
            colour=SCHEDULED_COLOUR,
        )
        embed.set_footer(text=f"{len(lines)} followed · page {number} of {len(chunks)}")
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
    entries = [_account(host_of(user)) for user in page.items]
    return _paged("Ticket buyers of this Space; only you see them", entries, WATCHES_PER_PAGE)


NO_POSTS = Card(content="No posts were shared in this Space, or X does not show them.")
NO_BUYERS = Card(content="Nobody has bought a ticket for this Space yet.")


def _paged(title: str, entries: Sequence[str], size: int = RESULTS_PER_PAGE) -> list[Card]:
    chunks = [entries[at : at + size] for at in range(0, len(entries), size)]
    return [
        Card(embed=discord.Embed(title=title, description=_lines(chunk, DESCRIPTION_LIMIT), colour=SCHEDULED_COLOUR))
        for chunk in chunks
    ]


def _post(post: Post, page: Page[Post]) -> str:
    author = page.users.get(post.author_id) if post.author_id else None
    who = _account(host_of(author)) if author is not None else "Somebody"
    when = _moment(post.created_at)
    link = f"https://x.com/i/status/{post.id}"
    head = " · ".join(part for part in (who, when, f"[open]({link})") if part)
    return f"{head}\n{inert(post.text, 500)}" if post.text else head


def _account(host: Host) -> str:
    return f"**{_name(host, 80)}** ([{_handle(host)}]({host.url}))"


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
    name = f"**{_name(host)}** ({_handle(host)})"
    whom = f", mentioning {mention(line.role_id, guild_id)}" if line.role_id is not None else ""
    text = f"{'Following' if watched.is_new else 'Still following, changed:'} {name} → <#{line.channel_id}>{whom}."
    if watched.guild_channel_set:
        text += " That channel is this server's from now on; `/config channel` chooses another."
    if line.live is not None:
        text += " They are live right now: the announcement follows, unless it stands there already."
    if not watched.looked:
        text += " X does not answer at the moment; if they are live, the announcement follows when it does."
    return text


def unwatched_sentence(host: Host) -> str:
    """What `/watch remove` did."""
    return f"No longer following **{_name(host)}** ({_handle(host)})."


def host_choice(host: Host, most: int) -> str:
    """A host among the suggestions; these show text as it is."""
    return plain(f"{host.name} (@{host.username})", most)


def config_card(
    config: GuildConfig,
    lines: Sequence[WatchLine],
    guild_id: GuildId,
    *,
    obstacle: str | None,
    role_trouble: str | None,
    last_good_sweep: datetime | None,
    trouble: str | None,
) -> Card:
    """What is set up in a guild, and whether anything is in its way."""
    embed = discord.Embed(title="How this server hears of Spaces", colour=SCHEDULED_COLOUR)
    channel = f"<#{config.channel_id}>" if config.channel_id is not None else "none yet: `/config channel`"
    embed.add_field(name="Channel", value=f"{channel}\n⚠️ {obstacle}" if obstacle else channel, inline=False)
    role = mention(config.role_id, guild_id) if config.role_id is not None else "nobody: `/config role`"
    embed.add_field(name="Mentions", value=f"{role}\n⚠️ {role_trouble}" if role_trouble else role, inline=False)
    live = sum(line.live is not None for line in lines)
    paused = sum(line.paused is not None for line in lines)
    followed = f"{len(lines)} hosts, {live} live now" + (f", {paused} paused: see `/watch list`" if paused else "")
    embed.add_field(name="Follows", value=followed if lines else "nobody yet: `/watch add`", inline=False)
    asked = _moment(last_good_sweep) or "not yet"
    embed.add_field(name="X last asked", value=f"{asked}\n⚠️ {trouble}" if trouble else asked, inline=False)
    return Card(embed=embed)


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
    embed = discord.Embed(title=_title(space), url=space.url, colour=colour)
    if space.host is not None:
        _credit(embed, space.host)
    match space.phase:
        case Phase.LIVE:
            embed.description = "🔴 Live now"
            _field(embed, "Started", _moment(space.started_at))
            _field(embed, "Listeners", _count(space.participants))
        case Phase.SCHEDULED:
            embed.description = "🗓️ Scheduled"
            _field(embed, "Starts", _moment(space.scheduled_start))
        case Phase.ENDED:
            embed.description = "Ended"
            _field(embed, "Duration", lasting(space.duration) if space.duration is not None else None)
            _field(embed, "Most listeners", _count(space.peak))
        case Phase.GONE:
            embed.description = "No longer visible on X: it has ended, or was withdrawn."
            _field(embed, "Most listeners seen", _count(space.peak))
        case Phase.CANCELED:
            embed.description = "Canceled"
    _field(embed, "Co-hosts", _people(space.cohosts))
    _field(embed, "Speakers", _people(space.speakers))
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


def _title(space: SpaceView, most: int = TITLE_LIMIT) -> str:
    return inert(space.title or "", most) or "Untitled Space"


def _name(host: Host, most: int = 200) -> str:
    return inert(host.name, most) or inert(host.username, most) or "A host"


def _handle(host: Host) -> str:
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


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else f"<t:{int(moment.timestamp())}:R>"


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _people(people: Sequence[Host]) -> str | None:
    if not people:
        return None
    lines: list[str] = []
    for at, person in enumerate(people):
        line = f"{_name(person, 100)} ({_handle(person)})"
        more = f"and {len(people) - at} more"
        if sum(units(each) + 1 for each in (*lines, line, more)) > FIELD_LIMIT:
            return "\n".join([*lines, more])
        lines.append(line)
    return "\n".join(lines)


def _result(space: SpaceView) -> str:
    host = f" · {_name(space.host, 80)} ({_handle(space.host)})" if space.host is not None else ""
    if space.phase is Phase.LIVE:
        state = f"🔴 live · {_count(space.participants) or 'unknown number of'} listeners"
        when = _moment(space.started_at)
        state += f" · started {when}" if when else ""
    else:
        when = _moment(space.scheduled_start)
        state = f"🗓️ starts {when}" if when else "🗓️ scheduled"
    return f"**[{_title(space, 200)}]({space.url})**{host}\n{state}"


def _watch(line: WatchLine, guild_id: GuildId) -> str:
    host = line.watch.host
    parts = [f"**{_name(host, 80)}** ([{_handle(host)}]({host.url}))"]
    parts.append(f"→ <#{line.channel_id}>" if line.channel_id is not None else "→ no channel yet: `/config channel`")
    if line.role_id is not None:
        parts.append(mention(line.role_id, guild_id))
    parts.append(f"🔴 [live now]({line.live.url})" if line.live is not None else "not live")
    text = " · ".join(parts)
    return f"{text}\n⚠️ paused: {line.paused}" if line.paused else text


def _lines(entries: Sequence[str], most: int) -> str:
    kept: list[str] = []
    for entry in entries:
        if units("\n\n".join([*kept, entry])) > most:
            break
        kept.append(entry)
    return "\n\n".join(kept)
