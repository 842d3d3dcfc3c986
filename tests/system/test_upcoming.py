"""`/spaces-upcoming`: who of a server's hosts is live and what comes, to whoever may see their posts, without a word to X."""

import re
from datetime import timedelta

from spacebot.sandbox.x import Fault
from tests.system.scene import VirtualScene, ask, club, in_virtual_time, text


@in_virtual_time
async def test_who_is_live_and_what_comes_is_told_by_day_from_what_was_seen(scene: VirtualScene) -> None:
    ann, bob = scene.x.add_user("ann"), scene.x.add_user("bob", name="Bob [free](https://evil.example)")
    one = club(scene.discord)
    bot = await scene.serve()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    reply = await ask(one.member, one.general, "spaces-upcoming")
    assert reply.ephemeral
    assert "No host of this server is live" in reply.content
    for host in ("@ann", "@bob"):
        await ask(one.admin, one.general, "watch add", host=host)
    now = scene.clock.now()
    scene.x.start_space(ann, title="Tea @everyone **now**", listeners=7)
    later = scene.x.schedule_space(bob, start=now + timedelta(days=2), title="Later")
    sooner = scene.x.schedule_space(bob, start=now + timedelta(days=1), title="Sooner")
    scene.x.schedule_space(bob, start=now + timedelta(days=9), title="Too far")
    await scene.swept(2)
    await bot.stop()
    await scene.serve()
    scene.x.fault("/2/", Fault(status=503, times=None))
    told = text(await ask(one.member, one.general, "spaces-upcoming"))
    scene.x.clear_faults()
    days = [f"{when:%A} {when.day} {when:%B}, UTC" for when in (now + timedelta(days=1), now + timedelta(days=2))]
    assert re.findall(r"### (.*)", told) == ["Live now", *days]
    assert [told.index(word) for word in ("Tea", "Sooner", "Later")] == sorted(
        told.index(word) for word in ("Tea", "Sooner", "Later")
    )
    assert "Too far" not in told
    assert "@everyone" not in told
    assert "](https://evil.example)" not in told
    for space in (sooner, later):
        assert space.scheduled_start is not None
        assert f"<t:{int(space.scheduled_start.timestamp())}:F>" in told
    assert "in your time zone" in told


@in_virtual_time
async def test_a_member_is_told_of_hosts_whose_posts_they_may_see_and_nobody_of_paused_ones(
    scene: VirtualScene,
) -> None:
    hosts = [scene.x.add_user(name) for name in ("seen", "staffonly", "paused")]
    one = club(scene.discord)
    staff = one.guild.add_channel("staff")
    staff.overwrite(one.guild.everyone, deny=("view_channel",))
    staff.overwrite(one.guild.bot_member, allow=("view_channel",))
    staff.overwrite(one.admin, allow=("view_channel",))
    await scene.serve()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    for name in ("seen", "paused"):
        await ask(one.admin, one.general, "watch add", host=name)
    await ask(one.admin, one.general, "watch add", host="staffonly", channel=staff)
    for host in hosts:
        scene.x.start_space(host, title=f"By {host.username}")
    await scene.until(lambda: len(one.spaces.messages) == 2 and staff.messages)
    await ask(one.admin, one.general, "watch pause", host="paused")
    for who, expected in ((one.member, {"seen"}), (one.admin, {"seen", "staffonly"})):
        told = text(await ask(who, one.general, "spaces-upcoming"))
        assert {name for name in ("seen", "staffonly", "paused") if f"By {name}" in told} == expected


@in_virtual_time
async def test_a_full_week_has_pages_that_name_their_day_again(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    bot = await scene.serve()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    await ask(one.admin, one.general, "watch add", host="host")
    day = (scene.clock.now() + timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)
    for number in range(20):
        scene.x.schedule_space(host, start=day + timedelta(minutes=30 * number), title=f"Number {number}.")
    await scene.swept(2)
    reply = await ask(one.member, one.general, "spaces-upcoming")
    seen: list[str] = []
    for page in range(3):
        told = text(reply)
        assert told.count(f"{day:%A} {day.day} {day:%B}, UTC") == 1
        assert f"page {page + 1} of 3" in told
        seen += re.findall(r"Number (\d+)", told)
        if page < 2:
            use = await one.member.press(reply, label="Next")
            reply = await use.reply(timeout=60)
    assert seen == [str(number) for number in range(20)]
    await bot.stop()
    await scene.serve()
    old = await (await one.member.press(reply, label="Previous")).reply(timeout=60)
    assert "too old" in old.content


@in_virtual_time
async def test_the_whole_server_is_paused_and_goes_on_by_one_mechanism(scene: VirtualScene) -> None:
    ann, bob = scene.x.add_user("ann"), scene.x.add_user("bob")
    one = club(scene.discord)
    bot = await scene.serve()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    for name in ("@ann", "@bob"):
        await ask(one.admin, one.general, "watch add", host=name)
    await ask(one.admin, one.general, "watch pause", host="bob")
    assert "Paused: nothing new is posted here" in (await ask(one.admin, one.general, "watch pause")).content
    refused = await ask(one.member, one.general, "watch resume", force=True)
    assert refused.content == "You need the Manage Server permission for that."
    for host in (ann, bob):
        scene.x.start_space(host, title=f"By {host.username}")
    await bot.stop()
    await scene.serve()
    await scene.pass_by(120)
    assert not one.spaces.messages
    reply = await ask(one.admin, one.general, "watch resume")
    assert "whoever is live now is announced" in reply.content
    assert "Still paused, each on its own: bob" in reply.content
    await scene.until(lambda: one.spaces.messages)
    await scene.pass_by(60)
    assert ["By ann" in text(message) for message in one.spaces.messages] == [True]
    await ask(one.admin, one.general, "config pause", on=True)
    assert "Still paused" in (await ask(one.admin, one.general, "watch resume")).content
    await ask(one.admin, one.general, "watch resume", host="bob")
    await scene.until(lambda: len(one.spaces.messages) == 2)
