"""What is known of Spaces; what a look changes is written to the ledger in the same transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from spacebot.domain.accounts import Standing
from spacebot.domain.ids import SPACE_ID, USER_ID, SpaceId, UserId
from spacebot.domain.spaces import ABSENCES_APART, Change, Phase, SpaceRecord, observe
from spacebot.store.base import ACTIVE, ms, space_of
from spacebot.store.deliveries import DeliveryQueries
from spacebot.x.model import Space, User

OLD_NEWS = timedelta(hours=1)
"""An end that is longer ago gets no message of its own."""


class SpaceQueries(DeliveryQueries):
    """Spaces."""

    def take_in(
        self,
        seen: Sequence[Space],
        absent: Sequence[SpaceId],
        users: Iterable[User],
        now: datetime,
        *,
        by: str = "sweep",
        matches: Mapping[SpaceId, Sequence[int]] | None = None,
    ) -> list[tuple[SpaceRecord, Change]]:
        """Store what X showed, and add the deliveries that follow from it.

        Args:
            seen: Spaces as X shows them.
            absent: Ids that X was asked for and does not show.
            users: Accounts included in the answer.
            now: When the answer came.
            by: What made the look; stored for Spaces that it was the first to see live.
            matches: The keyword watches that each Space matches.

        Returns:
            What changed.
        """
        self.remember_users(users, now)
        changes: list[tuple[SpaceRecord, Change]] = []
        looks: list[tuple[SpaceId, Space | None]] = [(space.id, space) for space in seen]
        looks += [(space_id, None) for space_id in absent]
        for space_id, space in looks:
            with self._apart(f"Space {space_id}"):
                changes += self._take_in(space_id, space, now, by=by, matches=(matches or {}).get(space_id, ()))
        return changes

    def _take_in(
        self, space_id: SpaceId, space: Space | None, now: datetime, *, by: str, matches: Sequence[int]
    ) -> list[tuple[SpaceRecord, Change]]:
        """Store one look; what it changed, if anything."""
        known = self.space(space_id)
        observation = observe(known, space, now)
        record = observation.record
        if record is None:
            return []
        if not (SPACE_ID.fullmatch(space_id) and USER_ID.fullmatch(record.host_id)):
            raise ValueError("no id")  # it could stand in no address
        if record != known:
            self._save_space(record)
        if record.phase.is_open and space is not None:
            self._ensure_deliveries(record, now, matches)
        if observation.change is not None:
            self._want_revision(record, observation.change, now)
        elif record.phase is Phase.LIVE and space is not None:
            self._refresh(record, now)  # what moved too soon after the last edit is shown now
        if observation.change is Change.LIVE:
            self._note_seen_live(space_id, by)
        if observation.change is Change.ENDED and known is not None and _is_news(record, known, now):
            self._ensure_deliveries(record, now)
        return [] if observation.change is None else [(record, observation.change)]

    def ensure_deliveries(self, host_id: UserId, now: datetime) -> None:
        """Ensure a row for every open Space of the host and every channel that follows it."""
        open_ones = "SELECT * FROM spaces WHERE host_id = :host AND phase IN ('scheduled', 'live')"
        for row in self._rows(open_ones, host=host_id):
            self._ensure_deliveries(space_of(row), now)

    def open_spaces(self) -> list[SpaceRecord]:
        """Every Space that was scheduled or live when last seen."""
        return [space_of(row) for row in self._rows("SELECT * FROM spaces WHERE phase IN ('scheduled', 'live')")]

    def known_since(self) -> dict[UserId, float]:
        """Since when the starts of each followed host are known, as epoch seconds."""
        rows = self._rows(
            "SELECT host_id, min(added_at) AS since FROM watches WHERE host_id IS NOT NULL GROUP BY host_id"
        )
        return {row["host_id"]: row["since"] / 1000 for row in rows}

    def starts(self) -> list[tuple[UserId, float, float | None]]:
        """Past starts of followed hosts: host, start, and the start that was scheduled, if any.

        Epoch seconds, oldest first.
        """
        rows = self._rows(
            """
            SELECT host_id, COALESCE(started_at, live_seen_at) AS started, scheduled_start FROM spaces
            WHERE started IS NOT NULL AND host_id IN (SELECT host_id FROM watches WHERE host_id IS NOT NULL)
            ORDER BY started
            """
        )
        return [
            (
                row["host_id"],
                row["started"] / 1000,
                None if row["scheduled_start"] is None else row["scheduled_start"] / 1000,
            )
            for row in rows
        ]

    def unseen_hosts(self, since: datetime, asked_since: datetime, most: int) -> list[UserId]:
        """Followed accounts not seen since `since`, or not shown by X, and not asked for since `asked_since`."""
        rows = self._rows(
            f"""
            SELECT user_id FROM users
            WHERE user_id IN (SELECT host_id FROM watches JOIN guilds USING (guild_id) WHERE {ACTIVE})
              AND (seen_at < :since OR standing IN ('suspended', 'gone'))
              AND (asked_at IS NULL OR asked_at < :asked)
            ORDER BY seen_at LIMIT :most
            """,  # noqa: S608 - a constant
            since=ms(since),
            asked=ms(asked_since),
            most=most,
        )
        return [row["user_id"] for row in rows]

    def take_in_hosts(
        self, asked: Sequence[UserId], users: Sequence[User], standings: Mapping[UserId, Standing], now: datetime
    ) -> None:
        """Store the answer about accounts asked for by id: those shown, and the standing of those not shown."""
        self.remember_users(users, now)
        for user_id, standing in standings.items():
            self.note_standing(user_id, standing, now)
        self._note_asked(asked, now)

    def unseen(self, host_ids: Sequence[UserId], since: datetime, now: datetime) -> list[SpaceId]:
        """Open Spaces of these hosts that no look has shown since then, except those found absent moments ago."""
        marks = ", ".join("?" for _ in host_ids)
        rows = self.db.query(
            f"""
            SELECT space_id FROM spaces WHERE phase IN ('scheduled', 'live') AND last_seen_at < ?
              AND (absent_since IS NULL OR absent_since <= ? OR absent_since > ?) AND host_id IN ({marks})
            """,  # noqa: S608 - only question marks are filled in
            [ms(since), ms(now - ABSENCES_APART), ms(now), *host_ids],
        )
        return [row["space_id"] for row in rows]

    def orphans(self, since: datetime, now: datetime) -> list[SpaceId]:
        """Open Spaces not seen since then that were announced, but whose host is not followed any more, or is on hold wherever it is."""
        rows = self._rows(
            f"""
            SELECT DISTINCT s.space_id FROM spaces s JOIN deliveries d USING (space_id)
            WHERE s.phase IN ('scheduled', 'live') AND s.last_seen_at < :since
              AND (s.absent_since IS NULL OR s.absent_since <= :apart OR s.absent_since > :now)
              AND d.state IN ('sending', 'sent') AND s.host_id NOT IN (
                  SELECT host_id FROM watches JOIN guilds USING (guild_id)
                  WHERE host_id IS NOT NULL AND {ACTIVE})
            """,  # noqa: S608 - a constant
            since=ms(since),
            apart=ms(now - ABSENCES_APART),
            now=ms(now),
        )
        return [row["space_id"] for row in rows]


def _is_news(record: SpaceRecord, known: SpaceRecord, now: datetime) -> bool:
    """Whether it was live and ended recently."""
    return record.was_live and now - (record.ended_at or known.last_seen_at) <= OLD_NEWS
