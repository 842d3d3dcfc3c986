"""AutoMod: a keyword blocks the messages that it should, in sending and editing, and no others."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.sandbox.discord import LocalDiscord, LocalGuild, LocalRule
from tests.clocks import FakeClock
from tests.sandbox.discord_client import Client, client_of

BLOCKED = (400, 200000)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def client(clock: FakeClock) -> AsyncIterator[Client]:
    async with client_of(LocalDiscord(clock=clock)) as client:
        yield client


@pytest.fixture
def guild(client: Client) -> LocalGuild:
    return client.discord.add_guild("Book club")


@pytest.mark.parametrize(
    ("keyword", "blocked", "passed"),
    [
        ("tea", ["tea", "Hot TEA!", "tea-time"], ["teapot", "plateau", "te a", ""]),
        ("tea*", ["tea", "teapot"], ["plateau"]),
        ("*tea", ["tea", "chaitea"], ["teapot"]),
        ("*tea*", ["tea", "plateau", "TEAPOT"], ["te a"]),
        ("*", ["tea", ""], []),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_a_keyword_is_a_word_or_a_part_of_one(keyword: str, blocked: list[str], passed: list[str]) -> None:
    rule = LocalRule(rules=[], keyword=keyword)
    assert [text for text in [*blocked, *passed] if rule.blocks([text])] == blocked


@given(before=st.text(), keyword=st.text(st.characters(exclude_characters="*"), min_size=1), after=st.text())
def test_what_may_stand_anywhere_is_found_anywhere(before: str, keyword: str, after: str) -> None:
    assert LocalRule(rules=[], keyword=f"*{keyword}*").blocks([before + keyword + after])


async def test_a_rule_blocks_sending_and_editing_until_it_is_deleted(
    client: Client, guild: LocalGuild, clock: FakeClock
) -> None:
    rest, channel = client.rest, guild.system_channel
    rule = guild.add_automod_rule("tea")
    refused = await rest.post(channel.id, content="Some tea?")
    assert refused.refusal == BLOCKED
    assert refused.json["message"] == "Message was blocked by automatic moderation"
    assert channel.messages == []
    for embed in (
        {"title": "tea"},
        {"description": "tea"},
        {"title": "x", "author": {"name": "tea"}},
        {"title": "x", "footer": {"text": "tea"}},
        {"fields": [{"name": "tea", "value": "x"}]},
        {"fields": [{"name": "x", "value": "tea"}]},
    ):
        clock.jump(5)
        assert (await rest.post(channel.id, embeds=[embed])).refusal == BLOCKED, embed
    assert (await rest.post(channel.id, content="Coffee")).status == 200
    path = f"/channels/{channel.id}/messages/{channel.messages[0].id}"
    assert (await rest("PATCH", path, {"content": "tea"})).refusal == BLOCKED
    assert channel.messages[0].content == "Coffee"
    rule.delete()
    rule.delete()
    assert (await rest("PATCH", path, {"content": "tea"})).status == 200


async def test_a_rule_spares_exempt_channels_their_threads_and_who_manages_the_guild(
    client: Client, guild: LocalGuild
) -> None:
    kitchen = guild.add_channel("kitchen")
    thread = guild.add_thread(kitchen, "cups")
    other = guild.add_thread(guild.system_channel, "tonight")
    guild.set_bot_permissions("view_channel", "send_messages", "send_messages_in_threads")
    guild.add_automod_rule("tea", exempt=[kitchen])
    assert (await client.rest.post(kitchen.id, content="tea")).status == 200
    assert (await client.rest.post(thread.id, content="tea")).status == 200
    assert (await client.rest.post(other.id, content="tea")).refusal == BLOCKED
    guild.set_bot_permissions("view_channel", "send_messages", "send_messages_in_threads", "manage_guild")
    assert (await client.rest.post(other.id, content="tea")).status == 200


async def test_a_rule_holds_in_its_own_guild_only(client: Client, guild: LocalGuild) -> None:
    guild.add_automod_rule("tea")
    assert (await client.rest.post(client.discord.add_guild("Tea club").system_channel.id, content="tea")).status == 200
    dm = (await client.rest("POST", "/users/@me/channels", {"recipient_id": guild.owner.id})).json
    assert (await client.rest.post(int(dm["id"]), content="tea")).status == 200
    assert [message.content for message in guild.owner.dms] == ["tea"]
