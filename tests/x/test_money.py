"""What an answer costs."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.ids import SpaceId, UserId
from spacebot.x import endpoints
from spacebot.x.base import XObject
from spacebot.x.endpoints import Request
from spacebot.x.fields import FULL, SWEEP
from spacebot.x.lenient import answered_at
from spacebot.x.model import Page, Problem, Space, User
from spacebot.x.money import Prices, Usage, ceiling_of, dollars, millicents, usage_of
from spacebot.x.posts import Post, PostId


def test_spaces_and_the_accounts_that_come_along_are_counted() -> None:
    page = Page(
        items=(Space(id=SpaceId("1a")), Space(id=SpaceId("1b"))),
        users={UserId("7"): User(id=UserId("7"), username="seven")},
    )
    usage = usage_of(page)
    assert usage == Usage(spaces=frozenset({"1a", "1b"}), users=frozenset({"7"}))
    assert dollars(usage.cost()) == Decimal("0.02")


def test_accounts_and_posts_that_were_asked_for_are_counted_once() -> None:
    people = Page(items=(User(id=UserId("7")),), users={UserId("7"): User(id=UserId("7"))})
    posts = Page(items=(Post(id=PostId("9")),), posts={"8": Post(id=PostId("8"))})
    assert usage_of(people).cost() == 1_000
    assert usage_of(posts) == Usage(posts=frozenset({"8", "9"}))


def test_an_empty_answer_is_free() -> None:
    assert not usage_of(Page[Space]())
    assert usage_of(Page[Space]()).cost() == 0


def test_what_was_paid_for_today_is_not_paid_for_again() -> None:
    morning = Usage(spaces=frozenset({"1a"}), users=frozenset({"7"}))
    evening = Usage(spaces=frozenset({"1a", "1b"}), users=frozenset({"7"}))
    assert (evening - morning).cost(Prices(space=3, user=100)) == 3
    assert (morning | evening) == evening


# The most that a request may cost


def test_a_sweep_may_return_a_hundred_spaces_and_the_hosts_asked_about() -> None:
    asked = tuple(str(number) for number in range(40))
    most = ceiling_of(Request(endpoint=endpoints.CREATORS, query={"user_ids": asked, **SWEEP.query()}))
    assert most.cost() == 100 * 500 + 40 * 1_000
    assert most.cost(paid=Usage(users=frozenset(asked[:30]))) == 100 * 500 + 10 * 1_000


def test_spaces_asked_for_by_id_are_the_only_ones_that_may_come() -> None:
    most = ceiling_of(Request(endpoint=endpoints.SPACES, query={"ids": ("1a", "1b"), **SWEEP.query()}))
    assert most.cost() == 2 * 500 + 2 * 1_000
    assert most.cost(paid=Usage(spaces=frozenset({"1a"}))) == 500 + 2 * 1_000


def test_an_account_that_is_paid_for_today_may_be_asked_for_free() -> None:
    by_id = ceiling_of(Request(endpoint=endpoints.USER, about="7", query={}))
    by_name = ceiling_of(Request(endpoint=endpoints.USER_BY_USERNAME, about="seven", query={}))
    assert by_id.cost(paid=Usage(users=frozenset({"7"}))) == 0
    assert by_name.cost(paid=Usage(users=frozenset({"7"}))) == 1_000


@pytest.mark.parametrize("endpoint", [endpoints.SEARCH, endpoints.POSTS, endpoints.BUYERS])
def test_a_list_is_as_long_as_was_asked_for(endpoint: endpoints.Endpoint[XObject]) -> None:
    about = None if endpoint is endpoints.SEARCH else "1a"
    few = ceiling_of(Request(endpoint=endpoint, about=about, query={"max_results": 10}))
    many = ceiling_of(Request(endpoint=endpoint, about=about, query={}))
    assert many.cost() == 10 * few.cost() > 0


ids = st.frozensets(st.from_regex(r"[0-9]{1,4}", fullmatch=True), min_size=1, max_size=100)


@given(hosts=ids, data=st.data())
def test_no_sweep_costs_more_than_what_was_laid_aside_for_it(hosts: frozenset[str], data: st.DataObject) -> None:
    makers = data.draw(st.lists(st.sampled_from(sorted(hosts)), max_size=100))
    paid = Usage(users=data.draw(st.frozensets(st.sampled_from(sorted(hosts)))))
    page = Page(
        items=tuple(Space(id=SpaceId(f"1{number}"), creator_id=UserId(maker)) for number, maker in enumerate(makers)),
        users={UserId(maker): User(id=UserId(maker)) for maker in makers},
    )
    most = ceiling_of(Request(endpoint=endpoints.CREATORS, query={"user_ids": tuple(hosts), **SWEEP.query()}))
    assert (usage_of(page) - paid).cost() <= most.cost(paid=paid)


@given(asked=ids, shown=st.data())
def test_no_look_at_spaces_by_id_costs_more_than_what_was_laid_aside_for_it(
    asked: frozenset[str], shown: st.DataObject
) -> None:
    seen = shown.draw(st.lists(st.sampled_from(sorted(asked)), unique=True))
    speakers = shown.draw(st.integers(0, 10))
    page = Page(
        items=tuple(Space(id=SpaceId(one)) for one in seen),
        users={
            UserId(f"{one}0{number}"): User(id=UserId(f"{one}0{number}")) for one in seen for number in range(speakers)
        },
    )
    most = ceiling_of(Request(endpoint=endpoints.SPACES, query={"ids": tuple(asked), **FULL.query()}))
    assert usage_of(page).cost() <= most.cost()


def test_what_could_not_be_read_was_billed_all_the_same() -> None:
    page = Page(items=(Space(id=SpaceId("1a")),), problems=(Problem(type="unreadable"), Problem(type="not-found")))
    assert usage_of(page).cost() == 2 * 500


# The day of the bill


def test_the_day_of_the_bill_is_the_one_on_x_own_clock() -> None:
    ours = datetime(2026, 10, 2, 0, 0, 1, tzinfo=UTC)
    stated = answered_at({"date": "Thu, 01 Oct 2026 23:59:59 GMT"}, ours)
    assert stated == datetime(2026, 10, 1, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Oct 2026 12:00:00"])
def test_a_date_that_is_missing_or_nonsense_is_not_believed(date: str | None) -> None:
    ours = datetime(2026, 10, 2, 0, 0, 1, tzinfo=UTC)
    assert answered_at({} if date is None else {"Date": date}, ours) == ours


def test_dollars_and_thousandths_of_a_cent_are_the_same_money() -> None:
    assert millicents(Decimal("0.005")) == Prices().space
    assert dollars(millicents(Decimal("12.34567"))) == Decimal("12.34567")
