"""Holds exchanges with the local Discord against Discord's own OpenAPI document: every break of it is named, none is raised.

A request's snowflakes may be numbers, as libraries send them, and a new role's permissions a text; keys that the document does not know are only noted.
"""

import copy
import hashlib
import json
import os
import re
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped] # it has no types of its own
from jsonschema.exceptions import best_match  # type: ignore[import-untyped] # as above
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from spacebot.sandbox.discord import Exchange

_DOCUMENT = "urn:discord-openapi"
_INT32 = range(-(1 << 31), 1 << 31)
_INT64 = range(-(1 << 63), 1 << 63)
_DEPTH = 12

formats = FormatChecker()


@formats.checks("int32")  # type: ignore[untyped-decorator] # jsonschema has no types of its own
def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or value in _INT32


@formats.checks("int64")  # type: ignore[untyped-decorator] # as above
def _is_int64(value: object) -> bool:
    return not isinstance(value, int) or value in _INT64


@formats.checks("snowflake")  # type: ignore[untyped-decorator] # as above
def _is_snowflake(value: object) -> bool:
    return int(value) < 1 << 63 if isinstance(value, str) and value.isdigit() else isinstance(value, int)


def reference_document() -> dict[str, Any]:
    """Discord's document from the folder that REFERENCE_DOCUMENTS names; the test is skipped where there is none."""
    folder = os.environ.get("REFERENCE_DOCUMENTS")
    if not folder:
        pytest.skip("REFERENCE_DOCUMENTS does not name a folder with Discord's OpenAPI document")
    document: dict[str, Any] = json.loads((Path(folder) / "specs" / "discord-openapi.json").read_text("utf-8"))
    return document


def checker() -> "Document":
    """The check for a `LocalDiscord`."""
    return Document(*_reference())


class Schemas:
    """The document's schemas, compiled where they are first needed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._validators: dict[str, Any] = {}
        self._sound: set[tuple[str, bytes]] = set()

    @cached_property
    def _registry(self) -> Registry[Any]:
        resource = DRAFT202012.create_resource(self._document)
        registry: Registry[Any] = Registry().with_resource(_DOCUMENT, resource)
        return registry

    def problems(self, pointer: str, value: object) -> list[str]:
        """What is wrong with `value` by the schema at `pointer`; nothing, or the one sentence that says most."""
        same = (pointer, hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).digest())
        if same in self._sound:  # all commands, say, which are the same at each start of the bot
            return []
        validator = self._validators.get(pointer)
        if validator is None:
            schema = {"$ref": f"{_DOCUMENT}#{pointer}"}
            validator = Draft202012Validator(schema, registry=self._registry, format_checker=formats)
            self._validators[pointer] = validator
        if validator.is_valid(value):
            self._sound.add(same)
            return []
        error = best_match(validator.iter_errors(value))
        return [f"{error.json_path}: {error.message[:300]}"]

    def unknown_keys(self, schema: dict[str, Any], value: object, path: str = "$", depth: int = 0) -> Iterator[str]:
        """The keys of `value` that no alternative of `schema` knows."""
        alternatives = list(self._alternatives(schema, depth))
        if isinstance(value, list):
            items = {"anyOf": [each["items"] for each in alternatives if isinstance(each.get("items"), dict)]}
            for item in value:
                yield from self.unknown_keys(items, item, f"{path}[]", depth + 1)
        if not isinstance(value, dict) or any("additionalProperties" in each for each in alternatives):
            return
        known: dict[str, list[Any]] = {}
        for each in alternatives:
            for key, inner in each.get("properties", {}).items():
                known.setdefault(key, []).append(inner)
        for key, inner_value in value.items():
            if key in known:
                yield from self.unknown_keys({"anyOf": known[key]}, inner_value, f"{path}.{key}", depth + 1)
            elif known:
                yield f"{path}.{key}"

    def _alternatives(self, schema: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
        if depth > _DEPTH:
            return
        yield schema
        if "$ref" in schema:
            yield from self._alternatives(self.at(schema["$ref"].lstrip("#")), depth + 1)
        for union in ("oneOf", "anyOf", "allOf"):
            for each in schema.get(union, []):
                yield from self._alternatives(each, depth + 1)

    def at(self, pointer: str) -> dict[str, Any]:
        found: Any = self._document
        for part in pointer.strip("/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        assert isinstance(found, dict)
        return found


def schemas_of(document: dict[str, Any]) -> tuple[dict[str, Any], Schemas, Schemas]:
    """A document, and its schemas of what is asked and of what is answered."""
    relaxed = copy.deepcopy(document)
    relaxed["components"]["schemas"]["SnowflakeType"]["type"] = ["string", "integer"]
    # Permissions come as texts, as everywhere in Discord's documentation; the document says integer for new roles.
    role = relaxed["components"]["schemas"]["CreateRoleRequest"]["properties"]
    role["permissions"]["type"] = ["string", "integer", "null"]
    answered = copy.deepcopy(document)
    # The codes of field errors are texts ('BASE_TYPE_REQUIRED'), as Discord's own guide shows; the document says integer.
    inner = answered["components"]["schemas"]["InnerErrors"]["properties"]["_errors"]
    inner["items"] = {"type": "object", "required": ["code", "message"], "properties": {"code": {"type": "string"}}}
    return document, Schemas(relaxed), Schemas(answered)


@cache
def _reference() -> tuple[dict[str, Any], Schemas, Schemas]:
    """Those of the reference document: read once, for it is large."""
    return schemas_of(reference_document())


class Document:
    """Discord's OpenAPI document as a `Checker`: the request while an exchange has no status, then the answer.

    `notes` are the keys, met so far, that the document does not know.
    """

    def __init__(self, document: dict[str, Any], asked: Schemas, answered: Schemas) -> None:
        self._asked, self._answered = asked, answered
        self._paths = {re.sub(r"\{\w+\}", "{}", path): path for path in document["paths"]}
        self.notes: set[str] = set()
        self.checked = 0

    def __call__(self, exchange: Exchange) -> list[str]:
        path = self._paths.get(re.sub(r"\{\w+\}", "{}", exchange.route or ""))
        if path is None:
            return []
        self.checked += 1
        pointer = f"/paths/{path.replace('~', '~0').replace('/', '~1')}/{exchange.method.lower()}"
        if exchange.status is None:
            return [*self._query(pointer, exchange), *self._request(pointer, exchange)]
        return self._answer(pointer, exchange)

    def _query(self, pointer: str, exchange: Exchange) -> Iterator[str]:
        for index, parameter in enumerate(self._asked.at(pointer).get("parameters", [])):
            name = parameter["name"]
            if parameter["in"] != "query":
                continue
            if name in exchange.query:
                value = _read(exchange.query[name], self._asked, parameter["schema"])
                for problem in self._asked.problems(f"{pointer}/parameters/{index}/schema", value):
                    yield f"?{name} {problem}"
            elif parameter.get("required"):
                yield f"?{name} is missing"

    def _request(self, pointer: str, exchange: Exchange) -> Iterator[str]:
        body = self._asked.at(pointer).get("requestBody")
        if body is None:
            if exchange.body is not None:
                yield "no body is expected"
            return
        if exchange.body is None and not body.get("required"):
            return
        place = f"{pointer}/requestBody/content/application~1json/schema"
        yield from self._asked.problems(place, exchange.body)
        self._note(self._asked, place, exchange.body, exchange)

    def _answer(self, pointer: str, exchange: Exchange) -> list[str]:
        status = exchange.status or 0
        responses = self._answered.at(pointer)["responses"]
        name = str(status) if str(status) in responses else f"{status // 100}XX"
        if name not in responses:
            return [f"an answer with status {status} is not in the document"]
        place = f"{pointer}/responses/{name}"
        if "$ref" in responses[name]:
            place = responses[name]["$ref"].lstrip("#")
        if "content" not in self._answered.at(place):
            return [] if exchange.answer is None else ["no body is expected in the answer"]
        place = f"{place}/content/application~1json/schema"
        self._note(self._answered, place, exchange.answer, exchange)
        return self._answered.problems(place, exchange.answer)

    def _note(self, schemas: Schemas, place: str, value: object, exchange: Exchange) -> None:
        for key in schemas.unknown_keys(schemas.at(place), value):
            self.notes.add(f"{exchange.method} {exchange.route}: {key}")


def _read(text: str, schemas: Schemas, schema: dict[str, Any]) -> object:
    """A value of the query as what its schema says it is."""
    if "$ref" in schema:
        schema = schemas.at(schema["$ref"].lstrip("#"))
    types = schema.get("type", "string")
    types = [types] if isinstance(types, str) else types
    if "boolean" in types:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if types[0] in {"integer", "number"} and text.lstrip("-").isdigit():
        return int(text)
    return text
