"""What Discord's answers mean, and what of its words is logged."""

import json
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.deliver.answers import SAID, UNREADABLE, mapped, said
from spacebot.domain.obstacles import Reason
from spacebot.errors import DiscordError, MessageGone, MessageRefused, Refused, Unclear

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789AB"


def refusal(status: int, body: Any) -> discord.HTTPException:
    response: Any = SimpleNamespace(status=status, reason="as ordered")
    return discord.HTTPException(response, body)


def test_discords_own_words_are_one_line_that_may_be_logged() -> None:
    body = {"code": 50035, "message": "Invalid Form Body", "errors": {"name": {"_errors": [{"message": "Too\nlong"}]}}}
    assert said(refusal(400, body)) == "400 50035: Invalid Form Body In name: Too long"
    assert said(TimeoutError("secret")) == "TimeoutError"
    for text in (f"Bot {TOKEN} is wrong", f"https://discord.com/api/webhooks/1/{TOKEN}", "x" * 5000, TOKEN):
        line = said(refusal(403, text))
        assert TOKEN not in line
        assert len(line) <= SAID + 20


@given(st.text())
def test_no_words_break_the_line(text: str) -> None:
    line = said(refusal(400, {"message": text, "code": 1}))
    assert line.isprintable()
    assert len(line) <= SAID + 20


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (404, {"code": 10008, "message": "Unknown Message"}, MessageGone, Reason.MESSAGE_DELETED),
        (404, {"code": 10070, "message": "Unknown Guild Scheduled Event"}, MessageGone, Reason.EVENT_GONE),
        (400, {"code": 30038, "message": "Maximum number of events"}, MessageRefused, Reason.EVENTS_FULL),
        (400, {"code": 180000, "message": "Cannot update a finished event"}, MessageRefused, Reason.MESSAGE_REFUSED),
        (404, {"code": 10003, "message": "Unknown Channel"}, Refused, Reason.CHANNEL_UNKNOWN),
        (404, {"code": 10004, "message": "Unknown Guild"}, Refused, Reason.CHANNEL_GONE),
        (404, {"code": 0, "message": "404: Not Found"}, MessageGone, Reason.MESSAGE_UNKNOWN),
        (404, {"code": 10015, "message": "Unknown Webhook"}, MessageGone, Reason.MESSAGE_UNKNOWN),
        (404, "<html><title>404</title></html>", MessageRefused, Reason.MESSAGE_REFUSED),
        (403, {"code": 50013, "message": "Missing Permissions"}, Refused, Reason.PERMISSIONS_REFUSED),
        (400, {"code": 200000, "message": "Blocked"}, MessageRefused, Reason.AUTOMOD),
        (400, {"code": [], "message": "odd"}, MessageRefused, Reason.MESSAGE_REFUSED),
        (503, "", Unclear, Reason.DISCORD_FAILED),
    ],
)
def test_what_a_refusal_of_an_edit_means(status: int, body: Any, error: type[DiscordError], reason: Reason) -> None:
    found = mapped(refusal(status, body), of_message=True)
    assert type(found) is error
    assert found.obstacle.reason is reason
    assert found.said.startswith(str(status))


def test_a_message_that_is_sent_is_not_gone() -> None:
    assert type(mapped(refusal(404, {"code": 0, "message": "404: Not Found"}))) is MessageRefused


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
def test_no_shape_of_an_answer_is_unforeseen(body: Any) -> None:
    for shape in (body, {"code": body, "message": "m"}, {"code": 1, "message": body}, {"message": "m", "errors": body}):
        try:
            error = refusal(404, json.loads(json.dumps(shape)))
        except UNREADABLE:
            continue
        assert mapped(error, of_message=True).said
