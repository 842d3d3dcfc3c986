"""A Space as an event of a guild: whatever X says of it, Discord takes it, and it says the Space's times as they are."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Job, Kind
from spacebot.domain.ids import UserId
from spacebot.domain.spaces import Phase
from spacebot.present.announcement import announcement
from spacebot.present.card import EventFace
from spacebot.present.events import AT_MOST, event_face
from tests.clocks import START
from tests.present.samples import JOBS, RECORD, assert_posted_safely, job

LATER = START + timedelta(hours=3)


def face_of(phase: Phase, *, title: str | None = "Big night", start: datetime | None = LATER) -> EventFace:
    """The event of a Space by 'Tea *Time*', as it should look at `START`."""
    host = Host(
        user_id=UserId("1"), username="teatime", name="Tea *Time*", picture="https://pbs.twimg.com/a_normal.jpg"
    )
    record = replace(RECORD, phase=phase, title=title, scheduled_start=start, started_at=None, live_seen_at=None)
    return event_face(job(record, host, kind=Kind.EVENT), START)


@given(JOBS, st.timedeltas(min_value=timedelta(days=-20), max_value=timedelta(days=20)))
def test_discord_takes_whatever_x_says(any_job: Job, passed: timedelta) -> None:
    card = announcement(replace(any_job, kind=Kind.EVENT), START + passed)
    face = card.event
    assert face is not None
    assert_posted_safely(card)
    if face.start is not None:
        assert face.start > START + passed
        assert face.end is not None
    if face.start is not None and face.end is not None:
        assert face.end > face.start


def test_it_is_called_as_its_space_and_says_whose_it_is_and_where() -> None:
    face = face_of(Phase.SCHEDULED)
    assert face.name == "Big night"
    assert "**Tea \\*Time\\***" in face.description
    assert face.location in face.description
    assert (face.start, face.end) == (LATER, LATER + timedelta(hours=2))
    assert face.picture == "https://pbs.twimg.com/a_400x400.jpg"
    assert face_of(Phase.SCHEDULED, title=" \n").name == "Space of Tea *Time*"


@pytest.mark.parametrize(
    ("phase", "start", "end"),
    [
        (Phase.LIVE, LATER, LATER + AT_MOST),
        (Phase.LIVE, START - timedelta(hours=1), START + AT_MOST),
        (Phase.LIVE, None, START + AT_MOST),
        (Phase.SCHEDULED, START, None),
        (Phase.SCHEDULED, None, None),
        (Phase.ENDED, LATER, None),
    ],
)
def test_no_time_is_set_that_has_passed_and_what_is_live_may_last(
    phase: Phase, start: datetime | None, end: datetime | None
) -> None:
    face = face_of(phase, start=start)
    assert (face.start, face.end) == (None, end)
