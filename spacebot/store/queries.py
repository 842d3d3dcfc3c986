"""Every SQL statement, as named methods; each runs inside the transaction that its caller opened (see `connection`).

What an invariant needs is done in one method: `take_in` stores what X showed and makes sure of its deliveries,
`claim` commits 'sending' before anybody calls Discord.
"""

from spacebot.store.forgetting import ForgettingQueries
from spacebot.store.keywords import KeywordQueries
from spacebot.store.links import LinkQueries
from spacebot.store.overview import OverviewQueries
from spacebot.store.spaces import SpaceQueries
from spacebot.store.spending import SpendingQueries


class Queries(KeywordQueries, SpaceQueries, OverviewQueries, ForgettingQueries, SpendingQueries, LinkQueries):
    """The statements over one open database, on the thread that owns it."""

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
