"""PURE: turns what changes in the model into the events that Discord's gateway sends for it, or into none.

Source: Discord's documentation, 'Gateway Events' and 'Gateway Intents'.
"""

from dataclasses import dataclass
from functools import singledispatch

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.model.changes import Change, What
from spacebot.sandbox.discord.model.channels import LocalChannel, LocalMessage
from spacebot.sandbox.discord.model.guilds import LocalGuild, ThreadsInSight
from spacebot.sandbox.discord.model.members import USER_INSTALL, LocalInteraction, LocalMember
from spacebot.sandbox.discord.model.roles import GuildBase, LocalRole
from spacebot.sandbox.discord.model.schedule import LocalEvent
from spacebot.sandbox.discord.model.threads import LocalThread
from spacebot.sandbox.discord.payloads import Json

EVERYBODY = 0
GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15
SCHEDULED_EVENTS = 1 << 16

_SUFFIXES = {What.CREATED: "CREATE", What.UPDATED: "UPDATE", What.DELETED: "DELETE"}
_MEMBER_SUFFIXES = {What.CREATED: "ADD", What.UPDATED: "UPDATE", What.DELETED: "REMOVE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of `guild` (None: a private one) for sessions that asked for one of `intents` (`EVERYBODY`: for all)."""

    name: str
    data: Json
    guild: GuildBase | None
    intents: int = GUILDS


def event_of(change: Change) -> Event | None:
    """The event that the bot gets for a change; None where there is none, or where it cannot see what changed."""
    event = _event(change.subject, change.what)
    if event is None or event.guild is None:
        return event
    return event if _reaches_the_bot(change.subject, event.guild) else None


def _reaches_the_bot(subject: object, guild: GuildBase) -> bool:
    """Whether the bot is told: of what happens in its own guilds, and of what somebody does who has installed it for themselves."""
    theirs = isinstance(subject, LocalInteraction) and USER_INSTALL in subject.owners
    return (guild.has_bot or theirs) and not guild.unavailable


@singledispatch
def _event(_subject: object, _what: What) -> Event | None:
    """The event of a subject of the type that is registered below; a change of anything else has none."""
    return None


@_event.register
def _guild(guild: LocalGuild, what: What) -> Event:
    match what:
        case What.BOT_ADDED:
            return Event(name="GUILD_CREATE", data=payloads.guild_create(guild), guild=guild)
        case What.BOT_REMOVED:
            return Event(name="GUILD_DELETE", data={"id": str(guild.id)}, guild=guild)
        case What.OUTAGE_BEGAN:
            return Event(name="GUILD_DELETE", data={"id": str(guild.id), "unavailable": True}, guild=guild)
        case What.OUTAGE_ENDED:
            data = {**payloads.guild_create(guild), "unavailable": False}
            return Event(name="GUILD_CREATE", data=data, guild=guild)
    return Event(name="GUILD_UPDATE", data=payloads.guild(guild), guild=guild)


@_event.register
def _channel(channel: LocalChannel, what: What) -> Event:
    return Event(name=f"CHANNEL_{_SUFFIXES[what]}", data=payloads.channel(channel), guild=channel.guild)


@_event.register
def _thread(thread: LocalThread, what: What) -> Event | None:
    if not thread.is_in_sight:
        return None
    data = payloads.thread(thread)
    if what is What.CREATED:
        data["newly_created"] = True
    elif what is What.DELETED:
        data = {key: data[key] for key in ("id", "guild_id", "parent_id", "type")}
    return Event(name=f"THREAD_{_SUFFIXES[what]}", data=data, guild=thread.guild)


@_event.register
def _threads_in_sight(seen: ThreadsInSight, _what: What) -> Event:
    data = {
        "guild_id": str(seen.guild.id),
        "channel_ids": sorted({str(thread.parent.id) for thread in seen.threads}),
        "threads": [payloads.thread(thread) for thread in seen.threads],
        "members": [],
    }
    return Event(name="THREAD_LIST_SYNC", data=data, guild=seen.guild)


@_event.register
def _role(role: LocalRole, what: What) -> Event:
    shown = {"role_id": str(role.id)} if what is What.DELETED else {"role": payloads.role(role)}
    data = {"guild_id": str(role.guild.id), **shown}
    return Event(name=f"GUILD_ROLE_{_SUFFIXES[what]}", data=data, guild=role.guild)


@_event.register
def _scheduled_event(event: LocalEvent, what: What) -> Event:
    name = f"GUILD_SCHEDULED_EVENT_{_SUFFIXES[what]}"
    return Event(name=name, data=payloads.event(event), guild=event.guild, intents=SCHEDULED_EVENTS)


@_event.register
def _member(member: LocalMember, what: What) -> Event:
    guild = member.guild
    shown = {"user": payloads.user(member.user)} if what is What.DELETED else payloads.member(member)
    # a bot always gets its own updates, those of others only with the privileged intent
    own = what is What.UPDATED and member.id == guild.state.bot_id
    return Event(
        name=f"GUILD_MEMBER_{_MEMBER_SUFFIXES[what]}",
        data={"guild_id": str(guild.id), **shown},
        guild=guild,
        intents=EVERYBODY if own else GUILD_MEMBERS,
    )


@_event.register
def _message(message: LocalMessage, what: What) -> Event:
    guild = message.channel.guild
    if what is What.DELETED:
        data = {"id": str(message.id), "channel_id": str(message.channel.id)}
    else:
        data = payloads.message(message, nonce=what is What.CREATED)
    if guild is not None:
        data["guild_id"] = str(guild.id)
    intents = DIRECT_MESSAGES if guild is None else GUILD_MESSAGES
    return Event(name=f"MESSAGE_{_SUFFIXES[what]}", data=data, guild=guild, intents=intents)


@_event.register
def _interaction(interaction: LocalInteraction, _what: What) -> Event:
    data = payloads.interaction(interaction)
    return Event(name="INTERACTION_CREATE", data=data, guild=interaction.guild, intents=EVERYBODY)
