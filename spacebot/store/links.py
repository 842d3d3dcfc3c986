"""Sign-ins and tokens of people who link their own X account; every secret is sealed."""

from datetime import UTC, datetime

from spacebot.domain.accounts import Link, SignIn
from spacebot.store.base import Row, ms
from spacebot.store.stats import StatsQueries


class LinkQueries(StatsQueries):
    """Sign-ins and links."""

    def begin_sign_in(self, sign_in: SignIn, now: datetime) -> None:
        """Store a sign-in; the person's earlier one and everybody's expired ones are removed."""
        self.db.execute("DELETE FROM sign_ins WHERE until <= :now", {"now": ms(now)})
        self.db.execute(
            """
            INSERT OR REPLACE INTO sign_ins (person, person_name, state, verifier, until)
            VALUES (:person, :name, :state, :verifier, :until)
            """,
            {
                "person": sign_in.person,
                "name": sign_in.person_name,
                "state": sign_in.state,
                "verifier": sign_in.verifier,
                "until": ms(sign_in.until),
            },
        )

    def sign_in_of(self, state: str) -> int | None:
        """Whose sign-in this is; None if it does not exist."""
        row = self._row("SELECT person FROM sign_ins WHERE state = :state", state=state)
        return row["person"] if row else None

    def use_sign_in(self, state: str, now: datetime) -> SignIn | None:
        """Take a sign-in, which removes it. None if it does not exist or has expired."""
        row = self._row("DELETE FROM sign_ins WHERE state = :state RETURNING *", state=state)
        if row is None or row["until"] <= ms(now):
            return None
        return SignIn(**{**row, "until": datetime.fromtimestamp(row["until"] / 1000, UTC)})

    def end_sign_in(self, person: int) -> None:
        """Remove the sign-in that this person has begun."""
        self.db.execute("DELETE FROM sign_ins WHERE person = :person", {"person": person})

    def links(self) -> list[Link]:
        """All tokens."""
        return [_link_of(row) for row in self._rows("SELECT * FROM links")]

    def set_link(self, link: Link) -> None:
        """Store a person's tokens, replacing earlier ones."""
        self.db.execute(
            "INSERT OR REPLACE INTO links VALUES (:person, :access, :refresh, :expires_at, :scopes)",
            {
                "person": link.person,
                "access": link.access,
                "refresh": link.refresh,
                "expires_at": ms(link.expires_at),
                "scopes": link.scopes,
            },
        )

    def replace_link(self, link: Link) -> None:
        """Store the tokens of a new sign-in, which may be another account's: what X told with earlier ones goes."""
        self._forget_own(link.person)
        self.set_link(link)

    def link(self, person: int) -> Link | None:
        """A person's tokens."""
        row = self._row("SELECT * FROM links WHERE person = :person", person=person)
        return _link_of(row) if row else None

    def remove_link(self, person: int) -> None:
        """Remove a person's tokens, and what X has told them with these."""
        self._forget_own(person)
        self.db.execute("DELETE FROM links WHERE person = :person", {"person": person})

    def forget_person(self, person: int) -> None:
        """Remove a person's tokens and sign-ins, unconfirmed ones too, and what X has told them."""
        self._forget_own(person)
        for table in ("links", "sign_ins", "unconfirmed"):
            self.db.execute(f"DELETE FROM {table} WHERE person = :person", {"person": person})  # noqa: S608 - constants

    def note_unconfirmed(self, key: str, link: Link) -> None:
        """Keep a token that X has given and that nobody has confirmed yet; `key` is a digest."""
        self.db.execute(
            "INSERT INTO unconfirmed VALUES (:key, :person, :access, :refresh, :expires_at, :scopes)",
            {
                "key": key,
                "person": link.person,
                "access": link.access,
                "refresh": link.refresh,
                "expires_at": ms(link.expires_at),
                "scopes": link.scopes,
            },
        )

    def unconfirmed(self) -> list[tuple[str, Link]]:
        """Such tokens, each with its key."""
        rows = self._rows("SELECT * FROM unconfirmed")
        return [(row.pop("key"), _link_of(row)) for row in rows]

    def forget_unconfirmed(self, key: str) -> None:
        """It was confirmed, or given back."""
        self.db.execute("DELETE FROM unconfirmed WHERE key = :key", {"key": key})


def _link_of(row: Row) -> Link:
    return Link(**{**row, "expires_at": datetime.fromtimestamp(row["expires_at"] / 1000, UTC)})
