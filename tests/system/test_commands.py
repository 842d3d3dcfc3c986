"""What people ask and admins set, from the command to the answer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacebot.sandbox.discord import NotOffered
from tests.system.scene import Club, Scene, ask, text


async def test_a_space_is_shown_with_everything_that_x_says_of_it(scene: Scene, book_club: Club) -> None:
    host, guest, speaker = (scene.x.add_user(name, name=name.title()) for name in ("host", "guest", "speaker"))
    space = scene.x.start_space(
        host,
        title="All *about* it",
        listeners=1234,
        lang="en",
        ticketed=True,
        cohosts=[guest],
        speakers=[speaker],
        topics=["Gaming"],
    )
    await scene.bot()
    for form in (space.id, f"https://x.com/i/spaces/{space.id}", f"https://twitter.com/i/spaces/{space.id}/peek?s=20"):
        reply = await ask(book_club.member, book_club.general, "space", space=form)
        shown = text(reply)
        assert not reply.ephemeral
        assert r"All \*about\* it" in shown
        for word in (
            "Host (@host)",
            "**Live**",
            "started <t:",
            "1,23",
            "Guest",
            "Speaker",
            "Gaming",
            "ticket",
            "English",
        ):
            assert word in shown
        assert reply.embeds[0]["thumbnail"]["url"]
        assert reply.buttons[0]["url"] == f"https://x.com/i/spaces/{space.id}"


async def test_ended_canceled_and_unknown_spaces_get_their_own_sentence(scene: Scene, book_club: Club) -> None:
    host = scene.x.add_user("host", name="Host")
    ended = scene.x.start_space(host, title="Over")
    ended.end()
    canceled = scene.x.schedule_space(host, title="Off", start=datetime.now(UTC) + timedelta(days=1))
    canceled.cancel()
    await scene.bot()
    answers = [
        (await ask(book_club.member, book_club.general, "space", space=which)).content
        for which in (ended.id, canceled.id, "1nobodyknowsX")
    ]
    assert "has ended" in answers[0]
    assert "canceled" in answers[1]
    assert len(set(answers)) == 3
    assert all(answer.endswith(".") for answer in answers)


async def test_a_search_is_paged_live_first_and_most_listeners_first(scene: Scene, book_club: Club) -> None:
    for number in range(7):
        host = scene.x.add_user(f"host{number}")
        scene.x.start_space(host, title=f"Jazz number {number}", listeners=number * 10)
    later = scene.x.add_user("later")
    scene.x.schedule_space(later, title="Jazz tomorrow", start=datetime.now(UTC) + timedelta(days=1))
    await scene.bot()
    reply = await ask(book_club.member, book_club.general, "spaces-search", query="jazz")
    first = text(reply)
    assert first.index("number 6") < first.index("number 5") < first.index("number 2")
    assert "number 1" not in first
    assert "8 found · page 1 of 2" in first

    other = await book_club.admin.press(reply, label="Next")
    assert "Only who asked" in (await other.reply()).content
    press = await book_club.member.press(reply, label="Next")
    assert press.failed is None
    await scene.until(lambda: "page 2 of 2" in text(reply))
    second = text(reply)
    assert second.index("number 1") < second.index("number 0") < second.index("Jazz tomorrow")
    with pytest.raises(NotOffered):
        await book_club.member.press(reply, label="Next")
    await book_club.member.press(reply, label="Previous")
    assert text(reply) == first

    only = text(await ask(book_club.member, book_club.general, "spaces-search", query="jazz", state="scheduled"))
    assert "Jazz tomorrow" in only
    assert "number" not in only


async def test_a_search_that_finds_nothing_says_what_to_try(scene: Scene, book_club: Club) -> None:
    await scene.bot()
    reply = await ask(book_club.member, book_club.general, "spaces-search", query="nothing of the kind")
    assert "No Space" in reply.content
    assert "try" in reply.content


async def test_buttons_of_an_answer_from_before_a_restart_say_so(scene: Scene, book_club: Club) -> None:
    for number in range(6):
        scene.x.start_space(scene.x.add_user(f"host{number}"), title="Jazz")
    bot = await scene.bot()
    reply = await ask(book_club.member, book_club.general, "spaces-search", query="jazz")
    await bot.stop()
    await scene.bot()
    press = await book_club.member.press(reply, label="Next")
    assert "too old" in (await press.reply()).content


async def test_host_live_shows_what_is_on_what_is_coming_or_says_that_nothing_is(scene: Scene, book_club: Club) -> None:
    live, soon, idle = (scene.x.add_user(name) for name in ("live_one", "soon_one", "idle_one"))
    scene.x.start_space(live, title="On the air")
    scene.x.schedule_space(soon, title="In a week", start=datetime.now(UTC) + timedelta(days=7))
    scene.x.schedule_space(soon, title="In a day", start=datetime.now(UTC) + timedelta(days=1))
    await scene.bot()

    async def host_live(host: str) -> str:
        return text(await ask(book_club.member, book_club.general, "host-live", host=host))

    assert "On the air" in await host_live("@live_one")
    coming = await host_live("https://twitter.com/soon_one/status/20")
    assert coming.index("In a day") < coming.index("In a week")
    assert "<t:" in coming
    assert "not live" in await host_live(idle.id)


async def test_unknown_suspended_and_protected_accounts_get_their_own_sentence(scene: Scene, book_club: Club) -> None:
    scene.x.add_user("suspended").suspend()
    scene.x.add_user("hidden", protected=True)
    await scene.bot()
    answers = [
        (await ask(book_club.member, book_club.general, "host-live", host=host)).content
        for host in ("@nobody", "@suspended", "@hidden")
    ]
    assert "suspended" in answers[1]
    assert "protected" in answers[2]
    assert len(set(answers)) == 3


async def test_fifty_people_who_ask_for_one_host_cost_one_request(scene: Scene, book_club: Club) -> None:
    scene.x.add_user("host")
    await scene.bot()
    await ask(book_club.member, book_club.general, "host-live", host="@host")
    before = sum(exchange.endpoint == "creator_ids" for exchange in scene.x.requests)
    people = [book_club.guild.add_member(f"member{number}") for number in range(50)]
    await asyncio.gather(*(ask(person, book_club.general, "host-live", host="@host") for person in people))
    after = sum(exchange.endpoint == "creator_ids" for exchange in scene.x.requests)
    assert after - before <= 3  # those who come while a request is on its way share the next


async def test_each_mistake_gets_its_own_clear_sentence(scene: Scene, book_club: Club) -> None:
    scene.x.add_user("host")
    await scene.bot()
    mistakes = {
        ("space", "space", "what is this"),
        ("space", "space", "https://example.com/i/spaces/1abc"),
        ("space", "space", "https://x.com/i/broadcasts/1abcdefghijkl"),
        ("space", "space", "https://x.com/host/status/20"),
        ("spaces-search", "query", "x" * 2049),
        ("spaces-search", "query", " "),
        ("host-live", "host", "two words"),
        ("host-live", "host", "@much_too_long_for_a_handle"),
        ("space-posts", "space", "@host"),
    }
    answers = {}
    for command, option, value in mistakes:
        given: dict[str, Any] = {option: value}
        reply = await ask(book_club.member, book_club.general, command, **given)
        answers[command, value] = reply.content
        assert reply.ephemeral, "nobody else reads of a slip"
        assert 10 < len(reply.content) < 300
        assert "Traceback" not in reply.content
        assert "wrong on my side" not in reply.content
    assert len(set(answers.values())) == len(mistakes)


async def test_who_may_not_manage_the_server_is_refused_even_past_the_client(scene: Scene, book_club: Club) -> None:
    scene.x.add_user("host")
    await scene.bot()
    with pytest.raises(NotOffered):
        await book_club.member.use(book_club.general, "watch list")
    for command, options in (
        ("watch add", {"host": "@host"}),
        ("watch remove", {"host": "@host"}),
        ("watch list", {}),
        ("config show", {}),
        ("config role", {}),
        ("config channel", {"channel": book_club.spaces}),
    ):
        reply = await ask(book_club.member, book_club.general, command, force=True, **options)
        assert reply.content == "You need the Manage Server permission for that."
        assert reply.ephemeral
    assert "nobody yet" in text(await ask(book_club.admin, book_club.general, "config show"))


async def test_the_watchlist_is_added_to_changed_listed_completed_and_removed_from(
    scene: Scene, book_club: Club
) -> None:
    for number in range(12):
        scene.x.add_user(f"host{number:02}", name=f"Host {number:02}")
    role = book_club.guild.add_role("listeners", mentionable=True)
    await scene.bot(SPACEBOT_WATCH_LIMIT="12")
    await ask(book_club.admin, book_club.general, "config channel", channel=book_club.spaces)
    for number in range(12):
        await ask(book_club.admin, book_club.general, "watch add", host=f"@host{number:02}")
    again = await ask(
        book_club.admin, book_club.general, "watch add", host="@HOST00", role=role, channel=book_club.general
    )
    assert "Still following" in again.content
    scene.x.add_user("one_more")
    full = await ask(book_club.admin, book_club.general, "watch add", host="@one_more")
    assert "limit" in full.content

    listed = await ask(book_club.admin, book_club.general, "watch list")
    assert f"<#{book_club.general.id}>" in text(listed)
    assert f"<@&{role.id}>" in text(listed)
    assert "12 followed · page 1 of 2" in text(listed)
    await book_club.admin.press(listed, label="Next")
    assert "Host 11" in text(listed)

    choices = await book_club.admin.autocomplete(book_club.general, "watch remove", "host", "host 1")
    assert [choice["name"] for choice in choices] == ["Host 10 (@host10)", "Host 11 (@host11)"]
    removed = await ask(book_club.admin, book_club.general, "watch remove", host=choices[0]["value"])
    assert "No longer following" in removed.content
    missing = await ask(book_club.admin, book_club.general, "watch remove", host="@host10")
    assert "does not follow" in missing.content


async def test_a_channel_or_role_that_cannot_work_is_refused_with_exactly_what_is_missing(
    scene: Scene, book_club: Club
) -> None:
    scene.x.add_user("host")
    silent = book_club.guild.add_role("silent", mentionable=False)
    book_club.spaces.deny("embed_links", "read_message_history")
    await scene.bot()
    refused = await ask(book_club.admin, book_club.general, "config channel", channel=book_club.spaces)
    assert "Embed Links, Read Message History" in refused.content
    assert "Send Messages" not in refused.content
    also = await ask(book_club.admin, book_club.general, "watch add", host="@host", channel=book_club.spaces)
    assert "Embed Links, Read Message History" in also.content
    unheard = await ask(book_club.admin, book_club.general, "config role", role=silent)
    assert "Allow anyone to @mention this role" in unheard.content
    silent.edit(mentionable=True)
    heard = await ask(book_club.admin, book_club.general, "config role", role=silent)
    assert f"<@&{silent.id}>" in heard.content
    cleared = await ask(book_club.admin, book_club.general, "config role")
    assert "nobody" in cleared.content


async def test_what_is_in_the_way_is_told_before_an_announcement_fails(scene: Scene, book_club: Club) -> None:
    scene.x.add_user("host")
    role = book_club.guild.add_role("listeners", mentionable=True)
    await scene.bot()
    await ask(book_club.admin, book_club.general, "config channel", channel=book_club.spaces)
    await ask(book_club.admin, book_club.general, "config role", role=role)
    await ask(book_club.admin, book_club.general, "watch add", host="@host")
    role.edit(mentionable=False)
    assert "may not ping" in text(await ask(book_club.admin, book_club.general, "config show"))
    role.delete()
    shown = ""
    for _ in range(50):  # what is shown is read beside the writer: the role's end may still be on its way there
        shown = text(await ask(book_club.admin, book_club.general, "config show"))
        if "Pings: nobody" in shown:
            break
    assert "Pings: nobody" in shown
    book_club.spaces.delete()
    assert "the channel is gone" in text(await ask(book_club.admin, book_club.general, "watch list"))
    again = await ask(book_club.admin, book_club.general, "watch add", host="@host")
    assert "channel is gone" in again.content


async def test_any_text_in_any_option_is_answered_in_words(scene: Scene, book_club: Club) -> None:
    await scene.bot()
    offered = {
        "space": "space",
        "spaces-search": "query",
        "host-live": "host",
        "watch add": "host",
        "watch remove": "host",
    }
    loop = asyncio.get_running_loop()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(command=st.sampled_from(sorted(offered)), typed=st.text(min_size=1, max_size=200))
    def run(command: str, typed: str) -> None:
        options: dict[str, Any] = {offered[command]: typed}
        one = ask(book_club.admin, book_club.general, command, **options)
        reply = asyncio.run_coroutine_threadsafe(one, loop).result()
        assert text(reply)
        assert "wrong on my side" not in text(reply)

    await asyncio.to_thread(run)
