"""What was announced and what went wrong, as admins are told of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.deliveries import Kind, Matter, Notice, Past
from spacebot.domain.ids import MessageId, SpaceId, UserId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import Phase, SpaceRecord
from spacebot.present.limits import DESCRIPTION_LIMIT
from spacebot.present.reports import history_pages, notice
from spacebot.present.text import units
from tests.clocks import START
from tests.present.samples import CHANNEL, GUILD, text

NO_PERMISSION = Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("send_messages",))
PATH = "*Channel settings → Permissions → add spacebot → Send Messages*"
UNWATCHED = Obstacle(reason=Reason.UNWATCHED)
HOST = Host(user_id=UserId("1"), username="teatime", name="Tea Time")


def past(**fields: Any) -> Past:
    space = SpaceRecord(
        space_id=SpaceId("1abc"),
        host_id=HOST.user_id,
        phase=Phase.ENDED,
        title="Tea",
        started_at=START,
        first_seen_at=START,
        last_seen_at=START,
    )
    whole: dict[str, Any] = {
        "kind": Kind.LIVE,
        "guild_id": GUILD,
        "channel_id": CHANNEL,
        "space": space,
        "host": HOST,
        "state": "sent",
        "obstacle": None,
        "message_id": MessageId(5),
        "sent_at": START + timedelta(seconds=4),
        **fields,
    }
    return Past(**whole)


def told(matter: Matter, detail: str = "", host: Host | None = HOST, obstacle: Obstacle | None = None) -> str:
    return notice(
        Notice(
            notice_id=1,
            created_at=START,
            guild_id=GUILD,
            matter=matter,
            channel_id=CHANNEL if matter is Matter.PAUSED else None,
            host=host,
            detail=detail,
            obstacle=obstacle,
            admin_channel_id=None,
            recipients=(),
            attempts=0,
        )
    )


def test_no_history_says_so() -> None:
    [card] = history_pages([])
    assert card.content == "Nothing has been posted here yet."


def test_a_line_of_history_has_outcome_delay_and_link() -> None:
    [card] = history_pages([past()])
    said = text(card)
    assert "https://discord.com/channels/100/110/5" in said
    assert "4 s after the start" in said
    assert "live" in said
    assert "sent" in said


def test_what_is_kept_of_a_forgotten_space_is_told_without_its_title() -> None:
    kept = replace(
        past().space, title=None, ended_at=START + timedelta(minutes=67), peak=1906, listened=1364 * 60, observed=60
    )
    [card] = history_pages([past(space=kept)])
    assert card.embed is not None
    first, _, last = str(card.embed.description).splitlines()
    assert first.startswith("**Tea Time** ([@\u2060teatime](https://x.com/teatime)) · live · [message](")
    assert last == "lasted 1 h 7 min · peak 1,906 listeners · on average 1,364 listeners"


def test_a_host_of_whom_only_the_id_is_known_is_linked_by_it() -> None:
    [card] = history_pages([past(host=Host(user_id=UserId("77"), username="", name=""))])
    assert card.embed is not None
    assert "**A host** ([@\u206077](https://x.com/i/user/77))" in str(card.embed.description)


def test_an_open_space_has_no_figures_yet() -> None:
    [card] = history_pages([past(space=replace(past().space, phase=Phase.LIVE, peak=9))])
    assert "peak" not in text(card)


def test_what_was_not_sent_says_why() -> None:
    [card] = history_pages([past(state="skipped", obstacle=UNWATCHED, message_id=None, sent_at=None)])
    assert "skipped: no longer followed" in text(card)
    assert "after the start" not in text(card)


@given(st.lists(st.text(max_size=300), min_size=1, max_size=30))
def test_a_history_of_any_titles_fits_and_shows_each_page(titles: list[str]) -> None:
    record = past().space
    all_of_it = [past(space=SpaceRecord(**{**_fields(record), "title": words})) for words in titles]
    pages = history_pages(all_of_it)
    assert len(pages) == -(-len(titles) // 8)
    for page in pages:
        assert page.embed is not None
        assert 0 < units(page.embed.description or "") <= DESCRIPTION_LIMIT
        assert "@everyone" not in (page.embed.description or "")


def _fields(record: SpaceRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def test_a_paused_channel_is_told_with_its_reason_and_that_nothing_is_lost() -> None:
    said = told(Matter.PAUSED, obstacle=NO_PERMISSION)
    assert f"<#{CHANNEL}>: I lack Send Messages in that channel; grant it, and I go on by myself: {PATH}. " in said
    assert "Nothing is lost" in said


def test_a_renamed_host_is_told_with_both_names() -> None:
    said = told(Matter.RENAMED, "old_name")
    assert "old" in said
    assert "Tea Time" in said


@pytest.mark.parametrize(
    ("standing", "said"),
    [(Standing.SUSPENDED, "suspended"), (Standing.PROTECTED, "protected"), (Standing.GONE, "no longer shows")],
)
def test_each_standing_is_told_in_its_own_words(standing: Standing, said: str) -> None:
    assert said in told(Matter.STANDING, standing.value)


@pytest.mark.parametrize(("matter", "detail"), [(Matter.RENAMED, "old_name"), (Matter.STANDING, Standing.GONE.value)])
def test_an_account_that_is_not_known_any_more_can_still_be_told_of(matter: Matter, detail: str) -> None:
    assert "host" in told(matter, detail, None).lower()


@given(st.text(max_size=60), st.text(max_size=60))
def test_names_of_any_kind_mention_nobody(username: str, name: str) -> None:
    host = Host(user_id=UserId("1"), username=username, name=name)
    for said in (told(Matter.RENAMED, username, host), told(Matter.STANDING, Standing.GONE.value, host)):
        assert "@everyone" not in said
        assert "<@" not in said
        assert len(said) <= 2000
