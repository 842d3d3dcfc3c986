"""Accounts on X as last seen, and the sign-ins and tokens of people who link theirs."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from spacebot.domain.ids import UserId

_HANDLE = re.compile(r"\w{1,40}", re.ASCII)


class Standing(StrEnum):
    """Why X does not show an account as usual."""

    SUSPENDED = "suspended"
    PROTECTED = "protected"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An account on X as last seen; always keyed by its id, for a handle can change."""

    user_id: UserId
    username: str
    name: str
    picture: str | None = None
    protected: bool = False
    standing: Standing | None = None

    @property
    def url(self) -> str:
        """The address of the account's page; by its id if the handle cannot be part of an address."""
        return (
            f"https://x.com/{self.username}"
            if _HANDLE.fullmatch(self.username)
            else f"https://x.com/i/user/{self.user_id}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in that a person has begun and not completed yet."""

    person: int
    person_name: str
    state: str
    """A digest of the OAuth state that X hands back."""
    verifier: bytes
    """Sealed."""
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The tokens of a person's linked X account; both are sealed."""

    person: int
    access: bytes
    refresh: bytes | None
    expires_at: datetime
    scopes: str
