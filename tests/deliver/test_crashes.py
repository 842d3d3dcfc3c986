"""Whatever step the bot is killed at, each announcement stands once: over the real ledger, in simulated time.

These are a few of the histories that `benchmarks/crashes.py` counts.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from spacebot.deliver import courier
from spacebot.deliver.publisher import DiscordPublisher
from spacebot.deliver.roles import RolesOfGuild
from spacebot.domain.deliveries import Job, Shape
from spacebot.domain.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from spacebot.present.announcement import announcement
from spacebot.present.card import Card
from spacebot.store.queries import Queries
from spacebot.usecases import bells
from tests.crash.channel import SOUND
from tests.crash.histories import (
    DELETED,
    EDIT_ENDED,
    EDIT_FIRST,
    END_TOLD,
    EVENT,
    EVENT_BEGUN,
    EVENT_DELETED,
    EVENT_RUNS,
    FIRST_PRESS,
    POST,
    POST_ENDED,
    POST_FIRST,
    PRESSES,
    SCHEDULED,
    SCHEDULED_MIXED,
    Path,
    QueryGroup,
    explore,
)
from tests.crash.tally import Tally


def explored(part: QueryGroup) -> Tally:
    """How all the histories of a part come out; without asyncio's debug mode, for they are hundreds."""
    return asyncio.run(explore(part), debug=False)


@pytest.mark.parametrize(
    "path", [POST, POST_ENDED, EDIT_ENDED, END_TOLD, DELETED, SCHEDULED], ids=lambda path: path.name
)
def test_a_kill_at_any_step_loses_and_doubles_nothing_though_discord_forgets_nonces(path: Path) -> None:
    tally = explored(QueryGroup(path=path, window=0.0, faults=("502 after",), delays=(300.0,)))
    assert tally.is_clean, tally.wrong
    assert {kind.step for kind in tally.histories} == {
        "before commit",
        "after commit",
        "before request",
        "on request",
        "on reply",
        "after reply",
    }


def test_both_shapes_are_found_again_after_a_kill_and_closed_as_they_were_posted() -> None:
    tally = Tally()
    for path in (POST_FIRST, EDIT_FIRST, SCHEDULED_MIXED):
        tally += explored(QueryGroup(path=path, window=0.0, faults=("502 after",), delays=(0.0, 300.0)))
    assert tally.is_clean, tally.wrong
    assert min(tally.closed["first"], tally.closed["compact"]) > 100


def test_a_bot_that_edited_in_another_shape_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(job: Job, at: datetime, *, quiet: bool = False) -> Card:
        return announcement(replace(job, shape=Shape.COMPACT), at, quiet=quiet)

    monkeypatch.setattr(courier, "announcement", other)
    tally = explored(QueryGroup(path=POST_FIRST, window=0.0, faults=(SOUND,), delays=(0.0,)))
    assert tally.untrue.total()


def test_a_message_that_arrives_after_the_kill_stands_once() -> None:
    tally = explored(QueryGroup(path=POST, window=180.0, faults=(SOUND,), delays=(0.0,)))
    assert tally.is_clean, tally.wrong
    assert "on request, late" in {kind.step for kind in tally.histories}


@pytest.mark.parametrize("path", PRESSES, ids=lambda path: path.name)
def test_whoever_presses_has_the_only_role_whatever_step_the_bot_is_killed_at(path: Path) -> None:
    tally = explored(QueryGroup(path=path, faults=("cut after", "time-out, late"), delays=(0.0,)))
    assert tally.is_clean, tally.wrong
    assert tally.histories.total() > 50


@pytest.mark.parametrize("path", [EVENT, EVENT_BEGUN, EVENT_DELETED, EVENT_RUNS], ids=lambda path: path.name)
@pytest.mark.parametrize("at", [0, 1])
def test_an_event_is_made_once_and_follows_its_space_whatever_step_the_bot_is_killed_at(path: Path, at: int) -> None:
    tally = explored(QueryGroup(path=path, faults=("cut after",), fault_at=at, delays=(0.0,)))
    assert tally.is_clean, tally.wrong
    assert tally.histories.total() > 50


def test_a_bot_that_did_not_wait_for_an_event_on_its_way_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "STILL_ARRIVING", timedelta())
    tally = explored(QueryGroup(path=EVENT, faults=(SOUND,), delays=(0.0,)))
    assert {kind.step for kind, count in tally.doubled.items() if count} == {"on request, late"}


def test_a_second_kill_while_the_role_is_looked_for_changes_nothing() -> None:
    tally = explored(QueryGroup(path=FIRST_PRESS, faults=(SOUND,), again=("cut after",), delays=(0.0,)))
    assert tally.is_clean, tally.wrong
    assert {kind.crashes for kind in tally.histories} == {2}


def test_a_bot_that_made_a_role_without_looking_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def blind(_self: RolesOfGuild, _name: str, _after: int) -> RoleId | None:
        return None

    monkeypatch.setattr(RolesOfGuild, "find", blind)
    tally = explored(QueryGroup(path=FIRST_PRESS, faults=(SOUND,), delays=(300.0,)))
    assert tally.doubled.total()


def test_a_bot_that_did_not_wait_for_a_role_on_its_way_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bells, "STILL_ARRIVING", timedelta())
    tally = explored(QueryGroup(path=FIRST_PRESS, faults=(SOUND,), delays=(0.0,)))
    assert {kind.step for kind, count in tally.doubled.items() if count} == {"on request, late"}


def test_a_bot_that_forgot_which_role_it_made_would_be_caught_losing(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetting(_tables: Queries, _guild: GuildId, _host: UserId, _role: RoleId) -> None:
        pass

    monkeypatch.setattr(Queries, "set_bell_role", forgetting)
    tally = explored(QueryGroup(path=FIRST_PRESS, faults=(SOUND,), delays=(30.0,)))
    assert tally.lost.total()


def test_a_second_kill_while_recovering_changes_nothing() -> None:
    tally = explored(QueryGroup(path=POST, window=0.0, faults=(SOUND,), again=(SOUND,), delays=(300.0,)))
    assert tally.is_clean, tally.wrong
    assert {kind.crashes for kind in tally.histories} == {2}


def test_without_the_history_nothing_is_lost_and_nobody_is_called_twice() -> None:
    tally = explored(QueryGroup(path=POST, readable=False, window=30.0, faults=("cut after",), delays=(30.0,)))
    assert tally.is_clean, tally.wrong


def test_a_bot_that_did_not_look_first_would_be_caught_doubling(monkeypatch: pytest.MonkeyPatch) -> None:
    async def blind(_self: DiscordPublisher, _channel: ChannelId, _url: str, *, since: datetime) -> MessageId | None:
        return None

    monkeypatch.setattr(DiscordPublisher, "find", blind)
    tally = explored(QueryGroup(path=POST, window=30.0, faults=(SOUND,), delays=(300.0,)))
    assert tally.doubled.total()
    assert not tally.lost.total()


def test_a_bot_that_settled_before_sending_would_be_caught_losing(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = Queries.claim

    def settled(tables: Queries, most: int, now: datetime, busy: list[ChannelId]) -> list[Job]:
        jobs = claim(tables, most, now, busy)
        tables.db.execute("UPDATE deliveries SET state = 'skipped', reason = 'done'")
        return jobs

    monkeypatch.setattr(Queries, "claim", settled)
    tally = explored(QueryGroup(path=POST, faults=(SOUND,), delays=(30.0,)))
    assert tally.lost.total()
    assert not tally.doubled.total()
