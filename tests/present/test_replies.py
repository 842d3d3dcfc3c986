"""Answers about Spaces keep to Discord's limits and mention nobody, whatever X's text says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Kind, Past
from spacebot.domain.ids import MessageId, UserId
from spacebot.domain.spaces import Phase, SpaceRecord
from spacebot.domain.views import SpaceView
from spacebot.present import replies
from tests.clocks import START
from tests.present.samples import (
    CHANNEL,
    GUILD,
    HOST,
    HOSTS,
    RECORD,
    RECORDS,
    TEXTS,
    VIEWS,
    assert_posted_safely,
    search_page,
    view,
)


@settings(max_examples=40)
@given(VIEWS)
def test_a_reply_about_a_space_is_safe(space: SpaceView) -> None:
    assert_posted_safely(replies.space_reply(space))


@settings(max_examples=40)
@given(HOSTS, st.lists(VIEWS, max_size=3))
def test_a_reply_about_a_host_is_safe(host: Host, upcoming: list[SpaceView]) -> None:
    assert_posted_safely(replies.upcoming_reply(host, upcoming))


@settings(max_examples=40)
@given(TEXTS, st.lists(VIEWS, max_size=3), st.booleans())
def test_every_page_of_a_search_is_safe(query: str, views: list[SpaceView], truncated: bool) -> None:
    assert_posted_safely(replies.nothing_found(query))
    if views:
        assert_posted_safely(replies.search_card(query, search_page(*views * 3, may_be_more=truncated)))


@pytest.mark.parametrize(
    ("phase", "sentence"),
    [
        (Phase.ENDED, "“Tea and type theory” by **Tea Time** has ended, after 1 h."),
        (Phase.CANCELED, "“Tea and type theory” by **Tea Time** was canceled before it began."),
        (Phase.GONE, "“Tea and type theory” by **Tea Time** cannot be seen on X at the moment."),
    ],
)
def test_a_space_that_is_not_open_gets_its_own_plain_sentence(phase: Phase, sentence: str) -> None:
    card = replies.space_reply(view(phase, started_at=START - timedelta(hours=1), ended_at=START))
    assert (card.content, card.embed, card.buttons) == (sentence, None, ())


def test_a_space_reply_shows_all_that_is_known() -> None:
    guest = Host(user_id=UserId("9"), username="guest", name="A Guest")
    card = replies.space_reply(
        view(
            participant_count=5,
            started_at=START,
            lang="en",
            topics=("Tea",),
            cohosts=(guest,),
            speakers=(guest,),
            is_ticketed=True,
        )
    )
    assert card.embed is not None
    assert str(card.embed.description).splitlines() == [
        f"🔴 **Live** · 5 listening · started <t:{int(START.timestamp())}:R>",
        "With A Guest · on stage A Guest",
        "🎟️ A ticket is needed to listen",
        "-# English · Tea",
    ]
    assert card.embed.author.name == "Tea Time (@tea_time)"
    assert card.embed.thumbnail.url == "https://pictures.example/t.png"


@settings(max_examples=40)
@given(RECORDS, HOSTS)
def test_what_is_kept_of_a_space_is_told_safely(record: SpaceRecord, host: Host) -> None:
    assert_posted_safely(replies.past_reply(kept(record, host)))


def test_what_is_kept_of_a_space_is_told_in_one_sentence_with_the_way_to_its_post() -> None:
    record = replace(RECORD, phase=Phase.ENDED, title=None, ended_at=START + timedelta(minutes=2))
    record = replace(record, listened=1364 * 60, observed=60)
    said = replies.past_reply(kept(record, HOST, MessageId(5))).content
    began = int((START - timedelta(minutes=65)).timestamp())
    assert said == (
        "That Space by **Tea Time** ([@\u2060tea\\_time](https://x.com/tea_time)) is over, and X no longer shows it. What I"
        f" saw of it: started <t:{began}:R> (<t:{began}:F>), lasted 1 h 7 min, peak 2,345 listeners, on average 1,364"
        " listeners. [The post](https://discord.com/channels/100/110/5)."
    )


@pytest.mark.parametrize(("count", "said"), [(1, "**Live** · 1 listening ·"), (2, "**Live** · 2 listening ·")])
def test_one_listener_is_one(count: int, said: str) -> None:
    found = search_page(view(participant_count=count, started_at=START))
    assert said in str(replies.search_card("tea", found).embed.description)  # type: ignore[union-attr]  # it has one


def kept(record: SpaceRecord, host: Host, message_id: MessageId | None = None) -> Past:
    return Past(
        kind=Kind.LIVE,
        guild_id=GUILD,
        channel_id=CHANNEL,
        space=record,
        host=host,
        state="sent",
        obstacle=None,
        message_id=message_id,
        sent_at=START,
    )


def test_a_page_of_a_search_says_how_many_there_are() -> None:
    card = replies.search_card(
        "tea", search_page(*[view(Phase.SCHEDULED, scheduled_start=START)] * 5, may_be_more=True)
    )
    assert card.embed is not None
    assert str(card.embed.description).count("🗓️ **<t:") == 5
    assert card.embed.footer.text == "5 found, X may know of more · page 1 of 1"


def test_a_search_without_results_says_what_to_try() -> None:
    page = replies.nothing_found("*tea*")
    assert page.content is not None
    assert r"“\*tea\*”" in page.content
    assert "another spelling" in page.content
