"""The life of the process: opens what is needed, signs in, runs the loops until a signal, and takes everything down in order."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import aiohttp
import discord

from spacebot.billing import Billing
from spacebot.bot.client import Spacebot
from spacebot.bot.connection import point_at
from spacebot.clock import Clock, SystemClock
from spacebot.deliver.courier import Courier
from spacebot.deliver.publisher import TROUBLES
from spacebot.errors import SpacebotError, StoreError, XBadToken, XError
from spacebot.present.language import LANGUAGES, load
from spacebot.pulse import beat
from spacebot.settings import Settings
from spacebot.store.connection import Store
from spacebot.store.lock import ProcessLock
from spacebot.store.queries import Queries
from spacebot.watch.push import Push
from spacebot.wiring import DISCORD_REFUSES, Pieces, wire, x_refuses
from spacebot.x.bodies import unpack_quickly
from spacebot.x.client import XClient
from spacebot.x.source import NOBODY

log = logging.getLogger(__name__)

DRAIN = 8.0
"""Seconds that announcements and answers under way get to finish when the bot is told to stop; `docker stop` waits ten."""

LONGEST_RETRY = 60.0

FORGET_SECONDS = 3600.0

BAD_TOKEN = 4004
"""Discord's close code for a token that it does not take."""


class TokenRefused(SpacebotError):
    """Discord or X does not take a token (exit status 1); the text names the setting."""


class GatewayClosed(SpacebotError):
    """Discord closed the gateway and does not want it opened again (exit status 1)."""


async def run(settings: Settings, clock: Clock | None = None) -> None:
    """Run the bot until SIGINT or SIGTERM.

    Raises:
        TokenRefused: Discord or X refused a token.
        StoreError: the database cannot be opened, or another process has it.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, clock or SystemClock(), stop)


async def serve(settings: Settings, clock: Clock, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set; raises as `run`."""
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    for code in LANGUAGES:
        load(code)  # now, while nobody waits for anything
    async with AsyncExitStack() as stack:
        unpack_quickly()
        stack.enter_context(ProcessLock(settings.database))
        store = await stack.enter_async_context(Store(settings.database))
        # Without cookies: X's of one person's request would travel along with the next person's.
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        pieces = wire(settings, clock, store=store, session=session)
        await pieces.billing.open()
        await pieces.permits.open()
        await pieces.languages.open()
        stack.push_async_callback(pieces.billing.close, DRAIN)
        if pieces.links is not None:
            await pieces.links.reseal()
            await pieces.links.revoke_unconfirmed()
        await stack.enter_async_context(pieces.bot)
        if pieces.web is not None:
            await stack.enter_async_context(pieces.web)
        if await _until(stop, _sign_in(pieces.bot, pieces.x, settings, clock)):
            await _run_until(stop, _start_loops(pieces, store, clock), pieces.courier, pieces.bot)


def _start_loops(pieces: Pieces, store: Store, clock: Clock) -> set[asyncio.Task[None]]:
    bot, sweeper = pieces.bot, pieces.watcher.sweeper
    pulse = beat(store, clock, connected=lambda: bot.is_connected, sweeps=lambda: sweeper.state)
    loops = {
        asyncio.create_task(bot.connect(), name="gateway"),
        asyncio.create_task(pulse, name="heartbeat"),
        asyncio.create_task(bot.hand_over_commands(), name="commands"),
        asyncio.create_task(pieces.watcher.run(), name="watcher"),
        asyncio.create_task(pieces.keywords.run(), name="keywords"),
        asyncio.create_task(_once_ready(bot, pieces.courier.run), name="courier"),
        asyncio.create_task(_once_ready(bot, pieces.crossposter.run), name="crossposter"),
        asyncio.create_task(_once_ready(bot, pieces.notifier.run), name="notifier"),
        asyncio.create_task(_forget(store, clock), name="forgetting"),
        asyncio.create_task(pieces.billing.keep_written(), name="books"),
    }
    if pieces.push is not None:
        loops.add(asyncio.create_task(_push(pieces.push, pieces.billing), name="push"))
    return loops


async def _run_until(stop: asyncio.Event, loops: set[asyncio.Task[None]], courier: Courier, bot: Spacebot) -> None:
    """Run the loops until told to stop, or until one of them ends, which none should."""
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({*loops, stopping}, return_when=asyncio.FIRST_COMPLETED)
    log.info("Stopping: what is under way is finished first.")
    stopping.cancel()
    await asyncio.gather(courier.drain(DRAIN), bot.finish_commands(DRAIN))
    failure = next((task.exception() for task in loops if task.done() and not task.cancelled()), None)
    for task in loops:
        task.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    if isinstance(failure, discord.ConnectionClosed):
        if failure.code == BAD_TOKEN:
            raise TokenRefused(DISCORD_REFUSES) from failure
        raise GatewayClosed(f"Discord closed the connection for good (code {failure.code}).") from failure
    if isinstance(failure, discord.PrivilegedIntentsRequired):
        raise GatewayClosed("Discord wants an intent switched on that this bot never asked for.") from failure
    if failure is not None:
        raise failure


async def _once_ready(bot: Spacebot, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
    await bot.wait_until_ready()  # only then is it known which channels work
    await loop()


async def forget(store: Store, now: datetime) -> int:
    """Remove what may not be kept, a little at a time; how many Spaces were forgotten.

    Raises:
        StoreError: the database failed; what was removed until then is gone.
    """
    so_far = await store(Queries.forget, now)
    while not so_far.is_done:
        so_far = await store(Queries.forget, now, so_far)
    return so_far.spaces


async def _forget(store: Store, clock: Clock) -> None:
    """Every hour, remove what may not be kept."""
    while True:
        try:
            forgotten = await forget(store, clock.now())
        except StoreError as error:
            log.warning("What X no longer shows could not be removed (%s); it is tried again in an hour.", error)
        else:
            log.debug("%d Spaces were forgotten.", forgotten)
        await clock.sleep(FORGET_SECONDS)


async def _push(push: Push, billing: Billing) -> None:
    await billing.reserve_events()  # before X can push any
    await push.run()


async def _sign_in(bot: Spacebot, x: XClient, settings: Settings, clock: Clock) -> None:
    """Sign in on both sides; a refusal ends the start, an outage only delays it."""
    try:
        await x.spaces([NOBODY])
    except XBadToken:
        raise TokenRefused(x_refuses(settings)) from None
    except XError as error:
        log.debug("X does not answer as it should (%s); the client has said so, and sweeps go on trying.", error)
    wait = 1.0
    while True:
        try:
            await bot.login(settings.discord_token.get_secret_value())
        except discord.LoginFailure:
            raise TokenRefused(DISCORD_REFUSES) from None
        except (*TROUBLES, discord.RateLimited, discord.GatewayNotFound) as error:
            if wait == 1.0:
                log.warning("Discord cannot be reached (%s); I go on trying.", type(error).__name__)
            # Each attempt opens a session of its own, whose connections go with it.
            await bot.http.close()
            bot.http.connector = discord.utils.MISSING
            await clock.sleep(max(wait, error.retry_after) if isinstance(error, discord.RateLimited) else wait)
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
