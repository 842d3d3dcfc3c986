"""Who may know of whom: imports point one way, and each library is known in one place only."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("spacebot", "cogs")
    for path in sorted((ROOT / folder).rglob("*.py"))
}

PURE = (
    *("spacebot.errors", "spacebot.ids", "spacebot.views", "spacebot.store.rows", "spacebot.watch.lifecycle"),
    *(
        "spacebot.figures",
        "spacebot.post.text",
        "spacebot.post.compose",
        "spacebot.post.reports",
        "spacebot.x.base",
        "spacebot.x.model",
        "spacebot.x.posts",
    ),
    *("spacebot.x.reference", "spacebot.x.wire", "spacebot.x.refusals", "spacebot.x.mend", "spacebot.x.endpoints"),
    *("spacebot.x.vocabulary", "spacebot.x.stream", "spacebot.x.subscriptions"),
    *("spacebot.x.limits", "spacebot.x.money"),
)

MAY_IMPORT = {
    "discord": (
        *("spacebot.app", "spacebot.bot", "spacebot.check", "spacebot.__main__", "spacebot.sandbox", "cogs"),
        *("spacebot.post.publisher", "spacebot.post.compose", "spacebot.post.reports"),
    ),
    "aiohttp": (
        *("spacebot.app", "spacebot.check", "spacebot.sandbox", "spacebot.post.publisher", "spacebot.web"),
        *("spacebot.x.client", "spacebot.x.caller", "spacebot.x.auth", "spacebot.x.activity"),
    ),
    "sqlite3": ("spacebot.store",),
    "sqlite_utils": ("spacebot.store",),
    "babel": ("spacebot.post.compose",),
    "cryptography": ("spacebot.vault",),
    "time": ("spacebot.clock", "spacebot.sandbox"),
    "spacebot.sandbox": ("spacebot.sandbox", "spacebot.__main__"),
    "spacebot.app": ("spacebot.__main__", "spacebot.check", "spacebot.sandbox"),
    "spacebot.check": ("spacebot.__main__",),
    "cogs": ("cogs", "spacebot.bot"),
}
"""What only these modules, and those below them, may import."""

MAY_NOT_IMPORT = {
    "spacebot.x": ("spacebot.store", "spacebot.post", "spacebot.watch", "spacebot.guilds", "spacebot.bot"),
    "spacebot.watch": ("spacebot.post", "spacebot.x.client", "spacebot.x.wire", "spacebot.bot", "spacebot.guilds"),
    "spacebot.store": ("spacebot.post", "spacebot.x.client", "spacebot.watch.watcher", "spacebot.bot"),
    "spacebot.post": (
        "spacebot.bot",
        "spacebot.guilds",
        "spacebot.lookups",
        "spacebot.watch.watcher",
        "spacebot.x.client",
    ),
    "spacebot.guilds": ("spacebot.bot", "spacebot.post", "spacebot.watch.watcher"),
    "spacebot.lookups": ("spacebot.bot", "spacebot.post", "spacebot.watch.watcher"),
    "spacebot.health": ("spacebot.bot", "spacebot.post.publisher", "spacebot.x.client"),
    "cogs": ("spacebot.store", "spacebot.x.client", "spacebot.x.desk", "spacebot.watch.watcher"),
    "spacebot.sandbox.x": ("spacebot.x", "spacebot.store"),
    "spacebot.sandbox.discord": ("spacebot.x", "spacebot.store", "spacebot.post", "spacebot.bot"),
}
"""What these modules, and those below them, may not know of."""

IN_OUT = ("asyncio", "time", "socket", "ssl", "http", "urllib.request", "subprocess", "threading", "aiohttp", "sqlite3")


def below(name: str, *tops: str) -> bool:
    return any(name == top or name.startswith(f"{top}.") for top in tops)


@cache
def imports(module: str) -> frozenset[str]:
    """Everything that a module imports, wherever in it; a name taken from a module of ours counts as that module too."""
    return frozenset(_imports(ast.parse(FILES[module].read_text()), module))


def _imports(tree: ast.AST, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            assert node.module is not None
            yield node.module
            yield from (full for alias in node.names if (full := f"{node.module}.{alias.name}") in FILES)


def at_module_level(module: str) -> set[str]:
    """What of ours is needed to import a module: not what a function or a type checker imports."""
    tree = ast.parse(FILES[module].read_text())
    body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    needed = set(_imports(ast.Module(body=list(body), type_ignores=[]), module)) & set(FILES)
    # A package that is named only to reach a module in it does not need what that module needs.
    return {name for name in needed if not any(other.startswith(f"{name}.") for other in needed)} - {module}


def test_there_is_something_to_check() -> None:
    assert {"spacebot.app", "spacebot.x.model", "cogs.spaces", "spacebot"} <= set(FILES)
    assert {"asyncio", "spacebot.store.door"} <= imports("spacebot.post.courier")
    for name in (*PURE, *MAY_NOT_IMPORT):
        assert name in FILES, f"{name} is named here and is no more"


@pytest.mark.parametrize("module", FILES)
def test_each_library_is_known_in_its_own_place_only(module: str) -> None:
    for library, homes in MAY_IMPORT.items():
        if any(below(name, library) for name in imports(module)):
            assert below(module, *homes), f"{module} imports {library}"


@pytest.mark.parametrize("module", FILES)
def test_no_module_knows_of_what_stands_above_it(module: str) -> None:
    for place, others in MAY_NOT_IMPORT.items():
        if below(module, place):
            known = [name for name in imports(module) if below(name, *others)]
            assert not known, f"{module} imports {known}"


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_does_nothing_but_compute(module: str) -> None:
    known = [name for name in imports(module) if below(name, *IN_OUT)]
    assert not known, f"{module} imports {known}"
    ours = [name for name in imports(module) if below(name, "spacebot") and name not in {*PURE, "spacebot.x"}]
    assert not [name for name in ours if FILES[name].name != "__init__.py"], f"{module} needs more than pure modules"


def test_no_import_goes_in_a_circle() -> None:
    order = TopologicalSorter({module: at_module_level(module) for module in FILES})
    order.prepare()  # raises CycleError, which names the circle
