"""What admins read: the status, the history, the configuration, and what they are told."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.deliveries import Kind, Matter, Notice, Past, Pause, Queue
from spacebot.domain.guilds import AtEnd, GuildConfig
from spacebot.domain.ids import ChannelId, GuildId, MessageId, SpaceId, UserId
from spacebot.domain.spaces import Phase, SpaceRecord
from spacebot.domain.views import Status
from spacebot.present.card import Card
from spacebot.present.delays import SEEN_BY
from spacebot.present.limits import DESCRIPTION_LIMIT
from spacebot.present.reports import (
    config_card,
    history_pages,
    moments,
    notice,
    seconds,
    status_card,
)
from spacebot.present.text import units
from tests.clocks import START

GUILD = GuildId(100)
CHANNEL = ChannelId(110)
HOST = Host(user_id=UserId("1"), username="teatime", name="Tea Time")


def status(**fields: Any) -> Status:
    whole: dict[str, Any] = {
        "connected": True,
        "last_good_sweep": START,
        "trouble": None,
        "store_trouble": None,
        "hosts": 1200,
        "queue": Queue(unsent=0, edits=0, oldest=None),
        "pauses": (),
        "windows": (("spaces", 12, 300),),
        "delays": (),
        **fields,
    }
    return Status(**whole)


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
        "channel_id": CHANNEL,
        "space": space,
        "host": HOST,
        "state": "sent",
        "reason": None,
        "message_id": MessageId(5),
        "sent_at": START + timedelta(seconds=4),
        **fields,
    }
    return Past(**whole)


def told(matter: Matter, detail: str, host: Host | None = HOST) -> str:
    return notice(
        Notice(
            notice_id=1,
            guild_id=GUILD,
            matter=matter,
            channel_id=CHANNEL if matter is Matter.PAUSED else None,
            host=host,
            detail=detail,
            admin_channel_id=None,
            people=(),
            attempts=0,
        )
    )


def title(card: Card) -> str | None:
    assert card.embed is not None
    return card.embed.title


def text(card: Card) -> str:
    """Everything that the card says."""
    assert card.embed is not None
    return str(card.embed.to_dict())


def test_a_status_without_trouble_says_that_it_works() -> None:
    card = status_card(status())
    assert title(card) == "Working"
    assert "1,200" in text(card)
    assert "spaces: 12 of 300" in text(card)
    assert "nothing announced in the last week" in text(card)


@pytest.mark.parametrize(
    "trouble", [{"connected": False}, {"trouble": "X asks for a pause"}, {"store_trouble": "disk full"}]
)
def test_any_trouble_is_named_and_does_not_work(trouble: dict[str, object]) -> None:
    card = status_card(status(**trouble))
    assert title(card) == "Not working"
    assert card.embed is not None
    assert card.embed.description is not None
    assert card.embed.description.startswith("⚠️")


def test_paused_channels_are_named_with_their_reason() -> None:
    card = status_card(status(pauses=(Pause(channel_id=CHANNEL, guild_id=GUILD, reason="I lack Send Messages"),)))
    assert title(card) == "Working, with channels paused"
    assert f"<#{CHANNEL}>: I lack Send Messages" in text(card)


def test_a_status_of_everything_at_once_fits_into_a_message() -> None:
    pauses = [Pause(channel_id=ChannelId(n), guild_id=GUILD, reason="x" * 300) for n in range(500)]
    windows = [(f"endpoint {n}", n, 300) for n in range(200)]
    delays = [(10.0 ** (n % 7), seen_by) for n in range(20_000) for seen_by in SEEN_BY]
    card = status_card(status(pauses=pauses, windows=windows, trouble="t" * 5000, delays=delays))
    assert card.embed is not None
    assert all(units(field.value or "") <= 1024 for field in card.embed.fields)
    assert units(card.embed.description or "") <= DESCRIPTION_LIMIT


@pytest.mark.parametrize(
    ("delays", "said"),
    [
        ([(3.0, "push")], "all, by push (1): median 3 s, 95 % 3 s, worst 3 s"),
        ([(-2.0, "push")], "all, by push (1): median 0 s, 95 % 0 s, worst 0 s"),
        ([(float(n), "sweep") for n in range(1, 101)], "all, by sweep (100): median 50 s, 95 % 95 s, worst 100 s"),
        ([(7200.0, "sweep")], "all, by sweep (1): median 2 h, 95 % 2 h, worst 2 h"),
        ([(1.0, "push"), (30.0, "sweep")], "push (1): median 1 s, 95 % 1 s, worst 1 s"),
        ([(1.0, "push"), (30.0, "sweep")], "sweep (1): median 30 s, 95 % 30 s, worst 30 s"),
        ([(1.5, "push"), (1.5, "push"), (40.0, "sweep")], "under 2 s"),
    ],
)
def test_delays_are_told_as_people_count(delays: list[tuple[float, str]], said: str) -> None:
    assert said in text(status_card(status(delays=delays)))


@pytest.mark.parametrize(("delay", "said"), [(0.4, "0 s"), (119.0, "119 s"), (120.0, "2 min"), (3900.0, "1 h 5 min")])
def test_a_short_delay_is_told_in_seconds(delay: float, said: str) -> None:
    assert seconds(delay) == said


def test_no_history_says_so() -> None:
    [card] = history_pages([], GUILD)
    assert card.content == "Nothing was announced here yet."


def test_a_line_of_history_has_outcome_delay_and_link() -> None:
    [card] = history_pages([past()], GUILD)
    said = text(card)
    assert "https://discord.com/channels/100/110/5" in said
    assert "4 s after the start" in said
    assert "live" in said
    assert "sent" in said


def test_what_was_not_sent_says_why() -> None:
    [card] = history_pages([past(state="skipped", reason="no longer followed", message_id=None, sent_at=None)], GUILD)
    assert "skipped: no longer followed" in text(card)
    assert "after the start" not in text(card)


@given(st.lists(st.text(max_size=300), min_size=1, max_size=30))
def test_a_history_of_any_titles_fits_and_shows_each_page(titles: list[str]) -> None:
    record = past().space
    all_of_it = [past(space=SpaceRecord(**{**_fields(record), "title": words})) for words in titles]
    pages = history_pages(all_of_it, GUILD)
    assert len(pages) == -(-len(titles) // 8)
    for page in pages:
        assert page.embed is not None
        assert 0 < units(page.embed.description or "") <= DESCRIPTION_LIMIT
        assert "@everyone" not in (page.embed.description or "")


def _fields(record: SpaceRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def test_a_paused_channel_is_told_with_its_reason_and_that_nothing_is_lost() -> None:
    said = told(Matter.PAUSED, "I lack Send Messages in that channel")
    assert f"<#{CHANNEL}>: I lack Send Messages in that channel." in said
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


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (GuildConfig(), "when it is live"),
        (
            GuildConfig(tells_scheduled=True, reminder_minutes=15, tells_ended=True),
            "when it is scheduled, 15 min before it starts, when it is live, when it has ended",
        ),
        (GuildConfig(tells_live=False), "nothing: `/config announce`"),
    ],
)
def test_the_moments_that_a_guild_hears_of_are_said_as_people_say_them(config: GuildConfig, said: str) -> None:
    assert moments(config) == said


@pytest.mark.parametrize("at_end", list(AtEnd))
def test_the_configuration_shows_what_is_set_and_what_is_missing(at_end: AtEnd) -> None:
    empty = config_card(
        GuildConfig(at_end=at_end), [], GUILD, obstacle=None, role_trouble=None, last_good_sweep=None, trouble=None
    )
    assert "none yet: `/config channel`" in text(empty)
    assert "nobody yet: `/watch add`" in text(empty)
    full = config_card(
        GuildConfig(channel_id=CHANNEL, at_end=at_end, admin_channel_id=ChannelId(9)),
        [],
        GUILD,
        obstacle="I lack Send Messages",
        role_trouble=None,
        last_good_sweep=START,
        trouble="X asks for a pause",
    )
    assert f"<#{CHANNEL}>" in text(full)
    assert "I lack Send Messages" in text(full)
    assert "<#9>" in text(full)
    assert "X asks for a pause" in text(full)
