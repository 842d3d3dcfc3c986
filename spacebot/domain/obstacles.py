"""Why a message is not posted, as codes that are stored and compared; `present.reasons` has the sentence for each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """Why a message is not posted. Brackets name the details that an `Obstacle` with this reason carries."""

    # Nothing needs to be posted any more.
    UNWATCHED = "unwatched"
    """No watch of the guild asks for it any more."""
    ON_HOLD = "on_hold"
    """An admin had stopped what asked for it."""
    FILTERED = "filtered"
    """The Space was not what the filters of the watches let pass."""
    OVER = "over"
    """The moment had passed before it could be announced."""
    DELETED_AT_END = "deleted_at_end"
    """The Space is over, and the guild wants its announcements deleted then."""
    EVENT_GONE = "event_gone"
    """Somebody deleted the event."""
    MESSAGE_DELETED = "message_deleted"
    """Somebody deleted it."""
    MESSAGE_UNKNOWN = "message_unknown"
    """Discord says that it does not know it any more [HTTP status, Discord's code]."""

    # Nothing can be posted in the channel.
    CHANNEL_GONE = "channel_gone"
    """The bot does not see the channel, or is not in the guild."""
    CHANNEL_UNKNOWN = "channel_unknown"
    """Discord says that it does not know the channel."""
    NOT_FOR_MESSAGES = "not_for_messages"
    """It is a category or the like."""
    GUILD_UNAVAILABLE = "guild_unavailable"
    THREAD_LOCKED = "thread_locked"
    PERMISSIONS_MISSING = "permissions_missing"
    """The bot lacks permissions there [their names in Discord's API]."""
    PERMISSIONS_REFUSED = "permissions_refused"
    """Discord says that the bot lacks a permission, though the bot sees none missing."""
    CHANNEL_REFUSED = "channel_refused"
    """Discord lets the bot do nothing there [HTTP status, Discord's code]."""

    EVENTS_FORBIDDEN = "events_forbidden"
    """The bot may make no events in the guild."""

    # This one message cannot be posted.
    EVENTS_FULL = "events_full"
    """The guild has as many events as Discord takes."""
    AUTOMOD = "automod"
    MESSAGE_REFUSED = "message_refused"
    """Discord does not take it [HTTP status, Discord's code]."""

    # It may work in a moment.
    DISCORD_FAILED = "discord_failed"
    """[HTTP status]"""
    SLOW_DOWN = "slow_down"
    UNREACHABLE = "unreachable"
    CREDENTIALS_REFUSED = "credentials_refused"
    """Discord does not take the bot's token: no channel has to do with it."""
    NO_ANSWER = "no_answer"
    """[name of the exception]"""
    ANSWER_UNREADABLE = "answer_unreadable"
    """[name of the exception]"""
    SEARCH_TOO_LONG = "search_too_long"
    UNFORESEEN = "unforeseen"

    OTHER = "other"
    """A code of another version of this program, or a reason that was not kept."""

    @classmethod
    def _missing_(cls, value: object) -> "Reason":
        return cls.OTHER


CLOSING = frozenset(
    {
        *(Reason.CHANNEL_GONE, Reason.CHANNEL_UNKNOWN, Reason.NOT_FOR_MESSAGES, Reason.GUILD_UNAVAILABLE),
        *(Reason.THREAD_LOCKED, Reason.PERMISSIONS_MISSING, Reason.PERMISSIONS_REFUSED, Reason.CHANNEL_REFUSED),
        Reason.EVENTS_FORBIDDEN,
    }
)
"""Reasons that concern every message in a channel, not one alone."""

HISTORY = "read_message_history"
"""The permission without which messages are posted all the same: what was posted is only not found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What prevents a message: a reason and its details. Compared by value."""

    reason: Reason
    details: tuple[str, ...] = ()
    """Words without spaces; see `Reason` for which."""

    @property
    def closes(self) -> bool:
        """Whether nothing at all can be posted in the channel."""
        return self.reason in CLOSING and self.details != (HISTORY,)

    def __str__(self) -> str:
        """How it is stored: `permissions_missing send_messages embed_links`."""
        return " ".join((self.reason, *self.details))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what was stored."""
        code, *details = text.split()
        return cls(reason=Reason(code), details=tuple(details))
