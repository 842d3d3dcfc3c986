"""Guilds take turns: whoever wants much waits for it, and makes nobody else wait."""

import random
from collections import Counter, defaultdict
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.guilds import Keyword
from spacebot.domain.ids import GuildId, UserId
from spacebot.watch.turns import KeywordTurns, shared_places

EVERY = 60.0
SEARCH = 900 / 270
"""Seconds that a search takes at the background's pace."""


def keywords(lists: dict[int, list[str]]) -> list[Keyword]:
    return [Keyword(guild_id=GuildId(guild), text=text) for guild, texts in lists.items() for text in texts]


def played(turns: KeywordTurns, seconds: float, *, began: float = 0.0) -> list[tuple[float, str]]:
    """What is searched for, one after the other, and when."""
    now, searches = began, []
    while now < began + seconds:
        watches = turns.next(now)
        if watches:
            searches.append((now, watches[0].text))
            now += SEARCH
        else:
            now += max(turns.due_in(now), 0.001)
    return searches


def longest_wait(searches: list[tuple[float, str]], text: str) -> float:
    times = [at for at, each in searches if each == text]
    return max(later - earlier for earlier, later in pairwise(times))


def test_a_single_keyword_waits_for_a_search_at_most_beside_ten_guilds_with_a_hundred() -> None:
    turns = KeywordTurns(EVERY)
    greedy = {guild: [f"{guild} {number}" for number in range(100)] for guild in range(10)}
    turns.want(keywords({**greedy, 99: ["mine"]}), 0.0)
    searches = played(turns, 7200.0)
    assert longest_wait(searches, "mine") <= EVERY + SEARCH
    counts = Counter(text.split()[0] for _, text in searches)
    shares = [counts[str(guild)] for guild in range(10)]
    assert max(shares) - min(shares) <= 1


def test_a_guild_that_takes_its_keywords_away_and_adds_them_again_gains_nothing() -> None:
    turns = KeywordTurns(EVERY)
    lists = {1: [f"a {number}" for number in range(100)], 2: [f"b {number}" for number in range(100)], 3: ["mine"]}
    searches: list[tuple[float, str]] = []
    for _ in range(200):
        now = searches[-1][0] + SEARCH if searches else 0.0
        turns.want(keywords({2: lists[2], 3: lists[3]}), now)
        turns.want(keywords(lists), now)
        searches += played(turns, 1.5 * SEARCH, began=now)
    counts = Counter(text.split()[0] for _, text in searches)
    assert abs(counts["a"] - counts["b"]) <= 2
    assert longest_wait(searches, "mine") <= EVERY + 2 * SEARCH


@given(st.dictionaries(st.integers(1, 5), st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8), max_size=5))
def test_every_keyword_comes_once_in_each_round_if_there_is_time_for_all(lists: dict[int, list[str]]) -> None:
    turns = KeywordTurns(EVERY)
    turns.want(keywords(lists), 0.0)
    counts = Counter(text for _, text in played(turns, 3 * EVERY))
    assert counts.keys() == {text for texts in lists.values() for text in texts}
    assert set(counts.values()) <= {3}


def hosts(name: str, count: int) -> list[UserId]:
    return [UserId(f"{name}{number}") for number in range(count)]


def test_eight_guilds_with_a_hundred_busy_hosts_leave_a_place_for_everybody_elses() -> None:
    lists = {guild: hosts(f"{guild}-", 100) for guild in range(8)} | {guild: hosts(f"{guild}-", 1) for guild in (8, 9)}
    followers = {host: [GuildId(guild)] for guild, own in lists.items() for host in own}
    ranked = [host for own in lists.values() for host in own]  # the others' hosts are worth least
    places = shared_places(ranked, followers, 750)
    held = Counter(followers[host][0] for host in places)
    assert held[GuildId(8)] == held[GuildId(9)] == 1
    assert sum(held.values()) == 750
    assert max(held.values()) - min(held[GuildId(guild)] for guild in range(8)) <= 1


@given(st.integers(0, 30), st.integers(1, 6), st.integers(0, 40), st.randoms(use_true_random=False))
def test_nobody_has_two_more_places_than_another_guild_whose_next_host_has_none(
    count: int, guilds: int, places: int, chance: random.Random
) -> None:
    ranked = hosts("h", count)
    followers = {host: chance.sample([GuildId(g) for g in range(guilds)], chance.randint(0, guilds)) for host in ranked}
    chosen = shared_places(ranked, followers, places)
    assert len(chosen) == min(places, count)
    lists: dict[GuildId, list[UserId]] = defaultdict(list)
    for host in ranked:
        for guild in followers[host]:
            lists[guild].append(host)
    # Of every guild's list, the first that has no place; only hosts that somebody ranks no later have one.
    for own in lists.values():
        left_out = next((at for at, host in enumerate(own) if host not in chosen), None)
        for host in chosen:
            best = min((lists[guild].index(host) for guild in followers[host]), default=count)
            assert left_out is None or best <= left_out


def test_where_all_have_a_place_value_alone_is_the_order_of_each_round() -> None:
    followers = {UserId("a"): [GuildId(1)], UserId("b"): [GuildId(1)], UserId("c"): [GuildId(2)]}
    assert shared_places([UserId("a"), UserId("b"), UserId("c")], followers, 3) == ["a", "c", "b"]
