"""What the bot must be allowed in a channel before it can post there; by the names of Discord's API."""

from collections.abc import Iterable

import discord

TO_TELL = ("view_channel", "send_messages")
"""Without these nothing can be said at all."""

NEEDED = (*TO_TELL, "embed_links")
"""Without these nothing can be announced."""

WANTED = (*NEEDED, "read_message_history")
"""What a channel ought to grant: the history is where an announcement is found again after a crash."""

IN_THREADS = {"send_messages": "send_messages_in_threads"}
"""What stands in for a permission where the channel is a thread."""

POSTABLE = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread)
"""What messages can be posted in."""


def missing_permissions(
    channel: discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread, names: Iterable[str]
) -> tuple[str, ...]:
    """Which of these permissions the bot lacks in a channel; threads have one of their own for sending."""
    granted = channel.permissions_for(channel.guild.me)
    if isinstance(channel, discord.Thread):
        names = (IN_THREADS.get(name, name) for name in names)
    return tuple(name for name in names if not getattr(granted, name))


def may_unlock(thread: discord.Thread) -> bool:
    """Whether the bot may post in the thread though it is locked."""
    return thread.permissions_for(thread.guild.me).manage_threads
