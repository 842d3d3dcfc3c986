"""What admins are told and asked: whether anything is in the way, whose channel it is, what stays once X has forgotten."""

import re
from datetime import timedelta
from typing import Any

from spacebot.sandbox.discord import LocalMessage
from tests.system.scene import Club, Served, VirtualScene, ask, club, in_virtual_time, text

CHANNEL_PATH = "*Channel settings → Permissions → add spacebot → Send Messages*"
ROLE_PATH = "*Server settings → Roles → listeners → Allow anyone to @mention this role*"
A_DAY = timedelta(days=1).total_seconds()


async def answer(one: Club, command: str, **options: Any) -> str:
    """What an admin is told."""
    return text(await ask(one.admin, one.general, command, **options))


async def first_watch(one: Club, host: str = "@host") -> LocalMessage:
    """Follow a host while the guild has no channel; the bot asks for one."""
    asked = await ask(one.admin, one.spaces, "watch add", host=host)
    assert asked.ephemeral
    assert "Following" in asked.content
    assert [button["label"] for button in asked.buttons] == [f"Use #{one.spaces.name}", "Choose later"]
    return asked


@in_virtual_time
async def test_the_status_is_red_amber_and_green_before_anything_has_failed(scene: VirtualScene) -> None:
    scene.x.add_user("host")
    scene.x.add_user("other")
    one = club(scene.discord)
    role = one.guild.add_role("listeners", mentionable=True)
    await scene.serve()

    async def status() -> tuple[str, int]:
        shown = await ask(one.admin, one.general, "status")
        return shown.embeds[0]["title"], shown.embeds[0]["color"]

    amber, green, red = 0xF1C40F, 0x2ECC71, 0xE74C3C
    assert await status() == ("Not set up yet", amber)
    shown = await answer(one, "status")
    assert "`/config channel`" in shown
    assert "`/watch add`" in shown
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    assert await status() == ("Not set up yet", amber), "nobody is followed"
    for host in ("@host", "@other"):
        await ask(one.admin, one.general, "watch add", host=host)
    await scene.swept()
    assert await status() == ("Working", green)
    shown = await answer(one, "status")
    assert re.search(r"Follows: 2 hosts, asked about every \d s\n", shown)
    assert "user_by_username" not in shown

    one.spaces.deny("send_messages")
    assert await status() == ("Nothing can be posted", red)
    for command in ("status", "watch list", "config show"):
        assert (await answer(one, command)).count(CHANNEL_PATH) == 1, f"{command}: once for both hosts"
    await ask(one.admin, one.general, "watch add", host="@other", channel=one.general)
    assert await status() == ("Working, but something is in the way", amber)
    one.spaces.allow("send_messages")
    assert await status() == ("Working", green)

    await ask(one.admin, one.general, "config role", role=role)
    role.edit(mentionable=False)
    assert await status() == ("Working, but something is in the way", amber)
    for command in ("status", "watch list", "config show"):
        assert (await answer(one, command)).count(ROLE_PATH) == 1, command


@in_virtual_time
async def test_the_first_watch_asks_for_the_channel_and_nothing_is_lost_meanwhile(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    bot = await scene.serve()
    asked = await first_watch(one)
    assert "no channel" in await answer(one, "status")
    scene.x.start_space(host, title="Early")
    await scene.swept(3)
    assert not one.spaces.messages

    later = await one.admin.press(asked, label="Choose later")
    assert later.failed is None
    assert "`/config channel`" in asked.content
    assert not asked.buttons
    again = await ask(one.admin, one.spaces, "watch add", host="@HOST")
    assert "already followed, nothing changed" in again.content
    await bot.stop()
    await scene.serve()
    refused = await one.member.press(again, label="Use #spaces", force=True)
    assert "Manage Server" in (await refused.reply()).content
    assert "no channel" in await answer(one, "status")
    used = await one.admin.press(again, label="Use #spaces")
    assert used.failed is None
    await scene.until(lambda: f"<#{one.spaces.id}>" in again.content)
    assert not again.buttons
    await scene.until(lambda: one.spaces.messages)
    assert "Early" in text(one.spaces.messages[0])


@in_virtual_time
async def test_a_keyword_asks_for_the_channel_too_and_a_closed_one_is_not_taken(scene: VirtualScene) -> None:
    one = club(scene.discord)
    one.general.deny("embed_links")
    await scene.serve()
    asked = await ask(one.admin, one.general, "watch keyword add", words="Jazz night")
    assert "Watching for" in asked.content
    refused = await one.admin.press(asked, label="Use #general")
    assert "add spacebot → Embed Links" in (await refused.reply()).content
    one.general.allow("embed_links")
    assert (await one.admin.press(asked, label="Use #general")).failed is None
    await scene.until(lambda: f"<#{one.general.id}>" in asked.content)
    assert f"→ <#{one.general.id}>" in await answer(one, "watch keyword list")
    again = await ask(one.admin, one.general, "watch keyword add", words="jazz NIGHT")
    assert "nothing changed" in again.content


@in_virtual_time
async def test_a_channel_and_a_role_of_ones_own_can_be_taken_away(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    own = one.guild.add_channel("own")
    loud = one.guild.add_role("loud", mentionable=True)
    await scene.serve()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    await ask(one.admin, one.general, "watch add", host="@host", channel=own, role=loud)
    await ask(one.admin, one.general, "watch keyword add", words="jazz", channel=own, role=loud)
    choices = await one.admin.autocomplete(one.general, "watch reset", "host", "hos")
    assert [choice["value"] for choice in choices] == [host.id]

    told = await answer(one, "watch reset", host=host.id, what="channel")
    assert f"→ <#{one.spaces.id}>, pinging {loud.mention}" in told
    assert "nothing changed" in await answer(one, "watch reset", host="@host", what="channel")
    assert loud.mention not in await answer(one, "watch reset", host="@host", what="role")
    told = await answer(one, "watch keyword reset", words="jazz", what="both")
    assert f"<#{one.spaces.id}>" in told
    assert loud.mention not in told
    scene.x.start_space(host, title="Moved back")
    await scene.until(lambda: one.spaces.messages)
    assert not one.spaces.messages[0].pinged_roles
    assert not own.messages


@in_virtual_time
async def test_what_was_announced_is_told_of_after_x_has_forgotten_it(scene: VirtualScene) -> None:
    host = scene.x.add_user("host", name="Night Radio")
    one, elsewhere = club(scene.discord), club(scene.discord, "Elsewhere")
    bot = await scene.serve()

    async def later(bot: Served) -> Served:
        """Leave the bot alone for a day; when it is there again it forgets what it must."""
        await bot.stop()
        await scene.pass_by(A_DAY)
        bot = await scene.serve()
        await scene.pass_by(60)
        return bot

    await ask(one.admin, one.general, "watch add", host="@host", channel=one.spaces)
    space = scene.x.start_space(host, title="A secret title", listeners=40)
    await scene.until(lambda: one.spaces.messages)
    await scene.pass_by(600)
    space.end()
    await scene.until(lambda: "has ended" in text(one.spaces.messages[0]))
    await scene.pass_by(60)
    space.hide()
    bot = await later(bot)

    link = f"https://discord.com/channels/{one.guild.id}/{one.spaces.id}/{one.spaces.messages[0].id}"
    kept = await ask(one.member, one.general, "space", space=space.id)
    assert not kept.ephemeral
    history = await answer(one, "history")
    for said in (kept.content, history):
        assert "Night Radio" in said
        assert "secret" not in said
        assert "lasted 10 min" in said
        assert "peak 41 listeners" in said
        assert "on average 41 listeners" in said
        assert link in said
        assert ":F>" in said
    assert "after the start" in history

    await ask(one.admin, one.general, "watch remove", host="@host")
    bot = await later(bot)
    history = await answer(one, "history")
    assert "Night Radio" not in history
    assert f"https://x.com/i/user/{host.id}" in history
    foreign = await ask(elsewhere.member, elsewhere.general, "space", space=space.id)
    assert "lasted" not in foreign.content, "it was not announced there"
