"""Removes data that may not or need not be kept: X's data after a Space, guilds long left, old announcements.

X's developer policy wants what X no longer shows removed within 24 hours; ids, times and our own counters may stay.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from spacebot.domain.ids import GuildId, SpaceId
from spacebot.domain.spaces import FORGOTTEN
from spacebot.store.base import LOT, column_value, ms
from spacebot.store.guilds import GuildQueries
from spacebot.store.pauses import PauseQueries

KEPT_AFTER_END = timedelta(hours=22)
"""How long X's data about a Space is kept after its end, for the last edits; the job runs every hour."""

GUILDS_KEPT = timedelta(days=30)
"""How long the configuration of a guild that removed the bot is kept."""

HISTORY_KEPT = timedelta(days=90)
"""How far back `/history` reaches."""

OVER_SINCE = "COALESCE(ended_at, absent_since, last_seen_at)"
"""SQL: since when a Space is over; the index `spaces_forgotten` is by this."""

FORGOTTEN_AT_ONCE = LOT // 8
"""As many rows are removed in one call..."""

SPACES_AT_ONCE = LOT // 10
GUILDS_AT_ONCE = 10
"""...and as many Spaces, or guilds, once their deliveries are gone: others rows go along with them."""

LOOKED_AT_ONCE = 5 * LOT
"""As many accounts are looked at in one call."""

_EMPTY = ", ".join(f"{name} = :{name}" for name in FORGOTTEN)
_EMPTY_VALUES = {name: column_value(empty) for name, empty in FORGOTTEN.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """How far it has come: `forget` is called with the last answer until that is done."""

    spaces: int = 0
    """Spaces that were forgotten so far."""
    stage: int = 0
    after: str | int | None = None
    """What the stage has looked at already, where it goes through a table."""

    @property
    def is_done(self) -> bool:
        """Whether nothing more is to be forgotten."""
        return self.stage == len(_STAGES)


class ForgettingQueries(GuildQueries, PauseQueries):
    """Removal of old data."""

    def forget(self, now: datetime, so_far: Forgetting | None = None) -> Forgetting:
        """Remove some of what may not or need not be kept: the whole in as many calls as it takes, each a short one.

        Args:
            now: The time, the same for all calls.
            so_far: The answer of the call before; None for the first.
        """
        so_far = so_far or Forgetting()
        return _STAGES[so_far.stage](self, now, so_far)

    # Each of these removes a lot; where all is removed, the next one is called with the answer.

    def _tests(self, now: datetime, so_far: Forgetting) -> Forgetting:
        gone = self._forget_tests(now - KEPT_AFTER_END, FORGOTTEN_AT_ONCE)
        self._forget_spaces(gone)
        return _on(so_far, is_done=len(gone) < FORGOTTEN_AT_ONCE)

    def _words_of_spaces(self, now: datetime, so_far: Forgetting) -> Forgetting:
        """What X has said of Spaces."""
        count = self.db.execute(
            f"""
            UPDATE spaces SET {_EMPTY}, forgotten_at = :now WHERE space_id IN (
                SELECT space_id FROM spaces INDEXED BY spaces_remembered
                WHERE forgotten_at IS NULL
                  AND (last_seen_at <= :over OR (phase NOT IN ('scheduled', 'live') AND {OVER_SINCE} <= :over))
                LIMIT :most)
            """,  # noqa: S608 - constants
            {"now": ms(now), "over": ms(now - KEPT_AFTER_END), "most": FORGOTTEN_AT_ONCE, **_EMPTY_VALUES},
        ).rowcount
        return _on(replace(so_far, spaces=so_far.spaces + count), is_done=count < FORGOTTEN_AT_ONCE)

    def _accounts(self, now: datetime, so_far: Forgetting) -> Forgetting:
        """Accounts that nobody follows and no remembered Space names."""
        values = {"after": so_far.after or "", "over": ms(now - KEPT_AFTER_END), "most": LOOKED_AT_ONCE}
        looked_at = self._row(
            """
            SELECT max(user_id) AS last, count(*) AS n FROM (
                SELECT user_id FROM users WHERE user_id > :after ORDER BY user_id LIMIT :most)
            """,
            **values,
        )
        assert looked_at is not None  # sums are always there
        remembered = "FROM spaces INDEXED BY spaces_remembered"
        self.db.execute(
            f"""
            DELETE FROM users WHERE user_id > :after AND user_id <= :last AND seen_at <= :over
              AND NOT EXISTS (SELECT 1 FROM watches WHERE host_id = users.user_id)
              AND user_id NOT IN (
                SELECT host_id {remembered} WHERE forgotten_at IS NULL
                UNION SELECT value {remembered}, json_each(spaces.cohosts) WHERE forgotten_at IS NULL
                UNION SELECT value {remembered}, json_each(spaces.invited) WHERE forgotten_at IS NULL
                UNION SELECT value {remembered}, json_each(spaces.spoke) WHERE forgotten_at IS NULL)
            """,  # noqa: S608 - a constant
            {**values, "last": looked_at["last"]},
        )
        return _on(so_far, is_done=looked_at["n"] < LOOKED_AT_ONCE, after=looked_at["last"])

    def _names(self, now: datetime, so_far: Forgetting) -> Forgetting:
        """Of accounts that X no longer shows all but the handle, and former handles of which guilds were told."""
        self.db.execute(
            """
            UPDATE users SET name = username, picture = NULL
            WHERE standing IS NOT NULL AND standing IN ('suspended', 'gone') AND seen_at <= :over
              AND (name != username OR picture NOT NULL)
            """,
            {"over": ms(now - KEPT_AFTER_END)},
        )
        return _on(so_far, is_done=self._forget_names(now - KEPT_AFTER_END, LOT) < LOT)

    def _guilds(self, now: datetime, so_far: Forgetting) -> Forgetting:
        """Guilds that have left for long."""
        if self._forget_deliveries_of_guilds(now - GUILDS_KEPT, FORGOTTEN_AT_ONCE) == FORGOTTEN_AT_ONCE:
            return so_far
        return _on(so_far, is_done=not self._forget_guilds(now - GUILDS_KEPT, GUILDS_AT_ONCE))

    def _orphans(self, now: datetime, so_far: Forgetting) -> Forgetting:
        """Deliveries of guilds of which nothing else is kept, once the courier is not at work on them."""
        guild_id = self._next_orphan(GuildId(int(so_far.after or 0)))
        if guild_id is None:
            return _on(so_far, is_done=True)
        if self._forget_deliveries_of(guild_id, now, FORGOTTEN_AT_ONCE) == FORGOTTEN_AT_ONCE:
            return so_far
        return replace(so_far, after=guild_id)

    def _pauses(self, now: datetime, so_far: Forgetting) -> Forgetting:
        self._forget_pauses(now - GUILDS_KEPT)
        return _on(so_far, is_done=True)

    def _old_spaces(self, now: datetime, so_far: Forgetting) -> Forgetting:
        """Announcements that `/history` does not reach back to, and their Spaces."""
        old_ones = [
            SpaceId(row["space_id"])
            for row in self._rows(
                f"""
                SELECT space_id FROM spaces WHERE forgotten_at IS NOT NULL AND {OVER_SINCE} <= :old
                ORDER BY {OVER_SINCE} LIMIT :most
                """,  # noqa: S608 - constants
                old=ms(now - HISTORY_KEPT),
                most=SPACES_AT_ONCE,
            )
        ]
        if self._forget_deliveries_of_spaces(old_ones, FORGOTTEN_AT_ONCE) == FORGOTTEN_AT_ONCE:
            return so_far
        self._forget_spaces(old_ones)
        return _on(so_far, is_done=len(old_ones) < SPACES_AT_ONCE)

    def _forget_spaces(self, space_ids: Sequence[SpaceId]) -> None:
        self.db.execute(
            "DELETE FROM spaces WHERE space_id IN (SELECT value FROM json_each(:spaces))",
            {"spaces": json.dumps(list(space_ids))},
        )


def _on(so_far: Forgetting, *, is_done: bool, after: str | int | None = None) -> Forgetting:
    """The next stage where this one is done, else the same one again."""
    return replace(so_far, stage=so_far.stage + 1, after=None) if is_done else replace(so_far, after=after)


_STAGES = (
    ForgettingQueries._tests,  # noqa: SLF001
    ForgettingQueries._words_of_spaces,  # noqa: SLF001
    ForgettingQueries._accounts,  # noqa: SLF001
    ForgettingQueries._names,  # noqa: SLF001
    ForgettingQueries._guilds,  # noqa: SLF001
    ForgettingQueries._orphans,  # noqa: SLF001
    ForgettingQueries._pauses,  # noqa: SLF001
    ForgettingQueries._old_spaces,  # noqa: SLF001
)
