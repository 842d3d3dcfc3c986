"""AutoMod: keyword rules; a message that one of them matches is refused, and nobody sees it.

Source: Discord's documentation, 'Auto Moderation' (keyword matching strategies, exemptions, sending and editing). Whether
the texts of embeds and of text displays are looked at is not documented; here they are.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from spacebot.sandbox.discord.model.components import texts as text_displays


@dataclass(slots=True, kw_only=True, eq=False)
class LocalRule:
    """A rule in the `rules` of a guild. `exempt`: the ids of channels where it does not hold."""

    rules: "list[LocalRule]"
    keyword: str
    exempt: frozenset[int] = frozenset()
    _pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        before = "" if self.keyword.startswith("*") else r"(?<!\w)"
        after = "" if self.keyword.endswith("*") else r"(?!\w)"
        self._pattern = re.compile(f"{before}{re.escape(self.keyword.strip('*'))}{after}", re.IGNORECASE)

    def blocks(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts has the keyword."""
        return any(self._pattern.search(text) for text in texts)

    def delete(self) -> None:
        """The rule holds no longer."""
        if self in self.rules:
            self.rules.remove(self)


def texts(content: str, embeds: Iterable[dict[str, Any]], components: Iterable[dict[str, Any]] = ()) -> Iterator[str]:
    """PURE: everything in a message that can be read."""
    yield content
    yield from text_displays(components)
    for embed in embeds:
        yield embed.get("title", "")
        yield embed.get("description", "")
        yield embed.get("author", {}).get("name", "")
        yield embed.get("footer", {}).get("text", "")
        for each in embed.get("fields", []):
            yield each["name"]
            yield each["value"]
