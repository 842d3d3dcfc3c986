"""The configuration of a guild as admins read it, and the answers of `/config …`."""

from collections.abc import Sequence
from datetime import datetime

import discord

from spacebot.domain.accounts import Host
from spacebot.domain.bells import BellMode
from spacebot.domain.guilds import AtEnd, GuildConfig
from spacebot.domain.ids import ChannelId, GuildId, RoleId
from spacebot.domain.views import InTheWay, SetUp
from spacebot.present import bells, events, invited
from spacebot.present.card import SCHEDULED_COLOUR, Card, few, mentions
from spacebot.present.language import N_, NP_, _, listed, n_
from spacebot.present.languages import language_text
from spacebot.present.limits import FIELD_LIMIT
from spacebot.present.looks import look_text
from spacebot.present.reasons import in_the_way
from spacebot.present.status import fitting
from spacebot.present.watchlists import IN_THE_WAY
from spacebot.present.words import dated

SYSTEM_CHANNEL = N_("the server's system channel")

ROLE_GONE = N_("that role is gone; choose another with /config roles")

ASK_EVERYONE = N_("Do you really want to ping **everyone** in this server each time? A ping cannot be taken back.")
YES_EVERYONE = N_("Yes, ping everyone")
NO = NP_("answer to a question", "No")
NOBODY_NEW = N_("Then nobody new is pinged.")
HOST_MENTIONS_EVERYONE = N_("Posts about this host ping @everyone from now on.")

ON_HOLD = N_("⏸️ Paused by an admin: nothing new is posted until `/config pause` with on: False.")

ENDS = {
    AtEnd.EDIT: N_("its post becomes a summary"),
    AtEnd.DELETE: N_("its post is deleted"),
    AtEnd.LEAVE: N_("its post stays as it is"),
}

END_SENTENCES = {
    AtEnd.EDIT: N_("When a Space is over, its post becomes a summary from now on."),
    AtEnd.DELETE: N_("When a Space is over, its post is deleted from now on."),
    AtEnd.LEAVE: N_("When a Space is over, its post stays as it is from now on."),
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
    locale: str | None = None,
) -> Card:
    """What is set up in a guild, whose locale is what Discord says, and what prevents announcements."""
    config, watches = set_up.config, set_up.watches
    embed = discord.Embed(title=_("How this server hears of Spaces"), colour=SCHEDULED_COLOUR)
    if config.on_hold:
        embed.description = _(ON_HOLD)
    channel = f"<#{config.channel_id}>" if config.channel_id is not None else _("none yet: `/config channel`")
    embed.add_field(name=_("Channel"), value=channel, inline=False)
    role = mentions(config.roles, guild_id) if config.roles else _("nobody: `/config roles`")
    embed.add_field(name=_("Pings"), value=role, inline=False)
    embed.add_field(name=_("Pings for one host"), value=pings(config.ping_minutes), inline=False)
    if config.bell is not BellMode.OFF:
        embed.add_field(name=_(bells.LABEL), value=bells.mode_text(config.bell), inline=False)
    embed.add_field(name=_("Announces"), value=moments(config), inline=False)
    embed.add_field(
        name=events.setting_name(), value=events.setting_text(makes_events=config.makes_events), inline=False
    )
    if config.shows_invited:
        embed.add_field(name=_(invited.LABEL), value=invited.invited_text(), inline=False)
    embed.add_field(name=_("Text and colour"), value=look_text(config.look), inline=False)
    publishes = _("posts are published") if config.publishes else _("posts are not published: `/config publish`")
    embed.add_field(name=_("In announcement channels"), value=publishes, inline=False)
    embed.add_field(name=_("When a Space is over"), value=_(ENDS[config.at_end]), inline=False)
    embed.add_field(name=_("Trouble is told in"), value=_alerts(config.admin_channel_id), inline=False)
    embed.add_field(name=_("Language"), value=language_text(config.language, locale), inline=False)
    live = sum(line.live is not None for line in watches)
    followed = _followed(len(watches), live, len(set_up.keywords))
    embed.add_field(name=_("Follows"), value=followed or _("nobody yet: `/watch add`"), inline=False)
    trouble_here = fitting(in_the_way(found), FIELD_LIMIT)
    if trouble_here:
        embed.add_field(name=_(IN_THE_WAY), value=trouble_here, inline=False)
    asked = dated(last_good_sweep) or _("not yet")
    embed.add_field(name=_("X last asked"), value=f"{asked}\n⚠️ {_(trouble)}" if trouble else asked, inline=False)
    return Card(embed=embed)


def _followed(hosts: int, live: int, keywords: int) -> str:
    """How many hosts and words a guild follows; empty where it follows nobody."""
    if not hosts and not keywords:
        return ""
    told = n_("{count} host", "{count} hosts", hosts)
    now = n_("{count} live now", "{count} live now", live)
    if not keywords:
        return _("{hosts}, {live}", hosts=told, live=now)
    words = n_("{count} keyword", "{count} keywords", keywords)
    return _("{hosts}, {live}, and {keywords}", hosts=told, live=now, keywords=words)


def moments(config: GuildConfig) -> str:
    """The moments of a Space that a guild has announced, in words."""
    minutes = config.reminder_minutes
    wanted = [
        _("when it is scheduled") if config.tells_scheduled else "",
        n_("{count} min before it starts", "{count} min before it starts", minutes) if minutes is not None else "",
        _("when it is live") if config.tells_live else "",
        _("when it has ended") if config.tells_ended else "",
    ]
    return listed(part for part in wanted if part) or _("nothing: `/config announce`")


def pings(minutes: int) -> str:
    """How often people are pinged for one host in one channel, as people say it."""
    if not minutes:
        return _("with each Space: `/config pings`")
    return n_("at most once in {count} min in each channel", "at most once in {count} min in each channel", minutes)


def pings_sentence(minutes: int) -> str:
    """What `/config pings` did."""
    if not minutes:
        return _("Each Space pings from now on, however soon it follows another of the same host.")
    return n_(
        "A host's Spaces ping at most once in {count} min in each channel from now on; those in between are posted"
        " without a ping.",
        "A host's Spaces ping at most once in {count} min in each channel from now on; those in between are posted"
        " without a ping.",
        minutes,
    )


def channel_sentence(channel_id: ChannelId) -> str:
    """What `/config channel` did."""
    return _(
        "Spaces are announced in {channel} from now on. Follow a host with `/watch add`.", channel=f"<#{channel_id}>"
    )


def roles_sentence(roles: Sequence[RoleId], guild_id: GuildId) -> str:
    """What `/config role` and `/config roles` did."""
    if not roles:
        return _("Posts ping nobody from now on.")
    return _("Posts ping {roles} from now on.", roles=mentions(roles, guild_id))


def hold_sentence(*, on_hold: bool) -> str:
    """What `/config pause`, and `/watch pause` and `/watch resume` without a host, did."""
    if on_hold:
        return _(
            "Paused: nothing new is posted here; posts already there are kept up to date. `/watch resume` without a host, or"
            " `/config pause` with on: False, ends that."
        )
    return _("No longer paused: whoever is live now is announced in a moment.")


def resumed_sentence(held: Sequence[Host]) -> str:
    """What `/watch resume` did for the whole server; the hosts are those with a pause of their own."""
    text = hold_sentence(on_hold=False)
    if not held:
        return text
    names = few(held, HELD_NAMED)
    still = _("Still paused, each on its own: {hosts}; `/watch resume` with the host ends that.", hosts=names)
    return f"{text} {still}"


def moments_sentence(config: GuildConfig) -> str:
    """What `/config announce` did."""
    return _("A Space is announced here: {moments}.", moments=moments(config))


def end_sentence(at_end: AtEnd) -> str:
    """What `/config end` did."""
    return _(END_SENTENCES[at_end])


def alerts_sentence(channel_id: ChannelId | None) -> str:
    """What `/config alerts` did."""
    if channel_id is None:
        return _("If something is in my way, I say so in the server's system channel.")
    return _("If something is in my way, I say so in {channel}.", channel=f"<#{channel_id}>")


def _alerts(channel_id: ChannelId | None) -> str:
    return f"<#{channel_id}>" if channel_id is not None else _(SYSTEM_CHANNEL)
