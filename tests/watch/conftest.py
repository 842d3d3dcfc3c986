"""What several tests of the watch share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.seed import opened
from tests.watch.scripted import Post, on_watch


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with opened(tmp_path) as store, on_watch(store) as post:
        yield post
