"""What X and Discord say about themselves may be wrong: the bot believes it for a window at most, and says so meanwhile."""

import asyncio
from unittest.mock import patch

from spacebot import check
from spacebot.sandbox.discord import Fault as DiscordFault
from spacebot.sandbox.x import Fault
from spacebot.watch.sweeper import Sweeper
from spacebot.x.limits import WINDOW
from tests.system.scene import VirtualScene, club, in_virtual_time
from tests.system.test_outages import follow, overview

A_YEAR = 365 * 86_400
LONG_AGO = "Sun, 01 Oct 2023 12:00:00 GMT"
SECONDS = 20.0
"""A few, beside a window of X's."""

OVERDUE = "X has answered no sweep since"
OVERDUE_SECONDS = 90.0
"""How long sweeps of a few hosts may fail until it is told: three of them, a minute, and a look at it."""


async def announced_after(scene: VirtualScene, fault: Fault) -> float:
    """Seconds until a Space is announced that starts just after X has said such a thing; the bot must know that it is blind."""
    host, one = scene.x.add_user("host"), club(scene.discord)
    scene.x.activity.denied = "plan"  # what X pushes would be announced all the same
    await scene.serve()
    await follow(one, "@host")
    await scene.swept(2)
    assert (await overview(one)).startswith("Working\n")
    assert await check.healthy(scene.settings.database, scene.clock) is None

    scene.x.fault("creator_ids", fault)
    await scene.swept()
    ended: list[float] = []
    began = scene.clock.monotonic()
    scene.x.start_space(host, title="Unseen")
    seen = asyncio.create_task(scene.until(lambda: one.spaces.messages))
    seen.add_done_callback(lambda _: ended.append(scene.clock.monotonic()))
    await scene.pass_by(OVERDUE_SECONDS)
    if not seen.done():
        assert scene.logged(OVERDUE) == 1
        assert (await overview(one)).startswith("Not working\n")
        health = await check.healthy(scene.settings.database, scene.clock)
        assert health is not None
        assert "X answers no sweep" in health
    await seen
    await scene.pass_by(60)
    assert (await overview(one)).startswith("Working\n")
    assert await check.healthy(scene.settings.database, scene.clock) is None
    assert scene.logged(OVERDUE) == scene.logged("X answers sweeps again")
    return ended[0] - began


@in_virtual_time
async def test_a_good_answer_that_leaves_nothing_for_a_year_costs_a_window(scene: VirtualScene) -> None:
    reset = int(scene.clock.now().timestamp()) + A_YEAR
    nothing_left = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
    assert WINDOW / 2 < await announced_after(scene, Fault.claims(nothing_left)) < WINDOW + SECONDS


@in_virtual_time
async def test_a_refusal_for_thirty_years_costs_a_window(scene: VirtualScene) -> None:
    refusal = Fault(status=429, headers={"Retry-After": "999999999"})
    assert WINDOW / 2 < await announced_after(scene, refusal) < WINDOW + SECONDS


@in_virtual_time
async def test_an_empty_window_under_a_date_of_another_year_costs_what_is_left_of_it(scene: VirtualScene) -> None:
    date = Fault.claims({"Date": LONG_AGO, "x-rate-limit-remaining": "0"})
    assert WINDOW / 2 < await announced_after(scene, date) < WINDOW + SECONDS


@in_virtual_time
async def test_dates_of_another_year_cost_nothing_while_there_are_requests_left(scene: VirtualScene) -> None:
    date = Fault.claims({"Date": LONG_AGO}, times=None)
    assert await announced_after(scene, date) < SECONDS


@in_virtual_time
async def test_a_watch_that_hangs_is_told_as_well(scene: VirtualScene) -> None:
    host, one = scene.x.add_user("host"), club(scene.discord)
    await scene.serve()
    await follow(one, "@host")
    await scene.swept(2)
    never = asyncio.Event()
    with patch.object(Sweeper, "_ask_about", lambda *_: never.wait()):
        await scene.pass_by(OVERDUE_SECONDS)
        assert scene.logged(OVERDUE) == 1
        assert (await overview(one)).startswith("Not working\n")
        assert "X answers no sweep" in str(await check.healthy(scene.settings.database, scene.clock))
    scene.x.start_space(host, title="Unseen")
    never.set()
    await scene.until(lambda: one.spaces.messages)


@in_virtual_time
async def test_while_nobody_is_followed_nothing_is_overdue(scene: VirtualScene) -> None:
    one = club(scene.discord)
    await scene.serve()
    await scene.pass_by(3600)
    assert (await overview(one)).startswith("Not set up yet\n")
    assert await check.healthy(scene.settings.database, scene.clock) is None
    assert scene.logged(OVERDUE) == 0


@in_virtual_time
async def test_a_bot_whose_gateway_is_gone_is_not_healthy(scene: VirtualScene) -> None:
    await scene.serve()
    await scene.pass_by(60)
    assert await check.healthy(scene.settings.database, scene.clock) is None
    await scene.discord.stop()
    await scene.pass_by(10)
    assert "not connected to Discord" in str(await check.healthy(scene.settings.database, scene.clock))
    await scene.discord.start()
    await scene.discord.connected(timeout=scene.patience)
    await scene.pass_by(10)
    assert await check.healthy(scene.settings.database, scene.clock) is None


@in_virtual_time
async def test_a_refused_token_pauses_no_channel_and_is_told_once(scene: VirtualScene) -> None:
    first, second = scene.x.add_user("first"), scene.x.add_user("second")
    clubs = [club(scene.discord, name) for name in ("One", "Two")]
    await scene.serve()
    for one in clubs:
        await follow(one, "@first", "@second")
    scene.discord.fault("*", "^/channels/", DiscordFault(status=401, times=None))
    scene.x.start_space(first, title="First")
    scene.x.start_space(second, title="Second")
    await scene.pass_by(600)
    assert "Paused channels" not in await overview(clubs[0])
    scene.discord.clear_faults()
    await scene.pass_by(90)
    assert all(len(one.spaces.messages) == 2 for one in clubs)
    assert scene.logged("does not take the bot's token") == 1
    assert scene.logged("takes the bot's token again") == 1
    assert scene.logged("is paused") == 0
