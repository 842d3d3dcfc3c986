"""The people, Spaces and posts of a local X: whatever is done to them is what X would let a person do."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypedDict, Unpack

from spacebot.clock import Clock

SpaceState = Literal["scheduled", "live", "ended", "canceled"]
FARTHEST_AHEAD = timedelta(days=14)

USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")
USER_ID = re.compile(r"[0-9]{1,19}")
LIST_ID = re.compile(r"[0-9]{1,19}")
SPACE_ID = re.compile(r"[a-zA-Z0-9]{1,13}")

_PICTURE = "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A subject that a Space is filed under."""

    id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class XPost:
    """A post that was shared in a Space."""

    id: str
    author: "XUser"
    text: str
    created_at: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class XUser:
    """An account. `followers` are those who may see it while it is `protected`; both may be set at will."""

    id: str
    username: str
    name: str
    protected: bool
    verified: bool
    picture: str
    created_at: datetime
    platform: "Platform" = field(repr=False)
    followers: set["XUser"] = field(default_factory=set, repr=False)
    suspended: bool = False
    deleted: bool = False

    def suspend(self) -> None:
        self.suspended = True
        self.platform.emit(self, "suspended")

    def restore(self) -> None:
        """Undo `suspend` and `delete`."""
        self.platform.must_be_free(self.username, but_for=self)
        self.suspended = self.deleted = False
        self.platform.emit(self, "restored")

    def protect(self) -> None:
        self.protected = True
        self.platform.emit(self, "protected")

    def delete(self) -> None:
        self.deleted = True
        self.platform.emit(self, "deleted")

    def rename(self, username: str) -> None:
        """Take another handle; the old one is free from now on. The id stays."""
        self.platform.must_be_free(username, but_for=self)
        self.username = username
        self.platform.emit(self, "renamed")


@dataclass(slots=True, kw_only=True, eq=False)
class XSpace:
    """A Space: scheduled → live → ended, or scheduled → canceled; every other step raises ValueError.

    `listeners`, `subscribers` and the lists of people may be set at will; `participants` is what X reports.
    """

    id: str
    creator: XUser
    original_title: str | None
    title: str | None
    state: SpaceState
    platform: "Platform" = field(repr=False)
    created_at: datetime
    updated_at: datetime
    scheduled_start: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    listeners: int = 0
    subscribers: int = 0
    lang: str | None = None
    ticketed: bool = False
    cohosts: list[XUser] = field(default_factory=list)
    speakers: list[XUser] = field(default_factory=list)
    invited: list[XUser] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)
    posts: list[XPost] = field(default_factory=list, repr=False)
    buyers: list[XUser] = field(default_factory=list, repr=False)
    hidden: bool = False

    @property
    def hosts(self) -> list[XUser]:
        """The creator first, then the co-hosts."""
        return [self.creator, *self.cohosts]

    @property
    def participants(self) -> int:
        """Everybody in the room, hosts and speakers included; nobody before it opens."""
        if self.started_at is None:
            return 0
        return self.listeners + len({*self.hosts, *self.speakers})

    def go_live(self) -> None:
        self._step("scheduled", "live")
        self.started_at = self.updated_at
        self.platform.emit(self, "started")

    def end(self) -> None:
        self._step("live", "ended")
        self.ended_at = self.updated_at
        self.platform.emit(self, "ended")

    def cancel(self) -> None:
        self._step("scheduled", "canceled")
        self.platform.emit(self, "canceled")

    def set_title(self, title: str | None) -> None:
        """Edit the title; a search goes on looking at the original one, as X's does."""
        self.title = title
        self._edited()

    def reschedule(self, start: datetime) -> None:
        if self.state != "scheduled":
            raise ValueError(f"a {self.state} Space cannot be rescheduled")
        must_be_schedulable(start, self.platform.clock.now())
        self.scheduled_start = start
        self._edited()

    def hide(self) -> None:
        """Let no endpoint show it any longer."""
        self.hidden = True
        self.platform.emit(self, "hidden")

    def show(self) -> None:
        self.hidden = False
        self.platform.emit(self, "shown")

    def add_post(self, author: XUser, text: str) -> XPost:
        number = len(self.posts) + 1
        post = XPost(
            id=_number(f"post {self.id} {number}"), author=author, text=text, created_at=self.platform.clock.now()
        )
        self.posts.append(post)
        self._edited()
        return post

    def add_buyer(self, user: XUser) -> None:
        if not self.ticketed:
            raise ValueError("only a ticketed Space has buyers")
        self.buyers.append(user)
        self._edited()

    def _step(self, before: SpaceState, after: SpaceState) -> None:
        if self.state != before:
            raise ValueError(f"a {self.state} Space cannot become {after}")
        self.state = after
        self.updated_at = self.platform.clock.now()

    def _edited(self) -> None:
        self.updated_at = self.platform.clock.now()
        self.platform.emit(self, "edited")


@dataclass(slots=True, kw_only=True, eq=False)
class XList:
    """A list of accounts; its members in the order in which they were added. All of it may be set at will."""

    id: str
    owner: XUser
    members: list[XUser] = field(default_factory=list, repr=False)
    private: bool = False


class UserDetails(TypedDict, total=False):
    """What may be said of a new account; its `name` is its handle where none is given."""

    name: str | None
    id: str | None
    protected: bool
    verified: bool
    picture: str


class SpaceDetails(TypedDict, total=False):
    """What may be said of a new Space; without a `title` it has none, and its `lang` is 'en'."""

    title: str | None
    lang: str | None
    ticketed: bool
    cohosts: Sequence[XUser]
    speakers: Sequence[XUser]
    invited: Sequence[XUser]
    topics: Sequence[str]
    id: str | None


class Platform:
    """All users and Spaces of this X. `on_change` hears of each change: its subject, and what happened to it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.users: dict[str, XUser] = {}
        self.spaces: dict[str, XSpace] = {}
        self.lists: dict[str, XList] = {}
        self.on_change: list[Callable[[XUser | XSpace, str], None]] = []

    def add_user(self, username: str, **details: Unpack[UserDetails]) -> XUser:
        """An account with a handle that nobody has."""
        self.must_be_free(username)
        user_id = details.get("id") or str(1_400_000_000_000_000_001 + len(self.users))
        _must_be_new(USER_ID, user_id, self.users)
        name = details.get("name")
        user = XUser(
            id=user_id,
            username=username,
            name=username if name is None else name,
            protected=details.get("protected", False),
            verified=details.get("verified", False),
            picture=details.get("picture", _PICTURE),
            created_at=self.clock.now(),
            platform=self,
        )
        self.users[user_id] = user
        self.emit(user, "joined")
        return user

    def add_space(
        self, creator: XUser, *, start: datetime | None = None, listeners: int = 0, **details: Unpack[SpaceDetails]
    ) -> XSpace:
        """A Space that is live now, or scheduled for `start`."""
        now = self.clock.now()
        if start is not None:
            must_be_schedulable(start, now)
        space_id = details.get("id") or _space_id(len(self.spaces))
        _must_be_new(SPACE_ID, space_id, self.spaces)
        title = details.get("title")
        topics = details.get("topics", ())
        space = XSpace(
            id=space_id,
            creator=creator,
            original_title=title,
            title=title,
            state="live" if start is None else "scheduled",
            platform=self,
            created_at=now,
            updated_at=now,
            scheduled_start=start,
            started_at=now if start is None else None,
            listeners=listeners,
            lang=details.get("lang", "en"),
            ticketed=details.get("ticketed", False),
            cohosts=list(details.get("cohosts", ())),
            speakers=list(details.get("speakers", ())),
            invited=list(details.get("invited", ())),
            topics=[Topic(id=_number(f"topic {name}"), name=name, description=f"All about {name}") for name in topics],
        )
        self.spaces[space_id] = space
        self.emit(space, "started" if start is None else "scheduled")
        return space

    def add_list(self, owner: XUser, members: Sequence[XUser], *, private: bool = False) -> XList:
        """A list that `owner` keeps; nobody else sees a private one."""
        made = XList(id=_number(f"list {len(self.lists)}"), owner=owner, members=list(members), private=private)
        self.lists[made.id] = made
        return made

    def named(self, username: str) -> XUser | None:
        """Who has this handle now, in whatever case it is written."""
        wanted = username.lower()
        return next((u for u in self.users.values() if not u.deleted and u.username.lower() == wanted), None)

    def latest_post(self, author: XUser) -> XPost | None:
        """The newest post of that person in any Space."""
        theirs = (post for space in self.spaces.values() for post in space.posts if post.author is author)
        return max(theirs, key=lambda post: post.created_at, default=None)

    def sight(self, space: XSpace, viewer: XUser | None) -> Literal["visible", "absent", "protected"]:
        """Whether `viewer` (None: the app alone) may see the Space."""
        creator = space.creator
        if space.hidden or creator.deleted or creator.suspended:
            return "absent"
        if creator.protected and viewer not in {*space.hosts, *creator.followers}:
            return "protected"
        return "visible"

    def must_be_free(self, username: str, *, but_for: XUser | None = None) -> None:
        """Raises ValueError unless the handle is well-formed and nobody else has it."""
        _must_match(USERNAME, username)
        if self.named(username) not in {None, but_for}:
            raise ValueError(f"there is a user @{username} already")

    def emit(self, subject: XUser | XSpace, what: str) -> None:
        """Call everything in `on_change`."""
        for listener in self.on_change:
            listener(subject, what)


def must_be_schedulable(start: datetime, now: datetime) -> None:
    """Raises ValueError unless X would let somebody schedule a Space for `start`."""
    if start.tzinfo is None:
        raise ValueError("a start needs a time zone")
    if not now < start <= now + FARTHEST_AHEAD:
        raise ValueError("a Space is scheduled for a later moment, at most 14 days ahead")


def _must_match(pattern: re.Pattern[str], text: str) -> None:
    if pattern.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not of the form {pattern.pattern}")


def _must_be_new(pattern: re.Pattern[str], key: str, known: dict[str, XUser] | dict[str, XSpace]) -> None:
    _must_match(pattern, key)
    if key in known:
        raise ValueError(f"the id {key} is taken")


def _number(seed: str) -> str:
    digest = hashlib.blake2b(seed.encode(), digest_size=7).digest()
    return str(1_000_000_000_000_000_000 + int.from_bytes(digest, "big"))


def _space_id(count: int) -> str:
    digest = hashlib.blake2b(f"space {count}".encode(), digest_size=12).digest()
    return "1" + "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)
