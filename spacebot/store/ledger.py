"""The ledger of deliveries: what ought to stand in which channel, what stands there, and what is in the way.

`claim` commits 'sending' before anybody calls Discord.
"""

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from spacebot.ids import ChannelId, GuildId, MessageId, RoleId
from spacebot.store.base import host_of, moment, ms, ms_or_none
from spacebot.store.rows import Host, Job, Kind, Pause
from spacebot.store.seen import SeenTables
from spacebot.watch.lifecycle import Phase, SpaceRecord
from spacebot.x.model import SpaceId

LEASE = timedelta(seconds=120)
"""How long a claim keeps a delivery from being claimed again; longer than one whole send may take."""

UNWATCHED = "no longer followed"
OVER = "the Space was over before it could be announced"


class LedgerTables(SeenTables):
    """Deliveries and paused channels."""

    def _ensure_deliveries(self, record: SpaceRecord, now: datetime) -> None:
        """One row per interested channel; a watch that has its message of this Space already gets no other."""
        values = {
            "space": record.space_id,
            "host": record.host_id,
            "kind": Kind.LIVE.value,
            "revision": record.revision,
            "now": ms(now),
            "unwatched": UNWATCHED,
        }
        missing = """
            FROM watches w JOIN guilds g USING (guild_id)
            WHERE w.host_id = :host AND g.left_at IS NULL AND COALESCE(w.channel_id, g.channel_id) IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM audience a
                              WHERE a.watch_id = w.watch_id AND a.space_id = :space AND a.kind = :kind)
        """
        if not self._rows(f"SELECT 1 {missing} LIMIT 1", **values):
            return
        self.db.execute(
            f"""
            INSERT INTO deliveries (space_id, channel_id, kind, guild_id, state, wanted, next_try_at, created_at)
            SELECT DISTINCT :space, COALESCE(w.channel_id, g.channel_id), :kind, w.guild_id, 'pending', :revision,
                :now, :now {missing}
            ON CONFLICT (space_id, channel_id, kind) DO UPDATE SET state = 'pending', reason = NULL, next_try_at = :now
                WHERE state = 'skipped' AND reason = :unwatched
            """,
            values,
        )
        self.db.execute(
            f"""
            INSERT INTO audience (watch_id, space_id, kind, delivery_id)
            SELECT w.watch_id, :space, :kind, (
                SELECT d.delivery_id FROM deliveries d WHERE d.space_id = :space AND d.kind = :kind
                  AND d.channel_id = COALESCE(w.channel_id, g.channel_id)) {missing}
            """,  # noqa: S608 - a constant
            values,
        )

    def _want(self, record: SpaceRecord, now: datetime) -> None:
        """Let every message of the Space show its newest revision; what was never sent is not sent once it is over."""
        values = {"space": record.space_id, "revision": record.revision, "now": ms(now), "reason": OVER}
        if record.phase is Phase.LIVE:  # taken for over, and back
            self.db.execute(
                """
                UPDATE deliveries SET state = 'pending', reason = NULL, next_try_at = :now
                WHERE space_id = :space AND state = 'skipped' AND reason = :reason
                  AND delivery_id IN (SELECT delivery_id FROM audience)
                """,
                values,
            )
        if not record.phase.is_open:
            self.db.execute(
                """
                UPDATE deliveries SET state = 'skipped', reason = :reason
                WHERE space_id = :space AND state IN ('pending', 'failed') AND first_attempt_at IS NULL
                """,
                values,
            )
        self.db.execute(
            "UPDATE deliveries SET wanted = :revision WHERE space_id = :space AND state != 'skipped'", values
        )

    def release(self, now: datetime) -> int:
        """At a start: what was being sent when the last run stopped is due again. How many there are."""
        cursor = self.db.execute(
            "UPDATE deliveries SET next_try_at = :now WHERE next_try_at > :now AND "
            "(state = 'sending' OR (state = 'sent' AND shown < wanted))",
            {"now": ms(now)},
        )
        return cursor.rowcount

    def claim(self, most: int, now: datetime, busy: Collection[ChannelId] = ()) -> list[Job]:
        """Take up to `most` due deliveries and commit that they are being sent, before anybody calls Discord.

        One for each channel, and none for those that are `busy` or paused: what goes to one channel goes one after
        another. Those never sent come before edits, the newest Space first.
        """
        rows = self._rows(
            """
            WITH due AS (
                SELECT d.*, s.host_id, s.first_seen_at, row_number() OVER (
                    PARTITION BY d.channel_id ORDER BY d.state = 'sent', s.first_seen_at DESC, d.delivery_id) AS place
                FROM deliveries d JOIN spaces s USING (space_id)
                WHERE d.next_try_at <= :now
                  AND (d.state IN ('pending', 'sending', 'failed') OR (d.state = 'sent' AND d.shown < d.wanted))
                  AND d.channel_id NOT IN (SELECT channel_id FROM pauses)
                  AND d.channel_id NOT IN (SELECT value FROM json_each(:busy))
            )
            SELECT d.delivery_id, d.kind, d.guild_id, d.channel_id, d.space_id, d.attempts, d.first_attempt_at,
                   d.message_id, u.user_id, u.username, u.name, u.picture, u.protected,
                   EXISTS (SELECT 1 FROM audience a WHERE a.delivery_id = d.delivery_id) AS followed
            FROM due d LEFT JOIN users u ON u.user_id = d.host_id
            WHERE d.place = 1
            ORDER BY d.state = 'sent', d.first_seen_at DESC, d.delivery_id LIMIT :most
            """,
            now=ms(now),
            busy=json.dumps(list(busy)),
            most=most,
        )
        jobs = []
        spaces: dict[SpaceId, SpaceRecord] = {}
        for row in rows:
            space = spaces.get(row["space_id"]) or self.space(row["space_id"])
            assert space is not None  # the foreign key says so
            spaces[space.space_id] = space
            self.db.execute(
                """
                UPDATE deliveries SET attempts = attempts + 1, next_try_at = :lease,
                    state = CASE state WHEN 'sent' THEN 'sent' ELSE 'sending' END,
                    first_attempt_at = CASE state WHEN 'sent' THEN first_attempt_at
                                                  ELSE COALESCE(first_attempt_at, :now) END
                WHERE delivery_id = :delivery
                """,
                {"delivery": row["delivery_id"], "lease": ms(now + LEASE), "now": ms(now)},
            )
            jobs.append(
                Job(
                    delivery_id=row["delivery_id"],
                    kind=Kind(row["kind"]),
                    guild_id=row["guild_id"],
                    channel_id=row["channel_id"],
                    space=space,
                    host=host_of(row) if row["user_id"] else Host(user_id=space.host_id, username="i", name="A host"),
                    roles=self._roles(row["delivery_id"]),
                    followed=bool(row["followed"]),
                    attempts=row["attempts"],
                    first_attempt_at=moment(row["first_attempt_at"]),
                    message_id=row["message_id"],
                )
            )
        return jobs

    def _roles(self, delivery_id: int) -> tuple[RoleId, ...]:
        rows = self._rows(
            """
            SELECT DISTINCT COALESCE(w.role_id, g.role_id) AS role
            FROM audience a JOIN watches w USING (watch_id) JOIN guilds g USING (guild_id)
            WHERE a.delivery_id = :delivery AND COALESCE(w.role_id, g.role_id) IS NOT NULL ORDER BY role
            """,
            delivery=delivery_id,
        )
        return tuple(row["role"] for row in rows)

    def next_due(self) -> datetime | None:
        """When the next delivery outside paused channels falls due; None if nothing waits."""
        row = self._rows(
            """
            SELECT min(next_try_at) AS due FROM deliveries
            WHERE (state IN ('pending', 'sending', 'failed') OR (state = 'sent' AND shown < wanted))
              AND channel_id NOT IN (SELECT channel_id FROM pauses)
            """
        )[0]
        return moment(row["due"])

    def mark_sent(self, delivery_id: int, message_id: MessageId, shown: int, now: datetime) -> None:
        """The message stands in the channel and shows this revision; an edit of it is due as soon as one is wanted."""
        self.db.execute(
            """
            UPDATE deliveries SET state = 'sent', reason = NULL, message_id = :message, shown = :shown, attempts = 0,
                next_try_at = 0, sent_at = COALESCE(sent_at, :now) WHERE delivery_id = :delivery
            """,
            {"delivery": delivery_id, "message": message_id, "shown": shown, "now": ms(now)},
        )

    def mark_skipped(self, delivery_id: int, reason: str) -> None:
        """There is nothing more to do for this delivery."""
        self.db.execute(
            "UPDATE deliveries SET state = 'skipped', reason = :reason WHERE delivery_id = :delivery",
            {"delivery": delivery_id, "reason": reason},
        )

    def mark_failed(self, job: Job, reason: str, *, unclear: bool, next_try_at: datetime) -> None:
        """It did not work this time.

        Args:
            job: What was tried.
            reason: For people.
            unclear: Whether Discord may hold the message all the same. A clear refusal of the very first attempt
                proves that nothing was posted; one that follows an unclear attempt proves nothing about that one.
            next_try_at: Not before.
        """
        self.db.execute(
            """
            UPDATE deliveries SET reason = :reason, next_try_at = :next,
                state = CASE WHEN state = 'sent' THEN 'sent' WHEN :unclear THEN 'sending' ELSE 'failed' END,
                first_attempt_at = CASE WHEN state = 'sent' OR :unclear THEN first_attempt_at ELSE :before END
            WHERE delivery_id = :delivery
            """,
            {
                "delivery": job.delivery_id,
                "reason": reason,
                "next": ms(next_try_at),
                "unclear": unclear,
                "before": ms_or_none(job.first_attempt_at),
            },
        )
        if not unclear and not job.space.phase.is_open and job.first_attempt_at is None and job.message_id is None:
            self.mark_skipped(job.delivery_id, OVER)

    def pause(self, channel_id: ChannelId, guild_id: GuildId, reason: str, now: datetime) -> bool:
        """Leave a channel alone until `resume`; whether that is news."""
        known = self._row("SELECT reason FROM pauses WHERE channel_id = :channel", channel=channel_id)
        self.db.execute(
            """
            INSERT INTO pauses (channel_id, guild_id, reason, since) VALUES (:channel, :guild, :reason, :now)
            ON CONFLICT (channel_id) DO UPDATE SET reason = excluded.reason
            """,
            {"channel": channel_id, "guild": guild_id, "reason": reason, "now": ms(now)},
        )
        return known is None or known["reason"] != reason

    def resume(self, channel_id: ChannelId, now: datetime) -> None:
        """Post in the channel again, at once. Edits keep their time: one may be under way."""
        self.db.execute("DELETE FROM pauses WHERE channel_id = :channel", {"channel": channel_id})
        self.db.execute(
            "UPDATE deliveries SET next_try_at = min(next_try_at, :now) "
            "WHERE channel_id = :channel AND state IN ('pending', 'failed')",
            {"channel": channel_id, "now": ms(now)},
        )

    def pauses(self) -> list[Pause]:
        """The channels that are left alone."""
        return [Pause(**row) for row in self._rows("SELECT channel_id, guild_id, reason FROM pauses")]
