"""A taste of `benchmarks/fuzz.py`: each place where something comes in takes a few hundred inputs that nobody would send."""

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from spacebot.errors import SpacebotError
from tests.fuzz import targets, web


@pytest.mark.parametrize(
    "target",
    [
        *(targets.references, targets.answers, targets.lines, targets.intake, targets.cards, targets.keywords),
        *(targets.environments, web.callbacks, web.requests),
    ],
    ids=lambda target: target.__name__,
)
async def test_nothing_that_comes_in_does_what_nobody_foresaw(target: targets.Target, tmp_path: Path) -> None:
    async with target(tmp_path) as feed:
        for case in range(150):
            with suppress(SpacebotError):
                await feed(Random(case))  # noqa: S311 - a workload needs a seed, not secrecy
