"""Notices to guilds' admins, each given once: a paused channel, a renamed host, an account that X no longer shows.

The only module that writes the table `notices`.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from spacebot.domain.deliveries import Matter, Notice
from spacebot.domain.ids import ChannelId, GuildId, UserId
from spacebot.domain.obstacles import Obstacle
from spacebot.store.base import QueryGroup, host_of, moment, ms

TOLD_AGAIN = timedelta(days=1)
"""A guild is not told the same again sooner, however often it recurs."""

MOST_RECIPIENTS = 3
"""How many of those who added a watch are tried by direct message until one is reached."""


class NoticeQueries(QueryGroup):
    """Every statement that writes notices."""

    def _add_notice(
        self,
        guild_ids: Sequence[GuildId],
        subject: str,
        *,
        matter: Matter,
        detail: str,
        now: datetime,
        due: datetime,
        host_id: UserId | None = None,
        channel_id: ChannelId | None = None,
    ) -> None:
        """Add a notice for each guild, or renew it; what a guild was told within the last day is not repeated.

        Another name or standing of an account is told when that day is over, if it is still so; another reason why a
        channel does not work is no news. Of several names that nobody was told of, the first is told.
        """
        self.db.execute(
            """
            INSERT INTO notices (guild_id, subject, matter, host_id, channel_id, detail, created_at, next_try_at)
            SELECT guild_id, :subject, :matter, :host, :channel, :detail, :now, :due FROM guilds
            WHERE guild_id IN (SELECT value FROM json_each(:guilds))
            ON CONFLICT (guild_id, subject) DO UPDATE SET
                detail = CASE WHEN told_at IS NULL AND matter = :renamed THEN detail ELSE excluded.detail END,
                created_at = excluded.created_at,
                next_try_at = CASE WHEN host_id IS NULL THEN excluded.next_try_at WHEN told_at IS NULL THEN next_try_at
                                   ELSE max(excluded.next_try_at, told_at + :day) END,
                attempts = CASE WHEN host_id IS NOT NULL AND told_at IS NULL THEN attempts ELSE 0 END,
                told_before = COALESCE(told_at, told_before), told_at = NULL
                WHERE told_at IS NULL OR told_at < :day_ago OR (host_id IS NOT NULL AND detail != excluded.detail)
            """,
            {
                "guilds": json.dumps(list(guild_ids)),
                "subject": subject,
                "matter": matter.value,
                "host": host_id,
                "channel": channel_id,
                "detail": detail,
                "now": ms(now),
                "due": ms(due),
                "day_ago": ms(now - TOLD_AGAIN),
                "day": TOLD_AGAIN // timedelta(milliseconds=1),
                "renamed": Matter.RENAMED.value,
            },
        )

    def due_notices(self, now: datetime, most: int = 20) -> list[Notice]:
        """The notices due now, of guilds that the bot is in."""
        rows = self._rows(
            """
            SELECT n.*, g.admin_channel_id, g.language, u.user_id, u.username, u.name, u.picture, u.protected, u.standing
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
                created_at=moment(row["created_at"]) or now,
                guild_id=row["guild_id"],
                matter=Matter(row["matter"]),
                channel_id=row["channel_id"],
                host=host_of(row) if row["user_id"] else None,
                detail=row["detail"],
                obstacle=Obstacle.parse(row["detail"]) if row["matter"] == Matter.PAUSED else None,
                admin_channel_id=row["admin_channel_id"],
                recipients=tuple(
                    person["added_by"]
                    for person in self._rows(
                        """
                        SELECT added_by FROM watches w JOIN guilds g USING (guild_id)
                        WHERE guild_id = :guild AND added_by != 0 -- 0: who did had themselves forgotten
                          AND (w.host_id = :host OR COALESCE(w.channel_id, g.channel_id) = :channel OR :channel < 0)
                        GROUP BY added_by ORDER BY max(watch_id) DESC LIMIT :most
                        """,
                        guild=row["guild_id"],
                        host=row["host_id"],
                        channel=row["channel_id"],
                        most=MOST_RECIPIENTS,
                    )
                ),
                attempts=row["attempts"],
                language=row["language"],
            )
            for row in rows
        ]

    def note_refusal(self, channel_id: ChannelId, guild_id: GuildId, obstacle: Obstacle, now: datetime) -> None:
        """Tell the guild, at most once a day, that Discord keeps refusing a message in this channel."""
        self._add_notice(
            [guild_id],
            f"message in {channel_id}",
            matter=Matter.PAUSED,
            detail=str(obstacle),
            now=now,
            due=now,
            channel_id=channel_id,
        )

    def note_told(self, notice_id: int, now: datetime) -> None:
        """Note that the guild was told."""
        self.db.execute(
            "UPDATE notices SET told_at = :now WHERE notice_id = :notice", {"now": ms(now), "notice": notice_id}
        )

    def note_untold(self, notice_id: int, next_try_at: datetime) -> None:
        """Note that nobody could be told; it is tried again at `next_try_at`."""
        self.db.execute(
            "UPDATE notices SET attempts = attempts + 1, next_try_at = :next WHERE notice_id = :notice",
            {"next": ms(next_try_at), "notice": notice_id},
        )

    def _withdraw_standing(self, host_id: UserId) -> None:
        """The account is as any other again: guilds that have not heard of its standing need not."""
        self._withdraw(host_id, Matter.STANDING)

    def _withdraw_name(self, host_id: UserId, username: str) -> None:
        """The account has this name: guilds that know it by the same one need not hear of those in between."""
        self._withdraw(host_id, Matter.RENAMED, detail=username)

    def _withdraw(self, host_id: UserId, matter: Matter, *, detail: str | None = None) -> None:
        """What waits to be told of an account is not told; when a guild was told before that is not forgotten."""
        values = {"host": host_id, "matter": matter.value, "detail": detail}
        waiting = """
            host_id = :host AND matter = :matter AND told_at IS NULL
            AND (:detail IS NULL OR detail = :detail COLLATE NOCASE)
        """
        self.db.execute(f"DELETE FROM notices WHERE {waiting} AND told_before IS NULL", values)  # noqa: S608 - a constant
        self.db.execute(f"UPDATE notices SET told_at = told_before WHERE {waiting}", values)  # noqa: S608 - a constant

    def _withdraw_pause(self, channel_id: ChannelId) -> None:
        """The channel works again: drop the notice of its pause if it was not given yet."""
        self.db.execute("DELETE FROM notices WHERE channel_id = :channel AND told_at IS NULL", {"channel": channel_id})

    def _make_notices_due(self, now: datetime) -> None:
        """The wall clock was set back: notices do not wait for it to catch up."""
        self.db.execute(
            "UPDATE notices SET next_try_at = :now WHERE told_at IS NULL AND next_try_at > :now", {"now": ms(now)}
        )

    def _forget_names(self, told_before: datetime, most: int) -> int:
        """Remove former handles from so many notices given by then; how many it were."""
        return self.db.execute(
            """
            UPDATE notices SET detail = '' WHERE notice_id IN (
                SELECT notice_id FROM notices WHERE told_at <= :before AND matter = 'renamed' AND detail != '' LIMIT :most)
            """,
            {"before": ms(told_before), "most": most},
        ).rowcount
