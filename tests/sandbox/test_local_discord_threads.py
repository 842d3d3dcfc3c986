"""Threads: who may write in an active, archived or locked one, and which of them the bot is told of."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from spacebot.sandbox.discord import LocalChannel, LocalDiscord, LocalGuild, LocalThread, NotOffered
from tests.clocks import START, FakeClock
from tests.sandbox.discord_client import Client, Rest, Socket, client_of

IN_THREADS = ("view_channel", "send_messages_in_threads", "embed_links", "read_message_history")


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
    return client.discord.add_guild("Book club", bot_permissions=IN_THREADS)


@pytest.fixture
def channel(guild: LocalGuild) -> LocalChannel:
    return guild.system_channel


@pytest.fixture
def thread(guild: LocalGuild, channel: LocalChannel) -> LocalThread:
    return guild.add_thread(channel, "tonight")


async def event(socket: Socket) -> tuple[str, dict[str, object]]:
    received = await socket.receive()
    return received["t"], received["d"]


async def test_a_message_stands_in_its_thread_and_not_in_the_channel(
    rest: Rest, channel: LocalChannel, thread: LocalThread
) -> None:
    assert (await rest.post(thread.id, content="hello")).json["channel_id"] == str(thread.id)
    assert [message.content for message in thread.messages] == ["hello"]
    assert channel.messages == []
    assert (await rest("GET", f"/channels/{channel.id}/messages")).json == []


async def test_to_write_in_threads_takes_a_permission_of_its_own(
    rest: Rest, channel: LocalChannel, thread: LocalThread
) -> None:
    channel.deny("send_messages")
    assert (await rest.post(thread.id, embeds=[{"title": "Tea"}])).json["embeds"]
    assert (await rest.post(channel.id, content="hello")).refusal == (403, 50013)
    channel.deny("send_messages_in_threads")
    channel.allow("send_messages")
    assert (await rest.post(thread.id, content="hello")).refusal == (403, 50013)
    assert (await rest.post(channel.id, content="hello")).status == 200


async def test_a_thread_has_the_permissions_of_its_channel_and_none_of_its_own(
    rest: Rest, channel: LocalChannel, thread: LocalThread
) -> None:
    channel.deny("view_channel")
    assert (await rest.post(thread.id, content="hello")).refusal == (403, 50001)
    channel.clear_overwrites()
    assert (await rest.post(thread.id, content="hello")).status == 200
    with pytest.raises(NotOffered):
        thread.deny("view_channel")
    with pytest.raises(NotOffered):
        thread.clear_overwrites()


async def test_a_thread_shows_its_state(
    rest: Rest, channel: LocalChannel, thread: LocalThread, clock: FakeClock
) -> None:
    path = f"/channels/{thread.id}"
    shown = (await rest("GET", path)).json
    assert (shown["type"], shown["parent_id"], shown["name"]) == (11, str(channel.id), "tonight")
    assert shown["thread_metadata"]["archived"] is shown["thread_metadata"]["locked"] is False
    assert shown["thread_metadata"]["archive_timestamp"] == START.isoformat()
    for _ in range(2):
        await rest.post(thread.id, content="hello")
    await rest("DELETE", f"{path}/messages/{thread.messages[0].id}")
    clock.jump(60)
    thread.archive(locked=True)
    shown = (await rest("GET", path)).json
    assert (shown["message_count"], shown["total_message_sent"]) == (1, 2)
    assert shown["thread_metadata"]["archived"] is shown["thread_metadata"]["locked"] is True
    assert shown["thread_metadata"]["archive_timestamp"] != START.isoformat()
    assert len((await rest("GET", f"{path}/messages")).json) == 1, "the history of an archived thread can be read"


async def test_a_message_reopens_an_archived_thread(client: Client, rest: Rest, thread: LocalThread) -> None:
    thread.archive()
    async with client.bot() as socket:
        await socket.event("GUILD_CREATE")
        assert (await rest.post(thread.id, content="hello")).status == 200
        assert not thread.archived
        name, data = await event(socket)
        assert (name, data["id"]) == ("THREAD_UPDATE", str(thread.id))
        assert (await event(socket))[0] == "MESSAGE_CREATE"
    thread.archive()
    assert (await rest.post(thread.id)).refusal == (400, 50006)
    assert thread.archived, "what was refused reopens nothing"


async def test_nobody_but_a_moderator_writes_in_a_locked_thread(
    rest: Rest, channel: LocalChannel, thread: LocalThread
) -> None:
    await rest.post(thread.id, content="hello")
    message = f"/channels/{thread.id}/messages/{thread.messages[0].id}"
    thread.archive(locked=True)
    assert (await rest.post(thread.id, content="hello")).refusal == (400, 50083)
    assert (await rest("PATCH", message, {"content": "over"})).refusal == (400, 50083)
    assert (await rest("DELETE", message)).refusal == (400, 50083)
    assert thread.archived
    thread.unarchive(locked=True)
    assert (await rest.post(thread.id, content="hello")).refusal == (400, 160005)
    assert (await rest("PATCH", message, {"content": "over"})).refusal == (400, 160005)
    channel.allow("manage_threads")
    thread.archive(locked=True)
    assert (await rest.post(thread.id, content="hello")).status == 200
    assert (thread.archived, thread.locked) == (False, True)
    assert (await rest("PATCH", message, {"content": "over"})).status == 200
    channel.clear_overwrites()
    thread.unarchive()
    assert (await rest.post(thread.id, content="hello")).status == 200


async def test_in_an_archived_thread_messages_are_deleted_but_not_edited(rest: Rest, thread: LocalThread) -> None:
    await rest.post(thread.id, content="hello")
    message = f"/channels/{thread.id}/messages/{thread.messages[0].id}"
    thread.archive()
    assert (await rest("PATCH", message, {"content": "over"})).refusal == (400, 50083)
    assert thread.messages[0].content == "hello"
    assert (await rest("DELETE", message)).status == 204
    assert thread.archived


async def test_only_active_threads_are_told_at_the_start(
    client: Client, guild: LocalGuild, thread: LocalThread
) -> None:
    guild.add_thread(guild.system_channel, "yesterday").archive()
    hidden = guild.add_channel("board")
    hidden.deny("view_channel")
    guild.add_thread(hidden, "secrets")
    async with client.gateway() as socket:
        await socket.identify()
        told = await socket.event("GUILD_CREATE")
        assert [each["name"] for each in told["threads"]] == [thread.name]
        assert str(thread.id) not in [each["id"] for each in told["channels"]]
    active = (await client.rest("GET", f"/guilds/{guild.id}/threads/active")).json
    assert [each["name"] for each in active["threads"]] == [thread.name]


async def test_what_happens_to_threads_in_sight_is_told(
    client: Client, guild: LocalGuild, channel: LocalChannel
) -> None:
    ann = guild.add_member("Ann")
    async with client.bot() as socket:
        await socket.event("GUILD_CREATE")
        thread = guild.add_thread(channel, "tonight", by=ann)
        thread.archive(locked=True)
        thread.rename("last night")
        thread.delete()
        told = [await event(socket) for _ in range(4)]
        assert [name for name, _ in told] == ["THREAD_CREATE", "THREAD_UPDATE", "THREAD_UPDATE", "THREAD_DELETE"]
        assert (told[0][1]["owner_id"], told[0][1]["newly_created"]) == (str(ann.id), True)
        assert told[2][1]["name"] == "last night"
        assert told[3][1].keys() == {"id", "guild_id", "parent_id", "type"}
        channel.deny("view_channel")
        guild.add_thread(channel, "secrets")
        guild.rename("Tea club")
        assert [(await event(socket))[0] for _ in range(2)] == ["CHANNEL_UPDATE", "GUILD_UPDATE"]


@pytest.mark.parametrize("how", ["channel", "role", "member"])
async def test_threads_that_come_into_sight_are_told(
    client: Client, guild: LocalGuild, channel: LocalChannel, how: str
) -> None:
    viewers = guild.add_role("viewers")
    if how == "channel":
        channel.deny("view_channel")
    else:
        guild.set_bot_permissions()
    thread = guild.add_thread(channel, "tonight")
    guild.add_thread(channel, "yesterday").archive()
    if how == "member":
        viewers.edit(permissions=["view_channel"])
    async with client.bot() as socket:
        assert (await socket.event("GUILD_CREATE"))["threads"] == []
        if how == "channel":
            channel.allow("view_channel")
        elif how == "role":
            guild.set_bot_permissions("view_channel")
        else:
            guild.bot_member.add_role(viewers)
        told = await socket.event("THREAD_LIST_SYNC")
        assert told["channel_ids"] == [str(channel.id)]
        assert [each["id"] for each in told["threads"]] == [str(thread.id)]
        guild.set_bot_permissions("view_channel", "send_messages")
        assert (await event(socket))[0] == "GUILD_ROLE_UPDATE"
        guild.rename("Tea club")
        assert (await event(socket))[0] == "GUILD_UPDATE", "what was in sight already is not told again"


async def test_what_is_gone_is_unknown(
    rest: Rest, guild: LocalGuild, channel: LocalChannel, thread: LocalThread
) -> None:
    other = guild.add_thread(channel, "tomorrow")
    other.delete()
    assert (await rest.post(other.id, content="hello")).refusal == (404, 10003)
    channel.delete()
    assert (await rest.post(thread.id, content="hello")).refusal == (404, 10003)
    assert (await rest("GET", f"/guilds/{guild.id}/threads/active")).json["threads"] == []
    kept = guild.add_thread(guild.add_channel("news", kind="announcement"), "tomorrow")
    assert (await rest("GET", f"/channels/{kept.id}")).json["type"] == 10
    guild.delete()
    assert (await rest("GET", f"/channels/{kept.id}")).refusal == (404, 10003)


async def test_commands_are_used_in_active_threads_only(client: Client, guild: LocalGuild, thread: LocalThread) -> None:
    ann = guild.add_member("Ann")
    await client.rest(
        "POST", f"/applications/{client.discord.application_id}/commands", {"name": "live", "description": "Live?"}
    )
    async with client.bot() as socket:
        using = asyncio.create_task(ann.use(thread, "live"))
        asked = await socket.event("INTERACTION_CREATE")
        assert asked["channel"]["thread_metadata"]["archived"] is False
        path = f"/interactions/{asked['id']}/{asked['token']}/callback"
        assert (await client.rest("POST", path, {"type": 4, "data": {"content": "yes"}})).status == 204
        assert (await (await using).reply()) is thread.messages[0]
    thread.archive()
    with pytest.raises(NotOffered, match="archived"):
        await ann.use(thread, "live")


async def test_a_private_thread_is_there_for_whom_it_lets_in(
    client: Client, rest: Rest, guild: LocalGuild, channel: LocalChannel
) -> None:
    ann, bob = guild.add_member("Ann"), guild.add_member("Bob")
    async with client.bot() as socket:
        await socket.event("GUILD_CREATE")
        thread = guild.add_thread(channel, "between us", by=ann, private=True)
        assert ann.permissions_in(thread) == ann.permissions_in(channel)
        assert bob.permissions_in(thread) == 0
        assert (await rest.post(thread.id, content="hello")).refusal == (403, 50001)
        assert (await rest("GET", f"/guilds/{guild.id}/threads/active")).json["threads"] == []
        thread.let_in(client.discord.bot)
        name, data = await event(socket)
        assert (name, data["type"], data["id"]) == ("THREAD_CREATE", 12, str(thread.id))
    assert (await rest.post(thread.id, content="hello")).status == 200
    moderator = guild.add_role("mods", permissions=1 << 34)
    bob.add_role(moderator)
    assert bob.permissions_in(thread) == bob.permissions_in(channel) != 0
    channel.overwrite(guild.everyone, deny=("view_channel",))
    channel.overwrite(guild.people, deny=("view_channel",))
    assert ann.permissions_in(thread) == 0, "who is let in sees nothing where the channel is hidden"
