"""Announcements as posts of a forum: each is a thread that begins with the message, and both have the same id.

Discord takes no nonce for a post, so that one is begun by a single request (`once`), and looked for after any doubt. Its
errors are discord.py's.
"""

import logging

import discord

from spacebot.deliver.answers import said
from spacebot.deliver.pacing import once
from spacebot.domain.ids import ChannelId, MessageId
from spacebot.present.card import Card

log = logging.getLogger(__name__)

LIVELY = ("live", "space")
"""What stands in the name of a tag that fits an announcement."""

STAYS_OPEN = 10080
"""Minutes without a message after which Discord closes a post: the most that it takes."""

ARCHIVED = 50083
"""Discord's code for what is to be done in a thread that is closed."""


def tag_of(forum: discord.ForumChannel) -> list[int]:
    """The tag that a post needs, where the forum requires one: one that fits, else the first that everybody may give."""
    if not forum.flags.require_tag:
        return []
    free = [tag for tag in forum.available_tags if not tag.moderated]
    fitting = [tag for tag in free if any(word in tag.name.casefold() for word in LIVELY)]
    return [tag.id for tag in (*fitting, *free)][:1]


async def begin(
    client: discord.Client,
    forum: discord.ForumChannel,
    card: Card,
    view: discord.ui.View | None,
    allowed: discord.AllowedMentions,
) -> MessageId:
    """Begin a post with the card as its first message."""
    params = discord.http.handle_message_parameters(
        content=card.content,
        embeds=[card.embed] if card.embed is not None else [],
        view=view or discord.utils.MISSING,
        allowed_mentions=allowed,
        channel_payload={
            "name": card.post_title,
            "auto_archive_duration": STAYS_OPEN,
            "applied_tags": tag_of(forum),
        },
    )
    with once():
        answer = await client.http.start_thread_in_forum(forum.id, params=params)
    return MessageId(int(answer["id"]))


async def begun(client: discord.Client, forum: discord.ForumChannel, since: int) -> list[ChannelId]:
    """The posts that the bot has begun after that id and that are open, the oldest first."""
    me = client.user
    answer = await client.http.get_active_threads(forum.guild.id)
    own = [
        int(thread["id"])
        for thread in answer["threads"]
        if int(thread["parent_id"]) == forum.id and me is not None and int(thread["owner_id"]) == me.id
    ]
    return [ChannelId(thread) for thread in sorted(own) if thread > since]


async def change(client: discord.Client, post: MessageId, card: Card, params: discord.http.MultipartParameters) -> None:
    """Edit a post's first message, opening it for that if it is closed; close it where its Space is over."""
    try:
        await client.http.edit_message(post, post, params=params)
    except discord.HTTPException as error:
        if error.code != ARCHIVED:
            raise
        await client.http.edit_channel(post, archived=False)
        await client.http.edit_message(post, post, params=params)
    if card.is_over:
        await _close(client, post)


async def remove(client: discord.Client, post: MessageId) -> None:
    """Delete a post's first message, and close what is left: to delete the whole would need one permission more."""
    try:
        await client.http.delete_message(post, post)
    except discord.HTTPException as error:
        if error.code != ARCHIVED:
            raise
        await client.http.edit_channel(post, archived=False)
        await client.http.delete_message(post, post)
    await _close(client, post)


async def _close(client: discord.Client, post: MessageId) -> None:
    try:
        await client.http.edit_channel(post, archived=True)
    except discord.Forbidden as error:  # moderators have locked it; what it says is true all the same
        log.info("Post %d is not closed: %s", post, said(error))
