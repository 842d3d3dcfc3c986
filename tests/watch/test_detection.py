"""`benchmarks/detection.py` measures what it says: what it reckons is what playing it turn by turn comes to."""

import gzip
import importlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.ids import SpaceId, UserId
from spacebot.watch.schedule import Schedule

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load(name: str) -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(BENCHMARKS))


detection, workloads = load("detection"), load("workloads")
BEGIN: float = workloads.BEGIN
TURN: float = detection.TURN


@st.composite
def some_workload(draw: st.DrawFn) -> Any:
    """Up to 350 hosts, some of whom join later, and a few hours of Spaces."""
    hosts = [UserId(str(number)) for number in range(draw(st.integers(1, 350)))]
    joined = draw(st.dictionaries(st.sampled_from(hosts), st.floats(BEGIN + 1, BEGIN + 5000), max_size=120))
    spaces = []
    for number in range(draw(st.integers(1, 150))):
        host = draw(st.sampled_from(hosts))
        started = max(BEGIN + draw(st.floats(0, 6000)), joined.get(host, BEGIN))
        scheduled = draw(st.none() | st.floats(started - 7200, started + 3000))
        created = started if scheduled is None else started - draw(st.floats(0, 5000))
        spaces.append(
            workloads.Planned(
                id=SpaceId(f"{number:013d}"),
                host=host,
                created=created,
                scheduled=scheduled,
                started=started,
                ended=started + draw(st.floats(1, 3000)),
            )
        )
    spaces.sort(key=lambda space: space.started)
    return workloads.Workload(
        spaces=tuple(spaces),
        followers=dict.fromkeys(hosts, 1),
        begin=BEGIN,
        end=spaces[-1].started,
        joined=joined,
    )


class Played:
    """Round robin with filled batches, turn by turn, with the look-ups around scheduled starts or without."""

    def __init__(self, workload: Any, *, by_id: bool) -> None:
        self.seen: dict[SpaceId, float] = {}
        self._workload = workload
        self._known: set[SpaceId] = set()
        ring: list[UserId] = []
        joins = workload.joins()[::-1]
        place = 0
        for turn in range(detection.turns_of(workload)):
            now = BEGIN + turn * TURN
            while joins and joins[-1][0] <= now:
                ring += joins.pop()[1]
            size = min(100, len(ring))
            if ring:
                self._ask_hosts({ring[(place + number) % len(ring)] for number in range(size)}, now)
                place = (place + size) % len(ring)
            if by_id:
                self._ask_spaces(now + TURN / 2)

    def _ask_hosts(self, hosts: set[UserId], now: float) -> None:
        for space in self._workload.spaces:
            if space.host in hosts:
                if space.scheduled is not None and space.created <= now < space.ended:
                    self._known.add(space.id)
                self._look(space, now)

    def _ask_spaces(self, now: float) -> None:
        for space in self._workload.spaces:
            if space.id in self._known and space.scheduled - 120 <= now < space.scheduled + 900:
                self._look(space, now)

    def _look(self, space: Any, now: float) -> None:
        if space.started <= now < space.ended:
            self.seen.setdefault(space.id, now)


@settings(max_examples=15, deadline=None)
@given(some_workload())
def test_the_round_robin_is_reckoned_as_it_would_be_played(workload: Any) -> None:
    assert detection.run_ring(workload).seen == Played(workload, by_id=False).seen


@settings(max_examples=15, deadline=None)
@given(some_workload())
def test_an_announced_space_is_looked_up_by_id_around_its_start_and_the_bar_is_no_lower_than_that(
    workload: Any,
) -> None:
    """Look-ups outside of that, once a minute, may only make it sooner."""
    least, seen = Played(workload, by_id=True).seen, detection.run_ring_with_lookups(workload).seen
    by_ring = detection.run_ring(workload).seen
    assert least.keys() <= seen.keys()
    for space in workload.spaces:
        if space.id in seen:
            assert space.started <= seen[space.id] < space.ended
            assert seen[space.id] <= least.get(space.id, math.inf)
            if space.scheduled is None:
                assert seen[space.id] == by_ring[space.id]


def test_nobody_waits_longer_than_a_round_that_has_no_empty_places() -> None:
    hosts = [UserId(str(number)) for number in range(150)]
    space = workloads.Planned(
        id=SpaceId("1"), host=hosts[0], created=BEGIN, scheduled=None, started=BEGIN, ended=BEGIN + 60
    )
    workload = workloads.Workload(spaces=(space,), followers=dict.fromkeys(hosts, 1), begin=BEGIN, end=BEGIN + 900)
    ring = detection.Ring(workload)
    looks = [ring.after(hosts[0], BEGIN)]
    while len(looks) < 9:
        looks.append(ring.after(hosts[0], looks[-1] + 0.1))
    turns = [round((look - BEGIN) / TURN) for look in looks]
    assert turns == [0, 1, 3, 4, 6, 7, 9, 10, 12], "two looks in three turns, not one in two"


def test_a_space_that_is_never_seen_counts_in_a_column_of_its_own_and_as_ten_minutes_at_least() -> None:
    lengths = (60.0, 700.0, 3600.0)
    spaces = [
        workloads.Planned(
            id=SpaceId(str(length)), host=UserId("1"), created=0, scheduled=None, started=1000, ended=1000 + length
        )
        for length in lengths
    ]
    row = detection.row_of(spaces, {SpaceId("3600.0"): 1005.0})
    assert (row.missed, row.median, row.worst) == (2, 600.0, 700.0)
    assert row.mean == pytest.approx((5 + 600 + 700) / 3)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_a_file_names_hosts_who_start_nothing_too(tmp_path: Path, suffix: str) -> None:
    nothing = {"created_at": None, "scheduled_start": None, "started_at": None, "ended_at": None}
    lines = [
        {
            "host": "7",
            "followers": 2,
            "created_at": "2026-01-05T00:10:00+00:00",
            "scheduled_start": "2026-01-05T01:00:00+00:00",
            "started_at": "2026-01-05T01:00:05+00:00",
            "ended_at": "2026-01-05T02:00:00+00:00",
        },
        {"host": "8", "followers": 3, **nothing},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    path = tmp_path / f"some{suffix}"
    path.write_bytes(gzip.compress(text) if suffix.endswith(".gz") else text)
    workload = workloads.read(path)
    assert workload.followers == {"7": 2, "8": 3}
    assert [(space.host, space.scheduled, space.started) for space in workload.spaces] == [
        ("7", BEGIN + 3600, BEGIN + 3605)
    ]
    assert workload.begin == BEGIN


@pytest.mark.parametrize("name", sorted(workloads.GENERATORS))
def test_a_seed_makes_the_same_workload_again_in_which_a_host_has_one_space_at_a_time(name: str) -> None:
    make = workloads.GENERATORS[name][0]
    workload = make(200, 28, 1)
    assert workload == make(200, 28, 1) != make(200, 28, 2)
    last: dict[UserId, float] = {}
    for space in workload.spaces:
        assert (
            max(last.get(space.host, -math.inf), workload.joined.get(space.host, BEGIN)) <= space.started < space.ended
        )
        assert space.created <= space.started < workload.end
        last[space.host] = space.ended
    announced = sum(space.scheduled is not None for space in workload.spaces)
    assert 0.35 < announced / len(workload.spaces) < 0.65


def test_the_workloads_are_what_their_names_say() -> None:
    made = {name: make(1000, 28, 1) for name, (make, _) in workloads.GENERATORS.items()}
    active = {name: {space.host for space in workload.spaces} for name, workload in made.items()}
    assert len(active["zipf"]) <= 330
    assert {
        int((space.started - BEGIN) // 3600) % 24 for space in made["evening"].spaces if space.scheduled is None
    } == {
        19,
        20,
        21,
    }
    assert sorted(set(made["joining"].joined.values())) == [BEGIN + 20 * workloads.DAY]
    assert len(made["joining"].joined) == 400
    lengths = sorted(space.ended - space.started for space in made["short"].spaces)
    assert 7 * 60 < lengths[len(lengths) // 2] < 9 * 60
    off = [space.started - space.scheduled for space in made["people"].spaces if space.scheduled is not None]
    assert 0.03 < sum(one < -120 for one in off) / len(off) < 0.07
    assert sum(one < -1500 for one in off) > 10
    assert max(off) > 3600
    assert made["people"].joined
    hours = [int((space.started - BEGIN) // 3600) for space in made["conference"].spaces]
    assert max(sum(hour - 1 <= one <= hour for one in hours) for hour in set(hours)) > 250


def test_a_schedule_that_forgets_somebody_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(Schedule):
        def next_batch(self, now: float) -> list[UserId]:
            return [host for host in super().next_batch(now) if host != UserId("1000007")]

    workload = workloads.weekly(300, 1, 1)
    assert detection.run_schedule(workload, push=False).too_late == 0
    monkeypatch.setattr(detection, "Schedule", Forgetful)
    assert detection.run_schedule(workload, push=False).too_late > 0


def test_an_aim_that_is_missed_is_said() -> None:
    results = {policy: detection.measure((policy, "weekly", 300, 1, 1)) for policy in "bcd"}
    assert all(holds for _, holds in detection.verdicts(results))
    worse = results | {"d": results["b"], "b": results["d"]}
    assert not all(holds for _, holds in detection.verdicts(worse))


@pytest.mark.parametrize(("name", "least", "most"), [("weekly", 0.4, 0.62), ("alike", 0.95, 1.05)])
def test_hindsight_uses_what_other_starts_say_and_not_the_start_itself(name: str, least: float, most: float) -> None:
    """Where there is no habit there is nothing to know: whoever was better there had looked at what it should tell."""
    results = {policy: detection.measure((policy, name, 600, 28, 1)) for policy in "be"}
    assert least < detection.ratio(results["e"], results["b"], "unscheduled", "mean") < most


def test_time_and_memory_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    detection.scale(300, 250)
    printed = capsys.readouterr().out
    assert "300 hosts with " in printed
    assert "starts of 250 hosts, the latest 40 of each, in lots of 200" in printed
    assert printed.count("\n- ") == 3


def test_the_command_prints_a_table_and_whether_the_aims_are_reached() -> None:
    asked = ["--workload", "people", "--hosts", "110", "--days", "1", "--policies", "abcdef", "--processes", "1"]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(BENCHMARKS / "detection.py"), *asked],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(BENCHMARKS.parent)},
    )
    assert done.returncode in {0, 1}, done.stderr
    assert "### people: 110 hosts" in done.stdout
    for policy in "abcdef":
        assert f"\n| {policy} | unscheduled | " in done.stdout
    assert "d: nobody unseen longer than the bound" in done.stdout
    assert done.returncode == ("- NO: " in done.stdout)
