"""Accounts on X as last seen, and what people lend the bot of their own."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from spacebot.domain.ids import UserId

_HANDLE = re.compile(r"\w{1,40}", re.ASCII)


class Standing(StrEnum):
    """What X says of an account that is not as it should be."""

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
        """The account's page; by its id where the handle is none that could stand in an address."""
        return (
            f"https://x.com/{self.username}"
            if _HANDLE.fullmatch(self.username)
            else f"https://x.com/i/user/{self.user_id}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A person on their way to X's page of consent."""

    person: int
    person_name: str
    state: str
    """A digest of the state that X hands back."""
    verifier: bytes
    """Sealed."""
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a person's X account lends; both tokens are sealed."""

    person: int
    access: bytes
    refresh: bytes | None
    expires_at: datetime
    scopes: str
