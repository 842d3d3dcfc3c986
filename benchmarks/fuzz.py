"""Feed every place where something comes in with inputs that nobody would send, and count what nobody foresaw.

References that people paste, answers of X (read, shown, stored, read back), lines of its stream, what is to be stored,
what is shown (within Discord's limits, and harmless), what comes back from X's sign-in, requests to the web endpoint,
keywords, and settings. A refusal that the bot foresees (`SpacebotError`) is as good as an answer.

Usage: python benchmarks/fuzz.py [--inputs 120000] [--seed N] [--only TARGET]

Exit status 1 if there was an unforeseen exception, or a limit or promise was broken.
"""

import argparse
import asyncio
import logging
import secrets
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))  # the targets are shared with the tests, which are not installed

from spacebot.errors import SpacebotError
from tests.fuzz import targets, web
from tests.fuzz.targets import Feed, Target

AT_ONCE = 32
"""Inputs under way together: so many share a commit."""


TARGETS: dict[str, tuple[Target, int]] = {
    "references": (targets.references, 20),
    "answers": (targets.answers, 25),
    "stream lines": (targets.lines, 15),
    "database intake": (targets.intake, 8),
    "cards": (targets.cards, 12),
    "web callbacks": (web.callbacks, 6),
    "web requests": (web.requests, 2),
    "keywords": (targets.keywords, 7),
    "settings": (targets.environments, 5),
}
"""Each with its share of the inputs, in percent."""


@dataclass(kw_only=True)
class Outcome:
    """What became of one target's inputs."""

    inputs: int = 0
    refused: int = 0
    unforeseen: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    async def feed(self, feed: Feed, case: int) -> None:
        """Feed one input, and note what comes of it."""
        self.inputs += 1
        try:
            await feed(Random(case))
        except SpacebotError:
            self.refused += 1
        except AssertionError as error:
            self.broken[_where(error)] += 1
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            self.unforeseen[_where(error)] += 1


def _where(error: Exception) -> str:
    """What it is, and the last places of ours that it came through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return f"{type(error).__name__}: {str(error)[:120]!r} at {places}"


async def run(name: str, inputs: int, seed: int) -> Outcome:
    """Feed one target."""
    target, _ = TARGETS[name]
    rng, outcome, began = Random(f"{seed} {name}"), Outcome(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        async with target(Path(folder)) as feed:
            for at in range(0, inputs, AT_ONCE):
                cases = [rng.getrandbits(64) for _ in range(min(AT_ONCE, inputs - at))]
                await asyncio.gather(*(outcome.feed(feed, case) for case in cases))
    outcome.seconds = time.monotonic() - began
    return outcome


def main() -> int:
    """Run what is asked for; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=120_000, help="in total; default: 120,000")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="default: a new one each time")
    parser.add_argument("--only", choices=TARGETS, help="feed this target alone, with all the inputs")
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # what cannot be stored is logged, and is looked at in other ways
    print(
        f"seed {options.seed}\n\n| | inputs | refused as foreseen | unforeseen | broken limits | s |\n|---|---|---|---|---|---|"
    )
    outcomes: dict[str, Outcome] = {}
    for name in [options.only] if options.only else TARGETS:
        share = 100 if options.only else TARGETS[name][1]
        made = outcomes[name] = asyncio.run(run(name, options.inputs * share // 100, options.seed))
        _row(name, made)
    total = Outcome()
    for each in outcomes.values():
        total.inputs += each.inputs
        total.refused += each.refused
        total.seconds += each.seconds
        total.unforeseen += each.unforeseen
        total.broken += each.broken
    _row("all", total)
    found = total.unforeseen + total.broken
    for what, times in found.most_common(20):
        print(f"\n{times} x {what}")
    return 1 if found else 0


def _row(name: str, made: Outcome) -> None:
    unforeseen, broken = made.unforeseen.total(), made.broken.total()
    print(f"| {name} | {made.inputs:,} | {made.refused:,} | {unforeseen} | {broken} | {made.seconds:.0f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
