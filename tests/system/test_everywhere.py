"""'Look up this Space' on any message, and the commands that people install for themselves: private, and on their own share."""

import asyncio
import os
import sqlite3
from unittest.mock import patch

import pytest

from spacebot.present.found import HOSTS_ALONE, LOOK_UP, NOTHING_NAMED
from spacebot.sandbox.discord import LocalGuild, LocalMember, LocalMessage, NotOffered
from spacebot.sandbox.x import XSpace
from tests.system.scene import PATIENCE, Scene, Served, VirtualScene, ask, club, in_virtual_time, text

NOBODY = 0
"""No guild, in the books."""

HOSTILE = "@everyone @here <@&1> <@2> **b** ||s|| `c` [x](https://evil.example) {host} %s \u202e\u200b"


async def serve(scene: VirtualScene, **settings: str) -> Served:
    """Start the bot, which people may install for themselves."""
    scene.discord.state.portal["integration_types_config"] = {"0": {}, "1": {}}
    with patch.dict(os.environ, {f"SPACEBOT_{name}": value for name, value in settings.items()}):
        return await scene.serve()


def elsewhere(scene: Scene) -> LocalGuild:
    """A guild that has not invited the bot."""
    guild = scene.discord.add_guild("Elsewhere")
    guild.remove_bot()
    return guild


def somebody(guild: LocalGuild, name: str = "somebody") -> LocalMember:
    """A member of it who has installed the bot for themselves."""
    member = guild.add_member(name)
    member.install_app()
    return member


def spaces(scene: Scene, count: int) -> list[XSpace]:
    """Live Spaces, each of a host of its own."""
    return [
        scene.x.start_space(scene.x.add_user(f"host{at}", name=f"Host {at}"), title=f"Space {at}")
        for at in range(count)
    ]


async def looked_up(who: LocalMember, message: LocalMessage) -> LocalMessage:
    """The answer to the entry in a message's menu."""
    use = await who.use_on(message, LOOK_UP)
    assert use.failed is None, use.failed
    answer = await use.reply(timeout=PATIENCE)
    assert answer.ephemeral
    assert not answer.channel.messages or answer not in answer.channel.messages
    return answer


async def chosen(who: LocalMember, answer: LocalMessage, value: str) -> LocalMessage:
    """The answer, once something else that the message names is chosen."""
    before = answer.edits
    use = await who.choose(answer, value)
    assert use.failed is None, use.failed
    await asyncio.wait_for(answer.channel.state.updates.until(lambda: answer.edits > before), PATIENCE)
    return answer


def links(*named: XSpace) -> str:
    return " ".join(f"https://x.com/i/spaces/{space.id}" for space in named)


def asked(scene: Scene) -> list[str]:
    """What people have had asked of X, beside what the bot asks by itself."""
    return [each.path for each in scene.x.requests if each.path.startswith(("/2/spaces/", "/2/users"))]


@in_virtual_time
async def test_what_a_message_names_is_shown_in_private_and_the_rest_can_be_chosen_after_a_restart(
    scene: VirtualScene,
) -> None:
    one = club(scene.discord)
    first, second, third = spaces(scene, 3)
    bot = await serve(scene)
    components = [
        {"type": 1, "id": 1, "components": [{"type": 2, "id": 2, "style": 5, "label": "Go", "url": links(third)}]}
    ]
    message = one.admin.say(
        one.general,
        f"Now: {links(first)}",
        embeds=[{"type": "rich", "title": "Next", "url": links(second), "description": links(first)}],
        components=components,
    )
    answer = await looked_up(one.member, message)
    assert "Space 0" in text(answer)
    assert [button["label"] for button in answer.buttons] == ["Listen"]
    [select] = answer.selects
    assert [option["label"] for option in select["options"]] == [f"Space {each.id}" for each in (first, second, third)]
    assert len(asked(scene)) == 1

    assert "Space 1" in text(await chosen(one.member, answer, f"space:{second.id}"))
    await bot.stop()
    await serve(scene)
    assert "Space 2" in text(await chosen(one.member, answer, f"space:{third.id}"))
    assert "Space 0" in text(await chosen(one.member, answer, f"space:{first.id}"))
    assert one.general.messages == [message]


@in_virtual_time
async def test_a_message_without_a_space_says_so_or_offers_its_hosts_and_asks_nothing(scene: VirtualScene) -> None:
    one = club(scene.discord)
    [space] = spaces(scene, 1)
    await serve(scene)
    for nothing in ("", "hello", "https://example.com/i/spaces/1abc", "https://x.com/host0/status/1", "1234567890123"):
        message = one.member.say(one.general, nothing)
        answer = await looked_up(one.member, message)
        assert (answer.content, answer.components) == (NOTHING_NAMED, [])
    message = one.member.say(one.general, "Follow https://x.com/host0, https://x.com/HOST0 and <https://x.com/other>")
    answer = await looked_up(one.member, message)
    assert answer.content == HOSTS_ALONE
    assert [option["label"] for option in answer.selects[0]["options"]] == ["@host0", "@other"]
    assert not asked(scene)
    await chosen(one.member, answer, "host:host0")
    assert (space.title or "") in text(answer)
    assert answer.selects


@in_virtual_time
async def test_what_x_does_not_show_leaves_the_others_to_be_chosen(scene: VirtualScene) -> None:
    one = club(scene.discord)
    [space] = spaces(scene, 1)
    await serve(scene)
    message = one.member.say(one.general, f"https://x.com/i/spaces/1nobodyknowsX or {space.id}")
    answer = await looked_up(one.member, message)
    assert answer.content.endswith(".")
    assert not answer.embeds
    assert "Space 0" in text(await chosen(one.member, answer, f"space:{space.id}"))


@in_virtual_time
async def test_where_the_bot_is_not_it_works_for_whoever_installed_it_in_private(scene: VirtualScene) -> None:
    one, guild = club(scene.discord), elsewhere(scene)
    named = spaces(scene, 6)
    await serve(scene)
    with pytest.raises(NotOffered):
        await guild.add_member("a passer-by").use(guild.system_channel, "space", space=named[0].id)
    who = somebody(guild)
    for command in ("watch list", "status", "space-posts"):
        with pytest.raises(NotOffered):
            await who.use(guild.system_channel, command)
    room = guild.system_channel
    assert "Space 0" in text(await ask(who, room, "space", space=named[0].id))
    assert "Space 1" in text(await ask(who, room, "host-live", host="@host1"))
    assert (await ask(who, room, "space", space="no id at all")).ephemeral
    found = await ask(who, room, "spaces-search", query="space")
    assert "page 1 of 2" in text(found)
    await who.press(found, label="Next")
    await scene.until(lambda: "page 2 of 2" in text(found))
    answer = await looked_up(who, guild.owner.say(room, links(*named[:2])))
    assert "Space 1" in text(await chosen(who, answer, f"space:{named[1].id}"))
    assert found.ephemeral
    assert len(room.messages) == 1, "only what its owner wrote"
    callbacks = [each for each in scene.discord.requests if each.path.endswith("/callback")]
    assert all((each.status or 0) < 400 for each in callbacks)
    await scene.pass_by(10)  # the books are written every few seconds
    assert charged(scene) == {NOBODY}

    new = [scene.x.start_space(scene.x.add_user(f"late{at}"), title="New") for at in range(2)]
    public = await ask(one.member, one.general, "space", space=new[0].id)
    assert not public.ephemeral
    assert not (await ask(somebody(one.guild), one.general, "space", space=new[1].id)).ephemeral
    await scene.pass_by(10)  # the books are written every few seconds
    assert charged(scene) == {NOBODY, one.guild.id}


def charged(scene: Scene) -> set[int]:
    """Who has had X asked, as the books say."""
    with sqlite3.connect(scene.folder / "spacebot.sqlite3") as books:
        return {row[0] for row in books.execute("SELECT DISTINCT guild_id FROM spent_by WHERE purpose = 'people'")}


@in_virtual_time
async def test_in_private_it_answers_in_private(scene: VirtualScene) -> None:
    one, guild = club(scene.discord), elsewhere(scene)
    [space] = spaces(scene, 1)
    await serve(scene)
    own = scene.discord.dm_of(one.member)
    answer = await ask(one.member, own, "host-live", host="@host0")
    assert answer.ephemeral
    assert "Space 0" in text(answer)
    with pytest.raises(NotOffered):
        await one.member.use(own, "watch list")
    who, friend = somebody(guild), guild.add_member("friend")
    group = scene.discord.add_group(who, friend)
    assert (await ask(who, group, "space", space=space.id)).ephemeral
    assert "Space 0" in text(await looked_up(who, friend.say(group, links(space))))
    with pytest.raises(NotOffered):
        await friend.use(group, "space", space=space.id)
    assert charged(scene) == {NOBODY}


@in_virtual_time
async def test_a_persons_share_is_theirs_alone_and_is_used_up_by_nobody_else(scene: VirtualScene) -> None:
    guild = elsewhere(scene)
    named = spaces(scene, 12)
    await serve(scene, DAILY_BUDGET_USD="2.00")
    who, other = somebody(guild), somebody(guild, "other")
    answers = []
    for space in named:
        answers.append(text(await looked_up(who, who.say(guild.system_channel, links(space)))))
        await scene.pass_by(120)
    assert "Space 0" in answers[0]
    assert "You have used up what one person may have me ask of X in a day" in answers[-1]
    asked_before = len(asked(scene))
    dm = scene.discord.dm_of(who)
    assert "You have used up" in text(await ask(who, dm, "space", space=named[-1].id))
    assert len(asked(scene)) == asked_before
    answer = await looked_up(other, other.say(guild.system_channel, links(named[-1])))
    assert "Space 11" in text(answer)


@in_virtual_time
async def test_many_people_outside_every_guild_do_not_hold_each_other_up(scene: VirtualScene) -> None:
    guild = elsewhere(scene)
    [space] = spaces(scene, 1)
    await serve(scene)
    people = [somebody(guild, f"person{at}") for at in range(70)]
    message = guild.owner.say(guild.system_channel, links(space))
    for person in people:
        assert "Space 0" in text(await looked_up(person, message))


@in_virtual_time
async def test_a_hostile_message_costs_one_question_and_pings_nobody(scene: VirtualScene) -> None:
    one = club(scene.discord)
    host = scene.x.add_user("host", name=HOSTILE[:50])
    space = scene.x.start_space(host, title=HOSTILE)
    await serve(scene)
    many = [f"https://x.com/i/spaces/1{at:012d}" for at in range(5000)]
    content = f"{HOSTILE} {links(space)} " + "[](" * 300 + "https://x.com/i/spaces/" * 100
    profiles = "".join(f"@everyone https://x.com/u{at} " for at in range(130))
    embeds = [
        {"type": "rich", "title": "@everyone", "description": " ".join(many[at * 100 : at * 100 + 100])}
        for at in range(10)
    ]
    texts = [
        {"type": 10, "id": at + 1, "content": " ".join(many[1000 + at * 100 : 1100 + at * 100])} for at in range(40)
    ]
    message = one.member.say(
        one.general,
        content[:4000],
        embeds=[*embeds, {"type": "rich", "description": profiles}],
        components=[{"type": 17, "id": 99, "components": texts}],
    )
    answer = await looked_up(one.member, message)
    assert len(asked(scene)) == 1
    assert r"\*\*b\*\*" in text(answer)
    assert (answer.pinged_everyone, answer.pinged_roles, answer.pinged_users) == (False, [], [])
    assert not one.general.messages[1:]
    [select] = answer.selects
    assert len(select["options"]) == 25
    assert "more are named" in select["placeholder"]
    await chosen(one.member, answer, select["options"][1]["value"])
    assert len(asked(scene)) == 2


@in_virtual_time
async def test_two_people_at_once_each_get_their_own_answer(scene: VirtualScene) -> None:
    one, guild = club(scene.discord), elsewhere(scene)
    first, second = spaces(scene, 2)
    await serve(scene)
    here = one.admin.say(one.general, links(first, second))
    who = somebody(guild)
    there = who.say(guild.system_channel, links(second, first))
    answers = await asyncio.gather(looked_up(one.member, here), looked_up(one.admin, here), looked_up(who, there))
    assert [f"Space {at}" in text(answer) for answer, at in zip(answers, (0, 0, 1), strict=True)] == [True] * 3
    with pytest.raises(NotOffered):
        await one.admin.choose(answers[0], f"space:{second.id}")
    await asyncio.gather(
        chosen(one.member, answers[0], f"space:{second.id}"), chosen(who, answers[2], f"space:{first.id}")
    )
    assert [name in text(answer) for answer, name in zip(answers, ("Space 1", "Space 0", "Space 0"), strict=True)] == [
        True
    ] * 3


@in_virtual_time
async def test_whoever_is_blocked_is_told_so_everywhere(scene: VirtualScene) -> None:
    guild, home = elsewhere(scene), club(scene.discord)
    [space] = spaces(scene, 1)
    await serve(scene, OPERATORS=str(home.admin.id), OPERATOR_GUILD=str(home.guild.id))
    who = somebody(guild)
    await scene.until(lambda: home.guild.commands)
    await ask(home.admin, home.general, "operator block", person=str(who.id))
    answer = await looked_up(who, who.say(guild.system_channel, links(space)))
    assert "switched it off" in answer.content
    assert not asked(scene)
