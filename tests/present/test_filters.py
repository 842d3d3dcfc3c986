"""Whatever words admins filter by: they are kept as typed, and said within Discord's limits and without effect."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.filters import EVERYTHING, LONGEST_WORD, MOST_WORDS, Filter
from spacebot.domain.guilds import GuildConfig
from spacebot.domain.mistakes import Mistake
from spacebot.domain.views import InTheWay, SetUp
from spacebot.errors import UserMistake
from spacebot.present.card import Card
from spacebot.present.filters import filters_sentence, filters_text
from spacebot.present.watchlists import watch_pages
from spacebot.usecases.filters import changed, words_of
from tests.present.samples import GUILD, HOSTS, assert_posted_safely, line, text

WORDS = st.lists(
    st.text(max_size=LONGEST_WORD) | st.sampled_from(["@everyone", "<@&120>", "**", "]("]), max_size=MOST_WORDS
)
FILTERS = st.builds(
    Filter,
    want=WORDS.map(tuple),
    shun=WORDS.map(tuple),
    lang=st.sampled_from([None, "es", "zz-zz"]),
    ticketed=st.sampled_from([None, True, False]),
)
NOW = Filter(want=("tea",), shun=("ads",), lang="es", ticketed=True)


def typed(now: Filter, options: Mapping[str, str], *, is_reset: bool = False) -> Filter:
    all_of_them = {"want": None, "shun": None, "language": None, **options}
    return changed(now, **all_of_them, ticketed=None, is_reset=is_reset)


@settings(max_examples=60)
@given(host=HOSTS, filters=FILTERS)
def test_what_is_said_of_filters_is_safe(host: Host, filters: Filter) -> None:
    assert_posted_safely(Card(content=filters_sentence(host, filters)))
    one = line(host)
    one = replace(one, watch=replace(one.watch, filter=filters))
    pages = watch_pages(SetUp(config=GuildConfig(), watches=(one,) * 12), InTheWay(), GUILD)
    for page in pages:
        assert_posted_safely(page)
    assert sum(text(page).count("→ <#110>") for page in pages) == 12, "nobody is left out"


@settings(max_examples=200)
@given(st.text(max_size=80))
def test_any_text_is_words_or_a_mistake_and_what_is_kept_stays(typed_words: str) -> None:
    try:
        kept = words_of(typed_words)
    except UserMistake:
        return
    assert 1 <= len(kept) <= MOST_WORDS
    assert words_of(", ".join(kept)) == kept


def test_words_are_kept_once_in_order_whatever_the_comma() -> None:
    assert words_of(" Type  Theory,TEA、tea; Type-Theory\nads") == ("type theory", "tea", "ads")


def test_what_is_left_out_stays_unless_it_is_reset() -> None:
    assert typed(NOW, {}) == NOW
    assert typed(NOW, {"want": "coffee"}) == replace(NOW, want=("coffee",))
    assert typed(NOW, {}, is_reset=True) == EVERYTHING
    assert typed(NOW, {"language": "iw"}, is_reset=True) == Filter(lang="he")


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({"want": ""}, Mistake.NO_FILTER_WORD),
        ({"want": ",".join(map(str, range(MOST_WORDS + 1)))}, Mistake.TOO_MANY_FILTER_WORDS),
        ({"shun": "a" * (LONGEST_WORD + 1)}, Mistake.FILTER_WORD_TOO_LONG),
        ({"shun": "Tea!"}, Mistake.WANTED_AND_SHUNNED),
        ({"language": "Spanish!"}, Mistake.NOT_A_LANGUAGE),
    ],
)
def test_each_mistake_is_told(options: dict[str, str], mistake: Mistake) -> None:
    with pytest.raises(UserMistake) as caught:
        typed(NOW, options)
    assert caught.value.mistake is mistake


def test_a_list_names_some_of_many_words() -> None:
    said = filters_text(Filter(want=("a", "b", "c", "d"), ticketed=False))
    assert said == "only titled “a” or “b” or 2 more · without a ticket"
    assert filters_text(EVERYTHING) == ""
