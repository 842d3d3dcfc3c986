"""What is set up in a guild, as its admins read it."""

import pytest

from spacebot.domain.guilds import AtEnd, GuildConfig, Keyword
from spacebot.domain.ids import ChannelId, RoleId
from spacebot.domain.looks import Look
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.views import InTheWay, SetUp
from spacebot.present.configuration import config_card, moments
from tests.clocks import START
from tests.present.samples import CHANNEL, GUILD, RECORD, fields, line, text
from tests.store.seed import NO_PERMISSION

AT = int(START.timestamp())


def test_a_configuration_shows_what_is_missing_and_what_is_in_the_way() -> None:
    empty = config_card(SetUp(config=GuildConfig()), InTheWay(), GUILD, last_good_sweep=None, trouble=None)
    assert fields(empty) == {
        "Channel": "none yet: `/config channel`",
        "Pings": "nobody: `/config roles`",
        "Pings for one host": "at most once in 30 min in each channel",
        "Announces": "when it is live",
        "Events": "none: `/config events`",
        "Text and colour": "the usual text, the usual colour",
        "In announcement channels": "posts are published",
        "When a Space is over": "its post becomes a summary",
        "Trouble is told in": "the server's system channel",
        "Language": "English, as this server's settings in Discord say",
        "Follows": "nobody yet: `/watch add`",
        "X last asked": "not yet",
    }
    config = GuildConfig(
        channel_id=CHANNEL,
        roles=(RoleId(GUILD),),
        admin_channel_id=ChannelId(111),
        at_end=AtEnd.DELETE,
        tells_scheduled=True,
        makes_events=True,
        reminder_minutes=15,
        tells_live=False,
        tells_ended=True,
        ping_minutes=0,
        look=Look(text="Hey `{host}`", accent=0x010203),
        publishes=False,
        language="pt",
    )
    full = config_card(
        SetUp(config=config, watches=(line(live=RECORD), line()), keywords=(Keyword(guild_id=GUILD, text="tea"),)),
        InTheWay(channels={CHANNEL: Obstacle(reason=Reason.THREAD_LOCKED)}, roles={RoleId(9): "that role is gone"}),
        GUILD,
        last_good_sweep=START,
        trouble="X is down.",
    )
    assert fields(full) == {
        "Channel": "<#110>",
        "Pings": "@everyone",
        "Pings for one host": "with each Space: `/config pings`",
        "Announces": "when it is scheduled, 15 min before it starts, when it has ended",
        "Events": "scheduled Spaces become events of this server",
        "Text and colour": "`Hey `\u2060{host}`\u2060`, #010203",
        "In announcement channels": "posts are not published: `/config publish`",
        "When a Space is over": "its post is deleted",
        "Trouble is told in": "<#111>",
        "Language": "Português",
        "Follows": "2 hosts, 1 live now, and 1 keyword",
        "In the way": (
            "⚠️ <#110>: the thread is locked; unlock it, or choose another channel with /config channel\n"
            "⚠️ that role is gone"
        ),
        "X last asked": f"<t:{AT}:R> (<t:{AT}:F>)\n⚠️ X is down.",
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
    bare = SetUp(config=GuildConfig(at_end=at_end))
    empty = config_card(bare, InTheWay(), GUILD, last_good_sweep=None, trouble=None)
    assert "none yet: `/config channel`" in text(empty)
    assert "nobody yet: `/watch add`" in text(empty)
    full = config_card(
        SetUp(config=GuildConfig(channel_id=CHANNEL, at_end=at_end, admin_channel_id=ChannelId(9))),
        InTheWay(channels={CHANNEL: NO_PERMISSION}),
        GUILD,
        last_good_sweep=START,
        trouble="X asks for a pause",
    )
    assert f"<#{CHANNEL}>" in text(full)
    assert "I lack Send Messages" in text(full)
    assert "<#9>" in text(full)
    assert "X asks for a pause" in text(full)
