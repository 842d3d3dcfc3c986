"""Whoever runs the bot sees it whole, in one server; nobody else does, and who is blocked is answered with one sentence."""

import os
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from spacebot.sandbox.discord import NotOffered
from tests.system.scene import Club, Served, VirtualScene, ask, club, in_virtual_time, text

COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("operator status", {}),
    ("operator costs", {}),
    ("operator guild", {"guild": "123456789012345678"}),
    ("operator block", {"guild": "123456789012345678"}),
    ("operator allow", {"guild": "123456789012345678"}),
)


async def serve(scene: VirtualScene, home: Club | None, **settings: str) -> Served:
    """Start the bot with the admin of one guild as its operator."""
    operator = {"OPERATORS": f"7, {home.admin.user.id}", "OPERATOR_GUILD": str(home.guild.id)} if home else {}
    values = {"PUSH": "off", **operator, **settings}
    with patch.dict(os.environ, {f"SPACEBOT_{name}": value for name, value in values.items()}):
        bot = await scene.serve()
    if home is not None:
        await scene.until(lambda: bool(home.guild.commands))
    return bot


async def operate(home: Club, command: str, **options: Any) -> str:
    """What the operator reads."""
    reply = await ask(home.admin, home.general, f"operator {command}", **options)
    assert reply.ephemeral
    return text(reply)


@in_virtual_time
async def test_the_operator_sees_the_whole_bot_and_what_it_costs(scene: VirtualScene) -> None:
    home, other = club(scene.discord, "Home"), club(scene.discord, "Other")
    host = scene.x.add_user("host")
    await serve(scene, home, DAILY_BUDGET_USD="5")
    await ask(other.admin, other.general, "watch add", host="@host", channel=other.spaces)
    scene.x.start_space(host, title="Tea")
    await scene.until(lambda: other.spaces.messages)

    status = await operate(home, "status")
    assert status.startswith("Working\n")
    for part in (
        "Servers: 2",
        "Shards connected: 1 of 1",
        "Hosts asked about: 1",
        "user_by_username: ",
        "Push: switched off",
    ):
        assert part in status
    costs = await operate(home, "costs")
    assert "Today (UTC): $0.01 of $5.00" in costs or "Today (UTC): $0.02 of $5.00" in costs
    assert "space: 1, $0.01" in costs or "space: 1, $0.00" in costs
    assert "user: 1, $0.01" in costs
    facts = await operate(home, "guild", guild=str(other.guild.id))
    assert facts.startswith("Other\n")
    for part in ("hosts followed: 1 of 100", "new accounts looked up today: 1 of 100", "keywords: not switched on"):
        assert part in facts
    assert "A server that I am not in" in await operate(home, "guild", guild="123456789012345678")
    assert "Give the id" in await operate(home, "guild", guild="Other")

    seen = text(await ask(other.admin, other.general, "status"))
    assert "$" not in seen
    assert "user_by_username" not in seen
    assert "Follows: 1 host, asked about every " in seen


@in_virtual_time
async def test_the_operators_commands_are_one_servers_and_one_persons(scene: VirtualScene) -> None:
    home, other = club(scene.discord, "Home"), club(scene.discord, "Other")
    bot = await serve(scene, home)
    assert [command["name"] for command in home.guild.commands.values()] == ["operator"]
    assert not any(command["name"] == "operator" for command in scene.discord.commands)
    for command, options in COMMANDS:
        with pytest.raises(NotOffered):
            await other.admin.use(other.general, command, **options)
        with pytest.raises(NotOffered):
            await home.member.use(home.general, command, **options)
        refused = await ask(home.member, home.general, command, force=True, **options)
        assert refused.content == "Only the operator of this bot can do that."
    another = home.guild.add_member("another", manage_guild=True)
    assert (
        "Only the operator" in (await ask(another, home.general, "operator block", guild=str(other.guild.id))).content
    )
    assert "nobody yet" in text(await ask(other.admin, other.general, "config show"))

    before = [command["version"] for command in home.guild.commands.values()]
    await bot.stop()
    again = await serve(scene, home)
    assert [command["version"] for command in home.guild.commands.values()] == before
    await again.stop()
    moved = await serve(scene, other)
    assert not home.guild.commands
    await moved.stop()
    await serve(scene, None)
    await scene.until(lambda: not other.guild.commands)


@in_virtual_time
async def test_who_is_blocked_is_refused_everywhere_with_one_sentence_until_they_are_allowed_again(
    scene: VirtualScene,
) -> None:
    home, other = club(scene.discord, "Home"), club(scene.discord, "Other")
    host = scene.x.add_user("host")
    for number in range(7):
        scene.x.start_space(scene.x.add_user(f"jazz{number}"), title="Jazz")
    bot = await serve(scene, home)
    await ask(other.admin, other.general, "watch add", host="@host", channel=other.spaces)
    paged = await ask(other.member, other.general, "spaces-search", query="jazz")
    assert "lock you out" in await operate(home, "block", person=str(home.admin.user.id))
    assert "lock you out" in await operate(home, "block", guild=str(home.guild.id))
    assert "Name a server" in await operate(home, "block")

    assert "Blocked: <@" in await operate(home, "block", person=f"<@{other.member.user.id}>")
    asked = len(scene.x.requests)
    switched_off = "The operator of this bot has switched it off here or for you; ask them if that is a mistake."
    refusals: tuple[tuple[str, dict[str, Any]], ...] = (
        ("host-live", {"host": "@host"}),
        ("spaces-search", {"query": "jazz"}),
    )
    for command, options in refusals:
        refused = await ask(other.member, other.general, command, **options)
        assert refused.content == switched_off
        assert refused.ephemeral
    press = await other.member.press(paged, label="Next")
    assert (await press.reply()).content == switched_off
    assert not [one for one in scene.x.requests[asked:] if one.endpoint != "creator_ids"]
    assert text(await ask(other.admin, other.general, "watch list")) != switched_off

    await bot.stop()
    await serve(scene, home)
    assert (await ask(other.member, other.general, "host-live", host="@host")).content == switched_off
    await operate(home, "allow", person=str(other.member.user.id))
    assert "not live" in text(await ask(other.member, other.general, "host-live", host="@host"))

    assert "Blocked: server" in await operate(home, "block", guild=str(other.guild.id))
    assert (await ask(other.admin, other.general, "watch list")).content == switched_off
    assert "1 server" in await operate(home, "status")
    await scene.pass_by(30)  # the question under way when it was blocked
    asked = len(scene.x.requests)
    scene.x.start_space(host, title="Tea")
    await scene.pass_by(600)
    assert not other.spaces.messages
    assert len(scene.x.requests) == asked, "a blocked server costs nothing"
    await operate(home, "allow", guild=str(other.guild.id))
    await scene.until(lambda: other.spaces.messages)


@in_virtual_time
async def test_keywords_are_allowed_by_the_operator_where_there_is_one(scene: VirtualScene) -> None:
    home, other = club(scene.discord, "Home"), club(scene.discord, "Other")
    host = scene.x.add_user("host")
    free = await serve(scene, None)
    assert (
        "Watching for"
        in (await ask(other.admin, other.general, "watch keyword add", words="coffee", channel=other.spaces)).content
    )
    await free.stop()

    await serve(scene, home)
    asked = len(scene.x.requests)
    refused = await ask(other.admin, other.general, "watch keyword add", words="tea", channel=other.spaces)
    assert refused.content == "Keywords are not switched on for this server: ask the bot's operator."
    await scene.pass_by(300)
    assert not [one for one in scene.x.requests[asked:] if one.endpoint == "search"], "what it has is let be"
    assert "coffee" in text(await ask(other.admin, other.general, "watch keyword list"))
    assert "Watching for" in (await ask(home.admin, home.general, "watch keyword add", words="tea")).content

    assert "Keywords are allowed to a server" in await operate(
        home, "allow", person="123456789012345678", keywords=True
    )
    assert "may watch for words" in await operate(home, "allow", guild=str(other.guild.id), keywords=True)
    scene.x.start_space(host, title="Coffee")
    await scene.until(lambda: other.spaces.messages)
    assert "1 keyword\n" in text(await ask(other.admin, other.general, "status"))
    await operate(home, "allow", guild=str(other.guild.id), keywords=False)
    assert (
        "ask the bot's operator"
        in (await ask(other.admin, other.general, "watch keyword add", words="water", channel=other.spaces)).content
    )


@patch("tests.system.scene.START", datetime(2026, 10, 1, 23, 55, tzinfo=UTC))
@in_virtual_time
async def test_following_and_unfollowing_new_accounts_has_a_daily_end_that_a_restart_does_not_move(
    scene: VirtualScene,
) -> None:
    scene.x.limits["creator_ids"] = 100
    greedy, modest = club(scene.discord, "Greedy"), club(scene.discord, "Modest")
    for number in range(30):
        scene.x.add_user(f"host{number}")
    bot = await serve(scene, None, NEW_HOSTS_PER_DAY="10")
    await ask(modest.admin, modest.general, "watch add", host="@host0", channel=modest.spaces)

    async def follow(number: int) -> str:
        reply = await ask(greedy.admin, greedy.general, "watch add", host=f"@host{number}", channel=greedy.spaces)
        if "Following" in reply.content:
            await ask(greedy.admin, greedy.general, "watch remove", host=f"@host{number}")
        return reply.content

    answers = [await follow(number) for number in range(6)]
    await bot.stop()
    await serve(scene, None, NEW_HOSTS_PER_DAY="10")
    answers += [await follow(number) for number in range(6, 29)]
    assert ["Following" in answer for answer in answers] == [True] * 11 + [False] * 18
    assert "as many new accounts looked up today as it may, 10" in answers[-1]
    assert scene.x.billed.count("user") == 11, "the other server's, which cost this one nothing, and ten"
    assert "Following" in await follow(5), "what is known today costs nothing"
    await ask(modest.admin, modest.general, "watch add", host="@host20", channel=modest.spaces)
    assert "Following" in await follow(20)
    await scene.pass_by(300)
    assert scene.clock.now().day == 2
    assert "check the spelling" in await follow(30)
    assert ["Following" in await follow(number) for number in range(21, 30)] == [True] * 9
    assert "Following" in await follow(1), "the handle that nobody has was not counted"
    assert "looked up today" in await follow(2)


@patch("spacebot.bot.replies.PAGES_KEPT", 30)
@in_virtual_time
async def test_one_persons_many_lists_leave_everybody_elses_pages_alone(scene: VirtualScene) -> None:
    greedy, modest = club(scene.discord, "Greedy"), club(scene.discord, "Modest")
    for number in range(11):
        scene.x.add_user(f"host{number}")
    await serve(scene, None)
    for one in (greedy, modest):
        for number in range(11):
            await ask(one.admin, one.general, "watch add", host=f"@host{number}", channel=one.spaces)
    mine = await ask(modest.admin, modest.general, "watch list")
    first = await ask(greedy.admin, greedy.general, "watch list")
    for _ in range(40):
        last = await ask(greedy.admin, greedy.general, "watch list")
    press = await modest.admin.press(mine, label="Next")
    assert press.failed is None
    assert "page 2 of 2" in text(mine)
    await greedy.admin.press(last, label="Next")
    assert "page 2 of 2" in text(last)
    old = await greedy.admin.press(first, label="Next")
    assert "too old" in (await old.reply()).content
