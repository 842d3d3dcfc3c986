"""Threads: channels inside a channel; the bot is told of the active ones where it may see the parent.

Source: Discord's documentation, 'Threads'. Nothing is archived for inactivity here, only where somebody says so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.model.channels import KINDS, LocalChannel, LocalMessage
from spacebot.sandbox.discord.model.state import LocalUser, NotOffered
from spacebot.sandbox.discord.permissions import Permission
from spacebot.sandbox.discord.refusals import Refusal

THREAD_KINDS = {KINDS["announcement"]: 10, KINDS["text"]: 11}


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalThread(LocalChannel):
    """A public thread. `overwrites` are its parent's, `turned_at` is when it was last archived, reopened or made."""

    parent: LocalChannel
    starter: LocalUser
    turned_at: datetime
    archived: bool = False
    locked: bool = False
    sent: int = 0

    def __repr__(self) -> str:
        return f"<LocalThread {self.name!r} in {self.parent.name!r}>"

    @property
    def is_in_sight(self) -> bool:
        """Whether the bot may see it."""
        return self.guild is not None and bool(self.guild.bot_permissions_in(self) & Permission.VIEW_CHANNEL)

    def archive(self, *, locked: bool = False) -> None:
        """Archive it as a moderator; one that is `locked` as well only moderators can reopen."""
        self._turn(archived=True, locked=locked)

    def unarchive(self, *, locked: bool = False) -> None:
        """Reopen it as a moderator; in one that is `locked` only moderators can write."""
        self._turn(archived=False, locked=locked)

    def delete(self) -> None:
        """The thread is gone, with all that was in it."""
        self.world.channels.pop(self.id, None)
        if self.guild is not None and self.guild.threads.pop(self.id, None) is not None:
            shown = self.shown()
            self.tell("THREAD_DELETE", {key: shown[key] for key in ("id", "guild_id", "parent_id", "type")})

    def require_writable(self, permissions: Permission, *, reopens: bool) -> None:
        """Refuse to let the bot write here with these permissions. `reopens`: what it does reopens an archived thread.

        The status of 160005 is not documented.
        """
        held = self.locked and not permissions & Permission.MANAGE_THREADS
        if self.archived and (held or not reopens):
            raise Refusal(50083)
        if held:
            raise Refusal(160005)

    def require_cleanable(self, permissions: Permission) -> None:
        """Refuse to let the bot delete a message here: only in an archived and locked thread it may not."""
        if self.archived and self.locked and not permissions & Permission.MANAGE_THREADS:
            raise Refusal(50083)

    def add(self, message: LocalMessage) -> None:
        """Let a message stand here; that reopens an archived thread."""
        if self.archived:
            self.unarchive(locked=self.locked)
        self.sent += 1
        LocalChannel.add(self, message)

    def overwrite(self, *_: Any, **__: Any) -> None:
        """A thread has its parent's permissions."""
        raise NotOffered("a thread has no permissions of its own: change those of its parent")

    def clear_overwrites(self) -> None:
        """A thread has its parent's permissions."""
        self.overwrite()

    def shown(self) -> payloads.Json:
        """As Discord shows it."""
        return payloads.thread(self)

    def tell(self, event: str, data: payloads.Json) -> None:
        """Send an event about the thread to the bot, if it may see it."""
        if self.is_in_sight:
            self.world.tell(self.guild, event, data)
        self.world.changes.happened()

    def _turn(self, *, archived: bool, locked: bool) -> None:
        if self.archived != archived:
            self.turned_at = self.world.clock.now()
        self.archived, self.locked = archived, locked
        self._updated()

    def _updated(self) -> None:
        self.tell("THREAD_UPDATE", self.shown())
