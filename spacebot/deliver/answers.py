"""What Discord's answers mean for a message: discord.py's errors become ours, with Discord's own words for the log."""

import re
import zlib
from collections.abc import Mapping

import discord

from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.errors import DiscordError, MessageGone, MessageRefused, Refused, TryLater, Unclear

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, RecursionError, zlib.error, discord.InvalidData)
"""What discord.py raises when it reads an answer that is not what Discord documents."""

SAID = 200
"""How many characters of Discord's words are logged at most."""

_LONG_WORDS = re.compile(r"[^\s/]{40,}")
"""What may be a token; nothing that says why is that long."""

MEANINGS: Mapping[int, tuple[type[Refused | MessageRefused | MessageGone], Reason]] = {
    10003: (Refused, Reason.CHANNEL_UNKNOWN),
    10004: (Refused, Reason.CHANNEL_GONE),
    10008: (MessageGone, Reason.MESSAGE_DELETED),
    10070: (MessageGone, Reason.EVENT_GONE),
    30038: (MessageRefused, Reason.EVENTS_FULL),
    50001: (Refused, Reason.PERMISSIONS_REFUSED),
    50013: (Refused, Reason.PERMISSIONS_REFUSED),
    50083: (Refused, Reason.THREAD_LOCKED),
    160005: (Refused, Reason.THREAD_LOCKED),
    200000: (MessageRefused, Reason.AUTOMOD),
}
"""What Discord's error codes mean: for a channel, for what was posted and is no more, for one message or event."""

SERVER_ERRORS = 500
FORBIDDEN = 403
NOT_FOUND = 404

NO_CHANNELS_FAULT = {401: Reason.CREDENTIALS_REFUSED, 429: Reason.SLOW_DOWN}
"""Statuses with which Discord refuses the bot, wherever it writes."""


def said(error: BaseException) -> str:
    """Why Discord refused something, in its own words: one short line for the log, without what may be a token.

    Of an error that is no refusal it is only the name.
    """
    if not isinstance(error, discord.HTTPException):
        return type(error).__name__
    words = " ".join(_LONG_WORDS.sub("[…]", str(error.text)).split())
    harmless = "".join(each for each in words if each.isprintable())
    return f"{error.status} {error.code}: {harmless[:SAID]}"


def mapped(error: discord.HTTPException, *, of_message: bool = False) -> DiscordError:
    """What a refusal means.

    Args:
        error: The refusal.
        of_message: Whether something was to be done with a message that stands in the channel.
    """
    found = _mapped(error, error.code if isinstance(error.code, int) else 0, of_message=of_message)
    found.said = said(error)
    return found


def _mapped(error: discord.HTTPException, code: int, *, of_message: bool) -> DiscordError:
    if error.status >= SERVER_ERRORS:
        return Unclear(Obstacle(reason=Reason.DISCORD_FAILED, details=(str(error.status),)))
    if error.status in NO_CHANNELS_FAULT:  # whatever its code may say of a channel
        return TryLater(Obstacle(reason=NO_CHANNELS_FAULT[error.status]), seconds=60.0)
    if code in MEANINGS:
        kind, reason = MEANINGS[code]
        return kind(Obstacle(reason=reason))
    answer = (str(error.status), str(code))
    # A page comes from something on the way to Discord, and says nothing about the message.
    is_page = str(error.text).lstrip().startswith("<")
    if of_message and error.status == NOT_FOUND and not is_page:
        return MessageGone(Obstacle(reason=Reason.MESSAGE_UNKNOWN, details=answer))
    is_channels = error.status == FORBIDDEN
    why = Obstacle(reason=Reason.CHANNEL_REFUSED if is_channels else Reason.MESSAGE_REFUSED, details=answer)
    return Refused(why) if is_channels else MessageRefused(why)
