"""Whether everything works, as admins read it."""

from typing import Any

import discord
import pytest

from spacebot.domain.deliveries import Queue
from spacebot.domain.errands import Purpose
from spacebot.domain.guilds import GuildConfig, Keyword, WatchLine
from spacebot.domain.ids import ChannelId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.views import GuildShare, InTheWay, PushState, PushView, SetUp, Status
from spacebot.present.card import Card
from spacebot.present.delays import seen_by_names
from spacebot.present.limits import DESCRIPTION_LIMIT
from spacebot.present.reasons import sentence
from spacebot.present.status import (
    BAD,
    CLOSED,
    GOOD,
    HINDERED,
    NOT_SET_UP,
    TROUBLES,
    UNFINISHED,
    WORKING,
    delay_text,
    status_card,
)
from spacebot.present.text import units
from spacebot.watch.sweeper import OUT_OF_BUDGET, UNFORESEEN
from tests.clocks import START
from tests.present.samples import CHANNEL, GUILD, ROLE, fields, line, text
from tests.store.seed import NO_PERMISSION

AUTOMOD = Obstacle(reason=Reason.AUTOMOD)
NO_HISTORY = Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("read_message_history",))
OTHER = ChannelId(111)
WORDS = Keyword(guild_id=GUILD, text="tea")
SET_UP = SetUp(config=GuildConfig(), watches=(line(),))
NOTHING_FOUND = InTheWay()
AT = int(START.timestamp())
LONG = Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("embed_links",) * 5)


def status(**parts: Any) -> Status:
    whole: dict[str, Any] = {
        "connected": True,
        "last_good_sweep": START,
        "trouble": None,
        "is_overdue": False,
        "store_trouble": None,
        "queue": Queue(unsent=0, edits=0, oldest=None),
        "set_up": SET_UP,
        "every": 3.3,
        "delays": (),
        **parts,
    }
    return Status(**whole)


def shown(found: InTheWay = NOTHING_FOUND, **parts: Any) -> Card:
    return status_card(status(**parts), found)


def title(card: Card) -> str | None:
    assert card.embed is not None
    return card.embed.title


def test_a_status_without_trouble_says_that_it_works() -> None:
    card = shown()
    assert title(card) == "Working"
    assert "nothing posted in the last week" in text(card)


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
def test_any_trouble_is_named_and_does_not_work(trouble: dict[str, Any]) -> None:
    card = shown(**trouble)
    assert title(card) == "Not working"
    assert card.embed is not None
    assert card.embed.description is not None
    assert card.embed.description.startswith("⚠️")


def set_up(*lines: WatchLine, channel: ChannelId | None = None, keywords: tuple[Keyword, ...] = ()) -> SetUp:
    return SetUp(config=GuildConfig(channel_id=channel), watches=lines, keywords=keywords)


@pytest.mark.parametrize(
    ("set_up", "found", "title", "colour"),
    [
        (set_up(line()), InTheWay(), WORKING, GOOD),
        (set_up(line(), line()), InTheWay(channels={CHANNEL: NO_PERMISSION}), CLOSED, BAD),
        (set_up(line(), line(channel_id=OTHER)), InTheWay(channels={CHANNEL: NO_PERMISSION}), HINDERED, UNFINISHED),
        (set_up(line(), channel=OTHER), InTheWay(channels={OTHER: NO_PERMISSION}), HINDERED, UNFINISHED),
        (set_up(line()), InTheWay(channels={CHANNEL: AUTOMOD}), HINDERED, UNFINISHED),
        (set_up(line()), InTheWay(channels={CHANNEL: NO_HISTORY}), HINDERED, UNFINISHED),
        (set_up(line()), InTheWay(roles={ROLE: "that role is gone"}), HINDERED, UNFINISHED),
        (set_up(), InTheWay(), NOT_SET_UP, UNFINISHED),
        (set_up(channel=CHANNEL), InTheWay(), NOT_SET_UP, UNFINISHED),
        (set_up(channel=CHANNEL), InTheWay(channels={CHANNEL: NO_PERMISSION}), CLOSED, BAD),
        (set_up(line(channel_id=None)), InTheWay(), NOT_SET_UP, UNFINISHED),
        (set_up(channel=CHANNEL, keywords=(WORDS,)), InTheWay(), WORKING, GOOD),
        (set_up(keywords=(WORDS,)), InTheWay(), NOT_SET_UP, UNFINISHED),
    ],
)
def test_red_is_where_nothing_can_be_posted_and_amber_where_something_is_missing(
    set_up: SetUp, found: InTheWay, title: str, colour: discord.Colour
) -> None:
    card = shown(found, set_up=set_up)
    assert card.embed is not None
    assert (card.embed.title, card.embed.colour) == (title, colour)
    assert bool(card.embed.description) is (title != WORKING), "what is not green says why"


def test_what_is_in_the_way_is_told_once_and_where_to_tap() -> None:
    found = InTheWay(channels={CHANNEL: NO_PERMISSION}, roles={ROLE: "I may not ping listeners"})
    card = shown(found, set_up=set_up(line(), line(), line()))
    assert card.embed is not None
    assert str(card.embed.description).splitlines() == [
        f"⚠️ <#{CHANNEL}>: {sentence(NO_PERMISSION)}",
        "⚠️ I may not ping listeners",
    ]


@pytest.mark.parametrize(
    ("set_up", "every", "said"),
    [
        (set_up(line(), line()), 3.3, "2 hosts, asked about every 4 s"),
        (set_up(line()), 600.0, "1 host, asked about every 10 min"),
        (set_up(channel=CHANNEL, keywords=(WORDS,)), None, "0 hosts\n1 keyword"),
    ],
)
def test_whom_the_guild_follows_is_said_in_words(set_up: SetUp, every: float | None, said: str) -> None:
    assert fields(shown(set_up=set_up, every=every))["Follows"] == said


def test_a_status_of_everything_at_once_fits_into_a_message() -> None:
    channels = dict.fromkeys([ChannelId(n) for n in range(1, 500)], LONG)
    lines = [line(channel_id=where) for where in channels]
    delays = [(10.0 ** (n % 7), seen_by) for n in range(20_000) for seen_by in seen_by_names()]
    card = shown(
        InTheWay(channels=channels),
        set_up=set_up(*lines),
        delays=delays,
        share=GuildShare(hosts=1, host_limit=1, keywords=1, keyword_limit=1, new_hosts=1, new_host_limit=1),
        push=PushView(state=PushState.ON, covered=2, refused=3),
        dropped=tuple(Purpose),
    )
    assert card.embed is not None
    assert len(card.embed) <= 6000
    assert f"<#{ChannelId(9)}>: I lack" in str(card.embed.description)
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
    assert said in delay_text(delays)


@pytest.mark.parametrize(
    ("delays", "said"),
    [
        ([], "nothing posted in the last week"),
        ([(-2.0, "push")], "usually 0 s, at most 0 s (1 post in the last week)"),
        ([(float(n), "sweep") for n in range(1, 101)], "usually 50 s, at most 100 s (100 posts in the last week)"),
    ],
)
def test_a_guild_is_told_in_words_how_soon_its_posts_come(delays: list[tuple[float, str]], said: str) -> None:
    assert fields(shown(delays=delays))["From start to post"] == said


@pytest.mark.parametrize(
    ("push", "said"),
    [
        (PushView(state=None), "switched off; X is asked instead"),
        (PushView(state=PushState.CONNECTING), "connecting; X is asked instead"),
        (PushView(state=PushState.REFUSED, refusal="X says no."), "refused: X says no.; X is asked instead"),
        (PushView(state=PushState.ON, covered=1), "on, for 1 host; the others are asked about"),
        (PushView(state=PushState.ON, covered=1200), "on, for 1,200 hosts; the others are asked about"),
        (
            PushView(state=PushState.ON, covered=2, refused=3),
            "on, for 2 hosts; the others are asked about (3 X does not let the app hear of)",
        ),
    ],
)
def test_the_status_tells_what_x_tells_by_itself(push: PushView, said: str) -> None:
    assert fields(shown(push=push))["Push"] == said


def test_the_status_tells_what_is_left_out_today_and_no_figure_of_the_bill() -> None:
    card = shown(dropped=(Purpose.REFRESH, Purpose.DETECTION))
    assert fields(card)["Left out today"].splitlines() == [
        "⚠️ no live refreshes until midnight UTC: the day's budget",
        "⚠️ no looking for Spaces until midnight UTC: the day's budget",
    ]
    assert "$" not in text(card)


@pytest.mark.parametrize(
    ("keyword_limit", "new_host_limit", "said"),
    [
        (10, None, "2,000 hosts, 10 keywords"),
        (1, 1, "2,000 hosts, 1 keyword, 1 new account a day (4 so far today)"),
        (0, 100, "2,000 hosts, keywords are not switched on, 100 new accounts a day (4 so far today)"),
    ],
)
def test_the_status_tells_a_server_its_limits(keyword_limit: int, new_host_limit: int | None, said: str) -> None:
    share = GuildShare(
        hosts=1200,
        host_limit=2000,
        keywords=3,
        keyword_limit=keyword_limit,
        new_hosts=4,
        new_host_limit=new_host_limit,
    )
    assert fields(shown(share=share))["Limits here"] == said


@pytest.mark.parametrize(
    ("queue", "said"),
    [
        (Queue(unsent=0, edits=0, oldest=None), "nothing"),
        (Queue(unsent=1, edits=2, oldest=START), f"1 to send, 2 to edit; the oldest since <t:{AT}:R> (<t:{AT}:F>)"),
    ],
)
def test_what_waits_is_said_with_its_time(queue: Queue, said: str) -> None:
    assert fields(shown(queue=queue))["Waiting here"] == said


def test_what_the_sweeps_say_of_themselves_can_be_translated() -> None:
    assert {OUT_OF_BUDGET, UNFORESEEN} == TROUBLES


def test_what_the_database_does_not_tell_is_left_out() -> None:
    card = shown(store_trouble="disk full", set_up=None)
    assert not {"Push", "Follows", "Announces in", "Limits here", "Left out today"} & set(fields(card))
