"""Every setting, every slash command and every module is documented where people look for it."""

import importlib
import re
from pathlib import Path

from discord import app_commands
from discord.ext import commands

import cogs
from spacebot.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")

DEEPEST = 8
"""Spaces before a name in the map; what begins further right goes on with the line above."""


def test_every_setting_stands_in_the_readme_with_its_description_and_default() -> None:
    for name, field in Settings.model_fields.items():
        row = next((line for line in README.splitlines() if line.startswith(f"| `{PREFIX}{name.upper()}` |")), None)
        assert row is not None, f"{name} is not documented"
        assert (field.description or "?").rstrip(".") in row
        default = (
            "required"
            if field.is_required()
            else "none"
            if field.default is None
            else f"`{field.default:g}`"
            if isinstance(field.default, float)
            else f"`{field.default}`"
        )
        assert f"| {default} |" in row


def test_every_slash_command_stands_in_the_readme_with_its_options() -> None:
    documented = {
        match["name"]: match["options"]
        for match in re.finditer(r"^\| `/(?P<name>[a-z -]+?)(?P<options>( \[?[a-z]+:\]?)*)` \|", README, re.MULTILINE)
    }
    for command in _commands():
        assert command.qualified_name in documented, f"/{command.qualified_name} is not documented"
        options = documented.pop(command.qualified_name)
        for parameter in command.parameters:
            written = f"{parameter.name}:" if parameter.required else f"[{parameter.name}:]"
            assert written in options, f"/{command.qualified_name} does not document {written}"
    assert not documented, f"documented, but not there: {sorted(documented)}"


def _commands() -> list[app_commands.Command[commands.Cog, ..., None]]:
    found: list[app_commands.Command[commands.Cog, ..., None]] = []
    for extension in cogs.EXTENSIONS:
        module = importlib.import_module(extension)
        for value in vars(module).values():
            if not (isinstance(value, type) and issubclass(value, commands.Cog) and value.__module__ == extension):
                continue
            group = getattr(value, "__cog_group_name__", None) if issubclass(value, commands.GroupCog) else None
            for command in value.__cog_app_commands__:
                inner = command.walk_commands() if isinstance(command, app_commands.Group) else [command]
                for each in inner:
                    assert isinstance(each, app_commands.Command)
                    parts = (group, command.name if each is not command else None, each.name)
                    command_name = " ".join(part for part in parts if part)
                    found.append(_Named(each, command_name))  # type: ignore[arg-type] # stands in for a bound command
    return found


class _Named:
    def __init__(self, command: app_commands.Command[commands.Cog, ..., None], qualified_name: str) -> None:
        self.qualified_name = qualified_name
        self.parameters = command.parameters


def test_every_module_has_its_line_in_the_map_of_the_architecture() -> None:
    described = _described((ROOT / "docs" / "architecture.md").read_text("utf-8"))
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in ("spacebot", "cogs", "pictures", "translations", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert sorted(there - described) == [], "not in the map"
    assert sorted(described - there) == [], "in the map, but not there"


def _described(document: str) -> set[str]:
    """The paths of all modules in the map: a line each below their folder's, or named beside the folder."""
    found: set[str] = set()
    above: list[tuple[int, str]] = []
    for line in document.split("```")[1].splitlines():
        name, indent = line.strip().partition(" ")[0], len(line) - len(line.lstrip())
        if not name.endswith(("/", ".py")) or indent > DEEPEST:
            name = ""
        if name:
            above = [each for each in above if each[0] < indent]
        folder = "".join(each for _, each in above)
        if name.endswith("/"):
            above.append((indent, name))
            folder += name
        elif name:
            found.add(folder + name)
            continue
        if folder.startswith("spacebot/sandbox/"):
            found.update(folder + named for named in re.findall(r"\w+\.py", line))
    return found
