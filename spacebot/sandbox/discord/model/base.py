"""What every entity needs of the whole: time, ids, and a way to say that something changed."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from spacebot.clock import Clock
from spacebot.sandbox.discord.model.changes import Change, Updates, What
from spacebot.sandbox.discord.model.files import LocalFile
from spacebot.sandbox.discord.model.snowflakes import Snowflakes


class NotOffered(Exception):
    """A person cannot do that in the client: no such command, option, button; or it is hidden from them."""


class NotAnswered(Exception):
    """The bot did not answer what a person did."""


@dataclass(slots=True, kw_only=True, eq=False)
class StateBase(ABC):
    """The state as far as a single entity knows it; `State` is the whole.

    `on_change` is called with each change, before anybody who waits for `updates` looks. `keep_messages` is the most messages that
    a channel keeps, and the most deleted ones; None: all. `portal` is what the owner has set in the developer portal, in the
    fields of Discord's application object. `commands` are the global ones, as Discord shows them. `files` are the uploaded
    ones; `files_url` is where they can be fetched.
    """

    clock: Clock
    snowflakes: Snowflakes
    on_change: Callable[[Change], None]
    updates: Updates = field(default_factory=Updates)
    commands: dict[int, dict[str, Any]] = field(default_factory=dict)
    keep_messages: int | None = None
    files: dict[int, LocalFile] = field(default_factory=dict)
    files_url: str = ""
    portal: dict[str, Any] = field(default_factory=dict)

    @property
    @abstractmethod
    def bot_id(self) -> int:
        """The id of the bot's account."""

    @property
    def application_id(self) -> int:
        """The same number as the bot's, as for every application made since 2016."""
        return self.bot_id

    def keep(self, file: LocalFile) -> None:
        """Keep an uploaded file; from now on it has an id."""
        file.id = file.id or self.snowflakes.next()
        self.files[file.id] = file

    def emit(self, what: What, subject: object) -> None:
        """Say that something happened."""
        self.on_change(Change(what=what, subject=subject))
        self.updates.happened()
