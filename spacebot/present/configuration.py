"""The configuration of a guild as admins read it, and the answers of `/config …`."""

from collections.abc import Sequence
from datetime import datetime

import discord

from spacebot.domain.accounts import Host
from spacebot.domain.bells import BellMode
from spacebot.domain.guilds import AtEnd, GuildConfig
from spacebot.domain.ids import ChannelId, GuildId, RoleId
from spacebot.domain.views import InTheWay, SetUp
from spacebot.present import bells, events
from spacebot.present.card import SCHEDULED_COLOUR, Card, few, mentions
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.looks import look_text
from spacebot.present.reasons import in_the_way
from spacebot.present.status import fitting
from spacebot.present.watchlists import IN_THE_WAY
from spacebot.present.words import counted, dated

SYSTEM_CHANNEL = "the server's system channel"

ROLE_GONE = "that role is gone; choose another with /config roles"

ASK_EVERYONE = "Do you really want to ping **everyone** in this server each time? A ping cannot be taken back."
YES_EVERYONE = "Yes, ping everyone"
NO = "No"
NOBODY_NEW = "Then nobody new is pinged."
HOST_MENTIONS_EVERYONE = "Posts about this host ping @everyone from now on."

ON_HOLD = "⏸️ Paused by an admin: nothing new is posted until `/config pause` with on: False."

ENDS = {
    AtEnd.EDIT: "becomes a summary",
    AtEnd.DELETE: "is deleted",
    AtEnd.LEAVE: "stays as it is",
}


HELD_NAMED = 10
"""As many paused hosts are named after a server goes on."""


def config_card(
    set_up: SetUp,
    found: InTheWay,
    guild_id: GuildId,
    *,
    last_good_sweep: datetime | None,
    trouble: str | None,
) -> Card:
    """What is set up in a guild, and what prevents announcements."""
    config, watches = set_up.config, set_up.watches
    embed = discord.Embed(title="How this server hears of Spaces", colour=SCHEDULED_COLOUR)
    if config.on_hold:
        embed.description = ON_HOLD
    channel = f"<#{config.channel_id}>" if config.channel_id is not None else "none yet: `/config channel`"
    embed.add_field(name="Channel", value=channel, inline=False)
    role = mentions(config.roles, guild_id) if config.roles else "nobody: `/config roles`"
    embed.add_field(name="Pings", value=role, inline=False)
    embed.add_field(name="Pings for one host", value=pings(config.ping_minutes), inline=False)
    if config.bell is not BellMode.OFF:
        embed.add_field(name=bells.LABEL, value=bells.mode_text(config.bell), inline=False)
    embed.add_field(name="Announces", value=moments(config), inline=False)
    embed.add_field(
        name=events.setting_name(), value=events.setting_text(makes_events=config.makes_events), inline=False
    )
    embed.add_field(name="Text and colour", value=look_text(config.look), inline=False)
    publishes = "are published" if config.publishes else "are not published: `/config publish`"
    embed.add_field(name="In announcement channels", value=f"posts {publishes}", inline=False)
    embed.add_field(name="When a Space is over", value=f"its post {ENDS[config.at_end]}", inline=False)
    embed.add_field(name="Trouble is told in", value=_alerts(config.admin_channel_id), inline=False)
    live = sum(line.live is not None for line in watches)
    followed = f"{counted(len(watches), 'host')}, {live:,} live now"
    if set_up.keywords:
        followed += f", and {counted(len(set_up.keywords), 'keyword')}"
    embed.add_field(
        name="Follows", value=followed if watches or set_up.keywords else "nobody yet: `/watch add`", inline=False
    )
    trouble_here = fitting(in_the_way(found), FIELD_LIMIT)
    if trouble_here:
        embed.add_field(name=IN_THE_WAY, value=trouble_here, inline=False)
    asked = dated(last_good_sweep) or "not yet"
    embed.add_field(name="X last asked", value=f"{asked}\n⚠️ {trouble}" if trouble else asked, inline=False)
    return Card(embed=embed)


def moments(config: GuildConfig) -> str:
    """The moments of a Space that a guild has announced, in words."""
    wanted = [
        "when it is scheduled" if config.tells_scheduled else "",
        f"{config.reminder_minutes} min before it starts" if config.reminder_minutes is not None else "",
        "when it is live" if config.tells_live else "",
        "when it has ended" if config.tells_ended else "",
    ]
    return ", ".join(part for part in wanted if part) or "nothing: `/config announce`"


def pings(minutes: int) -> str:
    """How often people are pinged for one host in one channel, as people say it."""
    return f"at most once in {minutes} min in each channel" if minutes else "with each Space: `/config pings`"


def pings_sentence(minutes: int) -> str:
    """What `/config pings` did."""
    if not minutes:
        return "Each Space pings from now on, however soon it follows another of the same host."
    return (
        f"A host's Spaces ping at most once in {minutes} min in each channel from now on; those in between are posted"
        " without a ping."
    )


def channel_sentence(channel_id: ChannelId) -> str:
    """What `/config channel` did."""
    return f"Spaces are announced in <#{channel_id}> from now on. Follow a host with `/watch add`."


def roles_sentence(roles: Sequence[RoleId], guild_id: GuildId) -> str:
    """What `/config role` and `/config roles` did."""
    whom = mentions(roles, guild_id) if roles else "nobody"
    return f"Posts ping {whom} from now on."


def hold_sentence(*, on_hold: bool) -> str:
    """What `/config pause`, and `/watch pause` and `/watch resume` without a host, did."""
    if on_hold:
        return (
            "Paused: nothing new is posted here; posts already there are kept up to date. `/watch resume` without a host, or"
            " `/config pause` with on: False, ends that."
        )
    return "No longer paused: whoever is live now is announced in a moment."


def resumed_sentence(held: Sequence[Host]) -> str:
    """What `/watch resume` did for the whole server; the hosts are those with a pause of their own."""
    text = hold_sentence(on_hold=False)
    if held:
        names = few(held, HELD_NAMED)
        text += f" Still paused, each on its own: {names}; `/watch resume` with the host ends that."
    return text


def moments_sentence(config: GuildConfig) -> str:
    """What `/config announce` did."""
    return f"A Space is announced here: {moments(config)}."


def end_sentence(at_end: AtEnd) -> str:
    """What `/config end` did."""
    return f"When a Space is over, its post {ENDS[at_end]} from now on."


def alerts_sentence(channel_id: ChannelId | None) -> str:
    """What `/config alerts` did."""
    return f"If something is in my way, I say so in {_alerts(channel_id)}."


def _alerts(channel_id: ChannelId | None) -> str:
    return f"<#{channel_id}>" if channel_id is not None else SYSTEM_CHANNEL
