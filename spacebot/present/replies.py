"""What people are answered: one card, several pages, or one sentence."""

from collections.abc import Sequence

import discord

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.guilds import Keyword, WatchLine
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.domain.spaces import Phase
from spacebot.domain.views import KeywordWatched, SpaceView, Watched
from spacebot.present.card import (
    LIVE_COLOUR,
    SCHEDULED_COLOUR,
    Card,
    LinkButton,
    account,
    count_of,
    credit,
    handle,
    language_name,
    lasting,
    lines,
    mention,
    moment,
    name_of,
    space_embed,
    title_of,
)
from spacebot.present.limits import DESCRIPTION_LIMIT
from spacebot.present.text import inert, plain
from spacebot.x.model import Page, User
from spacebot.x.posts import Post
from spacebot.x.translation import host_of

RESULTS_PER_PAGE = 5
WATCHES_PER_PAGE = 10

KEYWORD_COST = (
    "X bills each Space that a search returns, up to 100 a search, once a day: at $0.005 each up to $0.50 at first, and"
    " then what is new. Its host is billed only where it is announced."
)

STANDINGS = {
    Standing.SUSPENDED: "X has suspended this account; if it comes back, I go on by myself",
    Standing.PROTECTED: "this account is protected now: X shows its Spaces only to its followers",
    Standing.GONE: "X no longer shows this account; if it comes back, I go on by myself",
}


def space_reply(view: SpaceView) -> Card:
    """The answer to `/space`: the card while there is something to hear or to come, else one plain sentence."""
    match view.phase:
        case Phase.LIVE | Phase.SCHEDULED:
            label = "Listen" if view.phase is Phase.LIVE else "Open on X"
            return Card(embed=space_embed(view), buttons=(LinkButton(label=label, url=view.url),))
        case Phase.CANCELED:
            return Card(content=f"{_subject(view)} was canceled before it began.")
        case Phase.ENDED:
            return Card(content=f"{_subject(view)} has ended{_lasted(view, ', after ')}.")
        case _:
            return Card(content=f"{_subject(view)} cannot be seen on X at the moment.")


def upcoming_reply(host: Host, upcoming: Sequence[SpaceView]) -> Card:
    """The answer to `/host-live` for a host who is not: what is to come, else one sentence."""
    name = f"**{name_of(host)}** ({handle(host)})"
    if not upcoming:
        return Card(content=f"{name} is not live, and has no Space scheduled.")
    embed = discord.Embed(title=f"{name_of(host)} is not live; coming up", colour=SCHEDULED_COLOUR)
    credit(embed, host)
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


def watched_sentence(watched: Watched, guild_id: GuildId) -> str:
    """What `/watch add` did, and what comes of it."""
    line = watched.line
    host = line.watch.host
    name = f"**{name_of(host)}** ({handle(host)})"
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
    return f"No longer following **{name_of(host)}** ({handle(host)})."


def host_choice(host: Host, most: int) -> str:
    """A host among the suggestions; these show text as it is."""
    return plain(f"{host.name} (@{host.username})", most)


def _subject(view: SpaceView) -> str:
    words = inert(view.title or "", 300)
    title = f"“{words}”" if words else "That Space"
    return f"{title} by **{name_of(view.host)}**" if view.host is not None else title


def _lasted(space: SpaceView, before: str) -> str:
    return before + lasting(space.duration) if space.duration is not None else ""


def _result(space: SpaceView) -> str:
    host = f" · {name_of(space.host, 80)} ({handle(space.host)})" if space.host is not None else ""
    if space.phase is Phase.LIVE:
        state = f"🔴 live · {count_of(space.participant_count) or 'unknown number of'} listeners"
        when = moment(space.started_at)
        state += f" · started {when}" if when else ""
    else:
        when = moment(space.scheduled_start)
        state = f"🗓️ starts {when}" if when else "🗓️ scheduled"
    return f"**[{title_of(space.title, 200)}]({space.url})**{host}\n{state}"


def _watch(line: WatchLine, guild_id: GuildId) -> str:
    host = line.watch.host
    parts = [f"**{name_of(host, 80)}** ([{handle(host)}]({host.url}))"]
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
