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
from spacebot.present.limits import DESCRIPTION_LIMIT
from spacebot.present.paging import paged
from spacebot.present.reports import counters, post_link
from spacebot.present.text import inert
from spacebot.present.words import counted, dated
from spacebot.x.model import Page
from spacebot.x.posts import Post
from spacebot.x.translation import host_of

RESULTS_PER_PAGE = 5

PREVIOUS = "Previous"
NEXT = "Next"
TURN = "Turn"
TOO_OLD = "This answer is too old to turn its pages; give the command again."
NOT_YOURS = "Only who asked can turn these pages; give the command yourself."
NO_MORE = "There are no more pages."
FOR_YOU = "The answer is for you alone:"


def space_reply(view: SpaceView) -> Card:
    """The answer to `/space`: the card of a live or scheduled Space, else one sentence."""
    match view.phase:
        case Phase.LIVE | Phase.SCHEDULED:
            embed = space_embed(view, is_detailed=True)
            if view.host is not None:
                credit(embed, view.host)
            return Card(embed=embed, buttons=links(view.phase, view.url))
        case Phase.CANCELED:
            return Card(content=f"{_subject(view)} was canceled before it began.")
        case Phase.ENDED:
            return Card(content=f"{_subject(view)} has ended{_lasted(view, ', after ')}.")
        case _:
            return Card(content=f"{_subject(view)} cannot be seen on X at the moment.")


def past_reply(past: Past) -> Card:
    """The answer to `/space` for one that X no longer shows and that was announced here: what is kept of it."""
    began = dated(past.space.started_at)
    kept = [f"started {began}" if began else "", *counters(past.space)]
    text = f"That Space by {account(past.host)} is over, and X no longer shows it. What I saw of it: "
    text += (", ".join(part for part in kept if part) or "only that it was there") + "."
    link = post_link(past)
    return Card(content=f"{text} [The post]({link})." if link is not None else text)


def upcoming_reply(host: Host, upcoming: Sequence[SpaceView]) -> Card:
    """The answer to `/host-live` for a host who is not live: what is scheduled, else one sentence."""
    name = f"**{name_of(host)}** ({handle(host)})"
    if not upcoming:
        return Card(content=f"{name} is not live, and has no Space scheduled.")
    embed = discord.Embed(title=f"{name_of(host)} is not live; coming up", colour=SCHEDULED_COLOUR)
    credit(embed, host)
    embed.description = lines([entry(view) for view in upcoming], DESCRIPTION_LIMIT)
    return Card(embed=embed)


def search_card(query: str, page: SearchPage) -> Card:
    """One page of the results of a search."""
    embed = discord.Embed(
        title=f"Spaces about “{inert(query, 200)}”",
        description=lines([entry(view) for view in page.views], DESCRIPTION_LIMIT),
        colour=LIVE_COLOUR if page.views[0].phase is Phase.LIVE else SCHEDULED_COLOUR,
    )
    found = f"{page.found} found" + (", X may know of more" if page.may_be_more else "")
    embed.set_footer(text=f"{found} · page {page.number} of {page.pages}")
    return Card(embed=embed)


def nothing_found(query: str) -> Card:
    """What to try where a search found nothing."""
    return Card(
        content=(
            f"No Space on X has “{inert(query, 200)}” in its title right now. X matches whole words of the"
            " title: try a single word, another spelling, or `state: all`."
        )
    )


def reminders_sentence(reminders: int) -> str:
    """What only the creator of a Space is told."""
    people = counted(reminders, "person has", "people have")
    return f"Only you see this: {people} set a reminder for this Space."


def post_pages(page: Page[Post]) -> list[Card]:
    """Posts shared in a Space, five to a page, with authors and links."""
    return paged("Posts shared in this Space", page.items, lambda post: _post(post, page), size=RESULTS_PER_PAGE)


NO_POSTS = Card(content="No posts were shared in this Space, or X does not show them.")


def _post(post: Post, page: Page[Post]) -> str:
    author = page.users.get(post.author_id) if post.author_id else None
    who = account(host_of(author)) if author is not None else "Somebody"
    when = dated(post.created_at)
    link = f"https://x.com/i/status/{post.id}"
    head = " · ".join(part for part in (who, when, f"[open]({link})") if part)
    return f"{head}\n{inert(post.text, 500)}" if post.text else head


def _subject(view: SpaceView) -> str:
    words = inert(view.title or "", 300)
    title = f"“{words}”" if words else "That Space"
    return f"{title} by **{name_of(view.host)}**" if view.host is not None else title


def _lasted(space: SpaceView, before: str) -> str:
    return before + lasting(space.duration) if space.duration is not None else ""


def entry(space: SpaceView) -> str:
    """A Space in a list: its title, its host, how it stands."""
    host = f" · {name_of(space.host, 80)} ({handle(space.host)})" if space.host is not None else ""
    return f"**[{title_of(space.title, SHORT_TITLE)}]({space.url})**{host}\n{state_of(space)}"
