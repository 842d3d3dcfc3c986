"""The page of `/help`: every command that this bot offers, to tap, and what each is for."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from spacebot.domain.views import Policies
from spacebot.present.card import SCHEDULED_COLOUR
from spacebot.present.found import LOOK_UP
from spacebot.present.language import N_, _, n_
from spacebot.present.language import command as called
from spacebot.present.limits import DESCRIPTION_LIMIT
from spacebot.present.text import plain, units

TITLE = N_("What I can do")
IN_MENUS = N_("In the menu of any message: shows the Space that it names. Only you see it.")
FOR_ADMINS = N_("For those who may manage this server")
FOR_OPERATORS = N_("For whoever runs me")

EMBEDS_LIMIT = 6000
"""All embeds of a message together."""

_ROOM = EMBEDS_LIMIT - 1500
"""What the commands may take; the rest is for headings and policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A command that can be given: its whole name, what it is for, and the id that Discord gave its first word."""

    name: str
    about: str
    command_id: int | None


def mention(command: Offered) -> str:
    """The command as people tap it; where its id is not known yet, as they type it."""
    return f"`/{called(command.name)}`" if command.command_id is None else f"</{command.name}:{command.command_id}>"


def help_embeds(
    everybody: Sequence[Offered], admins: Sequence[Offered], operators: Sequence[Offered], policies: Policies
) -> list[discord.Embed]:
    """One page, an embed for each group that has commands; without descriptions where they are too many for a page."""
    groups = [(_(TITLE), everybody), (_(FOR_ADMINS), admins), (_(FOR_OPERATORS), operators)]
    shown = [(title, _lines(commands)) for title, commands in groups if commands]
    if sum(units(text) for _title, text in shown) > _ROOM or any(
        units(text) > DESCRIPTION_LIMIT for _title, text in shown
    ):
        most = min(DESCRIPTION_LIMIT, _ROOM // len(shown))
        shown = [(title, _names(commands, most)) for title, commands in groups if commands]
    embeds = [discord.Embed(title=title, description=text, colour=SCHEDULED_COLOUR) for title, text in shown]
    if embeds:
        embeds[0].add_field(name=_("Apps: {command}", command=_(LOOK_UP)), value=_(IN_MENUS), inline=False)
    pages = policy_links(policies)
    if pages and embeds:
        embeds[-1].add_field(name=_("Policies"), value=pages, inline=False)
    return embeds


def policy_links(policies: Policies) -> str:
    """Links to the operator's pages; empty where there are none."""
    pages = ((_("Privacy policy"), policies.privacy_url), (_("Terms of service"), policies.terms_url))
    # Each on its own: the value of a field has room for both.
    return " · ".join(f"[{name}]({url})" for name, url in pages if url)


def _lines(commands: Sequence[Offered]) -> str:
    return "\n".join(f"{mention(each)} {plain(_(each.about), 100)}" for each in commands)


def _names(commands: Sequence[Offered], most: int) -> str:
    kept: list[str] = []
    for at, each in enumerate(commands):
        more = n_("and {count} more: type `/`", "and {count} more: type `/`", len(commands) - at)
        if units("\n".join([*kept, mention(each), more])) > most:
            return "\n".join([*kept, more])
        kept.append(mention(each))
    return "\n".join(kept)
