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
    """X's OpenAPI document of the Spaces and users endpoints."""
    document: dict[str, Any] = json.loads((reference_documents() / "specs" / "x-openapi-spaces.json").read_text())
    return document
