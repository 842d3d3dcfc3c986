"""Sends, edits and finds messages through discord.py, whose errors are mapped to `DiscordError` here."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

import aiohttp
import discord

from spacebot.deliver import events, forums
from spacebot.deliver.answers import UNREADABLE, mapped
from spacebot.deliver.permissions import (
    ANNOUNCEABLE,
    NEEDED,
    POSTABLE,
    TO_TELL,
    WANTED,
    may_unlock,
    missing_permissions,
)
from spacebot.domain.ids import ChannelId, GuildId, MessageId, guild_of_events, is_for_events
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.errors import DiscordError, MessageGone, MessageRefused, Refused, SearchGivenUp, TryLater, Unclear
from spacebot.present.card import ActionButton, Card, LinkButton

T = TypeVar("T")

log = logging.getLogger(__name__)

GONE = Obstacle(reason=Reason.CHANNEL_GONE)
LOCKED = Obstacle(reason=Reason.THREAD_LOCKED)

PATIENCE = 45.0
"""Seconds that one send may take, discord.py's own five attempts included."""

SEARCHED = 2000
"""The most messages of a history that are searched."""

PUBLISHED = 40033
"""Discord's code for a message that is published already."""

PAGE = 100
"""Messages that Discord shows at once."""

TROUBLES = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError, json.JSONDecodeError)
"""What a request to Discord can raise; discord.py lets some of aiohttp's errors through, and truncated bodies."""


async def no_picture(_url: str) -> None:
    """Fetch nothing."""


class DiscordPublisher:
    """Messages in channels, and events of guilds, by id.

    It reads of Discord's answers only what it needs, and without discord.py's model of a message: one strange message in
    a channel's history, or a field that Discord leaves out, would be in the way of ours.
    """

    def __init__(self, client: discord.Client, picture: Callable[[str], Awaitable[str | None]] = no_picture) -> None:
        """Take what it works with.

        Args:
            client: Its cache of guilds and channels is filled by the gateway, and its requests are `paced`.
            picture: What is at the address of a host's picture, as a data URI; None if it cannot be had. Never raises.
        """
        self._client = client
        self._picture = picture
        self._forums: dict[ChannelId, discord.ForumChannel] = {}
        """The forums, noted when they are looked at, which comes before whatever is done in a channel."""
        self._resting: dict[ChannelId, Obstacle | None] = {}
        """The obstacle of each archived thread, which the cache does not hold; None: a message would unarchive it."""

    def obstacle(self, guild_id: GuildId, channel_id: ChannelId) -> Obstacle | None:
        """Why nothing can be posted in this channel, from the cache; None if something can."""
        if is_for_events(channel_id):
            guild = self._client.get_guild(guild_id)
            return GONE if guild is None else events.obstacle(guild)
        channel = self._channel(guild_id, channel_id)
        if channel is None:
            return self._resting.get(channel_id, GONE)
        if isinstance(channel, discord.ForumChannel):
            self._forums[channel_id] = channel
        if not isinstance(channel, ANNOUNCEABLE):
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
        if obstacle != GONE or is_for_events(channel_id):
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
        """Whether the bot may read the channel's history, from the cache; events can be read by everybody."""
        if is_for_events(channel_id):
            return True
        channel = self._channel(guild_id, channel_id)
        return isinstance(channel, ANNOUNCEABLE) and not missing_permissions(channel, WANTED)

    def can_publish(self, guild_id: GuildId, channel_id: ChannelId) -> bool:
        """Whether it is an announcement channel, from the cache."""
        channel = self._channel(guild_id, channel_id)
        return isinstance(channel, discord.TextChannel) and channel.is_news()

    async def crosspost(self, channel_id: ChannelId, message_id: MessageId) -> None:
        """Publish a message of ours; see `crossposting.Press` for the errors."""

        async def publish() -> None:
            try:
                await self._client.http.publish_message(channel_id, message_id)
            except discord.HTTPException as error:
                if error.code != PUBLISHED:
                    raise

        await self._do(publish, of_message=True)

    async def send(self, channel_id: ChannelId, card: Card, *, nonce: str) -> MessageId:
        """Post a message, or make an event; see `courier.Publisher` for the errors."""
        face, guild_id = card.event, guild_of_events(channel_id)
        if face is not None:
            picture = None if face.picture is None else await self._picture(face.picture)
            return await self._in_events(lambda: events.make(self._client, guild_id, face, picture))
        forum = self._forums.get(channel_id)
        if forum is not None:
            return await self._do(lambda: forums.begin(self._client, forum, card, button_view(card), allowed(card)))
        params = discord.http.handle_message_parameters(
            content=card.content,
            embeds=[card.embed] if card.embed is not None else [],
            view=button_view(card) or discord.utils.MISSING,
            nonce=nonce,
            allowed_mentions=allowed(card),
        )

        async def post() -> MessageId:
            answer = await self._client.http.send_message(channel_id, params=params)
            return MessageId(int(answer["id"]))

        try:
            return await self._do(post)
        except Refused:
            self._resting.pop(channel_id, None)  # it may be gone by now
            raise

    async def find(self, channel_id: ChannelId, embed_url: str, *, since: datetime) -> MessageId | None:
        """The bot's message with this embed address, or event at it; see `courier.Publisher` for the errors."""
        if is_for_events(channel_id):
            return await self._in_events(lambda: events.find(self._client, guild_of_events(channel_id), embed_url))
        forum = self._forums.get(channel_id)
        if forum is not None:
            return await self._find_post(forum, embed_url, since)
        return await self._do(lambda: self._search(channel_id, embed_url, since))

    async def edit(self, channel_id: ChannelId, message_id: MessageId, card: Card) -> None:
        """Change a message or an event of ours; see `courier.Publisher` for the errors."""
        face, guild_id = card.event, guild_of_events(channel_id)
        if face is not None:
            await self._in_events(lambda: events.change(self._client, guild_id, message_id, face), of_event=True)
            return
        params = discord.http.handle_message_parameters(
            content=card.content,
            embeds=[card.embed] if card.embed is not None else [],
            view=button_view(card),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        if channel_id in self._forums:
            await self._in_post(lambda: forums.change(self._client, message_id, card, params))
            return
        answer: object = await self._do(
            lambda: self._client.http.edit_message(channel_id, message_id, params=params), of_message=True
        )
        if isinstance(answer, str):  # a page, from something on the way to Discord
            raise Unclear(Obstacle(reason=Reason.ANSWER_UNREADABLE, details=("str",)))

    async def delete(self, channel_id: ChannelId, message_id: MessageId) -> None:
        """Remove a message or an event of ours; see `courier.Publisher` for the errors."""
        if is_for_events(channel_id):
            guild_id = guild_of_events(channel_id)
            await self._in_events(lambda: events.remove(self._client, guild_id, message_id), of_event=True)
            return
        if channel_id in self._forums:
            await self._in_post(lambda: forums.remove(self._client, message_id))
            return
        await self._do(lambda: self._client.http.delete_message(channel_id, message_id), of_message=True)

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
                    await self._do(partial(self._say, room.id, text, nonce))
                except DiscordError as error:
                    log.info("Channel %d takes no notice: %s", room.id, error.said or error)
                    continue
                return True
        for person in recipients:
            try:
                await self._do(partial(self._write_to, person, text, nonce))
            except DiscordError as error:
                log.info("Person %d takes no notice: %s", person, error.said or error)
                continue
            return True
        return False

    async def _write_to(self, person: int, text: str, nonce: str) -> None:
        room = await self._client.create_dm(discord.Object(person))
        await self._say(room.id, text, nonce)

    async def _say(self, channel_id: int, text: str, nonce: str) -> None:
        params = discord.http.handle_message_parameters(
            content=text, nonce=nonce, allowed_mentions=discord.AllowedMentions.none()
        )
        await self._client.http.send_message(channel_id, params=params)

    async def _find_post(self, forum: discord.ForumChannel, embed_url: str, since: datetime) -> MessageId | None:
        after = discord.utils.time_snowflake(since, high=True)
        posts = await self._do(lambda: forums.begun(self._client, forum, after))
        if len(posts) > SEARCHED // PAGE:
            raise SearchGivenUp
        for post in posts:
            found = await self._do(partial(self._search, post, embed_url, since))
            if found is not None:
                return MessageId(post)
        return None

    async def _in_events(self, request: Callable[[], Awaitable[T]], *, of_event: bool = False) -> T:
        """Do something with a guild's events; what is forbidden there says nothing about channels."""
        try:
            return await self._do(request, of_message=of_event)
        except Refused as error:
            if error.obstacle.reason not in {Reason.PERMISSIONS_REFUSED, Reason.CHANNEL_REFUSED}:
                raise
            refused = Refused(Obstacle(reason=Reason.EVENTS_FORBIDDEN))
            refused.said = error.said
            raise refused from error

    async def _in_post(self, request: Callable[[], Awaitable[None]]) -> None:
        """Do something in a post; what is refused there says nothing about the forum."""
        try:
            await self._do(request, of_message=True)
        except Refused as error:
            raise MessageGone(error.obstacle) from error

    def _channel(self, guild_id: GuildId, channel_id: ChannelId) -> discord.abc.GuildChannel | discord.Thread | None:
        """A channel from the cache of its guild; `Client.get_channel` would go through all guilds."""
        guild = self._client.get_guild(guild_id)
        return guild.get_channel_or_thread(channel_id) if guild is not None else None

    async def _search(self, channel_id: ChannelId, embed_url: str, since: datetime) -> MessageId | None:
        me = self._client.user
        after = discord.utils.time_snowflake(since, high=True)
        for _ in range(SEARCHED // PAGE):
            page = await self._client.http.logs_from(channel_id, PAGE, after=after)
            ours = [int(each["id"]) for each in page if me is not None and _carries(each, embed_url, me.id)]
            if ours:
                return MessageId(min(ours))
            if len(page) < PAGE:
                return None
            after = max(int(each["id"]) for each in page)
        raise SearchGivenUp

    async def _do(self, request: Callable[[], Awaitable[T]], *, of_message: bool = False) -> T:
        """Do it in bounded time, and map what goes wrong."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await request()
        except discord.RateLimited as error:
            raise TryLater(Obstacle(reason=Reason.SLOW_DOWN), seconds=error.retry_after) from None
        except discord.HTTPException as error:
            raise mapped(error, of_message=of_message) from error
        except aiohttp.ClientConnectorError as error:
            raise TryLater(Obstacle(reason=Reason.UNREACHABLE), seconds=10.0) from error
        except TROUBLES as error:
            raise Unclear(Obstacle(reason=Reason.NO_ANSWER, details=(type(error).__name__,))) from error
        except UNREADABLE as error:
            raise Unclear(Obstacle(reason=Reason.ANSWER_UNREADABLE, details=(type(error).__name__,))) from error


def _carries(message: object, embed_url: str, author_id: int) -> bool:
    """Whether a message, as Discord shows it, is of this author and has an embed with this address."""
    match message:
        case {"author": {"id": author}, "embeds": [*embeds]} if str(author) == str(author_id):
            return any(isinstance(embed, dict) and embed.get("url") == embed_url for embed in embeds)
    return False


def allowed(card: Card) -> discord.AllowedMentions:
    """What a card may mention: its roles and nothing else, whatever its text contains."""
    return discord.AllowedMentions(
        everyone=card.everyone, users=False, replied_user=False, roles=[discord.Object(role) for role in card.roles]
    )


def button_view(card: Card) -> discord.ui.View | None:
    """The card's buttons; None if it has none."""
    if not card.buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in card.buttons:
        match button:
            case LinkButton():
                view.add_item(discord.ui.Button(label=button.label, url=button.url, emoji=button.emoji))
            case ActionButton():
                view.add_item(discord.ui.Button(label=button.label, custom_id=button.custom_id, emoji=button.emoji))
    return view
