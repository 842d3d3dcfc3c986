"""The composition root: makes every piece, runs the loops until a signal, and takes everything down in order."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import aiohttp
import discord

import cogs
from spacebot.billing import Billing
from spacebot.bot.client import Services, Spacebot
from spacebot.bot.connection import point_at
from spacebot.clock import Clock, SystemClock
from spacebot.deliver.courier import Courier
from spacebot.deliver.notifier import Notifier
from spacebot.deliver.publisher import TROUBLES, DiscordPublisher
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spending import Purpose
from spacebot.errors import SpacebotError, StoreError, XBadToken, XError
from spacebot.settings import Settings, vault_of
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.guilds import Guilds
from spacebot.usecases.health import Health
from spacebot.usecases.links import Links
from spacebot.usecases.lookups import Lookups
from spacebot.watch.keywords import KeywordWatcher
from spacebot.watch.push import EVENTS, Push
from spacebot.watch.sweeper import Watcher
from spacebot.web import CALLBACK, WebEndpoint
from spacebot.x.activity import TAG, ActivityClient
from spacebot.x.auth import AppAuth, Auth, BearerAuth, OAuthClient
from spacebot.x.client import XClient
from spacebot.x.fields import SWEEP, SpaceFields, UserFields
from spacebot.x.host_batcher import HostAnswer, HostBatcher
from spacebot.x.limits import Lane
from spacebot.x.model import Page, Space, User
from spacebot.x.money import Meter, Prices, millicents
from spacebot.x.transport import Transport
from spacebot.x.vocabulary import UserField

log = logging.getLogger(__name__)

DRAIN = 8.0
"""Seconds that announcements and answers under way get to finish when the bot is told to stop; `docker stop` waits ten."""

LONGEST_RETRY = 60.0

HEARTBEAT = "heartbeat"
"""The note that says when the bot was last seen connected."""

BEAT_SECONDS = 30.0

FORGET_SECONDS = 3600.0

SHOWN: tuple[UserField, ...] = ("name", "profile_image_url", "protected", "username")
"""What is shown of accounts."""

FOUND = SpaceFields(space=("is_ticketed", "lang", "participant_count", "state", "title"), expansions=())
"""For searches: what decides whether a Space is wanted. Accounts would be billed for those that are not, too."""

WITH_PEOPLE = SpaceFields(expansions=("creator_id", "host_ids", "speaker_ids"), user=SHOWN)
"""For live Spaces: also who hosts and speaks."""

NOBODY = SpaceId("1")
"""No Space has this id: asking for it costs nothing and tells whether X takes the token."""


class TokenRefused(SpacebotError):
    """Discord or X does not take a token (exit status 1); the text names the setting."""


class GatewayClosed(SpacebotError):
    """Discord closed the gateway and does not want it opened again (exit status 1)."""


BAD_TOKEN = 4004
"""Discord's close code for a token that it does not take."""


class XSource:
    """X, as the watcher asks it."""

    def __init__(self, x: XClient, batcher: HostBatcher) -> None:
        self._x = x
        self._batcher = batcher

    async def sweep(self, host_ids: Sequence[UserId]) -> Page[Space]:
        return await self._batcher.sweep(host_ids)

    async def ask(self, host_id: UserId) -> HostAnswer:
        return await self._batcher.ask(host_id)

    async def by_ids(self, space_ids: Sequence[SpaceId], *, people: bool = False, at_once: bool = False) -> Page[Space]:
        lane = Lane.INTERACTIVE if at_once else Lane.BACKGROUND
        return await self._x.spaces(space_ids, lane=lane, fields=WITH_PEOPLE if people else SWEEP)

    async def search(self, words: str) -> Page[Space]:
        return await self._x.search(words, state="live", lane=Lane.BACKGROUND, fields=FOUND)

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        return await self._x.users(user_ids, lane=Lane.BACKGROUND, fields=UserFields(user=SHOWN))


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
        billing = Billing(store=store, clock=clock, prices=prices_of(settings), daily_budget=settings.daily_budget_usd)
        await billing.open()
        stack.push_async_callback(billing.close, DRAIN)
        auth = auth_of(settings, session, clock)
        x = x_client(settings, session, clock, auth=auth, meter=billing)
        batcher = HostBatcher(x, clock)
        links = links_of(settings, session, store, clock)
        if links is not None:
            await links.reseal()
        lookups = Lookups(
            x=x, batcher=batcher, store=store, clock=clock, links=links, check=lambda: billing.check(Purpose.SEARCH)
        )
        woken = asyncio.Event()  # the courier needs the bot, and the bot wakes the courier
        bot = Spacebot(
            store=store,
            clock=clock,
            per_second=settings.messages_per_second,
            on_change=woken.set,
            modules=cogs.EXTENSIONS,
        )
        publisher = DiscordPublisher(bot)
        bot.add_listener(publisher.note_thread, "on_raw_thread_update")
        courier = Courier(store=store, publisher=publisher, clock=clock, woken=woken)
        source = XSource(x, batcher)
        watcher = Watcher(
            source=source,
            store=store,
            clock=clock,
            on_work=courier.wake,
            people=settings.speakers,
            host_check=timedelta(days=settings.host_check_days) if settings.host_check_days else None,
            may_refresh=lambda: billing.allows(Purpose.REFRESH),
            may_detect=lambda: billing.allows(Purpose.DETECTION),
            pushes=lambda: frozenset() if push is None else push.covered,
        )
        push = push_of(settings, session=session, auth=auth, clock=clock, watcher=watcher, billing=billing)
        keywords = KeywordWatcher(
            source=source,
            store=store,
            clock=clock,
            on_found=watcher.found,
            may_search=lambda: billing.allows(Purpose.SEARCH),
        )
        teller = Notifier(store=store, voice=publisher, clock=clock)
        health = Health(
            store=store,
            clock=clock,
            watcher=watcher,
            store_trouble=lambda: courier.trouble,
            windows=x.windows,
            connected=lambda: bot.is_connected,
            billing=billing,
            push=push,
        )

        def changed() -> None:
            watcher.poke()
            keywords.poke()
            if push is not None:
                push.poke()
            courier.wake()

        guilds = Guilds(
            lookups=lookups,
            store=store,
            clock=clock,
            watch_limit=settings.watch_limit,
            keyword_limit=settings.keyword_limit,
            look=watcher.look,
            on_change=changed,
        )
        bot.services = Services(lookups=lookups, guilds=guilds, watcher=watcher, health=health, links=links)
        await stack.enter_async_context(bot)
        if links is not None and links.has_web:
            host, _, port = settings.listen.rpartition(":")
            await stack.enter_async_context(WebEndpoint(links, host=host, port=int(port)))
        if not await _until(stop, _begin(bot, x, settings, clock)):
            return

        loops = {
            asyncio.create_task(bot.connect(), name="gateway"),
            asyncio.create_task(_beat(bot, store, clock), name="heartbeat"),
            asyncio.create_task(watcher.run(), name="watcher"),
            asyncio.create_task(keywords.run(), name="keywords"),
            asyncio.create_task(_once_ready(bot, courier.run), name="courier"),
            asyncio.create_task(_once_ready(bot, teller.run), name="teller"),
            asyncio.create_task(_forget(store, clock), name="forgetting"),
        }
        if push is not None:
            loops.add(asyncio.create_task(_push(push, billing), name="push"))
        await _run_until(stop, loops, courier, bot)


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
    await bot.wait_until_ready()  # what stands in the way of a channel is known only then
    await loop()


async def _forget(store: Store, clock: Clock) -> None:
    """Every hour, remove what may not be kept."""
    while True:
        try:
            forgotten = await store(Queries.forget, clock.now())
        except StoreError as error:
            log.warning("What X no longer shows could not be removed (%s); it is tried again in an hour.", error)
        else:
            log.debug("%d Spaces were forgotten.", forgotten)
        await clock.sleep(FORGET_SECONDS)


async def _beat(bot: Spacebot, store: Store, clock: Clock) -> None:
    """Note every so often that the bot is connected, for `spacebot healthy`."""
    await bot.wait_until_ready()
    while True:
        if bot.is_connected:
            with contextlib.suppress(StoreError):  # whoever needs the database says so
                await store(Queries.set_note, HEARTBEAT, clock.now().isoformat())
            await clock.sleep(BEAT_SECONDS)
        else:
            await clock.sleep(1.0)


DISCORD_REFUSES = (
    "SPACEBOT_DISCORD_TOKEN is refused by Discord. Copy it again from the Bot page of the Discord developer portal, "
    "or reset it there."
)


def x_refuses(settings: Settings) -> str:
    """What to do where X does not take the app's credentials."""
    bearer = settings.x_bearer_token is not None
    names = "SPACEBOT_X_BEARER_TOKEN is" if bearer else "SPACEBOT_X_API_KEY and SPACEBOT_X_API_SECRET are"
    return f"{names} refused by X. Copy again from the app's keys and tokens in the X developer portal, or regenerate there."


def x_client(
    settings: Settings, session: aiohttp.ClientSession, clock: Clock, *, auth: Auth, meter: Meter | None = None
) -> XClient:
    """The client of X, as the settings say."""
    return XClient(
        Transport(
            session=session,
            base_url=settings.x_api_url,
            auth=auth,
            clock=clock,
            interactive_share=settings.people_share,
            meter=meter,
        )
    )


def prices_of(settings: Settings) -> Prices:
    """What X takes, as the settings say."""
    return Prices(
        space=millicents(settings.x_price_space_usd),
        user=millicents(settings.x_price_user_usd),
        post=millicents(settings.x_price_post_usd),
        event=millicents(settings.x_price_event_usd),
    )


def push_of(
    settings: Settings,
    *,
    session: aiohttp.ClientSession,
    auth: Auth,
    clock: Clock,
    watcher: Watcher,
    billing: Billing,
) -> Push | None:
    """What keeps X telling of starts; None where the operator does not want it."""
    if settings.push == "off" or settings.push_subscriptions < len(EVENTS):
        return None
    most = settings.push_subscriptions // len(EVENTS)

    async def wanted() -> list[UserId]:
        await watcher.refresh_watchlists()  # whom somebody has just followed is wanted, too
        return watcher.plan.most_valuable(most, clock.now().timestamp())

    push = Push(
        source=ActivityClient(
            session=session, base_url=settings.x_api_url, auth=auth, clock=clock, on_event=billing.book_event
        ),
        clock=clock,
        wanted=wanted,
        on_start=watcher.started,
        on_end=watcher.ended,
        on_gap=lambda _seconds: watcher.sweep_again(push.covered),
        tag=TAG,
        ceiling=settings.push_subscriptions,
        expected=settings.push == "on",
    )
    return push


async def _push(push: Push, billing: Billing) -> None:
    await billing.reserve_events()
    await push.run()


def auth_of(settings: Settings, session: aiohttp.ClientSession, clock: Clock) -> Auth:
    """The app's credentials: its bearer token, else its key and secret."""
    if settings.x_bearer_token is not None:
        return BearerAuth(settings.x_bearer_token)
    assert settings.x_api_key is not None
    assert settings.x_api_secret is not None  # the settings were checked to have one or the other
    return AppAuth(settings.x_api_key, settings.x_api_secret, session, settings.x_api_url, clock=clock)


def links_of(settings: Settings, session: aiohttp.ClientSession, store: Store, clock: Clock) -> Links | None:
    """How people link their X account; None where the operator has not set it up."""
    if settings.x_client_id is None or settings.encryption_key is None:
        return None
    return Links(
        oauth=OAuthClient(
            client_id=settings.x_client_id,
            client_secret=settings.x_client_secret,
            session=session,
            base_url=settings.x_api_url,
            clock=clock,
        ),
        client_id=settings.x_client_id,
        redirect_uri=settings.public_url + CALLBACK if settings.public_url else settings.x_redirect_url,
        authorize_page=settings.x_authorize_url,
        store=store,
        vault=vault_of(settings.encryption_key),
        clock=clock,
        has_web=settings.public_url is not None,
    )


async def _begin(bot: Spacebot, x: XClient, settings: Settings, clock: Clock) -> None:
    """Sign in on both sides; a refusal ends the start, an outage only delays it."""
    try:
        await x.spaces([NOBODY], lane=Lane.INTERACTIVE)
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
