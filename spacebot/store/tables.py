"""Every SQL statement, as named methods; each runs inside the transaction that its caller opened (see `door`).

What an invariant needs is done in one method: `take_in` stores what X showed and makes sure of its deliveries,
`claim` commits 'sending' before anybody calls Discord.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from spacebot.errors import UserMistake
from spacebot.ids import ChannelId, GuildId, MessageId, RoleId
from spacebot.store.rows import GuildConfig, Host, Job, Kind, Link, Pause, SignIn, Watch, WatchLine
from spacebot.watch.lifecycle import ABSENCES_APART, Change, Phase, SpaceRecord, observe
from spacebot.x.model import Space, SpaceId, User, UserId

LEASE = timedelta(seconds=120)
"""How long a claim keeps a delivery from being claimed again; longer than one whole send may take."""

UNWATCHED = "no longer followed"
OVER = "the Space was over before it could be announced"

Row = Mapping[str, Any]


class Tables:
    """The statements over one open database, on the thread that owns it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def _rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        return list(self.db.query(sql, params))

    def _row(self, sql: str, **params: object) -> dict[str, Any] | None:
        return next(iter(self._rows(sql, **params)), None)

    # Guilds

    def guild(self, guild_id: GuildId) -> GuildConfig:
        """What the guild's admins have set; empty for a guild we never heard of."""
        row = self._row("SELECT channel_id, role_id FROM guilds WHERE guild_id = :guild", guild=guild_id)
        return GuildConfig(**row) if row else GuildConfig()

    def set_channel(self, guild_id: GuildId, channel_id: ChannelId) -> None:
        """Announce in this channel what has none of its own."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET channel_id = :channel WHERE guild_id = :guild",
            {"channel": channel_id, "guild": guild_id},
        )
        self._move_unsent(guild_id)

    def set_role(self, guild_id: GuildId, role_id: RoleId | None) -> None:
        """Mention this role for what has none of its own; None mentions nobody."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET role_id = :role WHERE guild_id = :guild", {"role": role_id, "guild": guild_id}
        )

    def greet(self, guild_id: GuildId, now: datetime) -> bool:
        """Note that the guild is greeted; whether this was the first time."""
        self._ensure_guild(guild_id)
        cursor = self.db.execute(
            "UPDATE guilds SET greeted_at = :now WHERE guild_id = :guild AND greeted_at IS NULL",
            {"now": _ms(now), "guild": guild_id},
        )
        return cursor.rowcount == 1

    def ungreet(self, guild_id: GuildId) -> None:
        """The guild is not greeted after all."""
        self.db.execute("UPDATE guilds SET greeted_at = NULL WHERE guild_id = :guild", {"guild": guild_id})

    def join(self, guild_id: GuildId) -> None:
        """The bot is in this guild."""
        self.db.execute("UPDATE guilds SET left_at = NULL WHERE guild_id = :guild", {"guild": guild_id})

    def leave(self, guild_id: GuildId, now: datetime) -> None:
        """The bot is no longer in this guild."""
        self.db.execute(
            "UPDATE guilds SET left_at = :now WHERE guild_id = :guild AND left_at IS NULL",
            {"now": _ms(now), "guild": guild_id},
        )

    def reconcile(self, present: Sequence[GuildId], now: datetime) -> None:
        """The bot is in these guilds and in no others."""
        values = {"present": json.dumps(present), "now": _ms(now)}
        self.db.execute(
            """
            UPDATE guilds SET left_at = CASE
                WHEN guild_id IN (SELECT value FROM json_each(:present)) THEN NULL ELSE COALESCE(left_at, :now) END
            """,
            values,
        )

    def forget_role(self, guild_id: GuildId, role_id: RoleId) -> None:
        """Mention nobody instead of this role."""
        values = {"guild": guild_id, "role": role_id}
        self.db.execute("UPDATE guilds SET role_id = NULL WHERE guild_id = :guild AND role_id = :role", values)
        self.db.execute("UPDATE watches SET role_id = NULL WHERE guild_id = :guild AND role_id = :role", values)

    def _ensure_guild(self, guild_id: GuildId) -> None:
        self.db.execute("INSERT INTO guilds (guild_id) VALUES (:guild) ON CONFLICT DO NOTHING", {"guild": guild_id})

    # Accounts on X

    def remember_users(self, users: Iterable[User], now: datetime) -> None:
        """Keep how accounts call themselves now."""
        for user in users:
            self.db.execute(
                """
                INSERT INTO users (user_id, username, name, picture, protected, seen_at)
                VALUES (:id, :username, :name, :picture, :protected, :now)
                ON CONFLICT (user_id) DO UPDATE SET
                    username = excluded.username, name = excluded.name, picture = COALESCE(excluded.picture, picture),
                    protected = excluded.protected, seen_at = excluded.seen_at
                """,
                {
                    "id": user.id,
                    "username": user.username,
                    "name": user.name,
                    "picture": user.profile_image_url,
                    "protected": int(bool(user.protected)),
                    "now": _ms(now),
                },
            )

    def user_named(self, username: str, *, since: datetime) -> Host | None:
        """The account of this handle, if it was seen under it since then."""
        row = self._row(
            """
            SELECT user_id, username, name, picture, protected FROM users
            WHERE username = :username COLLATE NOCASE AND seen_at >= :since ORDER BY seen_at DESC LIMIT 1
            """,
            username=username,
            since=_ms(since),
        )
        return _host(row) if row else None

    def user(self, user_id: UserId, *, since: datetime) -> Host | None:
        """The account of this id, if it was seen since then."""
        row = self._row(
            """
            SELECT user_id, username, name, picture, protected FROM users
            WHERE user_id = :user AND seen_at >= :since
            """,
            user=user_id,
            since=_ms(since),
        )
        return _host(row) if row else None

    # Watches

    def add_watch(
        self,
        *,
        guild_id: GuildId,
        host_id: UserId,
        channel_id: ChannelId | None,
        role_id: RoleId | None,
        by: int,
        limit: int,
        now: datetime,
    ) -> bool:
        """Follow a host, or change the channel and role of a watch that is there; what is None stays as it is.

        Returns:
            Whether the watch is new.

        Raises:
            UserMistake: the guild already follows as many hosts as it may.
        """
        self._ensure_guild(guild_id)
        values = {"guild": guild_id, "host": host_id, "channel": channel_id, "role": role_id}
        updated = self.db.execute(
            """
            UPDATE watches SET channel_id = COALESCE(:channel, channel_id), role_id = COALESCE(:role, role_id)
            WHERE guild_id = :guild AND host_id = :host
            """,
            values,
        )
        if updated.rowcount:
            self._move_unsent(guild_id)
            return False
        count = self._rows("SELECT count(*) AS n FROM watches WHERE guild_id = :guild", guild=guild_id)[0]["n"]
        if count >= limit:
            raise UserMistake(
                f"This server already follows {count} hosts, which is the limit here; remove one with /watch remove first."
            )
        self.db.execute(
            """
            INSERT INTO watches (guild_id, host_id, channel_id, role_id, added_by, added_at)
            VALUES (:guild, :host, :channel, :role, :by, :now)
            """,
            {**values, "by": by, "now": _ms(now)},
        )
        return True

    def _move_unsent(self, guild_id: GuildId) -> None:
        """Let go of rows that were never attempted and that no watch leads to any more; the next look asks for others.

        So a paused channel that an admin replaces costs no announcement, and one that was attempted is never repeated.
        """
        stray = """
            SELECT a.delivery_id FROM audience a JOIN watches w USING (watch_id) JOIN guilds g USING (guild_id)
            JOIN deliveries d USING (delivery_id)
            WHERE w.guild_id = :guild AND d.state IN ('pending', 'failed') AND d.first_attempt_at IS NULL
              AND d.channel_id != COALESCE(w.channel_id, g.channel_id)
        """
        strays = [row["delivery_id"] for row in self._rows(stray, guild=guild_id)]
        for delivery_id in strays:
            values = {"delivery": delivery_id, "reason": UNWATCHED}
            self.db.execute(
                """
                DELETE FROM audience WHERE delivery_id = :delivery AND watch_id IN (
                    SELECT w.watch_id FROM watches w JOIN guilds g USING (guild_id), deliveries d
                    WHERE d.delivery_id = :delivery AND COALESCE(w.channel_id, g.channel_id) != d.channel_id)
                """,
                values,
            )
            self.db.execute(
                """
                UPDATE deliveries SET state = 'skipped', reason = :reason WHERE delivery_id = :delivery
                  AND NOT EXISTS (SELECT 1 FROM audience a WHERE a.delivery_id = :delivery)
                """,
                values,
            )

    def set_watch_role(self, guild_id: GuildId, host_id: UserId, role_id: RoleId) -> bool:
        """Mention this role for one host; whether the guild follows it."""
        cursor = self.db.execute(
            "UPDATE watches SET role_id = :role WHERE guild_id = :guild AND host_id = :host",
            {"role": role_id, "guild": guild_id, "host": host_id},
        )
        return cursor.rowcount == 1

    def remove_watch(self, guild_id: GuildId, host_id: UserId, now: datetime) -> bool:
        """Stop following; what was not sent yet is skipped, what was sent still closes. Whether there was a watch."""
        watch = self._row(
            "SELECT watch_id FROM watches WHERE guild_id = :guild AND host_id = :host", guild=guild_id, host=host_id
        )
        if watch is None:
            return False
        self.db.execute(
            """
            UPDATE deliveries SET state = 'skipped', reason = :reason, next_try_at = :now
            WHERE state IN ('pending', 'failed') AND first_attempt_at IS NULL
              AND delivery_id IN (SELECT delivery_id FROM audience WHERE watch_id = :watch)
              AND delivery_id NOT IN (SELECT delivery_id FROM audience WHERE watch_id != :watch)
            """,
            {"reason": UNWATCHED, "watch": watch["watch_id"], "now": _ms(now)},
        )
        self.db.execute("DELETE FROM watches WHERE watch_id = :watch", {"watch": watch["watch_id"]})
        return True

    def watch_lines(self, guild_id: GuildId) -> list[WatchLine]:
        """The guild's watches by name, each with what has become of it."""
        rows = self._rows(
            """
            SELECT w.watch_id, w.channel_id, w.role_id, u.user_id, u.username, u.name, u.picture, u.protected,
                   COALESCE(w.channel_id, g.channel_id) AS to_channel, COALESCE(w.role_id, g.role_id) AS to_role,
                   COALESCE(p.reason, (
                       SELECT d.reason FROM audience a JOIN deliveries d USING (delivery_id)
                       WHERE a.watch_id = w.watch_id AND d.reason IS NOT NULL AND d.state IN ('failed', 'sent')
                       ORDER BY d.delivery_id DESC LIMIT 1)) AS paused
            FROM watches w JOIN guilds g USING (guild_id) JOIN users u ON u.user_id = w.host_id
            LEFT JOIN pauses p ON p.channel_id = COALESCE(w.channel_id, g.channel_id)
            WHERE w.guild_id = :guild ORDER BY u.name COLLATE NOCASE, u.user_id
            """,
            guild=guild_id,
        )
        live = {
            row["host_id"]: _space(row)
            for row in self._rows(
                """
                SELECT s.* FROM spaces s JOIN watches w ON w.host_id = s.host_id
                WHERE w.guild_id = :guild AND s.phase = 'live' ORDER BY s.first_seen_at
                """,
                guild=guild_id,
            )
        }
        return [
            WatchLine(
                watch=Watch(
                    watch_id=row["watch_id"], host=_host(row), channel_id=row["channel_id"], role_id=row["role_id"]
                ),
                channel_id=row["to_channel"],
                role_id=row["to_role"],
                live=live.get(row["user_id"]),
                paused=row["paused"],
            )
            for row in rows
        ]

    def followed_hosts(self) -> list[UserId]:
        """Every host that some guild follows, those longest followed first."""
        return [
            row["host_id"]
            for row in self._rows(
                "SELECT host_id FROM watches JOIN guilds USING (guild_id) WHERE left_at IS NULL "
                "GROUP BY host_id ORDER BY min(watch_id)"
            )
        ]

    # Spaces

    def space(self, space_id: SpaceId) -> SpaceRecord | None:
        """What is known of a Space."""
        row = self._row("SELECT * FROM spaces WHERE space_id = :space", space=space_id)
        return _space(row) if row else None

    def take_in(
        self, seen: Sequence[Space], absent: Sequence[SpaceId], users: Iterable[User], now: datetime
    ) -> list[tuple[SpaceRecord, Change]]:
        """Store what X showed, and make sure that the ledger asks for what follows from it.

        Args:
            seen: Spaces as X shows them.
            absent: Ids that X, asked for them, said it does not show.
            users: Accounts that came along.
            now: When the answer came.

        Returns:
            What changed.
        """
        self.remember_users(users, now)
        changes: list[tuple[SpaceRecord, Change]] = []
        looks: list[tuple[SpaceId, Space | None]] = [(space.id, space) for space in seen]
        looks += [(space_id, None) for space_id in absent]
        for space_id, space in looks:
            known = self.space(space_id)
            observation = observe(known, space, now)
            record = observation.record
            if record is None:
                continue
            if record != known:
                self._save_space(record)
            if space is not None and record.phase is Phase.LIVE:
                self._ensure_deliveries(record, now)
            if observation.change is not None:
                self._want(record, now)
                changes.append((record, observation.change))
        return changes

    def ensure_deliveries(self, host_id: UserId, now: datetime) -> None:
        """Make sure that every live Space of the host has its row for every channel that follows it."""
        for row in self._rows("SELECT * FROM spaces WHERE host_id = :host AND phase = 'live'", host=host_id):
            self._ensure_deliveries(_space(row), now)

    def unseen(self, host_ids: Sequence[UserId], since: datetime, now: datetime) -> list[SpaceId]:
        """Open Spaces of these hosts that no look has shown since then, and that are not being waited for."""
        marks = ", ".join("?" for _ in host_ids)
        rows = self.db.query(
            f"""
            SELECT space_id FROM spaces WHERE phase IN ('scheduled', 'live') AND last_seen_at < ?
              AND (absent_since IS NULL OR absent_since <= ? OR absent_since > ?) AND host_id IN ({marks})
            """,  # noqa: S608 - only question marks are filled in
            [_ms(since), _ms(now - ABSENCES_APART), _ms(now), *host_ids],
        )
        return [row["space_id"] for row in rows]

    def orphans(self, since: datetime, now: datetime) -> list[SpaceId]:
        """Open Spaces that stand in some channel though nobody follows their host any more, unseen since then."""
        rows = self._rows(
            """
            SELECT DISTINCT s.space_id FROM spaces s JOIN deliveries d USING (space_id)
            WHERE s.phase IN ('scheduled', 'live') AND s.last_seen_at < :since
              AND (s.absent_since IS NULL OR s.absent_since <= :apart OR s.absent_since > :now)
              AND d.state IN ('sending', 'sent') AND s.host_id NOT IN (SELECT host_id FROM watches)
            """,
            since=_ms(since),
            apart=_ms(now - ABSENCES_APART),
            now=_ms(now),
        )
        return [row["space_id"] for row in rows]

    def _save_space(self, record: SpaceRecord) -> None:
        self.db.execute(
            """
            INSERT INTO spaces VALUES (:space_id, :host_id, :phase, :title, :lang, :is_ticketed, :participants, :peak,
                :scheduled_start, :started_at, :ended_at, :first_seen_at, :last_seen_at, :absent_since, :revision)
            ON CONFLICT (space_id) DO UPDATE SET
                host_id = excluded.host_id, phase = excluded.phase, title = excluded.title, lang = excluded.lang,
                is_ticketed = excluded.is_ticketed, participants = excluded.participants, peak = excluded.peak,
                scheduled_start = excluded.scheduled_start, started_at = excluded.started_at,
                ended_at = excluded.ended_at, last_seen_at = excluded.last_seen_at,
                absent_since = excluded.absent_since, revision = excluded.revision
            """,
            {
                "space_id": record.space_id,
                "host_id": record.host_id,
                "phase": record.phase.value,
                "title": record.title,
                "lang": record.lang,
                "is_ticketed": record.is_ticketed,
                "participants": record.participants,
                "peak": record.peak,
                "scheduled_start": _ms_or_none(record.scheduled_start),
                "started_at": _ms_or_none(record.started_at),
                "ended_at": _ms_or_none(record.ended_at),
                "first_seen_at": _ms(record.first_seen_at),
                "last_seen_at": _ms(record.last_seen_at),
                "absent_since": _ms_or_none(record.absent_since),
                "revision": record.revision,
            },
        )

    def _ensure_deliveries(self, record: SpaceRecord, now: datetime) -> None:
        """One row per interested channel; a watch that has its message of this Space already gets no other."""
        values = {
            "space": record.space_id,
            "host": record.host_id,
            "kind": Kind.LIVE.value,
            "revision": record.revision,
            "now": _ms(now),
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
        values = {"space": record.space_id, "revision": record.revision, "now": _ms(now), "reason": OVER}
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

    # The ledger

    def release(self, now: datetime) -> int:
        """At a start: what was being sent when the last run stopped is due again. How many there are."""
        cursor = self.db.execute(
            "UPDATE deliveries SET next_try_at = :now WHERE next_try_at > :now AND "
            "(state = 'sending' OR (state = 'sent' AND shown < wanted))",
            {"now": _ms(now)},
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
            now=_ms(now),
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
                {"delivery": row["delivery_id"], "lease": _ms(now + LEASE), "now": _ms(now)},
            )
            jobs.append(
                Job(
                    delivery_id=row["delivery_id"],
                    kind=Kind(row["kind"]),
                    guild_id=row["guild_id"],
                    channel_id=row["channel_id"],
                    space=space,
                    host=_host(row) if row["user_id"] else Host(user_id=space.host_id, username="i", name="A host"),
                    roles=self._roles(row["delivery_id"]),
                    followed=bool(row["followed"]),
                    attempts=row["attempts"],
                    first_attempt_at=_time(row["first_attempt_at"]),
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
        return _time(row["due"])

    def mark_sent(self, delivery_id: int, message_id: MessageId, shown: int, now: datetime) -> None:
        """The message stands in the channel and shows this revision; an edit of it is due as soon as one is wanted."""
        self.db.execute(
            """
            UPDATE deliveries SET state = 'sent', reason = NULL, message_id = :message, shown = :shown, attempts = 0,
                next_try_at = 0, sent_at = COALESCE(sent_at, :now) WHERE delivery_id = :delivery
            """,
            {"delivery": delivery_id, "message": message_id, "shown": shown, "now": _ms(now)},
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
                "next": _ms(next_try_at),
                "unclear": unclear,
                "before": _ms_or_none(job.first_attempt_at),
            },
        )
        if not unclear and not job.space.phase.is_open and job.first_attempt_at is None and job.message_id is None:
            self.mark_skipped(job.delivery_id, OVER)

    # Channels that Discord does not let us post in

    def pause(self, channel_id: ChannelId, guild_id: GuildId, reason: str, now: datetime) -> bool:
        """Leave a channel alone until `resume`; whether that is news."""
        known = self._row("SELECT reason FROM pauses WHERE channel_id = :channel", channel=channel_id)
        self.db.execute(
            """
            INSERT INTO pauses (channel_id, guild_id, reason, since) VALUES (:channel, :guild, :reason, :now)
            ON CONFLICT (channel_id) DO UPDATE SET reason = excluded.reason
            """,
            {"channel": channel_id, "guild": guild_id, "reason": reason, "now": _ms(now)},
        )
        return known is None or known["reason"] != reason

    def resume(self, channel_id: ChannelId, now: datetime) -> None:
        """Post in the channel again, at once. Edits keep their time: one may be under way."""
        self.db.execute("DELETE FROM pauses WHERE channel_id = :channel", {"channel": channel_id})
        self.db.execute(
            "UPDATE deliveries SET next_try_at = min(next_try_at, :now) "
            "WHERE channel_id = :channel AND state IN ('pending', 'failed')",
            {"channel": channel_id, "now": _ms(now)},
        )

    def pauses(self) -> list[Pause]:
        """The channels that are left alone."""
        return [Pause(**row) for row in self._rows("SELECT channel_id, guild_id, reason FROM pauses")]

    # People's own sign-ins

    def begin_sign_in(self, sign_in: SignIn, now: datetime) -> None:
        """Keep a sign-in; the person's earlier one, and what is too old of anybody, goes."""
        self.db.execute("DELETE FROM sign_ins WHERE until <= :now", {"now": _ms(now)})
        self.db.execute(
            """
            INSERT OR REPLACE INTO sign_ins (person, person_name, state, verifier, until)
            VALUES (:person, :name, :state, :verifier, :until)
            """,
            {
                "person": sign_in.person,
                "name": sign_in.person_name,
                "state": sign_in.state,
                "verifier": sign_in.verifier,
                "until": _ms(sign_in.until),
            },
        )

    def sign_in_of(self, state: str) -> int | None:
        """Whose sign-in this is; None if there is none (any more)."""
        row = self._row("SELECT person FROM sign_ins WHERE state = :state", state=state)
        return row["person"] if row else None

    def use_sign_in(self, state: str, now: datetime) -> SignIn | None:
        """Take a sign-in: it cannot be taken again. None if there is none, or it is too old."""
        row = self._row("DELETE FROM sign_ins WHERE state = :state RETURNING *", state=state)
        if row is None or row["until"] <= _ms(now):
            return None
        return SignIn(**{**row, "until": datetime.fromtimestamp(row["until"] / 1000, UTC)})

    def end_sign_in(self, person: int) -> None:
        """Whatever sign-in this person has begun leads nowhere."""
        self.db.execute("DELETE FROM sign_ins WHERE person = :person", {"person": person})

    def links(self) -> list[Link]:
        """Everybody's tokens."""
        rows = self._rows("SELECT person FROM links")
        return [link for row in rows if (link := self.link(row["person"])) is not None]

    def set_link(self, link: Link) -> None:
        """Keep a person's tokens in place of any earlier ones."""
        self.db.execute(
            "INSERT OR REPLACE INTO links VALUES (:person, :access, :refresh, :expires_at, :scopes)",
            {
                "person": link.person,
                "access": link.access,
                "refresh": link.refresh,
                "expires_at": _ms(link.expires_at),
                "scopes": link.scopes,
            },
        )

    def link(self, person: int) -> Link | None:
        """A person's tokens."""
        row = self._row("SELECT * FROM links WHERE person = :person", person=person)
        return Link(**{**row, "expires_at": datetime.fromtimestamp(row["expires_at"] / 1000, UTC)}) if row else None

    def remove_link(self, person: int) -> None:
        """Forget a person's tokens."""
        self.db.execute("DELETE FROM links WHERE person = :person", {"person": person})

    # Notes

    def note(self, name: str) -> str | None:
        """A small fact about this installation."""
        row = self._row("SELECT value FROM notes WHERE name = :name", name=name)
        return row["value"] if row else None

    def set_note(self, name: str, value: str) -> None:
        """Keep a small fact."""
        self.db.execute(
            "INSERT INTO notes VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            {"name": name, "value": value},
        )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else _ms(moment)


def _time(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _host(row: Row) -> Host:
    return Host(
        user_id=row["user_id"],
        username=row["username"],
        name=row["name"],
        picture=row["picture"],
        protected=bool(row["protected"]),
    )


def _space(row: Row) -> SpaceRecord:
    first, last = _time(row["first_seen_at"]), _time(row["last_seen_at"])
    assert first is not None
    assert last is not None  # both columns are NOT NULL
    return SpaceRecord(
        space_id=row["space_id"],
        host_id=row["host_id"],
        phase=Phase(row["phase"]),
        title=row["title"],
        lang=row["lang"],
        is_ticketed=None if row["is_ticketed"] is None else bool(row["is_ticketed"]),
        participants=row["participants"],
        peak=row["peak"],
        scheduled_start=_time(row["scheduled_start"]),
        started_at=_time(row["started_at"]),
        ended_at=_time(row["ended_at"]),
        first_seen_at=first,
        last_seen_at=last,
        absent_since=_time(row["absent_since"]),
        revision=row["revision"],
    )
