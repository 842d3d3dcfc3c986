"""A Discord that refuses, leaves out, or says what discord.py cannot read costs an announcement little, and the process nothing."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from spacebot import app
from spacebot.bot import reconnecting
from spacebot.bot.connection import ShardedConnection
from spacebot.bot.gateway import GatewayState
from spacebot.sandbox.discord import Fault
from tests.system.scene import Club, Served, VirtualScene, ask, club, in_virtual_time, text
from tests.system.test_shards import SHARDS, clubs_of_all_shards, served, sessions, small_shards

AT_ONCE = 10.0
"""Seconds from a Space's start to its message where nothing is in the way."""

SOON = 30.0
"""The same where one answer could not be read."""

A_WHILE = 300.0
HALF_AN_HOUR = 1800.0

RAREST = 60.0
"""Seconds between the fresh starts of a shard, where each of several is to be seen."""

RECONNECTED = 75.0
"""Seconds: a minute to wait, five before it may begin, and some to be told the guilds."""

COMMANDS = "^/applications/[0-9]+/commands$"


async def follow(scene: VirtualScene, *clubs: Club) -> None:
    scene.x.add_user("host")
    for one in clubs:
        await ask(one.admin, one.general, "config channel", channel=one.spaces)
        await ask(one.admin, one.general, "watch add", host="@host")


def start_space(scene: VirtualScene, title: str) -> Any:
    (host,) = [user for user in scene.x.users.values() if user.username == "host"]
    return scene.x.start_space(host, title=title)


def serve(scene: VirtualScene) -> Served:
    """Start the bot and wait for nothing."""
    stop = asyncio.Event()
    bot = Served(stopping=stop, task=asyncio.create_task(app.serve(scene.settings, scene.clock, stop), name="bot"))
    scene.served.append(bot)
    return bot


def in_database(scene: VirtualScene, statement: str) -> list[Any]:
    with closing(sqlite3.connect(scene.folder / "spacebot.sqlite3")) as database, database:
        return database.execute(statement).fetchall()


def more_than(one: Club, posts: int) -> bool:
    return len(one.spaces.messages) > posts


def told(one: Club) -> list[str]:
    """What was said of channels that are closed."""
    return [each.content for each in one.general.messages if "I cannot announce" in each.content]


def asked(scene: VirtualScene, method: str, path: str) -> int:
    return sum(each.method == method and path in each.path for each in scene.discord.requests)


async def within(scene: VirtualScene, seconds: float, condition: Callable[[], object]) -> None:
    began = scene.clock.monotonic()
    await scene.until(condition)
    assert scene.clock.monotonic() - began < seconds


@in_virtual_time
async def test_refused_commands_keep_nobody_from_being_announced_and_are_offered_again(scene: VirtualScene) -> None:
    one = club(scene.discord)
    bot = await scene.serve()
    await follow(scene, one)
    await bot.stop()
    in_database(scene, "DELETE FROM notes WHERE name = 'commands'")
    reason = json.dumps({"code": 50035, "message": "Invalid Form Body", "errors": {"0": {"_errors": []}}})
    scene.discord.fault("PUT", COMMANDS, Fault(status=400, code=50035, body=reason, times=None))
    before = asked(scene, "PUT", "/commands")
    bot = serve(scene)
    await scene.discord.connected(timeout=scene.patience)
    space = start_space(scene, "Without commands")
    await within(scene, AT_ONCE, lambda: one.spaces.messages)
    space.end()
    await scene.pass_by(HALF_AN_HOUR)
    assert not bot.task.done()
    assert scene.logged("has not taken the slash commands (400 50035: Invalid Form Body") == 1
    assert scene.logged("were handed to Discord") == 1, "at the first start"
    assert 8 <= asked(scene, "PUT", "/commands") - before <= 12, "ever more rarely"
    scene.discord.clear_faults()
    await scene.until(lambda: scene.logged("were handed to Discord") == 2)
    assert in_database(scene, "SELECT value FROM notes WHERE name = 'commands'")


def odd_events(one: Club) -> dict[str, Any]:
    """Events of a guild that discord.py cannot read, by their names."""
    guild, channel = {"guild_id": str(one.guild.id)}, {"channel_id": str(one.general.id)}
    return {
        "MESSAGE_UPDATE": {**guild, **channel, "id": "1", "author": {"id": "3"}, "member": {"roles": 7}},
        "CHANNEL_UPDATE": {**guild, "id": str(one.general.id), "type": 0, "name": "no position"},
        "GUILD_ROLE_UPDATE": {**guild, "role": None},
        "GUILD_CREATE": {"id": "odd"},
        "GUILD_MEMBER_UPDATE": [],
        "INTERACTION_CREATE": {"type": "odd"},
    }


@patch.object(reconnecting, "RAREST_ANEW", RAREST)
@in_virtual_time
async def test_an_event_that_cannot_be_read_is_dropped_and_what_is_known_is_made_right_again(
    scene: VirtualScene,
) -> None:
    one = club(scene.discord)
    bot = await scene.serve()
    await follow(scene, one)
    channel = {"id": str(one.spaces.id), "guild_id": str(one.guild.id), "type": 0, "name": "spaces"}
    for name, data in odd_events(one).items():
        posts = len(one.spaces.messages)
        scene.discord.send_event("CHANNEL_DELETE", channel)  # as if it had been read wrongly: the bot knows it no more
        scene.discord.send_event(name, data)
        await scene.pass_by(2 * RAREST)
        assert not bot.task.done(), name
        assert scene.logged(f"cannot be read ({name}: ") == 1
        space = start_space(scene, name)
        await within(scene, AT_ONCE, partial(more_than, one, posts))
        space.end()
        await scene.pass_by(30)
    assert text(await ask(one.admin, one.general, "status")).startswith("Working\n")
    assert scene.logged("Bot ") == scene.logged("no position") == 0


@in_virtual_time
async def test_what_can_never_be_read_makes_a_shard_begin_anew_ever_more_rarely(scene: VirtualScene) -> None:
    one = club(scene.discord)
    await scene.serve()
    identified = scene.discord._gateway.identified
    before = identified.count(scene.clock.monotonic())
    for _ in range(180):
        if scene.discord.is_connected:
            scene.discord.send_event("GUILD_UPDATE", {"odd": True})
        await scene.pass_by(60)
    assert 5 <= identified.count(scene.clock.monotonic()) - before <= 10
    await follow(scene, one)
    start_space(scene, "All the same")
    await within(scene, SOON, lambda: one.spaces.messages)
    assert scene.logged("cannot be read") == 1


@in_virtual_time
async def test_ready_may_lack_its_shard(scene: VirtualScene) -> None:
    with small_shards():
        clubs = clubs_of_all_shards(scene)
        scene.discord.leave_out_of_ready("shard")
        await served(scene)
        await follow(scene, *clubs)
        scene.discord.drop_gateway(resumable=False)
        await scene.pass_by(60)
        assert set(sessions(scene)) == set(range(SHARDS))
        start_space(scene, "Everywhere")
        await scene.until(lambda: all(each.spaces.messages for each in clubs))
    assert scene.logged("cannot be read") == 0


def odd_answers() -> list[str]:
    return ["{}", "[]", "null", '{"id": "odd"}', '{"id": null, "author": 5}', '"ok"', "{", "<html>"]


@in_virtual_time
async def test_a_message_whose_answer_cannot_be_read_is_found_and_stands_once(scene: VirtualScene) -> None:
    clubs = [club(scene.discord, f"Club {number}") for number, _ in enumerate(odd_answers())]
    await scene.serve()
    await follow(scene, *clubs)
    for one, body in zip(clubs, odd_answers(), strict=True):
        path = f"^/channels/{one.spaces.id}/messages$"
        scene.discord.fault("POST", path, Fault(status=200, drop="after", body=body))
        strange = '[{"id": "5", "author": null}, {"id": "6", "author": {"id": "7"}, "embeds": 8}]'
        scene.discord.fault("GET", path, Fault(status=200, body=strange))
    start_space(scene, "Oddly answered")
    await within(scene, SOON, lambda: all(one.spaces.messages for one in clubs))
    await scene.pass_by(SOON)
    assert in_database(scene, "SELECT count(*) FROM deliveries WHERE state = 'sent'") == [(len(clubs),)]
    await scene.pass_by(A_WHILE)
    assert [len(one.spaces.messages) for one in clubs] == [1] * len(clubs)
    assert scene.logged("unforeseen") == 0


@in_virtual_time
async def test_an_edit_that_discord_says_is_done_is_done_however_oddly_it_says_so(scene: VirtualScene) -> None:
    clubs = [club(scene.discord, f"Club {number}") for number, _ in enumerate(odd_answers())]
    await scene.serve()
    await follow(scene, *clubs)
    space = start_space(scene, "Oddly edited")
    await scene.until(lambda: all(one.spaces.messages for one in clubs))
    await scene.pass_by(A_WHILE)
    for one, body in zip(clubs, odd_answers(), strict=True):
        scene.discord.fault("PATCH", f"/{one.spaces.id}/messages/", Fault(status=200, drop="after", body=body, times=3))
    before = asked(scene, "PATCH", "/messages/")
    space.end()
    await scene.until(lambda: all("has ended" in text(one.spaces.messages[0]) for one in clubs))
    await scene.pass_by(SOON)
    assert in_database(scene, "SELECT count(*) FROM deliveries WHERE shown < wanted") == [(0,)]
    done = asked(scene, "PATCH", "/messages/")
    assert done - before <= 5 + 4 * 3, "only what is no JSON at all, or a text, is tried again: three times"
    await scene.pass_by(2 * A_WHILE)
    assert asked(scene, "PATCH", "/messages/") == done
    assert scene.logged("unforeseen") == 0


@in_virtual_time
async def test_a_message_that_discord_no_longer_knows_is_not_asked_for_again(scene: VirtualScene) -> None:
    names = ("Message", "Guild", "Channel", "Page")
    lost, guild, channel, page = clubs = [club(scene.discord, name) for name in names]
    await scene.serve()
    await follow(scene, *clubs)
    space = start_space(scene, "Lost")
    await scene.until(lambda: all(one.spaces.messages for one in clubs))
    await scene.pass_by(60)

    def refuse(one: Club, fault: Fault) -> None:
        scene.discord.fault("PATCH", f"/{one.spaces.id}/messages/", fault)

    refuse(lost, Fault(status=404, code=10015, times=None))
    refuse(guild, Fault(status=404, code=10004, times=None))
    refuse(channel, Fault(status=404, code=10003, times=None))
    refuse(page, Fault(status=404, body="<html>404</html>", content_type="text/html"))
    before = asked(scene, "PATCH", f"/{lost.spaces.id}/")
    space.end()
    await scene.until(lambda: "has ended" in text(page.spaces.messages[0]))
    await scene.pass_by(A_WHILE)
    assert asked(scene, "PATCH", f"/{lost.spaces.id}/") == before + 1
    history = text(await ask(lost.admin, lost.general, "history"))
    assert "skipped: Discord no longer knows the message (status 404, code 10015)" in history
    for one in (guild, channel):
        assert "In the way: ⚠️ " in text(await ask(one.admin, one.general, "watch list"))
    assert scene.logged("(Discord says: 404 10004: 404: ordered)") == 1


@in_virtual_time
async def test_what_is_lacking_is_named_and_nothing_else(scene: VirtualScene) -> None:
    silent, bare, both = clubs = [club(scene.discord, name) for name in ("Silent", "Bare", "Both")]
    await scene.serve()
    await follow(scene, *clubs)
    silent.spaces.deny("send_messages")
    bare.spaces.deny("embed_links")
    both.spaces.deny("send_messages", "embed_links")
    start_space(scene, "Unheard")
    for one, lacking in ((silent, "Send Messages"), (bare, "Embed Links"), (both, "Send Messages, Embed Links")):
        await scene.until(partial(told, one))
        (sentence,) = told(one)
        assert f"I lack {lacking} in that channel" in sentence


@in_virtual_time
async def test_what_was_in_the_way_before_a_start_and_is_not_any_more_is_not_told(scene: VirtualScene) -> None:
    mended, closed = clubs = [club(scene.discord, name) for name in ("Mended", "Closed")]
    bot = await scene.serve()
    await follow(scene, *clubs)
    for one in clubs:
        one.spaces.deny("send_messages")
    start_space(scene, "Waited for")
    await scene.until(lambda: scene.logged("is paused: ") == len(clubs))
    await bot.stop()
    mended.spaces.allow("send_messages")
    await scene.pass_by(A_WHILE)
    await scene.serve()
    await scene.until(lambda: mended.spaces.messages)
    await scene.until(partial(told, closed))
    await scene.pass_by(A_WHILE)
    assert not told(mended)


@contextmanager
def gateway_states() -> Iterator[list[GatewayState]]:
    """What the bots that are made within know of their connections."""
    seen: list[GatewayState] = []
    make = ShardedConnection.__init__

    def noted(self: ShardedConnection, *, gateway: GatewayState, **options: Any) -> None:
        seen.append(gateway)
        make(self, gateway=gateway, **options)

    with patch.object(ShardedConnection, "__init__", noted):
        yield seen


@in_virtual_time
async def test_after_any_outage_it_is_back_within_a_minute_and_never_says_so_before(scene: VirtualScene) -> None:
    with small_shards(), gateway_states() as states:
        clubs_of_all_shards(scene)
        await served(scene)
        (state,) = states
        for _ in range(2):
            await scene.discord.stop()
            await scene.pass_by(1)
            for _ in range(30):
                assert not state.is_connected
                await scene.pass_by(HALF_AN_HOUR / 30)
            await scene.discord.start()
            began = scene.clock.monotonic()
            while set(sessions(scene)) != set(range(SHARDS)):
                assert not state.is_connected
                await scene.pass_by(0.5)
            assert scene.clock.monotonic() - began < RECONNECTED + SHARDS * 6
            await scene.pass_by(5)
            assert state.is_connected
            await scene.pass_by(60)


@in_virtual_time
async def test_shards_that_are_lost_together_are_up_only_when_the_last_one_is(scene: VirtualScene) -> None:
    with small_shards(), gateway_states() as states:
        clubs_of_all_shards(scene)
        await served(scene)
        (state,) = states
        scene.discord.drop_gateway(resumable=False)
        await scene.pass_by(0.01)
        while set(sessions(scene)) != set(range(SHARDS)):
            assert not state.is_connected
            await scene.pass_by(0.01)
        await scene.pass_by(1)
        assert state.is_connected


@in_virtual_time
async def test_a_gateway_that_hangs_up_before_a_word_is_tried_again(scene: VirtualScene) -> None:
    one = club(scene.discord)
    bot = await scene.serve()
    await follow(scene, one)
    for _ in range(3):
        scene.discord.hang_up(5)
        scene.discord.drop_gateway(resumable=False, code=None)
        await scene.pass_by(A_WHILE)
        assert not bot.task.done()
        assert scene.discord.is_connected
    start_space(scene, "Once more")
    await within(scene, AT_ONCE, lambda: one.spaces.messages)


@patch.object(reconnecting, "FREE_IDENTIFIES", 20)
@in_virtual_time
async def test_a_gateway_that_takes_no_session_is_asked_less_often_than_discord_allows(scene: VirtualScene) -> None:
    club(scene.discord)
    bot = await scene.serve()
    identified = scene.discord._gateway.identified
    for _ in range(200):
        scene.discord.drop_gateway(resumable=False)
        await scene.pass_by(6)
    assert not bot.task.done()
    assert identified.count(scene.clock.monotonic()) <= 20 + 1200 / reconnecting.IDENTIFIES_APART + 1
    await scene.pass_by(A_WHILE)
    assert scene.discord.is_connected
