"""What is known of Spaces; what a look changes is written to the ledger in the same transaction."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from spacebot.domain.accounts import Standing
from spacebot.domain.ids import SPACE_ID, USER_ID, GuildId, SpaceId, UserId
from spacebot.domain.spaces import ABSENCES_APART, Change, Phase, SpaceRecord, observe
from spacebot.store.base import ACTIVE, LOT, ms, space_of
from spacebot.store.deliveries import DeliveryQueries
from spacebot.x.model import Space, User

OLD_NEWS = timedelta(hours=1)
"""An end that is longer ago gets no message of its own."""

LAST_DAY = timedelta(days=1)
"""So long before its start it is asked again who is invited to a Space..."""

ASKED_AGAIN = timedelta(days=1)
"""...unless that was asked less than so long ago."""

STARTS_KEPT = 40
"""As many of a host's last starts say what there is to know of the next one."""

STARTED = "COALESCE(started_at, live_seen_at)"
"""SQL: when a Space started, as far as it is known; the index `spaces_started` is by host and this."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What came of one answer."""

    changes: list[tuple[SpaceRecord, Change]] = field(default_factory=list)
    unserved: list[SpaceId] = field(default_factory=list)
    """Open Spaces for which more deliveries are to be added than one call does: `serve` adds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStarts:
    """What is known of some hosts' past; times are epoch seconds."""

    starts: list[tuple[UserId, float, float | None]]
    """Host, start, and the start that was scheduled, if any; of each host the newest first."""
    since: dict[UserId, float]
    """Since when the starts of each are known; of those whom nobody follows any more it is not."""
    hosts: int
    """How many of the hosts that were asked for this is about: the first ones."""


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
        asked_invited: bool = False,
    ) -> TakenIn:
        """Store what X showed, and add the deliveries that follow from it.

        Args:
            seen: Spaces as X shows them.
            absent: Ids that X was asked for and does not show.
            users: Accounts included in the answer.
            now: When the answer came.
            by: What made the look; stored for Spaces that it was the first to see live.
            matches: The keyword watches that each Space matches.
            asked_invited: Whether X was asked who is invited, and for the topics.
        """
        self.remember_users(users, now)
        taken = TakenIn()
        looks: list[tuple[SpaceId, Space | None]] = [(space.id, space) for space in seen]
        looks += [(space_id, None) for space_id in absent]
        for space_id, space in looks:
            with self._apart(f"Space {space_id}"):
                self._take_in(
                    taken,
                    space_id,
                    space,
                    now,
                    by=by,
                    matches=(matches or {}).get(space_id, ()),
                    asked_invited=asked_invited,
                )
        if asked_invited:
            self._note_invited_asked([space_id for space_id, _ in looks], now)
        return taken

    def _take_in(
        self,
        taken: TakenIn,
        space_id: SpaceId,
        space: Space | None,
        now: datetime,
        *,
        by: str,
        matches: Sequence[int],
        asked_invited: bool,
    ) -> None:
        """Store one look, and note what came of it."""
        known = self.space(space_id)
        observation = observe(known, space, now, asked_invited=asked_invited)
        record = observation.record
        if record is None:
            return
        if not (SPACE_ID.fullmatch(space_id) and USER_ID.fullmatch(record.host_id)):
            raise ValueError("no id")  # it could stand in no address
        if record != known:
            self._save_space(record)
        is_shown = record.phase.is_open and space is not None
        has_more = is_shown and self._ensure_deliveries(record, now, matches)
        if observation.change is not None:
            self._want_revision(record, observation.change, now)
        elif record.phase is Phase.LIVE and space is not None:
            self._refresh(record, now)  # what moved too soon after the last edit is shown now
        if observation.change is Change.LIVE:
            self._note_seen_live(space_id, by)
        if observation.change is Change.ENDED and known is not None and _is_news(record, known, now):
            self._ensure_deliveries(record, now)
        # Only now: until here it may fail, and be left out.
        if has_more:
            taken.unserved.append(space_id)
        if observation.change is not None:
            taken.changes.append((record, observation.change))

    def serve(
        self, space_ids: Sequence[SpaceId], now: datetime, *, matches: Mapping[SpaceId, Sequence[int]] | None = None
    ) -> list[SpaceId]:
        """Add further deliveries of open Spaces for which one `take_in` had too many; those for which there are more yet."""
        unserved = []
        for space_id in space_ids:
            record = self.space(space_id)
            if record is None or not record.phase.is_open:
                continue
            if self._ensure_deliveries(record, now, (matches or {}).get(space_id, ())):
                unserved.append(space_id)
        return unserved

    def ensure_deliveries(self, host_id: UserId, now: datetime) -> None:
        """Ensure a row for every open Space of the host and every channel that follows it.

        Where they are more than one call adds, the next look at the Space adds the others.
        """
        open_ones = "SELECT * FROM spaces WHERE host_id = :host AND phase IN ('scheduled', 'live')"
        for row in self._rows(open_ones, host=host_id):
            self._ensure_deliveries(space_of(row), now)

    def uninvited(self, now: datetime, most: int = LOT) -> list[tuple[GuildId, SpaceId]]:
        """Guilds that show who is invited, and the scheduled Spaces announced there of which it is to be asked.

        That is once as soon as there is an announcement, and once more on the last day before the start, a day after
        the first time at the earliest.
        """
        rows = self._rows(
            f"""
            SELECT DISTINCT w.guild_id, s.space_id
            FROM (
                SELECT guild_id, watch_id, host_id
                FROM guilds INDEXED BY guilds_that_show_invited CROSS JOIN watches USING (guild_id)
                WHERE shows_invited AND {ACTIVE}) w
            CROSS JOIN spaces s ON s.host_id = w.host_id
            CROSS JOIN audience a ON a.watch_id = w.watch_id AND a.space_id = s.space_id
            CROSS JOIN deliveries d USING (delivery_id)
            WHERE s.phase IN ('scheduled', 'live') AND s.phase = 'scheduled'
              AND (s.invited_asked_at IS NULL OR s.invited_asked_at <= :yesterday AND s.scheduled_start <= :tomorrow)
              AND (a.kind = 'scheduled' OR a.kind = 'reminder' AND s.scheduled_start <= :tomorrow)
              AND d.state IN ('pending', 'sending', 'sent')
              AND d.channel_id NOT IN (SELECT channel_id FROM pauses)
            ORDER BY w.guild_id, s.scheduled_start LIMIT :most
            """,  # noqa: S608 - constants
            yesterday=ms(now - ASKED_AGAIN),
            tomorrow=ms(now + LAST_DAY),
            most=most,
        )
        return [(row["guild_id"], row["space_id"]) for row in rows]

    def open_spaces(self) -> list[SpaceRecord]:
        """Every Space that was scheduled or live when last seen."""
        return [space_of(row) for row in self._rows("SELECT * FROM spaces WHERE phase IN ('scheduled', 'live')")]

    def starts(self, host_ids: Sequence[UserId], most: int = LOT) -> PastStarts:
        """The last starts of the first of these hosts, up to `STARTS_KEPT` of each: of as many as have so many together."""
        starts: list[tuple[UserId, float, float | None]] = []
        hosts = 0
        for host_id in host_ids:
            hosts += 1
            rows = self.db.execute(
                f"""
                SELECT {STARTED}, scheduled_start FROM spaces
                WHERE host_id = :host AND {STARTED} IS NOT NULL ORDER BY {STARTED} DESC LIMIT :most
                """,  # noqa: S608 - constants
                {"host": host_id, "most": STARTS_KEPT},
            )
            starts += [(host_id, at / 1000, None if planned is None else planned / 1000) for at, planned in rows]
            if len(starts) >= most:
                break
        since = self._rows(
            """
            SELECT host_id, min(added_at) AS since FROM watches
            WHERE host_id IN (SELECT value FROM json_each(:hosts)) GROUP BY host_id
            """,
            hosts=json.dumps(list(host_ids[:hosts])),
        )
        return PastStarts(starts=starts, since={row["host_id"]: row["since"] / 1000 for row in since}, hosts=hosts)

    def unseen_hosts(self, since: datetime, asked_since: datetime, most: int) -> list[UserId]:
        """Followed accounts not seen since `since`, or not shown by X, and not asked for since `asked_since`.

        Those unseen for longest come first.
        """
        found: dict[UserId, None] = {}
        for which in ("seen_at < :since", "standing IN ('suspended', 'gone') AND standing IS NOT NULL"):
            rows = self._rows(
                f"""
                SELECT user_id FROM users u WHERE {which} AND (asked_at IS NULL OR asked_at < :asked)
                  AND EXISTS (SELECT 1 FROM watches JOIN guilds USING (guild_id) WHERE host_id = u.user_id AND {ACTIVE})
                ORDER BY seen_at LIMIT :most
                """,  # noqa: S608 - constants
                since=ms(since),
                asked=ms(asked_since),
                most=most,
            )
            found |= dict.fromkeys(row["user_id"] for row in rows)
        return list(found)[:most]

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
            SELECT s.space_id FROM spaces s
            WHERE s.phase IN ('scheduled', 'live') AND s.last_seen_at < :since
              AND (s.absent_since IS NULL OR s.absent_since <= :apart OR s.absent_since > :now)
              AND NOT EXISTS (
                  SELECT 1 FROM watches w JOIN guilds USING (guild_id) WHERE w.host_id = s.host_id AND {ACTIVE})
              AND EXISTS (
                  SELECT 1 FROM deliveries d WHERE d.space_id = s.space_id AND d.state IN ('sending', 'sent'))
            """,  # noqa: S608 - a constant
            since=ms(since),
            apart=ms(now - ABSENCES_APART),
            now=ms(now),
        )
        return [row["space_id"] for row in rows]


def _is_news(record: SpaceRecord, known: SpaceRecord, now: datetime) -> bool:
    """Whether it was live and ended recently."""
    return record.was_live and now - (record.ended_at or known.last_seen_at) <= OLD_NEWS
