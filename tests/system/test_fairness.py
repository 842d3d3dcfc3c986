"""Members do their worst, and nobody else pays for it: neither with the day's money nor with X's requests."""

import asyncio
import os
from datetime import datetime
from unittest.mock import patch

from spacebot.sandbox.discord import LocalMessage
from spacebot.sandbox.x import Fault, XUser
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

MINUTE = 60.0

OTHERS = 6.0
"""Seconds from a start to its message, at most, while somebody else does their worst."""


async def serve(scene: VirtualScene, **settings: str) -> None:
    with patch.dict(os.environ, {f"SPACEBOT_{name}": value for name, value in settings.items()}):
        await scene.serve()


async def follow(one: Club, host: XUser) -> None:
    reply = await ask(one.admin, one.general, "watch add", host=host.id, channel=one.spaces)
    assert "Following" in reply.content


async def delay_of_a_start(scene: VirtualScene, one: Club, host: XUser, title: str) -> float:
    """Start a Space, and return how many seconds later its message stands."""
    began: datetime = scene.clock.now()
    space = scene.x.start_space(host, title=title)

    def stands() -> bool:
        return any(title in text(message) for message in one.spaces.messages)

    await scene.until(stands)
    delay = (scene.clock.now() - began).total_seconds()
    space.end()
    return delay


@in_virtual_time
async def test_twelve_searches_at_once_while_x_is_slow_stay_within_the_budget_and_delay_no_announcement(
    scene: VirtualScene,
) -> None:
    hostile, other = club(scene.discord, "Hostile"), club(scene.discord, "Other")
    host = scene.x.add_user("host", name="A Host")
    for number in range(130):
        scene.x.start_space(scene.x.add_user(f"guest{number}"), title=f"Word{number % 12} and words")
    await serve(scene, PUSH="off", DAILY_BUDGET_USD="1.00")
    await follow(other, host)
    scene.x.fault("search", Fault(delay=1.5, times=None))
    members = [hostile.guild.add_member(f"member{number}") for number in range(12)]
    asking = [
        asyncio.create_task(ask(member, hostile.general, "spaces-search", query=f"word{number}"))
        for number, member in enumerate(members)
    ]
    await scene.pass_by(0.5)
    assert await delay_of_a_start(scene, other, host, "In time") <= OTHERS
    answers = [text(answer) for answer in await asyncio.gather(*asking)]
    assert any("it works again <t:" in answer for answer in answers)
    for _ in range(10):
        for number, member in enumerate(members):
            await ask(member, hostile.general, "spaces-search", query=f"word{(number + 5) % 12} and")
        await scene.pass_by(MINUTE)
    assert scene.x.billed.dollars() <= 1
    assert await delay_of_a_start(scene, other, host, "In time again") <= OTHERS


@in_virtual_time
async def test_forty_pages_cost_no_more_than_one_persons_share(scene: VirtualScene) -> None:
    one = club(scene.discord)
    host = scene.x.add_user("host")
    space = scene.x.start_space(host, title="Full of posts")
    for number in range(900):
        space.add_post(scene.x.add_user(f"author{number}"), f"Post {number}")
    await serve(scene, PUSH="off", DAILY_BUDGET_USD="10.00")
    answer = await ask(one.member, one.general, "space-posts", space=space.id)
    refused = 0
    for _ in range(40):
        before = scene.x.billed.dollars()
        press = await one.member.press(answer, label="Next")
        assert press.failed is None
        await scene.pass_by(90)
        refused += scene.x.billed.dollars() == before
    assert refused >= 10
    # A quarter of people's $1.50, and what the last question went beyond it.
    assert scene.x.billed.dollars() <= 0.375 + 0.30


@in_virtual_time
async def test_one_member_who_asks_without_end_delays_nobody_elses_announcement_or_keyword(
    scene: VirtualScene,
) -> None:
    hostile, other = club(scene.discord, "Hostile"), club(scene.discord, "Other")
    host, decoy, stranger = (scene.x.add_user(name) for name in ("host", "decoy", "stranger"))
    decoys = [scene.x.add_user(f"decoy{number}") for number in range(200)]
    await serve(scene, PUSH="off")
    await follow(other, host)
    await ask(other.admin, other.general, "config channel", channel=other.spaces)
    await ask(other.admin, other.general, "watch keyword add", words="moths")
    ends = scene.clock.monotonic() + 10 * MINUTE

    async def repeat(query: str | None) -> None:
        number = 0
        while scene.clock.monotonic() < ends:
            number += 1
            if query is None:
                who = decoy if number % 2 else decoys[number % len(decoys)]
                await ask(hostile.member, hostile.general, "host-live", host=f"@{who.username}")
            else:
                await ask(hostile.admin, hostile.general, "spaces-search", query=f"{query} {number}")
            await scene.pass_by(0.2)

    hostility = [asyncio.create_task(repeat(None)), asyncio.create_task(repeat("anything"))]
    delays: list[float] = []
    await scene.pass_by(3 * MINUTE)
    finding = asyncio.create_task(delay_of_a_start(scene, other, stranger, "All about moths"))
    while scene.clock.monotonic() < ends - MINUTE:
        delays.append(await delay_of_a_start(scene, other, host, f"Number {len(delays)}"))
        await scene.pass_by(31)
    found = await finding
    await asyncio.gather(*hostility)
    assert max(delays) <= OTHERS
    assert found <= 70, "a round of searches"


@in_virtual_time
async def test_310_questions_in_a_second_lock_nobody_else_out(scene: VirtualScene) -> None:
    hostile, other = club(scene.discord, "Hostile"), club(scene.discord, "Other")
    live = scene.x.add_user("live_one")
    scene.x.start_space(live, title="On the air")
    names = [scene.x.add_user(f"decoy{number}").username for number in range(310)]
    await serve(scene, PUSH="off")

    async def insist(name: str) -> LocalMessage:
        return await ask(hostile.member, hostile.general, "host-live", host=f"@{name}")

    answers = await asyncio.gather(*(insist(name) for name in names))
    refused = [answer for answer in answers if "it works again <t:" in text(answer)]
    assert len(refused) >= 290
    assert "On the air" in text(await ask(other.member, other.general, "host-live", host="@live_one"))
    assert "On the air" in text(await ask(other.member, other.general, "spaces-search", query="air"))
