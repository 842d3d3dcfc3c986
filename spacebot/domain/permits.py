"""What the operator has forbidden, and what they have allowed beyond what everybody may."""

from dataclasses import dataclass

from spacebot.domain.ids import GuildId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The operator's decisions."""

    guilds: frozenset[GuildId] = frozenset()
    """Guilds that are not served."""
    people: frozenset[PersonId] = frozenset()
    """People who are not answered."""
    keywords: frozenset[GuildId] = frozenset()
    """Guilds that may watch for words."""
