"""What filters let pass, whatever titles and words are."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.filters import EVERYTHING, Filter, suits, tokens

WORDS = st.text(st.sampled_from("abcdéßøжяλ"), min_size=1, max_size=5)
"""Whole words of scripts that put spaces between them."""
BETWEEN = st.sampled_from([" ", "  ", ", ", " - ", ": ", "/", "'", "…", "\n", " #", ".\u200b "])
LANGS = st.sampled_from([None, "en", "en-GB", "iw", "he"])
MAYBE = st.sampled_from([None, True, False])
FILTERS = st.builds(
    Filter,
    want=st.lists(st.text(max_size=6), max_size=3).map(tuple),
    shun=st.lists(st.text(max_size=6), max_size=3).map(tuple),
    lang=LANGS,
    ticketed=MAYBE,
)


def takes(title: str | None, *, want: tuple[str, ...] = (), shun: tuple[str, ...] = ()) -> bool:
    return Filter(want=want, shun=shun).takes(title=title, lang=None, is_ticketed=None)


@given(words=st.lists(WORDS, min_size=1, max_size=8), data=st.data())
def test_a_phrase_of_a_title_is_found_in_it_in_any_case_and_a_part_of_a_word_is_not(
    words: list[str], data: st.DataObject
) -> None:
    title = words[0]
    for word in words[1:]:
        title += data.draw(BETWEEN) + word
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    phrase = " ".join(words[first:last])
    typed = data.draw(st.sampled_from([phrase, phrase.upper(), phrase.title(), unicodedata.normalize("NFD", phrase)]))
    assert takes(title, want=(typed,))
    assert not takes(title, shun=(typed,))
    for torn in (f"{phrase}z", f"z{phrase}"):
        assert not takes(title, want=(torn,))
        assert takes(title, shun=(torn,))


@given(
    filters=FILTERS, title=st.none() | st.text(max_size=30), lang=LANGS, is_ticketed=MAYBE, extra=st.text(max_size=6)
)
def test_more_wanted_words_let_more_pass_and_more_shunned_ones_less(
    filters: Filter, title: str | None, lang: str | None, is_ticketed: bool | None, extra: str
) -> None:
    def passes(**changed: object) -> bool:
        other = Filter(
            **{
                "want": filters.want,
                "shun": filters.shun,
                "lang": filters.lang,
                "ticketed": filters.ticketed,
                **changed,
            }  # type: ignore[arg-type]  # fields of it
        )
        return other.takes(title=title, lang=lang, is_ticketed=is_ticketed)

    passed = passes()
    if filters.want:
        assert passes(want=(*filters.want, extra)) >= passed
    assert passes(shun=(*filters.shun, extra)) <= passed
    assert passes(want=()) >= passed
    assert passes(want=(), shun=()) == suits(filters.lang, filters.ticketed, lang=lang, is_ticketed=is_ticketed)
    assert EVERYTHING.takes(title=title, lang=lang, is_ticketed=is_ticketed)


@given(text=st.text(max_size=40))
def test_the_words_of_a_text_are_the_same_however_they_are_joined(text: str) -> None:
    words = tokens(text)
    assert tokens(" ".join(words)) == words
    assert all(words)


@pytest.mark.parametrize(
    ("words", "title", "stands"),
    [
        ("art", "The ART of tea", True),
        ("art", "Start", False),
        ("type theory", "Type, theory & tea", True),
        ("type theory", "Theory of type", False),
        ("AC/DC", "ac dc night", True),
        ("#btc", "All about $BTC", True),
        ("$btc", "All about BTC", False),
        ("c++", "C++ for all", True),
        ("c++", "vitamin C", False),
        ("straße", "STRASSE", True),
        ("❤", "With ❤️", True),
        ("音楽", "今夜の音楽ライブ", True),
        ("音学", "今夜の音楽ライブ", False),
        ("ﾗｲﾌﾞ", "今夜の音楽ライブ", True),
        ("हिन्द", "हिन्दी में", False),
        ("हिन्दी", "हिन्दी में", True),
    ],
)
def test_whole_words_and_phrases_count(words: str, title: str, stands: bool) -> None:
    assert takes(title, want=(words,)) is stands
    assert takes(title, shun=(words,)) is not stands


def test_a_space_without_a_title_has_no_word_at_all() -> None:
    assert not takes(None, want=("tea",))
    assert takes(None, shun=("tea",))


def test_what_x_leaves_out_is_not_held_against_a_space() -> None:
    for lang, is_ticketed, passes in [
        ("es", True, True),
        ("es-MX", None, True),
        (None, True, True),
        ("en", True, False),
        ("es", False, False),
    ]:
        assert Filter(lang="es", ticketed=True).takes(title="Tea", lang=lang, is_ticketed=is_ticketed) is passes
