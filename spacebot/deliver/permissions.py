"""Which permissions the bot needs in a channel to post there, by their names in Discord's API."""

from collections.abc import Iterable

import discord

TO_TELL = ("view_channel", "send_messages")
"""Needed to post any text."""

NEEDED = (*TO_TELL, "embed_links")
"""Needed to post announcements."""

WANTED = (*NEEDED, "read_message_history")
"""What a channel should grant: the history is where an announcement is found again after a crash."""

IN_THREADS = {"send_messages": "send_messages_in_threads"}
"""The permissions that replace these in threads."""

POSTABLE = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread)
"""The kinds of channel that messages can be posted in."""

ANNOUNCEABLE = (*POSTABLE, discord.ForumChannel)
"""The kinds of channel that Spaces can be announced in: in a forum each is a post of its own."""


def missing_permissions(
    channel: discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel | discord.Thread,
    names: Iterable[str],
) -> tuple[str, ...]:
    """Which of these permissions the bot was not granted in a channel; threads have one of their own for sending.

    Whoever may not see a channel, or not send there, may not do the rest either, whatever else is granted. That is not
    counted as lacking: granting what is named here is enough.
    """
    if isinstance(channel, discord.ForumChannel):
        names = (*names, *IN_THREADS.values())  # closing a post, and opening it again, is writing in a thread
    is_thread = isinstance(channel, discord.Thread)
    place: discord.abc.GuildChannel | None = channel.parent if isinstance(channel, discord.Thread) else channel
    if place is None:
        return ("view_channel",)
    # Of the base class: those of the kinds of channels leave out what follows from what is lacking.
    return lacking(discord.abc.GuildChannel.permissions_for(place, channel.guild.me), names, in_thread=is_thread)


def lacking(granted: discord.Permissions, names: Iterable[str], *, in_thread: bool) -> tuple[str, ...]:
    """Which of these permissions are not among those granted in a channel, or in a thread."""
    if in_thread:
        names = (IN_THREADS.get(name, name) for name in names)
    return tuple(name for name in names if not (granted.administrator or getattr(granted, name)))


def may_unlock(thread: discord.Thread) -> bool:
    """Whether the bot may post in the thread though it is locked."""
    return thread.permissions_for(thread.guild.me).manage_threads
