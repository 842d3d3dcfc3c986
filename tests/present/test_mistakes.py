"""Every mistake has its sentence, is made somewhere, and comes with the values that its sentence tells."""

import ast
from pathlib import Path
from string import Formatter

import pytest

from spacebot.domain.mistakes import Mistake
from spacebot.errors import StoreError, UserMistake
from spacebot.present.mistakes import SENTENCES, sentence
from tests.clocks import START

ROOT = Path(__file__).parent.parent.parent
FILES = [path for folder in ("spacebot", "cogs") for path in sorted((ROOT / folder).rglob("*.py"))]
TREES = [ast.parse(path.read_text()) for path in FILES if path.name != "mistakes.py"]


def named(node: ast.AST) -> list[Mistake]:
    """The mistakes that are named in a piece of code."""
    return [
        Mistake[each.attr]
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "Mistake"
    ]


CALLS = [
    node
    for tree in TREES
    for node in ast.walk(tree)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "UserMistake"
]
GIVEN = [(mistake, {keyword.arg for keyword in call.keywords}) for call in CALLS for mistake in named(call)]


ADDED = {"space_hint", "host_hint", "permission", "path"}
"""What sentences tell that is no value of their mistake."""


def placeholders(mistake: Mistake) -> set[str]:
    """The values that a sentence tells; `variable` is its `name` in braces."""
    found = {name for _, name, _, _ in Formatter().parse(SENTENCES[mistake]) if name is not None}
    return {"name" if name == "variable" else name for name in found} - ADDED


def test_every_mistake_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Mistake)


def test_no_mistake_is_left_that_nobody_makes() -> None:
    assert {mistake for tree in TREES for mistake in named(tree)} == set(Mistake)


def test_a_mistake_comes_with_the_values_that_its_sentence_tells() -> None:
    for mistake, names in GIVEN:
        assert names == placeholders(mistake), mistake
    passed_on = set(Mistake) - {mistake for mistake, _ in GIVEN}
    assert not [mistake for mistake in passed_on if placeholders(mistake)]


@pytest.mark.parametrize("mistake", Mistake)
def test_a_sentence_is_one_line_that_ends(mistake: Mistake) -> None:
    said = sentence(
        UserMistake(
            mistake,
            count=3,
            most=2048,
            channel="<#1>",
            lacking="Send Messages",
            name="A {role}",
            seconds=40,
            until=START,
            there="{a}, {b}",
            names="red, blue",
            column="also",
            allowed="cohost",
            link="https://discord.com/oauth2/authorize?client_id=1",
        )
    )
    assert "\n" not in said
    assert said.endswith((".", "…"))


def test_the_values_stand_in_the_sentence() -> None:
    assert sentence(UserMistake(Mistake.QUERY_TOO_LONG, most=2048)) == (
        "That search is too long: X takes at most 2,048 characters."
    )
    assert "ping A {role};" in sentence(UserMistake(Mistake.ROLE_NOT_MENTIONABLE, name="A {role}", seconds=40))


def test_other_errors_have_their_own_text() -> None:
    assert sentence(StoreError("The disk is full.")) == "The disk is full."


def test_a_log_shows_the_mistake_and_its_values() -> None:
    assert str(UserMistake(Mistake.TOO_MANY_HOSTS, count=25)) == "too_many_hosts count=25"
