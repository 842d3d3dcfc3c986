"""What is set up in a guild, as its admins read it."""

import pytest

from spacebot.domain.guilds import AtEnd, GuildConfig
from spacebot.domain.ids import ChannelId, RoleId
from spacebot.present.configuration import config_card, moments
from tests.clocks import START
from tests.present.samples import CHANNEL, GUILD, RECORD, fields, line, text
from tests.store.seed import NO_PERMISSION


def test_a_configuration_shows_what_is_missing_and_what_is_in_the_way() -> None:
    empty = config_card(GuildConfig(), [], GUILD, obstacle=None, role_trouble=None, last_good_sweep=None, trouble=None)
    assert fields(empty) == {
        "Channel": "none yet: `/config channel`",
        "Mentions": "nobody: `/config roles`",
        "Mentions for one host": "once in 30 min at most in each channel",
        "Announces": "when it is live",
        "When a Space is over": "announcements become a summary",
        "Trouble is told in": "the server's system channel",
        "Follows": "nobody yet: `/watch add`",
        "X last asked": "not yet",
    }
    full = config_card(
        GuildConfig(
            channel_id=CHANNEL,
            roles=(RoleId(GUILD),),
            admin_channel_id=ChannelId(111),
            at_end=AtEnd.DELETE,
            tells_scheduled=True,
            reminder_minutes=15,
            tells_live=False,
            tells_ended=True,
            ping_minutes=0,
        ),
        [line(live=RECORD, paused=NO_PERMISSION), line()],
        GUILD,
        obstacle="gone",
        role_trouble="that role is gone",
        last_good_sweep=START,
        trouble="X is down.",
    )
    assert fields(full) == {
        "Channel": "<#110>\n⚠️ gone",
        "Mentions": "@everyone\n⚠️ that role is gone",
        "Mentions for one host": "with each Space: `/config pings`",
        "Announces": "when it is scheduled, 15 min before it starts, when it has ended",
        "When a Space is over": "announcements are deleted",
        "Trouble is told in": "<#111>",
        "Follows": "2 hosts, 1 live now, 1 paused: see `/watch list`",
        "X last asked": f"<t:{int(START.timestamp())}:R>\n⚠️ X is down.",
    }


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (GuildConfig(), "when it is live"),
        (
            GuildConfig(tells_scheduled=True, reminder_minutes=15, tells_ended=True),
            "when it is scheduled, 15 min before it starts, when it is live, when it has ended",
        ),
        (GuildConfig(tells_live=False), "nothing: `/config announce`"),
    ],
)
def test_the_moments_that_a_guild_hears_of_are_said_as_people_say_them(config: GuildConfig, said: str) -> None:
    assert moments(config) == said


@pytest.mark.parametrize("at_end", list(AtEnd))
def test_the_configuration_shows_what_is_set_and_what_is_missing(at_end: AtEnd) -> None:
    empty = config_card(
        GuildConfig(at_end=at_end), [], GUILD, obstacle=None, role_trouble=None, last_good_sweep=None, trouble=None
    )
    assert "none yet: `/config channel`" in text(empty)
    assert "nobody yet: `/watch add`" in text(empty)
    full = config_card(
        GuildConfig(channel_id=CHANNEL, at_end=at_end, admin_channel_id=ChannelId(9)),
        [],
        GUILD,
        obstacle="I lack Send Messages",
        role_trouble=None,
        last_good_sweep=START,
        trouble="X asks for a pause",
    )
    assert f"<#{CHANNEL}>" in text(full)
    assert "I lack Send Messages" in text(full)
    assert "<#9>" in text(full)
    assert "X asks for a pause" in text(full)
