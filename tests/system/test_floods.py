"""What strangers and X can make the bot hold: connections, and memory. It goes on announcing meanwhile."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spacebot.sandbox.process import BotProcess
from spacebot.sandbox.x import Fault
from tests.system.scene import Club, Scene, ask
from tests.system.test_linking import linking

HALF_OPEN = 1000
DESCRIPTORS = 256
IN_TIME = 6.0
"""Seconds from the start of a Space to its announcement: a sweep, and the way to the channel."""

REOPENED_AFTER = 5.0
"""Seconds until a connection that was closed on its stranger is opened again."""

MEBIBYTE = 1 << 20
MOST_GROWTH = 64 * MEBIBYTE

FLOODS: dict[str, Callable[[], Fault]] = {
    "two megabytes that unpack without end": lambda: Fault.bomb(2 * MEBIBYTE, times=3),
    "a chunked body without end": lambda: Fault.never_ends(times=3),
    "81 megabytes of JSON": lambda: Fault.large(81 * MEBIBYTE, times=3),
}


@asynccontextmanager
async def half_open(port: int) -> AsyncIterator[None]:
    """A thousand requests that are never finished."""
    under_way = asyncio.Semaphore(50)
    first_round = asyncio.Event()
    opened = 0

    async def hold() -> None:
        nonlocal opened
        while True:
            with contextlib.suppress(OSError):
                async with under_way:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    writer.write(b"GET /x/callback HTTP/1.1\r\nHost: bot\r\nX-Slow")
                    opened += 1
                    if opened >= HALF_OPEN:
                        first_round.set()
                    await reader.read()
                finally:
                    writer.close()
            await asyncio.sleep(REOPENED_AFTER)

    strangers = [asyncio.create_task(hold()) for _ in range(HALF_OPEN)]
    try:
        # Where nobody accepts connections any more, not all of them can be opened.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(first_round.wait(), 10)
        yield
    finally:
        for stranger in strangers:
            stranger.cancel()
        await asyncio.gather(*strangers, return_exceptions=True)


async def test_a_thousand_half_open_requests_keep_no_announcement(scene: Scene, book_club: Club) -> None:
    scene.x.activity.denied = "plan"  # a stream that stands already would need no new connection
    host = scene.x.add_user("host")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"SPACEBOT_PUBLIC_URL": f"http://127.0.0.1:{port}", "SPACEBOT_LISTEN": f"127.0.0.1:{port}"}
    bot = await scene.bot(**linking(scene, **own))
    assert bot.pid is not None
    resource.prlimit(bot.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    await ask(book_club.admin, book_club.general, "config channel", channel=book_club.spaces)
    await ask(book_club.admin, book_club.general, "watch add", host="@host")
    await scene.swept(2)
    async with half_open(port):
        await scene.swept()
        scene.x.start_space(host, title="In spite of it")
        scene.patience = IN_TIME
        await scene.until(lambda: book_club.spaces.messages)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads the memory of a process from /proc")
@pytest.mark.parametrize("flood", FLOODS)
async def test_no_answer_of_x_fills_the_memory(scene: Scene, book_club: Club, flood: str) -> None:
    bot = await following(scene, book_club)
    fault = FLOODS[flood]()
    before = begin_to_measure(bot)
    scene.x.fault("creator_ids", fault)
    await scene.until(lambda: sum(exchange.fault is fault for exchange in scene.x.requests) == fault.times)
    await announced(scene, book_club)
    assert peak(bot) - before < MOST_GROWTH


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads the memory of a process from /proc")
async def test_no_line_of_the_stream_fills_the_memory(scene: Scene, book_club: Club) -> None:
    bot = await following(scene, book_club)
    await scene.until(lambda: scene.x.streams.connected)
    opened = scene.x.streams.opened
    before = begin_to_measure(bot)
    for _ in range(256):
        scene.x.streams.say(b"x" * MEBIBYTE)
    await scene.until(lambda: scene.x.streams.opened > opened)
    await announced(scene, book_club)
    assert peak(bot) - before < MOST_GROWTH


async def following(scene: Scene, one: Club) -> BotProcess:
    """A bot that has done all that it does: what it loads for that is not to be measured."""
    scene.x.streams.late_headers = False
    scene.x.add_user("host")
    bot = await scene.bot()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    await ask(one.admin, one.general, "watch add", host="@host")
    await scene.swept(2)
    await announced(scene, one)
    return bot


async def announced(scene: Scene, one: Club) -> None:
    """A Space of the host is announced."""
    there = len(one.spaces.messages)
    [host] = (user for user in scene.x.users.values() if user.username == "host")
    scene.x.start_space(host)
    await scene.until(lambda: len(one.spaces.messages) > there)


def begin_to_measure(bot: BotProcess) -> int:
    """Bytes of memory that the process has now; its peak is counted from here on."""
    Path(f"/proc/{bot.pid}/clear_refs").write_text("5")
    return memory(bot, "VmRSS")


def peak(bot: BotProcess) -> int:
    """The most bytes of memory that the process had since then."""
    return memory(bot, "VmHWM")


def memory(bot: BotProcess, which: str) -> int:
    status = Path(f"/proc/{bot.pid}/status").read_text()
    [kibibytes] = (line.split()[1] for line in status.splitlines() if line.startswith(f"{which}:"))
    return int(kibibytes) * 1024
