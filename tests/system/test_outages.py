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
from tests.system.stage import Club, VirtualStage, ask, club, in_virtual_time, text

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
async def test_an_hour_without_x_ends_nothing_and_is_made_up_for(stage: VirtualStage) -> None:
    stays, ends, begins, passes = (stage.x.add_user(name) for name in ("stays", "ends", "begins", "passes"))
    one = club(stage.discord)
    role = one.guild.add_role("listeners", mentionable=True)
    await stage.serve()
    await ask(one.admin, one.general, "config role", role=role)
    await follow(one, "@stays", "@ends", "@begins", "@passes")
    stage.x.start_space(stays, title="Stays")
    ending = stage.x.start_space(ends, title="Ends")
    await stage.until(lambda: len(one.spaces.messages) == 2)
    assert (await overview(one)).startswith("Working\n")

    await stage.x.stop()
    ending.end()
    stage.x.start_space(begins, title="Begins")
    passing = stage.x.start_space(passes, title="Passes")
    await stage.pass_by(HALF_AN_HOUR)
    passing.end()
    status = await overview(one)
    assert status.startswith("Not working")
    assert "X cannot be reached" in status
    stage.x.fault("/2/", Fault.html(503, times=None))
    await stage.x.start()
    await stage.pass_by(HALF_AN_HOUR)
    assert "X " in (await overview(one)).splitlines()[1]
    assert len(one.spaces.messages) == 2
    assert all("Live now" in text(message) for message in one.spaces.messages)

    stage.x.clear_faults()
    await stage.until(lambda: len(one.spaces.messages) == 3)
    post = one.spaces.messages[2]
    assert "Begins" in text(post)
    assert "since <t:" in post.content
    assert not post.pinged_roles, "an hour late is too late to call anybody"
    await stage.until(lambda: any("has ended" in text(message) for message in one.spaces.messages))
    await stage.swept(3)
    over = [message for message in one.spaces.messages if "has ended" in text(message)]
    assert ["Ends" in text(message) for message in over] == [True]
    assert len(one.spaces.messages) == 3
    assert (await overview(one)).startswith("Working\n")
    assert stage.logged("X, creators: ") == 2, "that it fails, and that it answers again"
    assert stage.logged("X, creators: answers again") == 1


@in_virtual_time
async def test_a_discord_that_takes_no_messages_gets_each_once_when_it_does(stage: VirtualStage) -> None:
    host, second = stage.x.add_user("host"), stage.x.add_user("second")
    clubs = [club(stage.discord, name) for name in ("One", "Two", "Three")]
    await stage.serve()
    for one in clubs:
        await follow(one, "@host", "@second")
    space = stage.x.start_space(host, title="Before")
    await stage.until(lambda: all(one.spaces.messages for one in clubs))
    stage.discord.fault("*", "^/channels/", DiscordFault(status=503, times=None))
    space.end()
    stage.x.start_space(second, title="Meanwhile")
    await stage.pass_by(A_WHILE)
    assert "3 to send, " in await overview(clubs[0])
    stage.discord.clear_faults()
    await stage.until(lambda: all(len(one.spaces.messages) == 2 for one in clubs))
    await stage.until(lambda: all("has ended" in text(one.spaces.messages[0]) for one in clubs))
    await stage.pass_by(60)
    for one in clubs:
        assert "Meanwhile" in text(one.spaces.messages[1])
        assert len(one.spaces.messages) == 2
    assert "0 to send, 0 to edit" in await overview(clubs[0])
    assert stage.logged("is unclear") == 1
    assert stage.logged("went through after all") == 1


@in_virtual_time
async def test_what_happened_while_the_gateway_was_gone_is_known_when_it_is_back(stage: VirtualStage) -> None:
    host, second = stage.x.add_user("host"), stage.x.add_user("second")
    one, two = club(stage.discord), club(stage.discord, "Other")
    await stage.serve()
    for each in (one, two):
        await follow(each, "@host", "@second")
        each.spaces.deny("send_messages")
    stage.x.start_space(host, title="First")
    await stage.swept(3)

    stage.discord.drop_gateway()
    one.spaces.allow("send_messages")  # nobody hears of it now: RESUME brings it
    await stage.until(lambda: one.spaces.messages)
    stage.discord.drop_gateway(resumable=False, code=None)
    two.spaces.allow("send_messages")  # a new session shows it
    await stage.until(lambda: two.spaces.messages)

    await stage.discord.stop()
    stage.x.start_space(second, title="Second")
    await stage.pass_by(A_WHILE)
    await stage.discord.start()
    await stage.until(lambda: len(one.spaces.messages) == len(two.spaces.messages) == 2)
    await stage.discord.connected(timeout=stage.patience)
    await stage.pass_by(60)
    for each in (one, two):
        assert len(each.spaces.messages) == 2
        assert (await overview(each)).startswith("Working\n")
    assert stage.logged("The connection to Discord is lost") == 1
    assert stage.logged("Connected to Discord again") == 1


@in_virtual_time
async def test_a_database_that_another_process_holds_is_waited_for(stage: VirtualStage) -> None:
    host = stage.x.add_user("host")
    one = club(stage.discord)
    with patch.object(connection, "BUSY_SECONDS", 0.02):
        await stage.serve()
    await follow(one, "@host")
    await stage.swept(2)
    with locked(stage.folder / "spacebot.sqlite3"):
        stage.x.start_space(host, title="Locked out")
        await stage.pass_by(300)
        status = await overview(one)
        assert status.startswith("Not working")
        assert "database" in status
        refused = await ask(one.admin, one.general, "config channel", channel=one.general)
        assert refused.content == "My database is busy; please try again in a moment."
        assert not one.spaces.messages
    await stage.until(lambda: one.spaces.messages)
    await stage.pass_by(60)
    assert len(one.spaces.messages) == 1
    assert (await overview(one)).startswith("Working\n")
    assert stage.logged("The sweep fails") == stage.logged("The sweep works again") == 1


@in_virtual_time
async def test_told_to_stop_it_finishes_within_eight_seconds_and_settles_the_rest_at_the_next_start(
    stage: VirtualStage,
) -> None:
    host = stage.x.add_user("host")
    slow, sound = club(stage.discord, "Slow"), club(stage.discord, "Sound")
    bot = asyncio.create_task(app.run(stage.settings, stage.clock), name="bot")
    await stage.discord.connected(timeout=stage.patience)
    await stage.until(lambda: stage.discord.commands)
    for one in (slow, sound):
        await follow(one, "@host")
    stuck = f"^/channels/{slow.spaces.id}/messages"
    stage.discord.fault("POST", stuck, DiscordFault(delay=30.0))
    stage.x.start_space(host, title="Stop in the middle")
    await stage.until(lambda: sound.spaces.messages)

    asked = stage.clock.monotonic()
    os.kill(os.getpid(), signal.SIGTERM)
    await bot
    assert stage.clock.monotonic() - asked < STOPPED_WITHIN
    assert not slow.spaces.messages

    await stage.serve()
    await stage.until(lambda: slow.spaces.messages)
    await stage.pass_by(120)  # the first request arrives after all
    assert len(slow.spaces.messages) == len(sound.spaces.messages) == 1
    assert stage.logged("were under way at the last stop") == 1
