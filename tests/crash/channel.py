"""One channel of Discord in memory, with the guild's roles and events beside it, reached through discord.py's own HTTP methods.

It can be copied at any moment. A copy holds everything that Discord knows: messages, nonces, roles, who has them, events, and
requests that are still on their way to it.
"""

import contextlib
import copy
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import discord
from discord.http import Route
from discord.utils import time_snowflake

from spacebot.clock import Clock
from tests.crash.events import BOT, Events, answer, forbidden, invalid, unknown
from tests.store.seed import CHANNEL, GUILD, ROLE

OWN_ROLE = 141
"""The bot's own role, above those that it makes."""

WAY = 0.1
"""Seconds that a request is under way to Discord, and its answer back."""

GIVES_UP = 45.0
"""Seconds after which a request without an answer is given up."""

HELD_BACK = 50.0
"""Seconds after which Discord makes all the same what is late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What becomes of one request.

    carried_out   whether Discord does what was asked
    late          what is to be made is made only after the bot has given up; anything else as if it were not
    takes         seconds until the bot is told
    error         what discord.py raises then, its own repeats included; None: the answer arrives
    """

    carried_out: bool = True
    late: bool = False
    takes: float = 0.0
    error: Callable[[], Exception] | None = None


def _server_error(status: int) -> Callable[[], Exception]:
    return lambda: discord.DiscordServerError(answer(status), "<html>")


def _truncated() -> Exception:
    return json.JSONDecodeError("Unterminated string", '{"id": "12', 7)


SOUND = "none"
FAULTS: Mapping[str, Fault] = {
    SOUND: Fault(),
    "500 before": Fault(carried_out=False, takes=25.0, error=_server_error(500)),
    "500 after": Fault(takes=25.0, error=_server_error(500)),
    "502 after": Fault(takes=25.0, error=_server_error(502)),
    "cut before": Fault(carried_out=False, error=aiohttp.ServerDisconnectedError),
    "cut after": Fault(error=aiohttp.ServerDisconnectedError),
    "time-out before": Fault(carried_out=False, takes=GIVES_UP, error=TimeoutError),
    "time-out after": Fault(takes=GIVES_UP, error=TimeoutError),
    "time-out, late": Fault(late=True, takes=GIVES_UP, error=TimeoutError),
    "429": Fault(carried_out=False, error=lambda: discord.RateLimited(40.0)),
    "truncated": Fault(error=_truncated),
}


@dataclass(slots=True)
class Message:
    """A message that stands in the channel."""

    id: int
    content: str
    embeds: list[dict[str, Any]]
    pinged: bool

    @property
    def moment(self) -> str:
        """What it tells of, by the address under which it is found again."""
        return str(self.embeds[0]["url"]).rpartition("#")[2]

    @property
    def is_of_first_shape(self) -> bool:
        """Whether it is laid out in fields, below the name of its host."""
        return "author" in self.embeds[0]


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the guild that the bot has made."""

    id: int
    name: str


MESSAGES = "messages"
ROLES = "roles"
MEMBERS = "members"
EVENTS = "scheduled-events"

PATHS = re.compile(
    rf"/(?:channels/\d+/(?P<channels>{MESSAGES})(?:/(?P<message>\d+))?"
    rf"|guilds/\d+/(?P<guilds>{ROLES}|{EVENTS})(?:/(?P<event>\d+))?"
    rf"|guilds/\d+/(?P<people>{MEMBERS})/(?P<person>\d+)/roles/(?P<role>\d+))"
)
"""What of Discord's is used here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What discord.py asks for.

    of     what it is about: messages, roles, members, or events
    ids    the numbers in its path, without the guild's and the channel's
    """

    method: str
    of: str
    ids: tuple[int, ...]
    body: Mapping[str, Any]

    @classmethod
    def to(cls, method: str, url: str, body: Mapping[str, Any]) -> "Request":
        """Read an address."""
        found = PATHS.fullmatch(url.removeprefix(Route.BASE))
        assert found is not None, url
        [of] = (found[name] for name in ("channels", "guilds", "people") if found[name])
        ids = tuple(int(found[name]) for name in ("message", "event", "person", "role") if found[name])
        return cls(method=method, of=of, ids=ids, body=body)

    @property
    def makes(self) -> bool:
        """Whether there is something more when it is carried out."""
        return self.method == "POST"

    def __str__(self) -> str:
        return f"{self.method} {self.of}"


@dataclass(slots=True, kw_only=True)
class Channel:
    """What Discord knows of the channel.

    readable      whether the bot may read its history
    window        seconds that a nonce is remembered
    roles         what the bot has made of them
    held          who has which of them
    events        what the bot has made of them
    gives_roles   whether the bot may manage roles
    is_full       whether the guild has as many roles as it may have
    """

    readable: bool
    window: float
    roles: list[Role] = field(default_factory=list)
    held: set[tuple[int, int]] = field(default_factory=set)
    events: Events = field(default_factory=Events)
    gives_roles: bool = True
    is_full: bool = False
    messages: list[Message] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    nonces: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    under_way: list[tuple[datetime, Request]] = field(default_factory=list)
    changes: int = 0

    def copy(self) -> "Channel":
        """The channel as it is now."""
        return copy.deepcopy(self)

    def catch_up(self, now: datetime) -> None:
        """Carry out what has arrived by now, and let the time be what it is."""
        due = [item for item in self.under_way if item[0] <= now]
        self.under_way = [item for item in self.under_way if item[0] > now]
        for at, request in due:
            with contextlib.suppress(discord.HTTPException):  # nobody waits for the answer
                self._do(request, at)
        self.events.catch_up(now)

    def carry_out(self, request: Request, now: datetime) -> Any:
        """What Discord answers; raises as discord.py does where Discord refuses."""
        self.catch_up(now)
        return self._do(request, now)

    def _do(self, request: Request, now: datetime) -> Any:
        if request.method != "GET":
            self.changes += 1
        match request.of:
            case "roles":
                return self._roles(request, now)
            case "members":
                return self._members(request)
            case "scheduled-events":
                new_id = time_snowflake(now) + self.changes
                return self.events.do(request.method, request.ids, request.body, now, new_id)
        return self._messages(request, now)

    def _roles(self, request: Request, now: datetime) -> Any:
        if request.method == "GET":
            return [shown_role(role.id, role.name, position=1) for role in self.roles]
        self._require_giving()
        if self.is_full:
            raise invalid(30005, "Maximum number of guild roles reached")
        role = Role(id=time_snowflake(now) + self.changes, name=request.body["name"])
        assert str(request.body["permissions"]) == "0"
        self.roles.append(role)
        return shown_role(role.id, role.name, position=1)

    def _members(self, request: Request) -> None:
        self._require_giving()
        person, role_id = request.ids
        if all(role.id != role_id for role in self.roles):
            raise unknown(10011, "Role")
        if request.method == "PUT":
            self.held.add((person, role_id))
        else:
            self.held.discard((person, role_id))

    def _require_giving(self) -> None:
        if not self.gives_roles:
            raise forbidden()

    def has_role(self, person: int) -> bool:
        """Whether somebody has one of the roles that the bot has made."""
        return any((person, role.id) in self.held for role in self.roles)

    def _messages(self, request: Request, now: datetime) -> Any:
        if request.method == "GET":
            return self._history(request.body)
        if request.method == "POST":
            return self._shown(self._post(request.body, now))
        message = next((one for one in self.messages if one.id in request.ids), None)
        if message is None:
            raise unknown(10008, "Message")
        if request.method == "DELETE":
            self.messages.remove(message)
            self.deleted.add(message.id)
            return None
        message.content = request.body.get("content") or ""
        message.embeds = request.body["embeds"]
        return self._shown(message)

    def _post(self, body: Mapping[str, Any], now: datetime) -> Message:
        nonce = str(body["nonce"])
        at, known = self.nonces.get(nonce, (now, None))
        if body["enforce_nonce"] and known is not None and now - at < timedelta(seconds=self.window):
            if known in self.deleted:
                raise unknown(10008, "Message")
            return next(one for one in self.messages if one.id == known)
        roles = {str(role) for role in body["allowed_mentions"].get("roles", ())}
        content = body.get("content") or ""
        message = Message(
            id=time_snowflake(now) + self.changes,
            content=content,
            embeds=body["embeds"],
            pinged=str(ROLE) in roles and f"<@&{ROLE}>" in content,
        )
        self.messages.append(message)
        self.nonces[nonce] = (now, message.id)
        return message

    def _history(self, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        if not self.readable:
            return []
        after, before = int(query.get("after") or 0), int(query.get("before") or 1 << 63)
        found = [message for message in self.messages if after < message.id < before]
        page = found[: query["limit"]] if "after" in query else found[-query["limit"] :]
        return [self._shown(message) for message in reversed(page)]

    def _shown(self, message: Message) -> dict[str, Any]:
        return {
            "id": str(message.id),
            "channel_id": str(CHANNEL),
            "author": ACCOUNT,
            "content": message.content,
            "timestamp": "2026-10-01T12:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": message.embeds,
            "pinned": False,
            "type": 0,
        }


ACCOUNT = {
    "id": str(BOT),
    "username": "spacebot",
    "discriminator": "0",
    "avatar": None,
    "global_name": None,
    "bot": True,
}


def shown_role(role_id: int, name: str, *, position: int, permissions: int = 0) -> dict[str, Any]:
    """A role as Discord shows it."""
    return {
        "id": str(role_id), "name": name, "color": 0, "colors": {"primary_color": 0}, "hoist": False,
        "position": position, "permissions": str(permissions), "managed": False, "mentionable": True,
    }  # fmt: skip


Step = Callable[[str, Request], Awaitable[None]]


class Line:
    """The way to the channel: each request may meet a fault, and `step` is told wherever the bot may be killed."""

    def __init__(self, channel: Channel, clock: Clock, faults: Mapping[int, Fault], step: Step) -> None:
        """`faults` are by the number of the request, from 0."""
        self._channel = channel
        self._clock = clock
        self._faults = faults
        self._step = step
        self._count = 0

    def client(self) -> discord.Client:
        """discord.py's client, connected to this line and to one guild with the channel."""
        client = discord.Client(
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        client.http.request = self.request  # type: ignore[method-assign,assignment]  # all of discord.py's requests that the bot makes go through it
        state: Any = client._connection
        state.user = discord.ClientUser(state=state, data=ACCOUNT)  # type: ignore[arg-type]  # Discord leaves out more
        self.tell(client)
        return client

    def tell(self, client: discord.Client) -> None:
        """Let the client's cache know how things are in the guild, as the gateway does."""
        state: Any = client._connection
        state._add_guild(discord.Guild(data=self._guild(), state=state))

    def _guild(self) -> Any:
        needed = discord.Permissions(view_channel=True, send_messages=True, embed_links=True)
        needed.read_message_history = self._channel.readable
        own = discord.Permissions(manage_roles=self._channel.gives_roles, create_events=self._channel.events.may_make)
        roles = [
            shown_role(GUILD, "@everyone", position=0, permissions=needed.value),
            shown_role(ROLE, "listeners", position=1),
            shown_role(OWN_ROLE, "spacebot", position=2, permissions=own.value),
            *(shown_role(role.id, role.name, position=1) for role in self._channel.roles),
        ]
        me = {"user": ACCOUNT, "roles": [str(OWN_ROLE)], "joined_at": None, "deaf": False, "mute": False, "flags": 0}
        return {
            "id": str(GUILD),
            "name": "Book club",
            "owner_id": "1",
            "roles": roles,
            "channels": [{"id": str(CHANNEL), "type": 0, "name": "spaces", "position": 0, "permission_overwrites": []}],
            "members": [me],
            "member_count": 1,
        }

    async def request(
        self,
        route: Route,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> Any:
        """In the place of discord.py's own; see there."""
        request = Request.to(route.method, route.url, json or params or {})
        fault = self._faults.get(self._count, FAULTS[SOUND])
        self._count += 1
        await self._step("before request", request)
        await self._clock.sleep(WAY)
        await self._step("on request", request)
        answered = None
        if fault.late and request.makes:  # a late edit over a newer one nobody could tell from it
            self._channel.under_way.append((self._clock.now() + timedelta(seconds=HELD_BACK), request))
        elif fault.carried_out:
            answered = self._channel.carry_out(request, self._clock.now())
        await self._step("on reply", request)
        await self._clock.sleep(WAY + fault.takes)
        await self._step("after reply", request)
        if fault.error is not None:
            raise fault.error()
        return answered
