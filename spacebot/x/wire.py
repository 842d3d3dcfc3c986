"""PURE: how a request is written for X, and what an answer means: a page, or exactly one exception. No I/O, no clock."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from spacebot.errors import XInvalidRequest, XNotFound, XUnreadable
from spacebot.x.base import Count, Token, XObject
from spacebot.x.endpoints import IDS_PER_REQUEST, QUERY_LIMIT, RESULTS_PER_ANSWER, Endpoint, Request, malformed
from spacebot.x.fields import Query, Value
from spacebot.x.lenient import parse, read_leniently
from spacebot.x.model import Page, Problem, Space, Topic, User
from spacebot.x.posts import Media, Place, Poll, Post
from spacebot.x.refusals import ABSENCES, Refusal, explain
from spacebot.x.sound import are_sound
from spacebot.x.vocabulary import OLDER

T = TypeVar("T", bound=XObject)


def build_request(request: Request[T], older: Collection[str] = ()) -> tuple[str, str, dict[str, str]]:
    """Method, path and query (not yet percent-encoded).

    Args:
        request: What to ask, in the names of X's document 2.167.
        older: Which kinds of names (see `kinds_of_names`) are written as the documents before had them; answers are read in
            both.

    Raises:
        XInvalidRequest: What is asked about cannot exist, so X need not be asked.
    """
    endpoint = request.endpoint
    if request.about is not None and not (endpoint.pattern and endpoint.pattern.fullmatch(request.about)):
        raise XInvalidRequest(parameters=frozenset({endpoint.resource or "id"}), values=frozenset({request.about}))
    _check(endpoint, request.query)
    query = _in_old_names(request, older) if older else request.query
    return (
        "GET",
        endpoint.path.format(request.about),
        {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in query.items()},
    )


def _check(endpoint: Endpoint[T], query: Query) -> None:
    asked = query.get(endpoint.many) if endpoint.many else None
    if isinstance(asked, tuple):
        wrong = malformed(endpoint, asked)
        if wrong or not 1 <= len(asked) <= IDS_PER_REQUEST:
            raise XInvalidRequest(parameters=frozenset({str(endpoint.many)}), values=frozenset(wrong))
    if "query" in query and not 1 <= len(str(query["query"])) <= QUERY_LIMIT:
        raise XInvalidRequest(parameters=frozenset({"query"}))
    if not 1 <= int(str(query.get("max_results", 1))) <= RESULTS_PER_ANSWER:
        raise XInvalidRequest(parameters=frozenset({"max_results"}))


_OLD_PARAMETERS = {"post.fields": "tweet.fields"}


def kinds_of_names(request: Request[T]) -> frozenset[str]:
    """The kinds of names in this request that X's documents write differently.

    X did not change them all at once: one version wants `tweet.fields` together with `topic_ids`. So the names of a post's
    fields are one kind, and the expansions of Spaces, of accounts and of posts are one kind each.
    """
    return frozenset(
        kind
        for name, value in request.query.items()
        if (kind := _kind_of_names(request, name)) is not None and _old_value(name, value) != (name, value)
    )


def kinds_refused(refused: XInvalidRequest, request: Request[T]) -> frozenset[str]:
    """Which of the `kinds_of_names` of the request X complained of."""
    today = {old: new for new, old in _OLD_PARAMETERS.items()}
    named = {_kind_of_names(request, today.get(name, name)) for name in refused.parameters}
    return kinds_of_names(request) & named


def _kind_of_names(request: Request[T], parameter: str) -> str | None:
    if parameter == "expansions":
        return f"expansions of a {request.endpoint.item.__name__.lower()}"
    return parameter if parameter in _OLD_PARAMETERS else None


def _in_old_names(request: Request[T], older: Collection[str]) -> Query:
    return dict(
        _old_value(name, value) if _kind_of_names(request, name) in older else (name, value)
        for name, value in request.query.items()
    )


def _old_value(name: str, value: Value) -> tuple[str, Value]:
    if isinstance(value, tuple) and (name == "expansions" or name in _OLD_PARAMETERS):
        value = tuple(OLDER.get(word, word) for word in value)
    return _OLD_PARAMETERS.get(name, name), value


class Includes(XObject, frozen=True, kw_only=True):
    """What came along through expansions, under today's names and the older ones."""

    users: tuple[User, ...] = ()
    topics: tuple[Topic, ...] = ()
    posts: tuple[Post, ...] = ()
    tweets: tuple[Post, ...] = ()
    media: tuple[Media, ...] = ()
    polls: tuple[Poll, ...] = ()
    places: tuple[Place, ...] = ()


class Meta(XObject, frozen=True, kw_only=True):
    """What X says about its own answer."""

    result_count: Count | None = None
    next_token: Token | None = None
    previous_token: Token | None = None


_NOTHING = Includes()
_SILENT = Meta()


class Answer(XObject, frozen=True, kw_only=True):
    """The envelope of an answer. `data` is missing if X has nothing to show, or nothing to say."""

    data: Any = msgspec.UNSET
    includes: Includes | None = None
    meta: Meta | None = None
    errors: tuple[Problem, ...] | None = None


@cache
def _decoder(item: type[XObject]) -> msgspec.json.Decoder[Answer]:
    narrowed = msgspec.defstruct(
        f"AnswerOf{item.__name__}",
        [("data", tuple[item, ...] | item | None | msgspec.UnsetType, msgspec.UNSET)],  # type: ignore[valid-type]  # made at run time
        bases=(Answer,),
        frozen=True,
        kw_only=True,
    )
    return msgspec.json.Decoder(narrowed, strict=False)


def read_answer(endpoint: Endpoint[T], status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Page[T]:
    """What X's answer means.

    Args:
        endpoint: What was asked.
        status: The HTTP status.
        headers: The response's headers, in any spelling of their names.
        body: The whole body, uncompressed.
        now: When it came, aware and in UTC.

    Returns:
        The page; what X could not give stands beside what it gave, in `problems`. A look-up of one thing has exactly
        one item. A look-up of several has none if X shows none of them.

    Raises:
        XError: One of its subclasses. XAbsent (only from look-ups of one thing) names the thing if X named it.
    """
    if not 200 <= status < 300:  # noqa: PLR2004 - the range of success
        problems = stated_problems(body)
        own_status = status if status >= 400 else max(status, 300)  # noqa: PLR2004 - a refusal is never a success
        raise explain(Refusal(status=own_status, headers=headers, problems=problems, now=now))
    lost: tuple[Problem, ...] = ()
    try:
        answer = _decoder(endpoint.item).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer, lost = _read_item_by_item(endpoint.item, body, status)
    else:
        came = answer.includes or _NOTHING
        if not are_sound(_items(answer), came.users, (*came.posts, *came.tweets)):
            answer, lost = _read_item_by_item(endpoint.item, body, status)
    items: tuple[T, ...] = _items(answer)
    if not items:
        _check_empty_answer(
            endpoint, answer, lost, Refusal(status=status, headers=headers, problems=stated_problems(body), now=now)
        )
    if endpoint.resource and len(items) != 1:
        raise XUnreadable(status=status)
    return _page(answer, items, lost)


def _items(answer: Answer) -> tuple[Any, ...]:
    if isinstance(answer.data, tuple):
        return answer.data
    return () if answer.data in (None, msgspec.UNSET) else (answer.data,)


def _read_item_by_item(item: type[XObject], body: bytes, status: int) -> tuple[Answer, tuple[Problem, ...]]:
    """The answer without what cannot be read; each lost item becomes a problem, so that it never looks absent."""
    try:
        raw = parse(body)
    except ValueError:
        raise XUnreadable(status=status) from None
    data = raw.get("data", msgspec.UNSET) if isinstance(raw, dict) else False
    if not isinstance(data, (dict, list, type(None), msgspec.UnsetType)):
        raise XUnreadable(status=status)
    kept, lost = [], []
    for one in data if isinstance(data, list) else [data] if isinstance(data, dict) else []:
        try:
            kept.append(read_leniently(one, item))
        except msgspec.ValidationError:
            lost.append(Problem(type="unreadable", title="Unreadable", resource_type=item.__name__.lower()))
    if lost and not kept:
        raise XUnreadable(status=status)
    envelope = read_leniently({key: value for key, value in raw.items() if key != "data"}, Answer)
    found = tuple(kept) if isinstance(data, (dict, list)) else data
    return msgspec.structs.replace(envelope, data=found), tuple(lost)


def stated_problems(body: bytes) -> tuple[Problem, ...]:
    """The problems that a body states, at its top and in `errors`; none if it is not a JSON object."""
    try:
        raw = parse(body)
    except ValueError:
        return ()
    if not isinstance(raw, dict):
        return ()
    errors = raw.get("errors")
    stated = [raw] if raw.keys() & {"title", "type", "detail", "reason", "resource_id"} else []
    stated += [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return tuple(read_leniently(one, Problem) for one in stated)


def _check_empty_answer(endpoint: Endpoint[T], answer: Answer, lost: tuple[Problem, ...], refusal: Refusal) -> None:
    """Return if the answer says that there is nothing; raise what it says instead."""
    problems = answer.errors or refusal.problems
    if problems:
        if not endpoint.resource and all(_concerns_one_thing(problem) for problem in problems):
            return
        first = next((problem for problem in problems if not _concerns_one_thing(problem)), problems[0])
        ordered = (first, *(problem for problem in problems if problem is not first))
        raise explain(
            Refusal(status=first.status or refusal.status, headers=refusal.headers, problems=ordered, now=refusal.now)
        )
    silent = answer.data is msgspec.UNSET and answer.meta is None and answer.errors is None
    promised = answer.meta.result_count if answer.meta else None
    if lost or promised:
        raise XUnreadable(status=refusal.status)
    if endpoint.resource:
        raise XNotFound(resource_type=endpoint.resource, status=refusal.status)
    if silent:
        raise XUnreadable(status=refusal.status)


def _concerns_one_thing(problem: Problem) -> bool:
    return problem.type in ABSENCES or bool(problem.resource_id)


def _page(answer: Answer, items: tuple[T, ...], lost: tuple[Problem, ...]) -> Page[T]:
    came = answer.includes or _NOTHING
    meta = answer.meta or _SILENT
    topics = {topic.id: topic for topic in came.topics}
    if items and isinstance(items[0], Space):
        for space in cast(tuple[Space, ...], items):
            if space.topics:
                topics.update((topic.id, topic) for topic in space.topics)
    return Page(
        items=items,
        users={user.id: user for user in came.users},
        topics=topics,
        posts={post.id: post for post in (*came.tweets, *came.posts)},
        media={medium.media_key: medium for medium in came.media},
        polls={poll.id: poll for poll in came.polls},
        places={place.id: place for place in came.places},
        problems=(*(answer.errors or ()), *lost),
        next_token=meta.next_token,
        previous_token=meta.previous_token,
        result_count=meta.result_count,
        truncated=(meta.result_count or 0) > len(items) + len(lost),
    )
