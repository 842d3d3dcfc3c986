"""What is told to lack is what was not granted, and not what follows from it."""

from typing import Any

import discord
import pytest

from spacebot.deliver.permissions import IN_THREADS, WANTED, missing_permissions

ME, GUILD, TEXT, THREAD = "5", "10", "11", "12"


def guild(denied: tuple[str, ...]) -> discord.Guild:
    """A guild whose everyone may do what is wanted, apart from what is denied in its channel."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    state: Any = client._connection
    user: Any = {"id": ME, "username": "bot", "discriminator": "0", "avatar": None, "global_name": None, "bot": True}
    state.user = discord.ClientUser(state=state, data=user)
    granted = discord.Permissions(**dict.fromkeys((*WANTED, *IN_THREADS.values()), True))
    deny = discord.Permissions(**dict.fromkeys(denied, True))
    overwrite = {"id": GUILD, "type": 0, "allow": "0", "deny": str(deny.value)}
    everyone = {
        "id": GUILD, "name": "@everyone", "color": 0, "colors": {"primary_color": 0}, "hoist": False, "position": 0,
        "permissions": str(granted.value), "managed": False, "mentionable": False,
    }  # fmt: skip
    thread = {
        "id": THREAD, "parent_id": TEXT, "owner_id": ME, "type": 11, "name": "thread", "guild_id": GUILD,
        "message_count": 0, "member_count": 1, "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": False, "locked": False, "auto_archive_duration": 60,
            "archive_timestamp": "2026-10-01T12:00:00+00:00",
        },
    }  # fmt: skip
    data: Any = {
        "id": GUILD, "name": "Book club", "owner_id": "1", "roles": [everyone], "member_count": 1,
        "channels": [
            {"id": TEXT, "type": 0, "name": "spaces", "position": 0, "permission_overwrites": [overwrite]},
        ],
        "threads": [thread],
        "members": [{"user": user, "roles": [], "joined_at": None, "deaf": False, "mute": False, "flags": 0}],
    }  # fmt: skip
    return discord.Guild(data=data, state=state)


@pytest.mark.parametrize(
    "denied",
    [
        (),
        ("send_messages",),
        ("embed_links",),
        ("view_channel",),
        ("read_message_history",),
        ("send_messages", "embed_links"),
        ("view_channel", "read_message_history"),
    ],
)
async def test_exactly_what_is_denied_is_lacking(denied: tuple[str, ...]) -> None:
    channel = guild(denied).get_channel(int(TEXT))
    assert isinstance(channel, discord.TextChannel)
    assert missing_permissions(channel, WANTED) == denied


@pytest.mark.parametrize("denied", [(), ("send_messages_in_threads",), ("embed_links",), ("view_channel",)])
async def test_so_it_is_in_a_thread(denied: tuple[str, ...]) -> None:
    thread = guild(denied).get_thread(int(THREAD))
    assert thread is not None
    assert missing_permissions(thread, WANTED) == denied
    thread.parent_id = 0
    assert missing_permissions(thread, WANTED) == ("view_channel",), "its channel is not known"
