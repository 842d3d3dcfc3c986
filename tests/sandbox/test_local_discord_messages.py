"""Messages over HTTP: who may send, see, edit and delete what, and which message a nonce returns."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from spacebot.sandbox.discord import LocalChannel, LocalDiscord, LocalGuild
from spacebot.sandbox.discord.model.snowflakes import time_of
from tests.clocks import START, FakeClock
from tests.sandbox.discord_client import Client, Rest, client_of

EMBED = {"title": "Tea", "url": "https://x.com/i/spaces/1abc"}


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
def guild(client: Client) -> LocalGuild:
    return client.discord.add_guild("Book club")


@pytest.fixture
def channel(guild: LocalGuild) -> LocalChannel:
    return guild.system_channel


def contents(reply: Any) -> list[str]:
    return [message["content"] for message in reply.json]


@pytest.mark.parametrize("authorization", [None, "", "Bot nonsense", "Bearer {token}", "{token}", "Bot é"])
async def test_without_the_bots_token_nothing_is_told(client: Client, authorization: str | None) -> None:
    authorization = authorization and authorization.format(token=client.discord.token)
    reply = await client.rest.with_token(authorization)("GET", "/users/@me")
    assert reply.status == 401
    assert reply.json == {"message": "401: Unauthorized", "code": 0}


async def test_an_answer_is_json_and_says_only_that(rest: Rest) -> None:
    reply = await rest("GET", "/users/@me")
    assert reply.content_type == "application/json"


async def test_what_discord_does_not_offer_is_not_found_and_recorded(client: Client) -> None:
    reply = await client.rest("GET", "/guilds/1/treasure")
    assert reply.refusal == (404, 0)
    assert client.discord.requests[-1].path == "/guilds/1/treasure"
    assert (await client.rest("DELETE", "/users/@me")).status == 405


async def test_a_message_stands_in_its_channel(rest: Rest, channel: LocalChannel) -> None:
    reply = await rest.post(channel.id, content="hello", embeds=[EMBED], nonce="n")
    assert reply.status == 200
    (message,) = channel.messages
    assert reply.json["id"] == str(message.id)
    assert reply.json["nonce"] == message.nonce == "n"
    assert message.embeds == [{"type": "rich", **EMBED}]
    assert message.created_at == time_of(message.id) == START


async def test_ids_grow_also_while_the_clock_stands_still(rest: Rest, channel: LocalChannel) -> None:
    for number in range(3):
        await rest.post(channel.id, content=str(number))
    ids = [message.id for message in channel.messages]
    assert ids == sorted(set(ids))


async def test_where_the_bot_may_not_send_nothing_is_posted(rest: Rest, channel: LocalChannel) -> None:
    channel.deny("send_messages")
    assert (await rest.post(channel.id, content="hello")).refusal == (403, 50013)
    channel.deny("view_channel")
    assert (await rest.post(channel.id, content="hello")).refusal == (403, 50001)
    assert channel.messages == []
    channel.allow("view_channel", "send_messages")
    assert (await rest.post(channel.id, content="hello")).status == 200


async def test_without_embed_links_a_message_comes_without_its_embeds(rest: Rest, channel: LocalChannel) -> None:
    channel.deny("embed_links")
    assert (await rest.post(channel.id, content="hello", embeds=[EMBED])).json["embeds"] == []
    assert (await rest.post(channel.id, embeds=[EMBED])).refusal == (403, 50013)
    assert [message.embeds for message in channel.messages] == [[]]


async def test_without_embed_links_an_edit_brings_no_embeds_and_takes_none(rest: Rest, channel: LocalChannel) -> None:
    await rest.post(channel.id, content="hello", embeds=[EMBED])
    (message,) = channel.messages
    path = f"/channels/{channel.id}/messages/{message.id}"
    channel.deny("embed_links")
    assert (await rest("PATCH", path, {"content": "over"})).json["embeds"] != []
    assert (await rest("PATCH", path, {"embeds": [EMBED]})).json["embeds"] == []


async def test_without_read_message_history_the_history_is_empty(rest: Rest, channel: LocalChannel) -> None:
    await rest.post(channel.id, content="hello")
    assert contents(await rest("GET", f"/channels/{channel.id}/messages")) == ["hello"]
    channel.deny("read_message_history")
    assert (await rest("GET", f"/channels/{channel.id}/messages")).json == []
    reply = await rest("GET", f"/channels/{channel.id}/messages/{channel.messages[0].id}")
    assert reply.refusal == (403, 50013)


async def test_what_is_gone_is_unknown(rest: Rest, guild: LocalGuild, channel: LocalChannel) -> None:
    sent = (await rest.post(channel.id, content="hello")).json["id"]
    channel.messages[0].delete()
    assert (await rest("PATCH", f"/channels/{channel.id}/messages/{sent}", {"content": "x"})).refusal == (404, 10008)
    assert (await rest("GET", f"/channels/{channel.id}/messages/{sent}")).refusal == (404, 10008)
    assert (await rest("DELETE", f"/channels/{channel.id}/messages/{sent}")).refusal == (404, 10008)
    channel.delete()
    assert (await rest.post(channel.id, content="hello")).refusal == (404, 10003)
    guild.delete()
    assert (await rest("GET", f"/guilds/{guild.id}")).refusal == (404, 10004)


async def test_a_bot_that_was_removed_has_no_access(rest: Rest, guild: LocalGuild, channel: LocalChannel) -> None:
    guild.kick_bot()
    assert (await rest.post(channel.id, content="hello")).refusal == (403, 50001)
    guild.invite_bot()
    assert (await rest.post(channel.id, content="hello")).status == 200


async def test_nothing_is_not_a_message(rest: Rest, channel: LocalChannel) -> None:
    assert (await rest.post(channel.id)).refusal == (400, 50006)
    assert (await rest.post(channel.id, content="  \n", embeds=[])).refusal == (400, 50006)
    await rest.post(channel.id, content="hello")
    path = f"/channels/{channel.id}/messages/{channel.messages[0].id}"
    assert (await rest("PATCH", path, {"content": ""})).refusal == (400, 50006)
    assert channel.messages[0].content == "hello"


async def test_an_edit_changes_what_it_names_and_nothing_else(
    rest: Rest, channel: LocalChannel, clock: FakeClock
) -> None:
    await rest.post(channel.id, content="hello", embeds=[EMBED])
    (message,) = channel.messages
    clock.jump(60)
    await rest("PATCH", f"/channels/{channel.id}/messages/{message.id}", {"content": "over"})
    assert message.content == "over"
    assert message.embeds
    await rest("PATCH", f"/channels/{channel.id}/messages/{message.id}", {"embeds": None})
    assert message.content == "over"
    assert not message.embeds
    assert message.edited_at == START + timedelta(seconds=60)
    assert message.edits == 2


async def test_others_messages_cannot_be_edited_and_deleted_only_by_moderators(
    rest: Rest, guild: LocalGuild, channel: LocalChannel
) -> None:
    theirs = guild.add_member("Ann").say(channel, "mine")
    path = f"/channels/{channel.id}/messages/{theirs.id}"
    assert (await rest("PATCH", path, {"content": "yours"})).refusal == (403, 50005)
    assert (await rest("DELETE", path)).refusal == (403, 50013)
    channel.allow("manage_messages")
    assert (await rest("DELETE", path)).status == 204
    assert channel.deleted_messages == [theirs]


async def test_what_others_wrote_is_hidden_without_the_privileged_intent(
    client: Client, rest: Rest, guild: LocalGuild, channel: LocalChannel
) -> None:
    ann = guild.add_member("Ann")
    ann.say(channel, "private matters")
    ann.say(channel, f"<@{client.discord.bot.id}> hello")
    await rest.post(channel.id, content="mine")
    assert contents(await rest("GET", f"/channels/{channel.id}/messages")) == [
        "mine",
        f"<@{client.discord.bot.id}> hello",
        "",
    ]


async def test_a_history_is_read_in_pages(rest: Rest, guild: LocalGuild, channel: LocalChannel) -> None:
    bot = f"<@{guild.bot_member.id}>"
    ann = guild.add_member("Ann")
    ids = [ann.say(channel, f"{bot} {number}").id for number in range(9)]

    async def page(query: str) -> list[int]:
        reply = await rest("GET", f"/channels/{channel.id}/messages?{query}")
        assert reply.status == 200, reply.text
        return [ids.index(int(message["id"])) for message in reply.json]

    assert await page("limit=3") == [8, 7, 6]
    assert await page(f"limit=3&before={ids[4]}") == [3, 2, 1]
    assert await page(f"limit=3&after={ids[4]}") == [7, 6, 5]
    assert await page(f"limit=3&around={ids[4]}") == [5, 4, 3]
    assert await page(f"limit=100&after={ids[8]}") == []
    assert await page("limit=100&after=0") == [8, 7, 6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "before=yesterday", "after=-1"])
async def test_a_page_that_cannot_be_is_refused(rest: Rest, channel: LocalChannel, query: str) -> None:
    assert (await rest("GET", f"/channels/{channel.id}/messages?{query}")).refusal == (400, 50035)


async def test_a_repeated_nonce_returns_the_message_that_is_there(rest: Rest, channel: LocalChannel) -> None:
    first = await rest.post(channel.id, content="first", nonce="n", enforce_nonce=True)
    again = await rest.post(channel.id, content="second", nonce="n", enforce_nonce=True)
    assert again.status == 200
    assert again.json == first.json
    assert [message.content for message in channel.messages] == ["first"]


async def test_a_nonce_counts_only_if_it_is_enforced_and_in_its_channel(
    rest: Rest, guild: LocalGuild, channel: LocalChannel
) -> None:
    other = guild.add_channel("other")
    for _ in range(2):
        await rest.post(channel.id, content="first", nonce="n")
    await rest.post(other.id, content="first", nonce="n", enforce_nonce=True)
    assert len(channel.messages) == 2
    assert len(other.messages) == 1


async def test_a_nonce_is_forgotten_after_its_window(clock: FakeClock) -> None:
    async with client_of(LocalDiscord(clock=clock, nonce_window=30.0)) as client:
        channel = client.discord.add_guild("Book club").system_channel
        for _ in range(2):
            await client.rest.post(channel.id, content="hello", nonce="n", enforce_nonce=True)
            clock.jump(29.9)
        assert len(channel.messages) == 1
        clock.jump(0.2)
        await client.rest.post(channel.id, content="hello", nonce="n", enforce_nonce=True)
        assert len(channel.messages) == 2


async def test_a_nonce_whose_message_was_deleted_is_unknown(rest: Rest, channel: LocalChannel) -> None:
    await rest.post(channel.id, content="hello", nonce="n", enforce_nonce=True)
    channel.messages[0].delete()
    assert (await rest.post(channel.id, content="hello", nonce="n", enforce_nonce=True)).refusal == (404, 10008)


async def test_the_history_shows_no_nonce(rest: Rest, channel: LocalChannel) -> None:
    await rest.post(channel.id, content="hello", nonce="n", enforce_nonce=True)
    (shown,) = (await rest("GET", f"/channels/{channel.id}/messages")).json
    assert "nonce" not in shown
    assert "nonce" not in (await rest("GET", f"/channels/{channel.id}/messages/{shown['id']}")).json


async def test_only_named_allowed_and_mentionable_roles_are_pinged(
    rest: Rest, guild: LocalGuild, channel: LocalChannel
) -> None:
    loud, silent = guild.add_role("loud"), guild.add_role("silent", mentionable=False)
    text = f"{loud.mention} {silent.mention} @everyone <@&{guild.id}>"
    await rest.post(channel.id, content=text)
    await rest.post(channel.id, content=text, allowed_mentions={"parse": []})
    await rest.post(channel.id, content=text, allowed_mentions={"roles": [str(silent.id)]})
    await rest.post(channel.id, content="hello", embeds=[{"description": text}])
    guild.set_bot_permissions("view_channel", "send_messages", "mention_everyone")
    await rest.post(channel.id, content=text)
    assert [message.pinged_roles for message in channel.messages] == [[loud], [], [], [], [loud, silent]]
    assert [message.pinged_everyone for message in channel.messages] == [False, False, False, False, True]


async def test_an_announcement_is_published_once(rest: Rest, guild: LocalGuild, channel: LocalChannel) -> None:
    news = guild.add_channel("news", kind="announcement")
    for place in (news, channel):
        await rest.post(place.id, content="hello")
    path = f"/channels/{news.id}/messages/{news.messages[0].id}/crosspost"
    assert (await rest("POST", path)).json["flags"] == 1
    assert (await rest("POST", path)).refusal == (400, 40033)
    path = f"/channels/{channel.id}/messages/{channel.messages[0].id}/crosspost"
    assert (await rest("POST", path)).refusal == (400, 50024)


async def test_a_private_channel_is_made_once(client: Client, rest: Rest, guild: LocalGuild) -> None:
    ann = guild.add_member("Ann")
    first = await rest("POST", "/users/@me/channels", {"recipient_id": str(ann.id)})
    again = await rest("POST", "/users/@me/channels", {"recipient_id": ann.id})
    assert first.json == again.json
    assert ann.user.dm is not None
    assert (await rest.post(int(first.json["id"]), content="hello")).status == 200
    assert (await rest("POST", "/users/@me/channels", {"recipient_id": "1"})).refusal == (404, 10013)
    assert (await rest("POST", "/users/@me/channels", {})).mistakes("recipient_id") == ["BASE_TYPE_REQUIRED"]


async def test_a_guild_shows_its_channels_roles_and_members(client: Client, rest: Rest, guild: LocalGuild) -> None:
    ann = guild.add_member("Ann", manage_guild=True)
    assert (await rest("GET", f"/guilds/{guild.id}")).json["name"] == "Book club"
    assert [each["name"] for each in (await rest("GET", f"/guilds/{guild.id}/channels")).json] == ["general"]
    roles = (await rest("GET", f"/guilds/{guild.id}/roles")).json
    assert [role["name"] for role in roles] == ["@everyone", "people", "spacebot", "moderators"]
    member = (await rest("GET", f"/guilds/{guild.id}/members/{ann.id}")).json
    assert member["roles"] == [str(role.id) for role in ann.roles]
    assert (await rest("GET", f"/guilds/{guild.id}/members/1")).refusal == (404, 10007)
    assert (await rest("GET", "/guilds/x")).refusal == (400, 50035)
