"""What `/status`, `/history` and `spacebot delays` show: past announcements, the queue, the delays."""

from datetime import datetime

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Kind, Past, Queue
from spacebot.domain.ids import ChannelId, GuildId, MessageId, SpaceId, UserId, events_of
from spacebot.domain.obstacles import Obstacle
from spacebot.domain.views import SpaceView
from spacebot.store.base import moment, ms, space_of
from spacebot.store.deliveries import UNFINISHED
from spacebot.store.seen import SeenQueries

MOST_PAST = 100
"""The most past announcements that are shown."""

MOST_LOOKED_THROUGH = 2000
"""Among so many of a guild's last announcements those of one host are found, and its delays, however many are kept."""


class OverviewQueries(SeenQueries):
    """Questions about past and waiting deliveries."""

    def past(self, guild_id: GuildId, host_id: UserId | None = None, *, space_id: SpaceId | None = None) -> list[Past]:
        """The guild's last announcements, newest first; only those of this Space, or of this host or guest, if given.

        Those of a host are looked for among the last `MOST_LOOKED_THROUGH`.
        """
        which = (
            "SELECT * FROM deliveries WHERE guild_id = :guild AND kind != :test ORDER BY delivery_id DESC LIMIT :among"
            if space_id is None
            else "SELECT * FROM deliveries WHERE space_id = :space AND +guild_id = :guild"
        )
        rows = self._rows(
            f"""
            SELECT d.kind, d.channel_id, d.state, d.reason, d.message_id, d.sent_at, d.space_id, d.guest_id
            FROM ({which}) d CROSS JOIN spaces s USING (space_id)
            WHERE d.kind != :test AND (:host IS NULL OR s.host_id = :host OR d.guest_id = :host)
            ORDER BY d.delivery_id DESC LIMIT :most
            """,  # noqa: S608 - constants
            guild=guild_id,
            host=host_id,
            test=Kind.TEST.value,
            space=space_id,
            among=MOST_PAST if host_id is None else MOST_LOOKED_THROUGH,
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
                    guild_id=guild_id,
                    channel_id=row["channel_id"],
                    space=space,
                    host=known.get(space.host_id) or Host(user_id=space.host_id, username="", name=""),
                    state=row["state"],
                    obstacle=None if row["reason"] is None else Obstacle.parse(row["reason"]),
                    message_id=row["message_id"],
                    sent_at=moment(row["sent_at"]),
                )
            )
        return past

    def events_met(self, guild_id: GuildId) -> Obstacle | None:
        """What the guild's last event has met, if it has failed."""
        row = self._row(
            """
            SELECT reason FROM deliveries WHERE channel_id = :place AND reason IS NOT NULL AND state IN ('failed', 'sent')
            ORDER BY delivery_id DESC LIMIT 1
            """,
            place=events_of(guild_id),
        )
        return None if row is None else Obstacle.parse(row["reason"])

    def agenda(self, guild_id: GuildId, until: datetime) -> list[tuple[SpaceView, ChannelId | None, MessageId | None]]:
        """The open Spaces of the hosts that the guild follows and has not put on hold, where each is announced, and its event.

        Live ones, then those that are scheduled to start before `until`, the first one first.
        """
        rows = self._rows(
            """
            SELECT s.*, COALESCE(w.channel_id, g.channel_id) AS to_channel, (
                SELECT d.message_id FROM deliveries d
                WHERE d.space_id = s.space_id AND d.channel_id = -w.guild_id AND d.kind = 'event' AND d.state = 'sent') AS event
            FROM watches w JOIN guilds g USING (guild_id) JOIN spaces s ON s.host_id = w.host_id
            WHERE w.guild_id = :guild AND NOT (w.on_hold OR g.all_on_hold)
              AND s.phase IN ('scheduled', 'live') AND (s.phase = 'live' OR s.scheduled_start < :until)
            ORDER BY s.phase = 'live' DESC, CASE s.phase WHEN 'live' THEN s.started_at ELSE s.scheduled_start END,
                     s.space_id
            """,
            guild=guild_id,
            until=ms(until),
        )
        spaces = [space_of(row) for row in rows]
        known = self.accounts(list({space.host_id for space in spaces}))
        return [
            (SpaceView.of_record(space, known.get(space.host_id)), row["to_channel"], row["event"])
            for space, row in zip(spaces, rows, strict=True)
        ]

    def queue(self, now: datetime, guild_id: GuildId | None = None) -> Queue:
        """How much is due in channels that are not paused, for one guild or for all."""
        row = self._rows(
            f"""
            SELECT count(*) FILTER (WHERE state != 'sent') AS unsent, count(*) FILTER (WHERE state = 'sent') AS edits,
                   min(created_at) FILTER (WHERE state != 'sent') AS oldest
            FROM deliveries INDEXED BY deliveries_due
            WHERE {UNFINISHED} AND (next_try_at <= :now OR state IN ('sending', 'failed'))
              AND channel_id NOT IN (SELECT channel_id FROM pauses) AND (:guild IS NULL OR guild_id = :guild) AND kind != :test
            """,  # noqa: S608 - a constant
            now=ms(now),
            test=Kind.TEST.value,
            guild=guild_id,
        )[0]
        return Queue(unsent=row["unsent"], edits=row["edits"], oldest=moment(row["oldest"]))

    def delays(self, since: datetime, guild_id: GuildId | None = None) -> list[tuple[float, str]]:
        """For what was sent since then: seconds from the Space's start to its announcement, and what saw it first.

        Only Spaces with a start given by X, and watches that existed then: a watch added midway is not late. They are
        taken from the last `MOST_LOOKED_THROUGH` announcements: of the guild, or of live Spaces in all.
        """
        last = (
            "SELECT * FROM deliveries INDEXED BY deliveries_sent WHERE kind = 'live' AND sent_at IS NOT NULL"
            " AND sent_at >= :since ORDER BY sent_at DESC LIMIT :among"
            if guild_id is None
            else "SELECT * FROM deliveries WHERE guild_id = :guild ORDER BY delivery_id DESC LIMIT :among"
        )
        rows = self._rows(
            f"""
            SELECT (d.sent_at - s.started_at) / 1000.0 AS delay, COALESCE(s.live_seen_by, 'sweep') AS seen_by
            FROM ({last}) d CROSS JOIN spaces s USING (space_id)
            WHERE d.kind = 'live' AND d.sent_at >= :since AND s.started_at IS NOT NULL AND d.guest_id IS NULL
              AND EXISTS (SELECT 1 FROM audience a JOIN watches w USING (watch_id)
                          WHERE a.delivery_id = d.delivery_id AND w.added_at <= s.started_at)
            """,  # noqa: S608 - constants
            since=ms(since),
            guild=guild_id,
            among=MOST_LOOKED_THROUGH,
        )
        return [(row["delay"], row["seen_by"]) for row in rows]
