"""What is kept of guilds that arrive."""

import json
from typing import Any

from spacebot.bot.connection import share_words


def arrived(number: int) -> dict[str, Any]:
    """A guild as it is read from Discord."""
    topic = "Anything goes, as long as it is kind"
    channels = [{"id": number, "name": "general", "topic": topic}, {"name": "a", "topic": None}]
    guild: dict[str, Any] = {"id": number, "channels": channels, "roles": [{"name": "@everyone"}]}
    read: dict[str, Any] = json.loads(json.dumps(guild))
    return read


def test_equal_names_and_topics_of_all_guilds_are_one_text() -> None:
    one, other = arrived(1), arrived(2)
    before = arrived(1)
    share_words(one)
    share_words(other)
    assert one == before, "what they say is the same"
    for part, word in (("channels", "name"), ("channels", "topic"), ("roles", "name")):
        assert one[part][0][word] is other[part][0][word]


def test_what_is_no_text_is_left_to_whoever_reads_it() -> None:
    odd: dict[str, Any] = {"channels": [{"name": 7, "topic": ["x"]}], "roles": []}
    share_words(odd)
    assert odd == {"channels": [{"name": 7, "topic": ["x"]}], "roles": []}
    share_words({"unavailable": True})
