"""The local Discord as one object: made, watched and disturbed from Python, reached by the bot over loopback only."""

import asyncio
import base64
import re
import secrets
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from spacebot.clock import Clock, SystemClock
from spacebot.sandbox.discord.app.interactions import Interactions
from spacebot.sandbox.discord.events import event_of
from spacebot.sandbox.discord.gateway import READY_NEEDS, Gateway
from spacebot.sandbox.discord.http.api import API, FILES, Api, Checker
from spacebot.sandbox.discord.http.callbacks import CallbackRoutes
from spacebot.sandbox.discord.http.commands import CommandRoutes
from spacebot.sandbox.discord.http.exchanges import Exchange
from spacebot.sandbox.discord.http.faults import Fault
from spacebot.sandbox.discord.http.guilds import GuildRoutes
from spacebot.sandbox.discord.http.limits import Limits
from spacebot.sandbox.discord.http.messages import MessageRoutes
from spacebot.sandbox.discord.http.resources import ResourceRoutes
from spacebot.sandbox.discord.http.routes import RouteTable
from spacebot.sandbox.discord.http.threads import ThreadRoutes
from spacebot.sandbox.discord.model.changes import Change
from spacebot.sandbox.discord.model.channels import LocalChannel, LocalUser
from spacebot.sandbox.discord.model.guilds import DEFAULT_BOT_PERMISSIONS, LocalGuild, State
from spacebot.sandbox.discord.model.members import LocalMember
from spacebot.sandbox.discord.model.snowflakes import Snowflakes


class LocalDiscord:
    """Discord for one bot, on `host` and `port` (0: any free one).

    clock          the time of everything: ids, the three seconds, limits, delays
    checker        holds each request (its `status` is None) and each answer against a document; a request that breaks
                   it is refused, and all findings are in `violations`
    nonce_window   how many seconds a nonce is remembered
    recording      how many exchanges are kept at least (and at most twice as many)
    keep_messages  how many messages a channel keeps: older ones are gone as if they had never been (None: all)
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        checker: Checker | None = None,
        nonce_window: float = 180.0,
        port: int = 0,
        host: str = "127.0.0.1",
        recording: int = 50_000,
        keep_messages: int | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self._host, self._port = host, port
        snowflakes = Snowflakes(self.clock)
        self.bot = LocalUser(id=snowflakes.past(), name="spacebot", is_bot=True)
        account = base64.urlsafe_b64encode(str(self.bot.id).encode()).decode().rstrip("=")
        self.token = f"{account}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
        self.state = State(
            clock=self.clock,
            snowflakes=snowflakes,
            bot=self.bot,
            on_change=self._send,
            keep_messages=keep_messages,
        )
        self.state.app = self.interactions = Interactions(self.state)
        self._gateway = Gateway(self.state, token=self.token, url=lambda: self.gateway_url)
        table = RouteTable()
        self._api = Api(self.state, table, token=self.token, checker=checker, recording=recording)
        for routes in (
            ResourceRoutes(self.state, self._gateway, lambda: self.gateway_url),
            MessageRoutes(self.state, self._api.limits, nonce_window=nonce_window),
            ThreadRoutes(self.state),
            GuildRoutes(self.state),
            CommandRoutes(self.state),
            CallbackRoutes(self.state, self.interactions),
        ):
            table.add(*routes.routes())
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; from now on `api_url` and `gateway_url` can be reached."""
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_get("/", self._gateway.serve)
        app.router.add_get(f"{FILES}/{{id}}/{{name}}", self._api.serve_file)
        app.router.add_route("*", "/{path:.*}", self._api.serve)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.state.files_url = f"http://{self._host}:{self._port}{FILES}"

    async def stop(self) -> None:
        """Listen no more and close every connection."""
        if self._runner is not None:
            for site in list(self._runner.sites):  # first: a bot that is cut off comes back at once
                await site.stop()
        await self._gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def api_url(self) -> str:
        return f"http://{self._host}:{self._port}{API}"

    @property
    def gateway_url(self) -> str:
        return f"ws://{self._host}:{self._port}/"

    @property
    def application_id(self) -> int:
        return self.state.application_id

    @property
    def guilds(self) -> list[LocalGuild]:
        return list(self.state.guilds.values())

    @property
    def commands(self) -> list[dict[str, Any]]:
        """The global commands that the bot registered."""
        return list(self.state.commands.values())

    @property
    def requests(self) -> list[Exchange]:
        """What was asked and answered, oldest first."""
        return self._api.recording.all

    @property
    def refused(self) -> list[Exchange]:
        """The requests that were answered 429; those `ordered` met a fault and no limit."""
        return self._api.recording.refused

    @property
    def violations(self) -> list[str]:
        """Where a request or an answer broke the checker's document."""
        return self._api.violations

    @property
    def limits(self) -> Limits:
        return self._api.limits

    def busiest_second(self) -> int:
        """The most requests within any one second; interaction callbacks and their webhooks do not count."""
        return self._api.limits.busiest_second

    def add_guild(self, name: str, *, bot_permissions: Iterable[str] | None = None) -> LocalGuild:
        """A new guild with the bot in it; `bot_permissions` are what its own role gives it."""
        guild = LocalGuild(state=self.state, id=self.state.snowflakes.past(), name=name)
        guild.set_bot_permissions(*(DEFAULT_BOT_PERMISSIONS if bot_permissions is None else bot_permissions))
        self.state.guilds[guild.id] = guild
        guild.invite_bot()
        return guild

    def dm_of(self, member: LocalMember) -> LocalChannel:
        """The private channel of the bot and that member, made where there is none yet."""
        return self.state.dm_of(member.user)

    def add_group(self, *members: LocalMember) -> LocalChannel:
        """A private channel of these people, in which the bot is not."""
        return self.state.add_group(member.user for member in members)

    def fault(self, method: str, path_regex: str, fault: Fault) -> None:
        """Let the next requests that fit fail; `path_regex` is searched in the path below /api/v10."""
        self._api.faults.order(method, path_regex, fault)

    def random_faults(self, rate: float, *, seed: int) -> None:
        """Let each request fail with probability `rate`, in one of the usual ways."""
        self._api.faults.order_random(rate, seed)

    def clear_faults(self) -> None:
        self._api.faults.clear()

    def drop_gateway(self, *, resumable: bool = True, code: int | None = 4000, shard: int | None = None) -> None:
        """Close the bot's gateway connections, or one `shard`'s, with `code` (None: cut them).

        Unless `resumable`, their sessions end, too.
        """
        self._gateway.drop(resumable=resumable, code=code, shard=shard)

    def send_event(self, name: str, data: object, *, shard: int | None = None) -> None:
        """Send the bot's sessions, or one `shard`'s, an event as it is, however little it is like one of Discord's.

        ValueError if no event can have that name, TypeError if `data` is no JSON, RuntimeError if there is no session.
        """
        if not re.fullmatch(r"[A-Z]+(_[A-Z]+)*", name):
            raise ValueError(f"{name!r} is no name of an event")
        if not self._gateway.send(name, data, shard):
            raise RuntimeError("there is no session that the event could go to")
        self.state.updates.happened()

    def leave_out_of_ready(self, *fields: str) -> None:
        """Let READY lack these fields from now on, as other implementations of Discord do (none: as Discord sends it).

        ValueError for those that no session can do without.
        """
        if needed := READY_NEEDS & set(fields):
            raise ValueError(f"READY is nothing without {', '.join(sorted(needed))}")
        self._gateway.left_out = frozenset(fields)

    def hang_up(self, times: int) -> None:
        """Let the next connections to the gateway be closed before a word is said."""
        self._gateway.hang_ups = times

    @property
    def is_connected(self) -> bool:
        """Whether every shard of the bot is connected and has been sent its guilds."""
        return self._gateway.is_ready()

    async def connected(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - what a test reads best
        """Return once the bot has identified and been sent its guilds; TimeoutError says what was last seen."""
        await self.wait_for(self._gateway.is_ready, timeout)

    async def wait_for(self, predicate: Callable[[], object], timeout: float = 10.0) -> None:  # noqa: ASYNC109 - as above
        """Return once `predicate` is true; it is asked at each change. TimeoutError says what was last seen.

        `timeout` are seconds of the event loop, not of the clock: it guards against waiting for ever.
        """
        try:
            async with asyncio.timeout(timeout):
                await self.state.updates.until(predicate)
        except TimeoutError:
            last = "\n  ".join(str(exchange) for exchange in self.requests[-10:]) or "nothing"
            state = "connected" if self.is_connected else "not connected"
            raise TimeoutError(f"not within {timeout} s; the bot is {state}; last requests:\n  {last}") from None

    def _send(self, change: Change) -> None:
        event = event_of(change)
        if event is not None:
            self._gateway.dispatch(event)
