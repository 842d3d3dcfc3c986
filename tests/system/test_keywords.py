"""A guild watches for words: every Space that has them is announced there once, closed at its end, within X's limits."""

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from spacebot.domain.guilds import Keyword
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.sandbox.discord import LocalMessage
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text

A_ROUND = 70.0
"""Seconds until a Space that matches stands in a channel: a round of searches, a look-up, and a turn to send."""

WINDOW = timedelta(minutes=15)

BACKGROUND = 270
"""Searches of X's 300 in a window that keywords may take, beside what people left unused of theirs."""

LIMIT = 300
"""X's own."""


async def watch(one: Club, words: str, **how: Any) -> LocalMessage:
    """Watch for words in the guild's channel for Spaces, unless told otherwise."""
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    return await ask(one.admin, one.general, "watch keyword add", words=words, **how)


async def listed(one: Club) -> str:
    """The keywords as an admin sees them."""
    return text(await ask(one.admin, one.general, "watch keyword list"))


async def overview(one: Club) -> str:
    """What an admin sees of how things are."""
    return text(await ask(one.admin, one.general, "status"))


def searches(scene: VirtualScene) -> list[tuple[datetime, str]]:
    """When X was asked for which words."""
    return [(one.time, one.query["query"]) for one in scene.x.requests if one.endpoint == "search"]


def fullest(times: Sequence[datetime]) -> int:
    """The most moments in any quarter of an hour."""
    return max(sum(begin <= time < begin + WINDOW for time in times) for begin in times)


@in_virtual_time
async def test_a_space_with_the_words_is_announced_kept_true_and_closed_though_nobody_follows_its_host(
    scene: VirtualScene,
) -> None:
    host = scene.x.add_user("stranger", name="A Stranger")
    one = club(scene.discord)
    role = one.guild.add_role("listeners", mentionable=True)
    await scene.serve()
    assert "watches for no words" in await listed(one)
    reply = await watch(one, "  Type   THEORY ", role=role)
    assert "Watching for “type theory”" in reply.content
    assert f"<#{one.spaces.id}>" in reply.content
    assert "up to $0.50" in reply.content, "what it may cost is said beforehand"
    assert "“type theory”" in await listed(one)

    scene.x.start_space(host, title="Tea without theory")
    space = scene.x.start_space(host, title="Tea and Type Theory", listeners=10)
    await scene.until(lambda: one.spaces.messages)
    (post,) = one.spaces.messages
    assert post.pinged_roles == [role]
    assert "Tea and Type Theory" in text(post)
    assert "A Stranger" in text(post)
    space.listeners = 40
    await scene.until(lambda: "41 listening" in text(post))
    space.end()
    await scene.until(lambda: "has ended" in text(post))
    await scene.pass_by(300)
    assert one.spaces.messages == [post]

    removed = await ask(one.admin, one.general, "watch keyword remove", words="Type theory")
    assert "No longer watching for “type theory”" in removed.content
    scene.x.start_space(host, title="More type theory")
    await scene.pass_by(2 * A_ROUND)
    assert one.spaces.messages == [post]
    again = await ask(one.admin, one.general, "watch keyword remove", words="type theory")
    assert "does not watch for that" in again.content


@in_virtual_time
async def test_a_channel_hears_once_of_a_space_however_many_of_its_watches_match(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one, other = club(scene.discord), club(scene.discord, "Other")
    await scene.serve()
    for words in ("tea", "time", "tea time"):
        await watch(one, words)
    await ask(one.admin, one.general, "watch add", host="@host")
    await watch(other, "tea")
    await watch(other, "time", channel=other.general)
    scene.x.start_space(host, title="Tea time")
    await scene.until(lambda: one.spaces.messages and other.spaces.messages)
    await scene.pass_by(5 * A_ROUND)
    assert len(one.spaces.messages) == 1
    assert len(other.spaces.messages) == 1
    assert sum(bool(message.embeds) for message in other.general.messages) == 1, "another channel is another watch's"
    assert scene.x.billed.count("space") == 1


@in_virtual_time
async def test_filters_hold_back_what_a_guild_does_not_want_until_it_is_what_it_wants(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    names = ("Spanish", "Crowd", "Tickets", "Free")
    spanish, crowd, tickets, free = clubs = [club(scene.discord, name) for name in names]
    await scene.serve()
    assert "in Spanish" in (await watch(spanish, "tea", language="ES")).content
    assert "from 50 listeners" in (await watch(crowd, "tea", listeners=50)).content
    assert "with a ticket" in (await watch(tickets, "tea", tickets="needed")).content
    assert "without a ticket" in (await watch(free, "tea", tickets="none")).content
    refused = await watch(spanish, "coffee", language="Spanish!")
    assert "Give the language as its code" in refused.content

    plain = scene.x.start_space(host, title="Tea", lang="en", listeners=10)
    await scene.until(lambda: free.spaces.messages)
    await scene.pass_by(2 * A_ROUND)
    assert [len(one.spaces.messages) for one in clubs] == [0, 0, 0, 1]
    plain.listeners = 60
    await scene.until(lambda: crowd.spaces.messages)
    scene.x.start_space(host, title="Té y tea", lang="es", ticketed=True)
    await scene.until(lambda: spanish.spaces.messages and tickets.spaces.messages)
    await scene.pass_by(2 * A_ROUND)
    assert [len(one.spaces.messages) for one in clubs] == [1, 1, 1, 1]


@in_virtual_time
async def test_a_guild_watches_for_no_more_words_than_it_may(scene: VirtualScene) -> None:
    one = club(scene.discord)
    with patch.dict(os.environ, {"SPACEBOT_KEYWORD_LIMIT": "2"}):
        await scene.serve()
    for words in ("tea", "coffee"):
        assert "Watching for" in (await watch(one, words)).content
    assert "the limit here" in (await watch(one, "water")).content
    assert "Still watching" in (await watch(one, "tea", listeners=5)).content
    assert "from 5 listeners" in await listed(one)
    assert "at most 100 characters" in (await watch(one, "a" * 101)).content
    assert "at least one word" in (await watch(one, "  ")).content


@in_virtual_time
async def test_however_many_keywords_there_are_x_is_not_asked_too_often_and_people_still_search(
    scene: VirtualScene,
) -> None:
    host = scene.x.add_user("host")
    clubs = [club(scene.discord, f"Club {number}") for number in range(8)]
    words = [f"subject {number}" for number in range(400)]

    def add(tables: Queries) -> None:
        for number, each in enumerate(words):
            one = clubs[number % len(clubs)]
            tables.set_channel(GuildId(one.guild.id), ChannelId(one.spaces.id))
            for guild in (one, clubs[0]):
                keyword = Keyword(guild_id=GuildId(guild.guild.id), text=each)
                tables.add_keyword(keyword, by=1, limit=400, now=scene.clock.now())

    async with Store(scene.folder / "spacebot.sqlite3") as store:
        await store(add)
    with patch.dict(os.environ, {"SPACEBOT_PUSH": "off"}):
        await scene.serve()
    space = scene.x.start_space(host, title="On Subject 397 and Subject 12")
    for _ in range(7):
        await scene.pass_by(300)
        found = await ask(clubs[3].member, clubs[3].general, "spaces-search", query="on subject")
        assert space.id in text(found)
    assert len(clubs[397 % 8].spaces.messages) == len(clubs[12 % 8].spaces.messages) == 1
    assert len(clubs[0].spaces.messages) == 1
    times = [time for time, query in searches(scene) if query != "on subject"]
    assert len(times) >= 1.9 * BACKGROUND
    assert fullest(times) < LIMIT
    counts = Counter(query for _, query in searches(scene) if query != "on subject")
    assert counts.keys() == set(words)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert scene.x.billed.count("space") == 1


@patch("tests.system.scene.START", datetime(2026, 10, 1, 20, 30, tzinfo=UTC))
@in_virtual_time
async def test_a_spent_pot_stops_searches_until_the_others_lend_what_they_leave(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    with patch.dict(os.environ, {"SPACEBOT_DAILY_BUDGET_USD": "5.00", "SPACEBOT_PUSH": "off"}):
        await scene.serve()
    for number in range(110):
        scene.x.start_space(host, title=f"Coffee {number}")
    await watch(one, "coffee", listeners=1000)
    await scene.until(lambda: scene.logged("no searches for keywords until midnight UTC") == 1)
    await watch(one, "tea")
    scene.x.start_space(host, title="Tea")
    before = len(searches(scene))
    await scene.pass_by(600)
    assert len(searches(scene)) == before
    assert not one.spaces.messages
    assert "no searches for keywords until midnight UTC" in await overview(one)
    found = await ask(one.member, one.general, "spaces-search", query="tea")
    assert "Tea" in text(found), "members have money of their own"
    await scene.pass_by((scene.clock.now().replace(hour=21, minute=1) - scene.clock.now()).total_seconds())
    await scene.until(lambda: one.spaces.messages)
    assert "Tea" in text(one.spaces.messages[0])
    assert scene.logged("no searches for keywords until midnight UTC") == 1


@in_virtual_time
async def test_ten_guilds_with_a_hundred_keywords_do_not_delay_another_guilds_only_one(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    greedy, modest = [club(scene.discord, f"Greedy {number}") for number in range(10)], club(scene.discord, "Modest")

    def add(tables: Queries) -> None:
        for one in greedy:
            tables.set_channel(GuildId(one.guild.id), ChannelId(one.spaces.id))
            for number in range(100):
                keyword = Keyword(guild_id=GuildId(one.guild.id), text=f"{one.guild.id} {number}")
                tables.add_keyword(keyword, by=1, limit=100, now=scene.clock.now())

    async with Store(scene.folder / "spacebot.sqlite3") as store:
        await store(add)
    with patch.dict(os.environ, {"SPACEBOT_PUSH": "off"}):
        await scene.serve()
    await watch(modest, "tea")
    delays = []
    for count in range(1, 6):
        await scene.pass_by(97.0 * count)
        began = scene.clock.now()
        space = scene.x.start_space(host, title=f"Tea {count}")
        await scene.until(lambda count=count: len(modest.spaces.messages) == count)  # type: ignore[misc]  # bound at once
        delays.append((scene.clock.now() - began).total_seconds())
        space.end()
    assert max(delays) <= A_ROUND + 6, delays
    assert fullest([time for time, _ in searches(scene)]) < LIMIT
