"""Who manages the server acts with their own rights: the bot writes and mentions for nobody what they may not themselves."""

from typing import Any

from spacebot.sandbox.discord import LocalMember, LocalRole
from spacebot.sandbox.discord.permissions import Permission
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text


async def answer(who: LocalMember, one: Club, command: str, *, force: bool = False, **options: object) -> str:
    """What the bot answers; it is for who asks alone."""
    reply = await ask(who, one.general, command, force=force, **options)
    assert reply.ephemeral
    return text(reply)


async def set_up(one: Club) -> str:
    """Everything that is set in the guild."""
    shown = text(await ask(one.guild.owner, one.general, "config show"))
    return "\n".join(line for line in shown.splitlines() if not line.startswith("X last asked"))


def silent_role(one: Club) -> LocalRole:
    """A role that not everybody may mention, while the bot may mention all."""
    one.guild.set_bot_permissions(
        *("view_channel", "send_messages", "send_messages_in_threads"),
        *("embed_links", "read_message_history", "mention_everyone"),
    )
    return one.guild.add_role("quiet", mentionable=False)


@in_virtual_time
async def test_a_moderator_names_only_channels_and_roles_that_they_may_use_themselves(scene: VirtualScene) -> None:
    for name in ("host", "other"):
        scene.x.add_user(name)
    one = club(scene.discord)
    role = silent_role(one)
    thread = one.guild.add_thread(one.general, "Spaces")
    one.spaces.overwrite(one.guild.people, deny=("send_messages",))
    hidden = one.guild.add_channel("hidden")
    hidden.overwrite(one.admin, deny=("view_channel",))
    one.guild.people.edit(permissions=[name for name in _names(one.guild.people) if "THREADS" not in name])
    await scene.serve()
    before = await set_up(one)

    followed: dict[str, Any] = {"host": "@host"}
    words: dict[str, Any] = {"words": "tea"}
    none: dict[str, Any] = {}
    for place, lacks in ((one.spaces, "Send Messages"), (thread, "Send Messages in Threads"), (hidden, "View Channel")):
        for command, options in (
            ("config channel", none),
            ("config alerts", none),
            ("watch add", followed),
            ("watch keyword add", words),
        ):
            said = await answer(one.admin, one, command, force=True, channel=place, **options)
            assert said.startswith(f"In <#{place.id}> you lack {lacks}"), command
    for named, command, options in (
        (one.guild.everyone, "config role", none),
        (one.guild.everyone, "watch add", followed),
        (role, "config role", none),
        (role, "watch add", followed),
        (role, "watch keyword add", words),
    ):
        said = await answer(one.admin, one, command, role=named, **options)
        assert f"You may not ping {named.name} yourself" in said, command
        assert "permission Mention @everyone, @here and All Roles" in said
    assert await set_up(one) == before, "nothing has changed"
    assert "nobody" in await answer(one.admin, one, "watch list")
    assert not any(place.messages for place in (one.spaces, hidden, thread))
    for command, options in (("watch add", followed), ("watch keyword add", words)):
        asked = await ask(one.admin, one.spaces, command, **options)
        refused = await one.admin.press(asked, label="Use #spaces")
        said = (await refused.reply()).content
        assert f"In <#{one.spaces.id}> you lack Send Messages yourself" in said, "here"
    assert "Channel: none yet" in await set_up(one)


@in_virtual_time
async def test_somebody_who_may_write_and_mention_names_what_a_moderator_may_not(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    scene.x.add_user("other")
    one = club(scene.discord)
    role = silent_role(one)
    one.spaces.overwrite(one.guild.people, deny=("send_messages",))
    editors = one.guild.add_role("editors", permissions=Permission.MENTION_EVERYONE)
    one.spaces.overwrite(editors, allow=("send_messages",))
    await scene.serve()
    assert "you lack" in await answer(one.admin, one, "config channel", channel=one.spaces)
    one.admin.add_role(editors)
    assert "from now on" in await answer(one.admin, one, "config channel", channel=one.spaces)
    assert "from now on" in await answer(one.admin, one, "config role", role=role)
    asked = await ask(one.admin, one.general, "config role", role=one.guild.everyone)
    assert "really" in asked.content

    one.admin.remove_role(editors)
    refused = await one.admin.press(asked, label="Yes, ping everyone")
    assert "You may not ping @everyone yourself" in (await refused.reply()).content
    assert role.mention in await set_up(one), "it is the right of who presses, at the time, that counts"
    one.admin.add_role(editors)
    await (await one.admin.press(asked, label="Yes, ping everyone")).reply()
    assert "Pings: @everyone" in await set_up(one)

    one.admin.remove_role(editors)
    assert "Following" in await answer(one.admin, one, "watch add", host="@host"), (
        "what is set up already names nothing"
    )
    scene.x.start_space(host, title="Hello")
    await scene.until(lambda: one.spaces.messages)
    assert one.spaces.messages[0].pinged_everyone
    loud = one.guild.add_role("loud", mentionable=True)
    assert "from now on" in await answer(one.admin, one, "config role", role=loud), "everybody may mention it"


@in_virtual_time
async def test_a_permission_to_mention_all_counts_where_it_is_to_be_used(scene: VirtualScene) -> None:
    scene.x.add_user("host")
    one = club(scene.discord)
    role = silent_role(one)
    editors = one.guild.add_role("editors", permissions=Permission.MENTION_EVERYONE)
    await scene.serve()
    one.spaces.overwrite(one.admin, allow=("mention_everyone",))
    said = await answer(one.admin, one, "watch add", host="@host", channel=one.spaces, role=role)
    assert "You may not ping quiet" in said, "a watch can be moved to another channel"
    one.admin.add_role(editors)
    one.spaces.overwrite(one.admin, deny=("mention_everyone",))
    said = await answer(one.admin, one, "watch add", host="@host", channel=one.spaces, role=role)
    assert "You may not ping quiet" in said
    await ask(one.admin, one.general, "config channel", channel=one.general)
    asked = await ask(one.admin, one.general, "watch add", host="@host", role=one.guild.everyone)
    assert "really" in asked.content, "in the server's channel they may"
    one.general.overwrite(one.admin, deny=("mention_everyone",))
    refused = await one.admin.press(asked, label="Yes, ping everyone")
    assert "You may not ping @everyone" in (await refused.reply()).content
    one.general.clear_overwrites()
    await (await one.admin.press(asked, label="Yes, ping everyone")).reply()
    assert "@everyone" in await answer(one.admin, one, "watch list")
    assert "Still following" in await answer(
        one.guild.owner, one, "watch add", host="@host", channel=one.spaces, role=role
    )


def _names(role: LocalRole) -> list[str]:
    return [str(each.name) for each in role.permissions]
