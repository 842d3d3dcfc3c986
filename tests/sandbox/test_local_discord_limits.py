"""Rate limits, faults and the ban: what a bot that asks too much or at a bad time is told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from spacebot.sandbox.discord import Fault, LocalChannel, LocalDiscord
from tests.clocks import START, FakeClock, run_until
from tests.sandbox.discord_client import Client, Rest, client_of


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def client(clock: FakeClock) -> AsyncIterator[Client]:
    async with client_of(LocalDiscord(clock=clock)) as client:
        yield client


@pytest.fixture
def rest(client: Client) -> Rest:
    return client.rest


@pytest.fixture
def channel(client: Client) -> LocalChannel:
    return client.discord.add_guild("Book club").system_channel


async def test_a_channel_takes_five_messages_in_five_seconds(
    client: Client, rest: Rest, channel: LocalChannel, clock: FakeClock
) -> None:
    for left in (4, 3, 2, 1, 0):
        reply = await rest.post(channel.id, content="hello")
        assert reply.headers["x-ratelimit-remaining"] == str(left)
        clock.jump(0.5)
    assert reply.headers["x-ratelimit-limit"] == "5"
    assert float(reply.headers["x-ratelimit-reset-after"]) == 3.0
    assert float(reply.headers["x-ratelimit-reset"]) == (START + timedelta(seconds=5)).timestamp()
    refused = await rest.post(channel.id, content="hello")
    assert refused.status == 429
    assert refused.json["retry_after"] == 2.5
    assert refused.json["global"] is False
    assert refused.headers["via"]
    assert refused.headers["x-ratelimit-scope"] == "user"
    assert refused.headers["x-ratelimit-bucket"] == reply.headers["x-ratelimit-bucket"]
    assert [exchange.path for exchange in client.discord.refused] == [f"/channels/{channel.id}/messages"]
    clock.jump(2.5)
    assert (await rest.post(channel.id, content="hello")).status == 200


async def test_other_channels_and_edits_have_their_own_share(client: Client, rest: Rest, channel: LocalChannel) -> None:
    other = client.discord.guilds[0].add_channel("other")
    for _ in range(5):
        await rest.post(channel.id, content="hello")
    assert (await rest.post(channel.id, content="hello")).status == 429
    assert (await rest.post(other.id, content="hello")).status == 200
    path = f"/channels/{channel.id}/messages/{channel.messages[0].id}"
    statuses = [(await rest("PATCH", path, {"content": "x"})).status for _ in range(6)]
    assert statuses == [200, 200, 200, 200, 200, 429]


async def test_no_second_holds_more_than_fifty_requests(client: Client, rest: Rest, clock: FakeClock) -> None:
    for number in range(50):
        assert (await rest("GET", "/users/@me")).status == 200
        clock.jump(0.25 if number == 0 else 0.0)
    refused = await rest("GET", "/users/@me")
    assert refused.status == 429
    assert refused.json["global"] is True
    assert refused.json["retry_after"] == 0.75
    assert refused.headers["x-ratelimit-global"] == "true"
    assert refused.headers["x-ratelimit-scope"] == "global"
    assert client.discord.busiest_second() == 51
    clock.jump(0.75)
    assert (await rest("GET", "/users/@me")).status == 200
    assert (await rest("GET", "/users/@me")).status == 429


async def test_a_message_older_than_an_hour_takes_few_edits(
    rest: Rest, channel: LocalChannel, clock: FakeClock
) -> None:
    await rest.post(channel.id, content="hello")
    path = f"/channels/{channel.id}/messages/{channel.messages[0].id}"
    clock.jump(3601)
    for number in range(3):
        assert (await rest("PATCH", path, {"content": str(number)})).status == 200
    refused = await rest("PATCH", path, {"content": "again"})
    assert refused.refusal == (429, 30046)
    assert refused.json["retry_after"] == 20
    assert refused.json["global"] is False
    assert refused.headers["retry-after"] == "20"
    assert refused.headers["x-ratelimit-scope"] == "user"
    assert refused.headers["x-ratelimit-remaining"] == "1", "the bucket of all edits is not what is full"
    assert channel.messages[0].content == "2"


async def test_a_young_message_is_edited_while_old_ones_are_not(
    rest: Rest, channel: LocalChannel, clock: FakeClock
) -> None:
    await rest.post(channel.id, content="old")
    clock.jump(3601)
    await rest.post(channel.id, content="young")
    old, young = (f"/channels/{channel.id}/messages/{message.id}" for message in channel.messages)
    for _ in range(3):
        await rest("PATCH", old, {"content": "changed"})
    assert (await rest("PATCH", old, {"content": "again"})).refusal == (429, 30046)
    assert (await rest("PATCH", young, {"content": "changed"})).status == 200
    clock.jump(61)
    assert (await rest("PATCH", old, {"content": "again"})).status == 200


async def test_deletions_have_their_own_share(rest: Rest, channel: LocalChannel, clock: FakeClock) -> None:
    for _ in range(6):
        await rest.post(channel.id, content="hello")
        clock.jump(1)
    paths = [f"/channels/{channel.id}/messages/{message.id}" for message in channel.messages]
    assert [(await rest("DELETE", path)).status for path in paths] == [204, 204, 204, 204, 204, 429]
    assert len(channel.messages) == 1
    clock.jump(1)
    assert (await rest("DELETE", paths[0])).refusal == (404, 10008)
    assert (await rest("DELETE", paths[5])).status == 204


async def test_who_is_refused_too_often_is_banned(client: Client, clock: FakeClock) -> None:
    client.discord.limits.invalid_requests = 3
    stranger = client.rest.with_token("Bot nobody")
    for _ in range(3):
        assert (await stranger("GET", "/users/@me")).status == 401
    banned = await client.rest("GET", "/users/@me")
    assert banned.status == 429
    assert "1015" in banned.text
    assert banned.content_type.startswith("text/html")
    assert "via" not in banned.headers
    clock.jump(601)
    assert (await client.rest("GET", "/users/@me")).status == 200


async def test_a_fault_strikes_once_and_where_it_was_ordered(client: Client, rest: Rest, channel: LocalChannel) -> None:
    page = "<html>Bad Gateway</html>"
    client.discord.fault("POST", "/messages$", Fault(status=502, body=page, content_type="text/html"))
    client.discord.fault("POST", "/messages$", Fault(status=403, code=200000))
    assert (await rest("GET", "/users/@me")).status == 200
    first = await rest.post(channel.id, content="hello")
    assert (first.status, first.text) == (502, page)
    assert (await rest.post(channel.id, content="hello")).refusal == (403, 200000)
    assert channel.messages == []
    assert (await rest.post(channel.id, content="hello")).status == 200


async def test_a_connection_is_cut_before_or_after_the_deed(client: Client, rest: Rest, channel: LocalChannel) -> None:
    for drop, messages in (("before", 0), ("after", 1)):
        client.discord.fault("POST", "/messages$", Fault(drop=drop))  # type: ignore[arg-type] # the two literals
        with pytest.raises(aiohttp.ClientError):
            await rest.post(channel.id, content="hello")
        assert len(channel.messages) == messages
        assert client.discord.requests[-1].status is None


async def test_a_deed_can_be_done_and_its_answer_be_an_error(client: Client, rest: Rest, channel: LocalChannel) -> None:
    client.discord.fault("POST", "/messages$", Fault(status=504, drop="after"))
    assert (await rest.post(channel.id, content="hello")).status == 504
    assert len(channel.messages) == 1


async def test_a_delayed_request_waits_for_the_clock(
    client: Client, rest: Rest, channel: LocalChannel, clock: FakeClock
) -> None:
    client.discord.fault("POST", "/messages$", Fault(delay=30.0))
    posting = asyncio.create_task(rest.post(channel.id, content="hello"))
    began = clock.monotonic()
    assert (await run_until(clock, posting)).status == 200
    assert clock.monotonic() - began == 30
    assert len(channel.messages) == 1


async def test_random_faults_come_at_their_rate_and_again_by_their_seed(
    client: Client, rest: Rest, channel: LocalChannel, clock: FakeClock
) -> None:
    async def once() -> tuple[int | None, float]:
        began = clock.monotonic()
        try:
            status = (await run_until(clock, asyncio.ensure_future(rest.post(channel.id, content="hello")))).status
        except aiohttp.ClientError:
            status = None
        return status, round(clock.monotonic() - began, 3)

    async def outcomes() -> list[tuple[int | None, float]]:
        client.discord.random_faults(0.5, seed=7)
        found = []
        for _ in range(60):
            found.append(await once())
            clock.jump(5.0)
        return found

    first = await outcomes()
    assert set(first) == {(200, 0), (None, 0), (500, 0), (502, 0), (503, 0), (429, 0), (200, 2), (200, 12)}
    assert 15 < first.count((200, 0)) < 45
    assert await outcomes() == first
    client.discord.clear_faults()
    assert await once() == (200, 0)
    assert all(exchange.ordered for exchange in client.discord.refused)


@pytest.mark.parametrize(("scope", "banned"), [("shared", False), ("user", True), ("global", True)])
async def test_an_ordered_limit_says_how_long_and_only_a_shared_one_is_nobodys_fault(
    client: Client, rest: Rest, scope: Any, banned: bool
) -> None:
    client.discord.limits.invalid_requests = 2
    client.discord.fault("GET", "/gateway$", Fault(status=429, retry_after=2.5, scope=scope, times=2))
    for _ in range(2):
        limited = await rest("GET", "/gateway")
        assert limited.status == 429
        assert limited.json["retry_after"] == 2.5
        assert limited.json["global"] is (scope == "global")
        assert limited.headers["retry-after"] == "3"
        assert limited.headers["x-ratelimit-scope"] == scope
        assert ("x-ratelimit-global" in limited.headers) is (scope == "global")
    assert (await rest("GET", "/gateway")).status == (429 if banned else 200)


async def test_waiting_for_what_does_not_come_tells_what_was_seen(client: Client, rest: Rest) -> None:
    await rest("GET", "/gateway")
    with pytest.raises(TimeoutError, match="GET /gateway → 200"):
        await client.discord.wait_for(lambda: False, timeout=0.01)


async def test_old_exchanges_are_forgotten() -> None:
    async with client_of(LocalDiscord(recording=5)) as client:
        for _ in range(11):
            await client.rest("GET", "/gateway")
        assert 5 <= len(client.discord.requests) <= 10


async def test_a_channel_keeps_only_as_many_messages_as_it_is_told() -> None:
    async with client_of(LocalDiscord(keep_messages=2)) as client:
        guild = client.discord.add_guild("Book club")
        channel, bot = guild.system_channel, f"<@{guild.bot_member.id}>"
        ann = guild.add_member("Ann")
        first, *_ = [ann.say(channel, f"{bot} {number}") for number in range(4)]
        shown = (await client.rest("GET", f"/channels/{channel.id}/messages")).json
        assert [message["content"] for message in shown] == [f"{bot} 3", f"{bot} 2"]
        assert (await client.rest("GET", f"/channels/{channel.id}/messages/{first.id}")).refusal == (404, 10008)
        for number in range(3):
            ann.say(channel, f"deleted {number}").delete()
        assert [message.content for message in channel.deleted_messages] == ["deleted 1", "deleted 2"]
