"""Holds exchanges with the local X against X's own OpenAPI document: what was asked, and what the local X answered.

The document's objects are read as closed: a field that it does not name is a mistake, for a client would never look for it.
"""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # the package has no types of its own
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from spacebot.sandbox.x import Exchange
from tests.x.documents import openapi

_DOCUMENT = "urn:x-openapi"
# Answers that the document leaves out: the gateway in front of X gives them, or X's pages alone name them.
_BEYOND_THE_DOCUMENT = (
    *("about:blank", "unsupported-authentication", "usage-capped", "credits", "client-forbidden"),
    *("conflict", "rule-cap", "streaming-connection"),
)


def reference_document() -> dict[str, Any]:
    """X's document from the folder that REFERENCE_DOCUMENTS names; the test is skipped where there is none."""
    return openapi()


class Document:
    """X's OpenAPI document as a checker for `LocalX`: raises AssertionError or a ValidationError for what it does not allow."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = copy.deepcopy(document)
        # The document names the token that asks for the next page, and forgets where it comes from.
        schemas = self._document["components"]["schemas"]
        listed = schemas["GetActivitySubscriptionsResponse"]["properties"]
        listed.setdefault("meta", copy.deepcopy(schemas["GetSpacesBuyersResponse"]["properties"]["meta"]))
        for name, schema in self._document["components"]["schemas"].items():
            if not name.endswith("Problem"):
                _close(schema)
        resource = DRAFT202012.create_resource(self._document)
        self._registry: Registry[Any] = Registry().with_resource(_DOCUMENT, resource)
        self.checked = 0

    def __call__(self, exchange: Exchange) -> None:
        found = self._operation(exchange.method, exchange.path)
        if found is None:
            return
        operation, in_path = found
        if exchange.status == 200:
            self._check_query(operation, {**exchange.query, **in_path})
            self._check_request_body(operation, exchange)
        if exchange.status != 200 or not operation.get("x-twitter-streaming"):
            self._check_answer(operation, exchange)
        self.checked += 1

    def check_event(self, line: bytes) -> None:
        """One line of the activity stream. Of its payload the document says nothing, and of its uuid not that it has a sign."""
        event = json.loads(line)
        assert event["data"].pop("payload"), event
        event["data"]["event_uuid"] = event["data"]["event_uuid"].removeprefix("-")
        self._validate({"$ref": "#/components/schemas/ActivityStreamResponse"}, event)

    def _operation(self, method: str, path: str) -> tuple[dict[str, Any], Mapping[str, str]] | None:
        # Paths without parameters come first, as OpenAPI 3 has it.
        for template, operations in sorted(self._document["paths"].items(), key=lambda item: "{" in item[0]):
            match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
            if match is not None and method.lower() in operations:
                return operations[method.lower()], match.groupdict()
        return None

    def _check_query(self, operation: dict[str, Any], given: Mapping[str, str]) -> None:
        parameters = {p["name"]: p for p in map(self._resolved, operation.get("parameters", ()))}
        assert set(given) <= set(parameters), f"{set(given) - set(parameters)} is not in the document"
        for name, parameter in parameters.items():
            assert name in given or not parameter.get("required"), f"{name} is missing"
            if name in given:
                self._validate(parameter["schema"], _read(given[name], parameter["schema"]))

    def _check_request_body(self, operation: dict[str, Any], exchange: Exchange) -> None:
        if "requestBody" not in operation:
            assert exchange.request_body == b"", "a body nobody asked for"
            return
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        self._validate(schema, json.loads(exchange.request_body))

    def _check_answer(self, operation: dict[str, Any], exchange: Exchange) -> None:
        body = json.loads(exchange.response_body)
        if exchange.status == 200:
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            self._validate(schema, body)
            return
        kind = str(body.get("type", ""))
        if kind.rpartition("/")[2] in _BEYOND_THE_DOCUMENT or kind in _BEYOND_THE_DOCUMENT:
            assert {"title", "detail"} <= set(body), body
            return
        self._validate({"$ref": "#/components/schemas/Problem"}, body)

    def _resolved(self, parameter: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in parameter:
            return parameter
        resolved: dict[str, Any] = self._document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
        return resolved

    def _validate(self, schema: dict[str, Any], value: object) -> None:
        # A reference is looked up in the document, wherever the schema that holds it was taken from.
        absolute = json.loads(json.dumps(schema).replace('"#/components', f'"{_DOCUMENT}#/components'))
        checker = Draft202012Validator.FORMAT_CHECKER
        Draft202012Validator(absolute, registry=self._registry, format_checker=checker).validate(value)


def _read(text: str, schema: dict[str, Any]) -> object:
    match schema.get("type"):
        case "array":
            return text.split(",")
        case "integer":
            return int(text)
        case _:
            return text


def _close(schema: object) -> None:
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)
