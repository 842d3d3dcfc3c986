"""The keyword loop over the real ledger and a fake clock, with searches that answer as the script says."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.guilds import Keyword
from spacebot.domain.ids import ChannelId, GuildId, SpaceId
from spacebot.domain.spaces import SpaceRecord, State
from spacebot.errors import XCreditsDepleted, XDown, XInvalidRequest
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.keywords import EVERY, KeywordWatcher
from spacebot.x.model import Page, Space
from tests.clocks import START, FakeClock
from tests.store.seed import (
    ADMIN,
    CHANNEL,
    FAR_CHANNEL,
    FAR_GUILD,
    GUILD,
    OTHER_CHANNEL,
    SPACE,
    live,
    opened,
    rows,
)
from tests.store.seed import COHOST as STRANGER

PACE = 2.0
"""Seconds that each request of the scripted X takes."""


@dataclass(slots=True)
class ScriptedSearch:
    """A `SearchSource` with Spaces in memory: a search finds whose title has its words."""

    clock: FakeClock
    spaces: dict[SpaceId, Space] = field(default_factory=dict)
    faults: dict[str, Exception] = field(default_factory=dict)
    """What the search for some words, or 'ids', raises."""
    searches: list[str] = field(default_factory=list)
    bought: list[list[SpaceId]] = field(default_factory=list)

    def show(self, *spaces: Space) -> None:
        self.spaces |= {space.id: space for space in spaces}

    async def search(self, words: str) -> Page[Space]:
        self.searches.append(words)
        await self.clock.sleep(PACE)
        self._fail(words)
        return Page(items=tuple(one for one in self.spaces.values() if words in (one.title or "").casefold()))

    async def by_ids(self, space_ids: Sequence[SpaceId]) -> Page[Space]:
        self.bought.append(list(space_ids))
        await self.clock.sleep(PACE)
        self._fail("ids")
        found = tuple(self.spaces[one] for one in space_ids if one in self.spaces)
        return Page(items=found, users={STRANGER.id: STRANGER})

    def _fail(self, what: str) -> None:
        if what in self.faults:
            raise self.faults[what]


@dataclass(slots=True)
class Scene:
    """The loop at work."""

    store: Store
    x: ScriptedSearch
    clock: FakeClock
    loop: KeywordWatcher
    budget: list[bool]
    found: list[SpaceRecord]
    running: asyncio.Task[None] | None = None
    """Begins with the first second that passes."""

    async def watch(
        self, text: str, *, guild: GuildId = GUILD, channel: ChannelId | None = None, **how: object
    ) -> None:
        keyword = Keyword(guild_id=guild, text=text, channel_id=channel, **how)  # type: ignore[arg-type]  # any field of it
        await self.store(Queries.add_keyword, keyword, by=ADMIN, limit=100, now=self.clock.now())

    async def passing(self, seconds: float) -> None:
        """Let so much time pass; whatever the store's thread is asked is answered before the next moment."""
        if self.running is None:
            self.running = asyncio.create_task(self.loop.run())
        end = self.clock.monotonic() + seconds
        await self._settled()
        while (due := self.clock.next_due()) is not None and due <= end:
            await self.clock.advance(due - self.clock.monotonic())
            await self._settled()
        await self.clock.advance(end - self.clock.monotonic())
        await self._settled()

    async def _settled(self) -> None:
        for _ in range(12):  # an answer may lead to the next question
            await self.store(Queries.note, "nothing")
            await self.clock.settle(rounds=12)

    async def told(self) -> set[tuple[object, object]]:
        """The announcements that the ledger asks for: Space and channel."""
        return {(row["space_id"], row["channel_id"]) for row in await rows(self.store)}


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(tmp_path) as store:
        await store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
        clock = FakeClock()
        x, budget, found = ScriptedSearch(clock), [True], list[SpaceRecord]()
        loop = KeywordWatcher(source=x, store=store, clock=clock, on_found=found.extend, may_search=lambda: budget[0])
        scene = Scene(store, x, clock, loop, budget, found)
        yield scene
        assert scene.running is not None
        assert not scene.running.done(), "the loop has died"
        scene.running.cancel()
        await asyncio.gather(scene.running, return_exceptions=True)


async def test_a_space_that_matches_is_in_the_ledger_of_every_guild_that_watches_for_it(scene: Scene) -> None:
    await scene.watch("type theory")
    await scene.watch("type theory", guild=FAR_GUILD)
    await scene.watch("coffee", guild=FAR_GUILD)
    scene.x.show(live(host=STRANGER))
    await scene.passing(3 * PACE + 1)
    assert await scene.told() == {(SPACE, CHANNEL), (SPACE, FAR_CHANNEL)}
    assert [record.space_id for record in scene.found] == [SPACE]


async def test_each_distinct_keyword_is_searched_once_a_round_however_many_guilds_have_it(scene: Scene) -> None:
    for text in ("tea", "coffee"):
        for guild in (GUILD, FAR_GUILD):
            await scene.watch(text, guild=guild)
    await scene.passing(EVERY / 2)
    assert sorted(scene.x.searches) == ["coffee", "tea"]
    await scene.passing(EVERY)
    assert sorted(scene.x.searches) == ["coffee", "coffee", "tea", "tea"]


async def test_a_space_is_bought_once_as_long_as_nobody_new_wants_it(scene: Scene) -> None:
    await scene.watch("tea")
    await scene.watch("theory")
    scene.x.show(live(host=STRANGER))
    await scene.passing(5 * EVERY)
    assert scene.x.bought == [[SPACE], [SPACE]], "once for each of its two words, and never again"
    await scene.watch("tea", guild=FAR_GUILD)
    await scene.passing(3 * EVERY)
    assert len(scene.x.bought) == 3
    assert await scene.told() == {(SPACE, CHANNEL), (SPACE, FAR_CHANNEL)}


async def test_two_keywords_of_one_guild_share_a_channel_and_fill_two(scene: Scene) -> None:
    await scene.watch("tea")
    await scene.watch("theory")
    await scene.watch("type", channel=OTHER_CHANNEL)
    scene.x.show(live(host=STRANGER))
    await scene.passing(2 * EVERY)
    assert await scene.told() == {(SPACE, CHANNEL), (SPACE, OTHER_CHANNEL)}


async def test_a_keyword_in_hebrew_takes_what_x_calls_by_the_older_code(scene: Scene) -> None:
    await scene.watch("tea", lang="he")
    await scene.watch("theory", lang="iw", channel=OTHER_CHANNEL)
    scene.x.show(live(host=STRANGER, lang="iw"))
    await scene.passing(EVERY + 2 * PACE)
    assert await scene.told() == {(SPACE, CHANNEL), (SPACE, OTHER_CHANNEL)}


async def test_nobody_pays_for_whom_nobody_wants(scene: Scene) -> None:
    await scene.watch("tea", lang="es")
    await scene.watch("type", least=50)
    await scene.watch("theory", ticketed=True)
    scene.x.show(live(host=STRANGER, lang="en", is_ticketed=False, participant_count=49))
    await scene.passing(2 * EVERY)
    assert not scene.x.bought
    scene.x.show(live(host=STRANGER, lang="en", is_ticketed=False, participant_count=50))
    await scene.passing(EVERY + 2 * PACE)
    assert scene.x.bought == [[SPACE]]
    assert await scene.told() == {(SPACE, CHANNEL)}


async def test_what_is_scheduled_waits_until_it_is_live(scene: Scene) -> None:
    await scene.watch("tea")
    scene.x.show(Space(id=SPACE, state=State.SCHEDULED, creator_id=STRANGER.id, title="Tea", scheduled_start=START))
    await scene.passing(2 * EVERY)
    assert not await scene.told()
    scene.x.show(live(host=STRANGER))
    await scene.passing(EVERY + 2 * PACE)
    assert await scene.told() == {(SPACE, CHANNEL)}


async def test_more_spaces_than_one_look_up_takes_are_bought_in_parts(scene: Scene) -> None:
    await scene.watch("tea")
    many = [SpaceId(f"1OyKAWXYZ{number:04}") for number in range(130)]
    scene.x.show(*(live(one, STRANGER) for one in many))
    await scene.passing(4 * PACE)
    assert [len(part) for part in scene.x.bought] == [100, 30]
    assert await scene.told() == {(one, CHANNEL) for one in many}


async def test_without_budget_nothing_is_searched_and_with_it_again(scene: Scene) -> None:
    scene.budget[0] = False
    await scene.watch("tea")
    scene.x.show(live(host=STRANGER))
    await scene.passing(3 * EVERY)
    assert not scene.x.searches
    scene.budget[0] = True
    await scene.passing(EVERY + 2 * PACE)
    assert await scene.told() == {(SPACE, CHANNEL)}


async def test_the_budget_is_asked_before_every_search(scene: Scene) -> None:
    for text in ("coffee", "tea", "water"):
        await scene.watch(text)
    await scene.passing(PACE / 2)
    scene.budget[0] = False
    await scene.passing(2 * EVERY)
    assert scene.x.searches == ["coffee"]


@pytest.mark.parametrize("fault", [XInvalidRequest(), XDown(), RuntimeError("nobody foresaw this")])
async def test_one_keyword_that_x_does_not_answer_keeps_no_other_waiting(scene: Scene, fault: Exception) -> None:
    scene.x.faults["coffee"] = fault
    await scene.watch("coffee")
    await scene.watch("tea")
    scene.x.show(live(host=STRANGER))
    await scene.passing(EVERY)
    assert await scene.told() == {(SPACE, CHANNEL)}


async def test_where_only_a_person_can_help_the_rest_of_the_round_is_let_be(scene: Scene) -> None:
    scene.x.faults |= {"coffee": XCreditsDepleted(), "tea": XCreditsDepleted()}
    await scene.watch("coffee")
    await scene.watch("tea")
    await scene.passing(EVERY / 2)
    assert scene.x.searches == ["coffee"]


async def test_a_failure_and_its_end_are_said_once_each(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="spacebot.watch.keywords")
    scene.x.faults["tea"] = XDown()
    await scene.watch("tea")
    scene.x.show(live(host=STRANGER))
    await scene.passing(5 * EVERY)
    assert len(caplog.messages) == 1
    scene.x.faults.clear()
    await scene.passing(3 * EVERY)
    assert await scene.told() == {(SPACE, CHANNEL)}
    assert caplog.messages[1:] == ["Searching for keywords works again."]


async def test_a_space_that_could_not_be_looked_up_is_looked_up_in_the_next_round(scene: Scene) -> None:
    scene.x.faults["ids"] = XDown()
    await scene.watch("tea")
    scene.x.show(live(host=STRANGER))
    await scene.passing(EVERY / 2)
    assert not await scene.told()
    scene.x.faults.clear()
    await scene.passing(EVERY)
    assert await scene.told() == {(SPACE, CHANNEL)}


async def test_a_keyword_that_was_removed_is_not_searched_any_more(scene: Scene) -> None:
    await scene.watch("tea")
    await scene.passing(EVERY / 2)
    await scene.store(Queries.remove_keyword, GUILD, "tea", scene.clock.now())
    scene.x.searches.clear()
    await scene.passing(3 * EVERY)
    assert not scene.x.searches


async def test_keywords_of_a_guild_that_the_bot_has_left_cost_nothing(scene: Scene) -> None:
    await scene.watch("tea", guild=FAR_GUILD)
    await scene.store(Queries.leave, FAR_GUILD, scene.clock.now())
    scene.x.searches.clear()
    await scene.passing(3 * EVERY)
    assert not scene.x.searches


@given(
    wanted=st.sampled_from([None, "en", "pt", "pt-br", "zh"]),
    lang=st.sampled_from([None, "en", "pt", "pt-BR", "zh-Hant", "en-GB"]),
    least=st.none() | st.integers(1, 100),
    participant_count=st.none() | st.integers(0, 200),
    ticketed=st.none() | st.booleans(),
    is_ticketed=st.none() | st.booleans(),
)
def test_a_filter_never_takes_what_x_says_is_otherwise(  # noqa: PLR0917 - hypothesis hands them over by name
    wanted: str | None,
    lang: str | None,
    least: int | None,
    participant_count: int | None,
    ticketed: bool | None,
    is_ticketed: bool | None,
) -> None:
    keyword = Keyword(guild_id=GUILD, text="tea", lang=wanted, least=least, ticketed=ticketed)
    takes = keyword.takes(lang=lang, participant_count=participant_count, is_ticketed=is_ticketed)
    wrong_language = wanted is not None and lang is not None and lang[:2] != wanted[:2]
    too_few = least is not None and (participant_count or 0) < least
    wrong_ticket = ticketed is not None and is_ticketed is not None and ticketed != is_ticketed
    assert takes is not (wrong_language or too_few or wrong_ticket)
