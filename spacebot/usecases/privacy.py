"""What is stored of a guild or of a person: handed out as JSON, and deleted. Knows no Discord."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from spacebot.clock import Clock
from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.views import Kept
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.links import Links

FORMAT = "spacebot-export-1"

MOST_ANNOUNCEMENTS = 10_000
"""As many of a guild's last announcements are handed out: a file that Discord takes."""


class Privacy:
    """The use cases of `/privacy`."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        links: Links | None,
        on_change: Callable[[], None],
        on_erased: Callable[[GuildId], None] = lambda _: None,
    ) -> None:
        """Store the collaborators.

        Args:
            store: What is kept.
            clock: Time.
            links: Gives back a person's permission at X; None where nobody can link an account.
            on_change: Called when watches are gone.
            on_erased: Called when everything of a guild is gone.
        """
        self._store = store
        self._clock = clock
        self._links = links
        self._on_change = on_change
        self._on_erased = on_erased
        self._one_by_one = asyncio.Lock()
        """Held while a file is made: it is megabytes for a moment, and whoever presses can press often."""

    async def kept(self, person: PersonId, guild_id: GuildId | None) -> Kept:
        """How much is stored of a person, and of a guild if one is given."""
        own = await self._store.read(Queries.person_rows, person)
        counts = await self._store.read(Queries.guild_counts, guild_id) if guild_id is not None else (0, 0, 0)
        hosts, keywords, announcements = counts
        return Kept(
            is_linked=bool(own["links"]),
            added=len(own["watches"]),
            own_counts=len(own["own_counts"]),
            hosts=hosts,
            keywords=keywords,
            announcements=announcements,
        )

    async def export_person(self, person: PersonId) -> bytes:
        """What is stored of a person, as a JSON file; of their link everything but the tokens."""
        async with self._one_by_one:
            rows = await self._store.read(Queries.person_rows, person)
            return await asyncio.to_thread(
                self._file,
                "person",
                person,
                {
                    "x_account": rows["links"],
                    "counts_of_my_spaces": rows["own_counts"],
                    "sign_ins_under_way": rows["sign_ins"],
                    "added_by_me": rows["watches"],
                },
            )

    async def export_guild(self, guild_id: GuildId) -> bytes:
        """What is stored of a guild, as a JSON file; of its announcements the last 10,000."""
        async with self._one_by_one:
            rows = await self._store.read(Queries.guild_rows, guild_id)
            watches = rows.pop("watches")
            announcements, more = await self._store.read(Queries.delivery_rows, guild_id)
            while more is not None and len(announcements) < MOST_ANNOUNCEMENTS:
                lot, more = await self._store.read(Queries.delivery_rows, guild_id, more)
                announcements += lot
            return await asyncio.to_thread(
                self._file,
                "server",
                guild_id,
                {
                    "configuration": rows.pop("guilds"),
                    "watches": [row for row in watches if row["host_id"] is not None],
                    "keywords": [row for row in watches if row["host_id"] is None],
                    "announcements": announcements[:MOST_ANNOUNCEMENTS],
                    **rows,
                },
            )

    async def erase_person(self, person: PersonId) -> None:
        """Give the person's permission back to X, and forget them."""
        if self._links is not None:
            await self._links.unlink(person)
        await self._store(Queries.erase_person, person)

    async def erase_guild(self, guild_id: GuildId) -> None:
        """Forget everything of a guild; the bot stays there, and begins anew. Messages in channels stay as they are."""
        while await self._store(Queries.erase_guild, guild_id, self._clock.now()):
            pass
        self._on_erased(guild_id)
        self._on_change()

    def _file(self, of: str, number: int, parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
        shown = {name: [_readable(row) for row in rows] for name, rows in parts.items()}
        head = {"format": FORMAT, "of": of, "id": str(number), "made_at": self._clock.now().isoformat()}
        return json.dumps({**head, **shown}, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    """A stored value for people and programs: times in ISO 8601; ids as text, since JavaScript's numbers are too short."""
    if not isinstance(value, int):
        return value
    if name.endswith("_at") or name in {"since", "until"}:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    return str(value) if name.endswith("_id") or name == "added_by" else value
