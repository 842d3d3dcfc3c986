"""Posts about scheduled Spaces name who is invited and the topics, where a guild wants it; nobody is bought for that twice."""

from datetime import UTC, datetime, time, timedelta
from unittest.mock import patch

from spacebot.sandbox.discord import LocalMessage
from spacebot.sandbox.x import Fault, XSpace, XUser
from tests.clocks import START
from tests.system.panel import Admin, settled
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text
from tests.system.test_money import allow, billed, serve, the_books_are_the_bill

NOON = datetime.combine(START.date(), time(6), UTC)
A_WHILE = 600.0
"""Seconds; rounds of questions are a minute apart."""


async def followed(scene: VirtualScene, one: Club, *hosts: XUser, invited: bool = True) -> None:
    """Announce scheduled Spaces of these hosts in the guild, with who is invited or without."""
    await ask(one.admin, one.general, "config announce", scheduled=True)
    if invited:
        reply = await ask(one.admin, one.general, "config invited", on=True)
        assert "X bills each person" in reply.content
    for host in hosts:
        await ask(one.admin, one.general, "watch add", host=host.id, channel=one.spaces)


async def posted(scene: VirtualScene, *clubs: Club) -> list[LocalMessage]:
    """The first post of each guild."""
    await scene.until(lambda: all(one.spaces.messages for one in clubs))
    return [one.spaces.messages[0] for one in clubs]


def announced(scene: VirtualScene, host: XUser, invited: list[XUser], hours: float = 30, **details: str) -> XSpace:
    """A Space that is to start in so many hours."""
    start = scene.clock.now() + timedelta(hours=hours)
    return scene.x.schedule_space(
        host, start=start, title=details.get("title", "Round table"), invited=invited, topics=["Gaming", "*Music*"]
    )


def asked(scene: VirtualScene) -> int:
    """How often X was asked who is invited."""
    return sum("invited_user_ids" in str(each.query.get("expansions", "")) for each in scene.x.requests)


@patch("tests.system.scene.START", NOON)
@in_virtual_time
async def test_it_is_off_at_first_and_costs_each_person_once_where_it_is_on(scene: VirtualScene) -> None:
    host = scene.x.add_user("host", name="A Host")
    people = [scene.x.add_user(f"p{number}", name=f"*P* @everyone {number}") for number in range(8)]
    with_names, without = club(scene.discord, "With"), club(scene.discord, "Without")
    allow(scene, creator_ids=12)
    bot = await serve(scene, PUSH="off")
    await followed(scene, without, host, invited=False)
    first = announced(scene, host, people[:7])
    [plain] = await posted(scene, without)
    await scene.pass_by(A_WHILE)
    assert asked(scene) == 0
    assert billed(scene) == {"space": 1, "user": 1}

    assert "Manage Server" in text(
        await ask(with_names.member, with_names.general, "config invited", force=True, on=True)
    )
    await followed(scene, with_names, host)
    [post] = await posted(scene, with_names)
    await scene.until(lambda: "Invited to speak" in text(post))
    shown = text(post)
    assert r"Invited to speak: \*P\* @" + "\N{ZERO WIDTH SPACE}everyone 0, " in shown or "@everyone 0" not in shown
    assert " and 2 more" in shown
    assert r"Topics: Gaming, \*Music\*" in shown
    assert not post.pinged_everyone
    assert billed(scene) == {"space": 1, "user": 8}
    await scene.pass_by(A_WHILE)
    assert asked(scene) == 1
    assert "Invited" not in text(plain)
    assert plain.edited_at is None, "nothing has changed for a guild that does not show it"

    await bot.stop()
    bot = await serve(scene, PUSH="off")
    announced(scene, host, people[4:], title="Second table")
    await scene.until(lambda: len(with_names.spaces.messages) == 2)
    await scene.until(lambda: "Invited to speak" in text(with_names.spaces.messages[1]))
    assert asked(scene) == 2, "not again after a restart"
    assert billed(scene) == {"space": 2, "user": 9}, "three of the four were known that day"

    assert "no longer" in (await ask(with_names.admin, with_names.general, "config invited", on=False)).content
    await scene.until(lambda: "Invited" not in text(post))
    await ask(with_names.admin, with_names.general, "config invited", on=True)
    await scene.until(lambda: "Invited" in text(post))
    assert asked(scene) == 2, "what is known is shown again at no cost"
    first.go_live()
    await scene.until(lambda: len(with_names.spaces.messages) == 3)
    await scene.until(lambda: "Invited" not in text(post))
    assert "Invited" not in text(with_names.spaces.messages[2])
    await the_books_are_the_bill(scene, bot)


@patch("tests.system.scene.START", NOON)
@in_virtual_time
async def test_nobody_is_bought_where_the_post_is_held_back_or_the_operator_wants_no_people(
    scene: VirtualScene,
) -> None:
    host, guest = scene.x.add_user("host"), scene.x.add_user("guest")
    one = club(scene.discord)
    allow(scene, creator_ids=12)
    bot = await serve(scene, PUSH="off")
    await followed(scene, one, host)
    await ask(one.admin, one.general, "watch filter", host=host.id, want="jazz")
    announced(scene, host, [guest])
    await scene.pass_by(A_WHILE)
    assert not one.spaces.messages
    assert asked(scene) == 0
    await ask(one.admin, one.general, "config announce", scheduled=False, reminder=0)
    await ask(one.admin, one.general, "watch filter", host=host.id, reset=True)
    await scene.pass_by(A_WHILE)
    assert asked(scene) == 0
    await bot.stop()
    bot = await serve(scene, PUSH="off", SPEAKERS="false")
    await ask(one.admin, one.general, "config announce", scheduled=True)
    [post] = await posted(scene, one)
    await scene.pass_by(A_WHILE)
    assert asked(scene) == 0
    assert "Invited" not in text(post)
    said = (await ask(one.admin, one.general, "config invited", on=True)).content
    assert "has X asked for no people" in said
    assert billed(scene) == {"space": 1, "user": 1}
    await the_books_are_the_bill(scene, bot)


@patch("tests.system.scene.START", NOON)
@in_virtual_time
async def test_a_guild_spends_its_share_and_another_pays_for_what_both_want(scene: VirtualScene) -> None:
    greedy_host, shared = scene.x.add_user("greedy"), scene.x.add_user("shared")
    crowd = [scene.x.add_user(f"guest{number}") for number in range(150)]
    greedy, modest = club(scene.discord, "Greedy"), club(scene.discord, "Modest")
    for number in range(30):
        club(scene.discord, f"Other {number}")
    # Refreshes have $2.00, of which a guild of 32 has $0.25.
    bot = await serve(scene, PUSH="off", DAILY_BUDGET_USD="40.00", DETECTION_SHARE="0.6")
    await followed(scene, greedy, greedy_host, shared)
    for number in range(6):
        announced(scene, greedy_host, crowd[20 * number : 20 * number + 20], title=f"Table {number}", hours=10 + number)
    await scene.pass_by(A_WHILE)
    bought = billed(scene)["user"] - 2
    assert 20 <= bought <= 40, "one question may go beyond the share, and no other follows"
    announced(scene, shared, crowd[120:125], title="For both", hours=20)
    await scene.pass_by(A_WHILE)
    [post] = [each for each in greedy.spaces.messages if "For both" in text(each)]
    assert "Invited" not in text(post)
    await followed(scene, modest, shared)
    await scene.until(lambda: "Invited" in text(post))
    assert billed(scene)["user"] - 2 == bought + 5
    assert not scene.logged("no live refreshes until midnight UTC")
    await the_books_are_the_bill(scene, bot)


@in_virtual_time
async def test_a_failing_x_is_asked_again_and_a_withdrawn_space_is_not(scene: VirtualScene) -> None:
    host, guest = scene.x.add_user("host"), scene.x.add_user("guest")
    one = club(scene.discord)
    await scene.serve()
    await followed(scene, one, host)
    announced(scene, host, [guest])
    [post] = await posted(scene, one)
    scene.x.fault("spaces", Fault(status=503, times=20))
    await scene.pass_by(A_WHILE)
    await scene.until(lambda: "Invited to speak: guest" in text(post))
    scene.x.clear_faults()
    gone = announced(scene, host, [guest], title="Withdrawn")
    await scene.until(lambda: len(one.spaces.messages) == 2)
    gone.hide()
    await scene.pass_by(A_WHILE)
    await scene.until(lambda: "no longer visible" in text(one.spaces.messages[1]))
    before = asked(scene)
    await scene.pass_by(A_WHILE)
    assert asked(scene) == before


@in_virtual_time
async def test_the_panel_switches_bell_and_invited_on_and_off_as_the_commands_do(scene: VirtualScene) -> None:
    host = scene.x.add_user("night", name="Night Radio")
    await scene.serve()
    one = club(scene.discord)
    admin = Admin(who=one.admin, where=one.general)
    await admin.open(await admin.greeted(scene))
    await settled(scene, await admin.choose("setup:channel", one.spaces))
    await settled(scene, await admin.fill_in("Add hosts", Hosts="@night"))

    use = await admin.fill_in("Moments", when=["live", "scheduled"], extras=["bell", "invited"])
    assert "I lack the permission Manage Roles" in await settled(scene, use)
    shown = text(await ask(one.admin, one.general, "config show"))
    assert "Notify me" not in shown
    assert "when it is scheduled" not in shown, "what is refused changes nothing"
    assert "who is invited" not in shown

    one.guild.set_bot_permissions(
        "view_channel", "send_messages", "embed_links", "read_message_history", "manage_roles"
    )
    await scene.pass_by(1)
    use = await admin.fill_in("Moments", when=["live", "scheduled"], extras=["bell", "invited"])
    assert not await settled(scene, use)
    assert "🔔 Notify me: one role for all posts here" in admin.shown
    shown = text(await ask(one.admin, one.general, "config show"))
    assert "posts name who is invited to speak, and the topics" in shown
    scene.x.start_space(host, title="Late show")
    await scene.until(lambda: one.spaces.messages)
    [post] = one.spaces.messages
    pressed = await one.member.press(post, label="Notify me")
    assert "You have" in text(await pressed.reply(timeout=60))

    await ask(one.admin, one.general, "config bell", what="host")
    await scene.served[-1].stop()
    await scene.serve()
    one.guild.set_bot_permissions("view_channel", "send_messages", "embed_links", "read_message_history")
    await scene.pass_by(1)
    assert not await settled(scene, await admin.fill_in("Moments", when=["live"])), "what is on already is not refused"
    assert "🔔 ⚠️ I lack the permission Manage Roles" in admin.shown
    await settled(scene, await admin.fill_in("Moments", when=["live"], extras=[]))
    shown = text(await ask(one.admin, one.general, "config show"))
    assert "Notify me" not in shown
    assert "who is invited" not in shown
