"""What the bot must be allowed in a channel before it can post there."""

import discord

NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
}
"""Without these nothing can be announced; the names are those of Discord's settings."""

IN_THREADS = {"send_messages": ("send_messages_in_threads", "Send Messages in Threads")}
"""What stands in for a permission where the channel is a thread."""

TO_TELL = {name: NEEDED[name] for name in ("view_channel", "send_messages")}
"""Without these nothing can be said at all."""

WANTED = {**NEEDED, "read_message_history": "Read Message History"}
"""What a channel ought to grant: the history is where an announcement is found again after a crash."""

POSTABLE = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread)
"""What messages can be posted in."""


def missing_permissions(
    channel: discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread, names: dict[str, str]
) -> str:
    """Which of these permissions the bot lacks in a channel, by the names of Discord's settings; '' if none."""
    granted = channel.permissions_for(channel.guild.me)
    if isinstance(channel, discord.Thread):
        names = {
            IN_THREADS.get(key, (key, name))[0]: IN_THREADS.get(key, (key, name))[1] for key, name in names.items()
        }
    lacking = [name for key, name in names.items() if not getattr(granted, key)]
    return ", ".join(lacking)


def _may_unlock(thread: discord.Thread) -> bool:
    return thread.permissions_for(thread.guild.me).manage_threads
