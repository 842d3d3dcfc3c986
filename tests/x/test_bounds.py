"""Whatever an answer of X holds, what is read of it has bounds; what breaks one costs itself, and no neighbour."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.ids import SPACE_ID, USER_ID, UserId
from spacebot.domain.spaces import observe
from spacebot.errors import XUnreadable
from spacebot.x import endpoints
from spacebot.x.model import Page, Space, User
from spacebot.x.stream import Reader
from spacebot.x.translation import view_of
from spacebot.x.wire import read_answer
from tests.clocks import START

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "id": "1GoodSpace",
    "state": "live",
    "title": "Good",
    "creator_id": "5001",
    "host_ids": ["5001", "5002"],
    "speaker_ids": ["5003"],
    "participant_count": 12,
    "started_at": "2026-10-01T11:31:00.000Z",
}
NO_IDS: list[object] = ["", "a/b", "12345678901234", "é", "a\u0000", "١٢", "\ud800", "a b", {}, [], None, True]


def answer(*spaces: object, users: object = (), **more: object) -> Page[Space]:
    body = json.dumps({"data": spaces, "includes": {"users": users}, **more}).encode()
    return read_answer(endpoints.CREATORS, 200, {}, body, NOW)


def space(**fields: object) -> Space:
    """A Space that has these fields beside a good one, which is there as well."""
    page = answer({**GOOD, "id": "1Odd", **fields}, GOOD)
    odd, good = page.items
    assert good == answer(GOOD).items[0]
    return odd


@pytest.mark.parametrize("count", [2**63, 2**64, 2**31, -1, 10**400, "9" * 5000, 1e300, "many", float("nan")])
def test_a_count_that_cannot_be_is_left_out_and_nothing_else_is(count: object) -> None:
    odd = space(participant_count=count)
    assert (odd.participant_count, odd.title, odd.host_ids) == (None, "Good", ("5001", "5002"))


def test_a_number_of_thousands_of_digits_is_no_reason_to_read_nothing() -> None:
    body = json.dumps({"data": [{**GOOD, "participant_count": 0}, {**GOOD, "id": "1Other"}]})
    endless = body.replace('"participant_count": 0', f'"participant_count": {"9" * 5000}').encode()
    first, other = read_answer(endpoints.CREATORS, 200, {}, endless, NOW).items
    assert (first.participant_count, other.participant_count) == (None, 12)


@pytest.mark.parametrize("no_id", NO_IDS)
def test_an_item_whose_id_is_none_is_told_and_costs_no_neighbour(no_id: object) -> None:
    page = answer({**GOOD, "id": no_id}, GOOD, meta={"result_count": 2})
    assert [one.id for one in page.items] == ["1GoodSpace"]
    assert [problem.type for problem in page.problems] == ["unreadable"]
    assert not page.truncated


def test_a_lookup_of_one_thing_that_answers_with_another_id_than_an_id_is_unreadable() -> None:
    with pytest.raises(XUnreadable):
        read_answer(endpoints.SPACE, 200, {}, json.dumps({"data": {"id": "../1"}}).encode(), NOW)


@pytest.mark.parametrize("no_id", [*NO_IDS[:2], *NO_IDS[3:], "1" * 20, "12a", "-1"])
def test_an_id_inside_an_item_that_is_none_is_left_out(no_id: object) -> None:
    assert space(creator_id=no_id).creator_id is None
    assert space(host_ids=[no_id, "5009"]).host_ids == ("5009",)
    assert space(speaker_ids=["5009", no_id]).speaker_ids == ("5009",)
    page = answer(GOOD, users=[{"id": no_id, "username": "bad"}, {"id": "5001", "username": "good"}])
    assert list(page.users) == ["5001"]


@pytest.mark.parametrize("handle", ["a/b", "..", "a b", "x" * 41, "é", "a\u0000b", 7.5, {}])
def test_a_handle_that_is_none_never_stands_in_an_address(handle: object) -> None:
    page = answer(GOOD, users=[{"id": "5001", "username": handle, "name": "Good"}])
    user = page.users[page.items[0].creator_id]  # type: ignore[index]  # it has one
    assert (user.username, user.name, user.url) == ("", "Good", "https://x.com/i/user/5001")


def test_long_texts_and_lists_are_cut() -> None:
    odd = space(
        title="t" * 5000,
        lang="l" * 5000,
        speaker_ids=[str(number) for number in range(5000)],
        topic_ids=["t" * 300, "1"],
    )
    assert odd.title == "t" * 1000
    assert odd.lang == "l" * 100
    assert len(odd.speaker_ids) == 1000
    assert odd.topic_ids == ("1",)
    user = answer(GOOD, users=[{"id": "5001", "name": "n" * 5000, "profile_image_url": "https://" + "p" * 5000}]).users
    (only,) = user.values()
    assert (only.name, only.profile_image_url) == ("n" * 200, None)


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1970-01-01T00:00Z"]
)
def test_a_time_that_cannot_be_meant_is_neither_stored_nor_shown(moment: str) -> None:
    odd = space(started_at=moment, scheduled_start=moment, ended_at=moment)
    record = observe(None, odd, START).record
    assert record is not None
    assert (record.started_at, record.scheduled_start, record.ended_at) == (None, None, None)
    view = view_of(odd, Page(items=(odd,)))
    assert (view.started_at, view.scheduled_start, view.ended_at) == (None, None, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(["1a", "5001"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*GOOD, "username"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(odd=st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, JSON)), user=JSON)
def test_whatever_stands_beside_a_good_space_it_is_read_and_all_ids_are_ids(odd: dict[str, Any], user: object) -> None:
    page = answer(odd, GOOD, users=[user, {"id": "5001", "username": "good"}])
    assert page.items[-1].id == "1GoodSpace"
    assert len(page.items) + len(page.problems) == 2
    assert page.users[UserId("5001")].username == "good"
    for one in page.items:
        assert SPACE_ID.fullmatch(one.id)
        assert all(USER_ID.fullmatch(each) for each in (*one.host_ids, *one.speaker_ids, one.creator_id or "0"))
        assert one.participant_count is None or 0 <= one.participant_count < 2**31
        (one.title or "").encode()


def test_a_stream_line_about_no_space_says_that_something_was_missed() -> None:
    def line(space_id: str, user_id: str) -> bytes:
        payload = {"broadcast_id": space_id}
        data = {
            "event_uuid": f"u{space_id}",
            "event_type": "spaces.start",
            "filter": {"user_id": user_id},
            "payload": payload,
        }
        return json.dumps({"data": data}).encode()

    reader = Reader()
    for reading in (reader.read(line("1a/../b", "5001")), reader.read(line("1ab", "me"))):
        assert (reading.told, reading.is_clear) == (None, False)
    told = reader.read(line("1a", "5001")).told
    assert told is not None
    assert (told.space_id, told.user_id) == ("1a", "5001")


def test_accounts_asked_for_are_bounded_as_well() -> None:
    body = json.dumps(
        {"data": [{"id": "5001/x"}, {"id": "5001", "username": "ok", "public_metrics": {"tweet_count": 2**63}}]}
    )
    page = read_answer(endpoints.USERS, 200, {}, body.encode(), NOW)
    assert [user.id for user in page.items] == ["5001"]
    assert isinstance(page.items[0], User)
