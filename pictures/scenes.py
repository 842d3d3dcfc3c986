"""What is drawn: the bot's own payloads, made by its own code for an invented server, at a moment that never changes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from discord import app_commands

from cogs import checks
from cogs.setup.drawing import panel_view
from cogs.setup.forms import AddHosts, Moments
from pictures.imitation import PRIVATE, Payload, Screen, form, message
from pictures.markup import Reader
from pictures.paper import Box
from spacebot.bot.hello import hello
from spacebot.deliver.publisher import allowed, button_view
from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Job, Kind, Queue
from spacebot.domain.guilds import GuildConfig, Watch, WatchLine
from spacebot.domain.ids import ChannelId, GuildId, RoleId, SpaceId, UserId
from spacebot.domain.spaces import Phase, SpaceRecord
from spacebot.domain.views import GuildShare, InTheWay, Policies, PushState, PushView, SetUp, Status
from spacebot.present.announcement import announcement
from spacebot.present.card import Card
from spacebot.present.help import Offered, help_embeds
from spacebot.present.language import NAMES, _, speaking
from spacebot.present.setup import Panel
from spacebot.present.status import status_card
from translations import offered

NOW = datetime(2026, 9, 30, 20, 1, tzinfo=UTC)
"""When everything is looked at."""

GUILD, CHANNEL, ROLE, BOT = GuildId(1), ChannelId(2), RoleId(3), 4
READER = Reader(now=NOW, names={CHANNEL: "spaces", ROLE: "listeners"})

PICTURE = "https://pbs.twimg.com/profile_images/1/a_normal.jpg"


def _person(number: int, name: str, username: str) -> Host:
    return Host(user_id=UserId(str(number)), username=username, name=name, picture=PICTURE)


HOST = _person(11, "Night Radio", "night_radio")
OTHER_HOST = _person(12, "Chess Talk", "chess_talk")
PEOPLE = tuple(_person(20 + at, name, name.lower()) for at, name in enumerate(("Ada", "Bo", "Cy", "Dee", "Eli")))

LIVE = SpaceRecord(
    space_id=SpaceId("1OyKAWXYZabcd"),
    host_id=HOST.user_id,
    phase=Phase.LIVE,
    title="Songs nobody asked for 🎶 | late night radio",
    participant_count=425,
    peak=425,
    started_at=NOW - timedelta(minutes=2),
    live_seen_at=NOW - timedelta(minutes=2),
    cohosts=tuple(person.user_id for person in PEOPLE[:2]),
    speakers=tuple(UserId(str(22 + at)) for at in range(10)),
    first_seen_at=NOW - timedelta(minutes=2),
    last_seen_at=NOW,
)
SCHEDULED = replace(
    LIVE,
    space_id=SpaceId("1DQxyWXYZabcd"),
    host_id=OTHER_HOST.user_id,
    phase=Phase.SCHEDULED,
    title="Openings that win in ten moves",
    participant_count=None,
    peak=None,
    started_at=None,
    live_seen_at=None,
    scheduled_start=NOW + timedelta(hours=23, minutes=59),
    cohosts=(),
    speakers=(),
)
ENDED = replace(
    LIVE,
    phase=Phase.ENDED,
    participant_count=None,
    peak=1906,
    started_at=NOW - timedelta(minutes=67),
    ended_at=NOW,
    live_seen_at=NOW - timedelta(minutes=67),
    spoke=LIVE.speakers,
    listened=1364,
    observed=1,
    curve=(425, 640, 910, 1210, 1500, 1790, 1906, 1850, 1620, 1450, 1380, 1200, 880, 610),
    curve_step=300,
)

FOLLOWING = GuildConfig(channel_id=CHANNEL, roles=(ROLE,))


def sent(card: Card) -> Payload:
    """A card's message, as it is sent to Discord."""
    return _payload(
        content=card.content,
        embeds=[card.embed] if card.embed is not None else [],
        view=button_view(card) or discord.utils.MISSING,
        allowed_mentions=allowed(card),
    )


def _payload(*, is_private: bool = False, **parts: Any) -> Payload:
    payload = dict(discord.http.handle_message_parameters(**parts).payload or {})
    return {**payload, "flags": payload.get("flags", 0) | (PRIVATE if is_private else 0)}


def _job(space: SpaceRecord, host: Host, kind: Kind) -> Job:
    return Job(
        delivery_id=1,
        kind=kind,
        guild_id=GUILD,
        channel_id=CHANNEL,
        space=space,
        host=host,
        roles=FOLLOWING.roles,
        attempts=0,
        first_attempt_at=None,
        message_id=None,
        cohosts=PEOPLE[: len(space.cohosts)],
        speakers=PEOPLE[2:] if space.speakers else (),
    )


def _guild(*, mentionable: bool) -> discord.Guild:
    """The server, as discord.py knows it once it is connected."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    everyone = str(
        discord.Permissions(view_channel=True, send_messages=True, embed_links=True, read_message_history=True).value
    )
    user: Any = {"id": str(BOT), "username": "spacebot", "discriminator": "0", "avatar": None, "bot": True}
    client._connection.user = discord.ClientUser(state=client._connection, data=user)  # noqa: SLF001 - READY sets it
    role = {"color": 0, "colors": {"primary_color": 0}, "hoist": False, "managed": False, "flags": 0}
    data: Any = {
        "id": str(GUILD),
        "name": "Late and awake",
        "owner_id": "5",
        "roles": [
            {
                **role,
                "id": str(GUILD),
                "name": "@everyone",
                "position": 0,
                "permissions": everyone,
                "mentionable": False,
            },
            {
                **role,
                "id": str(ROLE),
                "name": "listeners",
                "position": 1,
                "permissions": "0",
                "mentionable": mentionable,
            },
        ],
        "channels": [{"id": str(CHANNEL), "type": 0, "name": "spaces", "position": 0, "permission_overwrites": []}],
        "members": [{"user": user, "roles": [], "joined_at": None, "deaf": False, "mute": False, "flags": 0}],
    }
    return discord.Guild(data=data, state=client._connection)  # noqa: SLF001 - what comes of GUILD_CREATE


def _panel(config: GuildConfig, *hosts: Host, mentionable: bool = True) -> Payload:
    guild = _guild(mentionable=mentionable)
    set_up = SetUp(config=config, watches=_lines(config, *hosts))
    troubles = {role: why for role in set_up.roles if (why := checks.role_trouble(guild, role)) is not None}
    panel = Panel(guild_id=GUILD, set_up=set_up, found=InTheWay(roles=troubles))
    return _payload(view=panel_view(panel, guild), is_private=True)


def _lines(config: GuildConfig, *hosts: Host) -> tuple[WatchLine, ...]:
    return tuple(
        WatchLine(
            watch=Watch(watch_id=at, host=host),
            channel_id=config.channel_id,
            roles=config.roles,
            live=None,
            paused=None,
        )
        for at, host in enumerate(hosts)
    )


def _status() -> Payload:
    status = Status(
        connected=True,
        last_good_sweep=NOW - timedelta(seconds=4),
        trouble=None,
        is_overdue=False,
        store_trouble=None,
        queue=Queue(unsent=0, edits=0, oldest=None),
        set_up=SetUp(config=FOLLOWING, watches=_lines(FOLLOWING, HOST, OTHER_HOST)),
        every=4.0,
        delays=[(seconds, "sweep") for seconds in (2.1, 3.4, 3.9, 4.8, 6.2, 9.5)],
        share=GuildShare(hosts=2, host_limit=100, keywords=0, keyword_limit=0, new_hosts=2, new_host_limit=100),
        push=PushView(state=PushState.ON, covered=2),
    )
    card = status_card(status, InTheWay())
    return _payload(embeds=[card.embed], is_private=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One picture, which is drawn in both themes, as wide as on a desk and as on a phone."""

    name: str
    """Of its files."""
    title: str
    """What it shows, for those who do not see it."""
    draw: Callable[[Screen], Iterator[tuple[str, Box]]]
    """What stands below each other, each with a line above it."""


def _post(screen: Screen) -> Iterator[tuple[str, Box]]:
    live = announcement(_job(LIVE, HOST, Kind.LIVE), NOW)
    ended = announcement(_job(ENDED, HOST, Kind.LIVE), NOW)
    scheduled = announcement(_job(SCHEDULED, OTHER_HOST, Kind.SCHEDULED), NOW)
    yield "Live", message(sent(live), screen)
    yield "The same message after the end", message(sent(ended), screen, edited=True)
    yield "Scheduled, where a server wants to hear of that", message(sent(scheduled), screen)


def _setup(screen: Screen) -> Iterator[tuple[str, Box]]:
    yield "When it joins", message(_payload(view=hello()), screen)
    yield "/setup", message(_panel(GuildConfig()), screen)
    lacking = _panel(FOLLOWING, HOST, OTHER_HOST, mentionable=False)
    yield "One thing is in the way, and what to tap", message(lacking, screen)


def _forms(screen: Screen) -> Iterator[tuple[str, Box]]:
    yield "Add hosts", form(AddHosts().to_dict(), screen)
    yield "Moments", form(Moments(FOLLOWING).to_dict(), screen)


def _state(screen: Screen) -> Iterator[tuple[str, Box]]:
    yield "/status", message(_status(), screen)


def _help() -> Payload:
    offers = [
        Offered(name=path, about=_(command.description), command_id=None)
        for path, command in offered.paths().items()
        if isinstance(command, app_commands.Command) and command.root_parent is None
    ]
    return _payload(embeds=help_embeds(offers, [], [], Policies()), is_private=True)


def _spoken(code: str) -> Callable[[Screen], Iterator[tuple[str, Box]]]:
    """What the bot says in a language; the words that are Discord's own stay English."""

    def draw(screen: Screen) -> Iterator[tuple[str, Box]]:
        with speaking(code):
            yield NAMES[code], message(sent(announcement(_job(LIVE, HOST, Kind.LIVE), NOW)), screen)
            yield "/setup", message(_panel(FOLLOWING, HOST, OTHER_HOST), screen)
            yield "/help", message(_help(), screen)

    return draw


SCENES = (
    Scene(name="post", title="An announcement while its Space is live, after its end, and ahead of one", draw=_post),
    Scene(
        name="setup", title="The greeting, and the panel of /setup before and after two hosts were added", draw=_setup
    ),
    Scene(name="forms", title="The forms of the panel: hosts to follow, and what to post when", draw=_forms),
    Scene(name="status", title="The answer of /status while all is well", draw=_state),
    *(
        Scene(
            name=f"language-{code}", title=f"A post, the panel of /setup and /help in {NAMES[code]}", draw=_spoken(code)
        )
        for code in ("ar", "ja", "de")
    ),
)
"""Every picture; a new one is a line here."""
