"""Recorded answers of X, and X's own document: nothing of what they tell is lost, and nothing is asked that they forbid."""

import copy
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from yarl import URL

from spacebot.errors import XRateLimited
from spacebot.x import endpoints, fields
from spacebot.x.endpoints import Endpoint, Request
from spacebot.x.fields import OWN, PostFields, UserFields
from spacebot.x.model import Affiliation, Page, Problem, Space, Topic, User
from spacebot.x.posts import Media, Place, Poll, Post
from spacebot.x.wire import build_request, kinds_of_names, read_answer
from tests.x.documents import openapi, reference_documents

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)

SAMPLES = {
    "by_creator_ids.json": endpoints.CREATORS,
    "dictionary_space.json": endpoints.SPACE,
    "get_space_ended.json": endpoints.SPACE,
    "ids_with_topics.json": endpoints.SPACES,
    "search_full_ticketed_no_title.json": endpoints.SEARCH,
    "users_errors_only.json": endpoints.USERS,
}

RENAMED = {
    "tweet_count": "post_count",
    "pinned_tweet_id": "pinned_post_id",
    "most_recent_tweet_id": "most_recent_post_id",
}


def plain(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))


def lost(told: Any, read: Any, where: str = "") -> Iterator[str]:
    """Every value of X's that is not found again in ours."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield from lost(value, read.get(RENAMED.get(name, name)), f"{where}.{name}")
    elif isinstance(told, list):
        assert len(told) == len(read)
        for number, (one, ours) in enumerate(zip(told, read, strict=True)):
            yield from lost(one, ours, f"{where}[{number}]")
    elif told != read and not _same_moment(told, read) and not str(told).endswith(f"/{read}"):
        yield f"{where}: {told!r} became {read!r}"


def _same_moment(told: object, read: object) -> bool:
    try:
        return datetime.fromisoformat(str(told)) == datetime.fromisoformat(str(read))
    except ValueError:
        return False


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_nothing_of_a_recorded_answer_is_lost(name: str) -> None:
    sample = json.loads((reference_documents() / "samples" / name).read_text())
    body, endpoint = sample["body"], SAMPLES[name]
    page: Page[Any] = read_answer(endpoint, sample["status"], sample["headers"], json.dumps(body).encode(), NOW)
    told = body.get("data", [])
    assert list(lost(told if isinstance(told, list) else [told], plain(page.items))) == []
    includes = body.get("includes", {})
    assert list(lost(includes.get("users", []), plain(list(page.users.values())))) == []
    assert list(lost(includes.get("topics", []), plain(list(page.topics.values())))) == []
    assert list(lost(body.get("errors", []), plain(page.problems))) == []


def test_the_recorded_refusal_is_one_for_the_rate() -> None:
    sample = json.loads((reference_documents() / "samples" / "429_about_blank.json").read_text())
    with pytest.raises(XRateLimited):
        read_answer(endpoints.SPACE, sample["status"], sample["headers"], json.dumps(sample["body"]).encode(), NOW)


def names_of(struct: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(struct)}


@pytest.mark.parametrize(
    ("schema", "struct"),
    [
        ("Space", Space),
        ("User", User),
        ("UserAffiliation", Affiliation),
        ("Topic", Topic),
        ("Post", Post),
        ("Media", Media),
        ("Poll", Poll),
        ("Place", Place),
    ],
)
def test_every_documented_field_has_its_place(schema: str, struct: type[msgspec.Struct]) -> None:
    documented = set(openapi()["components"]["schemas"][schema]["properties"])
    assert documented
    assert documented <= names_of(struct)


def test_every_documented_word_of_a_problem_has_its_place() -> None:
    schemas = openapi()["components"]["schemas"]
    kinds = [schema for name, schema in schemas.items() if name.endswith("Problem") and "properties" in schema]
    assert len(kinds) > 5
    assert set().union(*(kind["properties"] for kind in kinds)) <= names_of(Problem)


class Contract:
    """X's document as a judge of requests: the path and method exist, each parameter is known and fits its schema."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def complaints(self, method: str, path: str, query: Mapping[str, str]) -> list[str]:
        found = self._operation(method, path)
        if found is None:
            return [f"{method} {path} is not in the document"]
        operation, in_path = found
        parameters = {(one["in"], one["name"]): one for one in map(self._resolved, operation["parameters"])}
        given = {("query", name): value for name, value in query.items()}
        given |= {("path", name): value for name, value in in_path.items()}
        wrong = [f"unknown parameter {name}" for name in given if name not in parameters]
        wrong += [
            f"missing parameter {name}" for name, one in parameters.items() if one.get("required") and name not in given
        ]
        for name in given.keys() & parameters.keys():
            schema = self._resolved(parameters[name]["schema"])
            wrong += [f"{name}: {one.message}" for one in self._judge(schema).iter_errors(_typed(given[name], schema))]
        return wrong

    def _operation(self, method: str, path: str) -> tuple[dict[str, Any], dict[str, str]] | None:
        parts = path.split("/")
        for template, operations in sorted(self._document["paths"].items(), key=lambda item: "{" in item[0]):
            wanted = template.split("/")
            if len(parts) != len(wanted) or method.lower() not in operations:
                continue
            if all(one == other or one.startswith("{") for one, other in zip(wanted, parts, strict=True)):
                named = {one[1:-1]: other for one, other in zip(wanted, parts, strict=True) if one.startswith("{")}
                return operations[method.lower()], named
        return None

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in part:
            return part
        found: Any = self._document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return self._resolved(found)

    def _judge(self, schema: dict[str, Any]) -> Draft202012Validator:
        whole = copy.deepcopy(schema)
        if "items" in whole:
            whole["items"] = self._resolved(whole["items"])
        return Draft202012Validator(whole)


def _typed(text: str, schema: dict[str, Any]) -> object:
    if schema["type"] == "array":
        return text.split(",")
    if schema["type"] == "integer":
        return int(text) if text.isdigit() else text
    return text


EVERYTHING = [
    Request(endpoint=endpoints.SPACE, about="1AbCdEfGhIjKl", query=fields.FULL.query()),
    Request(endpoint=endpoints.SPACE, about="1AbCdEfGhIjKl", query=OWN.query()),
    Request(endpoint=endpoints.SPACES, query={"ids": ("1a", "1b"), **fields.SWEEP.query()}),
    Request(
        endpoint=endpoints.CREATORS,
        query={"user_ids": tuple(str(number) for number in range(1, 101)), **fields.SWEEP.query()},
    ),
    Request(
        endpoint=endpoints.SEARCH,
        query={"query": "night & day + 100%", "state": "live", "max_results": 100, **fields.FULL.query()},
    ),
    Request(
        endpoint=endpoints.BUYERS,
        about="1a",
        query={"max_results": 100, "pagination_token": "x" * 16, **UserFields().query()},
    ),
    Request(
        endpoint=endpoints.POSTS,
        about="1a",
        query={"max_results": 1, "pagination_token": "x" * 16, **PostFields().query()},
    ),
    Request(
        endpoint=endpoints.LIST_MEMBERS,
        about="1146654567674912769",
        query={"max_results": 50, "pagination_token": "x" * 16, **UserFields(expansions=("pinned_post_id",)).query()},
    ),
    Request(endpoint=endpoints.USER, about="5001", query=UserFields().query()),
    Request(endpoint=endpoints.USERS, query={"ids": ("5001",), **UserFields(expansions=("pinned_post_id",)).query()}),
    Request(endpoint=endpoints.USER_BY_USERNAME, about="gardener", query=UserFields().query()),
    Request(endpoint=endpoints.USERS_BY_USERNAMES, query={"usernames": ("gardener", "moth"), **UserFields().query()}),
]


def test_no_endpoint_is_left_out_of_the_contract() -> None:
    known = {name for name in vars(endpoints) if isinstance(getattr(endpoints, name), Endpoint)}
    assert {request.endpoint.name for request in EVERYTHING} == {getattr(endpoints, name).name for name in known}


@pytest.mark.parametrize("request_", EVERYTHING, ids=lambda request_: request_.endpoint.name)
def test_every_request_is_in_xs_document(request_: Request[Any]) -> None:
    contract = Contract(openapi())
    method, path, query = build_request(request_)
    assert contract.complaints(method, path, query) == []
    carried = URL("https://x.invalid" + path).with_query(query)
    assert contract.complaints(method, carried.path, dict(carried.query)) == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/2/spaces/1a", {"space.fields": "creator_id"}),
        ("/2/spaces/1a", {"tweet.fields": "text"}),
        ("/2/spaces/1a-b", {}),
        ("/2/spaces", {}),
        ("/2/spaces", {"ids": ",".join(["1a"] * 101)}),
        ("/2/spaces/search", {"query": "y", "state": "ended"}),
        ("/2/spaces/search", {"query": "y", "max_results": "101"}),
        ("/2/spaces/search", {"query": "y", "max_results": "all"}),
        ("/2/spaces/by/creator_ids", {"user_ids": "gardener"}),
        ("/2/spaces/1a/hosts", {}),
        ("/2/lists/night/members", {}),
        ("/2/lists/1/members", {"max_results": "0"}),
    ],
)
def test_the_contract_notices_a_wrong_request(path: str, query: dict[str, str]) -> None:
    assert Contract(openapi()).complaints("GET", path, query)


def test_the_contract_notices_the_older_generations_names() -> None:
    asked = Request(endpoint=endpoints.POSTS, about="1a", query=PostFields().query())
    assert Contract(openapi()).complaints(*build_request(asked, kinds_of_names(asked)))


OLDER = {
    "post.fields": "tweet.fields",
    "edit_history_post_ids": "edit_history_tweet_ids",
    "most_recent_post_id": "most_recent_tweet_id",
    "note_post": "note_tweet",
    "pinned_post_id": "pinned_tweet_id",
    "referenced_posts": "referenced_tweets.id",
    "topic_ids": "topics_ids",
}
"""What X's pages up to 2.166 call what the document of 2.167 has."""


def older(document: Any) -> Any:
    """X's document in the words of the generation before."""
    if isinstance(document, dict):
        return {name: older(value) for name, value in document.items()}
    if isinstance(document, list):
        return [older(value) for value in document]
    return OLDER.get(document, document) if isinstance(document, str) else document


@pytest.mark.parametrize("request_", EVERYTHING, ids=lambda request_: request_.endpoint.name)
def test_every_request_is_written_in_the_older_names_too(request_: Request[Any]) -> None:
    assert Contract(older(openapi())).complaints(*build_request(request_, kinds_of_names(request_))) == []


def test_the_account_in_a_recorded_event_is_read_whole() -> None:
    sample = json.loads((reference_documents() / "samples" / "xaa_spaces_start.json").read_text())
    told = sample["body"]["data"]["payload"]["user"]["data"]
    read = plain(msgspec.convert(told, User, strict=False))
    documented = _without_copies(told)
    assert list(lost(documented, read)) == []


def _without_copies(value: Any) -> Any:
    """The same without the counters that X's events repeat as text, which no document names."""
    if isinstance(value, dict):
        return {name: _without_copies(each) for name, each in value.items() if not name.endswith("_str")}
    return [_without_copies(each) for each in value] if isinstance(value, list) else value
