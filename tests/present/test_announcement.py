"""Every card keeps to Discord's limits and mentions nobody but configured roles, whatever X's text says."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Job, Kind
from spacebot.domain.guilds import AtEnd, GuildConfig, Watch, WatchLine
from spacebot.domain.ids import ChannelId, GuildId, RoleId, SpaceId, UserId
from spacebot.domain.spaces import Phase, SpaceRecord
from spacebot.domain.views import SpaceView, Watched
from spacebot.present import announcement, card, replies, reports
from spacebot.present.card import Card, language_name
from spacebot.present.replies import space_reply
from spacebot.present.text import INVISIBLE, units
from tests.clocks import START
from tests.present.test_text import ANYTHING, DIRTY, NASTY, PIECES, unescaped

SOON_AFTER = START - timedelta(minutes=64)
"""A minute after the Space of these tests began."""

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
    people: tuple[Host, ...] = (),
) -> Job:
    return Job(
        delivery_id=1,
        kind=kind,
        guest=guest,
        cohosts=people,
        speakers=people,
        guild_id=GUILD,
        channel_id=CHANNEL,
        space=record,
        host=host,
        roles=roles,
        attempts=0,
        first_attempt_at=None,
        message_id=None,
    )


def view(phase: Phase = Phase.LIVE, **more: object) -> SpaceView:
    fields = {"title": "Tea and type theory", "host": HOST, **more}
    return SpaceView(url="https://x.com/i/spaces/1OyKAWXYZabcd", phase=phase, **fields)  # type: ignore[arg-type]  # any field of it


def line(host: Host = HOST, **more: object) -> WatchLine:
    watch = Watch(watch_id=1, host=host, channel_id=None, role_id=None)
    fields = {"channel_id": CHANNEL, "role_id": None, "live": None, "paused": None, **more}
    return WatchLine(watch=watch, **fields)  # type: ignore[arg-type]  # any field of it


def fields(card: Card) -> dict[str, str]:
    assert card.embed is not None
    return {str(field.name): str(field.value) for field in card.embed.fields}


# What must hold of every card

OURS = re.compile(r"<t:-?\d+:[Rt]>|<#110>|<@&120>|\]\(https://x\.com/(?:i/spaces/\w{1,13}|i/user/\d+|\w{1,40})\)")
"""What our own words do: times, the guild's channel and role, links to X."""


def assert_posted_safely(card: Card) -> None:
    """Within Discord's limits, and nothing of X's text does anything."""
    assert card.content or card.embed is not None
    texts = [card.content] if card.content else []
    assert units(card.content or "") <= 2000
    if card.embed is not None:
        raw = card.embed.to_dict()
        author, footer = raw.get("author", {}).get("name", ""), raw.get("footer", {}).get("text", "")
        title, description = raw.get("title", ""), raw.get("description", "")
        named = [(field["name"], field["value"]) for field in raw.get("fields", [])]
        assert title, "an embed has a title"
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
        for url in (raw.get("url"), raw.get("author", {}).get("url")):
            assert url is None or re.fullmatch(r"https://x\.com/[\w/]+(#(live|scheduled|reminder|ended))?", url)
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
    topics=st.lists(TEXTS, max_size=3).map(tuple),
)
RECORDS = st.builds(
    SpaceRecord,
    space_id=st.from_regex(r"[a-zA-Z0-9]{1,13}", fullmatch=True).map(SpaceId),
    host_id=st.just(HOST.user_id),
    phase=st.sampled_from(Phase),
    title=st.none() | TEXTS,
    lang=st.none() | TEXTS,
    participant_count=COUNTS,
    peak=COUNTS,
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
    kind=st.sampled_from(Kind),
    guest=st.none() | HOSTS,
    people=st.lists(HOSTS, max_size=3).map(lambda hosts: tuple(hosts * 6)),
)


@settings(max_examples=60, deadline=None)
@given(JOBS, st.booleans())
def test_an_announcement_is_safe_and_mentions_its_roles_only(of: Job, quiet: bool) -> None:
    card = announcement.announcement(of, START, quiet=quiet)
    assert_posted_safely(card)
    moments = {(Kind.LIVE, Phase.LIVE), (Kind.REMINDER, Phase.SCHEDULED)}
    called = (of.kind, of.space.phase) in moments and not quiet
    assert card.roles == ((ROLE,) if called else ())
    assert (card.content or "").count("<@&120>") == called
    assert not card.everyone


START_TAG = f"<t:{int(RECORD.started_at.timestamp())}:t>" if RECORD.started_at else ""
LATER_TAG = f"<t:{int((START + timedelta(hours=1)).timestamp())}:R>"


@pytest.mark.parametrize(
    ("kind", "phase", "at", "says"),
    [
        (Kind.LIVE, Phase.LIVE, SOON_AFTER, "**Tea Time** is live in a Space on X."),
        (Kind.LIVE, Phase.LIVE, START, f"**Tea Time** is live in a Space on X, since {START_TAG}."),
        (Kind.LIVE, Phase.ENDED, START, "**Tea Time**'s Space has ended."),
        (Kind.LIVE, Phase.GONE, START, "**Tea Time**'s Space is no longer visible."),
        (Kind.SCHEDULED, Phase.SCHEDULED, START, f"**Tea Time** has scheduled a Space: it starts {LATER_TAG}."),
        (Kind.SCHEDULED, Phase.LIVE, START, "**Tea Time** is live in a Space on X."),
        (Kind.SCHEDULED, Phase.CANCELED, START, "**Tea Time**'s Space was canceled before it began."),
        (Kind.REMINDER, Phase.SCHEDULED, START, f"**Tea Time**'s Space on X starts {LATER_TAG}."),
        (Kind.REMINDER, Phase.LIVE, START, "**Tea Time** is live in a Space on X."),
        (Kind.ENDED, Phase.ENDED, START, "**Tea Time**'s Space has ended."),
    ],
)
def test_each_moment_says_how_things_are_now(kind: Kind, phase: Phase, at: datetime, says: str) -> None:
    record = replace(RECORD, phase=phase, scheduled_start=START + timedelta(hours=1))
    card = announcement.announcement(job(record, kind=kind), at)
    assert card.content == says
    assert card.embed is not None
    assert card.embed.url == f"https://x.com/i/spaces/1OyKAWXYZabcd#{kind.value}"


def test_somebody_elses_space_is_announced_as_such() -> None:
    guest = Host(user_id=UserId("783214"), username="coffee_break", name="Coffee Break")
    card = announcement.announcement(job(guest=guest, people=(guest,)), SOON_AFTER)
    assert card.content == "**Coffee Break** is in a Space of **Tea Time** on X."
    assert fields(card)["Co-hosts"] == "Coffee Break (@\u2060coffee\\_break)"


def test_a_summary_tells_duration_peak_average_and_who_spoke() -> None:
    speaker = Host(user_id=UserId("783214"), username="coffee", name="Coffee")
    over = replace(RECORD, phase=Phase.ENDED, ended_at=START, listened=60_000, observed=60)
    card = announcement.announcement(job(over, people=(speaker,)), START)
    assert fields(card) == {
        "Duration": "1 h 5 min",
        "Most listeners": "2,345",
        "On average": "1,000",
        "Co-hosts": "Coffee (@\u2060coffee)",
        "Who spoke": "Coffee (@\u2060coffee)",
    }


@settings(max_examples=40, deadline=None)
@given(VIEWS)
def test_a_reply_about_a_space_is_safe(space: SpaceView) -> None:
    assert_posted_safely(replies.space_reply(space))


@settings(max_examples=40, deadline=None)
@given(HOSTS, st.lists(VIEWS, max_size=3))
def test_a_reply_about_a_host_is_safe(host: Host, upcoming: list[SpaceView]) -> None:
    assert_posted_safely(replies.upcoming_reply(host, upcoming))


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.lists(VIEWS, max_size=3), st.booleans())
def test_every_page_of_a_search_is_safe(query: str, views: list[SpaceView], truncated: bool) -> None:
    for each in replies.search_pages(query, views * 3, truncated=truncated):
        assert_posted_safely(each)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.builds(line, HOSTS, live=st.none() | RECORDS, role_id=st.sampled_from([None, ROLE])), max_size=4))
def test_every_page_of_a_watchlist_is_safe_and_none_is_left_out(lines: list[WatchLine]) -> None:
    lines = lines * 4
    cards = replies.watch_pages(lines, GUILD)
    for each in cards:
        assert_posted_safely(each)
    assert sum(str(each.embed.description).count("→ <#110>") for each in cards if each.embed is not None) == len(lines)


@settings(max_examples=40, deadline=None)
@given(HOSTS, st.booleans())
def test_sentences_about_watches_are_safe(host: Host, is_new: bool) -> None:
    watched = Watched(line=line(host, role_id=ROLE, live=RECORD), is_new=is_new, guild_channel_set=True, looked=False)
    assert_posted_safely(Card(content=replies.watched_sentence(watched, GUILD)))
    assert_posted_safely(Card(content=replies.unwatched_sentence(host)))


@settings(max_examples=40, deadline=None)
@given(HOSTS, st.integers(1, 100))
def test_a_suggestion_fits(host: Host, most: int) -> None:
    assert 0 < units(replies.host_choice(host, most)) <= most


# What people read


def test_a_live_announcement_says_who_what_since_when_and_where_to_listen() -> None:
    card = announcement.announcement(job(roles=(ROLE,)), SOON_AFTER)
    assert card.content == "<@&120> **Tea Time** is live in a Space on X."
    assert card.embed is not None
    assert card.embed.title == "Tea and type theory"
    assert card.embed.url == "https://x.com/i/spaces/1OyKAWXYZabcd#live"
    assert card.embed.author.url == "https://x.com/tea_time"
    assert fields(card) == {"Started": f"<t:{int(START.timestamp()) - 3900}:R>", "Listeners": "1,234"}
    assert [(button.label, button.url) for button in card.buttons] == [
        ("Listen", "https://x.com/i/spaces/1OyKAWXYZabcd")
    ]


def test_everyone_is_called_by_name_and_only_as_configured() -> None:
    card = announcement.announcement(job(roles=(RoleId(GUILD), ROLE)), SOON_AFTER)
    assert card.content == "@everyone <@&120> **Tea Time** is live in a Space on X."
    assert (card.everyone, card.roles) == (True, (ROLE,))


def test_an_ended_announcement_keeps_its_address_and_loses_its_button_and_mentions() -> None:
    over = SpaceRecord(
        space_id=RECORD.space_id,
        host_id=HOST.user_id,
        phase=Phase.ENDED,
        title=RECORD.title,
        peak=2345,
        started_at=START - timedelta(minutes=65),
        ended_at=START,
        first_seen_at=START,
        last_seen_at=START,
    )
    card = announcement.announcement(job(over, roles=(ROLE,)), START)
    assert card.content == "**Tea Time**'s Space has ended."
    assert fields(card) == {"Duration": "1 h 5 min", "Most listeners": "2,345"}
    assert (card.buttons, card.roles) == ((), ())
    assert card.embed is not None
    assert card.embed.url == "https://x.com/i/spaces/1OyKAWXYZabcd#live"


def test_a_space_that_nobody_saw_end_claims_no_duration() -> None:
    gone = SpaceRecord(
        space_id=RECORD.space_id,
        host_id=HOST.user_id,
        phase=Phase.GONE,
        peak=7,
        started_at=START - timedelta(hours=1),
        ended_at=START,
        first_seen_at=START,
        last_seen_at=START,
    )
    card = announcement.announcement(job(gone), START)
    assert card.content == "**Tea Time**'s Space is no longer visible."
    assert fields(card) == {"Most listeners seen": "7"}


@pytest.mark.parametrize(
    ("phase", "sentence"),
    [
        (Phase.ENDED, "“Tea and type theory” by **Tea Time** has ended, after 1 h."),
        (Phase.CANCELED, "“Tea and type theory” by **Tea Time** was canceled before it began."),
        (Phase.GONE, "“Tea and type theory” by **Tea Time** cannot be seen on X at the moment."),
    ],
)
def test_a_space_that_is_not_open_gets_its_own_plain_sentence(phase: Phase, sentence: str) -> None:
    card = replies.space_reply(view(phase, started_at=START - timedelta(hours=1), ended_at=START))
    assert (card.content, card.embed, card.buttons) == (sentence, None, ())


def test_a_space_reply_shows_all_that_is_known() -> None:
    guest = Host(user_id=UserId("9"), username="guest", name="A Guest")
    card = replies.space_reply(
        view(
            participant_count=5,
            started_at=START,
            lang="en",
            topics=("Tea",),
            cohosts=(guest,),
            speakers=(guest,),
            is_ticketed=True,
        )
    )
    assert fields(card) == {
        "Started": f"<t:{int(START.timestamp())}:R>",
        "Listeners": "5",
        "Co-hosts": f"A Guest (@{INVISIBLE}guest)",
        "Speakers": f"A Guest (@{INVISIBLE}guest)",
        "Language": "English",
        "Topics": "Tea",
        "Ticket": "needed to listen",
    }


@pytest.mark.parametrize("title", [None, "", "   ", "\x00", "\u202e"])
def test_a_space_without_a_title_says_so(title: str | None) -> None:
    assert str(replies.space_reply(view(title=title)).embed and replies.space_reply(view(title=title)).embed.title) == (  # type: ignore[union-attr]  # the reply of a live Space has one
        "Untitled Space"
    )
    [page] = replies.search_pages("tea", [view(title=title)], truncated=False)
    assert page.embed is not None
    assert "[Untitled Space](https://x.com/i/spaces/" in str(page.embed.description)


def test_a_host_without_a_name_goes_by_the_handle() -> None:
    card = announcement.announcement(job(host=Host(user_id=UserId("1"), username="tea_time", name="")), SOON_AFTER)
    assert card.content == r"**tea\_time** is live in a Space on X."


@pytest.mark.parametrize(
    "picture", ["", "https://", "ftp://a.example/b", "https://a.example/a b", "javascript:x", "x" * 3000]
)
def test_a_picture_that_discord_would_refuse_is_left_out(picture: str) -> None:
    card = announcement.announcement(
        job(host=Host(user_id=UserId("1"), username="tea", name="Tea", picture=picture)), SOON_AFTER
    )
    assert card.embed is not None
    assert card.embed.author.icon_url is None


def test_search_results_come_five_to_a_page() -> None:
    pages = replies.search_pages("tea", [view(Phase.SCHEDULED, scheduled_start=START)] * 6, truncated=True)
    counts = [str(page.embed.description).count("🗓️ starts") for page in pages if page.embed is not None]
    assert counts == [5, 1]
    assert pages[1].embed is not None
    assert pages[1].embed.footer.text == "6 found, X may know of more · page 2 of 2"


def test_a_search_without_results_says_what_to_try() -> None:
    [page] = replies.search_pages("*tea*", [], truncated=False)
    assert page.content is not None
    assert r"“\*tea\*”" in page.content
    assert "another spelling" in page.content


def test_the_watchlist_says_where_whom_what_is_on_and_what_is_in_the_way() -> None:
    [page] = replies.watch_pages(
        [line(role_id=ROLE, live=RECORD, paused="no permission"), line(channel_id=None)], GUILD
    )
    assert page.embed is not None
    first, second = str(page.embed.description).split("\n\n")
    assert "→ <#110>" in first
    assert "<@&120>" in first
    assert "[live now](https://x.com/i/spaces/1OyKAWXYZabcd)" in first
    assert "paused: no permission" in first
    assert "no channel yet" in second
    assert "not live" in second


def test_an_empty_watchlist_says_how_to_begin() -> None:
    [page] = replies.watch_pages([], GUILD)
    assert page.content is not None
    assert "/watch add" in page.content


def test_a_configuration_shows_what_is_missing_and_what_is_in_the_way() -> None:
    empty = reports.config_card(
        GuildConfig(), [], GUILD, obstacle=None, role_trouble=None, last_good_sweep=None, trouble=None
    )
    assert fields(empty) == {
        "Channel": "none yet: `/config channel`",
        "Mentions": "nobody: `/config role`",
        "Announces": "when it is live",
        "When a Space is over": "announcements become a summary",
        "Trouble is told in": "the server's system channel",
        "Follows": "nobody yet: `/watch add`",
        "X last asked": "not yet",
    }
    full = reports.config_card(
        GuildConfig(
            channel_id=CHANNEL,
            role_id=RoleId(GUILD),
            admin_channel_id=ChannelId(111),
            at_end=AtEnd.DELETE,
            tells_scheduled=True,
            reminder_minutes=15,
            tells_live=False,
            tells_ended=True,
        ),
        [line(live=RECORD, paused="gone"), line()],
        GUILD,
        obstacle="gone",
        role_trouble="that role is gone",
        last_good_sweep=START,
        trouble="X is down.",
    )
    assert fields(full) == {
        "Channel": "<#110>\n⚠️ gone",
        "Mentions": "@everyone\n⚠️ that role is gone",
        "Announces": "when it is scheduled, 15 min before it starts, when it has ended",
        "When a Space is over": "announcements are deleted",
        "Trouble is told in": "<#111>",
        "Follows": "2 hosts, 1 live now, 1 paused: see `/watch list`",
        "X last asked": f"<t:{int(START.timestamp())}:R>\n⚠️ X is down.",
    }


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "1 min"), (0.4, "1 min"), (45, "45 min"), (60, "1 h"), (65, "1 h 5 min"), (1500, "25 h")]
)
def test_a_duration_is_said_as_people_say_it(minutes: float, words: str) -> None:
    assert card.lasting(timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en", "English"),
        ("pt-BR", "Brazilian Portuguese"),
        ("zh-TW", "Chinese"),
        ("JA", "Japanese"),
        ("iw", "Hebrew"),
        ("in", "Indonesian"),
        ("no such language", "no such language"),
    ],
)
def test_a_language_is_named_in_words(code: str, name: str) -> None:
    assert language_name(code) == name


@pytest.mark.parametrize("code", ["und", "zxx", "", None])
def test_a_language_that_x_does_not_know_is_not_shown(code: str | None) -> None:
    view = SpaceView(url="https://x.com/i/spaces/1", phase=Phase.LIVE, lang=code)
    assert "Language" not in fields(space_reply(view))
