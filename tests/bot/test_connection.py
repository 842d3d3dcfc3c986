"""What is kept of guilds that arrive."""

import json

from spacebot.bot.connection import share_words


def arrived(number: int) -> dict[str, object]:
    """A guild as it is read from Discord."""
    channels = [
        {"id": number, "name": "general", "topic": "Anything goes, as long as it is kind"},
        {"name": "a", "topic": None},
    ]
    return json.loads(
        json.dumps({"id": number, "name": "general", "channels": channels, "roles": [{"name": "@everyone"}]})
    )  # type: ignore[no-any-return]  # as it was written


def test_equal_names_and_topics_of_all_guilds_are_one_text() -> None:
    one, other = arrived(1), arrived(2)
    before = arrived(1)
    share_words(one)
    share_words(other)
    assert one == before, "what they say is the same"
    for part, word in (("channels", "name"), ("channels", "topic"), ("roles", "name")):
        assert one[part][0][word] is other[part][0][word]  # type: ignore[index]  # as above


def test_what_is_no_text_is_left_to_whoever_reads_it() -> None:
    odd = {"channels": [{"name": 7, "topic": ["x"]}], "roles": []}
    share_words(odd)
    assert odd == {"channels": [{"name": 7, "topic": ["x"]}], "roles": []}
    share_words({"unavailable": True})
