"""A scheduled Space becomes an event of the server: made once, led along with its Space, and never made against admins' will."""

import asyncio
from datetime import datetime, timedelta

from spacebot.sandbox.discord import Fault, LocalEvent
from spacebot.sandbox.discord.model.schedule import Status
from spacebot.sandbox.x import Fault as XFault
from spacebot.sandbox.x import XUser
from tests.system.panel import Admin
from tests.system.scene import PATIENCE, Club, VirtualScene, ask, club, in_virtual_time, text

ALLOWED = ("view_channel", "send_messages", "embed_links", "read_message_history")
PATH = "Server settings → Roles → spacebot → Permissions → Create Events"


def may_make_events(one: Club, *more: str) -> None:
    """Let the bot make events there."""
    one.guild.set_bot_permissions(*ALLOWED, "create_events", *more)


def events_of(one: Club) -> list[LocalEvent]:
    """The server's events that are not over."""
    return list(one.guild.events.values())


def asked(scene: VirtualScene, method: str) -> int:
    """How often Discord was asked something of events."""
    return sum(each.method == method and "scheduled-events" in each.path for each in scene.discord.requests)


async def ready(scene: VirtualScene, name: str = "Book club") -> Club:
    """A guild in which a host is followed and events are made."""
    one = club(scene.discord, name)
    may_make_events(one)
    if not scene.served:
        await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@night", channel=one.spaces)
    assert "become events" in text(await ask(one.admin, one.general, "config events", on=True))
    return one


def in_hours(scene: VirtualScene, hours: float) -> datetime:
    """A time as people choose it: X shows no fractions of milliseconds."""
    return scene.clock.now().replace(microsecond=0) + timedelta(hours=hours)


def host_of(scene: VirtualScene) -> XUser:
    return scene.x.add_user("night", name="Night Radio")


@in_virtual_time
async def test_an_event_moves_is_renamed_starts_and_ends_with_its_space(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = await ready(scene)
    first, later = in_hours(scene, 2), in_hours(scene, 3)
    space = scene.x.schedule_space(host, title="Big *night*", start=first)
    await scene.until(lambda: events_of(one))
    [event] = events_of(one)
    assert (event.name, event.start, event.end) == ("Big *night*", first, first + timedelta(hours=2))
    assert event.location == f"https://x.com/i/spaces/{space.id}"
    assert event.description is not None
    assert "**Night Radio**" in event.description
    assert not one.spaces.messages, "an event is no post"

    space.reschedule(later)
    await scene.until(lambda: event.start == later)
    space.set_title("Bigger night")
    await scene.until(lambda: event.name == "Bigger night")
    told = text(await ask(one.member, one.general, "spaces-upcoming"))
    assert f"https://discord.com/events/{one.guild.id}/{event.id}" in told
    past = text(await ask(one.admin, one.general, "history"))
    assert f"https://discord.com/events/{one.guild.id}/{event.id}" in past
    assert "this server's events" in past

    await scene.served[-1].stop()
    await scene.serve()
    space.go_live()
    await scene.until(lambda: event.status is Status.ACTIVE)
    assert event.end > scene.clock.now() + timedelta(hours=10), "Discord does not end it before its Space"
    space.end()
    await scene.until(lambda: event.status is Status.COMPLETED)
    assert asked(scene, "POST") == 1


PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


async def event_of(scene: VirtualScene, one: Club) -> LocalEvent:
    """The server's only event, once there is one."""
    await scene.until(lambda: events_of(one))
    [event] = events_of(one)
    return event


@in_virtual_time
async def test_the_hosts_picture_is_its_cover_where_it_can_be_had_and_taken(scene: VirtualScene) -> None:
    host = scene.x.add_user("night", name="Night Radio", picture=scene.x.add_picture(PNG))
    plain = scene.x.add_user("plain", picture="https://evil.example/a.png")
    broken = scene.x.add_user("broken", picture=scene.x.add_picture(b"<svg/>", "image/svg+xml"))
    one, two = await ready(scene), await ready(scene, "Two")
    for name in ("@plain", "@broken"):
        await ask(one.admin, one.general, "watch add", host=name, channel=one.spaces)
    for who in (host, plain, broken):
        scene.x.schedule_space(who, title=who.username, start=in_hours(scene, 2))
    await scene.until(lambda: len(events_of(one)) == 3 and events_of(two))
    assert {event.name: event.cover for event in events_of(one)} == {"night": PNG, "plain": None, "broken": None}
    assert events_of(two)[0].cover == PNG
    assert sorted(each.path for each in scene.x.requests if "picture" in each.path) == [
        "/profile_images/1/picture_400x400.png",
        "/profile_images/2/picture_400x400.png",
    ], "once for both servers"

    scene.discord.fault("POST", "/scheduled-events", Fault(status=400, code=50035))
    scene.x.schedule_space(host, title="No cover", start=in_hours(scene, 3))
    await scene.until(lambda: len(events_of(one)) == 4 and len(events_of(two)) == 2)
    covers = [event.cover for each in (one, two) for event in events_of(each) if event.name == "No cover"]
    assert sorted(covers, key=bool) == [None, PNG], "Discord did not take one of them"


@in_virtual_time
async def test_what_is_called_off_or_withdrawn_or_unannounced_ends_its_event(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = await ready(scene)
    called_off = scene.x.schedule_space(host, title="Off", start=in_hours(scene, 2))
    late_off = scene.x.schedule_space(host, title="Late off", start=in_hours(scene, 1))
    hidden = scene.x.schedule_space(host, title="Hidden", start=in_hours(scene, 3))
    unheard = scene.x.schedule_space(host, title="Unheard", start=in_hours(scene, 4))
    await scene.until(lambda: len(events_of(one)) == 4)
    by_name = {event.name: event for event in events_of(one)}
    called_off.cancel()
    hidden.hide()
    await scene.until(lambda: by_name["Off"].status is Status.CANCELED)
    await scene.until(lambda: by_name["Hidden"].id not in one.guild.events)
    assert by_name["Hidden"].id not in one.guild.past_events, "nothing of X's stays"
    scene.x.fault("/2/", XFault(status=503, times=None))
    unheard.go_live()
    unheard.end()
    scene.x.clear_faults()
    await scene.until(lambda: by_name["Unheard"].status is Status.COMPLETED)

    await scene.pass_by(3600)
    assert late_off.state == "scheduled"
    late_off.cancel()
    await scene.until(lambda: by_name["Late off"].status is Status.COMPLETED)
    assert not events_of(one)


@in_virtual_time
async def test_a_space_that_is_put_off_after_discord_began_its_event_gets_another_one(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = await ready(scene)
    space = scene.x.schedule_space(host, title="Late", start=in_hours(scene, 1))
    first = await event_of(scene, one)
    await scene.pass_by(3700)
    later = in_hours(scene, 5)
    space.reschedule(later)
    await scene.until(lambda: events_of(one) and events_of(one)[0] is not first)
    [second] = events_of(one)
    assert (second.start, second.status) == (later, Status.SCHEDULED)
    assert first.id not in one.guild.past_events
    assert asked(scene, "POST") == 2
    space.go_live()
    await scene.until(lambda: second.status is Status.ACTIVE)


@in_virtual_time
async def test_an_event_that_an_admin_deleted_stays_deleted(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = await ready(scene)
    space = scene.x.schedule_space(host, title="Unwanted", start=in_hours(scene, 2))
    event = await event_of(scene, one)
    event.delete()
    space.set_title("Still unwanted")
    await scene.pass_by(600)
    await scene.served[-1].stop()
    await scene.serve()
    space.reschedule(in_hours(scene, 3))
    await scene.pass_by(600)
    space.go_live()
    await scene.until(lambda: one.spaces.messages)
    await scene.pass_by(60)
    assert not events_of(one)
    assert asked(scene, "POST") == 1
    assert "somebody deleted the event" in text(await ask(one.admin, one.general, "history"))


@in_virtual_time
async def test_a_lost_answer_and_a_crash_before_it_is_noted_make_no_second_event(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = await ready(scene)
    scene.discord.fault("POST", "/scheduled-events", Fault(drop="after"))
    scene.x.schedule_space(host, title="Once", start=in_hours(scene, 2))
    await scene.until(lambda: events_of(one))
    await scene.served[-1].stop()
    await scene.serve()
    scene.x.schedule_space(host, title="Twice", start=in_hours(scene, 3))
    scene.discord.fault("POST", "/scheduled-events", Fault(status=500))
    scene.discord.fault("POST", "/scheduled-events", Fault(status=502))
    await scene.until(lambda: len(events_of(one)) == 2)
    await scene.pass_by(300)
    assert sorted(event.name for event in events_of(one)) == ["Once", "Twice"]
    told = text(await ask(one.member, one.general, "spaces-upcoming"))
    assert told.count("https://discord.com/events/") == 2, "both are known"


@in_virtual_time
async def test_without_the_permission_it_stays_off_and_says_what_to_do(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = club(scene.discord)
    await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@night", channel=one.spaces)
    said = text(await ask(one.admin, one.general, "config events", on=True))
    assert "I lack the permission Create Events" in said
    assert PATH in said
    assert f"permissions={1 << 44 | 1 << 10 | 1 << 11 | 1 << 14 | 1 << 16 | 1 << 38}" in said
    assert "Events: none: `/config events`" in text(await ask(one.admin, one.general, "config show"))
    refused = text(await ask(one.member, one.general, "config events", force=True, on=True))
    assert "Manage Server" in refused
    scene.x.schedule_space(host, title="None", start=in_hours(scene, 2))
    await scene.pass_by(600)
    assert not events_of(one)
    assert asked(scene, "POST") == 0


@in_virtual_time
async def test_the_permission_taken_away_and_given_back_loses_nothing(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = await ready(scene)
    space = scene.x.schedule_space(host, title="Before", start=in_hours(scene, 4))
    event = await event_of(scene, one)
    one.guild.set_bot_permissions(*ALLOWED)
    await scene.pass_by(1)
    space.set_title("After")
    scene.x.schedule_space(host, title="Another", start=in_hours(scene, 5))
    await scene.until(lambda: any("cannot make events" in each.content for each in one.general.messages))
    await scene.pass_by(1800)
    notices = [each.content for each in one.general.messages if "cannot make events" in each.content]
    assert len(notices) == 1
    assert PATH in notices[0]
    assert event.name == "Before"
    for command in ("status", "config show"):
        assert "I lack the permission Create Events" in text(await ask(one.admin, one.general, command))
    panel = "\n".join((await ask(one.admin, one.general, "setup")).texts)
    assert "🗓️ ⚠️ I lack the permission Create Events" in panel
    test = text(await ask(one.admin, one.general, "config test"))
    assert "I lack the permission Create Events" in test
    refused = [each for each in scene.discord.requests if each.status == 403]
    assert not refused, "what is known beforehand is not asked"

    may_make_events(one)
    await scene.until(lambda: len(events_of(one)) == 2)
    await scene.until(lambda: event.name == "After")
    panel = "\n".join((await ask(one.admin, one.general, "setup")).texts)
    assert "🗓️ Scheduled Spaces become events of this server" in panel
    assert "✅ A scheduled Space becomes an event" in text(await ask(one.admin, one.general, "config test"))


@in_virtual_time
async def test_a_server_full_of_events_gets_its_own_once_there_is_room_and_posts_go_on(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = await ready(scene)
    await ask(one.admin, one.general, "config announce", scheduled=True)
    for number in range(100):
        one.guild.add_event(f"Tea {number}", location="there", start=in_hours(scene, 99), end=in_hours(scene, 100))
    space = scene.x.schedule_space(host, title="No room", start=in_hours(scene, 9))
    await scene.until(lambda: one.spaces.messages)
    await scene.until(lambda: any("100 events" in each.content for each in one.general.messages))
    for command in ("status", "config show"):
        assert "this server has 100 events" in text(await ask(one.admin, one.general, command))
    events_of(one)[0].delete()
    await scene.until(lambda: any(event.name == "No room" for event in events_of(one)))
    assert "100 events" not in text(await ask(one.admin, one.general, "status"))
    space.set_title("Room")
    await scene.until(lambda: any(event.name == "Room" for event in events_of(one)))
    assert sum(event.location == f"https://x.com/i/spaces/{space.id}" for event in events_of(one)) == 1


@in_virtual_time
async def test_two_servers_have_their_own_and_one_server_has_one_for_several_watches(scene: VirtualScene) -> None:
    host, guest = host_of(scene), scene.x.add_user("guest")
    one, two = await ready(scene), await ready(scene, "Two")
    elsewhere = club(scene.discord, "Three")
    await ask(elsewhere.admin, elsewhere.general, "watch add", host="@night", channel=elsewhere.spaces)
    await ask(one.admin, one.general, "watch add", host="@guest", channel=one.general, also="cohost")
    await ask(one.admin, one.general, "watch keyword add", words="night")
    space = scene.x.schedule_space(host, title="A night", start=in_hours(scene, 2), cohosts=[guest])
    await scene.until(lambda: events_of(one) and events_of(two))
    await scene.pass_by(600)
    events_of(two)[0].delete()
    space.set_title("A longer night")
    await scene.until(lambda: [event.name for event in events_of(one)] == ["A longer night"])
    space.go_live()
    await scene.until(lambda: one.spaces.messages)
    await scene.pass_by(60)
    assert [len(events_of(each)) for each in (one, two, elsewhere)] == [1, 0, 0]


@in_virtual_time
async def test_what_is_scheduled_already_becomes_an_event_and_none_is_made_once_it_is_off(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = club(scene.discord)
    may_make_events(one)
    await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@night", channel=one.spaces)
    space = scene.x.schedule_space(host, title="Already", start=in_hours(scene, 6))
    await scene.swept(3)
    assert not events_of(one)
    both = [
        ask(one.admin, one.general, "config events", on=True),
        ask(one.guild.owner, one.general, "config events", on=True),
    ]
    assert all("become events" in text(reply) for reply in await asyncio.gather(*both))
    event = await event_of(scene, one)
    await scene.pass_by(60)
    said = text(await ask(one.admin, one.general, "config events", on=False))
    assert "Those already there stay" in said
    scene.x.schedule_space(host, title="Another", start=in_hours(scene, 7))
    space.set_title("Followed on")
    await scene.until(lambda: event.name == "Followed on")
    await scene.pass_by(600)
    assert events_of(one) == [event]
    space.go_live()
    await scene.until(lambda: event.status is Status.ACTIVE)
    assert asked(scene, "POST") == 1


@in_virtual_time
async def test_pauses_and_filters_hold_for_events_as_for_posts(scene: VirtualScene) -> None:
    host = host_of(scene)
    one = await ready(scene)
    await ask(one.admin, one.general, "watch filter", host="@night", want="jazz")
    scene.x.schedule_space(host, title="Rock", start=in_hours(scene, 5))
    await scene.until(lambda: events_of(one) or scene.logged("scheduled"))
    jazz = scene.x.schedule_space(host, title="Jazz", start=in_hours(scene, 6))
    event = await event_of(scene, one)
    assert event.name == "Jazz"
    await ask(one.admin, one.general, "config pause", on=True)
    scene.x.schedule_space(host, title="More jazz", start=in_hours(scene, 7))
    jazz.reschedule(in_hours(scene, 8))
    await scene.until(lambda: event.start == jazz.scheduled_start)
    await scene.pass_by(600)
    assert events_of(one) == [event], "what stands is kept true, and nothing new is made"
    await ask(one.admin, one.general, "config pause", on=False)
    await scene.until(lambda: len(events_of(one)) == 2)
    await ask(one.admin, one.general, "watch remove", host="@night")
    jazz.cancel()
    await scene.until(lambda: event.status is Status.CANCELED)


@in_virtual_time
async def test_the_form_of_moments_switches_it_and_changes_nothing_where_the_permission_is_missing(
    scene: VirtualScene,
) -> None:
    host_of(scene)
    one = club(scene.discord)
    await scene.serve()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    admin = Admin(who=one.admin, where=one.general)
    admin.panel = await ask(one.admin, one.general, "setup")
    form = await admin.press("Moments")
    use = await one.admin.submit(form, when=["scheduled", "event"], end="leave")
    await use.reply(timeout=PATIENCE)
    await scene.until(lambda: use.followups)
    assert "I lack the permission Create Events" in use.followups[-1].content
    shown = text(await ask(one.admin, one.general, "config show"))
    assert "Events: none" in shown
    assert "stays as it is" not in shown

    may_make_events(one)
    await scene.pass_by(1)
    await scene.served[-1].stop()
    await scene.serve()
    form = await admin.press("Moments")
    use = await one.admin.submit(form, when=["live", "event"])
    await use.reply(timeout=PATIENCE)
    await scene.until(lambda: "Scheduled Spaces become events" in admin.shown)
    assert not use.followups
    one.guild.set_bot_permissions(*ALLOWED)
    await scene.pass_by(1)
    form = await admin.press("Moments")
    use = await one.admin.submit(form)
    await use.reply(timeout=PATIENCE)
    assert not use.followups, "what is on already is no mistake to keep"
    form = await admin.press("Moments")
    use = await one.admin.submit(form, when=["live"])
    await use.reply(timeout=PATIENCE)
    assert "Events: none" in text(await ask(one.admin, one.general, "config show"))
