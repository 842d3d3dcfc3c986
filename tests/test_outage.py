"""A failure is said once with its reason, and so is its end."""

import logging

import pytest

from spacebot.errors import StoreError
from spacebot.outage import Outage

log = logging.getLogger("spacebot.test")

Told = list[tuple[str, str]]


@pytest.fixture
def outage(caplog: pytest.LogCaptureFixture) -> Outage:
    caplog.set_level(logging.INFO, logger=log.name)
    return Outage(log, failed="The %(what)s fails: %(error)s", recovered="The %(what)s works again.")


def told(caplog: pytest.LogCaptureFixture) -> Told:
    return [(record.levelname, record.getMessage()) for record in caplog.records if record.name == log.name]


def test_a_failure_and_its_end_are_said_once_each(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    for reason in ("disk full", "disk full", "disk gone"):
        outage.failed("tea", StoreError(reason))
    outage.recovered("tea")
    outage.recovered("tea")
    assert told(caplog) == [("WARNING", "The tea fails: disk full"), ("INFO", "The tea works again.")]


def test_what_never_failed_is_not_said_to_work_again(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    outage.recovered("tea")
    assert told(caplog) == []


def test_a_second_failure_after_an_end_is_said_again(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        outage.failed("tea", "cold")
        outage.recovered("tea")
    assert [message for _, message in told(caplog)] == ["The tea fails: cold", "The tea works again."] * 2


def test_each_thing_fails_and_recovers_on_its_own(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    outage.failed("tea", "cold")
    outage.failed("cake", "eaten")
    outage.recovered("tea")
    assert outage.reason("tea") is None
    assert outage.reason("cake") == "eaten"
    assert [message for _, message in told(caplog)][-1] == "The tea works again."


def test_the_reason_is_the_last_one(outage: Outage) -> None:
    outage.failed("tea", "cold")
    outage.failed("tea", "")
    assert (outage.reason("tea"), outage.is_ongoing) == ("", True)
    outage.recovered("tea")
    assert (outage.reason("tea"), outage.is_ongoing) == (None, False)


def test_a_failure_can_have_a_level_and_a_text_of_its_own(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    outage.failed("tea", "empty", level=logging.ERROR, text="No more %(what)s: %(error)s")
    assert told(caplog) == [("ERROR", "No more tea: empty")]


def test_what_stands_in_a_reason_is_no_format(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    outage.failed("tea", "100 %(what)s %s")
    assert told(caplog) == [("WARNING", "The tea fails: 100 %(what)s %s")]
