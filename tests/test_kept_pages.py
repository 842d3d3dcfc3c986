"""Which paged answers are kept: nobody's push out another's."""

from spacebot.bot.replies import PAGES_EACH, PAGES_KEPT, KeptPages, PagedAnswer


def keep(pages: KeptPages, owner: int, count: int) -> list[str]:
    keys = [f"{owner} {number}" for number in range(count)]
    for key in keys:
        pages.keep(key, PagedAnswer(owner=owner, cards=[]))
    return keys


def kept(pages: KeptPages, keys: list[str]) -> list[str]:
    return [key for key in keys if pages.get(key) is not None]


def test_one_persons_510_answers_leave_everybody_elses_alone() -> None:
    pages = KeptPages()
    mine = keep(pages, 1, 3)
    greedy = keep(pages, 2, 510)
    assert kept(pages, mine) == mine
    assert kept(pages, greedy) == greedy[-PAGES_EACH:]


def test_where_all_together_are_too_many_whoever_has_most_loses_the_oldest() -> None:
    pages = KeptPages()
    mine = keep(pages, 1, 2)
    many = [keep(pages, owner, PAGES_EACH) for owner in range(2, 2 + PAGES_KEPT // PAGES_EACH)]
    assert kept(pages, mine) == mine
    assert sum(len(kept(pages, keys)) for keys in many) == PAGES_KEPT - len(mine)
    for owner in range(1000, 1000 + PAGES_KEPT // 2):
        keep(pages, owner, 1)
    assert kept(pages, mine)
