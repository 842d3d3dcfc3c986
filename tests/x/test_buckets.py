"""How often one may ask: in bursts, and evenly in the long run."""

from hypothesis import given
from hypothesis import strategies as st

from spacebot.x.buckets import REFILL, Buckets


def test_a_full_bucket_is_emptied_at_once_and_filled_evenly() -> None:
    buckets = Buckets(size=20)
    for _ in range(20):
        assert buckets.wait("one", 0.0) == 0
        buckets.take("one", 0.0)
    assert buckets.wait("one", 0.0) == REFILL / 20
    assert buckets.wait("other", 0.0) == 0
    assert buckets.wait("one", REFILL / 20) <= 1e-9
    assert buckets.wait("one", REFILL) == 0


@given(size=st.integers(1, 30), pauses=st.lists(st.floats(0, 100), max_size=200))
def test_no_more_than_twice_its_size_goes_in_the_time_that_fills_it(size: int, pauses: list[float]) -> None:
    buckets, now, taken = Buckets(size=size), 0.0, list[float]()
    for pause in pauses:
        now += pause
        if buckets.wait("one", now) <= 0:
            buckets.take("one", now)
            taken.append(now)
    for at in taken:
        assert sum(at <= one < at + REFILL for one in taken) <= 2 * size


def test_the_buckets_of_many_are_forgotten_when_they_are_full_again() -> None:
    buckets = Buckets(size=2)
    for number in range(20_000):
        buckets.take(number, float(number))
    assert len(buckets._buckets) <= 5_001
