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

LAYERS = (
    ("spacebot", "spacebot.clock", "spacebot.connections", "spacebot.outage"),
    ("spacebot.domain",),
    ("spacebot.errors",),
    ("spacebot.vault",),
    ("spacebot.x", "spacebot.settings"),
    ("spacebot.store",),
    ("spacebot.books",),
    ("spacebot.billing",),
    ("spacebot.watch",),
    ("spacebot.usecases",),
    ("spacebot.present",),
    ("spacebot.deliver",),
    ("spacebot.bot", "spacebot.web"),
    ("cogs",),
    ("spacebot.wiring",),
    ("spacebot.pulse",),
    ("spacebot.app",),
    ("spacebot.check",),
    ("spacebot.sandbox.discord.permissions", "spacebot.sandbox.discord.refusals", "spacebot.sandbox.discord.window"),
    ("spacebot.sandbox.discord.model",),
    ("spacebot.sandbox.discord.payloads",),
    ("spacebot.sandbox.discord.events", "spacebot.sandbox.discord.forms", "spacebot.sandbox.discord.sessions"),
    ("spacebot.sandbox.discord.gateway", "spacebot.sandbox.discord.app"),
    ("spacebot.sandbox.discord.http",),
    ("spacebot.sandbox.discord.server",),
    ("spacebot.sandbox.x", "spacebot.sandbox.discord"),
    ("spacebot.sandbox",),
    ("spacebot.__main__",),
)
"""From the bottom up. What stands in one name may know of itself and of what stands below, and of nothing else."""

PURE = (
    *("spacebot.errors", "spacebot.domain", "spacebot.present"),
    *("spacebot.x.base", "spacebot.x.model", "spacebot.x.posts", "spacebot.x.translation", "spacebot.x.vocabulary"),
    *("spacebot.x.reference", "spacebot.x.wire", "spacebot.x.refusals", "spacebot.x.lenient", "spacebot.x.endpoints"),
    "spacebot.x.sound",
    *("spacebot.x.fields", "spacebot.x.stream", "spacebot.x.subscriptions", "spacebot.x.limits", "spacebot.x.money"),
    *("spacebot.x.buckets", "spacebot.x.pots", "spacebot.x.shares"),
)
"""What these do, with those below them, is compute."""

MAY_IMPORT = {
    "discord": (
        *("spacebot.app", "spacebot.bot", "spacebot.check", "spacebot.__main__", "spacebot.sandbox", "cogs"),
        *("spacebot.deliver", "spacebot.present"),
    ),
    "aiohttp": (
        *("spacebot.app", "spacebot.check", "spacebot.wiring", "spacebot.sandbox", "spacebot.deliver", "spacebot.web"),
        *("spacebot.x.transport", "spacebot.x.auth", "spacebot.x.activity", "spacebot.x.bodies"),
        "spacebot.x.pictures",
    ),
    "sqlite3": ("spacebot.store",),
    "sqlite_utils": ("spacebot.store",),
    "babel": ("spacebot.present",),
    "cryptography": ("spacebot.vault",),
    "PIL": ("spacebot.present.chart",),
    "isal": ("spacebot.x.bodies",),
    "time": ("spacebot.clock", "spacebot.sandbox"),
}
"""What only these modules, and those below them, may import."""

ASKS_X = (
    *("spacebot.x.client", "spacebot.x.source", "spacebot.x.transport", "spacebot.x.wire", "spacebot.x.auth"),
    "spacebot.x.activity",
)

MAY_NOT_IMPORT = {
    "spacebot.store": ASKS_X,
    "spacebot.watch": ASKS_X,
    "spacebot.present": ("spacebot.store", "spacebot.watch", "spacebot.usecases", "spacebot.billing", *ASKS_X),
    "spacebot.deliver": ("spacebot.watch", "spacebot.usecases", "spacebot.billing", "spacebot.x.client"),
    "cogs": ("spacebot.store", "spacebot.watch", "spacebot.x.client", "spacebot.x.host_batcher"),
    "spacebot.sandbox.x": ("spacebot.x", "spacebot.store"),
    "spacebot.sandbox.discord": ("spacebot.x", "spacebot.store", "spacebot.present", "spacebot.bot"),
}
"""What stands below these, and yet is none of their business."""

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
            modules = [full for alias in node.names if (full := f"{node.module}.{alias.name}") in FILES]
            if len(modules) < len(node.names):  # a package that is named only to reach modules in it is none of them
                yield node.module
            yield from modules


def at_module_level(module: str) -> set[str]:
    """What of ours is needed to import a module: not what a function or a type checker imports."""
    tree = ast.parse(FILES[module].read_text())
    body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    needed = set(_imports(ast.Module(body=list(body), type_ignores=[]), module)) & set(FILES)
    # A package that is named only to reach a module in it does not need what that module needs.
    return {name for name in needed if not any(other.startswith(f"{name}.") for other in needed)} - {module}


def layer(module: str) -> tuple[int, str]:
    """The height of a module, and the name in `LAYERS` that it belongs to: the longest that fits."""
    fitting = [
        (len(name), height, name)
        for height, names in enumerate(LAYERS)
        for name in names
        if (module == name if name == "spacebot" else below(module, name))
    ]
    assert fitting, f"{module} stands in no layer"
    _, height, name = max(fitting)
    return height, name


def test_there_is_something_to_check() -> None:
    assert {"spacebot.app", "spacebot.x.model", "cogs.spaces", "spacebot"} <= set(FILES)
    assert {"asyncio", "spacebot.store.connection"} <= imports("spacebot.deliver.courier")
    for name in (*PURE, *MAY_NOT_IMPORT, *(name for names in LAYERS for name in names)):
        assert name in FILES, f"{name} is named here and is no more"


@pytest.mark.parametrize("module", FILES)
def test_each_library_is_known_in_its_own_place_only(module: str) -> None:
    for library, homes in MAY_IMPORT.items():
        if any(below(name, library) for name in imports(module)):
            assert below(module, *homes), f"{module} imports {library}"


@pytest.mark.parametrize("module", FILES)
def test_no_module_knows_of_what_stands_above_it(module: str) -> None:
    height, home = layer(module)
    for name in imports(module) & set(FILES):
        its_height, its_home = layer(name)
        assert its_home == home or its_height < height, f"{module} imports {name}"
    for place, others in MAY_NOT_IMPORT.items():
        if below(module, place):
            known = [name for name in imports(module) if below(name, *others)]
            assert not known, f"{module} imports {known}"


@pytest.mark.parametrize("module", [module for module in FILES if below(module, *PURE)])
def test_a_pure_module_does_nothing_but_compute(module: str) -> None:
    known = [name for name in imports(module) if below(name, *IN_OUT)]
    assert not known, f"{module} imports {known}"
    ours = [name for name in imports(module) & set(FILES) if not below(name, *PURE)]
    assert not [name for name in ours if FILES[name].name != "__init__.py"], f"{module} needs more than pure modules"


@pytest.mark.parametrize("module", FILES)
def test_nothing_is_hidden_behind_the_type_checker(module: str) -> None:
    assert "TYPE_CHECKING" not in FILES[module].read_text(), f"{module}: an import for types alone hides a circle"


def test_no_import_goes_in_a_circle() -> None:
    order = TopologicalSorter({module: at_module_level(module) for module in FILES})
    order.prepare()  # raises CycleError, which names the circle
