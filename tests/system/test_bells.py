"""'Notify me' under posts and `/notify`: one role for each bell, made once, without permissions, given to who presses."""

import asyncio

from spacebot.sandbox.discord import Fault, LocalMember, LocalMessage, LocalRole
from spacebot.sandbox.x import XUser
from spacebot.usecases.bells import STILL_ARRIVING
from tests.system.scene import PATIENCE, Club, VirtualScene, ask, club, in_virtual_time, text

ALLOWED = ("view_channel", "send_messages", "embed_links", "read_message_history")
ROLE = "Spaces · Night Radio"


async def press(who: LocalMember, post: LocalMessage) -> str:
    """Press the button; what the bot says, to who presses alone."""
    use = await who.press(post, label="Notify me")
    assert use.failed is None, use.failed
    answer = await use.reply(timeout=PATIENCE)
    assert answer.ephemeral
    return text(answer)


def may_manage_roles(one: Club, *more: str) -> None:
    """Let the bot manage roles there."""
    one.guild.set_bot_permissions(*ALLOWED, "manage_roles", *more)


def roles_of(one: Club, name: str = ROLE) -> list[LocalRole]:
    """The guild's roles of that name."""
    return [role for role in one.guild.roles.values() if role.name == name]


def has(who: LocalMember, name: str = ROLE) -> bool:
    return name in [role.name for role in who.roles]


def asked(scene: VirtualScene, method: str, part: str = "/roles") -> int:
    """How often Discord was asked that."""
    return sum(each.method == method and part in each.path for each in scene.discord.requests)


async def ready(scene: VirtualScene, what: str = "host") -> tuple[Club, XUser]:
    """A guild in which a host is followed and the bell is on."""
    host = scene.x.add_user("night", name="Night Radio")
    one = club(scene.discord)
    may_manage_roles(one)
    await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@night", channel=one.spaces)
    await ask(one.admin, one.general, "config pings", minutes=0)
    assert "Notify me" in text(await ask(one.admin, one.general, "config bell", what=what))
    return one, host


async def posted(scene: VirtualScene, one: Club, host: XUser) -> LocalMessage:
    """The post of a new Space of the host's."""
    before = len(one.spaces.messages)
    space = scene.x.start_space(host, title="Late show")
    await scene.until(lambda: len(one.spaces.messages) > before)
    space.end()
    return one.spaces.messages[-1]


@in_virtual_time
async def test_the_first_press_makes_the_role_and_gives_it_and_the_second_takes_it_away(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    chosen = one.guild.add_role("listeners")
    await ask(one.admin, one.general, "config role", role=chosen)
    post = await posted(scene, one, host)
    assert not roles_of(one), "no role before somebody wants it"
    said = await press(one.member, post)
    [role] = roles_of(one)
    assert f"You have {role.mention} now" in said
    assert has(one.member)
    assert role.permissions == 0
    assert role.mentionable

    await scene.served[-1].stop()
    await scene.serve()
    assert has(one.member)
    second = await posted(scene, one, host)
    assert second.pinged_roles == [chosen, role]
    assert not second.pinged_everyone
    panel = await ask(one.admin, one.general, "setup")
    assert "🔔 Notify me: a role for each host, 1 person for 1 host" in "\n".join(panel.texts)
    assert "no longer" in await press(one.member, second), "after a restart, and under another post"
    assert not has(one.member)
    assert "You have" in await press(one.member, post), "an old post's button does the same"
    assert roles_of(one) == [role]
    assert asked(scene, "POST") == 1


@in_virtual_time
async def test_there_is_no_button_and_no_role_before_an_admin_wants_it(scene: VirtualScene) -> None:
    host = scene.x.add_user("night", name="Night Radio")
    one = club(scene.discord)
    may_manage_roles(one)
    await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@night", channel=one.spaces)
    post = await posted(scene, one, host)
    assert "Notify me" not in str(post.buttons)
    assert "Nobody is given a role" in text(await ask(one.member, one.general, "notify"))
    use = await ask(one.member, one.general, "config bell", force=True, what="host")
    assert "Manage Server" in text(use)
    assert "Nobody is given a role" in text(await ask(one.member, one.general, "notify"))
    assert asked(scene, "POST") == 0


@in_virtual_time
async def test_without_the_permission_it_stays_off_and_without_it_midway_posts_go_on(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    post = await posted(scene, one, host)
    await press(one.member, post)
    one.guild.set_bot_permissions(*ALLOWED)
    await scene.pass_by(1)
    said = await press(one.member, post)
    assert "I lack the permission Manage Roles" in said
    assert "permissions=" in said
    assert "Server settings → Roles" in said
    assert has(one.member), "nothing has changed"
    panel = await ask(one.admin, one.general, "setup")
    assert "🔔 ⚠️ I lack the permission Manage Roles" in "\n".join(panel.texts)
    assert "I lack the permission Manage Roles" in text(await ask(one.admin, one.general, "config show"))
    assert (await posted(scene, one, host)).pinged_roles == roles_of(one), "whoever has it is still pinged"

    await ask(one.admin, one.general, "config bell", what="off")
    said = text(await ask(one.admin, one.general, "config bell", what="host"))
    assert "I lack the permission Manage Roles" in said
    later = await posted(scene, one, host)
    assert "Notify me" not in str(later.buttons)
    assert later.pinged_roles == []
    may_manage_roles(one)
    await scene.pass_by(1)
    assert "Nobody is given" in await press(one.guild.add_member("new"), post)
    assert "no longer" in await press(one.member, post), "what was given can be given back"
    assert not has(one.member)


@in_virtual_time
async def test_a_guild_with_as_many_roles_as_discord_allows_gets_a_sentence(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    post = await posted(scene, one, host)
    while len(one.guild.roles) < 250:
        one.guild.add_role("one of many")
    await scene.pass_by(5)
    assert "has 250 roles" in await press(one.member, post)
    assert not roles_of(one)
    assert asked(scene, "POST") == 0, "Discord is not asked for what it would refuse"
    next(role for role in one.guild.roles.values() if role.name == "one of many").delete()
    await scene.pass_by(5)
    scene.discord.fault("POST", "/roles$", Fault(status=400, code=30005))
    assert "has 250 roles" in await press(one.member, post), "Discord knows better"
    assert "You have" in await press(one.member, post)
    assert len(roles_of(one)) == 1


@in_virtual_time
async def test_a_role_above_the_bots_or_with_permissions_is_neither_given_nor_taken(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    post = await posted(scene, one, host)
    await press(one.member, post)
    [role] = roles_of(one)
    other = one.guild.add_member("other")

    role.edit(position=5)
    await scene.pass_by(1)
    for who in (one.member, other):
        assert "stands above mine" in await press(who, post)
    role.edit(position=1)
    role.edit(permissions=("kick_members",))
    await scene.pass_by(1)
    for who in (one.member, other):
        assert "permissions, in the server or in a channel" in await press(who, post)
    role.edit(permissions=())
    one.general.overwrite(role, allow=("manage_messages",))
    await scene.pass_by(1)
    assert "permissions, in the server or in a channel" in await press(other, post)
    one.general.clear_overwrites()
    await scene.pass_by(1)
    assert (has(one.member), has(other)) == (True, False)
    scene.discord.fault("PUT", "/members/", Fault(status=403, code=50013))
    assert "stands above mine" in await press(other, post), "Discord knows better"
    assert "You have" in await press(other, post)
    assert roles_of(one) == [role]


@in_virtual_time
async def test_people_who_press_at_once_get_one_role(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    post = await posted(scene, one, host)
    people = [one.guild.add_member(f"person {number}") for number in range(15)]
    scene.discord.fault("POST", "/roles$", Fault(delay=2))
    said = await asyncio.gather(*(press(who, post) for who in people))
    [role] = roles_of(one)
    assert all(f"You have {role.mention} now" in each for each in said)
    assert all(has(who) for who in people)
    assert asked(scene, "POST") == 1


@in_virtual_time
async def test_a_role_whose_making_was_not_answered_is_found_again(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    post = await posted(scene, one, host)
    foreign = one.guild.add_role(ROLE)
    scene.discord.fault("POST", "/roles$", Fault(drop="after"))
    assert "Discord has not said yet whether it has made the role" in await press(one.member, post)
    await scene.served[-1].stop()
    await scene.serve()
    assert "You have" in await press(one.member, post)
    [also, role] = roles_of(one)
    assert also is foreign
    assert role in one.member.roles
    assert foreign not in one.member.roles, "a role of that name which the bot did not make is given to nobody"
    assert asked(scene, "POST") == 1


@in_virtual_time
async def test_after_a_crash_before_anything_was_made_the_role_is_made(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    post = await posted(scene, one, host)
    scene.discord.fault("POST", "/roles$", Fault(drop="before"))
    assert "Discord has not said yet" in await press(one.member, post)
    assert "press again" in await press(one.member, post), "it may still be on its way"
    assert not roles_of(one)
    await scene.pass_by(STILL_ARRIVING.total_seconds())
    assert "You have" in await press(one.member, post)
    assert len(roles_of(one)) == 1


@in_virtual_time
async def test_a_deleted_role_is_pinged_no_more_and_the_next_press_makes_it_again(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    post = await posted(scene, one, host)
    await press(one.member, post)
    roles_of(one)[0].delete()
    await scene.pass_by(1)
    later = await posted(scene, one, host)
    assert later.pinged_roles == []
    assert "<@&" not in later.content
    assert "You have" in await press(one.member, later)
    [role] = roles_of(one)

    await scene.served[-1].stop()
    role.delete()
    await scene.serve()
    await scene.pass_by(5)
    later = await posted(scene, one, host)
    assert "<@&" not in later.content, "nor one that was deleted while the bot was away"
    assert "You have" in await press(one.member, later)
    assert (await posted(scene, one, host)).pinged_roles == roles_of(one)
    scene.discord.fault("DELETE", "/members/", Fault(status=404, code=10011))
    assert "was deleted just now" in await press(one.member, later)


@in_virtual_time
async def test_somebody_who_presses_without_end_costs_little_and_nobody_else_anything(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    post = await posted(scene, one, host)
    at_x = len(scene.x.requests)
    said = [await press(one.member, post) for _ in range(60)]
    assert "often in a short time" in said[-1]
    assert asked(scene, "PUT", "/members/") + asked(scene, "DELETE", "/members/") == 12
    assert "You have" in await press(one.guild.add_member("other"), post)
    assert {each.endpoint for each in scene.x.requests[at_x:]} <= {"creator_ids", "spaces", "subscriptions"}
    await scene.pass_by(600)
    assert "often" not in await press(one.member, post)


@in_virtual_time
async def test_one_role_for_the_server_is_pinged_by_every_post(scene: VirtualScene) -> None:
    one, host = await ready(scene, "server")
    other = scene.x.add_user("other", name="Other")
    await ask(one.admin, one.general, "watch add", host="@other", channel=one.spaces)
    assert "You have" in text(await ask(one.member, one.general, "notify"))
    [role] = roles_of(one, "Spaces")
    for who in (host, other):
        post = await posted(scene, one, who)
        assert post.pinged_roles == [role]
    panel = await ask(one.admin, one.general, "setup")
    assert "🔔 Notify me: one role for all posts here, 1 person" in "\n".join(panel.texts)

    await ask(one.admin, one.general, "config bell", what="host")
    assert "Say whose Spaces" in text(await ask(one.guild.add_member("new"), one.general, "notify"))
    offered = await one.member.autocomplete(one.general, "notify", "host", "nig")
    assert [each["name"] for each in offered] == ["Night Radio (@night)"]
    assert "Night Radio" in text(await ask(one.member, one.general, "notify", host=offered[0]["value"]))
    assert "not follow" in text(await ask(one.member, one.general, "notify", host="@nobody"))
    assert (await posted(scene, one, other)).pinged_roles == []
    assert (await posted(scene, one, host)).pinged_roles == roles_of(one)


@in_virtual_time
async def test_where_the_bot_may_mention_all_nobody_else_can_mention_the_role(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    may_manage_roles(one, "mention_everyone")
    await scene.pass_by(1)
    await press(one.member, await posted(scene, one, host))
    [role] = roles_of(one)
    assert not role.mentionable
    assert (await posted(scene, one, host)).pinged_roles == [role]
    may_manage_roles(one)
    await scene.pass_by(1)
    assert f"I may not ping {ROLE}" in text(await ask(one.admin, one.general, "config show"))
