"""What 'Look up this Space' says of a message, and how what the message names can be chosen."""

from collections.abc import Sequence

import discord

from spacebot.domain.ids import SpaceId
from spacebot.present.language import N_, _, n_
from spacebot.x.reference import Handle

LOOK_UP = N_("Look up this Space")
"""The entry in the menu of every message."""

NOTHING_NAMED = N_(
    "I see no Space in this message: I look for links such as `https://x.com/i/spaces/…`, and for profiles of hosts,"
    " in its text, its embeds and its buttons."
)
HOSTS_ALONE = N_("This message names no Space. Choose a host, and I see whether they are live.")

MOST_OPTIONS = 25
"""As many as Discord takes in one select."""

_SPACE, _HOST = "space:", "host:"


def options(named: Sequence[SpaceId | Handle]) -> list[discord.SelectOption]:
    """The first of what is named, to be chosen from."""
    return [
        discord.SelectOption(label=f"@{one.name}", value=_HOST + one.name, description=_("Is this host live?"))
        if isinstance(one, Handle)
        else discord.SelectOption(label=_("Space {id}", id=one), value=_SPACE + one)
        for one in named[:MOST_OPTIONS]
    ]


def named_by(value: str) -> SpaceId | Handle:
    """What the value of an option stands for."""
    if value.startswith(_HOST):
        return Handle(value.removeprefix(_HOST))
    return SpaceId(value.removeprefix(_SPACE))


def placeholder(named: Sequence[SpaceId | Handle]) -> str:
    """How many are named, and how many of them cannot be chosen."""
    if len(named) > MOST_OPTIONS:
        return n_(
            "Choose among the first {most}; {count} more are named",
            "Choose among the first {most}; {count} more are named",
            len(named) - MOST_OPTIONS,
            most=MOST_OPTIONS,
        )
    return _("Choose what this message names")
