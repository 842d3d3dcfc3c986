"""What comes and goes: discord.py sees the local Discord's permissions, channels, guilds and threads change as Discord's."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from spacebot.sandbox.discord import Fault, LocalDiscord, LocalGuild, LocalThread
from tests.clocks import FakeClock
from tests.sandbox.openapi_discord import checker
from tests.sandbox.test_local_discord_discordpy import EMBED, Club, running

MAY = ("view_channel", "send_messages", "send_messages_in_threads", "embed_links", "read_message_history")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def local(clock: FakeClock) -> AsyncIterator[LocalDiscord]:
    documents = bool(os.environ.get("REFERENCE_DOCUMENTS"))
    async with LocalDiscord(clock=clock, checker=checker() if documents else None) as local:
        yield local


@pytest.fixture
def guild(local: LocalDiscord) -> LocalGuild:
    return local.add_guild("Book club", bot_permissions=MAY)


@pytest.fixture
async def bot(local: LocalDiscord, guild: LocalGuild, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Club]:
    async with running(local, monkeypatch) as bot:
        yield bot


def general(bot: Club, guild: LocalGuild) -> discord.TextChannel:
    channel = bot.get_channel(guild.system_channel.id)
    assert isinstance(channel, discord.TextChannel)
    return channel


def me_in(channel: discord.TextChannel) -> discord.Permissions:
    return channel.permissions_for(channel.guild.me)


async def heard(bot: Club, name: str, doing: Any) -> Any:
    """Do something, and return what the bot is told of it."""
    waiting = asyncio.create_task(bot.wait_for(name, timeout=5))
    await asyncio.sleep(0)
    doing()
    return await waiting


async def test_a_permission_is_taken_and_given_back(bot: Club, guild: LocalGuild) -> None:
    channel = general(bot, guild)
    await heard(bot, "guild_channel_update", lambda: guild.system_channel.deny("send_messages"))
    assert not me_in(channel).send_messages
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    assert refused.value.code == 50013
    await heard(bot, "guild_channel_update", lambda: guild.system_channel.allow("send_messages"))
    assert me_in(channel).send_messages
    await heard(bot, "guild_role_update", lambda: guild.set_bot_permissions("send_messages"))
    assert not me_in(channel).view_channel
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    assert refused.value.code == 50001
    await heard(bot, "guild_role_update", lambda: guild.set_bot_permissions(*MAY))
    await channel.send("hello")


async def test_without_embed_links_only_the_embed_is_lost(bot: Club, guild: LocalGuild) -> None:
    channel = general(bot, guild)
    await heard(bot, "guild_channel_update", lambda: guild.system_channel.deny("embed_links"))
    assert not me_in(channel).embed_links
    assert (await channel.send("hello", embed=EMBED)).embeds == []
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send(embed=EMBED)
    assert refused.value.code == 50013
    assert [message.embeds for message in guild.system_channel.messages] == [[]]


async def test_a_deleted_channel_is_gone(bot: Club, guild: LocalGuild) -> None:
    channel = general(bot, guild)
    await heard(bot, "guild_channel_delete", guild.system_channel.delete)
    assert bot.get_channel(channel.id) is None
    with pytest.raises(discord.NotFound) as gone:
        await channel.send("hello")
    assert gone.value.code == 10003
    seen = bot.get_guild(guild.id)
    assert seen is not None
    assert seen.system_channel is None


async def test_a_bot_that_is_removed_has_no_access_until_it_is_back(bot: Club, guild: LocalGuild) -> None:
    channel = general(bot, guild)
    sent = await channel.send("hello")
    await heard(bot, "guild_remove", guild.remove_bot)
    assert list(bot.guilds) == []
    for deed in (channel.send("hello"), sent.edit(content="x"), sent.delete(), bot.fetch_channel(channel.id)):
        with pytest.raises(discord.Forbidden) as refused:
            await deed
        assert refused.value.code == 50001
    with pytest.raises(discord.NotFound) as gone:
        await bot.fetch_guild(guild.id)
    assert gone.value.code == 10004
    back = await heard(bot, "guild_join", guild.invite_bot)
    assert [each.name for each in back.text_channels] == ["general"]
    await general(bot, guild).send("back")
    assert [message.content for message in guild.system_channel.messages] == ["hello", "back"]


async def test_a_guild_in_an_outage_is_still_the_bots(bot: Club, guild: LocalGuild) -> None:
    channel = general(bot, guild)
    seen = await heard(bot, "guild_unavailable", lambda: guild.set_unavailable(unavailable=True))
    assert seen.unavailable
    assert [each.id for each in bot.guilds] == [guild.id]
    with pytest.raises(discord.DiscordServerError) as down:
        await channel.send("hello")
    assert down.value.status == 503
    with pytest.raises(discord.DiscordServerError):
        await bot.fetch_guild(guild.id)
    added = guild.add_channel("made meanwhile")
    assert bot.get_channel(added.id) is None
    await heard(bot, "guild_available", lambda: guild.set_unavailable(unavailable=False))
    assert bot.get_channel(added.id) is not None
    await general(bot, guild).send("hello")


async def test_a_bot_that_starts_in_an_outage_gets_the_guild_when_it_is_over(
    local: LocalDiscord, guild: LocalGuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild.set_unavailable(unavailable=True)
    async with running(local, monkeypatch) as bot:
        assert bot.get_channel(guild.system_channel.id) is None
        assert [each.unavailable for each in bot.guilds] == [True]
        await heard(bot, "guild_available", lambda: guild.set_unavailable(unavailable=False))
        await general(bot, guild).send("hello")


@pytest.fixture
def thread(guild: LocalGuild) -> LocalThread:
    return guild.add_thread(guild.system_channel, "tonight")


async def test_a_thread_is_written_in_and_reopened_by_a_message(
    local: LocalDiscord, guild: LocalGuild, thread: LocalThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(local, monkeypatch) as bot:
        seen = bot.get_channel(thread.id)
        assert isinstance(seen, discord.Thread)
        mine = seen.permissions_for(seen.guild.me)
        assert mine.value == int(guild.bot_member.permissions_in(thread))
        assert mine.send_messages_in_threads
        sent = await seen.send("hello")
        await heard(bot, "thread_update", thread.archive)
        assert bot.get_channel(thread.id) is None, "an archived thread leaves discord.py's cache"
        with pytest.raises(discord.HTTPException) as refused:
            await sent.edit(content="over")
        assert (refused.value.status, refused.value.code) == (400, 50083)
        fetched = await bot.fetch_channel(thread.id)
        assert isinstance(fetched, discord.Thread)
        assert fetched.archived
        assert [message.content async for message in fetched.history()] == ["hello"]
        reopened = asyncio.create_task(bot.wait_for("thread_join", timeout=5))
        await fetched.send("again")
        assert not thread.archived
        assert (await reopened).id == thread.id
        await sent.edit(content="over")
        thread.archive(locked=True)
        with pytest.raises(discord.HTTPException) as refused:
            await fetched.send("hello")
        assert (refused.value.status, refused.value.code) == (400, 50083)
        thread.unarchive()
        await fetched.send("hello")
        assert [message.content for message in thread.messages] == ["over", "again", "hello"]


async def test_a_thread_is_made_and_goes(bot: Club, guild: LocalGuild) -> None:
    seen = await heard(bot, "thread_create", lambda: guild.add_thread(guild.system_channel, "tonight"))
    assert seen.parent == general(bot, guild)
    await heard(bot, "raw_thread_delete", guild.threads[seen.id].delete)
    with pytest.raises(discord.NotFound) as gone:
        await seen.send("hello")
    assert gone.value.code == 10003


async def test_threads_come_into_sight_with_their_channel(
    local: LocalDiscord, guild: LocalGuild, thread: LocalThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild.system_channel.deny("view_channel")
    async with running(local, monkeypatch) as bot:
        assert bot.get_channel(thread.id) is None
        seen = await heard(bot, "thread_join", lambda: guild.system_channel.allow("view_channel"))
        await seen.send("hello")


async def test_who_closes_private_messages_or_leaves_gets_none(bot: Club, guild: LocalGuild, clock: FakeClock) -> None:
    ann = guild.add_member("Ann")
    user = await bot.create_dm(discord.Object(ann.id))
    await user.send("hello")

    async def is_refused() -> bool:
        with pytest.raises(discord.Forbidden) as refused:
            await user.send("not wanted")
        return refused.value.code == 50007

    ann.accepts_dms = False
    assert await is_refused()
    ann.accepts_dms = True
    await user.send("again")
    clock.jump(5)
    guild.remove_bot()
    assert await is_refused()
    guild.invite_bot()
    ann.leave()
    assert await is_refused()
    assert [message.content for message in ann.dms] == ["hello", "again"]


async def test_automod_blocks_a_message(bot: Club, guild: LocalGuild) -> None:
    channel = general(bot, guild)
    rule = guild.add_automod_rule("tea")
    for words in ({"content": "tea"}, {"embed": EMBED}):
        with pytest.raises(discord.HTTPException) as blocked:
            await channel.send(**words)
        assert (blocked.value.status, blocked.value.code) == (400, 200000)
    rule.delete()
    await channel.send("tea")
    assert len(guild.system_channel.messages) == 1


async def test_a_message_is_deleted_once_by_whomever(bot: Club, guild: LocalGuild) -> None:
    channel = general(bot, guild)
    own, other = await channel.send("own"), await channel.send("other")
    await own.delete()
    guild.system_channel.by_id[other.id].delete()
    for deed in (own.delete(), other.delete(), own.edit(content="x"), other.edit(content="x")):
        with pytest.raises(discord.NotFound) as gone:
            await deed
        assert gone.value.code == 10008
    assert [message.content for message in guild.system_channel.deleted_messages] == ["own", "other"]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> list[float]:
    """The seconds of half a second and more that anybody sleeps; they pass at once, on the local Discord's clock."""
    waits: list[float] = []
    sleep = asyncio.sleep

    async def watched(delay: float, *rest: Any) -> Any:
        if delay < 0.5:
            return await sleep(delay, *rest)
        waits.append(delay)
        clock.jump(delay)
        return await sleep(0, *rest)

    monkeypatch.setattr(asyncio, "sleep", watched)
    return waits


async def old_message(bot: Club, guild: LocalGuild, clock: FakeClock) -> discord.Message:
    """One older than an hour, which takes no more edits."""
    message = await general(bot, guild).send("hello")
    clock.jump(3601)
    for number in range(3):
        await message.edit(content=str(number))
    return message


async def test_an_edit_too_many_of_an_old_message_waits_and_succeeds(
    bot: Club, local: LocalDiscord, guild: LocalGuild, clock: FakeClock, waits: list[float]
) -> None:
    local.limits.old_edits_window = 29.0
    message = await old_message(bot, guild, clock)
    await message.edit(content="late")
    assert waits == [29.0]
    assert guild.system_channel.messages[0].content == "late"


async def test_an_edit_too_many_of_an_old_message_is_given_up_where_the_wait_is_too_long(
    local: LocalDiscord,
    guild: LocalGuild,
    clock: FakeClock,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    local.limits.old_edits_window = 60.0
    async with running(local, monkeypatch, max_ratelimit_timeout=30.0) as bot:
        message = await old_message(bot, guild, clock)
        with pytest.raises(discord.RateLimited) as limited:
            await message.edit(content="late")
        assert limited.value.retry_after == 60
        assert not isinstance(limited.value, discord.HTTPException)
        assert len(local.refused) == 1, "it is not tried again"
        young = await general(bot, guild).send("young")
        await young.edit(content="younger")
        assert 60 not in waits
    assert [message.content for message in guild.system_channel.messages] == ["2", "younger"]


async def test_an_edit_that_stays_too_many_fails_after_five_tries(
    bot: Club, local: LocalDiscord, guild: LocalGuild, clock: FakeClock, waits: list[float]
) -> None:
    local.limits.old_edits = 0
    local.limits.old_edits_window = 10.0
    message = await general(bot, guild).send("hello")
    clock.jump(3601)
    with pytest.raises(discord.HTTPException) as refused:
        await message.edit(content="late")
    assert (refused.value.status, refused.value.code) == (429, 30046)
    assert "older than 1 hour" in str(refused.value)
    assert waits == [10.0] * 5
    assert len(local.refused) == 5


@pytest.mark.parametrize("scope", ["shared", "user", "global"])
async def test_an_ordered_limit_is_waited_out(
    bot: Club, local: LocalDiscord, guild: LocalGuild, waits: list[float], scope: Any
) -> None:
    local.fault("POST", "/messages$", Fault(status=429, retry_after=3.5, scope=scope, times=2))
    await general(bot, guild).send("hello")
    assert waits == [3.5, 3.5]
    assert [exchange.ordered for exchange in local.refused] == [True, True]


async def test_a_guilds_language_changes(bot: Club, guild: LocalGuild) -> None:
    known = bot.get_guild(guild.id)
    assert known is not None
    assert known.preferred_locale.value == "en-US"
    await heard(bot, "guild_update", lambda: guild.set_locale("pt-BR"))
    assert known.preferred_locale.value == "pt-BR"
