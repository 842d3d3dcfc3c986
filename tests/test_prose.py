"""Prose that people read stands in `spacebot/present/` alone: it can be translated there, and is never state."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("spacebot/usecases", "spacebot/store", "spacebot/domain", "spacebot/bot", "cogs")
FILES = [
    path.relative_to(ROOT).as_posix()
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.name != "migrations.py"
] + ["spacebot/web.py", "spacebot/x/reference.py"]

WORDS = re.compile(r"[A-Za-z](?:[a-z']*[,;:]? +[A-Za-z]){2}")
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|SET|AND|OR|JOIN|IN|IS|NULL|PRAGMA|ORDER BY|COALESCE)\b")


def is_elsewhere(node: ast.AST) -> bool:
    """Whether words may stand here: what only the operator reads, in the log or of the database, and what Discord registers."""
    match node:
        case ast.Expr(value=ast.Constant()):  # documentation
            return True
        case (
            ast.Call(func=ast.Attribute(value=ast.Name(id="log"))) | ast.Call(func=ast.Name(id="StoreError" | "Outage"))
        ):
            return True
        case ast.ClassDef(bases=[ast.Attribute(value=ast.Name(id="logging"), attr="Filter")]):
            return True
        case ast.Call(func=ast.Attribute(attr="describe" | "command" | "Group")):
            return True
        case ast.keyword(arg="group_description"):
            return True
    return False


def prose(node: ast.AST) -> Iterator[str]:
    """The string constants of three words and more that are no SQL."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            if WORDS.search(each.value) and not SQL.search(each.value):
                yield each.value
        elif not is_elsewhere(each):
            yield from prose(each)


def of(file: str) -> list[str]:
    return list(prose(ast.parse((ROOT / file).read_text())))


@pytest.mark.parametrize("file", FILES)
def test_no_prose_stands_outside_of_present(file: str) -> None:
    assert of(file) == []


def test_prose_is_found_where_it_stands() -> None:
    assert "That link leads to no Space. {space_hint}" in of("spacebot/present/mistakes.py")
    assert "My database is busy; please try again in a moment." in of("spacebot/present/bot.py")
