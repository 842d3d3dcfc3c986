"""What stands in the channel over a Space's whole life: each moment, each ending, found late, seen by a guest."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacebot.domain.deliveries import TOO_LATE_TO_MENTION
from spacebot.domain.guilds import AtEnd
from spacebot.domain.ids import UserId
from spacebot.domain.obstacles import Reason
from spacebot.domain.spaces import ABSENCES_APART, State
from spacebot.errors import Unclear
from spacebot.present.text import inert
from spacebot.store.queries import Queries
from spacebot.x.model import Space, User
from tests.clocks import START, FakeClock
from tests.deliver.test_courier import ENDED, LIVE, SINCE, Scene, ScriptedDiscord, at_work, state
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
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(tmp_path, role=ROLE) as store, at_work(store, ScriptedDiscord(), FakeClock()) as scene:
        yield scene


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def planned(start: float = HOUR) -> Space:
    return Space(
        id=SPACE, state=State.SCHEDULED, creator_id=HOST.id, title="Tea and type theory", scheduled_start=later(start)
    )


def starts(seconds: float) -> str:
    return f"<t:{int(later(seconds).timestamp())}:R>"


async def tell(
    scene: Scene, *, scheduled: bool = False, reminder: int | None = None, live: bool = True, ended: bool = False
) -> None:
    await scene.store(
        Queries.set_moments,
        GUILD,
        scene.clock.now(),
        scheduled=scheduled,
        reminder_minutes=reminder,
        live=live,
        ended=ended,
    )
    scene.courier.wake()
    await scene.idle()


def field(scene: Scene, name: str, at: int = 0) -> str | None:
    embed = scene.discord.channels[CHANNEL][at].card.embed
    assert embed is not None
    return next((one.value for one in embed.fields if one.name == name), None)


# Scheduled and reminder


async def test_every_moment_has_its_message_and_all_of_them_end_with_the_space(scene: Scene) -> None:
    await tell(scene, scheduled=True, reminder=15, ended=True)
    await scene.sees(planned())
    assert scene.discord.contents() == [f"**Tea Time** has scheduled a Space: it starts {starts(HOUR)}."]
    await scene.passing(46 * MINUTE)
    assert scene.discord.contents()[1:] == [f"{RING}**Tea Time**'s Space on X starts {starts(HOUR)}."]
    await scene.passing(14 * MINUTE)
    await scene.sees(live(started_at=scene.clock.now()))
    await scene.passing(1)
    assert scene.discord.contents() == [LIVE, LIVE, RING + LIVE], "no message is rung for twice"
    await scene.passing(MINUTE)
    await scene.sees(ended())
    await scene.passing(1)
    assert scene.discord.contents() == [ENDED] * 4
    assert [call for call, _ in scene.discord.calls].count("send") == 4


async def test_a_rescheduled_space_is_shown_at_its_new_time_and_reminded_of_then(scene: Scene) -> None:
    await tell(scene, scheduled=True, reminder=15)
    await scene.sees(planned())
    await scene.sees(planned(2 * HOUR))
    assert scene.discord.contents() == [f"**Tea Time** has scheduled a Space: it starts {starts(2 * HOUR)}."]
    await scene.passing(HOUR)
    assert len(scene.discord.contents()) == 1
    await scene.passing(46 * MINUTE)
    assert scene.discord.contents()[1:] == [f"{RING}**Tea Time**'s Space on X starts {starts(2 * HOUR)}."]


async def test_a_reminder_that_was_sent_is_corrected_and_not_repeated_when_its_space_moves(scene: Scene) -> None:
    await tell(scene, reminder=15)
    await scene.sees(planned())
    await scene.passing(46 * MINUTE)
    await scene.sees(planned(3 * HOUR))
    await scene.passing(HOUR)
    assert scene.discord.contents() == [f"{RING}**Tea Time**'s Space on X starts {starts(3 * HOUR)}."]
    assert scene.discord.calls == [("send", CHANNEL), ("edit", CHANNEL)]


async def test_a_canceled_space_says_so_where_it_was_announced(scene: Scene) -> None:
    await tell(scene, scheduled=True, reminder=15, ended=True)
    await scene.sees(planned())
    await scene.sees(Space(id=SPACE, state=State.CANCELED))
    await scene.passing(2 * HOUR)
    assert scene.discord.contents() == ["**Tea Time**'s Space was canceled before it began."]


async def test_a_space_that_goes_live_before_its_reminder_is_never_reminded_of(scene: Scene) -> None:
    await tell(scene, reminder=15)
    await scene.sees(planned())
    await scene.sees(live())
    await scene.passing(2 * HOUR)
    assert scene.discord.contents() == [RING + LIVE]


async def test_a_reminder_whose_time_has_passed_is_not_sent_late(scene: Scene) -> None:
    await tell(scene, reminder=15)
    scene.discord.obstacles[CHANNEL] = NO_PERMISSION
    await scene.sees(planned())
    await scene.passing(HOUR + MINUTE)
    scene.discord.obstacles.clear()
    await scene.passing(HOUR)
    assert scene.discord.contents() == []


async def test_a_channel_that_opens_again_is_not_reminded_early(scene: Scene) -> None:
    await tell(scene, reminder=15)
    await scene.sees(planned())
    await scene.store(Queries.pause, CHANNEL, GUILD, NO_PERMISSION, scene.clock.now())
    await scene.passing(40 * MINUTE)
    assert scene.discord.contents() == []
    await scene.passing(6 * MINUTE)
    assert len(scene.discord.contents()) == 1


async def test_a_reminder_that_was_unclear_and_whose_space_has_moved_waits_for_its_new_time(scene: Scene) -> None:
    await tell(scene, reminder=15)
    await scene.sees(planned())
    scene.discord.faults = {"send": [Unclear(TIME_OUT)]}
    await scene.passing(45 * MINUTE)
    await look(scene.store, planned(3 * HOUR), now=scene.clock.now())
    await scene.passing(HOUR)
    assert scene.discord.contents() == []
    await scene.passing(HOUR + MINUTE)
    assert scene.discord.contents() == [f"{RING}**Tea Time**'s Space on X starts {starts(3 * HOUR)}."]
    assert scene.discord.calls.count(("send", CHANNEL)) == 2


async def test_minutes_changed_while_a_reminder_waits_count_at_once(scene: Scene) -> None:
    await tell(scene, reminder=15)
    await scene.sees(planned())
    await tell(scene, reminder=30)
    await scene.passing(29 * MINUTE)
    assert scene.discord.contents() == []
    await scene.passing(2 * MINUTE)
    assert len(scene.discord.contents()) == 1


async def test_a_moment_that_is_switched_off_is_not_told(scene: Scene) -> None:
    await tell(scene, reminder=15)
    await scene.sees(planned())
    await tell(scene)
    await scene.passing(HOUR)
    assert scene.discord.contents() == []


async def test_a_clock_that_was_set_back_holds_up_no_announcement(scene: Scene) -> None:
    scene.discord.faults = {"send": [Unclear(TIME_OUT)]}
    await scene.sees(live())
    scene.clock._start -= timedelta(hours=5)
    await scene.passing(60)
    assert scene.discord.contents() == [RING + LIVE]


# The end


async def test_at_the_end_the_message_becomes_a_summary(scene: Scene) -> None:
    await scene.store(Queries.remember_users, [COHOST, SPEAKER], START)
    crowd: dict[str, Any] = {"host_ids": (HOST.id, COHOST.id), "speaker_ids": (SPEAKER.id,)}
    await scene.sees(live(participant_count=10, **crowd))
    await scene.passing(5 * MINUTE)
    await scene.sees(live(participant_count=30, **crowd))
    await scene.passing(5 * MINUTE)
    await scene.sees(ended())
    assert scene.discord.contents() == [ENDED]
    assert (field(scene, "Duration"), field(scene, "Most listeners"), field(scene, "On average")) == (
        "10 min",
        "30",
        "10",
    )
    assert field(scene, "Who spoke") == f"A Speaker ({inert('@speaker', 40)})"
    assert field(scene, "Co-hosts") == f"Coffee Break ({inert('@coffee_break', 40)})"
    assert scene.discord.channels[CHANNEL][0].card.buttons == ()


async def test_a_guild_that_wants_its_announcements_deleted_at_the_end_finds_none(scene: Scene) -> None:
    await scene.store(Queries.set_end, GUILD, AtEnd.DELETE)
    await tell(scene, ended=True)
    await scene.sees(live())
    await scene.sees(ended())
    await scene.passing(400)
    assert scene.discord.contents() == [ENDED], "what tells of the end stays"
    assert ("skipped", Reason.DELETED_AT_END) in await state(scene.store)


async def test_a_guild_that_wants_its_announcements_left_finds_them_as_they_were(scene: Scene) -> None:
    await scene.store(Queries.set_end, GUILD, AtEnd.LEAVE)
    await scene.sees(live())
    await scene.sees(ended())
    await scene.passing(400)
    assert scene.discord.contents() == [RING + LIVE]
    assert scene.discord.calls == [("send", CHANNEL)]


async def test_deleting_what_somebody_has_deleted_already_is_the_end_of_it(scene: Scene) -> None:
    await scene.store(Queries.set_end, GUILD, AtEnd.DELETE)
    await scene.sees(live())
    scene.discord.channels.clear()
    await scene.sees(ended())
    await scene.passing(400)
    assert [call for call, _ in scene.discord.calls] == ["send", "delete"]


async def test_a_summary_is_live_again_when_its_space_was_only_out_of_sight(scene: Scene) -> None:
    await scene.sees(live())
    await look(scene.store, absent=[SPACE], now=scene.clock.now())
    await scene.passing(ABSENCES_APART.total_seconds())
    await look(scene.store, absent=[SPACE], now=scene.clock.now())
    await scene.passing(30)
    assert scene.discord.contents() == ["**Tea Time**'s Space is no longer visible."]
    await scene.sees(live())
    await scene.passing(5)
    assert scene.discord.contents() == [RING + LIVE]
    assert [call for call, _ in scene.discord.calls] == ["send", "edit", "edit"]


# Listeners


async def test_listeners_are_kept_current_with_an_edit_a_minute_at_most_and_none_after_55_minutes(
    scene: Scene,
) -> None:
    await scene.sees(live())
    for second in range(30, 2 * 3600, 30):
        await scene.passing(30)
        await scene.sees(live(participant_count=second))
        await scene.idle()
    edits = [call for call, _ in scene.discord.calls].count("edit")
    assert 50 <= edits <= 55
    assert field(scene, "Listeners") in {f"{count:,}" for count in range(54 * 60, 55 * 60 + 1)}
    await scene.sees(ended())
    await scene.passing(1)
    assert scene.discord.contents() == [ENDED]


# Found late


async def test_a_space_found_in_its_first_minutes_is_announced_as_any_other(scene: Scene) -> None:
    await scene.passing(4 * MINUTE)
    await scene.sees(live())
    assert scene.discord.contents() == [RING + LIVE]


async def test_a_space_found_late_says_since_when(scene: Scene) -> None:
    await scene.passing(29 * MINUTE)
    await scene.sees(live())
    assert scene.discord.contents() == [RING + SINCE]


async def test_a_space_found_after_half_an_hour_calls_nobody_then_or_later(scene: Scene) -> None:
    await scene.passing(TOO_LATE_TO_MENTION.total_seconds())
    await scene.sees(live())
    assert scene.discord.contents() == [SINCE]
    await scene.sees(live(title="Another title"))
    assert scene.discord.contents() == [SINCE]
    assert scene.discord.channels[CHANNEL][0].card.roles == ()


async def test_a_space_is_never_announced_once_it_has_ended(scene: Scene) -> None:
    await tell(scene, ended=True)
    await look(scene.store, live(), now=scene.clock.now())
    await look(scene.store, Space(id=SPACE, state=State.ENDED, ended_at=START), now=scene.clock.now())
    await scene.passing(2 * HOUR)
    sent = [row["kind"] for row in await rows(scene.store) if row["state"] == "sent"]
    assert sent == ["ended"]


# Guests


async def test_a_guest_is_announced_as_such_once(scene: Scene) -> None:
    await scene.store(Queries.remember_users, [COHOST], START)
    await scene.store(Queries.set_channel, FAR_GUILD, FAR_CHANNEL)
    await scene.store(
        Queries.add_watch,
        guild_id=FAR_GUILD,
        host_id=COHOST.id,
        channel_id=None,
        roles=(),
        also_cohost=True,
        by=ADMIN,
        limit=9,
        now=START,
    )
    for _ in range(3):
        await scene.sees(live(host_ids=(HOST.id,), speaker_ids=(COHOST.id,)))
        await scene.passing(MINUTE)
    assert scene.discord.contents() == [RING + LIVE]
    assert scene.discord.contents(FAR_CHANNEL) == ["**Coffee Break** is in a Space of **Tea Time** on X."]
    await scene.sees(ended())
    assert scene.discord.contents(FAR_CHANNEL) == [ENDED]
