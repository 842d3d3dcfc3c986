"""Kill the bot (SIGKILL) at every step of its announcements, and count what is lost and what is doubled: nothing may be.

In simulated time, over the real ledger, courier, watcher and discord.py: each step of the path (before and after each
commit and each request, on request and on reply), each fault of a reply, a restart after 0, 30 and 300 seconds, with
and without the channel's history, for several times that Discord remembers a nonce; with --twice the
same once more in the run that recovers. Then with a real process between a local X and a local Discord.

Usage: python benchmarks/crashes.py [--real 40] [--quick] [--twice]

Exit status 1 if anything was lost, doubled or left untrue.
"""

import argparse
import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the crash test is shared with the tests, which are not installed

from tests.crash.histories import ONCE, QUICK, TWICE, QueryGroup, explore
from tests.crash.kills import histories
from tests.crash.processes import play_all
from tests.crash.tally import Kind, Tally

AT_ONCE = 6
"""Real processes side by side: each mostly waits."""


def silently(part: QueryGroup) -> Tally:
    """Explore one part in a process of its own; what the bot logs of a thousand crashes is of no use."""
    logging.disable(logging.CRITICAL)
    return asyncio.run(explore(part))


def simulated(parts: tuple[QueryGroup, ...]) -> Tally:
    """All parts, on all processors."""
    tally = Tally()
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as workers:
        for done in workers.map(silently, parts):
            tally += done
    return tally


def table(title: str, tally: Tally, by: Callable[[Kind], str], seconds: float) -> None:
    """Print a tally."""
    print(f"\n{title}: {tally.histories.total():,} histories, {tally.runs:,} runs of the bot, {seconds:.0f} s")
    print(f"  {'':42}{'histories':>10}{'lost':>8}{'doubled':>9}{'untrue':>8}")
    rows = sorted({by(kind) for kind in tally.histories})
    for name in [*rows, "all"]:
        kinds = [kind for kind in tally.histories if name in {by(kind), "all"}]
        counts = [
            sum(counted[kind] for kind in kinds)
            for counted in (tally.histories, tally.lost, tally.doubled, tally.untrue)
        ]
        print("  {:42}{:>10,}{:>8}{:>9}{:>8}".format(name, *counts))


def main() -> int:
    """Run what is asked for; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=int, default=1000, help="how many histories with a real process at most")
    parser.add_argument("--quick", action="store_true", help="only a part of the simulated ones")
    parser.add_argument("--twice", action="store_true", help="also kill the run that recovers; takes long")
    asked = parser.parse_args()
    began = time.monotonic()
    tally = simulated((*(QUICK if asked.quick else ONCE), *(TWICE if asked.twice else ())))
    took = time.monotonic() - began
    table("Simulated, by step", tally, lambda kind: f"{_times(kind)}: {kind.step}", took)
    table("Simulated, by fault", tally, lambda kind: f"{_times(kind)}: {kind.fault}", took)
    print("\nclosed in the end: " + ", ".join(f"{n:,} in {name} shape" for name, n in sorted(tally.closed.items())))
    results = [tally]
    if asked.real:
        logging.disable(logging.CRITICAL)
        began = time.monotonic()
        real = asyncio.run(play_all(histories()[: asked.real], at_once=AT_ONCE))
        took = time.monotonic() - began
        table("Real process, by step", real, lambda kind: f"{_times(kind)}: {kind.step}, fault {kind.fault}", took)
        results.append(real)
    for each in results:
        for story in (*each.wrong, *(f"never came to it: {story}" for story in each.missed)):
            print(story)
    return 0 if all(each.is_clean and not each.missed for each in results) else 1


def _times(kind: Kind) -> str:
    return "once" if kind.crashes == 1 else "twice"


if __name__ == "__main__":
    sys.exit(main())
