"""What the local X refuses to understand, and that it understands or refuses everything."""

import asyncio
import base64
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from spacebot.sandbox.x import Generation, LocalX
from spacebot.sandbox.x.activity import Access
from spacebot.sandbox.x.api import Api, Request
from spacebot.sandbox.x.endpoints import ENDPOINTS
from spacebot.sandbox.x.model import Platform
from spacebot.sandbox.x.oauth import Clients, OAuthServer
from spacebot.sandbox.x.quirks import Quirks
from tests.clocks import FakeClock
from tests.sandbox.x_client import local_x


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/2/spaces/not-an-id", "id"),
        ("/2/spaces/1aaaaaaaaaaaaa", "id"),
        ("/2/spaces", "ids"),
        ("/2/spaces?ids=", "ids"),
        ("/2/spaces?ids=1abc,,1abd", "ids"),
        ("/2/spaces?ids=1abc,not-an-id", "ids"),
        ("/2/spaces?ids=" + ",".join(f"1{n}" for n in range(101)), "ids"),
        ("/2/spaces?ids=1abc&ids=1abd", "ids"),
        ("/2/spaces?ids=1abc&space.fields=title,creator_id", "space.fields"),
        ("/2/spaces?ids=1abc&space.fields=title,title", "space.fields"),
        ("/2/spaces?ids=1abc&space.fields=", "space.fields"),
        ("/2/spaces?ids=1abc&space.fields=Title", "space.fields"),
        ("/2/spaces?ids=1abc&space.fields=title,%20state", "space.fields"),
        ("/2/spaces?ids=1abc&expansions=creator", "expansions"),
        ("/2/spaces?ids=1abc&expansions=topics_ids", "expansions"),
        ("/2/spaces?ids=1abc&user.fields=handle", "user.fields"),
        ("/2/spaces?ids=1abc&topic.fields=title", "topic.fields"),
        ("/2/spaces?ids=1abc&tweet.fields=id", "tweet.fields"),
        ("/2/spaces?ids=1abc&max_results=5", "max_results"),
        ("/2/spaces/by/creator_ids", "user_ids"),
        ("/2/spaces/by/creator_ids?user_ids=ann", "user_ids"),
        ("/2/spaces/by/creator_ids?user_ids=12345678901234567890", "user_ids"),
        ("/2/spaces/by/creator_ids?user_ids=12&state=live", "state"),
        ("/2/spaces/search", "query"),
        ("/2/spaces/search?query=", "query"),
        ("/2/spaces/search?query=" + "a" * 2049, "query"),
        ("/2/spaces/search?query=tea&state=ended", "state"),
        ("/2/spaces/search?query=tea&max_results=0", "max_results"),
        ("/2/spaces/search?query=tea&max_results=101", "max_results"),
        ("/2/spaces/search?query=tea&max_results=many", "max_results"),
        ("/2/spaces/search?query=tea&max_results=%D9%A3", "max_results"),
        ("/2/spaces/search?query=tea&pagination_token=0123456789abcdef", "pagination_token"),
        ("/2/spaces/1abc/tweets?pagination_token=short", "pagination_token"),
        ("/2/spaces/1abc/tweets?media.fields=colour", "media.fields"),
        ("/2/spaces/1abc/tweets?poll.fields=colour", "poll.fields"),
        ("/2/spaces/1abc/tweets?place.fields=colour", "place.fields"),
        ("/2/users/ann", "id"),
        ("/2/users/by/username/a-b", "username"),
        ("/2/users/by/username/abcdefghijklmnop", "username"),
        ("/2/users/by?usernames=@ann", "usernames"),
        ("/2/users?ids=12&space.fields=title", "space.fields"),
        ("/2/users?ids=12&expansions=creator_id", "expansions"),
    ],
)
async def test_what_the_document_does_not_allow_is_a_bad_request(path: str, parameter: str) -> None:
    async with local_x() as (x, ask):
        got = await ask.get(path.partition("?")[0], path.partition("?")[2])
    assert got.status == 400, got.text
    assert got.json["title"] == "Invalid Request"
    assert got.json["type"] == "https://api.x.com/2/problems/invalid-request"
    assert [list(error["parameters"]) for error in got.json["errors"]] == [[parameter]]
    assert all(error["message"] for error in got.json["errors"])
    assert x.requests[-1].status == 400


async def test_a_whole_hundred_is_allowed() -> None:
    async with local_x() as (_x, ask):
        got = await ask.get("/2/spaces", {"ids": ",".join(f"1{n}" for n in range(100))})
    assert (got.status, len(got.json["errors"])) == (200, 100)


async def test_an_unknown_parameter_is_answered_with_the_known_ones() -> None:
    async with local_x() as (_x, ask):
        got = await ask.get("/2/users/12", {"fields": "name"})
    assert got.json["errors"] == [
        {
            "parameters": {"fields": ["name"]},
            "message": "The query parameter [fields] is not one of [id,user.fields,expansions,post.fields]",
        }
    ]


async def test_the_generations_name_their_problems_by_their_own_host() -> None:
    async with local_x(generation="2.166") as (_x, ask):
        got = await ask.get("/2/users/ann")
    assert got.json["type"] == "https://api.twitter.com/2/problems/invalid-request"


async def test_nothing_can_be_written_to_what_is_only_read() -> None:
    async with local_x() as (x, ask):
        headers = {"Authorization": f"Bearer {x.bearer_token}"}
        async with ask.session.post(x.url + "/2/spaces/search", headers=headers) as response:
            assert response.status == 405


GENERATIONS: list[Generation] = ["2.159", "2.166", "2.167"]
NAMES = sorted({p.name for g in GENERATIONS for e in ENDPOINTS for p in (*e.own, *e.common(g))} | {"fields", ""})
VALUES = st.one_of(
    st.text(max_size=20),
    st.binary(max_size=20).map(lambda raw: base64.b32hexencode(raw).decode().rstrip("=")),
    st.lists(st.sampled_from(["1abc", "12", "title", "creator_id", "author_id", "", "Ünïcode"]), max_size=4).map(
        ",".join
    ),
)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=5), VALUES), max_size=5)
SEGMENTS = st.lists(
    st.sampled_from(
        ["2", "spaces", "users", "by", "search", "creator_ids", "username", "1abc", "12", "tweets", "buyers"]
    )
    | st.text(max_size=8),
    max_size=6,
)
PATHS = st.one_of(
    st.sampled_from(["/2/spaces", "/2/spaces/search", "/2/spaces/by/creator_ids", "/2/users", "/2/users/by"]),
    st.sampled_from(["/2/spaces/1abc", "/2/spaces/1abc/buyers", "/2/spaces/1abc/tweets", "/i/oauth2/authorize"]),
    SEGMENTS.map(lambda parts: "/" + "/".join(parts)),
)
METHODS = st.sampled_from(["GET", "GET", "GET", "POST", "DELETE"])


@given(
    generation=st.sampled_from(GENERATIONS),
    method=METHODS,
    path=PATHS,
    pairs=PAIRS,
    form=st.binary(max_size=40),
    person=st.booleans(),
    authorization=st.none() | st.text(max_size=10) | st.text(max_size=10).map(lambda text: f"Basic {text}"),
)
@settings(max_examples=400)
def test_whatever_is_asked_is_answered_or_refused(
    *,
    generation: Generation,
    method: str,
    path: str,
    pairs: list[tuple[str, str]],
    form: bytes,
    person: bool,
    authorization: str | None,
) -> None:
    clock = FakeClock()
    platform = Platform(clock)
    ann = platform.add_user("ann", id="12", picture="")
    oauth = OAuthServer(clock, bearer_token="app", clients=Clients())
    api = Api(clock, platform=platform, oauth=oauth, quirks=Quirks(generation=generation), access=Access(), limits={})
    space = platform.add_space(ann, id="1abc", title="tea", listeners=1, ticketed=True, topics=("Tea",))
    space.add_post(ann, "hello")
    space.add_buyer(ann)
    token = oauth.sign_in(ann, frozenset({"tweet.read", "users.read", "space.read"})) if person else "app"
    request = Request(
        method=method,
        path=path,
        query=tuple(pairs),
        authorization=authorization or f"Bearer {token}",
        content_type="application/x-www-form-urlencoded",
        body=form,
    )
    assert api.answer(request).status in {200, 302, 400, 401, 403, 404, 405, 429}


CONSENT = {
    "response_type": "code",
    "client_id": Clients().client_id,
    "redirect_uri": "https://example.org/back?here=1",
    "scope": "tweet.read",
    "state": "s",
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
}


@given(name=st.sampled_from(sorted(CONSENT)), text=st.text(max_size=30) | st.text(max_size=9).map("http://a/{}".format))
@settings(max_examples=300)
def test_whatever_the_consent_screen_is_asked_it_redirects_or_refuses(name: str, text: str) -> None:
    clock = FakeClock()
    platform = Platform(clock)
    oauth = OAuthServer(clock, bearer_token="app", clients=Clients())
    api = Api(clock, platform=platform, oauth=oauth, quirks=Quirks(), access=Access(), limits={})
    for person in (None, platform.add_user("ann", id="12", picture="")):
        oauth.person = person
        query = tuple({**CONSENT, name: text}.items())
        reply = api.answer(Request(method="GET", path="/i/oauth2/authorize", query=query))
        assert reply.status in {302, 400}
        if reply.status == 302 and name != "redirect_uri":
            assert reply.headers["Location"].startswith("https://example.org/back?here=1&")


# What a client can put into a request line: anything but what ends it.
LINE = st.binary(max_size=40).map(lambda raw: bytes(byte for byte in raw if byte not in b"\r\n"))


@given(raw=LINE | st.text(max_size=20).map(lambda text: quote(text, safe="&=%+,").encode()))
@settings(max_examples=100)
def test_no_query_string_breaks_the_server(raw: bytes) -> None:
    status, exchanges = asyncio.run(_status_of(raw))
    assert status in {200, 400}
    assert exchanges <= 1


async def _status_of(raw: bytes) -> tuple[int, int]:
    async with LocalX(clock=FakeClock()) as x:
        url = URL(x.url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        line = b"GET /2/spaces/search?query=tea&" + raw + b" HTTP/1.1\r\n"
        writer.write(line + f"Host: x\r\nConnection: close\r\nAuthorization: Bearer {x.bearer_token}\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return int(answer.split(b" ", 2)[1]), len(x.requests)
