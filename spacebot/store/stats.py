"""The counters of finished Spaces, by host, and what X has told creators of their own Spaces.

Nothing is kept twice: a Space's own counters stand in `spaces`, whose title and people are forgotten within a day, and
for as long as that row does. What a creator was told stands in `own_counts`, which goes with the Space and with the link.
"""

from datetime import datetime

from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.stats import Counted, OwnCount
from spacebot.store.base import LOT, QueryGroup, moment, ms
from spacebot.store.spaces import STARTED

MOST_COUNTED = 2 * LOT
"""As many of a host's last Spaces are counted."""

MOST_OWN = 20
"""As many of a creator's last Spaces are shown to them."""


class StatsQueries(QueryGroup):
    """Figures of hosts."""

    def counted(self, host_id: UserId, since: datetime, most: int = MOST_COUNTED) -> list[Counted]:
        """The host's Spaces that started since then and are over, the newest first, `most` at most.

        What nobody saw start, such as one that was canceled, is none of them.
        """
        rows = self.db.execute(
            f"""
            SELECT {STARTED}, COALESCE(ended_at, last_seen_at), ended_at IS NOT NULL, peak, listened, observed FROM spaces
            WHERE host_id = :host AND {STARTED} IS NOT NULL AND {STARTED} >= :since AND phase IN ('ended', 'gone')
            ORDER BY {STARTED} DESC LIMIT :most
            """,  # noqa: S608 - constants
            {"host": host_id, "since": ms(since), "most": most},
        )
        return [
            Counted(
                began=_moment(began),
                until=_moment(max(began, until)),
                has_end=bool(has_end),
                peak=peak,
                listened=listened,
                observed=observed,
            )
            for began, until, has_end, peak, listened, observed in rows
        ]

    def counted_since(self, host_id: UserId) -> datetime | None:
        """Since when somebody follows the host; None where nobody does."""
        row = self._row("SELECT min(added_at) AS since FROM watches WHERE host_id = :host", host=host_id)
        return None if row is None else moment(row["since"])

    def note_own(
        self, person: int, space_id: SpaceId, now: datetime, *, reminders: int | None = None, tickets: int | None = None
    ) -> None:
        """Store what X has told the creator of a Space; what is None is left as it is.

        Only of Spaces that are known, which they are of followed hosts, and while the person's account is linked.
        """
        self.db.execute(
            """
            INSERT INTO own_counts (person, space_id, reminders, tickets, seen_at)
            SELECT :person, :space, :reminders, :tickets, :now
            WHERE EXISTS (SELECT 1 FROM links WHERE person = :person)
              AND EXISTS (SELECT 1 FROM spaces WHERE space_id = :space)
            ON CONFLICT (person, space_id) DO UPDATE SET
                reminders = COALESCE(excluded.reminders, reminders), tickets = COALESCE(excluded.tickets, tickets),
                seen_at = excluded.seen_at
            """,
            {"person": person, "space": space_id, "reminders": reminders, "tickets": tickets, "now": ms(now)},
        )

    def own_counts(self, person: int, host_id: UserId, most: int = MOST_OWN) -> list[OwnCount]:
        """What X has told this person of the host's Spaces, which are their own, the newest first."""
        rows = self._rows(
            f"""
            SELECT COALESCE({STARTED}, scheduled_start, first_seen_at) AS began, reminders, tickets
            FROM own_counts CROSS JOIN spaces USING (space_id)
            WHERE person = :person AND host_id = :host ORDER BY began DESC LIMIT :most
            """,  # noqa: S608 - constants
            person=person,
            host=host_id,
            most=most,
        )
        return [
            OwnCount(began=_moment(row["began"]), reminders=row["reminders"], tickets=row["tickets"]) for row in rows
        ]

    def _forget_own(self, person: int) -> None:
        """Remove what X has told this person."""
        self.db.execute("DELETE FROM own_counts WHERE person = :person", {"person": person})


def _moment(stored: int) -> datetime:
    found = moment(stored)
    assert found is not None  # only NULL is none
    return found
