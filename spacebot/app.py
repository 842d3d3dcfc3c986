"""The composition root: makes every piece, runs the loops until a signal, and takes everything down in order."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import discord

from spacebot.bot import Services, Spacebot, point_at
from spacebot.clock import Clock, SystemClock
from spacebot.errors import SpacebotError, XBadToken, XError
from spacebot.guilds import Guilds
from spacebot.lookups import Lookups
from spacebot.post.courier import Courier
from spacebot.post.publisher import DiscordPublisher
from spacebot.settings import Settings
from spacebot.store.door import Store
from spacebot.store.tables import Tables
from spacebot.watch.watcher import Watcher
from spacebot.x.auth import BearerAuth
from spacebot.x.client import Lane, XClient
from spacebot.x.desk import HostAnswer, HostDesk
from spacebot.x.model import Page, Space, SpaceId, UserId

log = logging.getLogger(__name__)

DRAIN = 8.0
"""Seconds that announcements under way get to finish when the bot is told to stop; `docker stop` waits ten."""

LONGEST_RETRY = 60.0

HEARTBEAT = "heartbeat"
"""The note that says when the bot was last seen connected."""

BEAT_SECONDS = 30.0

NOBODY = SpaceId("1")
"""No Space has this id: asking for it costs nothing and tells whether X takes the token."""


class TokenRefused(SpacebotError):
    """Discord or X does not take a token (exit status 1); the text names the setting."""


class XSource:
    """X, as the watcher asks it."""

    def __init__(self, x: XClient, desk: HostDesk) -> None:
        self._x = x
        self._desk = desk

    async def sweep(self, host_ids: Sequence[UserId]) -> Page[Space]:
        return await self._desk.sweep(host_ids)

    async def ask(self, host_id: UserId) -> HostAnswer:
        return await self._desk.ask(host_id)

    async def by_ids(self, space_ids: Sequence[SpaceId]) -> Page[Space]:
        return await self._x.spaces(space_ids, lane=Lane.BACKGROUND)


async def run(settings: Settings, clock: Clock | None = None) -> None:
    """Run the bot until SIGINT or SIGTERM.

    Raises:
        TokenRefused: Discord or X refused a token.
        StoreError: the database cannot be opened.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, clock or SystemClock(), stop)


async def serve(settings: Settings, clock: Clock, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set; raises as `run`."""
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store(settings.database))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        x = x_client(settings, session, clock)
        desk = HostDesk(x, clock)
        lookups = Lookups(x=x, desk=desk, store=store, clock=clock)
        woken = asyncio.Event()  # the courier needs the bot, and the bot wakes the courier
        bot = Spacebot(store=store, clock=clock, per_second=settings.messages_per_second, on_change=woken.set)
        publisher = DiscordPublisher(bot)
        courier = Courier(store=store, publisher=publisher, clock=clock, woken=woken)
        watcher = Watcher(source=XSource(x, desk), store=store, clock=clock, on_work=courier.wake)

        def changed() -> None:
            watcher.poke()
            courier.wake()

        guilds = Guilds(
            lookups=lookups,
            store=store,
            clock=clock,
            watch_limit=settings.watch_limit,
            look=watcher.look,
            on_change=changed,
        )
        bot.services = Services(lookups=lookups, guilds=guilds, watcher=watcher)
        stack.push_async_callback(bot.close)
        if not await _until(stop, _begin(bot, x, settings, clock)):
            return

        async def deliver() -> None:
            await bot.wait_until_ready()
            await courier.run()

        async def beat() -> None:
            while True:
                if bot.is_ready():
                    await store(Tables.set_note, HEARTBEAT, clock.now().isoformat())
                await clock.sleep(BEAT_SECONDS)

        loops = {
            asyncio.create_task(bot.connect(), name="gateway"),
            asyncio.create_task(beat(), name="heartbeat"),
            asyncio.create_task(watcher.run(), name="watcher"),
            asyncio.create_task(deliver(), name="courier"),
        }
        stopping = asyncio.create_task(stop.wait(), name="stop")
        await asyncio.wait({*loops, stopping}, return_when=asyncio.FIRST_COMPLETED)
        log.info("Stopping: what is under way is finished first.")
        stopping.cancel()
        await courier.drain(DRAIN)
        failure = next((task.exception() for task in loops if task.done() and not task.cancelled()), None)
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        if isinstance(failure, discord.ConnectionClosed):
            raise TokenRefused(DISCORD_REFUSES) from failure
        if failure is not None:
            raise failure


DISCORD_REFUSES = (
    "SPACEBOT_DISCORD_TOKEN is refused by Discord. Copy it again from the Bot page of the Discord developer portal, "
    "or reset it there."
)
X_REFUSES = (
    "SPACEBOT_X_BEARER_TOKEN is refused by X. Copy it again from the app's keys and tokens in the X developer portal, "
    "or regenerate it there."
)


def x_client(settings: Settings, session: aiohttp.ClientSession, clock: Clock) -> XClient:
    """The client of X, as the settings say."""
    return XClient(
        session=session,
        base_url=settings.x_api_url,
        auth=BearerAuth(settings.x_bearer_token),
        clock=clock,
        people_share=settings.people_share,
    )


async def _begin(bot: Spacebot, x: XClient, settings: Settings, clock: Clock) -> None:
    """Sign in on both sides; a refusal ends the start, an outage only delays it."""
    try:
        await x.spaces([NOBODY], lane=Lane.PEOPLE)
    except XBadToken:
        raise TokenRefused(X_REFUSES) from None
    except XError as error:
        log.warning("X does not answer as it should: %s Sweeps go on trying.", error)
    wait = 1.0
    while True:
        try:
            await bot.login(settings.discord_token.get_secret_value())
        except discord.LoginFailure:
            raise TokenRefused(DISCORD_REFUSES) from None
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if wait == 1.0:
                log.warning("Discord cannot be reached (%s); I go on trying.", type(error).__name__)
            await clock.sleep(wait)
            wait = min(wait * 2, LONGEST_RETRY)
        else:
            return


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work, unless told to stop first; whether it was done."""
    task = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return False
    await task
    return True
