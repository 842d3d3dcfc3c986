"""Answers about Spaces keep to Discord's limits and mention nobody, whatever X's text says."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.ids import UserId
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SpaceView
from spacebot.present import replies
from tests.clocks import START
from tests.present.samples import HOSTS, TEXTS, VIEWS, assert_posted_safely, search_page, view


@settings(max_examples=40, deadline=None)
@given(VIEWS)
def test_a_reply_about_a_space_is_safe(space: SpaceView) -> None:
    assert_posted_safely(replies.space_reply(space))


@settings(max_examples=40, deadline=None)
@given(HOSTS, st.lists(VIEWS, max_size=3))
def test_a_reply_about_a_host_is_safe(host: Host, upcoming: list[SpaceView]) -> None:
    assert_posted_safely(replies.upcoming_reply(host, upcoming))


@settings(max_examples=40, deadline=None)
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
