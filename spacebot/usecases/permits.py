"""Who is served: what the bot's operator blocks and allows, kept in the database and known at once. Knows no Discord."""

from collections.abc import Callable, Collection

from spacebot.clock import Clock
from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.permits import Blocks
from spacebot.errors import UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries


class Permits:
    """The operator's decisions. Call `open` first.

    Where no operator is set, nobody can block or allow anything, and every guild may watch for words.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        operators: Collection[PersonId] = (),
        operator_guild: GuildId | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what the decisions need.

        Args:
            store: Where they are kept.
            clock: Time.
            operators: Who may decide.
            operator_guild: Where they do; it may always watch for words, and is never blocked.
            on_change: Called when a guild is served anew, or no longer.
        """
        self._store = store
        self._clock = clock
        self._operators = frozenset(operators)
        self.operator_guild = operator_guild
        """Where the operator's commands are; None for nowhere."""
        self.on_change = on_change
        """Called when a guild is served anew, or no longer."""
        self._blocks = Blocks()

    async def open(self) -> None:
        """Read what was decided.

        Raises:
            StoreError: the database cannot be read.
        """
        self._blocks = await self._store(Queries.blocks)

    @property
    def blocks(self) -> Blocks:
        """All decisions."""
        return self._blocks

    def require_operator(self, person: PersonId) -> None:
        """Raise a `UserMistake` unless this is an operator."""
        if not self.is_operator(person):
            raise UserMistake(Mistake.NOT_THE_OPERATOR)

    def is_operator(self, person: PersonId) -> bool:
        """Whether this person runs the bot."""
        return person in self._operators

    def is_blocked(self, guild_id: GuildId | None, person: PersonId) -> bool:
        """Whether this person is not answered in this guild."""
        return guild_id in self._blocks.guilds or person in self._blocks.people

    def may_have_keywords(self, guild_id: GuildId) -> bool:
        """Whether the guild may watch for words: each search costs, whoever it is for."""
        return not self._operators or guild_id == self.operator_guild or guild_id in self._blocks.keywords

    async def block(self, *, guild_id: GuildId | None, person: PersonId | None, by: PersonId) -> None:
        """Serve a guild, or answer a person, no more.

        A blocked guild's hosts and keywords cost nothing; what was announced there is still closed.

        Raises:
            UserMistake: neither was named, or the operator would be locked out.
        """
        if guild_id is None and person is None:
            raise UserMistake(Mistake.NOBODY_NAMED)
        if person in self._operators or (guild_id is not None and guild_id == self.operator_guild):
            raise UserMistake(Mistake.OPERATOR_BLOCKED)
        now = self._clock.now()
        if guild_id is not None:
            await self._store(Queries.block_guild, guild_id, by, now)
        if person is not None:
            await self._store(Queries.block_person, person, by, now)
        await self._changed()

    async def allow(
        self, *, guild_id: GuildId | None, person: PersonId | None, keywords: bool | None, by: PersonId
    ) -> None:
        """Take back a block; where `keywords` is given, say whether the guild may watch for words, and nothing else.

        Raises:
            UserMistake: neither was named, or keywords of no guild.
        """
        if guild_id is None and person is None:
            raise UserMistake(Mistake.NOBODY_NAMED)
        if keywords is not None:
            if guild_id is None:
                raise UserMistake(Mistake.KEYWORDS_OF_NO_GUILD)
            if keywords:
                await self._store(Queries.allow_keywords, guild_id, by, self._clock.now())
            else:
                await self._store(Queries.disallow_keywords, guild_id)
        elif guild_id is not None:
            await self._store(Queries.unblock_guild, guild_id)
        if person is not None:
            await self._store(Queries.unblock_person, person)
        await self._changed()

    async def _changed(self) -> None:
        await self.open()
        self.on_change()
