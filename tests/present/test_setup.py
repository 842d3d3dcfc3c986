"""The panel of `/setup` in words: amber until nothing is in the way, and what to tap; no name is ever interpreted."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.guilds import GuildConfig, WatchLine
from spacebot.domain.ids import ChannelId, RoleId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.views import InTheWay, ManyWatched, SetUp, Unresolved
from spacebot.errors import StoreError, UserMistake, XNotFound
from spacebot.present import setup as words
from spacebot.present.setup import IN_THE_WAY_COLOUR, READY_COLOUR, Panel
from spacebot.present.text import units
from tests.present.samples import CHANNEL, GUILD, HOSTS, ROLE, line
from tests.store.seed import NO_PERMISSION

SET_UP = GuildConfig(channel_id=CHANNEL)
OTHER = ChannelId(999)
LACKING = InTheWay(channels={CHANNEL: NO_PERMISSION})
SILENT = InTheWay(roles={ROLE: "I may not ping listeners; let me."})
PINGING = GuildConfig(channel_id=CHANNEL, roles=(ROLE,))


def panel(
    config: GuildConfig = SET_UP,
    *,
    lines: Sequence[WatchLine] = (line(),),
    found: InTheWay = InTheWay(),  # noqa: B008 - nothing changes it
    note: str = "",
) -> Panel:
    return Panel(guild_id=GUILD, set_up=SetUp(config=config, watches=tuple(lines)), found=found, note=note)


def own(channel_id: ChannelId) -> WatchLine:
    """A host with a channel of its own."""
    return replace(line(channel_id=channel_id), watch=replace(line().watch, channel_id=channel_id))


@pytest.mark.parametrize(
    ("shown", "state", "is_ready"),
    [
        (panel(GuildConfig(), lines=[]), "Three steps, about a minute", False),
        (panel(lines=[]), "⚠️ nobody followed; one thing is in the way (step 3)", False),
        (panel(GuildConfig()), "⚠️ 1 host followed; one thing is in the way (step 1)", False),
        (
            panel(PINGING, found=InTheWay(channels=LACKING.channels, roles=SILENT.roles)),
            "2 things are in the way (steps 1 and 2)",
            False,
        ),
        (
            panel(lines=[own(OTHER)], found=InTheWay(channels={OTHER: NO_PERMISSION})),
            "one thing is in the way (step 3)",
            False,
        ),
        (panel(GuildConfig(channel_id=CHANNEL, on_hold=True)), "⏸️ 1 host followed; paused", False),
        (panel(lines=[line(), line()]), "✅ 2 hosts followed; nothing is in the way", True),
    ],
)
def test_it_is_amber_until_nothing_is_in_the_way_and_says_in_which_step(
    shown: Panel, state: str, is_ready: bool
) -> None:
    assert state in words.headline(shown)
    assert words.colour(shown) == (READY_COLOUR if is_ready else IN_THE_WAY_COLOUR)


def test_one_thing_in_the_way_of_the_guilds_channel_is_not_told_of_each_host_too() -> None:
    both = panel(found=LACKING, lines=[line(), line()])
    assert both.steps_in_the_way == [1]


def test_beside_each_choice_stands_whether_it_works_or_what_to_tap() -> None:
    assert words.where(panel()) == "**1 · Where?** ✅ I may see, send, embed and read there"
    assert "⚠️ I lack " in words.where(panel(found=LACKING))
    assert "*Channel settings → Permissions → add " in words.where(panel(found=LACKING))
    assert words.whom(panel()) == "**2 · Whom to ping?** optional"
    pinged = panel(GuildConfig(channel_id=CHANNEL, roles=(ROLE, RoleId(GUILD))))
    assert words.whom(pinged) == f"**2 · Whom to ping?** ✅ I may ping <@&{ROLE}>, @everyone"
    assert "⚠️ I may not ping listeners" in words.whom(panel(PINGING, found=SILENT))


@given(hosts=st.lists(HOSTS, max_size=60), texts=st.lists(st.text(max_size=300), max_size=60))
def test_whatever_is_named_and_typed_the_panel_has_room_for_it_and_nothing_is_interpreted(
    hosts: list[Host], texts: list[str]
) -> None:
    errors = (UserMistake(Mistake.NOT_A_HANDLE), XNotFound(resource_type="user"), StoreError("gone"), None)
    many = ManyWatched(
        new=tuple(hosts),
        known=tuple(hosts),
        unresolved=tuple(Unresolved(text=text, why=errors[n % len(errors)]) for n, text in enumerate(texts)),
    )
    shown = panel(lines=[line(host) for host in hosts], note=words.added(many))
    said = [words.headline(shown), words.where(shown), words.whom(shown), words.whose(shown), shown.note]
    assert sum(units(text) for text in said) <= 4000
    for text in said:
        for raw in ("<@", "<#", "<t:", "](", "s://", "@everyone", "@here"):
            assert raw not in text, text


def test_each_line_is_answered_for_by_its_reason() -> None:
    host = Host(user_id=UserId("1"), username="night_radio", name="Night Radio")
    many = ManyWatched(
        new=(host,),
        unresolved=(
            Unresolved(text="@a", why=XNotFound(resource_type="user")),
            Unresolved(text="@b", why=XNotFound(resource_type="user")),
            Unresolved(text="c", why=None),
        ),
    )
    told = words.added(many).replace("\N{WORD JOINER}", "")
    assert told == "✅ Added **Night Radio**\n⚠️ Not found: @a, @b\n⚠️ Not tried: c"


@given(host=HOSTS)
def test_a_host_fits_into_an_option_and_the_title_of_a_form(host: Host) -> None:
    label, special = words.host_option(panel(found=LACKING), line(host, on_hold=True, roles=(ROLE,)))
    assert 1 <= units(label) <= 100
    assert 1 <= units(special) <= 100
    assert 1 <= units(words.edit_title(host)) <= 45
    assert units(words.host_lines(panel(found=LACKING), line(host))) <= 1500
