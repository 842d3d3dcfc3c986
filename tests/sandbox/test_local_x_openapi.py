"""The local X keeps to X's own OpenAPI document and answers as X was recorded to; the check itself can fail."""

import copy
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spacebot.sandbox.x import Generation, LocalX
from tests.clocks import START, FakeClock
from tests.sandbox.openapi_x import Document, reference_document
from tests.sandbox.x_client import Ask, local_x

SPACE_FIELDS = (
    "created_at,ended_at,id,is_ticketed,lang,participant_count,scheduled_start,started_at,state,subscriber_count,"
    "title,updated_at"
)
EVERYTHING = {
    "space.fields": SPACE_FIELDS,
    "expansions": "creator_id,host_ids,invited_user_ids,speaker_ids,topic_ids",
    "user.fields": "created_at,name,profile_image_url,protected,public_metrics,username,verified,verified_type",
    "topic.fields": "id,name,description",
}
ABOUT_USERS = {
    "user.fields": EVERYTHING["user.fields"],
    "expansions": "most_recent_post_id",
    "post.fields": "created_at",
}


def sample(name: str) -> dict[str, Any]:
    folder = os.environ.get("REFERENCE_DOCUMENTS")
    if not folder:
        pytest.skip("REFERENCE_DOCUMENTS does not name a folder with recorded answers of X")
    recorded: dict[str, Any] = json.loads((Path(folder) / "samples" / name).read_text("utf-8"))
    return recorded


async def everything_is_asked(x: LocalX, ask: Ask, clock: FakeClock) -> None:
    ann, bob, gone = x.add_user("ann", verified=True), x.add_user("bob"), x.add_user("gone")
    secret = x.add_user("secret", protected=True)
    live = x.start_space(ann, title="Tea", cohosts=[bob, gone], speakers=[bob], topics=["Tea"], ticketed=True)
    live.add_buyer(bob)
    for number in range(3):
        live.add_post(bob, f"post {number}")
    later = x.schedule_space(bob, title="Tea later", start=START + timedelta(days=2), invited=[ann])
    ended = x.start_space(bob)
    ended.end()
    hidden = x.start_space(secret)
    gone.suspend()
    token = x.user_token(ann)
    reader = x.user_token(ann, scopes=frozenset({"tweet.read", "users.read", "list.read"}))
    public, private = x.add_list(ann, [ann, bob, gone, secret]), x.add_list(ann, [bob], private=True)
    ids = ",".join(space.id for space in (live, later, ended, hidden)) + ",1nothing"
    people = ",".join(user.id for user in (ann, bob, gone, secret)) + ",7"
    page = await ask.get(f"/2/spaces/{live.id}/tweets", {"max_results": "1", "expansions": "author_id"})
    following = {"pagination_token": page.json["meta"]["next_token"], "post.fields": "created_at"}
    for path, query, whose in (
        (f"/2/spaces/{live.id}", EVERYTHING, None),
        (f"/2/spaces/{live.id}", EVERYTHING, token),
        (f"/2/spaces/{hidden.id}", {}, None),
        ("/2/spaces", {"ids": ids, **EVERYTHING}, None),
        ("/2/spaces/by/creator_ids", {"user_ids": people, **EVERYTHING}, None),
        ("/2/spaces/search", {"query": "tea", "state": "all", "max_results": "5", **EVERYTHING}, None),
        (f"/2/spaces/{live.id}/buyers", {"max_results": "5", **ABOUT_USERS}, token),
        (f"/2/spaces/{live.id}/tweets", following, None),
        ("/2/users/by/username/bob", ABOUT_USERS, None),
        ("/2/users/by", {"usernames": "ann,gone,nobody", **ABOUT_USERS}, None),
        (f"/2/users/{gone.id}", {}, None),
        (f"/2/lists/{public.id}/members", {"max_results": "2", **ABOUT_USERS}, None),
        (f"/2/lists/{private.id}/members", {}, None),
        (f"/2/lists/{private.id}/members", {}, reader),
        ("/2/users", {"ids": people, **ABOUT_USERS}, None),
    ):
        await clock.advance(1)
        got = await ask.get(path, query, token=whose)
        assert got.status == 200, (path, got.text)
    for path, whose, status in (
        ("/2/users/ann", None, 400),
        (f"/2/spaces/{live.id}/buyers", None, 403),
        (f"/2/spaces/{live.id}/buyers", x.user_token(bob), 403),
        ("/2/users/12", "wrong", 401),
        ("/2/lists/night/members", None, 400),
        (f"/2/lists/{public.id}/members", token, 403),
    ):
        assert (await ask.get(path, token=whose)).status == status, path


async def test_all_answers_are_what_the_document_says() -> None:
    document, clock = Document(reference_document()), FakeClock()
    async with local_x(clock, checker=document) as (x, ask):
        await everything_is_asked(x, ask, clock)
        assert x.violations == []
        assert document.checked == len(x.requests)


async def test_empty_answers_are_what_the_document_says_as_well() -> None:
    document, clock = Document(reference_document()), FakeClock()
    async with local_x(clock, checker=document, ended="minimal", empty="list") as (x, ask):
        await everything_is_asked(x, ask, clock)


@pytest.mark.parametrize(
    ("where", "broken"),
    [
        (("components", "schemas", "Space", "properties", "state"), {"type": "integer"}),
        (("components", "schemas", "User", "properties", "profile_image_url"), None),
        (("components", "schemas", "ResourceNotFoundProblem", "required"), ["type", "colour"]),
        (("components", "parameters", "SpaceFieldsParameter", "schema", "items", "enum"), ["id"]),
        (("paths", "/2/spaces/search", "get", "parameters", 1, "schema", "enum"), ["live"]),
    ],
)
async def test_a_document_that_says_otherwise_is_noticed(where: tuple[str | int, ...], broken: object) -> None:
    document: Any = copy.deepcopy(reference_document())
    place = document
    for step in where[:-1]:
        place = place[step]
    if broken is None:
        del place[where[-1]]
    else:
        place[where[-1]] = broken
    clock = FakeClock()
    with pytest.raises(ExceptionGroup, match="checker does not accept"):
        async with local_x(clock, checker=Document(document)) as (x, ask):
            await everything_is_asked(x, ask, clock)


async def test_a_failing_test_is_not_hidden_by_the_checker() -> None:
    def complain(_exchange: object) -> None:
        raise AssertionError("no")

    async def fail() -> None:
        async with local_x(checker=complain) as (x, ask):
            await ask.get("/2/users/12")
            assert [str(violation) for violation in x.violations] == ["no"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()


async def test_a_refused_look_up_reads_like_a_recorded_one() -> None:
    recorded = sample("429_about_blank.json")
    async with local_x(limits={"user": 0}) as (_x, ask):
        got = await ask.get("/2/users/12")
    assert (got.status, got.json) == (recorded["status"], recorded["body"])


@pytest.mark.parametrize("generation", ["2.166", "2.167"])
async def test_missing_users_read_like_recorded_ones(generation: Generation) -> None:
    recorded = sample("users_errors_only.json")["body"]["errors"]
    async with local_x(generation=generation) as (_x, ask):
        got = await ask.get("/2/users", {"ids": ",".join(error["value"] for error in recorded)})
    host = "api.x.com" if generation == "2.167" else "api.twitter.com"
    assert got.json == {"errors": [{**e, "type": e["type"].replace("api.twitter.com", host)} for e in recorded]}


async def test_spaces_read_like_recorded_ones() -> None:
    scheduled, ended = sample("by_creator_ids.json"), sample("get_space_ended.json")
    async with local_x() as (x, ask):
        ann = x.add_user("ann", id="1065249714214457345")
        x.add_user("bob", id="2328002822")
        x.schedule_space(ann, start=START + timedelta(days=1), id=scheduled["body"]["data"][0]["id"])
        x.start_space(ann, id=ended["body"]["data"]["id"]).end()
        by_creator = await ask.get("/2/spaces/by/creator_ids", scheduled["request"].partition("?")[2])
        by_id = await ask.get("/2/spaces/" + ended["body"]["data"]["id"])
    for got, recorded in ((by_creator, scheduled), (by_id, ended)):
        assert got.json == recorded["body"]
        assert set(recorded["headers"]) <= set(got.headers)
        assert got.headers["content-type"] == recorded["headers"]["content-type"]


async def test_the_dictionarys_space_can_be_told_by_the_local_x() -> None:
    recorded = sample("dictionary_space.json")["body"]["data"]
    fields = ",".join(name for name in recorded if not name.endswith("_ids"))
    expansions = ",".join(name for name in recorded if name.endswith("_ids"))
    clock = FakeClock()
    async with local_x(clock) as (x, ask):
        dev, api = x.add_user("TwitterDev", id="2244994945"), x.add_user("TwitterAPI", id="6253282")
        space = x.schedule_space(
            dev, title="Hello", start=START + timedelta(days=1), cohosts=[api], speakers=[dev, api], invited=[dev, api]
        )
        await clock.advance(86400)
        space.go_live()
        got = await ask.get(f"/2/spaces/{space.id}", {"space.fields": fields, "expansions": expansions})
    assert set(got.json["data"]) == set(recorded)
    assert {name: type(value) for name, value in got.json["data"].items()} == {
        name: type(value) for name, value in recorded.items()
    }
