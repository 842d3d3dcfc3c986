"""The form of 'Text & look', and what admins read about what they have set there."""

import discord

from spacebot.domain.accounts import Host
from spacebot.domain.looks import LONGEST, USUAL, Look, accent_name
from spacebot.present.card import name_of
from spacebot.present.language import N_, NP_, _, listed
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.text import INVISIBLE, clipped, plain

TITLE = N_("Text & look")
TEXT_LABEL = N_("Text above the card, while it is live")
TEXT_PLACEHOLDER = N_("{role} **{host}** is live: {title}")
ACCENT_LABEL = N_("Colour of the card")
HEX_LABEL = N_("Another colour?")
HEX_HINT = N_("Six digits; counts instead of the choice above")
HEX_PLACEHOLDER = "#1D9BF0"
PUBLISH_LABEL = N_("In announcement channels")
PUBLISH_OPTION = N_("publish it to the servers that follow the channel")
USUAL_OPTION = NP_("the colour", "as usual")
GUILDS_OPTION = NP_("the colour", "this server's")
TYPED = N_("You typed")
COLOUR = NP_("what was typed as it", "Colour")
AGAIN = N_("Edit again")

ACCENT_NAMES = {
    USUAL: NP_("colour", "usual"),
    "red": NP_("colour", "red"),
    "orange": NP_("colour", "orange"),
    "yellow": NP_("colour", "yellow"),
    "green": NP_("colour", "green"),
    "teal": NP_("colour", "teal"),
    "blue": NP_("colour", "blue"),
    "purple": NP_("colour", "purple"),
    "pink": NP_("colour", "pink"),
}
"""What is typed for a colour, and what the colour is called."""


def title(host: Host | None) -> str:
    """The title of the form."""
    return _(TITLE) if host is None else plain(_("Text & look of {host}", host=host.name), 45)


def text_hint() -> str:
    """What can be written into the text."""
    return _("{variables}; empty: as usual", variables=" ".join(f"{{{name}}}" for name in LONGEST))


def accent_option(name: str) -> str:
    """A colour as it is offered."""
    return _(ACCENT_NAMES[name]).capitalize()


def look_sentence(look: Look, host: Host | None = None) -> str:
    """How announcements look from now on."""
    if host is None:
        text = _("their text is as usual")
        colour = _("their colour as usual")
    else:
        text = _("their text is as this server's")
        colour = _("their colour as this server's")
    if look.text is not None:
        text = _("their text is {text}", text=f"`{_quoted(look.text)}`")
    if look.accent is not None:
        colour = _("their colour {colour}", colour=_accent(look.accent))
    if host is None:
        return _("Posts: {text}, {colour}. See it with `/config test`.", text=text, colour=colour)
    return _(
        "Posts about **{host}**: {text}, {colour}. See it with `/config test`.",
        host=name_of(host),
        text=text,
        colour=colour,
    )


def look_text(look: Look) -> str:
    """A guild's look, as one value among its settings."""
    text = _("the usual text") if look.text is None else f"`{_quoted(look.text)}`"
    colour = _("the usual colour") if look.accent is None else _accent(look.accent)
    return listed((text, colour))


def publishes_sentence(*, publishes: bool) -> str:
    """What `/config publish` did."""
    if publishes:
        return _("What announces a live Space is published where it stands in an announcement channel from now on.")
    return _("Nothing is published from announcement channels from now on.")


def typed(text: str, accent: str) -> discord.Embed:
    """What was typed and not taken, so that it is not lost; `typed_again` reads it back."""
    embed = discord.Embed(title=_(TYPED), description=text or None)
    if accent:
        embed.add_field(name=_(COLOUR), value=clipped(accent, FIELD_LIMIT))
    return embed


def typed_again(embed: discord.Embed) -> tuple[str, str]:
    """The text and the colour that were typed."""
    # By its place: what its name says depends on who typed it.
    colour = embed.fields[0].value or "" if embed.fields else ""
    return embed.description or "", colour


def named_accents() -> dict[str, str]:
    """What is typed for each colour, and what the colour is called."""
    return {typed: _(name) for typed, name in ACCENT_NAMES.items()}


def _accent(accent: int) -> str:
    """What a colour is called, or its digits."""
    name = accent_name(accent)
    return _(ACCENT_NAMES[name]) if name in ACCENT_NAMES else name


def _quoted(text: str) -> str:
    """A text between backticks, which nothing in it can end."""
    return text.replace("`", "`" + INVISIBLE).replace("@", "@" + INVISIBLE)
