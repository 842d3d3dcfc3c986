"""The order of a run: the system tests, which mostly wait, begin first and share the processor with all others."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the shuffle, which stays as it is within either half."""
    items.sort(key=lambda item: "system" not in item.path.parts)
