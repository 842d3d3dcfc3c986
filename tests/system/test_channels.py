"""Channels close in every way that Discord knows, harm nobody else, are told of once, and open again by themselves."""

from collections.abc import Callable
from dataclasses import dataclass

from spacebot.sandbox.discord import Fault, LocalMessage
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

AT_ONCE = 10.0
"""Seconds from a Space's start to its message where nothing is in the way: a sweep, and a turn to send."""

A_WHILE = 300.0
"""Seconds in which every case is found, told of, and tried again and again."""

INVITED = ("view_channel", "send_messages", "send_messages_in_threads", "embed_links", "read_message_history")
"""What the invite link asks for."""

UNEXPLAINED = "Discord says that I lack a permission"


@dataclass(kw_only=True)
class Closed:
    """A guild whose channel is closed: what is said of it, and where."""

    club: Club
    reason: str
    told_in: Callable[[], list[LocalMessage]]


def told(messages: list[LocalMessage]) -> list[str]:
    """What was said of channels that are closed."""
    return [message.content for message in messages if "I cannot announce" in message.content]


async def overview(one: Club) -> str:
    """What an admin sees of how things are."""
    return text(await ask(one.admin, one.general, "status"))


async def listed(one: Club) -> str:
    """The watchlist as an admin sees it."""
    return text(await ask(one.admin, one.general, "watch list"))


async def configured(one: Club) -> str:
    """What is set up, as an admin sees it."""
    return text(await ask(one.admin, one.general, "config show"))


async def follow(one: Club, host: str) -> None:
    """Announce that host in the guild's channel for Spaces."""
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    reply = await ask(one.admin, one.general, "watch add", host=host)
    assert "Following" in reply.content


def refuse(scene: VirtualScene, one: Club, fault: Fault) -> None:
    """Let Discord refuse whatever is posted in the guild's channel, though nothing that the bot sees explains it."""
    scene.discord.fault("POST", f"^/channels/{one.spaces.id}/messages", fault)


@in_virtual_time
async def test_a_closed_channel_delays_nobody_is_told_of_once_and_resumes_by_itself(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    names = ("Silent", "Hidden", "Bare", "Distrusted", "Unexplained", "Vanished", "Sound")
    clubs = [club(scene.discord, name) for name in names]
    silent, hidden, bare, distrusted, unexplained, vanished, sound = clubs
    alerts = silent.guild.add_channel("alerts")
    await scene.serve()
    for one in clubs:
        await follow(one, "@host")
    await ask(silent.admin, silent.general, "config alerts", channel=alerts)
    await ask(hidden.admin, hidden.general, "config alerts", channel=hidden.spaces)
    bare.general.deny("send_messages")

    silent.spaces.deny("send_messages")
    hidden.spaces.deny("view_channel")
    bare.spaces.deny("embed_links")
    refuse(scene, distrusted, Fault(status=403, code=50001, times=None))
    refuse(scene, unexplained, Fault(status=403, code=50013, times=None))
    refuse(scene, vanished, Fault(status=404, code=10003, times=None))
    closed = [
        Closed(club=silent, reason="I lack Send Messages", told_in=lambda: alerts.messages),
        Closed(club=hidden, reason="I lack View Channel", told_in=lambda: hidden.general.messages),
        Closed(club=bare, reason="I lack Embed Links", told_in=lambda: bare.admin.dms),
        Closed(club=distrusted, reason=UNEXPLAINED, told_in=lambda: distrusted.general.messages),
        Closed(club=unexplained, reason=UNEXPLAINED, told_in=lambda: unexplained.general.messages),
        Closed(club=vanished, reason="the channel is gone", told_in=lambda: vanished.general.messages),
    ]
    space = scene.x.start_space(host, title="Unheard")
    began = scene.clock.now()
    await scene.until(lambda: sound.spaces.messages)
    assert (scene.clock.now() - began).total_seconds() < AT_ONCE
    second = scene.x.start_space(scene.x.add_user("second"), title="Next")
    await ask(sound.admin, sound.general, "watch add", host="@second")
    await scene.until(lambda: len(sound.spaces.messages) == 2)
    assert (scene.clock.now() - began).total_seconds() < 2 * AT_ONCE

    await scene.until(lambda: all(told(case.told_in()) for case in closed))
    await scene.pass_by(A_WHILE)
    for case in closed:
        assert not case.club.spaces.messages
        (sentence,) = told(case.told_in())
        assert case.reason in sentence
        assert f"<#{case.club.spaces.id}>" in sentence
        for said in (await listed(case.club), await overview(case.club), await configured(case.club)):
            assert said.count(f"<#{case.club.spaces.id}>: {case.reason}") == said.count(case.reason) == 1
        assert (await overview(case.club)).startswith("Nothing can be posted\n")
    assert "In the way" not in await listed(sound)
    assert (await overview(sound)).startswith("Working\n")

    silent.spaces.allow("send_messages")
    hidden.spaces.allow("view_channel")
    bare.spaces.allow("embed_links")
    scene.discord.clear_faults()
    await scene.until(lambda: all(case.club.spaces.messages for case in closed))
    for case in closed:
        (post,) = case.club.spaces.messages
        assert "since <t:" in post.content, "it is late, and says so"
        assert "In the way" not in await listed(case.club)
        assert (await overview(case.club)).startswith("Working\n")
    space.end()
    second.end()
    await scene.until(lambda: all("has ended" in text(one.spaces.messages[0]) for one in clubs))
    for case in closed:
        assert len(case.club.spaces.messages) == 1
        assert len(told(case.told_in())) == 1
        assert scene.logged(f"Channel {case.club.spaces.id} of server") == 1
        assert scene.logged(f"Channel {case.club.spaces.id} is open again") == 1


@in_virtual_time
async def test_threads_filters_full_buckets_and_lost_guilds_are_got_over(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    names = ("Archived", "Locked", "Shut", "Filtered", "Full", "Deleted", "Dark", "Left", "Sound")
    clubs = [club(scene.discord, name) for name in names]
    archived, locked, shut, filtered, full, deleted, dark, left, sound = clubs
    threads = []
    for one in (archived, locked, shut):
        one.guild.set_bot_permissions(*INVITED)
        threads.append(one.guild.add_thread(one.spaces, "Spaces"))
        one.spaces = threads[-1]
    at_rest, closed_for_good, held = threads
    await scene.serve()
    for one in clubs:
        await follow(one, "@host")

    at_rest.archive()
    closed_for_good.archive(locked=True)
    held.unarchive(locked=True)
    rule = filtered.guild.add_automod_rule("unheard")
    refuse(scene, full, Fault(status=429, retry_after=45.0, times=2, scope="shared"))
    deleted.spaces.delete()
    dark.guild.set_unavailable(unavailable=True)
    left.guild.remove_bot()
    scene.x.start_space(host, title="Unheard")
    began = scene.clock.now()
    await scene.until(lambda: sound.spaces.messages and at_rest.messages)
    assert (scene.clock.now() - began).total_seconds() < AT_ONCE
    assert not at_rest.archived
    assert "In the way" not in await listed(full), "what passes by itself is nobody's business"
    gone, shut_up = "the channel is gone", "the thread is locked"
    reasons = [(locked, shut_up), (shut, shut_up), (deleted, gone)]
    await scene.until(lambda: all(told(one.general.messages) for one, _ in reasons))
    await scene.until(lambda: full.spaces.messages)
    await scene.pass_by(A_WHILE)
    for one, reason in reasons:
        (sentence,) = told(one.general.messages)
        assert reason in sentence
        assert reason in await listed(one)
        assert reason in await overview(one)
    (sentence,) = told(filtered.general.messages)
    assert "AutoMod" in sentence
    assert "AutoMod" in await listed(filtered)
    assert "AutoMod" in await overview(filtered)
    for one in (archived, full, dark, left, sound):
        assert not told(one.general.messages)
    assert len(sound.spaces.messages) == len(full.spaces.messages) == len(at_rest.messages) == 1

    closed_for_good.archive()
    held.unarchive()
    rule.delete()
    dark.guild.set_unavailable(unavailable=False)
    left.guild.invite_bot()
    another = deleted.guild.add_channel("another")
    await ask(deleted.admin, deleted.general, "config channel", channel=another)
    deleted.spaces = another
    await scene.until(lambda: all(one.spaces.messages for one in clubs))
    await scene.pass_by(60)
    for one in clubs:
        assert len(one.spaces.messages) == 1
        assert "In the way" not in await listed(one)
        assert (await overview(one)).startswith("Working\n")


@in_virtual_time
async def test_a_channel_that_was_replaced_is_in_nobodys_way(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    await scene.serve()
    await follow(one, "@host")
    space = scene.x.start_space(host, title="Cut short")
    await scene.until(lambda: one.spaces.messages)
    one.spaces.delete()
    another = one.guild.add_channel("another")
    await ask(one.admin, one.general, "config channel", channel=another)
    space.end()
    await scene.swept(2)
    await scene.pass_by(60)
    assert "In the way" not in await listed(one)
    assert (await overview(one)).startswith("Working\n")
    next_one = scene.x.start_space(host, title="Next")
    await scene.until(lambda: another.messages)
    assert next_one.id in another.messages[0].embeds[0]["url"]
