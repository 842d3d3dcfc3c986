"""How a Space and its people stand on a card."""

from datetime import timedelta

import pytest

from spacebot.domain.accounts import Host
from spacebot.domain.ids import UserId
from spacebot.domain.spaces import Phase
from spacebot.domain.views import SpaceView
from spacebot.present import announcement, card, replies
from spacebot.present.card import language_name
from spacebot.present.replies import space_reply
from tests.present.samples import fields, job, search_page, view
from tests.present.test_announcement import SOON_AFTER


@pytest.mark.parametrize("title", [None, "", "   ", "\x00", "\u202e"])
def test_a_space_without_a_title_says_so(title: str | None) -> None:
    assert str(replies.space_reply(view(title=title)).embed and replies.space_reply(view(title=title)).embed.title) == (  # type: ignore[union-attr]  # the reply of a live Space has one
        "Untitled Space"
    )
    page = replies.search_card("tea", search_page(view(title=title)))
    assert page.embed is not None
    assert "[Untitled Space](https://x.com/i/spaces/" in str(page.embed.description)


def test_a_host_without_a_name_goes_by_the_handle() -> None:
    card = announcement.announcement(job(host=Host(user_id=UserId("1"), username="tea_time", name="")), SOON_AFTER)
    assert card.content == r"**tea\_time** is live on X"


@pytest.mark.parametrize(
    "picture", ["", "https://", "ftp://a.example/b", "https://a.example/a b", "javascript:x", "x" * 3000]
)
def test_a_picture_that_discord_would_refuse_is_left_out(picture: str) -> None:
    card = announcement.announcement(
        job(host=Host(user_id=UserId("1"), username="tea", name="Tea", picture=picture)), SOON_AFTER
    )
    assert card.embed is not None
    assert card.embed.thumbnail.url is None


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "1 min"), (0.4, "1 min"), (45, "45 min"), (60, "1 h"), (65, "1 h 5 min"), (1500, "25 h")]
)
def test_a_duration_is_said_as_people_say_it(minutes: float, words: str) -> None:
    assert card.lasting(timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en", "English"),
        ("pt-BR", "Brazilian Portuguese"),
        ("zh-TW", "Chinese"),
        ("JA", "Japanese"),
        ("iw", "Hebrew"),
        ("he", "Hebrew"),
        ("in", "Indonesian"),
        ("no", "Norwegian Bokmål"),
        ("nb", "Norwegian Bokmål"),
        ("jw", "Javanese"),
        ("no such language", "no such language"),
    ],
)
def test_a_language_is_named_in_words(code: str, name: str) -> None:
    assert language_name(code) == name


@pytest.mark.parametrize("code", ["und", "zxx", "", None])
def test_a_language_that_x_does_not_know_is_not_shown(code: str | None) -> None:
    view = SpaceView(url="https://x.com/i/spaces/1", phase=Phase.LIVE, lang=code)
    assert "Language" not in fields(space_reply(view))
