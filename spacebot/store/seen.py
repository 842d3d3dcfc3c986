"""Accounts and Spaces on X, as last seen."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.deliveries import Matter
from spacebot.domain.ids import USER_ID, SpaceId, UserId
from spacebot.domain.spaces import SpaceRecord, settles
from spacebot.domain.views import Company, SpaceView
from spacebot.store.base import SPACE_COLUMNS, host_of, moment, ms, ms_or_none, space_of, space_values
from spacebot.store.notices import NoticeQueries
from spacebot.x.model import User

_SAVE_SPACE = f"""
INSERT INTO spaces ({", ".join(SPACE_COLUMNS)}) VALUES ({", ".join(f":{name}" for name in SPACE_COLUMNS)})
ON CONFLICT (space_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in SPACE_COLUMNS if name != "space_id")},
    forgotten_at = CASE WHEN excluded.phase IN ('scheduled', 'live') THEN NULL ELSE forgotten_at END
"""  # noqa: S608 - names of fields


class SeenQueries(NoticeQueries):
    """Accounts and Spaces."""

    def remember_users(self, users: Iterable[User], now: datetime) -> None:
        """Store accounts as X shows them now; guilds that follow one are told of a new handle."""
        for user in users:
            with self._apart(f"Account {user.id}"):
                self._remember_user(user, now)

    def _remember_user(self, user: User, now: datetime) -> None:
        if not USER_ID.fullmatch(user.id):
            raise ValueError("no id")  # it could stand in no address
        known = self._row("SELECT username, protected, standing FROM users WHERE user_id = :id", id=user.id)
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
                "username": user.username or (known["username"] if known else ""),
                "name": user.name,
                "picture": user.profile_image_url,
                "protected": int(bool(user.protected)),
                "now": ms(now),
            },
        )
        if known is None:
            return
        if user.username and known["username"].casefold() != user.username.casefold():
            self._notify_followers(user.id, Matter.RENAMED, known["username"], now)
            self._withdraw_name(user.id, user.username)
        if user.protected or known["standing"]:
            self.note_standing(user.id, Standing.PROTECTED if user.protected else None, now)

    def note_standing(self, user_id: UserId, standing: Standing | None, now: datetime) -> None:
        """Store that an account is suspended, protected or gone, or (None) back to normal."""
        cursor = self.db.execute(
            "UPDATE users SET standing = :standing WHERE user_id = :user AND standing IS NOT :standing",
            {"standing": standing and standing.value, "user": user_id},
        )
        if not cursor.rowcount:
            return
        if standing is not None:
            self._notify_followers(user_id, Matter.STANDING, standing.value, now)
        else:
            self._withdraw_standing(user_id)

    def _note_seen_live(self, space_id: SpaceId, by: str) -> None:
        """Store what saw the Space live, unless something saw it before."""
        self.db.execute(
            "UPDATE spaces SET live_seen_by = COALESCE(live_seen_by, :by) WHERE space_id = :space",
            {"by": by, "space": space_id},
        )

    def _note_refreshed(self, space_id: SpaceId, now: datetime) -> None:
        """Store when the Space's messages were last asked to show its listeners."""
        self.db.execute(
            "UPDATE spaces SET refreshed_at = :now WHERE space_id = :space", {"now": ms(now), "space": space_id}
        )

    def _note_invited_asked(self, space_ids: Sequence[SpaceId], now: datetime) -> None:
        """Store when X was asked who is invited to these Spaces."""
        self.db.execute(
            """
            UPDATE spaces SET invited_asked_at = :now WHERE space_id IN (SELECT value FROM json_each(:spaces))
            """,
            {"now": ms(now), "spaces": json.dumps(list(space_ids))},
        )

    def _note_retitled(self, space_id: SpaceId, now: datetime) -> tuple[datetime | None, datetime]:
        """The Space has a new title: until when its messages wait for the one before, if so, and until when for this one."""
        [row] = self._rows("SELECT retitled_since, settles_at FROM spaces WHERE space_id = :space", space=space_id)
        since, before = moment(row["retitled_since"]), moment(row["settles_at"])
        if before is not None and before <= now:
            before = None
        if since is None or before is None or since > now:
            since = now
        until = settles(now, since)
        self.db.execute(
            "UPDATE spaces SET retitled_since = :since, settles_at = :until WHERE space_id = :space",
            {"since": ms(since), "until": ms(until), "space": space_id},
        )
        return before, until

    def _note_settled(self, space_id: SpaceId) -> datetime | None:
        """The Space's messages wait for its title no longer; until when they would have."""
        [row] = self._rows("SELECT settles_at FROM spaces WHERE space_id = :space", space=space_id)
        if row["settles_at"] is not None:
            self.db.execute("UPDATE spaces SET settles_at = NULL WHERE space_id = :space", {"space": space_id})
        return moment(row["settles_at"])

    def _note_asked(self, user_ids: Sequence[UserId], now: datetime) -> None:
        """Store that X was asked for these accounts by id."""
        self.db.execute(
            "UPDATE users SET asked_at = :now WHERE user_id IN (SELECT value FROM json_each(:asked))",
            {"now": ms(now), "asked": json.dumps(list(user_ids))},
        )

    def _notify_followers(self, user_id: UserId, matter: Matter, detail: str, now: datetime) -> None:
        """Add a notice for every guild that follows the account."""
        rows = self._rows("SELECT DISTINCT guild_id FROM watches WHERE host_id = :user", user=user_id)
        self._add_notice(
            [row["guild_id"] for row in rows],
            f"{matter.value} {user_id}",
            matter=matter,
            detail=detail,
            now=now,
            due=now,
            host_id=user_id,
        )

    def user_named(self, username: str, *, since: datetime) -> Host | None:
        """The account with this handle, if it was seen since then."""
        row = self._row(
            """
            SELECT user_id, username, name, picture, protected, standing FROM users
            WHERE username = :username COLLATE NOCASE AND seen_at >= :since ORDER BY seen_at DESC LIMIT 1
            """,
            username=username,
            since=ms(since),
        )
        return host_of(row) if row else None

    def user(self, user_id: UserId, *, since: datetime) -> Host | None:
        """The account with this id, if it was seen since then."""
        row = self._row(
            """
            SELECT user_id, username, name, picture, protected, standing FROM users
            WHERE user_id = :user AND seen_at >= :since
            """,
            user=user_id,
            since=ms(since),
        )
        return host_of(row) if row else None

    def accounts(self, user_ids: Sequence[UserId], *, since: datetime | None = None) -> dict[UserId, Host]:
        """The known ones of these accounts, by id; only those seen since then, where a time is given."""
        rows = self._rows(
            """
            SELECT user_id, username, name, picture, protected, standing FROM users
            WHERE user_id IN (SELECT value FROM json_each(:ids)) AND (:since IS NULL OR seen_at >= :since)
            """,
            ids=json.dumps(user_ids),
            since=ms_or_none(since),
        )
        return {row["user_id"]: host_of(row) for row in rows}

    def creators(self, space_ids: Sequence[SpaceId]) -> dict[SpaceId, UserId]:
        """Who made these Spaces, as far as it is known."""
        rows = self._rows(
            "SELECT space_id, host_id FROM spaces WHERE space_id IN (SELECT value FROM json_each(:ids))",
            ids=json.dumps(space_ids),
        )
        return {row["space_id"]: row["host_id"] for row in rows}

    def space(self, space_id: SpaceId) -> SpaceRecord | None:
        """What is known of a Space."""
        row = self._row("SELECT * FROM spaces WHERE space_id = :space", space=space_id)
        return space_of(row) if row else None

    def company(self, space_id: SpaceId) -> Company | None:
        """Who takes part in a recorded Space, as far as it is known: while it is open who does now, then whoever did."""
        row = self._row("SELECT * FROM spaces WHERE space_id = :space", space=space_id)
        if row is None:
            return None
        space = space_of(row)
        speakers = space.who_spoke(space.phase)
        known = self.accounts([space.host_id, *space.cohosts, *speakers])
        view = SpaceView.of_record(
            space,
            known.get(space.host_id),
            cohosts=tuple(known[user] for user in space.cohosts if user in known),
            speakers=tuple(known[user] for user in speakers if user in known),
            more_cohosts=sum(user not in known for user in space.cohosts),
            more_speakers=sum(user not in known for user in speakers),
        )
        count = 1 + len(space.cohosts) + len(speakers)
        return Company(view=view, count=count, is_forgotten=row["forgotten_at"] is not None)

    def _save_space(self, record: SpaceRecord) -> None:
        self.db.execute(_SAVE_SPACE, space_values(record))
