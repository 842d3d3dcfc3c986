"""Whether everything works, as admins read it."""

from typing import Any

import pytest

from spacebot.domain.deliveries import Pause, Queue
from spacebot.domain.errands import Purpose
from spacebot.domain.ids import ChannelId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.views import GuildShare, PushState, PushView, Status
from spacebot.present.card import Card
from spacebot.present.delays import SEEN_BY
from spacebot.present.limits import DESCRIPTION_LIMIT
from spacebot.present.status import status_card
from spacebot.present.text import units
from tests.clocks import START
from tests.present.samples import CHANNEL, GUILD, fields, text
from tests.store.seed import NO_PERMISSION

LONG = Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("embed_links",) * 30)


def status(**parts: Any) -> Status:
    whole: dict[str, Any] = {
        "connected": True,
        "last_good_sweep": START,
        "trouble": None,
        "is_overdue": False,
        "store_trouble": None,
        "queue": Queue(unsent=0, edits=0, oldest=None),
        "pauses": (),
        "delays": (),
        **parts,
    }
    return Status(**whole)


def title(card: Card) -> str | None:
    assert card.embed is not None
    return card.embed.title


def test_a_status_without_trouble_says_that_it_works() -> None:
    card = status_card(status())
    assert title(card) == "Working"
    assert "nothing announced in the last week" in text(card)


@pytest.mark.parametrize(
    "trouble",
    [
        {"connected": False},
        {"trouble": "X asks for a pause"},
        {"is_overdue": True},
        {"is_overdue": True, "last_good_sweep": None},
        {"store_trouble": "disk full"},
    ],
)
def test_any_trouble_is_named_and_does_not_work(trouble: dict[str, object]) -> None:
    card = status_card(status(**trouble))
    assert title(card) == "Not working"
    assert card.embed is not None
    assert card.embed.description is not None
    assert card.embed.description.startswith("⚠️")


def test_paused_channels_are_named_with_their_reason() -> None:
    card = status_card(status(pauses=(Pause(channel_id=CHANNEL, guild_id=GUILD, obstacle=NO_PERMISSION),)))
    assert title(card) == "Working, with channels paused"
    assert f"<#{CHANNEL}>: I lack Send Messages" in text(card)


def test_a_status_of_everything_at_once_fits_into_a_message() -> None:
    pauses = [Pause(channel_id=ChannelId(n), guild_id=GUILD, obstacle=LONG) for n in range(500)]
    delays = [(10.0 ** (n % 7), seen_by) for n in range(20_000) for seen_by in SEEN_BY]
    card = status_card(status(pauses=pauses, trouble="t" * 5000, delays=delays))
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


@pytest.mark.parametrize(
    ("push", "said"),
    [
        (PushView(state=None), "switched off; X is asked instead"),
        (PushView(state=PushState.CONNECTING), "connecting; X is asked instead"),
        (PushView(state=PushState.REFUSED, refusal="X says no."), "refused: X says no.; X is asked instead"),
        (PushView(state=PushState.ON, covered=1200), "on, for 1,200 hosts; the others are asked about"),
        (
            PushView(state=PushState.ON, covered=2, refused=3),
            "on, for 2 hosts; the others are asked about (3 X does not let the app hear of)",
        ),
    ],
)
def test_the_status_tells_what_x_tells_by_itself(push: PushView, said: str) -> None:
    assert fields(status_card(status(push=push)))["Push"] == said


def test_the_status_tells_what_is_left_out_today_and_no_figure_of_the_bill() -> None:
    card = status_card(status(dropped=(Purpose.REFRESH, Purpose.DETECTION)))
    assert fields(card)["Left out today"].splitlines() == [
        "⚠️ no live refreshes until midnight UTC: the day's budget",
        "⚠️ no looking for Spaces until midnight UTC: the day's budget",
    ]
    assert "$" not in text(card)


@pytest.mark.parametrize(
    ("keyword_limit", "new_host_limit", "said"),
    [
        (10, None, ["hosts followed: 1,200 of 2,000", "keywords: 3 of 10"]),
        (
            0,
            100,
            ["hosts followed: 1,200 of 2,000", "keywords: not switched on", "new accounts looked up today: 4 of 100"],
        ),
    ],
)
def test_the_status_tells_a_server_its_share(keyword_limit: int, new_host_limit: int | None, said: list[str]) -> None:
    share = GuildShare(
        hosts=1200,
        host_limit=2000,
        keywords=3,
        keyword_limit=keyword_limit,
        new_hosts=4,
        new_host_limit=new_host_limit,
    )
    assert fields(status_card(status(share=share)))["This server"].splitlines() == said


def test_what_the_database_does_not_tell_is_left_out() -> None:
    assert not {"Push", "This server", "Left out today"} & set(fields(status_card(status(store_trouble="disk full"))))
