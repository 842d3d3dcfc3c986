"""Threads over HTTP: begun in forums, and changed only by whom Discord lets change them.

Source: Discord's documentation, 'Start Thread in Forum or Media Channel' and 'Modify Channel'. Of other channels than
threads the bot cannot change anything here.
"""

from collections.abc import Collection

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.forms.threads import ThreadChange, read_change, read_forum_thread
from spacebot.sandbox.discord.http.access import bot_permissions, channel_of
from spacebot.sandbox.discord.http.limits import Bucket
from spacebot.sandbox.discord.http.messages import new_message
from spacebot.sandbox.discord.http.routes import Request, Response, Route
from spacebot.sandbox.discord.model.forums import LocalForum
from spacebot.sandbox.discord.model.guilds import LocalGuild, State
from spacebot.sandbox.discord.model.threads import LocalThread
from spacebot.sandbox.discord.permissions import Permission
from spacebot.sandbox.discord.refusals import Refusal

_CREATE = Bucket(name="create thread", limit=5, seconds=5.0)


class ThreadRoutes:
    """The threads of all channels."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        return [
            Route(method="POST", template="/channels/{channel_id}/threads", handler=self._begin, bucket=_CREATE),
            Route(method="PATCH", template="/channels/{channel_id}", handler=self._change),
        ]

    def _begin(self, request: Request) -> Response:
        forum = channel_of(self._state, request)
        if not isinstance(forum, LocalForum) or not isinstance(forum.guild, LocalGuild):
            raise Refusal(50024)
        permissions = bot_permissions(forum)
        if not permissions & forum.sending:
            raise Refusal(50013)
        wanted, draft = read_forum_thread(request.body, request.files)
        tags = wanted.tags or ()
        _require_tags(forum, tags, permissions, new=tags)
        number = self._state.snowflakes.next()
        # the message is made before the thread is there for all to see: it may be refused
        thread = forum.guild.new_thread(forum, wanted.name or "", by=self._state.bot, number=number, tags=tags)
        message = new_message(self._state, thread, draft, permissions, number=number)
        forum.guild.open_thread(thread)
        thread.begin(message)
        return Response(status=201, body={**payloads.thread(thread), "message": payloads.message(message)})

    def _change(self, request: Request) -> Response:
        thread = channel_of(self._state, request)
        if not isinstance(thread, LocalThread):
            raise Refusal(50024 if bot_permissions(thread) & Permission.MANAGE_CHANNELS else 50013)
        permissions = bot_permissions(thread)
        change = read_change(request.body)
        self._require_changeable(thread, change, permissions)
        if change.tags is not None:
            if not isinstance(thread.parent, LocalForum):
                raise Refusal(50024)
            _require_tags(thread.parent, change.tags, permissions, new=set(change.tags) ^ set(thread.tags))
        thread.change(name=change.name, tags=change.tags, archived=change.archived, locked=change.locked)
        return Response(body=payloads.thread(thread))

    def _require_changeable(self, thread: LocalThread, change: ThreadChange, permissions: Permission) -> None:
        """Its starter may do all but lock it, whoever may write may reopen it unless it is locked, moderators may do all."""
        moderates = bool(permissions & Permission.MANAGE_THREADS)
        own = thread.starter is self._state.bot
        if thread.archived and change.archived is not False:
            raise Refusal(50083)
        if moderates:
            return
        if thread.locked or change.locked is not None or not permissions & thread.sending:
            raise Refusal(50013)
        if not own and not change.only_reopens:
            raise Refusal(50013)


def _require_tags(forum: LocalForum, tags: Collection[int], permissions: Permission, *, new: Collection[int]) -> None:
    """Refuse tags that the forum has not, or that only moderators put on and take off, and none where one is required."""
    known = {tag.id: tag for tag in forum.tags}
    moderates = permissions & Permission.MANAGE_THREADS
    if any(tag not in known for tag in tags):
        raise Refusal(10087)
    if not moderates and any(known[tag].moderated for tag in new if tag in known):
        raise Refusal(50013)
    if forum.requires_tag and not tags:
        raise Refusal(40067)
