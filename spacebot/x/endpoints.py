"""The endpoints of API v2 that spacebot asks, one row each with all that is known of it, and the fields asked for.

Source: https://docs.x.com/x-api/spaces and X's OpenAPI document 2.167.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import filterfalse
from typing import Generic, TypeVar

from spacebot.domain.errands import Purpose
from spacebot.domain.ids import LIST_ID, SPACE_ID, USER_ID, USERNAME
from spacebot.x.base import XObject
from spacebot.x.fields import Query
from spacebot.x.model import Space, User
from spacebot.x.posts import Post

T_co = TypeVar("T_co", bound=XObject, covariant=True)

IDS_PER_REQUEST = 100
"""How many ids or names one request takes at most."""

RESULTS_PER_ANSWER = 100
"""How many results one answer holds at most."""

QUERY_LIMIT = 2048
"""The longest search query, in characters (X's OpenAPI document, `/2/spaces/search`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[T_co]):
    """One GET endpoint.

    Attributes:
        name: What logs and limits call it.
        path: Its path; `{}` stands for the one thing asked about.
        item: What it answers with.
        pattern: What the ids or names asked about look like.
        many: The query parameter that takes several ids or names; None if it takes none.
        resource: X's word for the one thing asked about; None if the answer is a list, which may be empty.
        app_limit: Requests per 15 minutes with an app's token, until X's headers say otherwise.
        user_limit: The same with a user's token.
        parts: Who asks here with the app's token, and in what proportion; where people are not named, their share is a
            setting, and the others divide the rest.
        gap: Seconds that must lie between two requests, whichever token they carry.
    """

    name: str
    path: str
    item: type[T_co]
    pattern: re.Pattern[str] | None = None
    many: str | None = None
    resource: str | None = None
    app_limit: int = 300
    user_limit: int = 300
    parts: Mapping[Purpose, float] = field(default_factory=lambda: {Purpose.PEOPLE: 1.0}, hash=False)
    gap: float = 0.0


SPACE = Endpoint(name="space", path="/2/spaces/{}", item=Space, pattern=SPACE_ID, resource="space")
SPACES = Endpoint(
    name="spaces",
    path="/2/spaces",
    item=Space,
    pattern=SPACE_ID,
    many="ids",
    parts={Purpose.DETECTION: 0.7, Purpose.KEYWORD: 0.2, Purpose.REFRESH: 0.1},
)
CREATORS = Endpoint(
    name="creators",
    path="/2/spaces/by/creator_ids",
    item=Space,
    pattern=USER_ID,
    many="user_ids",
    parts={Purpose.DETECTION: 1.0},
    # X allows one per second and measures where the requests arrive: a little more leaves room for the network.
    gap=1.05,
)
SEARCH = Endpoint(name="search", path="/2/spaces/search", item=Space, parts={Purpose.KEYWORD: 1.0})
BUYERS = Endpoint(name="buyers", path="/2/spaces/{}/buyers", item=User, pattern=SPACE_ID)
POSTS = Endpoint(name="posts", path="/2/spaces/{}/tweets", item=Post, pattern=SPACE_ID)
USER = Endpoint(
    name="user",
    path="/2/users/{}",
    item=User,
    pattern=USER_ID,
    resource="user",
    user_limit=900,
    parts={Purpose.ACCOUNTS: 1.0},
)
USERS = Endpoint(
    name="users",
    path="/2/users",
    item=User,
    pattern=USER_ID,
    many="ids",
    user_limit=900,
    parts={Purpose.ACCOUNTS: 1.0},
)
USER_BY_USERNAME = Endpoint(
    name="user_by_username",
    path="/2/users/by/username/{}",
    item=User,
    pattern=USERNAME,
    resource="user",
    user_limit=900,
    parts={Purpose.ACCOUNTS: 1.0},
)
USERS_BY_USERNAMES = Endpoint(
    name="users_by_usernames",
    path="/2/users/by",
    item=User,
    pattern=USERNAME,
    many="usernames",
    user_limit=900,
    parts={Purpose.ACCOUNTS: 1.0},
)
LIST_MEMBERS = Endpoint(
    name="list_members",
    path="/2/lists/{}/members",
    item=User,
    pattern=LIST_ID,
    app_limit=900,
    user_limit=900,
    parts={Purpose.ACCOUNTS: 1.0},
)


def malformed(endpoint: Endpoint[XObject], asked: Sequence[str]) -> tuple[str, ...]:
    """Which of these ids or names cannot be any of this endpoint's."""
    if endpoint.pattern is None:
        return tuple(asked)
    joined = ",".join(asked)
    if joined.count(",") < len(asked) and _all_match(endpoint.pattern, joined):
        return ()
    return tuple(filterfalse(endpoint.pattern.fullmatch, asked))


@lru_cache(maxsize=64)  # most of what is asked is asked again within minutes
def _all_match(pattern: re.Pattern[str], joined: str) -> bool:
    return _list_of(pattern).fullmatch(joined) is not None


@cache
def _list_of(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """Matches several at once, with commas between them: that is five times as fast as each by itself."""
    return re.compile(f"(?:{pattern.pattern},)*(?:{pattern.pattern})", pattern.flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[T_co]):
    """One request: the endpoint, the one thing asked about if its path names one, and the query."""

    endpoint: Endpoint[T_co]
    about: str | None = None
    query: Query

    @property
    def question(self) -> Hashable:
        """What is asked, to be compared with what else is."""
        return (self.endpoint.name, self.about, tuple(sorted(self.query.items())))
