"""The composition root: makes every piece of the bot, each from those made before it. Does nothing with them."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import aiohttp

import cogs
from spacebot.billing import Billing
from spacebot.bot.client import Services, Spacebot
from spacebot.bot.gateway import GatewayState
from spacebot.clock import Clock
from spacebot.deliver.courier import LEDGER, Courier, ledger_outage
from spacebot.deliver.crossposting import Crossposter
from spacebot.deliver.notifier import Notifier
from spacebot.deliver.publisher import DiscordPublisher
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId, PersonId
from spacebot.domain.views import Policies
from spacebot.outage import Outage
from spacebot.settings import Settings, vault_of
from spacebot.store.connection import Store
from spacebot.usecases.bells import Bells
from spacebot.usecases.bulk import Bulk
from spacebot.usecases.guilds import Guilds
from spacebot.usecases.health import Health
from spacebot.usecases.languages import Languages
from spacebot.usecases.links import Links
from spacebot.usecases.lookups import Lookups
from spacebot.usecases.operation import Operation
from spacebot.usecases.permits import Permits
from spacebot.usecases.privacy import Privacy
from spacebot.usecases.stats import Stats
from spacebot.usecases.testing import Testing
from spacebot.watch.keywords import KeywordWatcher
from spacebot.watch.push import Push
from spacebot.watch.subscriptions import EVENTS
from spacebot.watch.watcher import Watcher
from spacebot.web import CALLBACK, WebEndpoint
from spacebot.x.activity import TAG, ActivityClient
from spacebot.x.auth import AppAuth, Auth, BearerAuth, OAuthClient
from spacebot.x.client import XClient
from spacebot.x.host_batcher import HostBatcher
from spacebot.x.money import Meter, Prices, millicents
from spacebot.x.pictures import Pictures
from spacebot.x.source import KeywordSource, XSource
from spacebot.x.transport import Transport

DISCORD_REFUSES = (
    "SPACEBOT_DISCORD_TOKEN is refused by Discord. Copy it again from the Bot page of the Discord developer portal, "
    "or reset it there."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What pieces are made from, and what pieces share that would otherwise have to know one another."""

    settings: Settings
    clock: Clock
    store: Store
    session: aiohttp.ClientSession
    """Carries every request to X."""
    permits: Permits
    """Who is served."""
    languages: Languages
    """In which language guilds want to be told something."""
    work: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever may have left work for the courier."""
    gateway: GatewayState = field(default_factory=GatewayState)
    """Kept true by the bot, shown by `/status`."""
    ledger: Outage = field(default_factory=ledger_outage)
    """Kept true by the courier, shown by `/status`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _XSide:
    """What asks X, and keeps the books of it."""

    billing: Billing
    auth: Auth
    client: XClient
    batcher: HostBatcher
    source: XSource


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watch:
    """The loops that look for Spaces."""

    watcher: Watcher
    keywords: KeywordWatcher
    push: Push | None

    def changed(self) -> None:
        """A watchlist, a keyword or a channel has changed."""
        self.watcher.sweeper.watchlists_changed()
        self.keywords.keywords_changed()
        if self.push is not None:
            self.push.watchlists_changed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What the process has to open, run and close."""

    billing: Billing
    x: XClient
    links: Links | None
    """None where the operator has not set up that people can link their X account."""
    web: WebEndpoint | None
    """None where X sends people back to a page that the bot does not serve."""
    watcher: Watcher
    keywords: KeywordWatcher
    push: Push | None
    """None where the operator does not want it."""
    permits: Permits
    languages: Languages
    bot: Spacebot
    courier: Courier
    crossposter: Crossposter
    notifier: Notifier


def wire(settings: Settings, clock: Clock, *, store: Store, session: aiohttp.ClientSession) -> Pieces:
    """Make every piece; nothing is asked of X, Discord or the database yet.

    Args:
        settings: What the operator wants.
        clock: Time.
        store: The database, open.
        session: Carries every request to X.
    """
    base = _Base(
        settings=settings,
        clock=clock,
        store=store,
        session=session,
        permits=permits_of(settings, store, clock),
        languages=Languages(store=store),
    )
    x = _x_side(base)
    watch = _watch(base, x)
    services = _services(base, x, watch)
    bot = Spacebot(
        services=services,
        store=store,
        clock=clock,
        gateway=base.gateway,
        per_second=settings.messages_per_second,
        on_change=base.work.set,
        modules=cogs.EXTENSIONS,
    )
    x.billing.share_among(lambda: len(bot.guilds))
    pictures = Pictures(session=session, origin=settings.x_pictures_url, clock=clock)
    publisher = DiscordPublisher(bot, pictures.fetch)
    bot.add_listener(publisher.note_thread, "on_raw_thread_update")
    crossposter = Crossposter(store=store, press=publisher, clock=clock)
    courier = Courier(
        store=store,
        publisher=publisher,
        clock=clock,
        woken=base.work,
        outage=base.ledger,
        on_publishable=crossposter.wake,
        locale_of=bot.locale_of,
    )
    return Pieces(
        billing=x.billing,
        x=x.client,
        links=services.links,
        web=_web_of(settings, services.links),
        watcher=watch.watcher,
        keywords=watch.keywords,
        push=watch.push,
        permits=base.permits,
        languages=base.languages,
        bot=bot,
        courier=courier,
        crossposter=crossposter,
        notifier=Notifier(store=store, voice=publisher, clock=clock, after=courier.looked, locale_of=bot.locale_of),
    )


def _x_side(base: _Base) -> _XSide:
    settings, clock = base.settings, base.clock
    billing = Billing(
        store=base.store,
        clock=clock,
        prices=prices_of(settings),
        daily_budget=settings.daily_budget_usd,
        detection_share=settings.detection_share,
    )
    auth = auth_of(settings, base.session, clock)
    client = x_client(settings, base.session, clock, auth=auth, meter=billing)
    batcher = HostBatcher(client, clock)
    return _XSide(billing=billing, auth=auth, client=client, batcher=batcher, source=XSource(client, batcher))


def _watch(base: _Base, x: _XSide) -> _Watch:
    settings = base.settings
    watcher = Watcher(
        source=x.source,
        store=base.store,
        clock=base.clock,
        on_work=base.work.set,
        participants=settings.speakers,
        host_check=timedelta(days=settings.host_check_days) if settings.host_check_days else None,
        may_refresh=partial(x.billing.has_room, Purpose.REFRESH),
        may_detect=partial(x.billing.has_room, Purpose.DETECTION),
    )
    keywords = KeywordWatcher(
        source=KeywordSource(x.client),
        store=base.store,
        clock=base.clock,
        on_found=watcher.intake.note,
        may_search=partial(x.billing.has_room, Purpose.KEYWORD),
        may_watch=base.permits.may_have_keywords,
    )
    return _Watch(watcher=watcher, keywords=keywords, push=_push_of(base, x, watcher))


def _push_of(base: _Base, x: _XSide, watcher: Watcher) -> Push | None:
    """What keeps X telling of starts; None where the operator does not want it."""
    settings = base.settings
    if settings.push == "off" or settings.push_subscriptions < len(EVENTS):
        return None
    activity = ActivityClient(
        session=base.session, base_url=settings.x_api_url, auth=x.auth, clock=base.clock, on_event=x.billing.book_event
    )
    return Push(
        source=activity,
        clock=base.clock,
        wanted=partial(watcher.watchlists.most_valuable, settings.push_subscriptions // len(EVENTS)),
        listener=watcher,
        tag=TAG,
        ceiling=settings.push_subscriptions,
        expected=settings.push == "on",
    )


def _services(base: _Base, x: _XSide, watch: _Watch) -> Services:
    settings = base.settings

    def changed() -> None:
        watch.changed()
        base.work.set()

    links = links_of(settings, base.session, base.store, base.clock)
    lookups = Lookups(
        x=x.client,
        batcher=x.batcher,
        store=base.store,
        clock=base.clock,
        links=links,
        may_buy_participants=x.billing.may_buy_participants,
        new_hosts_a_day=settings.new_hosts_per_day,
    )
    guilds = Guilds(
        lookups=lookups,
        store=base.store,
        clock=base.clock,
        watch_limit=settings.watch_limit,
        keyword_limit=settings.keyword_limit,
        new_host_limit=settings.new_hosts_per_day,
        may_have_keywords=base.permits.may_have_keywords,
        may_show_invited=settings.speakers,
        look=watch.watcher.sweeper.look,
        on_change=changed,
    )
    bells = Bells(guilds=guilds, store=base.store, clock=base.clock)
    health = Health(
        store=base.store,
        clock=base.clock,
        sweeps=lambda: watch.watcher.sweeper.state,
        store_trouble=lambda: base.ledger.reason(LEDGER),
        connected=lambda: base.gateway.is_connected,
        allows=x.billing.has_room,
        push=watch.push,
        guilds=guilds,
    )
    base.permits.on_change = changed
    return Services(
        lookups=lookups,
        guilds=guilds,
        bulk=Bulk(
            lookups=lookups,
            store=base.store,
            clock=base.clock,
            watch_limit=settings.watch_limit,
            keyword_limit=settings.keyword_limit,
            may_have_keywords=base.permits.may_have_keywords,
            on_change=changed,
        ),
        bells=bells,
        health=health,
        stats=Stats(guilds=guilds, store=base.store, clock=base.clock),
        operation=_operation(base, x, watch, guilds),
        permits=base.permits,
        testing=Testing(guilds=guilds, store=base.store, clock=base.clock, on_work=base.work.set),
        links=links,
        privacy=Privacy(
            store=base.store, clock=base.clock, links=links, on_change=changed, on_erased=base.languages.forget
        ),
        languages=base.languages,
        policies=Policies(privacy_url=settings.privacy_url, terms_url=settings.terms_url),
    )


def _operation(base: _Base, x: _XSide, watch: _Watch, guilds: Guilds) -> Operation:
    return Operation(
        store=base.store,
        clock=base.clock,
        sweeps=lambda: watch.watcher.sweeper.state,
        hosts=lambda: watch.watcher.watchlists.count,
        store_trouble=lambda: base.ledger.reason(LEDGER),
        windows=x.client.windows,
        shards=lambda: (len(base.gateway.up), base.gateway.shard_count),
        billing=x.billing,
        push=watch.push,
        guilds=guilds,
        permits=base.permits,
        spent_by=x.billing.spent_by,
    )


def permits_of(settings: Settings, store: Store, clock: Clock) -> Permits:
    """Who decides whom to serve, as the settings say."""
    return Permits(
        store=store,
        clock=clock,
        operators=[PersonId(one) for one in settings.operators or ()],
        operator_guild=None if settings.operator_guild is None else GuildId(settings.operator_guild),
    )


def _web_of(settings: Settings, links: Links | None) -> WebEndpoint | None:
    """The page that X sends people back to; None where there is none."""
    if links is None or not links.has_web:
        return None
    host, _, port = settings.listen.rpartition(":")
    return WebEndpoint(links, host=host, port=int(port))


def x_refuses(settings: Settings) -> str:
    """What to do where X does not take the app's credentials."""
    bearer = settings.x_bearer_token is not None
    names = "SPACEBOT_X_BEARER_TOKEN is" if bearer else "SPACEBOT_X_API_KEY and SPACEBOT_X_API_SECRET are"
    return f"{names} refused by X. Copy again from the app's keys and tokens in the X developer portal, or regenerate there."


def x_client(
    settings: Settings, session: aiohttp.ClientSession, clock: Clock, *, auth: Auth, meter: Meter | None = None
) -> XClient:
    """The client of X, as the settings say; on its own it asks whether X takes the token."""
    return XClient(
        Transport(
            session=session,
            base_url=settings.x_api_url,
            auth=auth,
            clock=clock,
            people_share=settings.people_share,
            meter=meter,
        ),
        Errand(purpose=Purpose.DETECTION, at_once=True),
    )


def prices_of(settings: Settings) -> Prices:
    """What X takes, as the settings say."""
    return Prices(
        space=millicents(settings.x_price_space_usd),
        user=millicents(settings.x_price_user_usd),
        post=millicents(settings.x_price_post_usd),
        event=millicents(settings.x_price_event_usd),
    )


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
