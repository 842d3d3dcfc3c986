"""Messages over HTTP; what stands in a channel afterwards keeps Discord's permissions, limits and nonces.

Source: Discord's documentation, 'Messages Resource'; how a repeated nonce and a missing Embed Links are treated is
what was observed.
"""

from collections import OrderedDict
from datetime import timedelta

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.forms.mentions import pings
from spacebot.sandbox.discord.forms.messages import EPHEMERAL, SUPPRESS_EMBEDS, Draft, read_message
from spacebot.sandbox.discord.http.limits import Bucket, Limits
from spacebot.sandbox.discord.http.resources import bot_permissions, reach
from spacebot.sandbox.discord.http.routes import Answer, Call, Route
from spacebot.sandbox.discord.model import automod
from spacebot.sandbox.discord.model.channels import KINDS, LocalChannel, LocalMessage
from spacebot.sandbox.discord.model.state import World
from spacebot.sandbox.discord.model.threads import LocalThread
from spacebot.sandbox.discord.payloads import Json
from spacebot.sandbox.discord.permissions import Permission
from spacebot.sandbox.discord.refusals import Refusal

CROSSPOSTED = 1 << 0
_OLD = timedelta(hours=1)

_CREATE = Bucket(name="create message", limit=5, seconds=5.0)
_EDIT = Bucket(name="edit message", limit=5, seconds=5.0)
_DELETE = Bucket(name="delete message", limit=5, seconds=1.0)
_CROSSPOST = Bucket(name="crosspost", limit=10, seconds=3600.0)


def ping(message: LocalMessage, draft: Draft) -> None:
    """Ping whom the bot's `draft` may ping where `message` stands; an ephemeral message pings nobody."""
    if message.ephemeral:
        return
    channel, guild = message.channel, message.channel.guild
    roles = {} if guild is None else {role.id: role for role in guild.roles.values() if role is not guild.everyone}
    found = pings(
        draft.content,
        draft.allowed,
        mentionable_roles={role.id: role.mentionable for role in roles.values()},
        users={channel.recipient.id if channel.recipient else 0} if guild is None else guild.members,
        may_mention_everyone=guild is not None and bool(bot_permissions(channel) & Permission.MENTION_EVERYONE),
    )
    message.pinged_roles = [roles[role_id] for role_id in found.roles]
    message.pinged_users = [channel.world.users[user_id] for user_id in found.users]
    message.pinged_everyone = found.everyone


def apply(draft: Draft, message: LocalMessage) -> None:
    """Change those parts of a message that an edit names; 50006 where nothing would be left."""
    content = draft.content if "content" in draft.given else message.content
    embeds = draft.embeds if "embeds" in draft.given else message.embeds
    components = draft.components if "components" in draft.given else message.components
    if not (content or embeds or components):
        raise Refusal(50006)
    message.content, message.embeds, message.components = content, embeds, components
    if "flags" in draft.given:
        message.flags = message.flags & ~SUPPRESS_EMBEDS | draft.flags & SUPPRESS_EMBEDS


def _moderate(channel: LocalChannel, content: str, embeds: list[Json]) -> None:
    """Refuse what a rule of the guild blocks in this channel; members who may manage the guild are exempt."""
    guild = channel.guild
    if guild is None or not guild.rules or guild.bot_member.permissions & Permission.MANAGE_GUILD:
        return
    places = {channel.id, channel.parent.id} if isinstance(channel, LocalThread) else {channel.id}
    if any(not rule.exempt & places and rule.blocks(automod.texts(content, embeds)) for rule in guild.rules):
        raise Refusal(200000)


class Messages:
    """The messages of all channels; a nonce is remembered for `nonce_window` seconds."""

    def __init__(self, world: World, limits: Limits, *, nonce_window: float) -> None:
        self._world = world
        self._limits = limits
        self._nonce_window = nonce_window
        self._nonces: OrderedDict[tuple[int, str], tuple[float, LocalMessage]] = OrderedDict()

    def routes(self) -> list[Route]:
        many = "/channels/{channel_id}/messages"
        one = f"{many}/{{message_id}}"
        return [
            Route(method="POST", template=many, handler=self._create, bucket=_CREATE),
            Route(method="GET", template=many, handler=self._list),
            Route(method="GET", template=one, handler=self._get),
            Route(method="PATCH", template=one, handler=self._edit, bucket=_EDIT),
            Route(method="DELETE", template=one, handler=self._delete, bucket=_DELETE),
            Route(method="POST", template=f"{one}/crosspost", handler=self._crosspost, bucket=_CROSSPOST),
        ]

    def _create(self, call: Call) -> Answer:
        channel = reach(self._world, call)
        permissions = bot_permissions(channel)
        if not permissions & channel.sending:
            raise Refusal(50013)
        if isinstance(channel, LocalThread):
            channel.require_writable(permissions, reopens=True)
        recipient = channel.recipient
        if recipient is not None and not (recipient.accepts_dms and recipient.shares_a_guild):
            raise Refusal(50007)
        draft = read_message(call.body)
        if draft.is_empty:
            raise Refusal(50006)
        embeds = draft.embeds if permissions & Permission.EMBED_LINKS else []
        if not (draft.content or embeds or draft.components):
            raise Refusal(50013)
        if (known := self._known(channel, draft)) is not None:
            if known.id not in channel.by_id:
                raise Refusal(10008)
            return Answer(body=payloads.message(known, nonce=True))
        _moderate(channel, draft.content, embeds)
        message = LocalMessage(
            id=self._world.snowflakes.next(),
            channel=channel,
            author=self._world.bot,
            content=draft.content,
            embeds=embeds,
            components=draft.components,
            nonce=draft.nonce,
            flags=draft.flags & ~EPHEMERAL,
        )
        ping(message, draft)
        self._remember(message)
        channel.add(message)
        return Answer(body=payloads.message(message, nonce=True))

    def _known(self, channel: LocalChannel, draft: Draft) -> LocalMessage | None:
        """The message that already carries this nonce, if the request wants it to be looked for."""
        if not draft.enforce_nonce or draft.nonce is None:
            return None
        at, message = self._nonces.get((channel.id, str(draft.nonce)), (0.0, None))
        return message if message and self._world.clock.monotonic() - at < self._nonce_window else None

    def _remember(self, message: LocalMessage) -> None:
        now = self._world.clock.monotonic()
        while self._nonces and now - next(iter(self._nonces.values()))[0] >= self._nonce_window:
            self._nonces.popitem(last=False)
        if message.nonce is not None:
            key = (message.channel.id, str(message.nonce))
            self._nonces.pop(key, None)
            self._nonces[key] = (now, message)

    def _list(self, call: Call) -> Answer:
        channel = reach(self._world, call)
        limit = call.limit(otherwise=50, most=100)
        edges = {name: call.edge(name) for name in ("before", "after", "around")}
        if not bot_permissions(channel) & Permission.READ_MESSAGE_HISTORY:
            return Answer(body=[])
        return Answer(body=[self._show(message) for message in channel.page(limit=limit, **edges)])

    def _get(self, call: Call) -> Answer:
        channel = reach(self._world, call)
        if not bot_permissions(channel) & Permission.READ_MESSAGE_HISTORY:
            raise Refusal(50013)
        return Answer(body=self._show(self._message(channel, call)))

    def _edit(self, call: Call) -> Answer:
        channel = reach(self._world, call)
        message = self._message(channel, call)
        if message.author is not self._world.bot:
            raise Refusal(50005)
        if isinstance(channel, LocalThread):
            channel.require_writable(bot_permissions(channel), reopens=False)
        draft = read_message(call.body)
        _moderate(channel, draft.content, draft.embeds)
        if self._world.clock.now() - message.created_at > _OLD:
            self._limits.pass_old_edit(channel.id, self._world.clock.monotonic())
        apply(draft, message)
        if "embeds" in draft.given and not bot_permissions(channel) & Permission.EMBED_LINKS:
            message.embeds = []
        message.edited_at = self._world.clock.now()
        message.edits += 1
        channel.changed(message)
        return Answer(body=payloads.message(message))

    def _delete(self, call: Call) -> Answer:
        channel = reach(self._world, call)
        message = self._message(channel, call)
        if message.author is not self._world.bot and not bot_permissions(channel) & Permission.MANAGE_MESSAGES:
            raise Refusal(50013)
        if isinstance(channel, LocalThread):
            channel.require_cleanable(bot_permissions(channel))
        channel.remove(message)
        return Answer(status=204)

    def _crosspost(self, call: Call) -> Answer:
        channel = reach(self._world, call)
        message = self._message(channel, call)
        needed = channel.sending
        if message.author is not self._world.bot:
            needed |= Permission.MANAGE_MESSAGES
        if bot_permissions(channel) & needed != needed:
            raise Refusal(50013)
        if channel.type != KINDS["announcement"]:
            raise Refusal(50024)
        if message.flags & CROSSPOSTED:
            raise Refusal(40033)
        message.flags |= CROSSPOSTED
        channel.changed(message)
        return Answer(body=payloads.message(message))

    def _message(self, channel: LocalChannel, call: Call) -> LocalMessage:
        message = channel.by_id.get(call.id("message_id"))
        if message is None:
            raise Refusal(10008)
        return message

    def _show(self, message: LocalMessage) -> Json:
        """What the bot may read of a message: of others' only what is private or names it, as it has no privileged intent."""
        bot = self._world.bot
        shown = payloads.message(message)
        if message.author is not bot and message.channel.guild is not None and f"<@{bot.id}>" not in message.content:
            shown |= {"content": "", "embeds": [], "components": []}
        return shown
