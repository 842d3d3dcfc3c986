"""A followed host of whom a guild hears only what passes its filters."""

from datetime import timedelta
from typing import Any

from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

A_WHILE = 200.0
"""Seconds in which whatever is to be posted is."""


async def follow(one: Club, **filters: Any) -> str:
    """Follow the host in the guild's channel, and filter; what the admin is told."""
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    await ask(one.admin, one.general, "watch add", host="@night_radio")
    return (await ask(one.admin, one.general, "watch filter", host="@night_radio", **filters)).content


def posts(one: Club) -> list[str]:
    """What stands in the guild's channel."""
    return [text(message) for message in one.spaces.messages]


@in_virtual_time
async def test_a_host_is_announced_once_a_title_passes_and_then_told_to_the_end_even_after_a_restart(
    scene: VirtualScene,
) -> None:
    host = scene.x.add_user("night_radio", name="Night Radio")
    one = club(scene.discord)
    bot = await scene.serve()
    said = await follow(one, want="Tea, type  theory", shun="ads")
    assert "only titled “tea” or “type theory” · not titled “ads”" in said
    space = scene.x.start_space(host, title="Teatime for coffee")
    await scene.pass_by(A_WHILE)
    assert posts(one) == []
    space.set_title("Tea with ads")
    await scene.pass_by(A_WHILE)
    assert posts(one) == []

    await bot.stop()
    await scene.serve()
    assert "only titled “tea” or “type theory” · not titled “ads”" in text(
        await ask(one.admin, one.general, "watch list")
    )
    await scene.pass_by(A_WHILE)
    assert posts(one) == []
    space.set_title("On Type-Theory")
    await scene.until(lambda: one.spaces.messages)
    assert "On Type\\-Theory" in posts(one)[0]
    space.set_title("Only ads")
    await scene.until(lambda: "Only ads" in posts(one)[0])
    space.end()
    await scene.until(lambda: "has ended" in posts(one)[0])
    assert len(posts(one)) == 1


@in_virtual_time
async def test_every_moment_of_a_scheduled_space_waits_for_a_title_that_passes(scene: VirtualScene) -> None:
    host = scene.x.add_user("night_radio")
    one = club(scene.discord)
    await scene.serve()
    await ask(one.admin, one.general, "config announce", scheduled=True, reminder=5, live=True, ended=True)
    await follow(one, want="tea")
    start = scene.clock.now() + timedelta(minutes=30)
    hidden = scene.x.schedule_space(host, title="Coffee", start=start)
    shown = scene.x.schedule_space(host, title="Coffee too", start=start)
    await scene.pass_by(A_WHILE)
    assert posts(one) == []
    shown.set_title("Tea")
    await scene.until(lambda: len(posts(one)) == 1)
    await scene.until(lambda: len(posts(one)) == 2)
    await scene.pass_by((start - scene.clock.now()).total_seconds())
    for space in (hidden, shown):
        space.go_live()
    await scene.until(lambda: len(posts(one)) == 3)
    await scene.pass_by(A_WHILE)
    for space in (hidden, shown):
        space.end()
    await scene.until(lambda: len(posts(one)) == 4)
    await scene.pass_by(A_WHILE)
    kinds = [message.embeds[0]["url"].rpartition("#")[2] for message in one.spaces.messages]
    assert sorted(kinds) == ["ended", "live", "reminder", "scheduled"]
    assert all(shown.id in message.embeds[0]["url"] for message in one.spaces.messages)


@in_virtual_time
async def test_guilds_with_other_filters_and_none_on_one_host_each_hear_what_they_want(scene: VirtualScene) -> None:
    host = scene.x.add_user("night_radio")
    names = ("All", "Spanish", "Tickets", "Free", "No ads")
    every, spanish, tickets, free, no_ads = clubs = [club(scene.discord, name) for name in names]
    await scene.serve()
    assert "every Space is posted" in await follow(every)
    assert "only in Spanish" in await follow(spanish, language="ES")
    assert "only with a ticket" in await follow(tickets, tickets="needed")
    assert "only without a ticket" in await follow(free, tickets="none")
    assert "only not titled “ads”" in await follow(no_ads, shun="ads")

    scene.x.start_space(host, title="Tea, ADS and more", lang="en")
    await scene.until(lambda: every.spaces.messages and free.spaces.messages)
    await scene.pass_by(A_WHILE)
    assert [len(posts(one)) for one in clubs] == [1, 0, 0, 1, 0]
    scene.x.start_space(host, title="Té", lang="es", ticketed=True)
    await scene.until(lambda: all(one.spaces.messages for one in clubs))
    await scene.pass_by(A_WHILE)
    assert [len(posts(one)) for one in clubs] == [2, 1, 1, 1, 1]


@in_virtual_time
async def test_filters_set_and_taken_back_while_a_host_is_live(scene: VirtualScene) -> None:
    host = scene.x.add_user("night_radio")
    one = club(scene.discord)
    await scene.serve()
    await follow(one, want="tea", language="es")
    scene.x.start_space(host, title="Coffee", lang="es")
    await scene.pass_by(A_WHILE)
    assert posts(one) == []
    said = await ask(one.admin, one.general, "watch filter", host="@night_radio", language="es", reset=True)
    assert "only in Spanish" in said.content
    assert "titled" not in said.content
    await scene.until(lambda: one.spaces.messages)
    await ask(one.admin, one.general, "watch filter", host="@night_radio", want="tea")
    scene.x.start_space(host, title="Coffee again", lang="es")
    await scene.pass_by(A_WHILE)
    assert len(posts(one)) == 1


@in_virtual_time
async def test_each_mistake_has_its_sentence_and_who_may_not_manage_changes_nothing(scene: VirtualScene) -> None:
    scene.x.add_user("night_radio", name="Night Radio")
    one = club(scene.discord)
    await scene.serve()
    await follow(one, want="tea")
    mistakes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"host": "@nobody"}, "does not follow"),
        ({"want": " ,; …"}, "with commas between them"),
        ({"want": ", ".join(f"word{number}" for number in range(11))}, "at most 10"),
        ({"shun": "a" * 51}, "50 characters at most"),
        ({"shun": "TEA"}, "cannot be wanted and shunned"),
        ({"language": "Spanish!"}, "Give the language as its code"),
    )
    for options, said in mistakes:
        reply = await ask(one.admin, one.general, "watch filter", **{"host": "@night_radio", **options})
        assert said in reply.content
    reply = await ask(one.member, one.general, "watch filter", force=True, host="@night_radio", reset=True)
    assert reply.content == "You need the Manage Server permission for that."
    [choice] = await one.admin.autocomplete(one.general, "watch filter", "host", "ni")
    kept = await ask(one.admin, one.general, "watch filter", host=str(choice["value"]))
    assert "only titled “tea”" in kept.content
