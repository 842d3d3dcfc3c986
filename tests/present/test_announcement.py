"""An announcement keeps to Discord's limits and mentions nobody but configured roles, whatever X's text says."""

from dataclasses import replace
from datetime import datetime, timedelta

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Job, Kind, Shape, stands_as
from spacebot.domain.guilds import AtEnd
from spacebot.domain.ids import RoleId, UserId
from spacebot.domain.spaces import Phase
from spacebot.present import announcement
from spacebot.present.card import Card, LinkButton
from spacebot.present.text import units
from tests.clocks import START
from tests.present.samples import GUILD, HOST, JOBS, RECORD, ROLE, assert_posted_safely, fields, job

SOON_AFTER = START - timedelta(minutes=64)
"""A minute after the Space of these tests began."""


@settings(max_examples=60)
@given(JOBS, st.booleans())
def test_an_announcement_is_safe_and_mentions_its_roles_only(of: Job, quiet: bool) -> None:
    card = announcement.announcement(of, START, quiet=quiet)
    assert_posted_safely(card)
    moments = {(Kind.LIVE, Phase.LIVE), (Kind.REMINDER, Phase.SCHEDULED)}
    called = (of.kind, stands_as(of.space, of.kind, of.at_end)) in moments and not quiet
    assert card.roles == ((ROLE,) if called else ())
    assert (card.content or "").count("<@&120>") == called
    assert not card.everyone


START_TAG = f"<t:{int(RECORD.started_at.timestamp())}:t>" if RECORD.started_at else ""
BEGAN = f"<t:{int(START.timestamp()) - 3900}:R>"
LATER = int((START + timedelta(hours=1)).timestamp())
OVER = replace(RECORD, phase=Phase.ENDED, ended_at=START, listened=60_000, observed=60)
PEOPLE = tuple(Host(user_id=UserId(str(at)), username=f"p{at}", name=f"Person {at}") for at in range(12))


def said(card: Card) -> list[str]:
    """The lines below the title."""
    assert card.embed is not None
    return (card.embed.description or "").splitlines()


def pressed(card: Card) -> list[tuple[str, str]]:
    """The buttons: their labels, and where they lead or what they ask."""
    return [(one.label, one.url if isinstance(one, LinkButton) else one.custom_id) for one in card.buttons]


@pytest.mark.parametrize(
    ("kind", "phase", "at", "says"),
    [
        (Kind.LIVE, Phase.LIVE, SOON_AFTER, "**Tea Time** is live on X"),
        (Kind.LIVE, Phase.LIVE, START, f"**Tea Time** is live on X, since {START_TAG}"),
        (Kind.LIVE, Phase.ENDED, START, "**Tea Time**'s Space has ended"),
        (Kind.LIVE, Phase.GONE, START, "**Tea Time**'s Space is no longer visible on X"),
        (Kind.SCHEDULED, Phase.SCHEDULED, START, "**Tea Time** has scheduled a Space"),
        (Kind.SCHEDULED, Phase.LIVE, START, "**Tea Time** is live on X"),
        (Kind.SCHEDULED, Phase.CANCELED, START, "**Tea Time**'s Space was canceled before it began"),
        (Kind.REMINDER, Phase.SCHEDULED, START, f"**Tea Time**'s Space on X starts <t:{LATER}:R>"),
        (Kind.REMINDER, Phase.LIVE, START, "**Tea Time** is live on X"),
        (Kind.ENDED, Phase.ENDED, START, "**Tea Time**'s Space has ended"),
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
    card = announcement.announcement(job(guest=guest, cohosts=(guest,)), SOON_AFTER)
    assert card.content == "**Coffee Break** is in a Space of **Tea Time** on X"
    assert said(card)[1:] == ["With Coffee Break"]


def test_a_live_announcement_says_who_what_since_when_and_where_to_listen() -> None:
    record = replace(RECORD, cohosts=tuple(one.user_id for one in PEOPLE[:2]), speakers=(UserId("7"),) * 10)
    host = replace(HOST, picture="https://pbs.twimg.com/profile_images/1/abc_normal.jpg")
    told = job(record, host, roles=(ROLE,), cohosts=PEOPLE[:2], speakers=PEOPLE[2:])
    card = announcement.announcement(told, SOON_AFTER)
    assert card.content == "<@&120> **Tea Time** is live on X"
    assert card.embed is not None
    assert card.embed.title == "Tea and type theory"
    assert card.embed.url == "https://x.com/i/spaces/1OyKAWXYZabcd#live"
    assert card.embed.thumbnail.url == "https://pbs.twimg.com/profile_images/1/abc_400x400.jpg"
    assert said(card) == [
        f"🔴 **Live** · 1,234 listening · started {BEGAN}",
        "With Person 0, Person 1 · on stage Person 2, Person 3, Person 4 and 7 more",
    ]
    assert pressed(card) == [
        ("Listen", "https://x.com/i/spaces/1OyKAWXYZabcd"),
        ("Who's there · 13", "who:1OyKAWXYZabcd"),
    ]


def test_who_is_not_known_by_name_is_counted_all_the_same() -> None:
    record = replace(RECORD, cohosts=(UserId("1"), UserId("2")), speakers=(UserId("3"),))
    assert said(announcement.announcement(job(record, cohosts=PEOPLE[:1]), START))[1:] == [
        "With Person 0 and 1 more · on stage 1 person"
    ]


@pytest.mark.parametrize(("ticketed", "told"), [(True, ["🎟️ A ticket is needed to listen"]), (False, []), (None, [])])
def test_a_ticket_is_spoken_of_only_where_one_is_needed(ticketed: bool | None, told: list[str]) -> None:
    record = replace(RECORD, is_ticketed=ticketed)
    assert said(announcement.announcement(job(record), START))[1:] == told
    assert len(said(announcement.announcement(job(replace(record, phase=Phase.ENDED)), START))) == 1


def test_a_scheduled_space_has_its_date_and_how_far_off_that_is() -> None:
    record = replace(RECORD, phase=Phase.SCHEDULED, peak=None, scheduled_start=START + timedelta(hours=1))
    card = announcement.announcement(job(record, kind=Kind.SCHEDULED), START)
    assert said(card) == [f"🗓️ **<t:{LATER}:F>** · <t:{LATER}:R>"]
    assert pressed(card) == [("Open on X", "https://x.com/i/spaces/1OyKAWXYZabcd")]
    canceled = announcement.announcement(job(replace(record, phase=Phase.CANCELED)), START)
    assert said(canceled) == [f"**Canceled** · was to start <t:{LATER}:F>"]
    assert pressed(canceled) == []


def test_who_is_invited_and_the_topics_are_told_while_it_is_scheduled_and_where_wanted() -> None:
    ids = tuple(UserId(str(at)) for at in range(20))
    record = replace(RECORD, phase=Phase.SCHEDULED, peak=None, invited=ids, topics=("Tea", "*Music*"))
    wanted = job(record, kind=Kind.SCHEDULED, shows_invited=True, invited=PEOPLE)
    assert said(announcement.announcement(wanted, START))[1:] == [
        "Invited to speak: Person 0, Person 1, Person 2, Person 3, Person 4 and 15 more",
        r"-# Topics: Tea, \*Music\*",
    ]
    alone = replace(wanted, space=replace(record, invited=ids[:1], topics=()), invited=PEOPLE[:1])
    assert said(announcement.announcement(alone, START))[1:] == ["Invited to speak: Person 0"]
    for other in (
        replace(wanted, shows_invited=False),
        replace(wanted, space=replace(record, phase=Phase.LIVE)),
        replace(wanted, space=replace(record, phase=Phase.CANCELED)),
    ):
        told = "\n".join(said(announcement.announcement(other, START)))
        assert "Invited" not in told
        assert "Tea" not in told


def test_a_summary_tells_duration_peak_average_course_and_who_spoke() -> None:
    record = replace(OVER, curve=(100, 400, None, 2345, 1200, 800), spoke=(UserId("2"), UserId("3")))
    card = announcement.announcement(job(record, roles=(ROLE,), cohosts=PEOPLE[:1], speakers=PEOPLE[1:3]), START)
    assert card.content == "**Tea Time**'s Space has ended"
    assert said(card) == [
        "**1 h 5 min** · peak **2,345** · average 1,000",
        "`▁▂▂█▅▃` listeners over time",
        "-# With Person 0 · Person 1, Person 2 spoke",
    ]
    assert pressed(card) == [("Who's there · 3", "who:1OyKAWXYZabcd")]
    assert (card.roles, card.everyone) == ((), False)
    assert card.embed is not None
    assert card.embed.url == "https://x.com/i/spaces/1OyKAWXYZabcd#live"


def test_a_space_that_nobody_saw_end_claims_no_duration() -> None:
    gone = replace(RECORD, phase=Phase.GONE, peak=7, ended_at=START)
    card = announcement.announcement(job(gone), START)
    assert card.content == "**Tea Time**'s Space is no longer visible on X"
    assert said(card) == ["No longer visible on X: it has ended, or was withdrawn · peak **7**"]


def test_everyone_is_called_by_name_and_only_as_configured() -> None:
    card = announcement.announcement(job(roles=(RoleId(GUILD), ROLE)), SOON_AFTER)
    assert card.content == "@everyone <@&120> **Tea Time** is live on X"
    assert (card.everyone, card.roles) == (True, (ROLE,))


def test_what_is_left_as_it_was_says_that_it_is_over_and_loses_its_button_to_listen() -> None:
    before = announcement.announcement(job(roles=(ROLE,), speakers=PEOPLE[:1]), SOON_AFTER)
    ended = int(START.timestamp())
    left = announcement.announcement(job(OVER, roles=(ROLE,), speakers=PEOPLE[:1], at_end=AtEnd.LEAVE), SOON_AFTER)
    assert left.content == before.content
    assert left.embed is not None
    assert before.embed is not None
    assert (left.embed.title, left.embed.url) == (before.embed.title, before.embed.url)
    assert left.embed.colour == discord.Colour(0x8899A6)
    assert said(left) == [f"**Ended** · <t:{ended}:F> · <t:{ended}:R>", *said(before)[1:]]
    assert pressed(left) == pressed(before)[1:]


def test_what_tells_of_the_end_is_not_left_as_it_was() -> None:
    card = announcement.announcement(job(OVER, kind=Kind.ENDED, at_end=AtEnd.LEAVE), START)
    assert said(card) == ["**1 h 5 min** · peak **2,345** · average 1,000"]


def test_a_long_title_is_cut() -> None:
    card = announcement.announcement(job(replace(RECORD, title="tea " * 100)), START)
    assert card.embed is not None
    assert units(card.embed.title or "") <= 140


# In the first shape


def old(told: Job, at: datetime = SOON_AFTER) -> Card:
    return announcement.announcement(replace(told, shape=Shape.FIELDS), at)


def test_what_was_posted_in_fields_is_edited_in_fields() -> None:
    live = old(job(roles=(ROLE,)))
    assert live.content == "<@&120> **Tea Time** is live in a Space on X."
    assert fields(live) == {"Started": BEGAN, "Listeners": "1,234"}
    assert pressed(live) == [("Listen", "https://x.com/i/spaces/1OyKAWXYZabcd")]
    over = old(job(OVER, cohosts=PEOPLE[:1], speakers=PEOPLE[1:2]))
    assert over.content == "**Tea Time**'s Space has ended."
    assert fields(over) == {
        "Duration": "1 h 5 min",
        "Most listeners": "2,345",
        "On average": "1,000",
        "Co-hosts": "Person 0 (@\u2060p0)",
        "Who spoke": "Person 1 (@\u2060p1)",
    }
    assert over.buttons == ()
    assert over.embed is not None
    assert over.embed.url == "https://x.com/i/spaces/1OyKAWXYZabcd#live"


def test_what_was_posted_in_fields_and_is_left_as_it_was_says_that_it_is_over() -> None:
    before, left = old(job()), old(job(OVER, at_end=AtEnd.LEAVE))
    assert (left.content, fields(left), left.buttons) == (before.content, fields(before), ())
    assert left.embed is not None
    assert (left.embed.description, left.embed.colour) == ("Ended", discord.Colour(0x8899A6))
