"""An announcement keeps to Discord's limits and mentions nobody but configured roles, whatever X's text says."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Job, Kind
from spacebot.domain.ids import RoleId, UserId
from spacebot.domain.spaces import Phase, SpaceRecord
from spacebot.present import announcement
from tests.clocks import START
from tests.present.samples import GUILD, HOST, JOBS, RECORD, ROLE, assert_posted_safely, fields, job

SOON_AFTER = START - timedelta(minutes=64)
"""A minute after the Space of these tests began."""


@settings(max_examples=60, deadline=None)
@given(JOBS, st.booleans())
def test_an_announcement_is_safe_and_mentions_its_roles_only(of: Job, quiet: bool) -> None:
    card = announcement.announcement(of, START, quiet=quiet)
    assert_posted_safely(card)
    moments = {(Kind.LIVE, Phase.LIVE), (Kind.REMINDER, Phase.SCHEDULED)}
    called = (of.kind, of.space.phase) in moments and not quiet
    assert card.roles == ((ROLE,) if called else ())
    assert (card.content or "").count("<@&120>") == called
    assert not card.everyone


START_TAG = f"<t:{int(RECORD.started_at.timestamp())}:t>" if RECORD.started_at else ""
LATER_TAG = f"<t:{int((START + timedelta(hours=1)).timestamp())}:R>"


@pytest.mark.parametrize(
    ("kind", "phase", "at", "says"),
    [
        (Kind.LIVE, Phase.LIVE, SOON_AFTER, "**Tea Time** is live in a Space on X."),
        (Kind.LIVE, Phase.LIVE, START, f"**Tea Time** is live in a Space on X, since {START_TAG}."),
        (Kind.LIVE, Phase.ENDED, START, "**Tea Time**'s Space has ended."),
        (Kind.LIVE, Phase.GONE, START, "**Tea Time**'s Space is no longer visible."),
        (Kind.SCHEDULED, Phase.SCHEDULED, START, f"**Tea Time** has scheduled a Space: it starts {LATER_TAG}."),
        (Kind.SCHEDULED, Phase.LIVE, START, "**Tea Time** is live in a Space on X."),
        (Kind.SCHEDULED, Phase.CANCELED, START, "**Tea Time**'s Space was canceled before it began."),
        (Kind.REMINDER, Phase.SCHEDULED, START, f"**Tea Time**'s Space on X starts {LATER_TAG}."),
        (Kind.REMINDER, Phase.LIVE, START, "**Tea Time** is live in a Space on X."),
        (Kind.ENDED, Phase.ENDED, START, "**Tea Time**'s Space has ended."),
    ],
)
def test_each_moment_says_how_things_are_now(kind: Kind, phase: Phase, at: datetime, says: str) -> None:
    record = replace(RECORD, phase=phase, scheduled_start=START + timedelta(hours=1))
    card = announcement.announcement(job(record, kind=kind), at)
    assert card.content == says
    assert card.embed is not None
    assert card.embed.url == f"https://x.com/i/spaces/1OyKAWXYZabcd#{kind.value}"


def test_somebody_elses_space_is_announced_as_such() -> None:
    guest = Host(user_id=UserId("783214"), username="coffee_break", name="Coffee Break")
    card = announcement.announcement(job(guest=guest, people=(guest,)), SOON_AFTER)
    assert card.content == "**Coffee Break** is in a Space of **Tea Time** on X."
    assert fields(card)["Co-hosts"] == "Coffee Break (@\u2060coffee\\_break)"


def test_a_summary_tells_duration_peak_average_and_who_spoke() -> None:
    speaker = Host(user_id=UserId("783214"), username="coffee", name="Coffee")
    over = replace(RECORD, phase=Phase.ENDED, ended_at=START, listened=60_000, observed=60)
    card = announcement.announcement(job(over, people=(speaker,)), START)
    assert fields(card) == {
        "Duration": "1 h 5 min",
        "Most listeners": "2,345",
        "On average": "1,000",
        "Co-hosts": "Coffee (@\u2060coffee)",
        "Who spoke": "Coffee (@\u2060coffee)",
    }


def test_a_live_announcement_says_who_what_since_when_and_where_to_listen() -> None:
    card = announcement.announcement(job(roles=(ROLE,)), SOON_AFTER)
    assert card.content == "<@&120> **Tea Time** is live in a Space on X."
    assert card.embed is not None
    assert card.embed.title == "Tea and type theory"
    assert card.embed.url == "https://x.com/i/spaces/1OyKAWXYZabcd#live"
    assert card.embed.author.url == "https://x.com/tea_time"
    assert fields(card) == {"Started": f"<t:{int(START.timestamp()) - 3900}:R>", "Listeners": "1,234"}
    assert [(button.label, button.url) for button in card.buttons] == [
        ("Listen", "https://x.com/i/spaces/1OyKAWXYZabcd")
    ]


def test_everyone_is_called_by_name_and_only_as_configured() -> None:
    card = announcement.announcement(job(roles=(RoleId(GUILD), ROLE)), SOON_AFTER)
    assert card.content == "@everyone <@&120> **Tea Time** is live in a Space on X."
    assert (card.everyone, card.roles) == (True, (ROLE,))


def test_an_ended_announcement_keeps_its_address_and_loses_its_button_and_mentions() -> None:
    over = SpaceRecord(
        space_id=RECORD.space_id,
        host_id=HOST.user_id,
        phase=Phase.ENDED,
        title=RECORD.title,
        peak=2345,
        started_at=START - timedelta(minutes=65),
        ended_at=START,
        first_seen_at=START,
        last_seen_at=START,
    )
    card = announcement.announcement(job(over, roles=(ROLE,)), START)
    assert card.content == "**Tea Time**'s Space has ended."
    assert fields(card) == {"Duration": "1 h 5 min", "Most listeners": "2,345"}
    assert (card.buttons, card.roles) == ((), ())
    assert card.embed is not None
    assert card.embed.url == "https://x.com/i/spaces/1OyKAWXYZabcd#live"


def test_a_space_that_nobody_saw_end_claims_no_duration() -> None:
    gone = SpaceRecord(
        space_id=RECORD.space_id,
        host_id=HOST.user_id,
        phase=Phase.GONE,
        peak=7,
        started_at=START - timedelta(hours=1),
        ended_at=START,
        first_seen_at=START,
        last_seen_at=START,
    )
    card = announcement.announcement(job(gone), START)
    assert card.content == "**Tea Time**'s Space is no longer visible."
    assert fields(card) == {"Most listeners seen": "7"}
