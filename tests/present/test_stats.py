"""The words of `/host-stats` in every language, whatever was counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.ids import UserId
from spacebot.domain.stats import Counted, HostStats, OwnCount, heat, summed
from spacebot.present.chart import drawable
from spacebot.present.language import LANGUAGES, speaking
from spacebot.present.stats import ALT_LIMIT, OWN_SHOWN, alt_text, picture_of, stats_card
from spacebot.present.text import units
from tests.present.samples import HOST, HOSTS, assert_posted_safely

BEGAN = datetime(2026, 6, 1, 20, tzinfo=UTC)
SPACE = Counted(began=BEGAN, until=BEGAN + timedelta(hours=1), has_end=True, peak=40, listened=600, observed=60)


def stats(*spaces: Counted, **more: object) -> HostStats:
    sums = summed(spaces)
    values = {
        "host": HOST,
        "zone": "UTC",
        "sums": sums,
        "lately": sums,
        "before": sums,
        "since": None,
        "heat": heat(spaces, UTC),
        "is_cut": False,
        **more,
    }
    return HostStats(**values)  # type: ignore[arg-type]  # of any kind


counted = st.builds(
    Counted,
    began=st.just(BEGAN),
    until=st.timedeltas(timedelta(), timedelta(days=400)).map(lambda length: BEGAN + length),
    has_end=st.booleans(),
    peak=st.none() | st.integers(0, 10**9),
    listened=st.integers(0, 10**15),
    observed=st.integers(0, 10**6),
)
own = st.builds(
    OwnCount,
    began=st.just(BEGAN),
    reminders=st.none() | st.integers(0, 10**9),
    tickets=st.none() | st.integers(0, 10**9),
)


@settings(deadline=None)
@given(
    spaces=st.lists(counted, max_size=4),
    before=st.none() | st.lists(counted, max_size=3),
    owned=st.lists(own, max_size=20),
    who=HOSTS,
    language=st.sampled_from(
        [code for code in LANGUAGES if code != "ar"]
    ),  # whose values have marks of ours around them
)
def test_whatever_was_counted_can_be_posted_in_every_language(
    spaces: list[Counted], before: list[Counted] | None, owned: list[OwnCount], who: Host, language: str
) -> None:
    since = BEGAN if before is None else None
    compared = None if before is None else summed(before)
    found = stats(*spaces, host=who, before=compared, since=since, own=tuple(owned))
    with speaking(language):
        assert_posted_safely(stats_card(found))
        picture = picture_of(found)
        assert (picture is None) == (not spaces)
        if picture is not None:
            assert drawable(picture.heading)
            assert 0 < units(alt_text(found)) <= ALT_LIMIT


def said(found: HostStats) -> str:
    embed = stats_card(found).embed
    assert embed is not None
    return "\n".join([embed.description or "", *(str(each.value) for each in embed.fields)])


def test_growth_is_told_with_its_sign_and_without_one_where_there_is_nothing_to_compare_with() -> None:
    twice, once = summed([SPACE, SPACE]), summed([SPACE])
    for lately, before, change in ((twice, once, "2; in the 30 days before: 1 (+100%)."), (once, twice, "(-50%).")):
        assert change in said(stats(SPACE, lately=lately, before=before))
    assert "in the 30 days before: 0.\n" in said(stats(SPACE, before=summed([]))) + "\n"
    assert "is told once a host was followed for 60 days" in said(stats(SPACE, before=None))


def test_the_usual_hours_are_named_and_numbered_days_explained() -> None:
    assert "Most often live: Monday 20:00 (UTC)." in said(stats(SPACE))
    assert "In the picture" not in said(stats(SPACE))
    with speaking("ja"):
        assert "月曜日 20:00" in said(stats(SPACE))
        assert "月曜日" in said(stats(SPACE)).splitlines()[-1]


@pytest.mark.parametrize("count", [1, 20])
def test_of_ones_own_spaces_the_last_are_listed(count: int) -> None:
    many = tuple(OwnCount(began=BEGAN, reminders=number, tickets=None) for number in range(count))
    told = said(stats(SPACE, own=many))
    assert told.count("tickets sold –") == min(count, OWN_SHOWN)  # noqa: RUF001 - what stands for no figure


def test_a_handle_that_cannot_be_drawn_is_an_id() -> None:
    picture = picture_of(stats(SPACE, host=replace(HOST, username="ŝtelo", user_id=UserId("99"))))
    assert picture is not None
    assert picture.heading == "99"
