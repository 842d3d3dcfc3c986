"""The places where something comes in. Each is fed one input at a time, and raises what nobody foresaw.

An `AssertionError` says that a limit of Discord's is broken, or something that must hold does not.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Protocol

from spacebot import settings
from spacebot.domain.accounts import Standing
from spacebot.domain.deliveries import Kind, Matter, Notice, Past, Shape
from spacebot.domain.filters import LONGEST_WORD, MOST_WORDS, Filter
from spacebot.domain.guilds import AtEnd, GuildConfig, Keyword, WatchLine
from spacebot.domain.ids import LIST_ID, SPACE_ID, USER_ID, USERNAME, GuildId, SpaceId, UserId
from spacebot.domain.spaces import State
from spacebot.domain.views import Company, InTheWay, SearchPage, SetUp, Watched
from spacebot.errors import UserMistake
from spacebot.present import announcement, buyers, replies, reports, watchlists
from spacebot.present.card import Card
from spacebot.present.filters import filters_sentence
from spacebot.present.people import who_pages
from spacebot.present.text import units
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.guilds import Guilds, language_code, normalised
from spacebot.vault import new_key
from spacebot.x import endpoints, reference, subscriptions
from spacebot.x.model import Page, Space, User
from spacebot.x.refusals import Refusal
from spacebot.x.stream import Lines, Reader
from spacebot.x.translation import host_of, view_of
from spacebot.x.wire import read_answer, stated_problems
from tests.clocks import START, FakeClock
from tests.fuzz import material
from tests.present.samples import CHANNEL, GUILD, ROLE, assert_posted_safely, job, line
from tests.store.seed import live, opened

Feed = Callable[[Random], Awaitable[None]]
"""Feeds one input."""


class Target(Protocol):
    """Opens a place where something comes in."""

    __name__: str

    def __call__(self, folder: Path) -> AbstractAsyncContextManager[Feed]: ...


LINKS = (
    *("https://x.com/i/spaces/1OyKAWXYZabcd", "https://twitter.com/i/spaces/1OyKAWXYZabcd?s=20", "1OyKAWXYZabcd"),
    *(
        "https://x.com/tea_time",
        "@tea_time",
        "2244994945",
        "https://x.com/tea_time/status/1",
        "x.com/i/user/2244994945",
    ),
)
SPACE: dict[str, Any] = {
    "id": "1OyKAWXYZabcd",
    "state": "live",
    "title": "Tea and type theory",
    "creator_id": "2244994945",
    "host_ids": ["2244994945", "783214"],
    "speaker_ids": ["12"],
    "topic_ids": ["1"],
    "participant_count": 12,
    "is_ticketed": False,
    "lang": "en",
    "scheduled_start": "2026-10-01T11:30:00.000Z",
    "started_at": "2026-10-01T11:31:00.000Z",
}
ACCOUNTS = [
    {
        "id": "2244994945",
        "username": "tea_time",
        "name": "Tea Time",
        "profile_image_url": "https://pbs.twimg.com/t.jpg",
    },
    {"id": "783214", "username": "coffee", "name": "Coffee", "protected": True, "public_metrics": {"tweet_count": 3}},
    {"id": "12", "username": "jam", "name": "Jam"},
]
POST = {"id": "99", "text": "Hello @coffee https://t.co/a", "author_id": "12", "created_at": "2026-10-01T11:31:00.000Z"}
BODIES: dict[str, Any] = {
    "space": {"data": SPACE, "includes": {"users": ACCOUNTS, "topics": [{"id": "1", "name": "Tea"}]}},
    "spaces": {
        "data": [SPACE, {**SPACE, "id": "1Other", "state": "scheduled"}, {**SPACE, "id": "1Third", "state": "ended"}],
        "includes": {"users": ACCOUNTS, "topics": [{"id": "1", "name": "Tea"}]},
        "errors": [
            {"resource_type": "user", "resource_id": "5", "type": "https://api.x.com/2/problems/resource-not-found"}
        ],
        "meta": {"result_count": 3},
    },
    "user": {"data": ACCOUNTS[0]},
    "users": {"data": ACCOUNTS, "meta": {"result_count": 3, "next_token": "abc"}},
    "posts": {"data": [POST, {**POST, "id": "100"}], "includes": {"users": ACCOUNTS}, "meta": {"result_count": 2}},
}
ENDPOINTS: tuple[tuple[endpoints.Endpoint[Any], str], ...] = (
    *((endpoints.SPACE, "space"), (endpoints.SPACES, "spaces"), (endpoints.CREATORS, "spaces")),
    *((endpoints.SEARCH, "spaces"), (endpoints.BUYERS, "users"), (endpoints.POSTS, "posts"), (endpoints.USER, "user")),
    (endpoints.USERS, "users"),
)
EVENT = {
    "data": {
        "event_uuid": "7f1c",
        "event_type": "spaces.start",
        "filter": {"user_id": "2244994945"},
        "payload": {"broadcast_id": "1OyKAWXYZabcd", "user": {"data": {"id": "2244994945"}}},
    }
}
SUBSCRIPTIONS = {
    "data": [{"subscription_id": "1", "event_type": "spaces.start", "filter": {"user_id": "12"}, "tag": "spacebot"}],
    "errors": [{"subscription_id": "2", "reason": "not_found"}],
    "meta": {"next_token": "abc"},
}
SETTINGS = {
    "SPACEBOT_DISCORD_TOKEN": "token",
    "SPACEBOT_X_BEARER_TOKEN": "token",
    "SPACEBOT_X_CLIENT_ID": "client",
    "SPACEBOT_ENCRYPTION_KEY": new_key(),
    "SPACEBOT_PUBLIC_URL": "https://bot.example",
    "SPACEBOT_DAILY_BUDGET_USD": "10",
}


def assert_ids(space: Space) -> None:
    """Every id of the Space may stand in an address and in the database."""
    assert SPACE_ID.fullmatch(space.id)
    assert all(USER_ID.fullmatch(one) for one in (*space.host_ids, *space.speaker_ids, space.creator_id or "0"))


async def assert_nothing_is_spoiled(store: Store) -> None:
    """Everything that was to be stored could be."""
    assert not await store(lambda queries: queries.left_out)


@asynccontextmanager
async def references(folder: Path) -> AsyncIterator[Feed]:
    """What people paste."""

    async def feed(rng: Random) -> None:
        text = material.mangled(rng, rng.choice(LINKS)) if rng.random() < 0.7 else material.text(rng, 200)
        try:
            found = reference.space_id(text)
        except UserMistake:
            pass
        else:
            assert SPACE_ID.fullmatch(found)
        for one in reference.named_in([text, material.text(rng, 200)]):
            assert USERNAME.fullmatch(one.name) if isinstance(one, reference.Handle) else SPACE_ID.fullmatch(one)
        account = reference.host(text)
        match account:
            case reference.Handle(name):
                assert USERNAME.fullmatch(name)
            case reference.HostOf(space_id):
                assert SPACE_ID.fullmatch(space_id)
            case user_id:
                assert USER_ID.fullmatch(user_id)
        wanted = reference.list_id(text)
        assert wanted is None or LIST_ID.fullmatch(wanted)

    yield feed


@asynccontextmanager
async def answers(folder: Path) -> AsyncIterator[Feed]:
    """What X answers: read, shown, stored, and read back."""
    async with opened(folder) as store:

        async def feed(rng: Random) -> None:
            endpoint, name = rng.choice(ENDPOINTS)
            status = 200 if rng.random() < 0.9 else rng.randrange(100, 600)
            headers = {"x-rate-limit-reset": str(material.anything(rng)), "retry-after": str(material.anything(rng))}
            page = read_answer(endpoint, status, headers, material.body(rng, BODIES[name]), START)
            if endpoint.item is Space:
                await _shown_and_stored(page, store)
            elif endpoint.item is User:
                for user in page.items:
                    assert USER_ID.fullmatch(user.id)
                    assert_posted_safely(replies.upcoming_reply(host_of(user), ()))
                for card in buyers.buyer_pages(page, SpaceId("1OyKAWXYZabcd")):
                    assert_posted_safely(card)
                await store(Queries.remember_users, page.items, START)
            else:
                for card in replies.post_pages(page):
                    assert_posted_safely(card)
            await assert_nothing_is_spoiled(store)

        yield feed


async def _shown_and_stored(page: Page[Space], store: Store) -> None:
    for space in page.items:
        assert_ids(space)
        assert_posted_safely(replies.space_reply(view_of(space, page)))
    await store(Queries.take_in, page.items, (), tuple(page.users.values()), START)
    for space in page.items:
        known = await store(Queries.space, space.id)
        assert (
            known is not None
            or space.state not in {State.LIVE, State.SCHEDULED}
            or not (space.creator_id or space.host_ids)
        )


@asynccontextmanager
async def lines(folder: Path) -> AsyncIterator[Feed]:
    """What X's stream says, in pieces of any length; and what X says of subscriptions."""
    reader = Reader(remembered=100)

    async def feed(rng: Random) -> None:
        if rng.random() < 0.2:
            body = material.body(rng, SUBSCRIPTIONS)
            refusal = Refusal(status=200, headers={}, problems=stated_problems(body), now=START)
            found = subscriptions.read_answer(refusal, body).subscriptions
            assert all("," not in (one.id or "") for one in found)
            return
        whole = b"\r\n".join(material.body(rng, EVENT).replace(b"\n", b"") for _ in range(2)) + b"\r\n"
        cuts = sorted(rng.randrange(len(whole) + 1) for _ in range(3))
        pieces = [whole[at:end] for at, end in zip((0, *cuts), (*cuts, len(whole)), strict=True)]
        feeder = Lines()
        for each in [one for piece in pieces for one in feeder.feed(piece)]:
            told = reader.read(each).told
            assert told is None or (SPACE_ID.fullmatch(told.space_id) and USER_ID.fullmatch(told.user_id))

    yield feed


@asynccontextmanager
async def intake(folder: Path) -> AsyncIterator[Feed]:
    """What is to be stored, of any value and type, beside a good Space: that one is stored and announced."""
    async with opened(folder) as store:

        async def feed(rng: Random) -> None:
            good = SpaceId(f"{rng.getrandbits(60):013x}"[:13])
            odd: dict[str, Any] = {
                name: material.anything(rng)
                for name in ("title", "lang", "is_ticketed", "participant_count", "host_ids", "speaker_ids")
                if rng.random() < 0.5
            }
            odd |= {name: material.any_moment(rng) for name in ("started_at", "ended_at", "scheduled_start")}
            bad_id = rng.choice((material.word(rng), material.text(rng), material.anything(rng)))
            host_id = rng.choice(("2244994945", material.anything(rng)))
            odd |= {"id": bad_id, "creator_id": host_id}
            bad = Space(state=rng.choice(list(State)), **odd)
            names: dict[str, Any] = {"id": bad_id, "username": material.text(rng), "name": material.anything(rng)}
            user = User(**names)
            absent = [SpaceId(material.text(rng))] if rng.random() < 0.3 else []
            await store(Queries.take_in, [bad, live(good)], absent, [user], START)
            assert await store(Queries.space, good) is not None
            for each in await store(Queries.claim, 4, START):
                assert_posted_safely(announcement.announcement(each, START))
            if rng.random() < 0.05:
                await store(Queries.open_spaces)
                await store(lambda queries: queries.db.execute("DELETE FROM deliveries"))
                await store(lambda queries: queries.db.execute("DELETE FROM spaces"))

        yield feed


@asynccontextmanager
async def cards(folder: Path) -> AsyncIterator[Feed]:
    """What people are shown."""

    async def feed(rng: Random) -> None:
        match rng.randrange(6):
            case 0:
                kind, people = rng.choice(list(Kind)), tuple(material.host(rng) for _ in range(rng.randrange(12)))
                guest = material.maybe(rng, material.host)
                made = job(
                    material.record(rng),
                    material.host(rng),
                    (ROLE,),
                    kind,
                    guest=guest,
                    cohosts=people,
                    speakers=people,
                    shape=rng.choice(list(Shape)),
                    at_end=rng.choice(list(AtEnd)),
                )
                shown = [announcement.announcement(made, START, quiet=rng.random() < 0.5)]
            case 1:
                view = material.view(rng)
                shown = [replies.space_reply(view), *who_pages(Company(view=view, count=500, is_forgotten=False))]
            case 2:
                shown = [
                    replies.upcoming_reply(material.host(rng), [material.view(rng) for _ in range(rng.randrange(3))])
                ]
            case 3:
                views = tuple(material.view(rng) for _ in range(rng.randint(1, 5)))
                found = SearchPage(
                    views=views, number=1, pages=2, found=7, may_be_more=rng.random() < 0.5, is_last=False
                )
                shown = [replies.search_card(material.text(rng), found), replies.nothing_found(material.text(rng))]
            case 4:
                shown = _lists(rng)
            case _:
                shown = _reports(rng)
        for card in shown:
            assert_posted_safely(card)

    yield feed


def _set_up(watches: tuple[WatchLine, ...] = (), keywords: tuple[Keyword, ...] = ()) -> SetUp:
    return SetUp(config=GuildConfig(channel_id=CHANNEL), watches=watches, keywords=keywords)


def _lists(rng: Random) -> list[Card]:
    host = material.host(rng)
    followed = line(host, live=material.maybe(rng, material.record), roles=rng.choice(((), (ROLE,))))
    wanted = Filter(
        want=tuple(material.text(rng)[:LONGEST_WORD] for _ in range(rng.randint(0, MOST_WORDS))),
        shun=tuple(material.text(rng)[:LONGEST_WORD] for _ in range(rng.randint(0, MOST_WORDS))),
        lang=material.maybe(rng, material.text),
        ticketed=rng.choice((None, True, False)),
    )
    followed = replace(followed, watch=replace(followed.watch, filter=wanted))
    keyword = Keyword(guild_id=GUILD, text=material.text(rng)[:100], lang=material.maybe(rng, material.text), least=5)
    assert 0 < units(watchlists.host_choice(host, 100)) <= 100
    return [
        *watchlists.watch_pages(_set_up(watches=(followed,) * rng.randint(1, 12)), InTheWay(), GUILD),
        *watchlists.keyword_pages(_set_up(keywords=(keyword,) * rng.randint(1, 12)), InTheWay(), GUILD),
        Card(content=watchlists.watched_sentence(Watched(line=followed, is_new=True), GUILD)),
        Card(content=watchlists.keyword_sentence(Watched(line=keyword, is_new=True), GUILD)),
        Card(content=watchlists.unwatched_sentence(host)),
        Card(content=filters_sentence(host, wanted)),
        Card(content=watchlists.unwatched_keyword_sentence(keyword.text)),
    ]


def _reports(rng: Random) -> list[Card]:
    host = material.host(rng)
    past = Past(
        kind=rng.choice(list(Kind)),
        guild_id=GUILD,
        channel_id=CHANNEL,
        space=material.record(rng),
        host=host,
        state="skipped",
        obstacle=None,
        message_id=None,
        sent_at=material.moment(rng),
    )
    matter = rng.choice((Matter.RENAMED, Matter.STANDING))
    told = Notice(
        notice_id=1,
        guild_id=GUILD,
        matter=matter,
        channel_id=None,
        host=host,
        detail=material.text(rng) if matter is Matter.RENAMED else rng.choice(list(Standing)).value,
        obstacle=None,
        admin_channel_id=None,
        created_at=START,
        recipients=(),
        attempts=0,
    )
    return [*reports.history_pages([past] * rng.randint(1, 4)), Card(content=reports.notice(told))]


class _NoLookups:
    """Keywords need no look-ups."""


@asynccontextmanager
async def keywords(folder: Path) -> AsyncIterator[Feed]:
    """What words guilds ask to be told of."""
    async with opened(folder) as store:
        guilds = Guilds(
            lookups=_NoLookups(),  # type: ignore[arg-type]  # it is never asked
            store=store,
            clock=FakeClock(),
            watch_limit=100,
            keyword_limit=50,
            look=_no_look,
            on_change=lambda: None,
        )

        async def feed(rng: Random) -> None:
            words = rng.choice((material.text(rng, 120), material.mangled(rng, "tea party"), material.word(rng)))
            lang = rng.choice((None, material.mangled(rng, "pt-BR"), "en" + "-abcd" * rng.randrange(900)))
            guild = GuildId(rng.randrange(1, 2**63))
            assert normalised(normalised(words)) == normalised(words)
            wish = Keyword(
                guild_id=guild,
                text=words,
                lang=lang,
                least=rng.choice((None, 0, 5, 2**31)),
                ticketed=rng.choice((None, True, False)),
            )
            made = await guilds.watch_keyword(wish, by=2)
            assert language_code(made.line.lang) == made.line.lang
            (kept,) = await guilds.keywords(guild)
            assert kept.text == made.line.text
            for card in watchlists.keyword_pages(_set_up(keywords=(kept,)), InTheWay(), GUILD):
                assert_posted_safely(card)
            kept.takes(lang=material.text(rng), participant_count=material.count(rng), is_ticketed=None)
            assert await guilds.unwatch_keyword(guild, words) == kept.text

        yield feed


async def _no_look(_: UserId) -> None:
    raise AssertionError


@asynccontextmanager
async def environments(folder: Path) -> AsyncIterator[Feed]:
    """What operators set, in the environment and in `.env`."""
    names = [f"{settings.PREFIX}{name.upper()}" for name in settings.Settings.model_fields]
    before, here = dict(os.environ), Path.cwd()
    os.chdir(folder)

    async def feed(rng: Random) -> None:
        given = dict(SETTINGS)
        for name in rng.sample(names, rng.choice((0, 1, 1, 2, 4))):
            given[name] = material.mangled(rng, given[name]) if name in given else str(material.anything(rng))
        if rng.random() < 0.2:
            given[f"{settings.PREFIX}{material.word(rng)}"] = material.text(rng)
        in_file = rng.random() < 0.3
        for name in [name for name in os.environ if name.upper().startswith(settings.PREFIX)]:
            del os.environ[name]
        if in_file:
            whole = "\n".join(f"{name}={value}" for name, value in given.items()).encode("utf-8", "surrogatepass")
            (folder / settings.ENV_FILE).write_bytes(material.mangled_bytes(rng, whole))
        else:
            (folder / settings.ENV_FILE).unlink(missing_ok=True)
            os.environ.update({name: os.fsdecode(_settable(value)) for name, value in given.items()})
        settings.load()

    try:
        yield feed
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)


def _settable(value: str) -> bytes:
    """What a process can be handed: any bytes but nought."""
    return value.encode("utf-8", "surrogatepass").replace(b"\0", b"")
