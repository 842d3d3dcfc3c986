"""What goes onto the wire, and what each answer means."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot import errors
from spacebot.domain.spaces import State
from spacebot.errors import XAbsent, XError, XInvalidRequest, XNotFound, XRateLimited, XUnreadable
from spacebot.x import endpoints, fields, vocabulary
from spacebot.x.base import XObject
from spacebot.x.endpoints import Endpoint, Request
from spacebot.x.fields import PostFields, SpaceFields, UserFields
from spacebot.x.lenient import loose_date
from spacebot.x.model import Page, Space
from spacebot.x.money import ceiling_of
from spacebot.x.wire import build_request, kinds_of_names, read_answer

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
HOST = "5001"
LIVE: dict[str, Any] = {
    "id": "1AbCdEfGhIjKl",
    "state": "live",
    "title": "Gardening at night",
    "creator_id": HOST,
    "host_ids": [HOST, "5002"],
    "speaker_ids": ["5003"],
    "topic_ids": ["t1"],
    "participant_count": 12,
    "is_ticketed": False,
    "lang": "en",
    "created_at": "2026-10-01T11:30:00.000Z",
    "started_at": "2026-10-01T11:31:00.000Z",
    "updated_at": "2026-10-01T11:59:00.000Z",
}
INCLUDES: dict[str, Any] = {
    "users": [
        {"id": HOST, "username": "gardener", "name": "The Gardener", "public_metrics": {"tweet_count": 3}},
        {"id": "5002", "username": "moth", "name": "Moth"},
    ],
    "topics": [{"id": "t1", "name": "Plants", "description": "All about plants"}],
}


def answer(endpoint: Endpoint[Any], body: object, status: int = 200, **headers: str) -> Page[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_answer(endpoint, status, {name.replace("_", "-"): value for name, value in headers.items()}, raw, NOW)


def failure(endpoint: Endpoint[Any], body: object, status: int = 200, **headers: str) -> XError:
    with pytest.raises(XError) as caught:
        answer(endpoint, body, status, **headers)
    return caught.value


def problem(kind: str, **more: object) -> dict[str, object]:
    return {"title": "…", "detail": "as X says", "type": f"https://api.x.com/2/problems/{kind}", **more}


def missing(one: str, **more: object) -> dict[str, object]:
    return problem("resource-not-found", resource_id=one, value=one, resource_type="space", **more)


def test_a_space_comes_with_the_accounts_and_topics_it_names() -> None:
    page = answer(endpoints.SPACE, {"data": LIVE, "includes": INCLUDES})
    (space,) = page.items
    assert space.url == "https://x.com/i/spaces/1AbCdEfGhIjKl"
    assert (space.state, space.started_at) == (State.LIVE, datetime(2026, 10, 1, 11, 31, tzinfo=UTC))
    creator = page.creator(space)
    assert creator is not None
    assert creator.url == "https://x.com/gardener"
    assert creator.public_metrics is not None
    assert creator.public_metrics.post_count == 3
    assert [user.username for user in page.hosts(space)] == ["gardener", "moth"]
    assert page.speakers(space) == page.invited(space) == ()
    assert [topic.name for topic in page.topics_of(space)] == ["Plants"]


@pytest.mark.parametrize(
    ("given_as", "state"),
    [
        ("LIVE", State.LIVE),
        ("Running", State.LIVE),
        ("cancelled", State.CANCELED),
        ("canceled", State.CANCELED),
        ("scheduled", State.SCHEDULED),
        ("Ended", State.ENDED),
        ("paused", State.UNKNOWN),
        (7, State.UNKNOWN),
        (None, State.UNKNOWN),
    ],
)
def test_every_spelling_of_a_state_is_read(given_as: object, state: State) -> None:
    assert answer(endpoints.SPACE, {"data": {"id": "1a", "state": given_as}}).items[0].state is state


def test_what_x_writes_loosely_is_read_all_the_same() -> None:
    loose = {
        "id": "1a",
        "state": "scheduled",
        "is_ticketed": "false",
        "subscriber_count": "17",
        "scheduled_start": "2021-7-14T04:35:55Z",
        "created_at": "2021-07-14T04:35:55+02:00",
        "ended_at": "soon",
        "participant_count": "many",
        "host_ids": None,
        "creator_id": 5001,
        "topics": [{"id": "t1", "name": "Plants"}],
        "mood": "new",
    }
    page = answer(endpoints.CREATORS, {"data": [loose, LIVE], "includes": None, "meta": {"result_count": "2"}})
    space, other = page.items
    assert (space.is_ticketed, space.subscriber_count) == (False, 17)
    assert space.scheduled_start == datetime(2021, 7, 14, 4, 35, 55, tzinfo=UTC)
    assert space.created_at is not None
    assert space.created_at.isoformat() == "2021-07-14T02:35:55+00:00"
    assert (space.ended_at, space.participant_count, space.host_ids, space.title) == (None, None, (), None)
    assert space.creator_id == "5001"
    assert [topic.name for topic in page.topics_of(space)] == ["Plants"]
    assert other.title == "Gardening at night"


@pytest.mark.parametrize(
    ("given_as", "moment"),
    [
        ("Wed Jan 06 18:40:40 +0000 2021", datetime(2021, 1, 6, 18, 40, 40, tzinfo=UTC)),
        ("Jan 6 18:40:40 -0130 2021", datetime(2021, 1, 6, 20, 10, 40, tzinfo=UTC)),
        ("2022-08-21 09:35:20.311", datetime(2022, 8, 21, 9, 35, 20, 311_000, tzinfo=UTC)),
        ("2022-8-21T9:35:20.311123999+02:00", datetime(2022, 8, 21, 7, 35, 20, 311_123, tzinfo=UTC)),
        ("2021-07-14", datetime(2021, 7, 14, tzinfo=UTC)),
        ("2021-07-14 08:00", datetime(2021, 7, 14, 8, tzinfo=UTC)),
        ("Wed Foo 06 18:40:40 +0000 2021", None),
        ("2021-02-30", None),
        ("2021-07-14 08", None),
    ],
)
def test_a_date_is_read_in_each_form_that_x_has_used(given_as: str, moment: datetime | None) -> None:
    space, other = answer(endpoints.SPACES, {"data": [{"id": "1a", "started_at": given_as}, LIVE]}).items
    assert (space.started_at, other.title) == (moment, "Gardening at night")


DATES = st.integers(1_000_000_000_000, 9_000_000_000_000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))


@given(
    moment=DATES,
    form=st.sampled_from(["%a %b %d %H:%M:%S +0000 %Y", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]),
)
def test_whatever_date_is_written_in_a_form_is_read_back(moment: datetime, form: str) -> None:
    written = moment.strftime(form)
    assert loose_date(written).strftime(form) == written


@given(text=st.text() | st.text("0123456789-:. +TZWedJan", max_size=40))
def test_any_text_is_a_date_or_none(text: str) -> None:
    with contextlib.suppress(msgspec.ValidationError):
        assert loose_date(text).tzinfo is UTC


def test_one_id_alone_is_read_where_a_list_belongs() -> None:
    odd = {"id": "1a", "topic_ids": "1", "host_ids": HOST, "speaker_ids": 5002, "invited_user_ids": "nobody"}
    space, other = answer(endpoints.SPACES, {"data": [odd, LIVE]}).items
    assert (space.topic_ids, space.host_ids, space.speaker_ids) == (("1",), (HOST,), ("5002",))
    assert space.invited_user_ids == ()
    assert other.host_ids == (HOST, "5002")


def test_a_posts_place_and_hashtags_are_read_in_each_form() -> None:
    point = {"type": "Point", "coordinates": [2.5, 48.9]}
    tags = [{"start": 0, "end": 4, "hashtag": "tea"}, {"start": 5, "end": 9, "tag": "jam"}, {"start": 1, "end": 2}]
    posts = [
        {"id": "1", "geo": {"geometry": point, "place_id": "p"}},
        {"id": "2", "geo": {"coordinates": point, "geometry": None}},
        {"id": "3", "geo": {"coordinates": None, "place_id": "p"}},
        {"id": "4", "geo": {"coordinates": {"type": "Point", "coordinates": None}, "place_id": "p"}, "text": "tea"},
        {"id": "5", "entities": {"hashtags": tags, "cashtags": [{"start": 0, "end": 4, "cashtag": "TEA"}]}},
    ]
    box = {"type": "Feature", "bbox": [1, 2, 3, 4], "geometry": point}
    page = answer(endpoints.POSTS, {"data": posts, "includes": {"places": [{"id": "p", "geo": box}]}})
    assert [post.geo and post.geo.coordinates and post.geo.coordinates.coordinates for post in page.items] == [
        (2.5, 48.9),
        (2.5, 48.9),
        None,
        None,
        None,
    ]
    assert [post.geo.place_id for post in page.items if post.geo] == ["p", None, "p", "p"]
    assert page.items[3].text == "tea"
    entities = page.items[4].entities
    assert [mark.tag for mark in (*entities.hashtags, *entities.cashtags)] == ["tea", "jam", "TEA"]
    assert page.places["p"].geo is not None
    assert page.places["p"].geo.geometry is not None


def test_the_page_before_is_named_as_well() -> None:
    page = answer(endpoints.POSTS, {"data": [], "meta": {"result_count": 0, "previous_token": "p" * 16}})
    assert (page.previous_token, page.next_token) == ("p" * 16, None)


@pytest.mark.parametrize(
    "body",
    [
        missing("1gone"),
        {"title": "Not Found", "type": "about:blank", "status": 404, "resource_id": "1gone", "resource_type": "space"},
        {"resource_id": "1gone", "resource_type": "space"},
        {"errors": [{"message": "no", "resource_id": "1gone", "resource_type": "space"}]},
    ],
)
def test_a_404_that_names_the_thing_keeps_it(body: object) -> None:
    error = failure(endpoints.SPACES, body, 404)
    assert isinstance(error, XNotFound)
    assert (error.resource_id, error.resource_type) == ("1gone", "space")


def test_half_a_character_in_one_title_harms_no_other_space() -> None:
    body = json.dumps({"data": [{"id": "1a", "title": "bad \ud800"}, LIVE]}).encode()
    page = answer(endpoints.CREATORS, body)
    assert [space.title for space in page.items] == ["bad ?", "Gardening at night"]


def test_a_space_that_cannot_be_read_is_told_and_never_looks_absent() -> None:
    page = answer(endpoints.CREATORS, {"data": [{"state": "live"}, LIVE], "meta": {"result_count": 2}})
    assert [space.id for space in page.items] == ["1AbCdEfGhIjKl"]
    assert [problem.type for problem in page.problems] == ["unreadable"]
    assert not page.truncated
    assert isinstance(failure(endpoints.CREATORS, {"data": [{"state": "live"}, 7]}), XUnreadable)


def test_both_generations_of_names_are_read() -> None:
    old = {
        "data": [{"id": "9", "text": "hello", "edit_history_tweet_ids": ["9"], "note_tweet": {"text": "hello there"}}],
        "includes": {"tweets": [{"id": "8", "public_metrics": {"retweet_count": 4}}]},
    }
    old["data"][0]["referenced_tweets"] = [{"type": "quoted", "id": "8"}]  # type: ignore[index]  # it is that list
    new = json.loads(
        json.dumps(old).replace("tweets", "posts").replace("_tweet_", "_post_").replace("note_tweet", "note_post")
    )
    new["includes"]["posts"][0]["public_metrics"] = {"repost_count": 4}
    assert answer(endpoints.POSTS, old) == answer(endpoints.POSTS, new)
    page = answer(endpoints.POSTS, new)
    assert page.items[0].referenced_posts[0].id == "8"
    assert page.posts["8"].public_metrics is not None
    assert page.posts["8"].public_metrics.repost_count == 4


@pytest.mark.parametrize("body", [{"data": []}, {"meta": {"result_count": 0}}, {"data": None, "meta": {}}])
def test_no_result_is_an_empty_page_in_each_of_its_forms(body: object) -> None:
    page = answer(endpoints.CREATORS, body)
    assert (page.items, page.problems, page.truncated) == ((), (), False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"data"',
        b"<html>oops</html>",
        b'{"data": [{"id": "1a"}',
        b'{"ok": true}',
        b'{"data": "later"}',
        b'{"meta": {"result_count": 3}}',
        b"[" * 100_000,
        b'{"data":' * 100_000,
        b"\xff\xfe",
    ],
)
def test_an_answer_that_says_nothing_is_a_fault_and_not_an_absence(body: bytes) -> None:
    error = failure(endpoints.CREATORS, body)
    assert type(error) is XUnreadable
    assert not isinstance(error, XAbsent)


def test_more_promised_than_shown_is_truncated() -> None:
    assert answer(endpoints.SEARCH, {"data": [LIVE], "meta": {"result_count": 4}}).truncated
    assert not answer(endpoints.SEARCH, {"data": [LIVE], "meta": {"result_count": 1}}).truncated


def test_what_one_of_several_lacks_stands_beside_the_others() -> None:
    page = answer(endpoints.SPACES, {"data": [LIVE], "errors": [missing("1gone")]})
    assert len(page.items) == 1
    assert [(one.type, one.resource_id) for one in page.problems] == [("resource-not-found", "1gone")]


def test_several_that_are_all_missing_are_an_empty_page_but_one_raises() -> None:
    page = answer(endpoints.SPACES, {"errors": [missing("1gone"), missing("1lost")]})
    assert page.items == ()
    assert [one.resource_id for one in page.problems] == ["1gone", "1lost"]
    error = failure(endpoints.SPACE, {"errors": [missing("1gone")]})
    assert isinstance(error, XNotFound)
    assert (error.resource_type, error.resource_id) == ("space", "1gone")


def test_a_lookup_answered_with_nothing_names_nothing() -> None:
    error = failure(endpoints.SPACE, {"data": []})
    assert isinstance(error, XNotFound)
    assert error.resource_id is None


def test_an_error_that_names_no_thing_is_not_an_empty_page() -> None:
    assert isinstance(failure(endpoints.SPACES, {"errors": [problem("internal-error")]}), errors.XDown)
    both = {"errors": [missing("1gone"), {"code": 88, "message": "Rate limit exceeded"}]}
    assert isinstance(failure(endpoints.SPACES, both), XRateLimited)
    stray = {"title": "Too Many Requests", "type": "about:blank", "status": 429, "detail": "Too Many Requests"}
    assert isinstance(failure(endpoints.SPACES, stray), XRateLimited)


PAUSE = "X asks for a pause: try again in a few minutes."
CREDITS = "The credits for X's API are used up: whoever runs the bot must buy more in X's developer console."
UNREADABLE = "X answered something that cannot be understood: try again shortly."
DOWN = "X is not answering properly at the moment: try again shortly."
TOKEN = "X does not accept the token: it is wrong, has expired or was revoked, and a new one is needed."
KIND = "X does not answer this with the kind of token in use (an app's where a user's is needed, or the reverse)."
ENROL = "The bot's X app is not attached to a project with API access: attach it in X's developer console."
FORBIDDEN = "X forbids this to the bot's app: check its access and permissions in X's developer console."
USAGE = "The X plan's amount of reads is used up for this period: enlarge the plan, or wait for the next period."
GONE = "X does not know this Space: check the spelling, or it is no longer there."
FIELD = "X does not show a part of what was asked to the bot's app."
BLANK = "about:blank"

TABLE: list[tuple[int, object, type[XError], str]] = [
    (400, {"title": "x", "type": BLANK}, errors.XInvalidRequest, "X cannot read a part of this request."),
    (
        400,
        problem("invalid-request", parameter="ids"),
        errors.XInvalidRequest,
        "X cannot read a part of this request: ids.",
    ),
    (400, problem("invalid-rules"), errors.XInvalidRequest, "X cannot read a part of this request."),
    (400, b"", errors.XInvalidRequest, "X cannot read a part of this request."),
    (401, {"title": "Unauthorized", "type": BLANK, "status": 401}, errors.XBadToken, TOKEN),
    (401, b"", errors.XBadToken, TOKEN),
    (401, {"errors": [{"code": 89, "message": "Invalid or expired token."}]}, errors.XBadToken, TOKEN),
    (
        402,
        {"title": "CreditsDepleted", "type": "https://api.x.com/2/problems/credits"},
        errors.XCreditsDepleted,
        CREDITS,
    ),
    (402, b"", errors.XCreditsDepleted, CREDITS),
    (
        403,
        {"title": "SpendCapReached", "type": "https://api.x.com/2/problems/credits", "reset_date": "2026-11-01"},
        errors.XSpendCapReached,
        "The spending cap for X's API is reached: raise it in X's developer console, or wait for its reset on 2026-11-01.",
    ),
    (
        403,
        problem("spend-cap-reached"),
        errors.XSpendCapReached,
        "The spending cap for X's API is reached: raise it in X's developer console, or wait for its reset.",
    ),
    (403, problem("client-forbidden", reason="client-not-enrolled"), errors.XNotEnrolled, ENROL),
    (403, problem("client-forbidden"), errors.XForbidden, FORBIDDEN),
    (403, problem("unsupported-authentication"), errors.XWrongTokenKind, KIND),
    (403, {"errors": [{"code": 453, "message": "no access"}]}, errors.XNotEnrolled, ENROL),
    (403, b"<html>", errors.XForbidden, FORBIDDEN),
    (
        403,
        problem("not-authorized-for-resource", resource_type="space", resource_id="1a"),
        errors.XPrivate,
        "X shows this Space only to people its owner allows.",
    ),
    (403, problem("not-authorized-for-field", field="subscriber_count"), errors.XFieldRefused, FIELD),
    (403, problem("field-unauthorized", field="subscriber_count"), errors.XFieldRefused, FIELD),
    (404, missing("1gone"), XNotFound, GONE),
    (404, b"", XUnreadable, UNREADABLE),
    (404, {"title": "Not Found", "type": BLANK, "status": 404}, errors.XRefused, "X refused this request."),
    (405, {"title": "Method Not Allowed", "type": BLANK}, errors.XRefused, "X refused this request."),
    (408, b"", errors.XDown, DOWN),
    (409, problem("conflict"), errors.XConflict, "X says that this contradicts something that is there already."),
    (409, b"", errors.XConflict, "X says that this contradicts something that is there already."),
    (409, problem("duplicate-rules"), errors.XDuplicate, "X has this already."),
    (400, {"title": "DuplicateSubscription", "type": BLANK}, errors.XDuplicate, "X has this already."),
    (
        422,
        problem("rule-cap"),
        errors.XRuleCap,
        "X allows the bot's app no more subscriptions: remove some, or enlarge the plan.",
    ),
    (429, {"title": "Too Many Requests", "type": BLANK, "status": 429}, XRateLimited, PAUSE),
    (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, XRateLimited, PAUSE),
    (429, b"", XRateLimited, PAUSE),
    (
        429,
        {"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped"},
        errors.XUsageCapped,
        USAGE,
    ),
    (429, problem("usage-capped", period="Monthly", scope="Product"), errors.XUsageCapped, USAGE),
    (
        429,
        problem("streaming-connection", connection_issue="TooManyConnections"),
        errors.XTooManyConnections,
        "X still holds an earlier connection open: try again in a minute.",
    ),
    (302, b"", XUnreadable, UNREADABLE),
    (500, problem("internal-error"), errors.XDown, DOWN),
    (502, b"<html><body>Bad Gateway</body></html>", errors.XDown, DOWN),
    (503, {"title": "Service Unavailable", "type": BLANK, "status": 503}, errors.XDown, DOWN),
    (503, problem("resource-not-found", resource_id="1gone"), errors.XDown, DOWN),
    (503, b"", errors.XDown, DOWN),
    (200, {"errors": [problem("connection-exception")]}, errors.XDown, DOWN),
    (200, {"errors": [problem("field-hydration-failure", field="title")]}, errors.XDown, DOWN),
    (200, {"errors": [problem("client-disconnected")]}, errors.XDisconnected, "X closed the connection."),
    (200, {"errors": [problem("operational-disconnect")]}, errors.XDisconnected, "X closed the connection."),
    (200, {"errors": [missing("1gone")]}, XNotFound, GONE),
    (
        200,
        {"errors": [problem("resource-unavailable", resource_type="space")]},
        errors.XUnavailable,
        "X has made this Space unavailable.",
    ),
    (
        200,
        {"errors": [problem("disallowed-resource", resource_type="tweet")]},
        errors.XUnavailable,
        "X has made this post unavailable.",
    ),
    (
        200,
        {"errors": [problem("not-authorized-for-resource", resource_type="user")]},
        errors.XPrivate,
        "X shows this account only to people its owner allows.",
    ),
    (
        200,
        {"errors": [{**missing("a"), "title": "Forbidden", "detail": "User has been suspended: [a]."}]},
        errors.XSuspended,
        "X has suspended this account.",
    ),
    (200, {"errors": [problem("never-heard-of")]}, XUnreadable, UNREADABLE),
    (200, b"<html></html>", XUnreadable, UNREADABLE),
    (200, b"", XUnreadable, UNREADABLE),
]


@pytest.mark.parametrize(("status", "body", "kind", "sentence"), TABLE)
def test_every_failure_is_one_exception_with_one_sentence(
    status: int, body: object, kind: type[XError], sentence: str
) -> None:
    error = failure(endpoints.SPACE, body, status)
    assert type(error) is kind
    assert str(error) == sentence


def _leaves(kind: type[XError]) -> set[type[XError]]:
    below = kind.__subclasses__()
    return {kind} if not below else {kind} | {leaf for one in below for leaf in _leaves(one)}


def test_no_kind_of_failure_is_missing_from_the_table() -> None:
    bases = {XError, XAbsent, errors.XOperatorNeeded}
    elsewhere = {errors.XSignInRefused, errors.BudgetSpent}
    told = {kind for _, _, kind, _ in TABLE}
    ours = {kind for kind in _leaves(XError) if kind.__module__ == "spacebot.errors"}
    assert told == ours - bases - elsewhere


def test_a_refusal_for_the_rate_says_until_when_by_xs_own_clock() -> None:
    error = failure(
        endpoints.SPACE,
        b"",
        429,
        x_rate_limit_limit="300",
        x_rate_limit_remaining="0",
        X_Rate_Limit_Reset=str(int((NOW - timedelta(minutes=20)).timestamp()) + 240),
        Date="Thu, 01 Oct 2026 11:40:00 GMT",
    )
    assert isinstance(error, XRateLimited)
    assert error.retry_after == 240
    assert error.until == NOW + timedelta(seconds=240)
    assert str(error) == "X asks for a pause: try again in 4 minutes."


def test_an_invalid_request_names_the_parameters_and_values() -> None:
    body = {
        "errors": [
            {"parameters": {"ids": ["1a,??"]}, "message": "The `ids` query parameter value [??] is not valid"},
            {"parameter": "expansions", "value": "topic_ids"},
            {"message": "The query parameter [post.fields] is not one of [ids,expansions]"},
        ],
        "title": "Invalid Request",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    }
    error = failure(endpoints.SPACES, body, 400)
    assert isinstance(error, XInvalidRequest)
    assert error.parameters == {"ids", "expansions", "post.fields"}
    assert error.values == {"1a,??", "topic_ids"}


def test_xs_own_words_never_reach_the_sentence() -> None:
    body = problem("invalid-request", parameter="@everyone <b>", detail="@everyone")
    error = failure(endpoints.SPACES, body, 400)
    assert "everyone" not in str(error)
    assert error.detail == "@everyone"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
WHOLE = json.dumps({"data": [LIVE, LIVE], "includes": INCLUDES, "meta": {"result_count": 2}, "errors": [missing("1a")]})
EVERY = [getattr(endpoints, name) for name in vars(endpoints) if isinstance(getattr(endpoints, name), Endpoint)]


def understood(endpoint: Endpoint[XObject], status: int, headers: dict[str, str], body: bytes) -> None:
    try:
        page = read_answer(endpoint, status, headers, body, NOW)
    except XError as error:
        assert str(error)  # noqa: PT017 - either outcome is fine, as long as it is one of these two
    else:
        assert all(getattr(item, "id", None) for item in page.items)


@given(endpoint=st.sampled_from(EVERY), status=st.sampled_from([200, 201, 400, 403, 429, 500]), body=st.binary())
def test_any_bytes_are_a_page_or_an_xerror(endpoint: Endpoint[XObject], status: int, body: bytes) -> None:
    understood(endpoint, status, {}, body)


@given(
    endpoint=st.sampled_from(EVERY),
    cut=st.integers(0, len(WHOLE)),
    at=st.integers(0, len(WHOLE)),
    byte=st.binary(max_size=3),
)
def test_a_cut_or_damaged_answer_is_a_page_or_an_xerror(
    endpoint: Endpoint[XObject], cut: int, at: int, byte: bytes
) -> None:
    raw = WHOLE.encode()
    understood(endpoint, 200, {}, raw[:cut])
    understood(endpoint, 200, {}, raw[:at] + byte + raw[at + 1 :])


@given(
    endpoint=st.sampled_from(EVERY),
    field=st.sampled_from(sorted(LIVE)),
    value=JSON,
    envelope=st.dictionaries(st.sampled_from(["data", "errors", "includes", "meta"]), JSON),
    status=st.sampled_from([200, 400, 404, 429]),
    reset=st.text(),
)
def test_any_json_in_any_place_is_a_page_or_an_xerror(
    *, endpoint: Endpoint[XObject], field: str, value: object, envelope: dict[str, object], status: int, reset: str
) -> None:
    body = {"data": [{**LIVE, field: value}, LIVE], "includes": {"users": [value]}}
    understood(endpoint, status, {}, json.dumps(body).encode())
    understood(endpoint, status, {"x-rate-limit-reset": reset, "date": reset}, json.dumps(envelope).encode())


@given(value=JSON, field=st.sampled_from(sorted(set(LIVE) - {"id"})))
def test_one_field_gone_wrong_never_costs_another_space(value: object, field: str) -> None:
    body = json.dumps({"data": [{**LIVE, "id": "1bad", field: value}, LIVE]}).encode()
    page = read_answer(endpoints.CREATORS, 200, {}, body, NOW)
    assert [space.id for space in page.items] == ["1bad", LIVE["id"]]
    assert page.items[1].title == LIVE["title"]


def test_a_request_asks_for_ids_through_expansions_only() -> None:
    asked: Request[Space] = Request(endpoint=endpoints.SPACES, query={"ids": ("1a", "1b"), **fields.FULL.query()})
    method, path, query = build_request(asked)
    assert (method, path, query["ids"]) == ("GET", "/2/spaces", "1a,1b")
    assert query["expansions"] == "creator_id,host_ids,speaker_ids,topic_ids"
    assert not set(query["space.fields"].split(",")) & {"creator_id", "host_ids", "speaker_ids", "topic_ids"}


def test_the_older_generation_is_written_in_its_own_words() -> None:
    asked = Request(endpoint=endpoints.POSTS, about="1a", query=PostFields().query())
    new, old = build_request(asked)[2], build_request(asked, kinds_of_names(asked))[2]
    assert "post.fields" in new
    assert "tweet.fields" not in new
    assert old["tweet.fields"] == new["post.fields"]
    assert "referenced_tweets.id" in old["expansions"].split(",")


def test_a_name_of_older_documents_may_be_given_and_costs_the_same() -> None:
    older = PostFields(post=("text", "note_tweet"), expansions=("referenced_tweets.id", "edit_history_tweet_ids"))
    newer = PostFields(post=("text", "note_post"), expansions=("referenced_posts", "edit_history_post_ids"))
    assert older.query() == newer.query()
    twice = SpaceFields(expansions=("topics_ids", "topic_ids"))
    assert twice.query()["expansions"] == ("topic_ids",)
    asked = [
        Request(endpoint=endpoints.USER, about="1", query=UserFields(expansions=(expansion,)).query())
        for expansion in get_args(vocabulary.OlderUserExpansion)
    ]
    assert [build_request(one)[2]["expansions"] for one in asked] == ["most_recent_post_id", "pinned_post_id"]
    assert [build_request(one, kinds_of_names(one))[2]["expansions"] for one in asked] == [
        "most_recent_tweet_id",
        "pinned_tweet_id",
    ]
    assert ceiling_of(asked[0]).cost() > ceiling_of(Request(endpoint=endpoints.USER, about="1", query={})).cost()


def test_nothing_is_asked_for_that_is_not_needed() -> None:
    bare = SpaceFields(space=("state",), expansions=())
    assert bare.query() == {"space.fields": ("state",)}


@pytest.mark.parametrize(
    "request_",
    [
        Request(endpoint=endpoints.SPACE, about="../users", query={}),
        Request(endpoint=endpoints.SPACE, about="1a\n", query={}),
        Request(endpoint=endpoints.SPACES, query={"ids": ()}),
        Request(endpoint=endpoints.SPACES, query={"ids": ("1a,1b",)}),
        Request(endpoint=endpoints.CREATORS, query={"user_ids": tuple(str(n) for n in range(101))}),
        Request(endpoint=endpoints.USER_BY_USERNAME, about="a_handle_of_sixteen", query={}),
        Request(endpoint=endpoints.SEARCH, query={"query": ""}),
        Request(endpoint=endpoints.SEARCH, query={"query": "y" * 2049}),
        Request(endpoint=endpoints.SEARCH, query={"query": "y", "max_results": 101}),
    ],
)
def test_what_cannot_be_is_not_asked(request_: Request[XObject]) -> None:
    with pytest.raises(XInvalidRequest):
        build_request(request_)
