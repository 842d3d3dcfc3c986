"""A guild's followed hosts and keywords as admins read them, and the answers of `/watch …`."""

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.guilds import Keyword, WatchLine
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.domain.views import InTheWay, SetUp, Watched
from spacebot.present.card import Card, account, handle, mentions, name_of
from spacebot.present.filters import filters_text, language_text, tickets_text
from spacebot.present.language import N_, _, n_
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.paging import paged
from spacebot.present.reasons import in_the_way
from spacebot.present.status import fitting
from spacebot.present.text import clipped, inert, plain

WATCHES_PER_PAGE = 10

KEYWORD_COST = N_(
    "X bills each Space that a search returns, up to 100 a search, once a day: at $0.005 each up to $0.50 at first, and"
    " then what is new. Its host is billed only where it is announced."
)

IN_THE_WAY = N_("In the way")

ASK_CHANNEL = N_(
    "This server has no channel for posts yet. Nothing is posted until it has one; then whoever is live is announced. Use"
    " this channel?"
)
LATER = N_("Choose later")
CHOSEN_LATER = N_("Then choose one with `/setup` or `/config channel`; nothing is posted until then.")

NOTHING_FOUND = InTheWay()

STANDINGS = {
    Standing.SUSPENDED: N_("X has suspended this account; if it comes back, I go on by myself"),
    Standing.PROTECTED: N_("this account is protected now: X shows its Spaces only to its followers"),
    Standing.GONE: N_("X no longer shows this account; if it comes back, I go on by myself"),
}


MOST_ON_A_BUTTON = 80
"""The label of a button, in UTF-16 units."""


def use_this(channel: str | None) -> str:
    """What the button says that makes a channel the guild's; None for a channel whose name is not known."""
    name = plain(channel or "", MOST_ON_A_BUTTON - len("Use #")) or _("this-channel")
    return clipped(_("Use #{channel}", channel=name), MOST_ON_A_BUTTON)


def watch_pages(set_up: SetUp, found: InTheWay, guild_id: GuildId) -> list[Card]:
    """The hosts that a guild follows, ten to a page; what is in the way is told once, before them."""
    watches = set_up.watches
    if not watches:
        return [Card(content=_("This server follows nobody yet. Add a host with `/watch add`."))]
    total = n_("{count} followed", "{count} followed", len(watches))
    pages = paged(
        _("Followed hosts"), watches, lambda line: _watch(line, found, guild_id), size=WATCHES_PER_PAGE, total=total
    )
    return _with(pages, found)


def _with(pages: list[Card], found: InTheWay) -> list[Card]:
    """The pages, with what is in the way on the first."""
    trouble = fitting(in_the_way(found), FIELD_LIMIT)
    if trouble and pages[0].embed is not None:
        pages[0].embed.add_field(name=_(IN_THE_WAY), value=trouble, inline=False)
    return pages


def watched_sentence(watched: Watched[WatchLine], guild_id: GuildId) -> str:
    """What `/watch add` did, and what happens next."""
    line = watched.line
    host = line.watch.host
    where = _where(line, guild_id)
    if not watched.changed:
        if where is None:
            return _("{host} is already followed, nothing changed.", host=_named(host))
        return _("{host} is already followed, nothing changed: {where}.", host=_named(host), where=where)
    if where is None:
        if watched.is_new:
            return _("Following {host}.", host=_named(host))
        return _("Still following, changed: {host}.", host=_named(host))
    told = [
        _("Following {host} {where}.", host=_named(host), where=where)
        if watched.is_new
        else _("Still following, changed: {host} {where}.", host=_named(host), where=where)
    ]
    if line.live is not None:
        told.append(_("They are live right now: the post follows, unless it is there already."))
    if not watched.looked:
        told.append(_("X does not answer at the moment; if they are live, the post follows when it does."))
    return " ".join(told)


def _named(host: Host) -> str:
    return f"**{name_of(host)}** ({handle(host)})"


def reset_sentence(watched: Watched[WatchLine], guild_id: GuildId) -> str:
    """What `/watch reset` did."""
    host, where = _named(watched.line.watch.host), _where(watched.line, guild_id)
    if where is None:
        if watched.changed:
            return _("{host} uses this server's settings from now on.", host=host)
        return _("{host} uses this server's settings already, nothing changed.", host=host)
    if watched.changed:
        return _("{host} uses this server's settings from now on: {where}.", host=host, where=where)
    return _("{host} uses this server's settings already, nothing changed: {where}.", host=host, where=where)


def keyword_reset_sentence(watched: Watched[Keyword], guild_id: GuildId) -> str:
    """What `/watch keyword reset` did."""
    line = _keyword(watched.line, watched.line.channel_id, guild_id)
    if watched.changed:
        return _("{keyword}: uses this server's settings from now on.", keyword=line)
    return _("{keyword}: uses this server's settings already, nothing changed.", keyword=line)


def _where(line: WatchLine, guild_id: GuildId) -> str | None:
    """Where a host is announced, and whom that mentions; None while the guild has no channel."""
    if line.channel_id is None:
        return None
    if not line.roles:
        return _in(line.channel_id)
    return _("→ {channel}, pinging {roles}", channel=f"<#{line.channel_id}>", roles=mentions(line.roles, guild_id))


def _in(channel_id: ChannelId) -> str:
    return _("→ {channel}", channel=f"<#{channel_id}>")


def keyword_sentence(watched: Watched[Keyword], guild_id: GuildId) -> str:
    """What `/watch keyword add` did, and what it may cost."""
    line = _keyword(watched.line, watched.line.channel_id, guild_id)
    if not watched.changed:
        return _("Already watched for, nothing changed: {keyword}.", keyword=line)
    done = (
        _("Watching for {keyword}.", keyword=line)
        if watched.is_new
        else _("Still watching, changed: {keyword}.", keyword=line)
    )
    return f"{done}\n{_(KEYWORD_COST)}"


def keyword_pages(set_up: SetUp, found: InTheWay, guild_id: GuildId) -> list[Card]:
    """A guild's keywords, ten to a page; what is in the way is told once, before them."""
    if not set_up.keywords:
        return [Card(content=_("This server watches for no words. Add some with `/watch keyword add`."))]
    pages = paged(
        _("Keywords"),
        set_up.keywords,
        lambda keyword: _keyword(keyword, keyword.channel_id or set_up.config.channel_id, guild_id, found),
        size=WATCHES_PER_PAGE,
    )
    return _with(pages, found)


def _keyword(keyword: Keyword, channel_id: ChannelId | None, guild_id: GuildId, found: InTheWay = NOTHING_FOUND) -> str:
    parts = [_("“{words}”", words=inert(keyword.text, 200))]
    if keyword.lang is not None:
        parts.append(language_text(keyword.lang))
    if keyword.least is not None:
        parts.append(n_("from {count} listener", "from {count} listeners", keyword.least))
    if keyword.ticketed is not None:
        parts.append(tickets_text(needed=keyword.ticketed))
    parts.append(_arrow(channel_id, found))
    if keyword.roles:
        parts.append(mentions(keyword.roles, guild_id))
    return " · ".join(parts)


def unwatched_sentence(host: Host) -> str:
    """What `/watch remove` did."""
    return _("No longer following {host}.", host=_named(host))


def held_sentence(host: Host, *, on_hold: bool) -> str:
    """What `/watch pause` and `/watch resume` did."""
    if on_hold:
        return _("Paused: nothing new is posted of {host} until `/watch resume`.", host=_named(host))
    return _("No longer paused: {host} is announced again, at once if live.", host=_named(host))


def unwatched_keyword_sentence(words: str) -> str:
    """What `/watch keyword remove` did."""
    return _("No longer watching for “{words}”.", words=inert(words, 100))


def host_choice(host: Host, most: int) -> str:
    """A host as a suggestion; suggestions have no markdown."""
    return plain(f"{host.name} (@{host.username})", most)


def _arrow(channel_id: ChannelId | None, found: InTheWay) -> str:
    if channel_id is None:
        return _("→ no channel yet: `/config channel`")
    return _in(channel_id) + (" ⚠️" if channel_id in found.channels else "")


def _watch(line: WatchLine, found: InTheWay, guild_id: GuildId) -> str:
    host = line.watch.host
    parts = [account(host)]
    parts.append(_arrow(line.channel_id, found))
    if line.roles:
        parts.append(mentions(line.roles, guild_id))
    parts.append(_("🔴 [live now]({url})", url=line.live.url) if line.live is not None else _("not live"))
    if line.watch.also_cohost:
        parts.append(_("also as co-host or speaker"))
    filtered = filters_text(line.watch.filter)
    if filtered:
        parts.append(filtered)
    if line.on_hold:
        parts.append(_("⏸️ paused by an admin"))
    text = " · ".join(parts)
    if host.standing is not None:
        text += f"\n⚠️ {_(STANDINGS[host.standing])}"
    return text
