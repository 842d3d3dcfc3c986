"""Several people at once, a permission taken away midway, 250 roles: bells, filters, files, pauses and what comes up."""

import asyncio
from datetime import timedelta
from typing import Any

from spacebot.sandbox.discord import LocalFile, LocalMember, LocalMessage
from spacebot.sandbox.discord.model.guilds import DEFAULT_BOT_PERMISSIONS
from spacebot.sandbox.discord.model.members import LocalInteraction
from spacebot.sandbox.discord.permissions import Permission
from tests.system.panel import Admin, settled
from tests.system.scene import PATIENCE, Club, VirtualScene, ask, club, in_virtual_time, text

MAY_NOT = "You need the Manage Server permission for that."


def managers(one: Club) -> tuple[LocalMember, LocalMember]:
    """Two admins."""
    return one.admin, one.guild.add_member("second admin", manage_guild=True)


async def form(who: LocalMember, one: Club) -> LocalInteraction:
    """The form of `/watch import`."""
    use = await who.use(one.general, "watch import")
    assert use.failed is None, use.failed
    return use


async def bring(who: LocalMember, opened: LocalInteraction, content: str) -> LocalMessage:
    """Hand in a file; the report."""
    file = LocalFile(name="list.csv", content=content.encode(), content_type="text/csv")
    sent = await who.submit(opened, **{"The file": file})
    assert sent.failed is None, sent.failed
    return await sent.reply(timeout=PATIENCE)


@in_virtual_time
async def test_whoever_loses_the_permission_changes_nothing_from_then_on(scene: VirtualScene) -> None:
    scene.x.add_user("ann")
    one = club(scene.discord)
    one.guild.set_bot_permissions(*DEFAULT_BOT_PERMISSIONS, "manage_roles")
    role = one.guild.add_role("managers", permissions=Permission.MANAGE_GUILD)
    one.member.add_role(role)
    await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@ann", channel=one.spaces)
    commands: tuple[tuple[str, dict[str, Any]], ...] = (
        ("watch filter", {"host": "@ann", "want": "tea"}),
        ("watch pause", {"host": "@ann"}),
        ("watch resume", {"host": "@ann"}),
        ("watch pause", {}),
        ("watch resume", {}),
        ("config bell", {"what": "host"}),
        ("config invited", {"on": True}),
        ("watch export", {}),
    )
    for command, options in commands:
        answer = await ask(one.member, one.general, command, **options)
        assert answer.content != MAY_NOT, command
    opened = await form(one.member, one)
    panel = Admin(who=one.member, where=one.general)
    await panel.open(await panel.greeted(scene))
    moments = await panel.press("Moments")
    before = (
        text(await ask(one.admin, one.general, "config show")),
        text(await ask(one.admin, one.general, "watch list")),
    )

    one.member.remove_role(role)
    for command, options in commands:
        taken: dict[str, Any] = {"host": "@ann", "reset": True} if command == "watch filter" else dict(options)
        taken |= {"what": "off"} if command == "config bell" else {}
        taken |= {"on": False} if command == "config invited" else {}
        answer = await ask(one.member, one.general, command, force=True, **taken)
        assert (answer.content, answer.attachments) == (MAY_NOT, []), command
    assert (await bring(one.member, opened, "handle\nann\nbob\n")).content == MAY_NOT
    refused = await one.member.submit(moments, extras=[])
    assert (await refused.reply(timeout=PATIENCE)).content == MAY_NOT
    await scene.served[-1].stop()
    await scene.serve()
    after = (
        text(await ask(one.admin, one.general, "config show")),
        text(await ask(one.admin, one.general, "watch list")),
    )
    assert "only titled “tea”" in after[1]
    assert "Notify me" in after[0]
    assert [part.split("X last asked")[0] for part in after] == [part.split("X last asked")[0] for part in before]


@in_virtual_time
async def test_two_admins_at_once_leave_what_one_of_them_wanted(scene: VirtualScene) -> None:
    scene.x.add_user("ann")
    one = club(scene.discord)
    one.guild.set_bot_permissions(*DEFAULT_BOT_PERMISSIONS, "manage_roles")
    first, second = managers(one)
    await scene.serve()
    await ask(first, one.general, "watch add", host="@ann", channel=one.spaces)
    said = await asyncio.gather(
        ask(first, one.general, "watch filter", host="@ann", want="tea", language="en"),
        ask(second, one.general, "watch filter", host="@ann", want="coffee", language="de"),
    )
    assert "tea" in said[0].content
    listed = text(await ask(first, one.general, "watch list"))
    assert ("tea" in listed) is not ("coffee" in listed)
    assert ("English" in listed) is ("tea" in listed), "never half of each"

    await asyncio.gather(
        *(ask(who, one.general, f"watch {what}") for who, what in ((first, "pause"), (second, "resume")) * 3)
    )
    paused = "Paused" in text(await ask(first, one.general, "config show"))
    assert ("⏸️" in text(await ask(second, one.general, "watch list"))) is paused

    panels = [Admin(who=who, where=one.general) for who in (first, second)]
    for panel in panels:
        await panel.open(await panel.greeted(scene))
    forms = [await panel.press("Moments") for panel in panels]
    sent = await asyncio.gather(
        first.submit(forms[0], when=["live"], extras=["bell", "invited"]),
        second.submit(forms[1], when=["live"], extras=["bell", "invited"]),
        ask(first, one.general, "config bell", what="host"),
    )
    for use in sent[:2]:
        assert isinstance(use, LocalInteraction)
        assert not await settled(scene, use)
    assert "🔔 Notify me: " in panels[0].shown
    assert "posts name who is invited" in text(await ask(second, one.general, "config show"))


@in_virtual_time
async def test_two_admins_bring_files_at_once_and_nobody_is_bought_twice(scene: VirtualScene) -> None:
    names = [f"host{number}" for number in range(30)]
    for name in names:
        scene.x.add_user(name)
    one = club(scene.discord)
    first, second = managers(one)
    await scene.serve()
    await ask(first, one.general, "config channel", channel=one.spaces)
    opened = [await form(who, one) for who in (first, second)]
    reports = await asyncio.gather(
        bring(first, opened[0], "\n".join(["handle", *names[:20], "no body"])),
        bring(second, opened[1], "\n".join(["handle", *names[10:], "no body"])),
    )
    assert all(report.content.startswith("Read 21 lines: ") for report in reports)
    assert all("1 not taken" in report.content for report in reports)
    added = [int(report.content.split(": ")[1].split(" added")[0]) for report in reports]
    assert sum(added) == 30, "each is added once"
    assert scene.x.billed.count("user") == 30
    exported = await ask(second, one.general, "watch export")
    assert exported.attachments[0].content.count(b"host") >= 30


@in_virtual_time
async def test_in_a_server_of_two_hundred_and_fifty_roles_of_one_name_a_file_means_the_right_ones(
    scene: VirtualScene,
) -> None:
    for name in ("ann", "bob", "cy"):
        scene.x.add_user(name)
    one = club(scene.discord)
    twins = [one.guild.add_role("Same; name", mentionable=True) for _ in range(245)]
    while len(one.guild.roles) < 250:
        one.guild.add_role("only one", mentionable=True)
    await scene.serve()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    await ask(one.admin, one.general, "watch add", host="@ann", role=twins[200])
    exported = (await ask(one.admin, one.general, "watch export")).attachments[0].content.decode("utf-8-sig")
    assert f"<@&{twins[200].id}>" in exported
    await ask(one.admin, one.general, "watch remove", host="@ann")
    assert "1 added" in (await bring(one.admin, await form(one.admin, one), exported)).content
    content = f"handle,roles\nbob,<@&{twins[7].id}>\ncy,Same; name\n"
    report = await bring(one.admin, await form(one.admin, one), content)
    assert "1 added, 1 not taken" in report.content
    again = (await ask(one.admin, one.general, "watch export")).attachments[0].content.decode("utf-8-sig")
    assert f"<@&{twins[200].id}>" in again
    assert f"<@&{twins[7].id}>" in again
    said = text(await ask(one.admin, one.general, "config bell", what="server"))
    assert "I lack the permission Manage Roles" in said
    one.guild.set_bot_permissions(*DEFAULT_BOT_PERMISSIONS, "manage_roles")
    await scene.pass_by(1)
    await ask(one.admin, one.general, "config bell", what="server")
    assert "has 250 roles" in text(await ask(one.member, one.general, "notify"))


@in_virtual_time
async def test_notify_works_for_many_at_once_and_after_a_restart_and_without_the_permission_says_so(
    scene: VirtualScene,
) -> None:
    scene.x.add_user("ann")
    one = club(scene.discord)
    one.guild.set_bot_permissions(*DEFAULT_BOT_PERMISSIONS, "manage_roles")
    people = [one.guild.add_member(f"person {number}") for number in range(6)]
    await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@ann", channel=one.spaces)
    await ask(one.admin, one.general, "config bell", what="server")
    said = await asyncio.gather(*(ask(who, one.general, "notify") for who in people))
    assert all("You have" in text(each) and each.ephemeral for each in said)
    [role] = [each for each in one.guild.roles.values() if each.name == "Spaces"]
    assert all(role in who.roles for who in people)
    await scene.served[-1].stop()
    await scene.serve()
    assert "no longer" in text(await ask(people[0], one.general, "notify"))
    one.guild.set_bot_permissions(*DEFAULT_BOT_PERMISSIONS)
    await scene.pass_by(1)
    assert "I lack the permission Manage Roles" in text(await ask(people[1], one.general, "notify"))
    assert role in people[1].roles


@in_virtual_time
async def test_what_comes_up_is_each_askers_own_also_at_once_and_once_they_may_no_longer_look(
    scene: VirtualScene,
) -> None:
    ann, bob = scene.x.add_user("ann"), scene.x.add_user("bob")
    one = club(scene.discord)
    staff = one.guild.add_channel("staff")
    staff.overwrite(one.guild.everyone, deny=("view_channel",))
    staff.overwrite(one.guild.bot_member, allow=("view_channel",))
    staff.overwrite(one.admin, allow=("view_channel",))
    helper = one.guild.add_member("helper")
    staff.overwrite(helper, allow=("view_channel",))
    await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@ann", channel=one.spaces)
    await ask(one.admin, one.general, "watch add", host="@bob", channel=staff)
    later = scene.clock.now() + timedelta(days=1)
    scene.x.schedule_space(ann, start=later, title="Open to all")
    for number in range(12):
        scene.x.schedule_space(bob, start=later + timedelta(hours=1 + number), title=f"For staff {number}")
    await scene.swept(2)
    answers = await asyncio.gather(
        *(ask(who, one.general, "spaces-upcoming") for who in (one.member, helper, one.admin))
    )
    assert ["Open to all" in text(each) for each in answers] == [True, True, True]
    assert ["For staff" in text(each) for each in answers] == [False, True, True]
    pages = await asyncio.gather(
        *(who.press(each, label="Next") for who, each in zip((helper, one.admin), answers[1:], strict=True))
    )
    turned = [text(await page.reply(timeout=PATIENCE)) for page in pages]
    assert ["page 2 of 2" in each for each in turned] == [True, True]
    staff.overwrite(helper, deny=("view_channel",))
    await scene.pass_by(1)
    told = text(await ask(helper, one.general, "spaces-upcoming"))
    assert "Open to all" in told
    assert "For staff" not in told
