"""Every statement about bells: which role each has, and which is being made. Who has a role only Discord knows."""

from spacebot.domain.bells import Bell
from spacebot.domain.ids import GuildId, RoleId, UserId
from spacebot.store.base import QueryGroup, moment, ms


class BellQueries(QueryGroup):
    """Bells and their roles."""

    def bells(self, guild_id: GuildId) -> dict[UserId, Bell]:
        """The guild's bells that were ever pressed, by host."""
        rows = self._rows(
            "SELECT host_id, name, asked, role_id, tried_at FROM bells WHERE guild_id = :guild", guild=guild_id
        )
        return {row["host_id"]: Bell(**{**row, "tried_at": moment(row["tried_at"])}) for row in rows}

    def begin_bell(self, guild_id: GuildId, bell: Bell) -> None:
        """Note, before Discord is asked, that the bell's role is being made: a crash leaves a name to find it by."""
        self.db.execute(
            """
            INSERT INTO bells (guild_id, host_id, name, asked, tried_at) VALUES (:guild, :host, :name, :asked, :tried)
            ON CONFLICT DO UPDATE SET
                name = excluded.name, asked = excluded.asked, role_id = NULL, tried_at = excluded.tried_at
            """,
            {
                "guild": guild_id,
                "host": bell.host_id,
                "name": bell.name,
                "asked": bell.asked,
                "tried": ms(bell.tried_at),
            },
        )

    def set_bell_role(self, guild_id: GuildId, host_id: UserId, role_id: RoleId) -> None:
        """The role is there: the bell's announcements mention it from now on."""
        self.db.execute(
            "UPDATE bells SET role_id = :role WHERE guild_id = :guild AND host_id = :host",
            {"role": role_id, "guild": guild_id, "host": host_id},
        )

    def drop_bell(self, guild_id: GuildId, host_id: UserId) -> None:
        """Undo `begin_bell`: Discord has made no role."""
        self.db.execute(
            "DELETE FROM bells WHERE guild_id = :guild AND host_id = :host AND role_id IS NULL",
            {"guild": guild_id, "host": host_id},
        )

    def forget_bell_role(self, guild_id: GuildId, role_id: RoleId) -> None:
        """The role is gone: it is mentioned no more, and the next press makes another."""
        self.db.execute(
            "DELETE FROM bells WHERE guild_id = :guild AND role_id = :role", {"guild": guild_id, "role": role_id}
        )

    def bell_roles(self) -> list[tuple[GuildId, RoleId]]:
        """The roles of all bells of all guilds."""
        rows = self._rows("SELECT guild_id, role_id FROM bells WHERE role_id IS NOT NULL ORDER BY guild_id, role_id")
        return [(row["guild_id"], row["role_id"]) for row in rows]
