"""Nobody spends what is not theirs, and nothing is spent that there is not: however many ask at once, however late X answers."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.billing import Billing
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import BudgetSpent, UserMistake
from spacebot.store.connection import Store
from spacebot.x.money import CostCeiling, Prices, Reservation, Usage
from spacebot.x.pots import KEPT_FOR_DETECTION, LEAST_SHARE, Hold, Pots
from tests.clocks import FakeClock

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
LATE = datetime(2026, 10, 1, 21, 30, tzinfo=UTC)
BUDGET = 1_000_000
CENT = 1_000

ERRANDS = st.builds(
    lambda purpose, guild, person: Errand(
        purpose=purpose,
        guild_id=GuildId(guild) if purpose in {Purpose.PEOPLE, Purpose.ACCOUNTS, Purpose.REFRESH} else None,
        person=person if purpose in {Purpose.PEOPLE, Purpose.ACCOUNTS} else None,
    ),
    st.sampled_from([purpose for purpose in Purpose if purpose is not Purpose.PUSH]),
    st.integers(1, 5),
    st.integers(1, 20),
)


def member(guild: int, person: int) -> Errand:
    return Errand(purpose=Purpose.PEOPLE, guild_id=GuildId(guild), person=person)


DETECTION = Errand(purpose=Purpose.DETECTION)


@given(
    start=st.sampled_from([NOON, LATE]),
    steps=st.lists(st.tuples(ERRANDS, st.integers(0, 400_000), st.floats(0, 1), st.integers(0, 600)), max_size=150),
    late=st.integers(0, 30),
)
def test_what_is_booked_and_held_never_exceeds_the_budget_and_detection_keeps_its_pot(
    start: datetime, steps: list[tuple[Errand, int, float, int]], late: int
) -> None:
    pots, now = Pots(budget=BUDGET), start
    flying: list[tuple[Hold, int]] = []
    for errand, most, part, pause in steps:
        now += timedelta(seconds=pause)
        if now.day != start.day:
            break
        if len(flying) > late:
            hold, cost = flying.pop(0)
            pots.book(hold.errand, cost, now)
            pots.release(hold, now)
        try:
            pots.admit(errand, now)
            hold = pots.hold(errand, most, now)
        except (BudgetSpent, UserMistake):
            continue
        flying.append((hold, int(most * part)))
        used = {one: pots.booked(one, now) + pots._held[one] for one in Purpose}
        assert sum(used.values()) <= BUDGET
        size = pots.size(Purpose.DETECTION) or 0
        others = sum(used.values()) - used[Purpose.DETECTION]
        if now.hour < 21:
            assert all(used[one] <= (pots.size(one) or 0) for one in Purpose)
        elif used[Purpose.DETECTION] < size * KEPT_FOR_DETECTION:
            assert BUDGET - others >= int(size * KEPT_FOR_DETECTION)


def test_a_person_and_a_guild_have_a_share_each_and_the_others_theirs() -> None:
    pots = Pots(budget=BUDGET)
    pots.guild_count = 10
    assert pots.shares(Purpose.PEOPLE) == (60_000, 15_000)
    pots.guild_count = 1_000
    assert pots.shares(Purpose.PEOPLE) == (LEAST_SHARE, LEAST_SHARE)
    pots.guild_count = 10
    now = NOON
    pots.book(member(1, 1), 15_000, now)
    now += timedelta(minutes=2)
    with pytest.raises(UserMistake, match=Mistake.PERSON_SHARE_SPENT) as refused:
        pots.admit(member(1, 1), now)
    assert refused.value.values["until"] == datetime(2026, 10, 2, tzinfo=UTC)
    for person in (2, 3, 4):
        pots.admit(member(1, person), now)
        pots.book(member(1, person), 15_000, now)
        now += timedelta(minutes=2)
    with pytest.raises(UserMistake, match=Mistake.GUILD_SHARE_SPENT):
        pots.admit(member(1, 5), now)
    pots.admit(member(2, 6), now)


def test_what_a_guild_wants_without_a_person_is_held_to_its_share_alone() -> None:
    pots = Pots(budget=BUDGET)
    pots.guild_count = 10
    first, second = (Errand(purpose=Purpose.REFRESH, guild_id=GuildId(guild)) for guild in (1, 2))
    shares = pots.shares(Purpose.REFRESH)
    assert shares is not None
    share = shares[0]
    assert pots.left(first, NOON) == share < (pots.room(Purpose.REFRESH, NOON) or 0)
    pots.admit(first, NOON)
    pots.book(first, share, NOON)
    now = NOON + timedelta(minutes=2)
    assert pots.left(first, now) == 0
    with pytest.raises(UserMistake, match=Mistake.GUILD_SHARE_SPENT):
        pots.admit(first, now)
    pots.admit(second, now)
    pots.admit(Errand(purpose=Purpose.REFRESH), now)
    pots.admit(first, now + timedelta(days=1))
    pots.hold(second, 30_000, now)
    with pytest.raises(UserMistake, match=Mistake.ASKED_TOO_FAST):
        pots.admit(second, now)


def test_what_one_asks_at_once_counts_before_it_is_answered() -> None:
    pots = Pots(budget=BUDGET)
    pots.hold(member(1, 1), 30_000, NOON)
    with pytest.raises(UserMistake, match=Mistake.ASKED_TOO_FAST) as refused:
        pots.admit(member(1, 1), NOON)
    until = refused.value.values["until"]
    assert isinstance(until, datetime)
    assert until - NOON <= timedelta(minutes=1)
    pots.admit(member(1, 2), NOON)


def test_a_share_is_not_spent_within_a_minute() -> None:
    pots = Pots(budget=BUDGET)
    pots.book(member(1, 1), 31_000, NOON)
    with pytest.raises(UserMistake, match=Mistake.ASKED_TOO_FAST) as refused:
        pots.admit(member(1, 1), NOON + timedelta(seconds=20))
    assert refused.value.values["until"] == NOON + timedelta(minutes=1)
    pots.admit(member(1, 1), NOON + timedelta(minutes=1))


def test_late_in_the_day_what_is_left_over_is_lent_but_not_what_detection_keeps() -> None:
    pots = Pots(budget=BUDGET)
    assert pots.room(Purpose.KEYWORD, NOON) == 100_000
    assert pots.room(Purpose.DETECTION, NOON) == 600_000
    assert pots.room(Purpose.KEYWORD, LATE) == BUDGET - 150_000
    assert pots.room(Purpose.DETECTION, LATE) == BUDGET
    pots.book(DETECTION, 700_000, LATE)
    assert pots.room(Purpose.KEYWORD, LATE) == 300_000
    assert pots.room(Purpose.DETECTION, LATE + timedelta(hours=3)) == 600_000


def test_what_is_pushed_beyond_its_pot_is_of_detections() -> None:
    pots = Pots(budget=BUDGET)
    pots.book(Errand(purpose=Purpose.PUSH), 250_000, NOON)
    assert pots.room(Purpose.DETECTION, NOON) == 400_000
    assert pots.room(Purpose.PUSH, NOON) == 400_000
    assert pots.room(Purpose.PEOPLE, NOON) == 150_000


def test_without_a_budget_nobody_is_refused() -> None:
    pots = Pots(budget=None)
    pots.book(member(1, 1), 10 * BUDGET, NOON)
    pots.admit(member(1, 1), NOON)
    assert pots.room(Purpose.PEOPLE, NOON) is None
    assert pots.shares(Purpose.PEOPLE) is None


@pytest.mark.parametrize("seed", range(10))
async def test_over_random_bursts_the_bill_never_exceeds_the_budget_with_x_answering_late(
    tmp_path: Path, seed: int
) -> None:
    """Twenty bursts for each seed: two hundred in all."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    clock, billed = FakeClock(start=NOON + timedelta(hours=seed)), 0
    budget = chance.choice([Decimal("0.50"), Decimal(1), Decimal(10)])
    async with Store(tmp_path / "books.sqlite3") as store:
        billing = Billing(store=store, clock=clock, prices=Prices(), daily_budget=budget)
        await billing.open()
        billing.share_among(lambda: chance.choice([1, 3, 50]))
        number = 0

        async def ask(errand: Errand, most: int) -> tuple[Reservation, int] | None:
            try:
                billing.admit(errand)
                return await billing.reserve(CostCeiling(unnamed={"space": most}), errand), most
            except (BudgetSpent, UserMistake):
                return None

        for _ in range(20):
            errands = [
                chance.choice([member(chance.randrange(4), chance.randrange(9)), DETECTION])
                for _ in range(chance.randrange(1, 40))
            ]
            asked = await asyncio.gather(*(ask(errand, chance.choice([1, 20, 100])) for errand in errands))
            clock.jump(1.5)
            for reserved in asked:
                if reserved is None:
                    continue
                reservation, most = reserved
                count = chance.choice([0, 1, most])
                number += count
                billed += count * 500
                usage = Usage(spaces=frozenset(f"{number}x{one}" for one in range(count)))
                if chance.random() < 0.9:
                    await billing.settle(reservation, usage, clock.now())
                else:
                    billed -= count * 500
                    await billing.release(reservation)
                assert billed <= budget * 100_000
            clock.jump(chance.uniform(0, 90))
        assert billed == (await billing.summary()).spent_today <= budget * 100_000


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3_000)), max_size=60))
def test_outside_every_guild_each_person_is_bound_by_their_own_share_alone(spent: list[tuple[int, int]]) -> None:
    pots = Pots(budget=BUDGET)
    shares = pots.shares(Purpose.PEOPLE)
    assert shares is not None
    _, share_of_one = shares
    booked = dict.fromkeys(range(1, 10), 0)
    at = NOON
    for person, cost in spent:
        errand = Errand(purpose=Purpose.PEOPLE, person=person)
        if booked[person] < share_of_one:
            pots.admit(errand, at)
            pots.book(errand, cost, at)
            booked[person] += cost
        else:
            with pytest.raises(UserMistake) as refused:
                pots.admit(errand, at)
            assert refused.value.mistake is Mistake.PERSON_SHARE_SPENT
        at += timedelta(minutes=2)
