"""Accounts and Spaces on X, as they were last seen."""

from collections.abc import Iterable
from datetime import datetime

from spacebot.store.base import Part, host_of, ms, ms_or_none, space_of
from spacebot.store.rows import Host
from spacebot.watch.lifecycle import SpaceRecord
from spacebot.x.model import SpaceId, User, UserId


class SeenTables(Part):
    """Accounts and Spaces."""

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
                    "now": ms(now),
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
            since=ms(since),
        )
        return host_of(row) if row else None

    def user(self, user_id: UserId, *, since: datetime) -> Host | None:
        """The account of this id, if it was seen since then."""
        row = self._row(
            """
            SELECT user_id, username, name, picture, protected FROM users
            WHERE user_id = :user AND seen_at >= :since
            """,
            user=user_id,
            since=ms(since),
        )
        return host_of(row) if row else None

    def space(self, space_id: SpaceId) -> SpaceRecord | None:
        """What is known of a Space."""
        row = self._row("SELECT * FROM spaces WHERE space_id = :space", space=space_id)
        return space_of(row) if row else None

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
                "scheduled_start": ms_or_none(record.scheduled_start),
                "started_at": ms_or_none(record.started_at),
                "ended_at": ms_or_none(record.ended_at),
                "first_seen_at": ms(record.first_seen_at),
                "last_seen_at": ms(record.last_seen_at),
                "absent_since": ms_or_none(record.absent_since),
                "revision": record.revision,
            },
        )
