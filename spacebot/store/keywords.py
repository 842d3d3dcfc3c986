"""Keyword watches: words in titles that guilds want announced, whoever the host is."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from spacebot.domain.guilds import Keyword
from spacebot.domain.ids import ChannelId, GuildId, SpaceId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.store.base import ACTIVE, ms, roles_of, roles_value
from spacebot.store.guilds import GuildQueries


class KeywordQueries(GuildQueries):
    """Keyword watches."""

    def add_keyword(self, keyword: Keyword, *, by: int, limit: int, now: datetime) -> bool:
        """Add a keyword watch, or update an existing one; its filters are replaced.

        Returns:
            Whether the watch is new.

        Raises:
            UserMistake: the guild already has the most keywords allowed.
        """
        self._ensure_guild(keyword.guild_id)
        values = {
            "guild": keyword.guild_id,
            "keyword": keyword.text,
            "lang": keyword.lang,
            "least": keyword.least,
            "ticketed": None if keyword.ticketed is None else int(keyword.ticketed),
            "channel": keyword.channel_id,
            "roles": roles_value(keyword.roles),
            "by": by,
            "now": ms(now),
        }
        updated = self.db.execute(
            """
            UPDATE watches SET lang = :lang, least = :least, ticketed = :ticketed,
                channel_id = COALESCE(:channel, channel_id), roles = COALESCE(:roles, roles)
            WHERE guild_id = :guild AND keyword = :keyword
            """,
            values,
        )
        if updated.rowcount:
            self._move_unsent(keyword.guild_id)
            return False
        count = len(self.keywords(keyword.guild_id))
        if count >= limit:
            raise UserMistake(Mistake.TOO_MANY_KEYWORDS, count=count)
        self.db.execute(
            """
            INSERT INTO watches (guild_id, keyword, lang, least, ticketed, channel_id, roles, added_by, added_at)
            VALUES (:guild, :keyword, :lang, :least, :ticketed, :channel, :roles, :by, :now)
            """,
            values,
        )
        return True

    def reset_keyword(self, guild_id: GuildId, text: str, *, channel: bool, role: bool) -> None:
        """Let a keyword watch use the guild's channel, or its role, again."""
        self._reset("keyword", text, guild_id, channel=channel, role=role)

    def put_keyword(self, keyword: Keyword, *, by: int, limit: int, now: datetime) -> None:
        """Add a keyword watch, or make it exactly this one.

        Raises:
            UserMistake: the guild already has the most keywords allowed.
        """
        if not self.add_keyword(keyword, by=by, limit=limit, now=now):
            self.reset_keyword(
                keyword.guild_id, keyword.text, channel=keyword.channel_id is None, role=not keyword.roles
            )

    def remove_keyword(self, guild_id: GuildId, text: str, now: datetime) -> bool:
        """Remove a keyword watch; returns whether there was one."""
        row = self._row(
            "SELECT watch_id FROM watches WHERE guild_id = :guild AND keyword = :keyword", guild=guild_id, keyword=text
        )
        if row is None:
            return False
        self._drop_watch(row["watch_id"], now)
        return True

    def keywords(self, guild_id: GuildId | None = None) -> list[Keyword]:
        """The keywords of one guild, by name; without a guild those of all guilds for which is searched."""
        which = ACTIVE if guild_id is None else "w.guild_id = :guild"
        rows = self._rows(
            f"""
            SELECT w.watch_id, w.guild_id, w.keyword, w.lang, w.least, w.ticketed, w.channel_id, w.roles
            FROM watches w JOIN guilds g USING (guild_id)
            WHERE w.keyword IS NOT NULL AND {which} ORDER BY w.keyword, w.watch_id
            """,  # noqa: S608 - constants
            guild=guild_id,
        )
        return [
            Keyword(
                watch_id=row["watch_id"],
                guild_id=row["guild_id"],
                text=row["keyword"],
                lang=row["lang"],
                least=row["least"],
                ticketed=None if row["ticketed"] is None else bool(row["ticketed"]),
                channel_id=ChannelId(row["channel_id"]) if row["channel_id"] is not None else None,
                roles=roles_of(row["roles"]),
            )
            for row in rows
        ]

    def unserved(self, matches: Mapping[SpaceId, Sequence[int]]) -> list[SpaceId]:
        """The Spaces for which at least one matching watch has no delivery yet."""
        return [
            space_id
            for space_id, watch_ids in matches.items()
            if self._rows(
                """
                SELECT 1 FROM json_each(:ids) WHERE NOT EXISTS (
                    SELECT 1 FROM audience WHERE watch_id = value AND space_id = :space AND kind = 'live') LIMIT 1
                """,
                ids=json.dumps(list(watch_ids)),
                space=space_id,
            )
        ]
