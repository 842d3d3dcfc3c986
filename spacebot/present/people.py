"""The answer to the button of a post that tells who takes part in its Space."""

from collections.abc import Sequence

import discord

from spacebot.domain.accounts import Host
from spacebot.domain.spaces import Phase
from spacebot.domain.views import Company
from spacebot.present.card import COLOURS, Card, account, state_of, title_of
from spacebot.present.language import N_, _, listed, n_, p_
from spacebot.present.paging import page_of

PEOPLE_PER_PAGE = 20
"""Each person takes a line of at most 200 UTF-16 units, and an embed holds 4,096."""

EARLIER = N_("Earlier")
FURTHER = N_("More")

UNKNOWN = N_("I no longer know anything of that Space: it is too long ago.")

FORGOTTEN = N_("I no longer know who was there: what X says of a Space is kept for a day after its end.")


def who_pages(company: Company | None) -> list[Card]:
    """Everybody known in a Space, `PEOPLE_PER_PAGE` to a card; one card at least.

    Args:
        company: Who takes part; None for a Space that nothing is known of.
    """
    if company is None:
        return [Card(content=_(UNKNOWN))]
    view = company.view
    if company.is_forgotten:
        return [Card(embed=discord.Embed(description=f"{_(FORGOTTEN)}\n{state_of(view)}", colour=COLOURS[view.phase]))]
    stage = p_("part in a Space", "on stage") if view.phase is Phase.LIVE else p_("part in a Space", "spoke")
    named = [] if view.host is None else [_line(view.host, p_("part in a Space", "host"))]
    named += [_line(person, p_("part in a Space", "co-host")) for person in view.cohosts]
    named += [_line(person, stage) for person in view.speakers]
    unnamed = company.count - len(named)
    if not named:
        named = [_("Nobody is known by name.")]
    pages = [named[at : at + PEOPLE_PER_PAGE] for at in range(0, len(named), PEOPLE_PER_PAGE)]
    told = [n_("{count} person", "{count} people", company.count)]
    if unnamed:
        told.append(n_("{count} not known by name", "{count} not known by name", unnamed))
    total = listed(told)
    return [_page(company, lines, f"{total} · {page_of(at, len(pages))}") for at, lines in enumerate(pages, start=1)]


def _line(person: Host, part: str) -> str:
    return f"{account(person)} · {part}"


def _page(company: Company, lines: Sequence[str], footer: str) -> Card:
    view = company.view
    embed = discord.Embed(
        title=title_of(view.title), url=view.url, description="\n".join(lines), colour=COLOURS[view.phase]
    )
    embed.set_footer(text=footer)
    return Card(embed=embed)
