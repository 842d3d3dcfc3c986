"""The form of 'Text & look', and what admins read about what they have set there."""

import discord

from spacebot.domain.accounts import Host
from spacebot.domain.looks import ACCENTS, LONGEST, USUAL, Look, accent_name
from spacebot.present.card import name_of
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.text import INVISIBLE, clipped, plain

TITLE = "Text & look"
TEXT_LABEL = "Text above the card, while it is live"
TEXT_HINT = " ".join(f"{{{name}}}" for name in LONGEST) + "; empty: as usual"
TEXT_PLACEHOLDER = "{role} **{host}** is live: {title}"
ACCENT_LABEL = "Colour of the card"
HEX_LABEL = "Another colour?"
HEX_HINT = "Six digits; counts instead of the choice above"
HEX_PLACEHOLDER = "#1D9BF0"
PUBLISH_LABEL = "In announcement channels"
PUBLISH_OPTION = "publish it to the servers that follow the channel"
USUAL_OPTION = "as usual"
GUILDS_OPTION = "this server's"
TYPED = "You typed"
COLOUR = "Colour"
AGAIN = "Edit again"


def title(host: Host | None) -> str:
    """The title of the form."""
    return TITLE if host is None else plain(f"{TITLE} of {host.name}", 45)


def accent_option(name: str) -> str:
    """A colour as it is offered."""
    return name.capitalize()


def look_sentence(look: Look, host: Host | None = None) -> str:
    """How announcements look from now on."""
    whose = "Posts" if host is None else f"Posts about **{name_of(host)}**"
    usual = "as usual" if host is None else "as this server's"
    text = "their text is " + (usual if look.text is None else f"`{_quoted(look.text)}`")
    colour = "their colour " + (usual if look.accent is None else accent_name(look.accent))
    return f"{whose}: {text}, {colour}. See it with `/config test`."


def look_text(look: Look) -> str:
    """A guild's look, as one value among its settings."""
    text = "the usual text" if look.text is None else f"`{_quoted(look.text)}`"
    return f"{text}, " + ("the usual colour" if look.accent is None else accent_name(look.accent))


def publishes_sentence(*, publishes: bool) -> str:
    """What `/config publish` did."""
    if publishes:
        return "What announces a live Space is published where it stands in an announcement channel from now on."
    return "Nothing is published from announcement channels from now on."


def typed(text: str, accent: str) -> discord.Embed:
    """What was typed and not taken, so that it is not lost; `typed_again` reads it back."""
    embed = discord.Embed(title=TYPED, description=text or None)
    if accent:
        embed.add_field(name=COLOUR, value=clipped(accent, FIELD_LIMIT))
    return embed


def typed_again(embed: discord.Embed) -> tuple[str, str]:
    """The text and the colour that were typed."""
    colour = next((field.value or "" for field in embed.fields if field.name == COLOUR), "")
    return embed.description or "", colour


def named_accents() -> list[str]:
    """The names of colours, as they are suggested."""
    return [USUAL, *ACCENTS]


def _quoted(text: str) -> str:
    """A text between backticks, which nothing in it can end."""
    return text.replace("`", "`" + INVISIBLE).replace("@", "@" + INVISIBLE)
