"""The order of a run: the system tests, which mostly wait, begin first and share the processor with all others.

No test is judged by how long it takes: the machine may be busy.
"""

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the shuffle, which stays as it is within either half."""
    items.sort(key=lambda item: "system" not in item.path.parts)
