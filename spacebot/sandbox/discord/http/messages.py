"""Messages over HTTP; no request gets past Discord's permissions, limits and nonces.

Source: Discord's documentation, 'Messages Resource'; how a repeated nonce and a missing Embed Links are treated is
what was observed.
"""

from collections import OrderedDict
from datetime import timedelta

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.forms.components import ATTACHED
from spacebot.sandbox.discord.forms.mentions import pings
from spacebot.sandbox.discord.forms.messages import SUPPRESS_EMBEDS, Draft, read_message
from spacebot.sandbox.discord.http.access import bot_permissions, channel_of
from spacebot.sandbox.discord.http.limits import Bucket, Limits
from spacebot.sandbox.discord.http.routes import Request, Response, Route
from spacebot.sandbox.discord.model import automod
from spacebot.sandbox.discord.model.channels import COMPONENTS_V2, EPHEMERAL, KINDS, LocalChannel, LocalMessage
from spacebot.sandbox.discord.model.components import media as component_media
from spacebot.sandbox.discord.model.forums import LocalForum
from spacebot.sandbox.discord.model.guilds import State
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


def ping(state: State, message: LocalMessage, draft: Draft) -> None:
    """Record who is pinged by the bot's `draft` in the channel of `message`; an ephemeral message pings nobody."""
    if message.ephemeral:
        return
    channel, guild = message.channel, message.channel.guild
    roles = {} if guild is None else {role.id: role for role in guild.roles.values() if role is not guild.everyone}
    found = pings(
        draft.text,
        draft.allowed,
        mentionable_roles={role.id: role.mentionable for role in roles.values()},
        users={channel.recipient.id if channel.recipient else 0} if guild is None else guild.member_ids,
        may_mention_everyone=guild is not None and bool(bot_permissions(channel) & Permission.MENTION_EVERYONE),
    )
    message.pinged_roles = [roles[role_id] for role_id in found.roles]
    message.pinged_users = [state.users[user_id] for user_id in found.users]
    message.pinged_everyone = found.everyone


def apply(draft: Draft, message: LocalMessage) -> None:
    """Change those parts of a message that an edit names; 50006 where nothing would be left."""
    content = draft.content if "content" in draft.given else message.content
    embeds = draft.embeds if "embeds" in draft.given else message.embeds
    components = draft.components if "components" in draft.given else message.components
    if not (content or embeds or components or draft.attached):
        raise Refusal(50006)
    message.content, message.embeds, message.components = content, embeds, components
    message.flags |= draft.flags & COMPONENTS_V2
    _attach(draft, message)
    if "flags" in draft.given:
        message.flags = message.flags & ~SUPPRESS_EMBEDS | draft.flags & SUPPRESS_EMBEDS


def new_message(
    state: State, channel: LocalChannel, draft: Draft, permissions: Permission, *, number: int | None = None
) -> LocalMessage:
    """The bot's message for a channel, not yet in it; `number` is the id that it is to have.

    50006 for an empty one, 50013 where nothing is left of it without Embed Links, 200000 where AutoMod blocks it.
    """
    embeds = _shown_embeds(draft, permissions)
    _moderate(channel, draft, embeds)
    message = LocalMessage(
        id=state.snowflakes.next() if number is None else number,
        channel=channel,
        author=state.bot,
        content=draft.content,
        embeds=embeds,
        components=draft.components,
        nonce=draft.nonce,
        flags=draft.flags & ~EPHEMERAL,
    )
    _attach(draft, message)
    ping(state, message, draft)
    return message


def _attach(draft: Draft, message: LocalMessage) -> None:
    """Keep the files of a message, and let its components show them from where they can be fetched."""
    state = message.channel.state
    message.attachments = list(draft.attached)
    shown = {}
    for file in message.attachments:
        state.keep(file)
        shown[f"{ATTACHED}{file.name}"] = payloads.attachment(file, state.files_url)
    for holder, media in component_media(message.components):
        if (found := shown.get(media["url"])) is not None:
            media.update({key: found[key] for key in ("url", "proxy_url", "content_type")}, attachment_id=found["id"])
            if "size" in holder:
                holder["size"] = found["size"]


def _shown_embeds(draft: Draft, permissions: Permission) -> list[Json]:
    """The embeds that are left without or with Embed Links; 50006 where nothing was there, 50013 where nothing is left."""
    if draft.is_empty:
        raise Refusal(50006)
    embeds = draft.embeds if permissions & Permission.EMBED_LINKS else []
    if not (draft.content or embeds or draft.components or draft.attached):
        raise Refusal(50013)
    if draft.attached and not permissions & Permission.ATTACH_FILES:
        raise Refusal(50013)
    return embeds


def _moderate(channel: LocalChannel, draft: Draft, embeds: list[Json]) -> None:
    """Refuse what a rule of the guild blocks in this channel; members who may manage the guild are exempt."""
    guild = channel.guild
    if guild is None or not guild.rules or guild.bot_permissions & Permission.MANAGE_GUILD:
        return
    places = {channel.id, channel.parent.id} if isinstance(channel, LocalThread) else {channel.id}
    if any(
        not rule.exempt & places and rule.blocks(automod.texts(draft.content, embeds, draft.components))
        for rule in guild.rules
    ):
        raise Refusal(200000)


def _require_writable(thread: LocalThread, permissions: Permission, *, reopens: bool) -> None:
    """Refuse to let the bot write here with these permissions. `reopens`: what it does reopens an archived thread.

    The status of 160005 is not documented.
    """
    held = thread.locked and not permissions & Permission.MANAGE_THREADS
    if thread.archived and (held or not reopens):
        raise Refusal(50083)
    if held:
        raise Refusal(160005)


def _require_cleanable(thread: LocalThread, permissions: Permission) -> None:
    """Refuse to let the bot delete a message here: only in an archived and locked thread it may not."""
    if thread.archived and thread.locked and not permissions & Permission.MANAGE_THREADS:
        raise Refusal(50083)


class MessageRoutes:
    """The messages of all channels; a nonce is remembered for `nonce_window` seconds."""

    def __init__(self, state: State, limits: Limits, *, nonce_window: float) -> None:
        self._state = state
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

    def _create(self, request: Request) -> Response:
        channel = channel_of(self._state, request)
        if isinstance(channel, LocalForum):
            raise Refusal(50008)
        permissions = bot_permissions(channel)
        if not permissions & channel.sending:
            raise Refusal(50013)
        if isinstance(channel, LocalThread):
            _require_writable(channel, permissions, reopens=True)
        recipient = channel.recipient
        if recipient is not None and not (recipient.accepts_dms and recipient.shares_a_guild):
            raise Refusal(50007)
        draft = read_message(request.body, files=request.files)
        _shown_embeds(draft, permissions)
        if (known := self._known(channel, draft)) is not None:
            if known.id not in channel.by_id:
                raise Refusal(10008)
            return Response(body=payloads.message(known, nonce=True))
        message = new_message(self._state, channel, draft, permissions)
        self._remember(message)
        channel.add(message)
        return Response(body=payloads.message(message, nonce=True))

    def _known(self, channel: LocalChannel, draft: Draft) -> LocalMessage | None:
        """The message that already carries this nonce, if the request wants it to be looked for."""
        if not draft.enforce_nonce or draft.nonce is None:
            return None
        at, message = self._nonces.get((channel.id, str(draft.nonce)), (0.0, None))
        return message if message and self._state.clock.monotonic() - at < self._nonce_window else None

    def _remember(self, message: LocalMessage) -> None:
        now = self._state.clock.monotonic()
        while self._nonces and now - next(iter(self._nonces.values()))[0] >= self._nonce_window:
            self._nonces.popitem(last=False)
        if message.nonce is not None:
            key = (message.channel.id, str(message.nonce))
            self._nonces.pop(key, None)
            self._nonces[key] = (now, message)

    def _list(self, request: Request) -> Response:
        channel = channel_of(self._state, request)
        limit = request.limit(otherwise=50, most=100)
        edges = {name: request.edge(name) for name in ("before", "after", "around")}
        if not bot_permissions(channel) & Permission.READ_MESSAGE_HISTORY:
            return Response(body=[])
        return Response(body=[self._show(message) for message in channel.page(limit=limit, **edges)])

    def _get(self, request: Request) -> Response:
        channel = channel_of(self._state, request)
        if not bot_permissions(channel) & Permission.READ_MESSAGE_HISTORY:
            raise Refusal(50013)
        return Response(body=self._show(self._message(channel, request)))

    def _edit(self, request: Request) -> Response:
        channel = channel_of(self._state, request)
        message = self._message(channel, request)
        if message.author is not self._state.bot:
            raise Refusal(50005)
        if isinstance(channel, LocalThread):
            _require_writable(channel, bot_permissions(channel), reopens=False)
        draft = read_message(request.body, changes=message, files=request.files)
        _moderate(channel, draft, draft.embeds)
        if self._state.clock.now() - message.created_at > _OLD:
            self._limits.pass_old_edit(channel.id, self._state.clock.monotonic())
        apply(draft, message)
        if "embeds" in draft.given and not bot_permissions(channel) & Permission.EMBED_LINKS:
            message.embeds = []
        channel.mark_edited(message)
        return Response(body=payloads.message(message))

    def _delete(self, request: Request) -> Response:
        channel = channel_of(self._state, request)
        message = self._message(channel, request)
        if message.author is not self._state.bot and not bot_permissions(channel) & Permission.MANAGE_MESSAGES:
            raise Refusal(50013)
        if isinstance(channel, LocalThread):
            _require_cleanable(channel, bot_permissions(channel))
        channel.remove(message)
        return Response(status=204)

    def _crosspost(self, request: Request) -> Response:
        channel = channel_of(self._state, request)
        message = self._message(channel, request)
        needed = channel.sending
        if message.author is not self._state.bot:
            needed |= Permission.MANAGE_MESSAGES
        if bot_permissions(channel) & needed != needed:
            raise Refusal(50013)
        if channel.type != KINDS["announcement"]:
            raise Refusal(50024)
        if message.flags & CROSSPOSTED:
            raise Refusal(40033)
        message.flags |= CROSSPOSTED
        channel.changed(message)
        return Response(body=payloads.message(message))

    def _message(self, channel: LocalChannel, request: Request) -> LocalMessage:
        message = channel.by_id.get(request.id("message_id"))
        if message is None:
            raise Refusal(10008)
        return message

    def _show(self, message: LocalMessage) -> Json:
        """What the bot may read of a message: of others' only what is private or names it, as it has no privileged intent."""
        bot = self._state.bot
        shown = payloads.message(message)
        if message.author is not bot and message.channel.guild is not None and f"<@{bot.id}>" not in message.content:
            shown |= {"content": "", "embeds": [], "components": []}
        return shown
