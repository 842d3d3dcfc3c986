"""Read from the source of the statements: each table has one owner, and no sentence for people is kept or compared."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacebot import store

MODULES = {path.stem: path for path in sorted(Path(store.__file__).parent.glob("*.py"))}
QUERIES = {name: path for name, path in MODULES.items() if name != "migrations"}
"""Migrations, once released, say for ever what they said."""

WRITES = re.compile(r"\b(?:INSERT(?: OR \w+)? INTO|UPDATE(?! SET)|DELETE FROM|REPLACE INTO)\s+(\S+)")
SQL = re.compile(r"\b(?:SELECT|FROM|WHERE|UPDATE|INSERT|DELETE|PRAGMA|AND|OR|IN|IS|COALESCE|LIMIT|ORDER BY)\b")
WORDS = re.compile(r"(?:[A-Za-z']+[,;:]? ){2,}[A-Za-z']+")
LITERAL = re.compile(r"'([^']*)'")

SHARED = {
    "spaces": {"seen", "forgetting"},
    "users": {"seen", "forgetting"},
    "watches": {"guilds", "keywords"},
}
"""X's words are removed in one place whatever they stand in; watches are of hosts or of words."""


def texts(tree: ast.Module) -> Iterator[str]:
    """What the module's code says: neither docstrings nor the texts of the errors that it raises and of the log."""
    silent = {
        id(node)
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Raise) or (isinstance(statement, ast.Call) and _is_for_operators(statement))
        for node in ast.walk(statement)
    }
    silent |= {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.value


def _is_for_operators(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id=name):
            return name.endswith("Error")
        case ast.Attribute(value=ast.Name(id="log")):
            return True
    return False


def said(name: str) -> list[str]:
    return list(texts(ast.parse(QUERIES[name].read_text())))


def test_each_table_is_written_by_one_module() -> None:
    writers = defaultdict(set)
    for name in QUERIES:
        for text in said(name):
            for table in WRITES.findall(text):
                writers[table].add(name)
    assert writers["deliveries"] == writers["audience"] == {"deliveries"}
    assert writers["notices"] == {"notices"}
    assert writers["pauses"] == {"pauses"}
    assert {table: modules for table, modules in writers.items() if len(modules) > 1} == SHARED


@pytest.mark.parametrize("name", QUERIES)
def test_no_sentence_for_people_is_kept_or_compared(name: str) -> None:
    for text in said(name):
        prose = LITERAL.findall(text) if SQL.search(text) else [text]
        assert not [part for part in prose if WORDS.search(part)], f"{name} says {text!r}"


def test_a_sentence_would_be_seen() -> None:
    code = '''
"""A docstring of several words."""
OVER = "the Space was over before it could be announced"
db.execute(f"UPDATE deliveries SET reason = 'no longer followed' WHERE {this}")
raise StoreError("The database is not open.")
'''
    found = [text for text in texts(ast.parse(code)) if WORDS.search(text)]
    assert len(found) == 2
    assert LITERAL.findall(found[1]) == ["no longer followed"]
    assert WRITES.findall(found[1]) == ["deliveries"]
