"""X pushes a start and it stands in the channel within seconds; whatever X does not tell, sweeps find; nothing is lost."""

import json
import os
from unittest.mock import patch

from spacebot.domain.ids import ChannelId, GuildId, UserId
from spacebot.sandbox.x import Fault, XSpace, XUser
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import User
from tests.system.stage import Club, VirtualStage, ask, club, in_virtual_time, text

AT_ONCE = 3.0
"""Seconds from X's event to the message, or to its last edit: a look-up, and a turn at Discord."""

HEARD = 30.0
"""Seconds in which a stream is sure to stand: even its headers may wait for X's next heartbeat."""

A_TURN = 900.0 / 27
"""Seconds between two sweeps where X allows thirty in a window, less a tenth for people."""

A_WHILE = 300.0


def allow(stage: VirtualStage, **limits: int) -> None:
    """Let the plan grant so many requests per 15 minutes."""
    stage.x.limits.update(limits)


async def follow(one: Club, *hosts: XUser) -> None:
    """Follow in the guild's channel for Spaces."""
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    for host in hosts:
        assert "Following" in (await ask(one.admin, one.general, "watch add", host=host.id)).content


async def overview(one: Club) -> str:
    """What an admin sees of how things are."""
    return text(await ask(one.admin, one.general, "status"))


def subscribed(stage: VirtualStage) -> set[tuple[str, str]]:
    """What X tells of: event and user."""
    return {(one.event_type, one.user_id) for one in stage.x.subscriptions}


def both(*hosts: XUser) -> set[tuple[str, str]]:
    """Starts and ends of these hosts."""
    return {(event, host.id) for host in hosts for event in ("spaces.start", "spaces.end")}


async def heard(stage: VirtualStage, *hosts: XUser) -> None:
    """Wait until X tells of these hosts, and the bot knows that it does."""
    await stage.until(lambda: subscribed(stage) == both(*hosts) and stage.x.streams.connected)
    await stage.pass_by(HEARD)


async def announced(stage: VirtualStage, one: Club, space: XSpace) -> float:
    """Seconds until the Space stands in the guild's channel."""
    began = stage.clock.now()
    await stage.until(lambda: any(space.id in message.embeds[0]["url"] for message in one.spaces.messages))
    return (stage.clock.now() - began).total_seconds()


def asked_about(stage: VirtualStage, endpoint: str, parameter: str, since: int) -> list[set[str]]:
    """The ids in each request to an endpoint since so many requests."""
    requests = stage.x.requests[since:]
    return [set(one.query[parameter].split(",")) for one in requests if one.endpoint == endpoint]


async def crowd(stage: VirtualStage, one: Club, count: int) -> None:
    """Let a guild follow so many hosts who never do anything; before the bot starts."""
    users = [stage.x.add_user(f"quiet{number}") for number in range(count)]

    def add(tables: Queries) -> None:
        tables.remember_users([User(id=UserId(user.id), username=user.username) for user in users], stage.clock.now())
        tables.set_channel(GuildId(one.guild.id), ChannelId(one.spaces.id))
        for user in users:
            tables.add_watch(
                guild_id=GuildId(one.guild.id),
                host_id=UserId(user.id),
                channel_id=None,
                role_id=None,
                by=1,
                limit=count,
                now=stage.clock.now(),
            )

    async with Store(stage.folder / "spacebot.sqlite3") as store:
        await store(add)


@in_virtual_time
async def test_a_pushed_start_is_announced_and_a_pushed_end_closed_at_once_however_slow_sweeps_are(
    stage: VirtualStage,
) -> None:
    allow(stage, creator_ids=1)
    host = stage.x.add_user("host")
    clubs = [club(stage.discord, name) for name in ("One", "Two")]
    await stage.serve()
    for one in clubs:
        await follow(one, host)
    await heard(stage, host)
    assert "Push: on, for 1 hosts" in await overview(clubs[0])

    before = len(stage.x.requests)
    space = stage.x.start_space(host, title="At once")
    for one in clubs:
        assert await announced(stage, one, space) < AT_ONCE
    assert asked_about(stage, "spaces", "ids", before)[0] == {space.id}
    assert not asked_about(stage, "creator_ids", "user_ids", before)
    assert "At once" in text(clubs[0].spaces.messages[0])

    await stage.pass_by(A_WHILE)
    space.end()
    began = stage.clock.now()
    await stage.until(lambda: all("has ended" in text(one.spaces.messages[0]) for one in clubs))
    assert (stage.clock.now() - began).total_seconds() < AT_ONCE
    await stage.pass_by(A_WHILE)
    assert all(len(one.spaces.messages) == 1 for one in clubs)


@in_virtual_time
async def test_what_x_tells_twice_is_announced_once(stage: VirtualStage) -> None:
    host = stage.x.add_user("host")
    one = club(stage.discord)
    await stage.serve()
    await follow(one, host)
    await heard(stage, host)
    for number, duplicates in enumerate(("same", "new"), start=1):
        stage.x.activity.duplicates = duplicates  # type: ignore[assignment]  # one of its words
        space = stage.x.start_space(host, title=f"Twice {duplicates}")
        assert await announced(stage, one, space) < AT_ONCE
        space.end()
        await stage.until(lambda: "has ended" in text(one.spaces.messages[-1]))
        await stage.pass_by(60)
        assert len(one.spaces.messages) == number
    assert len(stage.x.streams.events) == 8


@in_virtual_time
async def test_an_id_that_is_no_spaces_has_its_host_swept_next(stage: VirtualStage) -> None:
    allow(stage, creator_ids=30)
    host = stage.x.add_user("host")
    one, other, busy = club(stage.discord), club(stage.discord, "Other"), club(stage.discord, "Busy")
    await crowd(stage, busy, 600)
    with patch.dict(os.environ, {"SPACEBOT_PUSH_SUBSCRIPTIONS": "2"}):
        await stage.serve()
    for each in (one, other):
        await follow(each, host)
    await heard(stage, host)
    await stage.pass_by(A_WHILE)

    stage.x.forget_subscriptions()  # X says nothing of its own
    space = stage.x.start_space(host, title="Under another number")
    before = len(stage.x.requests)
    told = {
        "event_uuid": "-7",
        "event_type": "spaces.start",
        "filter": {"user_id": host.id},
        "payload": {"user": {"data": {"id": host.id}}, "broadcast_id": "1noSpaceOfX"},
    }
    stage.x.streams.say(json.dumps({"data": told}).encode() + b"\r\n")
    assert await announced(stage, one, space) < 2 * A_TURN + AT_ONCE
    assert asked_about(stage, "spaces", "ids", before)[0] == {"1noSpaceOfX"}
    sweeps = asked_about(stage, "creator_ids", "user_ids", before)
    assert len(sweeps) <= 2
    assert host.id in sweeps[-1]


@in_virtual_time
async def test_what_happens_while_the_stream_is_broken_is_found_by_the_sweep_that_follows(stage: VirtualStage) -> None:
    allow(stage, creator_ids=30)
    host, second = stage.x.add_user("host"), stage.x.add_user("second")
    one, other, busy = club(stage.discord), club(stage.discord, "Other"), club(stage.discord, "Busy")
    await crowd(stage, busy, 600)
    with patch.dict(os.environ, {"SPACEBOT_PUSH_SUBSCRIPTIONS": "4"}):
        await stage.serve()
    for each in (one, other):
        await follow(each, host, second)
    await heard(stage, host, second)
    await stage.pass_by(A_WHILE)  # until everybody has been asked about once

    stage.x.fault("stream", Fault.html(503, times=2))
    stage.x.streams.hang_up(orderly=False)
    await stage.until(lambda: not stage.x.streams.connected)
    missed = stage.x.start_space(host, title="Unheard of")
    before = len(stage.x.requests)
    await stage.until(lambda: stage.x.streams.connected)
    await stage.pass_by(HEARD)
    # All six hundred are asked about in turn, so that only what is told of the gap brings these two on so soon.
    assert await announced(stage, one, missed) < 3 * A_TURN
    assert any({host.id, second.id} <= ids for ids in asked_about(stage, "creator_ids", "user_ids", before)[:4])

    stage.x.streams.go_silent()
    missed = stage.x.start_space(second, title="Not a word")
    # Half a minute of silence until it counts as dead; then the next connection, its first heartbeat, and a sweep.
    assert await announced(stage, one, missed) < 2 * HEARD + 3 * A_TURN
    missed.end()
    await stage.until(lambda: any("has ended" in text(message) for message in one.spaces.messages))
    assert "Push: on, for 2 hosts" in await overview(one)


@in_virtual_time
async def test_without_access_hosts_are_swept_and_the_status_says_so_until_x_grants_it(stage: VirtualStage) -> None:
    stage.x.activity.denied = "plan"
    host = stage.x.add_user("host")
    one = club(stage.discord)
    await stage.serve()
    await follow(one, host)
    space = stage.x.start_space(host, title="Swept")
    assert await announced(stage, one, space) < 3 * AT_ONCE
    await stage.pass_by(A_WHILE)
    status = await overview(one)
    assert status.startswith("Working\n")
    assert "Push: refused: " in status
    assert "X is asked instead" in status
    assert stage.logged("Push, subscriptions:") == 1

    stage.x.activity.denied = None
    await stage.until(lambda: subscribed(stage) == both(host))
    await stage.pass_by(HEARD)
    assert "Push: on, for 1 hosts" in await overview(one)

    stage.x.activity.denied = "credits"
    stage.x.streams.hang_up()
    await stage.pass_by(A_WHILE)
    assert "Push: refused: " in await overview(one)
    second = stage.x.start_space(host, title="Swept again")
    assert await announced(stage, one, second) < 3 * AT_ONCE


@in_virtual_time
async def test_switched_off_x_is_not_asked_to_push(stage: VirtualStage) -> None:
    host = stage.x.add_user("host")
    one = club(stage.discord)
    with patch.dict(os.environ, {"SPACEBOT_PUSH": "off"}):
        await stage.serve()
    await follow(one, host)
    space = stage.x.start_space(host, title="Asked for")
    assert await announced(stage, one, space) < 3 * AT_ONCE
    assert "Push: switched off; X is asked instead" in await overview(one)
    assert not {"subscribe", "subscriptions", "stream"} & {exchange.endpoint for exchange in stage.x.requests}


@in_virtual_time
async def test_where_x_tells_of_fewer_hosts_than_are_followed_the_others_are_swept(stage: VirtualStage) -> None:
    loved, liked, quiet = (stage.x.add_user(name) for name in ("loved", "liked", "quiet"))
    clubs = [club(stage.discord, name) for name in ("One", "Two", "Three")]
    stage.x.activity.ceiling = 4  # though the settings say more
    await stage.serve()
    await follow(clubs[0], loved, liked)
    await heard(stage, loved, liked)
    await follow(clubs[0], quiet)
    for each in clubs[1:]:
        await follow(each, loved, liked)
    await heard(stage, loved, liked)
    assert "Push: on, for 2 hosts; the others are asked about" in await overview(clubs[0])
    for host, most in ((loved, AT_ONCE), (liked, AT_ONCE), (quiet, 3 * AT_ONCE)):
        space = stage.x.start_space(host, title=f"Of {host.username}")
        assert await announced(stage, clubs[0], space) < most
    assert len(clubs[1].spaces.messages) == len(clubs[2].spaces.messages) == 2
    assert stage.logged("X tells of fewer hosts") == 1


@in_virtual_time
async def test_nobody_is_told_of_whom_nobody_follows_any_more(stage: VirtualStage) -> None:
    host, second = stage.x.add_user("host"), stage.x.add_user("second")
    one, other = club(stage.discord), club(stage.discord, "Other")
    await stage.serve()
    for each in (one, other):
        await follow(each, host, second)
    await heard(stage, host, second)
    await ask(one.admin, one.general, "watch remove", host=host.id)
    await stage.pass_by(A_WHILE)
    assert subscribed(stage) == both(host, second), "the other guild follows still"
    await ask(other.admin, other.general, "watch remove", host=host.id)
    await stage.until(lambda: subscribed(stage) == both(second))
    other.guild.remove_bot()
    one.guild.remove_bot()
    await stage.until(lambda: not stage.x.subscriptions)


@in_virtual_time
async def test_x_pushes_whoever_was_just_followed_however_slow_sweeps_are(stage: VirtualStage) -> None:
    allow(stage, creator_ids=1)
    host, second = stage.x.add_user("host"), stage.x.add_user("second")
    one = club(stage.discord)
    await stage.serve()
    for hosts in ((host,), (host, second)):
        await follow(one, hosts[-1])
        began = stage.clock.now()
        await stage.until(lambda hosts=hosts: subscribed(stage) == both(*hosts))  # type: ignore[misc]  # bound at once
        assert (stage.clock.now() - began).total_seconds() < AT_ONCE
        await stage.pass_by(HEARD)


@in_virtual_time
async def test_after_a_restart_x_is_asked_to_push_no_more_than_is_missing(stage: VirtualStage) -> None:
    host, second = stage.x.add_user("host"), stage.x.add_user("second")
    one = club(stage.discord)
    bot = await stage.serve()
    await follow(one, host, second)
    await heard(stage, host, second)
    await bot.stop()
    made = [exchange.endpoint for exchange in stage.x.requests].count("subscribe")
    missed = stage.x.start_space(host, title="Between two runs")
    await stage.serve()
    await announced(stage, one, missed)
    await heard(stage, host, second)
    told = stage.x.start_space(second, title="After the start")
    assert await announced(stage, one, told) < AT_ONCE
    assert [exchange.endpoint for exchange in stage.x.requests].count("subscribe") == made == 4
