"""The answer to 'Who's there' names everybody who is known, page by page, and says what is no longer kept."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.ids import UserId
from spacebot.domain.spaces import Phase
from spacebot.domain.views import Company, SpaceView
from spacebot.present.card import Card
from spacebot.present.people import FORGOTTEN, PEOPLE_PER_PAGE, UNKNOWN, who_pages
from tests.present.samples import HOST, HOSTS, VIEWS, assert_posted_safely, view

PEOPLE = tuple(Host(user_id=UserId(str(at)), username=f"p{at}", name=f"Person {at}") for at in range(45))


def company(of: SpaceView, *, more: int = 0, is_forgotten: bool = False) -> Company:
    count = (of.host is not None) + len(of.cohosts) + len(of.speakers) + more
    return Company(view=of, count=count, is_forgotten=is_forgotten)


def lines(card: Card) -> list[str]:
    assert card.embed is not None
    return str(card.embed.description).splitlines()


@settings(max_examples=60)
@given(
    VIEWS,
    st.lists(HOSTS, max_size=3).map(lambda hosts: tuple(hosts * 33)),
    st.integers(0, 500),
    st.booleans(),
)
def test_every_page_is_safe_and_everybody_known_is_on_one(
    of: SpaceView, speakers: tuple[Host, ...], more: int, is_forgotten: bool
) -> None:
    told = company(replace(of, speakers=speakers), more=more, is_forgotten=is_forgotten)
    pages = who_pages(told)
    for page in pages:
        assert_posted_safely(page, is_titled=not is_forgotten)
    if not is_forgotten:
        assert sum(len(lines(page)) for page in pages) == max(told.count - more, 1)


def test_each_person_is_named_with_a_link_and_the_part_they_take() -> None:
    [page] = who_pages(company(view(cohosts=PEOPLE[:1], speakers=PEOPLE[1:2]), more=2))
    assert lines(page) == [
        "**Tea Time** ([@\u2060tea\\_time](https://x.com/tea_time)) · host",
        "**Person 0** ([@\u2060p0](https://x.com/p0)) · co-host",
        "**Person 1** ([@\u2060p1](https://x.com/p1)) · on stage",
    ]
    assert page.embed is not None
    assert page.embed.footer.text == "5 people, 2 not known by name · page 1 of 1"


def test_after_the_end_it_is_told_who_spoke() -> None:
    [page] = who_pages(company(view(Phase.ENDED, speakers=PEOPLE[:1])))
    assert [line.rpartition(" · ")[2] for line in lines(page)] == ["host", "spoke"]


def test_many_people_take_several_pages() -> None:
    pages = who_pages(company(view(speakers=PEOPLE)))
    assert [len(lines(page)) for page in pages] == [PEOPLE_PER_PAGE, PEOPLE_PER_PAGE, 6]


@pytest.mark.parametrize(("host", "footer"), [(HOST, "1 person · page 1 of 1"), (None, "0 people · page 1 of 1")])
def test_one_person_is_no_people(host: Host | None, footer: str) -> None:
    [page] = who_pages(company(view(host=host)))
    assert page.embed is not None
    assert page.embed.footer.text == footer


def test_what_is_no_longer_kept_is_said_to_be_so_with_what_was_counted() -> None:
    [page] = who_pages(company(view(Phase.ENDED, title=None, host=None, peak=9, average=4), is_forgotten=True))
    assert lines(page) == [FORGOTTEN, "peak **9** · average 4"]
    assert who_pages(None) == [Card(content=UNKNOWN)]
