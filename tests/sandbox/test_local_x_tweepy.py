"""A client that is not ours, written against the real X, reads the local one and understands it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import tweepy  # type: ignore[import-untyped] # the package has no types of its own
from tweepy.asynchronous import AsyncClient  # type: ignore[import-untyped] # as above

from spacebot.sandbox.x import Fault, LocalX
from tests.clocks import FakeClock


class _Elsewhere:
    """A session that sends to the local X what tweepy, whose address is fixed, means for the real one."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    def request(self, method: str, url: str, **how: Any) -> Any:
        return self._session.request(method, url.replace("https://api.twitter.com", self._url), **how)


@asynccontextmanager
async def tweepy_on(x: LocalX, *, bearer_token: str | None = None) -> AsyncIterator[Any]:
    async with aiohttp.ClientSession() as session:
        client = AsyncClient(bearer_token=bearer_token or x.bearer_token)
        client.session = _Elsewhere(session, x.url)
        yield client


async def test_tweepy_reads_a_space_with_its_people() -> None:
    async with LocalX(clock=FakeClock()) as x, tweepy_on(x) as client:
        ann, bob = x.add_user("ann", name="Ann"), x.add_user("bob")
        space = x.start_space(ann, title="Morning talk", listeners=10, cohosts=[bob])
        got = await client.get_space(
            space.id,
            space_fields=["title", "started_at", "participant_count"],
            expansions=["creator_id", "host_ids"],
            user_fields=["created_at"],
        )
    assert (got.data.id, got.data.state, got.data.title) == (space.id, "live", "Morning talk")
    assert (got.data.started_at, got.data.participant_count) == (space.started_at, 12)
    assert (got.data.creator_id, got.data.host_ids) == (int(ann.id), [ann.id, bob.id])
    assert [(user.username, user.name) for user in got.includes["users"]] == [("ann", "Ann"), ("bob", "bob")]
    assert got.includes["users"][0].created_at == ann.created_at


async def test_tweepy_finds_spaces_by_id_by_creator_and_by_title() -> None:
    async with LocalX(clock=FakeClock()) as x, tweepy_on(x) as client:
        ann, bob = x.add_user("ann"), x.add_user("bob")
        tea, coffee = x.start_space(ann, title="Tea"), x.start_space(bob, title="Coffee")
        by_id = await client.get_spaces(ids=[tea.id, coffee.id])
        by_creator = await client.get_spaces(user_ids=[bob.id], expansions="creator_id")
        by_title = await client.search_spaces("tea", state="live", space_fields="title")
    assert [space.id for space in by_id.data] == [tea.id, coffee.id]
    assert [(space.id, space.creator_id) for space in by_creator.data] == [(coffee.id, int(bob.id))]
    assert by_creator.meta == {"result_count": 1}
    assert [space.title for space in by_title.data] == ["Tea"]


async def test_tweepy_finds_users_and_reads_what_is_missing_as_errors() -> None:
    async with LocalX(clock=FakeClock()) as x, tweepy_on(x) as client:
        x.add_user("ann", id="12", verified=True)
        one = await client.get_user(username="ann", user_fields=["verified"])
        both = await client.get_users(usernames=["ann", "nobody"])
        absent = await client.get_space("1nothing")
    assert (one.data.id, one.data.verified) == (12, True)
    assert [user.username for user in both.data] == ["ann"]
    assert [error["value"] for error in both.errors] == ["nobody"]
    assert (absent.data, absent.errors[0]["title"]) == (None, "Not Found Error")


async def test_tweepy_reads_the_posts_and_the_buyers_of_a_space() -> None:
    # tweepy speaks of tweets: it is of the older generation.
    async with LocalX(clock=FakeClock(), generation="2.166") as x:
        ann, bob = x.add_user("ann"), x.add_user("bob")
        space = x.start_space(ann, ticketed=True)
        space.add_post(bob, "hello")
        space.add_buyer(bob)
        async with tweepy_on(x) as client:
            with pytest.raises(tweepy.Forbidden, match="Application-Only is forbidden"):
                await client.get_space_buyers(space.id)
        async with tweepy_on(x, bearer_token=x.user_token(ann)) as client:
            posts = await client.get_space_tweets(space.id, tweet_fields=["author_id"])
            buyers = await client.get_space_buyers(space.id)
    assert [(post.text, post.author_id) for post in posts.data] == [("hello", int(bob.id))]
    assert [user.username for user in buyers.data] == ["bob"]


async def test_tweepy_raises_its_own_errors() -> None:
    async with LocalX(clock=FakeClock(), limits={"space": 2}) as x:
        async with tweepy_on(x, bearer_token="wrong") as client:
            with pytest.raises(tweepy.Unauthorized):
                await client.get_space("1abc")
        async with tweepy_on(x) as client:
            with pytest.raises(tweepy.BadRequest, match=r"space.fields.*creator_id.*is not one of"):
                await client.get_space("1abc", space_fields=["creator_id"])
            x.fault("space", Fault(status=404, body=b'{"title":"Not Found","detail":"Not Found"}'))
            with pytest.raises(tweepy.NotFound):
                await client.get_space("1abc")
            x.fault("space", Fault.unavailable())
            with pytest.raises(tweepy.TwitterServerError):
                await client.get_space("1abc")
            await client.get_space("1abc")
            with pytest.raises(tweepy.TooManyRequests) as refused:
                await client.get_space("1abc")
    reset = x.refused[0].response_headers["x-rate-limit-reset"]
    assert refused.value.reset_time == int(reset)
    assert refused.value.api_messages == ["Too Many Requests"]
