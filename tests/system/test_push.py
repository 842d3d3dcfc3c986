"""X pushes a start and it stands in the channel within seconds; whatever X does not tell, sweeps find; nothing is lost."""

import json
import os
from unittest.mock import patch

from spacebot.domain.ids import ChannelId, GuildId, UserId
from spacebot.sandbox.x import Fault, XSpace, XUser
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import User
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

AT_ONCE = 3.0
"""Seconds from X's event to the message, or to its last edit: a look-up, and a turn at Discord."""

HEARD = 30.0
"""Seconds in which a stream is sure to stand: even its headers may wait for X's next heartbeat."""

A_TURN = 900.0 / 27
"""Seconds between two sweeps where X allows thirty in a window, less a tenth for people."""

A_WHILE = 300.0


def allow(scene: VirtualScene, **limits: int) -> None:
    """Let the plan grant so many requests per 15 minutes."""
    scene.x.limits.update(limits)


async def follow(one: Club, *hosts: XUser) -> None:
    """Follow in the guild's channel for Spaces."""
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    for host in hosts:
        assert "Following" in (await ask(one.admin, one.general, "watch add", host=host.id)).content


async def overview(one: Club) -> str:
    """What an admin sees of how things are."""
    return text(await ask(one.admin, one.general, "status"))


def subscribed(scene: VirtualScene) -> set[tuple[str, str]]:
    """What X tells of: event and user."""
    return {(one.event_type, one.user_id) for one in scene.x.subscriptions}


def both(*hosts: XUser) -> set[tuple[str, str]]:
    """Starts and ends of these hosts."""
    return {(event, host.id) for host in hosts for event in ("spaces.start", "spaces.end")}


async def heard(scene: VirtualScene, *hosts: XUser) -> None:
    """Wait until X tells of these hosts, and the bot knows that it does."""
    await scene.until(lambda: subscribed(scene) == both(*hosts) and scene.x.streams.connected)
    await scene.pass_by(HEARD)


async def announced(scene: VirtualScene, one: Club, space: XSpace) -> float:
    """Seconds until the Space stands in the guild's channel."""
    began = scene.clock.now()
    await scene.until(lambda: any(space.id in message.embeds[0]["url"] for message in one.spaces.messages))
    return (scene.clock.now() - began).total_seconds()


def asked_about(scene: VirtualScene, endpoint: str, parameter: str, since: int) -> list[set[str]]:
    """The ids in each request to an endpoint since so many requests."""
    requests = scene.x.requests[since:]
    return [set(one.query[parameter].split(",")) for one in requests if one.endpoint == endpoint]


async def crowd(scene: VirtualScene, one: Club, count: int, *, name: str = "quiet") -> None:
    """Let a guild follow so many hosts who never do anything; before the bot starts."""
    users = [scene.x.add_user(f"{name}{number}") for number in range(count)]

    def add(tables: Queries) -> None:
        tables.remember_users([User(id=UserId(user.id), username=user.username) for user in users], scene.clock.now())
        tables.set_channel(GuildId(one.guild.id), ChannelId(one.spaces.id))
        for user in users:
            tables.add_watch(
                guild_id=GuildId(one.guild.id),
                host_id=UserId(user.id),
                channel_id=None,
                roles=(),
                by=1,
                limit=count,
                now=scene.clock.now(),
            )

    async with Store(scene.folder / "spacebot.sqlite3") as store:
        await store(add)


@in_virtual_time
async def test_a_pushed_start_is_announced_and_a_pushed_end_closed_at_once_however_slow_sweeps_are(
    scene: VirtualScene,
) -> None:
    allow(scene, creator_ids=1)
    host = scene.x.add_user("host")
    clubs = [club(scene.discord, name) for name in ("One", "Two")]
    await scene.serve()
    for one in clubs:
        await follow(one, host)
    await heard(scene, host)
    assert "Push: on, for 1 host" in await overview(clubs[0])

    before = len(scene.x.requests)
    space = scene.x.start_space(host, title="At once")
    for one in clubs:
        assert await announced(scene, one, space) < AT_ONCE
    assert asked_about(scene, "spaces", "ids", before)[0] == {space.id}
    assert not asked_about(scene, "creator_ids", "user_ids", before)
    assert "At once" in text(clubs[0].spaces.messages[0])

    await scene.pass_by(A_WHILE)
    space.end()
    began = scene.clock.now()
    await scene.until(lambda: all("has ended" in text(one.spaces.messages[0]) for one in clubs))
    assert (scene.clock.now() - began).total_seconds() < AT_ONCE
    await scene.pass_by(A_WHILE)
    assert all(len(one.spaces.messages) == 1 for one in clubs)


@in_virtual_time
async def test_what_x_tells_twice_is_announced_once(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    await scene.serve()
    await follow(one, host)
    await heard(scene, host)
    for number, duplicates in enumerate(("same", "new"), start=1):
        scene.x.activity.duplicates = duplicates  # type: ignore[assignment]  # one of its words
        space = scene.x.start_space(host, title=f"Twice {duplicates}")
        assert await announced(scene, one, space) < AT_ONCE
        space.end()
        await scene.until(lambda: "has ended" in text(one.spaces.messages[-1]))
        await scene.pass_by(60)
        assert len(one.spaces.messages) == number
    assert len(scene.x.streams.events) == 8


@in_virtual_time
async def test_an_id_that_is_no_spaces_has_its_host_swept_next(scene: VirtualScene) -> None:
    allow(scene, creator_ids=30)
    host = scene.x.add_user("host")
    one, other, busy = club(scene.discord), club(scene.discord, "Other"), club(scene.discord, "Busy")
    await crowd(scene, busy, 600)
    with patch.dict(os.environ, {"SPACEBOT_PUSH_SUBSCRIPTIONS": "2"}):
        await scene.serve()
    for each in (one, other):
        await follow(each, host)
    await heard(scene, host)
    await scene.pass_by(A_WHILE)

    scene.x.forget_subscriptions()  # X says nothing of its own
    space = scene.x.start_space(host, title="Under another number")
    before = len(scene.x.requests)
    told = {
        "event_uuid": "-7",
        "event_type": "spaces.start",
        "filter": {"user_id": host.id},
        "payload": {"user": {"data": {"id": host.id}}, "broadcast_id": "1noSpaceOfX"},
    }
    scene.x.streams.say(json.dumps({"data": told}).encode() + b"\r\n")
    assert await announced(scene, one, space) < 2 * A_TURN + AT_ONCE
    assert asked_about(scene, "spaces", "ids", before)[0] == {"1noSpaceOfX"}
    sweeps = asked_about(scene, "creator_ids", "user_ids", before)
    assert len(sweeps) <= 2
    assert host.id in sweeps[-1]


@in_virtual_time
async def test_what_happens_while_the_stream_is_broken_is_found_by_the_sweep_that_follows(scene: VirtualScene) -> None:
    allow(scene, creator_ids=30)
    host, second = scene.x.add_user("host"), scene.x.add_user("second")
    one, other, busy = club(scene.discord), club(scene.discord, "Other"), club(scene.discord, "Busy")
    await crowd(scene, busy, 600)
    with patch.dict(os.environ, {"SPACEBOT_PUSH_SUBSCRIPTIONS": "4", "SPACEBOT_WATCH_LIMIT": "602"}):
        await scene.serve()
    for each in (one, other, busy):
        await follow(each, host, second)
    await heard(scene, host, second)
    await scene.pass_by(A_WHILE)  # until everybody has been asked about once

    scene.x.fault("stream", Fault.html(503, times=2))
    scene.x.streams.hang_up(orderly=False)
    await scene.until(lambda: not scene.x.streams.connected)
    missed = scene.x.start_space(host, title="Unheard of")
    before = len(scene.x.requests)
    await scene.until(lambda: scene.x.streams.connected)
    await scene.pass_by(HEARD)
    # All six hundred are asked about in turn, so that only what is told of the gap brings these two on so soon.
    assert await announced(scene, one, missed) < 3 * A_TURN
    assert any({host.id, second.id} <= ids for ids in asked_about(scene, "creator_ids", "user_ids", before)[:4])

    scene.x.streams.go_silent()
    missed = scene.x.start_space(second, title="Not a word")
    # Half a minute of silence until it counts as dead; then the next connection, its first heartbeat, and a sweep.
    assert await announced(scene, one, missed) < 2 * HEARD + 3 * A_TURN
    missed.end()
    await scene.until(lambda: any("has ended" in text(message) for message in one.spaces.messages))
    assert "Push: on, for 2 hosts" in await overview(one)


@in_virtual_time
async def test_without_access_hosts_are_swept_and_the_status_says_so_until_x_grants_it(scene: VirtualScene) -> None:
    scene.x.activity.denied = "plan"
    host = scene.x.add_user("host")
    one = club(scene.discord)
    await scene.serve()
    await follow(one, host)
    space = scene.x.start_space(host, title="Swept")
    assert await announced(scene, one, space) < 3 * AT_ONCE
    await scene.pass_by(A_WHILE)
    status = await overview(one)
    assert status.startswith("Working\n")
    assert "Push: refused: " in status
    assert "X is asked instead" in status
    assert scene.logged("Push, subscriptions:") == 1

    scene.x.activity.denied = None
    await scene.until(lambda: subscribed(scene) == both(host))
    await scene.pass_by(HEARD)
    assert "Push: on, for 1 host" in await overview(one)

    scene.x.activity.denied = "credits"
    scene.x.streams.hang_up()
    await scene.pass_by(A_WHILE)
    assert "Push: refused: " in await overview(one)
    second = scene.x.start_space(host, title="Swept again")
    assert await announced(scene, one, second) < 3 * AT_ONCE


@in_virtual_time
async def test_switched_off_x_is_not_asked_to_push(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    with patch.dict(os.environ, {"SPACEBOT_PUSH": "off"}):
        await scene.serve()
    await follow(one, host)
    space = scene.x.start_space(host, title="Asked for")
    assert await announced(scene, one, space) < 3 * AT_ONCE
    assert "Push: switched off; X is asked instead" in await overview(one)
    assert not {"subscribe", "subscriptions", "stream"} & {exchange.endpoint for exchange in scene.x.requests}


@in_virtual_time
async def test_where_x_tells_of_fewer_hosts_than_are_followed_the_others_are_swept(scene: VirtualScene) -> None:
    loved, liked, quiet = (scene.x.add_user(name) for name in ("loved", "liked", "quiet"))
    clubs = [club(scene.discord, name) for name in ("One", "Two", "Three")]
    scene.x.activity.ceiling = 4  # though the settings say more
    await scene.serve()
    await follow(clubs[0], loved, liked)
    await heard(scene, loved, liked)
    await follow(clubs[0], quiet)
    for each in clubs[1:]:
        await follow(each, loved, liked)
    await heard(scene, loved, liked)
    assert "Push: on, for 2 hosts; the others are asked about" in await overview(clubs[0])
    for host, most in ((loved, AT_ONCE), (liked, AT_ONCE), (quiet, 3 * AT_ONCE)):
        space = scene.x.start_space(host, title=f"Of {host.username}")
        assert await announced(scene, clubs[0], space) < most
    assert len(clubs[1].spaces.messages) == len(clubs[2].spaces.messages) == 2
    assert scene.logged("X tells of fewer hosts") == 1


@in_virtual_time
async def test_nobody_is_told_of_whom_nobody_follows_any_more(scene: VirtualScene) -> None:
    host, second = scene.x.add_user("host"), scene.x.add_user("second")
    one, other = club(scene.discord), club(scene.discord, "Other")
    await scene.serve()
    for each in (one, other):
        await follow(each, host, second)
    await heard(scene, host, second)
    await ask(one.admin, one.general, "watch remove", host=host.id)
    await scene.pass_by(A_WHILE)
    assert subscribed(scene) == both(host, second), "the other guild follows still"
    await ask(other.admin, other.general, "watch remove", host=host.id)
    await scene.until(lambda: subscribed(scene) == both(second))
    other.guild.remove_bot()
    one.guild.remove_bot()
    await scene.until(lambda: not scene.x.subscriptions)


@in_virtual_time
async def test_x_pushes_whoever_was_just_followed_however_slow_sweeps_are(scene: VirtualScene) -> None:
    allow(scene, creator_ids=1)
    host, second = scene.x.add_user("host"), scene.x.add_user("second")
    one = club(scene.discord)
    await scene.serve()
    for hosts in ((host,), (host, second)):
        await follow(one, hosts[-1])
        began = scene.clock.now()
        await scene.until(lambda hosts=hosts: subscribed(scene) == both(*hosts))  # type: ignore[misc]  # bound at once
        assert (scene.clock.now() - began).total_seconds() < AT_ONCE
        await scene.pass_by(HEARD)


@in_virtual_time
async def test_after_a_restart_x_is_asked_to_push_no_more_than_is_missing(scene: VirtualScene) -> None:
    host, second = scene.x.add_user("host"), scene.x.add_user("second")
    one = club(scene.discord)
    bot = await scene.serve()
    await follow(one, host, second)
    await heard(scene, host, second)
    await bot.stop()
    made = [exchange.endpoint for exchange in scene.x.requests].count("subscribe")
    missed = scene.x.start_space(host, title="Between two runs")
    await scene.serve()
    await announced(scene, one, missed)
    await heard(scene, host, second)
    told = scene.x.start_space(second, title="After the start")
    assert await announced(scene, one, told) < AT_ONCE
    assert [exchange.endpoint for exchange in scene.x.requests].count("subscribe") == made == 4


@in_virtual_time
async def test_guilds_with_many_hosts_leave_a_place_for_another_guilds_only_one(scene: VirtualScene) -> None:
    greedy = [club(scene.discord, f"Greedy {number}") for number in range(4)]
    for number, one in enumerate(greedy):
        await crowd(scene, one, 20, name=f"of{number}x")
    modest = club(scene.discord, "Modest")
    host = scene.x.add_user("host")
    with patch.dict(os.environ, {"SPACEBOT_PUSH_SUBSCRIPTIONS": "40"}):
        await scene.serve()
    await follow(modest, host)
    await scene.until(lambda: both(host) <= subscribed(scene))
    names = [user.username for user in scene.x.users.values() if ("spaces.start", user.id) in subscribed(scene)]
    held = [sum(name.startswith(f"of{number}x") for name in names) for number in range(4)]
    assert sum(held) == 19
    assert max(held) - min(held) <= 1
