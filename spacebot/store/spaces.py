"""What is known of Spaces; whatever a look changes is handed to the ledger in the same transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from spacebot.store.base import ms, space_of
from spacebot.store.ledger import LedgerTables
from spacebot.watch.lifecycle import ABSENCES_APART, Change, Phase, SpaceRecord, observe
from spacebot.x.model import Space, SpaceId, User, UserId


class SpaceTables(LedgerTables):
    """Spaces."""

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
            self._ensure_deliveries(space_of(row), now)

    def unseen(self, host_ids: Sequence[UserId], since: datetime, now: datetime) -> list[SpaceId]:
        """Open Spaces of these hosts that no look has shown since then, and that are not being waited for."""
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
        """Open Spaces that stand in some channel though nobody follows their host any more, unseen since then."""
        rows = self._rows(
            """
            SELECT DISTINCT s.space_id FROM spaces s JOIN deliveries d USING (space_id)
            WHERE s.phase IN ('scheduled', 'live') AND s.last_seen_at < :since
              AND (s.absent_since IS NULL OR s.absent_since <= :apart OR s.absent_since > :now)
              AND d.state IN ('sending', 'sent') AND s.host_id NOT IN (SELECT host_id FROM watches)
            """,
            since=ms(since),
            apart=ms(now - ABSENCES_APART),
            now=ms(now),
        )
        return [row["space_id"] for row in rows]
