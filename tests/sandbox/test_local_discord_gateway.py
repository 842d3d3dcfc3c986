"""The gateway: who is let in, what each session hears, and that a resumed one has missed nothing."""

from collections.abc import AsyncIterator

import pytest

from spacebot.sandbox.discord import LocalDiscord
from tests.clocks import FakeClock
from tests.sandbox.discord_client import UNPRIVILEGED, Client, Socket, client_of

GUILDS, GUILD_MEMBERS, MESSAGE_CONTENT, DIRECT_MESSAGES = 1 << 0, 1 << 1, 1 << 15, 1 << 12


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def client(clock: FakeClock) -> AsyncIterator[Client]:
    async with client_of(LocalDiscord(clock=clock)) as client:
        yield client


async def names(socket: Socket, count: int) -> list[str]:
    return [(await socket.receive())["t"] for _ in range(count)]


@pytest.mark.parametrize("query", ["?v=10&encoding=json", "?v=10&encoding=json&compress=zlib-stream"])
@pytest.mark.parametrize("binary", [False, True])
async def test_a_bot_is_welcomed_and_told_its_guilds(client: Client, query: str, binary: bool) -> None:
    guild = client.discord.add_guild("Book club")
    async with client.gateway(query) as socket:
        assert not client.discord.is_connected
        await socket.identify(binary=binary)
        ready = await socket.event("READY")
        assert ready["user"]["id"] == ready["application"]["id"] == str(client.discord.bot.id)
        assert ready["guilds"] == [{"id": str(guild.id), "unavailable": True}]
        assert ready["resume_gateway_url"] == client.discord.gateway_url
        told = await socket.event("GUILD_CREATE")
        assert told["name"] == "Book club"
        assert told["unavailable"] is False
        assert [member["user"]["id"] for member in told["members"]] == [str(client.discord.bot.id)]
        await client.discord.connected()


@pytest.mark.parametrize(
    ("identify", "code"),
    [
        ({"token": "nonsense"}, 4004),
        ({"intents": GUILDS | GUILD_MEMBERS}, 4014),
        ({"intents": GUILDS | MESSAGE_CONTENT}, 4014),
        ({"intents": 1 << 40}, 4013),
        ({"intents": None}, 4013),
        ({"shard": [1, 1]}, 4010),
        ({"shard": "0"}, 4010),
        ({"properties": None}, 4002),
    ],
)
async def test_who_identifies_wrongly_is_closed_out(client: Client, identify: dict[str, object], code: int) -> None:
    async with client.gateway() as socket:
        await socket.identify(**{"intents": UNPRIVILEGED, **identify})  # type: ignore[arg-type] # wrong on purpose
        assert await socket.close_code() == code


@pytest.mark.parametrize(
    ("query", "code"), [("?v=9&encoding=json", 4012), ("?encoding=json", 4012), ("?v=10&encoding=etf", 4002)]
)
async def test_only_version_10_and_json_are_spoken(client: Client, query: str, code: int) -> None:
    async with client.gateway(query, hello=False) as socket:
        assert await socket.close_code() == code


async def test_nonsense_closes_the_connection(client: Client) -> None:
    for text in ("{", "[1]"):
        async with client.gateway() as socket:
            await socket.send_raw(text)
            assert await socket.close_code() == 4002
    async with client.gateway() as socket:
        await socket.send(8, {})
        assert await socket.close_code() == 4003
    async with client.gateway() as socket:
        await socket.identify()
        await socket.identify()
        assert await socket.close_code() == 4005
    async with client.gateway() as socket:
        await socket.identify()
        await socket.send(99, {})
        assert await socket.close_code() == 4001


async def test_a_heartbeat_is_acknowledged(client: Client) -> None:
    async with client.gateway() as socket:
        await socket.send(1, None)
        assert (await socket.receive())["op"] == 11


async def test_who_sends_too_much_is_closed_out(client: Client) -> None:
    async with client.gateway() as socket:
        for _ in range(121):
            await socket.send(1, None)
        assert await socket.close_code() == 4008


async def test_more_guilds_than_a_shard_holds_need_shards(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacebot.sandbox.discord.gateway.GUILDS_PER_SHARD", 2)
    for number in range(3):
        client.discord.add_guild(f"Club {number}")
    async with client.gateway() as socket:
        await socket.identify()
        assert await socket.close_code() == 4011
    async with client.gateway() as socket:
        await socket.identify(shard=[0, 2])
        assert (await socket.event("READY"))["shard"] == [0, 2]


async def test_each_shard_hears_of_its_own_guilds(client: Client) -> None:
    guilds = [client.discord.add_guild(f"Club {number}") for number in range(8)]
    heard: list[list[str]] = []
    async with client.gateway() as first, client.gateway() as second:
        for shard, socket in enumerate((first, second)):
            await socket.identify(shard=[shard, 2])
            ready = await socket.event("READY")
            heard.append([guild["id"] for guild in ready["guilds"]])
            assert client.discord.is_connected is (shard == 1 and await told(socket, len(heard[1])))
        for shard, ids in enumerate(heard):
            assert ids == [str(guild.id) for guild in guilds if (guild.id >> 22) % 2 == shard]
            assert ids
        for guild in guilds:
            guild.rename("New name")
            socket = (first, second)[(guild.id >> 22) % 2]
            assert (await socket.event("GUILD_UPDATE"))["id"] == str(guild.id)


async def told(socket: Socket, guilds: int) -> bool:
    for _ in range(guilds):
        await socket.event("GUILD_CREATE")
    return True


async def test_everything_that_happens_is_told_in_order(client: Client) -> None:
    guild = client.discord.add_guild("Book club")
    async with client.gateway() as socket:
        await socket.identify()
        await socket.event("GUILD_CREATE")
        channel = guild.add_channel("spaces")
        channel.rename("rooms")
        channel.deny("send_messages")
        channel.delete()
        role = guild.add_role("listeners")
        role.edit(mentionable=False)
        guild.bot_member.add_role(role)
        role.delete()
        guild.rename("Tea club")
        guild.set_unavailable(unavailable=True)
        guild.set_unavailable(unavailable=False)
        guild.kick_bot()
        guild.add_channel("not for the bot")
        guild.invite_bot()
        assert await names(socket, 13) == [
            "CHANNEL_CREATE",
            "CHANNEL_UPDATE",
            "CHANNEL_UPDATE",
            "CHANNEL_DELETE",
            "GUILD_ROLE_CREATE",
            "GUILD_ROLE_UPDATE",
            "GUILD_MEMBER_UPDATE",
            "GUILD_ROLE_DELETE",
            "GUILD_UPDATE",
            "GUILD_DELETE",
            "GUILD_CREATE",
            "GUILD_DELETE",
            "GUILD_CREATE",
        ]


async def test_only_what_was_asked_for_is_told(client: Client) -> None:
    guild = client.discord.add_guild("Book club")
    ann = guild.add_member("Ann")
    async with client.gateway() as talkative, client.gateway() as quiet:
        await talkative.identify(intents=UNPRIVILEGED)
        await quiet.identify(intents=GUILDS)
        for socket in (talkative, quiet):
            await socket.event("GUILD_CREATE")
        await client.rest.post(guild.system_channel.id, content="hello", nonce="n")
        ann.add_role(guild.add_role("listeners"))
        assert await names(quiet, 1) == ["GUILD_ROLE_CREATE"]
        created = await talkative.event("MESSAGE_CREATE")
        assert (created["content"], created["nonce"]) == ("hello", "n")
        assert created["guild_id"] == str(guild.id)


async def test_a_resumed_session_gets_what_it_missed_and_only_that(client: Client) -> None:
    guild = client.discord.add_guild("Book club")
    async with client.gateway() as socket:
        await socket.identify()
        session = (await socket.event("READY"))["session_id"]
        await socket.event("GUILD_CREATE")
        seen = socket.sequence
        client.discord.drop_gateway(resumable=True, code=4000)
        assert await socket.close_code() == 4000
    assert not client.discord.is_connected
    guild.add_channel("missed")
    async with client.gateway() as socket:
        await socket.resume(session, seen)
        assert (await socket.event("CHANNEL_CREATE"))["name"] == "missed"
        assert (await socket.receive())["t"] == "RESUMED"
        await client.discord.connected()
        guild.add_channel("live")
        assert (await socket.event("CHANNEL_CREATE"))["name"] == "live"


async def test_a_session_that_is_gone_cannot_be_resumed(client: Client, clock: FakeClock) -> None:
    client.discord.add_guild("Book club")

    async def session_after(*, resumable: bool, wait: float) -> dict[str, object]:
        async with client.gateway() as socket:
            await socket.identify()
            session = (await socket.event("READY"))["session_id"]
            await socket.event("GUILD_CREATE")
            client.discord.drop_gateway(resumable=resumable, code=None)
        clock.jump(wait)
        async with client.gateway() as again:
            await again.resume(session, 2)
            return await again.receive()

    for resumable, wait in ((False, 0.0), (True, 181.0)):
        answer = await session_after(resumable=resumable, wait=wait)
        assert (answer["op"], answer["d"]) == (9, False)
    assert (await session_after(resumable=True, wait=179.0))["t"] == "RESUMED"


async def test_a_sequence_that_was_never_sent_closes_the_connection(client: Client) -> None:
    async with client.gateway() as socket:
        await socket.identify()
        session = (await socket.event("READY"))["session_id"]
        client.discord.drop_gateway()
    async with client.gateway() as socket:
        await socket.resume(session, 99)
        assert await socket.close_code() == 4007


async def test_a_bot_that_says_good_bye_is_gone(client: Client) -> None:
    async with client.gateway() as socket:
        await socket.identify()
        session = (await socket.event("READY"))["session_id"]
        await client.discord.connected()
    await client.discord.wait_for(lambda: not client.discord.is_connected)
    async with client.gateway() as socket:
        await socket.resume(session, 1)
        assert (await socket.receive())["op"] == 9


async def test_each_start_counts(client: Client) -> None:
    before = (await client.rest("GET", "/gateway/bot")).json
    assert before["url"] == client.discord.gateway_url
    assert before["shards"] == 1
    async with client.gateway() as socket:
        await socket.identify()
        await socket.event("READY")
    after = (await client.rest("GET", "/gateway/bot")).json
    assert before["session_start_limit"]["remaining"] - after["session_start_limit"]["remaining"] == 1


async def test_an_event_goes_out_as_it_is_given_and_is_replayed_as_any_other(client: Client) -> None:
    client.discord.add_guild("Book club")
    async with client.gateway() as socket:
        await socket.identify()
        ready = await socket.event("READY")
        await client.discord.connected()
        client.discord.send_event("CHANNEL_UPDATE", {"id": None, "odd": [1]})
        assert await socket.event("CHANNEL_UPDATE") == {"id": None, "odd": [1]}
        sequence = socket.sequence
        client.discord.drop_gateway()
    client.discord.send_event("NO_SUCH_EVENT", [], shard=0)
    async with client.gateway() as socket:
        await socket.resume(ready["session_id"], sequence)
        assert await names(socket, 2) == ["NO_SUCH_EVENT", "RESUMED"]


async def test_what_can_be_no_event_is_not_sent(client: Client) -> None:
    with pytest.raises(RuntimeError, match="no session"):
        client.discord.send_event("READY", {})
    async with client.bot():
        for name in ("", "channel_update", "CHANNEL UPDATE", "_X"):
            with pytest.raises(ValueError, match="no name"):
                client.discord.send_event(name, {})
        with pytest.raises(TypeError):
            client.discord.send_event("CHANNEL_UPDATE", object())
        with pytest.raises(RuntimeError, match="no session"):
            client.discord.send_event("CHANNEL_UPDATE", {}, shard=1)


async def test_ready_lacks_what_it_is_told_to_lack(client: Client) -> None:
    client.discord.leave_out_of_ready("shard", "application")
    async with client.gateway() as socket:
        await socket.identify()
        assert {"shard", "application"} & (await socket.event("READY")).keys() == set()
    client.discord.leave_out_of_ready()
    async with client.gateway() as socket:
        await socket.identify()
        assert (await socket.event("READY"))["shard"] == [0, 1]
    with pytest.raises(ValueError, match="session_id"):
        client.discord.leave_out_of_ready("shard", "session_id")


async def test_it_hangs_up_as_often_as_it_is_told_to(client: Client) -> None:
    client.discord.hang_up(2)
    for _ in range(2):
        async with client.gateway(hello=False) as socket:
            assert await socket.close_code() == 1001
    async with client.bot():
        assert client.discord.is_connected
