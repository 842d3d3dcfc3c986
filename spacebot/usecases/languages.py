"""Which language a guild's admins have chosen, kept in the database and known at once: an answer cannot wait for it."""

from spacebot.domain.ids import GuildId
from spacebot.store.connection import Store
from spacebot.store.queries import Queries


class Languages:
    """The languages that guilds have chosen. Call `open` first.

    Guilds that have chosen none take no room here.
    """

    def __init__(self, *, store: Store) -> None:
        self._store = store
        self._chosen: dict[GuildId, str] = {}

    async def open(self) -> None:
        """Read what was chosen.

        Raises:
            StoreError: the database cannot be read; what was known stays.
        """
        self._chosen = await self._store(Queries.languages)

    def chosen(self, guild_id: GuildId) -> str | None:
        """The language that the guild's admins have chosen, as a code; None for the one that Discord says."""
        return self._chosen.get(guild_id)

    async def choose(self, guild_id: GuildId, code: str | None) -> None:
        """Tell the guild everything in this language from now on; None for the one that Discord says."""
        await self._store(Queries.set_language, guild_id, code)
        self.forget(guild_id)
        if code is not None:
            self._chosen[guild_id] = code

    def forget(self, guild_id: GuildId) -> None:
        """The guild has had everything about it deleted."""
        self._chosen.pop(guild_id, None)
