"""Whatever people are told about Spaces is looked up when it is said, in the language that is spoken then.

The catalogue of these tests has every sentence that is marked in the source, its letters as full-width ones: a Latin letter
that is left is a word that nobody can translate.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from string import ascii_letters

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo

from spacebot.domain.accounts import Host, Standing
from spacebot.domain.deliveries import Kind, Matter, Notice, Past, Queue, Shape
from spacebot.domain.errands import Purpose
from spacebot.domain.guilds import GuildConfig, Keyword
from spacebot.domain.ids import GuildId, MessageId, PersonId, SpaceId, UserId
from spacebot.domain.looks import Look
from spacebot.domain.spaces import Phase
from spacebot.domain.spending import UNANSWERED, SpendingLine, SpentBy, Summary
from spacebot.domain.views import (
    Agenda,
    Company,
    Costs,
    GuildFacts,
    GuildShare,
    InTheWay,
    Overview,
    PushState,
    PushView,
    SearchPage,
    SetUp,
    SpaceView,
    Status,
    Watched,
)
from spacebot.present import agenda, buyers, found, language, operator, people, replies, reports, status, watchlists
from spacebot.present.announcement import announcement
from spacebot.present.card import Card
from spacebot.present.delays import seen_by_names
from spacebot.x.model import Page, User
from spacebot.x.money import RESOURCES
from spacebot.x.posts import Post, PostId
from spacebot.x.reference import Handle
from tests.clocks import START
from tests.present.samples import CHANNEL, GUILD, RECORD, ROLE, job, line, view

ROOT = Path(__file__).parents[2]
MARKS = {"_": None, "N_": None, "n_": (1, 2), "p_": ((1, "c"), 2)}
WIDE = str.maketrans({letter: chr(ord(letter) + 0xFEE0) for letter in ascii_letters})
LANGUAGES = ("ja", "ar")
"""Neither names a language, a day or a month in Latin letters; the second runs from right to left."""

NOT_WORDS = re.compile(r"<t:\d+:[FRt]>|<[#@]&?\d+>|https?://[^\s)]+|@everyone|\d/")
HOST = Host(user_id=UserId("7"), username="__7", name="茶")
PEOPLE = tuple(Host(user_id=UserId(str(at)), username=f"__{at}", name=f"茶{at}") for at in range(12))
NOW = RECORD.started_at or START
SHOWN = replace(RECORD, title="茶会", lang="pt-BR", is_ticketed=True, cohosts=(), curve=(1, 2, 3))
OVER = replace(SHOWN, phase=Phase.ENDED, ended_at=START, listened=60_000, observed=60)


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, marked = tmp_path_factory.mktemp("locales"), messages()
    for code in LANGUAGES:
        catalogue = Catalog(locale=code)
        for ids, context in marked:
            catalogue.add(ids, wide(ids, catalogue.num_plurals), context=context)
        path = folder / code / "LC_MESSAGES" / f"{language.DOMAIN}.mo"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            write_mo(file, catalogue)
    return folder


@pytest.fixture(autouse=True, params=LANGUAGES)
def spoken(request: pytest.FixtureRequest, locales: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(language, "FOLDER", locales)
    language._catalogue.cache_clear()
    with language.speaking(request.param):
        yield
    language._catalogue.cache_clear()


def messages() -> list[tuple[str | tuple[str, ...], str | None]]:
    """What is marked in the source, with its context."""
    marked = []
    for part in ("spacebot/present", "cogs"):
        for _, _, ids, _, context in extract_from_dir(ROOT / part, [("**.py", "python")], keywords=MARKS):
            marked.append((ids, context))
    assert len(marked) > 300
    return marked


def wide(ids: str | tuple[str, ...], plurals: int) -> str | tuple[str, ...]:
    """A sentence in letters of twice the width; its placeholders are what they are."""
    if isinstance(ids, tuple):
        return (widened(ids[0]), *[widened(ids[1])] * (plurals - 1))
    return widened(ids)


def widened(sentence: str) -> str:
    return "".join(part if part.startswith("{") else part.translate(WIDE) for part in re.split(r"(\{\w+\})", sentence))


def said(card: Card) -> list[str]:
    """Everything of a card that people read."""
    read = [card.content or "", card.post_title, *(button.label for button in card.buttons)]
    if card.embed is not None:
        raw = card.embed.to_dict()
        fields = [text for field in raw.get("fields", []) for text in (field["name"], field["value"])]
        read += [raw.get("title", ""), raw.get("description", ""), *fields]
        read += [raw.get("footer", {}).get("text", ""), raw.get("author", {}).get("name", "")]
    return read


def assert_translated(*told: str | Card) -> None:
    """No word is left in English, and no markup has lost its form."""
    texts = [text for one in told for text in (said(one) if isinstance(one, Card) else [one])]
    assert any(texts)
    for text in texts:
        assert not re.search("[A-Za-z]", NOT_WORDS.sub("", text)), text
        assert not re.search(r"<[^>]*[\u2066-\u2069]|\]\([^)]*[\u2066-\u2069]", text), text


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("phase", Phase)
def test_an_announcement_is_composed_in_the_language_that_is_spoken(kind: Kind, shape: Shape, phase: Phase) -> None:
    start = START + timedelta(hours=1)
    for record in (
        replace(OVER if phase is Phase.ENDED else SHOWN, phase=phase, scheduled_start=start),
        replace(SHOWN, phase=phase, started_at=None, title=None, scheduled_start=None),
    ):
        for guest, at in ((None, START), (PEOPLE[0], START), (None, NOW), (PEOPLE[0], NOW)):
            alone = job(record, HOST, kind=kind, guest=guest, shape=shape)
            busy = replace(alone, cohosts=PEOPLE[:4], speakers=PEOPLE[4:], roles=(ROLE,))
            assert_translated(announcement(alone, at), announcement(busy, at))


def test_a_test_and_an_own_text_are_composed_in_the_language_that_is_spoken() -> None:
    look = Look(text="{host} {started} {listeners}")
    assert_translated(announcement(job(replace(SHOWN, started_at=None), HOST, kind=Kind.TEST, look=look), START))
    assert_translated(announcement(job(SHOWN, Host(user_id=UserId("0"), username="", name=""), kind=Kind.TEST), START))
    assert_translated(Card())


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("host", [None, HOST])
@pytest.mark.parametrize("title", [None, "茶会"])
def test_an_answer_about_a_space_is_in_the_language_that_is_spoken(
    phase: Phase, host: Host | None, title: str | None
) -> None:
    start, end = START + timedelta(hours=1), START if phase is Phase.ENDED else None
    shown = view(phase, host=host, title=title, lang="pt", scheduled_start=start, started_at=NOW, ended_at=end)
    assert_translated(replies.space_reply(shown), replies.space_reply(replace(shown, started_at=None, ended_at=None)))
    assert_translated(*people.who_pages(None))
    for is_forgotten, named in product((False, True), ((), PEOPLE)):
        company = Company(view=replace(shown, speakers=named, cohosts=named[:2]), count=40, is_forgotten=is_forgotten)
        assert_translated(*people.who_pages(company))
    assert_translated(*agenda.agenda_pages(Agenda(live=(shown,), coming=(shown,)), GuildId(1)))


def test_lists_and_searches_are_in_the_language_that_is_spoken() -> None:
    shown: SpaceView = view(title="茶会", host=HOST)
    assert_translated(*agenda.agenda_pages(Agenda(live=(), coming=()), GuildId(1)))
    assert_translated(replies.upcoming_reply(HOST, []), replies.upcoming_reply(HOST, [shown]))
    for may_be_more in (False, True):
        page = SearchPage(views=(shown,), number=1, pages=2, found=5, may_be_more=may_be_more, is_last=False)
        assert_translated(replies.search_card("茶", page))
    assert_translated(replies.nothing_found("茶"), replies.reminders_sentence(1), replies.reminders_sentence(2))
    assert_translated(replies.no_posts(), buyers.no_buyers())
    posts: Page[Post] = Page(items=(Post(id=PostId("1"), text="茶", created_at=START),), users={}, problems=())
    assert_translated(*replies.post_pages(posts))
    sold: Page[User] = Page(items=(User(id=UserId("1"), username="__1", name="茶"),), users={}, problems=())
    assert_translated(*buyers.buyer_pages(sold, SpaceId("1")))
    named: list[SpaceId | Handle] = [SpaceId("1"), *[Handle("__1")] * 30]
    assert_translated(found.placeholder(named), found.placeholder(named[:2]))
    for option in found.options(named):
        assert_translated(option.label, option.description or option.label)


def test_what_is_told_afterwards_is_in_the_language_that_is_spoken() -> None:
    assert_translated(*reports.history_pages([]))
    for kind, state, record in product(Kind, ("pending", "sending", "sent", "failed", "skipped"), (SHOWN, OVER)):
        past = Past(
            kind=kind,
            guild_id=GUILD,
            channel_id=CHANNEL,
            space=record,
            host=HOST,
            state=state,
            obstacle=None,
            message_id=MessageId(5),
            sent_at=START,
        )
        assert_translated(*reports.history_pages([past]), replies.past_reply(past))
        assert_translated(replies.past_reply(replace(past, message_id=None, space=replace(record, started_at=None))))
    for host, standing in product((None, HOST), Standing):
        notice = Notice(
            notice_id=1,
            created_at=START,
            guild_id=GUILD,
            matter=Matter.STANDING,
            channel_id=None,
            host=host,
            detail=standing.value,
            obstacle=None,
            admin_channel_id=None,
            recipients=(),
            attempts=0,
        )
        renamed = replace(notice, matter=Matter.RENAMED, detail="__8")
        assert_translated(reports.notice(notice), reports.notice(renamed))


def test_the_answers_to_watch_are_in_the_language_that_is_spoken() -> None:
    live = view(title="茶会", host=HOST)
    for channel, roles, is_new, changed in product((None, CHANNEL), ((), (ROLE,)), (False, True), (False, True)):
        followed = line(HOST, channel_id=channel, roles=roles, live=live)
        watched = Watched(line=followed, is_new=is_new, changed=changed, looked=False)
        assert_translated(watchlists.watched_sentence(watched, GUILD), watchlists.reset_sentence(watched, GUILD))
        keyword = Keyword(guild_id=GUILD, text="茶", least=5, channel_id=channel, roles=roles)
        words = Watched(line=keyword, is_new=is_new, changed=changed)
        assert_translated(watchlists.keyword_sentence(words, GUILD), watchlists.keyword_reset_sentence(words, GUILD))
    lines = []
    for standing in (None, *Standing):
        watch = line(replace(HOST, standing=standing)).watch
        lines.append(replace(line(), watch=replace(watch, on_hold=True, also_cohost=True)))
        lines.append(replace(line(), watch=watch, channel_id=None))
    set_up = SetUp(config=GuildConfig(), watches=tuple(lines), keywords=(Keyword(guild_id=GUILD, text="茶"),))
    nothing = InTheWay()
    for each in (set_up, SetUp(config=GuildConfig(), watches=())):
        assert_translated(
            *watchlists.watch_pages(each, nothing, GUILD), *watchlists.keyword_pages(each, nothing, GUILD)
        )
    assert_translated(watchlists.unwatched_sentence(HOST), watchlists.unwatched_keyword_sentence("茶"))
    assert_translated(*(watchlists.held_sentence(HOST, on_hold=on_hold) for on_hold in (True, False)))
    assert_translated(watchlists.use_this("茶"), watchlists.use_this(None))


EMPTY = Queue(unsent=0, edits=0, oldest=None)
DELAYS = tuple((10.0 * 7**at, seen_by) for at, seen_by in enumerate(seen_by_names()))
SHARES = tuple(
    GuildShare(hosts=1, host_limit=9, keywords=1, keyword_limit=most, new_hosts=4, new_host_limit=most)
    for most in (0, 5)
)
PUSHES = (PushView(state=None), *(PushView(state=state, covered=4, refused=2) for state in PushState))


def test_the_status_is_in_the_language_that_is_spoken() -> None:
    watched = replace(line(HOST), watch=replace(line(HOST).watch, on_hold=True))
    set_ups = (
        None,
        SetUp(config=GuildConfig(), watches=()),
        SetUp(
            config=GuildConfig(channel_id=CHANNEL), watches=(watched,), keywords=(Keyword(guild_id=GUILD, text="茶"),)
        ),
    )
    for set_up, share, push, delays in product(set_ups, SHARES, PUSHES, ((), DELAYS[:1], DELAYS)):
        usual = Status(
            connected=True,
            last_good_sweep=START,
            trouble=None,
            is_overdue=False,
            store_trouble=None,
            queue=Queue(unsent=2, edits=1, oldest=START),
            set_up=set_up,
            every=3.3,
            delays=delays,
            share=share,
            push=push,
            dropped=tuple(Purpose),
        )
        bad = replace(usual, connected=False, is_overdue=True, queue=EMPTY, last_good_sweep=None)
        overdue = replace(usual, is_overdue=True, store_trouble="茶")
        out = [replace(usual, trouble=trouble) for trouble in status.TROUBLES]
        cards = [status.status_card(each, InTheWay()) for each in (usual, bad, overdue, *out)]
        assert_translated(*cards)


def test_what_the_operator_reads_is_in_the_language_that_is_spoken() -> None:
    for push, delays in product(PUSHES, ((), DELAYS[:1], DELAYS)):
        overview = Overview(
            shards_up=1,
            shards=2,
            last_good_sweep=None,
            trouble=None,
            store_trouble=None,
            hosts=1200,
            keywords=30,
            queue=EMPTY,
            windows=(("茶", 12, 300),),
            delays=delays,
            push=push,
            blocked_guilds=1,
            blocked_people=2,
        )
        up = replace(overview, shards_up=2, last_good_sweep=START, windows=())
        assert_translated(operator.overview_card(overview, guilds=40), operator.overview_card(up, guilds=1))
    kinds = tuple(
        SpendingLine(day=START.date(), kind=kind, count=300, millicents=150_000) for kind in (*RESOURCES, UNANSWERED)
    )
    spent = tuple(
        SpentBy(day=START.date(), purpose=purpose, guild_id=GUILD, millicents=70_000, refused=refused)
        for refused, purpose in enumerate(Purpose)
    )
    for budget, open_requests, rows in product((None, 200_000), (0, 5000), ((), spent)):
        bill = Summary(
            today=kinds, open_requests=open_requests, month=150_000, forecast=3_100_000, budget=budget, dropped=()
        )
        assert_translated(operator.costs_card(Costs(summary=bill, month=kinds, spent_by=rows), lambda _: None))
    for share, channel, is_blocked in product(SHARES, (None, CHANNEL), (False, True)):
        facts = GuildFacts(
            guild_id=GUILD,
            config=GuildConfig(channel_id=channel),
            share=share,
            pushed=1,
            queue=EMPTY,
            delays=DELAYS,
            is_blocked=is_blocked,
            spent_by=spent,
        )
        assert_translated(operator.guild_card(facts, None))
    person = PersonId(6)
    assert_translated(operator.blocked_sentence(GUILD, person))
    assert_translated(*(operator.allowed_sentence(GUILD, person, keywords) for keywords in (None, True, False)))
