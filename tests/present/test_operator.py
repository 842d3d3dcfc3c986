"""What the operator reads."""

from typing import Any

import pytest

from spacebot.domain.deliveries import Queue
from spacebot.domain.errands import Purpose
from spacebot.domain.guilds import GuildConfig
from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.spending import SpendingLine, SpentBy, Summary
from spacebot.domain.views import Costs, GuildFacts, GuildShare, Overview, PushState, PushView
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.operator import allowed_sentence, blocked_sentence, costs_card, guild_card, overview_card
from spacebot.present.text import units
from tests.clocks import START
from tests.present.samples import CHANNEL, GUILD, assert_posted_safely, fields, text

EMPTY = Queue(unsent=0, edits=0, oldest=None)
SHARE = GuildShare(hosts=1, host_limit=100, keywords=0, keyword_limit=0, new_hosts=4, new_host_limit=100)


def overview(**parts: Any) -> Overview:
    whole: dict[str, Any] = {
        "shards_up": 2,
        "shards": 2,
        "last_good_sweep": START,
        "trouble": None,
        "store_trouble": None,
        "hosts": 1200,
        "keywords": 30,
        "queue": EMPTY,
        "windows": (("spaces", 12, 300),),
        "delays": ((3.0, "push"),),
        "push": PushView(state=PushState.ON, covered=750),
        "blocked_guilds": 1,
        "blocked_people": 2,
        **parts,
    }
    return Overview(**whole)


def costs(*spent: SpentBy, budget: int | None = None) -> Costs:
    line = SpendingLine(day=START.date(), kind="space", count=300, millicents=150_000)
    bill = Summary(today=(line,), open_requests=5000, month=150_000, forecast=3_100_000, budget=budget, dropped=())
    return Costs(summary=bill, month=(line,), spent_by=spent)


def test_the_whole_bot_is_told_at_one_glance() -> None:
    card = overview_card(overview(), guilds=40)
    assert card.embed is not None
    assert card.embed.title == "Working"
    shown = fields(card)
    assert shown["Servers"] == "40"
    assert shown["Shards connected"] == "2 of 2"
    assert shown["Hosts asked about"] == "1,200"
    assert shown["Requests left at X"] == "spaces: 12 of 300"
    assert shown["Push"].startswith("on, for 750 hosts")
    assert shown["Blocked"] == "1 server, 2 people"


@pytest.mark.parametrize(
    "trouble",
    [{"shards_up": 1}, {"shards": None}, {"trouble": "X asks for a pause"}, {"store_trouble": "disk full"}],
)
def test_any_trouble_of_the_whole_bot_is_not_working(trouble: dict[str, object]) -> None:
    card = overview_card(overview(**trouble), guilds=1)
    assert card.embed is not None
    assert card.embed.title == "Not working"


def test_the_bill_is_told_by_kind_purpose_and_server() -> None:
    rows = (
        SpentBy(day=START.date(), purpose=Purpose.PEOPLE, guild_id=GUILD, millicents=50_000, refused=3),
        SpentBy(day=START.date(), purpose=Purpose.PEOPLE, guild_id=GuildId(7), millicents=70_000),
        SpentBy(day=START.date(), purpose=Purpose.DETECTION, guild_id=None, millicents=30_000),
    )
    shown = fields(costs_card(costs(*rows, budget=200_000), {GUILD: "Book club"}.get))
    assert shown["Today (UTC)"] == "$1.50 of $2.00; up to $0.05 more is not answered yet\nspace: 300, $1.50"
    assert shown["This month"].startswith("$1.50; about $31.00 for the whole month")
    assert shown["Today, by purpose"] == "people: $1.20, 3 refused\ndetection: $0.30"
    assert shown["Today, by server"] == f"unknown `7`: $0.70\nBook club `{GUILD}`: $0.50, 3 refused"
    assert "Today, by server" not in fields(costs_card(costs(), lambda _: None))


def test_however_many_servers_there_are_the_bill_fits_into_a_message() -> None:
    rows = [
        SpentBy(day=START.date(), purpose=Purpose.PEOPLE, guild_id=GuildId(10**17 + n), millicents=n)
        for n in range(1000)
    ]
    card = costs_card(costs(*rows), lambda _: "**@everyone** [x](http://evil) " * 5)
    assert_posted_safely(card)
    assert all(units(value) <= FIELD_LIMIT for value in fields(card).values())


def test_one_servers_part_is_told() -> None:
    facts = GuildFacts(
        guild_id=GUILD,
        config=GuildConfig(channel_id=CHANNEL),
        share=SHARE,
        pushed=1,
        queue=EMPTY,
        delays=(),
        is_blocked=True,
        spent_by=(SpentBy(day=START.date(), purpose=Purpose.PEOPLE, guild_id=GUILD, millicents=50_000),),
    )
    card = guild_card(facts, "Book club")
    assert "blocked" in text(card)
    assert "keywords: not switched on" in fields(card)["Uses"]
    assert fields(card)["Today, by purpose"] == "people: $0.50"
    assert "not in" in text(guild_card(facts, None))


def test_what_was_decided_is_said() -> None:
    guild, person = GuildId(5), PersonId(6)
    assert blocked_sentence(guild, person) == "Blocked: server `5`, <@6>. `/operator allow` takes that back."
    assert allowed_sentence(guild, None, None) == "Not blocked: server `5`."
    assert allowed_sentence(guild, None, True) == "Server `5` may watch for words from now on."
    assert allowed_sentence(guild, person, False) == (
        "Server `5` may watch for no words any more; its list is kept. Not blocked: <@6>."
    )
