"""A scheduled Space becomes an event of the server: made once, led along with its Space, and never made against admins' will."""

from datetime import datetime, timedelta

from spacebot.sandbox.discord import LocalEvent
from spacebot.sandbox.discord.model.schedule import Status
from spacebot.sandbox.x import XUser
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

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
