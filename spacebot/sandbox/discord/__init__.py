"""A Discord on loopback, as strict as the original: what it accepts, Discord accepts; it needs no library of the bot's.

Something new goes through the rooms from the bottom up: what exists and can happen (`model`), how it is shown (`payloads`),
which event it causes (`events`), how a request for it is read (`forms`), what a member does with it (`app`), and its routes
(`http`), which `server` puts together.
"""

from spacebot.sandbox.discord.http.exchanges import Exchange
from spacebot.sandbox.discord.http.faults import Fault
from spacebot.sandbox.discord.model.automod import LocalRule
from spacebot.sandbox.discord.model.base import NotAnswered, NotOffered
from spacebot.sandbox.discord.model.channels import LocalChannel, LocalMessage, LocalUser
from spacebot.sandbox.discord.model.files import LocalFile
from spacebot.sandbox.discord.model.forums import LocalForum
from spacebot.sandbox.discord.model.guilds import LocalGuild
from spacebot.sandbox.discord.model.members import LocalInteraction, LocalMember
from spacebot.sandbox.discord.model.roles import LocalRole
from spacebot.sandbox.discord.model.schedule import LocalEvent
from spacebot.sandbox.discord.model.threads import LocalThread
from spacebot.sandbox.discord.server import LocalDiscord

__all__ = [
    "Exchange",
    "Fault",
    "LocalChannel",
    "LocalDiscord",
    "LocalEvent",
    "LocalFile",
    "LocalForum",
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
