"""A guild's followed hosts and keywords as admins read them, and the answers of `/watch …`."""

from collections.abc import Sequence

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.guilds import Keyword, WatchLine
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.domain.views import Watched
from spacebot.present.card import Card, account, handle, language_name, mentions, name_of
from spacebot.present.paging import paged
from spacebot.present.reasons import sentence
from spacebot.present.text import inert, plain

WATCHES_PER_PAGE = 10

KEYWORD_COST = (
    "X bills each Space that a search returns, up to 100 a search, once a day: at $0.005 each up to $0.50 at first, and"
    " then what is new. Its host is billed only where it is announced."
)

NOW_THE_GUILDS = " That channel is this server's from now on; `/config channel` chooses another."

STANDINGS = {
    Standing.SUSPENDED: "X has suspended this account; if it comes back, I go on by myself",
    Standing.PROTECTED: "this account is protected now: X shows its Spaces only to its followers",
    Standing.GONE: "X no longer shows this account; if it comes back, I go on by myself",
}


def watch_pages(watches: Sequence[WatchLine], guild_id: GuildId) -> list[Card]:
    """The hosts that a guild follows, ten to a page."""
    if not watches:
        return [Card(content="This server follows nobody yet. Add a host with `/watch add`.")]
    total = f"{len(watches)} followed"
    return paged("Followed hosts", watches, lambda line: _watch(line, guild_id), size=WATCHES_PER_PAGE, total=total)


def watched_sentence(watched: Watched[WatchLine], guild_id: GuildId) -> str:
    """What `/watch add` did, and what happens next."""
    line = watched.line
    host = line.watch.host
    name = f"**{name_of(host)}** ({handle(host)})"
    whom = f", mentioning {mentions(line.roles, guild_id)}" if line.roles else ""
    text = f"{'Following' if watched.is_new else 'Still following, changed:'} {name} → <#{line.channel_id}>{whom}."
    if watched.guild_channel_set:
        text += NOW_THE_GUILDS
    if line.live is not None:
        text += " They are live right now: the announcement follows, unless it stands there already."
    if not watched.looked:
        text += " X does not answer at the moment; if they are live, the announcement follows when it does."
    return text


def keyword_sentence(watched: Watched[Keyword], guild_id: GuildId) -> str:
    """What `/watch keyword add` did, and what it may cost."""
    words = "Watching for" if watched.is_new else "Still watching, changed:"
    text = f"{words} {_keyword(watched.line, watched.line.channel_id, guild_id)}."
    if watched.guild_channel_set:
        text += NOW_THE_GUILDS
    return f"{text}\n{KEYWORD_COST}"


def keyword_pages(keywords: Sequence[Keyword], channel_id: ChannelId | None, guild_id: GuildId) -> list[Card]:
    """A guild's keywords, ten to a page."""
    if not keywords:
        return [Card(content="This server watches for no words. Add some with `/watch keyword add`.")]
    return paged(
        "Keywords",
        keywords,
        lambda keyword: _keyword(keyword, keyword.channel_id or channel_id, guild_id),
        size=WATCHES_PER_PAGE,
    )


def _keyword(keyword: Keyword, channel_id: ChannelId | None, guild_id: GuildId) -> str:
    parts = [f"“{inert(keyword.text, 200)}”"]
    if keyword.lang is not None:
        parts.append(f"in {inert(language_name(keyword.lang), 60)}")
    if keyword.least is not None:
        parts.append(f"from {keyword.least:,} listeners")
    if keyword.ticketed is not None:
        parts.append("with a ticket" if keyword.ticketed else "without a ticket")
    parts.append(f"→ <#{channel_id}>" if channel_id is not None else "→ no channel yet: `/config channel`")
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


def reset_sentence(host: Host) -> str:
    """What `/watch reset` did."""
    return f"**{name_of(host)}** ({handle(host)}) is announced in this server's channel, to this server's roles."


def unwatched_keyword_sentence(words: str) -> str:
    """What `/watch keyword remove` did."""
    return f"No longer watching for “{inert(words, 100)}”."


def host_choice(host: Host, most: int) -> str:
    """A host as a suggestion; suggestions have no markdown."""
    return plain(f"{host.name} (@{host.username})", most)


def _watch(line: WatchLine, guild_id: GuildId) -> str:
    host = line.watch.host
    parts = [account(host)]
    parts.append(f"→ <#{line.channel_id}>" if line.channel_id is not None else "→ no channel yet: `/config channel`")
    if line.roles:
        parts.append(mentions(line.roles, guild_id))
    parts.append(f"🔴 [live now]({line.live.url})" if line.live is not None else "not live")
    if line.watch.also_cohost:
        parts.append("also as co-host or speaker")
    if line.on_hold:
        parts.append("⏸️ paused by an admin")
    text = " · ".join(parts)
    if host.standing is not None:
        text += f"\n⚠️ {STANDINGS[host.standing]}"
    why = sentence(line.paused) if line.paused is not None else line.warning
    return f"{text}\n⚠️ paused: {why}" if why else text
