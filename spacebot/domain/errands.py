"""What a request to X is for, and who wants it: nothing is asked of X without saying so."""

from dataclasses import dataclass
from enum import StrEnum

from spacebot.domain.ids import GuildId


class Purpose(StrEnum):
    """What a request is for. Each has a share of the day's budget, and of each of X's windows in which it asks."""

    DETECTION = "detection"
    """Looking for Spaces of followed hosts, and for what becomes of them."""
    REFRESH = "refresh"
    """Bringing numbers, co-hosts and speakers up to date in messages that stand already."""
    KEYWORD = "keyword"
    """Searches for the words that guilds watch for."""
    PEOPLE = "people"
    """What members ask by command."""
    ACCOUNTS = "accounts"
    """Accounts to be followed, and checks of those that are."""
    PUSH = "push"
    """What X tells by itself."""


_URGENT = frozenset({Purpose.PEOPLE, Purpose.PUSH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A purpose and, where there is one, who wants it.

    Attributes:
        purpose: What it is for.
        guild_id: The guild from which it is asked.
        person: The Discord user who waits for the answer.
        at_once: Whether it cannot wait for its paced turn although no person waits.
    """

    purpose: Purpose
    guild_id: GuildId | None = None
    person: int | None = None
    at_once: bool = False

    @property
    def is_urgent(self) -> bool:
        """Whether it goes ahead of what can wait."""
        return self.at_once or self.person is not None or self.purpose in _URGENT

    @property
    def is_guilds(self) -> bool:
        """Whether a guild wants it for which no person waits: it keeps to the guild's share of the money."""
        return self.guild_id is not None and self.person is None

    @property
    def has_shares(self) -> bool:
        """Whether a person asks, whose share and whose guild's share it has to keep to."""
        return self.person is not None
