"""Where X's own document and recorded answers are, for the tests that hold ours against them."""

import json
import os
from pathlib import Path
from typing import Any

import pytest


def reference_documents() -> Path:
    """The folder with `specs` and `samples`; skips the test where the environment names none."""
    folder = os.environ.get("REFERENCE_DOCUMENTS")
    if not folder:
        pytest.skip("REFERENCE_DOCUMENTS does not name a folder with X's document and recorded answers")
    return Path(folder)


def openapi() -> dict[str, Any]:
    """X's OpenAPI document of the Spaces, users and lists endpoints."""
    folder = reference_documents() / "specs"
    return joined(*(json.loads((folder / f"x-openapi-{part}.json").read_text()) for part in ("spaces", "lists")))


def joined(whole: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Two parts of one document of X's; what stands in both is taken from the first."""
    for name, operations in more["paths"].items():
        whole["paths"].setdefault(name, operations)
    for group, entries in more["components"].items():
        for name, entry in entries.items():
            whole["components"][group].setdefault(name, entry)
    return whole
