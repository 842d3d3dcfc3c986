"""The bill of a server that uses all there is for a day: within its share, and nothing in it twice that is known that day."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from unittest.mock import patch

from spacebot.domain.errands import Purpose
from spacebot.domain.ids import GuildId
from spacebot.present.found import LOOK_UP
from spacebot.sandbox.discord import LocalFile, LocalMessage
from spacebot.sandbox.discord.model.guilds import DEFAULT_BOT_PERMISSIONS
from spacebot.sandbox.x import LocalX
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.pots import Pots
from tests.clocks import START
from tests.system.scene import PATIENCE, Club, VirtualScene, ask, club, in_virtual_time, text
from tests.system.test_money import MINUTE, allow, serve, the_books_are_the_bill

MORNING = datetime.combine(START.date(), time(8), UTC)
BUDGET = "20.00"
OTHERS = 9
"""Servers that do nothing."""


async def looked_up(one: Club, message: LocalMessage) -> LocalMessage:
    """What a member is told by the entry in the message's menu."""
    use = await one.member.use_on(message, LOOK_UP)
    assert use.failed is None, use.failed
    return await use.reply(timeout=PATIENCE)


def asked_by_name(x: LocalX) -> Counter[str]:
    """The accounts that X was asked for by their handle or id, and how often."""
    names: Counter[str] = Counter()
    for each in x.requests:
        if each.path.startswith("/2/users"):
            last = each.path.rpartition("/")[2]
            named = each.query.get("usernames") or each.query.get("ids") or last
            names.update(named.split(","))
    return names


def billed(x: LocalX, kind: str) -> set[str]:
    """What X has billed of that kind; a line is there once a day."""
    return {line.id for line in x.billed.lines if line.kind == kind}


@patch("tests.system.scene.START", MORNING)
@in_virtual_time
async def test_a_server_that_uses_all_there_is_keeps_to_its_share_and_buys_nothing_known(scene: VirtualScene) -> None:
    allow(scene, creator_ids=60)
    hosts = [scene.x.add_user(f"host{number}", name=f"Host {number}") for number in range(6)]
    guests = [scene.x.add_user(f"guest{number}", name=f"Guest {number}") for number in range(12)]
    one = club(scene.discord)
    one.guild.set_bot_permissions(*DEFAULT_BOT_PERMISSIONS, "manage_roles")
    for number in range(OTHERS):
        club(scene.discord, f"Other {number}")
    await serve(scene, PUSH="off", DAILY_BUDGET_USD=BUDGET)

    # An admin: a file, filters, bells, every moment, who is invited.
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    opened = await one.admin.use(one.general, "watch import")
    content = "\n".join(["handle", *(host.username for host in hosts)]).encode()
    sent = await one.admin.submit(opened, **{"The file": LocalFile(name="list.csv", content=content)})
    assert "6 added" in (await sent.reply(timeout=PATIENCE)).content
    await ask(one.admin, one.general, "config announce", scheduled=True, reminder=15, ended=True)
    await ask(one.admin, one.general, "config bell", what="host")
    await ask(one.admin, one.general, "config invited", on=True)
    await ask(one.admin, one.general, "watch filter", host="@host0", want="tea")
    assert billed(scene.x, "user") == {host.id for host in hosts}

    # Hosts: scheduled Spaces with guests, some of whom are followed or invited twice; one that is held back.
    start = scene.clock.now() + timedelta(minutes=40)
    coming = [
        scene.x.schedule_space(
            host,
            start=start,
            title=f"Talk {number}",
            invited=[*guests[number : number + 4], hosts[0]],
            topics=["Music"],
        )
        for number, host in enumerate(hosts[1:4])
    ]
    held = scene.x.schedule_space(hosts[0], start=start, title="Coffee", invited=guests[8:])
    await scene.until(lambda: sum("Invited to speak" in text(each) for each in one.spaces.messages) == 3)
    people = {each.id for each in (*hosts, *guests[:6])}
    assert billed(scene.x, "user") == people, "nobody who is invited to what is held back"

    # Members: bells, what comes up, look-ups here and in private, again and again.
    said = await asyncio.gather(*(ask(one.member, one.general, "notify", host=f"@host{number}") for number in (1, 2)))
    assert all("You have" in text(each) for each in said)
    message = one.admin.say(one.general, " ".join(f"https://x.com/i/spaces/{space.id}" for space in coming))
    for _ in range(3):
        assert "Talk 1" in text(await ask(one.member, one.general, "spaces-upcoming"))
        assert "Talk 0" in text(await looked_up(one, message))
        assert "Talk" in text(await ask(one.member, one.general, "space", space=coming[1].id))
        await scene.pass_by(2 * MINUTE)
    for number in range(3):
        await ask(one.member, one.general, "host-live", host=f"@host{number + 1}")
    await scene.pass_by(35 * MINUTE)
    for space in coming:
        space.speakers = [guests[0], guests[1]]
        space.go_live()
    held.go_live()
    await scene.until(lambda: sum("is live" in text(each) for each in one.spaces.messages) >= 3)
    await scene.pass_by(20 * MINUTE)
    for space in (*coming, held):
        space.end()
    await scene.until(lambda: sum("has ended" in text(each) for each in one.spaces.messages) >= 3)
    await scene.served[-1].stop()
    bot = await serve(scene, PUSH="off", DAILY_BUDGET_USD=BUDGET)
    assert "Talk 0" in text(await looked_up(one, message))

    assert billed(scene.x, "user") == people
    assert billed(scene.x, "space") == {space.id for space in (*coming, held)}
    assert asked_by_name(scene.x) == {host.username: 1 for host in hosts}, "an account is asked for once"
    await the_books_are_the_bill(scene, bot)
    async with Store(scene.folder / "spacebot.sqlite3") as store:
        spent = await store(Queries.spent_by, START.date())
    pots = Pots.of(Decimal(BUDGET))
    pots.guild_count = OTHERS + 1
    own = {each.purpose: each.millicents for each in spent if each.guild_id == GuildId(one.guild.id)}
    assert own[Purpose.REFRESH] == 6_000, "six guests at one cent each"
    for purpose, millicents in own.items():
        shares = pots.shares(purpose)
        assert shares is not None
        assert millicents <= shares[0], purpose
    assert {each.guild_id for each in spent} <= {None, GuildId(one.guild.id)}
