"""A Discord on loopback, as strict as the original: what it accepts, Discord accepts; it needs no library of the bot's."""

from spacebot.sandbox.discord.automod import LocalRule
from spacebot.sandbox.discord.channels import LocalChannel, LocalMessage
from spacebot.sandbox.discord.exchange import Exchange
from spacebot.sandbox.discord.faults import Fault
from spacebot.sandbox.discord.guilds import LocalGuild
from spacebot.sandbox.discord.interactions import LocalInteraction
from spacebot.sandbox.discord.members import LocalMember, LocalRole
from spacebot.sandbox.discord.server import LocalDiscord
from spacebot.sandbox.discord.threads import LocalThread
from spacebot.sandbox.discord.world import LocalUser, NotAnswered, NotOffered

__all__ = [
    "Exchange",
    "Fault",
    "LocalChannel",
    "LocalDiscord",
    "LocalGuild",
    "LocalInteraction",
    "LocalMember",
    "LocalMessage",
    "LocalRole",
    "LocalRule",
    "LocalThread",
    "LocalUser",
    "NotAnswered",
    "NotOffered",
]
