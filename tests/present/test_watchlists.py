"""What admins read of their lists keeps to Discord's limits and mentions nobody but configured roles."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.guilds import GuildConfig, Keyword, WatchLine
from spacebot.domain.views import InTheWay, SetUp, Watched
from spacebot.present import watchlists
from spacebot.present.card import Card
from spacebot.present.reasons import sentence
from spacebot.present.text import units
from tests.present.samples import (
    CHANNEL,
    GUILD,
    HOSTS,
    RECORD,
    RECORDS,
    ROLE,
    assert_posted_safely,
    fields,
    line,
    text,
)
from tests.store.seed import NO_PERMISSION


@settings(max_examples=40)
@given(st.lists(st.builds(line, HOSTS, live=st.none() | RECORDS, roles=st.sampled_from([(), (ROLE,)])), max_size=4))
def test_every_page_of_a_watchlist_is_safe_and_none_is_left_out(lines: list[WatchLine]) -> None:
    lines = lines * 4
    cards = watchlists.watch_pages(of(*lines), InTheWay(channels={CHANNEL: NO_PERMISSION}), GUILD)
    for each in cards:
        assert_posted_safely(each)
    assert sum(str(each.embed.description).count("→ <#110>") for each in cards if each.embed is not None) == len(lines)


@settings(max_examples=40)
@given(HOSTS, st.booleans(), st.booleans())
def test_sentences_about_watches_are_safe(host: Host, is_new: bool, changed: bool) -> None:
    watched = Watched(line=line(host, roles=(ROLE,), live=RECORD), is_new=is_new, changed=changed, looked=False)
    assert_posted_safely(Card(content=watchlists.watched_sentence(watched, GUILD)))
    assert_posted_safely(Card(content=watchlists.reset_sentence(watched, GUILD)))
    assert_posted_safely(Card(content=watchlists.unwatched_sentence(host)))


@settings(max_examples=40)
@given(HOSTS, st.integers(1, 100))
def test_a_suggestion_fits(host: Host, most: int) -> None:
    assert 0 < units(watchlists.host_choice(host, most)) <= most


def test_the_watchlist_says_where_whom_and_what_is_on() -> None:
    [page] = watchlists.watch_pages(of(line(roles=(ROLE,), live=RECORD), line(channel_id=None)), InTheWay(), GUILD)
    assert page.embed is not None
    first, second = str(page.embed.description).split("\n\n")
    assert "→ <#110>" in first
    assert "<@&120>" in first
    assert "[live now](https://x.com/i/spaces/1OyKAWXYZabcd)" in first
    assert "no channel yet" in second
    assert "not live" in second
    assert not page.embed.fields


def test_what_is_in_the_way_of_many_hosts_is_told_once_with_the_path_to_tap() -> None:
    found = InTheWay(channels={CHANNEL: NO_PERMISSION}, roles={ROLE: "I may not ping listeners"})
    pages = watchlists.watch_pages(of(*[line()] * 25), found, GUILD)
    assert fields(pages[0])["In the way"].splitlines() == [
        f"⚠️ <#110>: {sentence(NO_PERMISSION)}",
        "⚠️ I may not ping listeners",
    ]
    assert sum(text(page).count("Send Messages*") for page in pages) == 1
    assert sum(text(page).count("→ <#110> ⚠️") for page in pages) == 25, "each says that it is concerned"


def test_adding_what_is_there_says_that_nothing_changed() -> None:
    host = Watched(line=line(roles=(ROLE,)), is_new=False, changed=False)
    said = watchlists.watched_sentence(host, GUILD)
    assert said.endswith("is already followed, nothing changed: → <#110>, pinging <@&120>.")
    keyword = Watched(line=Keyword(guild_id=GUILD, text="tea", least=1), is_new=False, changed=False)
    said = watchlists.keyword_sentence(keyword, GUILD)
    assert said.startswith("Already watched for, nothing changed: “tea” · from 1 listener · ")


@pytest.mark.parametrize(("changed", "said"), [(True, "from now on"), (False, "already, nothing changed")])
def test_taking_a_channel_away_says_what_counts_now(changed: bool, said: str) -> None:
    host = watchlists.reset_sentence(Watched(line=line(), is_new=False, changed=changed), GUILD)
    assert host.endswith(f"uses this server's settings {said}: → <#110>.")
    keyword = Keyword(guild_id=GUILD, text="tea", channel_id=CHANNEL)
    words = watchlists.keyword_reset_sentence(Watched(line=keyword, is_new=False, changed=changed), GUILD)
    assert words.endswith(f"uses this server's settings {said}.")


def test_the_button_for_a_channel_fits_whatever_its_name() -> None:
    assert watchlists.use_this("spaces") == "Use #spaces"
    assert units(watchlists.use_this("🎧" * 100)) <= 80


def test_an_empty_watchlist_says_how_to_begin() -> None:
    [page] = watchlists.watch_pages(of(), InTheWay(), GUILD)
    assert page.content is not None
    assert "/watch add" in page.content


def of(*lines: WatchLine) -> SetUp:
    return SetUp(config=GuildConfig(), watches=lines)
