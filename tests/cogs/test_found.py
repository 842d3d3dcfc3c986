"""What is read of a message in whose menu somebody chooses 'Look up this Space': all that people can read, and no more."""

from typing import Any

import discord

from cogs.found import texts_of
from spacebot.x.reference import named_in

WHEN = "2026-10-01T12:00:00+00:00"
AUTHOR = {"id": "2", "username": "somebody", "discriminator": "0", "avatar": None, "global_name": None}


def link(at: int) -> str:
    return f"https://x.com/i/spaces/1{at}"


def button(at: int) -> dict[str, Any]:
    return {"type": 2, "id": at, "style": 5, "label": "Listen", "url": link(at)}


def message(**parts: Any) -> discord.Message:
    """A message with these parts, as Discord shows it."""
    client = discord.Client(intents=discord.Intents.none())
    shown: Any = {
        "id": "1",
        "type": 0,
        "channel_id": "3",
        "author": AUTHOR,
        "content": "",
        "timestamp": WHEN,
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "flags": 0,
        **parts,
    }
    channel: Any = client.get_partial_messageable(3)
    return discord.Message(state=client._connection, channel=channel, data=shown)


def test_text_embeds_and_components_of_every_kind_are_read_in_this_order() -> None:
    embed = {
        "type": "rich",
        "title": f"At {link(2)}",
        "url": link(3),
        "description": link(4),
        "fields": [{"name": link(5), "value": link(6), "inline": False}],
        "author": {"name": link(7), "url": link(8), "icon_url": link(98)},
        "footer": {"text": link(9)},
        "image": {"url": "https://example.com/i/spaces/199", "proxy_url": link(99)},
    }
    section = {
        "type": 9,
        "id": 21,
        "accessory": button(12),
        "components": [{"type": 10, "id": 22, "content": link(11)}],
    }
    components = [
        {"type": 1, "id": 23, "components": [button(10), {"type": 2, "id": 24, "style": 1, "custom_id": link(97)}]},
        {"type": 17, "id": 25, "components": [section, {"type": 14, "id": 26, "spacing": 1, "divider": True}]},
    ]
    found = named_in(texts_of(message(content=link(1), embeds=[embed], components=components)))
    assert {str(one) for one in found} == {f"1{at}" for at in range(1, 13)}
    assert [str(one) for one in found][:4] == ["11", "12", "13", "14"]


def test_what_a_message_forwards_is_read_too() -> None:
    snapshot = {
        "type": 0,
        "content": link(1),
        "embeds": [{"type": "rich", "description": link(2)}],
        "attachments": [],
        "timestamp": WHEN,
        "edited_timestamp": None,
        "flags": 0,
        "mentions": [],
        "mention_roles": [],
        "components": [{"type": 1, "id": 1, "components": [button(3)]}],
    }
    forwarded = message(
        message_snapshots=[{"message": snapshot}],
        message_reference={"type": 1, "channel_id": "4", "message_id": "5"},
    )
    assert [str(one) for one in named_in(texts_of(forwarded))] == ["11", "12", "13"]
