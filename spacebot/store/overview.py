"""What admins are shown of the past and of what is in the way."""

from datetime import datetime

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Kind, Past, Queue
from spacebot.domain.ids import GuildId, UserId
from spacebot.domain.obstacles import Obstacle
from spacebot.store.base import moment, ms
from spacebot.store.deliveries import UNFINISHED
from spacebot.store.seen import SeenQueries

MOST_PAST = 100
"""As many announcements of the past are shown at most."""


class OverviewQueries(SeenQueries):
    """Questions about how things are."""

    def past(self, guild_id: GuildId, host_id: UserId | None = None) -> list[Past]:
        """The guild's last announcements, the newest first; those of one host or guest where one is given."""
        rows = self._rows(
            """
            SELECT d.kind, d.channel_id, d.state, d.reason, d.message_id, d.sent_at, d.space_id, d.guest_id
            FROM deliveries d JOIN spaces s USING (space_id)
            WHERE d.guild_id = :guild AND (:host IS NULL OR s.host_id = :host OR d.guest_id = :host)
            ORDER BY d.delivery_id DESC LIMIT :most
            """,
            guild=guild_id,
            host=host_id,
            most=MOST_PAST,
        )
        past = []
        for row in rows:
            space = self.space(row["space_id"])
            assert space is not None  # joined above
            known = self.accounts([space.host_id])
            past.append(
                Past(
                    kind=Kind(row["kind"]),
                    channel_id=row["channel_id"],
                    space=space,
                    host=known.get(space.host_id) or Host(user_id=space.host_id, username="i", name="A host"),
                    state=row["state"],
                    obstacle=None if row["reason"] is None else Obstacle.parse(row["reason"]),
                    message_id=row["message_id"],
                    sent_at=moment(row["sent_at"]),
                )
            )
        return past

    def queue(self, now: datetime) -> Queue:
        """What is due and not paused."""
        row = self._rows(
            f"""
            SELECT count(*) FILTER (WHERE state != 'sent') AS unsent, count(*) FILTER (WHERE state = 'sent') AS edits,
                   min(created_at) FILTER (WHERE state != 'sent') AS oldest
            FROM deliveries INDEXED BY deliveries_due
            WHERE {UNFINISHED} AND (next_try_at <= :now OR state IN ('sending', 'failed'))
              AND channel_id NOT IN (SELECT channel_id FROM pauses)
            """,  # noqa: S608 - a constant
            now=ms(now),
        )[0]
        return Queue(unsent=row["unsent"], edits=row["edits"], oldest=moment(row["oldest"]))

    def delays(self, since: datetime, guild_id: GuildId | None = None) -> list[tuple[float, str]]:
        """Seconds from a Space's start to its announcement, and what saw it first, of what was sent since then.

        Only Spaces that X dated, and channels that were followed when they began: a watch added midway is not late.
        """
        rows = self._rows(
            """
            SELECT (d.sent_at - s.started_at) / 1000.0 AS delay, COALESCE(s.live_seen_by, 'sweep') AS seen_by
            FROM deliveries d JOIN spaces s USING (space_id)
            WHERE d.kind = 'live' AND d.sent_at >= :since AND s.started_at IS NOT NULL AND d.guest_id IS NULL
              AND (:guild IS NULL OR d.guild_id = :guild)
              AND EXISTS (SELECT 1 FROM audience a JOIN watches w USING (watch_id)
                          WHERE a.delivery_id = d.delivery_id AND w.added_at <= s.started_at)
            """,
            since=ms(since),
            guild=guild_id,
        )
        return [(row["delay"], row["seen_by"]) for row in rows]
