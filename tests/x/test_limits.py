"""How many requests may go, and when."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId
from spacebot.sandbox.x.limits import RateLimits
from spacebot.x.limits import LONGEST_WAIT, WINDOW, Budget, Gap, Rate, read_rate
from spacebot.x.shares import Shares, divided
from tests.clocks import FakeClock
from tests.errands import DETECTION, PEOPLE, member

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
START = 50_000.0
SLACK = 6.0
"""Seconds by which a window may seem longer than it is: headers are in whole seconds, and answers travel."""


def at(moment: float) -> datetime:
    """Our own wall clock at this monotonic time."""
    return NOW + timedelta(seconds=moment - START)


PARTS = {Purpose.DETECTION: 1.0}


def budget_of(limit: int, parts: Mapping[Purpose, float] = PARTS) -> Budget:
    return Budget(limit=limit, shares=Shares(parts=parts, people_share=0.1))


def told(remaining: int, reset_in: float, limit: int = 300) -> Rate:
    return Rate(limit=limit, remaining=remaining, reset_in=reset_in)


def sent_by(budget: Budget, errand: Errand, *, start: float, end: float) -> list[float]:
    """When a lane that always wants to send does so, between two moments."""
    now, sent = start, []
    while now < end:
        if (wait := budget.wait(errand, now)) > 0:
            now += max(wait, 1e-6)
            continue
        budget.count_request(errand, now)
        budget.request_done(Rate(), now)
        sent.append(now)
    return sent


def test_the_background_goes_every_three_and_a_third_seconds() -> None:
    sent = sent_by(budget_of(300), DETECTION, start=START, end=START + 3 * WINDOW)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert min(gaps) == pytest.approx(WINDOW / 270, rel=1e-3)
    assert max(gaps) == pytest.approx(WINDOW / 270, rel=1e-3)


def test_people_go_at_once_within_their_share_and_then_at_the_pace_at_which_others_let_theirs_pass() -> None:
    budget = budget_of(300)
    for _ in range(30):
        assert budget.wait(PEOPLE, START) == 0
        budget.count_request(PEOPLE, START)
    assert budget.wait(PEOPLE, START) == pytest.approx(WINDOW / 270, abs=0.02)
    sent = sent_by(budget, PEOPLE, start=START, end=START + WINDOW - 10)
    assert 260 <= len(sent) <= 270
    assert budget.wait(DETECTION, START + 400) <= WINDOW / 270


def test_people_alone_have_the_whole_window() -> None:
    budget = budget_of(300, {Purpose.PEOPLE: 1.0})
    for _ in range(300):
        assert budget.wait(PEOPLE, START) == 0
        budget.count_request(PEOPLE, START)
    assert budget.wait(PEOPLE, START) == WINDOW
    assert budget.wait(PEOPLE, START + WINDOW) == 0


def test_the_background_never_uses_peoples_share() -> None:
    budget = budget_of(300)
    sent_by(budget, DETECTION, start=START, end=START + WINDOW - 1)
    assert budget.window(START + WINDOW - 1).remaining >= 30
    budget.request_done(told(30, 400), START + WINDOW - 1)
    assert budget.wait(DETECTION, START + WINDOW - 1) == pytest.approx(400)
    assert budget.wait(PEOPLE, START + WINDOW - 1) == 0


@pytest.mark.parametrize(("limit", "people"), [(2, 1), (5, 1), (25, 2), (300, 30)])
def test_peoples_share_is_a_tenth_and_at_least_one(limit: int, people: int) -> None:
    assert divided(limit, PARTS, 0.1) == {Purpose.PEOPLE: people, Purpose.DETECTION: limit - people}


def test_what_cannot_be_divided_is_for_whoever_comes_first() -> None:
    budget = budget_of(1)
    assert budget.wait(PEOPLE, START) == budget.wait(DETECTION, START) == 0
    budget.count_request(PEOPLE, START)
    assert budget.wait(DETECTION, START) == WINDOW


def test_what_is_left_is_spread_over_what_is_left_of_the_window() -> None:
    budget = budget_of(300)
    budget.count_request(DETECTION, START)
    budget.request_done(told(130, 450), START)
    assert budget.wait(DETECTION, START) == pytest.approx(450 / (130 * 0.9 + 1), rel=0.02)


def test_what_somebody_else_has_used_is_missing_to_everybody_alike() -> None:
    budget = budget_of(300)
    budget.count_request(PEOPLE, START)
    budget.request_done(told(100, 890), START)
    for _ in range(9):
        assert budget.wait(PEOPLE, START) == 0
        budget.count_request(PEOPLE, START)
    assert budget.wait(PEOPLE, START) > 0
    assert budget.window(START).remaining == 91


SPACES_PARTS = {Purpose.DETECTION: 0.7, Purpose.KEYWORD: 0.2, Purpose.REFRESH: 0.1}
ASKERS = [
    PEOPLE,
    DETECTION,
    Errand(purpose=Purpose.DETECTION, at_once=True),
    Errand(purpose=Purpose.KEYWORD),
    Errand(purpose=Purpose.REFRESH),
]


@given(
    limit=st.sampled_from([25, 60, 300]),
    steps=st.lists(st.tuples(st.sampled_from(ASKERS), st.floats(0, 20), st.integers(1, 40)), max_size=60),
    victim=st.sampled_from([Purpose.DETECTION, Purpose.PEOPLE]),
)
def test_whatever_the_others_do_a_purpose_can_always_use_its_part_of_what_is_to_come(
    limit: int, steps: list[tuple[Errand, float, int]], victim: Purpose
) -> None:
    budget, now = budget_of(limit, SPACES_PARTS), START
    budget.count_request(DETECTION, now)
    budget.request_done(told(limit - 1, WINDOW, limit=limit), now)
    quota = divided(limit, SPACES_PARTS, 0.1)[victim]
    for errand, pause, times in steps:
        now += pause
        for _ in range(times):
            if errand.purpose is not victim and now < START + WINDOW and budget.wait(errand, now) <= 0:
                budget.count_request(errand, now)
                budget.request_done(Rate(), now)
    if now >= START + WINDOW:
        return
    to_come = quota * (START + WINDOW - now) / WINDOW
    mine = next(one for one in ASKERS if one.purpose is victim and one.is_urgent)
    got = 0
    while budget.wait(mine, now) <= 0:
        budget.count_request(mine, now)
        got += 1
    # The one request that opened the window was detection's.
    assert got + (victim is Purpose.DETECTION) >= int(to_come)
    assert budget.window(now).remaining >= 0


@given(guilds=st.integers(min_value=1, max_value=5), persons=st.integers(min_value=1, max_value=4))
def test_where_whole_guilds_ask_for_all_that_they_can_get_the_next_person_finds_a_request(
    guilds: int, persons: int
) -> None:
    budget = budget_of(300)
    taken: Counter[GuildId] = Counter()
    for _ in range(30):
        for guild in range(guilds):
            for person in range(persons):
                errand = member(100 * guild + person, guild=guild)
                if budget.wait(errand, START) == 0:
                    budget.count_request(errand, START)
                    taken[GuildId(guild)] += 1
    assert max(taken.values()) <= 15
    assert budget.wait(member(9_999, guild=99), START) == 0
    if persons == 1:
        assert budget.wait(member(9_999, guild=0), START) == 0


def test_one_person_gets_a_third_of_what_there_is_at_once_and_more_as_others_let_it_pass() -> None:
    budget = budget_of(300)
    assert len(sent_by(budget, member(), start=START, end=START + 0.1)) == 10
    assert 0 < budget.wait(member(), START) < WINDOW / 20


def test_headers_are_believed_over_the_constant() -> None:
    budget = budget_of(300)
    budget.count_request(PEOPLE, START)
    budget.request_done(told(0, 600, limit=1), START)
    assert budget.wait(PEOPLE, START) == pytest.approx(600)
    assert budget.limit == 1


def test_an_answer_that_arrives_late_does_not_give_requests_back() -> None:
    budget = budget_of(300)
    for _ in range(3):
        budget.count_request(PEOPLE, START)
    budget.request_done(told(297, 900), START + 1)
    budget.request_done(told(299, 900), START + 1)
    budget.request_done(told(298, 900), START + 1)
    assert budget.window(START + 1).remaining <= 297


def test_an_answer_of_the_last_window_says_nothing_of_this_one() -> None:
    budget = budget_of(300)
    for _ in range(2):
        budget.count_request(PEOPLE, START)
    budget.request_done(told(299, 890), START)
    budget.request_done(told(0, 3), START)
    assert budget.window(START).remaining == 298


def test_those_on_their_way_when_the_window_ends_count_in_the_next() -> None:
    budget = budget_of(10)
    budget.count_request(PEOPLE, START)
    budget.request_done(told(9, 5, limit=10), START)
    budget.count_request(PEOPLE, START + 4)
    assert budget.window(START + 6).remaining == 9


def test_a_refusal_empties_the_window_until_its_reset() -> None:
    budget = budget_of(300)
    budget.count_request(PEOPLE, START)
    budget.request_done(told(0, 321), START, refused=True)
    assert budget.wait(PEOPLE, START) == pytest.approx(321)
    assert budget.wait(DETECTION, START + 320) == pytest.approx(1)


def test_refusals_without_a_word_double_the_pause_up_to_a_window() -> None:
    budget, now, pauses = budget_of(300), START, []
    for _ in range(6):
        budget.count_request(PEOPLE, now)
        budget.request_done(Rate(), now, refused=True)
        pauses.append(budget.wait(PEOPLE, now))
        now += pauses[-1]
    assert pauses == [60, 120, 240, 480, 900, 900]
    budget.request_done(Rate(), now)
    budget.request_done(Rate(), now, refused=True)
    assert budget.wait(PEOPLE, now) == 60


def test_a_refusal_while_the_window_has_room_is_no_reason_to_wait_for_its_reset() -> None:
    budget = budget_of(300)
    budget.count_request(PEOPLE, START)
    budget.request_done(told(200, 800), START, refused=True)
    assert budget.wait(PEOPLE, START) == 2


def test_a_gap_lies_between_any_two() -> None:
    gap = Gap(seconds=1.0)
    assert gap.wait(START) == 0
    gap.count_request()
    assert gap.wait(START + 5) == 1.0  # it may not have arrived yet
    gap.request_done(START + 5)
    assert gap.wait(START + 5.25) == pytest.approx(0.75)
    assert gap.wait(START + 6) == 0


class Server:
    """X's side: fixed windows that begin with the first request of each, and headers in whole seconds of its own clock."""

    def __init__(self, limit: int, ahead: float) -> None:
        self.limit, self.ahead = limit, timedelta(seconds=ahead)
        self.ends = -1.0
        self.count = 0
        self.most = 0

    def receive(self, now: float) -> dict[str, str]:
        if now >= self.ends:
            self.ends, self.count = now + WINDOW, 0
        self.count += 1
        self.most = max(self.most, self.count)
        return {
            "X-Rate-Limit-Limit": str(self.limit),
            "x-rate-limit-remaining": str(max(0, self.limit - self.count)),
            "x-rate-limit-reset": str(int((at(self.ends) + self.ahead).timestamp()) + 1),
            "Date": format_datetime((at(now) + self.ahead).replace(microsecond=0), usegmt=True),
        }


@given(
    limit=st.sampled_from([1, 2, 10, 25]),
    ahead=st.floats(-1e5, 1e8),
    talks=st.booleans(),
    steps=st.lists(
        st.tuples(st.sampled_from([PEOPLE, DETECTION]), st.floats(0, 400), st.floats(0.01, 3), st.booleans()),
        min_size=1,
        max_size=120,
    ),
)
def test_never_more_than_the_limit_in_any_window(
    *, limit: int, ahead: float, talks: bool, steps: list[tuple[Errand, float, float, bool]]
) -> None:
    """Whoever asks however often, answers late or not at all: X's own count never passes the limit."""
    budget, server, now = budget_of(limit), Server(limit, ahead), START
    flying: list[tuple[float, Rate | None]] = []
    for errand, pause, latency, answered in steps:
        now += pause
        for arrival, rate in sorted(flying, key=lambda one: one[0]):
            if arrival <= now:
                budget.request_done(rate, arrival)
        flying = [one for one in flying if one[0] > now]
        if budget.wait(errand, now) > 0:
            continue
        budget.count_request(errand, now)
        headers = server.receive(now + latency / 2)
        rate = read_rate(headers if talks else {}, at(now + latency)) if answered else None
        flying.append((now + latency, rate))
    assert server.most <= limit


@given(
    limit=st.sampled_from([1, 3, 10]),
    fraction=st.floats(0, 0.99),
    steps=st.lists(
        st.tuples(st.sampled_from((PEOPLE, DETECTION)), st.floats(0, 400), st.floats(0.001, 3), st.booleans()),
        min_size=1,
        max_size=120,
    ),
)
def test_the_strict_local_x_never_refuses(
    *, limit: int, fraction: float, steps: list[tuple[Errand, float, float, bool]]
) -> None:
    """Its windows end at whole seconds, and the background takes whatever it is given."""
    clock = FakeClock()
    clock.jump(fraction)
    x, budget = RateLimits(clock), budget_of(limit)
    for lane, pause, latency, answered in steps:
        clock.jump(pause)
        if (wait := budget.wait(lane, clock.monotonic())) > WINDOW / 2:
            continue
        clock.jump(wait)
        if budget.wait(lane, clock.monotonic()) > 0:
            continue
        budget.count_request(lane, clock.monotonic())
        clock.jump(latency)
        status = x.take("spaces", "app", limit=limit, once_a_second=False, drain=False)
        assert not status.refused
        budget.request_done(read_rate(status.headers(), clock.now()) if answered else None, clock.monotonic())


@given(
    limit=st.integers(1, 12),
    steps=st.lists(st.tuples(st.sampled_from([PEOPLE, DETECTION]), st.floats(0, 300)), min_size=1, max_size=200),
)
def test_without_headers_any_900_seconds_hold_at_most_the_limit(limit: int, steps: list[tuple[Errand, float]]) -> None:
    budget, now, sent = budget_of(limit), START, []
    for errand, pause in steps:
        now += pause
        if budget.wait(errand, now) <= 0:
            budget.count_request(errand, now)
            budget.request_done(Rate(), now)
            sent.append(now)
    assert all(later - earlier >= WINDOW for earlier, later in zip(sent, sent[limit:], strict=False))


def test_the_reset_is_measured_against_xs_own_clock() -> None:
    headers = {"X-RATE-LIMIT-RESET": "1633364979", "date": "Mon, 04 Oct 2021 16:25:39 GMT"}
    assert read_rate(headers, datetime(2021, 10, 4, 16, 5, tzinfo=UTC)).reset_in == 240
    assert read_rate({"x-rate-limit-reset": str(int(NOW.timestamp()) + 33)}, NOW).reset_in == 33
    assert read_rate({"retry-after": "7"}, NOW).reset_in == 7


@pytest.mark.parametrize("date", ["Mon, 02 Oct 2023 12:00:00 GMT", "Thu, 01 Oct 2026 14:00:00 GMT", "today", ""])
def test_a_date_that_is_not_plausible_is_not_believed(date: str) -> None:
    assert read_rate({"x-rate-limit-reset": str(int(NOW.timestamp()) + 33), "Date": date}, NOW).reset_in == 33


def test_no_answer_closes_anything_for_longer_than_two_windows() -> None:
    a_year = str(int(NOW.timestamp()) + 365 * 86_400)
    assert read_rate({"x-rate-limit-reset": a_year}, NOW).reset_in == LONGEST_WAIT
    assert read_rate({"retry-after": "999999999"}, NOW).reset_in == LONGEST_WAIT


@given(text=st.text(), date=st.text())
def test_nonsense_in_headers_counts_as_silence(text: str, date: str) -> None:
    rate = read_rate({"x-rate-limit-limit": text, "x-rate-limit-reset": text, "Date": date}, NOW)
    assert rate.limit is None or text.isdigit()
    assert rate.reset_in is None or 0 <= rate.reset_in <= LONGEST_WAIT


# What X says may be wrong


@pytest.mark.parametrize("refused", [False, True])
def test_an_empty_window_until_far_ahead_lets_one_request_through_after_a_window(*, refused: bool) -> None:
    budget, now, sent = budget_of(300), START, []
    for _ in range(5):
        now += budget.wait(DETECTION, now)
        budget.count_request(DETECTION, now)
        budget.request_done(told(0, LONGEST_WAIT), now, refused=refused)
        sent.append(now)
    assert all(WINDOW <= later - earlier <= WINDOW + SLACK for earlier, later in pairwise(sent))


def test_a_window_kept_nearly_empty_does_not_starve_the_background_while_people_ask() -> None:
    budget, now, sent = budget_of(300), START, [START]
    while now < START + 8 * WINDOW:
        for lane in (DETECTION, PEOPLE):  # who sleeps until the window ends is there first
            if budget.wait(lane, now) <= 0:
                budget.count_request(lane, now)
                budget.request_done(told(5, LONGEST_WAIT), now)
                sent += [now] if lane is DETECTION else []
        now += 1.0
    assert max(later - earlier for earlier, later in pairwise(sent)) <= WINDOW + SLACK


def test_a_newer_answer_gives_requests_back_and_brings_the_reset_nearer() -> None:
    budget = budget_of(300)
    budget.count_request(PEOPLE, START)
    budget.request_done(told(1, LONGEST_WAIT, limit=2), START)
    budget.count_request(PEOPLE, START + 1)
    budget.request_done(told(250, 600), START + 2)
    window = budget.window(START + 2)
    assert (window.limit, window.remaining, window.reset) == (300, 250, START + 602)


def test_a_newer_answer_never_gives_back_more_than_what_we_ourselves_have_left() -> None:
    budget = budget_of(10)
    for second in range(4):
        budget.count_request(PEOPLE, START + second)
        budget.request_done(told(2, 600, limit=10), START + second)
    budget.count_request(PEOPLE, START + 5)
    budget.request_done(told(10, 590, limit=10), START + 5)
    assert budget.window(START + 5).remaining == 5


def test_an_answer_that_may_be_older_gives_nothing_back() -> None:
    budget = budget_of(300)
    budget.count_request(PEOPLE, START)
    budget.count_request(PEOPLE, START)
    budget.request_done(told(40, 600), START + 1)
    budget.request_done(told(250, 100), START + 2)
    assert budget.window(START + 2) == budget.window(START + 1)
    assert budget.window(START + 2).remaining == 39


def test_what_is_lost_on_the_way_may_land_in_the_next_window() -> None:
    budget = budget_of(10)
    budget.count_request(PEOPLE, START)
    budget.request_done(told(9, 5, limit=10), START)
    budget.count_request(PEOPLE, START + 4)
    budget.request_done(None, START + 4)
    assert budget.window(START + 6).remaining == 9


numbers = st.one_of(st.integers(0, 3), st.integers(0, 10**12), st.text(max_size=4)).map(str)
dates = st.one_of(
    st.datetimes(timezones=st.just(UTC)).map(format_datetime), st.just(format_datetime(NOW)), st.text(max_size=8)
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "x-rate-limit-limit": numbers,
        "x-rate-limit-remaining": numbers,
        "x-rate-limit-reset": st.one_of(
            numbers, st.integers(-2000, 2000).map(lambda off: str(int(at(START + off).timestamp())))
        ),
        "retry-after": numbers,
        "date": dates,
    },
)


@given(
    answers=st.lists(
        st.tuples(headers, st.booleans(), st.floats(0, 3), st.sampled_from((PEOPLE, DETECTION))),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_the_headers_say_one_request_goes_in_every_window(
    answers: list[tuple[dict[str, str], bool, float, Errand]],
) -> None:
    """An answer after the other, whatever each of them says, and whether or not it is a refusal."""
    budget, now = budget_of(300), START
    for given_headers, refused, latency, lane in answers:
        budget.count_request(lane, now)
        now += latency
        budget.request_done(read_rate(given_headers, at(now)), now, refused=refused)
        answered = now
        while (wait := budget.wait(lane, now)) > 0:
            now += max(wait, 1e-6)
            assert now - answered <= WINDOW + SLACK
