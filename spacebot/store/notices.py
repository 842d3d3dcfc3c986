"""What guilds' admins are told once: a paused channel, a renamed host, an account that X no longer shows."""

from datetime import datetime

from spacebot.domain.deliveries import Matter, Notice
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.store.base import host_of, ms
from spacebot.store.seen import SeenQueries

MOST_PEOPLE = 3
"""As many of those who set something up may be told in person, one after another, until one can be reached."""


class NoticeQueries(SeenQueries):
    """Notices."""

    def due_notices(self, now: datetime, most: int = 20) -> list[Notice]:
        """What is to be told now, to guilds that the bot is in."""
        rows = self._rows(
            """
            SELECT n.*, g.admin_channel_id, u.user_id, u.username, u.name, u.picture, u.protected, u.standing
            FROM notices n JOIN guilds g USING (guild_id) LEFT JOIN users u ON u.user_id = n.host_id
            WHERE n.told_at IS NULL AND n.next_try_at <= :now AND g.left_at IS NULL
            ORDER BY n.next_try_at LIMIT :most
            """,
            now=ms(now),
            most=most,
        )
        return [
            Notice(
                notice_id=row["notice_id"],
                guild_id=row["guild_id"],
                matter=Matter(row["matter"]),
                channel_id=row["channel_id"],
                host=host_of(row) if row["user_id"] else None,
                detail=row["detail"],
                admin_channel_id=row["admin_channel_id"],
                people=tuple(
                    person["added_by"]
                    for person in self._rows(
                        """
                        SELECT added_by FROM watches w JOIN guilds g USING (guild_id)
                        WHERE guild_id = :guild
                          AND (w.host_id = :host OR COALESCE(w.channel_id, g.channel_id) = :channel)
                        GROUP BY added_by ORDER BY max(watch_id) DESC LIMIT :most
                        """,
                        guild=row["guild_id"],
                        host=row["host_id"],
                        channel=row["channel_id"],
                        most=MOST_PEOPLE,
                    )
                ),
                attempts=row["attempts"],
            )
            for row in rows
        ]

    def note_refusal(self, channel_id: ChannelId, guild_id: GuildId, reason: str, now: datetime) -> None:
        """Have the guild told, once a day at most, that Discord keeps refusing a message in this channel."""
        self._tell(
            [guild_id],
            f"message in {channel_id}",
            matter=Matter.PAUSED,
            detail=reason,
            now=now,
            due=now,
            channel_id=channel_id,
        )

    def note_told(self, notice_id: int, now: datetime) -> None:
        """The guild knows; what it was told need not be kept."""
        self.db.execute(
            "UPDATE notices SET told_at = :now WHERE notice_id = :notice", {"now": ms(now), "notice": notice_id}
        )

    def note_untold(self, notice_id: int, next_try_at: datetime) -> None:
        """It could not be told; it is tried again."""
        self.db.execute(
            "UPDATE notices SET attempts = attempts + 1, next_try_at = :next WHERE notice_id = :notice",
            {"next": ms(next_try_at), "notice": notice_id},
        )
