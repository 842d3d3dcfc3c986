"""What fails for a while is told once, shown to admins, taken for nobody's end, and made up for when it works again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from spacebot import app
from spacebot.sandbox.discord import Fault as DiscordFault
from spacebot.sandbox.x import Fault
from spacebot.store import connection
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

HALF_AN_HOUR = 1800.0
A_WHILE = 300.0

STOPPED_WITHIN = 8.5
"""Seconds: eight for what is under way, and a moment to close everything."""

LOCK = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


async def follow(one: Club, *hosts: str) -> None:
    """Follow in the guild's channel for Spaces."""
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    for host in hosts:
        await ask(one.admin, one.general, "watch add", host=host)


async def overview(one: Club) -> str:
    """What an admin sees of how things are."""
    return text(await ask(one.admin, one.general, "status"))


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process holds the database, as a backup may."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter, on a file of ours
        [sys.executable, "-c", LOCK, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        yield
        other.communicate()


@in_virtual_time
async def test_an_hour_without_x_ends_nothing_and_is_made_up_for(scene: VirtualScene) -> None:
    stays, ends, begins, passes = (scene.x.add_user(name) for name in ("stays", "ends", "begins", "passes"))
    one = club(scene.discord)
    role = one.guild.add_role("listeners", mentionable=True)
    await scene.serve()
    await ask(one.admin, one.general, "config role", role=role)
    await follow(one, "@stays", "@ends", "@begins", "@passes")
    scene.x.start_space(stays, title="Stays")
    ending = scene.x.start_space(ends, title="Ends")
    await scene.until(lambda: len(one.spaces.messages) == 2)
    assert (await overview(one)).startswith("Working\n")

    await scene.x.stop()
    ending.end()
    scene.x.start_space(begins, title="Begins")
    passing = scene.x.start_space(passes, title="Passes")
    await scene.pass_by(HALF_AN_HOUR)
    passing.end()
    status = await overview(one)
    assert status.startswith("Not working")
    assert "X cannot be reached" in status
    scene.x.fault("/2/", Fault.html(503, times=None))
    await scene.x.start()
    await scene.pass_by(HALF_AN_HOUR)
    assert "X " in (await overview(one)).splitlines()[1]
    assert len(one.spaces.messages) == 2
    assert all("🔴 **Live**" in text(message) for message in one.spaces.messages)

    scene.x.clear_faults()
    await scene.until(lambda: len(one.spaces.messages) == 3)
    post = one.spaces.messages[2]
    assert "Begins" in text(post)
    assert "since <t:" in post.content
    assert not post.pinged_roles, "an hour late is too late to call anybody"
    await scene.until(lambda: any("has ended" in text(message) for message in one.spaces.messages))
    await scene.swept(3)
    over = [message for message in one.spaces.messages if "has ended" in text(message)]
    assert ["Ends" in text(message) for message in over] == [True]
    assert len(one.spaces.messages) == 3
    assert (await overview(one)).startswith("Working\n")
    assert scene.logged("X, creators: ") == 2, "that it fails, and that it answers again"
    assert scene.logged("X, creators: answers again") == 1


@in_virtual_time
async def test_a_discord_that_takes_no_messages_gets_each_once_when_it_does(scene: VirtualScene) -> None:
    host, second = scene.x.add_user("host"), scene.x.add_user("second")
    clubs = [club(scene.discord, name) for name in ("One", "Two", "Three")]
    await scene.serve()
    for one in clubs:
        await follow(one, "@host", "@second")
    space = scene.x.start_space(host, title="Before")
    await scene.until(lambda: all(one.spaces.messages for one in clubs))
    scene.discord.fault("*", "^/channels/", DiscordFault(status=503, times=None))
    space.end()
    scene.x.start_space(second, title="Meanwhile")
    await scene.pass_by(A_WHILE)
    assert "1 to send, " in await overview(clubs[0])
    scene.discord.clear_faults()
    await scene.until(lambda: all(len(one.spaces.messages) == 2 for one in clubs))
    await scene.until(lambda: all("has ended" in text(one.spaces.messages[0]) for one in clubs))
    await scene.pass_by(60)
    for one in clubs:
        assert "Meanwhile" in text(one.spaces.messages[1])
        assert len(one.spaces.messages) == 2
    assert "Waiting here: nothing" in await overview(clubs[0])
    assert scene.logged("is unclear") == 1
    assert scene.logged("went through after all") == 1


@in_virtual_time
async def test_what_happened_while_the_gateway_was_gone_is_known_when_it_is_back(scene: VirtualScene) -> None:
    host, second = scene.x.add_user("host"), scene.x.add_user("second")
    one, two = club(scene.discord), club(scene.discord, "Other")
    await scene.serve()
    for each in (one, two):
        await follow(each, "@host", "@second")
        each.spaces.deny("send_messages")
    scene.x.start_space(host, title="First")
    await scene.swept(3)

    scene.discord.drop_gateway()
    one.spaces.allow("send_messages")  # nobody hears of it now: RESUME brings it
    await scene.until(lambda: one.spaces.messages)
    scene.discord.drop_gateway(resumable=False, code=None)
    two.spaces.allow("send_messages")  # a new session shows it
    await scene.until(lambda: two.spaces.messages)

    await scene.discord.stop()
    scene.x.start_space(second, title="Second")
    await scene.pass_by(A_WHILE)
    await scene.discord.start()
    await scene.until(lambda: len(one.spaces.messages) == len(two.spaces.messages) == 2)
    await scene.discord.connected(timeout=scene.patience)
    await scene.pass_by(60)
    for each in (one, two):
        assert len(each.spaces.messages) == 2
        assert (await overview(each)).startswith("Working\n")
    assert scene.logged("The connection to Discord is lost") == 1
    assert scene.logged("Connected to Discord again") == 1


@in_virtual_time
async def test_a_database_that_another_process_holds_is_waited_for(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    with patch.object(connection, "BUSY_SECONDS", 0.02):
        await scene.serve()
    await follow(one, "@host")
    await scene.swept(2)
    with locked(scene.folder / "spacebot.sqlite3"):
        scene.x.start_space(host, title="Locked out")
        await scene.pass_by(300)
        status = await overview(one)
        assert status.startswith("Not working")
        assert "database" in status
        refused = await ask(one.admin, one.general, "config channel", channel=one.general)
        assert refused.content == "My database is busy; please try again in a moment."
        assert not one.spaces.messages
    await scene.until(lambda: one.spaces.messages)
    await scene.pass_by(60)
    assert len(one.spaces.messages) == 1
    assert (await overview(one)).startswith("Working\n")
    assert scene.logged("The sweep fails") == scene.logged("The sweep works again") == 1


@in_virtual_time
async def test_told_to_stop_it_finishes_within_eight_seconds_and_settles_the_rest_at_the_next_start(
    scene: VirtualScene,
) -> None:
    host = scene.x.add_user("host")
    slow, sound = club(scene.discord, "Slow"), club(scene.discord, "Sound")
    bot = asyncio.create_task(app.run(scene.settings, scene.clock), name="bot")
    await scene.discord.connected(timeout=scene.patience)
    await scene.until(lambda: scene.discord.commands)
    for one in (slow, sound):
        await follow(one, "@host")
    stuck = f"^/channels/{slow.spaces.id}/messages"
    scene.discord.fault("POST", stuck, DiscordFault(delay=30.0))
    scene.x.start_space(host, title="Stop in the middle")
    await scene.until(lambda: sound.spaces.messages)

    asked = scene.clock.monotonic()
    os.kill(os.getpid(), signal.SIGTERM)
    await bot
    assert scene.clock.monotonic() - asked < STOPPED_WITHIN
    assert not slow.spaces.messages

    await scene.serve()
    await scene.until(lambda: slow.spaces.messages)
    await scene.pass_by(120)  # the first request arrives after all
    assert len(slow.spaces.messages) == len(sound.spaces.messages) == 1
    assert scene.logged("were under way at the last stop") == 1
