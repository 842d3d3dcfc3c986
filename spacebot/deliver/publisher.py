"""Sends, edits and finds messages through discord.py, whose errors are mapped to `DiscordError` here."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

import aiohttp
import discord

from spacebot.deliver.permissions import NEEDED, POSTABLE, TO_TELL, WANTED, may_unlock, missing_permissions
from spacebot.domain.ids import ChannelId, GuildId, MessageId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.errors import (
    DiscordError,
    MessageGone,
    MessageRefused,
    Refused,
    SearchGivenUp,
    TryLater,
    Unclear,
)
from spacebot.present.card import Card

T = TypeVar("T")

GONE = Obstacle(reason=Reason.CHANNEL_GONE)
LOCKED = Obstacle(reason=Reason.THREAD_LOCKED)

PATIENCE = 45.0
"""Seconds that one send may take, discord.py's own five attempts included."""

SEARCHED = 2000
"""The most messages of a history that are searched."""

UNKNOWN_MESSAGE = 10008

CHANNEL_OBSTACLES = {
    10003: Reason.CHANNEL_UNKNOWN,
    50001: Reason.PERMISSIONS_REFUSED,
    50013: Reason.PERMISSIONS_REFUSED,
    50083: Reason.THREAD_LOCKED,
    160005: Reason.THREAD_LOCKED,
}
"""What Discord's error codes mean for a channel."""

BLOCKED_BY_AUTOMOD = 200000

TROUBLES = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError, json.JSONDecodeError)
"""What a request to Discord can raise; discord.py lets some of aiohttp's errors through, and truncated bodies."""

SERVER_ERRORS = 500
FORBIDDEN = 403

NO_CHANNELS_FAULT = {401: Reason.CREDENTIALS_REFUSED, 429: Reason.SLOW_DOWN}
"""Statuses with which Discord refuses the bot, wherever it writes."""


class DiscordPublisher:
    """Posts, finds, edits and deletes messages by ids."""

    def __init__(self, client: discord.Client) -> None:
        """Take a client whose cache of guilds and channels is filled by the gateway, and whose requests are `paced`."""
        self._client = client
        self._resting: dict[ChannelId, Obstacle | None] = {}
        """The obstacle of each archived thread, which the cache does not hold; None: a message would unarchive it."""

    def obstacle(self, guild_id: GuildId, channel_id: ChannelId) -> Obstacle | None:
        """Why nothing can be posted in this channel, from the cache; None if something can."""
        channel = self._channel(guild_id, channel_id)
        if channel is None:
            return self._resting.get(channel_id, GONE)
        if not isinstance(channel, POSTABLE):
            return Obstacle(reason=Reason.NOT_FOR_MESSAGES)
        if channel.guild.unavailable:
            return Obstacle(reason=Reason.GUILD_UNAVAILABLE)
        if isinstance(channel, discord.Thread) and channel.locked and not may_unlock(channel):
            self._resting[channel_id] = LOCKED  # it may be archived while locked
            return LOCKED
        lacking = missing_permissions(channel, NEEDED)
        return Obstacle(reason=Reason.PERMISSIONS_MISSING, details=lacking) if lacking else None

    async def look(self, guild_id: GuildId, channel_id: ChannelId) -> Obstacle | None:
        """As `obstacle`, but asks Discord about a channel that is not in the cache, as archived threads are not.

        Raises:
            TryLater, Unclear: Discord did not say.
        """
        obstacle = self.obstacle(guild_id, channel_id)
        if obstacle != GONE:
            return obstacle
        try:
            channel = await self._do(lambda: self._client.fetch_channel(channel_id))
        except (Refused, MessageRefused):
            return GONE
        if not isinstance(channel, discord.Thread):
            return GONE
        self._resting[channel_id] = LOCKED if channel.locked and not may_unlock(channel) else None
        return self._resting[channel_id]

    async def note_thread(self, payload: discord.RawThreadUpdateEvent) -> None:
        """Note that a thread was locked or unlocked: for an archived one this event is the only sign."""
        channel_id = ChannelId(payload.thread_id)
        if channel_id in self._resting:
            self._resting[channel_id] = LOCKED if payload.data["thread_metadata"].get("locked") else None

    def can_search(self, guild_id: GuildId, channel_id: ChannelId) -> bool:
        """Whether the bot may read the channel's history, from the cache."""
        channel = self._channel(guild_id, channel_id)
        return isinstance(channel, POSTABLE) and not missing_permissions(channel, WANTED)

    async def send(self, channel_id: ChannelId, card: Card, *, nonce: str) -> MessageId:
        """Post a message; see `courier.Publisher` for the errors."""
        channel = self._client.get_partial_messageable(channel_id)
        try:
            message = await self._do(
                lambda: channel.send(
                    content=card.content,
                    embeds=[card.embed] if card.embed is not None else [],
                    view=link_view(card) or discord.utils.MISSING,
                    nonce=nonce,
                    allowed_mentions=allowed(card),
                )
            )
        except Refused:
            self._resting.pop(channel_id, None)  # it may be gone by now
            raise
        return MessageId(message.id)

    async def find(self, channel_id: ChannelId, embed_url: str, *, since: datetime) -> MessageId | None:
        """The bot's message with this embed address; see `courier.Publisher` for the errors."""
        return await self._do(lambda: self._search(channel_id, embed_url, since))

    async def edit(self, channel_id: ChannelId, message_id: MessageId, card: Card) -> None:
        """Edit a message of the bot's; see `courier.Publisher` for the errors."""
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        await self._do(
            lambda: message.edit(
                content=card.content,
                embeds=[card.embed] if card.embed is not None else [],
                view=link_view(card),
                allowed_mentions=discord.AllowedMentions.none(),
            )
        )

    async def delete(self, channel_id: ChannelId, message_id: MessageId) -> None:
        """Delete a message of the bot's; see `courier.Publisher` for the errors."""
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        await self._do(message.delete)

    async def tell(
        self, guild_id: GuildId, text: str, *, channel_id: ChannelId | None, recipients: Sequence[int], nonce: str
    ) -> bool:
        """Post a text to a guild's admins, in the first place that works.

        Args:
            guild_id: The guild.
            text: What to post.
            channel_id: The channel that its admins chose for this; None for its system channel.
            recipients: Users who get a direct message, one after another until one works, if no channel does.
            nonce: The same for every attempt, so that Discord drops a repeat.

        Returns:
            Whether it was posted.
        """
        guild = self._client.get_guild(guild_id)
        if guild is None or guild.unavailable:
            return False
        rooms = [guild.get_channel_or_thread(channel_id) if channel_id is not None else None, guild.system_channel]
        for room in rooms:
            if isinstance(room, POSTABLE) and not missing_permissions(room, TO_TELL):
                try:
                    await self._do(partial(room.send, text, nonce=nonce))
                except DiscordError:
                    continue
                return True
        for person in recipients:
            try:
                await self._do(partial(self._write_to, person, text, nonce))
            except DiscordError:
                continue
            return True
        return False

    async def _write_to(self, person: int, text: str, nonce: str) -> None:
        room = await self._client.create_dm(discord.Object(person))
        await room.send(text, nonce=nonce)

    def _channel(self, guild_id: GuildId, channel_id: ChannelId) -> discord.abc.GuildChannel | discord.Thread | None:
        """A channel from the cache of its guild; `Client.get_channel` would go through all guilds."""
        guild = self._client.get_guild(guild_id)
        return guild.get_channel_or_thread(channel_id) if guild is not None else None

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
            raise SearchGivenUp
        return None

    async def _do(self, request: Callable[[], Awaitable[T]]) -> T:
        """Run the request with a time-out, and map its errors."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await request()
        except discord.RateLimited as error:
            raise TryLater(Obstacle(reason=Reason.SLOW_DOWN), seconds=error.retry_after) from None
        except discord.HTTPException as error:
            raise _mapped(error) from error
        except aiohttp.ClientConnectorError as error:
            raise TryLater(Obstacle(reason=Reason.UNREACHABLE), seconds=10.0) from error
        except TROUBLES as error:
            raise Unclear(Obstacle(reason=Reason.NO_ANSWER, details=(type(error).__name__,))) from error


def allowed(card: Card) -> discord.AllowedMentions:
    """What a card may mention: its roles and nothing else, whatever its text contains."""
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
        return Unclear(Obstacle(reason=Reason.DISCORD_FAILED, details=(str(error.status),)))
    if error.status in NO_CHANNELS_FAULT:  # whatever its code may say of a channel
        return TryLater(Obstacle(reason=NO_CHANNELS_FAULT[error.status]), seconds=60.0)
    if error.code == UNKNOWN_MESSAGE:
        return MessageGone()
    if error.code in CHANNEL_OBSTACLES:
        return Refused(Obstacle(reason=CHANNEL_OBSTACLES[error.code]))
    if error.code == BLOCKED_BY_AUTOMOD:
        return MessageRefused(Obstacle(reason=Reason.AUTOMOD))
    answer = (str(error.status), str(error.code))
    is_channels = error.status == FORBIDDEN
    why = Obstacle(reason=Reason.CHANNEL_REFUSED if is_channels else Reason.MESSAGE_REFUSED, details=answer)
    return Refused(why) if is_channels else MessageRefused(why)
