"""A new admin, from the greeting to a panel on which nothing is in the way; and those who want to spoil it."""

import asyncio
import os
from unittest.mock import patch

import pytest

from spacebot.present.bot import abilities
from spacebot.sandbox.discord import NotOffered
from spacebot.sandbox.discord.model.members import LocalInteraction
from tests.system.panel import Admin, rows, settled
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

NASTY = (
    "**bold** _it_ ~~no~~ ||spoiler|| `code`",
    "@everyone",
    "<@&1> <#2> <t:0:R> </setup:1>",
    "[link](https://example.com) discord.gg/x",
    "🎙️🔥👩‍👩‍👧‍👦🏳️‍🌈",
    "\N{RIGHT-TO-LEFT OVERRIDE}מוזיקה بثّ",
    "{name} {0} {url}",
    "# heading\n> quote\n- list",
    "\\",
)
"""Names that mean something to Discord where they are not escaped."""

MAY_NOT = "You need the Manage Server permission for that."
COMPONENTS = (
    *("setup:open", "setup:add", "setup:hosts", "setup:moments", "setup:pause", "setup:resume", "setup:back"),
    *("setup:test", "setup:look", "setup:page:1", "setup:edit:1", "setup:pause:1", "setup:resume:1", "setup:reset:1"),
    *("setup:remove:1",),
)


def nasty(name: str, most: int) -> str:
    return name.replace("\n", " ")[:most]


def crowd(one: Club) -> None:
    """100 channels, 250 roles, and names that mean something."""
    for number in range(100 - len(one.guild.channels)):
        one.guild.add_channel(f"room-{number}")
    for number in range(248):
        one.guild.add_role(nasty(NASTY[number % len(NASTY)], 90) + str(number), mentionable=bool(number % 2))


async def set_up(scene: VirtualScene, one: Club) -> Admin:
    """What an admin does with everything in their favour: one handle is typed."""
    admin = Admin(who=one.admin, where=one.general)
    await admin.open(await admin.greeted(scene))
    assert admin.amber
    assert "Three steps" in admin.shown
    await settled(scene, await admin.choose("setup:channel", one.spaces))
    assert "✅ I may see, send, embed and read there" in admin.shown
    await settled(scene, await admin.fill_in("Add hosts", Hosts="@night_radio"))
    assert "✅ Added **" in admin.shown
    return admin


@in_virtual_time
async def test_an_admin_is_ready_after_one_typed_handle_and_at_most_eight_taps(scene: VirtualScene) -> None:
    host = scene.x.add_user("night_radio", name="Night Radio")
    await scene.serve()
    one = club(scene.discord)  # somebody invites it
    role = one.guild.add_role("listeners", mentionable=True)
    admin = await set_up(scene, one)
    await settled(scene, await admin.choose("setup:roles", role))
    assert not admin.amber
    assert "1 host followed; nothing is in the way" in admin.shown
    use = await admin.press("Send a test")
    answer = await use.reply()
    [test] = one.spaces.messages
    assert test.content == "**Test** · **Night Radio** is live on X"
    assert test.pinged_roles == []
    assert f"<@&{role.id}>" in answer.content
    assert (admin.typed, admin.taps <= 8) == (1, True), admin.taps
    await admin.who.press(answer, label="Remove")
    await scene.until(lambda: not one.spaces.messages)
    scene.x.start_space(host, title="Songs nobody asked for")
    await scene.until(lambda: one.spaces.messages)
    [message] = one.spaces.messages
    assert message.pinged_roles == [role]


@in_virtual_time
async def test_in_a_crowded_guild_with_names_that_mean_something_it_is_the_same(scene: VirtualScene) -> None:
    scene.x.add_user("night_radio", name=NASTY[0])
    for number, name in enumerate(NASTY[1:]):
        scene.x.add_user(f"other{number}", name=nasty(name, 50))
    one = club(scene.discord)
    crowd(one)
    role = one.guild.add_role("<@&1> **loud** @everyone", mentionable=False)
    await scene.serve()
    admin = await set_up(scene, one)
    assert "Added **\\*\\*bold" in admin.shown
    handles = "\n".join(f"@other{number}" for number in range(len(NASTY) - 1))
    await settled(scene, await admin.fill_in("Add hosts", Hosts=handles))
    assert f"{len(NASTY)} hosts followed" in admin.shown
    for raw in ("@everyone", "<@&1>", "<#2>", "<t:0:R>", "](https://example.com)"):
        assert raw not in admin.shown.replace("\N{WORD JOINER}", "\N{WORD JOINER}|"), raw
    refused = await settled(scene, await admin.choose("setup:roles", role))
    assert "You may not ping" in refused
    assert "@everyone" not in refused.replace("Mention @everyone, @here and All Roles", "")
    assert "<@&1>" not in refused
    assert "optional" in admin.shown, "nothing was chosen"
    await settled(scene, await admin.press(f"Hosts · {len(NASTY)}"))
    assert admin.panel is not None
    [hosts] = admin.panel.selects
    assert len(hosts["options"]) == len(NASTY)


@in_virtual_time
async def test_a_restart_in_the_middle_loses_nothing(scene: VirtualScene) -> None:
    scene.x.add_user("night_radio", name="Night Radio")
    one = club(scene.discord)
    bot = await scene.serve()
    admin = Admin(who=one.admin, where=one.general)
    hello = await admin.greeted(scene)
    await admin.open(hello)
    form = await admin.press("Add hosts")
    await bot.stop()
    bot = await scene.serve()
    await settled(scene, admin.done(await one.admin.submit(form, Hosts="night_radio")))
    assert "Added **Night Radio**" in admin.shown
    await settled(scene, await admin.choose("setup:channel", one.spaces))
    assert not admin.amber
    await settled(scene, await admin.press("Hosts · 1"))
    await settled(scene, await admin.choose("setup:host:0", "Night Radio (@night_radio)"))
    form = await admin.press("Edit")
    await bot.stop()
    await scene.serve()
    await settled(scene, admin.done(await one.admin.submit(form, also="cohost")))
    assert "Also when they co-host or speak elsewhere" in admin.shown
    await admin.open(hello)
    assert "1 host followed" in admin.shown


@in_virtual_time
async def test_who_may_not_manage_the_server_is_told_so_and_what_the_bot_can_do(scene: VirtualScene) -> None:
    one = club(scene.discord)
    await scene.serve()
    member = Admin(who=one.member, where=one.general)
    hello = await member.greeted(scene)
    use = await one.member.press(hello, label="Set me up")
    said = await use.reply()
    assert (use.ephemeral, said.content) == (True, MAY_NOT)
    use = await one.member.press(hello, label="What I can do")
    said = await use.reply()
    assert (use.ephemeral, said.content) == (True, abilities())
    with pytest.raises(NotOffered):
        await one.member.use(one.general, "setup")
    assert text(await ask(one.member, one.general, "setup", force=True)) == MAY_NOT


@in_virtual_time
async def test_custom_ids_are_public_and_of_no_use_to_who_may_not_manage_the_server(scene: VirtualScene) -> None:
    scene.x.add_user("night_radio", name="Night Radio")
    one = club(scene.discord)
    role = one.guild.add_role("listeners", mentionable=True)
    await scene.serve()
    admin = await set_up(scene, one)
    assert admin.panel is not None
    names = {one.spaces.id: "spaces", one.general.id: "general"}
    before = rows(scene.folder, one, {}, names)

    async def refused(use: LocalInteraction) -> None:
        assert use.failed is None, use.failed
        assert (use.ephemeral, (await use.reply()).content) == (True, MAY_NOT), use.data

    pressed = [button["custom_id"] for button in admin.panel.buttons if not button.get("disabled")]
    await settled(scene, await admin.press("Hosts · 1"))
    await settled(scene, await admin.choose("setup:host:0", "Night Radio (@night_radio)"))
    for button in admin.panel.buttons:
        if not button.get("disabled"):
            await refused(await one.member.press(admin.panel, custom_id=button["custom_id"], force=True))
    await refused(await one.member.choose(admin.panel, "Night Radio (@night_radio)", force=True))
    await settled(scene, await admin.press("Back"))
    for custom_id in pressed:
        await refused(await one.member.press(admin.panel, custom_id=custom_id, force=True))
    await refused(await one.member.choose(admin.panel, one.general, custom_id="setup:channel", force=True))
    await refused(await one.member.choose(admin.panel, role, custom_id="setup:roles", force=True))
    assert rows(scene.folder, one, {}, names) == before


@in_virtual_time
async def test_who_loses_the_permission_while_a_form_is_open_cannot_send_it(scene: VirtualScene) -> None:
    scene.x.add_user("night_radio", name="Night Radio")
    one = club(scene.discord)
    managers = one.guild.add_role("managers", permissions=1 << 5)
    one.member.add_role(managers)
    await scene.serve()
    member = Admin(who=one.member, where=one.general)
    await member.open(await member.greeted(scene))
    use = await member.press("Add hosts")
    one.member.remove_role(managers)
    use = member.done(await one.member.submit(use, Hosts="@night_radio"))
    assert (await use.reply()).content == MAY_NOT
    assert rows(scene.folder, one, {}, {})["watches"] == []


@in_virtual_time
async def test_what_an_admin_may_not_do_themselves_is_one_sentence_and_nothing_is_lost(scene: VirtualScene) -> None:
    one = club(scene.discord)
    role = one.guild.add_role("listeners", mentionable=False)
    one.guild.set_bot_permissions("view_channel", "send_messages", "embed_links", "read_message_history")
    silent = one.guild.add_channel("silent")
    silent.overwrite(one.guild.people, deny=("send_messages",))
    closed = one.guild.add_channel("closed")
    closed.deny("embed_links")
    await scene.serve()
    admin = Admin(who=one.admin, where=one.general)
    await admin.open(await admin.greeted(scene))
    await settled(scene, await admin.choose("setup:channel", one.spaces))
    said = await settled(scene, await admin.choose("setup:channel", silent))
    assert said.startswith(f"In <#{silent.id}> you lack Send Messages")
    said = await settled(scene, await admin.choose("setup:channel", closed))
    assert "Embed Links" in said
    assert "✅" in admin.shown, "the channel that was chosen before stays"
    assert admin.panel is not None
    assert admin.panel.selects[0]["default_values"] == [{"id": str(one.spaces.id), "type": "channel"}]
    said = await settled(scene, await admin.choose("setup:roles", role))
    assert "You may not ping listeners" in said
    one.spaces.deny("send_messages")
    role.edit(mentionable=True)
    await settled(scene, await admin.choose("setup:roles", role))
    role.edit(mentionable=False)
    await settled(scene, await admin.fill_in("Moments"))
    assert admin.amber
    assert "*Channel settings → Permissions → add spacebot → Send Messages*" in admin.shown
    assert "I may not ping listeners; let me: *Server settings → Roles → listeners → Allow anyone" in admin.shown


@in_virtual_time
async def test_a_channel_or_role_that_goes_between_choice_and_answer_is_never_said_to_work(scene: VirtualScene) -> None:
    scene.x.add_user("night_radio", name="Night Radio")
    one = club(scene.discord)
    gone, role = one.guild.add_channel("gone"), one.guild.add_role("gone", mentionable=True)
    await scene.serve()
    admin = await set_up(scene, one)
    form = await admin.press("Add hosts")
    values = {"Hosts": "@night_radio", "channel": gone, "roles": [role]}
    use = await one.admin.submit(form, **values)
    await settled(scene, use)
    gone.delete()
    role.delete()
    await settled(scene, await admin.press("Hosts · 1"))
    await settled(scene, await admin.choose("setup:host:0", "Night Radio (@night_radio)"))
    assert "the channel is gone" in admin.shown
    assert "Pings nobody" in admin.shown
    await settled(scene, await admin.press("Use the server's settings"))
    assert "the channel is gone" not in admin.shown
    await settled(scene, await admin.press("Back"))
    late = one.guild.add_channel("late")
    late_role = one.guild.add_role("late", mentionable=True)
    await scene.pass_by(1)
    chosen = asyncio.create_task(admin.choose("setup:channel", late))
    await asyncio.sleep(0)
    late.delete()
    await settled(scene, await chosen)
    chosen = asyncio.create_task(admin.choose("setup:roles", late_role))
    await asyncio.sleep(0)
    late_role.delete()
    await settled(scene, await chosen)
    await settled(scene, await admin.fill_in("Moments"))
    where, _, rest = admin.shown.partition("**2 · Whom to ping?**")
    assert "✅ I may see" not in where or str(one.spaces.id) in str(admin.panel and admin.panel.components)
    assert "✅" not in rest


@in_virtual_time
async def test_fifty_hostile_lines_are_each_answered_for_and_harm_nobody(scene: VirtualScene) -> None:
    scene.x.add_user("night_radio", name="Night Radio")
    one = club(scene.discord)
    await scene.serve()
    admin = await set_up(scene, one)
    lines = [nasty(name, 70) + str(number) for number in range(6) for name in NASTY]
    hosts = "\n".join([*lines[:49], "https://x.com/night_radio", *lines[49:], "x" * 200])
    await settled(scene, await admin.fill_in("Add hosts", Hosts=hosts))
    await scene.until(lambda: "Already followed" in admin.shown)
    assert "Already followed: **Night Radio**" in admin.shown
    assert len(admin.shown.encode("utf-16-le")) // 2 <= 4000
    for raw in ("@everyone", "<@&1>", "](https://example.com)"):
        assert raw not in admin.shown, raw
    assert "1 host followed" in admin.shown


@in_virtual_time
async def test_paused_nothing_new_is_posted_and_resumed_who_is_live_is(scene: VirtualScene) -> None:
    host = scene.x.add_user("night_radio", name="Night Radio")
    one = club(scene.discord)
    await scene.serve()
    admin = await set_up(scene, one)
    await settled(scene, await admin.press("Pause"))
    assert "paused: nothing new is posted" in admin.shown
    assert "paused by an admin" in text(await ask(one.admin, one.general, "watch list"))
    assert "Paused by an admin" in text(await ask(one.admin, one.general, "status"))
    scene.x.start_space(host, title="Songs nobody asked for")
    await scene.pass_by(300)
    assert not one.spaces.messages
    await settled(scene, await admin.press("Resume"))
    await scene.until(lambda: one.spaces.messages)


@in_virtual_time
async def test_a_form_takes_no_archived_thread_away_from_a_host_though_it_cannot_show_it(scene: VirtualScene) -> None:
    scene.x.add_user("night_radio")
    one = club(scene.discord)
    one.guild.set_bot_permissions(
        "view_channel", "send_messages", "send_messages_in_threads", "embed_links", "read_message_history"
    )
    thread = one.guild.add_thread(one.spaces, "radio")
    await scene.serve()
    admin = Admin(who=one.admin, where=one.general)
    await admin.open(await admin.greeted(scene))
    said = await settled(scene, await admin.fill_in("Add hosts", Hosts="night_radio", channel=thread))
    assert not said
    await settled(scene, await admin.press("Hosts · 1"))
    await settled(scene, await admin.choose("setup:host:0", "night_radio (@night_radio)"))
    thread.archive()
    await scene.pass_by(1)
    await settled(scene, await admin.fill_in("Edit", also="cohost"))
    assert "Also when they co-host" in admin.shown
    assert f"Posted in <#{thread.id}> (its own)" in admin.shown
    await settled(scene, await admin.press("Use the server's settings"))
    assert "(its own)" not in admin.shown


@in_virtual_time
async def test_the_list_of_hosts_has_twenty_five_to_a_page_and_each_can_be_changed(scene: VirtualScene) -> None:
    for number in range(30):
        scene.x.add_user(f"host{number:02}", name=f"Host {number:02}")
    one = club(scene.discord)
    role = one.guild.add_role("listeners", mentionable=True)
    await scene.serve()
    admin = Admin(who=one.admin, where=one.general)
    await admin.open(await admin.greeted(scene))
    await settled(scene, await admin.choose("setup:channel", one.general))
    await settled(scene, await admin.fill_in("Add hosts", Hosts=",".join(f"host{number:02}" for number in range(30))))
    await scene.until(lambda: "Hosts · 30" in str(admin.panel and admin.panel.components))
    await settled(scene, await admin.press("Hosts · 30"))
    await settled(scene, await admin.press("Next 25"))
    assert admin.panel is not None
    assert len(admin.panel.selects[0]["options"]) == 5
    await settled(scene, await admin.choose("setup:host:1", "Host 28 (@host28)"))
    await settled(scene, await admin.fill_in("Edit", channel=one.spaces, roles=[role], also="cohost"))
    assert f"Posted in <#{one.spaces.id}> (its own)" in admin.shown
    assert f"Pings <@&{role.id}> (its own)" in admin.shown
    await settled(scene, await admin.press("Pause"))
    assert "⏸️ Paused" in admin.shown
    await settled(scene, await admin.press("Resume"))
    assert "⏸️ Paused" not in admin.shown
    await settled(scene, await admin.press("Use the server's settings"))
    assert f"Posted in <#{one.general.id}> (this server's)" in admin.shown
    await settled(scene, await admin.press("Remove"))
    assert "No longer following **Host 28**" in admin.shown
    assert "Hosts · 29" in admin.shown


@in_virtual_time
async def test_the_members_of_a_list_are_bought_after_a_yes_to_the_price_which_outlasts_a_restart(
    scene: VirtualScene,
) -> None:
    people = [scene.x.add_user(f"host{number:02}", name=f"Host {number:02}") for number in range(12)]
    people[3].protect()
    kept = scene.x.add_list(people[0], people)
    one = club(scene.discord)
    role = one.guild.add_role("listeners", mentionable=True)
    bot = await scene.serve()
    admin = Admin(who=one.admin, where=one.general)
    await admin.open(await admin.greeted(scene))
    await settled(scene, await admin.choose("setup:channel", one.general))
    link = f"https://x.com/i/lists/{kept.id}"
    use = await admin.fill_in("Add hosts", Hosts=link, channel=one.spaces, roles=[role], also="cohost")
    said = await settled(scene, use)
    assert "X bills each member" in said
    [question] = use.followups
    no_one = rows(scene.folder, one, {role.id: "listeners"}, {one.spaces.id: "spaces", one.general.id: "general"})
    assert no_one["watches"] == []
    refused = await one.member.press(question, label="Yes, follow them", force=True)
    assert (await refused.reply()).content == MAY_NOT
    await bot.stop()
    await scene.serve()
    pressed = admin.done(await one.admin.press(question, label="Yes, follow them"))
    await scene.until(lambda: "Added" in question.content)
    assert pressed.failed is None
    assert "Only" in question.content or "protected" in question.content, question.content
    kept_rows = rows(scene.folder, one, {role.id: "listeners"}, {one.spaces.id: "spaces", one.general.id: "general"})
    assert len(kept_rows["watches"]) == 11
    assert {(row["channel_id"], *row["roles"], row["also_cohost"]) for row in kept_rows["watches"]} == {
        ("spaces", "listeners", 1)
    }


@in_virtual_time
async def test_no_more_members_of_a_list_are_bought_than_the_price_was_said_for(scene: VirtualScene) -> None:
    people = [scene.x.add_user(f"host{number:02}") for number in range(8)]
    for each in range(3):
        scene.x.add_user(f"other{each}")
    kept = scene.x.add_list(people[0], people)
    one = club(scene.discord)
    with patch.dict(os.environ, {"SPACEBOT_WATCH_LIMIT": "5"}):
        await scene.serve()
    admin = Admin(who=one.admin, where=one.general)
    await admin.open(await admin.greeted(scene))
    await settled(scene, await admin.fill_in("Add hosts", Hosts="other0\nother1\nother2"))
    use = await admin.fill_in("Add hosts", Hosts=f"https://x.com/i/lists/{kept.id}")
    assert "the newest 2 at most" in await settled(scene, use)
    [question] = use.followups
    for each in range(3):  # now there would be room for 5
        await ask(one.admin, one.general, "watch remove", host=f"other{each}")
    await one.admin.press(question, label="Yes, follow them")
    await scene.until(lambda: "Added" in question.content)
    assert len(rows(scene.folder, one, {}, {})["watches"]) == 2


@in_virtual_time
async def test_a_no_to_the_price_of_a_list_buys_nothing_and_a_private_list_is_said_to_be_one(
    scene: VirtualScene,
) -> None:
    ann = scene.x.add_user("ann")
    private = scene.x.add_list(ann, [ann], private=True)
    one = club(scene.discord)
    await scene.serve()
    admin = Admin(who=one.admin, where=one.general)
    await admin.open(await admin.greeted(scene))
    link = f"https://x.com/i/lists/{private.id}"
    questions = []
    for _ in range(2):
        use = await admin.fill_in("Add hosts", Hosts=link)
        await settled(scene, use)
        questions += use.followups
    await one.admin.press(questions[0], label="No")
    assert questions[0].content == "Then nobody new is followed."
    await one.admin.press(questions[1], label="Yes, follow them")
    await scene.until(lambda: "X does not show that list" in questions[1].content)
    assert rows(scene.folder, one, {}, {})["watches"] == []
