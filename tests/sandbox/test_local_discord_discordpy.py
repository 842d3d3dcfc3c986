"""discord.py, unmodified, takes the local Discord for the real one."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands
from discord.ext import commands

from spacebot.sandbox.discord import Fault, LocalDiscord, NotOffered
from tests.clocks import FakeClock, run_until
from tests.sandbox.openapi_discord import checker

EMBED = discord.Embed(title="Tea", url="https://x.com/i/spaces/1abc#live", description="Ann is live")


class Club(commands.Bot):
    """A bot with one command of each kind."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.05,
            **options,
        )
        self.resumes = 0

    async def setup_hook(self) -> None:
        self.tree.add_command(Watch())
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait five seconds."""

    async def on_resumed(self) -> None:
        self.resumes += 1


class Watch(app_commands.Group):
    """What the club's members can ask for."""

    def __init__(self) -> None:
        super().__init__(
            name="watch",
            description="Follow hosts",
            guild_only=True,
            default_permissions=discord.Permissions(manage_guild=True),
        )

    @app_commands.command(description="Follow a host")
    @app_commands.describe(host="Whom", channel="Where")
    async def add(
        self,
        interaction: discord.Interaction[Club],
        host: app_commands.Range[str, 1, 20],
        channel: discord.TextChannel | None = None,
        role: discord.Role | None = None,
    ) -> None:
        place = channel.mention if channel else "here"
        await interaction.response.send_message(f"{host} {place} {role.name if role else ''}", ephemeral=True)

    @app_commands.command(description="All that is followed")
    async def all(self, interaction: discord.Interaction[Club]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.edit_original_response(content="nobody", embed=EMBED)
        await interaction.followup.send("really nobody")

    @app_commands.command(description="Stop following a host")
    async def remove(self, interaction: discord.Interaction[Club], host: str) -> None:
        view = discord.ui.View(timeout=None)
        view.add_item(Yes(host))
        await interaction.response.send_message(f"Stop following {host}?", view=view)

    @remove.autocomplete("host")
    async def _hosts(self, _: discord.Interaction[Club], typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"@{name}", value=name) for name in ("ann", "bob") if typed in name]

    @app_commands.command(description="Never answers")
    async def silent(self, interaction: discord.Interaction[Club]) -> None:
        pass


class Yes(discord.ui.Button[discord.ui.View]):
    def __init__(self, host: str) -> None:
        super().__init__(label="Yes", custom_id=f"yes:{host}")
        self.host = host

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.edit_message(content=f"{self.host} is not followed any more", view=None)


@asynccontextmanager
async def running(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[Club]:
    """The bot, connected; at the end nothing of the document may have been broken."""
    monkeypatch.setattr(discord.http.Route, "BASE", local.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(local.gateway_url))
    bot = Club(**options)
    task = asyncio.create_task(bot.start(local.token))
    try:
        await local.connected()
        async with asyncio.timeout(10):
            await bot.wait_until_ready()
        yield bot
    finally:
        await bot.close()
        with suppress(asyncio.CancelledError):
            await task
    assert local.violations == []


@pytest.fixture
async def local() -> AsyncIterator[LocalDiscord]:
    documents = bool(os.environ.get("REFERENCE_DOCUMENTS"))
    async with LocalDiscord(checker=checker() if documents else None) as local:
        yield local


async def test_it_logs_in_and_sees_its_guilds(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    first = local.add_guild("Book club")
    async with running(local, monkeypatch) as bot:
        assert bot.user is not None
        assert bot.user.id == bot.application_id == local.bot.id
        assert [guild.name for guild in bot.guilds] == ["Book club"]
        second = local.add_guild("Newcomers")
        announcements = second.add_channel("news", kind="announcement")
        await bot.wait_for("guild_channel_create", timeout=5)
        seen = bot.get_channel(announcements.id)
        assert isinstance(seen, discord.TextChannel)
        assert seen.is_news()
        first.kick_bot()
        await bot.wait_for("guild_remove", timeout=5)
        assert [guild.id for guild in bot.guilds] == [second.id]


async def test_it_counts_its_permissions_as_the_server_does(
    local: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = local.add_guild("Book club")
    open_channel, closed = guild.system_channel, guild.add_channel("closed")
    closed.deny("send_messages", "embed_links")
    role = guild.add_role("listeners", mentionable=True)
    async with running(local, monkeypatch) as bot:
        seen = bot.get_guild(guild.id)
        assert seen is not None
        for channel in (open_channel, closed):
            place = seen.get_channel(channel.id)
            assert place is not None
            mine = place.permissions_for(seen.me)
            assert mine.value == int(guild.bot_member.permissions_in(channel))
        assert [each.name for each in seen.roles] == ["@everyone", "listeners", "spacebot", "people"]
        role.edit(mentionable=False)
        _, after = await bot.wait_for("guild_role_update", timeout=5)
        assert not after.mentionable


async def test_it_sends_edits_reads_and_deletes(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    guild = local.add_guild("Book club")
    role = guild.add_role("listeners")
    async with running(local, monkeypatch) as bot:
        channel = bot.get_channel(guild.system_channel.id)
        assert isinstance(channel, discord.TextChannel)
        allowed = discord.AllowedMentions(roles=[discord.Object(role.id)], everyone=False, users=False)
        sent = await channel.send(f"{role.mention} @everyone", embed=EMBED, nonce="abc", allowed_mentions=allowed)
        again = await channel.send("once more", nonce="abc")
        assert again.id == sent.id
        (message,) = guild.system_channel.messages
        assert message.pinged_roles == [role]
        assert not message.pinged_everyone
        assert message.embeds[0]["title"] == "Tea"
        await sent.edit(content="over", embed=None)
        history = [each async for each in channel.history(limit=10, oldest_first=True)]
        assert [each.content for each in history] == ["over"]
        assert history[0].nonce is None
        assert message.edited_at is not None
        await sent.delete()
        with pytest.raises(discord.NotFound) as gone:
            await channel.send("once more", nonce="abc")
        assert gone.value.code == 10008
        assert guild.system_channel.messages == []
        assert guild.system_channel.deleted_messages == [message]


async def test_it_writes_to_a_member_in_private(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    guild = local.add_guild("Book club")
    ann, bob = guild.add_member("Ann"), guild.add_member("Bob")
    bob.accepts_dms = False
    async with running(local, monkeypatch) as bot:
        user = await bot.create_dm(discord.Object(ann.id))
        await user.send("hello")
        assert ann.user.dm is not None
        assert [message.content for message in ann.user.dm.messages] == ["hello"]
        closed = await bot.create_dm(discord.Object(bob.id))
        with pytest.raises(discord.Forbidden) as refused:
            await closed.send("hello")
        assert refused.value.code == 50007


async def test_it_answers_commands_at_once_and_deferred(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    guild = local.add_guild("Book club")
    admin = guild.add_member("Ann", manage_guild=True)
    role = guild.add_role("listeners")
    async with running(local, monkeypatch):
        assert [command["name"] for command in local.commands] == ["watch"]
        use = await admin.use(guild.system_channel, "watch add", host="@ann", channel=guild.system_channel, role=role)
        reply = await use.reply()
        assert reply.content == f"@ann <#{guild.system_channel.id}> listeners"
        assert use.ephemeral
        assert reply.ephemeral
        assert use.acknowledged_after is not None
        use = await admin.use(guild.system_channel, "watch all")
        reply = await use.reply()
        assert reply.content == "nobody"
        assert reply.embeds[0]["title"] == "Tea"
        await local.wait_for(lambda: use.followups)
        assert use.followups[0].content == "really nobody"
        assert guild.system_channel.messages == use.followups


async def test_it_completes_and_answers_buttons(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    guild = local.add_guild("Book club")
    admin = guild.add_member("Ann", manage_guild=True)
    async with running(local, monkeypatch):
        choices = await admin.autocomplete(guild.system_channel, "watch remove", "host", "an")
        assert choices == [{"name": "@ann", "value": "ann"}]
        use = await admin.use(guild.system_channel, "watch remove", host="ann")
        question = await use.reply()
        assert [button["label"] for button in question.buttons] == ["Yes"]
        press = await admin.press(question, label="Yes")
        assert (await press.reply()) is question
        assert question.content == "ann is not followed any more"
        assert question.buttons == []
        with pytest.raises(NotOffered):
            await admin.press(question, label="Yes")


async def test_a_command_that_is_not_answered_fails_for_the_member(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    async with LocalDiscord(clock=clock) as local:
        guild = local.add_guild("Book club")
        admin = guild.add_member("Ann", manage_guild=True)
        async with running(local, monkeypatch):
            using = asyncio.create_task(admin.use(guild.system_channel, "watch silent"))
            use = await run_until(clock, using)
            assert use.failed == "The application did not respond"
            assert use.acknowledged_after is None


async def test_it_resumes_without_missing_anything(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    guild = local.add_guild("Book club")
    admin = guild.add_member("Ann", manage_guild=True)
    async with running(local, monkeypatch) as bot:
        local.drop_gateway(resumable=True)
        channel = guild.add_channel("made while it was away")
        await local.connected()
        use = await admin.use(guild.system_channel, "watch add", host="@ann")
        assert (await use.reply()).content.startswith("@ann")
        assert bot.resumes == 1
        assert bot.get_channel(channel.id) is not None


async def test_it_starts_anew_where_its_session_is_lost(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    guild = local.add_guild("Book club")
    admin = guild.add_member("Ann", manage_guild=True)
    async with running(local, monkeypatch) as bot:
        local.drop_gateway(resumable=False)
        guild.rename("Tea club")
        await local.connected()
        use = await admin.use(guild.system_channel, "watch add", host="@ann")
        assert (await use.reply()).content.startswith("@ann")
        assert bot.resumes == 0
        assert [each.name for each in bot.guilds] == ["Tea club"]


async def test_it_waits_where_a_limit_says_so(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    guild = local.add_guild("Book club")
    limited = Fault(status=429, body='{"message": "slow", "retry_after": 0.01, "global": false}')
    async with running(local, monkeypatch) as bot:
        channel = bot.get_channel(guild.system_channel.id)
        assert isinstance(channel, discord.TextChannel)
        local.fault("POST", "/messages$", limited)
        sleep = asyncio.sleep

        async def watched(delay: float, *rest: Any) -> Any:
            waits.append(delay)
            return await sleep(delay, *rest)

        monkeypatch.setattr(asyncio, "sleep", watched)
        await channel.send("hello")
        assert 0.01 in waits
        assert [message.content for message in guild.system_channel.messages] == ["hello"]
        assert len(local.refused) == 1
