"""A followed host goes live, and the guild that follows sees it in its channel, once, and true until the end."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

from spacebot.sandbox.discord import Fault as DiscordFault
from spacebot.sandbox.discord.permissions import Permission
from spacebot.sandbox.x import Fault
from tests.system.scene import Club, Scene, ask, text


async def test_a_followed_host_goes_live_and_the_announcement_is_edited_at_the_end(
    scene: Scene, book_club: Club
) -> None:
    host = scene.x.add_user("host", name="A Host")
    bot = await scene.bot()
    await ask(book_club.admin, book_club.general, "config channel", channel=book_club.spaces)
    reply = await ask(book_club.admin, book_club.general, "watch add", host="@host")
    assert "Following" in reply.content
    assert reply.ephemeral

    space = scene.x.start_space(host, title="First night", listeners=12)
    await scene.until(lambda: book_club.spaces.messages)
    (post,) = book_club.spaces.messages
    assert "First night" in text(post)
    assert "13 listening" in text(post) or "12 listening" in text(post)
    assert post.embeds[0]["url"] == f"https://x.com/i/spaces/{space.id}#live"
    assert [button["url"] for button in post.buttons if "url" in button] == [f"https://x.com/i/spaces/{space.id}"]
    assert not post.pinged_roles
    assert not post.pinged_everyone

    space.listeners = 40
    await scene.swept(2)
    space.end()
    await scene.until(lambda: "has ended" in text(post))
    assert "has ended" in text(post)
    assert "1 min" in text(post)
    assert [button["label"] for button in post.buttons] == ["Who's there · 1"]
    assert await bot.stop() == 0
    assert book_club.spaces.messages == [post]


async def test_the_configured_role_is_mentioned_and_nothing_else_is(scene: Scene, book_club: Club) -> None:
    host = scene.x.add_user("host", name="@everyone <@&1> A Host")
    role = book_club.guild.add_role("listeners", mentionable=True)
    other = book_club.guild.add_role("others", mentionable=True)
    await scene.bot()
    await ask(book_club.admin, book_club.spaces, "config role", role=role)
    await ask(book_club.admin, book_club.spaces, "watch add", host="@host", channel=book_club.spaces)
    scene.x.start_space(host, title=f"@everyone @here <@&{other.id}> [click](https://evil.example)")
    await scene.until(lambda: book_club.spaces.messages)
    (post,) = book_club.spaces.messages
    assert {each.id for each in post.pinged_roles} == {role.id}
    assert not post.pinged_everyone
    assert "](https://evil" not in text(post)


async def test_mentioning_everyone_needs_an_explicit_yes(scene: Scene, book_club: Club) -> None:
    host = scene.x.add_user("host")
    book_club.admin.add_role(book_club.guild.add_role("criers", permissions=Permission.MENTION_EVERYONE))
    await scene.bot()
    refused = await ask(book_club.admin, book_club.spaces, "config role", role=book_club.guild.everyone)
    assert "I may not ping @everyone" in refused.content

    book_club.guild.set_bot_permissions(
        "view_channel", "send_messages", "embed_links", "read_message_history", "mention_everyone"
    )
    asked = await ask(book_club.admin, book_club.spaces, "config role", role=book_club.guild.everyone)
    assert "really" in asked.content
    assert "nobody" in text(await ask(book_club.admin, book_club.spaces, "config show"))
    with closing(sqlite3.connect(scene.folder / "spacebot.sqlite3")) as backup:
        backup.execute("BEGIN IMMEDIATE")
        press = await book_club.admin.press(asked, label="Yes, ping everyone")
        assert press.failed is None, "a press is acknowledged however long the database takes"
        backup.rollback()
    await press.reply()
    assert "@everyone" in text(await ask(book_club.admin, book_club.spaces, "config show"))

    await ask(book_club.admin, book_club.spaces, "watch add", host="@host", channel=book_club.spaces)
    scene.x.start_space(host, title="Hello")
    await scene.until(lambda: book_club.spaces.messages)
    assert book_club.spaces.messages[0].pinged_everyone


async def test_a_host_who_is_live_already_is_announced_when_it_is_followed(scene: Scene, book_club: Club) -> None:
    host = scene.x.add_user("host")
    scene.x.start_space(host, title="Under way")
    await scene.bot()
    reply = await ask(
        book_club.admin, book_club.spaces, "watch add", host="https://x.com/host", channel=book_club.spaces
    )
    assert "live right now" in reply.content
    assert f"<#{book_club.spaces.id}>" in reply.content
    await scene.until(lambda: book_club.spaces.messages)


async def test_a_restart_in_the_middle_of_a_space_repeats_nothing(scene: Scene, book_club: Club) -> None:
    host = scene.x.add_user("host")
    bot = await scene.bot()
    await ask(book_club.admin, book_club.spaces, "watch add", host="@host", channel=book_club.spaces)
    space = scene.x.start_space(host, title="Long night")
    await scene.until(lambda: book_club.spaces.messages)
    await bot.kill()

    bot = await scene.bot()
    await scene.swept(2)
    assert len(book_club.spaces.messages) == 1
    assert await bot.stop() == 0

    bot = await scene.bot()
    space.end()
    await scene.until(lambda: book_club.spaces.messages[0].edited_at)
    assert len(book_club.spaces.messages) == 1


async def test_what_happened_while_the_bot_was_down_is_made_up_for(scene: Scene, book_club: Club) -> None:
    first, second, third = (scene.x.add_user(name) for name in ("first", "second", "third"))
    bot = await scene.bot()
    for name in ("first", "second", "third"):
        await ask(book_club.admin, book_club.spaces, "watch add", host=f"@{name}", channel=book_club.spaces)
    ended = scene.x.start_space(first, title="Ends while it is down")
    await scene.until(lambda: len(book_club.spaces.messages) == 1)
    assert await bot.stop() == 0

    ended.end()
    scene.x.start_space(second, title="Starts while it is down")
    scene.x.start_space(third, title="Starts and ends while it is down").end()
    await scene.bot()
    await scene.until(lambda: len(book_club.spaces.messages) == 2 and book_club.spaces.messages[0].edited_at)
    await scene.swept(2)
    one, two = book_club.spaces.messages
    assert "has ended" in text(one)
    assert "Starts while it is down" in text(two)


async def test_a_scheduled_space_is_announced_when_it_goes_live_not_before(scene: Scene, book_club: Club) -> None:
    host = scene.x.add_user("host")
    await scene.bot()
    await ask(book_club.admin, book_club.spaces, "watch add", host="@host", channel=book_club.spaces)
    space = scene.x.schedule_space(host, title="Tomorrow", start=datetime.now(UTC) + timedelta(days=1))
    await scene.swept(2)
    assert not book_club.spaces.messages
    space.go_live()
    await scene.until(lambda: book_club.spaces.messages)


async def test_a_discord_that_fails_while_the_commands_are_handed_over_is_offered_them_again(
    scene: Scene, book_club: Club
) -> None:
    scene.discord.fault("PUT", "/commands", DiscordFault(status=503, times=3))
    bot = await scene.bot()
    assert await bot.stop() == 0
    assert not [line for line in bot.log if "Traceback" in line or "Unclosed" in line], "\n".join(bot.log)


async def test_a_command_under_way_is_answered_before_the_bot_stops(scene: Scene, book_club: Club) -> None:
    host = scene.x.add_user("host")
    space = scene.x.start_space(host, title="Slow answer")
    bot = await scene.bot()
    scene.x.fault("space", Fault.slow(1.5))
    use = await book_club.member.use(book_club.general, "space", space=space.id)
    stopping = asyncio.create_task(bot.stop())
    late = ""
    while "restarted" not in late:  # the signal takes a moment to arrive
        late = (await ask(book_club.admin, book_club.general, "config show")).content
    assert await stopping == 0
    assert "Slow answer" in text(await use.reply())
    assert not [line for line in bot.log if "Traceback" in line]


async def test_a_lost_connection_to_discord_is_told_once_and_so_is_its_return(scene: Scene, book_club: Club) -> None:
    host = scene.x.add_user("host")
    bot = await scene.bot()
    await ask(book_club.admin, book_club.spaces, "watch add", host="@host", channel=book_club.spaces)
    await scene.discord.stop()
    await scene.x.wait_for(lambda: any("is lost" in line for line in bot.log) or scene.swept, timeout=30)
    scene.x.start_space(host, title="Meanwhile")
    await scene.swept(2)
    await scene.discord.start()
    await scene.until(lambda: book_club.spaces.messages)
    await scene.swept(2)
    assert len(book_club.spaces.messages) == 1
    assert sum("is lost" in line for line in bot.log) == 1
    assert not [line for line in bot.log if "Traceback" in line]


async def test_a_new_guild_is_greeted_once_with_a_card(scene: Scene) -> None:
    await scene.bot()
    guild = scene.discord.add_guild("Newcomers")
    await scene.until(lambda: guild.system_channel.messages)
    (hello,) = guild.system_channel.messages
    assert [button["label"] for button in hello.buttons] == ["Set me up", "What I can do"]
    guild.kick_bot()
    guild.invite_bot()
    member = guild.add_member("member")
    await ask(member, guild.system_channel, "host-live", host="@nobody")
    assert guild.system_channel.messages[0] == hello
    assert sum(message.laid_out for message in guild.system_channel.messages) == 1


async def test_a_channel_that_closes_is_paused_with_its_reason_and_opens_again_by_itself(
    scene: Scene, book_club: Club
) -> None:
    host = scene.x.add_user("host")
    await scene.bot()
    await ask(book_club.admin, book_club.general, "watch add", host="@host", channel=book_club.spaces)
    book_club.spaces.deny("send_messages")
    scene.x.start_space(host, title="Unheard")
    await scene.swept(2)
    listed = text(await ask(book_club.admin, book_club.general, "watch list"))
    assert "In the way" in listed
    assert "Send Messages" in listed
    assert not book_club.spaces.messages

    book_club.spaces.allow("send_messages")
    await scene.until(lambda: book_club.spaces.messages)
    assert "In the way" not in text(await ask(book_club.admin, book_club.general, "watch list"))
