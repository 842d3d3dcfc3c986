"""hikari, another library with its own idea of Discord, takes the local one for real, too."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import hikari
import pytest

from spacebot.sandbox.discord import LocalDiscord
from tests.sandbox.openapi_discord import checker


async def answer(event: hikari.InteractionCreateEvent) -> None:
    """The bot: one command, at once or deferred, with a button."""
    interaction = event.interaction
    if isinstance(interaction, hikari.ComponentInteraction):
        await interaction.create_initial_response(
            hikari.ResponseType.MESSAGE_UPDATE, f"{interaction.user.global_name} agrees", components=[]
        )
    elif isinstance(interaction, hikari.CommandInteraction):
        options = {option.name: option.value for option in interaction.options or ()}
        if options.get("slowly"):
            await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
            await interaction.edit_initial_response("Slowly.")
            return
        row = interaction.app.rest.build_message_action_row()
        row.add_interactive_button(hikari.ButtonStyle.SUCCESS, "agree", label="Agree")
        await interaction.create_initial_response(
            hikari.ResponseType.MESSAGE_CREATE, f"{options['host']} is live", component=row
        )


@asynccontextmanager
async def running(local: LocalDiscord) -> AsyncIterator[hikari.GatewayBot]:
    """The bot, connected, its command registered."""
    bot = hikari.GatewayBot(local.token, rest_url=local.api_url, banner=None, logs=None)
    bot.subscribe(hikari.InteractionCreateEvent, answer)
    await bot.start(check_for_updates=False)
    try:
        await local.connected()
        builder = bot.rest.slash_command_builder("live", "Is a host live?")
        builder.add_option(
            hikari.CommandOption(type=hikari.OptionType.STRING, name="host", description="Whom", is_required=True)
        )
        builder.add_option(hikari.CommandOption(type=hikari.OptionType.BOOLEAN, name="slowly", description="Take time"))
        await bot.rest.set_application_commands(hikari.Snowflake(local.application_id), [builder])
        yield bot
    finally:
        await bot.close()


@pytest.fixture
async def local() -> AsyncIterator[LocalDiscord]:
    documents = bool(os.environ.get("REFERENCE_DOCUMENTS"))
    async with LocalDiscord(checker=checker() if documents else None) as local:
        yield local
        assert local.violations == []


async def test_it_logs_in_and_answers_its_command(local: LocalDiscord) -> None:
    guild = local.add_guild("Book club")
    ann = guild.add_member("Ann")
    async with running(local) as bot:
        assert bot.get_me() is not None
        use = await ann.use(guild.system_channel, "live", host="@bob")
        reply = await use.reply()
        assert reply.content == "@bob is live"
        press = await ann.press(reply, custom_id="agree")
        assert (await press.reply()) is reply
        assert reply.content == "Ann agrees"
        assert reply.buttons == []
        use = await ann.use(guild.system_channel, "live", host="@bob", slowly=True)
        assert (await use.reply()).content == "Slowly."


async def test_it_sees_its_guilds_and_sends(local: LocalDiscord) -> None:
    guild = local.add_guild("Book club")
    async with running(local) as bot:
        await local.wait_for(lambda: local.requests)
        seen = await bot.rest.fetch_guild(hikari.Snowflake(guild.id))
        assert seen.name == "Book club"
        channels = await bot.rest.fetch_guild_channels(hikari.Snowflake(guild.id))
        assert [channel.name for channel in channels] == ["general"]
        embed = hikari.Embed(title="Tea", url="https://x.com/i/spaces/1abc", description="Live").add_field("a", "b")
        sent = await bot.rest.create_message(guild.system_channel.id, "hello", embed=embed)
        (message,) = guild.system_channel.messages
        assert message.id == sent.id
        assert message.embeds[0]["fields"] == [{"name": "a", "value": "b", "inline": False}]
        await bot.rest.edit_message(guild.system_channel.id, sent.id, "over", embeds=[])
        assert [each.content async for each in bot.rest.fetch_messages(guild.system_channel.id)] == ["over"]


async def test_its_cache_follows_what_happens(local: LocalDiscord) -> None:
    guild = local.add_guild("Book club")
    async with running(local) as bot:
        made = asyncio.create_task(bot.wait_for(hikari.GuildChannelCreateEvent, timeout=10))
        await asyncio.sleep(0)
        channel = guild.add_channel("spaces")
        assert (await made).channel.id == channel.id
        left = asyncio.create_task(bot.wait_for(hikari.GuildLeaveEvent, timeout=10))
        await asyncio.sleep(0)
        guild.kick_bot()
        assert (await left).guild_id == guild.id
