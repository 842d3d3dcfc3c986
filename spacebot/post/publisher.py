"""The only place that sends, edits and finds messages through discord.py; its errors end here, as ours begin.

`paced` keeps all requests of the bot together below Discord's 50 per second, without bursts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from types import SimpleNamespace
from typing import TypeVar

import aiohttp
import discord
from aiolimiter import AsyncLimiter

from spacebot.errors import (
    DiscordError,
    MessageGone,
    MessageRefused,
    Refused,
    SearchGivenUp,
    TryLater,
    Unclear,
)
from spacebot.ids import ChannelId, MessageId
from spacebot.post.compose import Card

T = TypeVar("T")

PATIENCE = 45.0
"""Seconds that one send may take, discord.py's own five attempts included."""

SEARCHED = 2000
"""Messages that are looked through at most for one of ours."""

NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
}
"""Without these nothing can be announced; the names are those of Discord's settings."""

WANTED = {**NEEDED, "read_message_history": "Read Message History"}
"""What a channel ought to grant: the history is where an announcement is found again after a crash."""

UNKNOWN_MESSAGE = 10008
LACKING = "Discord says that I lack a permission in that channel: View Channel, Send Messages or Embed Links"
REASONS = {
    10003: "the channel is gone; choose another with /config channel",
    50001: LACKING,
    50013: LACKING,
    50083: "the thread is archived; choose another channel with /config channel",
}
"""What Discord's error codes mean for a channel, and what an admin can do."""

BLOCKED_BY_AUTOMOD = 200000

TROUBLES = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)
"""How a request to Discord fails; some of aiohttp's errors escape discord.py."""

EXEMPT = {"interactions", "webhooks"}
"""Where answers to interactions go."""

SERVER_ERRORS = 500
TOO_MANY = 429


class DiscordPublisher:
    """Messages in channels, by id."""

    def __init__(self, client: discord.Client) -> None:
        """Take a client whose cache of guilds and channels is filled by the gateway, and whose requests are `paced`."""
        self._client = client

    def obstacle(self, channel_id: ChannelId) -> str | None:
        """Why nothing can be posted in this channel, for people; None if nothing is in the way. Costs no request."""
        channel = self._client.get_channel(channel_id)
        if channel is None:
            return "the channel is gone, or I am no longer in that server; choose another with /config channel"
        if not isinstance(channel, discord.TextChannel | discord.VoiceChannel | discord.StageChannel):
            return "that is not a channel for messages; choose another with /config channel"
        if channel.guild.unavailable:
            return "Discord says that this server is unavailable for the moment"
        lacking = missing_permissions(channel, NEEDED)
        return f"I lack {lacking} in that channel; grant it, and I go on by myself" if lacking else None

    def can_search(self, channel_id: ChannelId) -> bool:
        """Whether the bot may read the channel's history. Costs no request."""
        channel = self._client.get_channel(channel_id)
        return isinstance(channel, discord.abc.GuildChannel) and not missing_permissions(channel, WANTED)

    async def send(self, channel_id: ChannelId, card: Card, *, nonce: str) -> MessageId:
        """Post a message; see `courier.Publisher` for the errors."""
        channel = self._client.get_partial_messageable(channel_id)
        message = await self._do(
            lambda: channel.send(
                content=card.content,
                embeds=[card.embed] if card.embed is not None else [],
                view=link_view(card) or discord.utils.MISSING,
                nonce=nonce,
                allowed_mentions=allowed(card),
            )
        )
        return MessageId(message.id)

    async def find(self, channel_id: ChannelId, embed_url: str, *, since: datetime) -> MessageId | None:
        """Our message that carries this embed address; see `courier.Publisher` for the errors."""
        return await self._do(lambda: self._search(channel_id, embed_url, since))

    async def edit(self, channel_id: ChannelId, message_id: MessageId, card: Card) -> None:
        """Change a message of ours; see `courier.Publisher` for the errors."""
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        await self._do(
            lambda: message.edit(
                content=card.content,
                embeds=[card.embed] if card.embed is not None else [],
                view=link_view(card),
                allowed_mentions=discord.AllowedMentions.none(),
            )
        )

    async def _search(self, channel_id: ChannelId, embed_url: str, since: datetime) -> MessageId | None:
        me = self._client.user
        history = self._client.get_partial_messageable(channel_id).history(
            limit=SEARCHED, after=since, oldest_first=True
        )
        seen = 0
        async for message in history:
            seen += 1
            if message.author == me and any(embed.url == embed_url for embed in message.embeds):
                return MessageId(message.id)
        if seen >= SEARCHED:
            raise SearchGivenUp(f"there are more than {SEARCHED} messages to look through")
        return None

    async def _do(self, request: Callable[[], Awaitable[T]]) -> T:
        """Do it in bounded time, and map what goes wrong."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await request()
        except discord.RateLimited as error:
            raise TryLater("Discord asks to slow down here", seconds=error.retry_after) from None
        except discord.HTTPException as error:
            raise _mapped(error) from error
        except aiohttp.ClientConnectorError as error:
            raise TryLater("Discord cannot be reached", seconds=10.0) from error
        except TROUBLES as error:
            raise Unclear(f"Discord did not answer: {type(error).__name__}") from error


def paced(per_second: float) -> aiohttp.TraceConfig:
    """What keeps all requests of a client below a pace, evenly spaced; its repeats and waits on buckets included.

    discord.py awaits this right before it sends, after its own waiting for a channel's bucket: a limiter any earlier
    would let those who waited for the same bucket burst out of it together. Answers to interactions are exempt, as
    they are from Discord's limit (https://discord.com/developers/docs/topics/rate-limits#global-rate-limit).
    """
    # One at a time: a limiter of 48 per second lets twice as many through in its first second.
    limiter = AsyncLimiter(1, 1 / per_second)

    async def wait(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        if not any(part in EXEMPT for part in params.url.parts):
            await limiter.acquire()

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(wait)
    return trace


def missing_permissions(channel: discord.abc.GuildChannel, names: dict[str, str]) -> str:
    """Which of these permissions the bot lacks in a channel, by the names of Discord's settings; '' if none."""
    granted = channel.permissions_for(channel.guild.me)
    lacking = [name for key, name in names.items() if not getattr(granted, key)]
    return ", ".join(lacking)


def allowed(card: Card) -> discord.AllowedMentions:
    """What a card may mention: its roles, and nothing else, whatever its text says."""
    return discord.AllowedMentions(
        everyone=card.everyone, users=False, replied_user=False, roles=[discord.Object(role) for role in card.roles]
    )


def link_view(card: Card) -> discord.ui.View | None:
    """The card's buttons; None if it has none."""
    if not card.buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in card.buttons:
        view.add_item(discord.ui.Button(label=button.label, url=button.url))
    return view


def _mapped(error: discord.HTTPException) -> DiscordError:
    if error.status >= SERVER_ERRORS:
        return Unclear(f"Discord failed with status {error.status}")
    if error.status == TOO_MANY:
        return TryLater("Discord asks to slow down here", seconds=60.0)
    if error.code == UNKNOWN_MESSAGE:
        return MessageGone("somebody deleted the message")
    reason = REASONS.get(error.code)
    if reason is None and error.status in {401, 403} and error.code != BLOCKED_BY_AUTOMOD:
        reason = f"Discord lets me do nothing in that channel (status {error.status}, code {error.code})"
    if reason is not None:
        return Refused(reason)
    if error.code == BLOCKED_BY_AUTOMOD:
        return MessageRefused("the server's AutoMod blocked the message; let it except me, or change its rule")
    return MessageRefused(f"Discord refused the message (status {error.status}, code {error.code})")
