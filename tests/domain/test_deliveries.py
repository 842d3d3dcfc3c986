"""When a reminder is due, what is late, and how reasons are kept."""

from datetime import datetime, timedelta

import pytest

from spacebot.domain.deliveries import reminder_due
from spacebot.domain.obstacles import Obstacle, Reason
from tests.clocks import START

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        (START + 60 * MINUTE, 15, START + 45 * MINUTE),
        (START + 60 * MINUTE, 60, START),
        (START + 10 * MINUTE, 15, START),
        (START + 60 * MINUTE, None, START),
        (START, 15, None),
        (START - MINUTE, 15, None),
        (None, 15, None),
        (None, None, None),
    ],
)
def test_a_reminder_is_due_so_long_before_the_start_never_before_now_and_never_after_it(
    start: datetime | None, minutes: int | None, due: datetime | None
) -> None:
    assert reminder_due(start, minutes, START) == due


@pytest.mark.parametrize("details", [(), ("send_messages",), ("403", "20001")])
def test_an_obstacle_is_read_as_it_was_kept(details: tuple[str, ...]) -> None:
    for reason in Reason:
        obstacle = Obstacle(reason=reason, details=details)
        assert Obstacle.parse(str(obstacle)) == obstacle


def test_a_code_of_another_version_is_an_obstacle_all_the_same() -> None:
    assert Obstacle.parse("from_tomorrow 7").reason is Reason.OTHER
