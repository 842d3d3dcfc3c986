"""The answers to questions about Spaces: one card, several pages, or one sentence."""

from collections.abc import Sequence

import discord

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Past
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SearchPage, SpaceView
from spacebot.present.card import (
    LIVE_COLOUR,
    SCHEDULED_COLOUR,
    SHORT_TITLE,
    Card,
    account,
    credit,
    handle,
    lasting,
    lines,
    links,
    name_of,
    space_embed,
    state_of,
    title_of,
)
from spacebot.present.language import N_, _, listed, n_, p_
from spacebot.present.limits import DESCRIPTION_LIMIT
from spacebot.present.paging import page_of, paged
from spacebot.present.reports import counters, post_link
from spacebot.present.text import inert
from spacebot.present.words import dated
from spacebot.x.model import Page
from spacebot.x.posts import Post
from spacebot.x.translation import host_of

RESULTS_PER_PAGE = 5

PREVIOUS = N_("Previous")
NEXT = N_("Next")
TURN = N_("Turn")
TOO_OLD = N_("This answer is too old to turn its pages; give the command again.")
NOT_YOURS = N_("Only who asked can turn these pages; give the command yourself.")
NO_MORE = N_("There are no more pages.")
FOR_YOU = N_("The answer is for you alone:")


def space_reply(view: SpaceView) -> Card:
    """The answer to `/space`: the card of a live or scheduled Space, else one sentence."""
    match view.phase:
        case Phase.LIVE | Phase.SCHEDULED:
            embed = space_embed(view, is_detailed=True)
            if view.host is not None:
                credit(embed, view.host)
            return Card(embed=embed, buttons=links(view.phase, view.url))
        case Phase.CANCELED:
            return Card(content=_("{space} was canceled before it began.", space=_subject(view)))
        case Phase.ENDED:
            if view.duration is None:
                return Card(content=_("{space} has ended.", space=_subject(view)))
            lasted = lasting(view.duration)
            return Card(content=_("{space} has ended, after {duration}.", space=_subject(view), duration=lasted))
        case _:
            return Card(content=_("{space} cannot be seen on X at the moment.", space=_subject(view)))


def past_reply(past: Past) -> Card:
    """The answer to `/space` for one that X no longer shows and that was announced here: what is kept of it."""
    began = dated(past.space.started_at)
    kept = [_("started {when}", when=began)] if began else []
    kept += counters(past.space)
    host = account(past.host)
    told = [
        _(
            "That Space by {host} is over, and X no longer shows it. What I saw of it: {facts}.",
            host=host,
            facts=listed(kept),
        )
        if kept
        else _(
            "That Space by {host} is over, and X no longer shows it. What I saw of it: only that it was there.",
            host=host,
        )
    ]
    link = post_link(past)
    if link is not None:
        told.append(_("[The post]({link}).", link=link))
    return Card(content=" ".join(told))


def upcoming_reply(host: Host, upcoming: Sequence[SpaceView]) -> Card:
    """The answer to `/host-live` for a host who is not live: what is scheduled, else one sentence."""
    name = f"**{name_of(host)}** ({handle(host)})"
    if not upcoming:
        return Card(content=_("{host} is not live, and has no Space scheduled.", host=name))
    embed = discord.Embed(title=_("{host} is not live; coming up", host=name_of(host)), colour=SCHEDULED_COLOUR)
    credit(embed, host)
    embed.description = lines([entry(view) for view in upcoming], DESCRIPTION_LIMIT)
    return Card(embed=embed)


def search_card(query: str, page: SearchPage) -> Card:
    """One page of the results of a search."""
    embed = discord.Embed(
        title=_("Spaces about “{words}”", words=inert(query, 200)),
        description=lines([entry(view) for view in page.views], DESCRIPTION_LIMIT),
        colour=LIVE_COLOUR if page.views[0].phase is Phase.LIVE else SCHEDULED_COLOUR,
    )
    found = (
        n_("{count} found, X may know of more", "{count} found, X may know of more", page.found)
        if page.may_be_more
        else n_("{count} found", "{count} found", page.found)
    )
    embed.set_footer(text=f"{found} · {page_of(page.number, page.pages)}")
    return Card(embed=embed)


def nothing_found(query: str) -> Card:
    """What to try where a search found nothing."""
    return Card(
        content=_(
            "No Space on X has “{words}” in its title right now. X matches whole words of the title: try a single word,"
            " another spelling, or `state: all`.",
            words=inert(query, 200),
        )
    )


def reminders_sentence(reminders: int) -> str:
    """What only the creator of a Space is told."""
    return n_(
        "Only you see this: {count} person has set a reminder for this Space.",
        "Only you see this: {count} people have set a reminder for this Space.",
        reminders,
    )


def post_pages(page: Page[Post]) -> list[Card]:
    """Posts shared in a Space, five to a page, with authors and links."""
    return paged(_("Posts shared in this Space"), page.items, lambda post: _post(post, page), size=RESULTS_PER_PAGE)


def no_posts() -> Card:
    """The answer where there is no post to show."""
    return Card(content=_("No posts were shared in this Space, or X does not show them."))


def _post(post: Post, page: Page[Post]) -> str:
    author = page.users.get(post.author_id) if post.author_id else None
    who = account(host_of(author)) if author is not None else _("Somebody")
    when = dated(post.created_at)
    link = _("[open]({link})", link=f"https://x.com/i/status/{post.id}")
    head = " · ".join(part for part in (who, when, link) if part)
    return f"{head}\n{inert(post.text, 500)}" if post.text else head


def _subject(view: SpaceView) -> str:
    """A Space at the beginning of a sentence."""
    title = inert(view.title or "", 300)
    host = f"**{name_of(view.host)}**" if view.host is not None else None
    if host is None:
        return _("“{title}”", title=title) if title else p_("the Space that was asked about", "That Space")
    return _("“{title}” by {host}", title=title, host=host) if title else _("That Space by {host}", host=host)


def entry(space: SpaceView) -> str:
    """A Space in a list: its title, its host, how it stands."""
    host = f" · {name_of(space.host, 80)} ({handle(space.host)})" if space.host is not None else ""
    return f"**[{title_of(space.title, SHORT_TITLE)}]({space.url})**{host}\n{state_of(space)}"
