"""What is stored of one guild or of one person, to be handed out or deleted. No secret is ever among it."""

from datetime import datetime
from typing import Any

from spacebot.domain.ids import GuildId
from spacebot.store.base import LOT
from spacebot.store.forgetting import ForgettingQueries
from spacebot.store.links import LinkQueries

OPERATORS_TABLES = frozenset({"keyword_permits", "new_hosts", "spent_by"})
"""What the operator decides and pays, by guild: neither handed out nor deleted with what is the guild's own."""

_LAST = (1 << 63) - 1
"""No row has a larger id."""


class PrivacyQueries(ForgettingQueries, LinkQueries):
    """Everything of one guild, or of one person."""

    def guild_rows(self, guild_id: GuildId) -> dict[str, list[dict[str, Any]]]:
        """Every row of the guild's, by table, but for its deliveries; to watches the host's handle is added."""
        rows = {
            table: self._rows(f"SELECT * FROM {table} WHERE guild_id = :guild", guild=guild_id)  # noqa: S608 - from the schema
            for table in self.guild_tables()
            if table not in {"watches", "deliveries"}
        }
        rows["watches"] = self._rows(
            """
            SELECT w.*, u.username AS host FROM watches w LEFT JOIN users u ON u.user_id = w.host_id
            WHERE w.guild_id = :guild ORDER BY w.watch_id
            """,
            guild=guild_id,
        )
        return rows

    def delivery_rows(
        self, guild_id: GuildId, before: int | None = None, most: int = LOT
    ) -> tuple[list[dict[str, Any]], int | None]:
        """The guild's deliveries, the newest first, each with the Space's host: the next lot of them.

        That of an event has the event's id for its message's, and no channel.

        Args:
            guild_id: The guild.
            before: What came with the lot before; None for the first lot.
            most: How many.

        Returns:
            The rows, and what to ask for the next lot with; None once there is none.
        """
        rows = self._rows(
            """
            SELECT d.delivery_id, d.kind, CASE WHEN d.channel_id > 0 THEN d.channel_id END AS channel_id, d.message_id,
                   d.space_id, s.host_id, d.guest_id, d.state, d.reason, d.created_at, d.sent_at
            FROM deliveries d LEFT JOIN spaces s USING (space_id)
            WHERE d.guild_id = :guild AND d.delivery_id < :before ORDER BY d.delivery_id DESC LIMIT :most
            """,
            guild=guild_id,
            before=_LAST if before is None else before,
            most=most,
        )
        numbers = [row.pop("delivery_id") for row in rows]
        return rows, numbers[-1] if len(rows) == most else None

    def guild_counts(self, guild_id: GuildId) -> tuple[int, int, int]:
        """How many hosts a guild follows, how many words it watches for, and how many announcements are kept."""
        row = self._rows(
            """
            SELECT (SELECT count(*) FROM watches WHERE guild_id = :guild AND host_id IS NOT NULL) AS hosts,
                   (SELECT count(*) FROM watches WHERE guild_id = :guild AND host_id IS NULL) AS keywords,
                   (SELECT count(*) FROM deliveries WHERE guild_id = :guild) AS announcements
            """,
            guild=guild_id,
        )[0]
        return row["hosts"], row["keywords"], row["announcements"]

    def guild_tables(self) -> list[str]:
        """The tables whose rows belong to a guild."""
        rows = self._rows(
            """
            SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
            WHERE m.type = 'table' AND c.name = 'guild_id' ORDER BY m.name
            """
        )
        return [row["name"] for row in rows if row["name"] not in OPERATORS_TABLES]

    def person_rows(self, person: int) -> dict[str, list[dict[str, Any]]]:
        """What is stored of a person: their link and sign-in without what is sealed, what X told them, and what they had guilds follow."""
        return {
            "links": self._rows("SELECT expires_at, scopes FROM links WHERE person = :person", person=person),
            "own_counts": self._rows(
                "SELECT space_id, reminders, tickets, seen_at FROM own_counts WHERE person = :person", person=person
            ),
            "sign_ins": self._rows("SELECT person_name, until FROM sign_ins WHERE person = :person", person=person),
            "watches": self._rows(
                """
                SELECT w.guild_id, w.host_id, u.username AS host, w.keyword, w.added_at
                FROM watches w LEFT JOIN users u ON u.user_id = w.host_id WHERE w.added_by = :person ORDER BY w.watch_id
                """,
                person=person,
            ),
        }

    def erase_guild(self, guild_id: GuildId, now: datetime, most: int = LOT // 4) -> bool:
        """Remove every row of the guild's, so many deliveries at a time; then it is as if it had just invited the bot.

        Deliveries that the courier may be at work on follow with the hourly `forget`.

        Returns:
            Whether this is to be called again, as there were more deliveries.
        """
        if self._forget_deliveries_of(guild_id, now, most) == most:
            return True
        self._forget_pauses_of(guild_id)
        self._forget_guild(guild_id)
        return False

    def erase_person(self, person: int) -> None:
        """Remove a person's link and sign-ins, and their name from what they had guilds follow."""
        self.forget_person(person)
        self._forget_who_added(person)
