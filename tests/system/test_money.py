"""X's own bill beside what was announced: nothing is bought twice, the books are the bill, and a budget or a small plan is kept to."""

import os
import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from unittest.mock import patch

import pytest

from spacebot.sandbox.x import XSpace, XUser
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from tests.clocks import START
from tests.system.scene import Club, Served, VirtualScene, ask, club, in_virtual_time, text

MINUTE = 60.0
TODAY = START.date()
TOMORROW = TODAY + timedelta(days=1)
LATE = datetime.combine(TODAY, time(23), UTC)
EVENING = datetime.combine(TODAY, time(19), UTC)
WINDOW = timedelta(minutes=15)

READING = ("creator_ids", "search", "space", "spaces", "user", "username", "users")
"""The endpoints that the bot reads with the app's own token."""


def allow(scene: VirtualScene, **limits: int) -> None:
    """Let the plan grant so many requests per 15 minutes."""
    scene.x.limits.update(limits)


async def serve(scene: VirtualScene, **settings: str) -> Served:
    """Start the bot with these settings."""
    with patch.dict(os.environ, {f"SPACEBOT_{name}": value for name, value in settings.items()}):
        return await scene.serve()


async def follow(one: Club, *hosts: XUser) -> None:
    """Follow in the guild's channel for Spaces."""
    for host in hosts:
        reply = await ask(one.admin, one.general, "watch add", host=host.id, channel=one.spaces)
        assert "Following" in reply.content


async def overview(one: Club) -> str:
    """What an admin sees of how things are."""
    return text(await ask(one.admin, one.general, "status"))


def billed(scene: VirtualScene, day: date = TODAY) -> Counter[str]:
    """How many resources of each kind X has billed that day."""
    return Counter(line.kind for line in scene.x.billed.lines if line.day == day)


async def the_books_are_the_bill(scene: VirtualScene, bot: Served) -> None:
    """Stop the bot, and compare to the cent what it has booked with what X has billed, by day and kind."""
    await bot.stop()
    async with Store(scene.folder / "spacebot.sqlite3") as store:
        lines = await store(Queries.spending, TODAY - timedelta(days=1))
        assert await store(Queries.total_laid_aside) == 0
    booked = {(line.day, line.kind): (line.count, line.millicents) for line in lines}
    bill = Counter((line.day, line.kind) for line in scene.x.billed.lines)
    prices = {line.kind: int(line.price * 100_000) for line in scene.x.billed.lines}
    assert booked == {key: (count, count * prices[key[1]]) for key, count in bill.items()}


def until_midnight(scene: VirtualScene) -> float:
    """Seconds until the next UTC day begins."""
    now = scene.clock.now()
    return (datetime.combine(now.date() + timedelta(days=1), time(), UTC) - now).total_seconds()


async def live_for(scene: VirtualScene, space: XSpace, minutes: int) -> None:
    """Let a Space go on, its audience never the same."""
    for _ in range(minutes // 10):
        space.listeners += 50
        await scene.pass_by(10 * MINUTE)


async def announced_to(scene: VirtualScene, clubs: list[Club]) -> None:
    """A host goes live for most of an hour, and then ends, followed by all these guilds; they hear of it all."""
    host = scene.x.add_user("host", name="A Host")
    for one in clubs:
        await follow(one, host)
    space = scene.x.start_space(host, title="One for all", listeners=5)
    await scene.until(lambda: all(one.spaces.messages for one in clubs))
    await live_for(scene, space, 50)
    assert all("A Host" in text(one.spaces.messages[0]) for one in clubs)
    shown = re.search(r"(\d+) listening", text(clubs[-1].spaces.messages[0]))
    assert shown is not None
    assert int(shown[1]) > 200, "it was brought up to date time and again"
    space.end()
    await scene.until(lambda: all("has ended" in text(one.spaces.messages[0]) for one in clubs))
    await scene.pass_by(10 * MINUTE)
    assert all(len(one.spaces.messages) == 1 for one in clubs)


@in_virtual_time
async def test_an_announcement_in_three_guilds_costs_one_space_and_one_user(scene: VirtualScene) -> None:
    allow(scene, creator_ids=60)
    bot = await serve(scene, PUSH="off")
    await announced_to(scene, [club(scene.discord, f"Club {number}") for number in range(3)])
    assert billed(scene) == {"space": 1, "user": 1}
    await the_books_are_the_bill(scene, bot)


@in_virtual_time
async def test_in_thirty_guilds_it_costs_no_more_but_the_two_events_that_x_pushes(scene: VirtualScene) -> None:
    allow(scene, creator_ids=60)
    bot = await serve(scene)
    await announced_to(scene, [club(scene.discord, f"Club {number}") for number in range(30)])
    assert billed(scene) == {"space": 1, "user": 1, "event": 2}
    await the_books_are_the_bill(scene, bot)


@patch("tests.system.scene.START", LATE)
@in_virtual_time
async def test_each_cohost_or_speaker_costs_one_user_more_a_day_and_none_where_they_are_not_shown(
    scene: VirtualScene,
) -> None:
    allow(scene, creator_ids=25)
    host, cohost, *speakers = (scene.x.add_user(name) for name in ("host", "cohost", "first", "second", "third"))
    one = club(scene.discord)
    bot = await serve(scene, PUSH="off", SPEAKERS="true")
    await follow(one, host)
    space = scene.x.start_space(host, title="Many voices", cohosts=[cohost], speakers=speakers[:2])
    await scene.until(lambda: one.spaces.messages)
    (post,) = one.spaces.messages
    await live_for(scene, space, 20)
    assert all(name in text(post) for name in ("cohost", "first", "second"))
    assert billed(scene) == {"space": 1, "user": 4}
    space.speakers = [speakers[2]]
    await live_for(scene, space, 20)
    assert "third" in text(post)
    assert billed(scene) == {"space": 1, "user": 5}

    await scene.pass_by(until_midnight(scene) + 10 * MINUTE)
    assert billed(scene) == {"space": 1, "user": 5}
    assert billed(scene, TOMORROW) == {"space": 1, "user": 3}, "host, co-host and speaker of the second day"
    await bot.stop()
    quiet = await serve(scene, PUSH="off", SPEAKERS="false")
    other = scene.x.add_user("other")
    await follow(one, other)
    scene.x.start_space(other, title="One voice", cohosts=[cohost], speakers=speakers)
    await scene.until(lambda: len(one.spaces.messages) == 2)
    await scene.pass_by(20 * MINUTE)
    assert billed(scene, TOMORROW) == {"space": 2, "user": 4}
    await the_books_are_the_bill(scene, quiet)


@patch("tests.system.scene.START", EVENING)
@in_virtual_time
async def test_each_pot_is_spent_for_itself_and_the_next_day_goes_on(scene: VirtualScene) -> None:
    allow(scene, creator_ids=60)
    host, late, last = (scene.x.add_user(name) for name in ("host", "late", "last"))
    crowd = [scene.x.add_user(f"guest{number}") for number in range(60)]
    one = club(scene.discord)
    # Detection has $0.40, people $1.35, live refreshes $0.45.
    bot = await serve(scene, PUSH="off", DAILY_BUDGET_USD="4.00", DETECTION_SHARE="0.1")
    await follow(one, host, late, last)

    space = scene.x.start_space(host, title="Expensive", listeners=5, speakers=crowd[:29])
    await scene.until(lambda: one.spaces.messages)
    (post,) = one.spaces.messages
    await scene.until(lambda: "guest" in text(post))
    space.speakers = crowd[29:58]
    space.listeners = 777
    await scene.pass_by(10 * MINUTE)
    assert "807" in text(post), "what costs nothing goes on"
    assert billed(scene)["user"] == 3 + 29, "nobody pays for what there is no money for"

    for number in range(20):
        scene.x.start_space(crowd[number], title=f"Tea {number}")
    found = await ask(one.member, one.general, "spaces-search", query="tea")
    assert "Tea " in text(found), "there is money for a person's question"
    while scene.logged("no looking for Spaces until midnight UTC") == 0:
        assert len(one.spaces.messages) < 90
        count = len(one.spaces.messages)
        for number in range(8):
            scene.x.start_space(late, title=f"And another {count + number}")
        await scene.until(
            lambda count=count: len(one.spaces.messages) > count or scene.logged("no looking for Spaces")  # type: ignore[misc]  # bound at once
        )
    status = await overview(one)
    assert status.startswith("Not working")
    assert "SPACEBOT_DAILY_BUDGET_USD" in status
    await scene.pass_by(2 * MINUTE)
    spent, count = scene.x.billed.dollars(), len(one.spaces.messages)
    assert spent <= 4
    scene.x.start_space(last, title="Too late for today")
    await scene.pass_by(5 * MINUTE)
    assert len(one.spaces.messages) == count
    assert scene.x.billed.dollars() == spent

    await scene.pass_by(until_midnight(scene))
    await scene.until(lambda: any("Too late for today" in text(message) for message in one.spaces.messages))
    await scene.until(lambda: scene.logged("no looking for Spaces until midnight UTC") == 1)
    await the_books_are_the_bill(scene, bot)


@patch("tests.system.scene.START", LATE)
@in_virtual_time
async def test_a_start_that_x_pushes_is_not_paid_for_either_once_the_days_budget_is_spent(scene: VirtualScene) -> None:
    allow(scene, creator_ids=100)
    host = scene.x.add_user("host")
    one = club(scene.discord)
    await serve(scene, DAILY_BUDGET_USD="0.60", DETECTION_SHARE="0.2")
    await follow(one, host)
    await scene.until(lambda: len(scene.x.subscriptions) == 2 and scene.x.streams.connected)
    await scene.pass_by(MINUTE)
    scene.x.start_space(host, title="Paid for")
    await scene.until(lambda: one.spaces.messages)
    while not scene.logged("no looking for Spaces until midnight UTC"):
        assert billed(scene)["space"] < 130
        scene.x.start_space(host, title="And this")
        await scene.pass_by(20)
    await scene.pass_by(MINUTE)
    count, spaces = len(one.spaces.messages), billed(scene)["space"]
    scene.x.start_space(host, title="Tomorrow")
    await scene.pass_by(10 * MINUTE)
    assert len(one.spaces.messages) == count
    assert billed(scene)["space"] == spaces
    await scene.pass_by(until_midnight(scene))
    await scene.until(lambda: any("Tomorrow" in text(message) for message in one.spaces.messages))


@pytest.mark.parametrize("requests", [25, 1])
def test_a_small_plan_is_learned_kept_to_and_shared_with_people(
    requests: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @in_virtual_time
    async def scenario(scene: VirtualScene) -> None:
        allow(scene, **dict.fromkeys(READING, requests))
        host, second = scene.x.add_user("host"), scene.x.add_user("second")
        one = club(scene.discord)
        bot = await serve(scene, PUSH="off")
        await ask(one.admin, one.general, "config channel", channel=one.spaces)
        await ask(one.admin, one.general, "watch add", host=host.id)
        if requests == 1:
            await scene.pass_by(WINDOW.total_seconds() + 5)  # one account in each window
        await ask(one.admin, one.general, "watch add", host=second.id)
        space = scene.x.start_space(host, title="Small plan")
        await scene.until(lambda: one.spaces.messages)
        for _ in range(4):
            await scene.pass_by(WINDOW.total_seconds() + 5)
            found = await ask(one.member, one.general, "spaces-search", query="small")
            assert "Small plan" in text(found)
            answer = await ask(one.member, one.general, "host-live", host="@host")
            if requests > 1:
                assert "Small plan" in text(answer)
            else:
                assert "try again in" in text(answer), "where there is nothing left, the person learns when there is"
        space.end()
        await scene.until(lambda: "has ended" in text(one.spaces.messages[0]))
        used = Counter(exchange.endpoint for exchange in scene.x.requests)
        assert used["creator_ids"] >= 4
        assert not scene.x.refused
        await the_books_are_the_bill(scene, bot)

    scenario(tmp_path_factory.mktemp("plan"))
