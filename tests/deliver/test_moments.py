"""What stands in the channel over a Space's whole life: each moment, each ending, found late, seen by a guest."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacebot.deliver.courier import TOO_LATE_TO_RING
from spacebot.domain.guilds import AtEnd
from spacebot.domain.ids import UserId
from spacebot.domain.obstacles import Reason
from spacebot.domain.spaces import ABSENCES_APART, State
from spacebot.errors import Unclear
from spacebot.present.text import inert
from spacebot.store.queries import Queries
from spacebot.x.model import Space, User
from tests.clocks import START, FakeClock
from tests.deliver.test_courier import ENDED, LIVE, SINCE, Office, ScriptedDiscord, at_work, state
from tests.store.seed import (
    ADMIN,
    CHANNEL,
    COHOST,
    FAR_CHANNEL,
    FAR_GUILD,
    GUILD,
    HOST,
    NO_PERMISSION,
    ROLE,
    SPACE,
    TIME_OUT,
    ended,
    live,
    look,
    opened,
    rows,
)

MINUTE = 60.0
HOUR = 3600.0
RING = f"<@&{ROLE}> "
SPEAKER = User(id=UserId("99"), username="speaker", name="A Speaker")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path, role=ROLE) as store, at_work(store, ScriptedDiscord(), FakeClock()) as office:
        yield office


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def planned(start: float = HOUR) -> Space:
    return Space(
        id=SPACE, state=State.SCHEDULED, creator_id=HOST.id, title="Tea and type theory", scheduled_start=later(start)
    )


def starts(seconds: float) -> str:
    return f"<t:{int(later(seconds).timestamp())}:R>"


async def tell(
    office: Office, *, scheduled: bool = False, reminder: int | None = None, live: bool = True, ended: bool = False
) -> None:
    await office.store(
        Queries.set_moments,
        GUILD,
        office.clock.now(),
        scheduled=scheduled,
        reminder_minutes=reminder,
        live=live,
        ended=ended,
    )
    office.courier.wake()
    await office.idle()


def field(office: Office, name: str, at: int = 0) -> str | None:
    embed = office.discord.channels[CHANNEL][at].card.embed
    assert embed is not None
    return next((one.value for one in embed.fields if one.name == name), None)


# Scheduled and reminder


async def test_every_moment_has_its_message_and_all_of_them_end_with_the_space(office: Office) -> None:
    await tell(office, scheduled=True, reminder=15, ended=True)
    await office.sees(planned())
    assert office.discord.contents() == [f"**Tea Time** has scheduled a Space: it starts {starts(HOUR)}."]
    await office.passing(46 * MINUTE)
    assert office.discord.contents()[1:] == [f"{RING}**Tea Time**'s Space on X starts {starts(HOUR)}."]
    await office.passing(14 * MINUTE)
    await office.sees(live(started_at=office.clock.now()))
    await office.passing(1)
    assert office.discord.contents() == [LIVE, LIVE, RING + LIVE], "no message is rung for twice"
    await office.passing(MINUTE)
    await office.sees(ended())
    await office.passing(1)
    assert office.discord.contents() == [ENDED] * 4
    assert [call for call, _ in office.discord.calls].count("send") == 4


async def test_a_rescheduled_space_is_shown_at_its_new_time_and_reminded_of_then(office: Office) -> None:
    await tell(office, scheduled=True, reminder=15)
    await office.sees(planned())
    await office.sees(planned(2 * HOUR))
    assert office.discord.contents() == [f"**Tea Time** has scheduled a Space: it starts {starts(2 * HOUR)}."]
    await office.passing(HOUR)
    assert len(office.discord.contents()) == 1
    await office.passing(46 * MINUTE)
    assert office.discord.contents()[1:] == [f"{RING}**Tea Time**'s Space on X starts {starts(2 * HOUR)}."]


async def test_a_reminder_that_was_sent_is_corrected_and_not_repeated_when_its_space_moves(office: Office) -> None:
    await tell(office, reminder=15)
    await office.sees(planned())
    await office.passing(46 * MINUTE)
    await office.sees(planned(3 * HOUR))
    await office.passing(HOUR)
    assert office.discord.contents() == [f"{RING}**Tea Time**'s Space on X starts {starts(3 * HOUR)}."]
    assert office.discord.calls == [("send", CHANNEL), ("edit", CHANNEL)]


async def test_a_canceled_space_says_so_where_it_was_announced(office: Office) -> None:
    await tell(office, scheduled=True, reminder=15, ended=True)
    await office.sees(planned())
    await office.sees(Space(id=SPACE, state=State.CANCELED))
    await office.passing(2 * HOUR)
    assert office.discord.contents() == ["**Tea Time**'s Space was canceled before it began."]


async def test_a_space_that_goes_live_before_its_reminder_is_never_reminded_of(office: Office) -> None:
    await tell(office, reminder=15)
    await office.sees(planned())
    await office.sees(live())
    await office.passing(2 * HOUR)
    assert office.discord.contents() == [RING + LIVE]


async def test_a_reminder_whose_time_has_passed_is_not_sent_late(office: Office) -> None:
    await tell(office, reminder=15)
    office.discord.obstacles[CHANNEL] = NO_PERMISSION
    await office.sees(planned())
    await office.passing(HOUR + MINUTE)
    office.discord.obstacles.clear()
    await office.passing(HOUR)
    assert office.discord.contents() == []


async def test_a_channel_that_opens_again_is_not_reminded_early(office: Office) -> None:
    await tell(office, reminder=15)
    await office.sees(planned())
    await office.store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, office.clock.now())
    await office.passing(40 * MINUTE)
    assert office.discord.contents() == []
    await office.passing(6 * MINUTE)
    assert len(office.discord.contents()) == 1


async def test_a_reminder_that_was_unclear_and_whose_space_has_moved_waits_for_its_new_time(office: Office) -> None:
    await tell(office, reminder=15)
    await office.sees(planned())
    office.discord.faults = {"send": [Unclear(TIME_OUT)]}
    await office.passing(45 * MINUTE)
    await look(office.store, planned(3 * HOUR), now=office.clock.now())
    await office.passing(HOUR)
    assert office.discord.contents() == []
    await office.passing(HOUR + MINUTE)
    assert office.discord.contents() == [f"{RING}**Tea Time**'s Space on X starts {starts(3 * HOUR)}."]
    assert office.discord.calls.count(("send", CHANNEL)) == 2


async def test_minutes_changed_while_a_reminder_waits_count_at_once(office: Office) -> None:
    await tell(office, reminder=15)
    await office.sees(planned())
    await tell(office, reminder=30)
    await office.passing(29 * MINUTE)
    assert office.discord.contents() == []
    await office.passing(2 * MINUTE)
    assert len(office.discord.contents()) == 1


async def test_a_moment_that_is_switched_off_is_not_told(office: Office) -> None:
    await tell(office, reminder=15)
    await office.sees(planned())
    await tell(office)
    await office.passing(HOUR)
    assert office.discord.contents() == []


async def test_a_clock_that_was_set_back_holds_up_no_announcement(office: Office) -> None:
    office.discord.faults = {"send": [Unclear(TIME_OUT)]}
    await office.sees(live())
    office.clock._start -= timedelta(hours=5)
    await office.passing(60)
    assert office.discord.contents() == [RING + LIVE]


# The end


async def test_at_the_end_the_message_becomes_a_summary(office: Office) -> None:
    await office.store(Queries.remember_users, [COHOST, SPEAKER], START)
    crowd: dict[str, Any] = {"host_ids": (HOST.id, COHOST.id), "speaker_ids": (SPEAKER.id,)}
    await office.sees(live(participant_count=10, **crowd))
    await office.passing(5 * MINUTE)
    await office.sees(live(participant_count=30, **crowd))
    await office.passing(5 * MINUTE)
    await office.sees(ended())
    assert office.discord.contents() == [ENDED]
    assert (field(office, "Duration"), field(office, "Most listeners"), field(office, "On average")) == (
        "10 min",
        "30",
        "10",
    )
    assert field(office, "Who spoke") == f"A Speaker ({inert('@speaker', 40)})"
    assert field(office, "Co-hosts") == f"Coffee Break ({inert('@coffee_break', 40)})"
    assert office.discord.channels[CHANNEL][0].card.buttons == ()


async def test_a_guild_that_wants_its_announcements_deleted_at_the_end_finds_none(office: Office) -> None:
    await office.store(Queries.set_end, GUILD, AtEnd.DELETE)
    await tell(office, ended=True)
    await office.sees(live())
    await office.sees(ended())
    await office.passing(400)
    assert office.discord.contents() == [ENDED], "what tells of the end stays"
    assert ("skipped", Reason.DELETED_AT_END) in await state(office.store)


async def test_a_guild_that_wants_its_announcements_left_finds_them_as_they_were(office: Office) -> None:
    await office.store(Queries.set_end, GUILD, AtEnd.LEAVE)
    await office.sees(live())
    await office.sees(ended())
    await office.passing(400)
    assert office.discord.contents() == [RING + LIVE]
    assert office.discord.calls == [("send", CHANNEL)]


async def test_deleting_what_somebody_has_deleted_already_is_the_end_of_it(office: Office) -> None:
    await office.store(Queries.set_end, GUILD, AtEnd.DELETE)
    await office.sees(live())
    office.discord.channels.clear()
    await office.sees(ended())
    await office.passing(400)
    assert [call for call, _ in office.discord.calls] == ["send", "delete"]


async def test_a_summary_is_live_again_when_its_space_was_only_out_of_sight(office: Office) -> None:
    await office.sees(live())
    await look(office.store, absent=[SPACE], now=office.clock.now())
    await office.passing(ABSENCES_APART.total_seconds())
    await look(office.store, absent=[SPACE], now=office.clock.now())
    await office.passing(30)
    assert office.discord.contents() == ["**Tea Time**'s Space is no longer visible."]
    await office.sees(live())
    await office.passing(5)
    assert office.discord.contents() == [RING + LIVE]
    assert [call for call, _ in office.discord.calls] == ["send", "edit", "edit"]


# Listeners


async def test_listeners_are_kept_current_with_an_edit_a_minute_at_most_and_none_after_55_minutes(
    office: Office,
) -> None:
    await office.sees(live())
    for second in range(30, 2 * 3600, 30):
        await office.passing(30)
        await office.sees(live(participant_count=second))
        await office.idle()
    edits = [call for call, _ in office.discord.calls].count("edit")
    assert 50 <= edits <= 55
    assert field(office, "Listeners") in {f"{count:,}" for count in range(54 * 60, 55 * 60 + 1)}
    await office.sees(ended())
    await office.passing(1)
    assert office.discord.contents() == [ENDED]


# Found late


async def test_a_space_found_in_its_first_minutes_is_announced_as_any_other(office: Office) -> None:
    await office.passing(4 * MINUTE)
    await office.sees(live())
    assert office.discord.contents() == [RING + LIVE]


async def test_a_space_found_late_says_since_when(office: Office) -> None:
    await office.passing(29 * MINUTE)
    await office.sees(live())
    assert office.discord.contents() == [RING + SINCE]


async def test_a_space_found_after_half_an_hour_calls_nobody_then_or_later(office: Office) -> None:
    await office.passing(TOO_LATE_TO_RING.total_seconds())
    await office.sees(live())
    assert office.discord.contents() == [SINCE]
    await office.sees(live(title="Another title"))
    assert office.discord.contents() == [SINCE]
    assert office.discord.channels[CHANNEL][0].card.roles == ()


async def test_a_space_is_never_announced_once_it_has_ended(office: Office) -> None:
    await tell(office, ended=True)
    await look(office.store, live(), now=office.clock.now())
    await look(office.store, Space(id=SPACE, state=State.ENDED, ended_at=START), now=office.clock.now())
    await office.passing(2 * HOUR)
    sent = [row["kind"] for row in await rows(office.store) if row["state"] == "sent"]
    assert sent == ["ended"]


# Guests


async def test_a_guest_is_announced_as_such_once(office: Office) -> None:
    await office.store(Queries.remember_users, [COHOST], START)
    await office.store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await office.store(
        Queries.add_watch,
        guild_id=FAR_GUILD,
        host_id=COHOST.id,
        channel_id=None,
        role_id=None,
        also_cohost=True,
        by=ADMIN,
        limit=9,
        now=START,
    )
    for _ in range(3):
        await office.sees(live(host_ids=(HOST.id,), speaker_ids=(COHOST.id,)))
        await office.passing(MINUTE)
    assert office.discord.contents() == [RING + LIVE]
    assert office.discord.contents(FAR_CHANNEL) == ["**Coffee Break** is in a Space of **Tea Time** on X."]
    await office.sees(ended())
    assert office.discord.contents(FAR_CHANNEL) == [ENDED]
