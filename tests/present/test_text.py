"""Whatever a text contains, Discord shows it letter for letter, mentions nobody and links nowhere."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spacebot.present.text import INVISIBLE, clipped, inert, plain, units

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)
"""Lone surrogates, control characters and all."""

PIECES = [
    *(
        "<@1>",
        "<@!1>",
        "<@&1>",
        "<#1>",
        "<t:1:R>",
        "</watch:1>",
        "<:a:1>",
        "<a:b:1>",
        "<id:guide>",
        "@everyone",
        "@here",
    ),
    *(
        "https://evil.example",
        "HTTP://evil.example/a",
        "discord.gg/abc",
        "[x](https://evil.example)",
        "<https://a.example>",
    ),
    *(
        "**",
        "__",
        "~~",
        "||",
        "`",
        "```",
        "\\",
        "\\\\",
        "> ",
        ">>> ",
        "# ",
        "-# ",
        "- ",
        "* ",
        "1. ",
        "[",
        "]",
        "(",
        ")",
    ),
    *("\u202e", "\u2066", "\u061c", "\x00", "\x85", "\u2028", "\n", "\t", "\ud800", "\udc00", "😀", "é", " ", "a", "1"),
]
NASTY = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)

DIRTY = re.compile(r"[\ud800-\udfff\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
TOKEN = re.compile(r"\\(?P<escaped>[!-/:-@\[-`{-~])|(?P<other>.)", re.DOTALL)


def unescaped(text: str) -> str:
    """What Discord still reads as markdown: everything that no backslash shields."""
    return "".join(found["other"] or "\N{MIDDLE DOT}" for found in TOKEN.finditer(text))


def shown(text: str) -> str:
    """What a person sees."""
    letters = (found["escaped"] or found["other"] for found in TOKEN.finditer(text))
    return "".join(letters).replace(INVISIBLE, "")


def assert_inert(text: str) -> None:
    """Nothing in it does anything."""
    assert not DIRTY.search(text)
    text.encode()
    bare = unescaped(text)
    assert not re.search(r"[\\*_~`|>#\[\]()+-]", bare), "markdown"
    assert not re.search(r"[<@](?!\u2060|…|$)", bare), "a mention, a timestamp, an emoji or a command"
    assert "://" not in bare, "a link"
    assert not re.search(r"\w\.\w", bare), "a bare domain"
    assert not re.search(r"\d\.", bare), "a numbered list"


@given(ANYTHING | NASTY, st.integers(1, 300))
@example("a\\", 2)
@example("\\\\\\", 4)
@example("discord.gg/abc", 256)
def test_inert_text_does_nothing_and_keeps_to_its_length(text: str, most: int) -> None:
    result = inert(text, most)
    assert_inert(result)
    assert units(result) <= most


@given(NASTY)
def test_inert_text_is_shown_letter_for_letter(text: str) -> None:
    words = " ".join(DIRTY.sub(" ", text).split())
    assert shown(inert(text, 10_000)) == words.replace(INVISIBLE, "")


@given(ANYTHING | NASTY, st.integers(1, 300))
def test_plain_text_is_one_clean_line_within_its_length(text: str, most: int) -> None:
    result = plain(text, most)
    assert not DIRTY.search(result)
    assert units(result) <= most
    result.encode()


@given(st.text(max_size=60), st.integers(1, 60))
def test_clipped_text_is_the_text_or_its_beginning(text: str, most: int) -> None:
    result = clipped(text, most)
    if units(text) <= most:
        assert result == text
    else:
        assert units(result) <= most
        assert result.endswith("…")
        assert text.startswith(result[:-1])


def test_length_is_counted_as_discord_counts() -> None:
    assert [units(text) for text in ("", "a", "é", "😀", "\ud800")] == [0, 1, 1, 2, 1]


def test_no_character_is_cut_in_half() -> None:
    assert clipped("😀😀😀", 4) == "😀…"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Tea and type theory", "Tea and type theory"),
        ("  two\n lines ", "two lines"),
        ("<@1>", f"<{INVISIBLE}@{INVISIBLE}1\\>"),
        ("@everyone", f"@{INVISIBLE}everyone"),
        ("https://a.example", r"https\://a\.example"),
        ("5:30 p.m. with Mr. T", r"5:30 p\.m. with Mr. T"),
        ("*bold*", r"\*bold\*"),
        ("\x00\u202e", ""),
    ],
)
def test_what_becomes_of_a_text(text: str, result: str) -> None:
    assert inert(text) == result
