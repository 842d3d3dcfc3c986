"""PURE: application commands as a bot registers them; what `read_command` returns keeps Discord's rules for commands.

Source: Discord's documentation, 'Application Commands' (naming, options, limits).
"""

import re
import unicodedata
from typing import Any

from spacebot.sandbox.discord.forms.form import Form, Problems, utf16_length

COMMANDS = 100
OPTIONS = 25
CHOICES = 25
NAME = 32
DESCRIPTION = 100
COMMAND_IN_ALL = 8000

CHAT_INPUT = 1
MESSAGE = 3
SUBCOMMAND = 1
GROUP = 2
STRING = 3
INTEGER = 4
BOOLEAN = 5
USER = 6
CHANNEL = 7
ROLE = 8
MENTIONABLE = 9
NUMBER = 10
ATTACHMENT = 11

_CHANNEL_TYPES = frozenset({0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16})
_NUMERIC = frozenset({INTEGER, NUMBER})
_WITH_CHOICES = frozenset({STRING, INTEGER, NUMBER})
_MAX_PERMISSIONS = (1 << 54) - 1
_PERMISSIONS_TEXT = re.compile(r"\d{1,20}", re.ASCII)
_LOCALE = re.compile(
    "ar|bg|cs|da|de|el|en-GB|en-US|es-419|es-ES|fi|fr|he|hi|hr|hu|id|it|ja|ko|lt|nl|no|pl|pt-BR|ro|ru|sv-SE|th|tr|uk"
    "|vi|zh-CN|zh-TW"
)


def is_command_name(name: str) -> bool:
    """1 to 32 letters, digits, '-', '_' and "'", Devanagari and Thai signs; lower case where the script has one."""
    return 1 <= len(name) <= NAME and name == name.lower() and all(_may_stand_in_a_name(each) for each in name)


def _may_stand_in_a_name(character: str) -> bool:
    if character in "-_'" or unicodedata.category(character)[0] in "LN":
        return True
    return unicodedata.name(character, "").startswith(("DEVANAGARI ", "THAI CHARACTER "))


def read_commands(body: Any) -> list[dict[str, Any]]:
    """The commands of a bulk overwrite, names unique per type; a `Refusal` that names all that is wrong."""
    problems = Problems()
    whole = Form({"commands": body}, problems)
    commands: list[dict[str, Any]] = []
    forms: list[Form] = []
    seen = set()
    for index, item in enumerate(whole.items("commands", most=3 * COMMANDS)):
        form = Form(item, problems, (str(index),))
        command = _read(form)
        identity = (command["type"], command["name"])
        if identity in seen:
            form.wrong("name", *_NOT_UNIQUE)
        seen.add(identity)
        commands.append(command)
        forms.append(form)
    for kind in {command["type"] for command in commands}:
        same = [(form, each) for form, each in zip(forms, commands, strict=True) if each["type"] == kind]
        _require_own_names(same, *_NOT_UNIQUE)
    problems.refuse()
    return commands


def _require_own_names(named: list[tuple[Form, dict[str, Any]]], code: str, message: str) -> None:
    """Refuse names that people who read one language would see twice: of a command, or of an option, in that locale.

    That Discord refuses it, and with these codes, is taken from what it does to names themselves: it is not documented.
    """
    locales = sorted({locale for _, each in named for locale in each.get("name_localizations") or {}})
    for locale in locales:
        seen: set[str] = set()
        for form, each in named:
            own = (each.get("name_localizations") or {}).get(locale)
            if (own or each["name"]) in seen:
                inner = form.form("name_localizations") if own else None
                (inner or form).wrong(locale if inner else "name", code, message)
            seen.add(own or each["name"])


def read_command(body: Any, *, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """One command; with `known`, that command as the request changes it."""
    problems = Problems()
    form = Form(body, problems)
    if known is not None:
        kept = {key: known.get(key) for key in (*_FIELDS, "type")}
        form.fields = {**kept, **form.fields, "type": known["type"]}
    command = _read(form)
    problems.refuse()
    return command


_NOT_UNIQUE = ("APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")

_FIELDS = (
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "default_member_permissions",
    "dm_permission",
    "contexts",
    "integration_types",
    "nsfw",
)


def _read(form: Form) -> dict[str, Any]:
    kind = form.integer("type", least=1, most=4) or CHAT_INPUT
    form.require("name")
    name = form.text("name", most=NAME, least=1) or ""
    description = form.text("description", most=DESCRIPTION) or ""
    if kind == CHAT_INPUT:
        _require_command_name(form, name)
        form.require("description")
        if form.fields.get("description") == "":
            form.wrong("description", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {DESCRIPTION} in length.")
    elif description or form.fields.get("options"):
        key = "description" if description else "options"
        form.wrong(key, "APPLICATION_COMMAND_INVALID_FIELD", "Context menu commands cannot have this field")
    options = _read_options(form, depth=0)
    command = {
        "type": kind,
        "name": name,
        "name_localizations": _read_localizations(
            form, "name_localizations", NAME, is_name=kind == CHAT_INPUT, is_told_where=False
        ),
        "description": description,
        "description_localizations": _read_localizations(form, "description_localizations", DESCRIPTION),
        "default_member_permissions": _read_permissions(form),
        "dm_permission": form.boolean("dm_permission") is not False,
        "contexts": form.choices_of("contexts", frozenset({0, 1, 2})) or None,
        "integration_types": form.choices_of("integration_types", frozenset({0, 1})) or [0],
        "nsfw": form.boolean("nsfw") or False,
    }
    if options:
        command["options"] = options
    if _size(command) > COMMAND_IN_ALL:
        form.wrong_as_a_whole("APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({COMMAND_IN_ALL})")
    return command


def _require_command_name(form: Form, name: str) -> None:
    if name and not is_command_name(name):
        form.wrong("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _read_permissions(form: Form) -> str | None:
    value = form.fields.get("default_member_permissions")
    if isinstance(value, str) and _PERMISSIONS_TEXT.fullmatch(value):
        value = int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_PERMISSIONS:
        form.wrong("default_member_permissions", "NUMBER_TYPE_COERCE", "Value is not a set of permissions.")
        return None
    return str(value)


def _read_localizations(
    form: Form, key: str, most: int, *, is_name: bool = False, is_told_where: bool = True
) -> dict[str, str] | None:
    """Texts by locale. Of a command itself Discord says only that one of its names is wrong, and of an option which."""
    inner = form.form(key)
    if inner is None:
        return None
    if not all(_LOCALE.fullmatch(locale) for locale in inner.fields):
        form.wrong(key, "ENUM_TYPE_COERCE", f"Keys must be one of {_LOCALE.pattern}.")
        return None
    texts = {}
    for locale in inner.fields:
        text = inner.text(locale, most=most, least=1)
        if text and is_name and not is_command_name(text):
            where = inner.wrong if is_told_where else form.wrong
            where(locale if is_told_where else key, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
        texts[locale] = text or ""
    return texts


def _read_options(form: Form, *, depth: int) -> list[dict[str, Any]]:
    """The options of a command (depth 0), of a group (1) or of a subcommand (2)."""
    forms = form.forms("options", most=OPTIONS)
    options = [_read_option(option, depth=depth) for option in forms]
    names = set()
    optional_seen = False
    nests = [option["type"] in (SUBCOMMAND, GROUP) for option in options]
    if any(nests) and not all(nests):
        text = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        form.wrong("options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
    for each, option in zip(forms, options, strict=True):
        if option["name"] in names:
            text = "Option name must be unique"
            each.wrong("name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", text)
        names.add(option["name"])
        if option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            each.wrong_as_a_whole("APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        optional_seen = optional_seen or not option.get("required")
    twice = ("APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name must be unique")
    _require_own_names(list(zip(forms, options, strict=True)), *twice)
    return options


def _read_option(form: Form, *, depth: int) -> dict[str, Any]:
    form.require("type", "name", "description")
    kind = form.integer("type", least=1, most=ATTACHMENT) or STRING
    name = form.text("name", most=NAME, least=1) or ""
    _require_command_name(form, name)
    option: dict[str, Any] = {
        "type": kind,
        "name": name,
        "description": form.text("description", most=DESCRIPTION, least=1) or "",
    }
    for key, most in (("name_localizations", NAME), ("description_localizations", DESCRIPTION)):
        texts = _read_localizations(form, key, most, is_name=key.startswith("name"))
        if texts is not None:
            option[key] = texts
    if kind in (SUBCOMMAND, GROUP):
        return _read_nesting(form, option, depth=depth)
    if depth == 1:
        form.wrong("type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "A group holds subcommands only")
    option["required"] = form.boolean("required") or False
    _read_choices(form, option)
    _read_bounds(form, option)
    if kind == CHANNEL:
        types = form.choices_of("channel_types", _CHANNEL_TYPES)
        if types:
            option["channel_types"] = types
    return option


def _read_nesting(form: Form, option: dict[str, Any], *, depth: int) -> dict[str, Any]:
    kind = option["type"]
    deepest = 0 if kind == GROUP else 1
    if depth > deepest:
        form.wrong("type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Subcommands cannot be nested that deeply")
        return option
    option["options"] = _read_options(form, depth=1 if kind == GROUP else 2)
    if kind == GROUP and form.fields.get("options") in (None, []):
        form.wrong("options", "BASE_TYPE_REQUIRED", "This field is required")
    return option


def _read_choices(form: Form, option: dict[str, Any]) -> None:
    if form.boolean("autocomplete"):
        option["autocomplete"] = True
        if option["type"] not in _WITH_CHOICES or form.fields.get("choices"):
            text = "Autocomplete is for strings and numbers without choices"
            form.wrong("autocomplete", "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE_CONFLICT", text)
    if form.fields.get("choices"):
        option["choices"] = [read_choice(each, option["type"]) for each in form.forms("choices", most=CHOICES)]
        if option["type"] not in _WITH_CHOICES:
            form.wrong("choices", "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "This type has no choices")


def read_choice(form: Form, kind: int) -> dict[str, Any]:
    """One choice of an option of type `kind`: a name of 1 to 100 and a value of that type."""
    form.require("name", "value")
    name = form.text("name", most=100, least=1)
    value: Any
    if kind == INTEGER:
        value = form.integer("value")
    elif kind == NUMBER:
        value = form.number("value")
    else:
        value = form.text("value", most=100, least=1)
    choice = {"name": name, "value": value}
    texts = _read_localizations(form, "name_localizations", 100)
    if texts is not None:
        choice["name_localizations"] = texts
    return choice


def _read_bounds(form: Form, option: dict[str, Any]) -> None:
    if option["type"] in _NUMERIC:
        least, most = form.number("min_value"), form.number("max_value")
        names = ("min_value", "max_value")
    elif option["type"] == STRING:
        least, most = form.integer("min_length", least=0, most=6000), form.integer("max_length", least=1, most=6000)
        names = ("min_length", "max_length")
    else:
        return
    option.update({name: bound for name, bound in zip(names, (least, most), strict=True) if bound is not None})
    if least is not None and most is not None and least > most:
        form.wrong(names[0], "APPLICATION_COMMAND_OPTIONS_MIN_GREATER_THAN_MAX", "The least is more than the most")


def _size(command: dict[str, Any]) -> int:
    """What counts towards the 8,000: names, descriptions and values, the longest localization of each."""
    size = sum(utf16_length(f"{choice['name']}{choice['value']}") for choice in command.get("choices", []))
    for key in ("name", "description"):
        texts = [command.get(key) or "", *(command.get(f"{key}_localizations") or {}).values()]
        size += max(utf16_length(text) for text in texts)
    return size + sum(_size(option) for option in command.get("options", []))
