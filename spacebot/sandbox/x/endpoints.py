"""The endpoints under /2: each one's path, tokens, limits and parameters, and what it answers. Nothing here knows HTTP or time."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spacebot.sandbox.x.answers import Answer, Call, Writer
from spacebot.sandbox.x.model import SPACE_ID, USER_ID, USERNAME, XSpace, XUser
from spacebot.sandbox.x.pages import page
from spacebot.sandbox.x.problems import Json, Refusal, invalid_request, not_authorized
from spacebot.sandbox.x.query import Parameter
from spacebot.sandbox.x.quirks import Generation
from spacebot.sandbox.x.vocabulary import (
    LIST_IN_PATH,
    MAX_RESULTS,
    NAME_IN_PATH,
    PAGINATION_TOKEN,
    SEARCH,
    SPACE_IN_PATH,
    USER_IN_PATH,
    ids,
    post_parameters,
    space_parameters,
    user_parameters,
)

_USER_SCOPES = frozenset({"tweet.read", "users.read"})
_SPACE_SCOPES = _USER_SCOPES | {"space.read"}
_WORD = re.compile(r"[#@$]?\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One GET endpoint. `path` names its path parameters, which `own` describes together with those of its query.

    `common` gives the parameters it shares with others of its kind; a user's token needs all of `scopes`; `app_since` is the
    first generation that takes the app's own token, None where none does.
    """

    name: str
    path: re.Pattern[str]
    own: tuple[Parameter, ...]
    common: Callable[[Generation], tuple[Parameter, ...]]
    answer: Callable[[Call], Answer]
    scopes: frozenset[str] = _SPACE_SCOPES
    app_since: Generation | None = "2.159"
    app_limit: int = 300
    user_limit: int = 300
    once_a_second: bool = False


def _space(call: Call) -> Answer:
    writer = Writer(call)
    return writer.single(next(iter(_by_id(call, writer, "id")), None))


def _spaces(call: Call) -> Answer:
    writer = Writer(call)
    return writer.several(list(_by_id(call, writer, "ids")))


def _creator_ids(call: Call) -> Answer:
    writer = Writer(call)
    shown: set[XUser] = set()
    for user_id in call.asked.many("user_ids"):
        user = call.platform.users.get(user_id)
        if user is None or user.deleted or user.suspended:
            writer.no_user("user_ids", user_id, user)
        else:
            shown.add(user)
    open_spaces = [space for space in _newest_first(call) if space.creator in shown and _is_open(space)]
    unseen = [space.creator for space in open_spaces if call.platform.sight(space, call.viewer) == "protected"]
    for user in unseen:
        writer.no_user("user_ids", user.id, user)
    return writer.counted([writer.space(space) for space in _cut(call, _visible(call, open_spaces))])


def _search(call: Call) -> Answer:
    writer = Writer(call)
    words = _words(call.asked.one("query") or "")
    state = call.asked.one("state") or "all"
    found = [
        space
        for space in _visible(call, _newest_first(call))
        if _is_open(space) and state in {"all", space.state} and _holds(_words(space.original_title or ""), words)
    ]
    most = call.asked.number("max_results", 100)
    return writer.counted([writer.space(space) for space in _cut(call, found)[:most]])


def _buyers(call: Call) -> Answer:
    writer = Writer(call)
    space = _seen(call, writer, "id", call.asked.one("id") or "")
    if space is None:
        return writer.single(None)
    if call.viewer is not space.creator:
        problem = not_authorized(call.quirks.generation, parameter="id", space_id=space.id)
        raise Refusal(403, {**problem, "status": 403})
    present = [user for user in space.buyers if not user.deleted and not user.suspended]
    size, token = call.asked.number("max_results", 100), call.asked.one("pagination_token")
    shown = page(present, subject=f"buyers {space.id}", size=size, token=token)
    if shown is None:
        raise _bad_token(call)
    return writer.counted([writer.user(user) for user in shown.items], shown.meta)


def _posts(call: Call) -> Answer:
    writer = Writer(call)
    space = _seen(call, writer, "id", call.asked.one("id") or "")
    if space is None:
        return writer.single(None)
    size, token = call.asked.number("max_results", 100), call.asked.one("pagination_token")
    shown = page(space.posts, subject=f"posts {space.id}", size=size, token=token)
    if shown is None:
        raise _bad_token(call)
    return writer.counted([writer.post(post) for post in shown.items], shown.meta)


def _list_members(call: Call) -> Answer:
    writer = Writer(call)
    wanted = call.asked.one("id") or ""
    kept = call.platform.lists.get(wanted)
    if kept is None or kept.owner.deleted or kept.owner.suspended or (kept.private and call.viewer is not kept.owner):
        writer.no_list("id", wanted)
        return writer.single(None)
    present = [user for user in kept.members if not user.deleted and not user.suspended]
    size, token = call.asked.number("max_results", 100), call.asked.one("pagination_token")
    shown = page(present, subject=f"members {kept.id}", size=size, token=token)
    if shown is None:
        raise _bad_token(call)
    return writer.counted([writer.user(user) for user in shown.items], shown.meta)


def _user(call: Call) -> Answer:
    return _one_user(call, "id", call.platform.users.get)


def _user_by_name(call: Call) -> Answer:
    return _one_user(call, "username", call.platform.named)


def _users(call: Call) -> Answer:
    return _many_users(call, "ids", call.platform.users.get)


def _users_by_name(call: Call) -> Answer:
    return _many_users(call, "usernames", call.platform.named)


def _one_user(call: Call, parameter: str, find: Callable[[str], XUser | None]) -> Answer:
    writer = Writer(call)
    return writer.single(next(iter(_found(call, writer, parameter, find)), None))


def _many_users(call: Call, parameter: str, find: Callable[[str], XUser | None]) -> Answer:
    writer = Writer(call)
    return writer.several(list(_found(call, writer, parameter, find)))


def _found(call: Call, writer: Writer, parameter: str, find: Callable[[str], XUser | None]) -> Iterable[Json]:
    for value in call.asked.many(parameter):
        user = find(value)
        if user is None or user.deleted or user.suspended:
            writer.no_user(parameter, value, user)
        else:
            yield writer.user(user)


def _by_id(call: Call, writer: Writer, parameter: str) -> Iterable[Json]:
    for space_id in call.asked.many(parameter):
        space = _seen(call, writer, parameter, space_id)
        if space is not None:
            yield writer.space(space)


def _seen(call: Call, writer: Writer, parameter: str, space_id: str) -> XSpace | None:
    space = call.platform.spaces.get(space_id)
    sight = "absent" if space is None else call.platform.sight(space, call.viewer)
    if space is not None and not _is_open(space) and call.quirks.ended == "not_found":
        sight = "absent"
    if sight == "visible":
        return space
    if sight == "protected":
        writer.no_access(parameter, space_id)
    else:
        writer.no_space(parameter, space_id)
    return None


def _is_open(space: XSpace) -> bool:
    return space.state in {"scheduled", "live"}


def _newest_first(call: Call) -> list[XSpace]:
    return list(reversed(call.platform.spaces.values()))


def _visible(call: Call, spaces: Iterable[XSpace]) -> list[XSpace]:
    return [space for space in spaces if call.platform.sight(space, call.viewer) == "visible"]


def _cut(call: Call, spaces: list[XSpace]) -> list[XSpace]:
    return spaces[: call.quirks.cut_off]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _holds(title: list[str], wanted: list[str]) -> bool:
    """Whether the title has the words, whole, together and in this order."""
    count = len(wanted)
    return count > 0 and any(title[i : i + count] == wanted for i in range(len(title) - count + 1))


def _bad_token(call: Call) -> Refusal:
    token = call.asked.one("pagination_token") or ""
    message = f"The `pagination_token` query parameter value [{token}] is not valid"
    return invalid_request(call.quirks.generation, [("pagination_token", [token], message)])


# The order matters where one path would also match a later one: `search` is no Space's id.
ENDPOINTS = (
    Endpoint(
        name="creator_ids",
        path=re.compile(r"/2/spaces/by/creator_ids"),
        own=(ids("user_ids", USER_ID),),
        common=space_parameters,
        answer=_creator_ids,
        once_a_second=True,
    ),
    Endpoint(name="search", path=re.compile(r"/2/spaces/search"), own=SEARCH, common=space_parameters, answer=_search),
    Endpoint(
        name="spaces",
        path=re.compile(r"/2/spaces"),
        own=(ids("ids", SPACE_ID),),
        common=space_parameters,
        answer=_spaces,
    ),
    Endpoint(
        name="space",
        path=re.compile(r"/2/spaces/(?P<id>[^/]+)"),
        own=(SPACE_IN_PATH,),
        common=space_parameters,
        answer=_space,
    ),
    Endpoint(
        name="buyers",
        path=re.compile(r"/2/spaces/(?P<id>[^/]+)/buyers"),
        own=(SPACE_IN_PATH, MAX_RESULTS, PAGINATION_TOKEN),
        common=user_parameters,
        answer=_buyers,
        app_since=None,
    ),
    Endpoint(
        name="posts",
        path=re.compile(r"/2/spaces/(?P<id>[^/]+)/tweets"),
        own=(SPACE_IN_PATH, MAX_RESULTS, PAGINATION_TOKEN),
        common=post_parameters,
        answer=_posts,
        app_since="2.167",
    ),
    Endpoint(
        name="username",
        path=re.compile(r"/2/users/by/username/(?P<username>[^/]+)"),
        own=(NAME_IN_PATH,),
        common=user_parameters,
        answer=_user_by_name,
        scopes=_USER_SCOPES,
        user_limit=900,
    ),
    Endpoint(
        name="usernames",
        path=re.compile(r"/2/users/by"),
        own=(ids("usernames", USERNAME),),
        common=user_parameters,
        answer=_users_by_name,
        scopes=_USER_SCOPES,
        user_limit=900,
    ),
    Endpoint(
        name="users",
        path=re.compile(r"/2/users"),
        own=(ids("ids", USER_ID),),
        common=user_parameters,
        answer=_users,
        scopes=_USER_SCOPES,
        user_limit=900,
    ),
    Endpoint(
        name="user",
        path=re.compile(r"/2/users/(?P<id>[^/]+)"),
        own=(USER_IN_PATH,),
        common=user_parameters,
        answer=_user,
        scopes=_USER_SCOPES,
        user_limit=900,
    ),
    Endpoint(
        name="list_members",
        path=re.compile(r"/2/lists/(?P<id>[^/]+)/members"),
        own=(LIST_IN_PATH, MAX_RESULTS, PAGINATION_TOKEN),
        common=user_parameters,
        answer=_list_members,
        scopes=_USER_SCOPES | {"list.read"},
        app_limit=900,
        user_limit=900,
    ),
)
