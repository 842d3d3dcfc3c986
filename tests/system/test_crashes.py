"""The real process, killed while Discord has its request, before the answer is out, and in the middle of recovering.

These are a few of the histories that `benchmarks/crashes.py` plays.
"""

from tests.crash.kills import GET, LOST, History, Kill
from tests.crash.processes import play_all


async def test_a_killed_process_loses_and_doubles_nothing() -> None:
    chosen = [
        History(kills=(Kill(step="on reply"),), delay=300.0),
        History(kills=(Kill(step="on request, late"),), delay=0.0),
        History(kills=(Kill(step=LOST), Kill(step="on reply", method=GET)), delay=300.0),
    ]
    tally = await play_all(chosen, at_once=3)
    assert not tally.missed
    assert tally.histories.total() == 3
    assert tally.is_clean, tally.wrong
