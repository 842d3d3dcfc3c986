"""Spaces, hosts and watches to show, of which some are nasty; and what must hold of every card."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.curve import MOST_POINTS
from spacebot.domain.deliveries import Job, Kind, Shape
from spacebot.domain.guilds import AtEnd, Watch, WatchLine
from spacebot.domain.ids import ChannelId, GuildId, RoleId, SpaceId, UserId
from spacebot.domain.spaces import Phase, SpaceRecord
from spacebot.domain.views import SearchPage, SpaceView
from spacebot.present.card import ActionButton, Card, EventFace
from spacebot.present.text import units
from tests.clocks import START
from tests.present.test_text import ANYTHING, DIRTY, NASTY, PIECES, unescaped

GUILD = GuildId(100)
ROLE = RoleId(120)
CHANNEL = ChannelId(110)
HOST = Host(
    user_id=UserId("2244994945"), username="tea_time", name="Tea Time", picture="https://pictures.example/t.png"
)
RECORD = SpaceRecord(
    space_id=SpaceId("1OyKAWXYZabcd"),
    host_id=HOST.user_id,
    phase=Phase.LIVE,
    title="Tea and type theory",
    participant_count=1234,
    peak=2345,
    started_at=START - timedelta(minutes=65),
    first_seen_at=START,
    last_seen_at=START,
)


def job(
    record: SpaceRecord = RECORD,
    host: Host = HOST,
    roles: tuple[RoleId, ...] = (),
    kind: Kind = Kind.LIVE,
    *,
    guest: Host | None = None,
    **more: object,
) -> Job:
    return Job(
        delivery_id=1,
        kind=kind,
        guest=guest,
        guild_id=GUILD,
        channel_id=CHANNEL,
        space=record,
        host=host,
        roles=roles,
        attempts=0,
        first_attempt_at=None,
        message_id=None,
        **more,  # type: ignore[arg-type]  # any field of it
    )


def view(phase: Phase = Phase.LIVE, **more: object) -> SpaceView:
    fields = {"title": "Tea and type theory", "host": HOST, **more}
    return SpaceView(url="https://x.com/i/spaces/1OyKAWXYZabcd", phase=phase, **fields)  # type: ignore[arg-type]  # any field of it


def search_page(*views: SpaceView, may_be_more: bool = False) -> SearchPage:
    return SearchPage(
        views=views, number=1, pages=1, found=len(views), may_be_more=may_be_more, is_last=not may_be_more
    )


def line(host: Host = HOST, **more: object) -> WatchLine:
    watch = Watch(watch_id=1, host=host, channel_id=None, roles=())
    fields = {"channel_id": CHANNEL, "roles": (), "live": None, "paused": None, **more}
    return WatchLine(watch=watch, **fields)  # type: ignore[arg-type]  # any field of it


def fields(card: Card) -> dict[str, str]:
    assert card.embed is not None
    return {str(field.name): str(field.value) for field in card.embed.fields}


# What must hold of every card

OURS = re.compile(
    r"<t:-?\d+:[DFRt]>|<#110>|<@&120>|\]\(https://x\.com/(?:i/spaces/\w{1,13}|i/user/\d+|i/status/\d+|\w{1,40})\)"
    r"|\]\(https://discord\.com/events/\d+/\d+\)"
)
"""What our own words do: times, the guild's channel and role, links to X."""


def _assert_made_safely(face: EventFace) -> None:
    """As a card: an event, whose name has no markdown."""
    assert re.fullmatch(r"https://x\.com/i/spaces/\w{1,13}", face.location)
    assert 1 <= units(face.name.strip()) <= 100
    assert 1 <= units(face.description) <= 1000
    assert not DIRTY.search(face.name + face.description)
    bare = unescaped(face.description.replace(face.location, ""))
    assert not re.search(r"[<@](?!\u2060|…)", bare)
    assert "://" not in bare
    assert face.picture is None or re.fullmatch(r"https?://[\w.:-]+/[!-~]+", face.picture)


def assert_posted_safely(card: Card, *, is_titled: bool = True) -> None:
    """Within Discord's limits, and nothing of X's text does anything."""
    if card.event is not None:
        assert (card.content, card.embed, card.buttons, card.roles, card.everyone) == (None, None, (), (), False)
        _assert_made_safely(card.event)
        return
    assert card.content or card.embed is not None
    texts = [card.content] if card.content else []
    assert units(card.content or "") <= 2000
    if card.embed is not None:
        raw = card.embed.to_dict()
        author, footer = raw.get("author", {}).get("name", ""), raw.get("footer", {}).get("text", "")
        title, description = raw.get("title", ""), raw.get("description", "")
        named = [(field["name"], field["value"]) for field in raw.get("fields", [])]
        assert bool(title) == is_titled
        assert title or description
        assert units(title) <= 256
        assert units(description) <= 4096
        assert units(author) <= 256
        assert units(footer) <= 2048
        assert len(named) <= 25
        assert all(0 < units(name) <= 256 and 0 < units(value) <= 1024 for name, value in named)
        parts = [title, description, author, footer, *(part for pair in named for part in pair)]
        assert sum(map(units, parts)) <= 6000
        texts += [title, description, *(value for _, value in named)]
        assert not DIRTY.search(author + footer)
        picture = raw.get("author", {}).get("icon_url")
        assert picture is None or re.fullmatch(r"https?://[\w.:-]+/[!-~]+", picture)
        thumbnail = raw.get("thumbnail", {}).get("url")
        assert thumbnail is None or re.fullmatch(r"https?://[\w.:-]+/[!-~]+", thumbnail)
        for url in (raw.get("url"), raw.get("author", {}).get("url")):
            assert url is None or re.fullmatch(r"https://x\.com/[\w/]+(#(live|scheduled|reminder|ended|test))?", url)
    assert len(card.buttons) <= 5
    for button in card.buttons:
        assert 0 < units(button.label) <= 80
        if isinstance(button, ActionButton):
            assert 0 < units(button.custom_id) <= 100
    for text in texts:
        text.encode()
        assert not DIRTY.search(text.replace("\n", ""))
        bare = unescaped(OURS.sub("", text))
        assert not re.search(r"[<@](?!\u2060|…)", bare)
        assert "://" not in bare
        assert "```" not in bare


TEXTS = ANYTHING | NASTY | st.sampled_from(PIECES).map(lambda text: text * 500)
HOSTS = st.builds(
    Host,
    user_id=st.from_regex(r"[0-9]{1,19}", fullmatch=True).map(UserId),
    username=st.from_regex(r"[A-Za-z0-9_]{1,15}", fullmatch=True) | TEXTS,
    name=TEXTS,
    picture=st.none() | st.just("https://pictures.example/t.png") | TEXTS,
)
MOMENTS = st.none() | st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
COUNTS = st.none() | st.integers(0, 2**53)
VIEWS = st.builds(
    SpaceView,
    url=st.from_regex(r"https://x\.com/i/spaces/[a-zA-Z0-9]{1,13}", fullmatch=True),
    phase=st.sampled_from(Phase),
    title=st.none() | TEXTS,
    lang=st.none() | TEXTS,
    is_ticketed=st.sampled_from([None, False, True]),
    participant_count=COUNTS,
    peak=COUNTS,
    scheduled_start=MOMENTS,
    started_at=MOMENTS,
    ended_at=MOMENTS,
    host=st.none() | HOSTS,
    cohosts=st.lists(HOSTS, max_size=2).map(lambda hosts: tuple(hosts * 6)),
    speakers=st.lists(HOSTS, max_size=2).map(lambda hosts: tuple(hosts * 6)),
    invited=st.lists(HOSTS, max_size=2).map(lambda hosts: tuple(hosts * 6)),
    more_invited=st.integers(0, 100),
    topics=st.lists(TEXTS, max_size=3).map(tuple),
)
RECORDS = st.builds(
    SpaceRecord,
    space_id=st.from_regex(r"[a-zA-Z0-9]{1,13}", fullmatch=True).map(SpaceId),
    host_id=st.just(HOST.user_id),
    phase=st.sampled_from(Phase),
    title=st.none() | TEXTS,
    lang=st.none() | TEXTS,
    is_ticketed=st.sampled_from([None, False, True]),
    participant_count=COUNTS,
    peak=COUNTS,
    curve=st.lists(COUNTS, max_size=MOST_POINTS).map(tuple),
    spoke=st.lists(st.just(HOST.user_id), max_size=100).map(tuple),
    invited=st.lists(st.just(HOST.user_id), max_size=100).map(tuple),
    topics=st.lists(TEXTS, max_size=10).map(tuple),
    scheduled_start=MOMENTS,
    started_at=MOMENTS,
    ended_at=MOMENTS,
    first_seen_at=st.just(START),
    last_seen_at=st.just(START),
)


JOBS = st.builds(
    job,
    RECORDS,
    HOSTS,
    roles=st.just((ROLE,)),
    kind=st.sampled_from([kind for kind in Kind if kind is not Kind.EVENT]),
    guest=st.none() | HOSTS,
    cohosts=st.lists(HOSTS, max_size=3).map(lambda hosts: tuple(hosts * 6)),
    speakers=st.lists(HOSTS, max_size=3).map(lambda hosts: tuple(hosts * 6)),
    shows_invited=st.booleans(),
    invited=st.lists(HOSTS, max_size=3).map(lambda hosts: tuple(hosts * 6)),
    shape=st.sampled_from(Shape),
    at_end=st.sampled_from(AtEnd),
)


def text(card: Card) -> str:
    """Everything that the card says."""
    assert card.embed is not None
    return str(card.embed.to_dict())
