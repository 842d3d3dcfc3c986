"""Forums: channels that hold nothing but threads, each begun with a first message that has the thread's own id.

Source: Discord's documentation, 'Threads' (forum and media channels).
"""

from dataclasses import dataclass, field

from spacebot.sandbox.discord.model.channels import LocalChannel

REQUIRE_TAG = 1 << 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTag:
    """A tag of a forum; one that is `moderated` only moderators can put on a thread."""

    id: int
    name: str
    moderated: bool = False


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalForum(LocalChannel):
    """A forum. Where it `requires_tag`, no thread begins without one."""

    tags: list[LocalTag] = field(default_factory=list)
    requires_tag: bool = False

    def __repr__(self) -> str:
        return f"<LocalForum {self.name!r}>"

    def tag(self, name: str) -> LocalTag:
        """The tag of that name."""
        return next(tag for tag in self.tags if tag.name == name)

    def add_tag(self, name: str, *, moderated: bool = False) -> LocalTag:
        """A new tag."""
        tag = LocalTag(id=self.state.snowflakes.next(), name=name, moderated=moderated)
        self.tags.append(tag)
        self._updated()
        return tag

    def require_tag(self, *, required: bool = True) -> None:
        """Every thread needs a tag from now on, or none does."""
        self.requires_tag = required
        self._updated()
