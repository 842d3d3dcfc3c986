"""Every query, as one class of named methods; each runs in the transaction that `connection` opened for it.

Whatever must happen together is one method: `take_in` stores what X showed and adds the deliveries, `claim` marks
deliveries as 'sending' before Discord is called.
"""

from spacebot.store.bells import BellQueries
from spacebot.store.keywords import KeywordQueries
from spacebot.store.overview import OverviewQueries
from spacebot.store.permits import PermitQueries
from spacebot.store.privacy import PrivacyQueries
from spacebot.store.spaces import SpaceQueries
from spacebot.store.spending import SpendingQueries
from spacebot.store.stats import StatsQueries


class Queries(
    KeywordQueries,
    SpaceQueries,
    OverviewQueries,
    SpendingQueries,
    PermitQueries,
    PrivacyQueries,
    BellQueries,
    StatsQueries,
):
    """All query groups over one open database."""

    def note(self, name: str) -> str | None:
        """A value stored by `set_note`."""
        row = self._row("SELECT value FROM notes WHERE name = :name", name=name)
        return row["value"] if row else None

    def set_note(self, name: str, value: str) -> None:
        """Store a small fact about this installation."""
        self.db.execute(
            "INSERT INTO notes VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            {"name": name, "value": value},
        )
