"""Removes data that may not or need not be kept: X's data after a Space, guilds long left, old announcements.

X's developer policy wants what X no longer shows removed within 24 hours; ids, times and our own counters may stay.
"""

import json
from datetime import datetime, timedelta

from spacebot.domain.spaces import FORGOTTEN
from spacebot.store.base import column_value, ms
from spacebot.store.guilds import GuildQueries
from spacebot.store.pauses import PauseQueries

KEPT_AFTER_END = timedelta(hours=22)
"""How long X's data about a Space is kept after its end, for the last edits; the job runs every hour."""

GUILDS_KEPT = timedelta(days=30)
"""How long the configuration of a guild that removed the bot is kept."""

HISTORY_KEPT = timedelta(days=90)
"""How far back `/history` reaches."""

OVER_SINCE = "COALESCE(ended_at, absent_since, last_seen_at)"

_EMPTY = ", ".join(f"{name} = :{name}" for name in FORGOTTEN)
_EMPTY_VALUES = {name: column_value(empty) for name, empty in FORGOTTEN.items()}


class ForgettingQueries(GuildQueries, PauseQueries):
    """Removal of old data."""

    def forget(self, now: datetime) -> int:
        """Remove what may not or need not be kept; returns how many Spaces were forgotten."""
        values = {
            "now": ms(now),
            "over": ms(now - KEPT_AFTER_END),
            "old": ms(now - HISTORY_KEPT),
        }
        self.db.execute(
            "DELETE FROM spaces WHERE space_id IN (SELECT value FROM json_each(:tests))",
            {"tests": json.dumps(self._forget_tests(now - KEPT_AFTER_END))},
        )
        forgotten = self.db.execute(
            f"""
            UPDATE spaces SET {_EMPTY}, forgotten_at = :now
            WHERE forgotten_at IS NULL
              AND (last_seen_at <= :over OR (phase NOT IN ('scheduled', 'live') AND {OVER_SINCE} <= :over))
            """,  # noqa: S608 - constants
            values | _EMPTY_VALUES,
        ).rowcount
        # Accounts that nobody follows and no remembered Space names.
        self.db.execute(
            """
            DELETE FROM users WHERE seen_at <= :over AND user_id NOT IN (
                SELECT host_id FROM watches WHERE host_id IS NOT NULL)
              AND user_id NOT IN (SELECT host_id FROM spaces WHERE forgotten_at IS NULL)
              AND user_id NOT IN (SELECT value FROM spaces, json_each(spaces.cohosts) WHERE forgotten_at IS NULL)
              AND user_id NOT IN (SELECT value FROM spaces, json_each(spaces.spoke) WHERE forgotten_at IS NULL)
            """,
            values,
        )
        # Of accounts that X no longer shows only the handle is kept.
        self.db.execute(
            """
            UPDATE users SET name = username, picture = NULL
            WHERE standing IN ('suspended', 'gone') AND seen_at <= :over AND (name != username OR picture NOT NULL)
            """,
            values,
        )
        self._forget_names(now - KEPT_AFTER_END)
        self._forget_deliveries_of_guilds(now - GUILDS_KEPT)
        self._forget_orphaned_deliveries(now)
        self._forget_pauses(now - GUILDS_KEPT)
        self._forget_guilds(now - GUILDS_KEPT)
        old_ones = f"SELECT space_id FROM spaces WHERE forgotten_at IS NOT NULL AND {OVER_SINCE} <= :old"  # noqa: S608 - a constant
        self._forget_deliveries_of_spaces([row["space_id"] for row in self._rows(old_ones, old=values["old"])])
        self.db.execute(
            f"""
            DELETE FROM spaces WHERE forgotten_at IS NOT NULL AND {OVER_SINCE} <= :old
              AND space_id NOT IN (SELECT space_id FROM deliveries)
              AND space_id NOT IN (SELECT space_id FROM audience)
            """,  # noqa: S608 - a constant
            values,
        )
        return forgotten
