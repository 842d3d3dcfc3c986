"""What admins read of their lists keeps to Discord's limits and mentions nobody but configured roles."""

from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.guilds import WatchLine
from spacebot.domain.views import Watched
from spacebot.present import watchlists
from spacebot.present.card import Card
from spacebot.present.text import units
from tests.present.samples import GUILD, HOSTS, RECORD, RECORDS, ROLE, assert_posted_safely, line
from tests.store.seed import NO_PERMISSION


@settings(max_examples=40, deadline=None)
@given(st.lists(st.builds(line, HOSTS, live=st.none() | RECORDS, roles=st.sampled_from([(), (ROLE,)])), max_size=4))
def test_every_page_of_a_watchlist_is_safe_and_none_is_left_out(lines: list[WatchLine]) -> None:
    lines = lines * 4
    cards = watchlists.watch_pages(lines, GUILD)
    for each in cards:
        assert_posted_safely(each)
    assert sum(str(each.embed.description).count("→ <#110>") for each in cards if each.embed is not None) == len(lines)


@settings(max_examples=40, deadline=None)
@given(HOSTS, st.booleans())
def test_sentences_about_watches_are_safe(host: Host, is_new: bool) -> None:
    watched = Watched(line=line(host, roles=(ROLE,), live=RECORD), is_new=is_new, guild_channel_set=True, looked=False)
    assert_posted_safely(Card(content=watchlists.watched_sentence(watched, GUILD)))
    assert_posted_safely(Card(content=watchlists.unwatched_sentence(host)))


@settings(max_examples=40, deadline=None)
@given(HOSTS, st.integers(1, 100))
def test_a_suggestion_fits(host: Host, most: int) -> None:
    assert 0 < units(watchlists.host_choice(host, most)) <= most


def test_the_watchlist_says_where_whom_what_is_on_and_what_is_in_the_way() -> None:
    [page] = watchlists.watch_pages(
        [line(roles=(ROLE,), live=RECORD, paused=NO_PERMISSION), line(channel_id=None)], GUILD
    )
    assert page.embed is not None
    first, second = str(page.embed.description).split("\n\n")
    assert "→ <#110>" in first
    assert "<@&120>" in first
    assert "[live now](https://x.com/i/spaces/1OyKAWXYZabcd)" in first
    assert "paused: I lack Send Messages in that channel; grant it, and I go on by myself" in first
    assert "no channel yet" in second
    assert "not live" in second


def test_an_empty_watchlist_says_how_to_begin() -> None:
    [page] = watchlists.watch_pages([], GUILD)
    assert page.content is not None
    assert "/watch add" in page.content
