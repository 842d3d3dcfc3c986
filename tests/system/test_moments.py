"""Every moment of a Space is told in its own message, at its time, and what stands there stays true until the end."""

import re
from datetime import timedelta
from typing import Any

import pytest

from spacebot.sandbox.discord import LocalMessage, NotOffered
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

SOON = 15.0
"""Seconds until something seen on X stands in a channel: two sweeps, and a turn to send."""

PERMISSION = "You need the Manage Server permission for that."


def kinds(messages: list[LocalMessage]) -> dict[str, LocalMessage]:
    """Announcements by the moment that they tell of; each moment once."""
    found = [message for message in messages if message.embeds]
    by_kind = {message.embeds[0]["url"].rpartition("#")[2]: message for message in found}
    assert len(by_kind) == len(found)
    return by_kind


def fields(message: LocalMessage) -> dict[str, str]:
    """The fields of an answer."""
    return {each["name"]: each["value"] for each in message.embeds[0].get("fields", [])}


def first_line(message: LocalMessage) -> str:
    """How the Space stands, says an announcement."""
    return str(message.embeds[0]["description"]).splitlines()[0]


async def announce(one: Club, **moments: Any) -> None:
    """Set which moments a guild hears of."""
    reply = await ask(one.admin, one.general, "config announce", **moments)
    assert "is announced here" in reply.content


async def follow(one: Club, host: str, **options: Any) -> None:
    """Follow in the guild's channel for Spaces."""
    await ask(one.admin, one.general, "watch add", host=host, channel=one.spaces, **options)


@in_virtual_time
async def test_a_space_is_told_of_from_its_schedule_to_its_end(scene: VirtualScene) -> None:
    host = scene.x.add_user("host", name="A Host")
    one = club(scene.discord)
    role = one.guild.add_role("listeners", mentionable=True)
    await scene.serve()
    await announce(one, scheduled=True, reminder=3, live=True, ended=True)
    shown = text(await ask(one.admin, one.general, "config show"))
    assert "when it is scheduled, 3 min before it starts, when it is live, when it has ended" in shown
    await follow(one, "@host", role=role)

    first, later = (scene.clock.now() + timedelta(minutes=minutes) for minutes in (4, 8))
    space = scene.x.schedule_space(host, title="Big night", start=first)
    await scene.until(lambda: one.spaces.messages)
    scheduled = kinds(one.spaces.messages)["scheduled"]
    assert f"<t:{int(first.timestamp())}:R>" in first_line(scheduled)
    assert not scheduled.pinged_roles
    space.reschedule(later)
    await scene.until(lambda: f"<t:{int(later.timestamp())}:R>" in first_line(scheduled))

    await scene.until(lambda: len(one.spaces.messages) == 2)
    reminder = kinds(one.spaces.messages)["reminder"]
    assert abs((reminder.created_at - (later - timedelta(minutes=3))).total_seconds()) < SOON
    assert reminder.pinged_roles == [role]

    await scene.pass_by((later - scene.clock.now()).total_seconds())
    space.go_live()
    space.listeners = 20
    await scene.until(lambda: len(one.spaces.messages) == 3)
    live = kinds(one.spaces.messages)["live"]
    assert (live.created_at - later).total_seconds() < SOON
    assert live.pinged_roles == [role]
    await scene.until(lambda: all("is live" in message.content for message in (scheduled, reminder)))
    space.set_title("Bigger night")
    await scene.until(lambda: all("Bigger night" in text(message) for message in (scheduled, reminder, live)))
    space.listeners = 40
    await scene.pass_by(150)
    assert " · 41 listening · " in first_line(live)

    space.end()
    await scene.until(lambda: len(one.spaces.messages) == 4)
    ended = kinds(one.spaces.messages)["ended"]
    assert not ended.pinged_roles
    await scene.until(lambda: all("has ended" in message.content for message in (scheduled, reminder, live)))
    for message in one.spaces.messages:
        told = re.fullmatch(r"\*\*3 min\*\* · peak \*\*41\*\* · average (\d+)", first_line(message))
        assert told is not None
        assert 21 <= int(told[1]) <= 41
        assert not any("url" in button for button in message.buttons)
    await scene.swept(3)
    assert len(one.spaces.messages) == 4


@in_virtual_time
async def test_what_is_over_becomes_a_summary_or_is_deleted_or_stays(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    clubs = {end: club(scene.discord, end) for end in ("edit", "delete", "leave")}
    await scene.serve()
    for end, one in clubs.items():
        await announce(one, scheduled=True, ended=True)
        await ask(one.admin, one.general, "config end", what=end)
        await follow(one, "@host")
    space = scene.x.start_space(host, title="Short night")
    off = scene.x.schedule_space(host, title="Never", start=scene.clock.now() + timedelta(days=2))
    await scene.until(lambda: all(len(one.spaces.messages) == 2 for one in clubs.values()))
    before = {message.id: message for message in clubs["leave"].spaces.messages}
    contents = {message.id: message.content for message in before.values()}
    space.end()
    off.cancel()
    edited, deleted, left = (clubs[end].spaces for end in ("edit", "delete", "leave"))
    await scene.until(lambda: "was canceled" in text(kinds(edited.messages)["scheduled"]))
    await scene.until(lambda: "has ended" in text(kinds(edited.messages)["live"]))
    await scene.until(lambda: len(deleted.deleted_messages) == 2)
    await scene.until(lambda: len(left.messages) == 3)
    await scene.pass_by(60)
    assert set(kinds(edited.messages)) == {"live", "scheduled", "ended"}
    assert set(kinds(deleted.messages)) == {"ended"}, "a message of its own stays"
    assert {message.id: message.content for message in left.messages if message.id in before} == contents
    states = sorted(first_line(message).partition(" · ")[0] for message in before.values())
    assert states == ["**Canceled**", "**Ended**"]


@in_virtual_time
async def test_who_is_followed_is_announced_as_co_host_or_speaker_where_a_watch_asks_for_it(
    scene: VirtualScene,
) -> None:
    host, guest, speaker = (scene.x.add_user(name, name=name.title()) for name in ("host", "guest", "speaker"))
    of_host, of_guest, of_speaker, strict = (club(scene.discord, name) for name in ("H", "G", "S", "strict"))
    await scene.serve()
    await follow(of_host, "@host")
    await follow(of_guest, "@guest", also="cohost")
    await follow(of_speaker, "@speaker", also="cohost")
    await follow(strict, "@guest")
    assert "also as co-host or speaker" in text(await ask(of_guest.admin, of_guest.general, "watch list"))

    space = scene.x.start_space(host, title="Together", cohosts=[guest])
    await scene.until(lambda: of_guest.spaces.messages and of_host.spaces.messages)
    (post,) = of_guest.spaces.messages
    assert "**Guest** is in a Space of **Host**" in post.content
    assert "**Host** is live" in of_host.spaces.messages[0].content
    assert not of_speaker.spaces.messages
    space.speakers.append(speaker)
    await scene.until(lambda: of_speaker.spaces.messages)
    await scene.until(lambda: "With Guest · on stage Speaker" in text(of_host.spaces.messages[0]))

    space.end()
    clubs = (of_host, of_guest, of_speaker)
    await scene.until(lambda: all("has ended" in text(one.spaces.messages[0]) for one in clubs))
    for one in clubs:
        assert "-# With Guest · Speaker spoke" in text(one.spaces.messages[0])
        assert len(one.spaces.messages) == 1
    assert not strict.spaces.messages
    told = text(await ask(of_guest.admin, of_guest.general, "history", host="@guest"))
    assert "Together" in told


@in_virtual_time
async def test_a_renamed_host_is_followed_on_and_a_suspended_one_is_told_of_once(scene: VirtualScene) -> None:
    host, other = scene.x.add_user("before", name="Old"), scene.x.add_user("other", name="Other")
    one = club(scene.discord)
    await scene.serve()
    await follow(one, "@before")
    await follow(one, "@other")

    def notices() -> list[str]:
        return [message.content for message in one.general.messages if "whom this server follows" in message.content]

    host.rename("after")
    space = scene.x.start_space(host, title="Under a new name")
    other.suspend()
    await scene.until(lambda: one.spaces.messages)
    assert "**Old** is live" in one.spaces.messages[0].content
    await scene.until(lambda: len(notices()) == 2)
    renamed, suspended = notices()
    assert "before" in renamed
    assert "after" in renamed
    assert "suspended" in suspended
    listed = text(await ask(one.admin, one.general, "watch list"))
    assert "x.com/after" in listed
    assert "before" not in listed
    assert "X has suspended this account" in listed

    space.end()
    other.restore()
    scene.x.start_space(other, title="Back again")
    await scene.until(lambda: len(one.spaces.messages) == 2)
    await scene.pass_by(60)
    assert "suspended" not in text(await ask(one.admin, one.general, "watch list"))
    assert len(notices()) == 2
    removed = await ask(one.admin, one.general, "watch remove", host="@after")
    assert "No longer following" in removed.content


@in_virtual_time
async def test_admins_see_how_things_are_and_what_was_announced(scene: VirtualScene) -> None:
    host, second = (scene.x.add_user(name, name=name.title()) for name in ("host", "second"))
    one, another = club(scene.discord), club(scene.discord, "Elsewhere")
    await scene.serve()
    assert (await ask(one.admin, one.general, "history")).content == "Nothing has been posted here yet."
    for name in ("@host", "@second"):
        await follow(one, name)
    scene.x.start_space(host, title="First").end()
    space = scene.x.start_space(host, title="Heard")
    await scene.until(lambda: one.spaces.messages)
    scene.x.start_space(second, title="Also heard")
    await scene.until(lambda: len(one.spaces.messages) == 2)
    space.end()
    await scene.until(lambda: "has ended" in text(one.spaces.messages[0]))

    told = await ask(one.admin, one.general, "history")
    assert told.ephemeral
    newest, heard = text(told).split("\n\n")
    assert "Also heard" in newest
    link = f"https://discord.com/channels/{one.guild.id}/{one.spaces.id}/{one.spaces.messages[0].id}"
    for words in ("**Heard** · **Host**", "live", f"[message]({link})", "sent", "s after the start"):
        assert words in heard
    filtered = text(await ask(one.admin, one.general, "history", host=second.id))
    assert "Also heard" in filtered
    assert "**Heard**" not in filtered
    assert "does not follow" in (await ask(one.admin, one.general, "history", host="@nobody")).content
    choices = await one.admin.autocomplete(one.general, "history", "host", "sec")
    assert [choice["value"] for choice in choices] == [second.id]

    status = await ask(one.admin, one.general, "status")
    assert status.ephemeral
    shown = fields(status)
    assert status.embeds[0]["title"] == "Working"
    assert shown["Follows"].startswith("2 hosts, asked about every ")
    assert shown["Waiting here"] == "nothing"
    assert shown["From start to post"].endswith("(2 posts in the last week)")
    elsewhere = await ask(another.admin, another.general, "status")
    assert fields(elsewhere)["From start to post"] == "nothing posted in the last week"

    for command in ("status", "history"):
        with pytest.raises(NotOffered):
            await one.member.use(one.general, command)
        reply = await ask(one.member, one.general, command, force=True)
        assert reply.content == PERMISSION
        assert reply.ephemeral
