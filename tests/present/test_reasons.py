"""Reasons in words: each has its sentence, with its details, and never fails for the want of one."""

import pytest

from spacebot.deliver.permissions import IN_THREADS, WANTED
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.present.reasons import PERMISSION_NAMES, sentence


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_reads_on_after_a_colon_whatever_its_details(reason: Reason) -> None:
    for details in ((), ("403",), ("403", "20001"), ("{}", "{0}", "x")):
        said = sentence(Obstacle(reason=reason, details=details))
        assert said
        assert not said.endswith(".")
        assert reason.value not in said or "_" not in reason


@pytest.mark.parametrize(
    ("obstacle", "said"),
    [
        (
            Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("view_channel", "send_messages_in_threads")),
            (
                "I lack View Channel, Send Messages in Threads in that channel; grant it, and I go on by myself:"
                " *Channel settings → Permissions → add spacebot → View Channel, Send Messages in Threads*"
            ),
        ),
        (
            Obstacle(reason=Reason.CHANNEL_REFUSED, details=("403", "20001")),
            "Discord lets me do nothing in that channel (status 403, code 20001)",
        ),
        (
            Obstacle(reason=Reason.MESSAGE_REFUSED, details=("400", "50035")),
            "Discord refused the message (status 400, code 50035)",
        ),
        (Obstacle(reason=Reason.DISCORD_FAILED, details=("502",)), "Discord failed with status 502"),
        (Obstacle(reason=Reason.NO_ANSWER, details=("TimeoutError",)), "Discord did not answer: TimeoutError"),
    ],
)
def test_details_are_told(obstacle: Obstacle, said: str) -> None:
    assert sentence(obstacle) == said


def test_each_permission_that_is_needed_is_called_as_in_discords_settings() -> None:
    assert {*WANTED, *IN_THREADS.values()} == set(PERMISSION_NAMES)
