"""A guild's followed hosts and keywords as admins read them, and the answers of `/watch …`."""

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.guilds import Keyword, WatchLine
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.domain.views import InTheWay, SetUp, Watched
from spacebot.present.card import Card, account, handle, mentions, name_of
from spacebot.present.filters import filters_text, language_text, tickets_text
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.paging import paged
from spacebot.present.reasons import in_the_way
from spacebot.present.status import fitting
from spacebot.present.text import inert, plain
from spacebot.present.words import counted

WATCHES_PER_PAGE = 10

KEYWORD_COST = (
    "X bills each Space that a search returns, up to 100 a search, once a day: at $0.005 each up to $0.50 at first, and"
    " then what is new. Its host is billed only where it is announced."
)

IN_THE_WAY = "In the way"

ASK_CHANNEL = (
    "This server has no channel for posts yet. Nothing is posted until it has one; then whoever is live is announced. Use"
    " this channel?"
)
THIS = "this-channel"
LATER = "Choose later"
CHOSEN_LATER = "Then choose one with `/setup` or `/config channel`; nothing is posted until then."

NOTHING_FOUND = InTheWay()

STANDINGS = {
    Standing.SUSPENDED: "X has suspended this account; if it comes back, I go on by myself",
    Standing.PROTECTED: "this account is protected now: X shows its Spaces only to its followers",
    Standing.GONE: "X no longer shows this account; if it comes back, I go on by myself",
}


def use_this(channel: str) -> str:
    """What the button says that makes a channel the guild's."""
    return plain(f"Use #{channel}", 80)


def watch_pages(set_up: SetUp, found: InTheWay, guild_id: GuildId) -> list[Card]:
    """The hosts that a guild follows, ten to a page; what is in the way is told once, before them."""
    watches = set_up.watches
    if not watches:
        return [Card(content="This server follows nobody yet. Add a host with `/watch add`.")]
    total = f"{len(watches)} followed"
    pages = paged(
        "Followed hosts", watches, lambda line: _watch(line, found, guild_id), size=WATCHES_PER_PAGE, total=total
    )
    return _with(pages, found)


def _with(pages: list[Card], found: InTheWay) -> list[Card]:
    """The pages, with what is in the way on the first."""
    trouble = fitting(in_the_way(found), FIELD_LIMIT)
    if trouble and pages[0].embed is not None:
        pages[0].embed.add_field(name=IN_THE_WAY, value=trouble, inline=False)
    return pages


def watched_sentence(watched: Watched[WatchLine], guild_id: GuildId) -> str:
    """What `/watch add` did, and what happens next."""
    line = watched.line
    host = line.watch.host
    name = f"**{name_of(host)}** ({handle(host)})"
    if not watched.changed:
        return f"{name} is already followed, nothing changed{_where(line, guild_id, ': ')}."
    text = f"{'Following' if watched.is_new else 'Still following, changed:'} {name}{_where(line, guild_id, ' ')}."
    if line.channel_id is None:
        return text
    if line.live is not None:
        text += " They are live right now: the post follows, unless it is there already."
    if not watched.looked:
        text += " X does not answer at the moment; if they are live, the post follows when it does."
    return text


def reset_sentence(watched: Watched[WatchLine], guild_id: GuildId) -> str:
    """What `/watch reset` did."""
    name = f"**{name_of(watched.line.watch.host)}** ({handle(watched.line.watch.host)})"
    return f"{name} {_reset(watched)}{_where(watched.line, guild_id, ': ')}."


def keyword_reset_sentence(watched: Watched[Keyword], guild_id: GuildId) -> str:
    """What `/watch keyword reset` did."""
    return f"{_keyword(watched.line, watched.line.channel_id, guild_id)}: {_reset(watched)}."


def _reset(watched: Watched[WatchLine] | Watched[Keyword]) -> str:
    if watched.changed:
        return "uses this server's settings from now on"
    return "uses this server's settings already, nothing changed"


def _where(line: WatchLine, guild_id: GuildId, before: str) -> str:
    """Where a host is announced, and whom that mentions; empty while the guild has no channel."""
    if line.channel_id is None:
        return ""
    whom = f", pinging {mentions(line.roles, guild_id)}" if line.roles else ""
    return f"{before}→ <#{line.channel_id}>{whom}"


def keyword_sentence(watched: Watched[Keyword], guild_id: GuildId) -> str:
    """What `/watch keyword add` did, and what it may cost."""
    line = _keyword(watched.line, watched.line.channel_id, guild_id)
    if not watched.changed:
        return f"Already watched for, nothing changed: {line}."
    words = "Watching for" if watched.is_new else "Still watching, changed:"
    return f"{words} {line}.\n{KEYWORD_COST}"


def keyword_pages(set_up: SetUp, found: InTheWay, guild_id: GuildId) -> list[Card]:
    """A guild's keywords, ten to a page; what is in the way is told once, before them."""
    if not set_up.keywords:
        return [Card(content="This server watches for no words. Add some with `/watch keyword add`.")]
    pages = paged(
        "Keywords",
        set_up.keywords,
        lambda keyword: _keyword(keyword, keyword.channel_id or set_up.config.channel_id, guild_id, found),
        size=WATCHES_PER_PAGE,
    )
    return _with(pages, found)


def _keyword(keyword: Keyword, channel_id: ChannelId | None, guild_id: GuildId, found: InTheWay = NOTHING_FOUND) -> str:
    parts = [f"“{inert(keyword.text, 200)}”"]
    if keyword.lang is not None:
        parts.append(language_text(keyword.lang))
    if keyword.least is not None:
        parts.append(f"from {counted(keyword.least, 'listener')}")
    if keyword.ticketed is not None:
        parts.append(tickets_text(needed=keyword.ticketed))
    parts.append(_arrow(channel_id, found))
    if keyword.roles:
        parts.append(mentions(keyword.roles, guild_id))
    return " · ".join(parts)


def unwatched_sentence(host: Host) -> str:
    """What `/watch remove` did."""
    return f"No longer following **{name_of(host)}** ({handle(host)})."


def held_sentence(host: Host, *, on_hold: bool) -> str:
    """What `/watch pause` and `/watch resume` did."""
    if on_hold:
        return f"Paused: nothing new is posted of **{name_of(host)}** ({handle(host)}) until `/watch resume`."
    return f"No longer paused: **{name_of(host)}** ({handle(host)}) is announced again, at once if live."


def unwatched_keyword_sentence(words: str) -> str:
    """What `/watch keyword remove` did."""
    return f"No longer watching for “{inert(words, 100)}”."


def host_choice(host: Host, most: int) -> str:
    """A host as a suggestion; suggestions have no markdown."""
    return plain(f"{host.name} (@{host.username})", most)


def _arrow(channel_id: ChannelId | None, found: InTheWay) -> str:
    if channel_id is None:
        return "→ no channel yet: `/config channel`"
    return f"→ <#{channel_id}>" + (" ⚠️" if channel_id in found.channels else "")


def _watch(line: WatchLine, found: InTheWay, guild_id: GuildId) -> str:
    host = line.watch.host
    parts = [account(host)]
    parts.append(_arrow(line.channel_id, found))
    if line.roles:
        parts.append(mentions(line.roles, guild_id))
    parts.append(f"🔴 [live now]({line.live.url})" if line.live is not None else "not live")
    if line.watch.also_cohost:
        parts.append("also as co-host or speaker")
    filtered = filters_text(line.watch.filter)
    if filtered:
        parts.append(filtered)
    if line.on_hold:
        parts.append("⏸️ paused by an admin")
    text = " · ".join(parts)
    if host.standing is not None:
        text += f"\n⚠️ {STANDINGS[host.standing]}"
    return text
