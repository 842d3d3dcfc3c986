"""Forums and announcement channels: threads begin with a message and the tags that are asked for; what is published is so once."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from spacebot.sandbox.discord import LocalDiscord, LocalForum, LocalGuild, LocalThread
from tests.clocks import FakeClock
from tests.sandbox.discord_bot import Club, club_with
from tests.sandbox.discord_client import Client, Reply, Rest, client_of
from tests.sandbox.openapi_discord import checker

MAY = ("view_channel", "send_messages", "send_messages_in_threads", "embed_links", "read_message_history")


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
    return client.discord.add_guild("Book club", bot_permissions=MAY)


@pytest.fixture
def forum(guild: LocalGuild) -> LocalForum:
    return guild.add_forum("spaces", tags=("Live", "Ended"))


async def begin(rest: Rest, forum: LocalForum, message: object = None, **more: object) -> Reply:
    body = {"name": "Night Radio", "message": {"content": "is live"} if message is None else message, **more}
    return await rest("POST", f"/channels/{forum.id}/threads", body)


async def begun(rest: Rest, forum: LocalForum, **more: object) -> LocalThread:
    reply = await begin(rest, forum, **more)
    assert reply.status == 201
    assert isinstance(forum.guild, LocalGuild)
    return forum.guild.threads[int(reply.json["id"])]


async def change(rest: Rest, thread: LocalThread, **what: object) -> Reply:
    return await rest("PATCH", f"/channels/{thread.id}", what)


async def test_a_thread_begins_with_a_message_of_its_own_id(client: Client, rest: Rest, forum: LocalForum) -> None:
    async with client.bot() as socket:
        await socket.event("GUILD_CREATE")
        reply = await begin(rest, forum, applied_tags=[str(forum.tag("Live").id)])
        assert (await socket.receive())["t"] == "THREAD_CREATE"
        assert (await socket.event("MESSAGE_CREATE"))["id"] == reply.json["id"]
    assert (reply.status, reply.json["type"], reply.json["parent_id"]) == (201, 11, str(forum.id))
    assert reply.json["message"]["id"] == reply.json["id"] == reply.json["message"]["channel_id"]
    assert reply.json["applied_tags"] == [str(forum.tag("Live").id)]
    assert (reply.json["message_count"], reply.json["total_message_sent"]) == (0, 0)
    first = f"/channels/{reply.json['id']}/messages/{reply.json['id']}"
    assert (await rest("PATCH", first, {"content": "is over"})).json["content"] == "is over"
    assert (await rest.post(int(reply.json["id"]), content="more")).status == 200
    shown = (await rest("GET", f"/channels/{reply.json['id']}")).json
    assert (shown["message_count"], shown["total_message_sent"]) == (1, 1)


async def test_nothing_is_posted_into_a_forum_itself(rest: Rest, forum: LocalForum) -> None:
    assert (await rest.post(forum.id, content="hello")).refusal == (400, 50008)


async def test_a_channel_that_is_no_forum_takes_no_such_thread(rest: Rest, guild: LocalGuild) -> None:
    body = {"name": "x", "message": {"content": "x"}}
    assert (await rest("POST", f"/channels/{guild.system_channel.id}/threads", body)).refusal == (400, 50024)


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ({"name": ""}, ["name"], "BASE_TYPE_REQUIRED"),
        ({"name": "x" * 101}, ["name"], "BASE_TYPE_BAD_LENGTH"),
        ({"auto_archive_duration": 5}, ["auto_archive_duration"], "BASE_TYPE_CHOICES"),
        ({"rate_limit_per_user": 21601}, ["rate_limit_per_user"], "NUMBER_TYPE_MAX"),
        ({"applied_tags": ["1"] * 6}, ["applied_tags"], "BASE_TYPE_BAD_LENGTH"),
        ({"applied_tags": ["x"]}, ["applied_tags"], "NUMBER_TYPE_COERCE"),
        ({"message": None}, ["message"], "BASE_TYPE_REQUIRED"),
        ({"message": {"content": "x" * 2001}}, ["message", "content"], "BASE_TYPE_MAX_LENGTH"),
    ],
)
async def test_what_breaks_a_limit_begins_no_thread(
    rest: Rest, forum: LocalForum, more: dict[str, Any], path: list[str], code: str
) -> None:
    body = {"name": "Night Radio", "message": {"content": "is live"}, **more}
    reply = await rest("POST", f"/channels/{forum.id}/threads", body)
    assert (reply.refusal, reply.mistakes(*path)) == ((400, 50035), [code])
    assert isinstance(forum.guild, LocalGuild)
    assert not forum.guild.threads


async def test_a_first_message_that_is_refused_begins_no_thread(
    rest: Rest, guild: LocalGuild, forum: LocalForum
) -> None:
    guild.add_automod_rule("tea")
    assert (await begin(rest, forum, {"content": "tea"})).refusal == (400, 200000)
    assert (await begin(rest, forum, {})).refusal == (400, 50006)
    forum.deny("embed_links")
    assert (await begin(rest, forum, {"embeds": [{"title": "x"}]})).refusal == (403, 50013)
    forum.deny("send_messages")
    assert (await begin(rest, forum)).refusal == (403, 50013)
    assert not guild.threads


async def test_tags_are_the_forums_own_and_there_where_they_must_be(
    rest: Rest, guild: LocalGuild, forum: LocalForum
) -> None:
    assert (await begin(rest, forum, applied_tags=["5"])).refusal == (404, 10087)
    forum.require_tag()
    assert (await rest("GET", f"/channels/{forum.id}")).json["flags"] == 1 << 4
    assert (await begin(rest, forum)).refusal == (400, 40067)
    live, ended = (str(forum.tag(name).id) for name in ("Live", "Ended"))
    thread = await begun(rest, forum, applied_tags=[live])
    assert (await change(rest, thread, applied_tags=[])).refusal == (400, 40067)
    assert (await change(rest, thread, applied_tags=[ended])).json["applied_tags"] == [ended]
    moderated = str(forum.add_tag("Pinned", moderated=True).id)
    assert (await change(rest, thread, applied_tags=[ended, moderated])).refusal == (403, 50013)
    guild.set_bot_permissions(*MAY, "manage_threads")
    assert (await change(rest, thread, applied_tags=[ended, moderated])).status == 200


async def test_whoever_began_a_thread_archives_renames_and_reopens_it(rest: Rest, forum: LocalForum) -> None:
    thread = await begun(rest, forum)
    assert (await change(rest, thread, name="Over")).json["name"] == "Over"
    assert (await change(rest, thread, archived=True)).json["thread_metadata"]["archived"] is True
    first = f"/channels/{thread.id}/messages/{thread.id}"
    assert (await rest("PATCH", first, {"content": "is over"})).refusal == (400, 50083)
    assert (await change(rest, thread, name="Again")).refusal == (400, 50083)
    assert (await change(rest, thread, archived=False)).json["thread_metadata"]["archived"] is False
    assert (await change(rest, thread, locked=True)).refusal == (403, 50013)


async def test_others_threads_are_for_moderators(rest: Rest, guild: LocalGuild, forum: LocalForum) -> None:
    thread = guild.add_thread(forum, "by somebody")
    assert (await change(rest, thread, archived=True)).refusal == (403, 50013)
    thread.archive()
    assert (await change(rest, thread, archived=False)).status == 200
    thread.archive(locked=True)
    assert (await change(rest, thread, archived=False)).refusal == (403, 50013)
    guild.set_bot_permissions(*MAY, "manage_threads")
    assert (await change(rest, thread, archived=False, locked=False)).status == 200
    assert not thread.locked
    assert (await rest("PATCH", f"/channels/{forum.id}", {"name": "x"})).refusal == (403, 50013)


async def test_ten_messages_an_hour_are_published(rest: Rest, guild: LocalGuild, clock: FakeClock) -> None:
    news = guild.add_channel("news", kind="announcement")
    paths = []
    for _ in range(11):
        clock.jump(5)
        paths.append(f"/channels/{news.id}/messages/{(await rest.post(news.id, content='x')).json['id']}/crosspost")
    for path in paths[:10]:
        clock.jump(1)
        assert (await rest("POST", path)).status == 200
    refused = await rest("POST", paths[10])
    assert refused.status == 429
    assert refused.json["retry_after"] > 3000
    clock.jump(refused.json["retry_after"])
    assert (await rest("POST", paths[10])).json["flags"] == 1


async def test_to_publish_takes_sending_and_of_others_managing(rest: Rest, guild: LocalGuild) -> None:
    news = guild.add_channel("news", kind="announcement")
    said = guild.add_member("Ann").say(news, "hello")
    path = f"/channels/{news.id}/messages/{said.id}/crosspost"
    assert (await rest("POST", path)).refusal == (403, 50013)
    news.allow("manage_messages")
    news.deny("send_messages")
    assert (await rest("POST", path)).refusal == (403, 50013)
    news.allow("send_messages")
    assert (await rest("POST", path)).json["flags"] == 1


async def test_forums_keep_discords_document() -> None:
    check = checker()
    async with client_of(LocalDiscord(checker=check)) as client:
        guild = client.discord.add_guild("Book club", bot_permissions=MAY)
        forum = guild.add_forum("spaces", tags=("Live",))
        thread = await begun(client.rest, forum, applied_tags=[str(forum.tag("Live").id)])
        await change(client.rest, thread, archived=True, applied_tags=[])
        await client.rest("GET", f"/channels/{forum.id}")
        await client.rest("GET", f"/channels/{thread.id}")
        await client.rest("GET", f"/guilds/{guild.id}/channels")
        forum.require_tag()
        assert (await begin(client.rest, forum)).refusal == (400, 40067)
        assert client.discord.violations == []
        assert not [note for note in check.notes if "GET" in note]


@pytest.fixture
async def club(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Club]:
    async with club_with(monkeypatch) as club:
        yield club


async def test_discord_py_begins_tags_edits_and_archives_a_thread(club: Club) -> None:
    club.guild.set_bot_permissions(*MAY)
    local = club.guild.add_forum("spaces", tags=("Live", "Ended"))
    forum = await club.bot.fetch_channel(local.id)
    assert isinstance(forum, discord.ForumChannel)
    live, ended = forum.available_tags
    begun = await forum.create_thread(name="Night Radio", content="is live", applied_tags=[live])
    assert (begun.thread.id, begun.thread.applied_tags) == (begun.message.id, [live])
    await begun.message.edit(content="is over")
    await begun.thread.edit(archived=True, applied_tags=[ended])
    (thread,) = club.guild.threads.values()
    assert (thread.archived, thread.tags, thread.messages[0].content) == (True, (ended.id,), "is over")


async def test_discord_py_publishes_an_announcement(club: Club) -> None:
    news = club.guild.add_channel("news", kind="announcement")
    sent = await club.bot.get_partial_messageable(news.id).send("hello")
    await sent.publish()
    assert news.messages[0].flags == 1
