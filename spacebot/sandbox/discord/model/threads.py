"""Threads: channels inside a channel; the bot can see one where it can see the parent, unless it is private.

Source: Discord's documentation, 'Threads'. Nothing is archived for inactivity here, only where somebody says so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spacebot.sandbox.discord.model.base import NotOffered
from spacebot.sandbox.discord.model.changes import What
from spacebot.sandbox.discord.model.channels import KINDS, LocalChannel, LocalMessage, LocalUser
from spacebot.sandbox.discord.permissions import Permission

PRIVATE_THREAD = 12
THREAD_KINDS = {KINDS["announcement"]: 10, KINDS["text"]: 11, KINDS["forum"]: 11}


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalThread(LocalChannel):
    """A thread. `overwrites` are its parent's, `turned_at` is when it was last archived, reopened or made.

    `insiders` are the ids of those that a private one lets in beside moderators; None: it is public. `tags` are the ids of those that a thread of a forum has. `sent` does not count its first message.
    """

    parent: LocalChannel
    starter: LocalUser
    turned_at: datetime
    archived: bool = False
    locked: bool = False
    sent: int = 0
    tags: tuple[int, ...] = ()
    insiders: set[int] | None = None

    def __repr__(self) -> str:
        return f"<LocalThread {self.name!r} in {self.parent.name!r}>"

    @property
    def is_in_sight(self) -> bool:
        """Whether the bot may see it."""
        return self.guild is not None and bool(self.guild.bot_permissions_in(self) & Permission.VIEW_CHANNEL)

    def is_open_to(self, member_id: int, granted: Permission) -> bool:
        """Whether a member who is granted this in the parent is let in."""
        return self.insiders is None or member_id in self.insiders or bool(granted & Permission.MANAGE_THREADS)

    def let_in(self, user: LocalUser) -> None:
        """Let somebody into a private thread; nothing happens in a public one."""
        if self.insiders is not None and user.id not in self.insiders:
            self.insiders.add(user.id)
            if user.id == self.state.bot_id:
                self.state.emit(What.CREATED, self)

    def archive(self, *, locked: bool = False) -> None:
        """Archive it as a moderator; one that is `locked` as well only moderators can reopen."""
        self._turn(archived=True, locked=locked)

    def unarchive(self, *, locked: bool = False) -> None:
        """Reopen it as a moderator; in one that is `locked` only moderators can write."""
        self._turn(archived=False, locked=locked)

    def add(self, message: LocalMessage) -> None:
        """Put a message here; that reopens an archived thread."""
        if self.archived:
            self.unarchive(locked=self.locked)
        self.sent += 1
        LocalChannel.add(self, message)

    def clear_overwrites(self) -> None:
        """A thread has its parent's permissions."""
        raise NotOffered("a thread has no permissions of its own: change those of its parent")

    def _overwrite(self, *_: Any, **__: Any) -> None:
        self.clear_overwrites()

    def begin(self, message: LocalMessage) -> None:
        """Put the message here that a thread of a forum begins with: one with the thread's own id."""
        LocalChannel.add(self, message)

    @property
    def later_messages(self) -> int:
        """How many messages are here but for the one it began with."""
        return len(self.messages) - (self.id in self.by_id)

    def change(
        self, *, name: str | None, tags: tuple[int, ...] | None, archived: bool | None, locked: bool | None
    ) -> None:
        """Change what is not None."""
        self.name = self.name if name is None else name
        self.tags = self.tags if tags is None else tags
        self._turn(
            archived=self.archived if archived is None else archived, locked=self.locked if locked is None else locked
        )

    def _turn(self, *, archived: bool, locked: bool) -> None:
        if self.archived != archived:
            self.turned_at = self.state.clock.now()
        self.archived, self.locked = archived, locked
        self._updated()
