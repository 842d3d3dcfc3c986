"""What an answer costs."""

from decimal import Decimal

from spacebot.x.model import Page, Post, Space, SpaceId, User, UserId
from spacebot.x.money import Prices, Usage, dollars, usage_of
from spacebot.x.posts import PostId


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
