"""What the operator has forbidden and allowed, and how many new accounts each guild has had bought today."""

from datetime import UTC, date, datetime, time

from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.permits import Blocks
from spacebot.store.base import QueryGroup, ms

_GUILD, _PERSON = "guild", "person"


class PermitQueries(QueryGroup):
    """Blocks, allowances and quotas. They outlive the guild's own rows: leaving and coming back resets nothing."""

    def blocks(self) -> Blocks:
        """Everything that is blocked or specially allowed."""
        rows = self._rows("SELECT kind, id FROM blocks")
        return Blocks(
            guilds=frozenset(GuildId(row["id"]) for row in rows if row["kind"] == _GUILD),
            people=frozenset(PersonId(row["id"]) for row in rows if row["kind"] == _PERSON),
            keywords=frozenset(GuildId(row["guild_id"]) for row in self._rows("SELECT guild_id FROM keyword_permits")),
        )

    def block_guild(self, guild_id: GuildId, by: int, now: datetime) -> None:
        """Serve this guild no more."""
        self._block(_GUILD, guild_id, by, now)

    def block_person(self, person: PersonId, by: int, now: datetime) -> None:
        """Answer this person no more."""
        self._block(_PERSON, person, by, now)

    def unblock_guild(self, guild_id: GuildId) -> None:
        """Serve this guild again."""
        self._unblock(_GUILD, guild_id)

    def unblock_person(self, person: PersonId) -> None:
        """Answer this person again."""
        self._unblock(_PERSON, person)

    def allow_keywords(self, guild_id: GuildId, by: int, now: datetime) -> None:
        """Let this guild watch for words."""
        self.db.execute(
            "INSERT INTO keyword_permits VALUES (:guild, :by, :now) ON CONFLICT DO NOTHING",
            {"guild": guild_id, "by": by, "now": ms(now)},
        )

    def disallow_keywords(self, guild_id: GuildId) -> None:
        """Let it no more."""
        self.db.execute("DELETE FROM keyword_permits WHERE guild_id = :guild", {"guild": guild_id})

    def count_new_hosts(self, guild_id: GuildId, day: date, most: int, *, wanted: int = 1) -> int:
        """Count accounts that are about to be bought for a guild.

        Returns:
            How many of those wanted may be: at most so many on one day.
        """
        granted = max(0, min(wanted, most - self.new_hosts(guild_id, day)))
        if granted:
            self.db.execute(
                """
                INSERT INTO new_hosts VALUES (:guild, :day, :count) ON CONFLICT (guild_id)
                DO UPDATE SET count = CASE WHEN day = excluded.day THEN count + :count ELSE :count END, day = excluded.day
                """,
                {"guild": guild_id, "day": _number(day), "count": granted},
            )
        return granted

    def uncount_new_hosts(self, guild_id: GuildId, day: date, count: int = 1) -> None:
        """So many were not bought after all."""
        self.db.execute(
            "UPDATE new_hosts SET count = MAX(0, count - :count) WHERE guild_id = :guild AND day = :day",
            {"guild": guild_id, "day": _number(day), "count": count},
        )

    def new_hosts(self, guild_id: GuildId, day: date) -> int:
        """How many were bought for the guild on that day."""
        row = self._row(
            "SELECT count FROM new_hosts WHERE guild_id = :guild AND day = :day", guild=guild_id, day=_number(day)
        )
        return int(row["count"]) if row else 0

    def _block(self, kind: str, blocked: int, by: int, now: datetime) -> None:
        self.db.execute(
            "INSERT INTO blocks VALUES (:kind, :id, :by, :now) ON CONFLICT DO NOTHING",
            {"kind": kind, "id": blocked, "by": by, "now": ms(now)},
        )

    def _unblock(self, kind: str, blocked: int) -> None:
        self.db.execute("DELETE FROM blocks WHERE kind = :kind AND id = :id", {"kind": kind, "id": blocked})


def _number(day: date) -> int:
    return ms(datetime.combine(day, time(), UTC)) // 86_400_000
